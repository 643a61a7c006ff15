//! Errors of a request, under AWS's names.

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
    /// The body is not JSON, or a member has a wrong type.
    Serialization,
}

impl ErrorKind {
    /// Returns AWS's name.
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

/// An invalid request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RequestError {
    /// The kind of the error.
    pub kind: ErrorKind,
    /// The mistake, and what to write instead.
    pub message: String,
}

impl RequestError {
    /// Returns an error of this kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> RequestError {
        RequestError { kind, message: message.into() }
    }
}

impl From<RequestError> for Diagnostic {
    fn from(error: RequestError) -> Diagnostic {
        Diagnostic::new(error.message).note(format!("AWS calls this {}", error.kind.name()))
    }
}
