//! A pool of connections to the case: opened once a thread and reused.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task;
use tokio::time::{Instant, timeout_at};

use super::limits;
use crate::store::{Case, CaseError, Need, Wait};

/// The reason that a request has no answer.
pub(super) enum Refusal {
    /// Too many requests are queued.
    QueueFull,
    /// The request was not answered within `ANSWER_TIMEOUT`.
    TimedOut,
    /// Another process writes to the case and blocks readers.
    Busy(String),
    /// The case could not be reopened, or the thread panicked.
    Broken(String),
}

/// A pool of connections to one case.
pub(super) struct Pool {
    /// Runs no statements; the others are opened from it.
    first: Mutex<Case>,
    idle: Mutex<Vec<Case>>,
    threads: Arc<Semaphore>,
    queued: AtomicUsize,
}

impl Pool {
    pub(super) fn new(case: &Case) -> Result<Pool, CaseError> {
        Ok(Pool {
            first: Mutex::new(case.another()?),
            idle: Mutex::default(),
            threads: Arc::new(Semaphore::new(limits::threads())),
            queued: AtomicUsize::new(0),
        })
    }

    /// Returns a connection in a readable state. If an import has begun or was killed since the case was opened, one
    /// thread reopens it while the others wait.
    fn take(&self, abandoned: &AtomicBool) -> Result<Case, CaseError> {
        while let Some(case) = lock(&self.idle).pop() {
            if case.hold() {
                return Ok(case);
            }
        }
        loop {
            let mut first = lock(&self.first);
            if !first.is_current() {
                let path = first.path().to_owned();
                *first = Case::open_after(&path, &Waiting(abandoned))?;
            }
            let case = first.another()?;
            if case.hold() {
                return Ok(case);
            }
        }
    }

    fn give_back(&self, case: Case) {
        case.release();
        lock(&self.idle).push(case);
    }

    /// Runs `question` on a thread with a connection. Dropping the future interrupts the statement.
    pub(super) async fn ask<T: Send + 'static>(
        self: &Arc<Pool>,
        question: impl FnOnce(&Case) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let deadline = Instant::now() + limits::ANSWER_TIMEOUT;
        let thread = {
            let queued = QueuePermit::take(&self.queued).ok_or(Refusal::QueueFull)?;
            let thread = timeout_at(deadline, Arc::clone(&self.threads).acquire_owned()).await;
            drop(queued);
            thread.map_err(|_| Refusal::TimedOut)?.map_err(|closed| Refusal::Broken(closed.to_string()))?
        };
        let running = Running::default();
        let (shared, pool) = (Arc::clone(&running.shared), Arc::clone(self));
        let answer = task::spawn_blocking(move || {
            let answer = pool.take(&shared.abandoned).and_then(|case| {
                *lock(&shared.interrupt) = Some(Box::new(case.interrupt()));
                if shared.abandoned.load(Ordering::SeqCst) {
                    return Err(CaseError::Cancelled);
                }
                let answer = question(&case);
                *lock(&shared.interrupt) = None;
                pool.give_back(case);
                Ok(answer)
            });
            drop(thread);
            answer
        });
        match timeout_at(deadline, answer).await {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(error))) if error.is_busy() => Err(Refusal::Busy(error.to_string())),
            Ok(Ok(Err(error))) => Err(Refusal::Broken(error.to_string())),
            Ok(Err(broken)) => Err(Refusal::Broken(broken.to_string())),
            Err(_) => Err(Refusal::TimedOut),
        }
    }
}

/// Locks a mutex. A poisoned one is safe to use: no update of these values can be interrupted by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Cancels waiting for another process when the request is dropped.
struct Waiting<'a>(&'a AtomicBool);

impl Wait for Waiting<'_> {
    fn begins(&self, _: &Path, _: Need, _: &CaseError) {}

    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    fn limit(&self) -> Duration {
        limits::ANSWER_TIMEOUT
    }
}

/// A permit to wait for a thread, returned when dropped.
struct QueuePermit<'p>(&'p AtomicUsize);

impl QueuePermit<'_> {
    fn take(queued: &AtomicUsize) -> Option<QueuePermit<'_>> {
        let permit = QueuePermit(queued);
        let before = queued.fetch_add(1, Ordering::SeqCst);
        (before < limits::MAX_QUEUED).then_some(permit)
    }
}

impl Drop for QueuePermit<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A running question. Dropped before its end, it interrupts the statement.
#[derive(Default)]
struct Running {
    shared: Arc<Shared>,
}

/// State that a question shares with the thread that answers it.
#[derive(Default)]
struct Shared {
    abandoned: AtomicBool,
    /// Cleared before the connection is reused, so that an interrupt never reaches the next question.
    interrupt: Mutex<Option<Box<dyn Fn() + Send>>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.abandoned.store(true, Ordering::SeqCst);
        if let Some(interrupt) = &*lock(&self.shared.interrupt) {
            interrupt();
        }
    }
}
