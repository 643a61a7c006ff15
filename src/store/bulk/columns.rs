//! The columns of a table that its indexes are on, read once and kept in a temporary file, column by column.
//!
//! A text is kept as its number in a dictionary, an eventID as the 128 bits of its UUID. Threads read different pages,
//! each with dictionaries of its own, which are joined in the end.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::thread;

use crate::store::bulk::bulk_error::{BulkError, BulkResult};
use crate::store::bulk::file_at::read_at;
use crate::store::bulk::format::{integer, value_size, varint};
use crate::store::bulk::pages::Pages;
use crate::store::bulk::texts::{self, Dictionary, Texts};
use crate::store::bulk::uuid;

/// The rows that are kept in one piece.
const CHUNK_ROWS: usize = 1 << 16;
/// An absent integer.
pub(crate) const NULL: i64 = i64::MIN;

/// The contents of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The row id.
    RowId,
    /// Integers or NULL.
    Integer,
    /// Texts or NULL, by their number in a dictionary: 0 is NULL.
    Text,
    /// Texts that are UUIDs.
    Uuid,
}

impl Kind {
    fn width(self) -> usize {
        match self {
            Kind::RowId | Kind::Integer => 8,
            Kind::Text => 4,
            Kind::Uuid => 16,
        }
    }
}

/// A column that is wanted, and its place in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) place: usize,
    pub(crate) kind: Kind,
}

/// Columns of a table.
pub(crate) struct Columns {
    pub(crate) kinds: Vec<Kind>,
    parts: Vec<Part>,
    /// Of each column of texts: the texts in ascending order.
    pub(crate) texts: Vec<Texts>,
    /// Of each column of integers: the smallest and the largest.
    pub(crate) ranges: Vec<(i64, i64)>,
    /// The reason why a column was not read.
    uncovered: Vec<Option<&'static str>>,
}

/// The rows that one thread has read.
struct Part {
    file: File,
    /// The rows of each chunk.
    chunks: Vec<usize>,
    /// Of each column of texts: the number that each of its own numbers has in all.
    ranks: Vec<Vec<u32>>,
}

/// The rows of a part as they are read.
struct Reader<'w> {
    wanted: &'w [Column],
    /// Of each place in a record: the column that is there, from 1.
    places: Vec<u8>,
    file: File,
    chunks: Vec<usize>,
    rows: usize,
    columns: Vec<Vec<u8>>,
    dictionaries: Vec<Dictionary>,
    ranges: Vec<(i64, i64)>,
    uncovered: Vec<Option<&'static str>>,
}

impl<'w> Reader<'w> {
    fn new(wanted: &'w [Column], folder: &Path) -> BulkResult<Reader<'w>> {
        let last = wanted.iter().filter(|column| column.kind != Kind::RowId).map(|column| column.place).max();
        let mut places = vec![0; last.map_or(0, |last| last + 1)];
        for (at, column) in (1..).zip(wanted).filter(|(_, column)| column.kind != Kind::RowId) {
            places[column.place] = at;
        }
        Ok(Reader {
            wanted,
            places,
            file: tempfile::tempfile_in(folder)?,
            chunks: Vec::new(),
            rows: 0,
            columns: vec![Vec::new(); wanted.len()],
            dictionaries: wanted.iter().map(|_| Dictionary::default()).collect(),
            ranges: vec![(i64::MAX, NULL); wanted.len()],
            uncovered: vec![None; wanted.len()],
        })
    }

    fn row(&mut self, id: i64, record: &[u8]) -> BulkResult<()> {
        const MALFORMED: BulkError = BulkError::NotCovered("a record is malformed");
        let (header, mut at) = varint(record).ok_or(MALFORMED)?;
        let header = header as usize;
        let mut body = header;
        let mut met = 0;
        for place in 0..self.places.len() {
            if at >= header {
                // The columns that a later version added are NULL.
                break;
            }
            let (serial, size) = varint(record.get(at..).unwrap_or_default()).ok_or(MALFORMED)?;
            at += size;
            let size = value_size(serial);
            if let Some(column) = usize::from(self.places[place]).checked_sub(1) {
                let value = record.get(body..body.saturating_add(size)).ok_or(MALFORMED)?;
                self.value(column, serial, value);
                met += 1;
            }
            body = body.saturating_add(size);
        }
        for (column, wanted) in self.wanted.iter().enumerate() {
            if wanted.kind == Kind::RowId {
                self.integer(column, id);
            } else if met < self.wanted.len() && self.columns[column].len() == self.rows * wanted.kind.width() {
                self.value(column, 0, &[]);
            }
        }
        self.rows += 1;
        if self.rows == CHUNK_ROWS { self.flush() } else { Ok(()) }
    }

    /// Keeps the value of a row. Nothing is read of a column with a value that is not covered, but its zeros.
    #[inline]
    fn value(&mut self, column: usize, serial: u64, value: &[u8]) {
        let kept = match self.uncovered[column] {
            None => self.kept_value(column, serial, value),
            Some(reason) => Err(reason),
        };
        if let Err(reason) = kept {
            self.uncovered[column] = Some(reason);
            self.dictionaries[column] = Dictionary::default();
            let width = self.wanted[column].kind.width();
            self.columns[column].extend(std::iter::repeat_n(0, width));
        }
    }

    #[inline]
    fn kept_value(&mut self, column: usize, serial: u64, value: &[u8]) -> Result<(), &'static str> {
        let is_text = serial >= 13 && serial % 2 == 1;
        match self.wanted[column].kind {
            Kind::RowId => {}
            Kind::Integer if serial == 0 => self.columns[column].extend_from_slice(&NULL.to_le_bytes()),
            Kind::Integer => {
                let value = integer(serial, value).filter(|value| *value != NULL);
                self.integer(column, value.ok_or("a column of integers has another value")?);
            }
            Kind::Text if serial == 0 => self.columns[column].extend_from_slice(&[0; 4]),
            Kind::Text if is_text => {
                let number = self.dictionaries[column].number(value).ok_or("a column has too many values")?;
                self.columns[column].extend_from_slice(&number.to_le_bytes());
            }
            Kind::Uuid if is_text => {
                let uuid = uuid::parse(value).ok_or("an eventID is not a UUID")?;
                self.columns[column].extend_from_slice(&uuid.to_le_bytes());
            }
            Kind::Text | Kind::Uuid => return Err("a column of texts has another value"),
        }
        Ok(())
    }

