//! Cancels the running statement from a signal handler.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A function that cancels a running statement.
type Cancel = Box<dyn Fn() + Send + Sync>;

/// Cancels the running statement, if there is one.
#[derive(Default)]
pub struct Interrupter {
    running: Mutex<Option<Cancel>>,
    cancelled: AtomicBool,
}

impl fmt::Debug for Interrupter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupter").field("is_cancelled", &self.is_cancelled()).finish_non_exhaustive()
    }
}

impl Interrupter {
    /// Cancels the running statement, and marks the input as cancelled.
    pub fn interrupt(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        if let Some(cancel) = &*self.lock() {
            cancel();
        }
    }

    /// Reports whether the current input was cancelled.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }

    /// Forgets an earlier cancellation.
    pub(crate) fn reset(&self) {
        self.cancelled.store(false, Ordering::SeqCst);
    }

    /// Calls `cancel` on an interrupt, until `release`.
    pub(crate) fn hold(&self, cancel: Cancel) {
        *self.lock() = Some(cancel);
    }

    /// Forgets the function given to `hold`.
    pub(crate) fn release(&self) {
        *self.lock() = None;
    }

    /// Locks the function. A poisoned lock is safe to use: it is replaced as a whole.
    fn lock(&self) -> MutexGuard<'_, Option<Cancel>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
