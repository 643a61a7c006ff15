//! Creating a snapshot: a temporary file is filled, gets its provenance, and is renamed when complete.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::io_message::folder_of;
use crate::place_file::{permit, place_file};
use crate::store::case_path::unfinished_import;
use crate::store::error::CaseError;
use crate::store::private_folder::PrivateFolder;
use crate::store::provenance::{self, ProvenanceStep};
use crate::store::rollup::attribute_values::EVENT_COUNT;
use crate::store::transfer::snapshot::new_file::open_new;
use crate::store::transfer::snapshot::options::{SnapshotOptions, SnapshotSummary};
use crate::store::transfer::snapshot::source::Source;
use crate::store::transfer::snapshot::{digest, full, partial};

/// Writes a snapshot. It takes its name when it is whole.
///
/// # Errors
/// There is a file of that name, or it cannot be written; or the case cannot be read.
pub fn write(source: Source, out: &Path, options: &SnapshotOptions) -> Result<SnapshotSummary, CaseError> {
    write_after(source, out, options, &mut |_| Ok(()))
}

/// Writes a snapshot. It takes its name after `complete` was called with the provenance of what is complete.
///
/// # Errors
/// As [`write()`], or `complete` fails.
pub fn write_after<E: From<CaseError>>(
    source: Source,
    out: &Path,
    options: &SnapshotOptions,
    complete: &mut dyn FnMut(&ProvenanceStep) -> Result<(), E>,
) -> Result<SnapshotSummary, E> {
    check_name(source.named(), out, options.force)?;
    let of = |error| CaseError::of(out, error);
    let (folder, temporary) = temporary(out)?;
    let digests = if options.events.is_some() || options.portable {
        partial::write(&source, temporary.as_file(), temporary.path(), options)
            .map_err(|error| blame(&source, out, error))
    } else {
        full::write(&source, temporary.as_file(), temporary.path(), options)
            .map_err(|error| error.of_output(out, folder.path()))
    };
    if options.is_cancelled() {
        return Err(CaseError::Cancelled.into());
    }
    let digests = digests?;
    let step = ProvenanceStep {
        kind: "snapshot".to_owned(),
        made_by: options.made_by.clone(),
        made_from: vec![options.name.clone().unwrap_or_else(|| source.name())],
        schema_version: Some(source.schema),
        selection: options.selection.clone(),
        redacted: options.redacted.clone(),
        portable: options.portable,
        digests,
        ..ProvenanceStep::default()
    };
    let mut summary = finish(temporary.path(), &step).map_err(of)?;
    summary.of = source.events()?;
    complete(&summary.step)?;
    drop(source);
    if !options.private {
        open_to_others(&folder, &temporary).map_err(|source| CaseError::Io { path: out.to_owned(), source })?;
    }
    place(temporary, out, options.force)?;
    summary.bytes = fs::metadata(out).map_err(|source| CaseError::Io { path: out.to_owned(), source })?.len();
    Ok(summary)
}

/// Returns the error of SQLite while it reads one file and writes another: only the one that is read can be damaged.
fn blame(source: &Source, out: &Path, error: rusqlite::Error) -> CaseError {
    let error = match error {
        rusqlite::Error::UserFunctionError(inner) => return inner_error(out, inner),
        error => error,
    };
    match CaseError::of(source.named(), error) {
        damaged @ (CaseError::Damaged { .. } | CaseError::Busy(_)) => damaged,
        CaseError::Full(_) => CaseError::Full(out.to_owned()),
        CaseError::Sqlite { source, .. } => CaseError::Sqlite { path: out.to_owned(), source },
        other => other,
    }
}

/// Returns an error that was carried through one of SQLite's.
fn inner_error(out: &Path, inner: Box<dyn std::error::Error + Send + Sync>) -> CaseError {
    let inner = match inner.downcast::<CaseError>() {
        Ok(error) => return *error,
        Err(inner) => inner,
    };
    match inner.downcast::<io::Error>() {
        Ok(source) => CaseError::Io { path: out.to_owned(), source: *source },
        Err(inner) => CaseError::Sqlite { path: out.to_owned(), source: rusqlite::Error::UserFunctionError(inner) },
    }
}

