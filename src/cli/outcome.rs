//! The outcome of a command, from which the exit code follows.

use crate::session::Answer;

/// The outcome of a command.
pub(super) struct Outcome {
    pub(super) answer: Answer,
    /// True if rows make the exit code 1.
    pub(super) fail_on_rows: bool,
}

impl Outcome {
    /// Reports whether some input was rejected, or `--fail-on-rows` met rows.
    pub(super) fn is_incomplete(&self) -> bool {
        self.answer.rejected || (self.fail_on_rows && self.answer.rows > 0)
    }
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Outcome {
        Outcome { answer, fail_on_rows: false }
    }
}
