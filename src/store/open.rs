//! Opening a case: for an import, which may change it, and for questions, which cannot.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::io_message::folder_of;
use crate::store::error::Error;
use crate::store::lock_wait::{Impatient, Need, Silent, Wait, until_free};
use crate::store::schema::{expected, migrate};
use crate::store::temporary_copy::{Copied, Reason};
use crate::store::write::resume::finish_interrupted;
use crate::store::{hardening, locking, private_folder, recovery};

/// The longest time that a statement waits for another process.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// The path of a case as SQLite takes it literally: `:memory:`, `file:...` and nothing have a meaning of their own there.
pub(crate) fn literal(path: &Path) -> PathBuf {
    if path.is_absolute() { path.to_owned() } else { Path::new(".").join(path) }
}

/// Refuses names that mean something else than a file to those who know SQLite.
fn check_name(path: &Path) -> Result<(), Error> {
    let name = path.as_os_str();
    let reason = if name.is_empty() {
        "a case has a name"
    } else if name == OsStr::new(":memory:") {
        "a case is a file, and this is SQLite's name for a database in memory"
    } else if name.as_encoded_bytes().starts_with(b"file:") {
        "a case is named by a path, and this is a URI"
    } else {
        return Ok(());
    };
    Err(Error::NotACase { path: path.to_owned(), reason: reason.to_owned() })
}

/// Returns the kind of what is at a path, if it is not a regular file.
fn kind_of(metadata: &fs::Metadata) -> Option<&'static str> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        let kind = metadata.file_type();
        if kind.is_fifo() {
            return Some("it is a pipe");
        }
        if kind.is_block_device() || kind.is_char_device() {
            return Some("it is a device");
        }
        if kind.is_socket() {
            return Some("it is a socket");
        }
    }
    match metadata {
        metadata if metadata.is_dir() => Some("it is a folder"),
        metadata if metadata.is_file() => None,
        _ => Some("it is not a regular file"),
    }
}

/// Looks at the file that a case is or is to become; `None` where there is none.
fn metadata_of(path: &Path) -> Result<Option<fs::Metadata>, Error> {
    check_name(path)?;
    let not_a_case = |reason: &str| Error::NotACase { path: path.to_owned(), reason: reason.to_owned() };
    match fs::metadata(path) {
        Ok(metadata) => match kind_of(&metadata) {
            Some(reason) => Err(not_a_case(reason)),
            None => Ok(Some(metadata)),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
                return Err(not_a_case("a name that ends in / is a folder's"));
            }
            Ok(None)
        }
        Err(source) => Err(Error::Io { path: path.to_owned(), source }),
    }
}

/// Opens a case for an import, or makes it. An interrupted transaction is rolled back, an older schema migrated.
pub(crate) fn open_for_import(path: &Path) -> Result<Connection, Error> {
    open_for_import_after(path, &Silent)
}

/// The same, after other processes that write are done.
pub(crate) fn open_for_import_after(path: &Path, wait: &dyn Wait) -> Result<Connection, Error> {
    if metadata_of(path)?.is_none() {
        let folder = folder_of(path);
        match fs::metadata(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Error::NoFolder(folder.to_owned())),
            Err(source) => return Err(Error::Io { path: path.to_owned(), source }),
            Ok(_) => {}
        }
    }
    until_free(path, wait, Need::Write, || lock_for_import(path))
}

fn lock_for_import(path: &Path) -> Result<Connection, Error> {
    let of = |error| Error::of(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(literal(path), flags).map_err(of)?;
    hardening::harden(&connection).map_err(of)?;
    hardening::watch(&mut connection).map_err(of)?;
    // A process that waits for another import tries again and again, and holds no lock meanwhile that this one needs.
    connection.busy_timeout(Duration::ZERO).map_err(of)?;
    connection.set_prepared_statement_cache_capacity(64);
    // Lists of numbers as parameters, for the writer.
    rusqlite::vtab::array::load_module(&connection).map_err(of)?;
    migrate::version(&connection, path)?;
    // Whatever is decided from here on must not be overtaken by another import, or by a question that finds the case
    // unfinished and would finish it: the lock for writing is kept until the case is closed.
    connection.execute_batch("BEGIN EXCLUSIVE; PRAGMA locking_mode = EXCLUSIVE; COMMIT").map_err(of)?;
    connection.busy_timeout(PATIENCE).map_err(of)?;
    migrate::migrate(&connection, path)?;
    // A cache this small makes sorting for an index three times faster than SQLite's default for large ones.
    connection
        .execute_batch(
            "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192; PRAGMA threads = 2; PRAGMA foreign_keys = OFF;",
        )
        .map_err(of)?;
    locking::let_others_read(&connection).map_err(of)?;
    Ok(connection)
}

/// Closes a case after writing, so that it is one file.
pub(crate) fn close(connection: Connection, path: &Path) -> Result<(), Error> {
    connection.close().map_err(|(_, error)| Error::of(path, error))
}

/// Opens a case so that nothing can change it. What a killed writer left is rolled back first.
pub(crate) fn open_read_only(path: &Path) -> Result<Connection, Error> {
    open_read_only_within(path, PATIENCE)
}

/// The same, without waiting for another process.
pub(crate) fn open_read_only_now(path: &Path) -> Result<Connection, Error> {
    open_read_only_within(path, Duration::ZERO)
}

fn open_read_only_within(path: &Path, patience: Duration) -> Result<Connection, Error> {
    let of = |error| Error::of(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(literal(path), flags).map_err(of)?;
    hardening::harden(&connection).map_err(of)?;
    connection.busy_timeout(patience).map_err(of)?;
    connection.set_prepared_statement_cache_capacity(64);
    // A sort fills as much memory as the cache may take before it writes to a temporary file, and hears no interrupt
    // while it puts that in order: 64 MiB took up to 0.8 s, 4 MiB take some 20 ms. Of 11 questions to 1,000,000
    // events ten were as fast or faster, one took a sixth longer.
    recovery::recovered(path, || connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -4096"))?;
    Ok(connection)
}

/// The work that a case needs before it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing.
    Ready,
    /// An interrupted import is to be finished.
    Unfinished,
    /// An earlier trailq made it: its schema is to be migrated.
    Older,
}

/// Looks at what a case needs, and rolls back what a killed import left.
pub(crate) fn state(path: &Path) -> Result<State, Error> {
    check_file(path)?;
    // A journal that holds nothing is in nobody's way, and goes here.
    match recovery::roll_back(path) {
        Err(Error::Busy(_)) | Ok(()) => {}
        Err(error) => return Err(error),
    }
    let connection = open_read_only_now(path)?;
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
        expected::require_own(&connection, path, version)?;
    }
    if version == migrate::NEWEST {
        check_begun(&connection, path)?;
    }
    Ok(state)
}

/// Refuses a case that is being made: that it has no events yet says nothing. Such a case has no run of import.
pub(crate) fn check_begun(connection: &Connection, path: &Path) -> Result<(), Error> {
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM imports) AND NOT EXISTS (SELECT 1 FROM events)";
    let is_empty = connection.query_row(sql, [], |row| row.get(0)).map_err(|error| Error::of(path, error))?;
    if is_empty { check_writers(path) } else { Ok(()) }
}

