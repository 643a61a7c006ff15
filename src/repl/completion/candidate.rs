//! Candidates of completion, and the case that they come from.

use crate::fields::Field;
use crate::session::SampledKey;
use crate::store::ValueCount;

/// The values, queries and tables of a case that completion offers.
pub(crate) trait Source {
    /// The most frequent values of a field that begin with a text.
    fn values(&self, field: &Field, prefix: &str, most: usize) -> Vec<ValueCount>;
    /// The most frequent names and user ids of people that begin with a text.
    fn people(&self, prefix: &str, most: usize) -> Vec<ValueCount>;
    /// The keys below a path in records that a filter selects, the most frequent first.
    fn keys(&self, filter: &str, path: &[&str]) -> Vec<SampledKey>;
    /// The saved queries and what they ask for.
    fn queries(&self) -> Vec<(String, Vec<String>)>;
    /// The tables and their columns.
    fn tables(&self) -> Vec<(String, Vec<String>)>;
    /// The ids of the rules of the newest hunt that the case stores.
    fn rules(&self) -> Vec<String>;
}

/// A text that completion offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The text in the list of candidates.
    pub shown: String,
    /// The text that is put into the line.
    pub text: String,
}

impl Candidate {
    /// A candidate that is shown as it is.
    pub(super) fn new(text: impl Into<String>) -> Candidate {
        let text = text.into();
        Candidate { shown: text.clone(), text }
    }

    /// A candidate that is shown otherwise than it is put into the line.
    pub(super) fn shown_as(shown: impl Into<String>, text: impl Into<String>) -> Candidate {
        Candidate { shown: shown.into(), text: text.into() }
    }
}

/// The kind of texts that fit at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Completion {
    /// The names of files.
    Files,
    /// The names of files that may be written.
    Outputs,
    /// These words, in place of the line from an offset up to the cursor.
    Words(usize, Vec<Candidate>),
}
