//! From bytes to records: takes off whatever the records are wrapped in, recognized by content.
//!
//! A document is a record, an array, or an object with a list (`Records`, `Events`, `logEvents`); a stream is any
//! number of documents, with or without line breaks between them. An element that is not a record may hold one:
//! `CloudTrailEvent` (lookup-events), `detail` (EventBridge), `message` (CloudWatch Logs).
//!
//! One broken value does not affect the others: reading continues after it. Only if brackets do not match, so that
//! the end of a value cannot be determined, the rest of the file is one reject.

use std::io::Read;
use std::ops::ControlFlow;

use serde_json::value::RawValue;

use crate::ingest::decode::bracket_scanner::{BracketScan, BracketScanner};
use crate::ingest::decode::window::{MAX_VALUE, Window};
use crate::ingest::decode::wrappings::{LISTS, RECORD_KEYS};
use crate::ingest::record::raw::RawRecord;
use crate::ledger::Reject;

/// Receives what a file holds. `Break` stops the reading.
pub(crate) trait Sink {
    /// Takes a record and its bytes.
    fn record(&mut self, record: &RawRecord<'_>, bytes: &[u8]) -> ControlFlow<()>;
    /// Takes a digest file's bytes.
    fn digest(&mut self, bytes: &[u8]) -> ControlFlow<()>;
    /// Takes what could not be stored.
    fn reject(&mut self, reject: Reject) -> ControlFlow<()>;
    /// Hears what the records were wrapped in.
    fn format(&mut self, format: &'static str);
}

/// The result of decoding a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decoded {
    /// It held records, digests or rejects, which the sink has.
    TrailFile,
    /// Nothing in it looked like a record; the sink has seen nothing of it. Says what it looks like.
    SomethingElse(&'static str),
    /// The sink asked to stop.
    Stopped,
}

/// The deepest nesting of arrays around records, and of records in the texts of other records.
const MAX_NESTING: usize = 8;
/// The number of values that are not records and are held back before a file counts as a trail file after all.
const MAX_HELD: usize = 1_000;

/// The container of the next value of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    /// Inside an array.
    Array,
    /// Inside the list of an object.
    List,
}

/// Reads a stream of JSON documents. `strict`: values that are not records are rejects even if nothing else is in
/// the stream, as for a file that was named on the command line.
pub(crate) fn decode(window: Window<'_, impl Read>, strict: bool, sink: &mut dyn Sink) -> Decoded {
    let mut decoder = Decoder { window, sink, levels: Vec::new(), recognized: strict, held: Vec::new() };
    match decoder.run() {
        ControlFlow::Break(()) => Decoded::Stopped,
        ControlFlow::Continue(()) if decoder.recognized => Decoded::TrailFile,
        ControlFlow::Continue(()) if decoder.held.is_empty() => Decoded::SomethingElse("is empty"),
        ControlFlow::Continue(()) => Decoded::SomethingElse("is JSON without a CloudTrail record"),
    }
}

struct Decoder<'s, R> {
    window: Window<'s, R>,
    sink: &'s mut dyn Sink,
    levels: Vec<Container>,
    /// True if it is known to be a trail file.
    recognized: bool,
    /// Values that are not records, until the kind of file is known.
    held: Vec<Reject>,
}

