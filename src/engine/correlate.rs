//! Correlations: groups of the events of several rules that meet a condition within a span of time.

use std::ops::Deref;

use crate::detection::{Correlation, CorrelationKind, CountCondition};
use crate::engine::core::{Engine, PreparedLookup};
use crate::rows::{self, Value};
use crate::sql::{self, CorrelationPart, CorrelationWindow, Counted, Statement};
use crate::store::{Case, QueryError};

/// The events of a group that are named; all are counted.
pub const MAX_GROUP_EVENTS: usize = 1_000;

/// A group of events that met a correlation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrelatedGroup {
    /// The values that its events have in common, in the order of the correlation's `group_by`.
    pub group: Vec<String>,
    /// The Unix second of its first event.
    pub first: i64,
    /// The Unix second of its last event.
    pub last: i64,
    /// The number of its events, all of them in a window that met the condition.
    pub events: u64,
    /// `events.id` of the first [`MAX_GROUP_EVENTS`] of them, by time.
    pub ids: Vec<i64>,
}

impl<C: Deref<Target = Case>> Engine<C> {
    /// Finds the groups of events that meet a correlation, by the values of the group.
    ///
    /// # Errors
    /// A filter or a field of it is not a lookup's, the case cannot be read, or it was interrupted.
    pub fn correlate(&self, correlation: &Correlation) -> Result<Vec<CorrelatedGroup>, QueryError> {
        let lookups: Vec<PreparedLookup> =
            correlation.rules.iter().map(|(_, filter)| self.prepare_filled(filter)).collect::<Result<_, _>>()?;
        let mut events = vec![Vec::new(); lookups.len()];
        self.matches_of_many(&lookups, &mut |number, id| {
            events[number].push(id);
            Ok(())
        })?;
        let events: Vec<&[i64]> = events.iter().map(Vec::as_slice).collect();
        self.correlate_events(correlation, &events)
    }

    /// Finds the same, given `events.id` of the events of each rule.
    ///
    /// # Errors
    /// As for [`Engine::correlate`].
    pub fn correlate_events(
        &self,
        correlation: &Correlation,
        events: &[&[i64]],
    ) -> Result<Vec<CorrelatedGroup>, QueryError> {
        let statement = self.correlation_statement(correlation, events)?;
        self.check_interrupted()?;
        let groups = correlation.group_by.len();
        let mut found: Vec<CorrelatedGroup> = Vec::new();
        rows::each(
            |sink| self.case().query(&statement.sql, &statement.params, sink),
            |cells| {
                let group: Vec<String> = cells.iter().take(groups).map(|cell| text(Value::from(*cell))).collect();
                let number = |at: usize| match cells.get(groups + at).map(|cell| Value::from(*cell)) {
                    Some(Value::Integer(number)) => number,
                    _ => 0,
                };
                let (time, id) = (number(0), number(1));
                if found.last().is_none_or(|last| last.group != group) {
                    found.push(CorrelatedGroup { group, first: time, last: time, events: 0, ids: Vec::new() });
                }
                let Some(last) = found.last_mut() else { return };
                last.last = time;
                last.events += 1;
                if last.ids.len() < MAX_GROUP_EVENTS {
                    last.ids.push(id);
                }
            },
        )?;
        Ok(found)
    }

    /// Returns the statement that gives the events of a correlation's groups.
    fn correlation_statement(&self, correlation: &Correlation, events: &[&[i64]]) -> Result<Statement, QueryError> {
        let (counted, condition, values) = match &correlation.kind {
            CorrelationKind::EventCount(condition) => (Counted::Events, *condition, None),
            CorrelationKind::ValueCount(values, condition) => (Counted::Values, *condition, Some(values)),
            CorrelationKind::Temporal => {
                let all = CountCondition { min: Some(correlation.rules.len() as u64), ..CountCondition::default() };
                (Counted::Parts, all, None)
            }
        };
        let columns = (0..correlation.rules.len()).map(|rule| {
            let names: Vec<&str> = correlation
                .group_by
                .iter()
                .chain(values)
                .filter_map(|names| names.get(rule))
                .map(String::as_str)
                .collect();
            self.prepare_filled(&counting(&names))
        });
        let columns = columns.collect::<Result<Vec<PreparedLookup>, QueryError>>()?;
        let parts: Vec<CorrelationPart<'_>> = columns
            .iter()
            .zip(events)
            .map(|(columns, events)| CorrelationPart { columns: &columns.lookup, events })
            .collect();
        let window = CorrelationWindow {
            groups: correlation.group_by.len(),
            counted,
            seconds: correlation.timespan,
            min: condition.min,
            max: condition.max,
            not: condition.not,
        };
        Ok(sql::emit_correlation(&parts, &window, self.case()))
    }
}

