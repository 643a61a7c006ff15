//! Keys of rows: 128-bit hashes of their texts, for interning and for comparing cases.

use xxhash_rust::xxh3::xxh3_128;

/// A 128-bit hash, in parts so that a map of them leaves no gaps.
pub(crate) type Key = [u32; 4];

/// Returns the key of a text.
pub(crate) fn key_of(text: &str) -> Key {
    parts_of(xxh3_128(text.as_bytes()))
}

fn parts_of(hash: u128) -> Key {
    [hash as u32, (hash >> 32) as u32, (hash >> 64) as u32, (hash >> 96) as u32]
}

/// Hashes lists of texts.
#[derive(Default)]
pub(crate) struct KeyBuilder {
    buffer: Vec<u8>,
}

impl KeyBuilder {
    /// Returns the key of a list of texts, in which an absent one differs from an empty one.
    pub(crate) fn key(&mut self, parts: &[Option<&str>]) -> Key {
        self.buffer.clear();
        for part in parts {
            let length = part.map_or(0, |text| text.len() as u32 + 1);
            self.buffer.extend_from_slice(&length.to_le_bytes());
            self.buffer.extend_from_slice(part.unwrap_or_default().as_bytes());
        }
        parts_of(xxh3_128(&self.buffer))
    }
}
