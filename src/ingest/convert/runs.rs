//! The begin of a table's runs, and the progress of its writing.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::events_table::{Limits, PartitionBy, SharedRuns, TableError, Watch};
use crate::ingest::report::Progress;

/// Makes the folder of a table, and the runs with their temporary files.
pub(super) fn begin(
    table: &Path,
    temporary: Option<&Path>,
    by: PartitionBy,
    limits: Limits,
) -> Result<SharedRuns, TableError> {
    fs::create_dir_all(table).map_err(|source| TableError::Folder { path: table.to_owned(), source })?;
    Ok(SharedRuns::new(temporary.unwrap_or(table), by, limits))
}

/// A [`Progress`] as what watches the writing of a table.
pub(super) struct Watching<'p> {
    progress: &'p dyn Progress,
    rows: AtomicU64,
}

impl Watching<'_> {
    pub(super) fn new(progress: &dyn Progress) -> Watching<'_> {
        Watching { progress, rows: AtomicU64::new(0) }
    }
}

impl Watch for Watching<'_> {
    fn is_cancelled(&self) -> bool {
        self.progress.is_cancelled()
    }

    fn wrote(&self, rows: u64) {
        self.progress.wrote(self.rows.fetch_add(rows, Ordering::Relaxed) + rows);
    }
}
