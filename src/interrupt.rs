//! Cancels what is running, from a signal handler.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What cancels a running statement.
type Cancel = Box<dyn Fn() + Send + Sync>;

/// Knows what is running, if anything is, and cancels it.
#[derive(Default)]
pub struct Interrupter {
    running: Mutex<Option<Cancel>>,
    cancelled: AtomicBool,
}

impl Interrupter {
    /// Cancels what is running; does nothing where nothing is.
    pub fn interrupt(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        if let Some(cancel) = &*self.lock() {
            cancel();
        }
    }

    /// Reports whether the input under way was cancelled.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }

    /// Forgets an earlier cancellation.
    pub(crate) fn reset(&self) {
        self.cancelled.store(false, Ordering::SeqCst);
    }

    /// Lets `cancel` be called until it is released.
    pub(crate) fn hold(&self, cancel: Box<dyn Fn() + Send + Sync>) {
        *self.lock() = Some(cancel);
    }

    /// Forgets what is running.
    pub(crate) fn release(&self) {
        *self.lock() = None;
    }

    /// What is running. A panic elsewhere leaves nothing half-done in it.
    fn lock(&self) -> MutexGuard<'_, Option<Cancel>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
