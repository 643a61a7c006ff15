//! Looks for identifiers in every reading of everything that a snapshot holds.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use aho_corasick::AhoCorasick;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::Value;
use trailq::store::Case;

use crate::common::lines;

/// Every reading of a text that anybody may try.
fn views(text: &str) -> Vec<String> {
    let mut views = vec![text.to_owned()];
    while let Some(last) = views.last().filter(|last| last.contains(['\\', '%', '&'])) {
        let next = read_percent(&read_entities(&read_escapes(last)));
        if next == *last {
            break;
        }
        views.push(next);
    }
    let plus: Vec<String> = views.iter().filter(|view| view.contains('+')).map(|view| view.replace('+', " ")).collect();
    views.extend(plus);
    views
}

fn read_escapes(text: &str) -> String {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < units.len() {
        let hex =
            units.get(at + 2..at + 6).and_then(|four| u16::from_str_radix(&String::from_utf16_lossy(four), 16).ok());
        match (units[at], units.get(at + 1).copied(), hex) {
            (0x5c, Some(0x75), Some(unit)) => {
                out.push(unit);
                at += 6;
            }
            (0x5c, Some(next), _) if [0x22, 0x5c, 0x2f].contains(&next) => {
                out.push(next);
                at += 2;
            }
            (unit, ..) => {
                out.push(unit);
                at += 1;
            }
        }
    }
    String::from_utf16_lossy(&out)
}

fn read_percent(text: &str) -> String {
    String::from_utf8_lossy(&read_percent_bytes(text.as_bytes())).into_owned()
}

fn read_percent_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let code =
            bytes.get(at + 1..at + 3).and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        match code.filter(|_| bytes[at] == b'%') {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    out
}

fn read_entities(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("&#") {
        out.push_str(&rest[..at]);
        rest = &rest[at + 2..];
        let digits = rest.split(';').next().unwrap_or_default();
        match digits.parse().ok().and_then(char::from_u32) {
            Some(character) => {
                out.push(character);
                rest = rest[digits.len()..].strip_prefix(';').unwrap_or_default();
            }
            None => out.push_str("&#"),
        }
    }
    out.push_str(rest);
    out.replace("&amp;", "&")
}

/// Looks for identifiers, whatever is beside them and in whatever case.
struct Search {
    words: Vec<String>,
    finder: AhoCorasick,
    seen: HashSet<String>,
    found: BTreeMap<String, String>,
}

impl Search {
    fn new(identifiers: &[&str]) -> Search {
        let words: Vec<String> = identifiers.iter().flat_map(|id| [id.to_lowercase(), id.to_uppercase()]).collect();
        let finder = AhoCorasick::builder().ascii_case_insensitive(true).build(&words).unwrap();
        Search { words, finder, seen: HashSet::new(), found: BTreeMap::new() }
    }

    fn look(&mut self, place: &str, text: &str) {
        if self.seen.insert(text.to_owned()) {
            views(text).iter().for_each(|view| self.look_at(place, view.as_bytes()));
        }
    }

    fn look_at(&mut self, place: &str, bytes: &[u8]) {
        for hit in self.finder.find_overlapping_iter(bytes) {
            let leak = format!("{} in {place}", self.words[hit.pattern().as_usize()]);
            let around = &bytes[hit.start().saturating_sub(80)..bytes.len().min(hit.end() + 80)];
            self.found.entry(leak).or_insert_with(|| String::from_utf8_lossy(around).into_owned());
        }
    }

    /// Looks into every text of a record, and says where.
    fn look_into(&mut self, place: &str, value: &Value) {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    self.look(&format!("a key of {place}"), key);
                    self.look_into(&format!("{place}.{key}"), value);
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.look_into(place, value)),
            Value::String(text) => self.look(place, text),
            other => self.look(place, &other.to_string()),
        }
    }
}

/// Everywhere where an identifier is in a snapshot: rows of all tables, records, and the bytes of the file.
pub(super) fn leaks(snapshot: &Path, identifiers: &[&str]) -> BTreeMap<String, String> {
    let mut search = Search::new(identifiers);
    let connection = Connection::open(snapshot).unwrap();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'records_fts%'";
    for table in lines(&connection, tables) {
        let mut select = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns: Vec<String> = select.column_names().map(str::to_owned).collect();
        let mut rows = select.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for (at, column) in columns.iter().enumerate() {
                let text = match row.get_ref(at).unwrap() {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                    ValueRef::Integer(number) => number.to_string(),
                    ValueRef::Real(number) => number.to_string(),
                    ValueRef::Null => continue,
                };
                search.look(&format!("{table}.{column}"), &text);
                if table == "record_dictionaries" && column == "data" {
                    let bytes = row.get_ref(at).unwrap().as_blob().unwrap();
                    let dictionary = zstd::decode_all(bytes).unwrap();
                    search.look("a dictionary", &String::from_utf8_lossy(&dictionary));
                }
            }
        }
    }
    let case = Case::open(snapshot).unwrap();
    for id in lines(&connection, "SELECT id FROM events") {
        let record = case.record(id.parse().unwrap()).unwrap().unwrap();
        let value: Value = serde_json::from_slice(&record).unwrap();
        search.look_into("record", &value);
        search.look_at("a record's bytes", &record);
    }
    let bytes = std::fs::read(snapshot).unwrap();
    search.look_at("the bytes of the file", &bytes);
    let once = read_percent_bytes(&bytes);
    search.look_at("the bytes of the file, percent-decoded", &once);
    search.look_at("the bytes of the file, percent-decoded twice", &read_percent_bytes(&once));
    search.found
}
