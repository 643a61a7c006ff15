//! The events that a run has stored, found by their eventIDs: nine bytes each, since 10,000,000 are in memory at once.

use hashbrown::HashTable;

use crate::store::write::intern::EventKey;

/// The tables that the events are divided among. One at a time grows: while a table grows, it is in memory twice.
const SHARDS: usize = 64;

/// An event: a part of the hash of its eventID, and its id.
struct Known {
    hash: u32,
    id: u32,
}

impl Known {
    /// Returns the hash that a table finds it by.
    fn table_hash(&self) -> u64 {
        table_hash(self.hash)
    }
}

/// A table uses the lowest and the highest bits.
fn table_hash(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

/// Events, by their eventIDs.
pub(crate) struct KnownEvents(Vec<HashTable<Known>>);

impl Default for KnownEvents {
    fn default() -> KnownEvents {
        KnownEvents((0..SHARDS).map(|_| HashTable::new()).collect())
    }
}

impl KnownEvents {
    /// Adds an event.
    pub(crate) fn insert(&mut self, key: EventKey, id: i64) {
        let (shard, hash) = parts(key);
        // No id of an event exceeds four bytes in a run that begins with an empty case.
        self.0[shard].insert_unique(table_hash(hash), Known { hash, id: id as u32 }, Known::table_hash);
    }

    /// Removes an event.
    pub(crate) fn remove(&mut self, key: EventKey, id: i64) {
        let (shard, hash) = parts(key);
        let entry = self.0[shard].find_entry(table_hash(hash), |known| i64::from(known.id) == id);
        if let Ok(entry) = entry {
            entry.remove();
        }
    }

    /// Returns the events that may have an eventID: that which has it, and few others.
    pub(crate) fn candidates(&self, key: EventKey) -> impl Iterator<Item = i64> {
        let (shard, hash) = parts(key);
        let found = self.0[shard].iter_hash(table_hash(hash));
        found.filter(move |known| known.hash == hash).map(|known| i64::from(known.id))
    }
}

/// Returns the table of a key, and the part of it that is kept.
fn parts(key: EventKey) -> (usize, u32) {
    ((key >> 32) as usize % SHARDS, key as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::KnownEvents;

    proptest! {
        #[test]
        fn an_event_is_among_the_candidates_of_its_key_until_it_is_removed(
            keys in prop::collection::vec((0..64_u64, 0..6_u64), 1..400),
            removed in prop::collection::vec(any::<prop::sample::Index>(), 0..100),
        ) {
            // Many have one key, and many one hash in different tables.
            let keys: Vec<u64> = keys.iter().map(|(shard, hash)| shard << 32 | hash.wrapping_mul(0x9e37_79b9)).collect();
            let mut known = KnownEvents::default();
            let mut expected: Vec<(u64, i64)> = keys.iter().copied().zip(1..).collect();
            for (key, id) in &expected {
                known.insert(*key, *id);
            }
            for index in removed {
                if let Some(at) = (!expected.is_empty()).then(|| index.index(expected.len())) {
                    let (key, id) = expected.remove(at);
                    known.remove(key, id);
                    known.remove(key, id);
                }
            }
            for key in keys {
                let mut found: Vec<i64> = known.candidates(key).collect();
                found.sort_unstable();
                let ids = expected.iter().filter(|(of, _)| *of == key).map(|(_, id)| *id);
                prop_assert_eq!(found, ids.collect::<Vec<_>>());
            }
        }
    }
}
