//! Imports files into the case.

use std::path::PathBuf;

use crate::ingest;
use crate::ingest::{Options, Report as ImportReport};
use crate::session::{Answer, Session, SessionError};
use crate::store;
use crate::summary::{Report, ReportForm};
use crate::terminal::progress::Bar;

/// Imports files and writes the report.
pub(crate) fn run(session: &mut Session, paths: &[PathBuf], options: &Options) -> Result<Answer, SessionError> {
    let form = match ImportReport::form(session.settings.format) {
        // At the prompt, the format is about rows.
        Err(_) if session.settings.interactive => ReportForm::Text,
        form => form?,
    };
    session.close();
    store::wait_for_writers(&session.path, &session.waiting())?;
    let bar = Bar::new(session.settings.progress && !session.settings.quiet, session.interrupter());
    let imported = ingest::import(&session.path, paths, options, &bar);
    bar.finish();
    if matches!(imported, Err(ingest::Error::Cancelled)) {
        session.note("stored events stay in the case; run the same import again to continue");
    }
    let report = imported.map_err(SessionError::from)?;
    session.write_report(&report, form)?;
    Ok(Answer { rejected: report.counts.rejected > 0, ..Answer::default() })
}
