//! Sorts rows in memory, and spills them in runs when there are many.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::Xxh3;

use crate::event::Event;
use crate::events_table::columns::TABLE_VERSION;
use crate::events_table::error::TableError;
use crate::events_table::gauge::{Gauge, HeldBytes};
use crate::events_table::limits::Limits;
use crate::events_table::merge::Merge;
use crate::events_table::partition::{Partition, PartitionBy};
use crate::events_table::row::{Origin, Row, encode};
use crate::events_table::run::{Run, RunWriter};
use crate::hash::sha256;

/// The runs of a table, which several sorters write.
pub(crate) struct SharedRuns {
    folder: PathBuf,
    pub(crate) by: PartitionBy,
    pub(crate) limits: Limits,
    pub(crate) gauge: Gauge,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    partitions: Vec<Partition>,
    numbers: FxHashMap<Partition, u32>,
    runs: Vec<Arc<Run>>,
    /// The sum of the hashes of all that was read, which does not depend on its order.
    content: u128,
    fault: Option<TableError>,
}

/// All that was spilled.
pub(crate) struct Spilled {
    pub(crate) partitions: Vec<Partition>,
    pub(crate) runs: Vec<Arc<Run>>,
    /// The name of what was read, which is part of the names of files.
    pub(crate) content: String,
}

