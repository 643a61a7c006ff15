//! Digests of what a case holds. They do not depend on the numbers of rows, nor on how records are packed: a row counts
//! with its values, and where it points to another row, with the digest of that one. Of each part the digests of all
//! rows are put in order and digested once more.

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use rustc_hash::FxHashMap;
use sha2::{Digest as _, Sha256};

use crate::activity;
use crate::hash::{Sum, hex};
use crate::store::event_sum::{EventDigester, EventSum};
use crate::store::open::open_read_only;
use crate::store::provenance::Digest;
use crate::store::records::block::Reader;
use crate::store::schema::{Part, TABLES, Table};
use crate::store::transfer::parallel;
use crate::store::transfer::snapshot::options::SnapshotOptions;

/// The parts of which the tables are digested row by row. A row counts with the values that it has: a column that a
/// later version adds changes nothing as long as it is NULL.
const PARTS: [Part; 3] = [Part::Counts, Part::Ledger, Part::Notes];
/// The part that may change after a snapshot is made.
pub(crate) const NOTES: &str = Part::Notes.name();
/// Events that a thread digests at a time.
const EVENTS_PER_RANGE: i64 = 4_096;

/// The digests of the rows of a table, by their number.
type Sums = FxHashMap<i64, Sum>;

/// Returns the digests of a case, as its own schema version has them, and that of its events alone.
pub(crate) fn digests(case: &Path, options: &SnapshotOptions) -> rusqlite::Result<(Vec<Digest>, EventSum)> {
    let open = || {
        let mut open = open_read_only(case).map_err(|error| rusqlite::Error::UserFunctionError(Box::new(error)))?;
        options.watch(&mut open)?;
        Ok(open)
    };
    let connection = open()?;
    let version = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    of_version(&connection, version, &open)
}

/// Returns the digests of a case as a schema version has them, at most its own, and that of its events alone. `open`: opens it for another thread.
pub(crate) fn of_version(
    connection: &Connection,
    version: i64,
    open: &(dyn Fn() -> rusqlite::Result<Connection> + Sync),
) -> rusqlite::Result<(Vec<Digest>, EventSum)> {
    let _step = activity::step("digesting events");
    let mut known = RowDigests::default();
    let (events, sum) = events(connection, open, &mut known)?;
    let mut all = vec![events];
    for part in PARTS {
        all.push(part_of(connection, &mut known, part, version)?);
    }
    Ok((all, sum))
}

/// Reports whether a part of a case that was migrated has the digest that it had in an earlier schema version: which
/// one, and the tables that this digest does not cover. What was marked and noted may change in any case.
pub(crate) fn earlier(connection: &Connection, version: i64, then: &Digest) -> rusqlite::Result<Option<(i64, String)>> {
    let Some(part) = PARTS.into_iter().find(|part| part.name() == then.part && *part != Part::Notes) else {
        return Ok(None);
    };
    // The first snapshots were made in version 4.
    let mut added: Vec<i64> =
        tables_of(part).map(|table| table.since).filter(|since| (5..=version).contains(since)).collect();
    added.sort_unstable_by(|a, b| b.cmp(a));
    added.dedup();
    let mut known = RowDigests::default();
    for since in added {
        if part_of(connection, &mut known, part, since - 1)? == *then {
            let later =
                tables_of(part).filter(|table| (since..=version).contains(&table.since)).map(|table| table.name);
            return Ok(Some((since - 1, later.collect::<Vec<_>>().join(" and "))));
        }
    }
    Ok(None)
}

/// Returns the digest of what was marked and noted.
pub(crate) fn notes(connection: &Connection) -> rusqlite::Result<Digest> {
    let version = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    part_of(connection, &mut RowDigests::default(), Part::Notes, version)
}

/// Returns the digest of the rows of those tables that a schema version has.
fn part_of(connection: &Connection, known: &mut RowDigests, part: Part, version: i64) -> rusqlite::Result<Digest> {
    let mut sums = Vec::new();
    for table in tables_of(part).filter(|table| table.since <= version) {
        let shape = TableShape::of(connection, table.name)?;
        known.load(connection, &shape)?;
        let rows = shape.sums(connection, known)?;
        sums.extend(rows.into_iter().map(|(_, sum)| sum));
    }
    Ok(whole(part.name(), sums))
}

/// Returns the tables that make a part, beside those that events point to.
fn tables_of(part: Part) -> impl Iterator<Item = &'static Table> {
    TABLES.iter().filter(move |table| table.role.part() == Some(part))
}

