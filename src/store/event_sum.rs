//! The digest of the events of a case: one value that does not depend on the order of events, on how they were split
//! over imports, or on how records are packed. An import updates it for what it stores and replaces. It
//! can be recomputed from the records at any time.
//!
//! `events-v1` is a sum modulo 2^1536 of one element an event, as in AdHash (Bellare and Micciancio, "A New Paradigm
//! for Collision-Free Hashing", EUROCRYPT 1997). All hashes are BLAKE3:
//!
//! - The record is cut into pieces of 1,024 bytes, the last padded with zeros to a multiple of 256. A leaf is the hash of
//!   a piece.
//! - The root is the hash of 128 bytes: the length of the record (8 bytes, little-endian), the length of the id (1 byte),
//!   the id in 55 bytes, and up to two leaves. An id of more than 55 bytes has the length 255 and is hashed. More than two
//!   leaves are hashed.
//! - The element is six hashes: of the root, a byte from 0 to 5, and zeros up to 64 bytes. It is a little-endian number.
//! - The digest is the SHA-256 of `trailq events-v1` and a line feed, the number of events (8 bytes, little-endian), and
//!   the sum (192 bytes, little-endian).
//!
//! An XOR of hashes, or a sum of 256 bits, would not do: with some hundred records of one's own choice, a set with the
//! same sum is found in about 2^36 steps (Wagner, "A Generalized Birthday Problem", CRYPTO 2002). With 1,536 bits the
//! same attack takes at least 2^78 steps and 2^39 records, and 2^85 steps with 2^24 records. Event ids are distinct, so
//! no element occurs twice.
//!
//! SHA-256 of each record hashes one record after the other. Inputs of one length, which the pieces of all records of a
//! block are, can be hashed side by side: up to 16 at once, which takes a fraction of the time.

#[cfg(test)]
mod tests;

use blake3::IncrementCounter;
use blake3::platform::Platform;
use rusqlite::{Connection, OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};

use crate::event_digest::{EventDigest, VERSION};
use crate::hash::hex;
use crate::store::records::block::Reader;

/// The bytes of a piece of a record: a chunk of BLAKE3.
const PIECE: usize = 1024;
/// The last piece of a record is padded to a multiple of this length.
const QUARTER: usize = PIECE / 4;
/// The bytes of a BLAKE3 hash.
const LEAF: usize = 32;
/// The leaves that are in the root as they are: those of most records.
const MAX_INLINE_LEAVES: usize = 2;
/// The bytes of the input of a root, and of a part of an element.
const ROOT: usize = 128;
const EXPANSION: usize = 64;
/// The hashes that make an element.
const PARTS: usize = 6;
/// The 64-bit words of a sum, and its parts of 32 bits, which are summed up without carries: those of 2^32 elements fit
/// into 64 bits.
const WORDS: usize = PARTS * LEAF / 8;
const LANES: usize = 2 * WORDS;
/// BLAKE3's initialization vector, its key without a key, and the flags of a chunk that is a whole input.
const KEY: [u32; 8] =
    [0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19];
const CHUNK_START: u8 = 1;
const CHUNK_END_AND_ROOT: u8 = 2 | 8;
/// Events that are hashed at once. Their records and the copies of their last pieces fit into the caches of a core; of
/// fewer, too few pieces have one length to be hashed side by side.
const GROUP: usize = 64;
/// Elements that are made at once: their inputs fit into the fastest cache.
const EXPANDED: usize = 16;

/// A BLAKE3 hash.
pub(crate) type Hash = [u8; LEAF];

/// A number of 1,536 bits: the element of an event, or a sum of elements.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Element([u64; WORDS]);

impl Default for Element {
    fn default() -> Element {
        Element([0; WORDS])
    }
}

impl Element {
    fn of_bytes(bytes: &[u8; WORDS * 8]) -> Element {
        let mut words = [0; WORDS];
        for (word, eight) in words.iter_mut().zip(bytes.as_chunks().0) {
            *word = u64::from_le_bytes(*eight);
        }
        Element(words)
    }

