//! The course of the most frequent values: for each row of `top`, how many events there are in equal spans of time.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::keep::{First, Held};
use super::last::{Last, text};
use super::lookup::{Understood, understand};
use super::{Session, SessionError};
use crate::fields::{self, Kind};
use crate::query::ast::StageKind;
use crate::query::{self, Projection, edit};
use crate::rows::Value;
use crate::store::{Case, Failure};

/// About how many spans there are.
const SPANS: i64 = 24;
/// Seconds of an hour. Spans of whole hours are answered from kept counts where the field has them.
const HOUR: i64 = 3_600;
/// How long counting may take.
pub(super) const PATIENCE: Duration = Duration::from_millis(400);
/// How soon a statement that was begun too late is cancelled, too.
const AGAIN: Duration = Duration::from_millis(10);
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
    let (Some(StageKind::Top(_, names)), Some(held)) =
        (understood.tree.stages.last().map(|stage| &stage.kind), &last.held)
    else {
        return Ok(None);
    };
    if understood.tree.stages.len() != 1 || held.rows.len() > MOST_ROWS {
        return Ok(None);
    }
    let Some((from, to)) = period(case, understood) else { return Ok(None) };
    let bucket = span(from, to);
    let first = from.div_euclid(bucket);
    let spans = usize::try_from(to.div_euclid(bucket) - first + 1).unwrap_or(0);
    let slice = |name: &query::ast::Name| understood.tree.text.get(name.span.start..name.span.end).unwrap_or("");
    let mut courses = Vec::with_capacity(held.rows.len());
    for row in &held.rows {
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
        courses.push(statement);
    }
    let started = Instant::now();
    let count = || -> Result<Vec<Vec<u64>>, Failure> {
        let mut rows = Vec::with_capacity(courses.len());
        for statement in &courses {
            // Those that are counted are shown; they are the most frequent.
            if started.elapsed() > PATIENCE || session.interrupter.is_cancelled() {
                break;
            }
            let mut counted = Held::default();
            match case.query(&statement.sql, &statement.params, &mut counted) {
                Ok(_) => rows.push(course_of(&counted, bucket, first, spans)),
                Err(Failure::Interrupted) => break,
                Err(other) => return Err(other),
            }
        }
        Ok(rows)
    };
    let rows = patiently(case.interrupt(), count)?;
    Ok(Some(Activity { heading: heading(from, to), rows }))
}

/// Works, and cancels what is asked of the case when it takes too long.
fn patiently<T>(cancel: impl Fn() + Send, work: impl FnOnce() -> T) -> T {
    let (working, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut wait = PATIENCE;
            while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                cancel();
                wait = AGAIN;
            }
        });
        let done = work();
        drop(working);
        done
    })
}

/// The seconds of a span: whole hours where it is an hour or more.
fn span(from: i64, to: i64) -> i64 {
    let even = ((to - from) / SPANS + 1).max(1);
    if even < HOUR { even } else { (even + HOUR / 2) / HOUR * HOUR }
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
    use super::{HOUR, Held, PATIENCE, Value, course_of, heading, patiently, span, term};

    #[test]
    fn spans_are_whole_hours_and_counting_has_an_end() {
        assert_eq!([span(0, 0), span(0, 3_600), span(0, 24 * HOUR - 1)], [1, 151, HOUR]);
        assert_eq!([span(0, 30 * HOUR), span(0, 40 * HOUR), span(0, 10 * 24 * HOUR)], [HOUR, 2 * HOUR, 10 * HOUR]);
        let (cancel, cancelled) = std::sync::mpsc::channel();
        assert!(patiently(move || cancel.send(()).unwrap(), || cancelled.recv_timeout(10 * PATIENCE)).is_ok());
    }

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
