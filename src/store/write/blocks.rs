//! Blocks of records on their way into a case, with the dictionary and the filters that belong to them.

use rusqlite::{Connection, OptionalExtension, Statement, params};

use crate::store::records::block;
use crate::store::records::ngram_filter::FilterWriter;
use crate::store::records::packer::Packed;
use crate::store::write::batch::Batch;

/// Keeps what an import packs.
pub(crate) struct Blocks<'c> {
    connection: &'c Connection,
    groups: FilterWriter,
    /// The dictionary that the case is known to have.
    dictionary: i64,
    insert: Statement<'c>,
}

impl<'c> Blocks<'c> {
    pub(crate) fn of(connection: &'c Connection) -> rusqlite::Result<Blocks<'c>> {
        let sql = "INSERT INTO record_blocks (id, dictionary, hashes, data) VALUES (?1, ?2, ?3, ?4)";
        Ok(Blocks {
            connection,
            groups: FilterWriter::of(connection)?,
            dictionary: 0,
            insert: connection.prepare(sql)?,
        })
    }

    /// Returns the hash of an event's record.
    pub(crate) fn hash_of(&self, event: i64) -> rusqlite::Result<Option<u64>> {
        let mut find = self
            .connection
            .prepare_cached("SELECT id, hashes FROM record_blocks WHERE id <= ?1 ORDER BY id DESC LIMIT 1")?;
        find.query_row([event], |row| {
            let first: i64 = row.get(0)?;
            let at = block::place(event, first).saturating_mul(8);
            let hash = row.get_ref(1)?.as_blob()?.get(at..at.saturating_add(8));
            Ok(hash.and_then(|hash| hash.try_into().ok()).map(u64::from_le_bytes))
        })
        .optional()
        .map(Option::flatten)
    }

    /// Keeps what is needed to read a block.
    pub(crate) fn prepare(&mut self, block: &Packed) -> rusqlite::Result<()> {
        match &block.dictionary {
            Some(dictionary) if dictionary.id != self.dictionary => {
                self.dictionary = dictionary.id;
                dictionary.keep(self.connection)
            }
            _ => Ok(()),
        }
    }

    /// Keeps the block of a batch, of whose events the first has this id.
    pub(crate) fn write(&mut self, id: i64, batch: &Batch) -> rusqlite::Result<()> {
        let hashes: Vec<u8> = batch.hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
        self.insert.execute(params![id, batch.block.dictionary_id(), hashes, batch.block.data])?;
        let times = || batch.events.iter().filter_map(|event| event.time);
        let times = times().min().zip(times().max());
        self.groups.add(self.connection, id, batch.events.len() as i64, times, &batch.block.filter)
    }

    /// Keeps what is still in memory.
    pub(crate) fn finish(&self) -> rusqlite::Result<()> {
        self.groups.keep(self.connection)
    }
}
