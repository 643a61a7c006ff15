//! Tables and indexes that are built in bulk, as SQLite reads them.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use proptest::test_runner::Config;
use rusqlite::Connection;
use tempfile::TempDir;

use super::bulk_error::{BulkError, BulkResult};
use super::file_at::write_at;
use super::format::{integer, put_integer, put_record, put_text, record_values};
use super::install::{Installation, Installed, Layout, check};
use super::output::Place;
use super::table::TableWriter;
use super::tree::TreeWriter;
use super::uuid;
use crate::store::schema::indexes::Index;

/// A value of a row.
#[derive(Debug, Clone)]
enum Cell {
    Null,
    Integer(i64),
    Text(String),
}

impl Cell {
    fn text(text: Option<&str>) -> Cell {
        text.map_or(Cell::Null, |text| Cell::Text(text.to_owned()))
    }

    fn integer(number: Option<i64>) -> Cell {
        number.map_or(Cell::Null, Cell::Integer)
    }
}

fn record(cells: &[Cell]) -> Vec<u8> {
    let (mut header, mut body, mut record) = (Vec::new(), Vec::new(), Vec::new());
    for cell in cells {
        match cell {
            Cell::Null => header.push(0),
            Cell::Integer(number) => put_integer(&mut header, &mut body, *number),
            Cell::Text(text) => put_text(&mut header, &mut body, text.as_bytes()),
        }
    }
    put_record(&mut record, &header, &body);
    record
}

const TABLES: &str = "CREATE TABLE events (id INTEGER PRIMARY KEY, time INTEGER, event_id TEXT NOT NULL, name TEXT, \
         n INTEGER) STRICT; \
     CREATE TABLE links (event INTEGER NOT NULL, other INTEGER NOT NULL, role TEXT, PRIMARY KEY (event, other)) \
         STRICT, WITHOUT ROWID;";

/// A case in the making: its tables and indexes are empty, and its rows gather in trees.
struct Fixture {
    folder: TempDir,
    page_size: usize,
    wanted: Vec<Index>,
    stop: &'static AtomicBool,
    events: TableWriter<'static>,
    links: TreeWriter<'static>,
}

impl Fixture {
    fn new(page_size: usize, wanted: Vec<Index>) -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("case.db")).unwrap();
        connection.execute_batch(&format!("PRAGMA page_size = {page_size}; {TABLES}")).unwrap();
        wanted.iter().for_each(|index| connection.execute_batch(&index.sql()).unwrap());
        let stop: &'static AtomicBool = Box::leak(Box::default());
        let (events, links) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        Fixture {
            folder,
            page_size,
            wanted,
            stop,
            events: TableWriter::new(events, page_size, stop),
            links: TreeWriter::new(links, 4 * page_size, page_size, stop),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("case.db")
    }

    /// Adds a row to the table of events. The last column is the id modulo 5.
    fn insert(&mut self, id: i64, event_id: &str, time: Option<i64>, name: Option<&str>) {
        let cells =
            [Cell::Null, Cell::integer(time), Cell::Text(event_id.to_owned()), Cell::text(name), Cell::Integer(id % 5)];
        self.events.push(id, &record(&cells)).unwrap();
    }

    /// Adds what has gathered to the case.
    fn install(self) -> (Case, BulkResult<Vec<Installed>>, Vec<String>) {
        let layout = self.layout();
        let (path, page_size) = (self.path(), self.page_size);
        let tables = [("events", self.events.finish().unwrap()), ("links", self.links.finish().unwrap())];
        let save = |_, _: &[Installed]| Ok(());
        let folder = self.folder.path();
        let installation = Installation { case: &path, folder, save: &save, stop: self.stop };
        let installed = installation.install(&layout, &tables, true);
        let connection = Connection::open(&path).unwrap();
        let left: Vec<String> = match &installed {
            Ok(installed) => layout.not_in(installed).map(str::to_owned).collect(),
            Err(_) => Vec::new(),
        };
        if let Ok(installed) = &installed {
            check(installed, || Ok(Connection::open(&path)?), self.stop).unwrap();
        }
        (Case { connection, wanted: self.wanted, folder: self.folder, page_size }, installed, left)
    }

    fn layout(&self) -> Layout {
        let connection = Connection::open(self.path()).unwrap();
        let wanted = self.wanted.iter().cloned();
        Layout::of(&connection, &["events", "links"], wanted).unwrap()
    }

    /// Adds what has gathered to the case, of which all is covered.
    #[track_caller]
    fn complete(self) -> Case {
        let (case, installed, left) = self.install();
        installed.unwrap();
        assert_eq!(left, Vec::<String>::new());
        case
    }
}