/// Reports whether a snapshot of a case may take this name; `force` where another file may be replaced.
///
/// # Errors
/// It may not.
pub fn check_name(case: &Path, out: &Path, force: bool) -> Result<(), CaseError> {
    let exists = fs::symlink_metadata(out).is_ok();
    let same = |path: &Path| fs::canonicalize(path).ok().zip(fs::canonicalize(out).ok()).is_some_and(|(a, b)| a == b);
    if exists && same(case) {
        return Err(CaseError::Itself(out.to_owned()));
    }
    // Only a regular file is replaced, whatever else is asked for.
    let replaceable = fs::metadata(out).is_ok_and(|metadata| metadata.is_file());
    if exists && !(force && replaceable) {
        return Err(CaseError::Exists(out.to_owned()));
    }
    if let Some(error) = unfinished_import(out) {
        return Err(error);
    }
    for suffix in ["-journal", "-wal"] {
        let mut beside = out.as_os_str().to_owned();
        beside.push(suffix);
        // SQLite would take it as the snapshot's own.
        if fs::symlink_metadata(&beside).is_ok() {
            return Err(CaseError::Exists(PathBuf::from(beside)));
        }
    }
    Ok(())
}

/// Creates a file in a private folder beside the output, which is renamed when complete.
fn temporary(out: &Path) -> Result<(PrivateFolder, NamedTempFile), CaseError> {
    let folder = folder_of(out);
    let made = || -> io::Result<(PrivateFolder, NamedTempFile)> {
        let private = PrivateFolder::beside(folder)?;
        let file = NamedTempFile::new_in(private.path())?;
        Ok((private, file))
    };
    made().map_err(|source| CaseError::of_folder(folder, source))
}

/// Writes the provenance.
fn finish(path: &Path, step: &ProvenanceStep) -> rusqlite::Result<SnapshotSummary> {
    let connection = open_new(path)?;
    connection.execute_batch("BEGIN")?;
    let mut step = step.clone();
    provenance::begin(&connection, &mut step)?;
    // Who made it is among the notes.
    if let Some(digest) = step.digests.iter_mut().find(|digest| digest.part == digest::NOTES) {
        *digest = digest::notes(&connection)?;
    }
    let step = provenance::write(&connection, &step)?;
    connection.execute_batch("COMMIT")?;
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, u64>(0));
    let summary = SnapshotSummary {
        step,
        events: connection.query_row(EVENT_COUNT, [], |row| row.get::<_, Option<u64>>(0))?.unwrap_or_default(),
        notes: number("SELECT count(*) FROM notes")?,
        queries: number("SELECT (SELECT count(*) FROM saved_queries) + (SELECT count(*) FROM noise_rules)")?,
        decisions: number(
            "SELECT (SELECT count(*) FROM subjects) + (SELECT count(*) FROM verdicts) + \
             (SELECT count(*) FROM ignore_rules)",
        )?,
        ..SnapshotSummary::default()
    };
    connection.close().map_err(|(_, error)| error)?;
    Ok(summary)
}

/// Gives a finished file the permissions of any new file: the user's mask says who may read it.
fn open_to_others(folder: &PrivateFolder, temporary: &NamedTempFile) -> io::Result<()> {
    permit(temporary.as_file(), folder.permissions_of_new_files()?)
}

/// Syncs a finished file and renames it.
fn place(temporary: NamedTempFile, out: &Path, force: bool) -> Result<(), CaseError> {
    let io_error = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => CaseError::Exists(out.to_owned()),
        io::ErrorKind::StorageFull => CaseError::Full(out.to_owned()),
        _ => CaseError::Io { path: out.to_owned(), source },
    };
    temporary.as_file().sync_all().map_err(io_error)?;
    let placed = if force { temporary.persist(out).map(drop) } else { place_file(temporary, out) };
    placed.map_err(|error| io_error(error.error))?;
    // The name is on the disk when its folder is. Not every system lets a folder be opened.
    let folder = folder_of(out);
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}
