//! Migrating a file: an empty one, or a case of an older schema.

use std::path::Path;

use rusqlite::Connection;

use crate::activity::{self, Unit};
use crate::store::error::CaseError;
use crate::store::schema::version::{APPLICATION_ID, MIGRATIONS, NEWEST};
use crate::store::schema::{expected, version};

/// Brings a case, or an empty file, to the newest schema. One that holds what trailq did not make is refused.
pub(crate) fn migrate(connection: &Connection, path: &Path) -> Result<(), CaseError> {
    let of = |error| CaseError::of(path, error);
    if version::of(connection, path)? == NEWEST {
        return expected::require_own(connection, path, NEWEST);
    }
    let all = || -> Result<(), CaseError> {
        // Another import may be making the same case: the work to do is known only once no other process may write.
        connection.execute_batch("BEGIN IMMEDIATE").map_err(of)?;
        let found = version::of(connection, path)?;
        if found > 0 {
            expected::require_own(connection, path, found)?;
        }
        let migrations = MIGRATIONS.get(found as usize..).unwrap_or_default();
        let _step = (found > 0).then(|| activity::step_of("upgrading the case", migrations.len() as u64, Unit::Parts));
        for migration in migrations {
            connection.execute_batch(migration).map_err(of)?;
            activity::advance(1);
        }
        let marks = format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {NEWEST}; COMMIT");
        connection.execute_batch(&marks).map_err(of)
    };
    all().inspect_err(|_| drop(connection.execute_batch("ROLLBACK")))
}
