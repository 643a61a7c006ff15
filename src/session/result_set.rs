//! The last answer: what it was an answer to, and its rows, so that they can be shown again without asking again.

use crate::diagnostic::Diagnostic;
use crate::engine::trend::Trend;
use crate::query::Interval;
use crate::render::Format;
use crate::rows::CapturedRows;
use crate::session::result_view::{self, ViewOptions};
use crate::session::{Answer, Session, SessionError};

/// The text that an answer is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ResultOrigin {
    Lookup(String),
    Sql(String),
}

/// The kind of the rows of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResultKind {
    /// Events, with the newest first where `by_time`.
    List { by_time: bool },
    /// Numbers of events, in groups.
    Count,
    /// Numbers of events in spans of so many seconds.
    Timeline { bucket: i64, interval: Interval },
    /// Rows of SQL.
    Rows,
}

/// The last answer.
#[derive(Debug, Clone)]
pub(crate) struct LastResult {
    pub(crate) origin: ResultOrigin,
    pub(crate) kind: ResultKind,
    /// Its rows, unless they are too many.
    pub(crate) rows: Option<CapturedRows>,
    /// The trend of each row, if it was counted.
    pub(crate) trend: Option<Trend>,
    /// The events whose lines were folded into one: the first and the last row, from 1.
    pub(crate) folds: Vec<(usize, usize)>,
}

impl LastResult {
    /// Returns its rows.
    ///
    /// # Errors
    /// They are too many.
    pub(crate) fn rows(&self) -> Result<&CapturedRows, SessionError> {
        self.rows.as_ref().ok_or_else(|| {
            Diagnostic::new("the last answer has too many rows to be kept")
                .hint("ask again with `| limit 10000`")
                .into()
        })
    }
}

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

    /// Shows the last answer again.
    pub(crate) fn show_last(&mut self, format: Format) -> Result<Answer, SessionError> {
        let case = self.case()?;
        let mut last = self.last()?.clone();
        let rows = last.rows()?.rows.len() as u64;
        let options = ViewOptions { format, fold: self.settings.fold, range: 0..usize::MAX };
        result_view::show(self, &case, &mut last, options)?;
        self.last = Some(last);
        Ok(Answer::rows(rows))
    }

    /// Shows the rows that were folded into the line of a row.
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
