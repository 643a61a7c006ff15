//! The digest of a file's pages: what a snapshot of a whole case carries, since its rows would take several times as
//! long to read as the file takes to copy.
//!
//! It covers every page of every table and index with its number, but for those that may change without harm: those of
//! the schema, the first of which has SQLite's own counters (it is digested as text instead), the pages of what tells
//! where the file comes from, of what was marked and noted, and free pages. None of these takes the place of another.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use rusqlite::Connection;
use rustc_hash::FxHashMap;
use sha2::{Digest as _, Sha256};

use crate::activity;
use crate::hash::hex;
use crate::store::provenance::Digest;
use crate::store::schema::{indexes, tables_since, version, views_since, without_pages};
use crate::store::transfer::snapshot::source::check;

/// The name of the part.
pub(crate) const PAGES: &str = "pages";
/// The bytes that are read at once; more than any page has.
const READ: usize = 1 << 20;

/// The pages of a file that are digested.
pub(crate) struct Pages {
    size: usize,
    /// Numbers of pages, from 1, that are left out.
    left_out: BTreeSet<u32>,
    schema: Sha256,
}

impl Pages {
    /// Finds out what is to be digested of a case, which must not change until that is done. `file`: the same, open.
    pub(crate) fn of(connection: &Connection, file: &File) -> rusqlite::Result<Pages> {
        Pages::with_earlier(connection, file, &FxHashMap::default(), version::NEWEST)
    }

    /// Finds out the same of a case that was migrated from a schema version by nothing but new columns and tables: they
    /// change the text of the schema, and no page that is digested.
    pub(crate) fn of_version(connection: &Connection, file: &File, version: i64) -> rusqlite::Result<Pages> {
        let earlier = Connection::open_in_memory()?;
        version::make_schema(&earlier, version)?;
        indexes::make_in_memory(&earlier)?;
        indexes::make_of_counts(&earlier)?;
        let mut select = earlier.prepare("SELECT name, ifnull(sql, '') FROM sqlite_schema")?;
        let texts = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Pages::with_earlier(connection, file, &texts.collect::<rusqlite::Result<_>>()?, version)
    }

    /// `earlier`: the statements that made tables and indexes, where the file had others. Tables that are newer than
    /// `version` were not there, nor were views.
    fn with_earlier(
        connection: &Connection,
        file: &File,
        earlier: &FxHashMap<String, String>,
        version: i64,
    ) -> rusqlite::Result<Pages> {
        let size: usize = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        let mut left_out = BTreeSet::from([1]);
        let mut select = connection.prepare(
            "SELECT name FROM sqlite_schema WHERE rootpage > 0 AND tbl_name IN (SELECT value FROM json_each(?1))",
        )?;
        let tables: Vec<&str> = without_pages().map(|table| table.name).chain(tables_since(version)).collect();
        let names = select.query_map([serde_json::json!(tables).to_string()], |row| row.get::<_, String>(0))?;
        let names = names.chain([Ok("sqlite_schema".to_owned())]);
        let mut pages = connection.prepare("SELECT pageno FROM dbstat WHERE name = ?1")?;
        for name in names {
            for page in pages.query_map([name?], |row| row.get(0))? {
                left_out.insert(page?);
            }
        }
        let mut schema = Sha256::new_with_prefix(b"trailq pages 1\n");
        let mut select = connection
            .prepare("SELECT type, name, tbl_name, ifnull(sql, '') FROM sqlite_schema ORDER BY type, name")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let table = row.get_ref(2)?.as_str()?;
            if tables_since(version).chain(views_since(version)).any(|name| name == table) {
                continue;
            }
            for column in 0..3 {
                schema.update(row.get_ref(column)?.as_bytes()?);
                schema.update([0]);
            }
            let earlier = earlier.get(row.get_ref(1)?.as_str()?);
            schema.update(earlier.map_or(row.get_ref(3)?.as_bytes()?, String::as_bytes));
            schema.update([0]);
        }
        free_pages(file, size, &mut left_out).map_err(|error| rusqlite::Error::UserFunctionError(Box::new(error)))?;
        Ok(Pages { size, left_out, schema })
    }

    /// Digests the pages of a file, unless it is cancelled.
    pub(crate) fn digest(self, mut file: &File, is_cancelled: &dyn Fn() -> bool) -> io::Result<Digest> {
        let (mut hasher, mut rows, mut number) = (self.schema, 0, 0_u32);
        let mut bytes = vec![0; READ / self.size * self.size];
        file.seek(SeekFrom::Start(0))?;
        loop {
            let filled = fill(&mut file, &mut bytes)?;
            activity::advance(filled as u64);
            check(is_cancelled)?;
            for page in bytes[..filled].chunks(self.size) {
                number += 1;
                if !self.left_out.contains(&number) {
                    hasher.update(number.to_le_bytes());
                    hasher.update(page);
                    rows += 1;
                }
            }
            if filled < bytes.len() {
                break;
            }
        }
        Ok(Digest { part: PAGES.to_owned(), rows, sha256: hex(&hasher.finalize()) })
    }
}

/// Reads until there is no more, or no more room.
fn fill(file: &mut impl Read, bytes: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Adds the free pages of a file. The file format has them in a chain of pages, each with the number of the next one,
/// how many others it lists, and their numbers; the first is in bytes 32 to 35 of the file.
fn free_pages(mut file: &File, size: usize, to: &mut BTreeSet<u32>) -> io::Result<()> {
    let mut header = [0; 100];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut header)?;
    let number = |bytes: &[u8], at: usize| {
        bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes)
    };
    let mut next = number(&header, 32);
    let mut page = vec![0; size];
    // A chain that comes back to where it was is damaged.
    while next != 0 && to.insert(next) {
        file.seek(SeekFrom::Start(u64::from(next - 1) * size as u64))?;
        file.read_exact(&mut page)?;
        let listed = number(&page, 4) as usize;
        to.extend(page.chunks_exact(4).skip(2).take(listed).map(|four| number(four, 0)));
        next = number(&page, 0);
    }
    Ok(())
}
