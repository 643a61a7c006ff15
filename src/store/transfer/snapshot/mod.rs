//! Snapshots: a case, or some of its events, written as a new single file to hand to someone.
//!
//! A snapshot is made in three steps. [`Source`] locks the case, so that everything is read from one state. `full` copies
//! the file, or `partial` copies rows into a new one. Then the file gets its provenance with digests of its content, is
//! synced, and is renamed.

mod check;
mod create;
pub(crate) mod digest;
mod full;
mod new_file;
mod options;
mod page_digest;
mod partial;
mod records;
mod selection_counts;
mod source;
mod structure;
mod tables;
mod verify;

pub use crate::store::provenance::{Digest, ProvenanceStep};
pub use crate::store::transfer::snapshot::check::Check;
pub use crate::store::transfer::snapshot::create::{check_name, write, write_after};
pub use crate::store::transfer::snapshot::options::{SnapshotOptions, SnapshotSummary};
pub use crate::store::transfer::snapshot::source::Source;
pub use crate::store::transfer::snapshot::verify::{LEDGER_SUMS, SourceFile, check_sources, hash_file, verify};
