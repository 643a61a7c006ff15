//! Answers a lookup, and says what a person would ask next: how many matched, when, and why nothing did.

use std::fmt::Write as _;
use std::io::ErrorKind;
use std::time::{Duration, Instant};

use crate::diagnostic::Diagnostic;
use crate::query;
use crate::query::ast;
use crate::query::ast::StageKind;
use crate::query::{Environment, EqualityValue, Interval, ResolvedLookup};
use crate::render::{Format, number};
use crate::rows::RowSink;
use crate::sql;
use crate::sql::{Projection, Statement};
use crate::store::Case;

use crate::session::absence::Empty;
use crate::session::capture::{First, Keep, Kept};
use crate::session::commands::noise;
use crate::session::commands::noise::Hidden;
use crate::session::result_set::{Asked, Last, View};
use crate::session::{Answer, Session, SessionError, absence, activity, explain, records, result_view};

/// How many events a list shows as a table.
const NEWEST: u64 = 50;
/// So many groups of records are read without being asked for.
pub(crate) const FEW_GROUPS: u64 = 100;
/// How many identities of one user are named.
const MOST_IDENTITIES: usize = 5;

/// A lookup that has been understood.
pub(crate) struct Understood {
    /// As it was typed.
    pub(crate) tree: ast::LookupAst,
    /// What it means.
    pub(crate) lookup: ResolvedLookup,
}

/// Answers a lookup.
pub(crate) fn run(session: &mut Session, text: &str) -> Result<Answer, SessionError> {
    let started = Instant::now();
    let case = session.case()?;
    let asked = session.substituted(text)?;
    let plain = understand(&case, &asked)?;
    let hidden = noise::applied(session, &case, &plain)?;
    let without_noise = hidden.as_ref().map(|hidden| understand(&case, &hidden.lookup)).transpose()?;
    let understood = without_noise.as_ref().unwrap_or(&plain);
    let statement = prepared(session, &case, understood)?;
    session.go_on()?;
    if session.settings.eqp {
        explain::print_plan(session, &case, &statement)?;
    }
    let (kept, most) = write_rows(session, &case, understood, &statement)?;
    let answer = Answer::rows(kept.rows);
    let remarks = Remarks { kept: &kept, most, statement: &statement, plain: &plain, hidden };
    let taken = started.elapsed();
    session.remember(asked.trim());
    let mut last = Last {
        view: view(understood),
        asked: Asked::Lookup(asked),
        held: kept.held.clone(),
        activity: None,
        folds: Vec::new(),
    };
    session.shown = kept.events.clone();
    if kept.is_pending {
        if session.settings.format.unwrap_or_default() == Format::Table {
            last.activity = activity::of(&case, understood, &last, taken)?;
        }
        let format = session.settings.format.unwrap_or_default();
        result_view::show(session, &case, &mut last, format, 0..usize::MAX)?;
    }
    let without_course = last.activity.as_ref().and_then(|activity| activity.remark(kept.rows));
    session.last = Some(last);
    if !session.settings.quiet {
        remark(session, &case, understood, remarks, taken)?;
    }
    if let Some(without_course) = without_course {
        session.note(&without_course);
    }
    Ok(answer)
}

/// What the rows of an answer are.
fn view(understood: &Understood) -> View {
    let lookup = &understood.lookup;
    if lookup.is_event_list() {
        let sorted = understood.tree.stages.iter().any(|stage| matches!(stage.kind, StageKind::Sort(_)));
        return View::List { by_time: !sorted };
    }
    match lookup.timeline_bucket() {
        Some(bucket) => View::Timeline { bucket, interval: lookup.interval().unwrap_or_default() },
        None => View::Count,
    }
}

/// Gives a lookup its meaning in the case.
pub(crate) fn understand(case: &Case, text: &str) -> Result<Understood, SessionError> {
    let tree = query::parse(text).map_err(|mistake| SessionError::from(mistake).in_source(text))?;
    let lookup = query::resolve(&tree, &CaseEnvironment { case })
        .map_err(|mistake| SessionError::from(mistake).in_source(text))?;
    Ok(Understood { tree, lookup })
}

/// How many events a list shows in the place where rows go now; `None` is all of them.
pub(crate) fn most_events(session: &Session, understood: &Understood) -> Option<u64> {
    let own = understood.tree.stages.iter().any(|stage| matches!(stage.kind, StageKind::Limit(_)));
    let table = session.settings.format.unwrap_or_default() == Format::Table;
    session.settings.limit.or((table && !session.output.is_file() && !own).then_some(NEWEST))
}

