//! Reindexes the case.

use crate::ingest::{self, ReindexReport};
use crate::session::user_name::user_name;
use crate::session::{Answer, Session, SessionError};
use crate::store;
use crate::summary::Report;
use crate::terminal::progress::{Measure, ShownProgress};

impl Session {
    /// Makes the events of the case anew from its records and writes the report.
    ///
    /// # Errors
    /// The case does not exist, is redacted, or cannot be read or written.
    pub fn reindex(&mut self) -> Result<Answer, SessionError> {
        let form = ReindexReport::form(self.settings.format)?;
        self.close();
        store::wait_for_writers(&self.path, &self.waiting())?;
        let progress = ShownProgress::new("reindexing", Measure::Events, self.interrupter());
        let reindexed = ingest::reindex(&self.path, Some(user_name()), &progress);
        progress.finish();
        if matches!(reindexed, Err(ingest::Error::Cancelled)) {
            self.note("the case is unchanged");
        }
        self.write_report(&reindexed?, form)?;
        Ok(Answer::default())
    }
}
