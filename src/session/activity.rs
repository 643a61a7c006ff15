//! The course of the most frequent values: for each row of `top`, how many events there are in equal spans of time.

use std::time::Instant;

use super::keep::{First, Held};
use super::last::{Last, text};
use super::look::is_late;
use super::lookup::{Understood, understand};
use super::{Session, SessionError};
use crate::fields::{self, Kind};
use crate::query::ast::StageKind;
use crate::query::{self, Projection, edit};
use crate::rows::Value;
use crate::store::Case;

/// How many spans there are.
const SPANS: i64 = 24;
/// For how many rows at most.
const MOST_ROWS: usize = 50;

/// The course of every row.
#[derive(Debug, Clone)]
pub(super) struct Activity {
    /// From when to when it is.
    pub(super) heading: String,
    /// How many events there are in each span, row by row.
    pub(super) rows: Vec<Vec<u64>>,
}

/// How the spans of a course are headed: from when to when it is.
pub(super) fn heading(from: i64, to: i64) -> String {
    let (from, to) = (crate::time::format(from), crate::time::format(to));
    let same_year = from[..5] == to[..5];
    if same_year { format!("{} to {}", &from[..13], &to[5..13]) } else { format!("{} to {}", &from[..10], &to[..10]) }
}

/// The course of each row, where the answer is that of `top`; of the first rows only where it takes long to count.
pub(super) fn of(
    session: &Session,
    case: &Case,
    understood: &Understood,
    last: &Last,
) -> Result<Option<Activity>, SessionError> {
    let started = Instant::now();
    let (Some(StageKind::Top(_, names)), Some(held)) =
        (understood.tree.stages.last().map(|stage| &stage.kind), &last.held)
    else {
        return Ok(None);
    };
    if understood.tree.stages.len() != 1 || held.rows.len() > MOST_ROWS {
        return Ok(None);
    }
    let Some((from, to)) = period(case, understood) else { return Ok(None) };
    let bucket = ((to - from) / SPANS + 1).max(1);
    let first = from.div_euclid(bucket);
    let spans = usize::try_from(to.div_euclid(bucket) - first + 1).unwrap_or(0);
    let slice = |name: &query::ast::Name| understood.tree.text.get(name.span.start..name.span.end).unwrap_or("");
    let mut activity = Vec::with_capacity(held.rows.len());
    for row in &held.rows {
        // Those that are counted are shown; they are the most frequent.
        if is_late(started) || session.interrupter.is_cancelled() {
            break;
        }
        let terms: Vec<String> = names.iter().zip(row).map(|(name, value)| term(slice(name), value)).collect();
        let mut parts = vec![edit::side_by_side(&understood.tree)];
        parts.extend(terms);
        parts.push(format!("| timeline {bucket}s"));
        let course = edit::joined(parts.iter().map(String::as_str));
        // A value that cannot be asked for has no course to show.
        let Ok(asked) = understand(case, &course) else { return Ok(None) };
        let statement = query::emit(&asked.lookup, case, Projection::Brief, None);
        if statement.scans_records {
            return Ok(None);
        }
        let mut counted = Held::default();
        let running = session.interrupter.watch(case.interrupt());
        case.query(&statement.sql, &statement.params, &mut counted)?;
        drop(running);
        activity.push(course_of(&counted, bucket, first, spans));
    }
    Ok(Some(Activity { heading: heading(from, to), rows: activity }))
}

/// How many events there are in each span.
fn course_of(counted: &Held, bucket: i64, first: i64, spans: usize) -> Vec<u64> {
    let mut course = vec![0; spans];
    for row in &counted.rows {
        let time = crate::time::parse(&text(row.first()));
        let place = time.and_then(|time| usize::try_from(time.div_euclid(bucket) - first).ok());
        if let (Some(Value::Integer(events)), Some(place)) = (row.get(1), place.and_then(|place| course.get_mut(place)))
        {
            *place += u64::try_from(*events).unwrap_or(0);
        }
    }
    course
}

/// The term that asks for a value of a column.
fn term(name: &str, value: &Value) -> String {
    let flag = fields::find(name).is_some_and(|field| field.kind == Kind::Flag);
    match value {
        Value::Null => format!("not {name}=*"),
        Value::Integer(number) if flag => format!("{name}={}", *number == 1),
        value => format!("{name}={}", edit::literal(&text(Some(value)))),
    }
}

/// The first and the last second that the lookup can meet.
fn period(case: &Case, understood: &Understood) -> Option<(i64, i64)> {
    let interval = understood.lookup.interval().unwrap_or_default();
    let bound = |sql: &str| {
        let mut first = First::default();
        case.query(sql, &[], &mut first).ok()?;
        first.0
    };
    let oldest = bound("SELECT min(time) FROM events")?;
    let newest = bound("SELECT max(time) FROM events")?;
    let (from, to) =
        (interval.from.map_or(oldest, |from| from.max(oldest)), interval.to.map_or(newest, |to| to.min(newest)));
    (from <= to).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use super::{Held, Value, course_of, heading, term};

    #[test]
    fn a_value_becomes_a_term_and_counts_a_course() {
        assert_eq!(term("user", &Value::Text("a b".to_owned())), "user=\"a b\"");
        assert_eq!(heading(0, 86_400), "1970-01-01T00 to 01-02T00");
        assert_eq!(heading(-1, 86_400), "1969-12-31 to 1970-01-02");
        assert_eq!(term("user", &Value::Null), "not user=*");
        assert_eq!(term("mfa", &Value::Integer(1)), "mfa=true");
        assert_eq!(term("bytes-in", &Value::Integer(1)), "bytes-in=1");
        let row = |time: &str, events| vec![Value::Text(time.to_owned()), Value::Integer(events)];
        let counted = Held {
            columns: Vec::new(),
            rows: vec![row("1970-01-01T00:00:10Z", 2), row("1970-01-01T00:00:40Z", 3), row("1970-01-02T00:00:00Z", 9)],
        };
        assert_eq!(course_of(&counted, 10, 1, 4), [2, 0, 0, 3]);
    }
}
