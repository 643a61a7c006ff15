//! The case into which others are merged.

use std::path::Path;

use crate::event::EventIds;
use crate::store::case_ids::CaseIds;
use crate::store::case_path::unfinished_import;
use crate::store::error::CaseError;
use crate::store::lock_wait::Wait;
use crate::store::provenance;
use crate::store::schema::annotations;
use crate::store::transfer::merge::ledger;
use crate::store::transfer::merge::policy::{MergePolicy, MergeWriter};
use crate::store::transfer::merge::source::{self, SourceCase};
use crate::store::write::import::Import;
use crate::store::write::writer::{RunOrigin, Writer};

/// A case that is open for a merge.
pub(crate) struct MergeTarget {
    import: Import,
    /// True if nothing has been made in the case yet.
    pub(crate) is_new: bool,
    /// The number of its events.
    pub(crate) events: u64,
    /// The ids of the steps in which it was redacted.
    pub(crate) redactions: Vec<String>,
    /// The origin of its event ids.
    pub(crate) ids: CaseIds,
}

impl MergeTarget {
    /// Opens a case for writing, and creates it if it does not exist.
    ///
    /// # Errors
    /// [`CaseError::Interrupted`]: the case would lack what an interrupted first import has not stored.
    pub(crate) fn open(path: &Path, wait: &dyn Wait) -> Result<MergeTarget, CaseError> {
        if let Some(interrupted @ CaseError::Interrupted { .. }) = unfinished_import(path) {
            return Err(interrupted);
        }
        let import = Import::open(path, 0, wait)?;
        let mut target = MergeTarget { import, is_new: false, events: 0, redactions: Vec::new(), ids: CaseIds::Event };
        let read = target.read();
        let read = read.map_err(|error| CaseError::of(path, error));
        match read {
            Ok(()) => Ok(target),
            Err(error) => {
                // The error that is reported is the first.
                let _ = target.import.close(true);
                Err(error)
            }
        }
    }

    fn read(&mut self) -> rusqlite::Result<()> {
        let connection = self.import.connection();
        let events = connection.query_row("SELECT count(*) FROM events", [], |row| row.get(0))?;
        let steps = provenance::read(connection)?;
        let redactions = source::redactions(&steps).into_iter().map(str::to_owned).collect();
        let mut sql =
            "SELECT NOT EXISTS (SELECT 1 FROM files) AND NOT EXISTS (SELECT 1 FROM provenance WHERE kind <> 'case')"
                .to_owned();
        for table in annotations() {
            sql.push_str(&format!(" AND NOT EXISTS (SELECT 1 FROM {table})"));
        }
        let is_new = connection.query_row(&sql, [], |row| row.get(0))?;
        (self.events, self.redactions, self.is_new) = (events, redactions, is_new);
        self.ids = CaseIds::of(connection)?;
        Ok(())
    }

    /// Returns what cancels the statement that is running.
    pub(crate) fn cancel(&self) -> Box<dyn Fn() + Send + Sync> {
        self.import.cancel()
    }

    /// Begins the merge: the files and the runs of import of the other cases come into the ledger. Returns the writer
    /// and the number of files that are new. Nothing is committed before [`MergeWriter::finish_merge`].
    pub(crate) fn begin(&self, others: &mut [SourceCase], incoming: u64) -> Result<(MergeWriter<'_>, u64), CaseError> {
        let by_content = others.iter().all(|other| other.ids == CaseIds::Content);
        let ids = if by_content { EventIds::Content } else { EventIds::Event };
        let (connection, path) = (self.import.connection(), self.import.path());
        let mut writer = Writer::begin(connection, path, &RunOrigin::default(), Some(ids), MergePolicy::default())?;
        writer.prepare_indexes(incoming, self.events)?;
        let own = if self.is_new { Ok(None) } else { provenance::last(writer.connection) };
        writer.policy.own = writer.sql(own)?;
        let last = writer.next_file - 1;
        let mut files = 0;
        for other in others.iter_mut() {
            files += writer.take_files(other)?;
        }
        let ranks = ledger::ranks(writer.connection, last);
        let (ranks, renamed) = writer.sql(ranks)?;
        writer.policy.ranks = ranks;
        // Which content of a file has its plain name must not depend on which case others were merged into.
        writer.note_change(renamed);
        Ok((writer, files))
    }

    /// Closes the case. `failed`: rolls back what is not committed.
    pub(crate) fn close(self, failed: bool) -> Result<(), CaseError> {
        self.import.close(failed)
    }
}
