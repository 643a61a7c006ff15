//! Digests of what a case holds. They do not depend on the numbers of rows, nor on how records are packed: a row counts
//! with its values, and where it points to another row, with the digest of that one. Of each part the digests of all
//! rows are put in order and digested once more.

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use rustc_hash::FxHashMap;
use sha2::{Digest as _, Sha256};

use super::threads;
use crate::hash::hex;
use crate::store::open::open_read_only;
use crate::store::records::Reader;

/// The digest of a part of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// `events`, with their records and all that they point to; `counts`; `ledger`; or `notes`. Of a whole case `pages`
    /// stands for the first three.
    pub part: String,
    /// How many rows it has: of `events`, the events.
    pub rows: u64,
    /// In hexadecimal.
    pub sha256: String,
}

/// Which tables make a part, beside those that `events` point to.
const PARTS: &[(&str, &[&str])] = &[
    ("counts", &["attribute_values", "hourly_counts", "hourly_regions"]),
    (
        "ledger",
        &[
            "files",
            "imports",
            "rejects",
            "conflicts",
            "field_problems",
            "digests",
            "digest_files",
            "csv_events",
            "replaced_rows",
        ],
    ),
    (NOTES, &KEPT),
];
/// The part that may change after a snapshot is made.
pub(super) const NOTES: &str = "notes";
/// Its tables.
pub(super) const KEPT: [&str; 4] = ["tags", "notes", "saved_queries", "noise_rules"];
/// Events that a thread digests at a time.
const EVENTS_A_TURN: i64 = 4_096;

/// A SHA-256.
type Sum = [u8; 32];
/// The digests of the rows of a table, by their number.
type Sums = FxHashMap<i64, Sum>;

/// The digests of a case.
pub(super) fn digests(case: &Path) -> rusqlite::Result<Vec<Digest>> {
    let connection = open_read_only(case).map_err(|error| rusqlite::Error::UserFunctionError(Box::new(error)))?;
    let mut known = Known::default();
    let mut all = vec![events(case, &connection, &mut known)?];
    for (part, tables) in PARTS {
        all.push(part_of(&connection, &mut known, part, tables)?);
    }
    Ok(all)
}

/// The digest of what was marked and noted.
pub(super) fn notes(connection: &Connection) -> rusqlite::Result<Digest> {
    part_of(connection, &mut Known::default(), NOTES, &KEPT)
}

/// The digest of the rows of some tables.
fn part_of(connection: &Connection, known: &mut Known, part: &str, tables: &[&str]) -> rusqlite::Result<Digest> {
    let mut sums = Vec::new();
    for table in tables {
        let shape = Shape::of(connection, table)?;
        known.load(connection, &shape)?;
        let rows = shape.sums(connection, known)?;
        sums.extend(rows.into_iter().map(|(_, sum)| sum));
    }
    Ok(whole(part, sums))
}

/// The digest of a part, given those of its rows in any order.
fn whole(part: &str, mut sums: Vec<Sum>) -> Digest {
    sums.sort_unstable();
    let mut hasher = Sha256::new_with_prefix(format!("trailq {part} 1\n"));
    sums.iter().for_each(|sum| hasher.update(sum));
    Digest { part: part.to_owned(), rows: sums.len() as u64, sha256: hex(&hasher.finalize()) }
}

