//! The line on standard error that shows what a long operation does, how far it is, and how it is stopped.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::activity::{self, Display, Step, StepState, Unit};
use crate::ingest::Progress;
use crate::interrupt::Interrupter;
use crate::number;
use crate::terminal::capabilities;

/// The layouts of the line in the syntax of indicatif, with and without a known amount of work.
const WITH_BAR: &str = "{bar:20} {msg}";
const WITHOUT_BAR: &str = "{msg}";
/// The columns of the bar with the space after it.
const BAR_COLUMNS: usize = 21;
/// The end of the line.
const HOW_TO_STOP: &str = "Ctrl-C stops";
/// The time from which on the time that is left can be estimated.
const MIN_ESTIMATED: Duration = Duration::from_secs(2);

/// The bytes from which on it is shown what was read.
const MIN_READ: u64 = 1 << 20;

/// Shows the operations of this thread on standard error.
pub(crate) fn show_operations() {
    activity::show_on(Box::new(Line(None)));
}

/// The line; `None` while it is not drawn.
struct Line(Option<ProgressBar>);

impl Display for Line {
    fn draw(&mut self, step: &StepState, elapsed: Duration) {
        let bar = self.0.get_or_insert_with(|| {
            ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr()).with_elapsed(elapsed)
        });
        let has_bar = step.total > 0;
        if let Ok(style) = ProgressStyle::with_template(if has_bar { WITH_BAR } else { WITHOUT_BAR }) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_length(step.total);
        bar.set_position(step.done.min(step.total));
        let columns = capabilities::size().map_or(capabilities::DEFAULT_COLUMNS, |(_, columns)| columns);
        let room = columns.saturating_sub(1 + if has_bar { BAR_COLUMNS } else { 0 });
        bar.set_message(text(step, elapsed, room));
        bar.tick();
        // The echo of Ctrl-C in the last column would begin the next line, and leave this one.
        let _ = io::stderr().write_all(b"\r");
    }

    fn clear(&mut self) {
        if let Some(bar) = self.0.take() {
            bar.finish_and_clear();
        }
    }
}

/// Returns the text of the line, with as much as fits into `room` columns.
fn text(step: &StepState, elapsed: Duration, room: usize) -> String {
    let amount = match step.total {
        0 if step.unit == Unit::Records && step.done > 0 => Some(number::counted(step.done, "record")),
        0 => step.read.filter(|read| *read >= MIN_READ).map(|read| format!("{} read", number::bytes(read))),
        total => Some(match step.unit {
            Unit::Bytes => format!("{} of {}", number::bytes(step.done.min(total)), number::bytes(total)),
            Unit::Parts | Unit::Records | Unit::Steps => format!("{} %", percent(step.done, total)),
        }),
    };
    let detail = Some(&step.detail).filter(|detail| !detail.is_empty()).cloned();
    let time = left(step, elapsed)
        .map_or_else(|| format!("for {}", seconds(elapsed)), |left| format!("{} left", seconds(left)));
    // What is left out first comes last.
    let mut parts = vec![Some(step.what.to_owned()), amount, Some(time), detail];
    loop {
        let [what, amount, time, detail] = [0, 1, 2, 3].map(|at| parts.get(at).cloned().flatten());
        let shown: Vec<String> = [what, amount, detail, time].into_iter().flatten().collect();
        let line = format!("{}; {HOW_TO_STOP}", shown.join(", "));
        if line.chars().count() <= room || parts.len() == 1 {
            return line;
        }
        parts.pop();
    }
}

/// Returns how much of a hundred is done.
fn percent(done: u64, total: u64) -> u64 {
    u64::try_from(u128::from(done.min(total)) * 100 / u128::from(total.max(1))).unwrap_or(100)
}

/// Returns the time that is left, if the work goes on as it did.
fn left(step: &StepState, elapsed: Duration) -> Option<Duration> {
    let done = step.done.min(step.total);
    let is_known = done > 0 && percent(done, step.total) < 100 && elapsed >= MIN_ESTIMATED;
    is_known.then(|| elapsed.mul_f64((step.total - done) as f64 / done as f64))
}

/// Formats a time in whole seconds.
fn seconds(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

/// The measure of an operation's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// The bytes of files.
    Files,
    /// The bytes of files whose events are counted.
    FilesWithEvents,
    /// Events.
    Events,
}

/// A [`Progress`] that reports to the activity of the thread that made it.
pub(crate) struct ShownProgress {
    step: Step,
    measure: Measure,
    files: AtomicU64,
    all_files: AtomicU64,
    events: AtomicU64,
    interrupter: Arc<Interrupter>,
}

impl ShownProgress {
    /// Begins an operation such as `importing`; the interrupter cancels it.
    pub(crate) fn new(what: &'static str, measure: Measure, interrupter: Arc<Interrupter>) -> ShownProgress {
        let none = || AtomicU64::new(0);
        let unit = if measure == Measure::Events { Unit::Parts } else { Unit::Bytes };
        let step = activity::step_of(what, 0, unit);
        ShownProgress { step, measure, files: none(), all_files: none(), events: none(), interrupter }
    }

