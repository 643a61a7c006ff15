//! Values of a MaxMind DB file, read with bounds: pointers let a few bytes stand for any number of values, and the crate
//! `maxminddb` bounds only their depth, by 512 calls.

/// Maximum number of values in a record. Those of GeoIP2-City have about 150.
const MAX_VALUES: usize = 10_000;
/// Maximum depth of a record. That of GeoIP2-City is 4.
const MAX_DEPTH: usize = 16;

/// A value that has no values in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scalar<'b> {
    Text(&'b str),
    /// An unsigned number of at most 64 bits.
    Number(u64),
    /// Any other.
    Other,
}

/// Receives scalars: the keys that lead to one, the inner one last, where an element of a list has an empty key.
pub(crate) type Take<'t, 'b> = dyn FnMut(&[&'b str], Scalar<'b>) + 't;

/// Reads the value at an offset, and gives its scalars to `take`. The error is what is wrong with it.
pub(crate) fn read<'b>(bytes: &'b [u8], offset: usize, take: &mut Take<'_, 'b>) -> Result<(), String> {
    let mut reading = Reading { bytes, values: 0, has_pointers: true, keys: Vec::new() };
    reading.value(offset, take).map(drop)
}

/// Checks that bytes begin with a value that has no pointers.
pub(crate) fn check_plain(bytes: &[u8]) -> Result<(), String> {
    let mut reading = Reading { bytes, values: 0, has_pointers: false, keys: Vec::new() };
    reading.value(0, &mut |_, _| {}).map(drop)
}

struct Reading<'b> {
    bytes: &'b [u8],
    /// The number of values that were read.
    values: usize,
    has_pointers: bool,
    /// The keys around the current value.
    keys: Vec<&'b str>,
}

/// The type of a value, its size, and the place of its content.
struct Head {
    kind: usize,
    size: usize,
    content: usize,
}

const POINTER: usize = 1;
const TEXT: usize = 2;
const MAP: usize = 7;
const LIST: usize = 11;
const FLAG: usize = 14;

