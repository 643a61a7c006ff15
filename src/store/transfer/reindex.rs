//! Reindexing: the events of a case are made anew from its records, by the rules of this version of trailq.
//!
//! The new rows are written into a copy beside the case, while the case can be read and no other process writes to it.
//! Then the copy replaces the case in one transaction, so that a run that is killed leaves the case unchanged. Ids, the
//! ledger, conflicts and annotations stay as they are; so do the records, which nothing rewrites.

use std::path::{Path, PathBuf};

use rusqlite::backup::Backup;
use rusqlite::{Connection, params};

use crate::event::{Event, RULES_VERSION};
use crate::hourly_rollup::HOURLY_ROLLUPS;
use crate::io_message::folder_of;
use crate::store::case_path::check_file;
use crate::store::case_state::is_finished;
use crate::store::error::CaseError;
use crate::store::event_sum::{EventDigester, EventSum};
use crate::store::lock_wait::{Need, Wait, until_free};
use crate::store::private_folder::PrivateFolder;
use crate::store::provenance::{self, ProvenanceStep};
use crate::store::records::block::Reader;
use crate::store::schema::version;
use crate::store::transfer::merge::{EventRange, redactions};
use crate::store::transfer::parallel;
use crate::store::write::batch::{EventBatch, EventBatchBuilder};
use crate::store::write::conflict_policy::ImportOrder;
use crate::store::write::writer::{StoredEvent, Writer};
use crate::store::{locking, open};

/// The name of the copy in its folder.
const COPY: &str = "reindexed.db";
/// Pages that are copied at once; after them a cancellation takes effect.
const PAGES: i32 = 4_096;
/// The tables whose rows are made from records.
const DERIVED: [&str; 9] = [
    "event_resources",
    "events",
    "identities",
    "resources",
    "user_agents",
    "error_messages",
    "facets",
    "hourly_counts",
    "attribute_values",
];

/// Makes an event from the bytes of a record, or says why it cannot.
pub(crate) type MakeEvent<'m> = dyn Fn(&[u8]) -> Result<Event, String> + Sync + 'm;

/// Watches a reindexing.
pub(crate) trait Watch: Wait {
    /// Reports how many events there are.
    fn total(&self, events: u64);
    /// Reports how many more are made.
    fn advance(&self, events: u64);
}

/// A case that is open for reindexing.
struct Target<'w> {
    /// Locks the case: other processes can read it, and not write to it.
    connection: Connection,
    path: PathBuf,
    made_by: Option<String>,
    watch: &'w dyn Watch,
}

/// Makes the events of a case anew from its records. `made_by`: the person, for the provenance. Returns their number.
///
/// # Errors
/// The case does not exist, is redacted, has a damaged record, or cannot be written. The case is then unchanged.
pub(crate) fn reindex(
    path: &Path,
    made_by: Option<String>,
    make: &MakeEvent<'_>,
    watch: &dyn Watch,
) -> Result<u64, CaseError> {
    until_free(path, &Waiting(watch), Need::Write, || check_file(path))?;
    let mut target = Target { connection: open_finished(path, watch)?, path: path.to_owned(), made_by, watch };
    target.refuse_redacted()?;
    let folder = PrivateFolder::beside(folder_of(path))
        .map_err(|source| CaseError::Io { path: folder_of(path).to_owned(), source })?;
    let (copy, _) = folder.create(COPY).map_err(|source| CaseError::Io { path: path.to_owned(), source })?;
    let events = target.build(&copy, make).map_err(|error| error.of_copy(path, folder.path()))?;
    if watch.is_cancelled() {
        return Err(CaseError::Cancelled);
    }
    target.swap(&copy)?;
    open::close(target.connection, path)?;
    Ok(events)
}

/// Opens a case for writing, and finishes what an interrupted import left.
fn open_finished(path: &Path, wait: &dyn Watch) -> Result<Connection, CaseError> {
    let connection = open::open_for_import_after(path, &Waiting(wait))?;
    let of = |error| CaseError::of(path, error);
    if !is_finished(&connection).map_err(of)? {
        Writer::resume(&connection, path, ImportOrder)?.finish()?;
        locking::let_others_read(&connection).map_err(of)?;
    }
    Ok(connection)
}

