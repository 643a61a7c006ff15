//! Transfer between cases: snapshots, merging, comparing and the copy that redaction rewrites.

pub(crate) mod diff;
pub(crate) mod merge;
mod parallel;
pub(crate) mod redaction_copy;
pub(crate) mod reindex;
pub mod snapshot;
