//! Answers a lookup, and reports the number of matches, the interval, the access path and why nothing matched.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::activity::{self, Unit};
use crate::diagnostic::Diagnostic;
use crate::engine::explain::{self, interval};
use crate::engine::suppress::{self, Suppressed};
use crate::engine::{Columns, Engine, PreparedLookup, no_match, trend};
use crate::number;
use crate::query::ast::StageKind;
use crate::query::{EqualityValue, ResolvedLookup};
use crate::render::{EventColumns, Format};
use crate::rows::Value;
use crate::session::capture::{CaptureSink, CaptureSummary};
use crate::session::result_set::{LastResult, ResultKind, ResultOrigin};
use crate::session::result_view::{self, ViewOptions};
use crate::session::{Answer, Session, SessionError};
use crate::sql::{AccessPath, CountSource, Statement};
use crate::store::Case;

/// The number of events that a list shows as a table.
const NEWEST_SHOWN: u64 = 50;
/// The number of events that are read to fill a screen with folded lines.
const MAX_FILLED: u64 = 2_000;
/// The lines of a screen beside the rows of a list: two of the header, remarks, the status line and the prompt.
const LINES_AROUND: u64 = 7;
/// The number of identities of one user that are named.
const MAX_IDENTITIES: usize = 5;

/// The extent of a list of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// The newest events, as many as the settings or the lookup say.
    Limited,
    /// The newest events whose folded lines fill a screen, which has this number of lines.
    Screen(usize),
}

/// Answers a lookup.
pub(crate) fn run(session: &mut Session, text: &str) -> Result<Answer, SessionError> {
    answer(session, text, Extent::Limited)
}

/// Answers the last lookup again, with as many events as fill the screen.
///
/// # Errors
/// The last answer is not a list of events by time, or its output is not a screen.
pub(crate) fn fill_screen(session: &mut Session) -> Result<Answer, SessionError> {
    let last = session.last()?;
    let ResultOrigin::Lookup(text) = last.origin.clone() else { return Err(not_by_time()) };
    if !matches!(last.kind, ResultKind::List { by_time: true }) {
        return Err(not_by_time());
    }
    let format = session.settings.format.unwrap_or_default();
    let (true, Some(lines)) = (format == Format::Table, session.output.screen_lines()) else {
        return Err(Diagnostic::new("only a table on a screen can be filled")
            .hint("`| limit N` shows more events")
            .into());
    };
    answer(session, &text, Extent::Screen(lines))
}

fn not_by_time() -> SessionError {
    Diagnostic::new("the last answer is not a list of the newest events")
        .hint("ask a lookup without stages first, or write `.fold on` or `.fold off`")
        .into()
}

fn answer(session: &mut Session, text: &str, extent: Extent) -> Result<Answer, SessionError> {
    let started = Instant::now();
    let engine = session.engine()?;
    let typed = session.substituted(text)?;
    let plain = engine.prepare_filled(&typed)?;
    let suppressed = suppress::apply(&engine, &session.noise, &plain)?;
    let without_noise = suppressed.as_ref().map(|suppressed| engine.prepare_filled(&suppressed.lookup)).transpose()?;
    let prepared = for_display(session, without_noise.unwrap_or_else(|| plain.clone()), extent);
    check_format(session, &prepared)?;
    let statement = engine.statement(&prepared);
    if session.settings.eqp {
        for step in explain::plan(engine.case(), &statement)? {
            session.status(&format!("plan: {step}"));
        }
    }
    session.write_title(&typed)?;
    let reads_each = statement.scans_records && statement.scan.is_none();
    let records = if reads_each { statement.estimate.unwrap_or_else(|| CountSource::events(engine.case())) } else { 0 };
    let searching = activity::step_of("searching", records, Unit::Records);
    let mut captured = write_rows(session, &engine, &prepared, &statement, extent)?;
    if let (Extent::Screen(lines), true) = (extent, captured.is_pending) {
        let rows = result_view::rows_within(
            engine.case(),
            &captured,
            session.settings.fold,
            lines.saturating_sub(LINES_AROUND as usize),
        )?;
        captured.cut(rows);
    }
    drop(searching);
    let taken = started.elapsed();
    session.remember(typed.trim());
    let last = show_captured(session, &engine, &prepared, typed, &captured, taken)?;
    let without_trend = last.trend.as_ref().and_then(|trend| trend.remark(captured.rows));
    let lines = last.lines;
    session.last = Some(last);
    let answer = Answer::rows(captured.rows);
    if !session.settings.quiet {
        let answered = Answered {
            engine: &engine,
            prepared: &prepared,
            captured: &captured,
            statement: &statement,
            plain: &plain,
            suppressed,
            extent,
            lines,
        };
        remark(session, &answered, taken)?;
    }
    report_older_rules(session, engine.case(), &prepared.lookup)?;
    if let Some(without_trend) = without_trend {
        session.note(&without_trend);
    }
    Ok(answer)
}

