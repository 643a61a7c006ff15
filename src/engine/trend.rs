//! The trends of the most frequent values: for each row of `top`, the number of events in equal spans of time.

use std::time::Duration;

use crate::engine::core::{Engine, PreparedLookup};
use crate::engine::deadline;
use crate::fields::{self, Kind};
use crate::number;
use crate::query::ast::{Name, Stage, StageKind};
use crate::query::edit;
use crate::rows::{CapturedRows, Value, text};
use crate::sql::Statement;
use crate::store::{Case, QueryError};

/// About how many spans there are.
const SPANS: i64 = 24;
/// Seconds of an hour. Spans of whole hours are answered from materialized counts where the field has them.
const HOUR: i64 = 3_600;
/// Minimum time limit for counting: at 10,000,000 events the trends of ten users take 0.4 s. An answer that took longer
/// allows as much.
const MIN_LIMIT: Duration = Duration::from_millis(1_500);
/// Maximum time limit: the trends of ten roles take 10 s, as long as finding the roles.
const MAX_LIMIT: Duration = Duration::from_secs(10);
/// For how many rows at most.
const MAX_ROWS: usize = 50;

/// The trend of every row.
#[derive(Debug, Clone)]
pub(crate) struct Trend {
    /// From when to when it is.
    pub(crate) heading: String,
    /// The number of events in each span, row by row; empty if counting took too long.
    pub(crate) rows: Vec<Vec<u64>>,
    /// The time limit for counting.
    limit: Duration,
}

impl Trend {
    /// Returns a note if the rows of an answer have no trend.
    pub(crate) fn remark(&self, rows: u64) -> Option<String> {
        let longest = number::duration(self.limit);
        let without = rows > 0 && self.rows.is_empty();
        without.then(|| format!("trends omitted: counting them takes longer than {longest}"))
    }
}

/// Returns the heading of a trend: its first and last time.
pub(crate) fn heading(from: i64, to: i64) -> String {
    let (from, to) = (crate::time::format(from), crate::time::format(to));
    let same_year = from[..5] == to[..5];
    if same_year { format!("{} to {}", &from[..13], &to[5..13]) } else { format!("{} to {}", &from[..10], &to[..10]) }
}

/// Returns the trend of each row of `top`; `None` if the answer is not one, or if counting reads records. `taken`: how long
/// the answer itself took.
pub(crate) fn of(
    engine: &Engine,
    prepared: &PreparedLookup,
    rows: &[Vec<Value>],
    taken: Duration,
) -> Result<Option<Trend>, QueryError> {
    let [Stage { kind: StageKind::Top(_, names), .. }] = prepared.tree.stages.as_slice() else { return Ok(None) };
    if rows.len() > MAX_ROWS {
        return Ok(None);
    }
    let Some((from, to)) = period(engine.case(), prepared)? else { return Ok(None) };
    let bucket = span(from, to);
    // A value that cannot be asked for has no trend to show.
    let Ok(by_span) = engine.prepare_filled(&lookup(prepared, names, rows, bucket)) else { return Ok(None) };
    let statement = engine.statement(&by_span);
    if statement.scans_records {
        return Ok(None);
    }
    let limit = taken.clamp(MIN_LIMIT, MAX_LIMIT);
    let rows = match counted(engine.case(), &statement, limit)? {
        Some(counted) => {
            let first = from.div_euclid(bucket);
            let spans = usize::try_from(to.div_euclid(bucket) - first + 1).unwrap_or(0);
            let trend = |row: &Vec<Value>| trend_of(&counted, row.get(..names.len())?, bucket, first, spans);
            rows.iter().filter_map(trend).collect()
        }
        None => Vec::new(),
    };
    Ok(Some(Trend { heading: heading(from, to), rows, limit }))
}

/// Returns the answer of a statement; `None` if it takes longer than `limit`.
fn counted(case: &Case, statement: &Statement, limit: Duration) -> Result<Option<CapturedRows>, QueryError> {
    let mut counted = CapturedRows::default();
    Ok(deadline::ask(case, statement, limit, &mut counted)?.then_some(counted))
}

/// The lookup that counts all rows in spans at once: the same by time too, of the values that the rows have.
fn lookup(prepared: &PreparedLookup, names: &[Name], rows: &[Vec<Value>], bucket: i64) -> String {
    let names: Vec<&str> =
        names.iter().map(|name| prepared.tree.text.get(name.span.start..name.span.end).unwrap_or("")).collect();
    let mut parts = vec![edit::side_by_side(&prepared.tree)];
    for (at, name) in names.iter().enumerate() {
        let mut values: Vec<&Value> = Vec::new();
        for value in rows.iter().filter_map(|row| row.get(at)) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        parts.push(term(name, &values));
    }
    parts.push(format!("| timeline {bucket}s by {}", names.join(",")));
    edit::joined(parts.iter().map(String::as_str))
}

/// The seconds of a span: whole hours where it is an hour or more.
fn span(from: i64, to: i64) -> i64 {
    let even = ((to - from) / SPANS + 1).max(1);
    if even < HOUR { even } else { (even + HOUR / 2) / HOUR * HOUR }
}

