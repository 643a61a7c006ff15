//! Writes the partitions of a table, several at a time.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use bytes::Bytes;
use serde::Serialize;

use crate::events_table::columns::schema;
use crate::events_table::error::TableError;
use crate::events_table::file::{FileLayout, PartitionFiles, of};
use crate::events_table::merge::Merge;
use crate::events_table::row_group::properties;
use crate::events_table::run::Run;
use crate::events_table::settle::{DistinctRows, RowCounts};
use crate::events_table::sorter::{SharedRuns, Spilled};

/// The extent of a table that was written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct TableSummary {
    /// Rows of the table.
    pub rows: u64,
    /// Partitions that have some of them.
    pub partitions: u64,
    /// Parquet files.
    pub table_files: u64,
    /// Their bytes.
    pub table_bytes: u64,
}

/// The result of writing a table.
#[derive(Debug, Default)]
pub(crate) struct Writing {
    pub(crate) summary: TableSummary,
    pub(crate) counts: RowCounts,
    /// The name of what was read, which is part of the names of files.
    pub(crate) content: String,
}

/// Watches the writing.
pub(crate) trait Watch: Sync {
    /// Reports whether it is to stop.
    fn is_cancelled(&self) -> bool;
    /// Reports that rows were written.
    fn wrote(&self, rows: u64);
}

/// Writes all that was spilled as a table in a folder, with up to `jobs` threads.
///
/// # Errors
/// A file cannot be read or written, or the user cancelled. Files that are complete stay.
pub(crate) fn write(shared: &SharedRuns, folder: &Path, jobs: usize, watch: &dyn Watch) -> Result<Writing, TableError> {
    let Spilled { partitions, runs, content } = shared.finish();
    let layout = || Ok(FileLayout { schema: schema()?, properties: properties(&shared.limits)?, content });
    let layout: FileLayout = layout().map_err(|error| of(folder, error))?;
    let folders: Vec<PathBuf> = partitions.iter().map(|partition| partition.folder(folder)).collect();
    let rows = |partition: usize| -> u64 {
        runs.iter().filter_map(|run| run.segment(partition as u32)).map(|segment| segment.rows).sum()
    };
    // The largest first: the last one to be written is then a small one.
    let mut order: Vec<(u64, usize)> = (0..folders.len()).map(|partition| (rows(partition), partition)).collect();
    order.sort_unstable_by(|a, b| b.cmp(a));
    let table = Table { shared, runs: &runs, layout: &layout, watch };
    let (next, written) = (AtomicUsize::new(0), Mutex::new(Ok(Writing::default())));
    let workers = jobs.min(shared.limits.writers).min(order.len().max(1));
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((_, partition)) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let one = folders.get(*partition).map(|folder| table.write(*partition as u32, folder));
                    let mut all = written.lock().unwrap_or_else(PoisonError::into_inner);
                    match (all.as_mut(), one) {
                        (Ok(all), Some(Ok(one))) => all.add(&one),
                        (Ok(_), Some(Err(error))) => *all = Err(error),
                        _ => return,
                    }
                }
            });
        }
    });
    let written = written.into_inner().unwrap_or_else(PoisonError::into_inner)?;
    Ok(Writing { content: layout.content, ..written })
}

impl Writing {
    fn add(&mut self, other: &Writing) {
        self.summary.rows += other.summary.rows;
        self.summary.partitions += other.summary.partitions;
        self.summary.table_files += other.summary.table_files;
        self.summary.table_bytes += other.summary.table_bytes;
        self.counts.add(&other.counts);
    }
}

/// The parts that all partitions share.
struct Table<'t> {
    shared: &'t SharedRuns,
    runs: &'t [Arc<Run>],
    layout: &'t FileLayout,
    watch: &'t dyn Watch,
}

impl Table<'_> {
    /// Writes a partition.
    fn write(&self, partition: u32, folder: &Path) -> Result<Writing, TableError> {
        let (limits, gauge) = (&self.shared.limits, &self.shared.gauge);
        let spilled = |error| self.shared.spill_error(error);
        fs::create_dir_all(folder).map_err(|source| TableError::Folder { path: folder.to_owned(), source })?;
        let merge = Merge::new(self.runs, partition, gauge).map_err(spilled)?;
        let mut distinct = DistinctRows::new(merge).map_err(spilled)?;
        let mut files = PartitionFiles::new(self.layout, limits, gauge, folder.to_owned());
        let mut held = gauge.account();
        loop {
            if self.watch.is_cancelled() {
                return Err(TableError::Cancelled);
            }
            let (mut batch, mut rows) = (Vec::new(), 0);
            while rows < limits.batch_rows
                && batch.len() < limits.batch_bytes
                && let Some(row) = distinct.next().map_err(spilled)?
            {
                // A row that is kept would keep its whole block.
                batch.extend_from_slice(&row);
                rows += 1;
            }
            if rows == 0 {
                break;
            }
            held.set(batch.capacity());
            files.write(&Bytes::from(batch))?;
            self.watch.wrote(rows as u64);
        }
        files.finish()?;
        let counts = distinct.counts;
        let summary =
            TableSummary { rows: counts.rows, partitions: 1, table_files: files.files, table_bytes: files.bytes };
        Ok(Writing { summary, counts, content: String::new() })
    }
}
