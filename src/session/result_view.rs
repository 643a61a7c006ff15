//! Shows captured rows on a screen: marks calls that failed or wrote, folds bursts into one line, fills the empty spans
//! of timelines and draws the trends of the most frequent values.

use std::collections::HashMap;
use std::ops::Range;

use crate::engine::trend::Trend;
use crate::number;
use crate::render::chart::sparkline;
use crate::render::{Format, Style, age};
use crate::rows::{self, CapturedRows};
use crate::rows::{Cell, Mark, Value};
use crate::session::capture::{CaptureSummary, EventRef};
use crate::session::result_set::{LastResult, ResultKind};
use crate::session::{Session, SessionError, timeline};
use crate::store::Case;

/// Minimum number of consecutive events of one actor and name that are folded into one line.
const MIN_BURST: usize = 3;
/// The column with the number of events that are folded into a line.
const BURST_COLUMN: &str = "burst";
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
    let mut style = session.output.style(&session.settings.style);
    let for_person = style.width.is_some() && format.spec().fits_terminal;
    let range = range.start..range.end.min(held.rows.len());
    let list = matches!(last.kind, ResultKind::List { .. });
    if format == Format::Records && list {
        return show_records(session, case, range);
    }
    let mut shown = match last.kind {
        ResultKind::List { by_time } if for_person => {
            let fold = fold && by_time && format == Format::Table;
            let (rows, folds) = list_rows(case, held, &session.shown, range, fold, style.unicode)?;
            last.lines = (!folds.is_empty()).then_some(rows.len() as u64);
            last.folds = folds;
            with_bursts(held.columns.clone(), rows, last.folds.is_empty())
        }
        kind => other_rows(kind, held, range, for_person, format == Format::Table),
    };
    if shown.is_wide {
        last.lines = Some(shown.rows.len() as u64);
    }
    if let Some(activity) = last.trend.as_ref().filter(|activity| for_person && !activity.rows.is_empty()) {
        shown.add_trend(activity, &style);
    }
    let timeline = matches!(last.kind, ResultKind::Timeline { .. });
    style.numbers &= list || timeline;
    style.bars = for_person && shown.has_total && shown.rows.len() > 1;
    session.write_rows(format, &style, Some(case), |mut sink| {
        sink.begin(&shown.columns)?;
        for row in &shown.rows {
            let cells: Vec<_> = row.cells.iter().map(Value::cell).collect();
            sink.marked_row(&row.mark, &cells)?;
        }
        Ok(sink.end()?)
    })?;
    if shown.omitted > 0 {
        session.note(&format!("{} without events are left out", number::counted(shown.omitted, "span")));
    }
    Ok(())
}

/// The table to display.
struct DisplayTable {
    columns: Vec<String>,
    rows: Vec<DisplayRow>,
    /// True if the last column is the number of all events of a row.
    has_total: bool,
    /// The number of spans without events that are omitted.
    omitted: u64,
    /// True if a line has several rows of the answer.
    is_wide: bool,
}

impl DisplayTable {
    /// Adds the trend of each row.
    fn add_trend(&mut self, activity: &Trend, style: &Style) {
        self.columns.push(activity.heading.clone());
        for (row, values) in self.rows.iter_mut().zip(&activity.rows) {
            // A narrow screen has room for half as many.
            let narrow = style.width.is_some_and(|width| width < NARROW_WIDTH);
            let halved: Vec<u64> = values.chunks(2).map(|pair| pair.iter().sum()).collect();
            row.cells.push(Value::Text(sparkline(if narrow { &halved } else { values }, style.unicode)));
        }
    }
}

/// Returns a list of events with the column of bursts, unless nothing is folded.
fn with_bursts(mut columns: Vec<String>, mut rows: Vec<DisplayRow>, nothing_folded: bool) -> DisplayTable {
    if let Some(name) = columns.iter().position(|column| column == "event_name").filter(|_| !nothing_folded) {
        columns.insert(name + 1, BURST_COLUMN.to_owned());
        for row in &mut rows {
            row.cells.insert(name + 1, row.burst.take().map_or(Value::Null, Value::Text));
        }
    }
    DisplayTable { columns, rows, has_total: false, omitted: 0, is_wide: false }
}

/// Returns the rows of counts, timelines and SQL. For a person, timelines have their empty spans, and in a table a
/// timeline by one field is wide.
fn other_rows(
    kind: ResultKind,
    held: &CapturedRows,
    range: Range<usize>,
    for_person: bool,
    is_table: bool,
) -> DisplayTable {
    let columns = held.columns.clone();
    match kind {
        ResultKind::Timeline { bucket, interval } if for_person => {
            let (filled, omitted) = timeline::fill(held, bucket, interval);
            let row = |(time, events)| plain(vec![Value::Text(time), Value::Integer(events)]);
            return DisplayTable {
                columns,
                rows: filled.into_iter().map(row).collect(),
                has_total: true,
                omitted,
                is_wide: false,
            };
        }
        ResultKind::TimelineBy { bucket, interval } if for_person && is_table => {
            if let Some(wide) = timeline::wide(held, bucket, interval) {
                let rows = wide.rows.into_iter().map(plain).collect();
                return DisplayTable {
                    columns: wide.columns,
                    rows,
                    has_total: false,
                    omitted: wide.omitted,
                    is_wide: true,
                };
            }
        }
        _ => {}
    }
    let has_total = matches!(kind, ResultKind::Count | ResultKind::Timeline { .. } | ResultKind::TimelineBy { .. });
    DisplayTable {
        columns,
        rows: held.rows[range].iter().cloned().map(plain).collect(),
        has_total,
        omitted: 0,
        is_wide: false,
    }
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

/// Returns the number of events whose folded lines fit in `lines`; one line is always shown.
pub(crate) fn rows_within(
    case: &Case,
    captured: &CaptureSummary,
    fold: bool,
    lines: usize,
) -> Result<usize, SessionError> {
    let Some(held) = &captured.held else { return Ok(usize::MAX) };
    let (shown, folds) = list_rows(case, held, &captured.events, 0..held.rows.len(), fold, true)?;
    let lines = lines.max(1).min(shown.len());
    let mut rows = 0;
    let mut folds = folds.into_iter().peekable();
    for _ in 0..lines {
        rows = folds.next_if(|(first, _)| *first == rows + 1).map_or(rows + 1, |(_, end)| end);
    }
    Ok(rows)
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
