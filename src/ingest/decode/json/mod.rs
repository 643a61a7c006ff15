//! From JSON to records: takes off whatever the records are wrapped in, recognized by content.
//!
//! A document is a record, an array, or an object with a list of records; a stream is any number of documents, with or
//! without line breaks between them. An element that is not a record may hold one, or a document of its own, under the
//! keys of `wrappings.rs`; so may the text of an element, and the row of a query's result.
//!
//! One broken value costs no other: reading goes on after it. Only where brackets do not match, so that the end of a
//! value cannot be determined, the rest of the file is one reject.

mod bulk_action;
mod object_start;
mod offer;
mod recovery;
mod row;
mod unread_records;

use std::io::Read;
use std::ops::ControlFlow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::ingest::decode::bracket_scanner::{BracketScan, BracketScanner};
use crate::ingest::decode::content::Content;
use crate::ingest::decode::foreign;
use crate::ingest::decode::json::bulk_action::is_bulk_action;
use crate::ingest::decode::json::object_start::{ObjectStart, find_list};
use crate::ingest::decode::json::offer::{
    MAX_NESTING, NOT_AN_OBJECT, Origin, Place, Refusal, offer_element, offer_object,
};
use crate::ingest::decode::json::unread_records::{UNREAD_RECORDS, holds_records};
use crate::ingest::decode::sink::{Decoded, Sink};
use crate::ingest::decode::window::{MAX_VALUE, Window};
use crate::ingest::record::raw::RawRecord;
use crate::ledger::Reject;
use crate::proof::listing;

/// The number of values that are not records and are held back before a file counts as a trail file after all.
const MAX_HELD: usize = 1_000;

/// The container of the next value of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    /// Inside an array.
    Array,
    /// Inside an array in another one, such as a row of `--query 'Events[].[EventId,CloudTrailEvent]'`.
    Row {
        /// True if a record was read in it.
        has_record: bool,
    },
    /// Inside the list of an object.
    List {
        /// True if the list is CloudTrail's own.
        is_own: bool,
        /// The number of objects around the list.
        parents: usize,
    },
}

/// Reads a stream of JSON documents. `strict`: values that are not records are rejects even if nothing else is in
/// the stream, as for a file that was named on the command line.
pub(crate) fn decode(window: Window<'_, impl Read>, strict: bool, sink: &mut dyn Sink) -> Decoded {
    Decoder { recognized: strict, by_name: strict, ..Decoder::new(window, sink, Origin::default()) }.decode()
}

/// Reads lines of a log, each a time and other words before its JSON.
pub(crate) fn decode_log(window: Window<'_, impl Read>, strict: bool, sink: &mut dyn Sink) -> Decoded {
    Decoder { recognized: strict, by_name: strict, is_log: true, ..Decoder::new(window, sink, Origin::default()) }
        .decode()
}

/// Reads the document that a value holds.
fn decode_inner(content: Content<'_>, sink: &mut dyn Sink, origin: Origin) -> Decoded {
    match content {
        Content::Whole(content) => Decoder::new(Window::whole(content), sink, origin).decode(),
        Content::Stream(stream) => Decoder::new(Window::new(stream), sink, origin).decode(),
    }
}

/// Hands the record, or the document of records, that a text is to the sink.
///
/// # Errors
/// The reason why it is not a record. A break of the sink is not one.
pub(crate) fn offer_text(
    text: &str,
    is_own: bool,
    sink: &mut dyn Sink,
    at: (u64, u64),
) -> Result<ControlFlow<()>, String> {
    let place = Place { origin: Origin { is_own, depth: 1 }, at: &|| at, decode: decode_inner };
    offer::offer_text(text, is_own, sink, place)
}

struct Decoder<'s, 'b, R> {
    window: Window<'b, R>,
    sink: &'s mut dyn Sink,
    levels: Vec<Container>,
    /// True if it is known to be a trail file.
    recognized: bool,
    /// True if it is taken for a trail file for no other reason than that it was named.
    by_name: bool,
    /// Values that are not records, until the kind of file is known.
    held: Vec<Reject>,
    /// The known kind of another service's data that the first of them is, if it is one.
    foreign: Option<&'static str>,
    /// The number of such values after those that are held.
    not_held: u64,
    /// The cells of a row that are not records, until it is known whether another one is.
    cells: Vec<Reject>,
    /// True if words before the JSON of a line are skipped.
    is_log: bool,
    origin: Origin,
}

impl<'s, 'b, R: Read> Decoder<'s, 'b, R> {
    fn new(window: Window<'b, R>, sink: &'s mut dyn Sink, origin: Origin) -> Decoder<'s, 'b, R> {
        let (levels, held) = (Vec::new(), Vec::new());
        Decoder {
            window,
            sink,
            levels,
            recognized: false,
            by_name: false,
            held,
            foreign: None,
            not_held: 0,
            cells: Vec::new(),
            is_log: false,
            origin,
        }
    }

