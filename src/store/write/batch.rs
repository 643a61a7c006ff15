//! Batches: the unit that workers hand to the writer.

use std::io;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use xxhash_rust::xxh3::xxh3_64;

use crate::event::Event;
use crate::store::event_sum::{EventHasher, EventSum, Hash};
use crate::store::key::KeyBuilder;
use crate::store::records::dictionary::Dictionaries;
use crate::store::records::packer::{HEADER_ROOM, Packed, Packer};
use crate::store::rollup::value_counts::{BatchValues, ValueCounts};
use crate::store::write::intern::InternKeys;

/// Up to `BLOCK_RECORDS` events of one file, with their records as a packed block.
pub(crate) struct Batch {
    pub(crate) events: Vec<Event>,
    /// The keys of each event's parts.
    pub(crate) keys: Vec<InternKeys>,
    /// XXH3-64 of each record's bytes.
    pub(crate) hashes: Vec<u64>,
    /// The root of each in the digest of the case's events.
    pub(crate) roots: Vec<Hash>,
    /// The sum of all of them: a batch without duplicates is added at once.
    pub(crate) sum: Box<EventSum>,
    /// The values of their attributes: a batch without duplicates is counted at once.
    pub(crate) values: BatchValues,
    /// Their records.
    pub(crate) block: Packed,
    /// True if the records were made from rows of a CSV download.
    pub(crate) from_csv: bool,
    /// The way back to the worker that made it.
    home: Sender<Batch>,
}

impl Batch {
    /// Gives a batch that is written back to its worker, which frees it: what another thread frees costs the allocator
    /// several times more, and the writer's time is the scarce one.
    pub(crate) fn give_back(self) {
        let home = self.home.clone();
        // A worker that is done takes nothing back.
        let _ = home.send(self);
    }
}

/// Events that are made anew from records that the case has.
pub(crate) struct EventBatch {
    pub(crate) events: Vec<Event>,
    /// The keys of each event's parts.
    pub(crate) keys: Vec<InternKeys>,
}

/// Gathers events that are made anew.
#[derive(Default)]
pub(crate) struct EventBatchBuilder {
    key_builder: KeyBuilder,
    events: Vec<Event>,
    keys: Vec<InternKeys>,
}

impl EventBatchBuilder {
    /// Adds an event.
    pub(crate) fn push(&mut self, event: Event) {
        self.keys.push(self.key_builder.keys(&event));
        self.events.push(event);
    }

    /// Takes the events.
    pub(crate) fn take(&mut self) -> EventBatch {
        EventBatch { events: std::mem::take(&mut self.events), keys: std::mem::take(&mut self.keys) }
    }
}

/// Events with their records, as they are gathered.
pub(crate) struct Gathered {
    pub(super) events: Vec<Event>,
    pub(super) lengths: Vec<u32>,
    /// The records, after room for the header of their block.
    pub(super) records: Vec<u8>,
    pub(super) from_csv: bool,
    /// The way back to the worker that gathers them.
    pub(super) home: Sender<Batch>,
}

/// Makes batches of what is gathered. A worker has one of its own.
pub(crate) struct Assembler {
    packer: Packer,
    event_hasher: EventHasher,
    key_builder: KeyBuilder,
    values: ValueCounts,
}

impl Assembler {
    pub(super) fn new(dictionaries: Arc<Dictionaries>) -> io::Result<Assembler> {
        Ok(Assembler {
            packer: Packer::new(dictionaries)?,
            event_hasher: EventHasher::default(),
            key_builder: KeyBuilder::default(),
            values: ValueCounts::default(),
        })
    }

    /// Makes a batch, and returns the buffer of the records beside it.
    ///
    /// # Errors
    /// There is not enough memory to compress the records.
    pub(super) fn assemble(&mut self, gathered: Gathered) -> (io::Result<Batch>, Vec<u8>) {
        let Gathered { events, lengths, mut records, from_csv, home } = gathered;
        let mut rest = &records[HEADER_ROOM..];
        let each: Vec<(&[u8], &[u8])> = (events.iter().zip(&lengths))
            .map(|(event, length)| {
                let (record, after) = rest.split_at(*length as usize);
                rest = after;
                (event.event_id.as_bytes(), record)
            })
            .collect();
        let hashes = each.iter().map(|(_, record)| xxh3_64(record)).collect();
        let mut roots = Vec::new();
        self.event_hasher.roots(&each, &mut roots);
        let sum = Box::new(self.event_hasher.sum(&roots));
        events.iter().for_each(|event| self.values.add(event));
        let values = self.values.take();
        let keys = events.iter().map(|event| self.key_builder.keys(event)).collect();
        let packed = self.packer.pack_in_place(&lengths, &mut records);
        let batch = packed.map(|block| Batch { events, keys, hashes, roots, sum, values, block, from_csv, home });
        (batch, records)
    }
}

/// A batch, or what will be one: another worker may still be making it.
pub(crate) enum AssembledBatch {
    Made(Box<io::Result<Batch>>),
    InTheMaking(Receiver<io::Result<Batch>>),
}

impl AssembledBatch {
    /// Returns the batch, as soon as it is made.
    ///
    /// # Errors
    /// There was not enough memory to compress the records.
    pub(crate) fn wait(self) -> io::Result<Batch> {
        match self {
            AssembledBatch::Made(batch) => *batch,
            AssembledBatch::InTheMaking(batch) => {
                batch.recv().unwrap_or_else(|_| Err(io::Error::other("a thread that packs records has stopped")))
            }
        }
    }
}
