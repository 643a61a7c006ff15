//! The steps of long operations, for a line on the terminal that shows what is done and how far it is.
//!
//! An activity belongs to a thread, as a span of the crate `tracing` does: the functions that SQLite calls, and the
//! layers between an edge and the work, take no argument for it. A thread without an activity reports nothing.

use std::cell::RefCell;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::process_io;

/// The time that an operation takes before it is shown.
const DELAY: Duration = Duration::from_secs(1);
/// The interval at which it is drawn.
const INTERVAL: Duration = Duration::from_millis(125);

thread_local! {
    /// The activity of this thread.
    static CURRENT: RefCell<Option<Arc<Activity>>> = const { RefCell::new(None) };
}

/// The place that shows an activity.
pub(crate) trait Display: Send {
    /// Shows a step, which began `elapsed` ago.
    fn draw(&mut self, step: &StepState, elapsed: Duration);
    /// Removes what was drawn.
    fn clear(&mut self);
}

/// The unit of the work of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Parts that take about the same time.
    Parts,
    /// Bytes.
    Bytes,
    /// Records that SQL functions read, unless the step has parts.
    Records,
    /// Steps of SQLite's virtual machine. Their total is estimated.
    Steps,
}

/// A step of an operation, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StepState {
    /// The work, such as `searching records`.
    pub(crate) what: &'static str,
    /// The unit of the amounts.
    pub(crate) unit: Unit,
    /// The amount of work; 0 if it is not known.
    pub(crate) total: u64,
    /// The amount of work that is done.
    pub(crate) done: u64,
    /// Counts that are shown beside the work; may be empty.
    pub(crate) detail: String,
    /// The bytes that the process had read when the step began, and has read since; `None` if they are not counted.
    pub(crate) read_before: Option<u64>,
    pub(crate) read: Option<u64>,
    /// The time when it began.
    pub(crate) began: Instant,
}

impl StepState {
    /// Returns a step that begins now.
    pub(crate) fn new(what: &'static str, total: u64, unit: Unit) -> StepState {
        StepState {
            what,
            unit,
            total,
            done: 0,
            detail: String::new(),
            read_before: process_io::bytes_read(),
            read: None,
            began: Instant::now(),
        }
    }
}

/// The steps that run, and their display.
pub(crate) struct Activity {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    display: Box<dyn Display>,
    /// The steps, each within the one before it.
    steps: Vec<StepState>,
    /// The number of outermost steps so far, by which a thread that draws knows its own.
    operations: u64,
    /// The time from which on [`DELAY`] is counted.
    undisturbed_since: Instant,
    is_drawn: bool,
    /// True if nothing is drawn until the outermost step ends.
    is_hidden: bool,
}

impl State {
    fn clear(&mut self) {
        if std::mem::take(&mut self.is_drawn) {
            self.display.clear();
        }
        self.undisturbed_since = Instant::now();
    }
}

