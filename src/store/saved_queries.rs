//! The queries that are saved in a case. They are written through a connection that can touch only their table.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::case::Case;
use super::error::Error;
use super::open;

/// The table.
const TABLE: &str = "saved_queries";

impl Case {
    /// The queries that are saved in the case: name and text, by name.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn saved_queries(&self) -> Result<Vec<(String, String)>, Error> {
        self.rows("SELECT name, text FROM saved_queries ORDER BY name", [], |row| Ok((row.get(0)?, row.get(1)?)))
    }
}

/// Saves a query in the case, in the place of one with this name. An older case is brought to the newest schema.
///
/// # Errors
/// The case cannot be written, or another process is writing it.
pub fn save_query(path: &Path, name: &str, text: &str, at: &str, by: &str) -> Result<(), Error> {
    change(path, |connection| {
        connection.execute("INSERT OR REPLACE INTO saved_queries VALUES (?1, ?2, ?3, ?4)", [name, text, at, by])
    })
    .map(drop)
}

/// Takes a query out of the case; whether there was one with this name.
///
/// # Errors
/// As [`save_query`].
pub fn delete_query(path: &Path, name: &str) -> Result<bool, Error> {
    change(path, |connection| connection.execute("DELETE FROM saved_queries WHERE name = ?1", [name]))
        .map(|deleted| deleted > 0)
}

/// Does one thing to the table.
fn change(path: &Path, act: impl FnOnce(&Connection) -> rusqlite::Result<usize>) -> Result<usize, Error> {
    if !path.exists() {
        return Err(Error::Missing(path.to_owned()));
    }
    let mut connection = open::open_for_import(path)?;
    let of = |error| Error::of(path, error);
    connection.authorizer(Some(authorize)).map_err(of)?;
    let changed = act(&connection).map_err(of);
    connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>).map_err(of)?;
    let closed = open::close(connection, path);
    let changed = changed?;
    closed.map(|()| changed)
}

/// Lets nothing be changed but the table.
fn authorize(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Insert { table_name } | AuthAction::Delete { table_name } if table_name == TABLE => {
            Authorization::Allow
        }
        AuthAction::Read { table_name, .. } if table_name == TABLE => Authorization::Allow,
        AuthAction::Select | AuthAction::Transaction { .. } => Authorization::Allow,
        _ => Authorization::Deny,
    }
}
