//! The tables `events` and `event_resources` on their way into a case: rows by statements, or whole pages for a case in
//! the making.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::AtomicBool;

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, OptionalExtension, Statement, params};

use crate::event::{CopyRole, Event, ResourceUse};
use crate::store::bulk::bulk_error::{BulkError, BulkResult};
use crate::store::bulk::format::{put_integer, put_record, put_text, record_values};
use crate::store::bulk::output::Tree;
use crate::store::bulk::table::{BUFFER_BYTES, TableWriter};
use crate::store::bulk::tree::TreeWriter;
use crate::store::rollup::counts::{Links, Sums};
use crate::store::write::event_row::{ColumnSource, EventInsert, EventRow};
use crate::store::write::resource_pages::ResourcePages;

/// The destination of rows.
pub(crate) enum EventTables<'c> {
    /// Into the case, by statements.
    Rows(Box<EventRows<'c>>),
    /// Into pages that become part of the case when it is complete.
    Pages(Box<EventPages<'c>>),
}

/// The event_id and the file of an event.
pub(crate) type Origin = (String, i64);

impl<'c> EventTables<'c> {
    pub(crate) fn rows(connection: &'c Connection) -> rusqlite::Result<EventTables<'c>> {
        Ok(EventTables::Rows(Box::new(EventRows::prepare(connection)?)))
    }

    /// Adds an event with the resources that it points to. `next`: the id after those of its batch.
    pub(crate) fn insert(&mut self, row: &EventRow<'_>, next: i64) -> rusqlite::Result<()> {
        match self {
            EventTables::Rows(rows) => rows.insert(row, next),
            EventTables::Pages(pages) => Ok(pages.insert(row)?),
        }
    }

    /// Writes what has gathered of a batch. `next`: the id after those of the batch.
    pub(crate) fn flush(&mut self, next: i64) -> rusqlite::Result<()> {
        match self {
            EventTables::Rows(rows) => rows.flush(next),
            EventTables::Pages(_) => Ok(()),
        }
    }

    /// Returns the eventID and the file of an event.
    pub(crate) fn origin(&self, id: i64) -> rusqlite::Result<Option<Origin>> {
        match self {
            EventTables::Rows(rows) => {
                let mut select =
                    rows.connection.prepare_cached("SELECT event_id, file_id FROM events WHERE id = ?1")?;
                select.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()
            }
            EventTables::Pages(pages) => Ok(pages.origin(id)?),
        }
    }

    /// Reports whether an event has this eventID.
    pub(crate) fn is_event(&self, id: i64, event_id: &str) -> rusqlite::Result<bool> {
        match self {
            EventTables::Rows(rows) => {
                let sql = "SELECT 1 FROM events WHERE id = ?1 AND event_id = ?2";
                rows.connection.prepare_cached(sql)?.exists(params![id, event_id])
            }
            EventTables::Pages(pages) => Ok(pages.is_event(id, event_id)?),
        }
    }

    /// Deletes an event with its pairs.
    pub(crate) fn delete(&mut self, id: i64, next: i64) -> rusqlite::Result<()> {
        self.flush(next)?;
        match self {
            EventTables::Rows(rows) => delete_event(rows.connection, id),
            EventTables::Pages(pages) => {
                pages.delete(id);
                Ok(())
            }
        }
    }

    /// Moves the events of a file, from an id on, to another row of the ledger.
    pub(crate) fn move_events(&mut self, from: i64, to: i64, first: i64) -> rusqlite::Result<()> {
        let moved = FileMove { from, to, first };
        match self {
            EventTables::Rows(rows) => moved.apply(rows.connection),
            EventTables::Pages(pages) => {
                pages.move_events(moved);
                Ok(())
            }
        }
    }
}

fn delete_event(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    for sql in ["DELETE FROM events WHERE id = ?1", "DELETE FROM event_resources WHERE event = ?1"] {
        connection.prepare_cached(sql)?.execute([id])?;
    }
    Ok(())
}

/// A move of the events of a file, from an id on, to another row of the ledger.
#[derive(Debug, Clone, Copy)]
struct FileMove {
    from: i64,
    to: i64,
    first: i64,
}

impl FileMove {
    fn apply(self, connection: &Connection) -> rusqlite::Result<()> {
        let sql = "UPDATE events SET file_id = ?2 WHERE file_id = ?1 AND id >= ?3";
        connection.execute(sql, [self.from, self.to, self.first]).map(drop)
    }
}

/// Writes pairs of event and resource, packed as in [`EventRows::insert`]: one statement a batch costs half of one a
/// pair. A pair that is there already ends the transaction, so that SQLite need not copy each page to undo the statement.
const INSERT_LINKS: &str = "INSERT OR ROLLBACK INTO event_resources (event, resource, listed, role) \
     SELECT ?1 + (value >> 40), (value >> 3) & 0x1fffffffff, value & 1, \
            CASE (value >> 1) & 3 WHEN 1 THEN 'source' WHEN 2 THEN 'target' END FROM rarray(?2)";

/// Inserts rows by statements.
pub(crate) struct EventRows<'c> {
    connection: &'c Connection,
    insert_event: EventInsert<'c>,
    /// The rows of `event_resources` that are written at the end of the batch.
    links: Rc<Vec<Value>>,
    insert_links: Statement<'c>,
}

impl<'c> EventRows<'c> {
    fn prepare(connection: &'c Connection) -> rusqlite::Result<EventRows<'c>> {
        Ok(EventRows {
            connection,
            insert_event: EventInsert::prepare(connection)?,
            links: Rc::default(),
            insert_links: connection.prepare(INSERT_LINKS)?,
        })
    }

    fn insert(&mut self, row: &EventRow<'_>, next: i64) -> rusqlite::Result<()> {
        self.insert_event.execute(row)?;
        let pairs = Rc::make_mut(&mut self.links);
        for (resource, used) in row.links.resources.iter().zip(&row.event.resources) {
            let role = match used.role {
                None => 0,
                Some(CopyRole::Source) => 1,
                Some(CopyRole::Target) => 2,
            };
            pairs.push(Value::Integer((row.id - next) << 40 | resource << 3 | role << 1 | i64::from(used.listed)));
        }
        Ok(())
    }

    /// Writes the pairs of event and resource that have gathered.
    fn flush(&mut self, next: i64) -> rusqlite::Result<()> {
        if !self.links.is_empty() {
            self.insert_links.execute(params![next, self.links])?;
            Rc::make_mut(&mut self.links).clear();
        }
        Ok(())
    }
}

/// Gathers rows as pages.
pub(crate) struct EventPages<'s> {
    events: TableWriter<'s>,
    links: TreeWriter<'s>,
    folder: PathBuf,
    page_size: usize,
    stop: &'s AtomicBool,
    /// The source of each column of `events`; `None`: it is the row id, or NULL.
    columns: Vec<Option<ColumnSource>>,
    event_id: usize,
    file_id: usize,
    /// Events to delete that are in pages already.
    deleted: Vec<i64>,
    /// Moves of events that are in pages already, in order. They are few: [`EventPages::origin`] follows them all.
    moves: Vec<FileMove>,
    /// Events in the place of others that are in pages already.
    pending: BTreeMap<i64, PendingEvent>,
    /// True if the next event takes the place of another.
    is_replacing: bool,
    /// True if pages have an event and the one that takes its place.
    is_doubled: bool,
    /// The resources of an event, with their places in it.
    uses: Vec<(i64, usize)>,
    header: Vec<u8>,
    body: Vec<u8>,
    record: Vec<u8>,
}

/// The tables of a case in the making that are written as pages.
pub(crate) const EVENT_TABLES: [&str; 3] = ["events", "event_resources", "resources"];

/// An event that takes the place of another.
struct PendingEvent {
    event: Event,
    links: Links,
    file: i64,
}

/// The most events in memory that take the place of others. More than these are in pages beside the others, and SQLite
/// makes the indexes once those are deleted.
const MAX_PENDING: usize = 1 << 12;

/// The tables as trees, and the changes to make when they are part of a case.
pub(crate) struct EventTrees {
    pub(crate) tables: [(&'static str, Tree); 3],
    pub(crate) changes: Changes,
}

/// The changes of rows that the tables of a case have.
#[derive(Default)]
pub(crate) struct Changes {
    deleted: Vec<i64>,
    moves: Vec<FileMove>,
    pending: BTreeMap<i64, PendingEvent>,
    /// True if an eventID is there twice until then.
    pub(crate) is_doubled: bool,
}

impl Changes {
    /// Reports whether nothing is to be changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.deleted.is_empty() && self.moves.is_empty() && self.pending.is_empty()
    }

    /// Changes the tables.
    pub(crate) fn apply(&self, connection: &Connection) -> rusqlite::Result<()> {
        self.deleted.iter().try_for_each(|id| delete_event(connection, *id))?;
        self.moves.iter().try_for_each(|moved| moved.apply(connection))?;
        let mut rows = EventRows::prepare(connection)?;
        for (id, PendingEvent { event, links, file }) in &self.pending {
            rows.insert(&EventRow { id: *id, event, links, file: *file }, *id)?;
            rows.flush(*id)?;
        }
        Ok(())
    }
}

impl<'s> EventPages<'s> {
    /// Begins the tables of a new case. Temporary files are made in a folder.
    pub(crate) fn new(connection: &Connection, folder: &Path, stop: &'s AtomicBool) -> BulkResult<EventPages<'s>> {
        let names = |table: &str| -> rusqlite::Result<Vec<String>> {
            let mut select = connection.prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid")?;
            select.query_map([table], |row| row.get(0))?.collect()
        };
        if names("event_resources")? != ["event", "resource", "listed", "role"] {
            return Err(BulkError::NotCovered("the columns of event_resources"));
        }
        let names = names("events")?;
        let place = |name: &str| names.iter().position(|known| known == name);
        let (Some(0), Some(event_id), Some(file_id)) = (place("id"), place("event_id"), place("file_id")) else {
            return Err(BulkError::NotCovered("the columns of events"));
        };
        let columns = names.iter().map(|name| ColumnSource::of(name).filter(|_| name != "id")).collect();
        let page_size = connection.query_row("PRAGMA page_size", [], |row| row.get::<_, u32>(0))? as usize;
        let file = || tempfile::tempfile_in(folder);
        Ok(EventPages {
            events: TableWriter::new(file()?, page_size, stop),
            links: TreeWriter::new(file()?, BUFFER_BYTES, page_size, stop),
            folder: folder.to_owned(),
            page_size,
            stop,
            columns,
            event_id,
            file_id,
            deleted: Vec::new(),
            moves: Vec::new(),
            pending: BTreeMap::new(),
            is_replacing: false,
            is_doubled: false,
            uses: Vec::new(),
            header: Vec::new(),
            body: Vec::new(),
            record: Vec::new(),
        })
    }

    fn insert(&mut self, row: &EventRow<'_>) -> BulkResult<()> {
        let is_replacing = std::mem::take(&mut self.is_replacing);
        self.is_doubled |= is_replacing && self.pending.len() == MAX_PENDING;
        if is_replacing && self.pending.len() < MAX_PENDING {
            let event = PendingEvent { event: row.event.clone(), links: row.links.clone(), file: row.file };
            self.pending.insert(row.id, event);
            return Ok(());
        }
        let (header, body) = (&mut self.header, &mut self.body);
        header.clear();
        body.clear();
        for source in &self.columns {
            match source.map(|source| row.value(source)) {
                Some(ToSqlOutput::Borrowed(ValueRef::Integer(number))) => put_integer(header, body, number),
                Some(ToSqlOutput::Borrowed(ValueRef::Text(text))) => put_text(header, body, text),
                None | Some(ToSqlOutput::Borrowed(ValueRef::Null)) => header.push(0),
                Some(_) => return Err(BulkError::NotCovered("a value of an event")),
            }
        }
        put_record(&mut self.record, header, body);
        self.events.push(row.id, &self.record)?;
        self.insert_links(row.id, &row.links.resources, &row.event.resources)
    }

    fn insert_links(&mut self, event: i64, resources: &[i64], uses: &[ResourceUse]) -> BulkResult<()> {
        self.uses.clear();
        self.uses.extend(resources.iter().copied().zip(0..));
        self.uses.sort_unstable();
        let mut before = None;
        for (resource, at) in &self.uses {
            if before.replace(*resource).map(|before: i64| before.cmp(resource)) == Some(Ordering::Equal) {
                return Err(BulkError::NotCovered("a resource is there twice"));
            }
            let (header, body) = (&mut self.header, &mut self.body);
            header.clear();
            body.clear();
            put_integer(header, body, event);
            put_integer(header, body, *resource);
            put_integer(header, body, i64::from(uses[*at].listed));
            match uses[*at].role {
                None => header.push(0),
                Some(CopyRole::Source) => put_text(header, body, b"source"),
                Some(CopyRole::Target) => put_text(header, body, b"target"),
            }
            put_record(&mut self.record, header, body);
            self.links.push(&self.record)?;
        }
        Ok(())
    }

    fn delete(&mut self, id: i64) {
        self.is_replacing = true;
        if self.pending.remove(&id).is_none() {
            self.deleted.push(id);
        }
    }

    fn move_events(&mut self, moved: FileMove) {
        let pending = self.pending.range_mut(moved.first..).filter(|(_, event)| event.file == moved.from);
        pending.for_each(|(_, event)| event.file = moved.to);
        self.moves.push(moved);
    }

    fn is_event(&self, id: i64, event_id: &str) -> BulkResult<bool> {
        if let Some(pending) = self.pending.get(&id) {
            return Ok(pending.event.event_id == event_id);
        }
        let found = self.events.with_row(id, |record| {
            record_values(record).nth(self.event_id).is_some_and(|(_, value)| value == event_id.as_bytes())
        })?;
        Ok(found.unwrap_or_default())
    }

    fn origin(&self, id: i64) -> BulkResult<Option<Origin>> {
        if let Some(pending) = self.pending.get(&id) {
            return Ok(Some((pending.event.event_id.to_string(), pending.file)));
        }
        let read = |record: &[u8]| {
            let (_, event_id) = record_values(record).nth(self.event_id)?;
            let (serial, file) = record_values(record).nth(self.file_id)?;
            let file = crate::store::bulk::format::integer(serial, file)?;
            Some((String::from_utf8_lossy(event_id).into_owned(), file))
        };
        let found = self.events.with_row(id, read)?.flatten();
        Ok(found.map(|(event_id, file)| {
            let follow = |file, moved: &FileMove| {
                if moved.from == file && id >= moved.first { moved.to } else { file }
            };
            (event_id, self.moves.iter().fold(file, follow))
        }))
    }

    /// Ends the tables.
    pub(crate) fn finish(self, resources: ResourcePages, sums: &Sums) -> BulkResult<EventTrees> {
        let changes =
            Changes { deleted: self.deleted, moves: self.moves, pending: self.pending, is_doubled: self.is_doubled };
        let resources = resources.finish(sums, (&self.folder, self.page_size), self.stop)?;
        let (events, links) = (self.events.finish()?, self.links.finish()?);
        let [of_events, of_links, of_resources] = EVENT_TABLES;
        Ok(EventTrees { tables: [(of_events, events), (of_links, links), (of_resources, resources)], changes })
    }
}
