//! Tests that cannot run on a machine: they say so, and under CI only where the reason is accepted.

use std::fmt::Display;
use std::io::Write as _;

/// What a test may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// The real trail files beside the project.
    Shared,
    /// A right of this process: to mount, or to run a program as another user.
    Privilege,
    /// A program or package that `.ci/run` installs, by the name that it uses in `TRAILQ_TESTS_ABSENT`.
    Tool(&'static str),
}

/// Reports that a test is skipped.
///
/// # Panics
/// Under CI, where a tool is missing that `.ci/run` did not report as absent from the registries after three tries in
/// the variable `TRAILQ_TESTS_ABSENT`, a list separated by blanks.
pub fn skip(needs: Needs, why: impl Display) {
    if let Needs::Tool(tool) = needs
        && std::env::var("CI").is_ok_and(|ci| ci == "true")
    {
        let absent = std::env::var("TRAILQ_TESTS_ABSENT").unwrap_or_default();
        assert!(absent.split(' ').any(|name| name == tool), "the test needs {tool}: {why}");
    }
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    // Unlike what `eprintln!` writes, the harness does not keep this from the output of a test that passes.
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}
