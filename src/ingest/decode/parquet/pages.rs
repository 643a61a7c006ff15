//! Pages of a column chunk, checked before the library allocates for them.

use std::fs::File;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Buf as _, Bytes};
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length, SerializedPageReader};

use crate::ingest::decode::parquet::thrift::{Cursor, Field, I32, Malformed};
use crate::ingest::expansion::Expansion;

/// The largest page, compressed or not. Engines write pages of about 1 MiB, and larger ones for a large value.
const MAX_PAGE: i64 = 64 << 20;
/// The most rows of a page.
const MAX_ROWS: u32 = 16 << 20;
/// The bytes at the begin of a page header that have its sizes: three fields of one byte and a number each.
const SIZES: usize = 3 * (1 + 10);

/// A file that can be sought in.
pub(super) enum Input {
    /// In memory.
    Memory(Bytes),
    /// A temporary file, whose position its readers share.
    File(Arc<Mutex<File>>),
}

/// Locks a file. A panic while the lock was held leaves only its position, which is set anew.
pub(super) fn lock(file: &Mutex<File>) -> MutexGuard<'_, File> {
    file.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads a file for the library, and refuses sizes that no file of records has.
pub(super) struct CheckedReader {
    pub(super) input: Input,
    pub(super) expansion: Arc<Expansion>,
}

impl CheckedReader {
    /// Checks the sizes in the header of the page that begins at a place. The library asks for a reader only there.
    fn check_header(&self, start: u64) -> Result<()> {
        let head = self.input.read_at(start, SIZES)?;
        let (plain, packed) = page_sizes(&head).map_err(|reason| general(&format!("a page header {reason}")))?;
        for size in [plain, packed] {
            if !(0..=MAX_PAGE).contains(&size) {
                return Err(general(&format!("a page of {size} bytes; at most {MAX_PAGE} are read")));
            }
        }
        self.expansion.charge(plain.unsigned_abs())?;
        Ok(())
    }
}

/// Reads the size of a page, and its size as it is compressed: the second and the third field of its header.
fn page_sizes(head: &[u8]) -> std::result::Result<(i64, i64), Malformed> {
    let mut cursor = Cursor::new(head);
    let mut sizes = [0; 3];
    for (id, size) in (1..).zip(&mut sizes) {
        if cursor.field(id - 1)? != Some(Field { id, kind: I32 }) {
            return Err("has no sizes");
        }
        *size = cursor.number()?;
    }
    Ok((sizes[1], sizes[2]))
}

fn general(reason: &str) -> ParquetError {
    ParquetError::General(reason.to_owned())
}

impl Length for CheckedReader {
    fn len(&self) -> u64 {
        self.input.len()
    }
}

impl ChunkReader for CheckedReader {
    type T = Tail;

    fn get_read(&self, start: u64) -> Result<Tail> {
        self.check_header(start)?;
        Ok(Tail { input: self.input.share(), at: start, ahead: Bytes::new() })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        if length as i64 > MAX_PAGE {
            return Err(general(&format!("a page of {length} bytes; at most {MAX_PAGE} are read")));
        }
        let bytes = self.input.read_at(start, length)?;
        if bytes.len() == length { Ok(bytes) } else { Err(ParquetError::EOF("the file ends in a page".to_owned())) }
    }
}

impl Input {
    fn share(&self) -> Input {
        match self {
            Input::Memory(bytes) => Input::Memory(bytes.clone()),
            Input::File(file) => Input::File(Arc::clone(file)),
        }
    }
}

/// A file from a place on.
pub(super) struct Tail {
    input: Input,
    at: u64,
    ahead: Bytes,
}

impl Read for Tail {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ahead.is_empty() {
            // A header with statistics has some hundred bytes.
            self.ahead = self.input.read_at(self.at, 512)?;
            self.at += self.ahead.len() as u64;
        }
        let count = buffer.len().min(self.ahead.len());
        self.ahead.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

/// The pages of a chunk.
pub(super) struct CheckedPages {
    pages: SerializedPageReader<CheckedReader>,
    /// True if rows may be NULL: pages then begin with levels.
    has_levels: bool,
    has_dictionary: bool,
}

impl CheckedPages {
    /// Opens a chunk.
    ///
    /// # Errors
    /// The reason why it is not in the file, or not readable.
    pub(super) fn open(
        reader: &Arc<CheckedReader>,
        chunk: &ColumnChunkMetaData,
        rows: i64,
    ) -> std::result::Result<CheckedPages, String> {
        let length = i64::try_from(reader.len()).unwrap_or(i64::MAX);
        let start = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
        let end = start.checked_add(chunk.compressed_size());
        let is_inside = start >= 0 && chunk.compressed_size() >= 0 && end.is_some_and(|end| end <= length);
        if !is_inside || rows < 0 {
            return Err("has a column that is not in the file".to_owned());
        }
        let pages = SerializedPageReader::new(Arc::clone(reader), chunk, rows as usize, None);
        let pages = pages.map_err(|error| match chunk.compression() {
            parquet::basic::Compression::UNCOMPRESSED => error.to_string(),
            codec => {
                let codec = codec.to_string();
                let name = codec.split('(').next().unwrap_or_default().to_lowercase();
                format!("is compressed with {name}, which is not read: write it with zstd or snappy")
            }
        })?;
        let has_levels = chunk.column_descr().max_def_level() > 0;
        Ok(CheckedPages { pages, has_levels, has_dictionary: false })
    }

    /// Checks what the library allocates by, or takes for granted, in a page.
    fn check(&mut self, page: &Page) -> Result<()> {
        let size = page.buffer().len();
        if page.num_values() > MAX_ROWS {
            return Err(general("a page of too many rows"));
        }
        let is_indexed = |encoding: Encoding| matches!(encoding, Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY);
        match page {
            Page::DictionaryPage { num_values, .. } => {
                // A value has its length before it.
                if self.has_dictionary || *num_values as usize > size / 4 {
                    return Err(general("a dictionary of more values than it has bytes for"));
                }
                self.has_dictionary = true;
                return Ok(());
            }
            Page::DataPage { buf, def_level_encoding, .. } if self.has_levels => {
                let length = buf.first_chunk().map(|length| u32::from_le_bytes(*length) as usize);
                if *def_level_encoding != Encoding::RLE || length.is_none_or(|length| length > size - 4) {
                    return Err(general("a page whose levels are not in it"));
                }
            }
            Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, num_values, num_nulls, .. } => {
                let levels = u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len);
                if levels > size as u64 || num_nulls > num_values {
                    return Err(general("a page whose levels are not in it"));
                }
            }
            Page::DataPage { .. } => {}
        }
        match page.encoding() {
            Encoding::PLAIN => Ok(()),
            encoding if is_indexed(encoding) && self.has_dictionary => Ok(()),
            encoding if is_indexed(encoding) => Err(general("a page of a dictionary that is missing")),
            encoding => {
                Err(general(&format!("a page in the encoding {encoding}; plain and dictionary pages are read")))
            }
        }
    }
}

impl Iterator for CheckedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for CheckedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        if let Some(page) = &page {
            self.check(page)?;
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }
}
