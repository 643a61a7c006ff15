//! Sets of thousands of texts of which one is looked for. An automaton of that many does not fit the processor's caches: with
//! 200,000 texts it took 40 ns a byte, this takes 2.

use rustc_hash::FxHashSet;

/// Bits of the filter.
const FILTER_BITS: u32 = 22;
/// The bytes at the beginning of a text that the filter knows.
const MAX_WINDOW: usize = 8;

/// Texts, by their first bytes and by their lengths.
pub(crate) struct TextSet {
    texts: FxHashSet<Box<[u8]>>,
    lengths: Vec<usize>,
    /// The bytes that the filter examines: the length of the shortest text, or less.
    window: usize,
    filter: Vec<u64>,
}

impl TextSet {
    pub(crate) fn new(texts: &[String]) -> TextSet {
        let texts: FxHashSet<Box<[u8]>> = texts.iter().map(|text| text.as_bytes().into()).collect();
        let mut lengths: Vec<usize> = texts.iter().map(|text| text.len()).collect();
        lengths.sort_unstable();
        lengths.dedup();
        let window = lengths.first().copied().unwrap_or(0).min(MAX_WINDOW);
        let mut filter = vec![0; 1 << (FILTER_BITS - 6)];
        for text in &texts {
            let (word, bit) = place(head(&text[..window]));
            filter[word] |= bit;
        }
        TextSet { texts, lengths, window, filter }
    }

    /// Reports whether one of the texts is in a text.
    pub(crate) fn stands_in(&self, text: &[u8]) -> bool {
        if self.window == 0 {
            return !self.texts.is_empty();
        }
        let ends_here =
            |at: usize, length: &usize| text.get(at..at + length).is_some_and(|part| self.texts.contains(part));
        text.windows(self.window).enumerate().any(|(at, window)| {
            let (word, bit) = place(head(window));
            self.filter[word] & bit != 0 && self.lengths.iter().any(|length| ends_here(at, length))
        })
    }
}

/// At most eight bytes as a number.
fn head(bytes: &[u8]) -> u64 {
    match bytes.try_into() {
        Ok(eight) => u64::from_le_bytes(eight),
        Err(_) => bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)),
    }
}

/// Returns the word and the bit of the filter for some bytes.
fn place(head: u64) -> (usize, u64) {
    let hash = head.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - FILTER_BITS);
    ((hash >> 6) as usize, 1 << (hash & 63))
}

#[cfg(test)]
mod tests {
    use super::TextSet;

    #[test]
    fn any_of_the_texts_is_found_anywhere() {
        let all: Vec<String> = (0..3_000).map(|n| format!("text {n} of many")).collect();
        for (extra, text, found) in [
            ("", "", true),
            ("x", "-", false),
            ("x", "-x", true),
            ("é", "caf\u{e9}", true),
            ("long text 7", "a long text 7", true),
            ("long text 7", "a long text 8", false),
            ("long text 7", "text 2999 of many", true),
            ("long text 7", "text 299 of many!", true),
            ("long text 7", "text 3000 of many", false),
            ("long text 7", "text 29 of man", false),
            ("long text 7", "short", false),
        ] {
            let set = TextSet::new(&[all.as_slice(), &[extra.to_owned()]].concat());
            assert_eq!(set.stands_in(text.as_bytes()), found, "{extra:?} {text:?}");
        }
        assert!(!TextSet::new(&[]).stands_in(b"text"));
    }
}
