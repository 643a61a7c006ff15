//! A case that is held still while a snapshot of it is made.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};
use tempfile::TempPath;

use crate::store::error::Error;
use crate::store::values::EVENTS;
use crate::store::{expected_schema, hardening, migrate, open};

/// How long another process that writes is waited for before it is said so, and how long after.
const FIRST: Duration = Duration::from_secs(1);
const THEN: Duration = Duration::from_secs(1_200);
/// How long between two tries: an import lets others in for a moment only.
const PAUSE: Duration = Duration::from_millis(2);

/// A case in one state. As long as it lives nobody can change what is read; questions are not kept off.
pub struct Source {
    named: PathBuf,
    /// The schema of the case as it lies there.
    pub(super) schema: i64,
    hold: Hold,
    /// The copy that is held, where the case is older or in the middle of an import: it was brought up to date.
    copy: Option<TempPath>,
}

/// A lock on a file, which keeps others from writing it.
struct Hold {
    connection: Connection,
    /// Closing any handle of a file ends all locks of the process on it: these are opened before the lock is taken, and
    /// closed after. Two, for two who read at once.
    files: [File; 2],
}

impl Source {
    /// Holds a case. Where another process is writing, that it has come to a state that can be read is waited for;
    /// `waiting` is called once before. `folder`: where a copy may be made.
    ///
    /// # Errors
    /// The case is missing, no case, of a newer schema, damaged, or cannot be read.
    pub fn hold(path: &Path, folder: &Path, waiting: &mut dyn FnMut()) -> Result<Source, Error> {
        open::check_file(path)?;
        let hold = match Hold::take(path, FIRST) {
            Err(Error::Busy(_)) => {
                waiting();
                Hold::take(path, THEN)?
            }
            other => other?,
        };
        let schema = migrate::version(&hold.connection, path)?;
        if schema == 0 {
            return Err(Error::NotACase { path: path.to_owned(), reason: "it is empty".to_owned() });
        }
        expected_schema::require_own(&hold.connection, path, schema)?;
        let finished = open::is_finished(&hold.connection).map_err(|error| Error::of(path, error))?;
        let named = path.to_owned();
        if finished && schema == migrate::NEWEST {
            return Ok(Source { named, schema, hold, copy: None });
        }
        let io_error = |source: io::Error| Error::Io { path: folder.to_owned(), source };
        let copy = tempfile::Builder::new().prefix(".trailq-").suffix(".part").tempfile_in(folder).map_err(io_error)?;
        copy_file(&hold.files[0], copy.as_file()).map_err(|source| Error::Io { path: named.clone(), source })?;
        drop(hold);
        let copy = copy.into_temp_path();
        bring_up_to_date(&copy, schema, finished)?;
        let hold = Hold::take(&copy, FIRST)?;
        Ok(Source { named, schema, hold, copy: Some(copy) })
    }

    /// The case, as it was named.
    pub(super) fn named(&self) -> &Path {
        &self.named
    }

    /// The file to read: the case, or the copy of it.
    pub fn path(&self) -> &Path {
        self.copy.as_deref().unwrap_or(&self.named)
    }

    /// The name of the case, without its folder.
    pub(super) fn name(&self) -> String {
        self.named.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// How many events there are.
    pub(super) fn events(&self) -> Result<u64, Error> {
        let connection = open::open_read_only(self.path())?;
        let events = connection.query_row(EVENTS, [], |row| row.get::<_, Option<u64>>(0));
        events.map(Option::unwrap_or_default).map_err(|error| Error::of(&self.named, error))
    }

    /// The file to read, open twice.
    pub(super) fn files(&self) -> &[File; 2] {
        &self.hold.files
    }

    /// What holds the case.
    pub(super) fn connection(&self) -> &Connection {
        &self.hold.connection
    }
}

/// Migrates a copy, and finishes the import that it was copied from.
fn bring_up_to_date(copy: &Path, schema: i64, finished: bool) -> Result<(), Error> {
    if finished {
        open::close(open::open_for_import(copy)?, copy)?;
    } else {
        open::finish(copy)?;
    }
    if schema >= PROVENANCE {
        return Ok(());
    }
    // The case has no id: the one that the copy got is nobody's.
    let forgotten = super::open_new(copy).and_then(|connection| {
        connection.execute_batch("DELETE FROM provenance")?;
        connection.close().map_err(|(_, error)| error)
    });
    forgotten.map_err(|error| Error::of(copy, error))
}

/// The schema from which a case tells where it comes from.
const PROVENANCE: i64 = 4;

impl Hold {
    fn take(path: &Path, patience: Duration) -> Result<Hold, Error> {
        let open = || File::open(path).map_err(|source| Error::Io { path: path.to_owned(), source });
        let files = [open()?, open()?];
        let mut connection = open::open_read_only(path)?;
        let bytes = files[0].metadata().map_or(0, |metadata| metadata.len());
        hardening::bound_work(&mut connection, bytes).map_err(|error| Error::of(path, error))?;
        let lock = || -> rusqlite::Result<String> {
            connection.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")?;
            connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))
        };
        connection.busy_timeout(Duration::ZERO).map_err(|error| Error::of(path, error))?;
        let (started, mut rolled_back) = (Instant::now(), false);
        let mode = loop {
            let error = match lock() {
                Ok(mode) => break mode,
                Err(error) => error,
            };
            // The transaction may have begun without its lock.
            let _ = connection.execute_batch("ROLLBACK");
            if is_busy(&error) && started.elapsed() < patience {
                thread::sleep(PAUSE);
            } else if !is_busy(&error) && !rolled_back {
                // A connection that only reads cannot roll back what a killed import left.
                open::roll_back_journal(path, patience)?;
                rolled_back = true;
            } else {
                return Err(Error::of(path, error));
            }
        };
        if mode == "wal" {
            // What is committed then stands beside the file.
            return Err(Error::WriteAhead(path.to_owned()));
        }
        Ok(Hold { connection, files })
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// Copies a file that nobody writes to.
pub(super) fn copy_file(mut from: &File, mut to: &File) -> io::Result<()> {
    let length = from.metadata()?.len();
    let copied = io::copy(&mut from, &mut to)?;
    if copied == length { Ok(()) } else { Err(io::Error::other("the file changed while it was copied")) }
}
