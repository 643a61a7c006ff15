//! What a client can make the endpoint take: space, places and time.

use std::thread;
use std::time::Duration;

/// Bytes of a request's body. The largest that means anything has one value of 2,000 characters and a token.
pub(super) const MAX_BODY_BYTES: usize = 64 << 10;
/// Bytes of a request's head, about: what is read at once may be more.
pub(super) const MAX_HEAD_BYTES: usize = 64 << 10;
/// Open connections. One more, and the one that has been still for longest is closed.
pub(super) const MAX_CONNECTIONS: usize = 256;
/// Threads, each with a connection of its own to the case: as many as there are processors, between these.
const THREADS: std::ops::RangeInclusive<usize> = 2..=8;
/// Requests that wait for a thread. One more is told to come again, which the SDKs do by themselves.
pub(super) const MAX_QUEUED: usize = 128;
/// From the first byte of a request's head, or from the end of the answer before, to the end of the head.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// For a request's body.
pub(super) const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// For an answer: waiting for a thread, and asking the case.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// For a client to take an answer in, of which the largest is some MiB.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// For what is being answered when the end is asked for.
pub(super) const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(3);

/// How many threads there are.
pub(super) fn threads() -> usize {
    thread::available_parallelism().map_or(*THREADS.start(), usize::from).clamp(*THREADS.start(), *THREADS.end())
}
