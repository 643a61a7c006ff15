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

    /// Packs records, given their concatenated bytes and the length of each.
    pub(crate) fn pack(&mut self, lengths: &[u32], bytes: &[u8]) -> io::Result<Packed> {
        match (&self.dictionary, self.dictionaries.ready()) {
            (None, None) => self.dictionaries.learn(lengths, bytes),
            (None, Some(ready)) => {
                self.compressor.set_dictionary(LEVEL, &ready.bytes)?;
                self.dictionary = Some(Arc::clone(ready));
            }
            (Some(_), _) => {}
        }
        self.plain.clear();
        self.plain.extend_from_slice(&(lengths.len() as u32).to_le_bytes());
        for length in lengths {
            self.plain.extend_from_slice(&length.to_le_bytes());
        }
        self.plain.extend_from_slice(bytes);
        let data = self.compressor.compress(&self.plain)?;
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
