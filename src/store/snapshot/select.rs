//! Some events of a case, or all of them with plain records, as a snapshot: rows are copied into a new file.

use std::path::Path;
use std::rc::Rc;
use std::thread;

use crossbeam_channel::bounded;
use rusqlite::types::Value;
use rusqlite::{Connection, Error};

use super::source::Source;
use super::{Wanted, open_new, records, tables};
use crate::store::{counts, indexes, migrate};

/// Blocks of records that wait to be written.
const QUEUE: usize = 64;

/// Writes the snapshot into an empty file.
pub(super) fn write(source: &Source, path: &Path, wanted: &Wanted) -> rusqlite::Result<()> {
    let mut connection = open_new(path)?;
    migrate::migrate(&connection, path).map_err(|error| Error::UserFunctionError(Box::new(error)))?;
    connection.execute_batch("DELETE FROM provenance")?;
    connection.execute("ATTACH ?1 AS source", [uri(source.path())])?;
    connection.execute_batch("PRAGMA source.cache_size = -65536; PRAGMA source.mmap_size = 0x7fffffff0000")?;
    let kept = match &wanted.events {
        Some(events) => events.clone(),
        None => {
            let mut all = connection.prepare("SELECT id FROM source.events ORDER BY id")?;
            all.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?
        }
    };
    let read = source.path();
    thread::scope(|scope| {
        let (out, blocks) = bounded(QUEUE);
        let (kept, plain) = (kept.as_slice(), wanted.portable);
        let reading = scope.spawn(move || records::read(read, kept, plain, &out));
        let mut rows = || -> rusqlite::Result<()> {
            let transaction = connection.transaction()?;
            copy_rows(&transaction, kept, wanted)?;
            match (wanted.portable, wanted.events.is_some()) {
                (false, _) => records::write_packed(&transaction, &blocks)?,
                (true, true) => {
                    records::write_plain(&transaction, &blocks, |at| at as i64 + 1, wanted.full_text)?;
                }
                (true, false) => {
                    let number = |at| kept.get(at).copied().unwrap_or_default();
                    records::write_plain(&transaction, &blocks, number, wanted.full_text)?;
                }
            }
            transaction.commit()
        };
        let written = rows();
        // Whoever reads is not to wait for somebody to take what was read.
        drop(blocks);
        let read = reading.join().unwrap_or_else(|_| Err(Error::UserFunctionError("a thread died".into())));
        read.and(written)
    })?;
    // In one transaction each page is written once.
    connection.execute_batch("BEGIN")?;
    indexes::make(&connection)?;
    connection.execute_batch("COMMIT")?;
    connection.execute_batch("DETACH source")?;
    connection.close().map_err(|(_, error)| error)
}

/// Copies everything but the records, and counts what is kept.
fn copy_rows(connection: &Connection, kept: &[i64], wanted: &Wanted) -> rusqlite::Result<()> {
    let some = wanted.events.is_some();
    if some {
        connection.execute_batch("CREATE TEMP TABLE kept (old INTEGER PRIMARY KEY, new INTEGER NOT NULL)")?;
        let ids: Rc<Vec<Value>> = Rc::new(kept.iter().copied().map(Value::Integer).collect());
        let mut insert = connection.prepare("INSERT INTO kept SELECT value, rowid FROM rarray(?1)")?;
        insert.execute([ids])?;
    }
    tables::copy(connection, some, wanted.without_notes)?;
    if some {
        counts::recount(connection)?
    }
    indexes::make_of_counts(connection)
}

/// A file that is only read, as SQLite takes it in ATTACH.
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
