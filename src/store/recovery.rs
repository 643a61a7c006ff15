//! Recovery of what a killed writer left beside a case: every reader rolls it back here.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use crate::store::error::CaseError;
use crate::store::{case_path, hardening};

/// The time to wait for another reader that rolls back the same transaction. Callers that can wait longer try again.
const ROLLBACK_TIMEOUT: Duration = Duration::from_millis(100);
/// The attempts to copy a case that changes while it is copied.
const MAX_COPIES: u32 = 3;

/// Returns the journal beside a case.
pub(crate) fn journal(path: &Path) -> PathBuf {
    let mut journal = path.as_os_str().to_owned();
    journal.push("-journal");
    PathBuf::from(journal)
}

/// Removes the files that SQLite makes beside a case that another program has put into write-ahead mode: a connection
/// that only reads leaves them. Made before the case is opened, dropped after it is closed.
pub(crate) struct WriteAheadFiles(Option<PathBuf>);

impl WriteAheadFiles {
    pub(crate) fn of(path: &Path) -> WriteAheadFiles {
        // What was there before is another program's.
        WriteAheadFiles((!have_write_ahead_files(path)).then(|| path.to_owned()))
    }
}

impl Drop for WriteAheadFiles {
    fn drop(&mut self) {
        let Some(path) = self.0.as_ref().filter(|path| have_write_ahead_files(path)) else { return };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        // The last connection that may write takes them away when it closes. Where none may, they stay.
        if let Ok(connection) = Connection::open_with_flags(case_path::literal(path), flags) {
            let _ = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
        }
    }
}

fn have_write_ahead_files(path: &Path) -> bool {
    ["-wal", "-shm"].iter().any(|suffix| {
        let mut beside = path.as_os_str().to_owned();
        beside.push(suffix);
        fs::symlink_metadata(beside).is_ok()
    })
}

/// Reports whether SQLite refuses to read because an interrupted transaction has to be rolled back first, which a
/// connection that only reads cannot do.
pub(crate) fn is_interrupted(error: &rusqlite::Error) -> bool {
    let rusqlite::Error::SqliteFailure(error, _) = error else { return false };
    matches!(error.extended_code, ffi::SQLITE_READONLY_ROLLBACK | ffi::SQLITE_READONLY_RECOVERY)
}

/// Rolls an interrupted transaction back and removes the journal. A writer that lives is left alone: SQLite takes a
/// journal for interrupted only where no process has the lock for writing, and it is removed only under that lock.
///
/// # Errors
/// [`CaseError::HotJournal`] where that cannot be done here; another process is reading or writing; the file is
/// damaged.
pub(crate) fn roll_back(path: &Path) -> Result<(), CaseError> {
    if fs::symlink_metadata(journal(path)).is_err() {
        return Ok(());
    }
    let rolled = || -> rusqlite::Result<()> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(case_path::literal(path), flags)?;
        hardening::harden(&connection)?;
        connection.busy_timeout(ROLLBACK_TIMEOUT)?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
        if mode == "delete" && connection.is_readonly(rusqlite::MAIN_DB).is_ok_and(|read_only| !read_only) {
            // Leaving this mode removes an empty journal, unless another process has the lock for writing.
            connection.busy_timeout(Duration::ZERO)?;
            connection.execute_batch("PRAGMA journal_mode = TRUNCATE; PRAGMA journal_mode = DELETE")?;
        }
        Ok(())
    };
    match rolled() {
        Ok(()) => Ok(()),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
            Err(CaseError::RollbackFull(path.to_owned()))
        }
        Err(error) => match CaseError::of(path, error) {
            error @ (CaseError::Busy(_) | CaseError::NotACase { .. } | CaseError::Damaged { .. }) => Err(error),
            _ => Err(CaseError::HotJournal(path.to_owned())),
        },
    }
}

/// Asks something of a case, once more where an interrupted transaction was in the way.
pub(crate) fn recovered<T>(path: &Path, mut ask: impl FnMut() -> rusqlite::Result<T>) -> Result<T, CaseError> {
    match ask() {
        Err(error) if is_interrupted(&error) => {
            roll_back(path)?;
            ask().map_err(|error| match is_interrupted(&error) {
                true => CaseError::HotJournal(path.to_owned()),
                false => CaseError::of(path, error),
            })
        }
        done => done.map_err(|error| CaseError::of(path, error)),
    }
}

/// Identifies a state of a file without opening it: closing a file ends the locks that its process has on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    length: u64,
    modified: Option<std::time::SystemTime>,
    file: (u64, u64),
}

impl Stamp {
    pub(crate) fn of(path: &Path) -> Option<Stamp> {
        let metadata = fs::metadata(path).ok()?;
        Some(Stamp { length: metadata.len(), modified: metadata.modified().ok(), file: identity(&metadata) })
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

/// Copies a case with the journal of an interrupted transaction, and rolls that back in the copy.
pub(crate) fn copy_with_journal(path: &Path, to: &Path) -> Result<(), CaseError> {
    let (from, beside) = (journal(path), journal(to));
    for _ in 0..MAX_COPIES {
        let before = [Stamp::of(path), Stamp::of(&from)];
        copy_file(path, to)?;
        copy_file(&from, &beside)?;
        if before == [Stamp::of(path), Stamp::of(&from)] {
            return roll_back(to);
        }
    }
    Err(CaseError::Busy(path.to_owned()))
}

/// Copies the bytes of a file, and not its permissions, to one that only its owner can read.
pub(crate) fn copy_file(from: &Path, to: &Path) -> Result<(), CaseError> {
    let mut source = File::open(from).map_err(|source| CaseError::Io { path: from.to_owned(), source })?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let error = |source| CaseError::of_temporary(to.parent().unwrap_or(to), source);
    let mut target = options.open(to).map_err(error)?;
    io::copy(&mut source, &mut target).map(drop).map_err(error)
}
