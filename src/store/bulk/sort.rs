//! Sorting keys of a fixed size, in runs that are spilled to a temporary file if there are many.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use crate::store::bulk::bulk_error::BulkResult;
use crate::store::bulk::file_at::read_at;

/// The bytes of a key as it is spilled.
const KEY_BYTES: usize = 24;
/// The keys of a spilled run that are read at once.
const READ_KEYS: usize = 1 << 13;

/// A sort key. Keys of two parts are compared by the first, then by the second.
pub(crate) trait Key: Copy + Ord {
    fn to_bytes(self) -> [u8; KEY_BYTES];
    fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self;
}

/// A key that is one number.
pub(crate) trait Number: Key {
    /// Returns the lower bits of a number.
    fn of(number: u128) -> Self;
    fn number(self) -> u128;
}

impl Number for u64 {
    fn of(number: u128) -> u64 {
        number as u64
    }

    fn number(self) -> u128 {
        self.into()
    }
}

impl Number for u128 {
    fn of(number: u128) -> u128 {
        number
    }

    fn number(self) -> u128 {
        self
    }
}

impl Key for u64 {
    fn to_bytes(self) -> [u8; KEY_BYTES] {
        (0, self).to_bytes()
    }

    fn from_bytes(bytes: [u8; KEY_BYTES]) -> u64 {
        <(u128, u64)>::from_bytes(bytes).1
    }
}

impl Key for u128 {
    fn to_bytes(self) -> [u8; KEY_BYTES] {
        (self, 0).to_bytes()
    }

    fn from_bytes(bytes: [u8; KEY_BYTES]) -> u128 {
        <(u128, u64)>::from_bytes(bytes).0
    }
}

impl Key for (u128, u64) {
    fn to_bytes(self) -> [u8; KEY_BYTES] {
        let mut bytes = [0; KEY_BYTES];
        bytes[..16].copy_from_slice(&self.0.to_le_bytes());
        bytes[16..].copy_from_slice(&self.1.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: [u8; KEY_BYTES]) -> (u128, u64) {
        let (high, low) = bytes.split_at(16);
        (
            u128::from_le_bytes(high.try_into().unwrap_or_default()),
            u64::from_le_bytes(low.try_into().unwrap_or_default()),
        )
    }
}

/// Sorts keys.
pub(crate) struct Sorter<'p, K> {
    folder: &'p Path,
    run_keys: usize,
    keys: Vec<K>,
    spilled: Option<File>,
    /// The first key and the end of each run, in keys.
    runs: Vec<(u64, u64)>,
}

