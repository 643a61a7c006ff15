//! SQLite's file format as far as indexes need it: variable-length integers, records, and what fits into a page
//! (<https://www.sqlite.org/fileformat2.html>).

/// Page types.
pub(super) const INDEX_INTERIOR: u8 = 2;
pub(super) const TABLE_INTERIOR: u8 = 5;
pub(super) const INDEX_LEAF: u8 = 10;
pub(super) const TABLE_LEAF: u8 = 13;

/// The place in the file that SQLite locks: the page that has it is never used.
pub(super) const LOCK_BYTE: u64 = 1 << 30;

/// The size of the header of an interior page and of a leaf.
pub(super) const INTERIOR_HEADER: usize = 12;
pub(super) const LEAF_HEADER: usize = 8;

/// Reads a variable-length integer: its value and its length in bytes. `None` if the bytes end before it.
#[inline]
pub(super) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    if first < 0x80 {
        return Some((first.into(), 1));
    }
    let mut value = u64::from(first & 0x7f);
    for (at, byte) in bytes.iter().enumerate().take(8).skip(1) {
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
    }
    // The ninth byte has eight bits.
    bytes.get(8).map(|byte| (value << 8 | u64::from(*byte), 9))
}

/// Appends a variable-length integer.
#[inline]
pub(super) fn put_varint(out: &mut Vec<u8>, value: u64) {
    if value < 0x80 {
        return out.push(value as u8);
    }
    if value >> 56 != 0 {
        let high = value >> 8;
        out.extend((0..8).rev().map(|at| (high >> (at * 7)) as u8 | 0x80));
        return out.push(value as u8);
    }
    let bytes = (64 - value.leading_zeros()).div_ceil(7);
    out.extend((0..bytes).rev().map(|at| (value >> (at * 7)) as u8 & 0x7f | if at == 0 { 0 } else { 0x80 }));
}

/// Returns the size of a value in a record, given its serial type.
#[inline]
pub(super) fn value_size(serial: u64) -> usize {
    match serial {
        0 | 8 | 9 => 0,
        1..=4 => serial as usize,
        5 => 6,
        6 | 7 => 8,
        _ => usize::try_from(serial.saturating_sub(12) / 2).unwrap_or(usize::MAX),
    }
}

/// Reads an integer of a record, given its serial type. `None` if it is of another type.
#[inline]
pub(crate) fn integer(serial: u64, bytes: &[u8]) -> Option<i64> {
    match serial {
        8 => Some(0),
        9 => Some(1),
        1..=6 => {
            let size = value_size(serial);
            let mut eight = [if bytes.first()? & 0x80 == 0 { 0 } else { 0xff }; 8];
            eight.get_mut(8 - size..)?.copy_from_slice(bytes.get(..size)?);
            Some(i64::from_be_bytes(eight))
        }
        _ => None,
    }
}

/// Appends an integer to the header and the body of a record.
#[inline]
pub(crate) fn put_integer(header: &mut Vec<u8>, body: &mut Vec<u8>, value: i64) {
    let (serial, size) = match value {
        0 => (8, 0),
        1 => (9, 0),
        -0x80..=0x7f => (1, 1),
        -0x8000..=0x7fff => (2, 2),
        -0x80_0000..=0x7f_ffff => (3, 3),
        -0x8000_0000..=0x7fff_ffff => (4, 4),
        -0x8000_0000_0000..=0x7fff_ffff_ffff => (5, 6),
        _ => (6, 8),
    };
    header.push(serial);
    body.extend_from_slice(&value.to_be_bytes()[8 - size..]);
}

/// Appends a text to the header and the body of a record.
#[inline]
pub(crate) fn put_text(header: &mut Vec<u8>, body: &mut Vec<u8>, text: &[u8]) {
    put_varint(header, text.len() as u64 * 2 + 13);
    body.extend_from_slice(text);
}

/// Makes a record of serial types and values.
#[inline]
pub(crate) fn put_record(record: &mut Vec<u8>, header: &[u8], body: &[u8]) {
    record.clear();
    // The size of the header is part of it.
    let size = header.len() as u64 + 1;
    put_varint(record, if size < 0x80 { size } else { size + 1 });
    record.extend_from_slice(header);
    record.extend_from_slice(body);
}

/// Returns the serial types and the bytes of the values of a record, as far as it is well-formed.
pub(crate) fn record_values(record: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let (size, mut at) = varint(record).unwrap_or_default();
    let header = usize::try_from(size).unwrap_or(usize::MAX);
    let mut body = header;
    std::iter::from_fn(move || {
        if at >= header {
            return None;
        }
        let (serial, length) = varint(record.get(at..)?)?;
        let end = body.checked_add(value_size(serial))?;
        let value = record.get(body..end)?;
        (at, body) = (at + length, end);
        Some((serial, value))
    })
}

/// Returns how many bytes of a payload are in its cell; the others are in overflow pages. `is_table`: a leaf of a table,
/// otherwise any page of an index.
#[inline]
pub(super) fn local_size(payload: usize, usable: usize, is_table: bool) -> usize {
    let most = if is_table { usable - 35 } else { (usable - 12) * 64 / 255 - 23 };
    if payload <= most {
        return payload;
    }
    let least = (usable - 12) * 32 / 255 - 23;
    let local = least + (payload - least) % (usable - 4);
    if local <= most { local } else { least }
}

/// Reads a number of two or four bytes.
#[inline]
pub(super) fn u16_at(page: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes(page.get(at..at + 2)?.try_into().ok()?)))
}

#[inline]
pub(super) fn u32_at(page: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(page.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::Config;

    use super::{integer, local_size, put_integer, put_varint, value_size, varint};

    proptest! {
        #![proptest_config(Config { cases: 512, failure_persistence: None, ..Config::default() })]

        #[test]
        fn numbers_are_read_as_they_are_written(number in any::<u64>(), shift in 0..64_u32) {
            let number = number >> shift;
            let mut bytes = Vec::new();
            put_varint(&mut bytes, number);
            prop_assert_eq!(varint(&bytes), Some((number, bytes.len())));
            prop_assert_eq!(varint(&bytes[..bytes.len() - 1]), None);
            let (mut header, mut body) = (Vec::new(), Vec::new());
            put_integer(&mut header, &mut body, number as i64);
            prop_assert_eq!(value_size(header[0].into()), body.len());
            prop_assert_eq!(integer(header[0].into(), &body), Some(number as i64));
        }
    }

    #[test]
    fn variable_length_integers_are_those_of_sqlite() {
        for (number, expected) in [
            (0, &[0][..]),
            (0x7f, &[0x7f]),
            (0x80, &[0x81, 0]),
            (0x3fff, &[0xff, 0x7f]),
            (u64::MAX, &[0xff; 9]),
            (1 << 56, &[0x80, 0xc0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0]),
        ] {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, number);
            assert_eq!(bytes, expected, "{number}");
        }
    }

    #[test]
    fn payloads_fit_into_their_pages() {
        // The examples follow from the formulas of the file format, section 1.6.
        assert_eq!(local_size(4_061, 4_096, true), 4_061);
        assert_eq!(local_size(4_062, 4_096, true), 489);
        assert_eq!(local_size(1_002, 4_096, false), 1_002);
        assert_eq!(local_size(1_003, 4_096, false), 489);
        assert_eq!(local_size(489 + 4_092 + 5, 4_096, false), 494);
    }
}
