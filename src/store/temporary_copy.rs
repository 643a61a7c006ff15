//! A temporary copy that is read instead of a case: where the case is older, cannot be written, or is in the middle of an
//! import. The copy is migrated and finished; the case is left as it is.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::activity;
use crate::store::error::CaseError;
use crate::store::lock_wait::Wait;
use crate::store::private_folder::PrivateFolder;
use crate::store::recovery::Stamp;
use crate::store::rollup::attribute_values::EVENT_COUNT;
use crate::store::schema::version;
use crate::store::{case_state, open, recovery};

/// The name of a copy in its folder.
const NAME: &str = "case.db";
/// Pages that are copied at once; after them a cancellation is heard.
const PAGES: i32 = 4_096;
/// A copy of a state that an import has gone on from is made anew when it is older than this,
const MIN_AGE: Duration = Duration::from_secs(2);
/// and older than this many times the time it took to make.
const MIN_AGE_RATIO: u32 = 10;

/// A copy of more bytes may take longer than a second.
const LARGE_BYTES: u64 = 64 << 20;

/// The reason why a copy is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// An earlier trailq made the case.
    Older,
    /// The case is unfinished or interrupted, and cannot be written.
    Unwritable,
    /// An import is writing.
    Importing,
}

/// A copy of a case, removed when dropped.
#[derive(Debug)]
pub(crate) struct TemporaryCopy {
    file: PathBuf,
    reason: Reason,
    /// The state of the case when it was copied.
    stamp: Option<Stamp>,
    made: Instant,
    took: Duration,
    events: u64,
    _folder: PrivateFolder,
}

impl TemporaryCopy {
    /// Copies a case and brings the copy up to date.
    ///
    /// # Errors
    /// There is no space for it, the case cannot be read, another process holds it, or it is cancelled.
    pub(crate) fn of(path: &Path, reason: Reason, wait: &dyn Wait) -> Result<TemporaryCopy, CaseError> {
        let started = Instant::now();
        let folder = PrivateFolder::new()?;
        let at = folder.path().to_owned();
        let blame = |error: CaseError| error.of_copy(path, &at);
        let (file, _) = folder.create(NAME).map_err(|source| CaseError::of_temporary(folder.path(), source))?;
        let stamp = Stamp::of(path);
        if reason == Reason::Importing && std::fs::metadata(path).is_ok_and(|metadata| metadata.len() > LARGE_BYTES) {
            wait.copies(path);
        }
        match copy_pages(path, &file, wait) {
            Err(CaseError::HotJournal(_)) => recovery::copy_with_journal(path, &file).map_err(blame)?,
            done => done.map_err(blame)?,
        }
        let events = finish(&file).map_err(blame)?;
        let took = started.elapsed();
        Ok(TemporaryCopy { file, reason, stamp, made: Instant::now(), took, events, _folder: folder })
    }

    /// Creates an empty case.
    pub(crate) fn empty() -> Result<TemporaryCopy, CaseError> {
        let folder = PrivateFolder::new()?;
        let (file, _) = folder.create(NAME).map_err(|source| CaseError::of_temporary(folder.path(), source))?;
        open::close(open::open_for_import(&file)?, &file)?;
        let made = Instant::now();
        Ok(TemporaryCopy {
            file,
            reason: Reason::Older,
            stamp: None,
            made,
            took: Duration::ZERO,
            events: 0,
            _folder: folder,
        })
    }

    /// Returns the path of the copy.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Returns the number of events and the age of the copy, if it is of a state that a running import continues from.
    pub(crate) fn in_passing(&self) -> Option<(u64, Duration)> {
        (self.reason == Reason::Importing).then(|| (self.events, self.made.elapsed()))
    }

    /// Reports whether the copy is to be read on: the case is as it was, or an import goes on in it and a new copy so
    /// soon would cost too much.
    pub(crate) fn is_current(&self, case: &Path) -> bool {
        let Some(stamp) = self.stamp else { return true };
        if Stamp::of(case) == Some(stamp) && self.reason != Reason::Importing {
            return true;
        }
        let young = self.made.elapsed() < (self.took * MIN_AGE_RATIO).max(MIN_AGE);
        self.reason == Reason::Importing && young && !case_state::is_ready(case)
    }
}

/// Copies the last committed state through SQLite, which holds it still meanwhile.
fn copy_pages(path: &Path, to: &Path, wait: &dyn Wait) -> Result<(), CaseError> {
    let from = open::open_read_only_now(path)?;
    recovery::recovered(path, || from.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema"))?;
    let of_copy = |error| CaseError::of(to, error);
    let mut to = Connection::open(to).map_err(of_copy)?;
    to.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF").map_err(of_copy)?;
    let backup = Backup::new(&from, &mut to).map_err(of_copy)?;
    let step = activity::step("copying the case");
    loop {
        match backup.step(PAGES).map_err(of_copy)? {
            StepResult::Done => break,
            StepResult::More => {}
            _ => thread::sleep(Duration::from_millis(1)),
        }
        let pages = backup.progress();
        step.update(|step| {
            step.total = u64::try_from(pages.pagecount).unwrap_or_default();
            step.done = step.total.saturating_sub(u64::try_from(pages.remaining).unwrap_or_default());
        });
        if wait.is_cancelled() {
            return Err(CaseError::Cancelled);
        }
    }
    drop(backup);
    to.close().map_err(|(_, error)| of_copy(error))
}

/// Migrates a copy and finishes the import that it was copied from. Returns its events.
fn finish(copy: &Path) -> Result<u64, CaseError> {
    let state = case_state::state(copy)?;
    if state != case_state::State::Ready {
        let connection = open::open_for_import(copy)?;
        // A copy that is not whole after a crash is thrown away.
        connection.execute_batch("PRAGMA synchronous = OFF").map_err(|error| CaseError::of(copy, error))?;
        let finished = case_state::is_finished(&connection).map_err(|error| CaseError::of(copy, error))?;
        if !finished || state == (case_state::State::Older { is_finished: false }) {
            crate::store::write::resume::finish_interrupted(&connection, copy)?;
        }
        open::close(connection, copy)?;
    }
    let connection = open::open_read_only(copy)?;
    debug_assert!(version::of(&connection, copy).is_ok_and(|version| version == version::NEWEST));
    let events = connection.query_row(EVENT_COUNT, [], |row| row.get::<_, Option<u64>>(0));
    events.map(Option::unwrap_or_default).map_err(|error| CaseError::of(copy, error))
}
