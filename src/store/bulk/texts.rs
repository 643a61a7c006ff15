//! The distinct texts of a column, numbered from 1. Their bytes are in one piece, which takes half of the memory of texts
//! that are allocated one by one.

use std::hash::BuildHasher as _;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

/// The most texts that a dictionary takes in: others would need too much memory.
const MAX_TEXTS: usize = 1 << 20;
/// The most bytes that they have.
const MAX_BYTES: usize = 64 << 20;

/// Texts, each with a number.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    bytes: Vec<u8>,
    /// The end of each text in the bytes.
    ends: Vec<usize>,
}

impl Texts {
    /// Adds a text, which gets the next number.
    fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
    }

    /// Returns the text of a number.
    #[inline]
    pub(crate) fn get(&self, number: u32) -> &[u8] {
        let at = number as usize - 1;
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[begin..self.ends[at]]
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (1..=self.len() as u32).map(|number| self.get(number))
    }
}

/// Texts that are found by their content.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    texts: Texts,
    numbers: HashTable<u32>,
}

impl Dictionary {
    /// Returns the number of a text. `None` if there are too many.
    #[inline]
    pub(crate) fn number(&mut self, text: &[u8]) -> Option<u32> {
        let hash = |text: &[u8]| FxBuildHasher.hash_one(text);
        let of_text = hash(text);
        if let Some(number) = self.numbers.find(of_text, |number| self.texts.get(*number) == text) {
            return Some(*number);
        }
        if self.texts.len() == MAX_TEXTS || self.texts.bytes.len() + text.len() > MAX_BYTES {
            return None;
        }
        self.texts.push(text);
        let number = self.texts.len() as u32;
        self.numbers.insert_unique(of_text, number, |number| hash(self.texts.get(*number)));
        Some(number)
    }

    /// Returns the texts alone.
    pub(crate) fn into_texts(self) -> Texts {
        self.texts
    }
}

/// A text by eight of its bytes, its thread, and its number there.
type Own = (u64, u32, u32);

/// Joins the texts of threads: in ascending order. Also returns, of each thread, the new number of each of its own; 0 is
/// NULL.
pub(crate) fn join(own: &[Texts]) -> (Texts, Vec<Vec<u32>>) {
    // Texts of a column often begin alike. What follows that nearly always decides, without a look at the texts.
    let alike = alike(own.iter().flat_map(Texts::iter));
    let mut all: Vec<Own> = Vec::with_capacity(own.iter().map(Texts::len).sum());
    for (thread, texts) in (0..).zip(own) {
        all.extend(texts.iter().zip(1..).map(|(text, number)| (eight_bytes(text, alike), thread, number)));
    }
    let text = |&(_, thread, number): &Own| own[thread as usize].get(number);
    all.sort_unstable_by(|one, other| one.0.cmp(&other.0).then_with(|| text(one).cmp(text(other))));
    let mut ranks: Vec<Vec<u32>> = own.iter().map(|texts| vec![0; texts.len() + 1]).collect();
    let bytes = own.iter().map(|texts| texts.bytes.len()).sum();
    let mut joined = Texts { bytes: Vec::with_capacity(bytes), ends: Vec::with_capacity(all.len()) };
    for at in 0..all.len() {
        if at == 0 || all[at].0 != all[at - 1].0 || text(&all[at]) != text(&all[at - 1]) {
            joined.push(text(&all[at]));
        }
        let (_, thread, number) = all[at];
        ranks[thread as usize][number as usize] = joined.len() as u32;
    }
    (joined, ranks)
}

/// Returns how many bytes all texts begin with alike.
fn alike<'t>(mut texts: impl Iterator<Item = &'t [u8]>) -> usize {
    let Some(first) = texts.next() else { return 0 };
    texts.fold(first.len(), |length, text| {
        let same = first.iter().zip(text).take(length).take_while(|(one, other)| one == other);
        same.count()
    })
}

/// Returns the eight bytes of a text from a place on as a number that sorts as they do; absent ones are 0.
fn eight_bytes(text: &[u8], from: usize) -> u64 {
    let mut bytes = [0; 8];
    let rest = text.get(from..).unwrap_or_default();
    let length = rest.len().min(8);
    bytes[..length].copy_from_slice(&rest[..length]);
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{Dictionary, MAX_BYTES, join};

    proptest! {
        #[test]
        fn joined_texts_are_in_order_and_every_number_leads_to_its_text(
            threads in prop::collection::vec(prop::collection::vec("(ab)?[a-c\\x00]{0,10}", 0..40), 0..4),
        ) {
            let mut numbers: Vec<Vec<u32>> = Vec::new();
            let own = threads.iter().map(|texts| {
                let mut dictionary = Dictionary::default();
                numbers.push(texts.iter().map(|text| dictionary.number(text.as_bytes()).unwrap()).collect());
                dictionary.into_texts()
            });
            let (joined, ranks) = join(&own.collect::<Vec<_>>());
            let expected: BTreeSet<&[u8]> = threads.iter().flatten().map(|text| text.as_bytes()).collect();
            prop_assert_eq!(joined.iter().collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>());
            for ((texts, numbers), ranks) in threads.iter().zip(&numbers).zip(&ranks) {
                prop_assert_eq!(ranks[0], 0);
                for (text, number) in texts.iter().zip(numbers) {
                    prop_assert_eq!(joined.get(ranks[*number as usize]), text.as_bytes());
                }
            }
        }
    }

    #[test]
    fn texts_beyond_the_memory_are_refused_and_those_that_are_there_are_found() {
        let mut dictionary = Dictionary::default();
        let long = vec![b'x'; MAX_BYTES - 3];
        assert_eq!(dictionary.number(b"one"), Some(1));
        assert_eq!(dictionary.number(&long), Some(2));
        assert_eq!(
            (dictionary.number(b"a"), dictionary.number(b""), dictionary.number(b"one")),
            (None, Some(3), Some(1))
        );
    }
}
