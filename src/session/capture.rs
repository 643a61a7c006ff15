//! A [`RowSink`] adapter that counts rows, enforces the limit and remembers each row's event.

use std::io;

use crate::rows::{CapturedRows, Cell, RowSink, Value};

/// Maximum number of events that are remembered for `.show N`.
const MAX_EVENTS: usize = 100_000;
/// Maximum number of rows, and of their bytes, that are captured for views and `.last`.
const MAX_ROWS_HELD: usize = 10_000;
const MAX_BYTES_HELD: usize = 8 << 20;

/// The event of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EventRef {
    /// `events.id`.
    Id(i64),
    /// `events.event_id`.
    EventId(String),
    /// The row is not an event.
    None,
}

/// A summary of the captured rows.
#[derive(Debug, Default)]
pub(crate) struct CaptureSummary {
    /// Rows that were passed on.
    pub(crate) rows: u64,
    /// True if there were rows beyond the limit.
    pub(crate) more: bool,
    /// True if the answer is a single 0: a count of nothing.
    pub(crate) is_zero: bool,
    /// The event of each row.
    pub(crate) events: Vec<EventRef>,
    /// The rows of the last statement, unless they are too many.
    pub(crate) held: Option<CapturedRows>,
    /// True if the rows were not passed on and are still to be shown.
    pub(crate) is_pending: bool,
}

impl CaptureSummary {
    /// Drops the captured rows after the first `rows`.
    pub(crate) fn cut(&mut self, rows: usize) {
        let Some(held) = &mut self.held else { return };
        if rows < held.rows.len() {
            held.rows.truncate(rows);
            self.events.truncate(rows);
            self.rows = rows as u64;
            self.more = true;
        }
    }
}

/// A row sink that passes rows on and captures them.
pub(crate) struct CaptureSink<'a> {
    inner: Box<dyn RowSink + 'a>,
    /// True if the first column is `events.id`, which is hidden from `inner`.
    hidden: bool,
    limit: Option<u64>,
    /// True if rows are passed on only when they are too many to be captured.
    waits: bool,
    /// The size of the captured rows.
    bytes: usize,
    /// The column that identifies the event, and true if it is `events.id`, false if `events.event_id`.
    column: Option<(usize, bool)>,
    /// The number of rows of the current statement.
    statement: u64,
    summary: CaptureSummary,
}

impl<'a> CaptureSink<'a> {
    /// Returns a sink that passes all rows on to `inner`.
    pub(crate) fn new(inner: Box<dyn RowSink + 'a>) -> CaptureSink<'a> {
        let summary = CaptureSummary::default();
        CaptureSink { inner, hidden: false, limit: None, waits: false, bytes: 0, column: None, statement: 0, summary }
    }

    /// Returns a sink whose first column is `events.id`, which is hidden from `inner`.
    pub(crate) fn events(inner: Box<dyn RowSink + 'a>) -> CaptureSink<'a> {
        CaptureSink { hidden: true, ..CaptureSink::new(inner) }
    }

    /// Passes on at most `limit` rows.
    pub(crate) fn at_most(mut self, limit: Option<u64>) -> CaptureSink<'a> {
        self.limit = limit;
        self
    }

    /// Captures rows without passing them on, unless they are too many. The caller shows them afterwards.
    pub(crate) fn waiting(mut self, waits: bool) -> CaptureSink<'a> {
        self.waits = waits;
        self
    }

    /// Captures a row. If there are too many, passes the captured ones on and stops capturing.
    fn hold(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        let Some(held) = &mut self.summary.held else { return Ok(()) };
        let row: Vec<Value> = cells.iter().map(|cell| Value::from(*cell)).collect();
        self.bytes += row.iter().map(Value::size).sum::<usize>();
        held.rows.push(row);
        if held.rows.len() > MAX_ROWS_HELD || self.bytes > MAX_BYTES_HELD {
            let held = self.summary.held.take().unwrap_or_default();
            if std::mem::take(&mut self.summary.is_pending) {
                self.inner.begin(&held.columns)?;
                for row in &held.rows {
                    self.inner.row(&row.iter().map(Value::cell).collect::<Vec<_>>())?;
                }
            }
        }
        Ok(())
    }

