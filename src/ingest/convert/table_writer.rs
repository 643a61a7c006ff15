//! The destination of a conversion: accounts for files, and keeps rejects. The workers sort the rows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::context::ContextDocument;
use crate::events_table::{SharedRuns, TableError};
use crate::ingest::convert::gatherer::RowGatherer;
use crate::ingest::convert::rejects::RejectFile;
use crate::ingest::destination::Destination;
use crate::ingest::report::Error;
use crate::ledger::{Counts, Digest, FileEnd, Reject};
use crate::proof::ProofDocument;
use crate::store::Delivery;

/// Takes in the files of a conversion.
pub(crate) struct TableWriter {
    shared: Arc<SharedRuns>,
    folder: PathBuf,
    rejects: Option<RejectFile>,
    /// The accounts of the file and of the members of archives that are open.
    open: Vec<Counts>,
}

impl TableWriter {
    /// Returns the writer of a table in a folder.
    pub(crate) fn new(shared: Arc<SharedRuns>, folder: &Path) -> TableWriter {
        TableWriter { shared, folder: folder.to_owned(), rejects: None, open: Vec::new() }
    }

    fn spill_error(&self, source: std::io::Error) -> TableError {
        TableError::Spill { folder: self.folder.clone(), source }
    }

    /// Writes the rejects, and returns their file; `None` without any.
    pub(crate) fn write_rejects(self, folder: &Path, content: &str) -> Result<Option<PathBuf>, Error> {
        Ok(self.rejects.map(|rejects| rejects.write(folder, content)).transpose()?)
    }
}

impl Destination for TableWriter {
    type Gatherer = RowGatherer;

    fn begin_file(&mut self, _: &str) -> Result<(), Error> {
        self.open = vec![Counts::default()];
        Ok(())
    }

    fn batch(&mut self, events: u64) -> Result<u64, Error> {
        if let Some(counts) = self.open.last_mut() {
            counts.read += events;
        }
        Ok(events)
    }

    fn digest(&mut self, _: &Digest) -> Result<(), Error> {
        Ok(())
    }

    fn proof(&mut self, _: &ProofDocument) -> Result<(), Error> {
        Ok(())
    }

    fn context(&mut self, _: &ContextDocument) -> Result<(), Error> {
        Ok(())
    }

    fn reject(&mut self, name: &str, reject: &Reject) -> Result<(), Error> {
        if let Some(counts) = self.open.last_mut() {
            counts.read += 1;
            counts.rejected += 1;
        }
        let parts = [reject.sha256.as_bytes(), &reject.position.to_le_bytes(), reject.reason.as_bytes()];
        self.shared.add_content(&parts);
        if self.rejects.is_none() {
            self.rejects = Some(RejectFile::create(&self.folder).map_err(|source| self.spill_error(source))?);
        }
        if let Some(rejects) = &mut self.rejects
            && let Err(source) = rejects.push(name, reject)
        {
            return Err(self.spill_error(source).into());
        }
        Ok(())
    }

    fn begin_member(&mut self, _: &str) -> Result<(), Error> {
        self.open.push(Counts::default());
        Ok(())
    }

    fn end_file(&mut self, _: &str, _: Option<i64>, _: &Delivery<'_>, _: &FileEnd) -> Result<Counts, Error> {
        Ok(self.open.pop().unwrap_or_default())
    }

    fn fault(&mut self) -> Option<Error> {
        self.shared.take_fault().map(Error::from)
    }
}
