//! The ledger of a case into which others are merged: whose files are the same, and what each is accounted for.
//!
//! A file is identified by its path and its SHA-256: in the ledgers of both cases it is one file, whatever each of them
//! made of it. Where two files of one path differ, all but the one with the smallest SHA-256 have it in their name.
//!
//! Every file is accounted for as one import of them all, in the order of their paths, would have done: an event is
//! stored by the first file that is known to have it, and a duplicate in all others.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use rusqlite::{Connection, params};
use rustc_hash::FxHashMap;

use crate::dedup;
use crate::event::RULES_VERSION;
use crate::file_names::{mark, plain};
use crate::store::error::CaseError;
use crate::store::schema::indexes;
use crate::store::transfer::merge::policy::MergeWriter;
use crate::store::transfer::merge::source::SourceCase;

/// A file, without what a case made of it.
struct File {
    id: i64,
    /// Its path, without a mark.
    path: String,
    sha256: String,
}

impl File {
    fn new(id: i64, path: &str, sha256: String) -> File {
        File { id, path: plain(path, &sha256).to_owned(), sha256 }
    }

    /// By path, and of one path by SHA-256; one that could not be read comes last.
    fn order(&self) -> (&Path, bool, &str) {
        (Path::new(&self.path), self.sha256.is_empty(), &self.sha256)
    }
}

/// The account of a file in a case, if another case has the same file.
struct Joined {
    import: i64,
    partial: Option<bool>,
    read: i64,
    modified: Option<i64>,
    content_sha256: Option<String>,
    status: Option<String>,
    reason: Option<String>,
}

/// Returns the files of a case.
fn files(connection: &Connection) -> rusqlite::Result<Vec<File>> {
    let mut select = connection.prepare("SELECT id, path, sha256 FROM files")?;
    let rows = select.query_map([], |row| Ok(File::new(row.get(0)?, row.get_ref(1)?.as_str()?, row.get(2)?)))?;
    rows.collect()
}

/// Returns the place of each file of a case among all of them, and their names made so that each is one file's only;
/// also how many names of rows up to `last` changed by that.
pub(crate) fn ranks(connection: &Connection, last: i64) -> rusqlite::Result<(FxHashMap<i64, u32>, usize)> {
    let mut all = files(connection)?;
    all.sort_by(|a, b| a.order().cmp(&b.order()));
    drop_left_out(connection, &mut all)?;
    let mut rename = connection.prepare("UPDATE files SET path = ?2 WHERE id = ?1 AND path <> ?2")?;
    let first = |at: usize| at == 0 || all[at - 1].path != all[at].path;
    let mut renamed = 0;
    // Those with a mark give the plain name free before another file takes it.
    for plain in [false, true] {
        for (at, file) in all.iter().enumerate().filter(|(at, _)| first(*at) == plain) {
            let mark = if first(at) { String::new() } else { mark(&file.sha256) };
            let changed = rename.execute(params![file.id, format!("{}{mark}", file.path)])?;
            renamed += if file.id <= last { changed } else { 0 };
        }
    }
    Ok((all.iter().zip(0..).map(|(file, rank)| (file.id, rank)).collect(), renamed))
}

/// Drops the rows of files that one case left out and another one read. They are sorted: of one path, a content comes
/// before what was not read.
fn drop_left_out(connection: &Connection, all: &mut Vec<File>) -> rusqlite::Result<()> {
    let mut select = connection.prepare("SELECT id FROM files WHERE status = 'left out'")?;
    let left_out: HashSet<i64> = select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut delete = connection.prepare("DELETE FROM files WHERE id = ?1")?;
    let mut kept: Vec<File> = Vec::with_capacity(all.len());
    for file in std::mem::take(all) {
        let is_known = kept.last().is_some_and(|before| before.path == file.path);
        if is_known && left_out.contains(&file.id) {
            delete.execute([file.id])?;
        } else {
            kept.push(file);
        }
    }
    *all = kept;
    Ok(())
}