    /// Returns the summary.
    pub(crate) fn finish(self) -> CaptureSummary {
        self.summary
    }
}

impl RowSink for CaptureSink<'_> {
    fn begin(&mut self, columns: &[String]) -> io::Result<()> {
        self.summary.events.clear();
        self.statement = 0;
        let place = |name: &str| columns.iter().position(|column| column == name);
        self.column = if self.hidden {
            Some((0, true))
        } else {
            // Rows of other tables have an id too: it is an event's only beside an event_id.
            place("event_id").map(|event_id| place("id").map_or((event_id, false), |id| (id, true)))
        };
        let columns = &columns[usize::from(self.hidden)..];
        self.summary.held = Some(CapturedRows { columns: columns.to_vec(), rows: Vec::new() });
        self.summary.is_pending = self.waits;
        self.bytes = 0;
        if self.waits { Ok(()) } else { self.inner.begin(columns) }
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        if self.limit.is_some_and(|limit| self.statement >= limit) {
            self.summary.more = true;
            return Ok(());
        }
        self.statement += 1;
        self.summary.rows += 1;
        self.summary.is_zero = self.summary.rows == 1 && cells == [Cell::Integer(0)];
        if let Some((column, _)) = self.column
            && self.summary.events.len() < MAX_EVENTS
        {
            self.summary.events.push(match cells.get(column) {
                Some(Cell::Integer(id)) => EventRef::Id(*id),
                Some(Cell::Text(event_id)) => EventRef::EventId((*event_id).to_owned()),
                _ => EventRef::None,
            });
        }
        let cells = &cells[usize::from(self.hidden)..];
        let passed = self.summary.is_pending;
        self.hold(cells)?;
        // The row that exceeded the maximum was passed on with those before it.
        if passed { Ok(()) } else { self.inner.row(cells) }
    }

    fn end(&mut self) -> io::Result<()> {
        if self.summary.is_pending { Ok(()) } else { self.inner.end() }
    }
}

#[cfg(test)]
mod tests {
    use super::{CaptureSink, EventRef};
    use crate::render::{Format, Style, sink};
    use crate::rows::{Cell, RowSink as _};

    fn keep(hidden: bool, columns: &[&str], rows: &[&[Cell<'_>]]) -> (String, super::CaptureSummary) {
        let mut out = Vec::new();
        let inner = sink(Format::Tsv, &mut out, &Style::default());
        let mut keep = if hidden { CaptureSink::events(inner).at_most(Some(1)) } else { CaptureSink::new(inner) };
        keep.begin(&columns.iter().map(|column| (*column).to_owned()).collect::<Vec<_>>()).unwrap();
        for row in rows {
            keep.row(row).unwrap();
        }
        keep.end().unwrap();
        let summary = keep.finish();
        (String::from_utf8(out).unwrap(), summary)
    }

    #[test]
    fn a_list_of_events_is_cut_and_its_ids_are_kept_but_not_shown() {
        let rows: &[&[Cell<'_>]] = &[&[Cell::Integer(7), Cell::Text("a")], &[Cell::Integer(8), Cell::Text("b")]];
        let (out, summary) = keep(true, &["id", "event_name"], rows);
        assert_eq!(out, "event_name\na\n");
        assert_eq!((summary.rows, summary.more, summary.events), (1, true, vec![EventRef::Id(7)]));
    }

    #[test]
    fn rows_of_sql_are_events_where_they_have_an_event_id() {
        let row: &[Cell<'_>] = &[Cell::Integer(7), Cell::Text("e-1")];
        assert_eq!(keep(false, &["id", "event_id"], &[row]).1.events, [EventRef::Id(7)]);
        assert_eq!(keep(false, &["n", "event_id"], &[row]).1.events, [EventRef::EventId("e-1".to_owned())]);
        assert!(keep(false, &["id", "name"], &[row]).1.events.is_empty());
    }
}
