//! What can go wrong with a case, in the words of the person who holds it.

use std::fs;
use std::io::{self, Read as _};
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
    /// The file holds what trailq did not make, or not so.
    #[error("{} {what}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it holds or lacks.
        what: String,
        /// The statement that removes it.
        remedy: Option<String>,
    },
    /// An interrupted import left a journal that cannot be rolled back here.
    #[error("{} was being written when an import stopped, and its folder is read-only, so that it cannot be rolled back", .0.display())]
    HotJournal(PathBuf),
    /// Somebody else is writing.
    #[error("another process is writing to {}", .0.display())]
    Busy(PathBuf),
    /// What is to be written is there already.
    #[error("there is a file {} already", .0.display())]
    Exists(PathBuf),
    /// A snapshot would take the place of its own case.
    #[error("{} is the case itself", .0.display())]
    Itself(PathBuf),
    /// Another program has put a case into a mode in which it is more than one file.
    #[error("{} was put into write-ahead mode by another program, so that it may not be whole", .0.display())]
    WriteAhead(PathBuf),
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
        match source {
            // A value is not what the schema says.
            rusqlite::Error::FromSqlConversionFailure(_, _, source) => {
                return Error::Damaged { path, reason: source.to_string() };
            }
            rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..) => return Error::Damaged { path, reason },
            _ => {}
        }
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Error::NotACase { path, reason: "it is no SQLite database".to_owned() },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Busy(path),
            Some(ErrorCode::DiskFull) => Error::Full(path),
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::FileLockingProtocolFailed) => {
                Error::Disk { path, reason }
            }
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Error::ReadOnly(path),
            Some(ErrorCode::DatabaseCorrupt) => {
                let reason = missing_bytes(&path).unwrap_or(reason);
                Error::Damaged { path, reason }
            }
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
            Error::Foreign { path, remedy: Some(remedy), .. } => {
                format!("`sqlite3 {} '{remedy}'` removes it, if it is known where it comes from", path.display())
            }
            Error::Foreign { .. } => {
                "take a sound copy from who made it, or import the trail files into a new case".to_owned()
            }
            Error::HotJournal(_) => {
                "copy the case and the -journal file beside it to a writable folder and open it there".to_owned()
            }
            Error::Busy(_) => "wait until the other import is done".to_owned(),
            Error::Exists(path) if path.to_string_lossy().ends_with("-journal") => {
                "it belongs to a file that was being written; take another name, or take it away".to_owned()
            }
            Error::Exists(_) => "take another name, or replace it with --force".to_owned(),
            Error::Itself(_) => "take another name for the snapshot".to_owned(),
            Error::WriteAhead(path) => {
                format!("`sqlite3 {} 'PRAGMA journal_mode = DELETE'` makes it one file", path.display())
            }
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

/// Whether a SQLite file is shorter than it says that it is.
fn missing_bytes(path: &Path) -> Option<String> {
    let mut header = [0; 100];
    let mut file = fs::File::open(path).ok()?;
    file.read_exact(&mut header).ok()?;
    // The file format's page size in bytes 16 and 17, where 1 is 65,536, and its number of pages in 28 to 31.
    let page = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    let whole = page * u64::from(u32::from_be_bytes([header[28], header[29], header[30], header[31]]));
    let there = file.metadata().ok()?.len();
    (there < whole).then(|| format!("it is cut off after {there} of {whole} bytes"))
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
