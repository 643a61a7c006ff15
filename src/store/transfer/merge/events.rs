//! Events that two cases have: which record stays, and which file it is said to come from, whichever case came first.

use rusqlite::{OptionalExtension as _, params};

use crate::dedup;
use crate::dedup::Resolution;
use crate::hash::sha256;
use crate::store::error::CaseError;
use crate::store::transfer::merge::policy::{MergePolicy, MergeWriter};
use crate::store::transfer::merge::source::SourceCase;
use crate::store::write::batch::Batch;
use crate::store::write::writer::ConflictPolicy;

impl ConflictPolicy for MergePolicy {
    fn settle(
        writer: &mut MergeWriter<'_>,
        existing: i64,
        batch: &Batch,
        index: usize,
        resolution: Resolution,
    ) -> rusqlite::Result<Resolution> {
        match writer.file.as_ref().map(|file| file.id) {
            Some(file) => writer.settle((existing, file), batch, index, resolution),
            None => Ok(resolution),
        }
    }

    fn keep_conflict(writer: &mut MergeWriter<'_>, event_id: &str, file: i64, record: &[u8]) -> rusqlite::Result<()> {
        writer.keep_merged(event_id, file, record)
    }
}

impl MergeWriter<'_> {
    /// Settles what an import leaves to the order in which records come.
    fn settle(
        &mut self,
        (existing, file): (i64, i64),
        batch: &Batch,
        index: usize,
        resolution: Resolution,
    ) -> rusqlite::Result<Resolution> {
        let mut find = self.connection.prepare_cached(
            "SELECT file_id, event_id, EXISTS (SELECT 1 FROM csv_events c WHERE c.id = e.id) FROM events e WHERE id = ?1",
        )?;
        let (owner, event_id, old_csv): (i64, String, bool) =
            find.query_row([existing], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        drop(find);
        match (&resolution, old_csv, batch.from_csv) {
            (Resolution::KeepOld { loser: None }, true, true) | (Resolution::KeepOld { loser: None }, false, false) => {
                self.settle_same((existing, owner, file), batch, index)
            }
            (Resolution::KeepOld { loser: None }, false, true) => {
                self.note_replaced(&event_id, file)?;
                Ok(resolution)
            }
            (Resolution::TakeNew { loser: None }, true, false) => {
                self.note_replaced(&event_id, owner)?;
                // Rows that differed from the row differ from the record no more than that one did.
                let all = "SELECT id, file_id FROM conflicts WHERE event_id = ?1";
                for (id, holder) in self.rows(all, &event_id)? {
                    self.note_replaced(&event_id, holder)?;
                    self.connection.execute("DELETE FROM conflicts WHERE id = ?1", [id])?;
                }
                Ok(resolution)
            }
            (Resolution::TakeNew { loser: Some(_) }, ..) => {
                // The record may have lost to another one, in another layout.
                let new = self.record_of(batch, index)?;
                let mut all = self.connection.prepare_cached("SELECT id, record FROM conflicts WHERE event_id = ?1")?;
                let found = all.query_map([&event_id], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
                for (id, record) in found.collect::<rusqlite::Result<Vec<_>>>()? {
                    if dedup::are_same(record.as_bytes(), &new) {
                        self.connection.execute("DELETE FROM conflicts WHERE id = ?1", [id])?;
                    }
                }
                Ok(resolution)
            }
            _ => Ok(resolution),
        }
    }

    /// Of records that are the same, the one with the smaller SHA-256 stays; of files that hold the same bytes the
    /// event is the first's.
    fn settle_same(
        &mut self,
        (existing, owner, file): (i64, i64, i64),
        batch: &Batch,
        index: usize,
    ) -> rusqlite::Result<Resolution> {
        if self.blocks.hash_of(existing)? != batch.hashes.get(index).copied() {
            let new = self.record_of(batch, index)?;
            let old = self.records.with(self.connection, existing, <[u8]>::to_vec)?.unwrap_or_default();
            if old != new {
                let smaller = sha256(&new) < sha256(&old);
                return Ok(if smaller {
                    Resolution::TakeNew { loser: None }
                } else {
                    Resolution::KeepOld { loser: None }
                });
            }
        }
        if self.comes_before(file, owner) {
            let mut set = self.connection.prepare_cached("UPDATE events SET file_id = ?2 WHERE id = ?1")?;
            let changed = set.execute([existing, file])?;
            drop(set);
            self.note_change(changed);
        }
        Ok(Resolution::KeepOld { loser: None })
    }

    /// Returns a record of a batch.
    fn record_of(&mut self, batch: &Batch, index: usize) -> rusqlite::Result<Vec<u8>> {
        let block = self.records.unpack(self.connection, batch.block.dictionary_id(), &batch.block.data)?;
        Ok(block.record(index).unwrap_or_default().to_vec())
    }

    /// Numbers of an event's rows, and their files.
    fn rows(&self, sql: &str, event_id: &str) -> rusqlite::Result<Vec<(i64, i64)>> {
        let mut select = self.connection.prepare_cached(sql)?;
        select.query_map([event_id], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }

    /// Reports whether one file comes before another by path.
    pub(crate) fn comes_before(&self, file: i64, other: i64) -> bool {
        let ranks = &self.policy.ranks;
        ranks.get(&file).zip(ranks.get(&other)).is_some_and(|(file, other)| file < other)
    }

    /// Keeps in mind that a file had a row of a CSV download of an event that has a full record.
    fn note_replaced(&mut self, event_id: &str, file: i64) -> rusqlite::Result<()> {
        let mut find = self.connection.prepare_cached("SELECT file_id FROM replaced_rows WHERE event_id = ?1")?;
        let known: Option<i64> = find.query_row([event_id], |row| row.get(0)).optional()?;
        drop(find);
        if known.is_none_or(|known| self.comes_before(file, known)) {
            let sql = "INSERT OR REPLACE INTO replaced_rows (event_id, file_id) VALUES (?1, ?2)";
            let changed = self.connection.prepare_cached(sql)?.execute(params![event_id, file])?;
            self.note_change(changed);
        }
        Ok(())
    }

    /// Keeps a record that differs from the event with its eventID, once for each content: in the layout with the
    /// smaller SHA-256, and for the first file that has it.
    pub(crate) fn keep_merged(&mut self, event_id: &str, file: i64, record: &[u8]) -> rusqlite::Result<()> {
        let sum = sha256(record);
        let text = String::from_utf8_lossy(record);
        let mut all =
            self.connection.prepare_cached("SELECT id, file_id, sha256, record FROM conflicts WHERE event_id = ?1")?;
        let mut rows = all.query([event_id])?;
        while let Some(row) = rows.next()? {
            let (id, holder, known): (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let better = match known == sum {
                true => self.comes_before(file, holder),
                false if dedup::are_same(row.get_ref(3)?.as_bytes()?, record) => sum < known,
                false => continue,
            };
            drop(rows);
            drop(all);
            if better {
                let sql = "UPDATE conflicts SET file_id = ?2, sha256 = ?3, record = ?4 WHERE id = ?1";
                let changed = self.connection.execute(sql, params![id, file, sum, text])?;
                self.note_change(changed);
            }
            return Ok(());
        }
        drop(rows);
        drop(all);
        let sql = "INSERT INTO conflicts (event_id, file_id, sha256, record) VALUES (?1, ?2, ?3, ?4)";
        let changed = self.connection.prepare_cached(sql)?.execute(params![event_id, file, sum, text])?;
        self.note_change(changed);
        Ok(())
    }

    /// Takes in the records of another case that lost to an event, and the rows that a full record replaced.
    pub(crate) fn take_conflicts(&mut self, other: &SourceCase) -> Result<(), CaseError> {
        let read = || -> rusqlite::Result<_> {
            let mut select = other.case.connection.prepare(
                "SELECT c.event_id, c.file_id, c.record, f.format IS 'csv' FROM conflicts c LEFT JOIN files f ON f.id = c.file_id \
                 ORDER BY c.event_id, c.sha256",
            )?;
            let rows = select.query_map([], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?, row.get::<_, bool>(3)?))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        for (event_id, file, record, from_csv) in read().map_err(|error| other.of(error))? {
            let taken = self.take_conflict(&event_id, other.file(file)?, record.as_bytes(), from_csv);
            self.sql(taken)?;
        }
        let read = || -> rusqlite::Result<Vec<(String, i64)>> {
            let mut select = other.case.connection.prepare("SELECT event_id, file_id FROM replaced_rows")?;
            select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        for (event_id, file) in read().map_err(|error| other.of(error))? {
            let noted = self.note_replaced(&event_id, other.file(file)?);
            self.sql(noted)?;
        }
        Ok(())
    }

    fn take_conflict(&mut self, event_id: &str, file: i64, record: &[u8], from_csv: bool) -> rusqlite::Result<()> {
        let sql = "SELECT id, EXISTS (SELECT 1 FROM csv_events c WHERE c.id = e.id) FROM events e WHERE event_id = ?1";
        let event = self.connection.prepare_cached(sql)?.query_row([event_id], |row| Ok((row.get(0)?, row.get(1)?)));
        let event: Option<(i64, bool)> = event.optional()?;
        if let Some((id, is_csv)) = event {
            if from_csv && !is_csv {
                return self.note_replaced(event_id, file);
            }
            let same = self.records.with(self.connection, id, |won| dedup::are_same(won, record))?;
            if same == Some(true) {
                return Ok(());
            }
        }
        self.keep_merged(event_id, file, record)
    }
}
