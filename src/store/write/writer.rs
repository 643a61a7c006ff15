//! The one writer of a case: stores events and their records, resolves duplicates and keeps the ledger.

use std::collections::HashSet;
use std::path::Path;
use std::time::Instant;

use rusqlite::{Connection, OptionalExtension, Statement, params};
use rustc_hash::FxHashMap;

use crate::dedup;
use crate::dedup::Resolution;
use crate::event::{Event, EventIds, RULES_VERSION};
use crate::ledger::Counts;
use crate::store::case_ids::{self, CaseIds};
use crate::store::error::CaseError;
use crate::store::event_sum::{EventHasher, EventSum, Hash};
use crate::store::hardening;
use crate::store::hardening::Bounded;
use crate::store::records::block::{MAX_ID, Reader};
use crate::store::records::dictionary::Dictionaries;
use crate::store::rollup::counts::{Links, Sums};
use crate::store::schema::indexes;
use crate::store::write::batch::{AssembledBatch, Batch, EventBatch};
use crate::store::write::blocks::Blocks;
use crate::store::write::event_row::EventRow;
use crate::store::write::event_tables::EventTables;
use crate::store::write::intern::InternKeys;
use crate::store::write::known_events::KnownEvents;
use crate::store::write::related_rows::RelatedRows;
use crate::time;

/// The file that the writer takes in.
#[derive(Default)]
pub(crate) struct OpenFile {
    /// The number that its row gets, unless the ledger proves to have this content.
    pub(crate) id: i64,
    /// Rows that have the content of the file, or may have it, and only some of its events.
    pub(crate) partial: Vec<i64>,
    /// The events of these rows that this reading has met.
    pub(crate) met: FxHashMap<i64, HashSet<i64>>,
    pub(crate) counts: Counts,
    /// Events of this reading have this number or a higher one.
    pub(crate) first_event: i64,
    /// The reason of its first reject.
    pub(crate) reason: Option<String>,
    /// True if it is an archive whose members have accounts of their own.
    pub(crate) has_members: bool,
    /// The number of members like others before them, by name.
    pub(crate) copies: FxHashMap<String, u64>,
    /// True if it holds a document about accounts, people or rights, or a finding.
    pub(crate) has_documents: bool,
}

/// The parts of an event that it keeps when it is made anew.
pub(crate) struct StoredEvent {
    pub(crate) id: i64,
    pub(crate) event_id: String,
    /// The file that it came from.
    pub(crate) file: i64,
}

/// The origin of a run, which the ledger stores.
#[derive(Default)]
pub(crate) struct RunOrigin<'r> {
    /// The paths that were named on the command line.
    pub(crate) paths: &'r [String],
    /// The folder to which they are relative.
    pub(crate) folder: Option<&'r str>,
    /// The user of the machine.
    pub(crate) imported_by: Option<&'r str>,
}

/// A run that brings more than one part in this many of what a case holds makes the indexes anew.
const REBUILD_RATIO: u64 = 4;

/// The index of existing events.
enum ExistingEvents {
    /// By this run's memory: the case was empty.
    Memory(KnownEvents),
    /// By the index on `event_id`.
    Index,
}

/// Writes one run of import into a case.
pub(crate) struct Writer<'c, P> {
    pub(crate) connection: &'c Connection,
    pub(crate) path: &'c Path,
    known: ExistingEvents,
    pub(crate) next_id: i64,
    pub(crate) next_file: i64,
    pub(crate) import: i64,
    pub(crate) related: RelatedRows<'c>,
    /// The ids of the rows that the event in hand points to.
    links: Links,
    pub(crate) sums: Sums,
    /// The digest of the events that the case has; `None` if it is not known.
    pub(crate) event_sum: Option<EventSum>,
    event_hasher: EventHasher,
    /// True if the run only finishes what is there.
    pub(crate) resumed: bool,
    /// True if the sums are not enough.
    pub(crate) recount: bool,
    pub(crate) file: Option<OpenFile>,
    /// The archives that the file is a member of, the innermost last.
    pub(crate) containers: Vec<OpenFile>,
    pub(crate) committed_at: Instant,
    pub(crate) records: Reader,
    pub(crate) blocks: Blocks<'c>,
    pub(crate) tables: EventTables<'c>,
    find_event: Statement<'c>,
    /// Settles what an import leaves to the order of records.
    pub(crate) policy: P,
}

/// Decides between records with one eventID beyond what [`dedup`] says of their contents.
pub(crate) trait ConflictPolicy: Sized {
    /// Settles the resolution of a record of a batch and the existing event with its eventID.
    fn settle(
        writer: &mut Writer<'_, Self>,
        existing: i64,
        batch: &Batch,
        index: usize,
        resolution: Resolution,
    ) -> rusqlite::Result<Resolution>;

