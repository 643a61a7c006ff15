//! SQL for a resolved lookup: one parameterized [`Statement`]. [`sqlite`] writes it for the schema of a case.

pub(crate) mod params;
pub(crate) mod sqlite;

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

/// Which columns a list of events has, unless a stage says.
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
    /// How much the scan reads that finds the events, where one does.
    pub scan: Option<ScanSize>,
    /// At most about how many events the driving term meets, where that is known.
    pub estimate: Option<u64>,
    /// True if `estimate` is exactly how many events match.
    pub exact: bool,
}