/// A case with the rows.
struct Case {
    connection: Connection,
    wanted: Vec<Index>,
    folder: TempDir,
    page_size: usize,
}

impl Case {
    fn text(&self, sql: &str) -> String {
        self.connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn lines(&self, sql: &str) -> Vec<String> {
        let mut select = self.connection.prepare(sql).unwrap();
        select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[track_caller]
    fn is_sound(&self) {
        assert_eq!(self.text("SELECT group_concat(integrity_check, '; ') FROM pragma_integrity_check"), "ok");
        assert_eq!(self.text("SELECT group_concat(quick_check, '; ') FROM pragma_quick_check"), "ok");
        let pages: usize = self.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        let file = self.connection.path().unwrap();
        assert_eq!(std::fs::metadata(file).unwrap().len() as usize, pages * self.page_size);
        self.wanted.iter().for_each(|index| orders_as_sqlite_does(&self.connection, index));
    }
}

fn uuid(number: u128) -> String {
    String::from_utf8(uuid::text_of(number).to_vec()).unwrap()
}

fn wanted() -> Vec<Index> {
    vec![
        Index::new("events_by_event_id", "events", &["event_id"]),
        Index::new("by_name", "events", &["name", "time"]),
        Index::new("by_name_if_any", "events", &["name"]).sparse(),
        Index::new("by_n", "events", &["n", "time", "name"]),
        Index::new("by_time_if_any", "events", &["time", "n"]).sparse(),
        Index::new("by_other", "links", &["other", "event"]),
        Index::new("by_role", "links", &["role"]).sparse(),
    ]
}

/// Compares the rows that SQLite finds by an index with those that it finds without.
#[track_caller]
fn orders_as_sqlite_does(connection: &Connection, index: &Index) {
    let key = if index.table == "events" { "id" } else { "event, other" };
    let columns = format!("{}, {key}", index.columns.join(", "));
    let condition = index.condition().unwrap_or("1");
    let rows = |by: &str, order: &str| {
        let sql = format!(
            "SELECT quote({}) FROM {} {by} WHERE {condition} ORDER BY {order}",
            columns.replace(", ", ") || '|' || quote("),
            index.table
        );
        let mut select = connection.prepare(&sql).unwrap();
        let rows = select.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>()
    };
    // The plus sign keeps SQLite from the index.
    let sorted = format!("+{}", columns.replace(", ", ", +"));
    assert_eq!(rows(&format!("INDEXED BY {}", index.name), &columns), rows("NOT INDEXED", &sorted), "{}", index.name);
}

fn a_text() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        2 => Just(None),
        4 => "[ab]{0,3}".prop_map(Some),
        2 => "\\PC{0,12}".prop_map(Some),
        1 => ("[ab]{1,2}", 0..3_000_usize).prop_map(|(text, length)| Some(text.repeat(length))),
    ]
}

fn an_integer() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![
        1 => Just(None),
        6 => (-3..300_i64).prop_map(Some),
        1 => any::<i32>().prop_map(|number| Some(number.into())),
    ]
}

