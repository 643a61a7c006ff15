//! Counts of a case.

use crate::query::plan::statistics::ScanSize;
use crate::sql::params::Param;

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
