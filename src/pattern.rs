//! Regular expressions that are written in the source.

use regex::Regex;

/// Compiles a pattern that is a literal of the source. A module that calls it compiles each of its patterns in a test:
/// a pattern that does not compile must never mean "matches nothing".
///
/// # Panics
/// The pattern does not compile.
#[expect(clippy::expect_used, reason = "the patterns are literals, and a test compiles each of them")]
pub(crate) fn literal(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of the source compiles")
}
