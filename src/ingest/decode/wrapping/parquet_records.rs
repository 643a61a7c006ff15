//! Parquet files with records in a column.

use crate::file_magic;
use crate::ingest::decode::content::{Content, Wrapping};
use crate::ingest::decode::parquet;
use crate::ingest::decode::sink::{Decoded, Sink};

/// One column of records.
pub(super) struct ParquetRecords;

impl Wrapping for ParquetRecords {
    fn recognize(&self, head: &[u8]) -> bool {
        head.starts_with(file_magic::PARQUET)
    }

    fn decode(&self, content: Content<'_>, _: bool, sink: &mut dyn Sink) -> Decoded {
        parquet::decode(content, sink)
    }
}
