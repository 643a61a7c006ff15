//! Timelines on a screen: with their empty spans, and `| timeline by FIELD` with a column for each of the most frequent
//! values.

use std::collections::{BTreeMap, HashMap};

use crate::query::Interval;
use crate::rows::{CapturedRows, Value};

/// The maximum number of spans of a timeline with its empty ones.
const MAX_SPANS: usize = 500;
/// The maximum number of values that have a column of their own.
const MAX_VALUES: usize = 6;
/// The column of the events of all other values.
const OTHERS: &str = "others";
/// The column of the events that have no value.
const NO_VALUE: &str = "(none)";

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

/// The rows of a timeline by one field, in the wide form.
pub(crate) struct WideTimeline {
    /// The time, the most frequent values, the most frequent first, and `others` if there are more.
    pub(crate) columns: Vec<String>,
    /// The start of each span and its numbers of events; the cell is empty where there are none.
    pub(crate) rows: Vec<Vec<Value>>,
    /// The number of spans without events that are omitted.
    pub(crate) omitted: u64,
}

/// Returns the wide form of rows of time, value and number of events, in spans of `bucket` seconds; `None` if the rows
/// have other columns, or all of them one value.
pub(crate) fn wide(held: &CapturedRows, bucket: i64, interval: Interval) -> Option<WideTimeline> {
    let mut totals: HashMap<String, i64> = HashMap::new();
    let mut cells: BTreeMap<String, HashMap<String, i64>> = BTreeMap::new();
    for row in &held.rows {
        let [Value::Text(time), value, Value::Integer(events)] = row.as_slice() else { return None };
        let value = if *value == Value::Null { NO_VALUE.to_owned() } else { crate::rows::text(Some(value)) };
        *totals.entry(value.clone()).or_default() += events;
        *cells.entry(time.clone()).or_default().entry(value).or_default() += events;
    }
    if totals.len() < 2 {
        return None;
    }
    let mut values: Vec<(String, i64)> = totals.into_iter().collect();
    values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let has_others = values.len() > MAX_VALUES;
    let values: Vec<String> = values.into_iter().map(|(value, _)| value).take(MAX_VALUES).collect();
    let (spans, omitted) = fill(&totals_by_time(&cells), bucket, interval);
    let cell = |events: i64| if events == 0 { Value::Null } else { Value::Integer(events) };
    let rows = spans.into_iter().map(|(time, total)| {
        let counts = cells.get(&time);
        let of = |value: &String| counts.and_then(|counts| counts.get(value)).copied().unwrap_or(0);
        let counted: Vec<i64> = values.iter().map(of).collect();
        let others = has_others.then(|| cell(total - counted.iter().sum::<i64>()));
        std::iter::once(Value::Text(time)).chain(counted.into_iter().map(cell)).chain(others).collect()
    });
    let rows = rows.collect();
    let others = has_others.then(|| OTHERS.to_owned());
    let columns = held.columns.first().cloned().into_iter().chain(values.iter().cloned()).chain(others).collect();
    Some(WideTimeline { columns, rows, omitted })
}

/// Returns the number of events of each span, whatever their value.
fn totals_by_time(cells: &BTreeMap<String, HashMap<String, i64>>) -> CapturedRows {
    let total = |(time, counts): (&String, &HashMap<String, i64>)| {
        vec![Value::Text(time.clone()), Value::Integer(counts.values().sum())]
    };
    CapturedRows { columns: Vec::new(), rows: cells.iter().map(total).collect() }
}

#[cfg(test)]
mod tests {
    use super::{CapturedRows, Interval, Value, fill, wide};

    fn timeline(rows: &[(&str, Option<&str>, i64)]) -> CapturedRows {
        let text = |text: &str| Value::Text(text.to_owned());
        let row = |(time, value, events): &(&str, Option<&str>, i64)| {
            vec![text(time), value.map_or(Value::Null, text), Value::Integer(*events)]
        };
        let columns = ["event_time", "user_name", "events"].map(str::to_owned).to_vec();
        CapturedRows { columns, rows: rows.iter().map(row).collect() }
    }

    fn counts(rows: &[(&str, i64)]) -> CapturedRows {
        let rows = rows.iter().map(|(time, events)| vec![Value::Text((*time).to_owned()), Value::Integer(*events)]);
        CapturedRows { columns: Vec::new(), rows: rows.collect() }
    }

    fn written(rows: &[Vec<Value>]) -> Vec<String> {
        let cells = |row: &Vec<Value>| row.iter().map(|cell| crate::rows::text(Some(cell))).collect::<Vec<_>>();
        rows.iter().map(|row| cells(row).join(" ")).collect()
    }

    #[test]
    fn each_value_has_a_column_the_most_frequent_first() {
        let held = timeline(&[
            ("2024-03-01T09:00:00Z", Some("alice"), 2),
            ("2024-03-01T09:00:00Z", None, 1),
            ("2024-03-01T11:00:00Z", Some("bob"), 7),
        ]);
        let wide = wide(&held, 3_600, Interval::default()).unwrap();
        assert_eq!(wide.columns, ["event_time", "bob", "alice", "(none)"]);
        assert_eq!(
            written(&wide.rows),
            ["2024-03-01T09:00:00Z  2 1", "2024-03-01T10:00:00Z   ", "2024-03-01T11:00:00Z 7  "]
        );
        assert_eq!(wide.omitted, 0);
    }

    #[test]
    fn rare_values_share_a_column_and_no_event_is_lost() {
        let names: Vec<String> = (0..9).map(|number| format!("user-{number}")).collect();
        let rows: Vec<_> =
            names.iter().zip(1..).map(|(name, events)| ("2024-03-01T09:00:00Z", Some(name.as_str()), events)).collect();
        let wide = wide(&timeline(&rows), 3_600, Interval::default()).unwrap();
        assert_eq!(wide.columns.last().map(String::as_str), Some("others"));
        assert_eq!(written(&wide.rows), ["2024-03-01T09:00:00Z 9 8 7 6 5 4 6"]);
    }

    #[test]
    fn other_answers_and_a_single_value_keep_their_form() {
        let held = timeline(&[("2024-03-01T09:00:00Z", Some("alice"), 2)]);
        assert!(wide(&held, 3_600, Interval::default()).is_none());
        let two = CapturedRows {
            columns: Vec::new(),
            rows: vec![vec![Value::Text("2024-03-01T09:00:00Z".to_owned()), Value::Integer(1)]],
        };
        assert!(wide(&two, 3_600, Interval::default()).is_none());
    }

    #[test]
    fn a_timeline_has_its_empty_spans_unless_they_are_too_many() {
        let held = counts(&[("2024-03-01T09:00:00Z", 2), ("2024-03-01T11:00:00Z", 1)]);
        let (rows, left_out) = fill(&held, 3_600, Interval::default());
        assert_eq!(rows.iter().map(|row| row.1).collect::<Vec<_>>(), [2, 0, 1]);
        assert_eq!(left_out, 0);
        let nine = crate::time::parse("2024-03-01T09:00:00Z").unwrap();
        let day = Interval { from: Some(nine - 9 * 3_600), to: Some(nine + 15 * 3_600 - 1) };
        assert_eq!(fill(&held, 3_600, day).0.len(), 24);
        let (rows, left_out) = fill(&held, 1, Interval::default());
        assert_eq!((rows.len(), left_out), (2, 7_199));
        assert_eq!(fill(&counts(&[]), 60, Interval::default()), (Vec::new(), 0));
    }
}
