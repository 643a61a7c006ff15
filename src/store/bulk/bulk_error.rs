//! The error of building indexes in bulk.

use std::io;
use std::path::Path;

use rusqlite::ffi;

use crate::store::error::CaseError;

/// The reason why indexes were not built in bulk.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BulkError {
    /// Something about the file or its rows is not covered: SQLite has to make the index.
    #[error("not covered: {0}")]
    NotCovered(&'static str),
    /// The import was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// SQLite finds another number of rows or entries than were written.
    #[error("{name} has {found} entries, and {built} were written")]
    Wrong {
        /// The name of the table or index.
        name: String,
        /// The number that SQLite counts.
        found: u64,
        /// The number that was written.
        built: u64,
    },
    /// The case could not be opened.
    #[error(transparent)]
    Case(#[from] Box<CaseError>),
    /// SQLite's error.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// A temporary file or the case could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The result of a step of building indexes in bulk.
pub(crate) type BulkResult<T> = Result<T, BulkError>;

impl BulkError {
    /// Returns the error in words for the user. Temporary files are in the folder of the case.
    pub(crate) fn of_case(self, path: &Path) -> CaseError {
        let path_buf = path.to_owned();
        match self {
            BulkError::Cancelled => CaseError::Cancelled,
            BulkError::NotCovered(_) | BulkError::Wrong { .. } => {
                CaseError::Damaged { path: path_buf, reason: self.to_string() }
            }
            BulkError::Case(error) => *error,
            BulkError::Sqlite(error) => CaseError::of(path, error),
            BulkError::Io(source) => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                    CaseError::Full(path_buf)
                }
                _ => CaseError::Io { path: path_buf, source },
            },
        }
    }
}

impl From<BulkError> for rusqlite::Error {
    /// Returns the error as SQLite would report it.
    fn from(error: BulkError) -> rusqlite::Error {
        let code = match &error {
            BulkError::Sqlite(_) => ffi::SQLITE_ERROR,
            BulkError::Cancelled => ffi::SQLITE_INTERRUPT,
            BulkError::NotCovered(_) | BulkError::Wrong { .. } | BulkError::Case(_) => ffi::SQLITE_INTERNAL,
            BulkError::Io(source) => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                    ffi::SQLITE_FULL
                }
                _ => ffi::SQLITE_IOERR,
            },
        };
        match error {
            BulkError::Sqlite(error) => error,
            other => rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some(other.to_string())),
        }
    }
}
