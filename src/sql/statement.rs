//! A statement with its parameters.

use std::fmt;

use crate::query::plan::statistics::ScanSize;
use crate::sql::params::Param;

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
    /// Counts that the import materialized.
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
            AccessPath::Rollup => f.write_str("materialized counts"),
            AccessPath::Index(index) => write!(f, "index {index}"),
            AccessPath::TimeOrder(index) => write!(f, "in the order of index {index}"),
            AccessPath::RecordScan => f.write_str("scan of records"),
        }
    }
}
