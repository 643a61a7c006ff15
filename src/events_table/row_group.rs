//! A row group that is encoded in memory, all columns at once, so that rows need not be held until it is complete.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::basic::{Compression, ZstdLevel};
use parquet::column::page::{CompressedPage, PageWriteSpec, PageWriter};
use parquet::column::writer::{ColumnCloseResult, ColumnWriterImpl};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::Result;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::{ColumnDescPtr, ColumnPath, SchemaDescriptor};

use crate::events_table::columns::{COLUMNS, ColumnKind, RECORD_COLUMN, RESOURCE_PARTS, TABLE_VERSION, VERSION_KEY};
use crate::events_table::gauge::{Gauge, HeldBytes};
use crate::events_table::limits::Limits;
use crate::events_table::row::{Cell, Cells, Row};

/// The level of compression: 9 saves 9 % of the size, and takes 1.5 times the processor time.
const LEVEL: i32 = 3;
/// The false positives of Bloom filters.
const FALSE_POSITIVES: f64 = 0.01;
/// The largest dictionary of a column in bytes: pages wait in memory until it is complete.
const MAX_DICTIONARY: usize = 512 << 10;

/// Returns the properties of files.
pub(crate) fn properties(limits: &Limits) -> Result<WriterPropertiesPtr> {
    let metadata = [(VERSION_KEY, TABLE_VERSION.to_string()), ("trailq.table", "events".to_owned())]
        .map(|(key, value)| KeyValue::new(key.to_owned(), value));
    let place = |name: &str| COLUMNS.iter().position(|column| column.name == name).unwrap_or_default() as i32;
    let sorting = ["time", "event_id"].map(|name| SortingColumn {
        column_idx: place(name),
        descending: false,
        nulls_first: true,
    });
    let record = ColumnPath::from(RECORD_COLUMN);
    let mut builder = WriterProperties::builder()
        .set_created_by(concat!("trailq version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(LEVEL)?))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_dictionary_page_size_limit(MAX_DICTIONARY)
        .set_key_value_metadata(Some(metadata.into()))
        .set_sorting_columns(Some(sorting.into()))
        // No query filters by the least and the largest record.
        .set_column_statistics_enabled(record.clone(), EnabledStatistics::None)
        .set_column_dictionary_enabled(record, false)
        .set_column_dictionary_enabled(ColumnPath::from("event_id"), false);
    for column in COLUMNS.iter().filter(|column| column.filtered) {
        let path = ColumnPath::from(column.name);
        builder = builder
            .set_column_bloom_filter_enabled(path.clone(), true)
            .set_column_bloom_filter_fpp(path.clone(), FALSE_POSITIVES)
            .set_column_bloom_filter_max_ndv(path, limits.group_rows as u64);
    }
    Ok(Arc::new(builder.build()))
}

/// A column chunk in memory, complete.
pub(crate) struct Chunk {
    pub(crate) bytes: Bytes,
    pub(crate) close: ColumnCloseResult,
}

/// A row group that is being encoded.
pub(crate) struct RowGroup {
    columns: Vec<ColumnBuffer>,
    pub(crate) rows: usize,
    held: HeldBytes,
}

/// A leaf column of a row group: the values of a batch, and the chunk that is encoded so far.
struct ColumnBuffer {
    encoder: Encoder,
    /// The definition levels; empty for a column that never is NULL.
    definitions: Vec<i16>,
    /// The repetition levels; empty outside of `resources`.
    repetitions: Vec<i16>,
    chunk: SharedChunk,
}

/// The values of a batch, and what encodes them. The library's own choice by type would bring the code of all types.
enum Encoder {
    Texts(Values<ByteArrayType>),
    Flags(Values<BoolType>),
    Numbers(Values<Int64Type>),
    Counts(Values<Int32Type>),
}

struct Values<T: DataType> {
    values: Vec<T::T>,
    writer: ColumnWriterImpl<'static, T>,
}

impl<T: DataType> Values<T> {
    fn new(column: &ColumnDescPtr, properties: &WriterPropertiesPtr, pages: Pages) -> Values<T> {
        let writer = ColumnWriterImpl::new(Arc::clone(column), Arc::clone(properties), Box::new(pages));
        Values { values: Vec::new(), writer }
    }

    fn flush(&mut self, definitions: Option<&[i16]>, repetitions: Option<&[i16]>) -> Result<()> {
        self.writer.write_batch(&self.values, definitions, repetitions)?;
        self.values.clear();
        Ok(())
    }
}

impl RowGroup {
    /// Begins a row group.
    pub(crate) fn new(schema: &SchemaDescriptor, properties: &WriterPropertiesPtr, gauge: &Gauge) -> RowGroup {
        let kinds = COLUMNS.iter().map(|column| column.kind);
        let parts = RESOURCE_PARTS.iter().map(|_| ColumnKind::Text).chain([ColumnKind::Flag]);
        let kinds = kinds.chain(parts).chain([ColumnKind::Text]);
        let columns = schema.columns().iter().zip(kinds).map(|(column, kind)| {
            let chunk = SharedChunk::default();
            let pages = Pages { out: TrackedWrite::new(chunk.clone()) };
            let encoder = match kind {
                ColumnKind::Text => Encoder::Texts(Values::new(column, properties, pages)),
                ColumnKind::Flag => Encoder::Flags(Values::new(column, properties, pages)),
                ColumnKind::Number => Encoder::Numbers(Values::new(column, properties, pages)),
                ColumnKind::Count => Encoder::Counts(Values::new(column, properties, pages)),
            };
            ColumnBuffer { encoder, definitions: Vec::new(), repetitions: Vec::new(), chunk }
        });
        RowGroup { columns: columns.collect(), rows: 0, held: gauge.account() }
    }

    /// Encodes rows that lie one after the other.
    ///
    /// # Errors
    /// The library refuses them.
    pub(crate) fn write(&mut self, rows: &Bytes) -> Result<()> {
        let mut at = 0;
        while let Some(row) = rows.get(at..).and_then(Row::first) {
            let bytes = rows.slice(at..at + row.0.len());
            self.put(row, &bytes);
            at += bytes.len();
            self.rows += 1;
        }
        self.columns.iter_mut().try_for_each(ColumnBuffer::flush)?;
        self.held.set(self.bytes());
        Ok(())
    }

    /// Adds the values of a row to the columns.
    fn put(&mut self, row: Row<'_>, bytes: &Bytes) {
        let mut cells = row.cells();
        let mut columns = self.columns.iter_mut();
        for (column, buffer) in COLUMNS.iter().zip(columns.by_ref()) {
            let cell = cells.next(column.kind);
            if !column.required {
                buffer.definitions.push(i16::from(cell != Cell::Null));
            }
            buffer.put(cell, row.0);
        }
        let parts: Vec<&mut ColumnBuffer> = columns.by_ref().take(RESOURCE_PARTS.len() + 1).collect();
        put_resources(&mut cells, parts, row.0);
        if let Some(ColumnBuffer { encoder: Encoder::Texts(records), .. }) = columns.next() {
            // Records have neither a dictionary nor statistics, so that none of them is kept.
            records.values.push(ByteArray::from(bytes.slice(row.record_range())));
        }
    }

    /// Returns the compressed bytes that have left the columns.
    pub(crate) fn bytes(&self) -> usize {
        self.columns.iter().map(|column| column.chunk.len()).sum()
    }

    /// Completes the chunks of the columns.
    ///
    /// # Errors
    /// The library fails.
    pub(crate) fn finish(self) -> Result<Vec<Chunk>> {
        let finish = |column: ColumnBuffer| {
            let close = match column.encoder {
                Encoder::Texts(values) => values.writer.close(),
                Encoder::Flags(values) => values.writer.close(),
                Encoder::Numbers(values) => values.writer.close(),
                Encoder::Counts(values) => values.writer.close(),
            }?;
            Ok(Chunk { bytes: column.chunk.take(), close })
        };
        self.columns.into_iter().map(finish).collect()
    }
}

/// Adds the resources of a row to the columns of their parts, of which the last is `listed`.
fn put_resources(cells: &mut Cells<'_>, mut parts: Vec<&mut ColumnBuffer>, row: &[u8]) {
    let count = cells.varint();
    if count == 0 {
        for part in parts {
            part.definitions.push(0);
            part.repetitions.push(0);
        }
        return;
    }
    for number in 0..count {
        let repetition = i16::from(number > 0);
        let Some((listed, texts)) = parts.split_last_mut() else { return };
        for part in texts {
            let cell = cells.next(ColumnKind::Text);
            part.repetitions.push(repetition);
            part.definitions.push(1 + i16::from(cell != Cell::Null));
            part.put(cell, row);
        }
        listed.repetitions.push(repetition);
        listed.definitions.push(1);
        listed.put(Cell::Flag(cells.required_flag()), row);
    }
}

impl ColumnBuffer {
    /// Adds a value. Texts are copied: dictionaries and statistics keep some of them, and a part of the rows would keep
    /// all of them in memory.
    fn put(&mut self, cell: Cell, row: &[u8]) {
        match (&mut self.encoder, cell) {
            (Encoder::Texts(Values { values, .. }), Cell::Text(range)) => {
                let text = row.get(range).unwrap_or_default();
                let value = match values.last() {
                    Some(last) if last.data() == text => last.clone(),
                    _ => ByteArray::from(Bytes::copy_from_slice(text)),
                };
                values.push(value);
            }
            (Encoder::Flags(flags), Cell::Flag(flag)) => flags.values.push(flag),
            (Encoder::Numbers(numbers), Cell::Number(number)) => numbers.values.push(number),
            (Encoder::Counts(counts), Cell::Number(number)) => {
                counts.values.push(i32::try_from(number).unwrap_or(i32::MAX));
            }
            _ => {}
        }
    }

    /// Encodes the values.
    fn flush(&mut self) -> Result<()> {
        let definitions = Some(self.definitions.as_slice()).filter(|levels| !levels.is_empty());
        let repetitions = Some(self.repetitions.as_slice()).filter(|levels| !levels.is_empty());
        match &mut self.encoder {
            Encoder::Texts(values) => values.flush(definitions, repetitions),
            Encoder::Flags(values) => values.flush(definitions, repetitions),
            Encoder::Numbers(values) => values.flush(definitions, repetitions),
            Encoder::Counts(values) => values.flush(definitions, repetitions),
        }?;
        self.definitions.clear();
        self.repetitions.clear();
        Ok(())
    }
}

/// The bytes of a column chunk, which its writer and its row group share.
#[derive(Clone, Default)]
struct SharedChunk(Arc<Mutex<Vec<u8>>>);

impl SharedChunk {
    fn with<T>(&self, with: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn len(&self) -> usize {
        self.with(|bytes| bytes.len())
    }

    fn take(&self) -> Bytes {
        Bytes::from(self.with(std::mem::take))
    }
}

impl Write for SharedChunk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.with(|chunk| chunk.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the pages of a column chunk into memory. The library's own writer borrows its output.
struct Pages {
    out: TrackedWrite<SharedChunk>,
}

impl PageWriter for Pages {
    fn write_page(&mut self, page: CompressedPage) -> Result<PageWriteSpec> {
        SerializedPageWriter::new(&mut self.out).write_page(page)
    }

    fn close(&mut self) -> Result<()> {
        Ok(self.out.flush()?)
    }
}
