//! A whole case as a snapshot: its file is copied byte for byte, which takes as long as any copy.

use std::fs::File;
use std::path::Path;
use std::thread;

use rusqlite::{Connection, params};

use crate::activity::{self, Unit};
use crate::store::error::CaseError;
use crate::store::hardening::error_of;
use crate::store::provenance::Digest;
use crate::store::schema::{Copy, TABLES};
use crate::store::transfer::snapshot::digest;
use crate::store::transfer::snapshot::new_file::open_new;
use crate::store::transfer::snapshot::options::SnapshotOptions;
use crate::store::transfer::snapshot::page_digest::Pages;
use crate::store::transfer::snapshot::source::{Source, copy_file};

/// Bytes of one row that fills free pages.
const FILLER: i64 = 64 << 20;

/// Writes the whole case, and returns the digests of its content.
pub(crate) fn write(
    source: &Source,
    to: &File,
    path: &Path,
    options: &SnapshotOptions,
) -> Result<Vec<Digest>, CaseError> {
    let [from, once_more] = source.files();
    let bytes = from.metadata().map_or(0, |metadata| metadata.len());
    let step = activity::step_of("copying the case", bytes, Unit::Bytes);
    let pages = Pages::of(source.connection(), once_more).map_err(|error| error_of(source.named(), error))?;
    let (copied, digest) = thread::scope(|scope| {
        let copy = scope.spawn(|| {
            // What is copied is on its way to the disk while the rest is read.
            copy_file(from, to, &|| options.is_cancelled()).and_then(|()| to.sync_data())
        });
        let digest = pages.digest(once_more, &|| options.is_cancelled());
        (copy.join(), digest)
    });
    drop(step);
    let io_error = |path: &Path, source| CaseError::Io { path: path.to_owned(), source };
    copied.unwrap_or_else(|_| Err(std::io::Error::other("a thread died"))).map_err(|error| io_error(path, error))?;
    let digest = digest.map_err(|error| io_error(source.named(), error))?;
    let of = |error| CaseError::of(path, error);
    let notes = leave_out(path, options.without_notes).map_err(of)?;
    Ok(vec![digest, notes])
}

/// Removes from the copy what is not handed over: notes, if they are left out, and the content of free pages. Returns
/// the digest of the notes that stay.
fn leave_out(path: &Path, without_notes: bool) -> rusqlite::Result<Digest> {
    let connection = open_new(path)?;
    connection.execute_batch("PRAGMA secure_delete = ON")?;
    if without_notes {
        for table in TABLES.iter().filter(|table| matches!(table.copy, Copy::Notes | Copy::NotesOfWhole)) {
            connection.execute_batch(&format!("DELETE FROM {}", table.name))?;
        }
    }
    clear_free_pages(&connection)?;
    let notes = digest::notes(&connection)?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(notes)
}

/// Overwrites free pages: a table of zeros takes them all, and is dropped.
fn clear_free_pages(connection: &Connection) -> rusqlite::Result<()> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    if number("PRAGMA freelist_count")? == 0 {
        return Ok(());
    }
    connection.execute_batch("CREATE TABLE filler (zeros BLOB)")?;
    let page = number("PRAGMA page_size")?;
    loop {
        let free = number("PRAGMA freelist_count")?;
        if free == 0 {
            break;
        }
        let size = (free * (page - 4)).min(FILLER);
        connection.execute("INSERT INTO filler (zeros) VALUES (zeroblob(?1))", params![size])?;
    }
    connection.execute_batch("DROP TABLE filler")
}