/// Returns the lookup that counts by some fields and paths.
fn counting(names: &[&str]) -> String {
    if names.is_empty() { "| count".to_owned() } else { format!("| count by {}", names.join(",")) }
}

fn text(value: Value) -> String {
    match value {
        Value::Text(text) => text,
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Null | Value::Blob(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use serde_json::json;

    use crate::detection::{Correlation, CorrelationKind, CountCondition};
    use crate::engine::Engine;
    use crate::ingest::{self, NoProgress, Options};

    /// Imports events: the second of 2024-03-01, the name, the user, the Region.
    fn case_of(folder: &Path, events: &[(u32, &str, &str, &str)]) -> Engine {
        let records: Vec<_> = events
            .iter()
            .enumerate()
            .map(|(number, (second, name, user, region))| {
                json!({
                    "eventVersion": "1.08", "eventID": format!("id-{number}"), "eventSource": "iam.amazonaws.com",
                    "eventTime": format!("2024-03-01T{:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60),
                    "eventName": name, "awsRegion": region, "userIdentity": {"type": "IAMUser", "userName": user},
                    "requestParameters": {"userName": format!("of-{user}"), "tags": ["x", "y"]},
                })
            })
            .collect();
        fs::write(folder.join("events.json"), json!({ "Records": records }).to_string()).unwrap();
        let case = folder.join("trailq.db");
        ingest::import(&case, &[folder.join("events.json")], &Options::default(), &NoProgress).unwrap();
        Engine::open(&case).unwrap()
    }

    fn correlation(kind: CorrelationKind, filters: &[&str], group_by: &[&[&str]], timespan: i64) -> Correlation {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Correlation {
            kind,
            rules: filters.iter().map(|filter| ((*filter).to_owned(), (*filter).to_owned())).collect(),
            group_by: group_by.iter().map(|names| owned(names)).collect(),
            timespan,
        }
    }

    fn groups(engine: &Engine, correlation: &Correlation) -> Vec<String> {
        let found = engine.correlate(correlation).unwrap();
        let start = 1_709_251_200;
        found
            .iter()
            .map(|group| {
                format!("{} {}-{} {}", group.group.join("+"), group.first - start, group.last - start, group.events)
            })
            .collect()
    }

    #[test]
    fn events_values_and_rules_are_counted_in_sliding_windows() {
        let folder = tempfile::tempdir().unwrap();
        let engine = case_of(
            folder.path(),
            &[
                (0, "A", "ann", "us-east-1"),
                (50, "A", "ann", "us-east-2"),
                (100, "B", "ann", "us-east-1"),
                (500, "A", "ann", "us-east-1"),
                (0, "A", "bob", "us-east-1"),
                (61, "A", "bob", "us-east-1"),
                (900, "B", "bob", "us-east-1"),
                (901, "A", "bob", "us-west-1"),
            ],
        );
        let at_least = |min: u64| CountCondition { min: Some(min), ..CountCondition::default() };
        let count = |min: u64, span: i64| {
            correlation(CorrelationKind::EventCount(at_least(min)), &["name=A", "name=B"], &[&["user", "user"]], span)
        };
        assert_eq!(groups(&engine, &count(2, 60)), ["ann 0-100 3", "bob 900-901 2"]);
        assert_eq!(groups(&engine, &count(3, 100)), ["ann 0-100 3"]);
        assert_eq!(groups(&engine, &count(3, 99)), Vec::<String>::new());
        let at_most = CountCondition { max: Some(1), not: Some(0), ..CountCondition::default() };
        let single = correlation(CorrelationKind::EventCount(at_most), &["name=A user=ann"], &[], 60);
        assert_eq!(groups(&engine, &single), [" 0-500 2"]);
        let regions = |min: u64| {
            let kind = CorrelationKind::ValueCount(vec!["region".to_owned()], at_least(min));
            correlation(kind, &["name=A"], &[&["user"]], 60)
        };
        assert_eq!(groups(&engine, &regions(2)), ["ann 0-50 2"]);
        let temporal =
            |span: i64, by: &[&[&str]]| correlation(CorrelationKind::Temporal, &["name=A", "name=B"], by, span);
        assert_eq!(groups(&engine, &temporal(1, &[&["user", "user"]])), ["bob 900-901 2"]);
        assert_eq!(groups(&engine, &temporal(50, &[&["user", "request.userName"]])), Vec::<String>::new());
        assert_eq!(groups(&engine, &temporal(60, &[])), [" 50-901 5"]);
        let tags =
            correlation(CorrelationKind::Temporal, &["name=A", "name=B"], &[&["request.tags", "request.tags"]], 1);
        assert_eq!(groups(&engine, &tags), ["x 900-901 2", "y 900-901 2"]);
    }
}
