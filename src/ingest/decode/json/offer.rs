//! A parsed value: handed to the sink as what it is, or refused with the reason.

use std::borrow::Cow;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use serde_json::value::RawValue;

use crate::context::{self, ContextDocument, Recognized};
use crate::ingest::decode::columns::{self, column_of};
use crate::ingest::decode::content::Content;
use crate::ingest::decode::foreign;
use crate::ingest::decode::json::object_start::{ObjectStart, find_list};
use crate::ingest::decode::json::unread_records::{UNREAD_RECORDS, holds_records};
use crate::ingest::decode::payload::{self, Payload};
use crate::ingest::decode::rows;
use crate::ingest::decode::sink::{Decoded, Sink};
use crate::ingest::decode::window::reject_of;
use crate::ingest::decode::wrappings::{Wrapping, value_of};
use crate::ingest::expansion::{Capped, Expansion};
use crate::ingest::record::raw::{Inner, RawRecord};
use crate::ledger::{Problem, Reject};
use crate::proof::ProofDocument;

/// The deepest nesting of arrays around records, and of records in the texts of other records.
pub(super) const MAX_NESTING: usize = 8;

/// The reason why a scalar of a list is not a record.
pub(super) const NOT_AN_OBJECT: &str = "is not a JSON object";

/// The origin of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Origin {
    /// True if only CloudTrail writes what it is wrapped in.
    pub(crate) is_own: bool,
    /// The number of values around it.
    pub(crate) depth: usize,
}

impl Origin {
    fn inside(self, wrapping: &Wrapping) -> Origin {
        Origin { is_own: self.is_own || wrapping.is_own, depth: self.depth + 1 }
    }
}

/// Decodes a document that is the content of a value of this origin.
pub(super) type DecodeInner = fn(Content<'_>, &mut dyn Sink, Origin) -> Decoded;

/// The place of a value.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) origin: Origin,
    /// Tells its offset and line.
    pub(super) at: &'p dyn Fn() -> (u64, u64),
    pub(super) decode: DecodeInner,
}

/// The reason why a value was not taken.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) reason: String,
    /// The known kind of another service's data that it is, if it is one.
    pub(crate) foreign: Option<&'static str>,
    /// True if it holds records that are not read.
    pub(crate) has_records: bool,
}

impl Refusal {
    fn new(reason: impl Into<String>) -> Refusal {
        Refusal { reason: reason.into(), foreign: None, has_records: false }
    }

    /// Refuses a value in which no record was found, unless it has the text of one.
    fn of_value(bytes: &[u8], reason: impl Into<String>) -> Refusal {
        match holds_records(bytes) {
            true => Refusal { reason: UNREAD_RECORDS.to_owned(), foreign: None, has_records: true },
            false => Refusal::new(reason),
        }
    }
}

type Offered = Result<ControlFlow<()>, Refusal>;

/// The wrapping of texts in a list: the answer of `--query 'Events[].CloudTrailEvent'`.
const TEXT: Wrapping = Wrapping { key: "CloudTrailEvent", format: "lookup-events", is_own: true };

/// Reports whether a column of this name holds whole records in the results of a query.
fn holds_rows(wrapping: &Wrapping) -> bool {
    wrapping.is_own || matches!(wrapping.key, "@message" | "_raw")
}