/// The statement that answers a lookup in a format, with one row more than is shown, to know whether there is one.
pub(crate) fn statement(case: &Case, lookup: &ResolvedLookup, format: Format, most: Option<u64>) -> Statement {
    let limit = most.map(|most| most.saturating_add(1));
    match format {
        Format::Records => records_of(sql::emit_ids(lookup, case, limit)),
        Format::Table | Format::Markdown => sql::emit(lookup, case, Projection::Brief, limit),
        _ => sql::emit(lookup, case, Projection::Full, limit),
    }
}

/// The statement that gives the records of the events whose numbers a statement gives. SQLite keeps the order of a
/// single subquery, and its function keeps the last blocks of records, which asking for one by one does not.
fn records_of(ids: Statement) -> Statement {
    let sql = format!(
        "WITH ids (id) AS ({}) SELECT id, record(id) AS record FROM ids",
        ids.sql.trim_end().trim_end_matches(';')
    );
    Statement { sql, columns: vec!["id".to_owned(), "record".to_owned()], ..ids }
}

/// The statement that answers a lookup in the session's format.
fn prepared(session: &Session, case: &Case, understood: &Understood) -> Result<Statement, SessionError> {
    let lookup = &understood.lookup;
    let format = session.settings.format.unwrap_or_default();
    let list = lookup.is_event_list();
    if format == Format::Records && !list {
        let mistake = Diagnostic::new("the format records shows events, and this lookup counts them")
            .hint("leave the stages out, or take another format");
        return Err(mistake.into());
    }
    Ok(statement(case, lookup, format, if list { most_events(session, understood) } else { None }))
}

/// Writes the rows of the answer, or holds them for a screen; also tells where the list was to be cut.
fn write_rows(
    session: &mut Session,
    case: &Case,
    understood: &Understood,
    statement: &Statement,
) -> Result<(Kept, Option<u64>), SessionError> {
    let format = session.settings.format.unwrap_or_default();
    let list = understood.lookup.is_event_list();
    let most = if list { most_events(session, understood) } else { session.settings.limit };
    let mut target = session.output.target(&session.settings.style);
    target.style.numbers &= list;
    let looked_at = target.style.width.is_some() && matches!(format, Format::Table | Format::Expanded);
    let inner = records::sink(format, case, target.out, &target.style);
    let keep = if list { Keep::events(inner) } else { Keep::new(inner) };
    let mut keep = keep.at_most(most).waiting(looked_at);
    let done = case.query(&statement.sql, &statement.params, &mut keep);
    let kept = keep.finish();
    session.output.finished(done)?;
    session.end_page()?;
    Ok((kept, most))
}

/// What the remarks on an answer are made of.
struct Remarks<'a> {
    kept: &'a Kept,
    most: Option<u64>,
    statement: &'a Statement,
    /// The lookup without what the noise rules left out of it.
    plain: &'a Understood,
    hidden: Option<Hidden>,
}

/// Writes the status line and what else is worth knowing.
fn remark(
    session: &mut Session,
    case: &Case,
    understood: &Understood,
    remarks: Remarks<'_>,
    taken: Duration,
) -> Result<(), SessionError> {
    let Remarks { kept, most, statement, plain, hidden } = remarks;
    let lookup = &understood.lookup;
    let list = lookup.is_event_list();
    let own_limit = understood.tree.stages.iter().filter_map(|stage| match stage.kind {
        StageKind::Limit(most) => Some(most),
        _ => None,
    });
    // Where no row is wanted, that there is none says nothing of the events.
    let none_wanted = own_limit.clone().chain(most).min() == Some(0);
    // The lookup's own limit cuts the answer too.
    let at_limit = kept.rows > 0 && own_limit.min() == Some(kept.rows);
    let found = if list && (kept.more || at_limit) { total(session, case, lookup)? } else { None };
    let more = kept.more || (at_limit && found.is_some_and(|total| total > kept.rows));
    let sorted = understood.tree.stages.iter().any(|stage| matches!(stage.kind, StageKind::Sort(_)));
    let which = if sorted { "first" } else { "newest" };
    let rows = number::count(kept.rows);
    let (of, cut) = match (list, more) {
        (true, true) => match found {
            Some(total) => (format!("the {which} {rows} of {}", number::counted(total, "event")), true),
            None => (format!("the {which} {rows} of more than {}", number::counted(kept.rows, "event")), true),
        },
        (true, false) if none_wanted => ("none of the events shown".to_owned(), false),
        (true, false) if kept.rows == 0 && hidden.is_some() => {
            ("no events match outside the noise rules".to_owned(), false)
        }
        (true, false) if kept.rows == 0 => ("no events match".to_owned(), false),
        (true, false) => (number::counted(kept.rows, "event"), false),
        (false, true) => (format!("the first {rows} rows"), true),
        (false, false) => (number::counted(kept.rows, "row"), false),
    };
    let mut line = format!("{of} ({}, {}", interval(lookup.interval()), number::duration(taken));
    if let Some(route) = explain::route(case, statement) {
        let _ = write!(line, ", {route}");
    }
    line.push(')');
    if cut && session.settings.limit.is_none() && most == Some(NEWEST) {
        line.push_str("; `| limit N` shows more");
    }
    session.status(&line);
    if let Some(hidden) = &hidden {
        noise::tell(session, case, hidden)?;
    }
    if none_wanted {
        return Ok(());
    }
    if kept.rows == 0 || kept.is_zero {
        absence::explain(session, &Empty { case, asked: plain, hidden: hidden.as_ref() })?;
    } else {
        tell_identities(session, case, lookup);
    }
    Ok(())
}

