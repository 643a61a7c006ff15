//! The messages of a worker about one file: events gathered into batches, digests, rejects, and the account of the file.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::context::ContextDocument;
use crate::event::{Event, EventIds};
use crate::ingest::backlog::Outlet;
use crate::ingest::decode::sink::Sink;
use crate::ingest::decode::window::reject_of;
use crate::ingest::expansion::Expansion;
use crate::ingest::record::normalize::normalize;
use crate::ingest::record::raw::RawRecord;
use crate::ledger::{Digest, FileEnd, FileOutcome, Problem, Reject};
use crate::proof::ProofDocument;
use crate::store::{AssembledBatch, BatchBuilder};

/// Gathers the events of a worker for their destination: a case or a table.
pub(crate) trait EventGatherer {
    /// The unit that the destination takes.
    type Batch: Send;

    /// Begins a file. `number`: its place among the files of the run.
    fn begin_file(&mut self, _number: u32, _name: &str) {}

    /// Begins a member of an archive.
    fn begin_member(&mut self, _name: &str) {}

    /// Ends the member.
    fn end_member(&mut self) {}

    /// Adds an event with its record.
    fn push(&mut self, event: Event, record: &[u8], from_csv: bool);

    /// Reports whether the events fill a batch.
    fn is_full(&self) -> bool;

    /// Reports whether there are no events.
    fn is_empty(&self) -> bool;

    /// Takes the events as a batch. `from_csv`: they were made from rows of columns. `None`: the destination cannot be
    /// written, and the run ends.
    fn take(&mut self, from_csv: bool) -> Option<Self::Batch>;

    /// Ends the work: all files are read.
    fn finish(&mut self) {}
}

impl EventGatherer for BatchBuilder {
    type Batch = AssembledBatch;

    fn push(&mut self, event: Event, record: &[u8], _: bool) {
        self.push(event, record);
    }

    fn is_full(&self) -> bool {
        self.is_full()
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn take(&mut self, from_csv: bool) -> Option<AssembledBatch> {
        Some(self.take(from_csv))
    }

    fn finish(&mut self) {
        self.help_others();
    }
}

/// The messages of a worker about a file; `End` comes last.
pub(crate) enum Message<B = AssembledBatch> {
    /// Events, and how many bytes of the file on disk have been read by now.
    Batch(B, u64),
    Digest(Box<Digest>),
    Proof(ProofDocument),
    Context(ContextDocument),
    Reject(Reject),
    /// A member of the archive that the file, or the member before, proves to be begins; its name.
    BeginMember(String),
    /// The member ends.
    EndMember(FileEnd),
    End(FileEnd),
}

/// The facts about a file or a member of an archive that are known so far.
#[derive(Default)]
struct Account {
    format: Option<&'static str>,
    problems: BTreeMap<Problem, u64>,
    /// True if anything of it was sent.
    has_sent: bool,
}

/// Gathers events into batches and sends them on.
pub(crate) struct FileSink<'w, G: EventGatherer = BatchBuilder> {
    batch: &'w mut G,
    out: &'w Outlet<Message<G::Batch>>,
    expansion: &'w Arc<Expansion>,
    ids: EventIds,
    /// True if the events gathered are made from rows of columns.
    from_csv: bool,
    /// The file, and the members of archives that are open in it.
    open: Vec<Account>,
    /// The writer has disconnected.
    pub(crate) disconnected: bool,
}