    fn decode(mut self) -> Decoded {
        match self.run() {
            ControlFlow::Break(()) => Decoded::Stopped,
            ControlFlow::Continue(()) if self.recognized => Decoded::TrailFile,
            ControlFlow::Continue(()) => match self.held.first() {
                Some(value) => match self.foreign.or_else(|| foreign::kind(&value.bytes)) {
                    Some(kind) => Decoded::Foreign(kind),
                    None => Decoded::SomethingElse(foreign::describe_json(&value.bytes, &value.reason)),
                },
                None if self.window.position() == 0 => Decoded::SomethingElse("is empty".into()),
                None => Decoded::SomethingElse("is JSON without a CloudTrail record".into()),
            },
        }
    }

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
                    match level {
                        Container::Array => {}
                        Container::Row { has_record } => self.end_row(has_record)?,
                        Container::List { parents, .. } => self.skip_rest_of_object(parents)?,
                    }
                }
                (Some(b'['), None) => {
                    self.window.advance(1);
                    self.levels.push(Container::Array);
                }
                (Some(b'['), Some(Container::Array | Container::Row { .. })) if self.levels.len() < MAX_NESTING => {
                    self.window.advance(1);
                    self.begin_row()?;
                }
                (Some(b'{'), Some(Container::List { .. })) => self.object()?,
                (Some(b'{'), _) => self.document()?,
                (Some(b'"'), _) | (Some(b'['), Some(Container::List { .. })) => self.element()?,
                (Some(_), None) if self.is_log && self.skip_words() => {}
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
        self.recognize()?;
        self.leave_levels()?;
        let reject = self.window.reject(0, reason);
        self.sink.reject(reject)
    }

    /// An object by itself or in an array: a record, or something around a list of records.
    fn document(&mut self) -> ControlFlow<()> {
        loop {
            match find_list(self.window.bytes()) {
                ObjectStart::List { at, parents, list } => {
                    self.skip_beside_list(at + 1)?;
                    self.levels.push(Container::List { is_own: list.is_own, parents });
                    self.sink.format(list.format);
                    if list.is_own && self.next_byte() == Some(b']') {
                        return self.recognize();
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
        let origin = self.origin_of_element();
        loop {
            let Decoder { window, sink, .. } = self;
            let bytes = window.bytes();
            let (parsed, end) = first_value::<RawRecord<'_>>(window.text(), bytes);
            match parsed {
                Some(Ok(record)) => {
                    let at = || (window.position(), window.line());
                    let offered =
                        offer_object(&record, &bytes[..end], *sink, Place { origin, at: &at, decode: decode_inner });
                    return self.settle(offered, end);
                }
                Some(Err(error)) if error.is_eof() => {
                    if bytes.len() >= MAX_VALUE {
                        let is_listing = self.levels.is_empty() && listing::begins_listing(bytes);
                        return if is_listing { self.large_listing() } else { self.too_large() };
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

    /// A text that may hold a record, or the row of a query's result.
    fn element(&mut self) -> ControlFlow<()> {
        let origin = self.origin_of_element();
        loop {
            let Decoder { window, sink, .. } = self;
            let bytes = window.bytes();
            let (parsed, end) = first_value::<&RawValue>(window.text(), bytes);
            match parsed {
                Some(Ok(value)) => {
                    let at = || (window.position(), window.line());
                    let offered = offer_element(value, *sink, Place { origin, at: &at, decode: decode_inner });
                    return self.settle(offered, end);
                }
                Some(Err(error)) if error.is_eof() && bytes.len() < MAX_VALUE => {
                    if !self.window.more() {
                        return self.stray_value();
                    }
                }
                _ => return self.stray_value(),
            }
        }
    }

    /// Goes on after a value that was offered to the sink.
    fn settle(&mut self, offered: Result<ControlFlow<()>, Refusal>, end: usize) -> ControlFlow<()> {
        match offered {
            Ok(flow) => {
                self.window.advance(end);
                flow?;
                if self.is_log {
                    self.skip_rest_of_line();
                }
                if let Some(Container::Row { has_record }) = self.levels.last_mut() {
                    *has_record = true;
                }
                self.recognize()
            }
            Err(_) if self.levels.is_empty() && is_bulk_action(&self.window.bytes()[..end]) => {
                self.window.advance(end);
                if std::mem::take(&mut self.by_name) {
                    // Alone it does not make a trail file.
                    self.recognized = false;
                }
                ControlFlow::Continue(())
            }
            Err(refusal) => {
                if refusal.has_records {
                    self.recognize()?;
                }
                let reject = self.window.reject(end, refusal.reason);
                if self.held.is_empty() {
                    self.foreign = refusal.foreign;
                }
                let in_own_list = matches!(self.levels.last(), Some(Container::List { is_own: true, .. }));
                if in_own_list && refusal.foreign.is_none() {
                    self.recognize()?;
                }
                self.not_a_record(reject)
            }
        }
    }

    fn origin_of_element(&self) -> Origin {
        match self.levels.last() {
            Some(Container::List { is_own: true, .. }) => Origin { is_own: true, ..self.origin },
            _ => self.origin,
        }
    }

    /// Skips the words after the JSON of a line.
    fn skip_rest_of_line(&mut self) {
        loop {
            let rest = self.window.bytes();
            let end = memchr::memchr2(b'\n', b'{', rest);
            let count = end.unwrap_or(rest.len());
            self.window.advance(count);
            if end.is_some() || !self.window.more() {
                return;
            }
        }
    }

    /// Skips the words before the JSON of a line, or a line that belongs to the one before. False if the line has no
    /// JSON.
    fn skip_words(&mut self) -> bool {
        // The window may end inside the line.
        while self.window.bytes().len() < MAX_WORDS && memchr::memchr2(b'{', b'\n', self.window.bytes()).is_none() {
            if !self.window.more() {
                break;
            }
        }
        let line = self.window.bytes();
        if is_other_row(line) {
            let end = memchr::memchr(b'\n', line).unwrap_or(line.len());
            self.window.advance(end);
            return true;
        }
        let words = &line[..line.len().min(MAX_WORDS)];
        match memchr::memchr2(b'{', b'\n', words) {
            Some(at) if words[at] == b'{' => {
                self.window.advance(at);
                true
            }
            _ => false,
        }
    }

    /// A value that is neither an object nor an array, or an array where none belongs.
    fn stray_value(&mut self) -> ControlFlow<()> {
        let in_list = !self.levels.is_empty();
        let reason = match in_list {
            true => NOT_AN_OBJECT,
            false if self.is_log => "is a line without JSON",
            false => "is not JSON",
        };
        let mut skipper = BracketScanner::default();
        let mut nested = matches!(self.window.bytes().first(), Some(b'[' | b'{'));
        let mut quoted = false;
        let mut escaped = false;
        let mut reject = self.window.reject_until(reason.to_owned(), |piece| {
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
        if (!self.recognized || self.by_name) && holds_records(&reject.bytes) {
            self.recognize()?;
            reject.reason = UNREAD_RECORDS.to_owned();
        }
        self.not_a_record(reject)
    }

    /// Skips a part of an object beside its list of records.
    fn skip_beside_list(&mut self, count: usize) -> ControlFlow<()> {
        if !holds_records(&self.window.bytes()[..count]) {
            self.window.advance(count);
            return ControlFlow::Continue(());
        }
        self.recognize()?;
        let reject = self.window.reject(count, UNREAD_RECORDS.to_owned());
        self.sink.reject(reject)
    }

    /// It is a trail file: what was kept back are rejects.
    fn recognize(&mut self) -> ControlFlow<()> {
        self.by_name = false;
        if self.recognized {
            return ControlFlow::Continue(());
        }
        self.recognized = true;
        for reject in std::mem::take(&mut self.held) {
            self.sink.reject(reject)?;
        }
        match std::mem::take(&mut self.not_held) {
            0 => ControlFlow::Continue(()),
            count => {
                let reject = self.window.reject(0, format!("{count} more values before this place are not records"));
                self.sink.reject(reject)
            }
        }
    }

    /// A sound value that is not a record: a cell of a row, or else a reject where the stream is a trail file.
    fn not_a_record(&mut self, reject: Reject) -> ControlFlow<()> {
        match self.hold_cell(reject) {
            Some(reject) => self.refuse(reject),
            None => ControlFlow::Continue(()),
        }
    }

    fn refuse(&mut self, reject: Reject) -> ControlFlow<()> {
        if self.by_name && (self.foreign.is_some() || foreign::kind(&reject.bytes).is_some()) {
            // Naming a file of another service does not make it a trail file.
            (self.by_name, self.recognized) = (false, false);
        }
        if self.recognized {
            // Once something of it is rejected, the file is accounted for as a trail file.
            self.by_name = false;
            return self.sink.reject(reject);
        }
        if self.held.len() < MAX_HELD {
            self.held.push(reject);
        } else {
            self.not_held += 1;
        }
        ControlFlow::Continue(())
    }
}

/// Reports whether a line is a row of another list than `EVENTS` in the text that the AWS CLI prints, such as
/// `RESOURCES` or `SEARCHEDLOGSTREAMS`: no cell of it begins an object.
fn is_other_row(line: &[u8]) -> bool {
    let length = line.iter().position(|byte| !byte.is_ascii_uppercase()).unwrap_or(line.len());
    let words = &line[..line.len().min(MAX_WORDS)];
    let has_cell = memchr::memchr2(b'{', b'\n', words).is_some_and(|at| words[..=at].ends_with(b"\t{"));
    length > 4 && line.get(length) == Some(&b'\t') && !has_cell
}

/// The longest beginning of a log's line that is searched for its JSON.
const MAX_WORDS: usize = 4 << 10;

/// The first value, and where it ends.
fn first_value<'a, T: Deserialize<'a>>(
    text: Option<&'a str>,
    bytes: &'a [u8],
) -> (Option<serde_json::Result<T>>, usize) {
    fn first<'a, T: Deserialize<'a>, R: serde_json::de::Read<'a>>(
        deserializer: serde_json::Deserializer<R>,
    ) -> (Option<serde_json::Result<T>>, usize) {
        let mut values = deserializer.into_iter();
        (values.next(), values.byte_offset())
    }
    match text {
        Some(text) => first(serde_json::Deserializer::from_str(text)),
        None => first(serde_json::Deserializer::from_slice(bytes)),
    }
}
