//! CSV whose rows are events by columns: Event history's downloads, and results of Athena and CloudTrail Lake. A
//! console's row has no request and no response, so a full record of the same event takes its place.
//!
//! Columns are recognized by their headings, in any order, as the console writes them and as a spreadsheet program
//! saves them again (semicolons or tabs, `TRUE`, a byte-order mark).

use std::borrow::Cow;
use std::ops::ControlFlow;

use crate::ingest::decode::columns::{Column, column_of, heading, record_of};
use crate::ingest::decode::content::{Content, Wrapping};
use crate::ingest::decode::csv_text::{Row, dialect_of, headings, read};
use crate::ingest::decode::sink::{Decoded, Sink};
use crate::ingest::record::raw::RawRecord;
use crate::ledger::Problem;

/// The problem of a column whose values are in no field.
const UNUSED: &str = "is a column that the records have no field for";

/// Rows of columns.
pub(super) struct CsvRows;

impl Wrapping for CsvRows {
    fn recognize(&self, head: &[u8]) -> bool {
        let headings: Vec<String> = headings(head).iter().map(|name| heading(name)).collect();
        ["eventid", "eventname", "eventtime"].iter().all(|name| headings.iter().any(|heading| heading == name))
    }

    fn decode(&self, mut content: Content<'_>, _: bool, sink: &mut dyn Sink) -> Decoded {
        let Ok((dialect, content)) = dialect_of(&mut content) else { return Decoded::TrailFile };
        sink.format("csv");
        let mut columns: Vec<(Option<Column>, Unused)> = Vec::new();
        let flow = read(content, dialect, sink, &mut |row, sink| match row {
            Row::Headings(names) => {
                columns =
                    names.iter().map(|name| (column_of(name), Unused { name: (*name).to_owned(), rows: 0 })).collect();
                ControlFlow::Continue(Ok(()))
            }
            Row::Cells(cells, _) => take_row(&mut columns, cells, sink),
        });
        for (_, unused) in columns {
            if unused.rows > 0 {
                sink.problem(Problem { field: Cow::Owned(unused.name), problem: UNUSED }, unused.rows);
            }
        }
        flow.into()
    }
}

/// A column that may be in no field of the records.
struct Unused {
    name: String,
    /// The number of rows that have a value in it.
    rows: u64,
}

/// Hands one row to the sink as a record.
fn take_row(
    columns: &mut [(Option<Column>, Unused)],
    cells: &[&str],
    sink: &mut dyn Sink,
) -> ControlFlow<(), Result<(), String>> {
    for ((column, unused), cell) in columns.iter_mut().zip(cells) {
        unused.rows += u64::from(column.is_none() && !cell.trim().is_empty());
    }
    let named = columns.iter().zip(cells).filter_map(|((column, _), cell)| Some(((*column)?, *cell)));
    let taken = record_of(named).and_then(|text| match serde_json::from_str::<RawRecord<'_>>(&text) {
        Ok(record) if record.event_id.is_present() => Ok(sink.row(&record, text.as_bytes())),
        Ok(_) => Err("is a row without an Event ID".to_owned()),
        Err(error) => Err(error.to_string()),
    });
    match taken {
        Ok(flow) => flow.map_continue(Ok),
        Err(reason) => ControlFlow::Continue(Err(reason)),
    }
}
