//! Reading records: unpacking compressed blocks, and finding a record by the id of its event.
//!
//! Others read records by [`Reader::with`], one by the id of its event, or by [`each_block`], all in order. A block may
//! also hold records that proved to be duplicates: only the ids in `events` are events. A snapshot for other programs
//! has them as plain text in a table `records` instead.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row};

use crate::store::records::dictionary::Dictionary;

/// The number of records of a block.
pub(crate) const BLOCK_RECORDS: usize = 64;
/// A block is closed before it holds more than this many bytes of records.
pub(crate) const BLOCK_BYTES: usize = 1 << 20;
/// No block unpacks to more: its last record may be as large as a value of a trail file may be.
const MAX_BYTES: usize = 64 << 20;
/// No case has events or blocks with a higher number: 2^53, which a JSON number holds too.
pub(crate) const MAX_ID: i64 = 1 << 53;
/// The number of unpacked blocks that a reader caches for random access.
const CACHED_BLOCKS: usize = 64;

/// An unpacked block.
#[derive(Debug, Default)]
pub(crate) struct Block {
    plain: Vec<u8>,
    /// The start of each record in `plain`, and the end of the last one.
    starts: Vec<usize>,
}

impl Block {
    /// Finds the records in what was unpacked.
    fn find_records(&mut self) -> io::Result<()> {
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "a block of records is damaged");
        let plain = &self.plain;
        let number = |at: usize| -> Option<usize> {
            let bytes: [u8; 4] = plain.get(at..at + 4)?.try_into().ok()?;
            usize::try_from(u32::from_le_bytes(bytes)).ok()
        };
        let count = number(0).ok_or_else(damaged)?;
        let mut start = count.checked_mul(4).and_then(|size| size.checked_add(4)).ok_or_else(damaged)?;
        self.starts.clear();
        self.starts.push(start);
        for index in 0..count {
            start += number(4 + 4 * index).ok_or_else(damaged)?;
            self.starts.push(start);
        }
        if start == plain.len() { Ok(()) } else { Err(damaged()) }
    }

    /// Returns the records in order.
    pub(crate) fn records(&self) -> impl Iterator<Item = &[u8]> {
        self.starts.iter().zip(self.starts.iter().skip(1)).filter_map(|(start, end)| self.plain.get(*start..*end))
    }

    /// Returns the record at this index of the block.
    pub(crate) fn record(&self, index: usize) -> Option<&[u8]> {
        let (start, end) = (*self.starts.get(index)?, *self.starts.get(index + 1)?);
        self.plain.get(start..end)
    }
}

/// Unpacks blocks, and keeps the dictionaries for it.
#[derive(Default)]
pub(crate) struct Unpacker {
    /// By the number of their dictionary.
    decompressors: Vec<(i64, zstd::bulk::Decompressor<'static>)>,
}

impl Unpacker {
    /// Unpacks a row `id, dictionary, data` of `record_blocks` into `block`, and returns its id.
    pub(crate) fn unpack_row(
        &mut self,
        connection: &Connection,
        row: &Row<'_>,
        block: &mut Block,
    ) -> rusqlite::Result<i64> {
        self.unpack(connection, row.get(1)?, row.get_ref(2)?.as_blob()?, block)?;
        let id: i64 = row.get(0)?;
        // Ids that are counted up from here must not overflow.
        if (0..=MAX_ID).contains(&id) { Ok(id) } else { Err(rusqlite::Error::IntegralValueOutOfRange(0, id)) }
    }

    /// Unpacks a block that was packed with the dictionary of this number.
    pub(crate) fn unpack(
        &mut self,
        connection: &Connection,
        dictionary: i64,
        data: &[u8],
        block: &mut Block,
    ) -> rusqlite::Result<()> {
        let damaged = |error: io::Error| {
            rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Blob, Box::new(error))
        };
        let at = match self.decompressors.iter().position(|(id, _)| *id == dictionary) {
            Some(at) => at,
            None => {
                let bytes = match dictionary {
                    0 => Vec::new(),
                    id => match Dictionary::load(connection, id)? {
                        Some(dictionary) => dictionary.bytes,
                        None => return Err(damaged(io::Error::other("the dictionary of a block is missing"))),
                    },
                };
                let decompressor = zstd::bulk::Decompressor::with_dictionary(&bytes).map_err(damaged)?;
                self.decompressors.push((dictionary, decompressor));
                self.decompressors.len() - 1
            }
        };
        block.plain.clear();
        let size = zstd::bulk::Decompressor::upper_bound(data).filter(|size| *size <= MAX_BYTES);
        let size = size.ok_or_else(|| damaged(io::Error::other("a block of records is damaged")))?;
        block.plain.reserve(size);
        self.decompressors[at].1.decompress_to_buffer(data, &mut block.plain).map_err(damaged)?;
        block.find_records().map_err(damaged)
    }
}

