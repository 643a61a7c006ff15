//! The result of a check of a snapshot.

/// The number of findings of each kind that are listed.
const MAX_FINDINGS: usize = 5;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The part that was checked.
    pub what: String,
    /// True if it is as it has to be; `None` if that cannot be checked, or if it is a note.
    pub sound: Option<bool>,
    /// The finding.
    pub found: String,
}

impl Check {
    pub(super) fn new(what: impl Into<String>, sound: Option<bool>, found: impl Into<String>) -> Check {
        Check { what: what.into(), sound, found: found.into() }
    }

    /// Sound where nothing is wrong.
    pub(super) fn of(what: &str, wrong: &[String], right: &str) -> Check {
        if wrong.is_empty() {
            return Check::new(what, Some(true), right);
        }
        let more = wrong.len().saturating_sub(MAX_FINDINGS);
        let mut found = wrong[..wrong.len().min(MAX_FINDINGS)].join("; ");
        if more > 0 {
            found.push_str(&format!("; and {more} more"));
        }
        Check::new(what, Some(false), found)
    }
}