impl MergeWriter<'_> {
    /// Takes the files of another case, and the runs of import that read them, into the ledger; returns how many are
    /// new.
    pub(crate) fn take_files(&mut self, other: &mut SourceCase) -> Result<u64, CaseError> {
        let imports = self.take_imports(other)?;
        let known = files(self.connection);
        let known: HashMap<(String, String), i64> =
            self.sql(known)?.into_iter().map(|file| ((file.path, file.sha256), file.id)).collect();
        let read = || -> rusqlite::Result<Vec<(File, Joined)>> {
            let mut select = other
                .case
                .connection
                .prepare("SELECT id, path, sha256, import_id, partial, read, modified, content_sha256, status, reason FROM files \
                          ORDER BY id")?;
            let rows = select.query_map([], |row| {
                let file = File::new(row.get(0)?, row.get_ref(1)?.as_str()?, row.get(2)?);
                let import = row.get(3)?;
                let joined = Joined {
                    import,
                    partial: row.get(4)?,
                    read: row.get(5)?,
                    modified: row.get(6)?,
                    content_sha256: row.get(7)?,
                    status: row.get(8)?,
                    reason: row.get(9)?,
                };
                Ok((file, joined))
            })?;
            rows.collect()
        };
        let mut new = 0;
        for (file, mut joined) in read().map_err(|error| other.of(error))? {
            joined.import = imports.get(&joined.import).copied().unwrap_or_default();
            let key = (file.path.clone(), file.sha256.clone());
            let id = match known.get(&key) {
                Some(id) => {
                    let joined = self.join_file(*id, &joined);
                    self.sql(joined)?;
                    *id
                }
                None => {
                    new += 1;
                    self.copy_file(other, &file, joined.import)?
                }
            };
            other.files.insert(file.id, id);
        }
        self.take_containers(other)?;
        Ok(new)
    }

    /// Notes which files are members of which archives, in the numbers of this case.
    fn take_containers(&mut self, other: &SourceCase) -> Result<(), CaseError> {
        let read = || -> rusqlite::Result<Vec<(i64, i64)>> {
            let sql = "SELECT id, container_id FROM files WHERE container_id IS NOT NULL ORDER BY id";
            let mut select = other.case.connection.prepare(sql)?;
            select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        for (member, container) in read().map_err(|error| other.of(error))? {
            let ids = params![other.file(member)?, other.file(container)?];
            let put = self
                .connection
                .execute("UPDATE files SET container_id = ?2 WHERE id = ?1 AND container_id IS NULL", ids);
            let put = self.sql(put)?;
            self.note_change(put);
        }
        Ok(())
    }

    /// Merges the rows of a file that both ledgers have: it was read by the earlier run, and is complete if either has it
    /// completely.
    fn join_file(&mut self, id: i64, joined: &Joined) -> rusqlite::Result<()> {
        let changed = self
            .connection
            .prepare_cached(
                "UPDATE files SET import_id = i, partial = p, read = r, modified = m FROM ( \
                     SELECT (SELECT id FROM imports WHERE id IN (f.import_id, ?2) \
                             ORDER BY started_at, finished_at, trailq_version, paths LIMIT 1) AS i, \
                            CASE WHEN ?3 IS NULL THEN NULL ELSE f.partial END AS p, \
                            CASE WHEN ?3 IS f.partial THEN max(f.read, ?4) WHEN ?3 IS NULL THEN ?4 ELSE f.read END AS r, \
                            max(coalesce(f.modified, ?5), coalesce(?5, f.modified)) AS m \
                       FROM files f WHERE f.id = ?1) \
                 WHERE id = ?1 AND (import_id <> i OR partial IS NOT p OR (read <> r AND p IS NULL) OR modified IS NOT m)",
            )?
            .execute(params![id, joined.import, joined.partial, joined.read, joined.modified])?;
        self.note_change(changed);
        // Of what one version knew and another did not, and of what they say differently, the same whatever the order.
        let least = |column: &str, value: &str| format!("coalesce(min({column}, {value}), {column}, {value})");
        let (content, status, reason) = (least("content_sha256", "?2"), least("status", "?3"), least("reason", "?4"));
        let changed = self
            .connection
            .prepare_cached(&format!(
                "UPDATE files SET content_sha256 = {content}, status = {status}, reason = {reason} WHERE id = ?1 \
                 AND (content_sha256 IS NOT {content} OR status IS NOT {status} OR reason IS NOT {reason})"
            ))?
            .execute(params![id, joined.content_sha256, joined.status, joined.reason])?;
        self.note_change(changed);
        Ok(())
    }

    /// Adds a new file, named with its mark until all names are known.
    fn copy_file(&mut self, other: &SourceCase, file: &File, import: i64) -> Result<i64, CaseError> {
        let columns = "bytes, modified, format, account_id, region, delivered_at, read, rejected, partial, \
                       content_sha256, status, reason";
        let of = |error| other.of(error);
        let mut select =
            other.case.connection.prepare_cached(&format!("SELECT {columns} FROM files WHERE id = ?1")).map_err(of)?;
        let values = select.query_row([file.id], |row| (0..12).map(|index| row.get(index)).collect()).map_err(of)?;
        let values: Vec<rusqlite::types::Value> = values;
        let path = format!("{}{}", file.path, mark(&file.sha256));
        let sql = format!(
            "INSERT INTO files (path, sha256, import_id, stored, duplicate, conflict, replaced, {columns}) \
             VALUES (?1, ?2, ?3, 0, 0, 0, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
        );
        let insert = || -> rusqlite::Result<i64> {
            let mut insert = self.connection.prepare_cached(&sql)?;
            for (at, value) in [path.as_str(), file.sha256.as_str()].iter().enumerate() {
                insert.raw_bind_parameter(at + 1, value)?;
            }
            insert.raw_bind_parameter(3, import)?;
            for (at, value) in values.iter().enumerate() {
                insert.raw_bind_parameter(at + 4, value)?;
            }
            insert.raw_execute()?;
            Ok(self.connection.last_insert_rowid())
        };
        let inserted = insert();
        let id = self.sql(inserted)?;
        self.note_change(1);
        Ok(id)
    }

    /// Takes in the runs of import of another case; returns the number of each here.
    fn take_imports(&mut self, other: &SourceCase) -> Result<HashMap<i64, i64>, CaseError> {
        const SAME: &str = "WHERE (started_at, trailq_version, paths) = (?1, ?3, ?4) AND finished_at IS ?2 \
                            AND ids IS ?5 AND imported_by IS ?6 AND folder IS ?7";
        type Run = (i64, String, [Option<String>; 6]);
        let read = || -> rusqlite::Result<Vec<Run>> {
            let sql = "SELECT id, started_at, finished_at, trailq_version, paths, ids, imported_by, folder FROM imports \
                       ORDER BY id";
            let mut select = other.case.connection.prepare(sql)?;
            let run = |row: &rusqlite::Row<'_>| {
                let rest = [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?];
                Ok((row.get(0)?, row.get(1)?, rest))
            };
            select.query_map([], run)?.collect()
        };
        let mut numbers = HashMap::new();
        for (id, started, [finished, version, paths, ids, imported_by, folder]) in
            read().map_err(|error| other.of(error))?
        {
            let run = params![started, finished, version, paths, ids, imported_by, folder];
            let number = || -> rusqlite::Result<(i64, usize)> {
                // A merge makes events anew from their records, by the rules of now.
                let insert = format!(
                    "INSERT INTO imports (started_at, finished_at, trailq_version, paths, ids, imported_by, folder, rules) \
                     SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, {RULES_VERSION} WHERE NOT EXISTS (SELECT 1 FROM imports {SAME})"
                );
                let inserted = self.connection.execute(&insert, run)?;
                let sql = format!("SELECT min(id) FROM imports {SAME}");
                Ok((self.connection.query_row(&sql, run, |row| row.get(0))?, inserted))
            };
            let found = number();
            let (number, inserted) = self.sql(found)?;
            self.note_change(inserted);
            numbers.insert(id, number);
        }
        Ok(numbers)
    }

    /// Takes in what another case holds of its files beside events: records that lost, rejects, problems and digests.
    pub(crate) fn take_ledger(&mut self, other: &SourceCase) -> Result<(), CaseError> {
        // Until now the writer may have known the events by memory.
        let made = indexes::make_event_id(self.connection);
        self.sql(made)?;
        self.take_conflicts(other)?;
        self.copy_rows(
            other,
            "SELECT file_id, member, position, line, reason, bytes, length, sha256 FROM rejects ORDER BY id",
            "INSERT INTO rejects (file_id, member, position, line, reason, bytes, length, sha256) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE NOT EXISTS (SELECT 1 FROM rejects \
             WHERE file_id = ?1 AND member IS ?2 AND (position, line, reason, length, sha256) = (?3, ?4, ?5, ?7, ?8))",
        )?;
        self.copy_rows(
            other,
            "SELECT file_id, field, problem, events FROM field_problems",
            "INSERT INTO field_problems (file_id, field, problem, events) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT DO UPDATE SET events = excluded.events WHERE excluded.events > events",
        )?;
        self.take_digests(other)?;
        self.take_proofs(other)
    }

    /// Copies rows whose first column is a file's number.
    fn copy_rows(&mut self, other: &SourceCase, select: &str, insert: &str) -> Result<(), CaseError> {
        let of = |error| other.of(error);
        let mut select = other.case.connection.prepare(select).map_err(of)?;
        let columns = select.column_count();
        let mut rows = select.query([]).map_err(of)?;
        while let Some(row) = rows.next().map_err(of)? {
            let file = other.file(row.get(0).map_err(of)?)?;
            let put = || -> rusqlite::Result<usize> {
                let mut insert = self.connection.prepare_cached(insert)?;
                insert.raw_bind_parameter(1, file)?;
                for column in 1..columns {
                    insert.raw_bind_parameter(column + 1, row.get::<_, rusqlite::types::Value>(column)?)?;
                }
                insert.raw_execute()
            };
            let put = put();
            let put = self.sql(put)?;
            self.note_change(put);
        }
        Ok(())
    }
}

