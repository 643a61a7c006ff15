//! Summarizes the case.

use crate::session::{Answer, Session, SessionError};
use crate::summary::Report;
use crate::summary::info::InfoReport;

impl Session {
    /// Prints a summary of the case.
    ///
    /// # Errors
    /// The case cannot be read, or the format has no summary.
    pub fn info(&mut self) -> Result<Answer, SessionError> {
        self.in_one_state(|session| {
            let case = session.case()?;
            case.require_own()?;
            let report = InfoReport { path: case.path().display().to_string(), info: case.info()? };
            session.write_report(&report, InfoReport::form(session.settings.format)?)?;
            Ok(Answer::default())
        })
    }
}
