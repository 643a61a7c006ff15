//! Runs: temporary files of sorted rows. The rows of a partition are a segment, a chain of compressed blocks.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use zstd::bulk::{Compressor, Decompressor};

use crate::events_table::gauge::{Gauge, HeldBytes};
use crate::events_table::row::Row;

/// The level of compression: spilled rows are read once and soon.
const LEVEL: i32 = 1;
/// Bytes before a block: its length, and its length when it is decompressed.
const BLOCK_HEADER: usize = 8;

/// The rows of a partition in a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment {
    pub(crate) partition: u32,
    pub(crate) rows: u64,
    start: u64,
    end: u64,
}

/// A file of sorted rows, without a name: it is removed when it is closed, also if the process is killed.
#[derive(Debug)]
pub(crate) struct Run {
    file: Mutex<File>,
    /// In the order of their partitions.
    pub(crate) segments: Vec<Segment>,
    /// The number of merges that its rows went through.
    pub(crate) level: usize,
}

impl Run {
    /// Returns the segment of a partition.
    pub(crate) fn segment(&self, partition: u32) -> Option<Segment> {
        let place = self.segments.binary_search_by_key(&partition, |segment| segment.partition).ok()?;
        self.segments.get(place).copied()
    }

    fn read(&self, at: u64, buffer: &mut [u8]) -> io::Result<()> {
        // A panic while the lock was held leaves only the position of the file, which is set anew.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(buffer)
    }
}

/// Writes a run.
pub(crate) struct RunWriter {
    file: BufWriter<File>,
    at: u64,
    segments: Vec<Segment>,
    block: Vec<u8>,
    block_bytes: usize,
    compressor: Compressor<'static>,
    held: HeldBytes,
}

impl RunWriter {
    /// Creates a run in a folder.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub(crate) fn create(folder: &Path, block_bytes: usize, gauge: &Gauge) -> io::Result<RunWriter> {
        Ok(RunWriter {
            file: BufWriter::new(tempfile::tempfile_in(folder)?),
            at: 0,
            segments: Vec::new(),
            block: Vec::new(),
            block_bytes,
            compressor: Compressor::new(LEVEL)?,
            held: gauge.account(),
        })
    }

    /// Appends a row, which comes after those before.
    pub(crate) fn push(&mut self, row: Row<'_>) -> io::Result<()> {
        let partition = row.partition();
        if self.segments.last().is_none_or(|segment| segment.partition != partition) {
            self.end_block()?;
            self.segments.push(Segment { partition, rows: 0, start: self.at, end: self.at });
        }
        self.block.extend_from_slice(row.0);
        self.held.set(self.block.capacity());
        if let Some(segment) = self.segments.last_mut() {
            segment.rows += 1;
        }
        if self.block.len() >= self.block_bytes { self.end_block() } else { Ok(()) }
    }

    fn end_block(&mut self) -> io::Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        let packed = self.compressor.compress(&self.block)?;
        self.file.write_all(&(packed.len() as u32).to_le_bytes())?;
        self.file.write_all(&(self.block.len() as u32).to_le_bytes())?;
        self.file.write_all(&packed)?;
        self.at += (BLOCK_HEADER + packed.len()) as u64;
        self.block.clear();
        if let Some(segment) = self.segments.last_mut() {
            segment.end = self.at;
        }
        Ok(())
    }

    /// Completes the run.
    pub(crate) fn finish(mut self, level: usize) -> io::Result<Run> {
        self.end_block()?;
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Run { file: Mutex::new(file), segments: self.segments, level })
    }
}

/// Reads the rows of a segment in order.
pub(crate) struct SegmentReader {
    run: Arc<Run>,
    at: u64,
    end: u64,
    block: Bytes,
    held: HeldBytes,
}

impl SegmentReader {
    /// Returns a reader of a segment of a run.
    pub(crate) fn new(run: Arc<Run>, segment: Segment, gauge: &Gauge) -> SegmentReader {
        SegmentReader { run, at: segment.start, end: segment.end, block: Bytes::new(), held: gauge.account() }
    }

    /// Returns the next row; `None` at the end.
    pub(crate) fn next(&mut self, decompressor: &mut Decompressor<'static>) -> io::Result<Option<Bytes>> {
        if self.block.is_empty() {
            if self.at >= self.end {
                return Ok(None);
            }
            self.block = self.read_block(decompressor)?;
            self.held.set(self.block.len());
        }
        let Some(row) = Row::first(&self.block) else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a temporary file was changed"));
        };
        Ok(Some(self.block.split_to(row.0.len())))
    }

    fn read_block(&mut self, decompressor: &mut Decompressor<'static>) -> io::Result<Bytes> {
        let mut header = [0; BLOCK_HEADER];
        self.run.read(self.at, &mut header)?;
        let [a, b, c, d, e, f, g, h] = header;
        let (packed, plain) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        let mut bytes = vec![0; packed as usize];
        self.run.read(self.at + BLOCK_HEADER as u64, &mut bytes)?;
        self.at += (BLOCK_HEADER + bytes.len()) as u64;
        decompressor.decompress(&bytes, plain as usize).map(Bytes::from)
    }
}
