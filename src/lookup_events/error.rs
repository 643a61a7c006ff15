//! What is wrong with a request, by the names that AWS gives its errors.

use crate::diagnostic::Diagnostic;

/// The errors of LookupEvents (`guide/internals/formats.md`, 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "AWS's own names, see `name`")]
pub enum ErrorKind {
    LookupAttributes,
    TimeRange,
    MaxResults,
    NextToken,
    EventCategory,
    /// The body is no JSON, or a member has another type than the API gives it.
    Serialization,
}

impl ErrorKind {
    /// As AWS spells it.
    pub fn name(self) -> &'static str {
        match self {
            ErrorKind::LookupAttributes => "InvalidLookupAttributesException",
            ErrorKind::TimeRange => "InvalidTimeRangeException",
            ErrorKind::MaxResults => "InvalidMaxResultsException",
            ErrorKind::NextToken => "InvalidNextTokenException",
            ErrorKind::EventCategory => "InvalidEventCategoryException",
            ErrorKind::Serialization => "SerializationException",
        }
    }
}

/// A request that has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RequestError {
    /// Which of AWS's errors it is.
    pub kind: ErrorKind,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl RequestError {
    /// An error of this kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> RequestError {
        RequestError { kind, message: message.into() }
    }
}

impl From<RequestError> for Diagnostic {
    fn from(error: RequestError) -> Diagnostic {
        Diagnostic::new(error.message).note(format!("AWS calls this {}", error.kind.name()))
    }
}