impl SharedRuns {
    /// Returns runs with temporary files in a folder.
    pub(crate) fn new(folder: &Path, by: PartitionBy, limits: Limits) -> SharedRuns {
        let folder = folder.to_owned();
        SharedRuns { folder, by, limits, gauge: Gauge::default(), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while the lock was held leaves at worst less than there was.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn spill_error(&self, source: io::Error) -> TableError {
        TableError::Spill { folder: self.folder.clone(), source }
    }

    /// Keeps the first error of the sorters.
    pub(crate) fn set_fault(&self, error: TableError) {
        self.state().fault.get_or_insert(error);
    }

    /// Takes the error that stopped a sorter.
    pub(crate) fn take_fault(&self) -> Option<TableError> {
        self.state().fault.take()
    }

    /// Accounts for content that is not a row, such as a reject.
    pub(crate) fn add_content(&self, parts: &[&[u8]]) {
        self.add_sum(content_hash(parts));
    }

    fn add_sum(&self, sum: u128) {
        let mut state = self.state();
        state.content = state.content.wrapping_add(sum);
    }

    /// Returns the number of a partition.
    fn number(&self, partition: &Partition) -> Result<u32, TableError> {
        let mut state = self.state();
        if let Some(number) = state.numbers.get(partition) {
            return Ok(*number);
        }
        if state.partitions.len() >= self.limits.partitions {
            return Err(TableError::Partitions { limit: self.limits.partitions });
        }
        let number = state.partitions.len() as u32;
        state.partitions.push(partition.clone());
        state.numbers.insert(partition.clone(), number);
        Ok(number)
    }

    /// Adds a run. If there are many of its level, this thread merges them into one.
    fn add(&self, run: Run) -> Result<(), TableError> {
        let mut level = run.level;
        self.state().runs.push(Arc::new(run));
        loop {
            let Some(merged) = self.take_level(level) else { return Ok(()) };
            level += 1;
            let run = self.merge(&merged, level).map_err(|error| self.spill_error(error))?;
            self.state().runs.push(Arc::new(run));
        }
    }

    /// Takes the runs of a level out, if they are many.
    fn take_level(&self, level: usize) -> Option<Vec<Arc<Run>>> {
        let mut state = self.state();
        if state.runs.iter().filter(|run| run.level == level).count() < self.limits.merged_runs {
            return None;
        }
        let (taken, rest) = std::mem::take(&mut state.runs).into_iter().partition(|run| run.level == level);
        state.runs = rest;
        Some(taken)
    }

    fn merge(&self, runs: &[Arc<Run>], level: usize) -> io::Result<Run> {
        let mut partitions: Vec<u32> =
            runs.iter().flat_map(|run| run.segments.iter().map(|segment| segment.partition)).collect();
        partitions.sort_unstable();
        partitions.dedup();
        let mut writer = RunWriter::create(&self.folder, self.limits.block_bytes, &self.gauge)?;
        for partition in partitions {
            let mut merge = Merge::new(runs, partition, &self.gauge)?;
            while let Some(row) = merge.next()? {
                writer.push(Row(&row))?;
            }
        }
        writer.finish(level)
    }

    /// Takes all that was spilled, after the sorters have finished.
    pub(crate) fn finish(&self) -> Spilled {
        let mut state = self.state();
        let by = self.by.name();
        let rules = crate::event::RULES_VERSION;
        let content = sha256(format!("{TABLE_VERSION} {rules} {by} {:032x}", state.content).as_bytes());
        Spilled {
            partitions: std::mem::take(&mut state.partitions),
            runs: std::mem::take(&mut state.runs),
            content: content.get(..32).unwrap_or_default().to_owned(),
        }
    }
}

fn content_hash(parts: &[&[u8]]) -> u128 {
    let mut hasher = Xxh3::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.digest128()
}

/// Sorts the rows of one thread.
pub(crate) struct RowSorter {
    shared: Arc<SharedRuns>,
    /// The numbers of partitions that this thread has met.
    numbers: FxHashMap<Partition, u32>,
    rows: Vec<u8>,
    entries: Vec<Entry>,
    content: u128,
    max_bytes: usize,
    held: HeldBytes,
}

/// A row in memory.
struct Entry {
    partition: u32,
    time: i64,
    start: usize,
}

impl RowSorter {
    /// Returns a sorter that is one of `sorters`.
    pub(crate) fn new(shared: &Arc<SharedRuns>, sorters: usize) -> RowSorter {
        RowSorter {
            shared: Arc::clone(shared),
            numbers: FxHashMap::default(),
            rows: Vec::new(),
            entries: Vec::new(),
            content: 0,
            max_bytes: shared.limits.sort_bytes / sorters.max(1),
            held: shared.gauge.account(),
        }
    }

    /// Adds an event with its record.
    ///
    /// # Errors
    /// The rows before cannot be spilled, or the partitions are too many.
    pub(crate) fn push(&mut self, event: &Event, record: &[u8], origin: &Origin<'_>) -> Result<(), TableError> {
        let partition = self.shared.by.partition(event);
        let number = match self.numbers.get(&partition) {
            Some(number) => *number,
            None => {
                let number = self.shared.number(&partition)?;
                self.numbers.insert(partition, number);
                number
            }
        };
        if self.bytes() + record.len() > self.max_bytes {
            self.spill()?;
        }
        if self.rows.capacity() == 0 {
            // A vector that grows would hold twice as much while it is copied.
            self.rows.reserve_exact(self.max_bytes);
        }
        let start = self.rows.len();
        encode(event, record, origin, number, &mut self.rows);
        self.entries.push(Entry { partition: number, time: event.time.unwrap_or(i64::MIN), start });
        let hash = content_hash(&[event.event_id.as_bytes(), &[u8::from(origin.from_csv)], record]);
        self.content = self.content.wrapping_add(hash);
        self.held.set(self.rows.capacity() + self.entries.capacity() * size_of::<Entry>());
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.rows.len() + self.entries.len() * size_of::<Entry>()
    }

    /// Sorts the rows and writes them as a run.
    ///
    /// # Errors
    /// The folder of temporary files cannot be written.
    pub(crate) fn spill(&mut self) -> Result<(), TableError> {
        self.shared.add_sum(std::mem::take(&mut self.content));
        if self.entries.is_empty() {
            return Ok(());
        }
        let rows = &self.rows;
        let row = |entry: &Entry| Row::first(rows.get(entry.start..).unwrap_or_default()).unwrap_or(Row(&[]));
        self.entries.sort_unstable_by(|a, b| {
            (a.partition, a.time).cmp(&(b.partition, b.time)).then_with(|| row(a).compare(row(b)))
        });
        let write = || -> io::Result<Run> {
            let shared = &self.shared;
            let mut writer = RunWriter::create(&shared.folder, shared.limits.block_bytes, &shared.gauge)?;
            for entry in &self.entries {
                writer.push(row(entry))?;
            }
            writer.finish(0)
        };
        let run = write().map_err(|error| self.shared.spill_error(error))?;
        self.rows.clear();
        self.entries.clear();
        self.shared.add(run)
    }

    /// Returns the runs that it adds to.
    pub(crate) fn shared(&self) -> &SharedRuns {
        &self.shared
    }
}