    /// Returns the sum of numbers, given the sums of each 32 bits of them.
    fn of_lanes(lanes: &[u64; LANES]) -> Element {
        let (mut words, mut carry) = ([0; WORDS], 0);
        for (word, [low, high]) in words.iter_mut().zip(lanes.as_chunks().0) {
            let low = low + carry;
            let high = high + (low >> 32);
            *word = low & u64::from(u32::MAX) | high << 32;
            carry = high >> 32;
        }
        Element(words)
    }

    fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    fn add(&mut self, other: &Element) {
        let mut carry = false;
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            let (sum, first) = word.overflowing_add(*more);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            (*word, carry) = (sum, first || second);
        }
    }

    fn subtract(&mut self, other: &Element) {
        let mut borrow = false;
        for (word, less) in self.0.iter_mut().zip(&other.0) {
            let (rest, first) = word.overflowing_sub(*less);
            let (rest, second) = rest.overflowing_sub(u64::from(borrow));
            (*word, borrow) = (rest, first || second);
        }
    }
}

/// The digest of events while they are added and removed.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct EventSum {
    events: u64,
    sum: Element,
}

impl EventSum {
    /// Adds the events of another sum.
    pub(crate) fn add_all(&mut self, other: &EventSum) {
        self.events = self.events.wrapping_add(other.events);
        self.sum.add(&other.sum);
    }

    /// Removes the events of another sum.
    pub(crate) fn remove_all(&mut self, other: &EventSum) {
        self.events = self.events.wrapping_sub(other.events);
        self.sum.subtract(&other.sum);
    }

    /// Returns the digest.
    pub(crate) fn digest(&self) -> EventDigest {
        let mut hasher = Sha256::new_with_prefix(format!("trailq {VERSION}\n"));
        hasher.update(self.events.to_le_bytes());
        hasher.update(self.sum.to_bytes());
        EventDigest::new(hex(&hasher.finalize()), self.events)
    }

    /// Computes the sum from the records of a case; `None` if an event has no record.
    pub(crate) fn of_case(connection: &Connection) -> rusqlite::Result<Option<EventSum>> {
        let mut digester = EventDigester::default();
        let mut reader = Reader::in_order();
        let mut select = connection.prepare("SELECT id, event_id FROM events ORDER BY id")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let event_id = row.get_ref(1)?.as_bytes()?;
            let pushed = reader.with(connection, row.get(0)?, |record| digester.push(event_id, record))?;
            if pushed.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(digester.take()))
    }

    /// Reads the sum that a case stores; `None` if it stores none.
    pub(crate) fn load(connection: &Connection) -> rusqlite::Result<Option<EventSum>> {
        let exists = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'event_digests')";
        if !connection.query_row(exists, [], |row| row.get::<_, bool>(0))? {
            return Ok(None);
        }
        let stored = connection
            .query_row("SELECT events, state FROM event_digests WHERE version = ?1", [VERSION], |row| {
                Ok((row.get::<_, i64>(0)?, row.get_ref(1)?.as_blob()?.try_into().ok()))
            })
            .optional()?;
        Ok(stored.and_then(|(events, bytes): (i64, Option<[u8; WORDS * 8]>)| {
            Some(EventSum { events: events.cast_unsigned(), sum: Element::of_bytes(&bytes?) })
        }))
    }

    /// Stores the sum in a case.
    pub(crate) fn store(&self, connection: &Connection) -> rusqlite::Result<()> {
        let sql = "INSERT OR REPLACE INTO event_digests (version, events, state) VALUES (?1, ?2, ?3)";
        let row = params![VERSION, self.events.cast_signed(), self.sum.to_bytes()];
        connection.prepare_cached(sql)?.execute(row).map(drop)
    }
}

/// Hashes events. A worker has one of its own, and reuses its buffers: what they do not need stays in the caches.
pub(crate) struct EventHasher {
    platform: Platform,
    /// The last pieces of the records of a group, padded. Bytes after the padding of one are left from another group.
    tails: Vec<[u8; PIECE]>,
    /// The hashes of the pieces of all records of a group, in order.
    leaves: Vec<Hash>,
    /// The inputs of the roots of a group.
    roots: Vec<[u8; ROOT]>,
    /// The inputs of the parts of elements, and these parts.
    inputs: Vec<[u8; EXPANSION]>,
    parts: Vec<Hash>,
}

