//! The destination of the content of files: the writer of a case, or of a table.

use crate::context::ContextDocument;
use crate::ingest::file_sink::EventGatherer;
use crate::ingest::report::Error;
use crate::ledger::{Counts, Digest, FileEnd, Reject};
use crate::proof::ProofDocument;
use crate::store::{AssembledBatch, BatchBuilder, Delivery, ImportWriter};

/// The batches of a destination.
pub(crate) type BatchOf<D> = <<D as Destination>::Gatherer as EventGatherer>::Batch;

/// Takes the files of a run in order, each with its content. Names are those of files, and of members of
/// archives after `!`.
pub(crate) trait Destination {
    /// Gathers the events of a worker.
    type Gatherer: EventGatherer;

    /// Begins a file.
    fn begin_file(&mut self, name: &str) -> Result<(), Error>;

    /// Takes events, and returns their number.
    fn batch(&mut self, batch: BatchOf<Self>) -> Result<u64, Error>;

    /// Takes a digest file.
    fn digest(&mut self, digest: &Digest) -> Result<(), Error>;

    /// Takes an answer of the AWS CLI.
    fn proof(&mut self, proof: &ProofDocument) -> Result<(), Error>;

    /// Takes a document about accounts, people, rights or findings.
    fn context(&mut self, document: &ContextDocument) -> Result<(), Error>;

    /// Takes what could not be read of a file.
    fn reject(&mut self, name: &str, reject: &Reject) -> Result<(), Error>;

    /// Begins a member of the archive that is open.
    fn begin_member(&mut self, name: &str) -> Result<(), Error>;

    /// Ends the file or the member, and returns its account.
    fn end_file(
        &mut self,
        name: &str,
        modified: Option<i64>,
        delivery: &Delivery<'_>,
        end: &FileEnd,
    ) -> Result<Counts, Error>;

    /// Takes the error for which a worker has stopped.
    fn fault(&mut self) -> Option<Error> {
        None
    }
}

impl Destination for ImportWriter<'_> {
    type Gatherer = BatchBuilder;

    fn begin_file(&mut self, name: &str) -> Result<(), Error> {
        Ok(self.begin_file(name)?)
    }

    fn batch(&mut self, batch: AssembledBatch) -> Result<u64, Error> {
        Ok(ImportWriter::batch(self, batch)?)
    }

    fn digest(&mut self, digest: &Digest) -> Result<(), Error> {
        Ok(self.digest(digest)?)
    }

    fn proof(&mut self, proof: &ProofDocument) -> Result<(), Error> {
        Ok(self.proof(proof)?)
    }

    fn context(&mut self, document: &ContextDocument) -> Result<(), Error> {
        Ok(self.context(document)?)
    }

    fn reject(&mut self, _: &str, reject: &Reject) -> Result<(), Error> {
        Ok(ImportWriter::reject(self, reject)?)
    }

    fn begin_member(&mut self, name: &str) -> Result<(), Error> {
        Ok(self.begin_member(name)?)
    }

    fn end_file(
        &mut self,
        name: &str,
        modified: Option<i64>,
        delivery: &Delivery<'_>,
        end: &FileEnd,
    ) -> Result<Counts, Error> {
        Ok(self.end_file(name, modified, delivery, end)?)
    }
}
