//! Merges other cases into the case.

use std::path::PathBuf;

use crate::ingest;
use crate::ingest::{MergeOptions, MergeReport};
use crate::session::user_name::user_name;
use crate::session::{Answer, Session, SessionError};
use crate::store;
use crate::summary::Report;
use crate::terminal::progress::{Measure, ShownProgress};

impl Session {
    /// Merges other cases into the case and writes the report. `force` allows cases that were redacted differently.
    ///
    /// # Errors
    /// A case cannot be read or merged, or the case cannot be written.
    pub fn merge(&mut self, others: &[PathBuf], force: bool) -> Result<Answer, SessionError> {
        let form = MergeReport::form(self.settings.format)?;
        self.close();
        store::wait_for_writers(&self.path, &self.waiting())?;
        let progress = ShownProgress::new("merging", Measure::Events, self.interrupter());
        let merged = ingest::merge(&self.path, others, &MergeOptions { force, made_by: Some(user_name()) }, &progress);
        progress.finish();
        if matches!(merged, Err(ingest::Error::Cancelled)) {
            self.note("nothing was merged");
        }
        self.write_report(&merged?, form)?;
        Ok(Answer::default())
    }
}
