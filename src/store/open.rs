//! Connections to a case: for an import, which may change it, and for reading, which cannot.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::io_message::folder_of;
use crate::store::case_path::{literal, metadata_of};
use crate::store::error::CaseError;
use crate::store::lock_wait::{Need, Silent, Wait, until_free};
use crate::store::schema::{migrate, version};
use crate::store::{hardening, locking, recovery};

/// The longest time that a statement waits for the lock of another process.
pub(crate) const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens a case for an import, or creates it. An interrupted transaction is rolled back, an older schema migrated.
pub(crate) fn open_for_import(path: &Path) -> Result<Connection, CaseError> {
    open_for_import_after(path, &Silent)
}

/// Opens a case for an import, as [`open_for_import`], after other writers are done.
pub(crate) fn open_for_import_after(path: &Path, wait: &dyn Wait) -> Result<Connection, CaseError> {
    if metadata_of(path)?.is_none() {
        let folder = folder_of(path);
        match fs::metadata(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(CaseError::NoFolder(folder.to_owned()));
            }
            Err(source) => return Err(CaseError::Io { path: path.to_owned(), source }),
            Ok(_) => {}
        }
    }
    until_free(path, wait, Need::Write, || lock_for_import(path))
}

/// Opens a file for writing, or creates it. `path`: the case that errors name.
fn connect(file: &Path, path: &Path) -> Result<Connection, CaseError> {
    let of = |error| CaseError::of(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(literal(file), flags).map_err(of)?;
    hardening::harden(&connection).map_err(of)?;
    hardening::watch(&mut connection).map_err(of)?;
    connection.set_prepared_statement_cache_capacity(64);
    // Lists of numbers as parameters, for the writer.
    rusqlite::vtab::array::load_module(&connection).map_err(of)?;
    Ok(connection)
}

fn lock_for_import(path: &Path) -> Result<Connection, CaseError> {
    let of = |error| CaseError::of(path, error);
    let connection = connect(path, path)?;
    // Waiting for another import means trying again: no lock that the other one needs is held meanwhile.
    connection.busy_timeout(Duration::ZERO).map_err(of)?;
    version::of(&connection, path)?;
    // The lock for writing is held until the case is closed: no other import may start, and no reader that finds the case
    // unfinished may finish it.
    connection.execute_batch("BEGIN EXCLUSIVE; PRAGMA locking_mode = EXCLUSIVE; COMMIT").map_err(of)?;
    connection.busy_timeout(LOCK_TIMEOUT).map_err(of)?;
    migrate::migrate(&connection, path)?;
    // A cache this small makes sorting for an index three times faster than SQLite's default for large ones.
    connection
        .execute_batch(
            "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192; PRAGMA threads = 2; PRAGMA foreign_keys = OFF;",
        )
        .map_err(of)?;
    locking::let_others_read(&connection).map_err(of)?;
    Ok(connection)
}

/// Creates a case in the making. It is not synced: no other process reads it, and after a kill it is made anew.
pub(crate) fn create_unsynced(file: &Path, path: &Path) -> Result<Connection, CaseError> {
    let connection = open_unsynced(file, path)?;
    migrate::migrate(&connection, path)?;
    Ok(connection)
}

/// Opens a case in the making again.
pub(crate) fn open_unsynced(file: &Path, path: &Path) -> Result<Connection, CaseError> {
    let connection = connect(file, path)?;
    connection
        .execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; \
             PRAGMA cache_size = -8192; PRAGMA threads = 2; PRAGMA foreign_keys = OFF;",
        )
        .map_err(|error| CaseError::of(path, error))?;
    Ok(connection)
}

/// Closes a case after writing, so that it is one file.
pub(crate) fn close(connection: Connection, path: &Path) -> Result<(), CaseError> {
    connection.close().map_err(|(_, error)| CaseError::of(path, error))
}

/// Opens a case read-only. What a killed writer left is rolled back first.
pub(crate) fn open_read_only(path: &Path) -> Result<Connection, CaseError> {
    open_read_only_within(path, LOCK_TIMEOUT)
}

/// Opens a case read-only, as [`open_read_only`], without waiting for another process.
pub(crate) fn open_read_only_now(path: &Path) -> Result<Connection, CaseError> {
    open_read_only_within(path, Duration::ZERO)
}

fn open_read_only_within(path: &Path, timeout: Duration) -> Result<Connection, CaseError> {
    let connection = open_unread_within(path, timeout)?;
    // In 1,000,000 events most lookups read less than 16 MiB of pages, so that the next one finds them in memory: two
    // attributes with a time range took half as long as with 4 MiB. A sort fills the cache before it writes to a temporary
    // file, and cannot be interrupted while it sorts that: 64 MiB took up to 0.8 s, 16 MiB 0.05 s. Sorting 1,000,000 rows
    // takes a tenth longer than with 4 MiB.
    recovery::recovered(path, || connection.execute_batch("PRAGMA cache_size = -16384"))?;
    Ok(connection)
}

/// Opens a case read-only that is open already. Nothing is read yet: the first statement that needs the schema reads it,
/// which takes as long as a short lookup.
pub(crate) fn open_unread(path: &Path) -> Result<Connection, CaseError> {
    open_unread_within(path, LOCK_TIMEOUT)
}

fn open_unread_within(path: &Path, timeout: Duration) -> Result<Connection, CaseError> {
    let of = |error| CaseError::of(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(literal(path), flags).map_err(of)?;
    hardening::harden(&connection).map_err(of)?;
    connection.busy_timeout(timeout).map_err(of)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch("PRAGMA query_only = ON").map_err(of)?;
    Ok(connection)
}
