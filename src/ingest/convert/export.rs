//! Writes the events of a case as a table. The records are normalized again, as in an import.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::events_table::{self, Limits, Origin, PartitionBy, RowSorter, TableSummary};
use crate::ingest::convert::runs::{Watching, begin};
use crate::ingest::pipeline::worker_count;
use crate::ingest::record::normalize::normalize;
use crate::ingest::record::raw::RawRecord;
use crate::ingest::report::{Error, Progress};
use crate::store::IdSet;
use crate::store::merge::{EventRange, Records, Source, SourceCase};

/// Options of an export.
#[derive(Debug, Clone, Default)]
pub struct ExportOptions {
    /// The columns by which the table is partitioned.
    pub by: PartitionBy,
    /// Worker threads; as many as there are processors, if not given.
    pub jobs: Option<usize>,
    /// The folder for temporary files; the table's own, if not given.
    pub temporary: Option<PathBuf>,
}

/// The account of an export.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ExportReport {
    /// The table.
    #[serde(flatten)]
    pub table: TableSummary,
    /// Time taken.
    pub seconds: f64,
}

/// Writes the events of a case, or those in a set, as a table in a folder, which is made where there is none.
///
/// # Errors
/// The case is damaged, or the folder cannot be written.
pub(crate) fn export(
    case: &SourceCase,
    selected: Option<&IdSet>,
    table: &Path,
    options: &ExportOptions,
    progress: &dyn Progress,
) -> Result<ExportReport, Error> {
    let started = Instant::now();
    progress.total(1, case.events);
    let shared = Arc::new(begin(table, options.temporary.as_deref(), options.by, Limits::default())?);
    let jobs = worker_count(options.jobs);
    let reading = Reading {
        source: &case.source(),
        ranges: &case.ranges()?,
        names: &case.file_names()?,
        selected,
        progress,
        next: AtomicUsize::new(0),
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(|| reading.work(RowSorter::new(&shared, jobs)))).collect();
        workers.into_iter().try_for_each(|worker| {
            worker.join().unwrap_or_else(|_| Err(Error::Worker { path: case.path().to_owned() }))
        })
    })?;
    progress.finishing();
    let writing = events_table::write(&shared, table, jobs, &Watching::new(progress))?;
    Ok(ExportReport { table: writing.summary, seconds: started.elapsed().as_secs_f64() })
}

/// The parts that the workers share.
struct Reading<'r> {
    source: &'r Source,
    ranges: &'r [EventRange],
    names: &'r FxHashMap<i64, String>,
    selected: Option<&'r IdSet>,
    progress: &'r dyn Progress,
    /// The next range to read.
    next: AtomicUsize,
}

impl Reading<'_> {
    /// Runs a worker: reads one range after the other until all are read.
    fn work(&self, mut sorter: RowSorter) -> Result<(), Error> {
        let mut records = self.source.records()?;
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(range) = self.ranges.get(number) else { break };
            if self.progress.is_cancelled() {
                return Err(Error::Cancelled);
            }
            self.read(number as u32, range, &mut records, &mut sorter)?;
            self.progress.advance(0, range.events, range.events);
        }
        Ok(sorter.spill()?)
    }

    fn read(
        &self,
        number: u32,
        range: &EventRange,
        records: &mut Records<'_>,
        sorter: &mut RowSorter,
    ) -> Result<(), Error> {
        let name = self.names.get(&range.file).map(String::as_str).unwrap_or_default();
        let (mut index, mut fault) = (0, None);
        records.each_of(range, self.selected, &mut |bytes| {
            let text = std::str::from_utf8(bytes).map_err(|error| format!("is not text: {error}"))?;
            let record: RawRecord<'_> =
                serde_json::from_str(text).map_err(|error| format!("is not a record: {error}"))?;
            let (event, _) = normalize(&record, bytes, range.ids);
            let origin = Origin { file: number, index, name, from_csv: range.from_csv };
            index += 1;
            fault = sorter.push(&event, bytes, &origin).err();
            Ok(fault.is_none())
        })?;
        fault.map_or(Ok(()), |fault| Err(fault.into()))
    }
}
