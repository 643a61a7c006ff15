//! Errors of a case, and of statements on it, in words for the user.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::io_message::{describe, folder_of};
use crate::store::import_progress::{self, ImportProgress};

/// A case that cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// There is no such file.
    #[error("there is no case at {}", .0.display())]
    Missing(PathBuf),
    /// A first import is making the case.
    #[error("the import into {} is running{}", path.display(), import_progress::running(progress.as_ref()))]
    Importing {
        /// The case.
        path: PathBuf,
        /// The progress, if it is known.
        progress: Option<ImportProgress>,
    },
    /// A first import was killed before the case was complete.
    #[error("the import into {} was interrupted{} before the case was complete", path.display(),
        import_progress::interrupted(progress.as_ref()))]
    Interrupted {
        /// The case.
        path: PathBuf,
        /// The last progress, if it is known.
        progress: Option<ImportProgress>,
    },
    /// The file is something else.
    #[error("{} is not a case: {reason}", path.display())]
    NotACase {
        /// The file.
        path: PathBuf,
        /// The kind of file that it is.
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
        /// The contents that it has or lacks.
        what: String,
        /// The statement that removes it.
        remedy: Option<String>,
    },
    /// An interrupted import left a journal that cannot be rolled back here.
    #[error("{} has an unfinished import that cannot be rolled back because its folder is read-only", .0.display())]
    HotJournal(PathBuf),
    /// An interrupted import has to be undone or finished first, and there is no space for that.
    #[error("an unfinished import into {} must be rolled back or finished before reading, and the disk is full", .0.display())]
    RollbackFull(PathBuf),
    /// There is no folder in which the case could be.
    #[error("the folder {} does not exist", .0.display())]
    NoFolder(PathBuf),
    /// The system does not let this user write in a folder.
    #[error("no permission to write in {}", .0.display())]
    NoPermission(PathBuf),
    /// The folder for temporary files is full.
    #[error("no space left in the temporary folder {}{}", .0.display(), temporary_variable())]
    TemporaryFull(PathBuf),
    /// The folder for temporary files cannot be used.
    #[error("the temporary folder {}{} cannot be used: {reason}", path.display(), temporary_variable())]
    Temporary {
        /// The folder.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// Waiting for another process was ended.
    #[error("cancelled")]
    Cancelled,
    /// Another process is writing.
    #[error("another process is writing to {}", .0.display())]
    Busy(PathBuf),
    /// The records of the case are redacted.
    #[error("{} is redacted", .0.display())]
    Redacted(PathBuf),
    /// The file to write exists already.
    #[error("there is a file {} already", .0.display())]
    Exists(PathBuf),
    /// A snapshot would take the place of its own case.
    #[error("{} is the case itself", .0.display())]
    Itself(PathBuf),
    /// Another program has put a case into a mode in which it is more than one file.
    #[error("{} was put into write-ahead mode by another program, so the file may be incomplete", .0.display())]
    WriteAhead(PathBuf),
    /// There is no space left.
    #[error("no space left to write {}", .0.display())]
    Full(PathBuf),
    /// The system did not let the file be read or written.
    #[error("{} could not be read or written: {reason}", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// SQLite's message.
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
        /// SQLite's finding.
        reason: String,
    },
    /// The file cannot be read or written.
    #[error("{}: {}", path.display(), describe(source))]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Anything else that SQLite says.
    #[error("{}: {source}", path.display())]
    Sqlite {
        /// The case.
        path: PathBuf,
        /// The cause.
        source: rusqlite::Error,
    },
}