impl<R: Read> Decoder<'_, R> {
    fn run(&mut self) -> ControlFlow<()> {
        self.window.more();
        if self.window.bytes().starts_with(b"\xef\xbb\xbf") {
            self.window.advance(3);
        }
        loop {
            let next = self.next_byte();
            match (next, self.levels.last().copied()) {
                (None, _) => return self.end(),
                (Some(b','), Some(_)) => self.window.advance(1),
                (Some(b']'), Some(level)) => {
                    self.window.advance(1);
                    self.levels.pop();
                    if level == Container::List {
                        self.skip_rest_of_object()?;
                    }
                }
                (Some(b'['), level) if level != Some(Container::List) && self.levels.len() < MAX_NESTING => {
                    self.window.advance(1);
                    self.levels.push(Container::Array);
                }
                (Some(b'{'), Some(Container::List)) => self.object()?,
                (Some(b'{'), _) => self.document()?,
                _ => self.stray_value()?,
            }
        }
    }

    /// Returns the next byte that is not white space.
    fn next_byte(&mut self) -> Option<u8> {
        loop {
            let bytes = self.window.bytes();
            if let Some(at) = bytes.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
                let byte = bytes[at];
                self.window.advance(at);
                return Some(byte);
            }
            let all = bytes.len();
            self.window.advance(all);
            if !self.window.more() {
                return None;
            }
        }
    }

    /// The stream has ended: says so where it ended early.
    fn end(&mut self) -> ControlFlow<()> {
        let reason = match self.window.take_failure() {
            Some(error) => error.to_string(),
            None if !self.levels.is_empty() => "the file ends before its list of records does".to_owned(),
            None => return ControlFlow::Continue(()),
        };
        self.levels.clear();
        self.recognize()?;
        let reject = self.window.reject(0, reason);
        self.sink.reject(reject)
    }

    /// An object by itself or in an array: a record, or something around a list of records.
    fn document(&mut self) -> ControlFlow<()> {
        loop {
            match find_list(self.window.bytes()) {
                ObjectStart::List { at, format } => {
                    self.window.advance(at + 1);
                    self.levels.push(Container::List);
                    self.sink.format(format);
                    if format == "records" {
                        self.recognize()?;
                    }
                    return ControlFlow::Continue(());
                }
                ObjectStart::CutOff if self.window.bytes().len() < MAX_VALUE && self.window.more() => {}
                ObjectStart::None | ObjectStart::CutOff => return self.object(),
            }
        }
    }

    /// An object that is a record or holds one.
    fn object(&mut self) -> ControlFlow<()> {
        loop {
            let Decoder { window, sink, .. } = self;
            let bytes = window.bytes();
            let (parsed, end) = match window.text() {
                Some(text) => first_value(serde_json::Deserializer::from_str(text)),
                None => first_value(serde_json::Deserializer::from_slice(bytes)),
            };
            match parsed {
                Some(Ok(record)) => {
                    let value = &bytes[..end];
                    return match offer(&record, value, *sink, 0) {
                        Ok(flow) => {
                            self.window.advance(end);
                            flow?;
                            self.recognize()
                        }
                        Err(reason) => {
                            let reject = self.window.reject(end, reason);
                            self.not_a_record(reject)
                        }
                    };
                }
                Some(Err(error)) if error.is_eof() => {
                    if bytes.len() >= MAX_VALUE {
                        return self.too_large();
                    }
                    if !self.window.more() {
                        return self.cut_off();
                    }
                }
                Some(Err(error)) => return self.broken(&error),
                None => return self.cut_off(),
            }
        }
    }

    /// A value that is neither an object nor an array, or an array where none belongs.
    fn stray_value(&mut self) -> ControlFlow<()> {
        let in_list = !self.levels.is_empty();
        let reason = if in_list { "is not a JSON object" } else { "is not JSON" };
        let mut skipper = BracketScanner::default();
        let mut nested = matches!(self.window.bytes().first(), Some(b'[' | b'{'));
        let mut quoted = false;
        let mut escaped = false;
        let reject = self.window.reject_until(reason.to_owned(), |piece| {
            if nested {
                return match skipper.feed(piece) {
                    BracketScan::Ends(end) => Some(end),
                    BracketScan::Open => None,
                    // Nothing after it can be placed.
                    BracketScan::Unbalanced => {
                        nested = false;
                        None
                    }
                };
            }
            piece.iter().position(|byte| {
                match byte {
                    b'\n' => return true,
                    _ if std::mem::take(&mut escaped) => {}
                    b'\\' if quoted => escaped = true,
                    b'"' => quoted = !quoted,
                    b',' | b']' if in_list && !quoted => return true,
                    _ => {}
                }
                false
            })
        });
        self.not_a_record(reject)
    }

    /// A value beyond [`MAX_VALUE`].
    fn too_large(&mut self) -> ControlFlow<()> {
        self.recognize()?;
        let mut skipper = BracketScanner::default();
        let reason = format!("is larger than {} MiB, which no record is", MAX_VALUE >> 20);
        let reject = self.window.reject_until(reason, |piece| match skipper.feed(piece) {
            BracketScan::Ends(end) => Some(end),
            BracketScan::Open | BracketScan::Unbalanced => None,
        });
        self.sink.reject(reject)
    }

    /// The stream ends inside a value.
    fn cut_off(&mut self) -> ControlFlow<()> {
        self.recognize()?;
        let reason = match self.window.take_failure() {
            Some(error) => error.to_string(),
            None => "the file ends inside a record".to_owned(),
        };
        self.levels.clear();
        let reject = self.window.reject_until(reason, |_| None);
        self.sink.reject(reject)
    }

    /// Rejects a value that is not well-formed JSON, and continues after it if its end can be determined.
    fn broken(&mut self, error: &serde_json::Error) -> ControlFlow<()> {
        self.recognize()?;
        let at = offset_of(self.window.bytes(), error);
        let reason = format!("is not well-formed JSON: {} at byte {at} of the record", message_of(error));
        let at_bracket = matches!(self.window.bytes().get(at), Some(b'{' | b'[' | b'}' | b']'));
        loop {
            let bytes = self.window.bytes();
            let by_brackets = BracketScanner::default().feed(bytes);
            let by_start = if self.levels.is_empty() {
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
                self.levels.clear();
                let reject = self.window.reject_until(format!("{reason}; nothing after it can be placed"), |_| None);
                return self.sink.reject(reject);
            }
        }
    }

    /// Skips the rest of an object after its list.
    fn skip_rest_of_object(&mut self) -> ControlFlow<()> {
        let mut skipper = BracketScanner::inside_object();
        loop {
            let bytes = self.window.bytes();
            let all = bytes.len();
            match skipper.feed(bytes) {
                BracketScan::Ends(end) => {
                    self.window.advance(end);
                    return ControlFlow::Continue(());
                }
                BracketScan::Open => self.window.advance(all),
                BracketScan::Unbalanced => {
                    self.recognize()?;
                    let reason = "is not well-formed JSON after the list of records".to_owned();
                    let reject = self.window.reject_until(reason, |_| None);
                    self.levels.clear();
                    return self.sink.reject(reject);
                }
            }
            if !self.window.more() {
                self.recognize()?;
                let reason = match self.window.take_failure() {
                    Some(error) => error.to_string(),
                    None => "the file ends before its closing brace".to_owned(),
                };
                self.levels.clear();
                let reject = self.window.reject(0, reason);
                return self.sink.reject(reject);
            }
        }
    }

    /// It is a trail file: what was kept back are rejects.
    fn recognize(&mut self) -> ControlFlow<()> {
        self.recognized = true;
        for reject in std::mem::take(&mut self.held) {
            self.sink.reject(reject)?;
        }
        ControlFlow::Continue(())
    }

    /// A sound value that is not a record: a reject where the stream is a trail file.
    fn not_a_record(&mut self, reject: Reject) -> ControlFlow<()> {
        self.held.push(reject);
        if self.recognized || self.held.len() > MAX_HELD {
            return self.recognize();
        }
        ControlFlow::Continue(())
    }
}