/// A file that is known to have a record of an event.
struct Holder {
    rank: u32,
    file: i64,
    from_csv: bool,
}

/// The counts of a file.
#[derive(Default)]
struct Account {
    /// Records that are known to have been in it.
    held: i64,
    stored: i64,
    conflict: i64,
    replaced: i64,
}

/// Accounts for every file anew.
pub(crate) fn account(connection: &Connection) -> rusqlite::Result<()> {
    let (ranks, _) = ranks(connection, 0)?;
    settle_conflicts(connection, &ranks)?;
    let mut accounts: FxHashMap<i64, Account> = FxHashMap::default();
    let mut select = connection.prepare("SELECT file_id, count(*) FROM events GROUP BY file_id")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let events: i64 = row.get(1)?;
        accounts.insert(row.get(0)?, Account { held: events, stored: events, ..Account::default() });
    }
    for mut holders in holders(connection, &ranks)?.into_values() {
        // The first is the one whose record stayed.
        if let Some(account) = holders.first().and_then(|holder| accounts.get_mut(&holder.file)) {
            account.stored -= 1;
            account.held -= 1;
        }
        holders.sort_by_key(|holder| holder.rank);
        let mut whole = false;
        for (at, holder) in holders.iter().enumerate() {
            let account = accounts.entry(holder.file).or_default();
            account.held += 1;
            match at {
                0 => account.stored += 1,
                _ if !holder.from_csv && !whole => account.replaced += 1,
                _ if holder.from_csv && whole => {}
                _ => account.conflict += 1,
            }
            whole |= !holder.from_csv;
        }
    }
    let mut set = connection.prepare(
        "UPDATE files SET stored = ?2, conflict = ?3, replaced = ?4, rejected = r, \
         read = max(CASE WHEN partial IS NULL THEN read ELSE 0 END, ?5 + r, ?2 + ?3 + ?4 + r), \
         duplicate = max(CASE WHEN partial IS NULL THEN read ELSE 0 END, ?5 + r, ?2 + ?3 + ?4 + r) - ?2 - r \
         FROM (SELECT count(*) AS r FROM rejects WHERE file_id = ?1) WHERE id = ?1",
    )?;
    for file in ranks.keys() {
        let none = Account::default();
        let account = accounts.get(file).unwrap_or(&none);
        set.execute(params![file, account.stored, account.conflict, account.replaced, account.held])?;
    }
    Ok(())
}

