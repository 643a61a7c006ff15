//! Verification of snapshots: compares them with the digests that they carry.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use sha2::{Digest as _, Sha256};

use crate::activity::{self, Unit};
use crate::event_digest::{EventDigest, ExpectedDigest};
use crate::file_names::{name_of, plain};
use crate::hash::hex;
use crate::store::error::CaseError;
use crate::store::event_sum::EventSum;
use crate::store::private_folder::PrivateFolder;
use crate::store::provenance::Digest;
use crate::store::schema::{UNREAD_STATUSES, expected, version};
use crate::store::transfer::snapshot::check::Check;
use crate::store::transfer::snapshot::digest;
use crate::store::transfer::snapshot::digest::NOTES;
use crate::store::transfer::snapshot::page_digest::{PAGES, Pages};
use crate::store::transfer::snapshot::structure::structure;
use crate::store::{case_path, case_state, hardening, open, provenance, ready, recovery};

/// The name of the check of the ledger's sums.
pub const LEDGER_SUMS: &str = "ledger sums";
/// The names of the checks of the digest of the events.
const EVENT_DIGEST: &str = "event digest";
const EXPECTED_DIGEST: &str = "expected digest";

/// Verifies a file against itself as it is: its structure, its schema, the sums of its ledger, and the digests that it
/// carries. Nothing is migrated before: what a digest was made of is what is looked at. What a killed writer left is
/// rolled back, and an import that it began is finished, in a private copy.
///
/// `expected`: the digest of its events that was kept elsewhere.
///
/// # Errors
/// The file is missing, not a case, of a newer schema, or cannot be read.
pub fn verify(path: &Path, expected: Option<&ExpectedDigest>) -> Result<Vec<Check>, CaseError> {
    case_path::check_file(path)?;
    let interrupted = is_interrupted(path)?;
    if !interrupted && !is_unfinished(path) {
        return verify_unchanged(path, expected);
    }
    let folder = PrivateFolder::new()?;
    let copy = folder.path().join("case.db");
    let mut checks =
        verify_copy(path, &copy, interrupted, expected).map_err(|error| error.of_copy(path, folder.path()))?;
    if interrupted {
        let found = "a process that wrote to the file was stopped: this checks a copy without its uncommitted changes";
        checks.insert(0, Check::new("journal", None, found));
    }
    Ok(checks)
}

/// Verifies a copy of a file that a writer left as it was in the middle of its work.
fn verify_copy(
    path: &Path,
    copy: &Path,
    interrupted: bool,
    expected: Option<&ExpectedDigest>,
) -> Result<Vec<Check>, CaseError> {
    if interrupted {
        recovery::copy_with_journal(path, copy)?;
    } else {
        // While this lives, no process writes to the file.
        let _held = open_unchanged(path)?;
        recovery::copy_file(path, copy)?;
    }
    if !is_unfinished(copy) {
        return verify_unchanged(copy, expected);
    }
    ready::finish(copy)?;
    let mut checks = verify_unchanged(copy, expected)?;
    let found = "an import into the file is not finished: this checks a copy in which it was finished";
    checks.insert(0, Check::new("imports", None, found));
    Ok(checks)
}

/// Reports whether a file of this program's schema is in the middle of an import. What cannot be read is the checks' to
/// tell.
fn is_unfinished(path: &Path) -> bool {
    open_unchanged(path).is_ok_and(|connection| {
        version::of(&connection, path).is_ok_and(|version| version == version::NEWEST)
            && expected::require_own(&connection, path, version::NEWEST).is_ok()
            && case_state::is_finished(&connection).is_ok_and(|finished| !finished)
    })
}

/// Verifies a file that no other process writes to.
fn verify_unchanged(path: &Path, expected: Option<&ExpectedDigest>) -> Result<Vec<Check>, CaseError> {
    let mut checks = verify_content(path, expected)?;
    if expected.is_some() && checks.iter().all(|check| check.what != EXPECTED_DIGEST) {
        checks.push(Check::new(EXPECTED_DIGEST, Some(false), "not compared: an earlier check failed"));
    }
    Ok(checks)
}

