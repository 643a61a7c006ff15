//! The progress of a first import, shown to its user and recorded for other processes.

use std::sync::{Mutex, PoisonError};

use crate::ingest::report::Progress;
use crate::store::{ImportProgress, ProgressFile};

/// A [`Progress`] that passes its updates on, and writes them to the file of a case in the making, if there is one.
pub(crate) struct RecordedProgress<'p> {
    shown: &'p dyn Progress,
    file: Option<Mutex<ProgressFile>>,
}

impl<'p> RecordedProgress<'p> {
    pub(crate) fn new(shown: &'p dyn Progress, file: Option<ProgressFile>) -> RecordedProgress<'p> {
        RecordedProgress { shown, file: file.map(Mutex::new) }
    }

    fn update(&self, at_once: bool, change: impl FnOnce(&mut ImportProgress)) {
        if let Some(file) = &self.file {
            file.lock().unwrap_or_else(PoisonError::into_inner).update(at_once, change);
        }
    }
}

impl Progress for RecordedProgress<'_> {
    fn total(&self, files: u64, bytes: u64) {
        self.update(true, |progress| (progress.all_files, progress.all_bytes) = (files, bytes));
        self.shown.total(files, bytes);
    }

    fn advance(&self, files: u64, bytes: u64, events: u64) {
        self.update(false, |progress| {
            progress.files += files;
            progress.bytes += bytes;
            progress.events += events;
        });
        self.shown.advance(files, bytes, events);
    }

    fn finishing(&self) {
        self.update(true, |progress| progress.is_indexing = true);
        self.shown.finishing();
    }

    fn wrote(&self, rows: u64) {
        self.shown.wrote(rows);
    }

    fn is_cancelled(&self) -> bool {
        self.shown.is_cancelled()
    }

    fn cancelled_by(&self, cancel: Box<dyn Fn() + Send + Sync>) {
        self.shown.cancelled_by(cancel);
    }
}
