//! Snapshots: a case, or some events of it, written as a new single file to hand to someone.
//!
//! A snapshot is made in three steps. [`Source`] holds the case still, so that everything that is read of it is one
//! state. `full` copies the file, or `partial` copies rows into a new one. Then the file gets its provenance, with
//! digests of what it holds, is put on the disk, and takes its name.

pub(crate) mod digest;
mod full;
mod page_digest;
mod parallel;
mod partial;
mod records;
mod selection_counts;
mod source;
mod tables;
mod verify;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use tempfile::NamedTempFile;

pub use crate::store::provenance::Digest;
pub use crate::store::provenance::Step;
pub(crate) use crate::store::transfer::snapshot::records::PLAIN_TABLES;
pub use crate::store::transfer::snapshot::source::Source;
pub use crate::store::transfer::snapshot::verify::{Check, LEDGER_SUMS, SourceFile, check_sources, verify};

use crate::io_message::folder_of;
use crate::store::error::Error;
use crate::store::hardening;
use crate::store::private_folder::PrivateFolder;
use crate::store::rollup::attribute_values::EVENT_COUNT;

/// Options of a snapshot.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The events to keep by `events.id`, in rising order; `None` is all.
    pub events: Option<Vec<i64>>,
    /// The selection of the events, as on the command line.
    pub selection: Option<String>,
    /// True if records are plain text.
    pub portable: bool,
    /// True if they can be searched for words.
    pub full_text: bool,
    /// True if notes, saved queries and noise rules of the case are left out.
    pub without_notes: bool,
    /// True if a file of that name is replaced.
    pub force: bool,
    /// The kinds of values that were replaced before, for the provenance.
    pub redacted: Vec<String>,
    /// The name of the case, where it is not the file's.
    pub name: Option<String>,
    /// True if nobody but its owner may read the file.
    pub private: bool,
}

/// The summary of a snapshot that was made.
#[derive(Debug, Clone, Default)]
pub struct Made {
    /// The last step of its provenance.
    pub step: Step,
    /// Its events.
    pub events: u64,
    /// The events of the case.
    pub of: u64,
    /// Its notes, and its saved queries and noise rules, which no event tells to be left out.
    pub notes: u64,
    /// See `notes`.
    pub queries: u64,
    /// Its size on the disk.
    pub bytes: u64,
}

/// Writes a snapshot. It takes its name when it is whole.
///
/// # Errors
/// There is a file of that name, or it cannot be written; or the case cannot be read.
pub fn write(source: Source, out: &Path, wanted: &Wanted) -> Result<Made, Error> {
    write_after(source, out, wanted, &mut |_| Ok(()))
}

/// Writes a snapshot. It takes its name after `complete` was called with the provenance of what is complete.
///
/// # Errors
/// As [`write`], or `complete` fails.
pub fn write_after<E: From<Error>>(
    source: Source,
    out: &Path,
    wanted: &Wanted,
    complete: &mut dyn FnMut(&Step) -> Result<(), E>,
) -> Result<Made, E> {
    check_name(source.named(), out, wanted.force)?;
    let of = |error| Error::of(out, error);
    let (folder, temporary) = temporary(out)?;
    let digests = if wanted.events.is_some() || wanted.portable {
        partial::write(&source, temporary.as_file(), temporary.path(), wanted)
            .map_err(|error| blame(&source, out, error))?
    } else {
        full::write(&source, temporary.as_file(), temporary.path(), wanted.without_notes)
            .map_err(|error| error.of_output(out, folder.path()))?
    };
    let step = Step {
        kind: "snapshot".to_owned(),
        made_from: vec![wanted.name.clone().unwrap_or_else(|| source.name())],
        schema_version: Some(source.schema),
        selection: wanted.selection.clone(),
        redacted: wanted.redacted.clone(),
        portable: wanted.portable,
        digests,
        ..Step::default()
    };
    let mut made = finish(temporary.path(), &step).map_err(of)?;
    made.of = source.events()?;
    complete(&made.step)?;
    drop(source);
    if !wanted.private {
        open_to_others(&folder, &temporary).map_err(|source| Error::Io { path: out.to_owned(), source })?;
    }
    place(temporary, out, wanted.force)?;
    made.bytes = fs::metadata(out).map_err(|source| Error::Io { path: out.to_owned(), source })?.len();
    Ok(made)
}

