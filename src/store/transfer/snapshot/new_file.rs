//! The new file that becomes a snapshot.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::store::hardening;

/// Opens a new file without a journal: it is deleted if it does not get finished, so nothing has to be rolled back.
pub(crate) fn open_new(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags)?;
    hardening::harden_new(&connection)?;
    rusqlite::vtab::array::load_module(&connection)?;
    connection.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; \
         PRAGMA temp_store = MEMORY; PRAGMA threads = 2; PRAGMA cache_size = -65536;",
    )?;
    Ok(connection)
}

/// Returns the names of the columns of a table.
pub(crate) fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut select = connection.prepare_cached("SELECT name FROM pragma_table_info(?1) ORDER BY cid")?;
    select.query_map([table], |row| row.get(0))?.collect()
}
