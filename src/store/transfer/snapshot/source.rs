//! A case that is held still while a snapshot of it is made.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::activity;
use crate::store::error::CaseError;
use crate::store::lock_wait::{Need, Silent, Wait, until_free};
use crate::store::private_folder::PrivateFolder;
use crate::store::rollup::attribute_values::EVENT_COUNT;
use crate::store::schema::{expected, version};
use crate::store::transfer::snapshot::new_file::open_new;
use crate::store::{case_path, case_state, hardening, open, ready, recovery};

/// A case locked in one state: while it lives, others can read the case and not change it.
pub struct Source {
    named: PathBuf,
    /// The schema version of the case itself.
    pub(crate) schema: i64,
    lock: CaseLock,
    /// The copy that is held, where the case is older or in the middle of an import: it was brought up to date.
    copy: Option<(PathBuf, PrivateFolder)>,
}

/// A lock on a file, which keeps others from writing it.
struct CaseLock {
    connection: Connection,
    /// Closing any handle of a file ends all locks of the process on it: these are opened before the lock is taken, and
    /// closed after. Two, for two who read at once.
    files: [File; 2],
}

impl Source {
    /// Holds a case that no other process is expected to write to. `folder`: where a copy may be made.
    ///
    /// # Errors
    /// The case is missing, not a case, of a newer schema, damaged, or cannot be read.
    pub fn hold(path: &Path, folder: &Path, _: &mut dyn FnMut()) -> Result<Source, CaseError> {
        Source::hold_after(path, folder, &Silent)
    }

    /// Holds a case. Where another process is writing, that it has come to a state that can be read is waited for.
    ///
    /// # Errors
    /// As for [`Source::hold`]; also a cancellation.
    pub fn hold_after(path: &Path, folder: &Path, wait: &dyn Wait) -> Result<Source, CaseError> {
        case_path::check_file(path)?;
        let lock = match CaseLock::take(path, wait) {
            Err(CaseError::HotJournal(_)) => return Source::hold_interrupted(path, folder, wait),
            other => other?,
        };
        let schema = version::of(&lock.connection, path)?;
        if schema == 0 {
            return Err(CaseError::NotACase { path: path.to_owned(), reason: "it is empty".to_owned() });
        }
        expected::require_own(&lock.connection, path, schema)?;
        let finished = case_state::is_finished(&lock.connection).map_err(|error| CaseError::of(path, error))?;
        let named = path.to_owned();
        if finished && schema == version::NEWEST {
            return Ok(Source { named, schema, lock, copy: None });
        }
        let _step = activity::step("copying the case");
        let (copy, private) = Source::copy(folder, |to| copy_file(&lock.files[0], to, &|| wait.is_cancelled()))?;
        drop(lock);
        Source::of_copy(named, schema, finished, copy, private)
    }

    /// Holds a copy of a case in which an interrupted transaction cannot be rolled back.
    fn hold_interrupted(path: &Path, folder: &Path, wait: &dyn Wait) -> Result<Source, CaseError> {
        let (copy, private) = Source::copy(folder, |_| Ok(()))?;
        recovery::copy_with_journal(path, &copy).map_err(|error| error.of_copy(path, private.path()))?;
        let lock = CaseLock::take(&copy, wait)?;
        let schema = version::of(&lock.connection, path)?;
        expected::require_own(&lock.connection, path, schema)?;
        let finished = case_state::is_finished(&lock.connection).map_err(|error| CaseError::of(path, error))?;
        drop(lock);
        Source::of_copy(path.to_owned(), schema, finished, copy, private)
    }

    /// Makes a file in a private folder, where what is to become of it is not told by its name.
    fn copy(folder: &Path, write: impl FnOnce(&File) -> io::Result<()>) -> Result<(PathBuf, PrivateFolder), CaseError> {
        let made = || -> io::Result<(PathBuf, PrivateFolder)> {
            let private = PrivateFolder::beside(folder)?;
            let (path, file) = private.create("case.db")?;
            write(&file)?;
            Ok((path, private))
        };
        made().map_err(|source| CaseError::of_folder(folder, source))
    }