/// Returns the files that are known to have a record of one event, for those events that had several; first the one
/// whose record stayed.
fn holders(connection: &Connection, ranks: &FxHashMap<i64, u32>) -> rusqlite::Result<BTreeMap<String, Vec<Holder>>> {
    let mut all: BTreeMap<String, Vec<Holder>> = BTreeMap::new();
    for sql in [
        "SELECT e.event_id, e.file_id, EXISTS (SELECT 1 FROM csv_events c WHERE c.id = e.id) FROM events e \
         WHERE event_id IN (SELECT event_id FROM conflicts UNION SELECT event_id FROM replaced_rows)",
        "SELECT c.event_id, c.file_id, f.format IS 'csv' FROM conflicts c JOIN files f ON f.id = c.file_id",
        "SELECT event_id, file_id, 1 FROM replaced_rows",
    ] {
        let mut select = connection.prepare(sql)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let file: i64 = row.get(1)?;
            let rank = ranks.get(&file).copied().unwrap_or_default();
            all.entry(row.get(0)?).or_default().push(Holder { rank, file, from_csv: row.get(2)? });
        }
    }
    Ok(all)
}

/// Brings the records that lost into the state in which a merge keeps them: rows of CSV downloads that a full record
/// replaced are only remembered, for the first file that had one, and of records that are the same one is kept.
fn settle_conflicts(connection: &Connection, ranks: &FxHashMap<i64, u32>) -> rusqlite::Result<()> {
    let mut replaced = connection.prepare(
        "SELECT c.id, c.event_id, c.file_id, r.file_id FROM conflicts c JOIN files f ON f.id = c.file_id \
         JOIN events e ON e.event_id = c.event_id LEFT JOIN replaced_rows r ON r.event_id = c.event_id \
         WHERE f.format = 'csv' AND NOT EXISTS (SELECT 1 FROM csv_events v WHERE v.id = e.id)",
    )?;
    let rows = replaced.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let mut firsts: BTreeMap<String, i64> = BTreeMap::new();
    let rows: Vec<(i64, String, i64, Option<i64>)> = rows.collect::<rusqlite::Result<_>>()?;
    for (id, event_id, file, known) in rows {
        let first = firsts.entry(event_id).or_insert(known.unwrap_or(file));
        if ranks.get(&file) < ranks.get(first) {
            *first = file;
        }
        connection.execute("DELETE FROM conflicts WHERE id = ?1", [id])?;
    }
    for (event_id, file) in firsts {
        let sql = "INSERT OR REPLACE INTO replaced_rows (event_id, file_id) VALUES (?1, ?2)";
        connection.execute(sql, params![event_id, file])?;
    }
    let mut several = connection.prepare(
        "SELECT id, event_id, record FROM conflicts WHERE event_id IN \
         (SELECT event_id FROM conflicts GROUP BY event_id HAVING count(*) > 1) ORDER BY event_id, sha256",
    )?;
    let mut rows = several.query([])?;
    let mut kept: Vec<(String, Vec<u8>)> = Vec::new();
    let mut dropped: Vec<i64> = Vec::new();
    while let Some(row) = rows.next()? {
        let (event_id, record): (String, String) = (row.get(1)?, row.get(2)?);
        kept.retain(|(of, _)| *of == event_id);
        if kept.iter().any(|(_, known)| dedup::are_same(known, record.as_bytes())) {
            dropped.push(row.get(0)?);
        } else {
            kept.push((event_id, record.into_bytes()));
        }
    }
    drop(rows);
    for id in dropped {
        connection.execute("DELETE FROM conflicts WHERE id = ?1", [id])?;
    }
    Ok(())
}
