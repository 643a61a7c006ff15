//! The 5-grams of texts: which bit of a filter each sets, and the set of those that some records have.

/// The number of bytes of an n-gram.
pub(crate) const LENGTH: usize = 5;
/// The bits of a filter, in words of 64.
pub(crate) const WORDS: usize = 1_024;

/// The n-grams of some records: a byte for each bit of their filter. Setting a byte takes half the time of setting a bit,
/// which has to be read first.
pub(crate) struct NgramSet(Box<[u8; WORDS * 64]>);

impl NgramSet {
    pub(crate) fn new() -> NgramSet {
        NgramSet(Box::new([0; WORDS * 64]))
    }

    /// Adds the n-grams of a text.
    pub(crate) fn add(&mut self, text: &[u8]) {
        let mut rest = text;
        // Two numbers of eight bytes begin with eight n-grams.
        while let (Some(low), Some(high)) = (rest.first_chunk(), rest.get(4..).and_then(<[u8]>::first_chunk)) {
            let (low, high) = (u64::from_le_bytes(*low), u64::from_le_bytes(*high));
            for shift in [0, 8, 16, 24] {
                self.set(low >> shift);
                self.set(high >> shift);
            }
            rest = &rest[8..];
        }
        // At most eleven bytes are left. With eight after each of them, their n-grams are numbers too.
        let mut last = [0; 11 + 8];
        last[..rest.len()].copy_from_slice(rest);
        let ngrams = (rest.len() + 1).saturating_sub(LENGTH);
        for eight in last.windows(8).take(ngrams).filter_map(<[u8]>::first_chunk) {
            self.set(u64::from_le_bytes(*eight));
        }
    }

    fn set(&mut self, ngram: u64) {
        self.0[usize::from(bit_of(ngram))] = 1;
    }

    /// Takes the n-grams as the bits of a filter.
    pub(crate) fn take(&mut self) -> Box<[u64; WORDS]> {
        let mut words = Box::new([0; WORDS]);
        for (word, bytes) in words.iter_mut().zip(self.0.as_chunks::<64>().0) {
            let eights = bytes.as_chunks::<8>().0.iter().rev();
            *word = eights.fold(0, |word, eight| word << 8 | low_bits(u64::from_le_bytes(*eight)));
        }
        self.0.fill(0);
        words
    }
}

/// At most eight bytes as a number.
fn number(bytes: &[u8]) -> u64 {
    let mut eight = [0; 8];
    eight[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(eight)
}

/// Returns the bit of a filter that the first [`LENGTH`] bytes of a number set. Its other bytes do not reach the sixteen
/// bits of the product.
fn bit_of(ngram: u64) -> u16 {
    (ngram.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24) as u16
}

/// Returns the lowest bits of the eight bytes of a number, side by side.
fn low_bits(eight: u64) -> u64 {
    eight.wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// Returns the bits that a text sets; none where it is shorter than five bytes.
pub(crate) fn bits_of(text: &[u8]) -> Vec<usize> {
    let mut bits: Vec<usize> = text.windows(LENGTH).map(|five| usize::from(bit_of(number(five)))).collect();
    bits.sort_unstable();
    bits.dedup();
    bits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LENGTH, NgramSet, bits_of};

    /// The bits as cases have had them from the first version on.
    fn stored_bits(text: &[u8]) -> Vec<usize> {
        let bit = |five: &[u8]| {
            let text = five.iter().rev().fold(0_u64, |text, byte| text << 8 | u64::from(*byte)) << 24;
            (text.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as usize
        };
        let mut bits: Vec<usize> = text.windows(LENGTH).map(bit).collect();
        bits.sort_unstable();
        bits.dedup();
        bits
    }

    proptest! {
        #[test]
        fn every_ngram_sets_the_bit_that_cases_have(
            texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..4)
        ) {
            let mut set = NgramSet::new();
            // The second time, nothing is left of the first.
            for text in [texts.concat(), texts[0].clone()] {
                set.add(&text);
                let words = set.take();
                let bits: Vec<usize> = (0..words.len() * 64).filter(|bit| words[bit / 64] >> (bit % 64) & 1 == 1).collect();
                prop_assert_eq!(&bits, &stored_bits(&text));
                prop_assert_eq!(&bits, &bits_of(&text));
            }
        }
    }
}
