//! Shows how a lookup is answered: its interval, its statement and parameters, and SQLite's plan.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io;

use crate::render::escape::visible;
use crate::render::number;
use crate::rows::{Cell, RowSink};
use crate::session::lookup::{interval, most_events, statement, understand};
use crate::session::{Answer, Session, SessionError};
use crate::sql::{Param, Statement};
use crate::store::Case;

/// Prints the explanation as SQL with comments.
pub(crate) fn run(session: &mut Session, text: &str) -> Result<Answer, SessionError> {
    let case = session.case()?;
    let text = session.substituted(text)?;
    let understood = understand(&case, &text)?;
    let list = understood.lookup.is_event_list();
    let most = if list { most_events(session, &understood) } else { None };
    let format = session.settings.format.unwrap_or_default();
    let statement = statement(&case, &understood.lookup, format, most);
    let mut out = format!("-- {}\n", abridged(&visible(&understood.tree.text)));
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
            Param::Text(text) => abridged(&format!("'{}'", visible(&text.replace('\'', "''")))).into_owned(),
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

/// Texts of more characters are abridged: a long list is one parameter.
const MAX_SHOWN: usize = 2_000;
/// How many of their first characters are shown.
const FIRST_SHOWN: usize = 200;

/// A text, or the beginning of a long one and its length.
pub(crate) fn abridged(text: &str) -> Cow<'_, str> {
    // Every character has a byte at least.
    if text.len() <= MAX_SHOWN || text.chars().nth(MAX_SHOWN).is_none() {
        return Cow::Borrowed(text);
    }
    let first: String = text.chars().take(FIRST_SHOWN).collect();
    Cow::Owned(format!("{first}... ({} characters)", number::count(text.chars().count() as u64)))
}

/// Writes the plan of a statement that is about to be answered, for `.eqp on`.
pub(crate) fn print_plan(session: &mut Session, case: &Case, statement: &Statement) -> Result<(), SessionError> {
    for step in plan(case, statement)? {
        session.status(&format!("plan: {step}"));
    }
    Ok(())
}

/// Writes the plan of SQL that is about to be answered. What is wrong with it is told where it is answered.
pub(crate) fn print_sql_plan(session: &mut Session, case: &Case, sql: &str, params: &BTreeMap<String, Option<Param>>) {
    for step in sql_plan(case, sql, params).unwrap_or_default() {
        session.status(&format!("plan: {step}"));
    }
}

/// The steps of the plan of SQL, if it is one statement that has one.
fn sql_plan(case: &Case, sql: &str, params: &BTreeMap<String, Option<Param>>) -> Option<Vec<String>> {
    let mut taken = Plan::default();
    case.query_named(&format!("EXPLAIN QUERY PLAN {sql}"), params, &mut taken).ok()?;
    Some(taken.steps)
}

/// How a statement finds its rows: the index that drives it, or a scan. `None` where there is nothing to say.
pub(crate) fn route(case: &Case, statement: &Statement) -> Option<String> {
    let steps = plan(case, statement).ok()?;
    let found = route_of(&steps);
    match (found, statement.scans_records) {
        (Some(route), true) => Some(format!("{route}, reads records")),
        (route, _) => route,
    }
}

/// The tables of kept counts, as the plans of lookups name them.
const COUNTS: [&str; 5] = ["attribute_values", "facets", "f", "hourly_counts", "hourly_regions"];

/// How an answer from them is told.
const KEPT_COUNTS: &str = "kept counts";

/// The route that the steps of a plan tell.
pub(crate) fn route_of(steps: &[String]) -> Option<String> {
    let steps: Vec<&str> = steps.iter().map(|step| step.trim_start()).collect();
    let on_events = |step: &&&str| {
        ["SEARCH e ", "SCAN e", "SEARCH events ", "SCAN events"].iter().any(|head| {
            step.starts_with(head) && step[head.len()..].chars().next().is_none_or(|c| head.ends_with(' ') || c == ' ')
        })
    };
    let first = steps.iter().find(|step| step.starts_with("SEARCH ") || step.starts_with("SCAN "));
    let step = steps.iter().find(on_events).or(first)?;
    let index = step.split_once("INDEX ").and_then(|(_, rest)| rest.split([' ', '(']).next());
    let table = step.split(' ').nth(1).unwrap_or_default();
    Some(match (index, step.starts_with("SCAN ")) {
        // As lookups name the counts of hours, whichever table of them.
        _ if table == "h" => KEPT_COUNTS.to_owned(),
        (Some(index), false) => format!("index {index}"),
        (Some(index), true) if step.contains("COVERING") => format!("scan of index {index}"),
        (Some(index), true) => format!("in the order of index {index}"),
        (None, _) if step.contains("PRIMARY KEY") && matches!(table, "e" | "events") => {
            driving(&steps).unwrap_or_else(|| "by number".to_owned())
        }
        (None, _) if COUNTS.contains(&table) => KEPT_COUNTS.to_owned(),
        (None, false) => format!("key of {table}"),
        (None, true) if table == "CONSTANT" => return None,
        (None, true) => format!("scan of {}", if table == "e" { "events" } else { table }),
    })
}

/// The index that finds the numbers of the events which are then read one by one.
fn driving(steps: &[&str]) -> Option<String> {
    let step = steps.iter().find(|step| step.starts_with("SEARCH ") && step.contains("INDEX "))?;
    let index = step.split_once("INDEX ")?.1.split([' ', '(']).next()?;
    Some(format!("index {index}"))
}

/// The route of SQL, if it is one statement that has one.
pub(crate) fn sql_route(case: &Case, sql: &str, params: &BTreeMap<String, Option<Param>>) -> Option<String> {
    // In SQL a short name may stand for anything.
    sql_plan(case, sql, params).and_then(|steps| route_of(&steps)).filter(|route| route != KEPT_COUNTS)
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

#[cfg(test)]
mod tests {
    use super::{abridged, route_of};

    #[test]
    fn long_texts_are_abridged() {
        assert_eq!(abridged(&"é".repeat(2_000)), "é".repeat(2_000));
        assert_eq!(abridged(&"é".repeat(2_001)), format!("{}... (2,001 characters)", "é".repeat(200)));
    }

    #[test]
    fn the_route_of_an_answer_is_told() {
        let route = |steps: &[&str]| route_of(&steps.iter().map(|step| (*step).to_owned()).collect::<Vec<_>>());
        let told = |steps: &[&str]| route(steps).unwrap();
        assert_eq!(told(&["SEARCH e USING INDEX events_by_user_name (user_name=?)"]), "index events_by_user_name");
        assert_eq!(told(&["SCAN e", "USE TEMP B-TREE FOR ORDER BY"]), "scan of events");
        assert_eq!(told(&["SCAN e USING COVERING INDEX events_by_time"]), "scan of index events_by_time");
        assert_eq!(told(&["SCAN e USING INDEX events_by_time"]), "in the order of index events_by_time");
        assert_eq!(
            told(&["CO-ROUTINE (subquery-1)", "  SEARCH attribute_values USING PRIMARY KEY (attribute=?)"]),
            "kept counts"
        );
        assert_eq!(
            told(&[
                "SEARCH er USING COVERING INDEX resources_i (resource=?)",
                "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)"
            ]),
            "index resources_i"
        );
        assert_eq!(told(&["SCAN h USING COVERING INDEX hourly_regions_by_hour"]), "kept counts");
        assert_eq!(told(&["SCAN f", "SEARCH h USING PRIMARY KEY (facet=?)"]), "kept counts");
        assert_eq!(route(&["SCAN CONSTANT ROW"]), None);
        assert_eq!(route(&[]), None);
    }
}
