//! The state of a case: whether it can be read as it is, or an import, a migration or another process is in the way.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::store::case_path::{check_file, literal, metadata_of, unfinished_import};
use crate::store::error::CaseError;
use crate::store::lock_wait::{Need, Wait, until_free};
use crate::store::open::open_read_only_now;
use crate::store::recovery;
use crate::store::schema::{expected, version};

/// The work that a case needs before it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing.
    Ready,
    /// An interrupted import has to be finished.
    Unfinished,
    /// Its schema is of an earlier trailq and has to be migrated.
    Older {
        /// True if the migration needs no more than new columns.
        is_finished: bool,
    },
}

/// Returns the work that a case needs, after rolling back what a killed import left.
pub(crate) fn state(path: &Path) -> Result<State, CaseError> {
    check_file(path)?;
    // An empty journal is harmless, and is removed here.
    match recovery::roll_back(path) {
        Err(CaseError::Busy(_)) | Ok(()) => {}
        Err(error) => return Err(error),
    }
    let connection = open_read_only_now(path)?;
    let version = version::of(&connection, path)?;
    if version == 0 {
        return Err(CaseError::NotACase { path: path.to_owned(), reason: "it is empty".to_owned() });
    }
    let finished = || is_finished(&connection).map_err(|error| CaseError::of(path, error));
    let state = if version < version::NEWEST {
        State::Older { is_finished: version >= version::SAME_COUNTS_SINCE && finished()? }
    } else if finished()? {
        State::Ready
    } else {
        State::Unfinished
    };
    if state != State::Ready {
        // It is going to be written, or a copy of it.
        expected::require_own(&connection, path, version)?;
    }
    if version == version::NEWEST {
        check_begun(&connection, path)?;
    }
    Ok(state)
}

/// Refuses a case that is being created, which has no import run yet: it may still get events.
pub(crate) fn check_begun(connection: &Connection, path: &Path) -> Result<(), CaseError> {
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM imports) AND NOT EXISTS (SELECT 1 FROM events)";
    let is_empty = connection.query_row(sql, [], |row| row.get(0)).map_err(|error| CaseError::of(path, error))?;
    if is_empty { check_writers(path) } else { Ok(()) }
}

/// Reports [`CaseError::Busy`] if another process writes to a case. Other faults are left for the next step to report.
fn check_writers(path: &Path) -> Result<(), CaseError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let locked = Connection::open_with_flags(literal(path), flags).and_then(|connection| {
        connection.busy_timeout(Duration::ZERO)?;
        connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK")
    });
    match locked.map_err(|error| CaseError::of(path, error)) {
        Err(error @ CaseError::Busy(_)) => Err(error),
        _ => Ok(()),
    }
}

/// Reports [`CaseError::Importing`] if a first import is making the case, or that another user's may be making it, and not
/// what an interrupted one left.
pub(crate) fn check_no_first_import(path: &Path) -> Result<(), CaseError> {
    match unfinished_import(path) {
        None | Some(CaseError::Interrupted { .. }) => Ok(()),
        Some(error) => Err(error),
    }
}

/// Reports whether a case can be read as it is.
pub(crate) fn is_ready(path: &Path) -> bool {
    state(path).is_ok_and(|state| state == State::Ready)
}

/// Waits until no other process writes to a case. Other faults are left for the next step to report.
///
/// # Errors
/// [`CaseError::Busy`] or [`CaseError::Importing`] if the time is over, [`CaseError::Cancelled`].
pub fn wait_for_writers(path: &Path, wait: &dyn Wait) -> Result<(), CaseError> {
    until_free(path, wait, Need::Write, || match metadata_of(path) {
        Ok(Some(_)) => check_writers(path),
        _ => check_no_first_import(path),
    })
}

/// Reports whether every import run has finished.
pub(crate) fn is_finished(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM imports WHERE finished_at IS NULL)";
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}