impl<'w, G: EventGatherer> FileSink<'w, G> {
    pub(crate) fn new(
        batch: &'w mut G,
        out: &'w Outlet<Message<G::Batch>>,
        expansion: &'w Arc<Expansion>,
        ids: EventIds,
    ) -> FileSink<'w, G> {
        FileSink { batch, out, expansion, ids, from_csv: false, open: vec![Account::default()], disconnected: false }
    }

    fn send(&mut self, message: Message<G::Batch>) -> ControlFlow<()> {
        self.account().has_sent = true;
        self.send_on(message)
    }

    fn send_on(&mut self, message: Message<G::Batch>) -> ControlFlow<()> {
        self.disconnected |= self.out.send(message).is_err();
        if self.disconnected { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn push(&mut self, record: &RawRecord<'_>, bytes: &[u8], is_row: bool) -> ControlFlow<()> {
        if self.from_csv != is_row {
            self.flush()?;
            self.from_csv = is_row;
        }
        let (event, problems) = normalize(record, bytes, self.ids);
        for problem in problems.0 {
            *self.account().problems.entry(problem).or_default() += 1;
        }
        self.batch.push(event, bytes, is_row);
        if self.batch.is_full() {
            return self.flush();
        }
        ControlFlow::Continue(())
    }

    /// Returns the account of the innermost file or member.
    fn account(&mut self) -> &mut Account {
        if self.open.is_empty() {
            self.open.push(Account::default());
        }
        let last = self.open.len() - 1;
        &mut self.open[last]
    }

    /// Reports whether the file or member has anything that is stored or rejected.
    pub(crate) fn has_something(&self) -> bool {
        self.open.last().is_some_and(|account| account.has_sent) || !self.batch.is_empty()
    }

    /// Begins a member of an archive.
    pub(crate) fn begin_member(&mut self, name: &str) -> ControlFlow<()> {
        self.flush()?;
        self.open.push(Account::default());
        self.batch.begin_member(name);
        self.send_on(Message::BeginMember(name.to_owned()))
    }

    /// Ends the member, of which this is known.
    pub(crate) fn end_member(&mut self, end: FileEnd) -> ControlFlow<()> {
        self.flush()?;
        self.batch.end_member();
        let end = self.complete(end);
        self.send_on(Message::EndMember(end))
    }

    /// Ends the file, of which this is known.
    pub(crate) fn end(&mut self, end: FileEnd) -> ControlFlow<()> {
        self.flush()?;
        let end = self.complete(end);
        self.send_on(Message::End(end))
    }

    /// Adds format and problems.
    fn complete(&mut self, end: FileEnd) -> FileEnd {
        let Account { format, problems, .. } = self.open.pop().unwrap_or_default();
        let format = match end.outcome {
            FileOutcome::TrailFile => format.or(Some("json")),
            FileOutcome::Ignored | FileOutcome::LeftOut | FileOutcome::Unchanged => None,
        };
        FileEnd { format, problems, ..end }
    }

    /// Sends the events gathered so far.
    pub(crate) fn flush(&mut self) -> ControlFlow<()> {
        if self.batch.is_empty() {
            return ControlFlow::Continue(());
        }
        match self.batch.take(self.from_csv) {
            Some(batch) => self.send(Message::Batch(batch, self.expansion.read())),
            None => {
                self.disconnected = true;
                ControlFlow::Break(())
            }
        }
    }

    /// Rejects the file, or the archive's member, as a whole.
    pub(crate) fn whole_file(&mut self, reason: &str) {
        let _ = self.reject(whole(&[], reason.to_owned()));
    }

    /// The end of a file of which nothing could be read.
    pub(crate) fn unreadable(&mut self, reason: &str) -> FileEnd {
        self.whole_file(reason);
        FileEnd::new(FileOutcome::TrailFile, 0, String::new())
    }
}

/// A reject that begins where its file does.
fn whole(bytes: &[u8], reason: String) -> Reject {
    reject_of((0, 1), reason, bytes)
}

impl<G: EventGatherer> Sink for FileSink<'_, G> {
    fn record(&mut self, record: &RawRecord<'_>, bytes: &[u8]) -> ControlFlow<()> {
        self.push(record, bytes, false)
    }

    fn row(&mut self, record: &RawRecord<'_>, bytes: &[u8]) -> ControlFlow<()> {
        self.push(record, bytes, true)
    }

    fn digest(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        match serde_json::from_slice(bytes) {
            Ok(digest) => self.send(Message::Digest(digest)),
            Err(error) => self.reject(whole(bytes, format!("is a digest file that cannot be read: {error}"))),
        }
    }

    fn proof(&mut self, proof: ProofDocument) -> ControlFlow<()> {
        self.send(Message::Proof(proof))
    }

    fn context(&mut self, document: ContextDocument) -> ControlFlow<()> {
        self.send(Message::Context(document))
    }

    fn reject(&mut self, reject: Reject) -> ControlFlow<()> {
        // The ledger keeps the order of the file.
        self.flush()?;
        self.send(Message::Reject(reject))
    }

    fn format(&mut self, format: &'static str) {
        self.account().format = Some(format);
    }

    fn problem(&mut self, problem: Problem, records: u64) {
        *self.account().problems.entry(problem).or_default() += records;
    }

    fn expansion(&self) -> Arc<Expansion> {
        Arc::clone(self.expansion)
    }
}