proptest! {
    #![proptest_config(Config { cases: 24, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_rows_are_read_and_indexed_as_sqlite_does(
        rows in prop::collection::vec((1..500_000_i64, any::<u128>(), an_integer(), a_text()), 0..120),
        links in prop::collection::btree_map((0..40_i64, -3..900_000_000_000_i64), a_text(), 0..160),
        page_size in prop::sample::select(vec![512, 1_024, 4_096, 65_536]),
    ) {
        let mut fixture = Fixture::new(page_size, wanted());
        let reference = Connection::open_in_memory().unwrap();
        reference.execute_batch(TABLES).unwrap();
        let mut id = 0;
        for (step, event_id, time, name) in &rows {
            id += step;
            fixture.insert(id, &uuid(*event_id), *time, name.as_deref());
            reference
                .execute("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?1 % 5)", (id, time, uuid(*event_id), name))
                .unwrap();
            // A row is found as soon as it is there.
            let found = fixture.events.with_row(id, |record| {
                let values: Vec<_> = record_values(record).collect();
                (values[2].1.to_vec(), integer(values[4].0, values[4].1))
            });
            prop_assert_eq!(found.unwrap(), Some((uuid(*event_id).into_bytes(), Some(id % 5))));
            prop_assert!(fixture.events.with_row(id + 1, |_| ()).unwrap().is_none());
        }
        for ((event, other), role) in &links {
            let cells = [Cell::Integer(*event), Cell::Integer(*other), Cell::text(role.as_deref())];
            fixture.links.push(&record(&cells)).unwrap();
            reference.execute("INSERT INTO links VALUES (?1, ?2, ?3)", (event, other, role)).unwrap();
        }
        let case = fixture.complete();
        case.is_sound();
        for sql in [
            "SELECT quote(id) || quote(time) || quote(event_id) || quote(name) || quote(n) FROM events",
            "SELECT quote(event) || '|' || quote(other) || quote(role) FROM links",
        ] {
            let mut select = reference.prepare(sql).unwrap();
            let expected: Vec<String> = select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
            prop_assert_eq!(case.lines(sql), expected);
        }
        // SQLite goes on with them.
        case.connection.execute_batch(
            "DELETE FROM events WHERE id % 3 = 0; UPDATE events SET name = name || 'x', time = -time WHERE id % 2 = 0; \
             INSERT INTO links SELECT id, -id, name FROM events WHERE id > 200; DELETE FROM links WHERE event % 2 = 0",
        ).unwrap();
        case.is_sound();
    }
}

#[test]
fn trees_of_any_number_of_rows_are_sound() {
    // With 512 bytes a page, these end at every place of a page, in trees of one to four levels.
    for count in (0..40).chain((40..1_500).step_by(53)).chain([9_000]) {
        let mut fixture = Fixture::new(512, wanted());
        for id in 1..=count {
            fixture.insert(id << 30, &uuid((id as u128) << 64 | 7), Some(id % 9), Some("abcdefgh"));
            fixture.links.push(&record(&[Cell::Integer(id / 3), Cell::Integer(id), Cell::text(Some("role"))])).unwrap();
        }
        fixture.complete().is_sound();
    }
}

#[test]
fn long_texts_get_overflow_pages() {
    let mut fixture = Fixture::new(512, wanted());
    let text = |id: i64| "t".repeat(id as usize * 37);
    for id in 1..200 {
        fixture.insert(id, &uuid(id as u128), None, Some(&text(id)));
    }
    for id in [1, 17, 150, 199] {
        let read = fixture.events.with_row(id, |record| record_values(record).nth(3).unwrap().1.to_vec());
        assert_eq!(read.unwrap().unwrap(), text(id).into_bytes());
    }
    fixture.complete().is_sound();
}

#[test]
fn rows_out_of_order_are_refused() {
    let mut fixture = Fixture::new(512, wanted());
    fixture.insert(5, &uuid(5), None, None);
    for id in [5, 4] {
        assert!(matches!(fixture.events.push(id, &[2, 0]), Err(BulkError::NotCovered(_))));
    }
}

#[test]
fn what_is_not_covered_is_left_empty_for_sqlite() {
    // A key of 64 bits and others does not fit, nor does an id that is not a UUID, nor another condition.
    let index = |name: &str| wanted().into_iter().find(|index| index.name == name).unwrap();
    let by_times = Index::new("times", "events", &["time", "name", "time"]);
    let few = Index::new("few", "events", &["n"]).on_rows("n >= 2");
    let mut fixture = Fixture::new(
        4_096,
        vec![index("events_by_event_id"), by_times, few, index("by_name_if_any"), index("by_role")],
    );
    fixture.insert(1, &uuid(1), Some(i64::MAX), Some("a"));
    fixture.insert(2, &uuid(2), Some(-i64::MAX), Some("b"));
    fixture.insert(3, "E-3", Some(1), Some("a"));
    let (case, installed, left) = fixture.install();
    assert_eq!(installed.unwrap().len(), 4);
    assert_eq!(left, ["events_by_event_id", "times", "few"]);
    left.iter().for_each(|name| case.connection.execute_batch(&format!("REINDEX {name}")).unwrap());
    case.is_sound();
}

#[test]
fn an_event_id_that_is_there_twice_is_left_to_sqlite() {
    let mut fixture = Fixture::new(4_096, wanted());
    fixture.insert(1, &uuid(7), None, None);
    fixture.insert(2, &uuid(7), None, None);
    let (case, _, left) = fixture.install();
    assert_eq!(left, ["events_by_event_id"]);
    assert!(case.connection.execute_batch("REINDEX events_by_event_id").unwrap_err().to_string().contains("UNIQUE"));
}

