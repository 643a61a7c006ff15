//! The timeline as Timesketch imports it: CSV, or one JSON object a line.

use serde_json::{Map, Value, json};

use crate::engine::Engine;
use crate::render::{Format, Style, sink};
use crate::report::content::Events;
use crate::report::timeline::{self, COLUMNS, LEADING, TIMESTAMP_DESC, TimelineRow};
use crate::rows::Cell;
use crate::store::QueryError;

/// Returns the timeline as CSV, and the number of events without a time, which Timesketch cannot place.
///
/// # Errors
/// The case cannot be read.
pub(super) fn csv(engine: &Engine, events: &Events) -> Result<(Vec<u8>, u64), QueryError> {
    let mut out = Vec::new();
    let mut without_time = 0;
    let style = Style::default();
    let mut sink = sink(Format::Csv, &mut out, &style);
    let columns: Vec<String> = LEADING.iter().chain(&COLUMNS).map(|name| (*name).to_owned()).collect();
    sink.begin(&columns)?;
    timeline::each(engine, events, |row| {
        let Some(row) = timed(row, &mut without_time) else { return Ok(()) };
        let tags = json!(row.tags).to_string();
        let values = row.values.iter().map(String::as_str);
        let cells: Vec<Cell<'_>> = row.leading(&tags).into_iter().chain(values).map(Cell::Text).collect();
        Ok(sink.row(&cells)?)
    })?;
    sink.end()?;
    drop(sink);
    Ok((out, without_time))
}

/// Returns the timeline as one JSON object a line, and the number of events without a time.
///
/// # Errors
/// The case cannot be read.
pub(super) fn jsonl(engine: &Engine, events: &Events) -> Result<(Vec<u8>, u64), QueryError> {
    let mut out = Vec::new();
    let mut without_time = 0;
    timeline::each(engine, events, |row| {
        let Some(row) = timed(row, &mut without_time) else { return Ok(()) };
        let leading = [
            json!(row.datetime),
            json!(TIMESTAMP_DESC),
            json!(row.message),
            json!(row.tags),
            json!(row.status),
            json!(row.confirmed_by),
        ];
        let names = LEADING.iter().chain(&COLUMNS).map(|name| (*name).to_owned());
        let values = leading.into_iter().chain(row.values.iter().map(|value| json!(value)));
        let object: Map<String, Value> = names.zip(values).collect();
        out.extend(Value::Object(object).to_string().bytes());
        out.push(b'\n');
        Ok(())
    })?;
    Ok((out, without_time))
}

/// Returns a row that has a time, and counts one that has not.
fn timed(row: TimelineRow, without_time: &mut u64) -> Option<TimelineRow> {
    *without_time += u64::from(row.datetime.is_empty());
    Some(row).filter(|row| !row.datetime.is_empty())
}
