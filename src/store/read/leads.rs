//! Findings of GuardDuty as leads.

use rusqlite::Row;
use rusqlite::types::Type;

use crate::store::error::CaseError;
use crate::store::read::case::Case;

/// The newest version of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lead {
    /// The number in the list of leads, from 1: the most severe one first.
    pub number: u64,
    /// The id that GuardDuty gave it.
    pub id: String,
    /// The type, such as `UnauthorizedAccess:IAMUser/MaliciousIPCaller`.
    pub kind: String,
    /// The title, if it has one.
    pub title: Option<String>,
    /// The first activity, UTC, `YYYY-MM-DDTHH:MM:SSZ`.
    pub first_seen: String,
    /// The last activity.
    pub last_seen: String,
    /// Access keys.
    pub access_keys: Vec<String>,
    /// Remote addresses.
    pub addresses: Vec<String>,
    /// Unique ids of principals, of a session with `:` and its name.
    pub principals: Vec<String>,
    /// Names, ids and ARNs of resources.
    pub resources: Vec<String>,
}

impl Case {
    /// Returns the leads in the order of their numbers.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn leads(&self) -> Result<Vec<Lead>, CaseError> {
        let sql = "SELECT n, id, type, title, first_seen, last_seen, access_keys, addresses, principals, resources \
                   FROM leads ORDER BY n";
        self.rows(sql, [], |row| {
            let list = |column| json_texts(row, column);
            Ok(Lead {
                number: row.get(0)?,
                id: row.get(1)?,
                kind: row.get(2)?,
                title: row.get(3)?,
                first_seen: row.get(4)?,
                last_seen: row.get(5)?,
                access_keys: list(6)?,
                addresses: list(7)?,
                principals: list(8)?,
                resources: list(9)?,
            })
        })
    }
}

/// Reads a column that has texts as a JSON array.
///
/// # Errors
/// It has something else: the case is damaged.
pub(super) fn json_texts(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<String>> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(|_| {
        let name = row.as_ref().column_name(column).unwrap_or_default();
        let reason = format!("the column `{name}` is not a JSON array of texts");
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, reason.into())
    })
}
