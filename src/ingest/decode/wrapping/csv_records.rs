//! CSV with whole records in one column: Athena's downloads of raw lines, `eventJson` of CloudTrail Lake, `@message` of
//! Logs Insights, `_raw` of Splunk, `event.original` of Elastic.

use std::ops::ControlFlow;

use crate::ingest::decode::columns::heading;
use crate::ingest::decode::content::{Content, Wrapping};
use crate::ingest::decode::csv_text::{Row, dialect_of, first_rows, read};
use crate::ingest::decode::json;
use crate::ingest::decode::sink::{Decoded, Sink};

/// The columns, by their folded headings, with true for those that only CloudTrail writes.
const COLUMNS: &[(&str, bool)] = &[
    ("eventjson", true),
    ("cloudtrailevent", true),
    ("@message", false),
    ("raw", false),
    ("event.original", false),
    ("source", false),
    ("message", false),
];
/// The bytes of a record's key with which a cell of an unknown column shows that it holds records.
const RECORD_MARK: &str = "\"event";

/// One column of records.
pub(super) struct CsvRecords;

/// The column that holds the records.
struct Found {
    index: usize,
    is_own: bool,
    /// True if the first line is a record too.
    is_headless: bool,
}

impl Wrapping for CsvRecords {
    fn recognize(&self, head: &[u8]) -> bool {
        find(&first_rows(head, 2)).is_some()
    }

    fn decode(&self, content: Content<'_>, _: bool, sink: &mut dyn Sink) -> Decoded {
        sink.format("csv");
        let Ok((dialect, content)) = dialect_of(content) else { return Decoded::TrailFile };
        let mut first: Option<Vec<String>> = None;
        let mut found: Option<Found> = None;
        let flow = read(content, dialect, sink, &mut |row, sink| match row {
            Row::Headings(names) => {
                let owned = owned(names);
                found = find(std::slice::from_ref(&owned)).filter(|found| found.is_headless);
                first = Some(owned);
                match &found {
                    Some(found) => take(names, found, (0, 1), sink),
                    None => ControlFlow::Continue(Ok(())),
                }
            }
            Row::Cells(cells, place) => {
                if found.is_none() {
                    found = first.as_ref().and_then(|first| find(&[first.clone(), owned(cells)]));
                }
                match &found {
                    Some(found) => take(cells, found, place, sink),
                    None => ControlFlow::Continue(Err("is a row without a record".to_owned())),
                }
            }
        });
        flow.into()
    }
}

fn owned(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

fn take(cells: &[&str], found: &Found, place: (u64, u64), sink: &mut dyn Sink) -> ControlFlow<(), Result<(), String>> {
    let cell = cells.get(found.index).copied().unwrap_or_default();
    match json::offer_text(cell, found.is_own, sink, place) {
        Ok(flow) => flow.map_continue(Ok),
        Err(reason) => ControlFlow::Continue(Err(reason)),
    }
}

/// Finds the column of records by the headings and the first row.
fn find(rows: &[Vec<String>]) -> Option<Found> {
    let is_object = |cell: &&String| cell.trim_start().starts_with('{');
    let headings = rows.first()?;
    if let Some(index) = headings.iter().position(|cell| is_object(&cell) && cell.contains(RECORD_MARK)) {
        return Some(Found { index, is_own: false, is_headless: true });
    }
    let row = rows.get(1)?;
    let known = COLUMNS.iter().find_map(|(name, is_own)| {
        let index = headings.iter().position(|text| heading(text) == *name)?;
        row.get(index).filter(is_object).map(|_| Found { index, is_own: *is_own, is_headless: false })
    });
    known.or_else(|| {
        // Otherwise one of the columns may be a request about events.
        if headings.iter().any(|text| heading(text) == "eventid") {
            return None;
        }
        let is_record = |cell: &&String| is_object(cell) && cell.contains(RECORD_MARK);
        let index = row.iter().position(|cell| is_record(&cell))?;
        Some(Found { index, is_own: false, is_headless: false })
    })
}

#[cfg(test)]
mod tests {
    use super::CsvRecords;
    use crate::ingest::decode::content::Wrapping as _;

    #[test]
    fn a_column_of_records_is_found_by_heading_or_content() {
        let cell = r#""{""eventVersion"":""1.08""}""#;
        for head in [
            format!("record\n{cell}\n"),
            format!("\"@timestamp\",\"@message\"\n2024-03-01,{cell}\n"),
            format!("eventJson\n{cell}"),
            format!("{cell}\n{cell}\n"),
            format!("a;b\n1;{cell}\n"),
            "_time,_raw\n1,\"{\"\"a\"\":1}\"\n".to_owned(),
        ] {
            assert!(CsvRecords.recognize(head.as_bytes()), "{head}");
        }
        for head in ["a,b\n1,2\n", "record\n{\"\"a\"\":1}\n", "eventid,requestparameters\n1,\"{\"\"a\"\":{}}\"\n", ""] {
            assert!(!CsvRecords.recognize(head.as_bytes()), "{head}");
        }
    }
}
