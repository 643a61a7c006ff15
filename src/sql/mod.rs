//! SQL for a resolved lookup: one parameterized [`Statement`]. [`sqlite`] writes it for the schema of a case.

pub(crate) mod sqlite;

pub use crate::sql::sqlite::{emit, emit_count, emit_id_set, emit_ids};

/// What is counted of a case, for the choice of the index that drives a lookup.
pub trait Statistics {
    /// How many events there are.
    fn events(&self) -> u64;
    /// How many events have this value in this column, where that is counted.
    fn count(&self, column: &str, value: &str) -> Option<u64>;
    /// How much a scan of the records would read; see the function `record_scan`. `None` where none can be made.
    fn scan(&self, question: &str) -> Option<ScanSize>;
    /// The number that a statement over the kept counts gives.
    fn sum(&self, sql: &str, params: &[Param]) -> Option<u64>;
}

/// How much a scan of the records reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanSize {
    /// Groups of about 256 records that may hold what is looked for.
    pub groups: u64,
    /// All groups.
    pub of: u64,
}

/// Which columns a list of events has, unless a stage says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projection {
    /// Those that fit a screen: [`crate::fields::BRIEF_COLUMNS`].
    Brief,
    /// Those of the view `event_history`.
    Full,
}

/// A value bound to a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// A whole number.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// Text.
    Text(String),
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
    /// How much the scan reads that finds the events, where one does.
    pub scan: Option<ScanSize>,
    /// At most about how many events the driving term meets, where that is known.
    pub estimate: Option<u64>,
    /// True if `estimate` is exactly how many events match.
    pub exact: bool,
}
