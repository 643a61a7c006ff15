//! Shows how a lookup is answered: its interval, its statement and parameters, and SQLite's plan.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io;

use super::lookup::{interval, most_events, statement, understand};
use super::{Answer, Session, SessionError};
use crate::query::{Param, Statement};
use crate::render::escape::visible;
use crate::render::number;
use crate::rows::{Cell, RowSink};
use crate::store::Case;

/// Prints the explanation as SQL with comments.
pub(super) fn run(session: &mut Session, text: &str) -> Result<Answer, SessionError> {
    let case = session.case()?;
    let understood = understand(session, &case, text)?;
    let list = understood.lookup.is_event_list();
    let most = if list { most_events(session, &understood) } else { None };
    let format = session.settings.format.unwrap_or_default();
    let statement = statement(&case, &understood.lookup, format, most);
    let mut out = format!("-- {}\n", visible(&understood.tree.text));
    let _ = writeln!(out, "-- interval: {}", interval(understood.lookup.interval()));
    describe(&mut out, &statement);
    for step in plan(&case, &statement)? {
        let _ = writeln!(out, "-- plan: {}", visible(&step));
    }
    session.print(&out)?;
    Ok(Answer::default())
}

/// Writes the statement, its parameters and what is known of it.
fn describe(out: &mut String, statement: &Statement) {
    let _ = writeln!(out, "{};", statement.sql.trim_end().trim_end_matches(';'));
    for (number, param) in (1..).zip(&statement.params) {
        let value = match param {
            Param::Integer(number) => number.to_string(),
            Param::Real(number) => number.to_string(),
            Param::Text(text) => format!("'{}'", visible(&text.replace('\'', "''"))),
        };
        let _ = writeln!(out, "-- ?{number} = {value}");
    }
    if let Some(estimate) = statement.estimate {
        let about = if statement.exact { "" } else { "about " };
        let _ = writeln!(out, "-- matches: {about}{}", number::counted(estimate, "event"));
    }
    if let Some(scan) = statement.scan {
        let (groups, of) = (number::count(scan.groups), number::counted(scan.of, "group"));
        let _ = writeln!(out, "-- scans records: {groups} of {of} of about 256 records");
    } else if statement.scans_records {
        let _ = writeln!(out, "-- reads records");
    }
}

/// The steps of SQLite's plan, indented by what they are part of.
fn plan(case: &Case, statement: &Statement) -> Result<Vec<String>, SessionError> {
    let mut plan = Plan::default();
    case.query(&format!("EXPLAIN QUERY PLAN {}", statement.sql), &statement.params, &mut plan)?;
    Ok(plan.steps)
}

/// Takes the rows of `EXPLAIN QUERY PLAN`: id, parent, unused, detail.
#[derive(Default)]
struct Plan {
    steps: Vec<String>,
    /// How deep each step stands, by its id.
    depths: HashMap<i64, usize>,
}

impl RowSink for Plan {
    fn begin(&mut self, _: &[String]) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        if let [Cell::Integer(id), Cell::Integer(parent), _, Cell::Text(detail)] = cells {
            let depth = self.depths.get(parent).map_or(0, |depth| depth + 1);
            self.depths.insert(*id, depth);
            self.steps.push(format!("{}{detail}", "  ".repeat(depth)));
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}
