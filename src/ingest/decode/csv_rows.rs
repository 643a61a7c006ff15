//! Event history's CSV downloads: each row becomes a record of the fields that it has. A row has no request and no
//! response, so a full record of the same event takes its place.
//!
//! Columns are known by their headings, in any order, as the console writes them and as a spreadsheet program saves
//! them again (semicolons or tabs, `TRUE`, a byte-order mark).

use std::io::Read;
use std::ops::ControlFlow;

use serde_json::{Map, Value, json};

use crate::fields::fold;
use crate::ingest::decode::json::{Decoded, Sink};
use crate::ingest::decode::window::reject_of;
use crate::ingest::record::raw::RawRecord;

/// The field of each column, by its folded heading.
const COLUMNS: &[(&str, &str)] = &[
    ("username", "userName"),
    ("awsaccesskey", "accessKeyId"),
    ("accesskeyid", "accessKeyId"),
    ("eventtime", "eventTime"),
    ("eventsource", "eventSource"),
    ("eventname", "eventName"),
    ("awsregion", "awsRegion"),
    ("sourceipaddress", "sourceIPAddress"),
    ("useragent", "userAgent"),
    ("errorcode", "errorCode"),
    ("errormessage", "errorMessage"),
    ("resources", "resources"),
    ("resourcetype", "resourceType"),
    ("resourcename", "resourceName"),
    ("requestid", "requestID"),
    ("eventid", "eventID"),
    ("readonly", "readOnly"),
    ("eventtype", "eventType"),
    ("recipientaccountid", "recipientAccountId"),
    ("eventcategory", "eventCategory"),
];

/// The separator of a CSV download, if these first bytes of a file are the heading of one.
pub(crate) fn recognize(first: &[u8]) -> Option<u8> {
    let first = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    let line = first.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?;
    let separator = *[b',', b';', b'\t'].iter().max_by_key(|byte| line.bytes().filter(|b| b == *byte).count())?;
    let headings: Vec<String> = line.split(char::from(separator)).map(heading).collect();
    let has = |name: &str| headings.iter().any(|heading| heading == name);
    (has("eventid") && has("eventname") && has("eventtime")).then_some(separator)
}

fn heading(text: &str) -> String {
    fold(text.trim().trim_matches('"')).replace(' ', "")
}

/// Reads the rows of a CSV download.
pub(crate) fn decode(stream: impl Read, separator: u8, sink: &mut dyn Sink) -> Decoded {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).flexible(true).has_headers(true).from_reader(stream);
    sink.format("csv");
    let columns: Vec<Option<&'static str>> = match reader.byte_headers() {
        Ok(headings) => headings.iter().map(column_of).collect(),
        Err(error) => return reject(sink, (0, 1), error.to_string(), &[]),
    };
    let mut row = csv::ByteRecord::new();
    loop {
        let place = (reader.position().byte(), reader.position().line());
        match reader.read_byte_record(&mut row) {
            Ok(false) => return Decoded::TrailFile,
            Err(error) => return reject(sink, place, error.to_string(), &[]),
            Ok(true) if row.iter().all(<[u8]>::is_empty) => {}
            Ok(true) => {
                if take_row(&columns, &row, place, sink).is_break() {
                    return Decoded::Stopped;
                }
            }
        }
    }
}

fn column_of(name: &[u8]) -> Option<&'static str> {
    let name = String::from_utf8_lossy(name);
    let folded = heading(name.trim_start_matches('\u{feff}'));
    COLUMNS.iter().find(|(heading, _)| *heading == folded).map(|(_, field)| *field)
}

fn reject(sink: &mut dyn Sink, place: (u64, u64), reason: String, bytes: &[u8]) -> Decoded {
    match sink.reject(reject_of(place, reason, bytes)) {
        ControlFlow::Continue(()) => Decoded::TrailFile,
        ControlFlow::Break(()) => Decoded::Stopped,
    }
}

/// Hands one row to the sink as a record.
fn take_row(
    columns: &[Option<&'static str>],
    row: &csv::ByteRecord,
    place: (u64, u64),
    sink: &mut dyn Sink,
) -> ControlFlow<()> {
    let refuse = |sink: &mut dyn Sink, reason: &str| {
        let bytes = row.iter().collect::<Vec<_>>().join(&b',');
        match reject(sink, place, reason.to_owned(), &bytes) {
            Decoded::Stopped => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    };
    let Ok(cells) = csv::StringRecord::from_byte_record(row.clone()) else {
        return refuse(sink, "is not valid UTF-8");
    };
    let text = record_of(columns, &cells).to_string();
    match serde_json::from_str::<RawRecord<'_>>(&text) {
        Ok(record) if record.event_id.is_present() => sink.record(&record, text.as_bytes()),
        Ok(_) => refuse(sink, "is a row without an Event ID"),
        Err(error) => refuse(sink, &error.to_string()),
    }
}

/// The record that a row is.
fn record_of(columns: &[Option<&'static str>], cells: &csv::StringRecord) -> Value {
    let mut record = Map::new();
    let mut identity = Map::new();
    let mut resources = Vec::new();
    let mut single = Map::new();
    for (field, cell) in columns.iter().zip(cells) {
        let cell = cell.trim();
        let Some(field) = field.filter(|_| !cell.is_empty()) else { continue };
        match field {
            "userName" | "accessKeyId" => drop(identity.insert(field.to_owned(), json!(cell))),
            "resourceType" | "resourceName" => drop(single.insert(field.to_owned(), json!(cell))),
            "resources" => match serde_json::from_str(cell) {
                Ok(Value::Array(list)) => resources.extend(list),
                _ => drop(single.insert("resourceName".to_owned(), json!(cell))),
            },
            "readOnly" => drop(record.insert(field.to_owned(), json!(cell.eq_ignore_ascii_case("true")))),
            _ => drop(record.insert(field.to_owned(), json!(cell))),
        }
    }
    if single.contains_key("resourceName") {
        resources.push(Value::Object(single));
    }
    if !identity.is_empty() {
        record.insert("userIdentity".to_owned(), Value::Object(identity));
    }
    if !resources.is_empty() {
        record.insert("resources".to_owned(), Value::Array(resources));
    }
    Value::Object(record)
}
