//! The way of messages from workers to the writer, which takes files in their order.
//!
//! Workers run ahead of the writer by a number of messages, whatever files they are of: that bounds memory. The worker
//! of the file that is being written may always send some more, so that the writer goes on however many later files
//! wait.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Receiver, Sender, unbounded};

/// The messages of the file that is being written that may wait in any case.
const RESERVED: usize = 8;

/// The messages that were sent and not taken yet.
pub(crate) struct Backlog {
    state: Mutex<State>,
    changed: Condvar,
    limit: usize,
}

#[derive(Default)]
struct State {
    /// The number of the file that is being written.
    current: u32,
    waiting: usize,
    is_closed: bool,
}

impl Backlog {
    /// Returns a backlog of at most this many messages, beside those of the file that is being written.
    pub(crate) fn new(limit: usize) -> Arc<Backlog> {
        Arc::new(Backlog { state: Mutex::default(), changed: Condvar::new(), limit })
    }

    /// Returns a backlog without a limit.
    pub(crate) fn unlimited() -> Arc<Backlog> {
        Backlog::new(usize::MAX)
    }

    /// Returns the queue of a file. Files are numbered from 0 in the order in which they are written.
    pub(crate) fn queue<M>(self: &Arc<Backlog>, file: u32) -> (Outlet<M>, Inlet<M>) {
        let (sender, receiver) = unbounded();
        let backlog = || Arc::clone(self);
        (Outlet { file, sender, backlog: backlog() }, Inlet { file, receiver, backlog: backlog() })
    }

    /// Returns the writer's hold: once it is dropped, workers that wait are told that the writer has disconnected.
    pub(crate) fn hold(self: &Arc<Backlog>) -> Hold {
        Hold(Arc::clone(self))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The counts are whole whatever a thread did that held the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes a backlog when it is dropped.
pub(crate) struct Hold(Arc<Backlog>);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.state().is_closed = true;
        self.0.changed.notify_all();
    }
}

/// The error of a message that nobody takes: the writer has disconnected.
#[derive(Debug)]
pub(crate) struct Disconnected;

/// The end of a file's queue that its worker has.
pub(crate) struct Outlet<M> {
    file: u32,
    sender: Sender<M>,
    backlog: Arc<Backlog>,
}

impl<M> Outlet<M> {
    /// Sends a message, as soon as there is room for it.
    ///
    /// # Errors
    /// The writer has disconnected.
    pub(crate) fn send(&self, message: M) -> Result<(), Disconnected> {
        let mut state = self.backlog.state();
        while !state.is_closed && !self.has_room(&state) {
            state = self.backlog.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.is_closed {
            return Err(Disconnected);
        }
        state.waiting += 1;
        drop(state);
        self.sender.send(message).map_err(|_| Disconnected)
    }

    fn has_room(&self, state: &State) -> bool {
        state.waiting < self.backlog.limit || state.current == self.file && self.sender.len() < RESERVED
    }
}

/// The end of a file's queue that the writer has.
pub(crate) struct Inlet<M> {
    file: u32,
    receiver: Receiver<M>,
    backlog: Arc<Backlog>,
}

impl<M> Inlet<M> {
    /// Takes the messages of the file, which is the one that is being written from here on, until its worker is done.
    pub(crate) fn messages(&self) -> impl Iterator<Item = M> {
        self.backlog.state().current = self.file;
        self.backlog.changed.notify_all();
        self.receiver.iter().inspect(|_| self.took())
    }

    fn took(&self) {
        let mut state = self.backlog.state();
        state.waiting -= 1;
        // Waking all workers for each message would cost more than a little room that is not used yet.
        let has_room = state.waiting == self.backlog.limit - self.backlog.limit.div_ceil(4);
        drop(state);
        if has_room || self.receiver.len() == RESERVED / 2 {
            self.backlog.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::{Backlog, RESERVED};

    #[test]
    fn messages_come_in_the_order_of_files_and_few_wait() {
        for (limit, workers, files, messages) in [(1, 4, 40, 30), (16, 3, 7, 200), (64, 2, 100, 1), (200, 2, 9, 300)] {
            let backlog = Backlog::new(limit);
            let (next, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let (outlets, inlets): (Vec<_>, Vec<_>) = (0..files).map(|file| backlog.queue(file)).unzip();
            let mut taken = Vec::new();
            thread::scope(|scope| {
                for _ in 0..workers {
                    scope.spawn(|| {
                        while let Some(outlet) = outlets.get(next.fetch_add(1, Ordering::SeqCst)) {
                            for message in (0..messages).map(Some).chain([None]) {
                                outlet.send(message).unwrap();
                                most.fetch_max(backlog.state().waiting, Ordering::SeqCst);
                            }
                        }
                    });
                }
                for inlet in &inlets {
                    taken.push(inlet.messages().map_while(|message| message).collect::<Vec<u32>>());
                }
            });
            assert_eq!(taken, vec![(0..messages).collect::<Vec<_>>(); files as usize]);
            // One more counts for a moment: it was taken.
            assert!(most.into_inner() <= limit + RESERVED + 1);
            assert_eq!(backlog.state().waiting, 0);
        }
    }

    #[test]
    fn a_worker_that_waits_is_told_that_the_writer_has_disconnected() {
        let backlog = Backlog::new(1);
        let hold = backlog.hold();
        let (outlet, _inlet) = backlog.queue(1);
        thread::scope(|scope| {
            let sending = scope.spawn(|| (0..3).map(|message| outlet.send(message).is_ok()).collect::<Vec<_>>());
            while backlog.state().waiting == 0 {
                thread::yield_now();
            }
            drop(hold);
            assert_eq!(sending.join().unwrap(), [true, false, false]);
        });
    }
}
