//! The options of a snapshot, and what came of it.

use std::sync::Arc;

use rusqlite::Connection;

use crate::interrupt::Interrupter;
use crate::store::provenance::ProvenanceStep;

/// The steps of SQLite's virtual machine between two looks for a cancellation.
const STEPS_A_LOOK: i32 = 10_000;

/// The events and tables that a snapshot contains, and its form.
#[derive(Debug, Clone, Default)]
pub struct SnapshotOptions {
    /// The events to copy, by `events.id` in ascending order; `None` is all.
    pub events: Option<Vec<i64>>,
    /// The options that selected them, as on the command line.
    pub selection: Option<String>,
    /// True if records are plain text.
    pub portable: bool,
    /// True if plain records have a full-text index.
    pub full_text: bool,
    /// True if everything that investigators added but tags is left out.
    pub without_notes: bool,
    /// True if an existing file is replaced.
    pub force: bool,
    /// The kinds of values that were pseudonymized, for the provenance.
    pub redacted: Vec<String>,
    /// The name of the case, if it differs from the name of the file.
    pub name: Option<String>,
    /// The person who makes it, for the provenance.
    pub made_by: Option<String>,
    /// True if only its owner may read the file.
    pub private: bool,
    /// Cancels the work.
    pub interrupter: Option<Arc<Interrupter>>,
}

impl SnapshotOptions {
    /// Reports whether the work is cancelled.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.interrupter.as_ref().is_some_and(|interrupter| interrupter.is_cancelled())
    }

    /// Lets a cancellation end the statements of a connection.
    pub(crate) fn watch(&self, connection: &mut Connection) -> rusqlite::Result<()> {
        let Some(interrupter) = self.interrupter.clone() else { return Ok(()) };
        connection.progress_handler(STEPS_A_LOOK, Some(move || interrupter.is_cancelled()))
    }
}

/// The result of writing a snapshot.
#[derive(Debug, Clone, Default)]
pub struct SnapshotSummary {
    /// The last step of its provenance.
    pub step: ProvenanceStep,
    /// Its events.
    pub events: u64,
    /// The events of the case.
    pub of: u64,
    /// Its notes, which belong to no event, so that a selection of events does not leave them out.
    pub notes: u64,
    /// Its saved queries and noise rules; likewise.
    pub queries: u64,
    /// Its marks, verdicts and ignore rules; likewise.
    pub decisions: u64,
    /// Its size on disk.
    pub bytes: u64,
}