/// Returns the number of events of these values in each span.
fn trend_of(counted: &CapturedRows, values: &[Value], bucket: i64, first: i64, spans: usize) -> Option<Vec<u64>> {
    let mut trend = vec![0; spans];
    for row in &counted.rows {
        let (events, row) = row.split_last()?;
        let (time, found) = row.split_first()?;
        let time = crate::time::parse(&text(Some(time)));
        let place = time.and_then(|time| usize::try_from(time.div_euclid(bucket) - first).ok());
        if let (Value::Integer(events), Some(place), true) =
            (events, place.and_then(|place| trend.get_mut(place)), found == values)
        {
            *place += u64::try_from(*events).unwrap_or(0);
        }
    }
    Some(trend)
}

/// The term that asks for some values of a column.
fn term(name: &str, values: &[&Value]) -> String {
    let flag = fields::find(name).is_some_and(|field| field.kind == Kind::Flag);
    let listed: Vec<String> = values
        .iter()
        .filter_map(|value| match value {
            Value::Null => None,
            Value::Integer(number) if flag => Some((*number == 1).to_string()),
            value => Some(edit::literal(&text(Some(value)))),
        })
        .collect();
    let listed = format!("{name}={}", listed.join(","));
    match (values.contains(&&Value::Null), values.len()) {
        (false, _) => listed,
        (true, 1) => format!("not {name}=*"),
        (true, _) => format!("({listed} or not {name}=*)"),
    }
}

/// Returns the first and the last second at which an event can match.
fn period(case: &Case, prepared: &PreparedLookup) -> Result<Option<(i64, i64)>, QueryError> {
    let Some((oldest, newest)) = case.time_range()? else { return Ok(None) };
    let interval = prepared.lookup.interval().unwrap_or_default();
    let from = interval.from.map_or(oldest, |from| from.max(oldest));
    let to = interval.to.map_or(newest, |to| to.min(newest));
    Ok((from <= to).then_some((from, to)))
}

#[cfg(test)]
mod tests {
    use super::{
        CapturedRows, Case, Duration, HOUR, MIN_LIMIT, Statement, Trend, Value, counted, heading, span, term, trend_of,
    };

    #[test]
    fn spans_are_whole_hours() {
        assert_eq!([span(0, 0), span(0, 3_600), span(0, 24 * HOUR - 1)], [1, 151, HOUR]);
        assert_eq!([span(0, 30 * HOUR), span(0, 40 * HOUR), span(0, 10 * 24 * HOUR)], [HOUR, 2 * HOUR, 10 * HOUR]);
    }

    #[test]
    fn counting_stops_at_a_limit_and_reports_it() {
        let case = Case::empty().unwrap();
        let limit = Duration::from_millis(20);
        let statement = |sql: &str| Statement::of_sql(sql, Vec::new());
        let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        assert!(counted(&case, &statement(endless), limit).unwrap().is_none());
        assert_eq!(
            counted(&case, &statement("SELECT 7"), 100 * MIN_LIMIT).unwrap().unwrap().rows,
            [[Value::Integer(7)]]
        );
        let trend = |rows| Trend { heading: heading(0, 1), rows, limit };
        let remark = trend(Vec::new()).remark(10);
        assert_eq!(remark.as_deref(), Some("trends omitted: counting them takes longer than 20 ms"));
        assert_eq!(trend(Vec::new()).remark(0), None);
        assert_eq!(trend(vec![vec![1]]).remark(1), None);
    }

    #[test]
    fn a_value_becomes_a_term_and_counts_a_course() {
        let named = Value::Text("a b".to_owned());
        assert_eq!(term("user", &[&named, &Value::Integer(7)]), "user=\"a b\",7");
        assert_eq!(heading(0, 86_400), "1970-01-01T00 to 01-02T00");
        assert_eq!(heading(-1, 86_400), "1969-12-31 to 1970-01-02");
        assert_eq!(term("user", &[&Value::Null]), "not user=*");
        assert_eq!(term("user", &[&named, &Value::Null]), "(user=\"a b\" or not user=*)");
        assert_eq!(term("mfa", &[&Value::Integer(1)]), "mfa=true");
        assert_eq!(term("bytes-in", &[&Value::Integer(1)]), "bytes-in=1");
        let row =
            |time: &str, user: &Value, events| vec![Value::Text(time.to_owned()), user.clone(), Value::Integer(events)];
        let counted = CapturedRows {
            columns: Vec::new(),
            rows: vec![
                row("1970-01-01T00:00:10Z", &named, 2),
                row("1970-01-01T00:00:10Z", &Value::Null, 5),
                row("1970-01-01T00:00:40Z", &named, 3),
                row("1970-01-02T00:00:00Z", &named, 9),
            ],
        };
        assert_eq!(trend_of(&counted, std::slice::from_ref(&named), 10, 1, 4), Some(vec![2, 0, 0, 3]));
        assert_eq!(trend_of(&counted, &[Value::Null], 10, 1, 4), Some(vec![5, 0, 0, 0]));
    }
}