/// Returns the digest of a part, given those of its rows in any order.
fn whole(part: &str, mut sums: Vec<Sum>) -> Digest {
    sums.sort_unstable();
    let mut hasher = Sha256::new_with_prefix(format!("trailq {part} 1\n"));
    sums.iter().for_each(|sum| hasher.update(sum));
    Digest { part: part.to_owned(), rows: sums.len() as u64, sha256: hex(&hasher.finalize()) }
}

/// Returns the digest of the events with all that they point to, and that of the events alone.
fn events(
    connection: &Connection,
    open: &(dyn Fn() -> rusqlite::Result<Connection> + Sync),
    known: &mut RowDigests,
) -> rusqlite::Result<(Digest, EventSum)> {
    let shape = TableShape::of(connection, "events")?;
    let links = TableShape::of(connection, "event_resources")?;
    known.load(connection, &shape)?;
    known.load(connection, &links)?;
    // Of its file an event has the content: where that lies is for the ledger to say.
    let mut select = connection.prepare("SELECT id, sha256 FROM files")?;
    let files = select.query_map([], |row| Ok((row.get(0)?, Sha256::digest(row.get_ref(1)?.as_bytes()?).into())))?;
    known.tables.insert("files".to_owned(), files.collect::<rusqlite::Result<Sums>>()?);
    let ranges = ranges(connection)?;
    let begin = || -> rusqlite::Result<(Connection, Reader)> {
        let open = open()?;
        open.execute_batch("PRAGMA cache_size = -1024")?;
        Ok((open, Reader::in_order()))
    };
    let (mut sums, mut sum) = (Vec::new(), EventSum::default());
    let held: &RowDigests = known;
    let work = |(open, reader): &mut (Connection, Reader), from: &i64| {
        digest_range(open, reader, *from, (&shape, &links), held)
    };
    parallel::in_order(&ranges, begin, work, |(some, part): (Vec<Sum>, EventSum)| {
        sums.extend(some);
        sum.add_all(&part);
        Ok(())
    })?;
    // The next part wants the rows of the ledger whole.
    known.tables.remove("files");
    Ok((whole("events", sums), sum))
}

/// Returns the first number of each range. Numbers may be far apart: a range begins with an event.
fn ranges(connection: &Connection) -> rusqlite::Result<Vec<i64>> {
    let mut next = connection.prepare("SELECT min(id) FROM events WHERE id > ?1")?;
    let mut next = |after: i64| next.query_row([after], |row| row.get::<_, Option<i64>>(0));
    let first: Option<i64> = connection.query_row("SELECT min(id) FROM events", [], |row| row.get(0))?;
    let (mut ranges, mut from) = (Vec::new(), first);
    while let Some(first) = from {
        ranges.push(first);
        from = next(last_of(first))?;
    }
    Ok(ranges)
}

/// Returns the last number that a range may have.
fn last_of(first: i64) -> i64 {
    first.saturating_add(EVENTS_PER_RANGE - 1)
}

