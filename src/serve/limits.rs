//! Limits on the memory, connections and time that clients can use.

use std::thread;
use std::time::Duration;

/// Maximum size of a request body. The largest valid one has one value of 2,000 characters and a token.
pub(super) const MAX_BODY_BYTES: usize = 64 << 10;
/// Approximate maximum size of a request head: one read may exceed it.
pub(super) const MAX_HEAD_BYTES: usize = 64 << 10;
/// Maximum number of open connections. Beyond it, the one that has been idle for longest is closed.
pub(super) const MAX_CONNECTIONS: usize = 256;
/// Threads, each with its own connection to the case: one a processor, within this range.
const THREADS: std::ops::RangeInclusive<usize> = 2..=8;
/// Maximum number of requests that wait for a thread. Further ones get a ThrottlingException, which the SDKs retry.
pub(super) const MAX_QUEUED: usize = 128;
/// Time to receive a request head, from its first byte or from the end of the previous answer.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// Time to receive a request body.
pub(super) const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// Time to answer a request: waiting for a thread and running the statement.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// Time for a client to receive an answer, of which the largest is some MiB.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// Time to finish the requests that are being answered at shutdown.
pub(super) const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(3);

/// Returns the number of threads.
pub(super) fn threads() -> usize {
    thread::available_parallelism().map_or(*THREADS.start(), usize::from).clamp(*THREADS.start(), *THREADS.end())
}