/// Hands an object to the sink as what it is.
pub(super) fn offer_object(record: &RawRecord<'_>, bytes: &[u8], sink: &mut dyn Sink, place: Place<'_>) -> Offered {
    if let Err(error) = simdutf8::compat::from_utf8(bytes) {
        return Err(Refusal::new(format!("is not valid UTF-8 at byte {} of the record", error.valid_up_to())));
    }
    let notification = foreign::notification(record);
    let mut refusal =
        notification.unwrap_or("is not a CloudTrail record: it has no eventVersion, eventName or eventID");
    if record.is_record && notification.is_none() {
        match if place.origin.is_own { None } else { foreign::refusal(record, bytes) } {
            None => return Ok(sink.record(record, bytes)),
            Some(reason) => refusal = reason,
        }
    }
    if record.is_digest {
        sink.format("digest");
        return Ok(sink.digest(bytes));
    }
    if record.may_be_proof
        && let Some(proof) = ProofDocument::parse(bytes)
    {
        sink.format(proof.format());
        return Ok(sink.proof(proof));
    }
    if record.may_be_context
        && let Some(found) = context::parse(bytes)
    {
        return Ok(offer_context(found, sink, place));
    }
    match (offer_inner(&record.inner, sink, place), notification) {
        (Some(Ok(flow)), _) => Ok(flow),
        (Some(Err(inner)), None) if inner.has_records => Err(inner),
        (Some(Err(inner)), None) => Err(Refusal::of_value(bytes, inner.reason)),
        (_, Some(foreign)) => Err(Refusal { foreign: Some(foreign), ..Refusal::new(refusal) }),
        (None, None) if record.is_record => Err(Refusal::new(refusal)),
        _ => Err(Refusal::of_value(bytes, refusal)),
    }
}

/// Hands a document about accounts, people or rights, or findings, to the sink, and rejects the elements of its lists
/// that are something else.
fn offer_context(found: Recognized, sink: &mut dyn Sink, place: Place<'_>) -> ControlFlow<()> {
    sink.format(found.document.format());
    for element in &found.refused {
        sink.reject(reject_of((place.at)(), found.document.refusal().to_owned(), element.as_bytes()))?;
    }
    sink.context(found.document)
}

/// Offers what the values of an object hold, in the order of their wrappings. `None` if it has no such value.
fn offer_inner(inner: &[Inner<'_>], sink: &mut dyn Sink, place: Place<'_>) -> Option<Offered> {
    let mut inner = inner.to_vec();
    inner.sort_by_key(|(rank, ..)| *rank);
    let mut refused = None;
    for (_, wrapping, value) in inner {
        match payload::of_value(value).map(|payload| offer_payload(payload, wrapping, sink, place)) {
            Some(Ok(flow)) => return Some(Ok(flow)),
            Some(Err(refusal)) => drop(refused.get_or_insert(Err(refusal))),
            None => {}
        }
    }
    refused
}

/// Hands a text of a list, or the row of a query's result, to the sink.
pub(super) fn offer_element(value: &RawValue, sink: &mut dyn Sink, place: Place<'_>) -> Offered {
    if value.get().starts_with('"') {
        let payload = payload::of_value(value).filter(|_| place.origin.depth < MAX_NESTING);
        return payload
            .map_or_else(|| Err(Refusal::new(NOT_AN_OBJECT)), |payload| offer_payload(payload, &TEXT, sink, place));
    }
    let cells = rows::cells(value).ok_or_else(|| Refusal::new(NOT_AN_OBJECT))?;
    let mut held: Vec<Inner<'_>> = Vec::new();
    for (name, value) in &cells {
        held.extend(value_of(name).filter(|(_, found)| holds_rows(found)).map(|(rank, found)| (rank, found, *value)));
    }
    if let Some(offered) = offer_inner(&held, sink, place) {
        return offered;
    }
    let cells = cells.iter().filter_map(|(name, value)| Some((column_of(name)?, rows::text_of(value))));
    let text = columns::record_of(cells).map_err(Refusal::new)?;
    match serde_json::from_str::<RawRecord<'_>>(&text) {
        Ok(record) if record.event_id.is_present() && record.event_name.is_present() => {
            Ok(sink.row(&record, text.as_bytes()))
        }
        _ => Err(Refusal::of_value(
            value.get().as_bytes(),
            "is a row without a record, or without its eventID and eventName",
        )),
    }
}

/// Hands a text, such as a cell of a column that holds records, to the sink.
pub(super) fn offer_text(
    text: &str,
    is_own: bool,
    sink: &mut dyn Sink,
    place: Place<'_>,
) -> Result<ControlFlow<()>, String> {
    match payload::of_text(text) {
        Some(payload) => {
            offer_payload(payload, &Wrapping { key: "", is_own, ..TEXT }, sink, place).map_err(|refusal| refusal.reason)
        }
        None => Err("is not a CloudTrail record, and holds none".to_owned()),
    }
}