impl Activity {
    fn new(display: Box<dyn Display>) -> Activity {
        let state = State {
            display,
            steps: Vec::new(),
            operations: 0,
            undisturbed_since: Instant::now(),
            is_drawn: false,
            is_hidden: false,
        };
        Activity { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Locks the state. After a panic of another thread it is still consistent: every change is a single assignment.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(self: &Arc<Activity>, step: StepState) -> usize {
        let mut state = self.lock();
        if state.steps.is_empty() {
            state.operations += 1;
            state.is_hidden = false;
            state.undisturbed_since = Instant::now();
            let (activity, operation) = (Arc::clone(self), state.operations);
            // Without the thread the operation is not shown, and that is all.
            let _ = thread::Builder::new().spawn(move || activity.draw_until_end(operation));
        }
        state.steps.push(step);
        state.steps.len()
    }

    /// Ends a step, and those within it.
    fn end(&self, depth: usize) {
        let mut state = self.lock();
        state.steps.truncate(depth.saturating_sub(1));
        if state.steps.is_empty() {
            state.clear();
            self.changed.notify_all();
        }
    }

    /// Draws an operation until it ends.
    fn draw_until_end(&self, operation: u64) {
        let mut state = self.lock();
        while state.operations == operation && !state.steps.is_empty() && !state.is_hidden {
            let left = DELAY.saturating_sub(state.undisturbed_since.elapsed());
            let wait = if left.is_zero() { INTERVAL } else { left };
            if left.is_zero()
                && let Some(mut step) = state.steps.last().cloned()
            {
                // What an outer step counts is shown with an inner one.
                let detail = state.steps.iter().rev().find(|step| !step.detail.is_empty());
                step.detail = detail.map_or_else(String::new, |step| step.detail.clone());
                step.read = process_io::bytes_read().zip(step.read_before).map(|(now, then)| now.saturating_sub(then));
                state.display.draw(&step, step.began.elapsed());
                state.is_drawn = true;
            }
            state = self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Changes the step that runs.
    fn update(&self, change: impl FnOnce(&mut StepState)) {
        if let Some(step) = self.lock().steps.last_mut() {
            change(step);
        }
    }
}

/// Shows the steps of this thread on a display from now on.
pub(crate) fn show_on(display: Box<dyn Display>) {
    CURRENT.set(Some(Arc::new(Activity::new(display))));
}

fn with_current<T>(run: impl FnOnce(&Arc<Activity>) -> T) -> Option<T> {
    CURRENT.with_borrow(|current| current.as_ref().map(run))
}

/// Begins a step of this thread's activity, which ends when the result is dropped.
pub(crate) fn step(what: &'static str) -> Step {
    step_of(what, 0, Unit::Records)
}

/// Begins a step with a known amount of work.
pub(crate) fn step_of(what: &'static str, total: u64, unit: Unit) -> Step {
    Step(with_current(|activity| (Arc::clone(activity), activity.begin(StepState::new(what, total, unit)))))
}

/// Adds parts to the work of the step of this thread.
pub(crate) fn expect(parts: u64) {
    with_current(|activity| {
        activity.update(|step| {
            if step.unit == Unit::Records {
                (step.unit, step.total, step.done) = (Unit::Parts, 0, 0);
            }
            step.total = step.total.saturating_add(parts);
        });
    });
}

/// Adds parts or bytes that are done to the step of this thread.
pub(crate) fn advance(more: u64) {
    with_current(|activity| {
        activity.update(|step| {
            if matches!(step.unit, Unit::Parts | Unit::Bytes) {
                step.done = step.done.saturating_add(more);
            }
        });
    });
}

/// Adds records that were read to the step of this thread, if it has no parts.
pub(crate) fn read_records(more: u64) {
    with_current(|activity| {
        activity.update(|step| {
            if step.unit == Unit::Records {
                step.done = step.done.saturating_add(more);
            }
        });
    });
}

/// Adds steps of SQLite's virtual machine to the step of this thread, if it counts them. It is not shown as done before
/// it ends: the total is estimated.
pub(crate) fn ran(steps: u64) {
    with_current(|activity| {
        activity.update(|step| {
            if step.unit == Unit::Steps {
                step.done = step.done.saturating_add(steps).min(step.total - step.total / 100);
            }
        });
    });
}

/// Removes what is drawn, because something else is written to the terminal. It is drawn again when nothing was written
/// for a second.
pub(crate) fn clear() {
    with_current(|activity| activity.lock().clear());
}

/// Removes what is drawn, and draws nothing until the operation ends: its answer is on the terminal, or another program
/// has it.
pub(crate) fn hide() {
    with_current(|activity| {
        let mut state = activity.lock();
        if !state.steps.is_empty() && !state.is_hidden {
            state.clear();
            state.is_hidden = true;
        }
    });
}

/// A step that runs. Several threads may report how far it is.
#[must_use = "the step ends when this is dropped"]
pub(crate) struct Step(Option<(Arc<Activity>, usize)>);

impl Step {
    /// Reports whether the step may be shown.
    pub(crate) fn is_shown(&self) -> bool {
        self.0.is_some()
    }

    /// Changes the step.
    pub(crate) fn update(&self, change: impl FnOnce(&mut StepState)) {
        if let Some((activity, depth)) = &self.0
            && let Some(step) = activity.lock().steps.get_mut(depth.saturating_sub(1))
        {
            change(step);
        }
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if let Some((activity, depth)) = &self.0 {
            activity.end(*depth);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{self, Sender};
    use std::time::Duration;

    use super::{Display, StepState, Unit, advance, clear, expect, hide, ran, read_records, show_on, step, step_of};

    /// Sends what is drawn; `None` is a removal.
    struct Sent(Sender<Option<StepState>>);

    impl Display for Sent {
        fn draw(&mut self, step: &StepState, _: Duration) {
            let _ = self.0.send(Some(step.clone()));
        }

        fn clear(&mut self) {
            let _ = self.0.send(None);
        }
    }

    #[test]
    fn the_innermost_step_is_drawn_and_removed_at_the_end() {
        let (send, drawn) = mpsc::channel();
        show_on(Box::new(Sent(send)));
        drop(step("too short to be shown"));
        let outer = step("hunting");
        outer.update(|step| step.detail = "2 queries".to_owned());
        let inner = step_of("searching records", 10, Unit::Parts);
        expect(20);
        advance(3);
        let shown = drawn.recv().unwrap().unwrap();
        assert_eq!((shown.what, shown.done, shown.total), ("searching records", 3, 30));
        assert_eq!(shown.detail, "2 queries");
        drop(inner);
        let of_outer = |step: Option<StepState>| step.is_some_and(|step| step.what == "hunting" && step.total == 0);
        while !of_outer(drawn.recv().unwrap()) {}
        drop(outer);
        while drawn.recv().unwrap().is_some() {}
        assert!(drawn.try_recv().is_err(), "nothing is drawn after the end");
    }

    #[test]
    fn a_line_gives_way_to_other_output() {
        let (send, drawn) = mpsc::channel();
        show_on(Box::new(Sent(send)));
        let step = step("exporting");
        assert!(drawn.recv().unwrap().is_some());
        clear();
        while drawn.recv().unwrap().is_some() {}
        assert!(drawn.recv().unwrap().is_some(), "it is drawn again");
        hide();
        while drawn.recv().unwrap().is_some() {}
        step.update(|step| step.detail = "12 rows".to_owned());
        drop(step);
        assert!(drawn.try_recv().is_err(), "a hidden line stays hidden");
    }

    #[test]
    fn records_count_until_there_are_parts() {
        let (send, drawn) = mpsc::channel();
        show_on(Box::new(Sent(send)));
        let _step = step("running SQL");
        read_records(7);
        let shown = drawn.recv().unwrap().unwrap();
        assert_eq!((shown.unit, shown.done, shown.total), (Unit::Records, 7, 0));
        expect(4);
        advance(1);
        read_records(7);
        let has_parts = |step: &StepState| step.unit == Unit::Parts && step.done == 1;
        let shown = std::iter::from_fn(|| drawn.recv().unwrap()).find(has_parts).unwrap();
        assert_eq!(shown.total, 4);
    }

    #[test]
    fn an_estimated_total_is_never_reached() {
        let (send, drawn) = mpsc::channel();
        show_on(Box::new(Sent(send)));
        let _step = step_of("checking", 200, Unit::Steps);
        advance(1);
        read_records(1);
        ran(150);
        assert_eq!(drawn.recv().unwrap().unwrap().done, 150);
        ran(150);
        let last = std::iter::from_fn(|| drawn.recv().unwrap()).find(|step| step.done > 150).unwrap();
        assert_eq!((last.done, last.total), (198, 200));
    }

    #[test]
    fn a_thread_without_an_activity_reports_nothing() {
        let step = step("working");
        expect(1);
        advance(1);
        read_records(1);
        ran(1);
        clear();
        hide();
        assert!(!step.is_shown());
    }
}
