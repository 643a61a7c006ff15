//! Reading of any bytes as a trail file, for the fuzz targets.

mod origin;

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::context::ContextDocument;
use crate::event::EventIds;
use crate::file_magic::PARQUET;
use crate::ingest::archive;
use crate::ingest::backlog::Backlog;
use crate::ingest::decode::sink::{Decoded, Sink};
use crate::ingest::expansion::Expansion;
use crate::ingest::file_sink::{FileSink, Message};
use crate::ingest::read::{decode_stream, decode_whole};
use crate::ingest::record::normalize::normalize;
use crate::ingest::record::raw::RawRecord;
use crate::ingest::source::layers::{self, Magic};
use crate::ledger::{FileOutcome, Problem, Reject};
use crate::proof::ProofDocument;
use crate::store::{BatchBuilder, Dictionaries};

/// A sink that lists what a decoder hands on.
#[derive(Default, Debug, PartialEq)]
struct Log {
    lines: Vec<String>,
    counts: Sent,
    /// The bytes of the records that were not made from columns.
    records: Vec<Vec<u8>>,
}

/// The number of events, and of digests and rejects, that were handed on.
#[derive(Default, Debug, PartialEq, Clone, Copy)]
struct Sent {
    events: usize,
    others: usize,
}

impl Log {
    fn note(&mut self, line: String) -> ControlFlow<()> {
        self.lines.push(line);
        ControlFlow::Continue(())
    }

    fn event(&mut self, record: &RawRecord<'_>, bytes: &[u8]) {
        let (event, _) = normalize(record, bytes, EventIds::Event);
        assert!(!event.event_id.is_empty());
        self.counts.events += 1;
    }
}

impl Sink for Log {
    fn record(&mut self, record: &RawRecord<'_>, bytes: &[u8]) -> ControlFlow<()> {
        self.event(record, bytes);
        self.records.push(bytes.to_vec());
        self.note("record".to_owned())
    }
    fn row(&mut self, record: &RawRecord<'_>, bytes: &[u8]) -> ControlFlow<()> {
        self.event(record, bytes);
        self.note(format!("row {}", String::from_utf8_lossy(bytes)))
    }
    fn digest(&mut self, _: &[u8]) -> ControlFlow<()> {
        self.counts.others += 1;
        self.note("digest".to_owned())
    }
    fn proof(&mut self, proof: ProofDocument) -> ControlFlow<()> {
        self.counts.others += 1;
        self.note(format!("{proof:?}"))
    }
    fn context(&mut self, document: ContextDocument) -> ControlFlow<()> {
        self.counts.others += 1;
        self.note(format!("{document:?}"))
    }
    fn reject(&mut self, reject: Reject) -> ControlFlow<()> {
        self.counts.others += 1;
        self.note(format!("reject {} {} {}", reject.position, reject.length, reject.reason))
    }
    fn format(&mut self, _: &'static str) {}
    fn problem(&mut self, problem: Problem, records: u64) {
        self.lines.push(format!("{problem:?} {records}"));
    }
    fn expansion(&self) -> Arc<Expansion> {
        Arc::default()
    }
}

/// Decodes content from memory and from a stream, which gives the same. The bytes of each record come from the content,
/// and the messages of a worker account for everything that was handed on.
pub(crate) fn decode(content: &[u8]) {
    decode_twice(content, true);
}

/// Decodes content as [`decode`], after the magic of a Parquet file; its records may be compressed.
pub(crate) fn parquet(content: &[u8]) {
    let mut file = PARQUET.to_vec();
    file.extend_from_slice(content.strip_prefix(PARQUET).unwrap_or(content));
    decode_twice(&file, false);
}

/// `is_plain`: the bytes of each record come from the content.
fn decode_twice(content: &[u8], is_plain: bool) {
    for strict in [false, true] {
        let (mut whole, mut stream) = (Log::default(), Log::default());
        let from_memory = decode_whole(content, strict, &mut whole);
        // A stream in memory does not fail.
        let from_stream = decode_stream(Box::new(content), strict, &mut stream).ok();
        assert_eq!((Some(&from_memory), &whole), (from_stream.as_ref(), &stream));
        let holds_nothing = matches!(from_memory, Decoded::SomethingElse(_) | Decoded::Foreign(_));
        assert!(!holds_nothing || whole == Log::default());
        if !strict {
            let sent = messages_of(|sink| drop(decode_whole(content, strict, sink)));
            assert_eq!(sent, Some(whole.counts));
            assert!(!is_plain || content.starts_with(PARQUET) || origin::holds_all(content, &whole.records));
        }
    }
}

/// Reads content through its layers: each member that begins ends, and an ignored member has nothing stored or rejected.
pub(crate) fn archive(content: &[u8]) {
    let _ = messages_of(|sink| {
        let expansion = sink.expansion();
        expansion.set_read(content.len() as u64);
        let Ok(inner) = layers::unwrap(Box::new(content), &expansion) else { return };
        let _ = match inner.magic {
            Magic::Zip | Magic::Tar => archive::read(inner.magic, inner.stream, sink),
            _ => decode_stream(inner.stream, false, sink),
        };
    });
}

/// Lets `read` fill the sink of a file, and checks the messages that come of it. Returns the number of events, and of
/// digests and rejects.
fn messages_of(read: impl FnOnce(&mut FileSink<'_>)) -> Option<Sent> {
    let mut batch = BatchBuilder::new(Arc::new(Dictionaries::in_the_making())).ok()?;
    let (out, messages) = Backlog::unlimited().queue(0);
    let expansion = Arc::new(Expansion::default());
    let mut sink = FileSink::new(&mut batch, &out, &expansion, EventIds::Event);
    read(&mut sink);
    let _ = sink.flush();
    drop(out);
    let (mut all, mut open) = (Sent::default(), vec![Sent::default()]);
    for message in messages.messages() {
        let sent = match message {
            Message::BeginMember(_) => {
                open.push(Sent::default());
                continue;
            }
            Message::EndMember(end) => {
                let member = open.pop()?;
                let is_ignored = end.outcome == FileOutcome::Ignored;
                assert!(!is_ignored || member == Sent::default(), "{member:?} of an ignored member");
                assert_eq!(is_ignored, end.reason.is_some());
                continue;
            }
            Message::Batch(batch, _) => {
                let batch = batch.wait().ok()?;
                assert!(!batch.events.is_empty() && batch.events.len() == batch.hashes.len());
                Sent { events: batch.events.len(), others: 0 }
            }
            Message::Digest(_) | Message::Proof(_) | Message::Context(_) | Message::Reject(_) => {
                Sent { events: 0, others: 1 }
            }
            Message::End(_) => Sent::default(),
        };
        for account in [Some(&mut all), open.last_mut()].into_iter().flatten() {
            account.events += sent.events;
            account.others += sent.others;
        }
    }
    assert_eq!(open.len(), 1, "a member does not end");
    Some(all)
}
