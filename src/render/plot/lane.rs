//! The rows of a picture of spans.

/// A row of a picture of spans: its label, and its spans in Unix seconds with their states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// The label.
    pub label: String,
    /// The begin, the end and the state of each span.
    pub spans: Vec<(i64, i64, String)>,
}
