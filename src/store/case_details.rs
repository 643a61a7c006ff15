//! The details of a case in its table `case_details`: one row a change. The table also has who made the steps of the
//! provenance, in rows of another name.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::case_details::CaseDetails;
use crate::time;

/// A change of a detail of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetailChange {
    /// `case_number`, `examiner` or `source`.
    pub name: String,
    /// The new value.
    pub value: String,
    /// The time, UTC.
    pub set_at: String,
    /// The user of the machine who set it.
    pub set_by: String,
    /// The trailq that wrote it.
    pub trailq_version: String,
}

/// The order of changes: by time, and in one second as they were made. Cases that were merged have one order, too.
const ORDER: &str = "set_at, change, value";

/// Stores the details that differ from the current ones.
pub(crate) fn set(connection: &Connection, details: &CaseDetails, who: &str) -> rusqlite::Result<()> {
    for (name, value) in details.given() {
        let sql =
            "SELECT value FROM case_details WHERE name = ?1 ORDER BY set_at DESC, change DESC, value DESC LIMIT 1";
        let current: Option<String> = connection.query_row(sql, [name], |row| row.get(0)).optional()?;
        if current.as_deref() != Some(value) {
            connection.execute(
                "INSERT INTO case_details (name, value, set_at, change, set_by, trailq_version) SELECT ?1, ?2, ?3, \
                 (SELECT coalesce(max(change), 0) + 1 FROM case_details WHERE name = ?1), ?4, ?5",
                params![name, value, time::format(time::now()), who, env!("CARGO_PKG_VERSION")],
            )?;
        }
    }
    Ok(())
}

/// Returns every change of a detail, in order. A case of an earlier schema has none.
pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Vec<DetailChange>> {
    let sql = format!(
        "SELECT name, value, set_at, set_by, trailq_version FROM case_details WHERE name IN (?1, ?2, ?3) ORDER BY {ORDER}, name"
    );
    let mut select = connection.prepare(&sql)?;
    let changes = select.query_map(CaseDetails::NAMES, |row| {
        Ok(DetailChange {
            name: row.get(0)?,
            value: row.get(1)?,
            set_at: row.get(2)?,
            set_by: row.get(3)?,
            trailq_version: row.get(4)?,
        })
    })?;
    changes.collect()
}

/// Takes in the changes of another case. Returns how many are new.
pub(crate) fn take(connection: &Connection, from: &Connection) -> rusqlite::Result<usize> {
    let mut insert = connection.prepare(
        "INSERT OR IGNORE INTO case_details (name, value, set_at, change, set_by, trailq_version) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let mut select = from.prepare("SELECT name, value, set_at, change, set_by, trailq_version FROM case_details")?;
    let mut rows = select.query([])?;
    let mut taken = 0;
    while let Some(row) = rows.next()? {
        let text = |at| row.get::<_, String>(at);
        taken += insert.execute(params![text(0)?, text(1)?, text(2)?, row.get::<_, i64>(3)?, text(4)?, text(5)?])?;
    }
    Ok(taken)
}
