//! Cases for requests: opened once a thread, and used again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use tokio::task;
use tokio::time::{Instant, timeout_at};

use super::limits;
use crate::store::{Case, Error};

/// Why a request was not put to the case.
pub(super) enum Refusal {
    /// Too many wait already.
    Crowded,
    /// It took too long.
    Late,
    /// The case could not be opened once more, or the answering thread broke.
    Broken(String),
}

/// See the module.
pub(super) struct Pool {
    /// Never asked; new ones are made from it.
    first: Mutex<Case>,
    idle: Mutex<Vec<Case>>,
    threads: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Pool {
    pub(super) fn new(case: &Case) -> Result<Pool, Error> {
        Ok(Pool {
            first: Mutex::new(case.another()?),
            idle: Mutex::default(),
            threads: Arc::new(Semaphore::new(limits::threads())),
            waiting: AtomicUsize::new(0),
        })
    }

    fn take(&self) -> Result<Case, Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(case) => Ok(case),
            None => self.first.lock().unwrap_or_else(PoisonError::into_inner).another(),
        }
    }

    fn give_back(&self, case: Case) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(case);
    }

    /// Lets a thread ask the case. What is not awaited any more is interrupted.
    pub(super) async fn ask<T: Send + 'static>(
        self: &Arc<Pool>,
        question: impl FnOnce(&Case) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let until = Instant::now() + limits::ANSWER_TIME;
        let permit = {
            let queue = Place::take(&self.waiting).ok_or(Refusal::Crowded)?;
            let permit = timeout_at(until, Arc::clone(&self.threads).acquire_owned()).await;
            drop(queue);
            permit.map_err(|_| Refusal::Late)?.map_err(|closed| Refusal::Broken(closed.to_string()))?
        };
        let case = self.take().map_err(|error| Refusal::Broken(error.to_string()))?;
        let running = Running::new(case.interrupt());
        let ended = Arc::clone(&running.ended);
        let pool = Arc::clone(self);
        let answer = task::spawn_blocking(move || {
            let answer = question(&case);
            *ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
            pool.give_back(case);
            drop(permit);
            answer
        });
        match timeout_at(until, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(broken)) => Err(Refusal::Broken(broken.to_string())),
            Err(_) => Err(Refusal::Late),
        }
    }
}

/// A place among those that wait.
struct Place<'p>(&'p AtomicUsize);

impl Place<'_> {
    fn take(waiting: &AtomicUsize) -> Option<Place<'_>> {
        let place = Place(waiting);
        let before = waiting.fetch_add(1, Ordering::SeqCst);
        (before < limits::WAITING).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A question that is being answered. Dropped before that has ended, it interrupts the statement.
struct Running<I: Fn()> {
    interrupt: I,
    /// Set before another question can be put to the same case, so that an interrupt never meets that one.
    ended: Arc<Mutex<bool>>,
}

impl<I: Fn()> Running<I> {
    fn new(interrupt: I) -> Running<I> {
        Running { interrupt, ended: Arc::default() }
    }
}

impl<I: Fn()> Drop for Running<I> {
    fn drop(&mut self) {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if !*ended {
            (self.interrupt)();
        }
    }
}
