//! The last answer: what it was an answer to, and its rows, so that they can be shown again without asking again.

use crate::diagnostic::Diagnostic;
use crate::query::Interval;
use crate::render::Format;
use crate::rows::Value;
use crate::session::activity::Activity;
use crate::session::capture::Held;
use crate::session::result_view;
use crate::session::{Answer, Session, SessionError};

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    Lookup(String),
    Sql(String),
}

/// What the rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// Events, with the newest first where `by_time`.
    List { by_time: bool },
    /// Numbers of events, in groups.
    Count,
    /// Numbers of events in spans of so many seconds.
    Timeline { bucket: i64, interval: Interval },
    /// Rows of SQL.
    Rows,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Last {
    pub(crate) asked: Asked,
    pub(crate) view: View,
    /// Its rows, unless they are too many.
    pub(crate) held: Option<Held>,
    /// The course of each row, where that was counted.
    pub(crate) activity: Option<Activity>,
    /// The events whose lines were folded into one: the first and the last row, from 1.
    pub(crate) folds: Vec<(usize, usize)>,
}

impl Last {
    /// Its rows.
    ///
    /// # Errors
    /// They are too many.
    pub(crate) fn held(&self) -> Result<&Held, SessionError> {
        self.held.as_ref().ok_or_else(|| {
            Diagnostic::new("the last answer has too many rows to be kept")
                .hint("ask again with `| limit 10000`")
                .into()
        })
    }
}

impl Session {
    /// The last answer.
    pub(crate) fn last(&self) -> Result<&Last, SessionError> {
        let none = || Diagnostic::new("there is no last answer yet").hint("type a lookup or SQL first").into();
        self.last.as_ref().ok_or_else(none)
    }

    /// The last lookup, as it was typed.
    pub(crate) fn last_lookup(&self) -> Result<String, SessionError> {
        match self.trail.last() {
            Some(text) => Ok(text.clone()),
            None => Err(Diagnostic::new("there is no lookup yet").hint("type one first: user=alice").into()),
        }
    }

    /// Shows the last answer again.
    pub(crate) fn show_last(&mut self, format: Format) -> Result<Answer, SessionError> {
        let case = self.case()?;
        let mut last = self.last()?.clone();
        let rows = last.held()?.rows.len() as u64;
        result_view::show(self, &case, &mut last, format, 0..usize::MAX)?;
        self.last = Some(last);
        Ok(Answer::rows(rows))
    }

    /// Shows the rows that were folded into the line of a row.
    pub(crate) fn open_fold(&mut self, row: usize) -> Result<Answer, SessionError> {
        let case = self.case()?;
        let mut last = self.last()?.clone();
        last.held()?;
        let Some((first, end)) = last.folds.iter().copied().find(|(first, end)| (*first..=*end).contains(&row)) else {
            return Err(Diagnostic::new(format!("row {row} is not folded"))
                .hint("a folded line has a count beside the event's name and a span of rows as its number")
                .into());
        };
        let format = self.settings.format.unwrap_or_default();
        let folds = std::mem::take(&mut last.folds);
        let fold = std::mem::replace(&mut self.settings.fold, false);
        let shown = result_view::show(self, &case, &mut last, format, first - 1..end);
        self.settings.fold = fold;
        last.folds = folds;
        self.last = Some(last);
        shown?;
        Ok(Answer::rows((end + 1 - first) as u64))
    }
}

/// Text of a cell; empty for none.
pub(crate) fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Integer(number)) => number.to_string(),
        Some(Value::Real(number)) => number.to_string(),
        _ => String::new(),
    }
}