    fn of_copy(
        named: PathBuf,
        schema: i64,
        finished: bool,
        copy: PathBuf,
        private: PrivateFolder,
    ) -> Result<Source, CaseError> {
        bring_up_to_date(&copy, schema, finished).map_err(|error| error.of_copy(&named, private.path()))?;
        let lock = CaseLock::take(&copy, &Silent)?;
        Ok(Source { named, schema, lock, copy: Some((copy, private)) })
    }

    /// Returns the case, as it was named.
    pub(crate) fn named(&self) -> &Path {
        &self.named
    }

    /// Returns the file to read: the case, or the copy of it.
    pub fn path(&self) -> &Path {
        self.copy.as_ref().map_or(&self.named, |(copy, _)| copy)
    }

    /// Returns the name of the case, without its folder.
    pub(crate) fn name(&self) -> String {
        self.named.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Returns the number of its events.
    pub(crate) fn events(&self) -> Result<u64, CaseError> {
        let connection = open::open_read_only(self.path())?;
        let events = connection.query_row(EVENT_COUNT, [], |row| row.get::<_, Option<u64>>(0));
        events.map(Option::unwrap_or_default).map_err(|error| CaseError::of(&self.named, error))
    }

    /// Returns the file to read, open twice.
    pub(crate) fn files(&self) -> &[File; 2] {
        &self.lock.files
    }

    /// Returns the connection that holds the case.
    pub(crate) fn connection(&self) -> &Connection {
        &self.lock.connection
    }
}

/// Migrates a copy, and finishes the import that it was copied from.
fn bring_up_to_date(copy: &Path, schema: i64, finished: bool) -> Result<(), CaseError> {
    if finished {
        open::close(open::open_for_import(copy)?, copy)?;
    } else {
        ready::finish(copy)?;
    }
    if schema >= PROVENANCE {
        return Ok(());
    }
    // The case has no id: the id that the copy got belongs to no file.
    let forgotten = open_new(copy).and_then(|connection| {
        connection.execute_batch("DELETE FROM provenance")?;
        connection.close().map_err(|(_, error)| error)
    });
    forgotten.map_err(|error| CaseError::of(copy, error))
}

/// The schema version from which on a case has provenance.
const PROVENANCE: i64 = 4;

impl CaseLock {
    fn take(path: &Path, wait: &dyn Wait) -> Result<CaseLock, CaseError> {
        let open = || File::open(path).map_err(|source| CaseError::Io { path: path.to_owned(), source });
        let files = [open()?, open()?];
        let bytes = files[0].metadata().map_or(0, |metadata| metadata.len());
        let (connection, mode) = until_free(path, wait, Need::Read, || {
            let mut connection = open::open_read_only_now(path)?;
            hardening::bound_work(&mut connection, bytes).map_err(|error| CaseError::of(path, error))?;
            let lock = || -> rusqlite::Result<String> {
                connection.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")?;
                connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))
            };
            let mode = lock().map_err(|error| match recovery::is_interrupted(&error) {
                // A writer was killed since: the next attempt rolls that back.
                true => CaseError::Busy(path.to_owned()),
                false => CaseError::of(path, error),
            })?;
            if version::of(&connection, path)? == version::NEWEST {
                case_state::check_begun(&connection, path)?;
            }
            Ok((connection, mode))
        })?;
        if mode == "wal" {
            // Committed changes are then in a file beside the case.
            return Err(CaseError::WriteAhead(path.to_owned()));
        }
        Ok(CaseLock { connection, files })
    }
}

/// Bytes that are copied at once; after them a cancellation is heard.
const COPIED_BYTES: u64 = 16 << 20;

/// Copies a file that no process writes to.
pub(crate) fn copy_file(from: &File, mut to: &File, is_cancelled: &dyn Fn() -> bool) -> io::Result<()> {
    let length = from.metadata()?.len();
    let mut copied = 0;
    loop {
        let more = io::copy(&mut from.take(COPIED_BYTES), &mut to)?;
        copied += more;
        if more == 0 {
            break;
        }
        check(is_cancelled)?;
    }
    if copied == length { Ok(()) } else { Err(io::Error::other("the file changed while it was copied")) }
}

/// Ends what is cancelled.
pub(crate) fn check(is_cancelled: &dyn Fn() -> bool) -> io::Result<()> {
    if is_cancelled() { Err(io::Error::other("cancelled")) } else { Ok(()) }
}
