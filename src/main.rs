//! The program: arguments in, exit code out.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Workers allocate what the writer frees: the system's allocator spends a tenth of an import on that.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    trailq::cli::run(std::env::args_os())
}