fn verify_content(path: &Path, expected: Option<&ExpectedDigest>) -> Result<Vec<Check>, CaseError> {
    // Closing any handle of a file ends all locks of the process on it: this one is closed last.
    let file = File::open(path).map_err(|source| CaseError::Io { path: path.to_owned(), source })?;
    let open = open_unchanged(path)?;
    let version = version::of(&open, path)?;
    if version == 0 {
        return Err(CaseError::NotACase { path: path.to_owned(), reason: "it is empty".to_owned() });
    }
    let of = |error| hardening::error_of(path, error);
    let mut checks = vec![structure(&open, path).map_err(of)?];
    if checks[0].sound == Some(false) {
        // What is read of a damaged file says nothing.
        return Ok(checks);
    }
    let foreign = expected::all_wrong(&open, path, version)?;
    checks.push(Check::of("schema", &foreign, &format!("version {version}, as trailq makes it")));
    if checks[1].sound == Some(false) {
        // Nor what is read through names that mean something else.
        return Ok(checks);
    }
    if !case_state::is_finished(&open).map_err(of)? {
        let found = "an import into it was interrupted: the next query finishes it";
        checks.push(Check::new("imports", Some(false), found));
    }
    checks.push(references(&open).map_err(of)?);
    let steps = if version < PROVENANCE { Vec::new() } else { provenance::read(&open).map_err(of)? };
    let whole = steps.iter().all(|step| step.selection.is_none());
    checks.push(ledger(&open, whole).map_err(of)?);
    let again = || open_unchanged(path).map_err(|error| rusqlite::Error::UserFunctionError(Box::new(error)));
    let (mut found, sum) = digest::of_version(&open, version, &again).map_err(of)?;
    checks.extend(event_digest(&open, &sum.digest(), expected).map_err(of)?);
    let Some(last) = steps.last().filter(|step| !step.digests.is_empty()) else {
        checks.push(Check::new("digests", None, "it has none: it is a case, not a snapshot"));
        checks.extend(found.into_iter().map(|digest| against(&digest, None)));
        return Ok(checks);
    };
    if last.digests.iter().any(|digest| digest.part == PAGES) {
        let pages = digest_pages(&open, &file).map_err(of)?;
        found.push(pages.map_err(|source| CaseError::Io { path: path.to_owned(), source })?);
    }
    // The schema version that the snapshot was made in, if it was migrated since by nothing but new columns.
    let made_in = last.schema_version.filter(|made_in| (version::SAME_COUNTS_SINCE..version).contains(made_in));
    let since = "SELECT count(*) FROM imports WHERE started_at > ?1";
    let imports: u64 = open.query_row(since, [&last.made_at], |row| row.get(0)).map_err(of)?;
    for digest in &found {
        let then = last.digests.iter().find(|then| then.part == digest.part);
        if let (Some(then), Some(made_in)) = (then.filter(|then| then.part == PAGES && *then != digest), made_in)
            && let Some(check) = migrated_pages(&open, &file, then, made_in).map_err(of)?
        {
            checks.push(check);
            continue;
        }
        checks.push(match then.filter(|then| *then != digest) {
            Some(then) => earlier_rows(&open, version, digest, then).map_err(of)?,
            None => against(digest, then),
        });
    }
    if imports > 0 {
        let found = format!("{imports} since the snapshot was made: it has changed since");
        checks.push(Check::new("imports", Some(false), found));
    }
    Ok(checks)
}

/// Compares the digest of the events, computed from their records, with the one that the file stores and with the one
/// that is expected.
fn event_digest(
    connection: &Connection,
    computed: &EventDigest,
    expected: Option<&ExpectedDigest>,
) -> rusqlite::Result<Vec<Check>> {
    let text = format!("{computed} of {} events", computed.events());
    let stored = EventSum::load(connection)?.map(|stored| stored.digest());
    let mut checks = vec![match stored {
        None => Check::new(EVENT_DIGEST, None, format!("{text}; this file stores none")),
        Some(stored) if stored == *computed => {
            Check::new(EVENT_DIGEST, Some(true), format!("{text} matches the digest stored in this file"))
        }
        Some(stored) => {
            let found = format!("{text}; the digest stored in this file is {stored} of {} events", stored.events());
            Check::new(EVENT_DIGEST, Some(false), found)
        }
    }];
    checks.extend(expected.map(|expected| match expected.is(computed) {
        true => Check::new(EXPECTED_DIGEST, Some(true), format!("{text} matches the expected digest")),
        false => Check::new(EXPECTED_DIGEST, Some(false), format!("{text}; expected {expected}")),
    }));
    Ok(checks)
}

/// Digests the pages of a file.
fn digest_pages(connection: &Connection, file: &File) -> rusqlite::Result<io::Result<Digest>> {
    let bytes = file.metadata().map_or(0, |metadata| metadata.len());
    let _step = activity::step_of("digesting pages", bytes, Unit::Bytes);
    Ok(Pages::of(connection, file)?.digest(file, &|| false))
}

/// The schema version from which on a case has provenance.
const PROVENANCE: i64 = 4;

