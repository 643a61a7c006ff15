//! Packing records into compressed blocks.

use std::io;
use std::sync::Arc;

use zstd::zstd_safe::CParameter;

use crate::store::records::block::BLOCK_RECORDS;
use crate::store::records::dictionary::{Dictionaries, Dictionary};
use crate::store::records::ngram_filter::NgramFilter;
use crate::store::records::ngrams::NgramSet;

/// zstd's level: the fastest; higher ones cost more time than they save space.
const LEVEL: i32 = 1;
/// Bits of the table of texts that zstd has met. The level's own 14 are few for a dictionary and a block: one more takes
/// 9 % less time and 4.5 % less space, two more take longer again.
const HASH_LOG: u32 = 15;

/// The bytes of the header of a block with [`BLOCK_RECORDS`] records: their number, and the length of each.
pub(crate) const HEADER_ROOM: usize = 4 + 4 * BLOCK_RECORDS;

/// Packs records into blocks.
pub(crate) struct Packer {
    dictionaries: Arc<Dictionaries>,
    /// The dictionary that the compressor has.
    dictionary: Option<Arc<Dictionary>>,
    compressor: zstd::bulk::Compressor<'static>,
    plain: Vec<u8>,
    ngrams: NgramSet,
}

/// A packed block.
pub(crate) struct Packed {
    pub(crate) data: Vec<u8>,
    /// The dictionary without which it cannot be read.
    pub(crate) dictionary: Option<Arc<Dictionary>>,
    pub(crate) filter: NgramFilter,
}

impl Packed {
    /// Returns the number of its dictionary; 0 is none.
    pub(crate) fn dictionary_id(&self) -> i64 {
        self.dictionary.as_ref().map_or(0, |dictionary| dictionary.id)
    }
}

impl Packer {
    /// Creates a packer. Workers that share `dictionaries` pack with the same one.
    pub(crate) fn new(dictionaries: Arc<Dictionaries>) -> io::Result<Packer> {
        let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
        compressor.set_parameter(CParameter::HashLog(HASH_LOG))?;
        Ok(Packer { dictionaries, dictionary: None, compressor, plain: Vec::new(), ngrams: NgramSet::new() })
    }

    /// Packs at most [`BLOCK_RECORDS`] records, given their concatenated bytes and the length of each.
    pub(crate) fn pack(&mut self, lengths: &[u32], bytes: &[u8]) -> io::Result<Packed> {
        let mut buffer = std::mem::take(&mut self.plain);
        buffer.clear();
        buffer.resize(HEADER_ROOM, 0);
        buffer.extend_from_slice(bytes);
        let packed = self.pack_in_place(lengths, &mut buffer);
        self.plain = buffer;
        packed
    }

    /// Packs records as [`Packer::pack`], without a copy: before them are [`HEADER_ROOM`] bytes for the block's header.
    pub(crate) fn pack_in_place(&mut self, lengths: &[u32], buffer: &mut [u8]) -> io::Result<Packed> {
        let start = HEADER_ROOM.checked_sub(4 + 4 * lengths.len());
        let start = start.ok_or_else(|| io::Error::other("a block of records has too many"))?;
        let header = std::iter::once(lengths.len() as u32).chain(lengths.iter().copied()).flat_map(u32::to_le_bytes);
        for (to, byte) in buffer[start..HEADER_ROOM].iter_mut().zip(header) {
            *to = byte;
        }
        let bytes = &buffer[HEADER_ROOM..];
        match (&self.dictionary, self.dictionaries.ready()) {
            (None, None) => self.dictionaries.learn(lengths, bytes),
            (None, Some(ready)) => {
                self.compressor.set_dictionary(LEVEL, &ready.bytes)?;
                self.dictionary = Some(Arc::clone(ready));
            }
            (Some(_), _) => {}
        }
        let data = self.compressor.compress(&buffer[start..])?;
        let filter = NgramFilter::of(&mut self.ngrams, lengths, bytes);
        Ok(Packed { data, dictionary: self.dictionary.clone(), filter })
    }
}

/// Packs records into blocks, and returns the size of the blocks in bytes: what a bench measures.
///
/// # Errors
/// There is not enough memory.
pub(crate) fn packed_size(records: &[&str]) -> io::Result<usize> {
    let mut packer = Packer::new(Arc::new(Dictionaries::in_the_making()))?;
    let blocks = records.chunks(BLOCK_RECORDS).map(|block| {
        let lengths: Vec<u32> = block.iter().map(|record| record.len() as u32).collect();
        Ok(packer.pack(&lengths, block.concat().as_bytes())?.data.len())
    });
    blocks.sum()
}
