//! The text of a statement that is being written.

use crate::query::plan::statistics::Statistics;
use crate::sql::params::SqlParams;

/// The number of conditions that are joined without further parentheses.
const LEAF: usize = 100;

/// The column that files about addresses are asked for.
pub(crate) const ADDRESS: &str = "source_ip_address";

/// Writes conditions and binds their parameters.
pub(crate) struct SqlBuilder<'s> {
    pub(crate) params: SqlParams,
    /// True if a condition or column looks into records.
    pub(crate) scans_records: bool,
    pub(crate) stats: &'s dyn Statistics,
}

impl<'s> SqlBuilder<'s> {
    pub(crate) fn new(stats: &'s dyn Statistics) -> SqlBuilder<'s> {
        SqlBuilder { params: SqlParams::default(), scans_records: false, stats }
    }
}

/// A hint to SQLite about the index on a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IndexHint {
    Allow,
    Forbid,
}

impl IndexHint {
    /// Returns a column of `events e`, with the sign that keeps SQLite from its index if that is forbidden.
    pub(crate) fn column(self, column: &str) -> String {
        match self {
            IndexHint::Allow => format!("e.{column}"),
            IndexHint::Forbid => format!("+e.{column}"),
        }
    }
}

/// Joins conditions of which one has to hold.
pub(crate) fn any(mut parts: Vec<String>) -> String {
    match parts.len() {
        0 => "0".to_owned(),
        1 => parts.remove(0),
        _ => format!("({})", balanced(&parts, " OR ")),
    }
}

/// Joins many conditions as a balanced tree.
pub(crate) fn balanced(parts: &[String], with: &str) -> String {
    crate::sql::balanced::balanced(parts, with, LEAF)
}

/// Returns `WHERE` and the conditions, if there are any.
pub(crate) fn where_all(conditions: &[String]) -> String {
    if conditions.is_empty() { String::new() } else { format!(" WHERE {}", balanced(conditions, " AND ")) }
}

/// Returns the condition on everything that is not known to be read-only, or on the rest.
pub(crate) fn writes(column: &str, flags: &[bool]) -> String {
    any(flags.iter().map(|flag| format!("{column} IS {}1", if *flag { "NOT " } else { "" })).collect())
}
