//! Work on a case that is canceled when it takes too long.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::rows::RowSink;
use crate::sql::Statement;
use crate::store::{Case, QueryError};

/// The interval of further cancellations, for a statement that begins after the first.
const RETRY_INTERVAL: Duration = Duration::from_millis(10);

/// Writes the answer of a statement to a sink, and reports whether it was complete in time. Rows that came before stay in
/// the sink.
pub(crate) fn ask(
    case: &Case,
    statement: &Statement,
    limit: Duration,
    sink: &mut dyn RowSink,
) -> Result<bool, QueryError> {
    if limit.is_zero() {
        return Ok(false);
    }
    match run_within(limit, case.interrupt(), || case.query(&statement.sql, &statement.params, sink)) {
        Ok(_) => Ok(true),
        Err(QueryError::Interrupted) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Works, and cancels what is asked of the case when it takes longer than `limit`.
pub(crate) fn run_within<T>(limit: Duration, cancel: impl Fn() + Send, work: impl FnOnce() -> T) -> T {
    let (working, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut wait = limit;
            while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                cancel();
                wait = RETRY_INTERVAL;
            }
        });
        let done = work();
        drop(working);
        done
    })
}
