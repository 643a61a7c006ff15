//! Waiting for another process that writes to a case.

use std::path::Path;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use crate::store::error::CaseError;

/// The time of waiting after which it is reported.
const NOTICE_AFTER: Duration = Duration::from_secs(1);
/// The longest time of waiting, unless [`LIMIT_VARIABLE`] sets another.
const LIMIT: Duration = Duration::from_secs(1_200);
/// The environment variable with the number of seconds that are waited in all.
const LIMIT_VARIABLE: &str = "TRAILQ_WAIT";
/// The pause between two attempts: an import admits others for a moment only.
const PAUSE: Duration = Duration::from_millis(5);

/// The reason for waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A state that can be read.
    Read,
    /// No other process writes.
    Write,
}

/// Hears that a case is waited for, and may end that.
pub trait Wait {
    /// Another process has been writing for a second.
    ///
    /// `busy`: the error with which the waiting ends if that goes on.
    fn begins(&self, _path: &Path, _need: Need, _busy: &CaseError) {}

    /// An import is writing, and a large copy of what it has committed is made to be read.
    fn copies(&self, _path: &Path) {}

    /// Reports whether it is to end at once.
    fn is_cancelled(&self) -> bool {
        false
    }

    /// Returns the longest time of waiting.
    fn limit(&self) -> Duration {
        limit()
    }
}

/// A [`Wait`] that says nothing.
pub struct Silent;

impl Wait for Silent {}

/// A [`Wait`] that gives up at once.
pub(crate) struct Impatient;

impl Wait for Impatient {
    fn limit(&self) -> Duration {
        Duration::ZERO
    }
}

/// Returns the longest time to wait for another process.
fn limit() -> Duration {
    static CHOSEN: OnceLock<Duration> = OnceLock::new();
    *CHOSEN.get_or_init(|| {
        let seconds = std::env::var(LIMIT_VARIABLE).ok().and_then(|text| text.trim().parse().ok());
        seconds.map_or(LIMIT, Duration::from_secs)
    })
}

/// Tries something until no other process is in the way.
///
/// # Errors
/// The error of the last attempt, [`CaseError::Busy`] or [`CaseError::Importing`] when the time is over, [`CaseError::Cancelled`].
pub(crate) fn until_free<T>(
    path: &Path,
    wait: &dyn Wait,
    need: Need,
    mut attempt: impl FnMut() -> Result<T, CaseError>,
) -> Result<T, CaseError> {
    let started = Instant::now();
    let mut reported = false;
    loop {
        let busy = match attempt() {
            Err(error) if error.is_busy() => error,
            done => return done,
        };
        let waited = started.elapsed();
        if wait.is_cancelled() {
            return Err(CaseError::Cancelled);
        }
        if waited >= wait.limit() {
            return Err(busy);
        }
        if !reported && waited >= NOTICE_AFTER {
            reported = true;
            wait.begins(path, need, &busy);
        }
        thread::sleep(PAUSE);
    }
}
