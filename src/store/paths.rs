//! Looking inside a record: values at a path, and text anywhere.
//!
//! A path is a list of keys joined by dots, a key with other characters in double quotes. Arrays are stepped through,
//! and any element may match.

use std::borrow::Cow;
use std::fmt;

use memchr::memmem;
use regex::Regex;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// The keys of a path.
pub(crate) fn keys(path: &str) -> Vec<String> {
    let mut keys = vec![String::new()];
    let mut quoted = false;
    let mut characters = path.chars();
    while let Some(character) = characters.next() {
        let current = keys.len() - 1;
        match character {
            '"' => quoted = !quoted,
            '\\' if quoted => keys[current].extend(characters.next()),
            '.' if !quoted => keys.push(String::new()),
            other => keys[current].push(other),
        }
    }
    keys
}

/// What stands at the end of a path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Leaf {
    /// A text, a number or a flag.
    Scalar(Value),
    /// An object: present, but without a value of its own.
    Object,
}

impl Leaf {
    /// The value as lookups compare it: a text as it is, numbers and flags as JSON writes them.
    pub(crate) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Leaf::Scalar(Value::String(text)) => Some(Cow::Borrowed(text)),
            Leaf::Scalar(value) => Some(Cow::Owned(value.to_string())),
            Leaf::Object => None,
        }
    }
}

/// Everything at the end of a path in a record, in the record's order.
pub(crate) fn leaves(record: &[u8], keys: &[String]) -> Vec<Leaf> {
    let mut found = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_slice(record);
    // A stored record was parsed when it was imported.
    let _ = Step { keys, found: &mut found }.deserialize(&mut deserializer);
    found
}

struct Step<'a> {
    keys: &'a [String],
    found: &'a mut Vec<Leaf>,
}

impl Step<'_> {
    fn scalar<E>(self, value: impl Into<Value>) -> Result<(), E> {
        if self.keys.is_empty() {
            self.found.push(Leaf::Scalar(value.into()));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Step<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Step<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_bool<E>(self, flag: bool) -> Result<(), E> {
        self.scalar(flag)
    }
    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.scalar(number)
    }
    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.scalar(number)
    }
    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.scalar(number)
    }
    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.scalar(text)
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Step { keys: self.keys, found: &mut *self.found })?.is_some() {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((wanted, rest)) = self.keys.split_first() else {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            self.found.push(Leaf::Object);
            return Ok(());
        };
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key == wanted.as_str() {
                map.next_value_seed(Step { keys: rest, found: &mut *self.found })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// A comparison of the values at a path.
pub(crate) enum Test {
    Equals(String),
    Less(String),
    AtMost(String),
    Greater(String),
    AtLeast(String),
    Matches(Regex),
    Present,
}

impl Test {
    /// The comparison that an operator names.
    ///
    /// # Errors
    /// An unknown operator and a bad regular expression, in words.
    pub(crate) fn new(operator: &str, value: &str) -> Result<Test, String> {
        let value = value.to_owned();
        Ok(match operator {
            "=" => Test::Equals(value),
            "<" => Test::Less(value),
            "<=" => Test::AtMost(value),
            ">" => Test::Greater(value),
            ">=" => Test::AtLeast(value),
            "~" => Test::Matches(Regex::new(&value).map_err(|error| error.to_string())?),
            "glob" => Test::Matches(glob(&value)?),
            "present" => Test::Present,
            other => return Err(format!("record_match knows no operator {other}")),
        })
    }

    /// Whether a value passes.
    pub(crate) fn passes(&self, leaf: &Leaf) -> bool {
        let Some(text) = leaf.text() else { return matches!(self, Test::Present) };
        let order = |value: &str| match (text.parse::<f64>(), value.parse::<f64>()) {
            (Ok(a), Ok(b)) => a.partial_cmp(&b),
            _ => Some(text.as_ref().cmp(value)),
        };
        match self {
            Test::Equals(value) => text == value.as_str(),
            Test::Less(value) => order(value).is_some_and(|order| order.is_lt()),
            Test::AtMost(value) => order(value).is_some_and(|order| order.is_le()),
            Test::Greater(value) => order(value).is_some_and(|order| order.is_gt()),
            Test::AtLeast(value) => order(value).is_some_and(|order| order.is_ge()),
            Test::Matches(pattern) => pattern.is_match(&text),
            Test::Present => true,
        }
    }
}

/// A pattern of SQLite's GLOB as a regular expression.
fn glob(pattern: &str) -> Result<Regex, String> {
    let mut expression = String::from(r"(?s)\A");
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '*' => expression.push_str(".*"),
            '?' => expression.push('.'),
            '[' => {
                let mut members = String::new();
                let negated = characters.next_if(|c| *c == '^').is_some();
                members.extend(characters.next());
                members.extend(std::iter::from_fn(|| characters.next_if(|c| *c != ']')));
                characters.next();
                expression.push_str(if negated { "[^" } else { "[" });
                members.chars().for_each(|c| expression.push_str(&if c == '-' { "-".into() } else { escape(c) }));
                expression.push(']');
            }
            other => expression.push_str(&regex::escape(&other.to_string())),
        }
    }
    expression.push_str(r"\z");
    Regex::new(&expression).map_err(|error| error.to_string())
}

