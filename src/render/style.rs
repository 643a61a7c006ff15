//! The style of an answer: the capabilities of its target and the settings of the user.

use crate::account_names::AccountNames;
use crate::render::times::Times;

/// The capabilities of the target of an answer, and how the user wants it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal; `None` if the output is not a terminal, and nothing is cut.
    pub width: Option<usize>,
    /// True if colors are shown.
    pub color: bool,
    /// True if lines and marks outside ASCII are shown.
    pub unicode: bool,
    /// True if rows are numbered, for `.show N`.
    pub numbers: bool,
    /// True if the names of the columns are left out.
    pub bare: bool,
    /// The text of a missing value.
    pub null: String,
    /// The widths of a table's columns, in order; 0 is as wide as needed.
    pub widths: Vec<usize>,
    /// The columns that a narrow screen keeps, if it has no room for all.
    pub kept: Vec<String>,
    /// True if the last column, a number of events, is also drawn as bars.
    pub bars: bool,
    /// True if each row of a table is one line: long cells are cut, and columns without room are dropped.
    pub compact: bool,
    /// The zone and the age of times.
    pub times: Times,
    /// The names of accounts, which follow the ids.
    pub accounts: AccountNames,
}

impl Style {
    /// Returns the mark of text that was cut.
    pub(super) fn ellipsis(&self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }

    /// Returns the character of horizontal lines.
    pub(super) fn rule(&self) -> char {
        if self.unicode { '─' } else { '-' }
    }
}
