//! The last result of a session, shown again.

use crate::diagnostic::Diagnostic;
use crate::render::Format;
use crate::session::result_set::LastResult;
use crate::session::result_view::{self, ViewOptions};
use crate::session::{Answer, Session, SessionError};

impl Session {
    /// Returns the last answer.
    pub(crate) fn last(&self) -> Result<&LastResult, SessionError> {
        let none = || Diagnostic::new("there is no last answer yet").hint("type a lookup or SQL first").into();
        self.last.as_ref().ok_or_else(none)
    }

    /// Returns the last lookup, as it was typed.
    pub(crate) fn last_lookup(&self) -> Result<String, SessionError> {
        match self.back_stack.last() {
            Some(text) => Ok(text.clone()),
            None => Err(Diagnostic::new("there is no lookup yet").hint("type one first: user=alice").into()),
        }
    }

    /// Shows the last result again.
    pub(crate) fn show_last(&mut self, format: Format) -> Result<Answer, SessionError> {
        let case = self.case()?;
        let mut last = self.last()?.clone();
        let rows = last.rows()?.rows.len() as u64;
        let options = ViewOptions { format, fold: self.settings.fold, range: 0..usize::MAX };
        result_view::show(self, &case, &mut last, options)?;
        self.last = Some(last);
        Ok(Answer::rows(rows))
    }

    /// Shows the rows of the fold that contains a row.
    pub(crate) fn open_fold(&mut self, row: usize) -> Result<Answer, SessionError> {
        let case = self.case()?;
        let mut last = self.last()?.clone();
        last.rows()?;
        let Some((first, end)) = last.folds.iter().copied().find(|(first, end)| (*first..=*end).contains(&row)) else {
            return Err(Diagnostic::new(format!("row {row} is not folded"))
                .hint("a folded line has a count beside the event's name and a span of rows as its number")
                .into());
        };
        let format = self.settings.format.unwrap_or_default();
        let folds = std::mem::take(&mut last.folds);
        let options = ViewOptions { format, fold: false, range: first - 1..end };
        let shown = result_view::show(self, &case, &mut last, options);
        last.folds = folds;
        self.last = Some(last);
        shown?;
        Ok(Answer::rows((end + 1 - first) as u64))
    }
}
