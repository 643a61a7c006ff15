//! Explains how a lookup is answered: its interval, its statement with parameters, and SQLite's plan.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use crate::engine::core::{Engine, PreparedLookup};
use crate::escape::visible;
use crate::number;
use crate::query::Interval;
use crate::rows::{self, CapturedRows, Value};
use crate::sql::{Param, Statement};
use crate::store::{Case, QueryError};
use crate::time;

impl Engine {
    /// Explains how a lookup is answered: its interval, statement, parameters and SQLite's plan, as SQL with comments.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn explain(&self, prepared: &PreparedLookup) -> Result<String, QueryError> {
        let statement = self.statement(prepared);
        let mut out = format!("-- {}\n", abridged(&visible(&prepared.tree.text)));
        let _ = writeln!(out, "-- interval: {}", interval(prepared.lookup.interval()));
        describe(&mut out, &statement);
        for step in plan(self.case(), &statement)? {
            let _ = writeln!(out, "-- plan: {}", visible(&step));
        }
        Ok(out)
    }
}

/// Returns an interval in words; both ends are inclusive.
pub(crate) fn interval(interval: Option<Interval>) -> String {
    match interval.map(|interval| (interval.from, interval.to)) {
        None | Some((None, None)) => "all times".to_owned(),
        Some((Some(from), None)) => format!("since {}", number::time(from)),
        Some((None, Some(to))) => format!("until {}", number::time(to)),
        Some((Some(from), Some(to))) if from > to => "no time at all".to_owned(),
        Some((Some(from), Some(to))) => format!("{} to {}", number::time(from), number::time(to)),
    }
}

/// Returns the period that the case covers, if an event of it has a time.
pub(crate) fn period(case: &Case) -> Option<String> {
    let (oldest, newest) = case.time_range().ok().flatten()?;
    Some(format!("{} to {}", time::format(oldest), time::format(newest)))
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
/// The number of first characters that are shown of them.
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

/// Returns the steps of SQLite's plan for SQL with named parameters. Mistakes in it are reported when it is answered.
pub(crate) fn sql_plan(case: &Case, sql: &str, params: &BTreeMap<String, Option<Param>>) -> Vec<String> {
    let plan = rows::collect(|sink| case.query_named(&format!("EXPLAIN QUERY PLAN {sql}"), params, sink));
    plan.map(|rows| steps(&rows)).unwrap_or_default()
}

/// Returns the steps of SQLite's plan for a statement.
pub(crate) fn plan(case: &Case, statement: &Statement) -> Result<Vec<String>, QueryError> {
    let sql = format!("EXPLAIN QUERY PLAN {}", statement.sql);
    Ok(steps(&rows::collect(|sink| case.query(&sql, &statement.params, sink))?))
}

/// Returns the rows of `EXPLAIN QUERY PLAN` (id, parent, unused, detail), indented by the steps that they are part of.
fn steps(plan: &CapturedRows) -> Vec<String> {
    let mut depths: HashMap<i64, usize> = HashMap::new();
    let mut steps = Vec::new();
    for row in &plan.rows {
        if let [Value::Integer(id), Value::Integer(parent), _, Value::Text(detail)] = row.as_slice() {
            let depth = depths.get(parent).map_or(0, |depth| depth + 1);
            depths.insert(*id, depth);
            steps.push(format!("{}{detail}", "  ".repeat(depth)));
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::{abridged, interval};
    use crate::query::Interval;

    #[test]
    fn long_texts_are_abridged() {
        assert_eq!(abridged(&"é".repeat(2_000)), "é".repeat(2_000));
        assert_eq!(abridged(&"é".repeat(2_001)), format!("{}... (2,001 characters)", "é".repeat(200)));
    }

    #[test]
    fn intervals_are_written_in_words() {
        let text = |from, to| interval(Some(Interval { from, to }));
        assert_eq!(interval(None), "all times");
        assert_eq!(text(None, None), "all times");
        assert_eq!(text(Some(0), None), "since 1970-01-01T00:00:00Z");
        assert_eq!(text(None, Some(0)), "until 1970-01-01T00:00:00Z");
        assert_eq!(text(Some(1), Some(0)), "no time at all");
        assert_eq!(text(Some(0), Some(59)), "1970-01-01T00:00:00Z to 1970-01-01T00:00:59Z");
    }
}