/// Returns the error of SQLite while it reads one file and writes another: only the one that is read can be damaged.
fn blame(source: &Source, out: &Path, error: rusqlite::Error) -> Error {
    let error = match error {
        rusqlite::Error::UserFunctionError(inner) => return inner_error(out, inner),
        error => error,
    };
    match Error::of(source.named(), error) {
        damaged @ (Error::Damaged { .. } | Error::Busy(_)) => damaged,
        Error::Full(_) => Error::Full(out.to_owned()),
        Error::Sqlite { source, .. } => Error::Sqlite { path: out.to_owned(), source },
        other => other,
    }
}

/// An error that was carried through one of SQLite's.
fn inner_error(out: &Path, inner: Box<dyn std::error::Error + Send + Sync>) -> Error {
    let inner = match inner.downcast::<Error>() {
        Ok(error) => return *error,
        Err(inner) => inner,
    };
    match inner.downcast::<io::Error>() {
        Ok(source) => Error::Io { path: out.to_owned(), source: *source },
        Err(inner) => Error::Sqlite { path: out.to_owned(), source: rusqlite::Error::UserFunctionError(inner) },
    }
}

/// Reports whether a snapshot of a case may take this name; `force` where another file may be replaced.
///
/// # Errors
/// It may not.
pub fn check_name(case: &Path, out: &Path, force: bool) -> Result<(), Error> {
    let exists = fs::symlink_metadata(out).is_ok();
    let same = |path: &Path| fs::canonicalize(path).ok().zip(fs::canonicalize(out).ok()).is_some_and(|(a, b)| a == b);
    if exists && same(case) {
        return Err(Error::Itself(out.to_owned()));
    }
    // Only a regular file is replaced, whatever else is asked for.
    let replaceable = fs::metadata(out).is_ok_and(|metadata| metadata.is_file());
    if exists && !(force && replaceable) {
        return Err(Error::Exists(out.to_owned()));
    }
    for suffix in ["-journal", "-wal"] {
        let mut beside = out.as_os_str().to_owned();
        beside.push(suffix);
        // SQLite would take it as the snapshot's own.
        if fs::symlink_metadata(&beside).is_ok() {
            return Err(Error::Exists(PathBuf::from(beside)));
        }
    }
    Ok(())
}

/// A file in a private folder beside the one that is wanted, which takes its name in the end.
fn temporary(out: &Path) -> Result<(PrivateFolder, NamedTempFile), Error> {
    let folder = folder_of(out);
    let made = || -> io::Result<(PrivateFolder, NamedTempFile)> {
        let private = PrivateFolder::beside(folder)?;
        let file = NamedTempFile::new_in(private.path())?;
        Ok((private, file))
    };
    made().map_err(|source| Error::of_folder(folder, source))
}

/// Opens a file that nobody else knows of. It is whole or it is thrown away: nothing has to be rolled back.
fn open_new(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags)?;
    hardening::harden_new(&connection)?;
    rusqlite::vtab::array::load_module(&connection)?;
    connection.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; \
         PRAGMA temp_store = MEMORY; PRAGMA threads = 2; PRAGMA cache_size = -65536;",
    )?;
    Ok(connection)
}

/// Writes the provenance.
fn finish(path: &Path, step: &Step) -> rusqlite::Result<Made> {
    let connection = open_new(path)?;
    connection.execute_batch("BEGIN")?;
    let step = crate::store::provenance::write(&connection, step)?;
    connection.execute_batch("COMMIT")?;
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, u64>(0));
    let made = Made {
        step,
        events: connection.query_row(EVENT_COUNT, [], |row| row.get::<_, Option<u64>>(0))?.unwrap_or_default(),
        notes: number("SELECT count(*) FROM notes")?,
        queries: number("SELECT (SELECT count(*) FROM saved_queries) + (SELECT count(*) FROM noise_rules)")?,
        ..Made::default()
    };
    connection.close().map_err(|(_, error)| error)?;
    Ok(made)
}

/// Gives a finished file the permissions of any new file: the user's mask says who may read it.
fn open_to_others(folder: &PrivateFolder, temporary: &NamedTempFile) -> io::Result<()> {
    temporary.as_file().set_permissions(folder.permissions_of_new_files()?)
}

/// Puts a finished file on the disk and gives it its name.
fn place(temporary: NamedTempFile, out: &Path, force: bool) -> Result<(), Error> {
    let io_error = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists(out.to_owned()),
        io::ErrorKind::StorageFull => Error::Full(out.to_owned()),
        _ => Error::Io { path: out.to_owned(), source },
    };
    temporary.as_file().sync_all().map_err(io_error)?;
    let placed = if force { temporary.persist(out) } else { temporary.persist_noclobber(out) };
    placed.map(drop).map_err(|error| io_error(error.error))?;
    // The name is on the disk when its folder is. Not every system lets a folder be opened.
    let folder = folder_of(out);
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}
