//! Rejects, and the end of a run. `file_ledger` has the account of each file.

use rusqlite::{Connection, params};

use crate::ledger::Reject;
use crate::store::error::CaseError;
use crate::store::event_sum::EventSum;
use crate::store::locking;
use crate::store::rollup::counts;
use crate::store::schema::indexes;
use crate::store::write::event_tables::{Changes, EventTables, EventTrees};
use crate::store::write::resource_pages::ResourcePages;
use crate::store::write::writer::{ConflictPolicy, Writer};
use crate::time;

impl<'c, P: ConflictPolicy> Writer<'c, P> {
    /// Keeps what could not be stored.
    pub(crate) fn reject(&mut self, reject: &Reject) -> Result<(), CaseError> {
        let result = self.open_file().and_then(|file| {
            self.connection
                .prepare_cached(
                    "INSERT INTO rejects (file_id, member, position, line, reason, bytes, length, sha256) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute(params![
                    file,
                    reject.member,
                    reject.position,
                    reject.line,
                    reject.reason,
                    reject.bytes,
                    reject.length,
                    reject.sha256
                ])
        });
        self.sql(result)?;
        if let Some(file) = &mut self.file {
            file.counts.read += 1;
            file.counts.rejected += 1;
            file.reason.get_or_insert_with(|| reject.reason.clone());
        }
        Ok(())
    }

    /// Ends the run: makes the indexes, writes the counts, and marks the case as whole. For a case in the making, the
    /// answer is the rest of the work, to be done after its connection is closed.
    pub(crate) fn finish(self) -> Result<Option<UnfinishedCase>, CaseError> {
        let path = self.path;
        let finished = match self.tables {
            EventTables::Rows(_) => self.complete().map(|()| None),
            EventTables::Pages(_) => self.complete_rows().map(Some),
        };
        finished.map_err(|error| CaseError::of(path, error))
    }

    /// Stores the digest of the events as of now, so that what is committed has the digest of its events. Where it is
    /// not known, an earlier one is not left behind.
    pub(crate) fn store_event_sum(&self) -> rusqlite::Result<()> {
        match &self.event_sum {
            Some(sum) => sum.store(self.connection),
            None => self.connection.execute("DELETE FROM event_digests", []).map(drop),
        }
    }

    fn complete(mut self) -> rusqlite::Result<()> {
        if self.event_sum.is_none() && !self.resumed {
            self.event_sum = EventSum::of_case(self.connection)?;
        }
        self.store_event_sum()?;
        let (connection, recount) = (self.connection, self.recount);
        // Where there was nothing to finish, the case was only migrated.
        let upgrade = Some(self.import).filter(|_| self.resumed && !recount);
        let (sums, ..) = self.end_rows()?;
        if !indexes::are_made(connection)? {
            locking::commit_and_hold(connection)?;
            indexes::make(connection)?;
            connection.execute_batch("BEGIN IMMEDIATE")?;
        }
        if recount {
            counts::recount(connection)?;
        } else {
            sums.write(connection)?;
        }
        indexes::make_of_counts(connection)?;
        mark_finished(connection)?;
        if let Some(run) = upgrade {
            // It was not a run of import: its row only marked the case as unfinished.
            connection.execute("DELETE FROM imports WHERE id = ?1", [run])?;
        }
        locking::commit_and_hold(connection)
    }

    /// Writes everything but the events, which are in pages. Their indexes are made while they are empty.
    fn complete_rows(self) -> rusqlite::Result<UnfinishedCase> {
        let (connection, recount, has_sum) = (self.connection, self.recount, self.event_sum.is_some());
        self.store_event_sum()?;
        let (sums, tables, resources) = self.end_rows()?;
        let (EventTables::Pages(pages), Some(resources)) = (tables, resources) else {
            return Err(rusqlite::Error::InvalidQuery);
        };
        indexes::make_in_memory(connection)?;
        if !recount {
            sums.write_others(connection)?;
            indexes::make_of_counts(connection)?;
        }
        connection.execute_batch("COMMIT")?;
        Ok(UnfinishedCase { trees: pages.finish(resources, &sums)?, recount, has_sum })
    }

    /// Writes the last records, and lets go of what only taking events in needs: at 10,000,000 events that is more than
    /// half of the memory.
    fn end_rows(mut self) -> rusqlite::Result<(counts::Sums, EventTables<'c>, Option<ResourcePages>)> {
        self.blocks.finish()?;
        self.sums.are_identities_changed = self.related.is_role_changed;
        Ok((self.sums, self.tables, self.related.pages))
    }
}

/// A case in the making whose rows are all written, and the rest of its work.
pub(crate) struct UnfinishedCase {
    /// The tables of events.
    pub(crate) trees: EventTrees,
    /// True if counts have to be made from the events.
    pub(crate) recount: bool,
    /// True if the digest of the events is stored.
    pub(crate) has_sum: bool,
}

/// Finishes a case in the making, now that it has its events.
pub(crate) fn finish_tables(
    connection: &Connection,
    changes: &Changes,
    (recount, has_sum): (bool, bool),
) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    if !changes.is_empty() {
        changes.apply(connection)?;
    }
    indexes::make_in_memory(connection)?;
    if recount {
        counts::recount(connection)?;
        indexes::make_of_counts(connection)?;
    }
    if !has_sum && let Some(sum) = EventSum::of_case(connection)? {
        sum.store(connection)?;
    }
    mark_finished(connection)?;
    connection.execute_batch("COMMIT")
}

fn mark_finished(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "UPDATE imports SET finished_at = ?1 WHERE finished_at IS NULL";
    connection.execute(sql, [time::format(time::now())]).map(drop)
}
