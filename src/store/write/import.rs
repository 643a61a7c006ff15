//! The facade of an import: opens a case for writing, knows its files, and begins the writer.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::case_details::CaseDetails;
use crate::event::EventIds;
use crate::event_digest::EventDigest;
use crate::store::case_details;
use crate::store::case_ids::CaseIds;
use crate::store::error::CaseError;
use crate::store::event_sum::EventSum;
use crate::store::lock_wait::Wait;
use crate::store::open;
use crate::store::write::conflict_policy::ImportOrder;
use crate::store::write::known_files::KnownFiles;
use crate::store::write::writer::{RunOrigin, Writer};

/// The writer of an import.
pub(crate) type ImportWriter<'c> = Writer<'c, ImportOrder>;

/// A case that is open for an import.
pub(crate) struct Import {
    connection: Connection,
    path: PathBuf,
}

impl Import {
    /// Opens a case for writing, after other processes that write to it, and creates it if it does not exist.
    pub(crate) fn open(path: &Path, wait: &dyn Wait) -> Result<Import, CaseError> {
        Ok(Import { connection: open::open_for_import_after(path, wait)?, path: path.to_owned() })
    }

    /// Returns what cancels the statement that is running.
    pub(crate) fn cancel(&self) -> Box<dyn Fn() + Send + Sync> {
        let handle = self.connection.get_interrupt_handle();
        Box::new(move || handle.interrupt())
    }

    /// Returns the files that the ledger has.
    pub(crate) fn known_files(&self) -> Result<KnownFiles, CaseError> {
        KnownFiles::load(&self.connection).map_err(|error| CaseError::of(&self.path, error))
    }

    /// Returns the origin of the event ids in the case; `None` if it has no events.
    pub(crate) fn ids(&self) -> Result<Option<CaseIds>, CaseError> {
        let has_events = "SELECT EXISTS (SELECT 1 FROM events)";
        let has_events = self.connection.query_row(has_events, [], |row| row.get::<_, bool>(0));
        let ids = has_events.and_then(|has| has.then(|| CaseIds::of(&self.connection)).transpose());
        ids.map_err(|error| CaseError::of(&self.path, error))
    }

    /// Stores the details of the case that differ from the current ones.
    pub(crate) fn set_details(&self, details: &CaseDetails, who: &str) -> Result<(), CaseError> {
        case_details::set(&self.connection, details, who).map_err(|error| CaseError::of(&self.path, error))
    }

    /// Returns the digest of the events that the case stores; `None` if it is not known.
    pub(crate) fn event_digest(&self) -> Result<Option<EventDigest>, CaseError> {
        let stored = EventSum::load(&self.connection).map_err(|error| CaseError::of(&self.path, error))?;
        Ok(stored.map(|sum| sum.digest()))
    }

    /// Begins a run.
    pub(crate) fn begin(&self, origin: &RunOrigin<'_>, ids: EventIds) -> Result<ImportWriter<'_>, CaseError> {
        Writer::begin(&self.connection, &self.path, origin, Some(ids), ImportOrder)
    }

    /// Closes the case. `failed`: rolls back what is not committed.
    pub(crate) fn close(self, failed: bool) -> Result<(), CaseError> {
        if failed {
            // The error that is reported is the one before.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        open::close(self.connection, &self.path)
    }

    pub(in crate::store) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(in crate::store) fn path(&self) -> &Path {
        &self.path
    }
}