/// The digest of the events.
fn events(case: &Path, connection: &Connection, known: &mut Known) -> rusqlite::Result<Digest> {
    let shape = Shape::of(connection, "events")?;
    let links = Shape::of(connection, "event_resources")?;
    known.load(connection, &shape)?;
    known.load(connection, &links)?;
    // Of its file an event has the content: where that lies is for the ledger to say.
    let mut select = connection.prepare("SELECT id, sha256 FROM files")?;
    let files = select.query_map([], |row| Ok((row.get(0)?, Sha256::digest(row.get_ref(1)?.as_bytes()?).into())))?;
    known.tables.insert("files".to_owned(), files.collect::<rusqlite::Result<Sums>>()?);
    let ends = "SELECT coalesce(min(id), 0), coalesce(max(id), -1) FROM events";
    let (first, last): (i64, i64) = connection.query_row(ends, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let turns: Vec<i64> = (first..=last).step_by(EVENTS_A_TURN as usize).collect();
    let begin = || -> rusqlite::Result<(Connection, Reader)> {
        let open = open_read_only(case).map_err(|error| rusqlite::Error::UserFunctionError(Box::new(error)))?;
        open.execute_batch("PRAGMA cache_size = -1024")?;
        Ok((open, Reader::in_order()))
    };
    let mut sums = Vec::new();
    let held: &Known = known;
    let work =
        |(open, reader): &mut (Connection, Reader), from: &i64| turn(open, reader, *from, (&shape, &links), held);
    threads::in_order(&turns, begin, work, |some: Vec<Sum>| {
        sums.extend(some);
        Ok(())
    })?;
    // The next part wants the rows of the ledger whole.
    known.tables.remove("files");
    Ok(whole("events", sums))
}

/// The digests of the events of a turn: their columns, their resources and their records.
fn turn(
    connection: &Connection,
    reader: &mut Reader,
    from: i64,
    (shape, links): (&Shape, &Shape),
    known: &Known,
) -> rusqlite::Result<Vec<Sum>> {
    let to = from + EVENTS_A_TURN - 1;
    let mut resources = connection.prepare_cached(
        "SELECT event, resource, listed FROM event_resources WHERE event BETWEEN ?1 AND ?2 ORDER BY event",
    )?;
    let mut resources = resources.query([from, to])?;
    let mut next = resources.next()?;
    let mut events = connection.prepare_cached("SELECT * FROM events WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
    let mut events = events.query([from, to])?;
    let resource = known.of(links.reference("resource"));
    let mut sums = Vec::new();
    let (mut bytes, mut named) = (Vec::new(), Vec::new());
    while let Some(event) = events.next()? {
        let id: i64 = event.get(0)?;
        named.clear();
        while let Some(row) = next.filter(|row| row.get(0).is_ok_and(|of: i64| of <= id)) {
            let found = resource.and_then(|sums| sums.get(&row.get(1).unwrap_or_default()));
            named.push((found.copied().unwrap_or_default(), row.get::<_, i64>(2)?));
            next = resources.next()?;
        }
        named.sort_unstable();
        bytes.clear();
        shape.write(event, known, &mut bytes)?;
        for (sum, listed) in &named {
            bytes.extend_from_slice(sum);
            bytes.push(*listed as u8);
        }
        let mut hasher = Sha256::new_with_prefix(&bytes);
        hasher.update([u8::MAX]);
        let found = reader.with(connection, id, |record| hasher.update(record))?;
        hasher.update([u8::from(found.is_some())]);
        sums.push(hasher.finalize().into());
    }
    Ok(sums)
}

/// The digests of the rows that others point to, by table.
#[derive(Default)]
struct Known {
    tables: FxHashMap<String, Sums>,
}

impl Known {
    fn of(&self, table: Option<&str>) -> Option<&Sums> {
        table.and_then(|table| self.tables.get(table))
    }

    /// Digests the tables that a table points to, and those that these point to.
    fn load(&mut self, connection: &Connection, shape: &Shape) -> rusqlite::Result<()> {
        for column in &shape.columns {
            let Some(table) = &column.points_to else { continue };
            if table == &shape.table || table == "events" || self.tables.contains_key(table) {
                continue;
            }
            let pointed = Shape::of(connection, table)?;
            self.load(connection, &pointed)?;
            let sums = pointed.sums(connection, self)?;
            self.tables.insert(table.clone(), sums.into_iter().collect());
        }
        Ok(())
    }
}

/// What the schema says of a table.
struct Shape {
    table: String,
    columns: Vec<Column>,
}

/// A column, and what counts of it.
struct Column {
    name: String,
    /// Whether it is nothing but the number of the row.
    is_number: bool,
    points_to: Option<String>,
}

impl Shape {
    fn of(connection: &Connection, table: &str) -> rusqlite::Result<Shape> {
        let mut select = connection.prepare_cached(
            "SELECT c.name, c.pk = 1 AND c.type = 'INTEGER' AND (SELECT max(pk) FROM pragma_table_info(?1)) = 1, \
             (SELECT \"table\" FROM pragma_foreign_key_list(?1) WHERE \"from\" = c.name) \
             FROM pragma_table_info(?1) c ORDER BY c.cid",
        )?;
        let columns = select.query_map([table], |row| {
            Ok(Column { name: row.get(0)?, is_number: row.get(1)?, points_to: row.get(2)? })
        })?;
        Ok(Shape { table: table.to_owned(), columns: columns.collect::<rusqlite::Result<_>>()? })
    }

    /// The table that a column points to.
    fn reference(&self, column: &str) -> Option<&str> {
        self.columns.iter().find(|found| found.name == column)?.points_to.as_deref()
    }

    /// The digests of all rows of the table, with the first column as a number.
    fn sums(&self, connection: &Connection, known: &Known) -> rusqlite::Result<Vec<(i64, Sum)>> {
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
    fn write(&self, row: &Row<'_>, known: &Known, out: &mut Vec<u8>) -> rusqlite::Result<()> {
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
                // Only csv_events has nothing but the number of an event: how many there are counts.
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
