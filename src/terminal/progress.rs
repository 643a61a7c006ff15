//! A progress bar for imports, merges and redactions: bytes, files, events, rate and time left.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::ingest::Progress;
use crate::interrupt::Interrupter;
use crate::number;

/// The layout of the bar, in the syntax of indicatif.
const TEMPLATE: &str = "{bar:24} {bytes} of {total_bytes}, {msg}, {bytes_per_sec}, {eta} left";

/// A [`Progress`] that draws a bar on standard error, if it is shown.
pub(crate) struct Bar {
    bar: ProgressBar,
    files: AtomicU64,
    all_files: AtomicU64,
    events: AtomicU64,
    /// True if events are counted.
    shows_events: bool,
    interrupter: Arc<Interrupter>,
}

impl Bar {
    /// Returns a bar, hidden unless `shown`; the interrupter cancels the operation.
    pub(crate) fn new(shown: bool, interrupter: Arc<Interrupter>) -> Bar {
        Bar::with(shown, true, interrupter)
    }

    /// Returns a bar of an operation that reads no events.
    pub(crate) fn of_files(shown: bool, interrupter: Arc<Interrupter>) -> Bar {
        Bar::with(shown, false, interrupter)
    }

    fn with(shown: bool, shows_events: bool, interrupter: Arc<Interrupter>) -> Bar {
        let target = if shown { ProgressDrawTarget::stderr_with_hz(8) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style.progress_chars("=> "));
        }
        if shown {
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        let none = || AtomicU64::new(0);
        Bar { bar, files: none(), all_files: none(), events: none(), shows_events, interrupter }
    }

    /// Removes the bar and releases the interrupter.
    pub(crate) fn finish(&self) {
        self.interrupter.release();
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn total(&self, files: u64, bytes: u64) {
        self.all_files.store(files, Ordering::Relaxed);
        self.bar.set_length(bytes);
    }

    fn advance(&self, files: u64, bytes: u64, events: u64) {
        let files = self.files.fetch_add(files, Ordering::Relaxed) + files;
        let events = self.events.fetch_add(events, Ordering::Relaxed) + events;
        self.bar.inc(bytes);
        if !self.bar.is_hidden() {
            let all = self.all_files.load(Ordering::Relaxed);
            if !self.shows_events {
                self.bar.set_message(format!("{} of {} files", number::count(files), number::count(all)));
                return;
            }
            let rate = number::count((events as f64 / self.bar.elapsed().as_secs_f64().max(0.001)) as u64);
            let events = number::counted(events, "event");
            self.bar.set_message(format!(
                "{} of {} files, {events}, {rate}/s",
                number::count(files),
                number::count(all)
            ));
        }
    }

    fn is_cancelled(&self) -> bool {
        self.interrupter.is_cancelled()
    }

    fn cancelled_by(&self, cancel: Box<dyn Fn() + Send + Sync>) {
        self.interrupter.hold(cancel);
    }

    fn finishing(&self) {
        self.bar.set_message("building indexes");
    }

    fn wrote(&self, rows: u64) {
        if !self.bar.is_hidden() {
            self.bar.set_message(format!("{} written", number::counted(rows, "row")));
        }
    }
}