impl CaseError {
    /// Reports whether another process is in the way, which waiting may change.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, CaseError::Busy(_) | CaseError::Importing { .. })
    }

    /// Puts what SQLite says of a case into words.
    pub(crate) fn of(path: &Path, source: rusqlite::Error) -> CaseError {
        use rusqlite::ErrorCode;
        let path = path.to_owned();
        let reason = source.to_string();
        match source {
            // A value is not what the schema says.
            rusqlite::Error::FromSqlConversionFailure(_, _, source) => {
                return CaseError::Damaged { path, reason: source.to_string() };
            }
            rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..) => return CaseError::Damaged { path, reason },
            _ => {}
        }
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => {
                CaseError::NotACase { path, reason: "it is not a SQLite database".to_owned() }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => CaseError::Busy(path),
            Some(ErrorCode::DiskFull) => full(path),
            Some(ErrorCode::SystemIoFailure | ErrorCode::FileLockingProtocolFailed) => CaseError::Disk { path, reason },
            Some(ErrorCode::CannotOpen) => unopened(path, reason),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => unwritable(path),
            Some(ErrorCode::DatabaseCorrupt) => {
                let reason = missing_bytes(&path).unwrap_or(reason);
                CaseError::Damaged { path, reason }
            }
            _ => CaseError::Sqlite { path, source },
        }
    }

    /// Returns the error of the folder for temporary files, or of a file in it.
    pub(crate) fn of_temporary(folder: &Path, source: io::Error) -> CaseError {
        // Folders in it have names that mean nothing.
        let own = std::env::temp_dir();
        let path = if folder.starts_with(&own) { own } else { folder.to_owned() };
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                CaseError::TemporaryFull(path)
            }
            _ => CaseError::Temporary { path, reason: describe(&source) },
        }
    }

    /// Returns the error of a folder in which something is to be written, or of a file in it.
    pub(crate) fn of_folder(folder: &Path, source: io::Error) -> CaseError {
        match source.kind() {
            io::ErrorKind::NotFound if !folder.exists() => CaseError::NoFolder(folder.to_owned()),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                CaseError::NoPermission(folder.to_owned())
            }
            io::ErrorKind::StorageFull => CaseError::Full(folder.to_owned()),
            _ => CaseError::Io { path: folder.to_owned(), source },
        }
    }

    /// Returns an error of a temporary copy in the words of the case that it was made of. `folder`: where the copy is.
    pub(crate) fn of_copy(self, case: &Path, folder: &Path) -> CaseError {
        let in_copy = |path: &Path| path.starts_with(folder);
        let named = |path: PathBuf| if in_copy(&path) { case.to_owned() } else { path };
        match self {
            CaseError::Full(path) if in_copy(&path) => CaseError::TemporaryFull(temporary_folder(folder)),
            CaseError::Disk { path, reason } if in_copy(&path) => {
                CaseError::Temporary { path: temporary_folder(folder), reason }
            }
            CaseError::Full(path) => CaseError::Full(path),
            CaseError::NotACase { path, reason } => CaseError::NotACase { path: named(path), reason },
            CaseError::Damaged { path, reason } => CaseError::Damaged { path: named(path), reason },
            CaseError::Sqlite { path, source } => CaseError::Sqlite { path: named(path), source },
            CaseError::HotJournal(path) => CaseError::HotJournal(named(path)),
            CaseError::RollbackFull(path) if in_copy(&path) => CaseError::TemporaryFull(temporary_folder(folder)),
            CaseError::Busy(path) => CaseError::Busy(named(path)),
            CaseError::Foreign { path, what, remedy } => CaseError::Foreign { path: named(path), what, remedy },
            other => other,
        }
    }

    /// Returns an error of a file that is to become an output, in the words of the output. `folder`: where the file is.
    pub(crate) fn of_output(self, output: &Path, folder: &Path) -> CaseError {
        let output = output.to_owned();
        match self {
            CaseError::Io { path, source } if path.starts_with(folder) => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => CaseError::Full(output),
                _ => CaseError::Io { path: output, source },
            },
            CaseError::Full(path) if path.starts_with(folder) => CaseError::Full(output),
            CaseError::Disk { path, reason } if path.starts_with(folder) => CaseError::Disk { path: output, reason },
            CaseError::Sqlite { path, source } if path.starts_with(folder) => {
                CaseError::Sqlite { path: output, source }
            }
            CaseError::Damaged { path, reason } if path.starts_with(folder) => {
                CaseError::Damaged { path: output, reason }
            }
            other => other,
        }
    }

    /// Returns what to do about the error.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            CaseError::Missing(path) => {
                format!("`trailq --db {} import PATH...` creates one from trail files", path.display())
            }
            CaseError::Importing { path, .. } => {
                format!("wait until it is done; `trailq --db {} info` shows the progress", path.display())
            }
            CaseError::Interrupted { path, .. } => {
                format!("run the same import again, or give it up by removing the folder {}.import", path.display())
            }
            CaseError::NotACase { .. } => {
                "name a case with --db, or import trail files with `trailq import`".to_owned()
            }
            CaseError::Newer { .. } => "open it with the trailq that made it, or a newer one".to_owned(),
            CaseError::Foreign { path, remedy: Some(remedy), .. } => {
                format!("`sqlite3 {} '{remedy}'` removes it, if its origin is known", path.display())
            }
            CaseError::Foreign { .. } => {
                "get a sound copy from its author, or import the trail files into a new case".to_owned()
            }
            CaseError::HotJournal(_) => {
                "copy the case and the -journal file beside it to a writable folder and open it there".to_owned()
            }
            CaseError::RollbackFull(_) => "free some space and try again".to_owned(),
            CaseError::NoFolder(_) => "create it, or choose another place".to_owned(),
            CaseError::NoPermission(_) => "choose another place; a case is named with --db".to_owned(),
            CaseError::TemporaryFull(_) | CaseError::Temporary { .. } => {
                "free some space there, or name another folder with the environment variable TMPDIR".to_owned()
            }
            CaseError::Cancelled => return None,
            CaseError::Busy(_) => "wait until the other process is done".to_owned(),
            CaseError::Exists(path) if path.to_string_lossy().ends_with("-journal") => {
                "it belongs to a file that was being written; choose another name, or remove it".to_owned()
            }
            CaseError::Exists(_) => "choose another name, or replace it with --force".to_owned(),
            CaseError::Redacted(_) => "reindex the original case, and redact it again".to_owned(),
            CaseError::Itself(_) => "choose another name for the snapshot".to_owned(),
            CaseError::WriteAhead(path) => {
                format!("`sqlite3 {} 'PRAGMA journal_mode = DELETE'` turns it into one file", path.display())
            }
            CaseError::Full(_) => {
                "free some space and run the same command again; an import into a case continues where it stopped".to_owned()
            }
            CaseError::Disk { .. } => {
                "check whether the disk is full or the file too large for it; running the same import again completes it"
                    .to_owned()
            }
            CaseError::ReadOnly(_) => "name a case in a folder that can be written with --db".to_owned(),
            CaseError::Damaged { .. } => "get a sound copy, or import the trail files into a new case".to_owned(),
            CaseError::Io { .. } | CaseError::Sqlite { .. } => return None,
        })
    }
}

