//! Summarizes the case.

use crate::session::{Answer, Session, SessionError};
use crate::summary::Report;
use crate::summary::info::InfoReport;

/// Writes the summary of the case.
pub(crate) fn run(session: &mut Session) -> Result<Answer, SessionError> {
    let case = session.case()?;
    case.require_own()?;
    let report = InfoReport { path: case.path().display().to_string(), info: case.info()? };
    session.write_report(&report, InfoReport::form(session.settings.format)?)?;
    Ok(Answer::default())
}
