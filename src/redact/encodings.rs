//! Decodes JSON escapes, percent-encoding and HTML entities in a text, one level at a time.

/// The largest number of levels. A text that is encoded more often is replaced as a whole.
const MAX_LEVELS: usize = 8;

/// A decoded form of a text, with the origin of each of its bytes.
pub(super) struct Reading {
    pub(super) text: String,
    /// The offset in the original text of each byte, and of the end.
    places: Vec<usize>,
}

impl Reading {
    /// Maps a span to the original text.
    pub(super) fn outer(&self, span: &std::ops::Range<usize>) -> Option<std::ops::Range<usize>> {
        Some(*self.places.get(span.start)?..*self.places.get(span.end)?)
    }
}

/// A text is encoded more often than [`MAX_LEVELS`] times.
#[derive(Debug)]
pub(super) struct TooDeep;

/// Returns every decoded form of a text, from the outermost level to the innermost, without the text itself.
pub(super) fn readings(text: &str) -> Result<Vec<Reading>, TooDeep> {
    let mut all: Vec<Reading> = Vec::new();
    loop {
        let last = all.last().map_or(text, |reading| &reading.text);
        let Some((read, places)) = decode(last) else { return Ok(all) };
        if all.len() == MAX_LEVELS {
            return Err(TooDeep);
        }
        let places = match all.last() {
            Some(before) => places.iter().map(|at| before.places.get(*at).copied().unwrap_or(text.len())).collect(),
            None => places,
        };
        all.push(Reading { text: read, places });
    }
}

/// Decodes one level; `None` if nothing is encoded.
fn decode(text: &str) -> Option<(String, Vec<usize>)> {
    let bytes = text.as_bytes();
    let mut next = memchr::memchr3(b'\\', b'%', b'&', bytes)?;
    let (mut read, mut places) = (Vec::with_capacity(text.len()), Vec::with_capacity(text.len() + 1));
    let (mut at, mut changed) = (0, false);
    loop {
        read.extend_from_slice(&bytes[at..next]);
        places.extend(at..next);
        if next == bytes.len() {
            break;
        }
        let rest = &text[next..];
        let unit = match bytes[next] {
            b'\\' => json_escape(rest),
            b'%' => percent(rest),
            _ => entity(rest),
        };
        let length = match unit {
            Some((Unit::Byte(byte), length)) => {
                read.push(byte);
                places.push(next);
                length
            }
            Some((Unit::Char(character), length)) => {
                let mut buffer = [0; 4];
                let encoded = character.encode_utf8(&mut buffer).as_bytes();
                read.extend_from_slice(encoded);
                places.extend(std::iter::repeat_n(next, encoded.len()));
                length
            }
            None => {
                read.push(bytes[next]);
                places.push(next);
                1
            }
        };
        changed |= unit.is_some();
        at = next + length;
        next = memchr::memchr3(b'\\', b'%', b'&', &bytes[at..]).map_or(bytes.len(), |found| at + found);
    }
    places.push(text.len());
    changed.then(|| into_text(read, places))
}

/// Converts decoded bytes to text. An invalid byte becomes a space in its place.
fn into_text(read: Vec<u8>, places: Vec<usize>) -> (String, Vec<usize>) {
    let read = match String::from_utf8(read) {
        Ok(read) => return (read, places),
        Err(error) => error.into_bytes(),
    };
    let mut text = String::with_capacity(read.len());
    for chunk in read.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| ' '));
    }
    (text, places)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Byte(u8),
    Char(char),
}

/// Decodes an escape, and returns the character and the length of the escape. Unknown escapes are not decoded.
fn json_escape(text: &str) -> Option<(Unit, usize)> {
    let byte = *text.as_bytes().get(1)?;
    match byte {
        b'"' | b'\\' | b'/' | b'\'' => Some((Unit::Byte(byte), 2)),
        b'n' | b'r' | b't' | b'b' | b'f' => Some((Unit::Byte(b' '), 2)),
        b'x' => Some((Unit::Char(char::from(u8::try_from(hexadecimal(text, 2, 4)?).ok()?)), 4)),
        b'u' => {
            let high = hexadecimal(text, 2, 6)?;
            if let Some(character) = char::from_u32(high) {
                return Some((Unit::Char(character), 6));
            }
            let low = text.get(6..8).filter(|escape| *escape == "\\u").and_then(|_| hexadecimal(text, 8, 12));
            let pair = low.filter(|low| (0xDC00..0xE000).contains(low) && high < 0xDC00);
            let character = pair.and_then(|low| char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00)));
            // Half a pair is not a character.
            Some(character.map_or((Unit::Byte(b' '), 6), |character| (Unit::Char(character), 12)))
        }
        _ => None,
    }
}

/// Decodes a percent sign and two digits.
fn percent(text: &str) -> Option<(Unit, usize)> {
    Some((Unit::Byte(u8::try_from(hexadecimal(text, 1, 3)?).ok()?), 3))
}

/// Decodes an HTML entity: numeric ones, and the named ones that `escape` functions write.
fn entity(text: &str) -> Option<(Unit, usize)> {
    const LONGEST: usize = 10;
    let end = memchr::memchr(b';', text.as_bytes().get(..text.len().min(LONGEST))?)?;
    let name = text.get(1..end)?;
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            code.ok().and_then(char::from_u32)?
        }
    };
    Some((Unit::Char(character), end + 1))
}

/// Parses hexadecimal digits.
fn hexadecimal(text: &str, from: usize, to: usize) -> Option<u32> {
    let digits = text.get(from..to)?;
    let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    all.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::readings;

    fn innermost(text: &str) -> String {
        readings(text).unwrap().pop().map_or(text.to_owned(), |reading| reading.text)
    }

    #[test]
    fn encodings_are_read_however_they_are_nested() {
        for (text, read) in [
            ("alice", "alice"),
            ("%61lice", "alice"),
            ("%2561lice", "alice"),
            ("%252561lice", "alice"),
            (r"al\u0069ce", "alice"),
            (r"al\\u0069ce", "alice"),
            (r#"{\"a\":\"al\/ice\"}"#, r#"{"a":"al/ice"}"#),
            ("&#97;l&#x69;ce &amp;quot;", "alice \""),
            ("%5Cu0061lice", "alice"),
            (r"\ud83d\ude00 \ud83d", "\u{1F600}  "),
            ("%C3%A4 %E4", "\u{e4}  "),
            ("100% & more; \\", "100% & more; \\"),
            ("%zz %4", "%zz %4"),
        ] {
            assert_eq!(innermost(text), read, "{text}");
        }
    }

    #[test]
    fn a_place_in_a_reading_is_a_place_in_the_text() {
        let text = "x %25C3%25A4lice&#x20;y";
        let all = readings(text).unwrap();
        let last = all.last().unwrap();
        let at = last.text.find("älice").unwrap();
        let outer = last.outer(&(at..at + "älice".len())).unwrap();
        assert_eq!(&text[outer], "%25C3%25A4lice");
    }

    #[test]
    fn a_text_encoded_too_many_times_is_reported() {
        let mut text = "%61".to_owned();
        for _ in 0..12 {
            text = text.replace('%', "%25");
        }
        assert!(readings(&text).is_err());
    }
}
