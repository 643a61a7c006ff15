//! Opening a case: for an import, which may change it, and for questions, which cannot.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::Error;
use super::migrate;

/// How long a writer waits for another one.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens a case for an import, or makes it. An interrupted transaction is rolled back, an older schema migrated.
pub(crate) fn open_for_import(path: &Path) -> Result<Connection, Error> {
    let io_error = |source: io::Error| Error::Io { path: path.to_owned(), source };
    if path.is_dir() {
        return Err(Error::NotACase { path: path.to_owned(), reason: "it is a folder".to_owned() });
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::metadata(folder).map_err(io_error)?;
    }
    let of = |error| Error::of(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(of)?;
    connection.busy_timeout(PATIENCE).map_err(of)?;
    connection.set_prepared_statement_cache_capacity(64);
    migrate::migrate(&connection, path)?;
    // TRUNCATE spares the file system the journal's name at each commit; `close` takes the journal away. A cache this
    // small makes sorting for an index three times faster than SQLite's default for large ones.
    connection
        .execute_batch(
            "PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192; \
             PRAGMA threads = 2; PRAGMA foreign_keys = OFF;",
        )
        .map_err(of)?;
    Ok(connection)
}

/// Closes a case after writing, so that it is one file.
pub(crate) fn close(connection: Connection, path: &Path) -> Result<(), Error> {
    connection.execute_batch("PRAGMA journal_mode = DELETE").map_err(|error| Error::of(path, error))?;
    connection.close().map_err(|(_, error)| Error::of(path, error))
}
