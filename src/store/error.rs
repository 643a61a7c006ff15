//! What can go wrong with a case, in the words of the person who holds it.

use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;

/// A case that cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such file.
    #[error("there is no case at {}", .0.display())]
    Missing(PathBuf),
    /// The file is something else.
    #[error("{} is not a case: {reason}", path.display())]
    NotACase {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        reason: String,
    },
    /// A later trailq made it.
    #[error("{} was made by a newer trailq: its schema is version {found}, this trailq knows {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema that this program knows.
        known: i64,
    },
    /// An interrupted import left a journal that cannot be rolled back here.
    #[error("{} was being written when an import stopped, and its folder is read-only, so that it cannot be rolled back", .0.display())]
    HotJournal(PathBuf),
    /// Somebody else is writing.
    #[error("another process is writing to {}", .0.display())]
    Busy(PathBuf),
    /// There is no space left.
    #[error("the disk is full: {} could not be written", .0.display())]
    Full(PathBuf),
    /// The system did not let the file be read or written.
    #[error("{} could not be read or written: {reason}", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// The file or its folder must not be written.
    #[error("{} cannot be written: it or its folder is read-only", .0.display())]
    ReadOnly(PathBuf),
    /// The file is damaged.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite found.
        reason: String,
    },
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Anything else that SQLite says.
    #[error("{}: {source}", path.display())]
    Sqlite {
        /// The case.
        path: PathBuf,
        /// Why not.
        source: rusqlite::Error,
    },
}

impl Error {
    /// Puts what SQLite says of a case into words.
    pub(crate) fn of(path: &Path, source: rusqlite::Error) -> Error {
        use rusqlite::ErrorCode;
        let path = path.to_owned();
        let reason = source.to_string();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Error::NotACase { path, reason: "it is no SQLite database".to_owned() },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Busy(path),
            Some(ErrorCode::DiskFull) => Error::Full(path),
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::FileLockingProtocolFailed) => {
                Error::Disk { path, reason }
            }
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Error::ReadOnly(path),
            Some(ErrorCode::DatabaseCorrupt) => Error::Damaged { path, reason },
            _ => Error::Sqlite { path, source },
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Error::Missing(path) => {
                format!("`trailq --db {} import PATH...` makes one from trail files", path.display())
            }
            Error::NotACase { .. } => "name a case with --db, or import trail files with `trailq import`".to_owned(),
            Error::Newer { .. } => "open it with the trailq that made it, or a newer one".to_owned(),
            Error::HotJournal(_) => {
                "copy the case and the -journal file beside it to a writable folder and open it there".to_owned()
            }
            Error::Busy(_) => "wait until the other import is done".to_owned(),
            Error::Full(_) => "free some space and run the same import again: it goes on where it stopped".to_owned(),
            Error::Disk { .. } => {
                "see whether the disk is full or the file too large for it; the same import run again goes on where it \
                 stopped"
                    .to_owned()
            }
            Error::ReadOnly(_) => "name a case in a folder that can be written with --db".to_owned(),
            Error::Damaged { .. } => "take a sound copy, or import the trail files into a new case".to_owned(),
            Error::Io { .. } | Error::Sqlite { .. } => return None,
        })
    }
}

/// Why a statement gave no whole answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The statement itself is wrong.
    #[error(transparent)]
    Diagnostic(#[from] Box<Diagnostic>),
    /// It was cancelled.
    #[error("cancelled")]
    Interrupted,
    /// The answer could not be written.
    #[error(transparent)]
    Output(#[from] io::Error),
    /// The case could not be read.
    #[error(transparent)]
    Store(#[from] Error),
}
