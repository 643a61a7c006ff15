//! A case that is merged into another one, as it is read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::hooks::{AuthContext, Authorization};
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

use crate::event::EventIds;
use crate::store::case_ids::CaseIds;
use crate::store::case_state::is_finished;
use crate::store::error::CaseError;
use crate::store::hardening;
use crate::store::lock_wait::{Need, Silent, Wait, until_free};
use crate::store::open::open_read_only;
use crate::store::provenance::ProvenanceStep;
use crate::store::read::case::Case;
use crate::store::records::block::Reader;
use crate::store::records::id_set::IdSet;
use crate::store::rollup::attribute_values::EVENT_COUNT;
use crate::store::transfer::diff::Hashes;

/// Events that are read at a time: whole blocks of one file.
const EVENTS_PER_RANGE: i64 = 4_096;

/// A case that is merged into another one.
pub(crate) struct SourceCase {
    pub(crate) case: Case,
    /// The steps that led to it.
    pub(crate) steps: Vec<ProvenanceStep>,
    /// The number of each of its files in the case that it goes into.
    pub(crate) files: FxHashMap<i64, i64>,
    hashes: Arc<Hashes>,
    /// Events that it has.
    pub(crate) events: u64,
    /// The origin of its event ids.
    pub(crate) ids: CaseIds,
}

/// Events side by side, of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventRange {
    /// The file's number in this case.
    pub(crate) file: i64,
    /// True if their records were made from rows of a CSV download.
    pub(crate) from_csv: bool,
    /// The origin of the ids of its events.
    pub(crate) ids: EventIds,
    /// The numbers of the first and the last event.
    span: (i64, i64),
    /// The number of its events.
    pub(crate) events: u64,
}

impl EventRange {
    /// Returns the events of a case as ranges, in order.
    pub(crate) fn all(connection: &Connection) -> rusqlite::Result<Vec<EventRange>> {
        // The eventID of a record may look like an id made from content.
        let by_content = match CaseIds::of(connection)? {
            CaseIds::Event => "0",
            CaseIds::Content | CaseIds::Mixed => "e.event_id GLOB 'content-*'",
        };
        let mut select = connection.prepare(&format!(
            "SELECT e.id, e.file_id, c.id IS NOT NULL, {by_content} FROM events e \
             LEFT JOIN csv_events c ON c.id = e.id ORDER BY e.id"
        ))?;
        let mut rows = select.query([])?;
        let mut ranges: Vec<EventRange> = Vec::new();
        while let Some(row) = rows.next()? {
            let (id, file, from_csv): (i64, i64, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let ids = if row.get(3)? { EventIds::Content } else { EventIds::Event };
            match ranges.last_mut() {
                Some(range)
                    if (range.file, range.from_csv, range.ids) == (file, from_csv, ids)
                        && (range.events as i64) < EVENTS_PER_RANGE =>
                {
                    range.span.1 = id;
                    range.events += 1;
                }
                _ => ranges.push(EventRange { file, from_csv, ids, span: (id, id), events: 1 }),
            }
        }
        Ok(ranges)
    }

    /// Returns the numbers of the first and the last event.
    pub(crate) fn span(&self) -> (i64, i64) {
        self.span
    }
}

impl SourceCase {
    /// Opens a case and locks it: while this lives, no process can write to it.
    pub(crate) fn open(path: &Path) -> Result<SourceCase, CaseError> {
        SourceCase::open_after(path, &Silent)
    }

    /// Opens a case as above; `wait` may end the waiting for another process.
    pub(crate) fn open_after(path: &Path, wait: &dyn Wait) -> Result<SourceCase, CaseError> {
        until_free(path, wait, Need::Read, || SourceCase::hold(path, wait))
    }

    fn hold(path: &Path, wait: &dyn Wait) -> Result<SourceCase, CaseError> {
        let mut case = Case::open_after(path, wait)?;
        case.require_own()?;
        let bytes = std::fs::metadata(case.file()).map_or(0, |metadata| metadata.len());
        hardening::bound_work(&mut case.connection, bytes).map_err(|error| CaseError::of(path, error))?;
        let of = |error| hardening::error_of(path, error);
        // A read transaction. The authorizer lets nothing else begin one.
        case.connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>).map_err(of)?;
        case.connection.execute_batch("BEGIN").map_err(of)?;
        let events = case.connection.query_row(EVENT_COUNT, [], |row| row.get(0)).map_err(of)?;
        if !is_finished(&case.connection).map_err(of)? {
            // An import has begun since it was opened.
            return Err(CaseError::Busy(path.to_owned()));
        }
        let hashes = Arc::new(Hashes::of(&case.connection).map_err(of)?);
        let ids = CaseIds::of(&case.connection).map_err(of)?;
        let steps = case.provenance()?;
        Ok(SourceCase { case, steps, files: FxHashMap::default(), hashes, events, ids })
    }

