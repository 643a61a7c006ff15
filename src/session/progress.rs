//! A bar that shows how far an import is: bytes, files, events, rate and estimate.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::ingest::Progress;
use crate::render::number;

/// What the bar looks like.
const TEMPLATE: &str = "{bar:24} {bytes} of {total_bytes}, {msg}, {bytes_per_sec}, {eta} left";

/// A bar on standard error, or nothing.
pub(super) struct Bar {
    bar: ProgressBar,
    files: AtomicU64,
    all_files: AtomicU64,
    events: AtomicU64,
}

impl Bar {
    /// A bar, which is hidden unless `shown`.
    pub(super) fn new(shown: bool) -> Bar {
        let target = if shown { ProgressDrawTarget::stderr_with_hz(8) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style.progress_chars("=> "));
        }
        if shown {
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        Bar { bar, files: AtomicU64::new(0), all_files: AtomicU64::new(0), events: AtomicU64::new(0) }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
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
            let rate = number::count((events as f64 / self.bar.elapsed().as_secs_f64().max(0.001)) as u64);
            let events = number::counted(events, "event");
            self.bar.set_message(format!(
                "{} of {} files, {events}, {rate}/s",
                number::count(files),
                number::count(all)
            ));
        }
    }

    fn finishing(&self) {
        self.bar.set_message("making indexes");
    }
}
