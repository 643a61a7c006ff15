//! Batches: the unit that workers hand to the writer.

use std::io;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, unbounded};
use xxhash_rust::xxh3::xxh3_64;

use crate::event::Event;
use crate::store::event_sum::{EventHasher, EventSum, Hash};
use crate::store::key::KeyBuilder;
use crate::store::records::block::{BLOCK_BYTES, BLOCK_RECORDS};
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

/// The error of packing a batch, with the records that it was to hold.
pub(crate) struct PackError {
    pub(crate) records: Vec<u8>,
    pub(crate) error: io::Error,
}

/// Gathers events with their records, and packs them into batches. A worker has one of its own.
pub(crate) struct BatchBuilder {
    packer: Packer,
    event_hasher: EventHasher,
    key_builder: KeyBuilder,
    values: ValueCounts,
    events: Vec<Event>,
    keys: Vec<InternKeys>,
    hashes: Vec<u64>,
    lengths: Vec<u32>,
    /// The records, after room for the header of their block.
    records: Vec<u8>,
    home: Sender<Batch>,
    /// Batches that are written.
    written: Receiver<Batch>,
}

impl BatchBuilder {
    /// Returns a builder that packs with a dictionary that workers share.
    ///
    /// # Errors
    /// There is not enough memory.
    pub(crate) fn new(dictionaries: Arc<Dictionaries>) -> io::Result<BatchBuilder> {
        let (home, written) = unbounded();
        Ok(BatchBuilder {
            packer: Packer::new(dictionaries)?,
            event_hasher: EventHasher::default(),
            key_builder: KeyBuilder::default(),
            values: ValueCounts::default(),
            events: Vec::with_capacity(BLOCK_RECORDS),
            keys: Vec::with_capacity(BLOCK_RECORDS),
            hashes: Vec::with_capacity(BLOCK_RECORDS),
            lengths: Vec::with_capacity(BLOCK_RECORDS),
            records: vec![0; HEADER_ROOM],
            home,
            written,
        })
    }

    /// Adds an event with its record.
    pub(crate) fn push(&mut self, event: Event, record: &[u8]) {
        self.keys.push(self.key_builder.keys(&event));
        self.values.add(&event);
        self.events.push(event);
        self.hashes.push(xxh3_64(record));
        self.lengths.push(record.len() as u32);
        self.records.extend_from_slice(record);
    }

    /// Reports whether the events fill a block.
    pub(crate) fn is_full(&self) -> bool {
        self.events.len() == BLOCK_RECORDS || self.records.len() - HEADER_ROOM >= BLOCK_BYTES
    }

    /// Reports whether there are no events.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Takes the events as a batch.
    ///
    /// # Errors
    /// There is not enough memory to compress the records. The builder is empty then, too.
    pub(crate) fn take(&mut self, from_csv: bool) -> Result<Batch, PackError> {
        let (roots, sum) = self.hash_events();
        let values = self.values.take();
        let packed = self.packer.pack_in_place(&self.lengths, &mut self.records);
        self.written.try_iter().for_each(drop);
        let events = std::mem::replace(&mut self.events, Vec::with_capacity(BLOCK_RECORDS));
        let keys = std::mem::replace(&mut self.keys, Vec::with_capacity(BLOCK_RECORDS));
        let hashes = std::mem::replace(&mut self.hashes, Vec::with_capacity(BLOCK_RECORDS));
        self.lengths.clear();
        match packed {
            Ok(block) => {
                self.records.truncate(HEADER_ROOM);
                Ok(Batch { events, keys, hashes, roots, sum, values, block, from_csv, home: self.home.clone() })
            }
            Err(error) => Err(PackError { records: self.records.split_off(HEADER_ROOM), error }),
        }
    }

    /// Returns the roots of the events for the digest of the case's events, and the sum of them.
    fn hash_events(&mut self) -> (Vec<Hash>, Box<EventSum>) {
        let mut rest = &self.records[HEADER_ROOM..];
        let records = self.lengths.iter().map(|length| {
            let (record, after) = rest.split_at(*length as usize);
            rest = after;
            record
        });
        let events: Vec<_> = self.events.iter().map(|event| event.event_id.as_bytes()).zip(records).collect();
        let mut roots = Vec::new();
        self.event_hasher.roots(&events, &mut roots);
        let sum = Box::new(self.event_hasher.sum(&roots));
        (roots, sum)
    }
}
