//! Brings other cases into the case.

use std::path::PathBuf;
use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::ingest;
use crate::ingest::MergeReport;
use crate::render::escape;
use crate::render::{Format, number};
use crate::session::{Answer, Session, SessionError};
use crate::store;
use crate::terminal::progress::Bar;

/// Merges and reports: as text among the notes, or as one JSON object where rows go.
pub(crate) fn run(session: &mut Session, others: &[PathBuf], force: bool) -> Result<Answer, SessionError> {
    let format = session.settings.format;
    if let Some(other) = format.filter(|format| !matches!(format, Format::Table | Format::Json | Format::Ndjson)) {
        let mistake = Diagnostic::new(format!("the report of a merge has no format {other}"));
        return Err(mistake.hint("leave --format out for text, or take json").into());
    }
    session.close();
    store::wait_for_writers(&session.path, &session.waiting())?;
    let bar = Bar::new(session.settings.progress && !session.settings.quiet, session.interrupter());
    let merged = ingest::merge(&session.path, others, force, &bar);
    bar.finish();
    if matches!(merged, Err(ingest::Error::Cancelled)) {
        session.note("nothing was merged");
    }
    let report = merged.map_err(SessionError::from)?;
    let json = match format {
        Some(Format::Json) => serde_json::to_string_pretty(&report),
        Some(Format::Ndjson) => serde_json::to_string(&report),
        _ => {
            session.status(&text(&report));
            return Ok(Answer::default());
        }
    };
    let json = json.map_err(std::io::Error::from)?;
    session.print(&format!("{}\n", escape::json(&json)))?;
    Ok(Answer::default())
}

/// The report for a person.
fn text(report: &MergeReport) -> String {
    let merged = &report.merged;
    let conflicts = match merged.conflict {
        0 => String::new(),
        count => format!(", {} of them with another content", number::count(count)),
    };
    let nothing = if merged.changed { "" } else { "; the case held it all, and is as it was" };
    format!(
        "{} of {}: {} new, {} there already{conflicts}; {}{nothing}; in {}",
        number::counted(merged.read, "event"),
        number::counted(report.cases, "case"),
        number::count(merged.stored),
        number::count(merged.duplicate),
        number::counted(merged.files, "new file"),
        number::duration(Duration::from_secs_f64(report.seconds.max(0.0)))
    )
}
