//! Some events of a case, or all of them with plain records, as a snapshot: rows are copied into a new file.

use std::fs::File;
use std::path::Path;
use std::rc::Rc;
use std::thread;

use crossbeam_channel::bounded;
use rusqlite::types::Value;
use rusqlite::{Connection, Error};

use crate::activity::{self, Unit};
use crate::store::event_sum::EventSum;
use crate::store::provenance::Digest;
use crate::store::schema::{indexes, migrate};
use crate::store::transfer::snapshot::digest;
use crate::store::transfer::snapshot::new_file::open_new;
use crate::store::transfer::snapshot::options::SnapshotOptions;
use crate::store::transfer::snapshot::selection_counts::SelectionCounts;
use crate::store::transfer::snapshot::source::Source;
use crate::store::transfer::snapshot::{records, tables};

/// Blocks of records that wait to be written.
const QUEUE: usize = 64;
/// With no more events than these the indexes are made in memory while the rows are digested.
const MAX_IN_MEMORY_INDEXED: usize = 100_000;

/// Writes the snapshot into an empty file, and returns the digests of what it holds.
pub(crate) fn write(
    source: &Source,
    to: &File,
    path: &Path,
    options: &SnapshotOptions,
) -> rusqlite::Result<Vec<Digest>> {
    let mut connection = open_new(path)?;
    options.watch(&mut connection)?;
    migrate::migrate(&connection, path).map_err(|error| Error::UserFunctionError(Box::new(error)))?;
    connection.execute_batch("DELETE FROM provenance")?;
    connection.execute("ATTACH ?1 AS source", [uri(source.path())])?;
    connection.execute_batch("PRAGMA source.cache_size = -65536; PRAGMA source.mmap_size = 0x7fffffff0000")?;
    let kept = match &options.events {
        Some(events) => events.clone(),
        None => {
            let mut all = connection.prepare("SELECT id FROM source.events ORDER BY id")?;
            all.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?
        }
    };
    let read = source.path();
    thread::scope(|scope| {
        let (out, blocks) = bounded(QUEUE);
        let (kept, plain) = (kept.as_slice(), options.portable);
        let reading = scope.spawn(move || records::read(read, kept, plain, &out));
        let copying = activity::step_of("copying events", kept.len() as u64, Unit::Parts);
        let mut rows = || -> rusqlite::Result<()> {
            let transaction = connection.transaction()?;
            match copy_rows(&transaction, kept, options)? {
                Some(kept) if !options.portable => records::write_packed(&transaction, &blocks, &kept.times)?,
                Some(_) => records::write_plain(&transaction, &blocks, |at| at as i64 + 1, options.full_text)?,
                None => {
                    let number = |at| kept.get(at).copied().unwrap_or_default();
                    records::write_plain(&transaction, &blocks, number, options.full_text)?;
                }
            }
            transaction.commit()
        };
        let written = rows();
        drop(copying);
        // The reader must not wait for a receiver of what it read.
        drop(blocks);
        let read = reading.join().unwrap_or_else(|_| Err(Error::UserFunctionError("a thread died".into())));
        // An error of the writer ends the reader.
        written.and(read)
    })?;
    connection.execute_batch("DETACH source")?;
    let (digests, sum) = index(&connection, to, path, options, kept.len() <= MAX_IN_MEMORY_INDEXED)?;
    sum.store(&connection)?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(digests)
}

/// Makes the indexes, and digests the rows.
fn index(
    connection: &Connection,
    file: &File,
    path: &Path,
    options: &SnapshotOptions,
    few: bool,
) -> rusqlite::Result<(Vec<Digest>, EventSum)> {
    let indexing = activity::step("building indexes");
    // In one transaction each page is written once.
    if !few {
        connection.execute_batch("BEGIN")?;
        indexes::make(connection)?;
        connection.execute_batch("COMMIT")?;
        drop(indexing);
        return digest::digests(path, options);
    }
    // Nothing is written before the commit, which waits for readers.
    connection.execute_batch("PRAGMA cache_spill = OFF; BEGIN")?;
    let digests = thread::scope(|scope| {
        let digesting = scope.spawn(|| digest::digests(path, options));
        // What is there already is on its way to the disk meanwhile.
        let syncing = scope.spawn(|| file.sync_data());
        let made = indexes::make_in_memory(connection);
        let died = || Error::UserFunctionError("a thread died".into());
        let digests = digesting.join().unwrap_or_else(|_| Err(died()));
        let synced = syncing.join().map_err(|_| died())?;
        synced.map_err(|error| Error::UserFunctionError(error.into()))?;
        made.and(digests)
    })?;
    connection.execute_batch("COMMIT")?;
    Ok(digests)
}

/// Copies everything but the records, and counts what is kept if that is not all.
fn copy_rows(
    connection: &Connection,
    kept: &[i64],
    options: &SnapshotOptions,
) -> rusqlite::Result<Option<SelectionCounts>> {
    let kept = match options.events.is_some() {
        true => {
            connection.execute_batch("CREATE TEMP TABLE kept (old INTEGER PRIMARY KEY, new INTEGER NOT NULL)")?;
            let ids: Rc<Vec<Value>> = Rc::new(kept.iter().copied().map(Value::Integer).collect());
            let mut insert = connection.prepare("INSERT INTO kept SELECT value, rowid FROM rarray(?1)")?;
            insert.execute([ids])?;
            Some(tables::copy_some(connection, options.without_notes)?)
        }
        false => {
            tables::copy_all(connection, options.without_notes)?;
            None
        }
    };
    indexes::make_of_counts(connection)?;
    Ok(kept)
}

/// Returns the URI of a file for a read-only ATTACH.
fn uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri + "?mode=ro"
}
