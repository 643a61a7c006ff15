//! The program: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    trailq::cli::run(std::env::args_os())
}
