//! The stages of an import, each by itself, for `tests/bench/stages.rs`. No part of the interface.

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::unbounded;

use crate::context::ContextDocument;
use crate::event::EventIds;
use crate::ingest::backlog::{Backlog, Inlet};
use crate::ingest::decode::bracket_scanner::{BracketScan, BracketScanner};
use crate::ingest::decode::json;
use crate::ingest::decode::sink::Sink;
use crate::ingest::decode::window::Window;
use crate::ingest::expansion::Expansion;
use crate::ingest::file_sink::Message;
use crate::ingest::pipeline::{Job, work, write_file};
use crate::ingest::record::raw::RawRecord;
use crate::ingest::report::{Error, NoProgress, Report};
use crate::ingest::source::walk;
use crate::ingest::source::walk::SourceFile;
use crate::ledger::{Problem, Reject};
use crate::proof::ProofDocument;
use crate::store::{self, BatchBuilder, Dictionaries, Import, RunOrigin, Silent};

/// Finds where each record of a list ends (`{...},{...}`), by its brackets; how many there are.
pub fn split(list: &[u8]) -> usize {
    let mut rest = list;
    let mut count = 0;
    while let BracketScan::Ends(end) = BracketScanner::default().feed(rest) {
        count += 1;
        // Behind the value and its comma.
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    count
}

/// Reads a document as an import does, down to the parsed record; how many records there are.
pub fn parse(document: &[u8]) -> usize {
    let mut count = Count(0);
    json::decode(Window::whole(document), true, &mut count);
    count.0
}

struct Count(usize);

impl Sink for Count {
    fn record(&mut self, _: &RawRecord<'_>, _: &[u8]) -> ControlFlow<()> {
        self.0 += 1;
        ControlFlow::Continue(())
    }

    fn row(&mut self, record: &RawRecord<'_>, bytes: &[u8]) -> ControlFlow<()> {
        self.record(record, bytes)
    }

    fn digest(&mut self, _: &[u8]) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn proof(&mut self, _: ProofDocument) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn context(&mut self, _: ContextDocument) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn reject(&mut self, _: Reject) -> ControlFlow<()> {
        ControlFlow::Break(())
    }

    fn format(&mut self, _: &'static str) {}

    fn problem(&mut self, _: Problem, _: u64) {}

    fn expansion(&self) -> Arc<Expansion> {
        Arc::default()
    }
}

/// Records that are parsed.
pub struct Parsed<'a>(Vec<(RawRecord<'a>, &'a [u8])>);

/// Parses records, each a text of its own.
///
/// # Errors
/// One that is not JSON.
pub fn parsed<'a>(records: &[&'a str]) -> serde_json::Result<Parsed<'a>> {
    let parse = |text: &&'a str| Ok((serde_json::from_str(text)?, text.as_bytes()));
    records.iter().map(parse).collect::<serde_json::Result<_>>().map(Parsed)
}

impl Parsed<'_> {
    /// Makes each an event; how many things were acted on.
    pub fn normalize(&self) -> usize {
        self.0
            .iter()
            .map(|(record, bytes)| {
                crate::ingest::record::normalize::normalize(record, bytes, EventIds::Event).0.resources.len()
            })
            .sum()
    }
}

/// Packs records into blocks; the bytes of the blocks.
///
/// # Errors
/// Without memory.
pub fn compress(records: &[&str]) -> io::Result<usize> {
    store::packed_size(records)
}

/// The output of the workers, ready to be written.
pub struct Read(Vec<(SourceFile, Inlet<Message>)>);

/// Does all that a worker does with files, on this thread: inflates, parses, normalizes, compresses.
///
/// # Errors
/// A path that does not exist.
pub fn read(paths: &[PathBuf]) -> Result<Read, Error> {
    let files = walk::walk(paths, false).map_err(|(path, source)| Error::Path { path, source })?;
    let (jobs_in, jobs_out) = unbounded();
    let backlog = Backlog::unlimited();
    let queues = (0..).zip(files).map(|(number, found)| {
        let (out, queue) = backlog.queue(number);
        let _ = jobs_in.send(Job { found: found.clone(), number, before: None, out });
        (found, queue)
    });
    let read = Read(queues.collect());
    drop(jobs_in);
    if let Ok(batch) = BatchBuilder::new(Arc::new(Dictionaries::in_the_making())) {
        work(&jobs_out, batch, EventIds::Event);
    }
    Ok(read)
}

impl Read {
    /// Writes it into a new case; with `finish` also what ends an import: counts and indexes.
    ///
    /// # Errors
    /// A case that cannot be written.
    pub fn insert(self, case: &Path, finish: bool) -> Result<u64, Error> {
        let import = Import::open(case, 0, &Silent)?;
        let mut report = Report::default();
        let mut writer = import.begin(&RunOrigin::default(), EventIds::Event)?;
        writer.prepare_indexes(1, 0)?;
        for (found, queue) in self.0 {
            write_file(&found, &queue, &mut writer, &mut report, &NoProgress)?;
        }
        if finish {
            writer.finish()?;
        }
        Ok(report.counts.read)
    }
}