fn offer_payload(payload: Payload<'_>, wrapping: &Wrapping, sink: &mut dyn Sink, place: Place<'_>) -> Offered {
    if place.origin.depth >= MAX_NESTING {
        let has_records = matches!(&payload, Payload::Json(text) if holds_records(text.as_bytes()));
        return Err(Refusal { has_records, ..Refusal::new(format!("holds its records more than {MAX_NESTING} deep")) });
    }
    let place = Place { origin: place.origin.inside(wrapping), ..place };
    let offered = match payload {
        Payload::Control => Ok(ControlFlow::Continue(())),
        Payload::Json(text) => offer_json(&text, sink, place),
        Payload::Gzip(bytes) => {
            let expanded = Capped::new(MultiGzDecoder::new(Cursor::new(bytes)), &sink.expansion());
            offer_document(Content::Stream(Box::new(expanded)), sink, place)
        }
    };
    if offered.is_ok() && !wrapping.key.is_empty() {
        sink.format(wrapping.format);
    }
    offered
}

/// Offers the text of a record, or of a document.
fn offer_json(text: &str, sink: &mut dyn Sink, place: Place<'_>) -> Offered {
    let is_document = !text.starts_with('{') || matches!(find_list(text.as_bytes()), ObjectStart::List { .. });
    if is_document {
        return offer_document(Content::Whole(text.as_bytes()), sink, place);
    }
    match serde_json::from_str::<RawRecord<'_>>(text) {
        Ok(record) => offer_object(&record, text.as_bytes(), sink, place),
        Err(error) if error.to_string().starts_with("trailing characters") => {
            offer_document(Content::Whole(text.as_bytes()), sink, place)
        }
        Err(error) => Err(Refusal::new(format!("holds a record that is not well-formed JSON: {error}"))),
    }
}

/// Decodes a document inside a value.
fn offer_document(content: Content<'_>, sink: &mut dyn Sink, place: Place<'_>) -> Offered {
    let mut inner = InnerSink { sink, at: place.at };
    match (place.decode)(content, &mut inner, place.origin) {
        Decoded::TrailFile => Ok(ControlFlow::Continue(())),
        Decoded::Stopped => Ok(ControlFlow::Break(())),
        Decoded::SomethingElse(what) => Err(Refusal::new(match what {
            Cow::Borrowed(what) => format!("holds a value that {what}"),
            Cow::Owned(_) => "is not a CloudTrail record, and holds none".to_owned(),
        })),
        Decoded::Foreign(kind) => Err(Refusal::new(format!("holds a value that {kind}"))),
    }
}

/// The sink of a document inside a value: its rejects are where the value is.
struct InnerSink<'s> {
    sink: &'s mut dyn Sink,
    at: &'s dyn Fn() -> (u64, u64),
}

impl Sink for InnerSink<'_> {
    fn record(&mut self, record: &RawRecord<'_>, bytes: &[u8]) -> ControlFlow<()> {
        self.sink.record(record, bytes)
    }

    fn row(&mut self, record: &RawRecord<'_>, bytes: &[u8]) -> ControlFlow<()> {
        self.sink.row(record, bytes)
    }

    fn digest(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        self.sink.digest(bytes)
    }

    fn proof(&mut self, proof: ProofDocument) -> ControlFlow<()> {
        self.sink.proof(proof)
    }

    fn context(&mut self, document: ContextDocument) -> ControlFlow<()> {
        self.sink.context(document)
    }

    fn reject(&mut self, reject: Reject) -> ControlFlow<()> {
        let (position, line) = (self.at)();
        self.sink.reject(Reject { position, line, ..reject })
    }

    /// The outermost wrapping is the file's format.
    fn format(&mut self, _: &'static str) {}

    fn problem(&mut self, problem: Problem, records: u64) {
        self.sink.problem(problem, records);
    }

    fn expansion(&self) -> Arc<Expansion> {
        self.sink.expansion()
    }
}