/// Reports whether a journal beside a file holds what has to be rolled back, and no other process is about to see to
/// that.
fn is_interrupted(path: &Path) -> Result<bool, CaseError> {
    if !std::fs::metadata(recovery::journal(path)).is_ok_and(|metadata| metadata.len() > 0) {
        return Ok(false);
    }
    match open_unchanged(path) {
        // Another process is writing, and what is committed can be read.
        Ok(_) => Ok(false),
        Err(CaseError::ReadOnly(_) | CaseError::Disk { .. } | CaseError::Sqlite { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Opens a file read-only, and locks it against writers while this lives.
fn open_unchanged(path: &Path) -> Result<Connection, CaseError> {
    let of = |error| CaseError::of(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(of)?;
    hardening::harden(&connection).map_err(of)?;
    let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    hardening::bound_work(&mut connection, bytes).map_err(of)?;
    connection.busy_timeout(open::LOCK_TIMEOUT).map_err(of)?;
    connection
        .execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -65536; BEGIN; SELECT count(*) FROM sqlite_schema")
        .map_err(of)?;
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).map_err(of)?;
    // Committed changes are then in a file beside the case.
    if mode == "wal" { Err(CaseError::WriteAhead(path.to_owned())) } else { Ok(connection) }
}

/// Checks the rows of a part that differ from those of the time when the snapshot was made: it may have been migrated
/// since, for a note.
fn earlier_rows(connection: &Connection, version: i64, now: &Digest, then: &Digest) -> rusqlite::Result<Check> {
    let Some((version, later)) = digest::earlier(connection, version, then)? else {
        return Ok(against(now, Some(then)));
    };
    let sum = format!("{} rows, SHA-256 {}", now.rows, now.sha256);
    let found = format!("{sum}; without {later}, which schema version {version} did not have, it matches the snapshot");
    Ok(Check::new(&*now.part, None, found))
}

/// Checks the pages of a file that was migrated from a schema version by nothing but new columns. `None` if they differ.
fn migrated_pages(
    connection: &Connection,
    file: &File,
    then: &Digest,
    made_in: i64,
) -> rusqlite::Result<Option<Check>> {
    let pages = Pages::of_version(connection, file, made_in)?.digest(file, &|| false);
    let pages = pages.map_err(|error| rusqlite::Error::UserFunctionError(Box::new(error)))?;
    let found = format!("{} pages, SHA-256 {}, with the schema of version {made_in}", pages.rows, pages.sha256);
    Ok((pages == *then).then(|| Check::new(PAGES, Some(true), found)))
}

/// Compares the digest of a part with the one of the time when the snapshot was made.
fn against(now: &Digest, then: Option<&Digest>) -> Check {
    let sum = format!("{} rows, SHA-256 {}", now.rows, now.sha256);
    let sum = if now.part == PAGES { sum.replace(" rows,", " pages,") } else { sum };
    let (sound, found) = match then {
        Some(then) if then == now => (Some(true), sum),
        Some(then) if now.part == NOTES => {
            (None, format!("{sum}; changed since the snapshot was made, which had {} rows", then.rows))
        }
        Some(then) => (Some(false), format!("{sum}; it was made with {}, SHA-256 {}", then.rows, then.sha256)),
        // Of a whole case the pages are held against what they were.
        None => (None, sum),
    };
    Check::new(&*now.part, sound, found)
}

/// Reports whether what rows point to is there.
fn references(connection: &Connection) -> rusqlite::Result<Check> {
    let _step = activity::step("checking references");
    let mut check = connection.prepare("PRAGMA foreign_key_check")?;
    let wrong = check.query_map([], |row| {
        let (table, parent) = (row.get::<_, String>(0)?, row.get::<_, String>(2)?);
        Ok(format!("a row of {table} refers to a missing row of {parent}"))
    })?;
    let wrong = wrong.collect::<rusqlite::Result<BTreeSet<_>>>()?;
    Ok(Check::of("references", &wrong.into_iter().collect::<Vec<_>>(), "every referenced row exists"))
}

/// Reports whether the ledger accounts for the events. Where only some events were kept, its rows tell what was
/// imported, and no file may have more events than it had.
fn ledger(connection: &Connection, whole: bool) -> rusqlite::Result<Check> {
    let _step = activity::step("checking the ledger");
    let mut wrong = Vec::new();
    let mut ask = |sql: &str, says: &str| -> rusqlite::Result<()> {
        let mut select = connection.prepare(sql)?;
        for path in select.query_map([], |row| row.get::<_, String>(0))? {
            wrong.push(format!("{}: {says}", path?));
        }
        Ok(())
    };
    ask(
        "SELECT path FROM files WHERE read <> stored + duplicate + rejected",
        "read is not the sum of stored, duplicate and rejected",
    )?;
    if whole {
        ask(
            "SELECT path FROM files f WHERE rejected <> (SELECT count(*) FROM rejects WHERE file_id = f.id)",
            "some of its rejects are missing",
        )?;
    }
    // Where a fuller record took an event's place, it is of another file than the one that stored it.
    ask(
        "SELECT path FROM files JOIN (SELECT file_id, count(*) AS kept FROM events GROUP BY file_id) ON file_id = id \
         WHERE kept > stored + conflict + replaced",
        "it has more events than were stored",
    )?;
    let sums = "SELECT coalesce(sum(read), 0), coalesce(sum(stored), 0), coalesce(sum(duplicate), 0), \
                coalesce(sum(rejected), 0), (SELECT count(*) FROM events) FROM files";
    let (read, stored, duplicate, rejected, events) = connection.query_row(sums, [], |row| {
        let number = |at| row.get::<_, u64>(at);
        Ok((number(0)?, number(1)?, number(2)?, number(3)?, number(4)?))
    })?;
    if whole && stored != events {
        wrong.push(format!("{stored} events were stored, and {events} are there"));
    }
    let mut right = format!("{read} read = {stored} stored + {duplicate} duplicate + {rejected} rejected");
    if !whole {
        right.push_str(&format!("; {events} of them kept"));
    }
    Ok(Check::of(LEDGER_SUMS, &wrong, &right))
}

/// The result of looking for a source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path in the ledger.
    pub path: String,
    /// Its SHA-256 there.
    pub sha256: String,
    /// The path of a file with the same bytes, under any name.
    pub found: Option<PathBuf>,
    /// The path of a file of its name with other bytes.
    pub differs: Option<PathBuf>,
}

/// Looks for the source files of a case in a folder, by their SHA-256.
///
/// # Errors
/// The case cannot be read, or the folder.
pub fn check_sources(case: &Path, folder: &Path) -> Result<Vec<SourceFile>, CaseError> {
    let _step = activity::step("comparing the source files");
    let open = open_unchanged(case)?;
    let all = || -> rusqlite::Result<Vec<(String, String, u64)>> {
        let mut select = open.prepare(&format!(
            "SELECT path, sha256, bytes FROM files WHERE container_id IS NULL \
             AND ifnull(status, '') NOT IN {UNREAD_STATUSES} ORDER BY path"
        ))?;
        select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
    };
    let files = all().map_err(|error| hardening::error_of(case, error))?;
    let sizes: BTreeSet<u64> = files.iter().map(|file| file.2).collect();
    let (mut by_sum, mut by_name) = (BTreeMap::new(), BTreeMap::new());
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let error = |path: &Path, source| CaseError::Io { path: path.to_owned(), source };
        let entry = entry.map_err(|found| {
            let path = found.path().unwrap_or(folder).to_owned();
            error(&path, found.into_io_error().unwrap_or_else(|| io::Error::other("it is a loop of links")))
        })?;
        if !entry.file_type().is_file() {
            continue;
        }
        let path = entry.path();
        by_name.insert(name_of(Path::new(entry.file_name())), path.to_owned());
        let size = std::fs::metadata(path).map_err(|found| error(path, found))?.len();
        if sizes.contains(&size) {
            by_sum.insert(sum(path).map_err(|found| error(path, found))?, path.to_owned());
        }
    }
    let look = |(path, sha256, _): (String, String, u64)| {
        let found = by_sum.get(&sha256).cloned();
        // The path may be one of another system.
        let name = plain(&path, &sha256).rsplit(['/', '\\']).next().unwrap_or_default();
        let differs = if found.is_none() { by_name.get(name).cloned() } else { None };
        SourceFile { path, sha256, found, differs }
    };
    Ok(files.into_iter().map(look).collect())
}

/// Returns the SHA-256 of the file of a case, while no other process writes to it.
///
/// # Errors
/// It cannot be read, or has changes in a write-ahead log.
pub fn hash_file(path: &Path) -> Result<String, CaseError> {
    // Closing any handle of a file ends all locks of the process on it: this one is closed last.
    let mut file = File::open(path).map_err(|source| CaseError::Io { path: path.to_owned(), source })?;
    let _locked = open_unchanged(path)?;
    sum_of(&mut file).map_err(|source| CaseError::Io { path: path.to_owned(), source })
}

/// Returns the SHA-256 of a file.
fn sum(path: &Path) -> io::Result<String> {
    sum_of(&mut File::open(path)?)
}

fn sum_of(file: &mut File) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut bytes = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut bytes)?;
        if read == 0 {
            return Ok(hex(&hasher.finalize()));
        }
        hasher.update(&bytes[..read]);
    }
}
