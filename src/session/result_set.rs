//! A result: its origin and its captured rows, which can be shown again without running the statement again.

use crate::diagnostic::Diagnostic;
use crate::engine::trend::Trend;
use crate::query::Interval;
use crate::rows::CapturedRows;
use crate::session::error::SessionError;

/// The input that a result answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ResultOrigin {
    Lookup(String),
    Sql(String),
}

/// The kind of the rows of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResultKind {
    /// Events; the newest first if `by_time`.
    List { by_time: bool },
    /// Counts of events in groups.
    Count,
    /// Counts of events in spans of `bucket` seconds.
    Timeline { bucket: i64, interval: Interval },
    /// Counts of events in spans of `bucket` seconds, by one field.
    TimelineBy { bucket: i64, interval: Interval },
    /// Rows of SQL.
    Rows,
}

/// The last result.
#[derive(Debug, Clone)]
pub(crate) struct LastResult {
    pub(crate) origin: ResultOrigin,
    pub(crate) kind: ResultKind,
    /// The captured rows; `None` if they are too many.
    pub(crate) rows: Option<CapturedRows>,
    /// The trend of each row, if it was counted.
    pub(crate) trend: Option<Trend>,
    /// The first and the last row of each fold, from 1.
    pub(crate) folds: Vec<(usize, usize)>,
    /// The number of lines of the screen that have the rows, where it is not one a row: with folds, and in the wide form.
    pub(crate) lines: Option<u64>,
}

impl LastResult {
    /// Returns the captured rows.
    ///
    /// # Errors
    /// There are too many rows to capture.
    pub(crate) fn rows(&self) -> Result<&CapturedRows, SessionError> {
        self.rows.as_ref().ok_or_else(|| {
            Diagnostic::new("the last answer has too many rows to be captured")
                .hint("ask again with `| limit 10000`")
                .into()
        })
    }
}
