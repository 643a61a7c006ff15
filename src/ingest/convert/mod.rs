//! Conversion: the records of files, or of a case, are decoded and normalized as in an import, and then written as a
//! table of Parquet files instead of a case.

mod export;
mod gatherer;
mod rejects;
mod runs;
mod table_writer;
#[cfg(test)]
mod tests;

pub(crate) use crate::ingest::convert::export::export;
pub use crate::ingest::convert::export::{ExportOptions, ExportReport};

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use crate::event::EventIds;
use crate::events_table::{self, Limits, PartitionBy, SharedRuns, TableError, TableSummary};
use crate::file_names;
use crate::ingest::convert::gatherer::RowGatherer;
use crate::ingest::convert::runs::{Watching, begin};
use crate::ingest::convert::table_writer::TableWriter;
use crate::ingest::pipeline::{Workers, run_workers, worker_count};
use crate::ingest::report::{Error, Progress, Report};
use crate::ingest::source::walk;
use crate::ingest::source::walk::SourceFile;

/// The folder of the files with rejects. Engines ignore names that begin with an underscore.
const REJECTS: &str = "_rejects";

/// Options of a conversion.
#[derive(Debug, Clone, Default)]
pub struct ConvertOptions {
    /// The columns by which the table is partitioned.
    pub by: PartitionBy,
    /// Worker threads; as many as there are processors, if not given.
    pub jobs: Option<usize>,
    /// True if links in folders are followed.
    pub follow_links: bool,
    /// The origin of the ids of events.
    pub ids: EventIds,
    /// The folder for temporary files; the table's own, if not given.
    pub temporary: Option<PathBuf>,
    /// True if the paths are those of a list: a file that is not a trail file is then ignored, as in a folder, and not
    /// rejected.
    pub listed: bool,
    /// A folder of copies, and the place that they are from: its files are named by their places there.
    pub copied: Option<(PathBuf, String)>,
}

/// The account of a conversion: `read = stored + duplicate + rejected`, where what is stored are the rows of the table.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ConvertReport {
    /// The account of the files.
    #[serde(flatten)]
    pub read: Report,
    /// The table.
    #[serde(flatten)]
    pub table: TableSummary,
    /// The file with the rejects.
    pub rejects_file: Option<PathBuf>,
}

/// Converts trail files and folders to a table in a folder, which is made where there is none.
///
/// # Errors
/// A path that does not exist, or a folder that cannot be written. Bad input is not an error: the report lists it.
pub fn convert(
    paths: &[PathBuf],
    table: &Path,
    options: &ConvertOptions,
    progress: &dyn Progress,
) -> Result<ConvertReport, Error> {
    convert_within(paths, table, options, Limits::default(), progress).map(|(report, _)| report)
}

/// Converts as [`convert`] does, within these limits. Also returns the runs, for their gauge.
pub(crate) fn convert_within(
    paths: &[PathBuf],
    table: &Path,
    options: &ConvertOptions,
    limits: Limits,
    progress: &dyn Progress,
) -> Result<(ConvertReport, Arc<SharedRuns>), Error> {
    let started = Instant::now();
    let mut files = walk::walk(paths, options.follow_links).map_err(|(path, source)| Error::Path { path, source })?;
    if options.listed {
        files.iter_mut().for_each(|found| found.named = false);
    }
    if let Some((folder, place)) = &options.copied {
        name_copies(&mut files, folder, place)?;
    }
    let shared = Arc::new(begin(table, options.temporary.as_deref(), options.by, limits)?);
    let files = without_table(files, table)?;
    progress.total(files.len() as u64, files.iter().map(|found| found.bytes).sum());
    let jobs = worker_count(options.jobs);
    let mut read = Report::default();
    let mut writer = TableWriter::new(Arc::clone(&shared), table);
    let gatherers = (0..jobs).map(|_| RowGatherer::new(&shared, jobs)).collect();
    let workers = Workers { gatherers, ids: options.ids, before: &|_| None };
    let done = run_workers(files, workers, &mut writer, &mut read, progress);
    // The workers spill the rest of their rows when they end.
    if let Some(fault) = shared.take_fault() {
        return Err(fault.into());
    }
    done?;
    progress.finishing();
    let writing = events_table::write(&shared, table, jobs, &Watching::new(progress))?;
    let counts = &mut read.counts;
    counts.stored = writing.counts.rows;
    counts.duplicate = writing.counts.duplicate;
    counts.conflict = writing.counts.conflict;
    counts.replaced = writing.counts.replaced;
    let rejects_file = writer.write_rejects(&table.join(REJECTS), &writing.content)?;
    read.seconds = started.elapsed().as_secs_f64();
    Ok((ConvertReport { read, table: writing.summary, rejects_file }, shared))
}

/// Leaves out the files of the table itself, if its folder is in one of those that are read.
fn without_table(files: Vec<SourceFile>, table: &Path) -> Result<Vec<SourceFile>, TableError> {
    let table = fs::canonicalize(table).map_err(|source| TableError::Folder { path: table.to_owned(), source })?;
    Ok(files.into_iter().filter(|found| found.named || !found.path.starts_with(&table)).collect())
}

/// Names the files of a folder by the place that they were copied from: `/` and a path below the folder follow the place,
/// unless it is empty or ends in `/` itself.
fn name_copies(files: &mut [SourceFile], folder: &Path, place: &str) -> Result<(), Error> {
    let canonical = fs::canonicalize(folder).map_err(|source| Error::Path { path: folder.to_owned(), source })?;
    let separator = if place.is_empty() || place.ends_with('/') { "" } else { "/" };
    for found in files {
        if let Ok(below) = found.path.strip_prefix(&canonical) {
            found.copy_of = Some(format!("{place}{separator}{}", file_names::name_of(below)));
        }
    }
    Ok(())
}