/// Reports [`Error::Busy`] where another process writes to a case. Whatever else is wrong with it, the next step says.
fn check_writers(path: &Path) -> Result<(), Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let locked = Connection::open_with_flags(literal(path), flags).and_then(|connection| {
        connection.busy_timeout(Duration::ZERO)?;
        connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK")
    });
    match locked.map_err(|error| Error::of(path, error)) {
        Err(error @ Error::Busy(_)) => Err(error),
        _ => Ok(()),
    }
}

/// Reports whether a case can be asked as it is, by anyone who asks now.
pub(crate) fn is_ready(path: &Path) -> bool {
    state(path).is_ok_and(|state| state == State::Ready)
}

/// Brings a case into the state in which questions have answers: rolls back what a killed import left, and finishes
/// what it began. Where the case cannot be written, or an import is under way, that is done to a copy, which is given.
///
/// # Errors
/// [`Error::Busy`] where another process has to be waited for.
pub(crate) fn make_ready(path: &Path, wait: &dyn Wait) -> Result<Option<Copied>, Error> {
    let copied = |reason| Copied::of(path, reason, wait).map(Some);
    match state(path) {
        Ok(State::Ready) => Ok(None),
        // An older case is left as it is by those who only look.
        Ok(State::Older) => copied(Reason::Older),
        Err(Error::HotJournal(_)) => copied(Reason::Unwritable),
        Err(error) => Err(error),
        Ok(State::Unfinished) => match finish_after(path, &Impatient) {
            Ok(()) => Ok(None),
            Err(error @ Error::Damaged { .. }) => Err(error),
            // Where there is no space for a copy, the import's end is waited for.
            Err(busy @ Error::Busy(_)) => match copied(Reason::Importing) {
                Err(Error::TemporaryFull(_)) => Err(busy),
                done => done,
            },
            Err(Error::Full(full)) => copied(Reason::Unwritable).map_err(|error| match error {
                Error::TemporaryFull(_) => Error::RollbackFull(full),
                other => other,
            }),
            Err(_) => copied(Reason::Unwritable),
        },
    }
}

/// Brings a case itself up to date, for somebody who is going to write to it; whether its schema was older.
pub(crate) fn make_writable(path: &Path, wait: &dyn Wait) -> Result<bool, Error> {
    private_folder::sweep_temporary();
    until_free(path, wait, Need::Write, || {
        let state = state(path)?;
        if state != State::Ready {
            finish_after(path, &Impatient)?;
        }
        Ok(state == State::Older)
    })
}

/// Waits until no other process writes to a case. Whatever else is wrong with it, the next step says.
///
/// # Errors
/// [`Error::Busy`] where the time is over, [`Error::Cancelled`].
pub fn wait_for_writers(path: &Path, wait: &dyn Wait) -> Result<(), Error> {
    until_free(path, wait, Need::Write, || match metadata_of(path) {
        Ok(Some(_)) => check_writers(path),
        _ => Ok(()),
    })
}

/// Reports whether there is a file at all.
pub(crate) fn check_file(path: &Path) -> Result<(), Error> {
    match metadata_of(path)? {
        Some(_) => Ok(()),
        None => Err(Error::Missing(path.to_owned())),
    }
}

/// Reports whether every run of import came to its end.
pub(crate) fn is_finished(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM imports WHERE finished_at IS NULL)";
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

/// Finishes what an interrupted import began: indexes, counts, and the mark that the case is whole.
pub(crate) fn finish(path: &Path) -> Result<(), Error> {
    finish_after(path, &Silent)
}

fn finish_after(path: &Path, wait: &dyn Wait) -> Result<(), Error> {
    let connection = open_for_import_after(path, wait)?;
    // Another process may have finished it meanwhile.
    finish_interrupted(&connection, path)?;
    close(connection, path)
}
