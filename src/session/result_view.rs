//! Shows captured rows on a screen: marks calls that failed or wrote, folds bursts into one line, fills the empty spans
//! of timelines and draws the trends of the most frequent values.

use std::collections::HashMap;
use std::ops::Range;

use crate::number;
use crate::query::Interval;
use crate::render::chart::sparkline;
use crate::render::{Format, age};
use crate::rows::{self, CapturedRows};
use crate::rows::{Cell, Mark, Value};
use crate::session::capture::EventRef;
use crate::session::result_set::{LastResult, ResultKind};
use crate::session::{Session, SessionError};
use crate::store::Case;

/// Minimum number of consecutive events of one actor and name that are folded into one line.
const MIN_BURST: usize = 3;
/// The column with the number of events that are folded into a line.
const BURST_COLUMN: &str = "burst";
/// Maximum number of spans of a timeline with its empty ones.
const MAX_SPANS: usize = 500;
/// The width of a screen below which a trend has half as many columns.
const NARROW_WIDTH: usize = 60;
/// The number of events whose attributes one query reads.
const EVENTS_PER_QUERY: usize = 500;

/// A row to display.
struct DisplayRow {
    mark: Mark,
    cells: Vec<Value>,
    /// The number of events folded into it and the time that they span.
    burst: Option<String>,
}

/// Attributes of an event that decide marks and folds.
struct EventAttributes {
    identity: Value,
    name: String,
    time: Option<i64>,
    write: bool,
    failed: bool,
}

/// Options for showing a captured answer.
pub(crate) struct ViewOptions {
    pub(crate) format: Format,
    /// True if consecutive events of the same actor and name are one line of a table.
    pub(crate) fold: bool,
    /// The rows to show; those after the last are ignored.
    pub(crate) range: Range<usize>,
}

/// Writes a range of the rows of a captured answer to the current output, with marks, folds and charts if it is a
/// screen.
pub(crate) fn show(
    session: &mut Session,
    case: &Case,
    last: &mut LastResult,
    options: ViewOptions,
) -> Result<(), SessionError> {
    let ViewOptions { format, fold, range } = options;
    let Some(held) = &last.rows else { return Ok(()) };
    let style = session.output.style(&session.settings.style);
    let for_person = style.width.is_some() && format.spec().fits_terminal;
    let range = range.start..range.end.min(held.rows.len());
    let mut columns = held.columns.clone();
    let mut left_out = 0;
    let list = matches!(last.kind, ResultKind::List { .. });
    if format == Format::Records && list {
        return show_records(session, case, range);
    }
    let rows: Vec<DisplayRow> = match last.kind {
        ResultKind::List { by_time } if for_person => {
            let fold = fold && by_time && format == Format::Table;
            let (mut rows, folds) = list_rows(case, held, &session.shown, range, fold, style.unicode)?;
            if let Some(name) = columns.iter().position(|column| column == "event_name").filter(|_| !folds.is_empty()) {
                columns.insert(name + 1, BURST_COLUMN.to_owned());
                rows.iter_mut()
                    .for_each(|row| row.cells.insert(name + 1, row.burst.take().map_or(Value::Null, Value::Text)));
            }
            last.folds = folds;
            rows
        }
        ResultKind::Timeline { bucket, interval } if for_person => {
            let (filled, empty) = fill(held, bucket, interval);
            left_out = empty;
            filled.into_iter().map(|(time, events)| plain(vec![Value::Text(time), Value::Integer(events)])).collect()
        }
        _ => held.rows[range].iter().cloned().map(plain).collect(),
    };
    let mut rows = rows;
    if let Some(activity) = last.trend.as_ref().filter(|activity| for_person && !activity.rows.is_empty()) {
        columns.push(activity.heading.clone());
        for (row, values) in rows.iter_mut().zip(&activity.rows) {
            // A narrow screen has room for half as many.
            let narrow = style.width.is_some_and(|width| width < NARROW_WIDTH);
            let halved: Vec<u64> = values.chunks(2).map(|pair| pair.iter().sum()).collect();
            row.cells.push(Value::Text(sparkline(if narrow { &halved } else { values }, style.unicode)));
        }
    }
    let timeline = matches!(last.kind, ResultKind::Timeline { .. });
    let mut style = style;
    style.numbers &= list || timeline;
    style.bars = for_person && (timeline || last.kind == ResultKind::Count) && rows.len() > 1;
    session.write_rows(format, &style, Some(case), |mut sink| {
        sink.begin(&columns)?;
        for row in &rows {
            let cells: Vec<_> = row.cells.iter().map(Value::cell).collect();
            sink.marked_row(&row.mark, &cells)?;
        }
        Ok(sink.end()?)
    })?;
    if left_out > 0 {
        session.note(&format!("{} without events are left out", number::counted(left_out, "span")));
    }
    Ok(())
}

