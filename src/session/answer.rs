//! The outcome of an input.

/// The outcome of an input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answer {
    /// Rows that were written.
    pub rows: u64,
    /// True if an import rejected some of its input.
    pub rejected: bool,
    /// True if the session is over.
    pub quit: bool,
}

impl Answer {
    /// Returns an answer with a number of rows.
    pub(super) fn rows(rows: u64) -> Answer {
        Answer { rows, ..Answer::default() }
    }

    /// Adds the outcome of a later input.
    pub(super) fn and(self, later: Answer) -> Answer {
        Answer {
            rows: self.rows + later.rows,
            rejected: self.rejected || later.rejected,
            quit: self.quit || later.quit,
        }
    }
}