/// Remembers the rows of an answer, and shows them if they were not written yet.
fn show_captured(
    session: &mut Session,
    engine: &Engine,
    prepared: &PreparedLookup,
    typed: String,
    captured: &CaptureSummary,
    taken: Duration,
) -> Result<LastResult, SessionError> {
    let mut last = LastResult {
        kind: kind(prepared),
        origin: ResultOrigin::Lookup(typed),
        rows: captured.held.clone(),
        trend: None,
        folds: Vec::new(),
        lines: None,
    };
    session.shown = captured.events.clone();
    if captured.is_pending {
        let format = session.settings.format.unwrap_or_default();
        if let (Format::Table, Some(rows)) = (format, &last.rows) {
            last.trend = trend::of(engine, prepared, &rows.rows, taken)?;
        }
        let options = ViewOptions { format, fold: session.settings.fold, range: 0..usize::MAX };
        result_view::show(session, engine.case(), &mut last, options)?;
    }
    Ok(last)
}

impl Session {
    /// Prints how a lookup is answered instead of answering it.
    ///
    /// # Errors
    /// The lookup is invalid, or the case cannot be read.
    pub fn explain(&mut self, text: &str) -> Result<Answer, SessionError> {
        self.in_one_state(|session| {
            let engine = session.engine()?;
            let prepared = engine.prepare_filled(&session.substituted(text)?)?;
            let prepared = for_display(session, prepared, Extent::Limited);
            session.print(&engine.explain(&prepared)?)?;
            Ok(Answer::default())
        })
    }
}

/// Returns the kind of the rows of an answer.
fn kind(prepared: &PreparedLookup) -> ResultKind {
    let lookup = &prepared.lookup;
    if lookup.is_event_list() {
        return ResultKind::List { by_time: !prepared.is_sorted() };
    }
    let interval = lookup.interval().unwrap_or_default();
    match (lookup.timeline_bucket(), lookup.bucket_by_value()) {
        (Some(bucket), _) => ResultKind::Timeline { bucket, interval },
        (None, Some(bucket)) => ResultKind::TimelineBy { bucket, interval },
        (None, None) => ResultKind::Count,
    }
}

/// Returns the maximum number of events of a list on the current output; `None` is unlimited.
fn max_events(session: &Session, prepared: &PreparedLookup, extent: Extent) -> Option<u64> {
    if extent != Extent::Limited {
        return (!prepared.has_limit()).then_some(MAX_FILLED);
    }
    let limits = session.settings.format.unwrap_or_default().spec().limits_events;
    session.settings.limit.or((limits && !session.output.is_file() && !prepared.has_limit()).then_some(NEWEST_SHOWN))
}

/// Returns the columns of a list of events in a format.
fn columns(format: Format) -> Columns {
    match format.spec().event_columns {
        EventColumns::Record => Columns::Record,
        EventColumns::Brief => Columns::Brief,
        EventColumns::Full => Columns::Full,
    }
}

/// Returns a lookup with the columns and the limit of the session. The limit is one row more than is shown, to learn
/// if there are more.
fn for_display(session: &Session, prepared: PreparedLookup, extent: Extent) -> PreparedLookup {
    let limit = if prepared.is_event_list() { max_events(session, &prepared, extent) } else { None };
    let columns = columns(session.settings.format.unwrap_or_default());
    prepared.with_columns(columns).with_limit(limit.map(|limit| limit.saturating_add(1)))
}

/// Checks that the session's format can show the answer.
fn check_format(session: &Session, prepared: &PreparedLookup) -> Result<(), SessionError> {
    if session.settings.format == Some(Format::Records) && !prepared.is_event_list() {
        let mistake = Diagnostic::new("the format records shows events, and this lookup counts them")
            .hint("leave the stages out, or take another format");
        return Err(mistake.into());
    }
    Ok(())
}