    /// Ends the operation and releases the interrupter.
    pub(crate) fn finish(self) {
        self.interrupter.release();
    }

    fn show(&self, detail: impl FnOnce() -> String) {
        if self.step.is_shown() {
            let detail = detail();
            self.step.update(|step| step.detail = detail);
        }
    }
}

impl Progress for ShownProgress {
    fn total(&self, files: u64, bytes: u64) {
        self.all_files.store(files, Ordering::Relaxed);
        self.step.update(|step| step.total = bytes);
    }

    fn advance(&self, files: u64, bytes: u64, events: u64) {
        let files = self.files.fetch_add(files, Ordering::Relaxed) + files;
        let events = self.events.fetch_add(events, Ordering::Relaxed) + events;
        self.step.update(|step| step.done += bytes);
        self.show(|| {
            let all = self.all_files.load(Ordering::Relaxed);
            let files = format!("{} of {} files", number::count(files), number::count(all));
            let events = number::counted(events, "event");
            match self.measure {
                Measure::Files => files,
                Measure::FilesWithEvents => format!("{files}, {events}"),
                Measure::Events => events,
            }
        });
    }

    fn is_cancelled(&self) -> bool {
        self.interrupter.is_cancelled()
    }

    fn cancelled_by(&self, cancel: Box<dyn Fn() + Send + Sync>) {
        self.interrupter.hold(cancel);
    }

    fn finishing(&self) {
        self.show(|| "building indexes".to_owned());
    }

    fn wrote(&self, rows: u64) {
        self.show(|| format!("{} written", number::counted(rows, "row")));
    }
}

/// A writer to a terminal that removes the line before it writes.
pub(crate) struct AboveLine<W>(W);

impl<W: Write> AboveLine<W> {
    pub(crate) fn new(inner: W) -> AboveLine<W> {
        AboveLine(inner)
    }
}

impl<W: Write> Write for AboveLine<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        activity::clear();
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A writer of answers that removes the line for the rest of the operation, unless the answers go to a file.
pub(crate) struct InsteadOfLine<W> {
    inner: W,
    is_file: bool,
}

impl<W: Write> InsteadOfLine<W> {
    pub(crate) fn new(inner: W, is_file: bool) -> InsteadOfLine<W> {
        InsteadOfLine { inner, is_file }
    }
}

impl<W: Write> Write for InsteadOfLine<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_file {
            activity::hide();
        }
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::text;
    use crate::activity::{StepState, Unit};

    fn step(unit: Unit, done: u64, total: u64, detail: &str) -> StepState {
        StepState { done, detail: detail.to_owned(), ..StepState::new("hunting", total, unit) }
    }

    #[test]
    fn the_line_says_what_is_done_how_far_it_is_and_how_to_stop() {
        let ten = Duration::from_secs(10);
        for (step, elapsed, line) in [
            (step(Unit::Records, 0, 0, ""), ten, "hunting, for 10 s; Ctrl-C stops"),
            (step(Unit::Records, 2_048, 0, ""), ten, "hunting, 2,048 records, for 10 s; Ctrl-C stops"),
            (step(Unit::Parts, 1, 4, "2 queries"), ten, "hunting, 25 %, 2 queries, 30 s left; Ctrl-C stops"),
            (step(Unit::Parts, 1, 400, ""), ten, "hunting, 0 %, 66 min 30 s left; Ctrl-C stops"),
            (step(Unit::Parts, 9, 4, ""), ten, "hunting, 100 %, for 10 s; Ctrl-C stops"),
            (step(Unit::Parts, 1, 4, ""), Duration::from_secs(1), "hunting, 25 %, for 1 s; Ctrl-C stops"),
            (step(Unit::Bytes, 1_024, 2_048, ""), ten, "hunting, 1.0 KiB of 2.0 KiB, 10 s left; Ctrl-C stops"),
        ] {
            assert_eq!(text(&step, elapsed, 100), line);
        }
        let reads = StepState { read: Some(5 << 20), ..step(Unit::Records, 0, 0, "") };
        assert_eq!(text(&reads, ten, 100), "hunting, 5.0 MiB read, for 10 s; Ctrl-C stops");
    }

    #[test]
    fn a_narrow_terminal_keeps_what_is_done_and_how_to_stop() {
        let step = step(Unit::Parts, 1, 4, "12 of 111 queries");
        let ten = Duration::from_secs(10);
        assert_eq!(text(&step, ten, 50), "hunting, 25 %, 30 s left; Ctrl-C stops");
        assert_eq!(text(&step, ten, 30), "hunting, 25 %; Ctrl-C stops");
        assert_eq!(text(&step, ten, 5), "hunting; Ctrl-C stops");
    }
}
