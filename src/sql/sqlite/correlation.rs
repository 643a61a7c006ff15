//! Correlations of events as window SQL: the groups whose events, within a span of time, meet a condition.

use serde_json::json;

use crate::query::resolved::{OutputColumn, ResolvedLookup, Stage};
use crate::sql::count_source::CountSource;
use crate::sql::sqlite::builder::SqlBuilder;
use crate::sql::sqlite::columns;
use crate::sql::sqlite::statistics::CaseStatistics;
use crate::sql::statement::Statement;

/// A part of a correlation: the events of one rule.
#[derive(Debug, Clone, Copy)]
pub struct CorrelationPart<'p> {
    /// A lookup whose `count by` names the groups, and the counted field after them.
    pub columns: &'p ResolvedLookup,
    /// `events.id` of its events.
    pub events: &'p [i64],
}

/// The things that a correlation counts in each window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Events.
    Events,
    /// Distinct values of the field after the groups.
    Values,
    /// Parts with an event.
    Parts,
}

/// The windows of a correlation, and the count that they have to have.
#[derive(Debug, Clone, Copy)]
pub struct CorrelationWindow {
    /// The number of columns that make a group.
    pub groups: usize,
    /// The things that are counted.
    pub counted: Counted,
    /// The span of a window, in seconds.
    pub seconds: i64,
    /// The lowest count.
    pub min: Option<u64>,
    /// The highest count.
    pub max: Option<u64>,
    /// A count that does not match.
    pub not: Option<u64>,
}

/// Returns the statement that gives the events of windows with the count that is wanted: the columns of the group, then
/// `time` and `event`, by group and time. An event without a time, or without a value of a group, is in no window.
pub fn emit_correlation(
    parts: &[CorrelationPart<'_>],
    window: &CorrelationWindow,
    counts: &dyn CountSource,
) -> Statement {
    let stats = CaseStatistics(counts);
    let mut builder = SqlBuilder::new(&stats);
    let rows: Vec<String> =
        (0..).zip(parts).map(|(number, part)| rows_of(part, number, window, &mut builder)).collect();
    let groups: Vec<String> = (0..window.groups).map(|group| format!("g{group}")).collect();
    let by = if groups.is_empty() { String::new() } else { format!("PARTITION BY {} ", groups.join(", ")) };
    let shown: String = groups.iter().map(|group| format!("{group}, ")).collect();
    let count = match window.counted {
        Counted::Events => "count(*)",
        Counted::Values | Counted::Parts => "distinct_count(counted)",
    };
    let seconds = window.seconds;
    let sql = format!(
        "WITH matched AS ({rows}), \
         ended AS (SELECT *, {count} OVER ({by}ORDER BY time RANGE BETWEEN {seconds} PRECEDING AND CURRENT ROW) AS n \
         FROM matched), \
         met AS (SELECT *, max({condition}) OVER ({by}ORDER BY time RANGE BETWEEN CURRENT ROW AND {seconds} FOLLOWING) \
         AS met FROM ended) \
         SELECT DISTINCT {shown}time, event FROM met WHERE met ORDER BY {shown}time, event",
        rows = rows.join(" UNION "),
        condition = condition(window, &mut builder),
    );
    Statement {
        sql,
        scans_records: builder.scans_records,
        params: builder.params.into_values(),
        columns: groups.into_iter().chain(["time".to_owned(), "event".to_owned()]).collect(),
        scan: None,
        estimate: None,
        exact: false,
        access_path: None,
    }
}

/// Returns the SELECT that gives the events of a part, once for each of their groups and counted values.
fn rows_of(
    part: &CorrelationPart<'_>,
    number: usize,
    window: &CorrelationWindow,
    builder: &mut SqlBuilder<'_>,
) -> String {
    let by: &[OutputColumn] = match part.columns.stages.first() {
        Some(Stage::Count(by)) => by,
        _ => &[],
    };
    let events = builder.params.text(&json!(part.events).to_string());
    let (mut shown, mut joins, mut conditions) = (Vec::new(), String::new(), vec!["e.time IS NOT NULL".to_owned()]);
    let mut counted = match window.counted {
        Counted::Parts => number.to_string(),
        Counted::Events | Counted::Values => "NULL".to_owned(),
    };
    for (index, column) in by.iter().enumerate() {
        let group = columns::group(column, index, builder);
        if !joins.contains(&group.join) {
            joins += &group.join;
        }
        if index < window.groups {
            shown.push(format!("{} AS g{index}", group.expression));
            conditions.push(format!("g{index} IS NOT NULL"));
        } else {
            counted = group.expression;
        }
    }
    shown.push(format!("e.time AS time, e.id AS event, {counted} AS counted"));
    format!(
        "SELECT DISTINCT {} FROM json_each({events}) m CROSS JOIN events e ON e.id = m.value{joins} WHERE {}",
        shown.join(", "),
        conditions.join(" AND ")
    )
}

/// Returns the condition on the count `n` of a window.
fn condition(window: &CorrelationWindow, builder: &mut SqlBuilder<'_>) -> String {
    let limits = [(">=", window.min), ("<=", window.max), ("<>", window.not)];
    let conditions: Vec<String> = limits
        .into_iter()
        .filter_map(|(operator, limit)| {
            let limit = i64::try_from(limit?).unwrap_or(i64::MAX);
            Some(format!("n {operator} {}", builder.params.number(limit)))
        })
        .collect();
    if conditions.is_empty() { "1".to_owned() } else { conditions.join(" AND ") }
}