    /// Keeps a record that differs from the event with its eventID.
    fn keep_conflict(writer: &mut Writer<'_, Self>, event_id: &str, file: i64, record: &[u8]) -> rusqlite::Result<()>;
}

impl<'c, P: ConflictPolicy> Writer<'c, P> {
    /// Begins a run on a case that is open for writing. `ids`: the origin of its event ids; `None`: that of the runs
    /// before.
    pub(crate) fn begin(
        connection: &'c Connection,
        path: &'c Path,
        origin: &RunOrigin<'_>,
        ids: Option<EventIds>,
        policy: P,
    ) -> Result<Writer<'c, P>, CaseError> {
        // What the writer has to know of the case is read once.
        let _bounded = Bounded::by_size(path);
        Writer::start(connection, path, origin, ids, policy).map_err(|error| hardening::error_of(path, error))
    }

    /// Takes up what an interrupted run began, to finish it without reading a file.
    pub(crate) fn resume(connection: &'c Connection, path: &'c Path, policy: P) -> Result<Writer<'c, P>, CaseError> {
        Ok(Writer { resumed: true, ..Writer::begin(connection, path, &RunOrigin::default(), None, policy)? })
    }

    fn start(
        connection: &'c Connection,
        path: &'c Path,
        origin: &RunOrigin<'_>,
        ids: Option<EventIds>,
        policy: P,
    ) -> rusqlite::Result<Writer<'c, P>> {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        check_numbers(connection)?;
        let stopped = number("SELECT count(*) FROM imports WHERE finished_at IS NULL")? > 0;
        let empty = number("SELECT NOT EXISTS (SELECT 1 FROM events)")? == 1;
        if !empty {
            indexes::make_event_id(connection)?;
        }
        begin_run(connection, origin, ids, empty)?;
        Ok(Writer {
            connection,
            path,
            known: if empty { ExistingEvents::Memory(KnownEvents::default()) } else { ExistingEvents::Index },
            next_id: number("SELECT coalesce(max(id), 0) FROM record_blocks")?
                .max(number("SELECT coalesce(max(id), 0) FROM events")?)
                + crate::store::records::block::BLOCK_RECORDS as i64,
            next_file: number("SELECT coalesce(max(id), 0) + 1 FROM files")?,
            import: connection.last_insert_rowid(),
            related: RelatedRows::load(connection)?,
            links: Links::default(),
            sums: Sums::begin(connection)?,
            event_sum: if empty { Some(EventSum::default()) } else { EventSum::load(connection)? },
            event_hasher: EventHasher::default(),
            resumed: false,
            recount: stopped,
            file: None,
            containers: Vec::new(),
            committed_at: Instant::now(),
            records: Reader::default(),
            blocks: Blocks::of(connection)?,
            tables: EventTables::rows(connection)?,
            find_event: connection.prepare("SELECT id FROM events WHERE event_id = ?1")?,
            policy,
        })
    }

    pub(crate) fn sql<T>(&self, result: rusqlite::Result<T>) -> Result<T, CaseError> {
        result.map_err(|error| CaseError::of(self.path, error))
    }

    /// Prepares the indexes for a run. `incoming` and `existing` are sizes in one unit. If the run is large beside the
    /// case, the indexes are dropped and made anew when it ends.
    pub(crate) fn prepare_indexes(&mut self, incoming: u64, existing: u64) -> Result<(), CaseError> {
        let rebuild = incoming > existing / REBUILD_RATIO;
        self.sql(if rebuild { indexes::drop_secondary(self.connection) } else { indexes::keep(self.connection) })?;
        if rebuild || !self.sql(indexes::are_made(self.connection))? {
            let _bounded = Bounded::by_size(self.path);
            let loaded = self.related.load_all(self.connection);
            loaded.map_err(|error| hardening::error_of(self.path, error))?;
        }
        Ok(())
    }

    /// Returns the dictionary of the case's records, or one in the making.
    pub(crate) fn dictionaries(&self) -> Result<Dictionaries, CaseError> {
        self.sql(Dictionaries::of(self.connection))
    }

    /// Takes in a batch, and returns the number of its events.
    pub(crate) fn batch(&mut self, batch: AssembledBatch) -> Result<u64, CaseError> {
        let batch = batch.wait().map_err(|source| CaseError::Io { path: self.path.to_owned(), source })?;
        let result = self.take_batch(&batch);
        self.sql(result)?;
        let events = batch.events.len() as u64;
        batch.give_back();
        Ok(events)
    }

    fn take_batch(&mut self, batch: &Batch) -> rusqlite::Result<()> {
        let file = self.open_file()?;
        let first = self.next_id;
        self.blocks.prepare(&batch.block)?;
        let mut packed = false;
        let mut added = Vec::with_capacity(batch.events.len());
        for (index, (event, keys)) in batch.events.iter().zip(&batch.keys).enumerate() {
            let id = first + index as i64;
            let existing = self.find(keys, &event.event_id)?;
            let resolution = match existing {
                Some(existing) => {
                    let resolution = self.compare(existing, batch, index)?;
                    P::settle(self, existing, batch, index, resolution)?
                }
                None => Resolution::New,
            };
            if matches!(resolution, Resolution::New | Resolution::TakeNew { .. }) {
                added.push(index);
                if !packed {
                    packed = true;
                    self.blocks.write(first, batch)?;
                    self.next_id += batch.events.len() as i64;
                }
            }
            self.count(&resolution, existing)?;
            match (resolution, existing) {
                (Resolution::New, _) => self.store(id, event, keys, batch.from_csv, file)?,
                (Resolution::TakeNew { loser }, Some(existing)) => {
                    self.replace(existing, keys, loser.as_deref())?;
                    self.store(id, event, keys, batch.from_csv, file)?;
                }
                (Resolution::KeepOld { loser: Some(loser) }, _) => {
                    P::keep_conflict(self, &event.event_id, file, &loser)?
                }
                _ => {}
            }
        }
        self.add_values(batch, &added);
        self.add_to_digest(batch, &added);
        self.tables.flush(self.next_id)
    }

    /// Counts the values of events of a batch, given their places in it.
    fn add_values(&mut self, batch: &Batch, added: &[usize]) {
        if added.len() == batch.events.len() {
            self.sums.values.join(&batch.values);
        } else {
            added.iter().for_each(|index| self.sums.values.add(&batch.events[*index]));
        }
    }

    /// Adds events of a batch, given their places in it, to the digest of the events.
    fn add_to_digest(&mut self, batch: &Batch, added: &[usize]) {
        let Some(sum) = &mut self.event_sum else { return };
        if added.len() == batch.events.len() {
            sum.add_all(&batch.sum);
        } else {
            let roots: Vec<Hash> = added.iter().filter_map(|index| batch.roots.get(*index).copied()).collect();
            sum.add_all(&self.event_hasher.sum(&roots));
        }
    }

    /// Stores events that are made anew from records that the case has, with the ids that they had.
    pub(crate) fn restore(&mut self, stored: &[StoredEvent], batch: &EventBatch) -> rusqlite::Result<()> {
        for ((row, event), keys) in stored.iter().zip(&batch.events).zip(&batch.keys) {
            self.store(row.id, event, keys, false, row.file)?;
            self.sums.values.add(event);
        }
        self.tables.flush(self.next_id)
    }

    /// Accounts for one record.
    fn count(&mut self, resolution: &Resolution, existing: Option<i64>) -> rusqlite::Result<()> {
        if let Some(existing) = existing {
            self.note_met(existing)?;
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        file.counts.read += 1;
        match resolution {
            Resolution::New => file.counts.stored += 1,
            _ => file.counts.duplicate += 1,
        }
        match resolution {
            Resolution::TakeNew { loser: None } => file.counts.replaced += 1,
            Resolution::TakeNew { loser: Some(_) } | Resolution::KeepOld { loser: Some(_) } => {
                file.counts.conflict += 1
            }
            _ => {}
        }
        Ok(())
    }

    /// Returns the id of the event with this eventID.
    fn find(&mut self, keys: &InternKeys, event_id: &str) -> rusqlite::Result<Option<i64>> {
        let ExistingEvents::Memory(known) = &self.known else {
            return self.find_event.query_row([event_id], |row| row.get(0)).optional();
        };
        for id in known.candidates(keys.event) {
            if self.tables.is_event(id, event_id)? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Compares a record with the event that has the same eventID.
    pub(crate) fn compare(&mut self, existing: i64, batch: &Batch, index: usize) -> rusqlite::Result<Resolution> {
        if self.blocks.hash_of(existing)? == batch.hashes.get(index).copied() {
            return Ok(Resolution::KeepOld { loser: None });
        }
        let mut is_csv = self.connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM csv_events WHERE id = ?1)")?;
        let old_from_csv = is_csv.query_row([existing], |row| row.get::<_, bool>(0))?;
        match (old_from_csv, batch.from_csv) {
            (true, false) => return Ok(Resolution::TakeNew { loser: None }),
            (false, true) => return Ok(Resolution::KeepOld { loser: None }),
            _ => {}
        }
        let block = self.records.unpack(self.connection, batch.block.dictionary_id(), &batch.block.data)?;
        let new = block.record(index).unwrap_or_default();
        let resolution = self.records.with(self.connection, existing, |old| dedup::compare(old, new))?;
        Ok(resolution.unwrap_or(Resolution::KeepOld { loser: None }))
    }

    /// Stores a new event.
    fn store(&mut self, id: i64, event: &Event, keys: &InternKeys, from_csv: bool, file: i64) -> rusqlite::Result<()> {
        self.related.link(self.connection, event, keys, &mut self.links)?;
        self.tables.insert(&EventRow { id, event, links: &self.links, file }, self.next_id)?;
        if from_csv {
            self.connection.prepare_cached("INSERT INTO csv_events (id) VALUES (?1)")?.execute([id])?;
        }
        if let ExistingEvents::Memory(known) = &mut self.known {
            known.insert(keys.event, id);
        }
        self.sums.add(event, &self.links);
        Ok(())
    }

    /// Takes an event away for a fuller record.
    fn replace(&mut self, old: i64, keys: &InternKeys, loser: Option<&[u8]>) -> rusqlite::Result<()> {
        let (event_id, owner) = self.tables.origin(old)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        if let Some(loser) = loser {
            P::keep_conflict(self, &event_id, owner, loser)?;
        } else {
            let sql = "INSERT OR IGNORE INTO replaced_rows SELECT ?2, ?3 FROM csv_events WHERE id = ?1";
            self.connection.prepare_cached(sql)?.execute(params![old, event_id, owner])?;
        }
        self.take_from_digest(old, &event_id)?;
        // It may be of this very batch.
        self.tables.delete(old, self.next_id)?;
        if let ExistingEvents::Memory(known) = &mut self.known {
            known.remove(keys.event, old);
        }
        self.connection.prepare_cached("DELETE FROM csv_events WHERE id = ?1")?.execute([old])?;
        self.recount = true;
        Ok(())
    }

    /// Removes an event from the digest of the events. If its record cannot be read, the digest is not known any more.
    fn take_from_digest(&mut self, event: i64, event_id: &str) -> rusqlite::Result<()> {
        let Some(sum) = &mut self.event_sum else { return Ok(()) };
        let mut roots = Vec::new();
        let hash = |record: &[u8]| self.event_hasher.roots(&[(event_id.as_bytes(), record)], &mut roots);
        match self.records.with(self.connection, event, hash)? {
            Some(()) => sum.remove_all(&self.event_hasher.sum(&roots)),
            None => self.event_sum = None,
        }
        Ok(())
    }
}

/// Adds the row of a run. Runs that gave no event an id count as runs of its origin of ids.
fn begin_run(
    connection: &Connection,
    origin: &RunOrigin<'_>,
    ids: Option<EventIds>,
    is_empty: bool,
) -> rusqlite::Result<()> {
    let column = match ids {
        Some(ids) => case_ids::column(ids),
        None => case_ids::column(CaseIds::of(connection)?.of_next_run()),
    };
    if is_empty && ids.is_some() {
        connection.execute("UPDATE imports SET ids = ?1 WHERE ids IS NOT ?1", [column])?;
    }
    let (started, version) = (time::format(time::now()), env!("CARGO_PKG_VERSION"));
    connection.execute(
        "INSERT INTO imports (started_at, trailq_version, paths, rules, ids, imported_by, folder) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            started,
            version,
            serde_json::json!(origin.paths).to_string(),
            RULES_VERSION,
            column,
            origin.imported_by,
            origin.folder
        ],
    )?;
    Ok(())
}

/// Refuses a case whose ids leave no room for those of another import.
fn check_numbers(connection: &Connection) -> rusqlite::Result<()> {
    let wide = ["events", "record_blocks"].map(|table| (table, MAX_ID));
    let narrow =
        ["facets", "identities", "resources", "user_agents", "error_messages", "files", "imports", "provenance"]
            .map(|table| (table, MAX_NARROW_ID));
    for (table, most) in wide.into_iter().chain(narrow) {
        // Each in a query of its own: SQLite looks for one at the end of the table, and reads all rows for two.
        let ends = format!(
            "SELECT coalesce((SELECT min(rowid) FROM {table}), 0), coalesce((SELECT max(rowid) FROM {table}), 0)"
        );
        let (least, largest) =
            connection.query_row(&ends, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
        for number in [least, largest] {
            if !(0..=most).contains(&number) {
                return Err(rusqlite::Error::IntegralValueOutOfRange(0, number));
            }
        }
    }
    Ok(())
}

/// The largest id of a row that others refer to. The writer stores ids of resources in 32 bits.
const MAX_NARROW_ID: i64 = 1 << 31;
