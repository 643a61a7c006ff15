//! Settings of every connection to a case, before anything is read with it. A case may come from someone else: nothing
//! in it may run, reach another file, or take unlimited work.

use std::cell::Cell;
use std::fs;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode};

use crate::activity;
use crate::store::error::CaseError;

/// Settings that make of a schema nothing but a description of rows.
const SETTINGS: &[(DbConfig, bool)] = &[
    (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
    (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
    (DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, false),
    (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
    (DbConfig::SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, false),
    (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, false),
    (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_WRITE, false),
];

/// The longest text, blob or row: four times that of a record, which is the largest value that a case holds.
const MAX_VALUE_BYTES: i32 = 256 << 20;
/// The largest depth of an expression. A lookup is written as a balanced tree.
const MAX_EXPRESSION_DEPTH: i32 = 1_000;

/// Sets up a connection to an untrusted file.
pub(crate) fn harden(connection: &Connection) -> rusqlite::Result<()> {
    set_up(connection)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true).map(drop)
}

/// Sets up a connection to a new file without a journal: defensive mode does not let the journal be turned off.
pub(crate) fn harden_new(connection: &Connection) -> rusqlite::Result<()> {
    set_up(connection)
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    for (setting, on) in SETTINGS {
        connection.set_db_config(*setting, *on)?;
    }
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)?;
    connection.set_limit(Limit::SQLITE_LIMIT_EXPR_DEPTH, MAX_EXPRESSION_DEPTH)?;
    // What does not fit into its page is found when the page is read.
    connection.execute_batch("PRAGMA cell_size_check = ON")
}

/// The steps of SQLite's virtual machine between two checks of the budget.
const STEPS_A_LOOK: i32 = 10_000;
/// The steps that any file may take, and those for each of its bytes: an event has a few hundred bytes, and is read in
/// a few dozen steps.
const STEPS: u64 = 50_000_000;
const STEPS_A_BYTE: u64 = 20;

/// Returns the steps that a file of this size may take.
fn steps_of(bytes: u64) -> u64 {
    STEPS.saturating_add(bytes.saturating_mul(STEPS_A_BYTE))
}

/// Bounds the work of a connection whose statements read each row of a file a few times. In a file that was made for
/// it, pages can point to one another so that a few of them hold more rows than could ever be read.
pub(crate) fn bound_work(connection: &mut Connection, bytes: u64) -> rusqlite::Result<()> {
    let mut left = steps_of(bytes);
    connection.progress_handler(
        STEPS_A_LOOK,
        Some(move || {
            let steps = STEPS_A_LOOK.unsigned_abs().into();
            activity::ran(steps);
            left = left.saturating_sub(steps);
            left == 0
        }),
    )
}

thread_local! {
    /// The steps that are left to the thread, where its work is bounded.
    static LEFT: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Lets [`Bounded`] bound the work of a connection that also does what has no bound, such as an import.
pub(crate) fn watch(connection: &mut Connection) -> rusqlite::Result<()> {
    let spend = || {
        let left = LEFT.get().map(|left| left.saturating_sub(STEPS_A_LOOK.unsigned_abs().into()));
        LEFT.set(left);
        left == Some(0)
    };
    connection.progress_handler(STEPS_A_LOOK, Some(spend))
}

/// While it lives, what this thread does with connections that are watched is bounded.
pub(crate) struct Bounded(());

impl Bounded {
    pub(crate) fn by_size(path: &Path) -> Bounded {
        LEFT.set(Some(steps_of(fs::metadata(path).map_or(0, |metadata| metadata.len()))));
        Bounded(())
    }
}

impl Drop for Bounded {
    fn drop(&mut self) {
        LEFT.set(None);
    }
}

/// Describes an error of a connection whose work is bounded. Nothing else interrupts it.
pub(crate) fn error_of(path: &Path, error: rusqlite::Error) -> CaseError {
    if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) {
        let reason = "reading it takes more work than a sound case of its size".to_owned();
        return CaseError::Damaged { path: path.to_owned(), reason };
    }
    CaseError::of(path, error)
}

/// Describes an error of a watched connection: it may have spent its budget, or have been interrupted.
pub(crate) fn error_of_watched(path: &Path, error: rusqlite::Error) -> CaseError {
    if LEFT.get() == Some(0) { error_of(path, error) } else { CaseError::of(path, error) }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{bound_work, error_of, harden};

    #[test]
    fn objects_in_a_foreign_file_never_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.db");
        let made = Connection::open(&path).unwrap();
        made.execute_batch(
            "CREATE TABLE t (n); CREATE TABLE seen (n); \
             CREATE TRIGGER x AFTER INSERT ON t BEGIN INSERT INTO seen VALUES (new.n); END",
        )
        .unwrap();
        drop(made);
        let connection = Connection::open(&path).unwrap();
        harden(&connection).unwrap();
        connection.execute_batch("INSERT INTO t VALUES (1)").unwrap();
        let seen: i64 = connection.query_row("SELECT count(*) FROM seen", [], |row| row.get(0)).unwrap();
        assert_eq!(seen, 0, "a trigger does not fire");
        connection.execute_batch("PRAGMA writable_schema = ON").unwrap();
        assert!(connection.execute_batch("UPDATE sqlite_schema SET sql = 'x'").is_err());
        let other = folder.path().join("other.db");
        assert!(connection.execute("ATTACH ?1 AS o", [other.to_str().unwrap()]).is_err() && !other.exists());
        let large = connection.query_row("SELECT length(zeroblob(300000000))", [], |row| row.get::<_, i64>(0));
        assert!(large.unwrap_err().to_string().contains("too big"));
    }

    #[test]
    fn endless_statements_are_interrupted() {
        let mut connection = Connection::open_in_memory().unwrap();
        bound_work(&mut connection, 0).unwrap();
        let endless = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT count(*) FROM n";
        let error = connection.query_row(endless, [], |row| row.get::<_, i64>(0)).unwrap_err();
        assert!(error_of("x.db".as_ref(), error).to_string().contains("more work than a sound case"));
    }
}
