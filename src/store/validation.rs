//! Results of `trailq validate` in a case.

use crate::validate::Finding;

/// A validation to keep.
#[derive(Debug)]
pub(crate) struct ValidationRecord<'r> {
    /// A JSON array of what was validated; `None`: what the case knows.
    pub(crate) paths: Option<String>,
    /// The beginning of the deliveries that were looked at, in Unix seconds.
    pub(crate) since: Option<i64>,
    /// Their end.
    pub(crate) until: Option<i64>,
    /// True if heads of chains needed a signature.
    pub(crate) strict: bool,
    /// True if nothing is wrong, and everything was checked.
    pub(crate) complete: bool,
    /// A JSON array of fingerprints.
    pub(crate) keys: String,
    /// A JSON object of the numbers of digests and log files by verdict.
    pub(crate) verdicts: String,
    /// The files that are not valid.
    pub(crate) findings: &'r [Finding],
}

/// A validation that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptValidation {
    /// The time of the run: UTC, `YYYY-MM-DDTHH:MM:SSZ`.
    pub at: String,
    /// The user of the machine.
    pub by: String,
    /// The version of trailq.
    pub version: String,
    /// A JSON array of what was validated; `None`: what the case knew.
    pub paths: Option<String>,
    /// True if nothing was altered, missing or unlisted, and everything that is listed was checked.
    pub complete: bool,
    /// A JSON array of the fingerprints of the keys that verified signatures.
    pub keys: String,
    /// A JSON object of the numbers of digests and log files by verdict.
    pub verdicts: String,
}