/// The first value, and where it ends.
fn first_value<'a, R: serde_json::de::Read<'a>>(
    deserializer: serde_json::Deserializer<R>,
) -> (Option<serde_json::Result<RawRecord<'a>>>, usize) {
    let mut values = deserializer.into_iter();
    (values.next(), values.byte_offset())
}

/// Hands a parsed value to the sink as what it is, or says why it is not a record.
fn offer(record: &RawRecord<'_>, bytes: &[u8], sink: &mut dyn Sink, depth: usize) -> Result<ControlFlow<()>, String> {
    if let Err(error) = simdutf8::compat::from_utf8(bytes) {
        return Err(format!("is not valid UTF-8 at byte {} of the record", error.valid_up_to()));
    }
    if record.is_record {
        return Ok(sink.record(record, bytes));
    }
    if record.is_digest {
        sink.format("digest");
        return Ok(sink.digest(bytes));
    }
    match record.inner {
        Some((format, inner)) if depth < MAX_NESTING => {
            sink.format(format);
            offer_inner(inner, sink, depth)
        }
        _ => Err("is not a CloudTrail record: it has no eventVersion, eventName or eventID".to_owned()),
    }
}

/// A record inside another value: as text, or as an object.
fn offer_inner(inner: &RawValue, sink: &mut dyn Sink, depth: usize) -> Result<ControlFlow<()>, String> {
    let text = inner.get();
    let decoded;
    let text = match text.as_bytes().first() {
        Some(b'"') => {
            decoded = serde_json::from_str::<String>(text).map_err(|error| error.to_string())?;
            decoded.trim()
        }
        _ => text,
    };
    match serde_json::from_str::<RawRecord<'_>>(text) {
        Ok(record) => offer(&record, text.as_bytes(), sink, depth + 1),
        Err(error) if text.starts_with('{') => Err(format!("holds a record that is not well-formed JSON: {error}")),
        Err(_) => Err("is not a CloudTrail record, and holds none".to_owned()),
    }
}

/// The meaning of the beginning of an object.
enum ObjectStart {
    /// The list of records begins at this offset.
    List { at: usize, format: &'static str },
    /// It has no such list.
    None,
    /// More of it is needed.
    CutOff,
}

/// Looks through an object's keys for a list of records.
fn find_list(bytes: &[u8]) -> ObjectStart {
    let skip_blank = |mut at: usize| {
        while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\r' | b'\n' | b',' | b':')) {
            at += 1;
        }
        at
    };
    let mut at = 1;
    loop {
        at = skip_blank(at);
        match bytes.get(at) {
            None => return ObjectStart::CutOff,
            Some(b'"') => {}
            Some(_) => return ObjectStart::None,
        }
        let Some(key_end) = string_end(bytes, at) else { return ObjectStart::CutOff };
        let key = &bytes[at + 1..key_end - 1];
        if RECORD_KEYS.iter().any(|name| name.as_bytes() == key) {
            return ObjectStart::None;
        }
        at = skip_blank(key_end);
        let list = LISTS.iter().find(|(name, _)| name.as_bytes() == key);
        match (bytes.get(at), list) {
            (None, _) => return ObjectStart::CutOff,
            (Some(b'['), Some((_, format))) => return ObjectStart::List { at, format },
            (Some(b'"'), _) => match string_end(bytes, at) {
                Some(end) => at = end,
                None => return ObjectStart::CutOff,
            },
            (Some(b'{' | b'['), _) => match BracketScanner::default().feed(&bytes[at..]) {
                BracketScan::Ends(length) => at += length,
                BracketScan::Open => return ObjectStart::CutOff,
                BracketScan::Unbalanced => return ObjectStart::None,
            },
            (Some(_), _) => match bytes[at..].iter().position(|byte| matches!(byte, b',' | b'}')) {
                Some(length) => at += length,
                None => return ObjectStart::CutOff,
            },
        }
    }
}

/// The offset after the closing quote of the string that begins at `start`.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
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