/// Returns the digests of the events of a range: their columns, their resources and their records.
fn digest_range(
    connection: &Connection,
    reader: &mut Reader,
    from: i64,
    (shape, links): (&TableShape, &TableShape),
    known: &RowDigests,
) -> rusqlite::Result<(Vec<Sum>, EventSum)> {
    let to = last_of(from);
    // Older schema versions have no roles; without one, an event has the digest that it had there.
    let role = if links.columns.iter().any(|column| column.name == "role") { "role" } else { "NULL" };
    let mut resources = connection.prepare_cached(&format!(
        "SELECT event, resource, listed, {role} FROM event_resources WHERE event BETWEEN ?1 AND ?2 ORDER BY event",
    ))?;
    let mut resources = resources.query([from, to])?;
    let mut next = resources.next()?;
    let mut events = connection.prepare_cached("SELECT * FROM events WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
    let id_at = events.column_index("event_id")?;
    let mut events = events.query([from, to])?;
    let resource = known.of(links.reference("resource"));
    let (mut sums, mut digester) = (Vec::new(), EventDigester::default());
    let (mut bytes, mut named) = (Vec::new(), Vec::new());
    while let Some(event) = events.next()? {
        let id: i64 = event.get(0)?;
        named.clear();
        while let Some(row) = next.filter(|row| row.get(0).is_ok_and(|of: i64| of <= id)) {
            let found = resource.and_then(|sums| sums.get(&row.get(1).unwrap_or_default()));
            named.push((found.copied().unwrap_or_default(), row.get::<_, i64>(2)?, row.get::<_, Option<String>>(3)?));
            next = resources.next()?;
        }
        named.sort_unstable();
        bytes.clear();
        shape.write(event, known, &mut bytes)?;
        for (sum, listed, role) in &named {
            bytes.extend_from_slice(sum);
            bytes.push(*listed as u8);
            bytes.extend_from_slice(role.as_deref().unwrap_or_default().as_bytes());
        }
        let mut hasher = Sha256::new_with_prefix(&bytes);
        hasher.update([u8::MAX]);
        let event_id = event.get_ref(id_at)?.as_bytes()?;
        let found = reader.with(connection, id, |record| {
            hasher.update(record);
            digester.push(event_id, record);
        })?;
        hasher.update([u8::from(found.is_some())]);
        sums.push(hasher.finalize().into());
    }
    Ok((sums, digester.take()))
}

/// The digests of the rows that others point to, by table.
#[derive(Default)]
struct RowDigests {
    tables: FxHashMap<String, Sums>,
}

impl RowDigests {
    fn of(&self, table: Option<&str>) -> Option<&Sums> {
        table.and_then(|table| self.tables.get(table))
    }

    /// Digests the tables that a table points to, and those that these point to.
    fn load(&mut self, connection: &Connection, shape: &TableShape) -> rusqlite::Result<()> {
        for column in &shape.columns {
            let Some(table) = &column.points_to else { continue };
            if table == &shape.table || table == "events" || self.tables.contains_key(table) {
                continue;
            }
            let pointed = TableShape::of(connection, table)?;
            self.load(connection, &pointed)?;
            let sums = pointed.sums(connection, self)?;
            self.tables.insert(table.clone(), sums.into_iter().collect());
        }
        Ok(())
    }
}

/// The columns of a table.
struct TableShape {
    table: String,
    columns: Vec<Column>,
}

/// A column, and what counts of it.
struct Column {
    name: String,
    /// True if it is nothing but the number of the row.
    is_number: bool,
    points_to: Option<String>,
}

impl TableShape {
    fn of(connection: &Connection, table: &str) -> rusqlite::Result<TableShape> {
        let mut select = connection.prepare_cached(
            "SELECT c.name, c.pk = 1 AND c.type = 'INTEGER' AND (SELECT max(pk) FROM pragma_table_info(?1)) = 1, \
             (SELECT \"table\" FROM pragma_foreign_key_list(?1) WHERE \"from\" = c.name) \
             FROM pragma_table_info(?1) c ORDER BY c.cid",
        )?;
        let columns = select.query_map([table], |row| {
            Ok(Column { name: row.get(0)?, is_number: row.get(1)?, points_to: row.get(2)? })
        })?;
        Ok(TableShape { table: table.to_owned(), columns: columns.collect::<rusqlite::Result<_>>()? })
    }

    /// Returns the table that a column points to.
    fn reference(&self, column: &str) -> Option<&str> {
        self.columns.iter().find(|found| found.name == column)?.points_to.as_deref()
    }

    /// Returns the digests of all rows of the table, with the first column as a number.
    fn sums(&self, connection: &Connection, known: &RowDigests) -> rusqlite::Result<Vec<(i64, Sum)>> {
        let mut select = connection.prepare(&format!("SELECT * FROM {}", self.table))?;
        let mut rows = select.query([])?;
        let (mut sums, mut bytes) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            bytes.clear();
            bytes.extend_from_slice(self.table.as_bytes());
            self.write(row, known, &mut bytes)?;
            sums.push((row.get_ref(0)?.as_i64().unwrap_or_default(), Sha256::digest(&bytes).into()));
        }
        Ok(sums)
    }

    /// Writes what counts of a row: each value that there is with the place of its column, its type and its length, so
    /// that a column that a later schema adds changes nothing.
    fn write(&self, row: &Row<'_>, known: &RowDigests, out: &mut Vec<u8>) -> rusqlite::Result<()> {
        for (place, column) in self.columns.iter().enumerate() {
            let value = row.get_ref(place)?;
            let mut put = |kind: u8, bytes: &[u8]| {
                out.extend_from_slice(&[place as u8, kind]);
                out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
                out.extend_from_slice(bytes);
            };
            match (value, &column.points_to) {
                _ if column.is_number && column.points_to.is_none() => {}
                (ValueRef::Null, _) => {}
                (ValueRef::Integer(id), Some(table)) if table != "events" => {
                    let sum = known.of(Some(table)).and_then(|sums| sums.get(&id));
                    put(0, &sum.copied().unwrap_or_default());
                }
                // Only csv_events has nothing but the number of an event: only the number of its rows counts.
                (ValueRef::Integer(_), Some(_)) => {}
                (ValueRef::Integer(number), None) => put(1, &number.to_le_bytes()),
                (ValueRef::Real(number), None) => put(2, &number.to_le_bytes()),
                (ValueRef::Text(text), _) => put(3, text),
                (ValueRef::Blob(blob), _) => put(4, blob),
                (ValueRef::Real(_), Some(_)) => {}
            }
        }
        Ok(())
    }
}
