//! Gathers the events of a worker for a table: they are sorted and spilled by the worker itself.

use std::sync::Arc;

use crate::event::Event;
use crate::events_table::{Origin, RowSorter, SharedRuns};
use crate::ingest::file_sink::EventGatherer;

/// Events after which a worker reports how many they are.
const BATCH: u64 = 256;

/// Sorts the events of a worker.
pub(crate) struct RowGatherer {
    sorter: RowSorter,
    /// The number of the file.
    file: u32,
    /// The number of its next record.
    index: u64,
    /// The name of the file, and those of the members of archives that are open in it.
    names: Vec<String>,
    /// Events since the last batch.
    events: u64,
    /// True if rows cannot be spilled: the run ends.
    has_failed: bool,
}

impl RowGatherer {
    /// Returns the gatherer of one of `workers`.
    pub(crate) fn new(shared: &Arc<SharedRuns>, workers: usize) -> RowGatherer {
        RowGatherer {
            sorter: RowSorter::new(shared, workers),
            file: 0,
            index: 0,
            names: Vec::new(),
            events: 0,
            has_failed: false,
        }
    }
}

impl EventGatherer for RowGatherer {
    type Batch = u64;

    fn begin_file(&mut self, number: u32, name: &str) {
        (self.file, self.index) = (number, 0);
        self.names = vec![name.to_owned()];
    }

    fn begin_member(&mut self, name: &str) {
        let parent = self.names.last().map(String::as_str).unwrap_or_default();
        self.names.push(format!("{parent}!{name}"));
    }

    fn end_member(&mut self) {
        self.names.pop();
    }

    fn push(&mut self, event: Event, record: &[u8], from_csv: bool) {
        if self.has_failed {
            return;
        }
        let name = self.names.last().map(String::as_str).unwrap_or_default();
        let origin = Origin { file: self.file, index: self.index, name, from_csv };
        self.index += 1;
        self.events += 1;
        if let Err(error) = self.sorter.push(&event, record, &origin) {
            self.sorter.shared().set_fault(error);
            self.has_failed = true;
        }
    }

    fn is_full(&self) -> bool {
        self.has_failed || self.events >= BATCH
    }

    fn is_empty(&self) -> bool {
        self.events == 0
    }

    /// Spills the rest of the rows. The run asks for the error after its workers have ended.
    fn finish(&mut self) {
        if !self.has_failed
            && let Err(error) = self.sorter.spill()
        {
            self.sorter.shared().set_fault(error);
        }
    }

    fn take(&mut self, _: bool) -> Option<u64> {
        (!self.has_failed).then(|| std::mem::take(&mut self.events))
    }
}
