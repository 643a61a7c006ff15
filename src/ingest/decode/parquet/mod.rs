//! Parquet files with records in the column `record`: tables that trailq wrote, and answers of other engines.
//!
//! The library trusts the sizes in a file. So every size that it allocates by is checked before: [`footer`] checks
//! the metadata, and [`pages`] the sizes of pages and dictionaries.

mod footer;
mod guard;
mod pages;
mod thrift;

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::Type;
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use parquet::schema::types::ColumnDescPtr;

use crate::events_table::{LEAVES_COLUMN, RECORD_COLUMN, VERSION_KEY};
use crate::ingest::decode::content::Content;
use crate::ingest::decode::json;
use crate::ingest::decode::parquet::guard::guarded;
use crate::ingest::decode::parquet::pages::{CheckedPages, CheckedReader, Input};
use crate::ingest::decode::sink::{Decoded, Sink};
use crate::ingest::decode::window::reject_of;
use crate::ingest::expansion::Expansion;
use crate::ingest::record::raw::RawRecord;
use crate::ingest::source::walk;

/// The bytes that a row costs beside its record, when the expansion of a file is capped: rows without a record are
/// stored in next to nothing.
const ROW_COST: u64 = 16;

/// Hands the records of a file to the sink. A file that cannot be read is rejected with the reason, after the records
/// that could be.
pub(crate) fn decode(content: Content<'_>, sink: &mut dyn Sink) -> Decoded {
    let input = match input_of(content) {
        Ok(input) => input,
        Err(error) => return refuse(&walk::reason_of(&error), 0, sink).into(),
    };
    let expansion = sink.expansion();
    let table = match Table::open(input, expansion) {
        Ok(Some(table)) => table,
        Ok(None) => {
            let reason = format!("is a Parquet file without a column `{RECORD_COLUMN}` of texts");
            return Decoded::SomethingElse(reason.into());
        }
        Err(reason) => {
            sink.format("parquet");
            return refuse(&reason, 0, sink).into();
        }
    };
    sink.format("parquet");
    let mut row = 0;
    for group in table.metadata.row_groups() {
        match table.read_group(group, &mut row, sink) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => return Decoded::Stopped,
            // The next groups are pieces of their own.
            Err(reason) => {
                if refuse(&reason, row, sink).is_break() {
                    return Decoded::Stopped;
                }
            }
        }
    }
    Decoded::TrailFile
}

/// Rejects a file, or the rest of a row group.
fn refuse(reason: &str, row: u64, sink: &mut dyn Sink) -> ControlFlow<()> {
    sink.reject(reject_of((0, row + 1), reason.to_owned(), &[]))
}

/// Returns content that can be sought in.
fn input_of(content: Content<'_>) -> io::Result<Input> {
    match content {
        Content::Whole(bytes) => Ok(Input::Memory(Bytes::copy_from_slice(bytes))),
        Content::Stream(mut stream) => walk::spool(&mut stream).map(Input::from),
    }
}

impl From<File> for Input {
    fn from(file: File) -> Input {
        Input::File(Arc::new(std::sync::Mutex::new(file)))
    }
}

/// A file whose metadata is sound.
struct Table {
    reader: Arc<CheckedReader>,
    metadata: ParquetMetaData,
    record: (usize, ColumnDescPtr),
    /// The place of `leaves`, which only trailq's own tables have.
    leaves: Option<(usize, ColumnDescPtr)>,
}

impl Table {
    /// Reads the metadata of a file; `None` without a column of records.
    fn open(input: Input, expansion: Arc<Expansion>) -> Result<Option<Table>, String> {
        let footer = footer::read(&input)?;
        footer::check(&footer)?;
        let decoded = guarded(|| ParquetMetaDataReader::decode_metadata(&footer))?;
        let metadata = decoded.map_err(|error| format!("has metadata that cannot be read: {error}"))?;
        let schema = metadata.file_metadata().schema_descr_ptr();
        let find = |name: &str, kind: Type| {
            let mut columns = schema.columns().iter().enumerate();
            let found = columns.find(|(_, column)| {
                column.path().parts() == [name] && column.physical_type() == kind && column.max_rep_level() == 0
            });
            found.map(|(place, column)| (place, Arc::clone(column)))
        };
        let Some(record) = find(RECORD_COLUMN, Type::BYTE_ARRAY) else { return Ok(None) };
        let keys = metadata.file_metadata().key_value_metadata();
        let is_own = keys.is_some_and(|keys| keys.iter().any(|pair| pair.key == VERSION_KEY));
        let leaves = find(LEAVES_COLUMN, Type::INT32).filter(|_| is_own);
        let reader = Arc::new(CheckedReader { input, expansion });
        Ok(Some(Table { reader, metadata, record, leaves }))
    }

