//! The answer to a query: entries newest first, and the token of the next page, in AWS's JSON. Keys that an event has
//! no value for are left out.

use std::io::{self, Write};

use super::query::Query;
use super::token::{self, Position};
use crate::query::{self, Environment, Projection, Statement, ast};
use crate::render::escape::json_string;
use crate::render::record;
use crate::rows::{Cell, RowSink};
use crate::store::{Case, Failure};
use crate::time;

/// How the JSON is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// As the service sends it: without white space, times in Unix seconds.
    Wire,
    /// As the AWS CLI (version 2, in UTC) prints it: indented by four, times in ISO 8601.
    Cli,
}

/// Writes the answer to a query, and gives the number of its events.
///
/// # Errors
/// The case cannot be read, or the answer not be written; what was written by then is no whole JSON.
pub fn write(case: &Case, query: &Query, layout: Layout, out: &mut dyn Write) -> Result<u64, Failure> {
    let mut page = Page { out, layout, most: query.most, written: 0, last: None, more: false };
    page.begin()?;
    run(case, &query.lookup(), &mut page)?;
    if !page.more && query.leaves_out_without_time() && case.has_events_without_time()? {
        run(case, &query.lookup_without_time(), &mut page)?;
    }
    let asked = page.more.then(|| query.asked());
    let token = asked.zip(page.last.as_ref()).map(|(asked, last)| token::write(&asked, last));
    page.finish(token.as_deref())?;
    Ok(page.written)
}

/// Adds the events of a lookup to the page, and learns whether there are more.
fn run(case: &Case, tree: &ast::Lookup, page: &mut Page<'_>) -> Result<(), Failure> {
    let lookup = query::resolve(tree, &Nothing).map_err(Box::new)?;
    let left = page.most.map(|most| (most - page.written).saturating_add(1));
    let statement = with_record(query::emit(&lookup, case, Projection::Brief, left));
    case.query(&statement.sql, &statement.params, page)?;
    Ok(())
}

/// The statement with what Event history lists for each event, and with its record. The events are found before
/// either is looked for, and keep their order.
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

/// The lookups made here depend on nothing but the case.
struct Nothing;

impl Environment for Nothing {
    fn now(&self) -> i64 {
        0
    }

    fn newest_event(&self) -> Option<i64> {
        None
    }

    fn read_list(&self, path: &str) -> Result<String, String> {
        Err(format!("{path} is not asked for"))
    }
}

/// An answer that is being written.
struct Page<'o> {
    out: &'o mut dyn Write,
    layout: Layout,
    most: Option<u64>,
    written: u64,
    /// Where the last entry stands.
    last: Option<Position>,
    /// Whether there is an event that the page has no room for.
    more: bool,
}

impl Page<'_> {
    fn begin(&mut self) -> io::Result<()> {
        match self.layout {
            Layout::Wire => self.out.write_all(b"{\"Events\":["),
            Layout::Cli => self.out.write_all(b"{\n    \"Events\": ["),
        }
    }

    fn finish(&mut self, token: Option<&str>) -> io::Result<()> {
        let (close, next) = match self.layout {
            Layout::Wire => ("]", ",\"NextToken\":"),
            Layout::Cli if self.written == 0 => ("]", ",\n    \"NextToken\": "),
            Layout::Cli => ("\n    ]", ",\n    \"NextToken\": "),
        };
        self.out.write_all(close.as_bytes())?;
        if let Some(token) = token {
            self.out.write_all(next.as_bytes())?;
            self.out.write_all(json_string(token).as_bytes())?;
        }
        self.out.write_all(if self.layout == Layout::Cli { b"\n}\n" } else { b"}" })?;
        self.out.flush()
    }

    /// One event in the shape of the API.
    fn entry(&self, event: &Event<'_>) -> String {
        let text = |value: Option<&str>| value.map(json_string);
        let seconds = event.time.and_then(time::parse);
        let time = match self.layout {
            Layout::Wire => seconds.map(|seconds| format!("{seconds}.0")),
            Layout::Cli => seconds.map(|seconds| json_string(&time::format(seconds).replace('Z', "+00:00"))),
        };
        let resources: Vec<String> = event
            .resources
            .iter()
            .map(|(kind, name)| {
                self.object(4, &[("ResourceType", text(kind.as_deref())), ("ResourceName", text(Some(name)))])
            })
            .collect();
        let record = record::compact(event.record.as_bytes());
        let record = String::from_utf8_lossy(&record);
        self.object(
            2,
            &[
                ("EventId", text(event.id)),
                ("EventName", text(event.name)),
                ("ReadOnly", text(event.read_only)),
                ("AccessKeyId", text(event.access_key_id)),
                ("EventTime", time),
                ("EventSource", text(event.source)),
                ("Username", text(event.user_name)),
                ("Resources", Some(self.enclosed('[', &resources, 3, ']'))),
                ("CloudTrailEvent", text(Some(&record))),
            ],
        )
    }

    /// An object of the members that have a value; `depth`: how deep it stands.
    fn object(&self, depth: usize, members: &[(&str, Option<String>)]) -> String {
        let colon = if self.layout == Layout::Cli { ": " } else { ":" };
        let members: Vec<String> = members
            .iter()
            .filter_map(|(key, value)| value.as_ref().map(|value| format!("\"{key}\"{colon}{value}")))
            .collect();
        self.enclosed('{', &members, depth, '}')
    }

    fn enclosed(&self, open: char, parts: &[String], depth: usize, close: char) -> String {
        if self.layout == Layout::Wire || parts.is_empty() {
            return format!("{open}{}{close}", parts.join(","));
        }
        let indent = "    ".repeat(depth);
        let lines: Vec<String> = parts.iter().map(|part| format!("\n{indent}    {part}")).collect();
        format!("{open}{}\n{indent}{close}", lines.join(","))
    }
}

/// What an entry shows.
struct Event<'c> {
    id: Option<&'c str>,
    name: Option<&'c str>,
    read_only: Option<&'c str>,
    access_key_id: Option<&'c str>,
    time: Option<&'c str>,
    source: Option<&'c str>,
    user_name: Option<&'c str>,
    /// Types and spellings.
    resources: Vec<(Option<String>, String)>,
    record: &'c str,
}

impl RowSink for Page<'_> {
    fn begin(&mut self, _: &[String]) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        if self.most.is_some_and(|most| self.written >= most) {
            self.more = true;
            return Ok(());
        }
        let text = |at: usize| match cells.get(at) {
            Some(Cell::Text(text)) => Some(*text),
            _ => None,
        };
        // The columns of `query::listing` and `with_record`, behind the event's number.
        let event = Event {
            id: text(1),
            name: text(2),
            read_only: text(3),
            access_key_id: text(4),
            time: text(5),
            source: text(6),
            user_name: text(7),
            resources: serde_json::from_str(text(8).unwrap_or("[]"))?,
            record: text(9).unwrap_or_default(),
        };
        let entry = self.entry(&event);
        self.out.write_all(match (self.layout, self.written) {
            (Layout::Wire, 0) => b"",
            (Layout::Wire, _) => b",",
            (Layout::Cli, 0) => b"\n        ",
            (Layout::Cli, _) => b",\n        ",
        })?;
        self.out.write_all(entry.as_bytes())?;
        self.written += 1;
        let event_id = event.id.unwrap_or_default().to_owned();
        self.last = Some(Position { time: event.time.and_then(time::parse), event_id });
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}
