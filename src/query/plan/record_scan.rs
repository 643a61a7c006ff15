//! Scans of the records.

use crate::query::interval::Interval;
use crate::query::resolved::Node;

/// A scan of the records that finds the events of a lookup.
#[derive(Debug, Clone)]
pub(crate) struct RecordScan {
    /// The terms about records. All of them hold.
    pub(crate) terms: Vec<Node>,
    /// The times of the records to read.
    pub(crate) interval: Interval,
    /// True if a few of the newest are wanted.
    pub(crate) newest_first: bool,
}
