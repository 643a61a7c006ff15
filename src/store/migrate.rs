//! The schema of a case: what its numbered migrations make of an empty file or of an older case.

use std::path::Path;

use rusqlite::Connection;

use super::error::Error;

/// Marks a SQLite file as a case: `trlq` in ASCII.
pub(crate) const APPLICATION_ID: i64 = 0x7472_6c71;

/// The migrations, in order: the first makes schema version 1. Only ever added to.
const MIGRATIONS: &[&str] = &[include_str!("../../migrations/0001_case.sql")];

/// The schema version that this program writes.
pub(crate) const NEWEST: i64 = MIGRATIONS.len() as i64;

/// Whether a file is a case, and of which schema version; 0 for a file without any table.
///
/// # Errors
/// It is not a case, or one of a newer schema.
pub(crate) fn version(connection: &Connection, path: &Path) -> Result<i64, Error> {
    let of = |error| Error::of(path, error);
    let ask = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(of);
    let found = ask("PRAGMA user_version")?;
    let application = ask("PRAGMA application_id")?;
    let tables = ask("SELECT count(*) FROM sqlite_schema")?;
    match (application, found) {
        (0, 0) if tables == 0 => Ok(0),
        (APPLICATION_ID, 1..=NEWEST) => Ok(found),
        (APPLICATION_ID, _) if found > NEWEST => Err(Error::Newer { path: path.to_owned(), found, known: NEWEST }),
        _ => Err(Error::NotACase {
            path: path.to_owned(),
            reason: "it is a SQLite database of another program".to_owned(),
        }),
    }
}

/// Brings a case, or an empty file, to the newest schema.
pub(crate) fn migrate(connection: &Connection, path: &Path) -> Result<(), Error> {
    let of = |error| Error::of(path, error);
    let found = version(connection, path)?;
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(found as usize) {
        let version = index + 1;
        connection
            .execute_batch(&format!(
                "BEGIN IMMEDIATE; {migration}; PRAGMA application_id = {APPLICATION_ID}; \
                 PRAGMA user_version = {version}; COMMIT;"
            ))
            .inspect_err(|_| drop(connection.execute_batch("ROLLBACK")))
            .map_err(of)?;
    }
    Ok(())
}
