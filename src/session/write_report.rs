//! Writes the reports of operations.

use std::io::Write as _;

use crate::session::{Session, SessionError};
use crate::summary::report::to_json;
use crate::summary::{Report, ReportForm, TextTarget};

impl Session {
    /// Writes a report: JSON where rows go, text where the report belongs, and among the notes only if not quiet.
    pub(crate) fn write_report<R: Report>(&mut self, report: &R, form: ReportForm) -> Result<(), SessionError> {
        match form {
            ReportForm::Json | ReportForm::Ndjson => self.print(&to_json(report, form == ReportForm::Json)?),
            ReportForm::Text => self.write_text(report),
        }
    }

    fn write_text<R: Report>(&mut self, report: &R) -> Result<(), SessionError> {
        match R::TEXT_TARGET {
            TextTarget::Rows => {
                let color = self.output.style(&self.settings.style).color;
                self.print(&report.text(color))?;
            }
            TextTarget::Notes if !self.settings.quiet => {
                let _ = self.notes.write_all(report.text(self.settings.color_notes).as_bytes());
            }
            TextTarget::Notes => {}
            TextTarget::Status => {
                for line in report.text(self.settings.color_notes).lines() {
                    self.status(line);
                }
            }
        }
        Ok(())
    }
}
