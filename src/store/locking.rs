//! Lock handover between an import, which holds its case exclusively, and readers that copy it meanwhile.

use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

/// The longest time that an import waits for readers: a copy of a large case takes minutes.
const READERS_TIMEOUT: Duration = Duration::from_secs(1_200);
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(5);

/// Commits, and begins the next transaction. Until that one has more to write than fits in the cache, the case may be
/// read. A SHARED lock is held throughout, so no other connection can write or finish the interrupted import.
pub(crate) fn commit_and_allow_readers(connection: &Connection) -> rusqlite::Result<()> {
    let mut lock = connection.prepare_cached("SELECT 1 FROM sqlite_schema")?;
    let mut locked = lock.query([])?;
    locked.next()?;
    connection.execute_batch("PRAGMA locking_mode = NORMAL")?;
    patiently(connection, "COMMIT")?;
    // SQLite itself does not wait for who would read on to write.
    patiently(connection, "BEGIN IMMEDIATE")
}

/// Lets others read what is committed, and no other process write, until a transaction has more to write than fits in
/// the cache. The connection has locked the case for itself, and no transaction is open.
pub(crate) fn let_others_read(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    commit_and_allow_readers(connection)?;
    // In that mode the lock for writing outlasts the transaction. A commit, even of nothing, would keep readers off.
    connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE; ROLLBACK")
}

/// Commits, and locks out every other connection until the case is closed.
pub(crate) fn commit_and_hold(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE")?;
    patiently(connection, "COMMIT")
}

/// Locks out every other connection until the case is closed. No transaction is open.
pub(crate) fn hold(connection: &Connection) -> rusqlite::Result<()> {
    patiently(connection, "BEGIN EXCLUSIVE")?;
    commit_and_hold(connection)
}

/// Runs a statement as soon as no other process reads.
fn patiently(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    let started = Instant::now();
    loop {
        match connection.execute_batch(sql) {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && started.elapsed() < READERS_TIMEOUT =>
            {
                thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rusqlite::Connection;

    use super::{commit_and_allow_readers, commit_and_hold, let_others_read};

    #[test]
    fn between_commits_a_case_is_read_and_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("case.db");
        let open = || {
            let connection = Connection::open(&path).unwrap();
            connection.busy_timeout(Duration::from_millis(20)).unwrap();
            connection
        };
        let import = open();
        import.execute_batch("CREATE TABLE t (n)").unwrap();
        import.execute_batch("BEGIN EXCLUSIVE; PRAGMA locking_mode = EXCLUSIVE; COMMIT").unwrap();
        let other = open();
        let count = || other.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0));
        assert!(count().is_err(), "the import has the case for itself");
        let_others_read(&import).unwrap();
        import.execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)").unwrap();
        assert_eq!(count().unwrap(), 0, "what was there can be read");
        assert!(other.execute_batch("BEGIN IMMEDIATE").is_err(), "and no other process writes");
        commit_and_allow_readers(&import).unwrap();
        import.execute_batch("INSERT INTO t VALUES (2)").unwrap();
        assert_eq!(count().unwrap(), 1, "what is committed can be read, and no more");
        for sql in ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"] {
            assert!(other.execute_batch(sql).is_err(), "{sql}");
        }
        // A reader delays the commit, and does not make it fail.
        let reader = open();
        reader.execute_batch("BEGIN; SELECT count(*) FROM t").unwrap();
        let reading = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            reader.execute_batch("COMMIT").unwrap();
        });
        commit_and_hold(&import).unwrap();
        reading.join().unwrap();
        assert!(count().is_err(), "the case is held again");
        import.execute_batch("CREATE INDEX i ON t (n)").unwrap();
        import.close().unwrap();
        assert_eq!(count().unwrap(), 2);
    }
}