impl<'p, K: Key> Sorter<'p, K> {
    /// Creates a sorter that keeps up to this many keys in memory, and others in a temporary file in a folder.
    /// `expected`: the most keys that it gets.
    pub(crate) fn new(folder: &'p Path, run_keys: usize, expected: usize) -> Sorter<'p, K> {
        let run_keys = run_keys.max(1);
        let keys = Vec::with_capacity(run_keys.min(expected));
        Sorter { folder, run_keys, keys, spilled: None, runs: Vec::new() }
    }

    /// Adds keys.
    pub(crate) fn extend(&mut self, keys: impl Iterator<Item = K>) -> BulkResult<()> {
        for key in keys {
            if self.keys.len() == self.run_keys {
                self.spill()?;
            }
            self.keys.push(key);
        }
        Ok(())
    }

    fn spill(&mut self) -> BulkResult<()> {
        self.keys.sort_unstable();
        if self.spilled.is_none() {
            self.spilled = Some(tempfile::tempfile_in(self.folder)?);
        }
        let begin = self.runs.last().map_or(0, |run| run.1);
        self.runs.push((begin, begin + self.keys.len() as u64));
        if let Some(file) = &mut self.spilled {
            let mut bytes = Vec::with_capacity(READ_KEYS * KEY_BYTES);
            for some in self.keys.chunks(READ_KEYS) {
                bytes.clear();
                some.iter().for_each(|key| bytes.extend_from_slice(&key.to_bytes()));
                file.write_all(&bytes)?;
            }
        }
        self.keys.clear();
        Ok(())
    }

    /// Visits the keys in ascending order.
    pub(crate) fn finish(mut self, mut visit: impl FnMut(K) -> BulkResult<()>) -> BulkResult<()> {
        self.keys.sort_unstable();
        let Some(file) = &self.spilled else { return self.keys.into_iter().try_for_each(visit) };
        let mut runs: Vec<Run<'_, K>> = self.runs.iter().map(|(next, end)| Run::new(file, *next, *end)).collect();
        let mut memory = self.keys.iter().copied();
        let last = runs.len();
        let mut heap = BinaryHeap::with_capacity(last + 1);
        for (at, run) in runs.iter_mut().enumerate() {
            heap.extend(run.next()?.map(|key| Reverse((key, at))));
        }
        heap.extend(memory.next().map(|key| Reverse((key, last))));
        while let Some(mut top) = heap.peek_mut() {
            let Reverse((key, at)) = *top;
            visit(key)?;
            let next = match runs.get_mut(at) {
                Some(run) => run.next()?,
                None => memory.next(),
            };
            match next {
                Some(next) => *top = Reverse((next, at)),
                None => drop(std::collections::binary_heap::PeekMut::pop(top)),
            }
        }
        Ok(())
    }
}

/// A run that is read back.
struct Run<'f, K> {
    file: &'f File,
    next: u64,
    end: u64,
    /// Those that were read, the next one last.
    read: Vec<K>,
}

impl<K: Key> Run<'_, K> {
    fn new(file: &File, next: u64, end: u64) -> Run<'_, K> {
        Run { file, next, end, read: Vec::new() }
    }

    fn next(&mut self) -> BulkResult<Option<K>> {
        if self.read.is_empty() && self.next < self.end {
            let keys = (self.end - self.next).min(READ_KEYS as u64);
            let mut bytes = vec![0; keys as usize * KEY_BYTES];
            read_at(self.file, &mut bytes, self.next * KEY_BYTES as u64)?;
            let keys = bytes.chunks_exact(KEY_BYTES).rev();
            self.read.extend(keys.map(|key| K::from_bytes(key.try_into().unwrap_or_default())));
            self.next += self.read.len() as u64;
        }
        Ok(self.read.pop())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::Config;

    use super::{Key, Sorter};

    fn sorted<K: Key>(keys: &[K], run_keys: usize) -> Vec<K> {
        let folder = tempfile::tempdir().unwrap();
        let mut sorter = Sorter::new(folder.path(), run_keys, keys.len());
        keys.chunks(7).for_each(|some| sorter.extend(some.iter().copied()).unwrap());
        let mut sorted = Vec::new();
        sorter
            .finish(|key| {
                sorted.push(key);
                Ok(())
            })
            .unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a temporary file is left");
        sorted
    }

    proptest! {
        #![proptest_config(Config { cases: 64, failure_persistence: None, ..Config::default() })]

        #[test]
        fn keys_are_sorted_in_any_number_of_runs(
            mut keys in prop::collection::vec((0..4_u128, any::<u64>()), 0..300),
            run_keys in 1..400_usize,
        ) {
            let (long, short) = (sorted(&keys, run_keys), keys.iter().map(|key| u128::from(key.1)).collect::<Vec<_>>());
            let numbers: Vec<u64> = keys.iter().map(|key| key.1).collect();
            let numbers = sorted(&numbers, run_keys).into_iter().map(u128::from).collect::<Vec<_>>();
            let short = sorted(&short, run_keys);
            prop_assert_eq!(&numbers, &short);
            keys.sort_unstable();
            prop_assert_eq!(&long, &keys);
            let mut expected: Vec<u128> = keys.iter().map(|key| u128::from(key.1)).collect();
            expected.sort_unstable();
            prop_assert_eq!(short, expected);
        }
    }
}
