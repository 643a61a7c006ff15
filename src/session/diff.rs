//! Compares two cases.

use std::path::Path;

use crate::activity;
use crate::diagnostic::Diagnostic;
use crate::render::{Format, Style};
use crate::session::{Answer, Session, SessionError};
use crate::store::Case;
use crate::summary::diff;

impl Session {
    /// Compares two cases: writes the counts of what differs, or with `rows` a list of it. The number of rows of the
    /// [`Answer`] is the number of differences in both cases.
    ///
    /// # Errors
    /// A case cannot be read, or the format is `records`.
    pub fn diff_cases(&mut self, a: &Path, b: &Path, rows: bool) -> Result<Answer, SessionError> {
        let format = self.settings.format.unwrap_or_default();
        if format == Format::Records {
            let mistake = Diagnostic::new("the comparison has no format records");
            return Err(mistake.hint("use ndjson, and query each case for its records").into());
        }
        let _step = activity::step("comparing");
        let waiting = self.waiting();
        let (a, b) = (Case::open_after(a, &waiting)?, Case::open_after(b, &waiting)?);
        self.note(&format!("A is {}, B is {}", a.path().display(), b.path().display()));
        let found = a.diff(&b)?;
        let style = Style { numbers: false, ..self.output.style(&self.settings.style) };
        self.write_rows(format, &style, None, |mut sink| {
            let done =
                if rows { a.list_differences(&b, &found, &mut *sink) } else { diff::write_counts(&found, &mut *sink) };
            done.map(drop)
        })?;
        Ok(Answer::rows(diff::differences(&found)))
    }
}
