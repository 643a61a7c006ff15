//! Merging: what another case holds goes into a case by the rules of an import, and in such a way that the order in
//! which cases are merged makes no difference.
//!
//! Events and their records take the import's own way, from [`Other`] through `ingest` to [`Writer::batch`]. What is told
//! apart from an import is in `events`: of records that are the same as parsed JSON the one with the smaller SHA-256
//! stays, and of the files that have it the first by path, whichever came first. `ledger` takes in files, rejects and
//! digests, and accounts for every file as one import of them all, in the order of their paths, would have done. `annotations`
//! takes in tags, notes, queries and rules.

mod annotations;
mod events;
mod ledger;
mod source;

use std::path::Path;

use rusqlite::Connection;
use rustc_hash::FxHashMap;

pub(crate) use crate::store::transfer::merge::source::{Other, Source, Turn};

use crate::store::error::Error;
use crate::store::schema::annotations;
use crate::store::transfer::provenance;
use crate::store::transfer::snapshot::Step;
use crate::store::write::writer::{OpenFile, Writer};

/// What a merge knows beside what a writer does.
#[derive(Default)]
pub(crate) struct Merge {
    /// The place of each file among all files by path.
    ranks: FxHashMap<i64, u32>,
    /// The step that made the case before others come into it; `None` where the merge makes it.
    own: Option<String>,
    /// Rows of the case that were made or changed.
    changed: u64,
}

/// What became of a merge.
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

impl<'c> Writer<'c> {
    /// Makes ready for what these cases hold: their files and runs of import come into the ledger. Nothing is committed
    /// before [`Writer::finish_merge`].
    pub(crate) fn begin_merge(&mut self, others: &mut [Other], is_new: bool) -> Result<u64, Error> {
        let own = if is_new { Ok(None) } else { provenance::last(self.connection) };
        self.merge = Some(Merge { own: self.sql(own)?, ..Merge::default() });
        let mut files = 0;
        let last = self.next_file - 1;
        for other in others.iter_mut() {
            files += self.take_files(other)?;
        }
        let ranks = ledger::ranks(self.connection, last);
        let (ranks, renamed) = self.sql(ranks)?;
        if let Some(merge) = &mut self.merge {
            merge.ranks = ranks;
        }
        // Which content of a file has its plain name must not depend on which case others came into.
        self.note_change(renamed);
        Ok(files)
    }

    /// From here on batches are of this file of another case.
    ///
    /// # Errors
    /// The ledger of that case has no such file.
    pub(crate) fn begin_turn(&mut self, other: &Other, turn: &Turn) -> Result<(), Error> {
        let id = other.file(turn.file)?;
        self.file = Some(OpenFile { id, dirty: true, ..OpenFile::default() });
        Ok(())
    }

    /// Ends what [`Writer::begin_turn`] began, and adds to what became of the merge.
    pub(crate) fn end_turn(&mut self, merged: &mut Merged) {
        let Some(file) = self.file.take() else { return };
        merged.read += file.counts.read;
        merged.stored += file.counts.stored;
        merged.duplicate += file.counts.duplicate;
        merged.conflict += file.counts.conflict;
        if let Some(merge) = &mut self.merge {
            merge.changed += file.counts.stored + file.counts.replaced;
        }
    }

    /// Takes in what the cases hold beside their events, accounts for every file, and ends the merge: with one step more
    /// in the provenance if `is_step`, or where the case holds nothing new, as if nothing had been done. Gives whether it was changed.
    pub(crate) fn finish_merge(mut self, others: &[Other], is_new: bool, is_step: bool) -> Result<bool, Error> {
        for other in others {
            self.take_ledger(other)?;
            self.take_kept(other)?;
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
        if is_step {
            let step = self.add_step(others, is_new);
            self.sql(step)?;
        }
        let (connection, path, import) = (self.connection, self.path, self.import);
        self.finish()?;
        // A merge is no run of import: its row only told that the case was not whole.
        connection.execute("DELETE FROM imports WHERE id = ?1", [import]).map_err(|error| Error::of(path, error))?;
        Ok(true)
    }

    /// Reports whether what is written comes from other cases.
    pub(crate) fn is_merge(&self) -> bool {
        self.merge.is_some()
    }

    fn changed(&self) -> u64 {
        self.merge.as_ref().map_or(0, |merge| merge.changed)
    }

    fn note_change(&mut self, rows: usize) {
        if let Some(merge) = &mut self.merge {
            merge.changed += rows as u64;
        }
    }

    /// The steps that led to the cases, once each by their id.
    fn take_steps(&self, others: &[Other], is_new: bool) -> rusqlite::Result<usize> {
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

    /// The step that this merge is.
    fn add_step(&self, others: &[Other], is_new: bool) -> rusqlite::Result<()> {
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut parents: Vec<String> = self.merge.iter().filter_map(|merge| merge.own.clone()).collect();
        parents.extend(others.iter().filter_map(|other| other.steps.last().map(|step| step.id.clone())));
        parents.sort();
        parents.dedup();
        let own_name = (!is_new).then(|| name(self.path));
        let made_from = own_name.into_iter().chain(others.iter().map(|other| name(other.path()))).collect();
        let step = Step { kind: "merge".to_owned(), made_from, parents, ..Step::default() };
        provenance::write(self.connection, &step).map(drop)
    }
}

/// How many events a case has, and the ids of the steps in which something was replaced in it.
pub(crate) fn state_of(connection: &Connection, path: &Path) -> Result<(u64, Vec<String>), Error> {
    let of = |error| Error::of(path, error);
    let events = connection.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).map_err(of)?;
    let steps = provenance::read(connection).map_err(of)?;
    Ok((events, source::redactions(&steps).into_iter().map(str::to_owned).collect()))
}

/// Reports whether a case holds nothing yet that anybody made.
pub(crate) fn is_new(connection: &Connection, path: &Path) -> Result<bool, Error> {
    let mut sql =
        "SELECT NOT EXISTS (SELECT 1 FROM files) AND NOT EXISTS (SELECT 1 FROM provenance WHERE kind <> 'case')"
            .to_owned();
    for table in annotations() {
        sql.push_str(&format!(" AND NOT EXISTS (SELECT 1 FROM {table})"));
    }
    connection.query_row(&sql, [], |row| row.get(0)).map_err(|error| Error::of(path, error))
}
