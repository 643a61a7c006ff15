//! Runs the queries of rules on several connections, while the scan of the records runs on others.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::activity;
use crate::engine::Engine;
use crate::rows::{self, CapturedRows};
use crate::sql::Param;
use crate::store::{Case, QueryError};

/// Connections that run queries at once. Each has a page cache and some blocks of records in memory.
const MAX_CONNECTIONS: usize = 4;
/// The interval at which an interrupt is looked for.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A query of a rule.
pub(crate) struct QueryJob {
    /// The index of the rule.
    pub(crate) rule: usize,
    pub(crate) sql: String,
    pub(crate) params: BTreeMap<String, Option<Param>>,
    /// True if it gives `events.id` of events; else it aggregates.
    pub(crate) lists_events: bool,
    /// True if it takes longer than others, and so begins first.
    pub(crate) is_slow: bool,
}

/// The answer of a query.
pub(crate) enum QueryAnswer {
    /// `events.id` of the events.
    Events(Vec<i64>),
    /// Rows that aggregate.
    Rows(CapturedRows),
}

/// The answers of queries, by the index of the rule.
pub(crate) type QueryAnswers = BTreeMap<usize, Result<QueryAnswer, QueryError>>;

/// Runs queries on connections of their own, and `meanwhile` on this thread.
///
/// # Errors
/// The case cannot be opened again, the work was interrupted, or `meanwhile` failed. An error of one query is its answer.
pub(crate) fn run<T>(
    engine: &Engine,
    mut jobs: Vec<QueryJob>,
    meanwhile: impl FnOnce() -> Result<T, QueryError>,
) -> Result<(T, QueryAnswers), QueryError> {
    // The last is taken first.
    jobs.sort_by_key(|job| (job.is_slow, std::cmp::Reverse(job.rule)));
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MAX_CONNECTIONS).min(jobs.len());
    let cases = (0..threads).map(|_| engine.case().another()).collect::<Result<Vec<Case>, _>>()?;
    let cancels: Vec<_> = cases.iter().map(Case::interrupt).collect();
    let (all, jobs) = (jobs.len(), Mutex::new(jobs));
    let (step, done) = (activity::step("running rules"), AtomicUsize::new(0));
    let (send, answers) = mpsc::channel();
    thread::scope(|scope| {
        for case in cases {
            let (jobs, send, step, done) = (&jobs, send.clone(), &step, &done);
            scope.spawn(move || {
                while let Some(job) = next(jobs) {
                    // The receiver ends early only after an interrupt.
                    if send.send((job.rule, answer(&case, &job))).is_err() {
                        return;
                    }
                    let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                    step.update(|step| step.detail = format!("{done} of {all} queries"));
                }
            });
        }
        drop(send);
        let stop = || {
            jobs.lock().unwrap_or_else(PoisonError::into_inner).clear();
            // A statement that begins after the first cancellation is met by a later one.
            loop {
                cancels.iter().for_each(|cancel| cancel());
                if matches!(answers.recv_timeout(POLL_INTERVAL), Err(RecvTimeoutError::Disconnected)) {
                    return;
                }
            }
        };
        let found = meanwhile().inspect_err(|_| stop())?;
        let answers = collect(engine, &answers, all).inspect_err(|_| stop())?;
        Ok((found, answers))
    })
}

/// Takes the next query.
fn next(jobs: &Mutex<Vec<QueryJob>>) -> Option<QueryJob> {
    jobs.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

/// Runs a query.
fn answer(case: &Case, job: &QueryJob) -> Result<QueryAnswer, QueryError> {
    if job.lists_events {
        rows::integers(|sink| case.query_named(&job.sql, &job.params, sink)).map(QueryAnswer::Events)
    } else {
        rows::collect(|sink| case.query_named(&job.sql, &job.params, sink)).map(QueryAnswer::Rows)
    }
}

/// Waits for all answers.
fn collect(
    engine: &Engine,
    answers: &Receiver<(usize, Result<QueryAnswer, QueryError>)>,
    all: usize,
) -> Result<QueryAnswers, QueryError> {
    let mut found = QueryAnswers::new();
    loop {
        engine.check_interrupted()?;
        match answers.recv_timeout(POLL_INTERVAL) {
            Ok((rule, answer)) => drop(found.insert(rule, answer)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) if found.len() == all => return Ok(found),
            // A thread that died has dropped its answer: the scope panics with it.
            Err(RecvTimeoutError::Disconnected) => return Err(QueryError::Interrupted),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::rc::Rc;
    use std::sync::Arc;

    use super::{QueryAnswer, QueryJob, run};
    use crate::engine::Engine;
    use crate::interrupt::Interrupter;
    use crate::store::{Case, QueryError};

    const ENDLESS: &str = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c";

    fn engine() -> Engine {
        Engine::new(Rc::new(Case::empty().unwrap()))
    }

    fn job(rule: usize, sql: &str, lists_events: bool) -> QueryJob {
        QueryJob { rule, sql: sql.to_owned(), params: BTreeMap::new(), lists_events, is_slow: rule.is_multiple_of(2) }
    }

    #[test]
    fn every_query_has_its_answer_and_a_mistake_is_one() {
        let mut jobs: Vec<QueryJob> = (0..20).map(|rule| job(rule, &format!("SELECT {rule}"), rule < 10)).collect();
        jobs.push(job(20, "SELECT nothing FROM nowhere", true));
        let (meanwhile, answers) = run(&engine(), jobs, || Ok("done")).unwrap();
        assert_eq!((meanwhile, answers.len()), ("done", 21));
        for (rule, answer) in answers {
            match answer {
                Ok(QueryAnswer::Events(ids)) => assert!(rule < 10 && ids == [rule as i64]),
                Ok(QueryAnswer::Rows(rows)) => assert!((10..20).contains(&rule) && rows.rows.len() == 1),
                Err(QueryError::Diagnostic(mistake)) => assert_eq!(rule, 20, "{}", mistake.message),
                Err(other) => panic!("{other:?}"),
            }
        }
        assert!(run(&engine(), Vec::new(), || Ok(1)).is_ok_and(|(found, answers)| found == 1 && answers.is_empty()));
    }

    #[test]
    fn endless_queries_end_with_an_interrupt_or_a_failure() {
        let jobs = || (0..9).map(|rule| job(rule, ENDLESS, false)).collect::<Vec<_>>();
        let failed = run(&engine(), jobs(), || Err::<(), _>(QueryError::Interrupted));
        assert!(matches!(failed, Err(QueryError::Interrupted)));
        let interrupter = Arc::new(Interrupter::default());
        let engine = engine().with_interrupter(Arc::clone(&interrupter));
        let interrupted = run(&engine, jobs(), || {
            interrupter.interrupt();
            Ok(())
        });
        assert!(matches!(interrupted, Err(QueryError::Interrupted)));
    }
}
