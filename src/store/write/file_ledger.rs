//! The account of each file that an import reads: the row of the ledger that its content has.
//!
//! Every content has a row of its own, so that what an earlier content of an overwritten file stored stays accounted for.
//! Which row that is, is known once the file is read to its end and with it its SHA-256: until then what is written for
//! it has a new number. Where the ledger proves to have the content, its row takes over what the reading brought.

use std::time::{Duration, Instant};

use rusqlite::params;

use crate::file_names;
use crate::ledger::{Counts, FileEnd, FileOutcome};
use crate::store::error::CaseError;
use crate::store::locking;
use crate::store::write::event_tables::EventTables;
use crate::store::write::file_contents::{self, Content};
use crate::store::write::proof;
use crate::store::write::writer::{ConflictPolicy, OpenFile, Writer};

/// A file that ends so long after the last commit is committed: a commit waits for the disk, and a kill takes what is
/// not.
const COMMIT_AFTER: Duration = Duration::from_secs(1);
/// Standard input, as it is named on the command line.
const STDIN: &str = "-";

impl<P: ConflictPolicy> Writer<'_, P> {
    /// Begins a file.
    pub(crate) fn begin_file(&mut self, name: &str) -> Result<(), CaseError> {
        let partial = self.partial_rows(name);
        let partial = self.sql(partial)?;
        let (id, first_event) = (self.next_file, self.next_id);
        self.next_file += 1;
        self.file = Some(OpenFile { id, partial, first_event, ..OpenFile::default() });
        Ok(())
    }

    /// Begins a member of the file that is open, which then is an archive.
    pub(crate) fn begin_member(&mut self, name: &str) -> Result<(), CaseError> {
        if let Some(mut archive) = self.file.take() {
            archive.has_members = true;
            self.containers.push(archive);
        }
        self.begin_file(name)
    }

    /// Returns the rows that have the content of a file, or may have it, and only some of its events.
    fn partial_rows(&self, name: &str) -> rusqlite::Result<Vec<i64>> {
        if name == STDIN {
            // It has no name until it is read.
            let sql = "SELECT id FROM files WHERE path GLOB 'stdin:*' AND partial IS NOT NULL";
            return self.connection.prepare_cached(sql)?.query_map([], |row| row.get(0))?.collect();
        }
        let contents = file_contents::contents(self.connection, name)?;
        Ok(contents.into_iter().filter(|content| content.is_partial).map(|content| content.id).collect())
    }

    /// Returns the number of the file that is open.
    pub(crate) fn open_file(&self) -> rusqlite::Result<i64> {
        self.file.as_ref().map(|file| file.id).ok_or(rusqlite::Error::InvalidQuery)
    }

    /// Notes that the file has a record of an event that is there.
    pub(crate) fn note_met(&mut self, event: i64) -> rusqlite::Result<()> {
        let Some(file) = self.file.as_mut().filter(|file| !file.partial.is_empty()) else { return Ok(()) };
        let (_, owner) = self.tables.origin(event)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        if file.partial.contains(&owner) {
            file.met.entry(owner).or_default().insert(event);
        }
        Ok(())
    }

    /// Ends a file: writes its row of the ledger and commits from time to time. The answer accounts for this reading.
    pub(crate) fn end_file(
        &mut self,
        name: &str,
        modified: Option<i64>,
        delivery: &Delivery<'_>,
        end: &FileEnd,
    ) -> Result<Counts, CaseError> {
        let Some(file) = self.file.take() else { return Ok(Counts::default()) };
        let result = match end.outcome {
            FileOutcome::Unchanged => self.touch_content(name, &end.sha256, modified),
            FileOutcome::TrailFile | FileOutcome::Ignored | FileOutcome::LeftOut => {
                self.write_file(&file, name, modified, delivery, end)
            }
        };
        self.sql(result)?;
        self.file = self.containers.pop();
        // A case in the making is committed as a whole.
        if matches!(self.tables, EventTables::Rows(_)) && self.committed_at.elapsed() >= COMMIT_AFTER {
            self.committed_at = Instant::now();
            let stored = self.store_event_sum();
            self.sql(stored)?;
            self.sql(locking::commit_and_allow_readers(self.connection))?;
        }
        Ok(file.counts)
    }

    /// Notes when a file was modified whose content the ledger has.
    fn touch_content(&self, name: &str, sha256: &str, modified: Option<i64>) -> rusqlite::Result<()> {
        let contents = file_contents::contents(self.connection, name)?;
        let Some(content) = contents.iter().find(|content| content.sha256 == sha256) else { return Ok(()) };
        let sql = "UPDATE files SET modified = ?2 WHERE id = ?1";
        self.connection.prepare_cached(sql)?.execute(params![content.id, modified]).map(drop)
    }

    fn write_file(
        &mut self,
        file: &OpenFile,
        name: &str,
        modified: Option<i64>,
        delivery: &Delivery<'_>,
        end: &FileEnd,
    ) -> rusqlite::Result<()> {
        // Standard input has no name until it is read: the same bytes again are the same file again.
        let name = if name == STDIN { format!("stdin:{}", end.sha256) } else { name.to_owned() };
        self.note_problems(file, end)?;
        let (name, mut contents) = self.name_among_members(name, end)?;
        if let Some(ignored) = contents.iter().find(|content| content.is_ignored)
            && matches!(end.outcome, FileOutcome::Ignored | FileOutcome::LeftOut)
        {
            return self.ignore_again(file, ignored, modified, end);
        }
        if end.outcome == FileOutcome::LeftOut && !contents.is_empty() {
            // What an earlier import read of it stays as it is.
            return Ok(());
        }
        for content in contents.extract_if(.., |content| content.sha256.is_empty() && content.is_rejected) {
            self.forget(file, &content)?;
        }
        if let Some(content) = contents.iter().find(|content| content.sha256 == end.sha256) {
            return self.join(file, content, modified, end);
        }
        let name = self.take_name(name, &contents, end)?;
        let counts = &file.counts;
        let (status, reason) = status(file, end);
        self.connection
            .prepare_cached(
                "INSERT INTO files (id, path, sha256, bytes, modified, format, account_id, region, \
                 delivered_at, import_id, read, stored, duplicate, rejected, conflict, replaced, container_id, \
                 content_sha256, status, reason) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
            )?
            .execute(params![
                file.id,
                name,
                end.sha256,
                end.bytes,
                modified,
                end.format,
                delivery.account_id,
                delivery.region,
                delivery.delivered_at,
                self.import,
                counts.read,
                counts.stored,
                counts.duplicate,
                counts.rejected,
                counts.conflict,
                counts.replaced,
                self.containers.last().map(|container| container.id),
                end.content_sha256,
                status,
                reason
            ])?;
        Ok(())
    }

    /// Returns the name of a content, with the contents that the ledger has under it. A member of an archive that is like
    /// another one of this reading has a name of its own.
    fn name_among_members(&mut self, name: String, end: &FileEnd) -> rusqlite::Result<(String, Vec<Content>)> {
        let contents = file_contents::contents(self.connection, &name)?;
        let Some(archive) = self.containers.last_mut() else { return Ok((name, contents)) };
        let is_same = |content: &Content| {
            content.sha256 == end.sha256 || content.is_ignored && end.outcome == FileOutcome::Ignored
        };
        if !contents.iter().any(|content| content.id > archive.id && is_same(content)) {
            return Ok((name, contents));
        }
        // Counted by name alone: contents that differ leave out numbers.
        let number = archive.copies.entry(name.clone()).or_insert(1);
        *number += 1;
        let name = file_names::copy(&name, *number);
        let contents = file_contents::contents(self.connection, &name)?;
        Ok((name, contents))
    }

    /// Notes that a file is still not read.
    fn ignore_again(
        &self,
        file: &OpenFile,
        content: &Content,
        modified: Option<i64>,
        end: &FileEnd,
    ) -> rusqlite::Result<()> {
        self.move_members(file, content)?;
        let sql = "UPDATE files SET modified = ?2, bytes = ?3, reason = ?4, status = ?5 WHERE id = ?1 \
                   AND (modified IS NOT ?2 OR bytes <> ?3 OR reason IS NOT ?4 OR status IS NOT ?5)";
        let mut update = self.connection.prepare_cached(sql)?;
        let (status, reason) = status(file, end);
        update.execute(params![content.id, modified, end.bytes, reason, status]).map(drop)
    }

    /// Moves the members of an archive to the row of a content that the ledger has.
    fn move_members(&self, file: &OpenFile, content: &Content) -> rusqlite::Result<()> {
        let sql = "UPDATE files SET container_id = ?2 WHERE container_id = ?1";
        self.connection.prepare_cached(sql)?.execute([file.id, content.id]).map(drop)
    }

    fn note_problems(&self, file: &OpenFile, end: &FileEnd) -> rusqlite::Result<()> {
        let mut insert = self
            .connection
            .prepare_cached("INSERT INTO field_problems (file_id, field, problem, events) VALUES (?1, ?2, ?3, ?4)")?;
        for (problem, events) in &end.problems {
            insert.execute(params![file.id, problem.field, problem.problem, events])?;
        }
        Ok(())
    }

    /// Deletes the row of a file of which nothing could be read, now that there is another reading.
    fn forget(&self, file: &OpenFile, content: &Content) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("UPDATE files SET container_id = ?1 WHERE container_id = ?2")?
            .execute([file.id, content.id])?;
        proof::delete_documents(self.connection, content.id)?;
        for sql in [
            "DELETE FROM rejects WHERE file_id = ?1",
            "DELETE FROM field_problems WHERE file_id = ?1",
            "DELETE FROM digest_files WHERE digest IN (SELECT id FROM digests WHERE file_id = ?1)",
            "DELETE FROM digests WHERE file_id = ?1",
            "DELETE FROM files WHERE id = ?1",
        ] {
            self.connection.prepare_cached(sql)?.execute([content.id])?;
        }
        Ok(())
    }

    /// Returns the name that a new content gets: the plain one, which an earlier content gives up for its name with a
    /// mark. What could not be read takes no name from what was read.
    fn take_name(&self, name: String, contents: &[Content], end: &FileEnd) -> rusqlite::Result<String> {
        let Some(holder) = contents.iter().find(|content| content.name == name) else { return Ok(name) };
        if end.sha256.is_empty() {
            return Ok(name + &file_names::mark(""));
        }
        let marked = format!("{name}{}", file_names::mark(&holder.sha256));
        self.connection.execute("UPDATE files SET path = ?2 WHERE id = ?1", params![holder.id, marked])?;
        Ok(name)
    }

    /// Adds a reading of a content that the ledger has to its row. Where that has all its events, the reading brought
    /// nothing, unless this trailq reads more of it than an earlier one.
    fn join(
        &mut self,
        file: &OpenFile,
        content: &Content,
        modified: Option<i64>,
        end: &FileEnd,
    ) -> rusqlite::Result<()> {
        let is_whole = !content.is_partial && !content.sha256.is_empty();
        self.move_rows(file, content, is_whole)?;
        let c = self.connection;
        let counts = &file.counts;
        let (status, _) = status(file, end);
        // A row of an earlier version lacks these.
        c.prepare_cached(
            "UPDATE files SET content_sha256 = coalesce(content_sha256, ?2), status = coalesce(status, ?3) \
             WHERE id = ?1 AND (content_sha256 IS NULL OR status IS NULL)",
        )?
        .execute(params![content.id, end.content_sha256, status])?;
        if is_whole {
            c.execute(
                "UPDATE files SET modified = ?2, stored = stored + ?3, conflict = max(conflict, ?4), \
                 replaced = max(replaced, ?5), read = max(read, stored + ?3 + rejected), \
                 duplicate = max(read, stored + ?3 + rejected) - stored - ?3 - rejected WHERE id = ?1",
                params![content.id, modified, counts.stored, counts.conflict, counts.replaced],
            )?;
            return Ok(());
        }
        // What an earlier reading stored and this one met is this file's still.
        let again = file.met.get(&content.id).map_or(0, |met| met.len() as u64);
        let earlier = "CASE WHEN partial IS NULL THEN stored ELSE ?9 END";
        c.execute(
            &format!(
                "UPDATE files SET partial = NULL, modified = ?2, bytes = ?3, format = ?4, import_id = ?5, \
                 conflict = max(conflict, ?10), replaced = max(replaced, ?11), rejected = ?7, \
                 stored = {earlier} + ?8, read = max(?6, {earlier} + ?8 + ?7), \
                 duplicate = max(?6, {earlier} + ?8 + ?7) - {earlier} - ?8 - ?7 WHERE id = ?1"
            ),
            params![
                content.id,
                modified,
                end.bytes,
                end.format,
                self.import,
                counts.read,
                counts.rejected,
                counts.stored,
                again,
                counts.conflict,
                counts.replaced
            ],
        )?;
        Ok(())
    }

    /// Moves what a reading wrote to the row of a content that the ledger has.
    fn move_rows(&mut self, file: &OpenFile, content: &Content, is_whole: bool) -> rusqlite::Result<()> {
        let c = self.connection;
        let from_to = params![file.id, content.id];
        self.tables.move_events(file.id, content.id, file.first_event)?;
        self.move_members(file, content)?;
        c.execute("UPDATE conflicts SET file_id = ?2 WHERE file_id = ?1", from_to)?;
        c.execute("UPDATE replaced_rows SET file_id = ?2 WHERE file_id = ?1", from_to)?;
        for table in ["rejects", "field_problems"] {
            let old = if is_whole { file.id } else { content.id };
            c.execute(&format!("DELETE FROM {table} WHERE file_id = ?1"), [old])?;
            c.execute(&format!("UPDATE {table} SET file_id = ?2 WHERE file_id = ?1"), from_to)?;
        }
        // A digest file without a name is written at each reading.
        c.execute(
            "DELETE FROM digest_files WHERE digest IN (SELECT id FROM digests WHERE file_id = ?1) \
             AND EXISTS (SELECT 1 FROM digests WHERE file_id = ?2)",
            from_to,
        )?;
        c.execute(
            "DELETE FROM digests WHERE file_id = ?1 AND EXISTS (SELECT 1 FROM digests WHERE file_id = ?2)",
            from_to,
        )?;
        c.execute("UPDATE digests SET file_id = ?2 WHERE file_id = ?1", from_to)?;
        proof::move_documents(c, file.id, content.id)
    }
}

/// Returns the status of a file in the ledger, and the reason of one of which nothing was stored.
fn status<'e>(file: &'e OpenFile, end: &'e FileEnd) -> (&'static str, Option<&'e str>) {
    match end.outcome {
        FileOutcome::Ignored => ("ignored", end.reason.as_deref()),
        FileOutcome::LeftOut => ("left out", end.reason.as_deref()),
        _ if file.has_members => ("archive", file.reason.as_deref()),
        FileOutcome::TrailFile | FileOutcome::Unchanged => {
            let is_rejected =
                !file.has_documents && file.counts.rejected > 0 && file.counts.read == file.counts.rejected;
            if is_rejected { ("rejected", file.reason.as_deref()) } else { ("read", None) }
        }
    }
}

/// The facts in the name of a delivered file (`guide/internals/formats.md`, 1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Delivery<'a> {
    pub(crate) account_id: Option<&'a str>,
    pub(crate) region: Option<&'a str>,
    /// UTC, `YYYY-MM-DDTHH:MM:SSZ`.
    pub(crate) delivered_at: Option<&'a str>,
}