impl Default for EventHasher {
    fn default() -> EventHasher {
        let mut inputs = vec![[0; EXPANSION]; EXPANDED * PARTS];
        inputs.iter_mut().enumerate().for_each(|(at, input)| input[LEAF] = (at % PARTS) as u8);
        EventHasher {
            platform: Platform::detect(),
            tails: vec![[0; PIECE]; GROUP],
            leaves: Vec::new(),
            roots: Vec::with_capacity(GROUP),
            inputs,
            parts: vec![[0; LEAF]; EXPANDED * PARTS],
        }
    }
}

impl EventHasher {
    /// Appends the roots of events, given their ids and their records. [`GROUP`] at a time are several times faster than
    /// one.
    pub(crate) fn roots(&mut self, events: &[(&[u8], &[u8])], roots: &mut Vec<Hash>) {
        for events in events.chunks(GROUP) {
            self.hash_pieces(events);
            let mut leaves = self.leaves.as_slice();
            self.roots.clear();
            for (id, record) in events {
                let (own, rest) = leaves.split_at(record.len().div_ceil(PIECE));
                leaves = rest;
                self.roots.push(root(id, record.len(), own));
            }
            let before = roots.len();
            roots.resize(before + events.len(), [0; LEAF]);
            hash_all(self.platform, &self.roots.iter().collect::<Vec<_>>(), &mut roots[before..]);
        }
    }

    /// Returns the sum of the events with these roots.
    pub(crate) fn sum(&mut self, roots: &[Hash]) -> EventSum {
        let mut lanes = [0_u64; LANES];
        for roots in roots.chunks(EXPANDED) {
            let inputs = &mut self.inputs[..roots.len() * PARTS];
            for (input, root) in inputs.chunks_exact_mut(PARTS).zip(roots) {
                input.iter_mut().for_each(|input| input[..LEAF].copy_from_slice(root));
            }
            let parts = &mut self.parts[..roots.len() * PARTS];
            hash_all(self.platform, &inputs.iter().collect::<Vec<_>>(), parts);
            for element in parts.as_flattened().chunks_exact(PARTS * LEAF) {
                for (lane, four) in lanes.iter_mut().zip(element.as_chunks().0) {
                    *lane += u64::from(u32::from_le_bytes(*four));
                }
            }
        }
        EventSum { events: roots.len() as u64, sum: Element::of_lanes(&lanes) }
    }

    /// Hashes the pieces of all records of a group, in order, into `leaves`.
    fn hash_pieces(&mut self, events: &[(&[u8], &[u8])]) {
        let mut whole = Pieces::<PIECE>::default();
        let (mut quarters, mut halves, mut long) =
            (Pieces::<QUARTER>::default(), Pieces::<{ 2 * QUARTER }>::default(), Pieces::<{ 3 * QUARTER }>::default());
        let mut place = 0;
        for ((_, record), padded) in events.iter().zip(&mut self.tails) {
            let (pieces, tail) = record.as_chunks();
            for piece in pieces {
                whole.push(Some(piece), place);
                place += 1;
            }
            if tail.is_empty() {
                continue;
            }
            let quarters_used = tail.len().div_ceil(QUARTER);
            let (content, padding) = padded.split_at_mut(tail.len());
            content.copy_from_slice(tail);
            padding[..quarters_used * QUARTER - tail.len()].fill(0);
            match quarters_used {
                1 => quarters.push(padded.first_chunk(), place),
                2 => halves.push(padded.first_chunk(), place),
                3 => long.push(padded.first_chunk(), place),
                _ => whole.push(padded.first_chunk(), place),
            }
            place += 1;
        }
        self.leaves.clear();
        self.leaves.resize(place, [0; LEAF]);
        whole.hash(self.platform, &mut self.leaves);
        quarters.hash(self.platform, &mut self.leaves);
        halves.hash(self.platform, &mut self.leaves);
        long.hash(self.platform, &mut self.leaves);
    }
}

