//! The check of a file's structure, which SQLite makes.

use std::path::Path;

use rusqlite::Connection;

use crate::activity::{self, Unit};
use crate::store::error::CaseError;
use crate::store::hardening;
use crate::store::transfer::snapshot::check::Check;

/// The estimated steps of SQLite's virtual machine for a row, beside one for each column, and for its entry in an index.
const STEPS_A_ROW: u64 = 5;
const STEPS_AN_ENTRY: u64 = 5;

/// Returns SQLite's findings about the structure of the file.
pub(super) fn structure(connection: &Connection, path: &Path) -> rusqlite::Result<Check> {
    // Where the file is damaged, the check says so.
    let steps = steps_of_check(connection).unwrap_or(0);
    let _step = activity::step_of("checking the structure of the file", steps, Unit::Steps);
    let mut check = connection.prepare("PRAGMA integrity_check(20)")?;
    let lines = check.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>();
    Ok(match lines {
        Ok(lines) if lines == ["ok"] => Check::new("structure", Some(true), "a sound SQLite database"),
        Ok(lines) => {
            let lines: Vec<String> = lines.iter().flat_map(|lines| lines.lines().map(str::to_owned)).collect();
            Check::of("structure", &lines, "")
        }
        Err(error) => {
            let found = match hardening::error_of(path, error) {
                CaseError::Damaged { reason, .. } => reason,
                other => other.to_string(),
            };
            Check::new("structure", Some(false), found)
        }
    })
}

/// Estimates the steps of SQLite's virtual machine that a check of the structure takes: for each row one a column and
/// [`STEPS_A_ROW`], and [`STEPS_AN_ENTRY`] for each index.
fn steps_of_check(connection: &Connection) -> rusqlite::Result<u64> {
    let tables = "SELECT name, (SELECT count(*) FROM pragma_table_info(s.name)), \
                  (SELECT count(*) FROM pragma_index_list(s.name)) FROM sqlite_schema s WHERE type = 'table'";
    let mut tables = connection.prepare(tables)?;
    let mut steps = 0_u64;
    let mut rows = tables.query([])?;
    while let Some(row) = rows.next()? {
        let (table, columns, indexes) = (row.get::<_, String>(0)?, row.get::<_, u64>(1)?, row.get::<_, u64>(2)?);
        let count = format!("SELECT count(*) FROM \"{}\"", table.replace('"', "\"\""));
        let rows: u64 = connection.query_row(&count, [], |row| row.get(0))?;
        steps = steps.saturating_add(rows.saturating_mul(columns + STEPS_A_ROW + indexes * STEPS_AN_ENTRY));
    }
    Ok(steps)
}
