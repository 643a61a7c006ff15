//! The schema versions: the numbered migrations, and the version of a file.

use std::path::Path;

use rusqlite::Connection;

use crate::store::error::CaseError;

/// Marks a SQLite file as a case: `trlq` in ASCII.
pub(crate) const APPLICATION_ID: i64 = 0x7472_6c71;

/// The migrations, in order: the first makes schema version 1. Only ever added to.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/0001_case.sql"),
    include_str!("../../../migrations/0002_saved_queries.sql"),
    include_str!("../../../migrations/0003_session.sql"),
    include_str!("../../../migrations/0004_provenance.sql"),
    include_str!("../../../migrations/0005_merge.sql"),
    include_str!("../../../migrations/0006_completion.sql"),
    include_str!("../../../migrations/0007_hourly_regions.sql"),
    include_str!("../../../migrations/0008_records.sql"),
    include_str!("../../../migrations/0009_findings.sql"),
    include_str!("../../../migrations/0010_proof.sql"),
    include_str!("../../../migrations/0011_context.sql"),
];

/// The schema version that this program writes.
pub(crate) const NEWEST: i64 = MIGRATIONS.len() as i64;

/// The schema version since which migrations only add columns, so that counts and indexes stay as they are.
pub(crate) const SAME_COUNTS_SINCE: i64 = 7;

/// Returns the schema version of a case; 0 for a file without any table.
///
/// # Errors
/// It is not a case, or one of a newer schema.
pub(crate) fn of(connection: &Connection, path: &Path) -> Result<i64, CaseError> {
    // In one statement, so that another import that makes the case is seen wholly or not at all.
    let (found, application, tables) = connection
        .query_row(
            "SELECT (SELECT user_version FROM pragma_user_version), \
                    (SELECT application_id FROM pragma_application_id), (SELECT count(*) FROM sqlite_schema)",
            [],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)),
        )
        .map_err(|error| CaseError::of(path, error))?;
    match (application, found) {
        (0, 0) if tables == 0 => Ok(0),
        (APPLICATION_ID, 1..=NEWEST) => Ok(found),
        (APPLICATION_ID, _) if found > NEWEST => Err(CaseError::Newer { path: path.to_owned(), found, known: NEWEST }),
        _ => Err(CaseError::NotACase {
            path: path.to_owned(),
            reason: "it is a SQLite database of another program".to_owned(),
        }),
    }
}

/// Makes the tables of a schema version in an empty database.
pub(crate) fn make_schema(connection: &Connection, version: i64) -> rusqlite::Result<()> {
    let migrations = usize::try_from(version).unwrap_or_default();
    MIGRATIONS.iter().take(migrations).try_for_each(|migration| connection.execute_batch(migration))
}
