//! Merges the sorted rows of several runs.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use zstd::bulk::Decompressor;

use crate::events_table::gauge::Gauge;
use crate::events_table::row::Row;
use crate::events_table::run::{Run, SegmentReader};

/// The rows of one partition in several runs, in order.
pub(crate) struct Merge {
    readers: Vec<SegmentReader>,
    heap: BinaryHeap<Head>,
    decompressor: Decompressor<'static>,
}

/// The next row of a reader. The heap has the largest on top, so that the order is turned around.
struct Head {
    row: Bytes,
    reader: usize,
}

impl Merge {
    /// Begins to read a partition.
    ///
    /// # Errors
    /// A run cannot be read.
    pub(crate) fn new(runs: &[Arc<Run>], partition: u32, gauge: &Gauge) -> io::Result<Merge> {
        let segments = runs.iter().filter_map(|run| Some((run, run.segment(partition)?)));
        let readers: Vec<SegmentReader> =
            segments.map(|(run, segment)| SegmentReader::new(Arc::clone(run), segment, gauge)).collect();
        let mut merge = Merge { readers, heap: BinaryHeap::new(), decompressor: Decompressor::new()? };
        for reader in 0..merge.readers.len() {
            merge.advance(reader)?;
        }
        Ok(merge)
    }

    fn advance(&mut self, reader: usize) -> io::Result<()> {
        if let Some(source) = self.readers.get_mut(reader)
            && let Some(row) = source.next(&mut self.decompressor)?
        {
            self.heap.push(Head { row, reader });
        }
        Ok(())
    }

    /// Returns the next row; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Bytes>> {
        let Some(Head { row, reader }) = self.heap.pop() else { return Ok(None) };
        self.advance(reader)?;
        Ok(Some(row))
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Head) -> Ordering {
        Row(&other.row).compare(Row(&self.row))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Head) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Head) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}