impl<'b> Reading<'b> {
    /// Reads the value at a place, and returns the place after it.
    fn value(&mut self, at: usize, take: &mut Take<'_, 'b>) -> Result<usize, String> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(format!("it has more than {MAX_VALUES} values"));
        }
        let (head, after) = self.head_behind_pointer(at)?;
        let end = match head.kind {
            MAP | LIST => self.values_in(&head, take)?,
            FLAG => {
                take(&self.keys, Scalar::Other);
                head.content
            }
            kind => {
                let content = self.slice(head.content, head.size)?;
                let scalar = match kind {
                    TEXT => Scalar::Text(std::str::from_utf8(content).map_err(|_| "a text is not UTF-8".to_owned())?),
                    // Numbers of 16, 32 and 64 bits.
                    5 | 6 | 9 if content.len() <= 8 => {
                        Scalar::Number(content.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
                    }
                    // Floating-point numbers, bytes, signed numbers and those of 128 bits.
                    3..=6 | 8..=10 | 15 => Scalar::Other,
                    other => return Err(format!("a value has the type {other}, which there is not")),
                };
                take(&self.keys, scalar);
                head.content + head.size
            }
        };
        Ok(after.unwrap_or(end))
    }

    /// Reads the values in a map or a list, and returns the place after them.
    fn values_in(&mut self, head: &Head, take: &mut Take<'_, 'b>) -> Result<usize, String> {
        if self.keys.len() >= MAX_DEPTH {
            return Err(format!("its values are nested more than {MAX_DEPTH} deep"));
        }
        let mut at = head.content;
        for _ in 0..head.size {
            let mut key = "";
            if head.kind == MAP {
                let (name, after) = self.head_behind_pointer(at)?;
                if name.kind != TEXT {
                    return Err("a key is not a text".to_owned());
                }
                key = std::str::from_utf8(self.slice(name.content, name.size)?).map_err(|_| "a key is not UTF-8")?;
                at = after.unwrap_or(name.content + name.size);
            }
            self.keys.push(key);
            at = self.value(at, take)?;
            self.keys.pop();
        }
        Ok(at)
    }

    /// Returns the head of the value at a place. If a pointer leads to it, also the place after the pointer.
    fn head_behind_pointer(&self, at: usize) -> Result<(Head, Option<usize>), String> {
        let head = self.head(at)?;
        if head.kind != POINTER {
            return Ok((head, None));
        }
        if !self.has_pointers {
            return Err("it has pointers".to_owned());
        }
        // The lower five bits of the first byte are the length of the pointer and its highest bits.
        let length = (head.size >> 3) + 1;
        let high = if length == 4 { 0 } else { head.size & 7 };
        let low = self.slice(head.content, length)?.iter().fold(high, |number, byte| number << 8 | usize::from(*byte));
        let target = low + [0, 2_048, 526_336, 0][length - 1];
        let behind = self.head(target)?;
        match behind.kind {
            POINTER => Err("a pointer leads to a pointer".to_owned()),
            _ => Ok((behind, Some(head.content + length))),
        }
    }

    fn head(&self, at: usize) -> Result<Head, String> {
        let control = self.byte(at)?;
        let (kind, mut content) = match control >> 5 {
            0 => (self.byte(at + 1)? + 7, at + 2),
            kind => (kind, at + 1),
        };
        let size = control & 0x1f;
        if kind == POINTER || size < 29 {
            return Ok(Head { kind, size, content });
        }
        let (least, length) = [(29, 1), (285, 2), (65_821, 3)][size - 29];
        let more = self.slice(content, length)?.iter().fold(0, |number, byte| number << 8 | usize::from(*byte));
        content += length;
        Ok(Head { kind, size: least + more, content })
    }

    fn byte(&self, at: usize) -> Result<usize, String> {
        self.bytes.get(at).map(|byte| usize::from(*byte)).ok_or_else(|| "it ends within a value".to_owned())
    }

    fn slice(&self, at: usize, length: usize) -> Result<&'b [u8], String> {
        self.bytes.get(at..at.saturating_add(length)).ok_or_else(|| "it ends within a value".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{Scalar, check_plain, read};

    /// The scalars of a value as text.
    fn scalars(bytes: &[u8]) -> Result<Vec<String>, String> {
        let mut found = Vec::new();
        read(bytes, 0, &mut |keys, scalar| {
            let scalar = match scalar {
                Scalar::Text(text) => format!("\"{text}\""),
                Scalar::Number(number) => number.to_string(),
                Scalar::Other => "other".to_owned(),
            };
            found.push(format!("{}={scalar}", keys.join(".")));
        })?;
        Ok(found)
    }

    #[test]
    fn values_of_every_type_are_read() {
        // {"a": [500, true, -1, 1.0], "b": "text"}; the key "b" is behind a pointer.
        let mut bytes = vec![0xe2, 0x41, b'a', 0x04, 0x04, 0xa2, 1, 0xf4, 0x01, 0x07, 0x04, 0x01, 255, 255, 255, 255];
        bytes.extend([0x68, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0x20, 32, 0x44]);
        bytes.extend(b"text\x41b");
        assert_eq!(scalars(&bytes).unwrap(), ["a.=500", "a.=other", "a.=other", "a.=other", "b=\"text\""]);
        // 30 and 300 characters.
        for (head, length) in [(vec![0x5d, 1], 30), (vec![0x5e, 0, 15], 300)] {
            let text = "x".repeat(length);
            assert_eq!(scalars(&[head, text.clone().into_bytes()].concat()).unwrap(), [format!("=\"{text}\"")]);
        }
    }

    #[test]
    fn broken_values_and_those_without_bounds_are_refused() {
        let error = |bytes: &[u8]| scalars(bytes).unwrap_err();
        assert_eq!(error(&[]), "it ends within a value");
        assert_eq!(error(&[0x44, b'a']), "it ends within a value");
        assert_eq!(error(&[0x20, 0]), "a pointer leads to a pointer");
        assert_eq!(error(&[0x38, 255, 255, 255, 255]), "it ends within a value");
        assert_eq!(error(&[0x00, 0x05]), "a value has the type 12, which there is not");
        assert_eq!(error(&[0x00, 0xff]), "a value has the type 262, which there is not");
        assert_eq!(error(&[0x42, 0xff, 0xfe]), "a text is not UTF-8");
        assert_eq!(error(&[0xe1, 0xa0, 0xa0]), "a key is not a text");
        let deep = [0x01, 0x04].repeat(17);
        assert_eq!(error(&deep), "its values are nested more than 16 deep");
        let long = [vec![0x1f, 0x04, 1, 0, 0], vec![0xa0; 200_000]].concat();
        assert_eq!(error(&long), "it has more than 10000 values");
        // Each of 14 lists has two pointers to the next: 16,384 values.
        let doubled: Vec<u8> =
            (1..=14).flat_map(|next| [0x02, 0x04, 0x20, next * 6, 0x20, next * 6]).chain([0xa0]).collect();
        assert_eq!(error(&doubled), "it has more than 10000 values");
        assert_eq!(check_plain(&doubled).unwrap_err(), "it has pointers");
    }

    #[test]
    fn every_beginning_of_a_value_is_refused() {
        // {"a": [1, true]}
        let whole = [0xe1, 0x41, b'a', 0x02, 0x04, 0xa1, 1, 0x01, 0x07];
        assert_eq!(check_plain(&whole), Ok(()));
        for end in 0..whole.len() {
            assert!(check_plain(&whole[..end]).is_err(), "{end}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_value_or_an_error(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            // Overflows and places outside of the bytes would panic.
            let _ = scalars(&bytes);
            let _ = check_plain(&bytes);
        }
    }
}
