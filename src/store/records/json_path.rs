//! Looking inside a record: values at a path, and text anywhere.
//!
//! A path is its keys, which `record_path` splits. Arrays are stepped through, and any element may match.

use std::borrow::Cow;
use std::fmt;

use memchr::memmem;
use regex::Regex;
use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::store::records::decimal;
use crate::store::records::value_list::ValueList;

/// A value at the end of a path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Leaf {
    Text(String),
    /// As the record spells it.
    Number(String),
    Flag(bool),
    /// As the record has it.
    Object(String),
    /// A whole array, beside its elements, where that is asked for.
    Array(String),
}

impl Leaf {
    /// Returns the value as answers show it: a text as it is, anything else as JSON without white space.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match self {
            Leaf::Text(text) | Leaf::Number(text) => Cow::Borrowed(text),
            Leaf::Object(raw) | Leaf::Array(raw) => Cow::Owned(compact(raw)),
            Leaf::Flag(true) => Cow::Borrowed("true"),
            Leaf::Flag(false) => Cow::Borrowed("false"),
        }
    }

    /// Returns the value as an element of a JSON array: objects as they are, anything else as a text, since `json_each`
    /// would round a number.
    fn element(&self) -> String {
        match self {
            Leaf::Object(raw) => compact(raw),
            scalar => Value::from(scalar.text().into_owned()).to_string(),
        }
    }

    /// Adds what a piece of JSON is; the elements of an array one by one.
    fn collect(raw: &str, found: &mut Vec<Leaf>) {
        found.push(match raw.as_bytes().first() {
            Some(b'"') => Leaf::Text(unquoted(raw)),
            Some(b'{') => Leaf::Object(raw.to_owned()),
            Some(b't') => Leaf::Flag(true),
            Some(b'f') => Leaf::Flag(false),
            Some(b'[') => {
                // A stored record was parsed when it was imported.
                let elements: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
                elements.iter().for_each(|element| Leaf::collect(element.get(), found));
                return;
            }
            Some(b'n') | None => return,
            Some(_) => Leaf::Number(raw.to_owned()),
        });
    }
}

/// Leaves as a JSON array.
pub(crate) fn array(leaves: &[Leaf]) -> String {
    let elements: Vec<String> = leaves.iter().map(Leaf::element).collect();
    format!("[{}]", elements.join(","))
}

/// Returns the text of a JSON string. Half of a surrogate pair, which is not a character, becomes a replacement
/// character.
fn unquoted(raw: &str) -> String {
    serde_json::from_str(raw).unwrap_or_else(|_| {
        let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
        String::from_utf8_lossy(&readable(inner.as_bytes())).into_owned()
    })
}

/// JSON without white space between its tokens, and with the characters of its strings written out. Keys keep their
/// order, numbers their spelling.
fn compact(raw: &str) -> String {
    let mut json = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(start) = rest.find('"') {
        json.extend(rest[..start].split_ascii_whitespace());
        let length = string_length(&rest[start..]);
        let string = &rest[start..start + length];
        match string.contains('\\') {
            true => json.push_str(&Value::from(unquoted(string)).to_string()),
            false => json.push_str(string),
        }
        rest = &rest[start + length..];
    }
    json.extend(rest.split_ascii_whitespace());
    json
}

/// Returns the length of the JSON string that a text begins with, its quotes included.
fn string_length(text: &str) -> usize {
    let mut bytes = text.bytes().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return at + 1,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
    text.len()
}

/// Everything at the end of a path in a record, in the record's order.
pub(crate) fn leaves(record: &[u8], keys: &[String]) -> Vec<Leaf> {
    collected(record, keys, false)
}

/// The same, and each array that the path leads to as a whole.
pub(crate) fn leaves_and_arrays(record: &[u8], keys: &[String]) -> Vec<Leaf> {
    collected(record, keys, true)
}

fn collected(record: &[u8], keys: &[String], arrays: bool) -> Vec<Leaf> {
    let mut found = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_slice(record);
    // A stored record was parsed when it was imported.
    let _ = ChildSearch { keys, arrays, found: &mut found }.deserialize(&mut deserializer);
    found
}