/// Unpacks a block without a dictionary, and looks at each of its records. Damaged data is an error, which is passed over:
/// what a fuzz target calls.
pub(crate) fn check_block(data: &[u8]) {
    let Ok(connection) = Connection::open_in_memory() else { return };
    let mut block = Block::default();
    if Unpacker::default().unpack(&connection, 0, data, &mut block).is_ok() {
        assert_eq!(block.records().count(), (0..).take_while(|index| block.record(*index).is_some()).count());
    }
}

/// Calls `look` with every block from this id on, in order: the id of its first record, and the block.
pub(crate) fn each_block(
    connection: &Connection,
    from: i64,
    mut look: impl FnMut(i64, &Block) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut select =
        connection.prepare_cached("SELECT id, dictionary, data FROM record_blocks WHERE id >= ?1 ORDER BY id")?;
    let mut rows = select.query([from])?;
    let (mut unpacker, mut block) = (Unpacker::default(), Block::default());
    while let Some(row) = rows.next()? {
        let id = unpacker.unpack_row(connection, row, &mut block)?;
        look(id, &block)?;
    }
    Ok(())
}

/// Reports whether a case has records as plain text.
pub(crate) fn are_plain(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'records')";
    connection.query_row(sql, [], |row| row.get(0))
}

/// Reads records by the id of their event, with the last few blocks kept unpacked.
pub(crate) struct Reader {
    blocks: VecDeque<(i64, Arc<Block>)>,
    /// The number of blocks that are cached.
    most: usize,
    unpacker: Unpacker,
    /// True if records that are in no block are plain text, once it was asked.
    plain: Option<bool>,
}

impl Default for Reader {
    fn default() -> Reader {
        Reader { blocks: VecDeque::new(), most: CACHED_BLOCKS, unpacker: Unpacker::default(), plain: None }
    }
}

impl Reader {
    /// One that is asked in rising order: it keeps a single block, whose memory stays in a core's own cache.
    pub(crate) fn in_order() -> Reader {
        Reader { most: 1, ..Reader::default() }
    }

    /// Applies `look` to the record of the event with this id; `None` where there is none.
    pub(crate) fn with<T>(
        &mut self,
        connection: &Connection,
        id: i64,
        look: impl FnOnce(&[u8]) -> T,
    ) -> rusqlite::Result<Option<T>> {
        if let Some((first, block)) = self.block(connection, id)?
            && let Some(record) = block.record(place(id, first))
        {
            return Ok(Some(look(record)));
        }
        let plain = match self.plain {
            Some(plain) => plain,
            None => *self.plain.insert(are_plain(connection)?),
        };
        if !plain {
            return Ok(None);
        }
        let mut find = connection.prepare_cached("SELECT record FROM records WHERE id = ?1")?;
        find.query_row([id], |row| Ok(look(row.get_ref(0)?.as_bytes()?))).optional()
    }

    /// Unpacks a block that is not in the case yet.
    pub(crate) fn unpack(&mut self, connection: &Connection, dictionary: i64, data: &[u8]) -> rusqlite::Result<Block> {
        let mut block = Block::default();
        self.unpacker.unpack(connection, dictionary, data, &mut block)?;
        Ok(block)
    }

