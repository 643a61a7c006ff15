//! SQL for a resolved lookup: one parameterized [`Statement`]. [`sqlite`] writes it for the schema of a case.

pub(crate) mod params;
pub(crate) mod sqlite;

use std::fmt;

pub use crate::query::plan::statistics::ScanSize;
pub use crate::sql::params::Param;
pub use crate::sql::sqlite::{emit, emit_count, emit_id_set, emit_ids};

/// A case that answers statements over its rollups.
pub trait CountSource {
    /// Returns the number of events.
    fn events(&self) -> u64;
    /// Returns the number of events that have this value in this column, if that is counted.
    fn count(&self, column: &str, value: &str) -> Option<u64>;
    /// Returns how much a scan of the records would read; `question` is the argument of the function `record_scan`.
    /// `None` if it cannot be made.
    fn scan(&self, question: &str) -> Option<ScanSize>;
    /// Returns the number that a statement over the rollups gives.
    fn sum(&self, sql: &str, params: &[Param]) -> Option<u64>;
}

/// The columns of a list of events, unless a stage names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projection {
    /// Those that fit a screen: [`crate::fields::BRIEF_COLUMNS`].
    Brief,
    /// Those of the view `event_history`.
    Full,
}

/// A lookup as one SQL statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The SQL, with parameters `?1`, `?2`, ...
    pub sql: String,
    /// Their values, in this order.
    pub params: Vec<Param>,
    /// The columns of the answer. A list of events begins with `id`, which is not for the eye.
    pub columns: Vec<String>,
    /// True if records have to be looked into.
    pub scans_records: bool,
    /// The size of the scan that finds the events, if one does.
    pub scan: Option<ScanSize>,
    /// At most about how many events the driving term meets, where that is known.
    pub estimate: Option<u64>,
    /// True if `estimate` is exactly how many events match.
    pub exact: bool,
    /// The way to the rows; `None` if the database chooses it.
    pub access_path: Option<AccessPath>,
}

#[cfg(test)]
impl Statement {
    /// Returns SQL with parameters as a statement about which nothing is known.
    pub(crate) fn of_sql(sql: &str, params: Vec<Param>) -> Statement {
        Statement {
            sql: sql.to_owned(),
            params,
            columns: Vec::new(),
            scans_records: false,
            scan: None,
            estimate: None,
            exact: false,
            access_path: None,
        }
    }
}

/// The way of a statement to its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessPath {
    /// Counts that the import kept.
    Rollup,
    /// An index that finds the events.
    Index(String),
    /// All events, in the order of an index.
    TimeOrder(String),
    /// A scan of the records that the text filters let through.
    RecordScan,
}

impl fmt::Display for AccessPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AccessPath::Rollup => f.write_str("kept counts"),
            AccessPath::Index(index) => write!(f, "index {index}"),
            AccessPath::TimeOrder(index) => write!(f, "in the order of index {index}"),
            AccessPath::RecordScan => f.write_str("scan of records"),
        }
    }
}