fn plain(cells: Vec<Value>) -> DisplayRow {
    DisplayRow { mark: Mark::default(), cells, burst: None }
}

/// Writes the records of the captured events.
fn show_records(session: &mut Session, case: &Case, range: Range<usize>) -> Result<(), SessionError> {
    let ids: Vec<i64> = session.shown[range.start.min(session.shown.len())..range.end.min(session.shown.len())]
        .iter()
        .filter_map(|event| if let EventRef::Id(id) = event { Some(*id) } else { None })
        .collect();
    let style = session.output.style(&session.settings.style);
    session.write_rows(Format::Records, &style, Some(case), |mut sink| {
        sink.begin(&["id".to_owned()])?;
        for id in ids {
            sink.row(&[Cell::Integer(id)])?;
        }
        Ok(sink.end()?)
    })
}

/// Folded lines: their first and last rows, from 1.
type Folds = Vec<(usize, usize)>;

/// Returns the rows of a list of events, with marks, and the folds if `fold` is set.
fn list_rows(
    case: &Case,
    held: &CapturedRows,
    events: &[EventRef],
    range: Range<usize>,
    fold: bool,
    unicode: bool,
) -> Result<(Vec<DisplayRow>, Folds), SessionError> {
    let known = event_attributes(case, events, range.clone())?;
    let of = |row: usize| match events.get(row) {
        Some(EventRef::Id(id)) => known.get(id),
        _ => None,
    };
    let name_column = held.columns.iter().position(|column| column == "event_name");
    let mut shown = Vec::new();
    let mut folds = Vec::new();
    let mut row = range.start;
    while row < range.end {
        let burst = match (name_column.filter(|_| fold), of(row)) {
            (Some(_), Some(first)) => {
                let same =
                    |at: &usize| of(*at).is_some_and(|next| next.identity == first.identity && next.name == first.name);
                (row..range.end).take_while(same).count()
            }
            _ => 1,
        };
        if burst >= MIN_BURST {
            let all: Vec<&EventAttributes> = (row..row + burst).filter_map(of).collect();
            let cells = folded(&held.rows[row..row + burst], unicode);
            let mark = Mark {
                label: Some(format!("{}-{}", row + 1, row + burst)),
                write: all.iter().any(|event| event.write),
                failed: all.iter().any(|event| event.failed),
            };
            let times = if unicode { '×' } else { 'x' };
            let text = format!("{times}{burst} in {}", age(span(&all)));
            shown.push(DisplayRow { mark, cells, burst: Some(text) });
            folds.push((row + 1, row + burst));
            row += burst;
        } else {
            let event = of(row);
            let mark = Mark {
                label: Some((row + 1).to_string()),
                write: event.is_some_and(|event| event.write),
                failed: event.is_some_and(|event| event.failed),
            };
            shown.push(DisplayRow { mark, cells: held.rows[row].clone(), burst: None });
            row += 1;
        }
    }
    Ok((shown, folds))
}

/// Returns the seconds from the oldest to the newest event.
fn span(events: &[&EventAttributes]) -> i64 {
    let times = || events.iter().filter_map(|event| event.time);
    times().max().zip(times().min()).map_or(0, |(newest, oldest)| newest - oldest)
}

/// Returns one line for several rows: the common value of each column, or the number of different values.
fn folded(rows: &[Vec<Value>], unicode: bool) -> Vec<Value> {
    let times = if unicode { '×' } else { 'x' };
    let Some(first) = rows.first() else { return Vec::new() };
    let mut cells = Vec::with_capacity(first.len());
    for (at, cell) in first.iter().enumerate() {
        let mut different: Vec<&Value> = Vec::new();
        let mut empty = 0;
        for value in rows.iter().filter_map(|row| row.get(at)) {
            empty += usize::from(*value == Value::Null);
            if *value != Value::Null && !different.contains(&value) {
                different.push(value);
            }
        }
        cells.push(if at == 0 {
            cell.clone()
        } else {
            match (different.as_slice(), empty) {
                ([], _) => Value::Null,
                ([only], 0) => (*only).clone(),
                ([only], empty) => {
                    Value::Text(format!("{} {times}{}", crate::rows::text(Some(only)), rows.len() - empty))
                }
                (several, _) => Value::Text(format!("{} different", several.len())),
            }
        });
    }
    cells
}

