//! Between the decoder and its user: what a file holds, and what became of it.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::context::ContextDocument;
use crate::ingest::expansion::Expansion;
use crate::ingest::record::raw::RawRecord;
use crate::ledger::{Problem, Reject};
use crate::proof::ProofDocument;

/// Receives what a file holds. `Break` stops the reading.
pub(crate) trait Sink {
    /// Takes a record and its bytes.
    fn record(&mut self, record: &RawRecord<'_>, bytes: &[u8]) -> ControlFlow<()>;
    /// Takes a record that was made from columns, which a full record of the same event replaces.
    fn row(&mut self, record: &RawRecord<'_>, bytes: &[u8]) -> ControlFlow<()>;
    /// Takes a digest file's bytes.
    fn digest(&mut self, bytes: &[u8]) -> ControlFlow<()>;
    /// Takes an answer of the AWS CLI by which digest files are checked.
    fn proof(&mut self, proof: ProofDocument) -> ControlFlow<()>;
    /// Takes a document about accounts, people or rights, or findings.
    fn context(&mut self, document: ContextDocument) -> ControlFlow<()>;
    /// Takes what could not be stored.
    fn reject(&mut self, reject: Reject) -> ControlFlow<()>;
    /// Notes what the records were wrapped in.
    fn format(&mut self, format: &'static str);
    /// Notes a problem and the number of its records.
    fn problem(&mut self, problem: Problem, records: u64);
    /// Returns the account of what the file expands to.
    fn expansion(&self) -> Arc<Expansion>;
}

/// The result of decoding a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decoded {
    /// It held records, digests or rejects, which the sink has.
    TrailFile,
    /// Nothing in it looked like a record; the sink has seen nothing of it. Says what it looks like.
    SomethingElse(Cow<'static, str>),
    /// Nothing in it is a record, and it is a known kind of another service's files; says which.
    Foreign(&'static str),
    /// The sink asked to stop.
    Stopped,
}

impl From<ControlFlow<()>> for Decoded {
    fn from(flow: ControlFlow<()>) -> Decoded {
        match flow {
            ControlFlow::Continue(()) => Decoded::TrailFile,
            ControlFlow::Break(()) => Decoded::Stopped,
        }
    }
}
