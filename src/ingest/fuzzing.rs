//! Reading of any bytes as a trail file, for the fuzz targets.

use std::ops::ControlFlow;
use std::sync::Arc;

use crossbeam_channel::unbounded;

use crate::event::EventIds;
use crate::ingest::archive;
use crate::ingest::decode::sink::{Decoded, Sink};
use crate::ingest::expansion::Expansion;
use crate::ingest::file_sink::{FileSink, Message};
use crate::ingest::read::{decode_stream, decode_whole};
use crate::ingest::record::normalize::normalize;
use crate::ingest::record::raw::RawRecord;
use crate::ingest::source::layers::{self, Magic};
use crate::ledger::{Problem, Reject};
use crate::store::{BatchBuilder, Dictionaries};

/// Lists what a decoder hands on.
#[derive(Default, Debug, PartialEq)]
struct Log(Vec<String>);

impl Log {
    fn note(&mut self, line: String) -> ControlFlow<()> {
        self.0.push(line);
        ControlFlow::Continue(())
    }
}

impl Sink for Log {
    fn record(&mut self, record: &RawRecord<'_>, bytes: &[u8]) -> ControlFlow<()> {
        let (event, _) = normalize(record, bytes, EventIds::Event);
        assert!(!event.event_id.is_empty());
        self.note(format!("record {}", String::from_utf8_lossy(bytes)))
    }
    fn row(&mut self, record: &RawRecord<'_>, bytes: &[u8]) -> ControlFlow<()> {
        self.record(record, bytes)?;
        self.note("row".to_owned())
    }
    fn digest(&mut self, _: &[u8]) -> ControlFlow<()> {
        self.note("digest".to_owned())
    }
    fn reject(&mut self, reject: Reject) -> ControlFlow<()> {
        self.note(format!("reject {} {} {}", reject.position, reject.length, reject.reason))
    }
    fn format(&mut self, _: &'static str) {}
    fn problem(&mut self, problem: Problem, records: u64) {
        self.0.push(format!("{problem:?} {records}"));
    }
    fn expansion(&self) -> Arc<Expansion> {
        Arc::default()
    }
}

/// Decodes content from memory and from a stream, which gives the same.
pub(crate) fn decode(content: &[u8]) {
    for strict in [false, true] {
        let (mut whole, mut stream) = (Log::default(), Log::default());
        let from_memory = decode_whole(content, strict, &mut whole);
        // A stream in memory does not fail.
        let from_stream = decode_stream(Box::new(content), strict, &mut stream).ok();
        assert_eq!((Some(&from_memory), &whole), (from_stream.as_ref(), &stream));
        let holds_nothing = matches!(from_memory, Decoded::SomethingElse(_) | Decoded::Foreign(_));
        assert!(!holds_nothing || whole == Log::default());
    }
}

/// Reads content through its layers.
pub(crate) fn archive(content: &[u8]) {
    let Ok(mut batch) = BatchBuilder::new(Arc::new(Dictionaries::in_the_making())) else { return };
    let (out, messages) = unbounded();
    let expansion = Arc::new(Expansion::default());
    expansion.set_read(content.len() as u64);
    let mut sink = FileSink::new(&mut batch, &out, &expansion, EventIds::Event);
    let Ok(inner) = layers::unwrap(Box::new(content), &expansion) else { return };
    let _ = match inner.magic {
        Magic::Zip | Magic::Tar => archive::read(inner.magic, inner.stream, &mut sink),
        _ => decode_stream(inner.stream, false, &mut sink),
    };
    let _ = sink.flush();
    drop(out);
    let mut open = 0;
    for message in messages {
        match message {
            Message::BeginMember(_) => open += 1,
            Message::EndMember(_) => open -= 1,
            Message::Batch(batch, _) => assert!(!batch.events.is_empty()),
            Message::Digest(_) | Message::Reject(_) | Message::End(_) => {}
        }
        assert!(open >= 0);
    }
    assert_eq!(open, 0);
}