    #[inline]
    fn integer(&mut self, column: usize, value: i64) {
        let range = &mut self.ranges[column];
        *range = (range.0.min(value), range.1.max(value));
        self.columns[column].extend_from_slice(&value.to_le_bytes());
    }

    fn flush(&mut self) -> BulkResult<()> {
        for column in &mut self.columns {
            self.file.write_all(column)?;
            column.clear();
        }
        self.chunks.push(self.rows);
        self.rows = 0;
        Ok(())
    }
}

impl Columns {
    /// Reads columns of a table with several threads.
    pub(crate) fn read(
        pages: Pages<'_>,
        root: u32,
        wanted: &[Column],
        folder: &Path,
        threads: usize,
    ) -> BulkResult<Columns> {
        let numbers = pages.of_tree(root)?;
        let share = numbers.len().div_ceil(threads.max(1)).max(1);
        let readers = thread::scope(|scope| {
            let running: Vec<_> = numbers
                .chunks(share)
                .map(|numbers| {
                    scope.spawn(move || -> BulkResult<Reader<'_>> {
                        let mut reader = Reader::new(wanted, folder)?;
                        pages.each_row(numbers, |id, record| reader.row(id, record))?;
                        reader.flush()?;
                        Ok(reader)
                    })
                })
                .collect();
            running.into_iter().map(join).collect::<BulkResult<Vec<_>>>()
        })?;
        Ok(Columns::of(wanted, readers))
    }

    fn of(wanted: &[Column], mut readers: Vec<Reader<'_>>) -> Columns {
        let kinds: Vec<Kind> = wanted.iter().map(|column| column.kind).collect();
        let (mut texts, mut ranges, mut uncovered) = (Vec::new(), Vec::new(), Vec::new());
        let mut ranks: Vec<Vec<Vec<u32>>> = readers.iter().map(|_| Vec::new()).collect();
        for column in 0..kinds.len() {
            let reason = readers.iter().find_map(|reader| reader.uncovered[column]);
            uncovered.push(reason);
            let own = readers.iter_mut().map(|reader| std::mem::take(&mut reader.dictionaries[column]));
            let own = own.map(|dictionary| if reason.is_some() { Texts::default() } else { dictionary.into_texts() });
            let (joined, of_threads) = texts::join(&own.collect::<Vec<_>>());
            texts.push(joined);
            ranks.iter_mut().zip(of_threads).for_each(|(ranks, of_thread)| ranks.push(of_thread));
            let least = readers.iter().map(|reader| reader.ranges[column].0).min();
            let most = readers.iter().map(|reader| reader.ranges[column].1).max();
            ranges.push((least.unwrap_or(i64::MAX), most.unwrap_or(NULL)));
        }
        let parts = readers.into_iter().zip(ranks);
        let parts = parts.map(|(reader, ranks)| Part { file: reader.file, chunks: reader.chunks, ranks }).collect();
        Columns { kinds, parts, texts, ranges, uncovered }
    }

    /// Returns the number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.parts.iter().flat_map(|part| &part.chunks).sum()
    }

    /// Checks that columns were read.
    pub(crate) fn require(&self, columns: &[usize]) -> BulkResult<()> {
        match columns.iter().find_map(|column| self.uncovered[*column]) {
            Some(reason) => Err(BulkError::NotCovered(reason)),
            None => Ok(()),
        }
    }

    /// Visits chunks of some columns: the values of each, one row after the other, as they are kept. Texts have the
    /// numbers that [`Columns::ranks`] explains.
    pub(crate) fn each_chunk(
        &self,
        columns: &[usize],
        mut visit: impl FnMut(&Chunk<'_>) -> BulkResult<()>,
    ) -> BulkResult<()> {
        let row_bytes: usize = self.kinds.iter().map(|kind| kind.width()).sum();
        let mut values = vec![Vec::new(); columns.len()];
        for part in &self.parts {
            let mut begin = 0;
            for rows in &part.chunks {
                for (column, values) in columns.iter().zip(&mut values) {
                    let before: usize = self.kinds[..*column].iter().map(|kind| kind.width()).sum();
                    values.resize(rows * self.kinds[*column].width(), 0);
                    read_at(&part.file, values, (begin + before * rows) as u64)?;
                }
                let ranks: Vec<&[u32]> = columns.iter().map(|column| part.ranks[*column].as_slice()).collect();
                visit(&Chunk { rows: *rows, values: &values, ranks: &ranks })?;
                begin += row_bytes * rows;
            }
        }
        Ok(())
    }
}

/// Rows of some columns.
pub(crate) struct Chunk<'c> {
    pub(crate) rows: usize,
    /// The values of each column, little-endian.
    pub(crate) values: &'c [Vec<u8>],
    /// Of each column: the rank of a text by its number in the chunk.
    pub(crate) ranks: &'c [&'c [u32]],
}

/// Waits for a thread.
pub(crate) fn join<T>(running: thread::ScopedJoinHandle<'_, BulkResult<T>>) -> BulkResult<T> {
    running.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