    /// Hands the records of a row group to the sink.
    fn read_group(
        &self,
        group: &RowGroupMetaData,
        row: &mut u64,
        sink: &mut dyn Sink,
    ) -> Result<ControlFlow<()>, String> {
        let mut records = self.column::<ByteArrayType>(group, &self.record)?;
        let mut leaves = self.leaves.as_ref().map(|leaves| self.column::<Int32Type>(group, leaves)).transpose()?;
        while let Some(record) = next_record(&mut records, &self.reader.expansion)? {
            let from_csv = leaves.as_mut().map(next_count).transpose()?.flatten() == Some(0);
            let place = (0, *row + 1);
            *row += 1;
            if offer(&record, from_csv, self.leaves.is_some(), place, sink).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Returns a reader of a column, whose type was checked. The library's own choice by type would bring the code of all.
    fn column<T: DataType>(
        &self,
        group: &RowGroupMetaData,
        column: &(usize, ColumnDescPtr),
    ) -> Result<ColumnReaderImpl<T>, String> {
        let (place, description) = column;
        let chunk = group.columns().get(*place).ok_or("has a row group without all of its columns")?;
        let pages = CheckedPages::open(&self.reader, chunk, group.num_rows())?;
        guarded(|| ColumnReaderImpl::new(Arc::clone(description), Box::new(pages)))
    }
}

/// Returns the next record, which is empty if it is NULL; `None` at the end of the chunk.
///
/// One at a time: of several, each could be as large as a page.
fn next_record(
    reader: &mut ColumnReaderImpl<ByteArrayType>,
    expansion: &Expansion,
) -> Result<Option<ByteArray>, String> {
    let (mut values, mut levels) = (Vec::with_capacity(1), Vec::with_capacity(1));
    let read = guarded(|| reader.read_records(1, Some(&mut levels), None, &mut values))?;
    let (rows, ..) = read.map_err(|error| unreadable(&error))?;
    if rows == 0 {
        return Ok(None);
    }
    let value = values.pop().unwrap_or_else(|| ByteArray::from(Vec::new()));
    // A dictionary holds a text once, and its rows hold it again and again.
    expansion.charge(value.len() as u64 + ROW_COST).map_err(|error| error.to_string())?;
    Ok(Some(value))
}

/// Returns the reason for a page.
fn unreadable(error: &ParquetError) -> String {
    let text = error.to_string();
    // The library begins its messages with the kind of the error.
    let reason = ["Parquet error: ", "EOF: ", "External: "].iter().find_map(|kind| text.strip_prefix(kind));
    format!("has a page that cannot be read: {}", reason.unwrap_or(&text))
}

/// Returns the next count; `None` where it is NULL.
fn next_count(reader: &mut ColumnReaderImpl<Int32Type>) -> Result<Option<i32>, String> {
    let (mut values, mut levels) = (Vec::with_capacity(1), Vec::with_capacity(1));
    let read = guarded(|| reader.read_records(1, Some(&mut levels), None, &mut values))?;
    read.map_err(|error| unreadable(&error))?;
    Ok(values.pop())
}

/// Hands the text of a row to the sink.
fn offer(record: &ByteArray, from_csv: bool, is_own: bool, place: (u64, u64), sink: &mut dyn Sink) -> ControlFlow<()> {
    let bytes = record.data();
    let text = match std::str::from_utf8(bytes) {
        Ok("") => return sink.reject(reject_of(place, "is a row without a record".to_owned(), &[])),
        Ok(text) => text,
        Err(_) => return sink.reject(reject_of(place, "is not UTF-8 text".to_owned(), bytes)),
    };
    let offered = match from_csv {
        true => serde_json::from_str::<RawRecord<'_>>(text)
            .map(|record| sink.row(&record, bytes))
            .map_err(|error| error.to_string()),
        false => json::offer_text(text, is_own, sink, place),
    };
    offered.unwrap_or_else(|reason| sink.reject(reject_of(place, reason, bytes)))
}

impl Input {
    /// Returns the number of bytes.
    fn len(&self) -> u64 {
        match self {
            Input::Memory(bytes) => bytes.len() as u64,
            Input::File(file) => pages::lock(file).metadata().map_or(0, |metadata| metadata.len()),
        }
    }

    /// Reads bytes from a place, fewer at the end.
    fn read_at(&self, at: u64, length: usize) -> io::Result<Bytes> {
        match self {
            Input::Memory(bytes) => {
                let start = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
                Ok(bytes.slice(start..start.saturating_add(length).min(bytes.len())))
            }
            Input::File(file) => {
                let mut file = pages::lock(file);
                file.seek(SeekFrom::Start(at))?;
                let mut bytes = Vec::new();
                Read::by_ref(&mut *file).take(length as u64).read_to_end(&mut bytes)?;
                Ok(Bytes::from(bytes))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::ingest::fuzzing;

    const SEEDS: [&[u8]; 5] = [
        include_bytes!("../../../../tests/fuzz/corpus/parquet/plain"),
        include_bytes!("../../../../tests/fuzz/corpus/parquet/dictionary-zstd"),
        include_bytes!("../../../../tests/fuzz/corpus/parquet/plain-v2-snappy"),
        include_bytes!("../../../../tests/fuzz/corpus/parquet/groups"),
        include_bytes!("../../../../tests/fuzz/corpus/parquet/own"),
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn changed_files_are_read_the_same_from_memory_and_from_a_stream(
            seed in 0..SEEDS.len(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..5),
        ) {
            let mut bytes = SEEDS[seed].to_vec();
            for (place, byte, change) in changes {
                let at = place.index(bytes.len());
                match change {
                    0 => bytes[at] = byte,
                    1 => bytes.insert(at, byte),
                    _ => drop(bytes.drain(at..(at + usize::from(byte % 9)).min(bytes.len() - 1).max(at))),
                }
            }
            fuzzing::parquet(&bytes);
        }
    }
}
