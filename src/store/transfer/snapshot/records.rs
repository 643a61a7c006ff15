//! The records of a snapshot that is not a copy of a file: packed anew, or as plain text.

use std::path::Path;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use rusqlite::{Connection, Error, params};
use xxhash_rust::xxh3::xxh3_64;

use crate::activity;
use crate::store::open::open_read_only;
use crate::store::records::block::{BLOCK_BYTES, BLOCK_RECORDS, Reader};
use crate::store::records::dictionary::Dictionaries;
use crate::store::records::ngram_filter::FilterWriter;
use crate::store::records::packer::{Packed, Packer};
use crate::store::schema::plain_tables;
use crate::store::transfer::parallel;

/// Records that a thread takes at a time: few enough for all threads to have work in a small selection.
const RECORDS_A_TURN: usize = 8 * BLOCK_RECORDS;

/// Records side by side.
pub(crate) struct RecordRun {
    /// The place of the first among those that are kept.
    first: usize,
    lengths: Vec<u32>,
    /// The records, unless they are packed.
    bytes: Vec<u8>,
    hashes: Vec<u8>,
    /// The packer of the records, if they are packed.
    packed: Option<Packed>,
}

/// Reads the records of these events, and packs them unless they shall be plain.
pub(crate) fn read(case: &Path, kept: &[i64], plain: bool, out: &Sender<RecordRun>) -> rusqlite::Result<()> {
    let open = || open_read_only(case).map_err(|error| Error::UserFunctionError(Box::new(error)));
    let dictionaries = Arc::new(Dictionaries::of(&open()?)?);
    let begin = || -> rusqlite::Result<_> {
        let packer = Packer::new(Arc::clone(&dictionaries)).map_err(|error| Error::UserFunctionError(error.into()))?;
        let connection = open()?;
        connection.execute_batch("PRAGMA cache_size = -1024; PRAGMA mmap_size = 0x7fffffff0000")?;
        Ok((connection, Reader::in_order(), packer))
    };
    let turns: Vec<(usize, &[i64])> =
        kept.chunks(RECORDS_A_TURN).enumerate().map(|(at, ids)| (at * RECORDS_A_TURN, ids)).collect();
    parallel::in_order(
        &turns,
        begin,
        |(connection, reader, packer), (first, ids)| {
            gather(connection, reader, (!plain).then_some(packer), *first, ids)
        },
        |gathered| {
            for some in gathered {
                // The writer met an error, which is reported instead.
                out.send(some).map_err(|_| Error::UserFunctionError("the writer ended".into()))?;
            }
            Ok(())
        },
    )
}

/// Returns the records of some events, in blocks.
fn gather(
    connection: &Connection,
    reader: &mut Reader,
    mut packer: Option<&mut Packer>,
    first: usize,
    ids: &[i64],
) -> rusqlite::Result<Vec<RecordRun>> {
    let mut all = Vec::new();
    let new = |first| RecordRun { first, lengths: Vec::new(), bytes: Vec::new(), hashes: Vec::new(), packed: None };
    let mut open = new(first);
    for (at, id) in (first..).zip(ids) {
        let length = reader.with(connection, *id, |record| {
            open.bytes.extend_from_slice(record);
            open.hashes.extend_from_slice(&xxh3_64(record).to_le_bytes());
            record.len()
        })?;
        let Some(length) = length else { return Err(missing(*id)) };
        if !open.lengths.is_empty() && (open.lengths.len() == BLOCK_RECORDS || open.bytes.len() > BLOCK_BYTES) {
            // The record opens the next block.
            let mut next = new(at);
            let record = open.bytes.split_off(open.bytes.len() - length);
            next.hashes = open.hashes.split_off(open.hashes.len() - 8);
            next.bytes = open.close(packer.as_deref_mut())?;
            next.bytes.extend_from_slice(&record);
            all.push(std::mem::replace(&mut open, next));
        }
        open.lengths.push(length as u32);
    }
    open.close(packer)?;
    all.push(open);
    Ok(all)
}

impl RecordRun {
    /// Packs the records, unless they shall be plain. Returns memory for those of the next block.
    fn close(&mut self, packer: Option<&mut Packer>) -> rusqlite::Result<Vec<u8>> {
        let Some(packer) = packer else { return Ok(Vec::new()) };
        let packed = packer.pack(&self.lengths, &self.bytes);
        self.packed = Some(packed.map_err(|error| Error::UserFunctionError(error.into()))?);
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        Ok(bytes)
    }
}

/// Returns the error of an event without a record.
fn missing(id: i64) -> Error {
    let corrupt = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    Error::SqliteFailure(corrupt, Some(format!("the record of event {id} is missing")))
}

/// Writes packed blocks. `times`: those of all events, which are numbered from 1.
pub(crate) fn write_packed(
    connection: &Connection,
    blocks: &Receiver<RecordRun>,
    times: &[Option<i64>],
) -> rusqlite::Result<()> {
    let mut groups = FilterWriter::of(connection)?;
    let mut insert =
        connection.prepare("INSERT INTO record_blocks (id, dictionary, hashes, data) VALUES (?1, ?2, ?3, ?4)")?;
    let mut dictionary = 0;
    for block in blocks {
        let Some(packed) = block.packed else { continue };
        if let Some(used) = packed.dictionary.as_ref().filter(|used| used.id != dictionary) {
            used.keep(connection)?;
            dictionary = used.id;
        }
        let (first, records) = (block.first as i64 + 1, block.lengths.len());
        activity::advance(records as u64);
        insert.execute(params![first, packed.dictionary_id(), block.hashes, packed.data])?;
        let times = || times.iter().skip(block.first).take(records).flatten().copied();
        groups.add(connection, first, records as i64, times().min().zip(times().max()), &packed.filter)?;
    }
    groups.keep(connection)
}

/// Writes records as plain text. `number`: the event of each place.
pub(crate) fn write_plain(
    connection: &Connection,
    blocks: &Receiver<RecordRun>,
    number: impl Fn(usize) -> i64,
    full_text: bool,
) -> rusqlite::Result<()> {
    connection.execute_batch(plain_tables::RECORDS)?;
    // A record is UTF-8, or it would not have been stored; SQLite is not asked to look again.
    let mut insert = connection.prepare("INSERT INTO records (id, record) VALUES (?1, CAST(?2 AS TEXT))")?;
    for block in blocks {
        let mut rest = block.bytes.as_slice();
        for (at, length) in (block.first..).zip(&block.lengths) {
            let (record, after) = rest.split_at(rest.len().min(*length as usize));
            rest = after;
            insert.execute(params![number(at), record])?;
        }
    }
    if full_text { connection.execute_batch(plain_tables::FULL_TEXT) } else { Ok(()) }
}