/// How many events match, where counting needs no scan of the records.
pub(crate) fn total(session: &Session, case: &Case, lookup: &ResolvedLookup) -> Result<Option<u64>, SessionError> {
    let statement = sql::emit_count(lookup, case);
    if statement.scans_records && statement.scan.is_none_or(|scan| scan.groups > FEW_GROUPS) {
        return Ok(None);
    }
    if let (Some(estimate), true) = (statement.estimate, statement.exact) {
        return Ok(Some(estimate));
    }
    let counted = first(session, case, &statement)?;
    Ok(counted.and_then(|number| u64::try_from(number).ok()))
}

/// The first cell of an answer, if it is a whole number.
fn first(session: &Session, case: &Case, statement: &Statement) -> Result<Option<i64>, SessionError> {
    session.go_on()?;
    let mut sink = First::default();
    case.query(&statement.sql, &statement.params, &mut sink as &mut dyn RowSink)?;
    Ok(sink.0)
}

/// Says so where one `user=` meets several identities.
fn tell_identities(session: &mut Session, case: &Case, lookup: &ResolvedLookup) {
    for EqualityValue { field, value, .. } in lookup.equality_values() {
        if field.is_none_or(|field| field.name != "user") {
            continue;
        }
        let identities = case.identities_of_user(value);
        if identities.len() < 2 {
            continue;
        }
        let mut text = format!("user `{value}` is {} identities:", identities.len());
        for identity in identities.iter().take(MOST_IDENTITIES) {
            let _ = write!(text, "\n  {identity}");
        }
        if identities.len() > MOST_IDENTITIES {
            let _ = write!(text, "\n  and {} more", identities.len() - MOST_IDENTITIES);
        }
        session.note(&text);
    }
}

/// An interval as the status line says it; both ends are inclusive.
pub(crate) fn interval(interval: Option<Interval>) -> String {
    match interval.map(|interval| (interval.from, interval.to)) {
        None | Some((None, None)) => "all times".to_owned(),
        Some((Some(from), None)) => format!("since {}", number::time(from)),
        Some((None, Some(to))) => format!("until {}", number::time(to)),
        Some((Some(from), Some(to))) if from > to => "no time at all".to_owned(),
        Some((Some(from), Some(to))) => format!("{} to {}", number::time(from), number::time(to)),
    }
}

/// The period that the case covers, if it has a time at all.
pub(crate) fn period(case: &Case) -> Option<String> {
    match case.period() {
        Ok((Some(first), Some(last))) => Some(format!("{first} to {last}")),
        _ => None,
    }
}

/// What a lookup may ask of the world.
pub(crate) struct CaseEnvironment<'a> {
    pub(crate) case: &'a Case,
}

impl Environment for CaseEnvironment<'_> {
    fn now(&self) -> i64 {
        crate::time::now()
    }

    fn newest_event(&self) -> Option<i64> {
        // What cannot be read here cannot be read by the statement either, which then says why.
        self.case.newest_event().ok().flatten()
    }

    fn read_list(&self, path: &str) -> Result<String, String> {
        std::fs::read_to_string(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => "there is no such file".to_owned(),
            ErrorKind::PermissionDenied => "no permission to read it".to_owned(),
            ErrorKind::IsADirectory => "it is a folder".to_owned(),
            ErrorKind::InvalidData => "it is not UTF-8".to_owned(),
            _ => error.to_string().split(" (os error").next().unwrap_or_default().to_lowercase(),
        })
    }

    fn paths_to_key(&self, name: &str) -> Vec<String> {
        absence::paths_to_key(self.case, name)
    }
}

#[cfg(test)]
mod tests {
    use super::{Interval, interval};

    #[test]
    fn an_interval_is_told_in_words() {
        let told = |from, to| interval(Some(Interval { from, to }));
        assert_eq!(interval(None), "all times");
        assert_eq!(told(None, None), "all times");
        assert_eq!(told(Some(0), None), "since 1970-01-01T00:00:00Z");
        assert_eq!(told(None, Some(0)), "until 1970-01-01T00:00:00Z");
        assert_eq!(told(Some(1), Some(0)), "no time at all");
        assert_eq!(told(Some(0), Some(59)), "1970-01-01T00:00:00Z to 1970-01-01T00:00:59Z");
    }
}
