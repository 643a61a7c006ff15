//! Errors of a session.

use std::io;

use crate::diagnostic::Diagnostic;
use crate::ingest;
use crate::io_message::describe;
use crate::store;
use crate::store::QueryError;

/// The reason that an input has no answer.
#[derive(Debug)]
pub enum SessionError {
    /// The input or the case is invalid.
    Mistake(Box<Diagnostic>),
    /// The answer could not be written.
    Output(io::Error),
    /// The input was cancelled.
    Cancelled,
}

impl SessionError {
    /// Reports whether the reader closed the output, which is not an error.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, SessionError::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Returns the error as a diagnostic.
    pub fn into_diagnostic(self) -> Diagnostic {
        match self {
            SessionError::Mistake(mistake) => *mistake,
            SessionError::Output(error) => Diagnostic::new(format!("cannot write the output: {}", describe(&error))),
            SessionError::Cancelled => Diagnostic::new("cancelled"),
        }
    }

    /// Attaches the source text of the mistake, unless one is attached already.
    pub(crate) fn in_source(self, source: &str) -> SessionError {
        match self {
            SessionError::Mistake(mistake) => SessionError::from(mistake.in_source(source)),
            other => other,
        }
    }
}

impl From<Box<Diagnostic>> for SessionError {
    fn from(mistake: Box<Diagnostic>) -> SessionError {
        SessionError::Mistake(mistake)
    }
}

impl From<io::Error> for SessionError {
    fn from(error: io::Error) -> SessionError {
        // A sink that cannot show an answer returns a diagnostic inside its error.
        match error.downcast::<Diagnostic>() {
            Ok(mistake) => SessionError::from(mistake),
            Err(error) => SessionError::Output(error),
        }
    }
}

impl From<Diagnostic> for SessionError {
    fn from(mistake: Diagnostic) -> SessionError {
        SessionError::Mistake(Box::new(mistake))
    }
}

impl From<store::CaseError> for SessionError {
    fn from(error: store::CaseError) -> SessionError {
        if matches!(error, store::CaseError::Cancelled) {
            return SessionError::Cancelled;
        }
        let mut mistake = Diagnostic::new(error.to_string());
        mistake.hints.extend(error.hint());
        SessionError::from(mistake)
    }
}

impl From<ingest::Error> for SessionError {
    fn from(error: ingest::Error) -> SessionError {
        if matches!(error, ingest::Error::Cancelled | ingest::Error::Store(store::CaseError::Cancelled)) {
            return SessionError::Cancelled;
        }
        let mut mistake = Diagnostic::new(error.to_string());
        mistake.hints.extend(error.hint());
        SessionError::from(mistake)
    }
}

impl From<QueryError> for SessionError {
    fn from(failure: QueryError) -> SessionError {
        match failure {
            QueryError::Diagnostic(mistake) => SessionError::Mistake(mistake),
            QueryError::Interrupted => SessionError::Cancelled,
            QueryError::Output(error) => SessionError::from(error),
            QueryError::Store(error) => SessionError::from(error),
        }
    }
}