/// Reads the attributes of the events of a range of rows, by `events.id`.
fn event_attributes(
    case: &Case,
    events: &[EventRef],
    range: Range<usize>,
) -> Result<HashMap<i64, EventAttributes>, SessionError> {
    let ids: Vec<String> = events
        .iter()
        .take(range.end)
        .skip(range.start)
        .filter_map(|event| if let EventRef::Id(id) = event { Some(id.to_string()) } else { None })
        .collect();
    let mut known = HashMap::with_capacity(ids.len());
    for some in ids.chunks(EVENTS_PER_QUERY) {
        let sql = format!(
            "SELECT id, identity_id, event_name, time, read_only, outcome FROM events WHERE id IN ({})",
            some.join(", ")
        );
        let held = rows::collect(|sink| case.query(&sql, &[], sink))?;
        for row in held.rows {
            let [Value::Integer(id), identity, name, time, read_only, outcome] = row.as_slice() else { continue };
            let event = EventAttributes {
                identity: identity.clone(),
                name: crate::rows::text(Some(name)),
                time: if let Value::Integer(time) = time { Some(*time) } else { None },
                write: *read_only != Value::Integer(1),
                failed: *outcome != Value::Text("ok".to_owned()),
            };
            known.insert(*id, event);
        }
    }
    Ok(known)
}

/// Returns the rows of a timeline with its empty spans, and the number of empty spans that are omitted because there
/// would be too many rows.
pub(crate) fn fill(held: &CapturedRows, bucket: i64, interval: Interval) -> (Vec<(String, i64)>, u64) {
    let rows: Vec<(i64, i64)> = held
        .rows
        .iter()
        .filter_map(|row| match row.as_slice() {
            [Value::Text(time), Value::Integer(events)] => Some((crate::time::parse(time)?, *events)),
            _ => None,
        })
        .collect();
    let written = |(time, events): (i64, i64)| (crate::time::format(time), events);
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return (Vec::new(), 0) };
    // Spans begin where those of the first row do.
    let start = interval.from.map_or(first.0, |from| first.0 - (first.0 - from).max(0).div_euclid(bucket) * bucket);
    let end = interval.to.map_or(last.0, |to| last.0 + (to - last.0).max(0).div_euclid(bucket) * bucket);
    let spans = usize::try_from((end - start) / bucket + 1).unwrap_or(usize::MAX);
    if spans > MAX_SPANS.max(rows.len()) {
        let empty = (spans - rows.len()) as u64;
        return (rows.into_iter().map(written).collect(), empty);
    }
    let counts: HashMap<i64, i64> = rows.into_iter().collect();
    let all = (0..spans as i64).map(|span| start + span * bucket);
    (all.map(|time| written((time, counts.get(&time).copied().unwrap_or(0)))).collect(), 0)
}

#[cfg(test)]
mod tests {
    use super::{CapturedRows, Interval, Value, fill};

    fn timeline(rows: &[(&str, i64)]) -> CapturedRows {
        let rows = rows.iter().map(|(time, events)| vec![Value::Text((*time).to_owned()), Value::Integer(*events)]);
        CapturedRows { columns: Vec::new(), rows: rows.collect() }
    }

    #[test]
    fn a_timeline_has_its_empty_spans_unless_they_are_too_many() {
        let held = timeline(&[("2024-03-01T09:00:00Z", 2), ("2024-03-01T11:00:00Z", 1)]);
        let (rows, left_out) = fill(&held, 3_600, Interval::default());
        assert_eq!(rows.iter().map(|row| row.1).collect::<Vec<_>>(), [2, 0, 1]);
        assert_eq!(left_out, 0);
        let nine = crate::time::parse("2024-03-01T09:00:00Z").unwrap();
        let day = Interval { from: Some(nine - 9 * 3_600), to: Some(nine + 15 * 3_600 - 1) };
        assert_eq!(fill(&held, 3_600, day).0.len(), 24);
        let (rows, left_out) = fill(&held, 1, Interval::default());
        assert_eq!((rows.len(), left_out), (2, 7_199));
        assert_eq!(fill(&timeline(&[]), 60, Interval::default()), (Vec::new(), 0));
    }
}