    fn block(&mut self, connection: &Connection, id: i64) -> rusqlite::Result<Option<(i64, Arc<Block>)>> {
        let near = |first: i64| place(id, first) < BLOCK_RECORDS;
        let held =
            self.blocks.iter().position(|(first, block)| near(*first) && block.record(place(id, *first)).is_some());
        if let Some(found) = held.and_then(|at| self.blocks.remove(at)) {
            self.blocks.push_front((found.0, Arc::clone(&found.1)));
            return Ok(Some(found));
        }
        let mut find = connection
            .prepare_cached("SELECT id, dictionary, data FROM record_blocks WHERE id <= ?1 ORDER BY id DESC LIMIT 1")?;
        // The memory of a block that is given up is taken for the next one.
        let given_up = if self.blocks.len() >= self.most { self.blocks.pop_back() } else { None };
        let mut block = given_up.and_then(|(_, block)| Arc::into_inner(block)).unwrap_or_default();
        let found = find.query_row([id], |row| {
            let first = self.unpacker.unpack_row(connection, row, &mut block)?;
            Ok((first, Arc::new(block)))
        });
        let found = found.optional()?;
        if let Some((first, block)) = &found {
            self.blocks.push_front((*first, Arc::clone(block)));
        }
        Ok(found)
    }
}

/// Returns the place of an event in the block that begins with `first`; none that a block has where it comes before.
pub(crate) fn place(id: i64, first: i64) -> usize {
    id.checked_sub(first).and_then(|place| usize::try_from(place).ok()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rusqlite::Connection;

    use super::{Block, Reader, Unpacker};
    use crate::store::records::dictionary::Dictionaries;
    use crate::store::records::packer::Packer;

    fn case() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../../../migrations/0001_case.sql")).unwrap();
        connection
    }

    #[test]
    fn a_block_gives_back_what_was_packed() {
        let case = case();
        let mut packer = Packer::new(Arc::new(Dictionaries::of(&case).unwrap())).unwrap();
        let records: [&[u8]; 3] = [b"{\"a\":1}", b"", b"{}"];
        let lengths = records.map(|record| record.len() as u32);
        let packed = packer.pack(&lengths, &records.concat()).unwrap();
        assert!(packed.dictionary.is_none(), "three records have no dictionary");
        let block = Reader::default().unpack(&case, packed.dictionary_id(), &packed.data).unwrap();
        for (index, record) in records.iter().enumerate() {
            assert_eq!(block.record(index), Some(*record));
        }
        assert_eq!(block.record(3), None);
    }

    #[test]
    fn many_records_make_a_dictionary_that_makes_blocks_smaller() {
        let case = case();
        let mut packer = Packer::new(Arc::new(Dictionaries::of(&case).unwrap())).unwrap();
        let record = |number: u64| {
            let name = ["Describe", "Create", "Delete"][number as usize % 3];
            let id = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            format!("{{\"eventID\":\"{id:016x}\",\"eventName\":\"{name}Volume\",\"userAgent\":\"a long text\"}}")
        };
        let mut pack = |from: u64, count: u64| {
            let records: Vec<String> = (from..from + count).map(record).collect();
            let lengths: Vec<u32> = records.iter().map(|record| record.len() as u32).collect();
            (packer.pack(&lengths, records.concat().as_bytes()).unwrap(), records)
        };
        let (before, _) = pack(0, 3);
        for number in 0..64 {
            pack(3 + number * 64, 64);
        }
        let (after, records) = pack(10_000, 3);
        let dictionary = after.dictionary.as_ref().unwrap();
        assert!(before.dictionary.is_none() && after.data.len() < before.data.len());
        assert!(
            Reader::default().unpack(&case, after.dictionary_id(), &after.data).is_err(),
            "the case has no such dictionary yet"
        );
        dictionary.keep(&case).unwrap();
        dictionary.keep(&case).unwrap();
        let block = Reader::default().unpack(&case, after.dictionary_id(), &after.data).unwrap();
        assert_eq!(block.record(2), Some(records[2].as_bytes()));
        let again = Arc::new(Dictionaries::of(&case).unwrap());
        let packed = Packer::new(again).unwrap().pack(&[2], b"{}").unwrap();
        assert_eq!(packed.dictionary.unwrap().bytes, dictionary.bytes, "the next import has the same");
    }

    #[test]
    fn a_damaged_block_is_an_error() {
        let case = case();
        let unpack = |data: &[u8]| Unpacker::default().unpack(&case, 0, data, &mut Block::default());
        assert!(unpack(&zstd::bulk::compress(&[200, 0, 0, 0, 1, 2], 1).unwrap()).is_err());
        assert!(unpack(&zstd::bulk::compress(&vec![0; 65 << 20], 1).unwrap()).is_err(), "no block is that large");
        assert!(unpack(b"nonsense").is_err());
    }
}