/// Reports whether a value at the one path is a value at the other.
pub(crate) fn have_same(record: &[u8], one: &[String], other: &[String]) -> bool {
    let values = leaves(record, one);
    !values.is_empty()
        && leaves(record, other).iter().any(|leaf| values.iter().any(|value| value.text() == leaf.text()))
}

struct ChildSearch<'a> {
    keys: &'a [String],
    /// True if arrays are collected as a whole too.
    arrays: bool,
    found: &'a mut Vec<Leaf>,
}

impl<'de> DeserializeSeed<'de> for ChildSearch<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.keys.is_empty() {
            let raw = <&RawValue>::deserialize(deserializer)?;
            if self.arrays && raw.get().starts_with('[') {
                self.found.push(Leaf::Array(raw.get().to_owned()));
            }
            Leaf::collect(raw.get(), self.found);
            return Ok(());
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ChildSearch<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let ChildSearch { keys, arrays, found } = self;
        while seq.next_element_seed(ChildSearch { keys, arrays, found: &mut *found })?.is_some() {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((wanted, rest)) = self.keys.split_first() else { return Ok(()) };
        while let Some(found) = map.next_key_seed(IsKey(wanted))? {
            if found {
                map.next_value_seed(ChildSearch { keys: rest, arrays: self.arrays, found: &mut *self.found })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Compares a key. Taken as bytes, half of a surrogate pair in another key does no harm.
struct IsKey<'k>(&'k str);

impl<'de> DeserializeSeed<'de> for IsKey<'_> {
    type Value = bool;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl Visitor<'_> for IsKey<'_> {
    type Value = bool;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
    fn visit_bytes<E>(self, key: &[u8]) -> Result<bool, E> {
        Ok(key == self.0.as_bytes())
    }
}

/// A comparison of the values at a path.
pub(crate) enum LeafPredicate {
    Equals(String),
    Less(String),
    AtMost(String),
    Greater(String),
    AtLeast(String),
    Matches(Regex),
    In(Box<ValueList>),
    Present,
}

impl LeafPredicate {
    /// Returns the comparison that an operator names.
    ///
    /// # Errors
    /// An unknown operator, a bad regular expression and a bad list, in words.
    pub(crate) fn new(operator: &str, value: &str) -> Result<LeafPredicate, String> {
        let text = || value.to_owned();
        Ok(match operator {
            "=" => LeafPredicate::Equals(text()),
            "<" => LeafPredicate::Less(text()),
            "<=" => LeafPredicate::AtMost(text()),
            ">" => LeafPredicate::Greater(text()),
            ">=" => LeafPredicate::AtLeast(text()),
            "~" => LeafPredicate::Matches(Regex::new(value).map_err(|error| error.to_string())?),
            "glob" => LeafPredicate::Matches(glob(value)?),
            "in" => LeafPredicate::In(Box::new(ValueList::parse(value)?)),
            "present" => LeafPredicate::Present,
            other => return Err(format!("record_match knows no operator {other}")),
        })
    }

    /// Reports whether a value passes.
    pub(crate) fn passes(&self, leaf: &Leaf) -> bool {
        match leaf {
            Leaf::Object(_) => match self {
                LeafPredicate::Present => true,
                LeafPredicate::Equals(value) => value.starts_with('{') && leaf.text() == value.as_str(),
                LeafPredicate::In(list) if list.is_folded() => list.matches(&leaf.text()),
                LeafPredicate::In(list) => list.has(&leaf.text()),
                _ => false,
            },
            Leaf::Array(_) => matches!(self, LeafPredicate::In(list) if list.is_folded() && list.matches(&leaf.text())),
            // A number also matches in its shortest form: 1.50e1 is 15.0.
            Leaf::Number(number) => {
                self.passes_text(number) || decimal::shortest(number).is_some_and(|number| self.passes_text(&number))
            }
            Leaf::Text(_) | Leaf::Flag(_) => self.passes_text(&leaf.text()),
        }
    }

    fn passes_text(&self, text: &str) -> bool {
        let order = |value: &str| decimal::order(text, value).unwrap_or_else(|| Some(text.cmp(value)));
        match self {
            LeafPredicate::Equals(value) => text == value.as_str(),
            LeafPredicate::Less(value) => order(value).is_some_and(|order| order.is_lt()),
            LeafPredicate::AtMost(value) => order(value).is_some_and(|order| order.is_le()),
            LeafPredicate::Greater(value) => order(value).is_some_and(|order| order.is_gt()),
            LeafPredicate::AtLeast(value) => order(value).is_some_and(|order| order.is_ge()),
            LeafPredicate::Matches(pattern) => pattern.is_match(text),
            LeafPredicate::In(list) => list.matches(text),
            LeafPredicate::Present => true,
        }
    }
}

/// Returns a pattern of SQLite's GLOB as a regular expression.
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

/// Returns a character of a class.
fn escape(character: char) -> String {
    if character.is_alphanumeric() { character.to_string() } else { format!("\\x{{{:x}}}", u32::from(character)) }
}

/// Reports whether a record contains a text, its JSON escapes decoded first.
pub(crate) fn has_text(record: &[u8], needle: &str) -> bool {
    memmem::find(&readable(record), needle.as_bytes()).is_some()
}

/// Returns a record with its JSON escapes decoded.
pub(crate) fn readable(record: &[u8]) -> Cow<'_, [u8]> {
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

/// Returns the character of the escape that `text` begins with, and the escape's length.
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
    use super::{LeafPredicate, array, has_text, leaves};
    use crate::record_path::keys;

    const RECORD: &[u8] =
        br#"{"a":{"b":[{"c":"x"},{"c":7},{"d":null}],"e.f":true},"p":"{\"Resource\":\"*\"}\u00e9\ud83d\ude00"}"#;

    fn at(record: &str, path: &str) -> Vec<String> {
        leaves(record.as_bytes(), &keys(path)).iter().map(|leaf| leaf.text().into_owned()).collect()
    }

    fn passes(record: &str, operator: &str, value: &str) -> bool {
        let test = LeafPredicate::new(operator, value).unwrap();
        leaves(record.as_bytes(), &keys("a")).iter().any(|leaf| test.passes(leaf))
    }

    #[test]
    fn paths_step_through_arrays_and_take_quoted_keys() {
        let texts = |path: &str| at(std::str::from_utf8(RECORD).unwrap(), path);
        assert_eq!(texts("a.b.c"), ["x", "7"]);
        assert_eq!(texts("a.\"e.f\""), ["true"]);
        assert!(texts("a.b.d").is_empty() && texts("a.x").is_empty());
        assert_eq!(leaves(RECORD, &keys("a")).len(), 1, "an object is present");
    }

    #[test]
    fn values_keep_their_spelling() {
        for (value, expected) in [
            ("123456789.12345679", "123456789.12345679"),
            ("1e5", "1e5"),
            ("1.0", "1.0"),
            ("0.10", "0.10"),
            ("-0", "-0"),
            ("18446744073709551616", "18446744073709551616"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("1e400", "1e400"),
            ("false", "false"),
            (r#""a\u00e9\n\"b\/\ud83d\ude00""#, "aé\n\"b/😀"),
            (r#""half \ud83d!""#, "half \u{fffd}!"),
            ("{}", "{}"),
            (" { \"k\" : [ 1.0 , \"a b\" ,\n{ } ] } ", r#"{"k":[1.0,"a b",{}]}"#),
            (r#"{"q\u0022":"\u00e9\\","k":1,"k":2}"#, r#"{"q\"":"é\\","k":1,"k":2}"#),
            (r#"{"k":"\\","l": " \" "}"#, r#"{"k":"\\","l":" \" "}"#),
        ] {
            assert_eq!(at(&format!("{{\"z\":1,\"a\":{value}}}"), "a"), [expected], "{value}");
        }
        for value in ["null", "[]", "[[],[null]]"] {
            assert!(at(&format!("{{\"a\":{value}}}"), "a").is_empty(), "{value}");
        }
    }

    #[test]
    fn the_elements_of_arrays_are_values_of_their_own() {
        let record = r#"{"\ud83d":0,"a":[{"k":"v"},["x",[2.50,true]],null],"a":{}}"#;
        assert_eq!(at(record, "a"), [r#"{"k":"v"}"#, "x", "2.50", "true", "{}"]);
        let all = array(&leaves(record.as_bytes(), &keys("a")));
        assert_eq!(all, r#"[{"k":"v"},"x","2.50","true",{}]"#);
        assert!(serde_json::from_str::<serde_json::Value>(&all).is_ok());
    }

    #[test]
    fn comparisons_are_by_number_where_both_are() {
        let passes = |operator: &str, value: &str, path: &str| {
            let test = LeafPredicate::new(operator, value).unwrap();
            leaves(RECORD, &keys(path)).iter().any(|leaf| test.passes(leaf))
        };
        assert!(passes("<", "10", "a.b.c") && !passes(">", "70", "a.b.d"));
        assert!(passes("glob", "[x]", "a.b.c") && passes("glob", "*", "a.b.c") && !passes("glob", "?[*]", "a.b.c"));
        assert!(passes("~", "^x$", "a.b.c") && passes("present", "", "a"));
        assert!(passes("in", r#"{"exact":["y"],"wildcards":["x*"]}"#, "a.b.c"));
        assert!(
            LeafPredicate::new("~", "(").is_err()
                && LeafPredicate::new("like", "x").is_err()
                && LeafPredicate::new("in", "x").is_err()
        );
    }

    #[test]
    fn a_number_equals_what_the_record_writes_and_its_shortest_form() {
        for (number, value, equal) in [
            ("1", "1", true),
            ("1", "1.0", false),
            ("1.0", "1", false),
            ("1.0", "1.0", true),
            ("1e5", "1e5", true),
            ("1e5", "100000.0", true),
            ("0.10", "0.10", true),
            ("0.10", "0.1", true),
            ("123456789.12345679", "123456789.12345679", true),
            ("123456789.12345679", "123456789.1234568", false),
            ("9007199254740993", "9007199254740992", false),
            ("12345678901234567890", "12345678901234567890", true),
            ("12345678901234567891", "12345678901234567890", false),
        ] {
            let record = format!("{{\"a\":{number}}}");
            assert_eq!(passes(&record, "=", value), equal, "{number} = {value}");
            let list = serde_json::json!({ "exact": [value, "other"] }).to_string();
            assert_eq!(passes(&record, "in", &list), equal, "{number} in {value}");
        }
        assert!(passes(r#"{"a":9007199254740993}"#, ">", "9007199254740992"));
        assert!(!passes(r#"{"a":9007199254740993}"#, "<=", "9007199254740992"));
        assert!(passes(r#"{"a":1.50}"#, "~", r"^1\.5$") && passes(r#"{"a":1.50}"#, "glob", "*.50"));
    }

    #[test]
    fn an_object_equals_its_json_and_compares_to_nothing_else() {
        let record = r#"{"a":{ "k": "v" }}"#;
        assert!(passes(record, "=", r#"{"k":"v"}"#) && passes(record, "present", ""));
        for (operator, value) in [("=", "v"), ("glob", "*v*"), ("~", "v"), ("<", "~"), (">", ""), ("glob", "{*")] {
            assert!(!passes(record, operator, value), "{operator} {value}");
        }
    }

    #[test]
    fn text_is_found_as_it_reads() {
        for needle in [r#"{"Resource":"*"}"#, "é", "😀", "\"b\":["] {
            assert!(has_text(RECORD, needle), "{needle}");
        }
        assert!(!has_text(RECORD, "\\\"Resource") && !has_text(br#"{"a":"x\ny"}"#, "ny"));
    }
}
