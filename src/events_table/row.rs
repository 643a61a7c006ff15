//! A row as bytes: the form in which rows are sorted and spilled.
//!
//! ```text
//! length u32 | partition u32 | time i64 | file u32 | index u64 | hash u64 | from CSV u8 | length of the record u32
//! values of the columns | resources | record
//! ```
//!
//! Numbers are little-endian. A text is its length and one more as a varint, and its bytes; 0 is NULL.

use std::cmp::Ordering;
use std::ops::Range;

use xxhash_rust::xxh3::xxh3_64;

use crate::event::{Event, ResourceUse};
use crate::events_table::columns::{COLUMNS, ColumnKind, NewRow, Value, ip_key};

/// The time of events without one: they come first.
const NO_TIME: i64 = i64::MIN;
/// Bytes before the values of the columns.
const HEADER: usize = 41;

/// The place of a record in the input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'o> {
    /// The number of the file in the order of the input.
    pub(crate) file: u32,
    /// The number of the record in the file, and in the members of an archive.
    pub(crate) index: u64,
    /// The name of the file.
    pub(crate) name: &'o str,
    /// True if the record was made from a row of a CSV download.
    pub(crate) from_csv: bool,
}

/// Appends a row.
pub(crate) fn encode(event: &Event, record: &[u8], origin: &Origin<'_>, partition: u32, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&partition.to_le_bytes());
    out.extend_from_slice(&event.time.unwrap_or(NO_TIME).to_le_bytes());
    out.extend_from_slice(&origin.file.to_le_bytes());
    out.extend_from_slice(&origin.index.to_le_bytes());
    out.extend_from_slice(&xxh3_64(record).to_le_bytes());
    out.push(u8::from(origin.from_csv));
    out.extend_from_slice(&(record.len() as u32).to_le_bytes());
    let address = event.plain.iter().zip(crate::fields::PLAIN).find(|(_, field)| field.column == "source_ip_address");
    let ip_key = address.and_then(|(value, _)| value.as_text()).and_then(ip_key);
    // Any full record of an event replaces one that was made from a CSV row.
    let leaves = if origin.from_csv { 0 } else { leaf_count(record) };
    let row = NewRow { event, file: origin.name, ip_key: ip_key.as_deref(), leaves };
    for column in COLUMNS.iter() {
        match (column.kind, column.value(&row)) {
            (ColumnKind::Text, Value::Text(text)) => put_text(Some(text), out),
            (ColumnKind::Flag, Value::Flag(flag)) => out.push(1 + u8::from(flag)),
            (ColumnKind::Number | ColumnKind::Count, Value::Number(number)) => {
                out.push(1);
                out.extend_from_slice(&number.to_le_bytes());
            }
            _ => out.push(0),
        }
    }
    put_resources(&event.resources, out);
    out.extend_from_slice(record);
    let length = (out.len() - start) as u32;
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// Appends the resources in the order of the view `event_history`.
fn put_resources(uses: &[ResourceUse], out: &mut Vec<u8>) {
    let mut sorted: Vec<&ResourceUse> = uses.iter().collect();
    sorted.sort_by(|a, b| resource_order(a).cmp(&resource_order(b)));
    put_varint(sorted.len() as u64, out);
    for used in sorted {
        let resource = &used.resource;
        put_text(resource.kind.as_deref(), out);
        put_text(Some(&resource.name), out);
        put_text(resource.arn.as_deref(), out);
        put_text(resource.account_id.as_deref(), out);
        put_text(resource.aws_region.as_deref(), out);
        out.push(u8::from(used.listed));
    }
}

fn resource_order(used: &ResourceUse) -> (bool, Option<&str>, &str) {
    let resource = &used.resource;
    (!used.listed, resource.kind.as_deref(), resource.arn.as_deref().unwrap_or(&resource.name))
}

fn put_text(text: Option<&str>, out: &mut Vec<u8>) {
    match text {
        None => out.push(0),
        Some(text) => {
            put_varint(text.len() as u64 + 1, out);
            out.extend_from_slice(text.as_bytes());
        }
    }
}

fn put_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Returns the number of JSON leaf values of a record, as [`crate::dedup`] counts them; a key twice in one object counts
/// twice here. Each value but the first follows a comma, and an empty array or object is not a leaf.
pub(crate) fn leaf_count(record: &[u8]) -> u32 {
    let (mut commas, mut empty) = (0_u32, 0_u32);
    let mut rest = record;
    // True if the last byte outside of texts and white space opened an array or object.
    let mut is_open = false;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'"' => {
                is_open = false;
                while let Some(at) = memchr::memchr2(b'"', b'\\', rest) {
                    let is_end = rest[at] == b'"';
                    rest = rest.get(at + if is_end { 1 } else { 2 }..).unwrap_or_default();
                    if is_end {
                        break;
                    }
                }
            }
            b',' => {
                is_open = false;
                commas += 1;
            }
            b'[' | b'{' => is_open = true,
            b']' | b'}' => {
                empty += u32::from(is_open);
                is_open = false;
            }
            b' ' | b'\t' | b'\n' | b'\r' => {}
            _ => is_open = false,
        }
    }
    (commas + 1).saturating_sub(empty)
}

