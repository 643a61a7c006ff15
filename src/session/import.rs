//! Imports files into the case.

use std::path::PathBuf;

use crate::ingest;
use crate::ingest::{Options, Report as ImportReport};
use crate::session::user_name::user_name;
use crate::session::{Answer, Session, SessionError};
use crate::store::{self, CaseError};
use crate::summary::{Report, ReportForm};
use crate::terminal::progress::{Measure, ShownProgress};

impl Session {
    /// Imports files into the case and writes the report.
    ///
    /// # Errors
    /// A path does not exist, or the case cannot be written.
    pub fn import(&mut self, paths: &[PathBuf], options: &Options) -> Result<Answer, SessionError> {
        let form = match ImportReport::form(self.settings.format) {
            // At the prompt, the format is about rows.
            Err(_) if self.settings.interactive => ReportForm::Text,
            form => form?,
        };
        self.close();
        store::wait_for_writers(&self.path, &self.waiting())?;
        if let Some(interrupted @ CaseError::Interrupted { .. }) = store::unfinished_import(&self.path) {
            let next = match store::has_left_build(&self.path) {
                true => "this import finishes it first if that is possible, and adds to it",
                false => "this import begins anew",
            };
            self.note(&format!("{interrupted}: {next}"));
        }
        let progress = ShownProgress::new("importing", Measure::FilesWithEvents, self.interrupter());
        let options = Options { imported_by: Some(user_name()), ..options.clone() };
        let imported = ingest::import(&self.path, paths, &options, &progress);
        progress.finish();
        if matches!(imported, Err(ingest::Error::Cancelled)) {
            self.note(if self.path.exists() {
                "stored events stay in the case; run the same import again to continue"
            } else {
                "no case was made; run the same import again"
            });
        }
        let report = imported.map_err(SessionError::from)?;
        self.write_report(&report, form)?;
        Ok(Answer { rejected: report.counts.rejected > 0, ..Answer::default() })
    }
}