/// A [`Watch`] as a [`Wait`].
struct Waiting<'w>(&'w dyn Watch);

impl Wait for Waiting<'_> {
    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

impl Target<'_> {
    fn refuse_redacted(&self) -> Result<(), CaseError> {
        let steps = provenance::read(&self.connection).map_err(|error| self.of(error))?;
        if redactions(&steps).is_empty() { Ok(()) } else { Err(CaseError::Redacted(self.path.clone())) }
    }

    fn of(&self, error: rusqlite::Error) -> CaseError {
        CaseError::of(&self.path, error)
    }

    /// Copies the case and makes its events anew in the copy.
    fn build(&self, copy: &Path, make: &MakeEvent<'_>) -> Result<u64, CaseError> {
        let of = |error| CaseError::of(copy, error);
        self.copy_to(copy)?;
        let connection = open::open_for_import(copy)?;
        // A copy that is not whole after a crash is thrown away.
        connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF").map_err(of)?;
        let before: i64 = self.count()?;
        self.empty(&connection).map_err(of)?;
        let mut writer = Writer::resume(&connection, copy, ImportOrder)?;
        writer.prepare_indexes(1, 0)?;
        let sum = self.restore(&mut writer, make)?;
        self.check_digest(&sum)?;
        writer.event_sum = Some(sum);
        writer.finish()?;
        let after: i64 = connection.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).map_err(of)?;
        if before != after {
            let reason = format!("{after} of its {before} events could be made anew");
            return Err(CaseError::Damaged { path: self.path.clone(), reason });
        }
        self.note(&connection).map_err(of)?;
        open::close(connection, copy)?;
        Ok(after.unsigned_abs())
    }

    fn count(&self) -> Result<i64, CaseError> {
        self.connection.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).map_err(|error| self.of(error))
    }

    fn copy_to(&self, copy: &Path) -> Result<(), CaseError> {
        let of = |error| CaseError::of(copy, error);
        let mut to = Connection::open(copy).map_err(of)?;
        to.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF").map_err(of)?;
        let backup = Backup::new(&self.connection, &mut to).map_err(of)?;
        while backup.step(PAGES).map_err(of)? != rusqlite::backup::StepResult::Done {
            if self.watch.is_cancelled() {
                return Err(CaseError::Cancelled);
            }
        }
        drop(backup);
        to.close().map_err(|(_, error)| of(error))
    }

    /// Deletes the rows that are made from records.
    fn empty(&self, copy: &Connection) -> rusqlite::Result<()> {
        let rollups = HOURLY_ROLLUPS.iter().map(|rollup| rollup.table);
        let mut tables = DERIVED.into_iter().chain(rollups);
        tables.try_for_each(|table| copy.execute_batch(&format!("DELETE FROM {table}")))
    }

    /// Refuses a case whose events are not those of the digest that it stores: reindexing must not hide that.
    fn check_digest(&self, computed: &EventSum) -> Result<(), CaseError> {
        let stored = EventSum::load(&self.connection).map_err(|error| self.of(error))?;
        match stored.map(|stored| (stored.digest(), computed.digest())) {
            Some((stored, computed)) if stored != computed => Err(CaseError::Damaged {
                path: self.path.clone(),
                reason: format!(
                    "its {} events have the digest {computed}, and the digest stored in it is {stored}, of {} events",
                    computed.events(),
                    stored.events()
                ),
            }),
            _ => Ok(()),
        }
    }

    /// Makes the events anew, on several threads, and writes them in order. Returns the digest of them.
    fn restore(&self, writer: &mut Writer<'_, ImportOrder>, make: &MakeEvent<'_>) -> Result<EventSum, CaseError> {
        let ranges = EventRange::all(&self.connection).map_err(|error| self.of(error))?;
        self.watch.total(ranges.iter().map(|range| range.events).sum());
        let path = &self.path;
        let begin = || Ok((open_for_records(path)?, Reader::in_order(), EventBatchBuilder::default()));
        let work = |(connection, reader, builder): &mut (Connection, Reader, EventBatchBuilder), range: &EventRange| {
            read_range(connection, reader, builder, (range, make))
        };
        let mut sum = EventSum::default();
        let take = |part: Part| {
            if self.watch.is_cancelled() {
                return Err(cancelled());
            }
            writer.restore(&part.stored, &part.batch)?;
            sum.add_all(&part.sum);
            self.watch.advance(part.stored.len() as u64);
            Ok(())
        };
        parallel::in_order(&ranges, begin, work, take).map_err(|error| match error {
            _ if self.watch.is_cancelled() => CaseError::Cancelled,
            rusqlite::Error::UserFunctionError(reason) => {
                CaseError::Damaged { path: self.path.clone(), reason: reason.to_string() }
            }
            error => self.of(error),
        })?;
        Ok(sum)
    }

    /// Notes by which rules the events are made, and adds the step to the provenance.
    fn note(&self, copy: &Connection) -> rusqlite::Result<()> {
        copy.execute_batch("BEGIN IMMEDIATE")?;
        copy.execute("UPDATE imports SET rules = ?1", [RULES_VERSION])?;
        // The groups of records know the times of their events.
        copy.execute_batch(
            "UPDATE record_groups SET first_time = f, last_time = l FROM ( \
                 SELECT g.id AS of, min(e.time) AS f, max(e.time) AS l FROM record_groups g \
                 LEFT JOIN record_groups n ON n.id = g.id + 1 \
                 JOIN events e ON e.id >= g.first_block AND (n.id IS NULL OR e.id < n.first_block) GROUP BY g.id) \
             WHERE id = of",
        )?;
        let name = self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let made_by = self.made_by.clone();
        let made_from = vec![name];
        let step = ProvenanceStep { kind: "reindex".to_owned(), made_by, made_from, ..ProvenanceStep::default() };
        provenance::write(copy, &step)?;
        copy.execute_batch("COMMIT")
    }

    /// Replaces the case with the copy, in one transaction.
    fn swap(&mut self, copy: &Path) -> Result<(), CaseError> {
        let path = self.path.clone();
        let of = |error| CaseError::of(&path, error);
        let from = open::open_read_only(copy)?;
        let checked = version::of(&from, copy)?;
        debug_assert_eq!(checked, version::NEWEST);
        locking::hold(&self.connection).map_err(of)?;
        let backup = Backup::new(&from, &mut self.connection).map_err(of)?;
        // In one step: nobody sees a part of it, and a crash rolls it back.
        match backup.step(-1).map_err(of)? {
            rusqlite::backup::StepResult::Done => Ok(()),
            _ => Err(CaseError::Busy(self.path.clone())),
        }
    }
}

