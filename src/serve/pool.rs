//! Cases for requests: opened once a thread, and used again.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task;
use tokio::time::{Instant, timeout_at};

use super::limits;
use crate::store::{Case, Error, Need, Wait};

/// Why a request was not put to the case.
pub(super) enum Refusal {
    /// Too many wait already.
    QueueFull,
    /// It took too long.
    TimedOut,
    /// Another process writes to the case and does not let it be read.
    Busy(String),
    /// The case could not be opened once more, or the answering thread broke.
    Broken(String),
}

/// See the module.
pub(super) struct Pool {
    /// Never asked; new ones are made from it.
    first: Mutex<Case>,
    idle: Mutex<Vec<Case>>,
    threads: Arc<Semaphore>,
    queued: AtomicUsize,
}

impl Pool {
    pub(super) fn new(case: &Case) -> Result<Pool, Error> {
        Ok(Pool {
            first: Mutex::new(case.another()?),
            idle: Mutex::default(),
            threads: Arc::new(Semaphore::new(limits::threads())),
            queued: AtomicUsize::new(0),
        })
    }

    /// A case that can be asked as it is. Where an import has begun or was killed since it was opened, it is opened
    /// again: by one thread, while the others wait for it.
    fn take(&self, abandoned: &AtomicBool) -> Result<Case, Error> {
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

    /// Lets a thread ask the case. What is not awaited any more is interrupted.
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
                    return Err(Error::Cancelled);
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
            Ok(Ok(Err(error @ Error::Busy(_)))) => Err(Refusal::Busy(error.to_string())),
            Ok(Ok(Err(error))) => Err(Refusal::Broken(error.to_string())),
            Ok(Err(broken)) => Err(Refusal::Broken(broken.to_string())),
            Err(_) => Err(Refusal::TimedOut),
        }
    }
}

/// What a lock guards. A panic elsewhere leaves nothing half-done in it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the waiting for another process when nobody awaits the answer any more.
struct Waiting<'a>(&'a AtomicBool);

impl Wait for Waiting<'_> {
    fn begins(&self, _: &Path, _: Need) {}

    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    fn limit(&self) -> Duration {
        limits::ANSWER_TIMEOUT
    }
}

/// A place among those that wait.
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

/// A question that is being answered. Dropped before that has ended, it interrupts the statement.
#[derive(Default)]
struct Running {
    shared: Arc<Shared>,
}

/// What a question shares with the thread that answers it.
#[derive(Default)]
struct Shared {
    abandoned: AtomicBool,
    /// Taken away before another question can be put to the same case, so that an interrupt never meets that one.
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
