//! Broken input: where reading goes on after a value that is cut off, malformed or too large.

use std::io::Read;
use std::ops::ControlFlow;

use crate::ingest::decode::bracket_scanner::{BracketScan, BracketScanner};
use crate::ingest::decode::json::Decoder;
use crate::ingest::decode::json::unread_records::holds_records;
use crate::ingest::decode::window::{MAX_VALUE, Unread};
use crate::proof::{LISTING, ProofDocument, listing};

impl<R: Read> Decoder<'_, '_, R> {
    /// A value beyond [`MAX_VALUE`].
    pub(super) fn too_large(&mut self) -> ControlFlow<()> {
        if !self.levels.is_empty() || holds_records(self.window.bytes()) {
            self.recognize()?;
        }
        let mut skipper = BracketScanner::default();
        let reason = format!("is larger than {} MiB, which no record is", MAX_VALUE >> 20);
        let reject = self.window.reject_until(reason, |piece| match skipper.feed(piece) {
            BracketScan::Ends(end) => Some(end),
            BracketScan::Open | BracketScan::Unbalanced => None,
        });
        self.not_a_record(reject)
    }

    /// A listing of a bucket beyond [`MAX_VALUE`]: its objects are read one by one.
    pub(super) fn large_listing(&mut self) -> ControlFlow<()> {
        self.recognize()?;
        self.sink.format(LISTING);
        let Decoder { window, sink, .. } = self;
        let mut is_first = true;
        let mut take = |objects| {
            sink.proof(if std::mem::take(&mut is_first) {
                ProofDocument::Listing(objects)
            } else {
                ProofDocument::MoreObjects(objects)
            })
        };
        match listing::read_listing(Unread(window), &mut take) {
            Ok(flow) => flow,
            Err(error) => {
                let reason = match self.window.take_failure() {
                    Some(failure) => failure.to_string(),
                    None => format!("is a listing of a bucket that is not well-formed: {error}"),
                };
                let reject = self.window.reject_until(reason, |_| None);
                self.sink.reject(reject)
            }
        }
    }

    /// The stream ends inside a value.
    pub(super) fn cut_off(&mut self) -> ControlFlow<()> {
        self.recognize()?;
        let reason = match self.window.take_failure() {
            Some(error) => error.to_string(),
            None => "the file ends inside a record".to_owned(),
        };
        self.leave_levels()?;
        let reject = self.window.reject_until(reason, |_| None);
        self.sink.reject(reject)
    }

    /// Rejects a value that is not well-formed JSON, and continues after it if its end can be determined.
    pub(super) fn broken(&mut self, error: &serde_json::Error) -> ControlFlow<()> {
        self.recognize()?;
        let at = offset_of(self.window.bytes(), error);
        let reason = format!("is not well-formed JSON: {} at byte {at} of the record", message_of(error));
        let at_bracket = matches!(self.window.bytes().get(at), Some(b'{' | b'[' | b'}' | b']'));
        loop {
            let bytes = self.window.bytes();
            let by_brackets = BracketScanner::default().feed(bytes);
            let by_start = if self.is_log {
                memchr::memchr(b'\n', bytes).map(|at| at + 1)
            } else if self.levels.is_empty() {
                next_line(bytes)
            } else if at_bracket {
                None
            } else {
                next_record(bytes)
            };
            let end = match (by_brackets, by_start) {
                (BracketScan::Ends(end), Some(start)) => Some(end.min(start)),
                (BracketScan::Ends(end), None) => Some(end),
                (_, start) => start,
            };
            if let Some(end) = end {
                let reject = self.window.reject(end, reason);
                return self.sink.reject(reject);
            }
            let hopeless = by_brackets == BracketScan::Unbalanced && at_bracket && !self.levels.is_empty();
            if hopeless || self.window.bytes().len() >= MAX_VALUE || !self.window.more() {
                self.leave_levels()?;
                let reject = self.window.reject_until(format!("{reason}; nothing after it can be placed"), |_| None);
                return self.sink.reject(reject);
            }
        }
    }

    /// Skips the rest of an object after its list.
    pub(super) fn skip_rest_of_object(&mut self, parents: usize) -> ControlFlow<()> {
        let mut skipper = BracketScanner::inside_objects(parents);
        loop {
            let bytes = self.window.bytes();
            let all = bytes.len();
            match skipper.feed(bytes) {
                BracketScan::Ends(end) => return self.skip_beside_list(end),
                BracketScan::Open => self.skip_beside_list(all)?,
                BracketScan::Unbalanced => {
                    self.recognize()?;
                    let reason = "is not well-formed JSON after the list of records".to_owned();
                    let reject = self.window.reject_until(reason, |_| None);
                    self.leave_levels()?;
                    return self.sink.reject(reject);
                }
            }
            if !self.window.more() {
                self.recognize()?;
                let reason = match self.window.take_failure() {
                    Some(error) => error.to_string(),
                    None => "the file ends before its closing brace".to_owned(),
                };
                self.leave_levels()?;
                let reject = self.window.reject(0, reason);
                return self.sink.reject(reject);
            }
        }
    }
}

/// Returns the start of the next record of a list after a broken one: records in lists begin with their version.
fn next_record(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(bytes, b"\"eventVersion\"").find_map(|key| {
        let before = bytes[..key].iter().rposition(|byte| !byte.is_ascii_whitespace())?;
        (before > 0 && bytes[before] == b'{').then_some(before)
    })
}

/// Returns the start of the next document after a broken one: the start of a line.
fn next_line(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', bytes).map(|at| at + 1).find(|at| matches!(bytes.get(*at), Some(b'{' | b'[')))
}

/// The offset in `bytes` of the place that a parser's error names.
fn offset_of(bytes: &[u8], error: &serde_json::Error) -> usize {
    let line_start = match error.line() {
        0 | 1 => 0,
        line => memchr::memchr_iter(b'\n', bytes).nth(line - 2).map_or(0, |at| at + 1),
    };
    line_start + error.column().saturating_sub(1)
}

/// A parser's error without its place.
fn message_of(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or(&text);
    match message {
        "recursion limit exceeded" => "it is nested more than 128 deep".to_owned(),
        other => other.to_owned(),
    }
}
