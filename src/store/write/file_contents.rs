//! The contents of files that the ledger has.

use rusqlite::Connection;

use crate::file_names::plain;
use crate::store::schema::UNREAD_STATUSES;

/// A content of a file, as the ledger knows it.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) id: i64,
    /// Its name, with a mark where it has one.
    pub(crate) name: String,
    /// Empty where it could not be read to its end.
    pub(crate) sha256: String,
    /// True if only some of its events are in the case.
    pub(crate) is_partial: bool,
    /// True if nothing came of it but rejects.
    pub(crate) is_rejected: bool,
    /// True if it was another kind of file, or was not opened.
    pub(crate) is_ignored: bool,
}

/// Returns the contents of a file that the ledger has, given its plain name.
pub(crate) fn contents(connection: &Connection, name: &str) -> rusqlite::Result<Vec<Content>> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT id, path, sha256, partial IS NOT NULL, read = rejected, ifnull(status, '') IN {UNREAD_STATUSES} \
         FROM files WHERE path = ?1 OR (path >= ?1 || '#sha256:' AND path < ?1 || '#sha256;')"
    ))?;
    let rows = select.query_map([name], |row| {
        Ok(Content {
            id: row.get(0)?,
            name: row.get(1)?,
            sha256: row.get(2)?,
            is_partial: row.get(3)?,
            is_rejected: row.get(4)?,
            is_ignored: row.get(5)?,
        })
    })?;
    let all = rows.collect::<rusqlite::Result<Vec<Content>>>()?;
    Ok(all.into_iter().filter(|content| plain(&content.name, &content.sha256) == name).collect())
}
