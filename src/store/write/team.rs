//! Workers that help each other: one that has nothing left to read makes the batches of the others. Of a single large
//! file a thread can only do the reading.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use crate::store::write::batch::{Assembler, Batch, Gathered};

/// The requests that may wait. With more of them a worker makes its batch itself.
const MAX_WAITING: usize = 4;

/// Events of which another worker is to make a batch, and the way on for it.
struct Request {
    gathered: Gathered,
    batch: Sender<io::Result<Batch>>,
}

/// A worker's place in a team.
pub(crate) struct Member {
    /// `None` once the worker has nothing left to read.
    ask: Option<Sender<Request>>,
    requests: Receiver<Request>,
    /// Buffers of records that were packed.
    buffers: (Sender<Vec<u8>>, Receiver<Vec<u8>>),
    /// The number of workers that help.
    helping: Arc<AtomicUsize>,
}

impl Member {
    /// Returns the place of a worker that nobody helps.
    pub(super) fn alone() -> Member {
        let (_, requests) = bounded(0);
        Member { ask: None, requests, buffers: bounded(0), helping: Arc::default() }
    }

    /// Returns the places of a team.
    pub(super) fn team(size: usize) -> Vec<Member> {
        let (ask, requests) = bounded(MAX_WAITING);
        let (buffers, helping) = (bounded(2 * MAX_WAITING), Arc::default());
        let member = |_| Member {
            ask: Some(ask.clone()),
            requests: requests.clone(),
            buffers: buffers.clone(),
            helping: Arc::clone(&helping),
        };
        (0..size).map(member).collect()
    }

    /// Lets another worker make a batch. Gives the events back if none helps, or those that help have enough to do.
    pub(super) fn hand_over(&self, gathered: Gathered) -> Result<Receiver<io::Result<Batch>>, Gathered> {
        let Some(ask) = self.ask.as_ref().filter(|_| self.helping.load(Ordering::Relaxed) > 0) else {
            return Err(gathered);
        };
        let (batch, made) = bounded(1);
        match ask.try_send(Request { gathered, batch }) {
            Ok(()) => Ok(made),
            Err(TrySendError::Full(request) | TrySendError::Disconnected(request)) => Err(request.gathered),
        }
    }

    /// Returns a buffer for records in the place of one that was handed over.
    pub(super) fn buffer(&self) -> Vec<u8> {
        self.buffers.1.try_recv().unwrap_or_default()
    }

    /// Makes the batches of others, until none of them can ask any more.
    pub(super) fn help(&mut self, assembler: &mut Assembler) {
        if self.ask.take().is_none() {
            return;
        }
        self.helping.fetch_add(1, Ordering::Relaxed);
        for Request { gathered, batch } in &self.requests {
            let (made, buffer) = assembler.assemble(gathered);
            // Where the writer has gone, nobody takes the batch, and without room for the buffer it is not needed.
            let _ = batch.send(made);
            let _ = self.buffers.0.try_send(buffer);
        }
        self.helping.fetch_sub(1, Ordering::Relaxed);
    }
}
