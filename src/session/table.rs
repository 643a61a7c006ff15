//! Writes tables of Parquet files: of trail files, and of the case.

use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::engine::Engine;
use crate::ingest;
use crate::ingest::{ConvertOptions, ConvertReport, ExportOptions, ExportReport};
use crate::session::{Answer, Session, SessionError};
use crate::store::IdSet;
use crate::store::merge::SourceCase;
use crate::summary::Report;
use crate::terminal::progress::{Measure, ShownProgress};

impl Session {
    /// Converts files to a table in a folder and writes the report.
    ///
    /// # Errors
    /// A path does not exist, or the folder cannot be written.
    pub fn convert(
        &mut self,
        paths: &[PathBuf],
        table: &Path,
        options: &ConvertOptions,
    ) -> Result<Answer, SessionError> {
        let form = ConvertReport::form(self.settings.format)?;
        let progress = ShownProgress::new("converting", Measure::FilesWithEvents, self.interrupter());
        let converted = ingest::convert(paths, table, options, &progress);
        progress.finish();
        if matches!(converted, Err(ingest::Error::Cancelled)) {
            self.note(KEPT_FILES);
        }
        let report = converted?;
        self.write_report(&report, form)?;
        Ok(Answer { rejected: report.read.counts.rejected > 0, ..Answer::default() })
    }

    /// Writes the case, or the events that a lookup lists, as a table in a folder, and writes the report.
    ///
    /// # Errors
    /// The case cannot be read, the lookup is invalid or matches no event, or the folder cannot be written.
    pub fn export(
        &mut self,
        lookup: Option<&str>,
        table: &Path,
        options: &ExportOptions,
    ) -> Result<Answer, SessionError> {
        let form = ExportReport::form(self.settings.format)?;
        self.close();
        let case = SourceCase::open_after(&self.path, &self.waiting())?;
        let selected = lookup.map(|lookup| self.selected_ids(&case, lookup)).transpose();
        // Ctrl-C reaches the table from here on.
        self.interrupter.release();
        let selected = selected?;
        let progress = ShownProgress::new("exporting", Measure::Events, self.interrupter());
        let exported = ingest::export(&case, selected.as_ref(), table, options, &progress);
        progress.finish();
        if matches!(exported, Err(ingest::Error::Cancelled)) {
            self.note(KEPT_FILES);
        }
        self.write_report(&exported?, form)?;
        Ok(Answer::default())
    }

    /// Returns the events that a lookup lists.
    fn selected_ids(&self, case: &SourceCase, lookup: &str) -> Result<IdSet, SessionError> {
        let engine = Engine::open(case.file_path())?;
        self.interrupter.hold(Box::new(engine.case().interrupt()));
        let engine = engine.with_interrupter(self.interrupter());
        let text = self.substituted(lookup)?;
        let prepared = engine.prepare_filled(&text)?;
        if !prepared.is_event_list() {
            let mistake = Diagnostic::new("a table has events, and this lookup counts them");
            return Err(mistake.hint("leave the stages out").into());
        }
        let ids = engine.event_ids(&prepared)?;
        if ids.is_empty() {
            let mistake = Diagnostic::new(format!("no event matches --where {lookup}"));
            return Err(mistake.note("nothing was written").into());
        }
        Ok(IdSet::new(ids))
    }
}

/// The note on the files of the table after a cancellation.
const KEPT_FILES: &str = "files that are complete stay; the same command again replaces them";