/// A character of a class.
fn escape(character: char) -> String {
    if character.is_alphanumeric() { character.to_string() } else { format!("\\x{{{:x}}}", u32::from(character)) }
}

/// Whether a text stands anywhere in a record, whose JSON escapes are decoded first.
pub(crate) fn has_text(record: &[u8], needle: &str) -> bool {
    memmem::find(&readable(record), needle.as_bytes()).is_some()
}

/// A record with its JSON escapes decoded.
pub(super) fn readable(record: &[u8]) -> Cow<'_, [u8]> {
    match memchr::memchr(b'\\', record) {
        Some(_) => Cow::Owned(decoded(record)),
        None => Cow::Borrowed(record),
    }
}

/// JSON with the escapes in its texts decoded, so that it reads as the texts do.
fn decoded(record: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(record.len());
    let mut rest = record;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        plain.extend_from_slice(&rest[..at]);
        let (character, length) = escaped(&rest[at..]);
        let mut buffer = [0; 4];
        plain.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
        rest = &rest[(at + length).min(rest.len())..];
    }
    plain.extend_from_slice(rest);
    plain
}

/// The character of the escape that `text` begins with, and the escape's length.
fn escaped(text: &[u8]) -> (char, usize) {
    let unit = |at: usize| -> Option<u32> {
        let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    match text.get(1) {
        Some(b'n') => ('\n', 2),
        Some(b't') => ('\t', 2),
        Some(b'r') => ('\r', 2),
        Some(b'b') => ('\u{8}', 2),
        Some(b'f') => ('\u{c}', 2),
        Some(b'u') => match (unit(0), unit(6)) {
            (Some(high @ 0xd800..=0xdbff), Some(low @ 0xdc00..=0xdfff)) => {
                let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
            }
            (Some(code), _) => (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 6),
            (None, _) => ('u', 2),
        },
        Some(other) => (char::from(*other), 2),
        None => ('\\', 1),
    }
}

#[cfg(test)]
mod tests {
    use super::{Test, has_text, keys, leaves};

    const RECORD: &[u8] =
        br#"{"a":{"b":[{"c":"x"},{"c":7},{"d":null}],"e.f":true},"p":"{\"Resource\":\"*\"}\u00e9\ud83d\ude00"}"#;

    fn texts(path: &str) -> Vec<String> {
        leaves(RECORD, &keys(path)).iter().filter_map(|leaf| leaf.text().map(|text| text.into_owned())).collect()
    }

    #[test]
    fn paths_step_through_arrays_and_take_quoted_keys() {
        assert_eq!(texts("a.b.c"), ["x", "7"]);
        assert_eq!(texts("a.\"e.f\""), ["true"]);
        assert!(texts("a.b.d").is_empty() && texts("a.x").is_empty());
        assert_eq!(leaves(RECORD, &keys("a")).len(), 1, "an object is present");
    }

    #[test]
    fn comparisons_are_by_number_where_both_are() {
        let passes = |operator: &str, value: &str, path: &str| {
            let test = Test::new(operator, value).unwrap();
            leaves(RECORD, &keys(path)).iter().any(|leaf| test.passes(leaf))
        };
        assert!(passes("<", "10", "a.b.c") && !passes(">", "70", "a.b.d"));
        assert!(passes("glob", "[x]", "a.b.c") && passes("glob", "*", "a.b.c") && !passes("glob", "?[*]", "a.b.c"));
        assert!(passes("~", "^x$", "a.b.c") && passes("present", "", "a"));
        assert!(Test::new("~", "(").is_err() && Test::new("like", "x").is_err());
    }

    #[test]
    fn text_is_found_as_it_reads() {
        for needle in [r#"{"Resource":"*"}"#, "é", "😀", "\"b\":["] {
            assert!(has_text(RECORD, needle), "{needle}");
        }
        assert!(!has_text(RECORD, "\\\"Resource") && !has_text(br#"{"a":"x\ny"}"#, "ny"));
    }
}
