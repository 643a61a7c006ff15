//! The catalogue of the rollups that count events by hour and by attributes that have few values. Imports nothing of
//! trailq.
//!
//! `hourly_counts` counts every combination of such attributes, which are hundreds of thousands of rows: a rollup here
//! has the few columns that a frequent question needs. An entry, a row in `store/schema/tables.rs` and a migration make
//! one; the import writes it, an index covers it, and timelines by its attributes are answered from it.

/// A rollup that counts events by hour.
#[derive(Debug)]
pub(crate) struct HourlyRollup {
    /// The table: the column `hour` in Unix seconds, the attributes, and `events`.
    pub(crate) table: &'static str,
    /// The columns of `facets` that it counts by.
    pub(crate) attributes: &'static [&'static str],
}

/// The rollup with the fewest rows, for questions about hours alone.
pub(crate) const BY_HOUR: &HourlyRollup = &HourlyRollup { table: "hourly_regions", attributes: &["aws_region"] };

/// Every such rollup, the one with the fewest rows first.
pub(crate) const HOURLY_ROLLUPS: &[&HourlyRollup] = &[BY_HOUR];

impl HourlyRollup {
    /// Returns the rollup with the fewest rows that counts by each of these columns.
    pub(crate) fn of_columns(columns: &[&str]) -> Option<&'static HourlyRollup> {
        HOURLY_ROLLUPS.iter().copied().find(|rollup| columns.iter().all(|column| rollup.attributes.contains(column)))
    }
}
