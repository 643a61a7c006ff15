//! Bringing a case into a state in which it can be read or written: in place, or in a temporary copy.

use std::path::Path;

use crate::store::case_state::{State, state};
use crate::store::error::CaseError;
use crate::store::lock_wait::{Impatient, Need, Silent, Wait, until_free};
use crate::store::open::{close, open_for_import_after};
use crate::store::private_folder;
use crate::store::temporary_copy::{Reason, TemporaryCopy};
use crate::store::write::resume::finish_interrupted;

/// Makes a case readable: rolls back what a killed import left, and finishes what it began. If the case cannot be
/// written, or an import is running, that is done to a copy, which is returned.
///
/// # Errors
/// [`CaseError::Busy`] if another process has to finish first.
pub(crate) fn make_ready(path: &Path, wait: &dyn Wait) -> Result<Option<TemporaryCopy>, CaseError> {
    let copied = |reason| TemporaryCopy::of(path, reason, wait).map(Some);
    match state(path) {
        Ok(State::Ready) => Ok(None),
        // A reader leaves an older case as it is.
        Ok(State::Older { .. }) => copied(Reason::Older),
        Err(CaseError::HotJournal(_)) => copied(Reason::Unwritable),
        Err(error) => Err(error),
        Ok(State::Unfinished) => match finish_after(path, &Impatient) {
            Ok(()) => Ok(None),
            Err(error @ CaseError::Damaged { .. }) => Err(error),
            // Without space for a copy, the reader waits for the end of the import.
            Err(busy @ CaseError::Busy(_)) => match copied(Reason::Importing) {
                Err(CaseError::TemporaryFull(_)) => Err(busy),
                done => done,
            },
            Err(CaseError::Full(full)) => copied(Reason::Unwritable).map_err(|error| match error {
                CaseError::TemporaryFull(_) => CaseError::RollbackFull(full),
                other => other,
            }),
            Err(_) => copied(Reason::Unwritable),
        },
    }
}

/// Brings a case itself up to date before it is written to. Returns true if its schema was older.
pub(crate) fn make_writable(path: &Path, wait: &dyn Wait) -> Result<bool, CaseError> {
    private_folder::sweep_temporary();
    until_free(path, wait, Need::Write, || {
        let state = state(path)?;
        match state {
            State::Ready => {}
            // Opening it for an import migrates it.
            State::Older { is_finished: true } => close(open_for_import_after(path, &Impatient)?, path)?,
            State::Older { is_finished: false } | State::Unfinished => finish_after(path, &Impatient)?,
        }
        Ok(matches!(state, State::Older { .. }))
    })
}

/// Finishes what an interrupted import began: indexes, counts, and the mark that the import is complete.
pub(crate) fn finish(path: &Path) -> Result<(), CaseError> {
    finish_after(path, &Silent)
}

fn finish_after(path: &Path, wait: &dyn Wait) -> Result<(), CaseError> {
    let connection = open_for_import_after(path, wait)?;
    // Another process may have finished it meanwhile.
    finish_interrupted(&connection, path)?;
    close(connection, path)
}