#[test]
fn files_of_another_layout_are_refused() {
    let fixture = Fixture::new(4_096, wanted());
    let connection = Connection::open(fixture.path()).unwrap();
    connection.execute_batch("PRAGMA auto_vacuum = FULL; VACUUM").unwrap();
    let refused = Layout::of(&connection, &["events"], wanted().into_iter()).err().unwrap();
    assert_eq!(refused.to_string(), "not covered: the layout of the file");
    let told = refused.of_case(Path::new("case.db")).to_string();
    assert_eq!(told, "case.db is damaged: not covered: the layout of the file");
}

#[test]
fn another_number_of_entries_is_noticed() {
    let mut fixture = Fixture::new(4_096, wanted());
    fixture.insert(1, &uuid(1), None, None);
    let (case, installed, _) = fixture.install();
    let mut installed = installed.unwrap();
    let path = case.folder.path().join("case.db");
    let check_all = |installed: &[Installed]| check(installed, || Ok(Connection::open(&path)?), &AtomicBool::default());
    check_all(&installed).unwrap();
    for at in 0..installed.len() {
        installed[at].entries += 1;
        let wrong = check_all(&installed).unwrap_err();
        assert!(matches!(wrong, BulkError::Wrong { .. }), "{wrong}");
        installed[at].entries -= 1;
    }
    let stopped = check(&installed, || Ok(Connection::open(&path)?), &AtomicBool::new(true)).unwrap_err();
    assert!(matches!(stopped, BulkError::Cancelled), "{stopped}");
    installed[0].entries = 5;
    let wrong = check_all(&installed).unwrap_err().of_case(Path::new("case.db"));
    assert_eq!(wrong.to_string(), "case.db is damaged: events has 1 entries, and 5 were written");
}

#[test]
fn a_cancelled_build_ends() {
    let mut fixture = Fixture::new(512, wanted());
    fixture.stop.store(true, Ordering::Relaxed);
    let ended = (1..9_000).try_for_each(|id| fixture.events.push(id, &record(&[Cell::text(Some(&"x".repeat(400)))])));
    assert!(matches!(ended, Err(BulkError::Cancelled)));
    assert!(matches!(ended.unwrap_err().of_case(Path::new("c.db")), crate::store::CaseError::Cancelled));
}

#[test]
fn no_tree_uses_the_page_that_has_the_lock() {
    let place = |others| Place { root: 3, others, lock_page: 10 };
    let pages = |place: Place| (0..5).map(|ahead| place.after(ahead)).collect::<Vec<_>>();
    assert_eq!(pages(place(4)), [4, 5, 6, 7, 8]);
    assert_eq!(pages(place(7)), [7, 8, 9, 11, 12]);
    assert_eq!(pages(place(10)), [11, 12, 13, 14, 15]);
    assert_eq!(pages(place(11)), [11, 12, 13, 14, 15]);
}

/// A file of 1 GiB, of which nearly all is a hole: trees begin before the page that has the lock and end after it.
#[test]
fn trees_around_the_lock_are_sound() {
    const PAGE_SIZE: u64 = 4_096;
    const LOCK_PAGE: u64 = (1 << 30) / PAGE_SIZE + 1;
    for before in [1, 30, 150] {
        let mut fixture = Fixture::new(PAGE_SIZE as usize, wanted());
        (1..9_000).for_each(|id| fixture.insert(id, &uuid((id as u128) << 90), Some(id), Some("a text")));
        let file: File = OpenOptions::new().read(true).write(true).open(fixture.path()).unwrap();
        let pages = LOCK_PAGE - before;
        file.set_len(pages * PAGE_SIZE).unwrap();
        write_at(&file, &(pages as u32).to_be_bytes(), 28).unwrap();
        drop(file);
        let case = fixture.complete();
        let now: u64 = case.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        assert!(now > LOCK_PAGE, "{now}");
        case.wanted.iter().for_each(|index| orders_as_sqlite_does(&case.connection, index));
        // The hole is pages that nothing uses; the check ends after as many findings.
        let found = case.lines("PRAGMA integrity_check(300000)");
        let unused = |line: &&str| line.ends_with("never used") || line.starts_with("*** in database");
        let other: Vec<&str> = found.iter().flat_map(|text| text.lines()).filter(|line| !unused(line)).collect();
        assert_eq!(other, Vec::<&str>::new());
    }
}