/// The events of a range, made anew.
struct Part {
    stored: Vec<StoredEvent>,
    batch: EventBatch,
    sum: EventSum,
}

fn open_for_records(path: &Path) -> rusqlite::Result<Connection> {
    let connection = open::open_read_only(path).map_err(|error| user_error(error.to_string()))?;
    connection.execute_batch("PRAGMA cache_size = -2048")?;
    Ok(connection)
}

/// Reads the records of a range and makes their events.
fn read_range(
    connection: &Connection,
    reader: &mut Reader,
    builder: &mut EventBatchBuilder,
    (range, make): (&EventRange, &MakeEvent<'_>),
) -> rusqlite::Result<Part> {
    let mut select =
        connection.prepare_cached("SELECT id, event_id, file_id FROM events WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
    let (first, last) = range.span();
    let stored = select.query_map(params![first, last], |row| {
        Ok(StoredEvent { id: row.get(0)?, event_id: row.get(1)?, file: row.get(2)? })
    })?;
    let stored = stored.collect::<rusqlite::Result<Vec<StoredEvent>>>()?;
    let mut digester = EventDigester::default();
    for row in &stored {
        let made = reader.with(connection, row.id, |record| {
            digester.push(row.event_id.as_bytes(), record);
            make(record)
        })?;
        let id = row.id;
        let event = made.ok_or_else(|| user_error(format!("the record of event {id} is missing")))?;
        let event = event.map_err(|reason| user_error(format!("the record of event {id} {reason}")))?;
        // An id may have been given by the case instead of by the record.
        builder.push(Event { event_id: row.event_id.as_str().into(), ..event });
    }
    Ok(Part { stored, batch: builder.take(), sum: digester.take() })
}

fn user_error(reason: String) -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(reason.into())
}

fn cancelled() -> rusqlite::Error {
    user_error("cancelled".to_owned())
}
