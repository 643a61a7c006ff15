//! Merges other cases into the case.

use std::path::PathBuf;

use crate::ingest;
use crate::ingest::MergeReport;
use crate::session::{Answer, Session, SessionError};
use crate::store;
use crate::summary::Report;
use crate::terminal::progress::Bar;

/// Merges cases and writes the report.
pub(crate) fn run(session: &mut Session, others: &[PathBuf], force: bool) -> Result<Answer, SessionError> {
    let form = MergeReport::form(session.settings.format)?;
    session.close();
    store::wait_for_writers(&session.path, &session.waiting())?;
    let bar = Bar::new(session.settings.progress && !session.settings.quiet, session.interrupter());
    let merged = ingest::merge(&session.path, others, force, &bar);
    bar.finish();
    if matches!(merged, Err(ingest::Error::Cancelled)) {
        session.note("nothing was merged");
    }
    session.write_report(&merged?, form)?;
    Ok(Answer::default())
}
