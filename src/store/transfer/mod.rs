//! Transfer between cases: snapshots, merging, comparing and the copy that redaction rewrites.

pub(crate) mod diff;
pub(crate) mod merge;
pub(crate) mod redaction_copy;
pub mod snapshot;
