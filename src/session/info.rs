//! Summarizes the case.

use crate::diagnostic::Diagnostic;
use crate::render::{Format, Style};
use crate::session::{Answer, Session, SessionError};
use crate::store::{self, CaseError};
use crate::summary::Report;
use crate::summary::info::InfoReport;
use crate::summary::running_import::RunningImportReport;
use crate::time;

/// Lists the files of the ledger with their accounts, and behind each archive its members.
const FILES: &str = "SELECT path AS file, ifnull(status, 'read') AS status, read, stored, duplicate, rejected, bytes, \
     format, reason FROM files ORDER BY path";

impl Session {
    /// Lists every file that was found, with its account.
    ///
    /// # Errors
    /// The case cannot be read, or the format is of events.
    pub fn list_files(&mut self) -> Result<Answer, SessionError> {
        let format = self.settings.format.unwrap_or_default();
        if format == Format::Records {
            let mistake = Diagnostic::new("the format records shows events, and a list of files has none");
            return Err(mistake.hint("take another format").into());
        }
        self.in_one_state(|session| {
            let case = session.case()?;
            case.require_own()?;
            let style = Style { numbers: false, ..session.output.style(&session.settings.style) };
            let mut files = 0;
            session.write_rows(format, &style, None, |mut sink| {
                files = case.query(FILES, &[], &mut *sink)?;
                Ok(())
            })?;
            Ok(Answer::rows(files))
        })
    }

    /// Prints a summary of the case, or the progress of the first import that is making it.
    ///
    /// # Errors
    /// The case cannot be read, or the format has no summary.
    pub fn info(&mut self) -> Result<Answer, SessionError> {
        let form = InfoReport::form(self.settings.format)?;
        if let Some(CaseError::Importing { path, progress }) = store::unfinished_import(&self.path) {
            let path = path.display().to_string();
            self.write_report(&RunningImportReport { path, progress, now: time::now() }, form)?;
            return Ok(Answer::default());
        }
        self.in_one_state(|session| {
            let case = session.case()?;
            case.require_own()?;
            let report = InfoReport { path: case.path().display().to_string(), info: case.info()? };
            session.write_report(&report, form)?;
            Ok(Answer::default())
        })
    }
}
