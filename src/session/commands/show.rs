//! `.show N`: the full record of a row of the last answer.

use std::cmp::Reverse;

use crate::detection::{self, Condition, Rule};
use crate::diagnostic::Diagnostic;
use crate::number;
use crate::query::edit;
use crate::render::record;
use crate::rows;
use crate::session::capture::EventRef;
use crate::session::commands::command::Arguments;
use crate::session::commands::command::Command;
use crate::session::commands::show;
use crate::session::{Answer, Session, SessionError};
use crate::sql::Param;
use crate::store::Case;

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[Command {
    arguments: "N [--raw]",
    examples: &[".show 3", ".show 3 --raw | !jq .requestParameters"],
    can_pipe: true,
    ..Command::new(".show", "show the full record of row N of the last answer", run_show)
}];

fn run_show(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let mut raw = false;
    let mut row = None;
    for (word, span) in &arguments.words {
        match word.parse::<u64>() {
            _ if word == "--raw" => raw = true,
            Ok(number) if row.is_none() => row = Some(number),
            _ => return Err(arguments.mistake(*span, format!("`{word}` is neither a row nor `--raw`"))),
        }
    }
    show::run(session, row.ok_or_else(|| arguments.missing())?, raw)
}

/// Prints the record of row `row`, counted from 1: pretty, or with its exact bytes.
pub(crate) fn run(session: &mut Session, row: u64, raw: bool) -> Result<Answer, SessionError> {
    let case = session.case()?;
    let id = event(session, &case, row)?;
    let Some(bytes) = case.record(id)? else {
        return Err(Diagnostic::new(format!("the record of row {row} is not in the case")).into());
    };
    let target = session.output.target(&session.settings.style);
    let mut escaped = false;
    if !raw {
        // A file or a program gets JSON.
        let shown = match target.style.width {
            Some(_) => record::unfolded(&bytes, target.style.color),
            None => record::pretty(&bytes, target.style.color),
        };
        target.out.write_all(shown.as_bytes())?;
    } else if target.style.width.is_some() {
        let text = String::from_utf8_lossy(&bytes);
        let safe = record::safe(&text);
        escaped = safe != text;
        target.out.write_all(safe.as_bytes())?;
    } else {
        target.out.write_all(&bytes)?;
        return finish(session, false);
    }
    target.out.write_all(b"\n")?;
    let answer = finish(session, escaped)?;
    if !raw {
        session.note_rights(&case, id)?;
        note_detections(session, &case, id)?;
    }
    Ok(answer)
}

/// Notes the single-call detections that select an event, the highest level first.
fn note_detections(session: &mut Session, case: &Case, id: i64) -> Result<(), SessionError> {
    let mut rules = detections(session, case, id)?;
    rules.sort_by_key(|rule| Reverse(rule.level));
    for rule in rules {
        let (level, techniques) = (rule.level.name(), rule.attack.join(", "));
        session.note(&format!("{level}: {} ({techniques}). {}", rule.title, rule.about));
    }
    Ok(())
}

/// Returns the single-call detections that select an event.
fn detections(session: &Session, case: &Case, id: i64) -> Result<Vec<&'static Rule>, SessionError> {
    let sql = "SELECT event_id, event_source, event_name FROM events WHERE id = ?1";
    let event = rows::collect(|sink| case.query(sql, &[Param::Integer(id)], sink))?;
    let Some(event) = event.rows.first() else { return Ok(Vec::new()) };
    let cell = |at: usize| rows::text(event.get(at));
    let this_event = format!("event-id={}", edit::literal(&cell(0)));
    let engine = session.engine()?;
    let mut found = Vec::new();
    for rule in detection::of_call(&cell(1), &cell(2)) {
        let Condition::Lookup(lookup) = &rule.condition else { continue };
        let outcome = if rule.needs_success { " outcome=ok" } else { "" };
        let prepared = engine.prepare_filled(&format!("{this_event} {lookup}{outcome}"))?;
        if engine.count(&prepared)? > 0 {
            found.push(rule);
        }
    }
    Ok(found)
}

/// Ends the output, and says so where the bytes are not the exact ones.
fn finish(session: &mut Session, escaped: bool) -> Result<Answer, SessionError> {
    session.end_page()?;
    if escaped {
        session.note("control characters are shown escaped; `.once FILE` before it keeps the exact bytes");
    }
    Ok(Answer::rows(1))
}

/// The number of the event in a row of the last answer.
pub(crate) fn event(session: &Session, case: &Case, row: u64) -> Result<i64, SessionError> {
    let shown = &session.shown;
    if shown.is_empty() {
        return Err(Diagnostic::new("the last answer is not a list of events")
            .hint("a lookup without stages, or SQL with the column event_id, gives one")
            .into());
    }
    let found = row.checked_sub(1).and_then(|at| shown.get(usize::try_from(at).ok()?));
    match found {
        Some(EventRef::Id(id)) => Ok(*id),
        Some(EventRef::EventId(event_id)) => {
            let params = [Param::Text(event_id.clone())];
            let number = rows::scalar(|sink| case.query("SELECT id FROM events WHERE event_id = ?1", &params, sink))?;
            number.ok_or_else(|| Diagnostic::new(format!("row {row} is not an event of this case")).into())
        }
        Some(EventRef::None) => Err(Diagnostic::new(format!("row {row} is not an event")).into()),
        None => {
            let rows = number::counted(shown.len() as u64, "row");
            Err(Diagnostic::new(format!("there is no row {row}: the last answer has {rows}")).into())
        }
    }
}
