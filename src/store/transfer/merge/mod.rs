//! Merging: what another case holds goes into a case by the rules of an import, and in such a way that the order in
//! which cases are merged makes no difference.
//!
//! Events and their records take the import's own way, from [`SourceCase`] through `ingest` to [`Writer::batch`]. What is told
//! apart from an import is in `events`: of records that are the same as parsed JSON the one with the smaller SHA-256
//! stays, and of the files that have it the first by path, whichever came first. `ledger` takes in files, rejects and
//! digests, and accounts for every file as one import of them all, in the order of their paths, would have done. `annotations`
//! takes in tags, notes, queries, rules, marks and verdicts.

mod annotations;
mod events;
mod ledger;
mod policy;
mod proof;
mod source;
mod target;
mod validations;

use std::path::Path;

pub(crate) use crate::store::transfer::merge::policy::MergeWriter;
#[cfg(feature = "parquet")]
pub(crate) use crate::store::transfer::merge::source::Records;
pub(crate) use crate::store::transfer::merge::source::{EventRange, Source, SourceCase, redactions};
pub(crate) use crate::store::transfer::merge::target::MergeTarget;

use crate::store::error::CaseError;
use crate::store::provenance;
use crate::store::provenance::ProvenanceStep;
use crate::store::write::writer::OpenFile;

/// The account of a merge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Merged {
    /// Events that were read.
    pub read: u64,
    /// Events that the case did not have.
    pub stored: u64,
    /// Events that it had.
    pub duplicate: u64,
    /// Of these: with another content.
    pub conflict: u64,
    /// Files that the case did not have.
    pub files: u64,
    /// True if the case was changed at all.
    pub changed: bool,
}

/// The step that a merge adds to the provenance.
#[derive(Debug, Default)]
pub(crate) struct MergeStep {
    /// The person who merges.
    pub(crate) made_by: Option<String>,
}

impl MergeWriter<'_> {
    /// From here on batches are of this file of another case.
    ///
    /// # Errors
    /// The ledger of that case has no such file.
    pub(crate) fn begin_range(&mut self, other: &SourceCase, range: &EventRange) -> Result<(), CaseError> {
        let id = other.file(range.file)?;
        self.file = Some(OpenFile { id, ..OpenFile::default() });
        Ok(())
    }

    /// Ends what [`Writer::begin_range`] began, and adds to what became of the merge.
    pub(crate) fn end_turn(&mut self, merged: &mut Merged) {
        let Some(file) = self.file.take() else { return };
        merged.read += file.counts.read;
        merged.stored += file.counts.stored;
        merged.duplicate += file.counts.duplicate;
        merged.conflict += file.counts.conflict;
        self.policy.changed += file.counts.stored + file.counts.replaced;
    }

    /// Takes in what the cases hold beside their events, accounts for every file, and ends the merge: with one step
    /// more in the provenance, if `step` is given, or where the case holds nothing new, as if nothing had been done. Returns
    /// whether it was changed.
    pub(crate) fn finish_merge(
        mut self,
        others: &[SourceCase],
        is_new: bool,
        step: Option<&MergeStep>,
    ) -> Result<bool, CaseError> {
        for other in others {
            self.take_ledger(other)?;
            self.take_kept(other)?;
            self.take_validations(other)?;
        }
        let steps = self.take_steps(others, is_new);
        let steps = self.sql(steps)?;
        if steps == 0 && self.changed() == 0 {
            let undone = self.connection.execute_batch("ROLLBACK");
            self.sql(undone)?;
            return Ok(false);
        }
        let accounted = ledger::account(self.connection);
        self.sql(accounted)?;
        if let Some(step) = step {
            let step = self.add_step(others, is_new, step);
            self.sql(step)?;
        }
        let (connection, path, import) = (self.connection, self.path, self.import);
        self.finish()?;
        // A merge is not a run of import: its row only marked the case as unfinished.
        connection
            .execute("DELETE FROM imports WHERE id = ?1", [import])
            .map_err(|error| CaseError::of(path, error))?;
        Ok(true)
    }

    fn changed(&self) -> u64 {
        self.policy.changed
    }

    pub(crate) fn note_change(&mut self, rows: usize) {
        self.policy.changed += rows as u64;
    }

    /// Returns the steps that led to the cases, once each by their id.
    fn take_steps(&self, others: &[SourceCase], is_new: bool) -> rusqlite::Result<usize> {
        if is_new {
            // It began as nothing.
            self.connection.execute_batch("DELETE FROM provenance")?;
        }
        let mut taken = 0;
        for other in others {
            taken += provenance::take(self.connection, &other.steps)?;
        }
        Ok(taken)
    }

    /// Returns the step of this merge.
    fn add_step(&self, others: &[SourceCase], is_new: bool, step: &MergeStep) -> rusqlite::Result<()> {
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut parents: Vec<String> = self.policy.own.iter().cloned().collect();
        parents.extend(others.iter().filter_map(|other| other.steps.last().map(|step| step.id.clone())));
        parents.sort();
        parents.dedup();
        let own_name = (!is_new).then(|| name(self.path));
        let made_from = own_name.into_iter().chain(others.iter().map(|other| name(other.path()))).collect();
        let made_by = step.made_by.clone();
        let step =
            ProvenanceStep { kind: "merge".to_owned(), made_by, made_from, parents, ..ProvenanceStep::default() };
        provenance::write(self.connection, &step).map(drop)
    }
}
