//! Work on a case that is given up when it takes too long.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::rows::RowSink;
use crate::session::SessionError;
use crate::sql::Param;
use crate::store::{Case, Failure};

/// How soon a statement that was begun too late is cancelled, too.
const AGAIN: Duration = Duration::from_millis(10);

/// Puts the answer of a statement into a sink; reports whether it came in time. What came before is in the sink.
pub(crate) fn ask(
    case: &Case,
    sql: &str,
    params: &[Param],
    patience: Duration,
    sink: &mut dyn RowSink,
) -> Result<bool, SessionError> {
    if patience.is_zero() {
        return Ok(false);
    }
    match patiently(patience, case.interrupt(), || case.query(sql, params, sink)) {
        Ok(_) => Ok(true),
        Err(Failure::Interrupted) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

/// Works, and cancels what is asked of the case when it takes too long.
pub(crate) fn patiently<T>(patience: Duration, cancel: impl Fn() + Send, work: impl FnOnce() -> T) -> T {
    let (working, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut wait = patience;
            while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                cancel();
                wait = AGAIN;
            }
        });
        let done = work();
        drop(working);
        done
    })
}
