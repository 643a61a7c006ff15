//! UUIDs as numbers: an eventID takes 16 bytes in place of 36, and they sort alike.

/// The length of a UUID as text.
const LENGTH: usize = 36;
/// The places of its pairs of digits. Dashes are in the others.
const PAIRS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
/// The places of its dashes.
const DASHES: [usize; 4] = [8, 13, 18, 23];
/// No digit.
const NONE: u8 = 0xff;

/// The value of each character as a digit in lower case.
const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut digit = 0;
    while digit < 16 {
        values[DIGITS[digit] as usize] = digit as u8;
        digit += 1;
    }
    values
};
const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Reads a UUID in lower case with its dashes.
pub(crate) fn parse(text: &[u8]) -> Option<u128> {
    let text: &[u8; LENGTH] = text.try_into().ok()?;
    let mut bytes = [0; 16];
    let mut met = 0;
    for (byte, at) in bytes.iter_mut().zip(PAIRS) {
        let (high, low) = (VALUES[usize::from(text[at])], VALUES[usize::from(text[at + 1])]);
        // No digit has a bit of the upper half.
        met |= high | low;
        *byte = high << 4 | low & 0xf;
    }
    let is_uuid = met < 16 && DASHES.iter().all(|at| text[*at] == b'-');
    is_uuid.then(|| u128::from_be_bytes(bytes))
}

/// Returns a UUID as text.
pub(crate) fn text_of(uuid: u128) -> [u8; LENGTH] {
    let mut text = [b'-'; LENGTH];
    for (byte, at) in uuid.to_be_bytes().into_iter().zip(PAIRS) {
        text[at] = DIGITS[usize::from(byte >> 4)];
        text[at + 1] = DIGITS[usize::from(byte & 0xf)];
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{parse, text_of};

    #[test]
    fn only_uuids_in_lower_case_with_dashes_are_read() {
        let uuid = "01234567-89ab-cdef-0123-456789abcdef";
        assert_eq!(parse(uuid.as_bytes()), Some(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef));
        for other in [
            "",
            "0123456789abcdef0123456789abcdef",
            "01234567-89ab-cdef-0123-456789abcde",
            "01234567-89ab-cdef-0123-456789abcdeff",
            "01234567-89AB-cdef-0123-456789abcdef",
            "0123456789-ab-cdef-0123-456789abcdef",
            "g1234567-89ab-cdef-0123-456789abcdef",
            "01234567-89ab-cdef-0123-456789abcde\u{e9}",
        ] {
            assert_eq!(parse(other.as_bytes()), None, "{other}");
        }
        for at in 0..uuid.len() {
            for byte in 0..=u8::MAX {
                let mut text = uuid.as_bytes().to_vec();
                text[at] = byte;
                let is_valid =
                    if uuid.as_bytes()[at] == b'-' { byte == b'-' } else { matches!(byte, b'0'..=b'9' | b'a'..=b'f') };
                assert_eq!(parse(&text).is_some(), is_valid, "{byte} at {at}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_uuid_is_read_as_it_is_written(uuid: u128, other: u128) {
            prop_assert_eq!(parse(&text_of(uuid)), Some(uuid));
            prop_assert_eq!(text_of(uuid).cmp(&text_of(other)), uuid.cmp(&other));
        }
    }
}
