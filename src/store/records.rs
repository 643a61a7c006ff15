//! The records themselves: packed into compressed blocks, and found again by the id of their event.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};

/// How many records make a block.
pub(crate) const BLOCK_RECORDS: usize = 64;
/// A block is closed before it holds more than this many bytes of records.
pub(crate) const BLOCK_BYTES: usize = 1 << 20;
/// zstd's level: the fastest; higher ones cost more time than they save space.
const LEVEL: i32 = 1;
/// How many unpacked blocks a reader keeps.
const CACHED_BLOCKS: usize = 64;

/// Packs records into blocks.
pub(crate) struct Packer {
    compressor: zstd::bulk::Compressor<'static>,
    plain: Vec<u8>,
}

impl Packer {
    pub(crate) fn new() -> io::Result<Packer> {
        Ok(Packer { compressor: zstd::bulk::Compressor::new(LEVEL)?, plain: Vec::new() })
    }

    /// The block of these records, given their bytes one behind the other and the length of each.
    pub(crate) fn pack(&mut self, lengths: &[u32], bytes: &[u8]) -> io::Result<Vec<u8>> {
        self.plain.clear();
        self.plain.extend_from_slice(&(lengths.len() as u32).to_le_bytes());
        for length in lengths {
            self.plain.extend_from_slice(&length.to_le_bytes());
        }
        self.plain.extend_from_slice(bytes);
        self.compressor.compress(&self.plain)
    }
}

/// An unpacked block.
#[derive(Debug)]
pub(crate) struct Block {
    plain: Vec<u8>,
    /// Where each record begins in `plain`, and where the last one ends.
    starts: Vec<usize>,
}

impl Block {
    /// Unpacks a block.
    pub(crate) fn unpack(data: &[u8]) -> io::Result<Block> {
        let plain = zstd::stream::decode_all(data)?;
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "a block of records is damaged");
        let number = |at: usize| -> Option<usize> {
            let bytes: [u8; 4] = plain.get(at..at + 4)?.try_into().ok()?;
            usize::try_from(u32::from_le_bytes(bytes)).ok()
        };
        let count = number(0).ok_or_else(damaged)?;
        let mut start = count.checked_mul(4).and_then(|size| size.checked_add(4)).ok_or_else(damaged)?;
        let mut starts = Vec::with_capacity(count.min(plain.len()) + 1);
        starts.push(start);
        for index in 0..count {
            start += number(4 + 4 * index).ok_or_else(damaged)?;
            starts.push(start);
        }
        if start != plain.len() {
            return Err(damaged());
        }
        Ok(Block { plain, starts })
    }

    /// The record at this index of the block.
    pub(crate) fn record(&self, index: usize) -> Option<&[u8]> {
        let (start, end) = (*self.starts.get(index)?, *self.starts.get(index + 1)?);
        self.plain.get(start..end)
    }
}

/// Reads records by the id of their event, with the last few blocks kept unpacked.
#[derive(Default)]
pub(crate) struct Reader {
    blocks: VecDeque<(i64, Arc<Block>)>,
}

impl Reader {
    /// Applies `look` to the record of the event with this id; `None` where there is none.
    pub(crate) fn with<T>(
        &mut self,
        connection: &Connection,
        id: i64,
        look: impl FnOnce(&[u8]) -> T,
    ) -> rusqlite::Result<Option<T>> {
        let Some((first, block)) = self.block(connection, id)? else { return Ok(None) };
        let index = usize::try_from(id - first).unwrap_or(usize::MAX);
        Ok(block.record(index).map(look))
    }

    fn block(&mut self, connection: &Connection, id: i64) -> rusqlite::Result<Option<(i64, Arc<Block>)>> {
        let near = |first: i64| id >= first && id - first < BLOCK_RECORDS as i64;
        let held = self.blocks.iter().position(|(first, block)| {
            near(*first) && block.record(usize::try_from(id - first).unwrap_or(usize::MAX)).is_some()
        });
        if let Some(found) = held.and_then(|at| self.blocks.remove(at)) {
            self.blocks.push_front((found.0, Arc::clone(&found.1)));
            return Ok(Some(found));
        }
        let mut find =
            connection.prepare_cached("SELECT id, data FROM record_blocks WHERE id <= ?1 ORDER BY id DESC LIMIT 1")?;
        let found = find
            .query_row([id], |row| {
                let data = row.get_ref(1)?.as_blob()?;
                let block = Block::unpack(data).map_err(|error| {
                    rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Blob, Box::new(error))
                })?;
                Ok((row.get::<_, i64>(0)?, Arc::new(block)))
            })
            .optional()?;
        if let Some((first, block)) = &found {
            self.blocks.truncate(CACHED_BLOCKS - 1);
            self.blocks.push_front((*first, Arc::clone(block)));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, Packer};

    #[test]
    fn a_block_gives_back_what_was_packed() {
        let records: [&[u8]; 3] = [b"{\"a\":1}", b"", b"{}"];
        let lengths = records.map(|record| record.len() as u32);
        let packed = Packer::new().unwrap().pack(&lengths, &records.concat()).unwrap();
        let block = Block::unpack(&packed).unwrap();
        for (index, record) in records.iter().enumerate() {
            assert_eq!(block.record(index), Some(*record));
        }
        assert_eq!(block.record(3), None);
    }

    #[test]
    fn a_damaged_block_is_an_error() {
        let packed = zstd::bulk::compress(&[200, 0, 0, 0, 1, 2], 1).unwrap();
        assert!(Block::unpack(&packed).is_err());
        assert!(Block::unpack(b"nonsense").is_err());
    }
}
