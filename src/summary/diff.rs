//! The report of comparing two cases: events, identities and resources that only one has, or that differ.

use crate::rows::{Cell, RowSink};
use crate::store::{DiffCounts, Difference, QueryError};

/// The columns of the counts.
const COLUMNS: [&str; 5] = ["kind", "only_in_a", "only_in_b", "in_both", "differ"];

/// Returns the counts by kind.
fn kinds(found: &Difference) -> [(&'static str, DiffCounts); 3] {
    [("events", found.events), ("identities", found.identities), ("resources", found.resources)]
}

/// Writes the counts by kind as rows, and returns their number.
pub(crate) fn write_counts(found: &Difference, sink: &mut dyn RowSink) -> Result<u64, QueryError> {
    sink.begin(&COLUMNS.map(str::to_owned))?;
    for (kind, tally) in kinds(found) {
        let number = |count: u64| Cell::Integer(i64::try_from(count).unwrap_or(i64::MAX));
        let counts = [tally.only_a, tally.only_b, tally.both, tally.differ].map(number);
        sink.row(&[&[Cell::Text(kind)], counts.as_slice()].concat())?;
    }
    sink.end()?;
    Ok(3)
}

/// Returns the number of differences.
pub(crate) fn differences(found: &Difference) -> u64 {
    kinds(found).iter().map(|(_, tally)| tally.differences()).sum()
}
