//! The table `events` as Parquet files: rows are spilled, sorted by partition, time and event ID, deduplicated
//! and written, one file a partition and run.
//!
//! ```text
//! event and record -> row -> sort buffer -> sorted runs -> merge -> dedup -> row groups -> part-HASH.parquet
//! ```
//!
//! Memory does not grow with the input: rows wait in buffers of a fixed size, runs are merged when they are many, and a
//! row group is closed at a limit. The bytes of a file depend on nothing but the rows and their places in the input.

mod columns;
mod error;
mod file;
mod gauge;
mod limits;
mod merge;
mod partition;
mod row;
mod row_group;
mod run;
mod settle;
mod sorter;
mod table;

pub(crate) use crate::events_table::columns::{LEAVES_COLUMN, RECORD_COLUMN, VERSION_KEY};
pub use crate::events_table::error::TableError;
pub(crate) use crate::events_table::limits::Limits;
pub use crate::events_table::partition::PartitionBy;
pub(crate) use crate::events_table::row::Origin;
pub(crate) use crate::events_table::sorter::{RowSorter, SharedRuns};
pub use crate::events_table::table::TableSummary;
pub(crate) use crate::events_table::table::{Watch, write};