    /// Returns its path.
    pub(crate) fn path(&self) -> &Path {
        self.case.path()
    }

    /// Returns the file that is read: the case, or a copy of it.
    #[cfg(feature = "parquet")]
    pub(crate) fn file_path(&self) -> &Path {
        self.case.file()
    }

    /// Returns the ids of the steps that redacted it, in order.
    pub(crate) fn redactions(&self) -> Vec<&str> {
        redactions(&self.steps)
    }

    /// Returns the number that one of its files has in the case that it goes into.
    ///
    /// # Errors
    /// Its ledger has no such file.
    pub(crate) fn file(&self, id: i64) -> Result<i64, CaseError> {
        self.files.get(&id).copied().ok_or_else(|| {
            let reason = format!("a row points to file {id}, which its ledger has not");
            CaseError::Damaged { path: self.path().to_owned(), reason }
        })
    }

    pub(crate) fn of(&self, error: rusqlite::Error) -> CaseError {
        hardening::error_of(self.path(), error)
    }

    /// Returns its events as ranges, in order.
    pub(crate) fn ranges(&self) -> Result<Vec<EventRange>, CaseError> {
        EventRange::all(&self.case.connection).map_err(|error| self.of(error))
    }

    /// Returns the names of its files.
    #[cfg(feature = "parquet")]
    pub(crate) fn file_names(&self) -> Result<FxHashMap<i64, String>, CaseError> {
        let read = || -> rusqlite::Result<_> {
            let mut select = self.case.connection.prepare("SELECT id, path FROM files")?;
            select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        read().map_err(|error| self.of(error))
    }

    /// Returns what any thread can read its records from.
    pub(crate) fn source(&self) -> Source {
        Source { path: self.path().to_owned(), file: self.case.file().to_owned(), hashes: Arc::clone(&self.hashes) }
    }
}

/// Returns the ids of the steps in which something was replaced.
pub(crate) fn redactions(steps: &[ProvenanceStep]) -> Vec<&str> {
    let mut ids: Vec<&str> =
        steps.iter().filter(|step| !step.redacted.is_empty()).map(|step| step.id.as_str()).collect();
    ids.sort_unstable();
    ids
}

/// The records of a case, which any thread can read.
pub(crate) struct Source {
    path: PathBuf,
    /// The file that is read, where that is a copy.
    file: PathBuf,
    hashes: Arc<Hashes>,
}

impl Source {
    /// Returns the path of the case.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns a reader of the records for one thread.
    pub(crate) fn records(&self) -> Result<Records<'_>, CaseError> {
        let connection = open_read_only(&self.file)?;
        connection.execute_batch("PRAGMA cache_size = -2048").map_err(|error| CaseError::of(&self.path, error))?;
        Ok(Records { source: self, connection, reader: Reader::default() })
    }
}

/// Reads records of a case that is merged.
pub(crate) struct Records<'s> {
    source: &'s Source,
    connection: Connection,
    reader: Reader,
}

impl Records<'_> {
    /// Calls `take` with the records of a range, in order, as long as it says so.
    ///
    /// # Errors
    /// The case cannot be read, or a record in it is not what was stored.
    pub(crate) fn each(
        &mut self,
        range: &EventRange,
        take: &mut dyn FnMut(&[u8]) -> Result<bool, String>,
    ) -> Result<(), CaseError> {
        self.each_of(range, None, take)
    }

    /// Calls `take` as [`Records::each`], with the records of the events that are in a set.
    pub(crate) fn each_of(
        &mut self,
        range: &EventRange,
        selected: Option<&IdSet>,
        take: &mut dyn FnMut(&[u8]) -> Result<bool, String>,
    ) -> Result<(), CaseError> {
        let path = &self.source.path;
        let of = |error| CaseError::of(path, error);
        let mut select = self
            .connection
            .prepare_cached("SELECT id FROM events WHERE id BETWEEN ?1 AND ?2 ORDER BY id")
            .map_err(of)?;
        let mut rows = select.query([range.span.0, range.span.1]).map_err(of)?;
        while let Some(row) = rows.next().map_err(of)? {
            let id: i64 = row.get(0).map_err(of)?;
            if selected.is_some_and(|selected| !selected.has(id)) {
                continue;
            }
            let damaged = |what: &str| CaseError::Damaged {
                path: path.clone(),
                reason: format!("the record of event {id} {what}"),
            };
            let hash = self.source.hashes.get(id);
            let took = self.reader.with(&self.connection, id, |record| {
                if hash.is_some_and(|hash| hash != xxh3_64(record).to_le_bytes()) {
                    return Err("is not what was stored".to_owned());
                }
                take(record)
            });
            match took.map_err(of)? {
                None => return Err(damaged("is missing")),
                Some(Err(what)) => return Err(damaged(&what)),
                Some(Ok(false)) => return Ok(()),
                Some(Ok(true)) => {}
            }
        }
        Ok(())
    }
}
