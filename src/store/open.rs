//! Opening a case: for an import, which may change it, and for questions, which cannot.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tempfile::TempPath;

use super::error::Error;
use super::write::Writer;
use super::{expected_schema, hardening, migrate};

/// How long a writer waits for another one.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Opens a case for an import, or makes it. An interrupted transaction is rolled back, an older schema migrated.
pub(crate) fn open_for_import(path: &Path) -> Result<Connection, Error> {
    let io_error = |source: io::Error| Error::Io { path: path.to_owned(), source };
    if path.is_dir() {
        return Err(Error::NotACase { path: path.to_owned(), reason: "it is a folder".to_owned() });
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::metadata(folder).map_err(io_error)?;
    }
    let of = |error| Error::of(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(of)?;
    hardening::harden(&connection).map_err(of)?;
    hardening::watch(&mut connection).map_err(of)?;
    connection.busy_timeout(PATIENCE).map_err(of)?;
    connection.set_prepared_statement_cache_capacity(64);
    // Lists of numbers as parameters, for the writer.
    rusqlite::vtab::array::load_module(&connection).map_err(of)?;
    // Whatever is decided from here on must not be overtaken by another import, or by a question that finds the case
    // unfinished and would finish it: the lock is kept until the case is closed, or eased by `turns`.
    migrate::version(&connection, path)?;
    // In that mode, who waits for the lock keeps its own: it is chosen once the lock is there, or two would wait in vain.
    connection.execute_batch("BEGIN EXCLUSIVE; PRAGMA locking_mode = EXCLUSIVE; COMMIT").map_err(of)?;
    migrate::migrate(&connection, path)?;
    // TRUNCATE spares the file system the journal's name at each commit; `close` takes the journal away. A cache this
    // small makes sorting for an index three times faster than SQLite's default for large ones.
    connection
        .execute_batch(
            "PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192; \
             PRAGMA threads = 2; PRAGMA foreign_keys = OFF;",
        )
        .map_err(of)?;
    Ok(connection)
}

/// Closes a case after writing, so that it is one file.
pub(crate) fn close(connection: Connection, path: &Path) -> Result<(), Error> {
    connection.execute_batch("PRAGMA journal_mode = DELETE").map_err(|error| Error::of(path, error))?;
    connection.close().map_err(|(_, error)| Error::of(path, error))
}

/// Opens a case so that nothing can change it.
pub(crate) fn open_read_only(path: &Path) -> Result<Connection, Error> {
    let of = |error| Error::of(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(of)?;
    hardening::harden(&connection).map_err(of)?;
    connection.busy_timeout(PATIENCE).map_err(of)?;
    connection.set_prepared_statement_cache_capacity(64);
    // A sort fills as much memory as the cache may take before it writes to a temporary file, and hears no interrupt
    // while it puts that in order: 64 MiB took up to 0.8 s, 4 MiB take some 20 ms. Of 11 questions to 1,000,000
    // events ten were as fast or faster, one took a sixth longer.
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -4096").map_err(of)?;
    Ok(connection)
}

/// What a case needs before it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing.
    Ready,
    /// An interrupted import is to be finished.
    Unfinished,
    /// An earlier trailq made it: its schema is to be migrated.
    Older,
}

/// Looks at what a case needs, and rolls back what a killed import left.
fn state(path: &Path) -> Result<State, Error> {
    check_file(path)?;
    roll_back_journal(path, PATIENCE)?;
    let connection = open_read_only(path)?;
    let version = migrate::version(&connection, path)?;
    if version == 0 {
        return Err(Error::NotACase { path: path.to_owned(), reason: "it is empty".to_owned() });
    }
    let state = if version < migrate::NEWEST {
        State::Older
    } else if is_finished(&connection).map_err(|error| Error::of(path, error))? {
        State::Ready
    } else {
        State::Unfinished
    };
    if state != State::Ready {
        // It is going to be written, or a copy of it.
        expected_schema::require_own(&connection, path, version)?;
    }
    Ok(state)
}

/// Brings a case into the state in which questions have answers: rolls back what a killed import left, and finishes
/// what it began. Where the case cannot be written, that is done to a copy, which is given back.
pub(super) fn make_ready(path: &Path) -> Result<Option<TempPath>, Error> {
    match state(path)? {
        State::Ready => return Ok(None),
        // An older case is left as it is by those who only look.
        State::Older => {}
        State::Unfinished => match finish(path) {
            Ok(()) => return Ok(None),
            Err(error @ (Error::Busy(_) | Error::Damaged { .. } | Error::Full(_))) => return Err(error),
            Err(_) => {}
        },
    }
    let copy_error = |source: io::Error| Error::Io { path: path.to_owned(), source };
    let copy =
        tempfile::Builder::new().prefix("trailq-").suffix(".db").tempfile().map_err(copy_error)?.into_temp_path();
    fs::copy(path, &copy).map_err(copy_error)?;
    let mut permissions = fs::metadata(&copy).map_err(copy_error)?.permissions();
    #[allow(clippy::permissions_set_readonly_false, reason = "a temporary file of this user's own")]
    permissions.set_readonly(false);
    fs::set_permissions(&copy, permissions).map_err(copy_error)?;
    finish(&copy)?;
    Ok(Some(copy))
}

/// Brings a case itself up to date, for somebody who is going to write to it; whether its schema was older.
pub(super) fn make_writable(path: &Path) -> Result<bool, Error> {
    let state = state(path)?;
    if state != State::Ready {
        finish(path)?;
    }
    Ok(state == State::Older)
}

/// Whether there is a file at all.
pub(super) fn check_file(path: &Path) -> Result<(), Error> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::Missing(path.to_owned())),
        Err(source) => Err(Error::Io { path: path.to_owned(), source }),
        Ok(metadata) if metadata.is_dir() => {
            Err(Error::NotACase { path: path.to_owned(), reason: "it is a folder".to_owned() })
        }
        Ok(_) => Ok(()),
    }
}

/// Whether every run of import came to its end.
pub(super) fn is_finished(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM imports WHERE finished_at IS NULL)";
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

/// Whether a journal beside the case holds what must be rolled back.
fn has_journal(path: &Path) -> bool {
    let mut journal = path.as_os_str().to_owned();
    journal.push("-journal");
    fs::metadata(&journal).is_ok_and(|metadata| metadata.len() > 0)
}

/// Rolls an interrupted transaction back, which SQLite does when the file is next read by someone who may write it.
pub(super) fn roll_back_journal(path: &Path, patience: Duration) -> Result<(), Error> {
    if !has_journal(path) {
        return Ok(());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let rolled = Connection::open_with_flags(path, flags).and_then(|connection| {
        connection.busy_timeout(patience)?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
    });
    match rolled {
        Ok(()) => Ok(()),
        Err(error) => match Error::of(path, error) {
            error @ (Error::Busy(_) | Error::NotACase { .. } | Error::Damaged { .. } | Error::Full(_)) => Err(error),
            _ => Err(Error::HotJournal(path.to_owned())),
        },
    }
}

/// Finishes what an interrupted import began: indexes, counts, and the mark that the case is whole.
pub(super) fn finish(path: &Path) -> Result<(), Error> {
    let connection = open_for_import(path)?;
    Writer::resume(&connection, path)?.finish()?;
    close(connection, path)
}