/// Computes the BLAKE3 hashes of inputs of one length, at most that of a chunk.
fn hash_all<const N: usize>(platform: Platform, inputs: &[&[u8; N]], hashes: &mut [Hash]) {
    let (no, start, end) = (IncrementCounter::No, CHUNK_START, CHUNK_END_AND_ROOT);
    platform.hash_many(inputs, &KEY, 0, no, 0, start, end, hashes.as_flattened_mut());
}

/// Pieces of one length, with the places of their leaves.
#[derive(Default)]
struct Pieces<'p, const N: usize> {
    inputs: Vec<&'p [u8; N]>,
    places: Vec<usize>,
}

impl<'p, const N: usize> Pieces<'p, N> {
    fn push(&mut self, piece: Option<&'p [u8; N]>, place: usize) {
        if let Some(piece) = piece {
            self.inputs.push(piece);
            self.places.push(place);
        }
    }

    /// Hashes the pieces into their places.
    fn hash(mut self, platform: Platform, leaves: &mut [Hash]) {
        let lanes = platform.simd_degree();
        // A step of all lanes takes no longer than two of fewer lanes each, into which another rest is split.
        if !(self.inputs.len() % lanes).is_power_of_two()
            && let Some(first) = self.inputs.first()
        {
            self.inputs.resize(self.inputs.len().next_multiple_of(lanes), *first);
        }
        let mut hashes = vec![[0; LEAF]; self.inputs.len()];
        hash_all(platform, &self.inputs, &mut hashes);
        for (place, hash) in self.places.iter().zip(hashes) {
            leaves[*place] = hash;
        }
    }
}

/// Returns the input of the root of an event: the length of its record, its id, and its leaves. A long id and more than
/// two leaves are hashed.
fn root(id: &[u8], length: usize, leaves: &[Hash]) -> [u8; ROOT] {
    let mut input = [0; ROOT];
    let (head, own) = input.split_at_mut(ROOT - MAX_INLINE_LEAVES * LEAF);
    head[..8].copy_from_slice(&(length as u64).to_le_bytes());
    let room = &mut head[9..];
    if id.len() <= room.len() {
        room[..id.len()].copy_from_slice(id);
        head[8] = id.len() as u8;
    } else {
        room[..LEAF].copy_from_slice(blake3::hash(id).as_bytes());
        head[8] = u8::MAX;
    }
    let flat = leaves.as_flattened();
    if leaves.len() <= MAX_INLINE_LEAVES {
        own[..flat.len()].copy_from_slice(flat);
    } else {
        own[..LEAF].copy_from_slice(blake3::hash(flat).as_bytes());
    }
    input
}

/// Sums up events one by one.
#[derive(Default)]
pub(crate) struct EventDigester {
    hasher: EventHasher,
    /// Ids and records that are not summed up yet, each after the other, and their lengths.
    bytes: Vec<u8>,
    lengths: Vec<(usize, usize)>,
    roots: Vec<Hash>,
    sum: EventSum,
}

impl EventDigester {
    /// Adds an event.
    pub(crate) fn push(&mut self, id: &[u8], record: &[u8]) {
        self.bytes.extend_from_slice(id);
        self.bytes.extend_from_slice(record);
        self.lengths.push((id.len(), record.len()));
        if self.lengths.len() == GROUP {
            self.flush();
        }
    }

    /// Takes the sum of the events that were added.
    pub(crate) fn take(&mut self) -> EventSum {
        self.flush();
        std::mem::take(&mut self.sum)
    }

    fn flush(&mut self) {
        let mut rest = self.bytes.as_slice();
        let mut take = |length: usize| {
            let (taken, after) = rest.split_at(length);
            rest = after;
            taken
        };
        let events: Vec<(&[u8], &[u8])> = self.lengths.iter().map(|(id, record)| (take(*id), take(*record))).collect();
        self.hasher.roots(&events, &mut self.roots);
        self.sum.add_all(&self.hasher.sum(&self.roots));
        self.roots.clear();
        self.bytes.clear();
        self.lengths.clear();
    }
}