/// Writes the rows of an answer, or captures them for a screen.
fn write_rows(
    session: &mut Session,
    engine: &Engine,
    prepared: &PreparedLookup,
    statement: &Statement,
    extent: Extent,
) -> Result<CaptureSummary, SessionError> {
    let format = session.settings.format.unwrap_or_default();
    let is_list = prepared.is_event_list();
    let limit = if is_list { max_events(session, prepared, extent) } else { session.settings.limit };
    let mut style = session.output.style(&session.settings.style);
    style.numbers &= is_list;
    let for_person = style.width.is_some() && format.spec().fits_terminal;
    let mut captured = CaptureSummary::default();
    session.write_rows(format, &style, Some(engine.case()), |inner| {
        let sink = if is_list { CaptureSink::events(inner) } else { CaptureSink::new(inner) };
        let mut sink = sink.at_most(limit).waiting(for_person);
        let done = engine.answer(statement, &mut sink);
        captured = sink.finish();
        done.map(drop)
    })?;
    Ok(captured)
}

/// An answer that was written.
struct Answered<'a> {
    engine: &'a Engine,
    prepared: &'a PreparedLookup,
    statement: &'a Statement,
    captured: &'a CaptureSummary,
    /// The lookup with what the noise rules leave out.
    plain: &'a PreparedLookup,
    suppressed: Option<Suppressed>,
    extent: Extent,
    /// The number of lines of the screen that have the rows, where it is not one a row.
    lines: Option<u64>,
}

/// Writes the status line, and notes on stored rules and marks, noise rules, identities or an empty answer.
fn remark(session: &mut Session, answered: &Answered<'_>, taken: Duration) -> Result<(), SessionError> {
    let Answered { engine, prepared, captured, plain, suppressed, .. } = answered;
    let is_list = prepared.is_event_list();
    let limit = if is_list { max_events(session, prepared, answered.extent) } else { session.settings.limit };
    let own_limit = prepared.tree.stages.iter().filter_map(|stage| match stage.kind {
        StageKind::Limit(rows) => Some(rows),
        _ => None,
    });
    // With a limit of 0, an empty answer says nothing about the events.
    let none_wanted = own_limit.clone().chain(limit).min() == Some(0);
    // The lookup's own limit cuts the answer too.
    let at_limit = captured.rows > 0 && own_limit.min() == Some(captured.rows);
    let total = if is_list && (captured.more || at_limit) { engine.cheap_count(&prepared.lookup)? } else { None };
    let more = captured.more || (at_limit && total.is_some_and(|total| total > captured.rows));
    let rows = number::count(captured.rows);
    let first = format!("the {} {rows}", if prepared.is_sorted() { "first" } else { "newest" });
    let matched = match (is_list, more) {
        (true, true) => match total {
            Some(total) => format!("{first} of {}", number::counted(total, "event")),
            None => format!("{first} of more than {}", number::counted(captured.rows, "event")),
        },
        (true, false) if none_wanted => "none of the events shown".to_owned(),
        (true, false) if captured.rows == 0 && suppressed.is_some() => {
            "no events match outside the noise rules".to_owned()
        }
        (true, false) if captured.rows == 0 => "no events match".to_owned(),
        (true, false) => number::counted(captured.rows, "event"),
        (false, true) => format!("the first {rows} rows"),
        (false, false) => number::counted(captured.rows, "row"),
    };
    let interval = interval(prepared.lookup.interval());
    let path = access_path(answered.statement);
    let in_lines = answered.lines.map_or_else(String::new, |lines| format!(" in {}", number::counted(lines, "line")));
    let mut line = format!("{matched}{in_lines} ({interval}, {}{path})", number::duration(taken));
    if more && session.settings.limit.is_none() && limit == Some(NEWEST_SHOWN) {
        let lines = answered.lines.unwrap_or(captured.rows);
        let has_room = session.output.screen_lines().is_some_and(|screen| lines + LINES_AROUND < screen as u64);
        let is_table = session.settings.format.unwrap_or_default() == Format::Table;
        let fills = if has_room && is_table && !prepared.is_sorted() { " `.fold` fills the screen," } else { "" };
        let _ = write!(line, ";{fills} `| limit N` shows more");
    }
    session.status(&line);
    for note in plain.notes() {
        session.note(note);
    }
    if let Some(suppressed) = suppressed {
        report_suppressed(session, engine, suppressed)?;
    }
    if none_wanted {
        return Ok(());
    }
    if captured.rows == 0 || captured.is_zero {
        explain_no_match(session, engine, plain, suppressed.as_ref())
    } else {
        report_identities(session, engine.case(), &prepared.lookup);
        explain_empty_columns(session, answered)
    }
}