/// Returns the folder for temporary files, where a folder of trailq's own is in it.
fn temporary_folder(folder: &Path) -> PathBuf {
    let temporary = std::env::temp_dir();
    if folder.starts_with(&temporary) { temporary } else { folder_of(folder).to_owned() }
}

/// Returns the name of the environment variable of the folder for temporary files.
fn temporary_variable() -> &'static str {
    if std::env::var_os("TMPDIR").is_some() { " (TMPDIR)" } else { "" }
}

/// Reports whether the system lets this user write a file or in a folder.
fn may_write(path: &Path) -> bool {
    #[cfg(unix)]
    return rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok();
    #[cfg(not(unix))]
    return fs::metadata(path).is_ok_and(|metadata| !metadata.permissions().readonly());
}

/// Returns the error of a case, or of the journal beside it, that SQLite cannot open.
fn unopened(path: PathBuf, reason: String) -> CaseError {
    let folder = folder_of(&path).to_owned();
    match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::metadata(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => CaseError::NoFolder(folder),
            Ok(_) if !may_write(&folder) => CaseError::NoPermission(folder),
            _ => CaseError::Disk { path, reason },
        },
        Err(source) => CaseError::Io { path, source },
        Ok(_) => match fs::File::open(&path) {
            Err(source) => CaseError::Io { path, source },
            Ok(_) if !may_write(&path) => CaseError::ReadOnly(path),
            Ok(_) if !may_write(&folder) => CaseError::NoPermission(folder),
            Ok(_) => CaseError::Disk { path, reason },
        },
    }
}

/// Returns the error of a case that cannot be written.
fn unwritable(path: PathBuf) -> CaseError {
    let folder = folder_of(&path).to_owned();
    if may_write(&path) && !may_write(&folder) { CaseError::NoPermission(folder) } else { CaseError::ReadOnly(path) }
}

/// Returns the error of a full disk: the one of the case, or the one of SQLite's temporary files.
fn full(path: PathBuf) -> CaseError {
    #[cfg(unix)]
    {
        let sorted = sqlite_temporary_folder();
        let space = |path: &Path| {
            let found = rustix::fs::statvfs(path).ok()?;
            Some((found.f_fsid, found.f_bavail.saturating_mul(found.f_frsize)))
        };
        if let (Some(case), Some(temporary)) = (space(folder_of(&path)), space(&sorted))
            && case.0 != temporary.0
            && temporary.1 < case.1
        {
            return CaseError::TemporaryFull(sorted);
        }
    }
    CaseError::Full(path)
}

/// Returns the folder of SQLite's temporary files, by its own rules.
#[cfg(unix)]
fn sqlite_temporary_folder() -> PathBuf {
    let named = ["SQLITE_TMPDIR", "TMPDIR"].into_iter().filter_map(std::env::var_os).map(PathBuf::from);
    let usual = ["/var/tmp", "/usr/tmp", "/tmp"].into_iter().map(PathBuf::from);
    let usable = |folder: &PathBuf| folder.is_dir() && may_write(folder);
    named.chain(usual).find(usable).unwrap_or_else(|| PathBuf::from("."))
}

/// Reports whether a SQLite file is shorter than it says that it is.
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

/// The error of a statement without a complete answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
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
    Store(#[from] CaseError),
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use super::CaseError;
    use crate::io_message::describe;

    #[test]
    fn errors_have_no_numbers_and_no_temporary_names() {
        for number in 1..134 {
            let told = describe(&io::Error::from_raw_os_error(number));
            assert!(!told.contains("os error") && !told.is_empty(), "{told}");
        }
        let (case, folder) = (Path::new("x.db"), Path::new("/some/tmp/trailq-1/2-abc"));
        let copy = || folder.join("case.db");
        let reason = || "disk I/O error".to_owned();
        for error in [
            CaseError::Full(copy()),
            CaseError::Disk { path: copy(), reason: reason() },
            CaseError::Damaged { path: copy(), reason: reason() },
            CaseError::HotJournal(copy()),
            CaseError::RollbackFull(copy()),
            CaseError::Busy(copy()),
        ] {
            let told = error.of_copy(case, folder).to_string();
            assert!(!told.contains("2-abc"), "{told}");
        }
        let source = io::Error::from_raw_os_error(28);
        let error = CaseError::Io { path: copy(), source }.of_output(Path::new("out.db"), folder);
        assert_eq!(error.to_string(), "no space left to write out.db");
    }
}