/// A row that was encoded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'r>(pub(crate) &'r [u8]);

impl<'r> Row<'r> {
    /// Splits the first row off.
    pub(crate) fn first(rows: &'r [u8]) -> Option<Row<'r>> {
        let length = u32::from_le_bytes(*rows.first_chunk()?) as usize;
        rows.get(..length).filter(|row| row.len() >= HEADER).map(Row)
    }

    fn number<const N: usize>(self, at: usize) -> [u8; N] {
        self.0.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
    }

    pub(crate) fn partition(self) -> u32 {
        u32::from_le_bytes(self.number(4))
    }

    pub(crate) fn time(self) -> i64 {
        i64::from_le_bytes(self.number(8))
    }

    /// Returns its place in the input.
    fn place(self) -> (u32, u64) {
        (u32::from_le_bytes(self.number(16)), u64::from_le_bytes(self.number(20)))
    }

    /// Returns the XXH3-64 of the record.
    pub(crate) fn hash(self) -> u64 {
        u64::from_le_bytes(self.number(28))
    }

    pub(crate) fn is_from_csv(self) -> bool {
        self.number::<1>(36) == [1]
    }

    /// Returns the place of the record.
    pub(crate) fn record_range(self) -> Range<usize> {
        let length = u32::from_le_bytes(self.number(37)) as usize;
        self.0.len().saturating_sub(length)..self.0.len()
    }

    pub(crate) fn record(self) -> &'r [u8] {
        self.0.get(self.record_range()).unwrap_or_default()
    }

    pub(crate) fn event_id(self) -> &'r [u8] {
        match self.cells().next(ColumnKind::Text) {
            Cell::Text(range) => self.0.get(range).unwrap_or_default(),
            _ => &[],
        }
    }

    /// Compares by time, event ID and place in the input.
    pub(crate) fn compare(self, other: Row<'_>) -> Ordering {
        self.time()
            .cmp(&other.time())
            .then_with(|| self.event_id().cmp(other.event_id()))
            .then_with(|| self.place().cmp(&other.place()))
    }

    /// Reads the values.
    pub(crate) fn cells(self) -> Cells<'r> {
        Cells { row: self.0, at: HEADER }
    }
}

/// A value of a row; a text is its place in the row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Null,
    Text(Range<usize>),
    Flag(bool),
    Number(i64),
}

/// Reads the values of a row in order: those of the columns, then the number of resources and their parts.
pub(crate) struct Cells<'r> {
    row: &'r [u8],
    at: usize,
}

impl Cells<'_> {
    fn byte(&mut self) -> u8 {
        let byte = self.row.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        byte
    }

    /// Reads a number as a varint.
    pub(crate) fn varint(&mut self) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 || shift > 63 {
                return number;
            }
        }
    }

    /// Reads a value of this kind.
    pub(crate) fn next(&mut self, kind: ColumnKind) -> Cell {
        match kind {
            ColumnKind::Text => match self.varint() {
                0 => Cell::Null,
                length => {
                    let range = self.at..self.at + length as usize - 1;
                    self.at = range.end;
                    Cell::Text(range)
                }
            },
            ColumnKind::Flag => match self.byte() {
                0 => Cell::Null,
                flag => Cell::Flag(flag == 2),
            },
            ColumnKind::Number | ColumnKind::Count => match self.byte() {
                0 => Cell::Null,
                _ => {
                    let bytes = self.row.get(self.at..).and_then(|rest| rest.first_chunk()).copied();
                    self.at += 8;
                    Cell::Number(i64::from_le_bytes(bytes.unwrap_or_default()))
                }
            },
        }
    }

    /// Reads a flag that is never NULL.
    pub(crate) fn required_flag(&mut self) -> bool {
        self.byte() == 1
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::leaf_count;
    use crate::dedup::leaves;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-z\"\\\\,{}\\[\\] é]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z\",]{0,3}", inner, 0..4).prop_map(|map| json!(map)),
            ]
        })
    }

    proptest! {
        #[test]
        fn leaves_are_counted_as_in_parsed_json(value in value(), is_pretty in any::<bool>()) {
            let text = if is_pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            prop_assert_eq!(leaf_count(text.unwrap().as_bytes()) as usize, leaves(&value));
        }
    }
}