/// Explains columns of paths in which no row has a value.
fn explain_empty_columns(session: &mut Session, answered: &Answered<'_>) -> Result<(), SessionError> {
    let Some(held) = &answered.captured.held else { return Ok(()) };
    let is_empty = |name: &str| {
        let column = held.columns.iter().position(|column| column == name);
        column.is_some_and(|at| held.rows.iter().all(|row| row.get(at) == Some(&Value::Null)))
    };
    let advice = no_match::explain_columns(answered.engine, answered.plain, is_empty)?;
    for note in &advice.notes {
        session.note(note);
    }
    session.suggest(advice.suggestion);
    Ok(())
}

/// Reports how many events are left out, and by which rules.
fn report_suppressed(session: &mut Session, engine: &Engine, suppressed: &Suppressed) -> Result<(), SessionError> {
    let left_out = engine.prepare_filled(&suppressed.left_out)?;
    let many = match engine.cheap_count(&left_out.lookup)? {
        Some(0) => return Ok(()),
        Some(events) => number::counted(events, "event"),
        None => "events".to_owned(),
    };
    session.note(&format!("{many} hidden by the noise rules {}; `.noise off` shows them", suppressed.names()));
    Ok(())
}

/// Returns the access path of a statement, for the status line; empty if it is not known.
fn access_path(statement: &Statement) -> String {
    let Some(path) = &statement.access_path else { return String::new() };
    let reads_records = statement.scans_records && *path != AccessPath::RecordScan;
    format!(", {path}{}", if reads_records { ", reads records" } else { "" })
}

/// Explains an empty answer, and suggests a line to type next.
fn explain_no_match(
    session: &mut Session,
    engine: &Engine,
    plain: &PreparedLookup,
    suppressed: Option<&Suppressed>,
) -> Result<(), SessionError> {
    let habit = session.hint_for_words(&plain.tree);
    let is_habit = habit.is_some();
    if let Some(habit) = habit {
        session.note(&habit.note);
        session.suggest(habit.instead);
    }
    let advice = no_match::explain(engine, plain, suppressed, is_habit)?;
    for note in &advice.notes {
        session.note(note);
    }
    session.suggest(advice.suggestion);
    Ok(())
}

/// The fields whose values the rules decide, and do not only copy from the record.
const BY_RULES: &[&str] = &["outcome", "user", "resource", "resource-type", "listed-resource", "listed-type"];

/// Reports once that fields of a lookup have values by the rules of an older version.
fn report_older_rules(session: &mut Session, case: &Case, lookup: &ResolvedLookup) -> Result<(), SessionError> {
    let by_rules: BTreeSet<&str> =
        lookup.fields().iter().map(|field| field.name).filter(|name| BY_RULES.contains(name)).collect();
    if by_rules.is_empty() || session.reported_rules.as_ref() == Some(&session.path) {
        return Ok(());
    }
    let Some(older) = case.rules()?.older() else { return Ok(()) };
    session.reported_rules = Some(session.path.clone());
    let names = by_rules.into_iter().collect::<Vec<_>>().join(", ");
    session.note(&format!("{older} ({names}); `trailq reindex` applies those of this version"));
    Ok(())
}

/// Reports that one `user=` means several identities.
fn report_identities(session: &mut Session, case: &Case, lookup: &ResolvedLookup) {
    for EqualityValue { field, value, .. } in lookup.equality_values() {
        if field.is_none_or(|field| field.name != "user") {
            continue;
        }
        let identities = case.identities_of_user(value);
        if identities.len() < 2 {
            continue;
        }
        let mut text = format!("user `{value}` is {} identities:", identities.len());
        for identity in identities.iter().take(MAX_IDENTITIES) {
            let _ = write!(text, "\n  {identity}");
        }
        if identities.len() > MAX_IDENTITIES {
            let _ = write!(text, "\n  and {} more", identities.len() - MAX_IDENTITIES);
        }
        session.note(&text);
    }
}
