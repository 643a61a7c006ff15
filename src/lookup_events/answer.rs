//! The answer to a query: entries, newest first, and the token of the next page. Members without a value are
//! omitted.

use std::io::{self, Write};

use super::entry::{Entry, EntrySink};
use super::json::{JsonEntries, Layout};
use super::query::Query;
use super::token::{self, Position};
use crate::engine::{Columns, Engine};
use crate::query::ast;
use crate::render::record;
use crate::rows::{Cell, RowSink};
use crate::sql::Statement;
use crate::store::{Case, QueryError};
use crate::time;

/// The end of an answer, after its entries.
#[derive(Debug)]
pub(super) struct AnswerEnd {
    /// The number of entries.
    pub(super) entries: u64,
    /// The token of the next page, if there is one.
    pub(super) token: Option<String>,
}

/// Writes the answer to a query as JSON, and returns the number of its events.
///
/// # Errors
/// The case cannot be read, or the answer cannot be written; the output is then incomplete JSON.
pub(crate) fn write(case: &Case, query: &Query, layout: Layout, out: &mut dyn Write) -> Result<u64, QueryError> {
    let mut entries = JsonEntries::begin(out, layout)?;
    let end = read(case, query, &mut entries)?;
    entries.finish(end.token.as_deref())?;
    Ok(end.entries)
}

/// Passes the entries of an answer to a sink, and returns its end.
///
/// # Errors
/// The case cannot be read, or the sink fails.
pub(super) fn read(case: &Case, query: &Query, sink: &mut dyn EntrySink) -> Result<AnswerEnd, QueryError> {
    let mut page = PageSink { sink, most: query.most, entries: 0, last: None, more: false };
    let engine = Engine::new(case);
    run(&engine, query.lookup(), &mut page)?;
    if !page.more && query.leaves_out_without_time() && case.has_events_without_time()? {
        run(&engine, query.lookup_without_time(), &mut page)?;
    }
    let asked = page.more.then(|| query.asked());
    let token = asked.zip(page.last.as_ref()).map(|(asked, last)| token::write(&asked, last));
    Ok(AnswerEnd { entries: page.entries, token })
}

/// Adds the events of a lookup to the page, and notes whether there are more.
fn run(engine: &Engine<&Case>, tree: ast::LookupAst, page: &mut PageSink<'_>) -> Result<(), QueryError> {
    let prepared = engine.prepare_tree(tree).map_err(Box::new)?;
    let left = page.most.map(|most| (most - page.entries).saturating_add(1));
    let statement = with_record(engine.statement(&prepared.with_columns(Columns::Brief).with_limit(left)));
    engine.answer(&statement, page)?;
    Ok(())
}

/// Adds the listed resources of each event and its record to a statement. The events are found before
/// both are read, and keep their order.
fn with_record(events: Statement) -> Statement {
    let sql = format!(
        "WITH page AS MATERIALIZED ({}) SELECT page.*, (SELECT json_group_array(json_array(type, spelling)) FROM \
         (SELECT DISTINCT r.type AS type, coalesce(r.arn, r.name) AS spelling FROM event_resources er \
         JOIN resources r ON r.id = er.resource WHERE er.event = page.id AND er.listed ORDER BY type, spelling)), \
         record(page.id) FROM page",
        events.sql
    );
    Statement { sql, ..events }
}

/// A row sink that passes the rows of a page on as entries.
struct PageSink<'s> {
    sink: &'s mut dyn EntrySink,
    most: Option<u64>,
    entries: u64,
    /// The position of the last entry.
    last: Option<Position>,
    /// True if there is an event that the page has no room for.
    more: bool,
}

impl RowSink for PageSink<'_> {
    fn begin(&mut self, _: &[String]) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        if self.most.is_some_and(|most| self.entries >= most) {
            self.more = true;
            return Ok(());
        }
        let text = |at: usize| match cells.get(at) {
            Some(Cell::Text(text)) => Some(*text),
            _ => None,
        };
        // The columns of a list of events and `with_record`, after the event's number.
        let record = record::compact(text(9).unwrap_or_default().as_bytes());
        let entry = Entry {
            id: text(1),
            name: text(2),
            read_only: text(3),
            access_key_id: text(4),
            time: text(5).and_then(time::parse),
            source: text(6),
            user_name: text(7),
            resources: serde_json::from_str(text(8).unwrap_or("[]"))?,
            record: String::from_utf8_lossy(&record).into_owned(),
        };
        self.sink.entry(&entry)?;
        self.entries += 1;
        self.last = Some(Position { time: entry.time, event_id: entry.id.unwrap_or_default().to_owned() });
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}
