//! Thrift's compact protocol, read without building anything: enough to check sizes before a library allocates by them.

/// The deepest nesting of structs and lists.
const MAX_DEPTH: usize = 32;

/// The type of a value.
pub(super) const I32: u8 = 5;
pub(super) const LIST: u8 = 9;
pub(super) const STRUCT: u8 = 12;

/// The reason why bytes are not what they should be.
pub(super) type Malformed = &'static str;

/// Reads values from bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'b> {
    rest: &'b [u8],
}

/// The header of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) id: i64,
    pub(super) kind: u8,
}

impl<'b> Cursor<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Cursor<'b> {
        Cursor { rest: bytes }
    }

    fn byte(&mut self) -> Result<u8, Malformed> {
        let (byte, rest) = self.rest.split_first().ok_or("ends early")?;
        self.rest = rest;
        Ok(*byte)
    }

    fn skip_bytes(&mut self, count: u64) -> Result<(), Malformed> {
        let count = usize::try_from(count).map_err(|_| "ends early")?;
        self.rest = self.rest.get(count..).ok_or("ends early")?;
        Ok(())
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err("has a number of more than 64 bits")
    }

    /// Reads a whole number.
    pub(super) fn number(&mut self) -> Result<i64, Malformed> {
        let zigzag = self.varint()?;
        Ok((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }

    /// Reads the header of a field after the one with an id; `None` at the end of the struct.
    pub(super) fn field(&mut self, before: i64) -> Result<Option<Field>, Malformed> {
        let byte = self.byte()?;
        if byte == 0 {
            return Ok(None);
        }
        let id = match byte >> 4 {
            0 => self.number()?,
            more => before + i64::from(more),
        };
        Ok(Some(Field { id, kind: byte & 15 }))
    }

    /// Reads the header of a list: its length, and the type of its elements.
    pub(super) fn list(&mut self) -> Result<(u64, u8), Malformed> {
        let byte = self.byte()?;
        let length = match byte >> 4 {
            15 => self.varint()?,
            short => u64::from(short),
        };
        // An element has at least a byte.
        if length > self.rest.len() as u64 {
            return Err("has a list that is longer than the file");
        }
        Ok((length, byte & 15))
    }

    /// Passes over a value. `see` is told the length of each list and the type of its elements.
    pub(super) fn skip(
        &mut self,
        kind: u8,
        depth: usize,
        see: &mut dyn FnMut(u64, u8) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        if depth > MAX_DEPTH {
            return Err("is nested too deep");
        }
        match kind {
            // The value of a flag is its type.
            1 | 2 => Ok(()),
            3 => self.skip_bytes(1),
            4..=6 => self.varint().map(drop),
            7 => self.skip_bytes(8),
            8 => {
                let length = self.varint()?;
                self.skip_bytes(length)
            }
            LIST | 10 => {
                let (length, element) = self.list()?;
                see(length, element)?;
                for _ in 0..length {
                    match element {
                        1 | 2 => self.skip_bytes(1)?,
                        element => self.skip(element, depth + 1, see)?,
                    }
                }
                Ok(())
            }
            STRUCT => {
                let mut id = 0;
                while let Some(field) = self.field(id)? {
                    id = field.id;
                    self.skip(field.kind, depth + 1, see)?;
                }
                Ok(())
            }
            _ => Err("has a value of an unknown type"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Field, STRUCT};

    #[test]
    fn values_are_read_and_passed_over() {
        // 1: i32 -3, 2: "ab", 3: list of two i32, 5: true, 6: struct with 1: byte.
        let bytes = [0x15, 5, 0x18, 2, b'a', b'b', 0x19, 0x25, 2, 4, 0x21, 0x1c, 0x13, 7, 0, 0, 99];
        let mut cursor = Cursor::new(&bytes);
        let mut lists = Vec::new();
        cursor
            .skip(STRUCT, 0, &mut |length, kind| {
                lists.push((length, kind));
                Ok(())
            })
            .unwrap();
        assert_eq!((cursor.rest, lists), ([99].as_slice(), vec![(2, 5)]));
        let mut cursor = Cursor::new(&bytes);
        assert_eq!(cursor.field(0), Ok(Some(Field { id: 1, kind: 5 })));
        assert_eq!(cursor.number(), Ok(-3));
        for length in 0..bytes.len() - 1 {
            let skipped = Cursor::new(&bytes[..length]).skip(STRUCT, 0, &mut |_, _| Ok(()));
            assert!(skipped.is_err(), "{length}");
        }
        let deep = [0x1c; 64];
        assert_eq!(Cursor::new(&deep).skip(STRUCT, 0, &mut |_, _| Ok(())), Err("is nested too deep"));
    }
}
