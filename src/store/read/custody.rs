//! The chain of custody of a case: who imported what and when, the source files with their hashes, and the steps that led
//! to the case.

use rusqlite::Row;

use crate::event_digest::EventDigest;
use crate::file_names;
use crate::store::case_details::{self, DetailChange};
use crate::store::error::CaseError;
use crate::store::provenance::ProvenanceStep;
use crate::store::read::case::Case;
use crate::store::schema::UNREAD_STATUSES;
use crate::store::validation::KeptValidation;

/// The chain of custody of a case.
#[derive(Debug, Clone)]
pub struct Custody {
    /// Changes of the case number, the examiner and the source, in order: the last of a name counts.
    pub details: Vec<DetailChange>,
    /// The digest of the events that the case stores; `None` if it is not known. It was not recomputed.
    pub event_digest: Option<EventDigest>,
    /// The runs of import, in order.
    pub imports: Vec<ImportRun>,
    /// The files in which records were looked for, by path. Ignored files are not among them.
    pub sources: Vec<SourceRow>,
    /// The validations that were kept, the newest first.
    pub validations: Vec<KeptValidation>,
    /// The steps that led to the case: snapshots, merges, redactions, reindexes.
    pub provenance: Vec<ProvenanceStep>,
}

/// A run of import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRun {
    /// Its number in the ledger.
    pub id: i64,
    /// The time, UTC.
    pub started_at: String,
    /// The time, UTC; `None` if it was stopped.
    pub finished_at: Option<String>,
    /// The user of the machine; `None` in cases of versions that did not store it.
    pub imported_by: Option<String>,
    /// The folder to which its paths are relative.
    pub folder: Option<String>,
    /// The paths on the command line, as they were named.
    pub paths: Vec<String>,
    /// The version of trailq.
    pub trailq_version: String,
    /// The version of the rules by which events were made of records.
    pub rules: Option<i64>,
    /// The number of files and archive members that the ledger attributes to it, without ignored ones.
    pub files: u64,
    /// The number of records in them.
    pub read: u64,
    /// The events that they brought.
    pub stored: u64,
}

/// A file in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRow {
    /// Its name in the ledger: an absolute path, or `stdin:` and its SHA-256.
    pub path: String,
    /// The SHA-256 of the file on disk; empty if it could not be read.
    pub sha256: String,
    /// The SHA-256 of its decompressed content.
    pub content_sha256: Option<String>,
    /// Its size on disk in bytes.
    pub bytes: u64,
    /// The name of the archive that it is a member of.
    pub archive: Option<String>,
    /// `read`, `archive` or `rejected`.
    pub status: String,
    /// The number of the run of import that read it.
    pub import: i64,
}

impl SourceRow {
    /// Returns the place of the file's bytes.
    pub fn place(&self) -> SourcePlace {
        let plain = file_names::plain(&self.path, &self.sha256);
        if self.archive.is_some() {
            SourcePlace::Member
        } else if self.path.starts_with("stdin:") {
            SourcePlace::StandardInput
        } else if self.sha256.is_empty() {
            SourcePlace::Unread
        } else if plain == self.path {
            SourcePlace::File(file_names::path_of(plain))
        } else {
            SourcePlace::Overwritten
        }
    }
}

/// The place of the bytes of a source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourcePlace {
    /// A file at a path, as bytes.
    File(Vec<u8>),
    /// A member of an archive.
    Member,
    /// Standard input.
    StandardInput,
    /// A file that was overwritten after it was read.
    Overwritten,
    /// A file that could not be read, and has no hash.
    Unread,
}

impl Case {
    /// Returns what the case can show about where its events come from.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn custody(&self) -> Result<Custody, CaseError> {
        let of = |error| CaseError::of(&self.path, error);
        Ok(Custody {
            details: case_details::read(&self.connection).map_err(of)?,
            event_digest: self.event_digest()?,
            imports: self.rows(&imports(), [], import_run)?,
            sources: self.rows(&sources(), [], source_row)?,
            validations: self.validations()?,
            provenance: self.provenance()?,
        })
    }
}

fn imports() -> String {
    format!(
        "SELECT i.id, started_at, finished_at, imported_by, folder, paths, trailq_version, rules, \
         count(f.id), coalesce(sum(f.read), 0), coalesce(sum(f.stored), 0) \
         FROM imports i LEFT JOIN files f ON f.import_id = i.id AND ifnull(f.status, '') NOT IN {UNREAD_STATUSES} \
         GROUP BY i.id ORDER BY started_at, i.id"
    )
}

fn import_run(row: &Row<'_>) -> rusqlite::Result<ImportRun> {
    Ok(ImportRun {
        id: row.get(0)?,
        started_at: row.get(1)?,
        finished_at: row.get(2)?,
        imported_by: row.get(3)?,
        folder: row.get(4)?,
        paths: paths(row.get(5)?),
        trailq_version: row.get(6)?,
        rules: row.get(7)?,
        files: row.get(8)?,
        read: row.get(9)?,
        stored: row.get(10)?,
    })
}

/// Returns the paths of a run, which are a JSON array. Another text is shown as it is.
fn paths(text: String) -> Vec<String> {
    serde_json::from_str(&text).unwrap_or_else(|_| vec![text])
}

fn sources() -> String {
    format!(
        "SELECT f.path, f.sha256, f.content_sha256, f.bytes, c.path, ifnull(f.status, 'read'), f.import_id \
         FROM files f LEFT JOIN files c ON c.id = f.container_id \
         WHERE ifnull(f.status, '') NOT IN {UNREAD_STATUSES} ORDER BY f.path"
    )
}

fn source_row(row: &Row<'_>) -> rusqlite::Result<SourceRow> {
    Ok(SourceRow {
        path: row.get(0)?,
        sha256: row.get(1)?,
        content_sha256: row.get(2)?,
        bytes: row.get(3)?,
        archive: row.get(4)?,
        status: row.get(5)?,
        import: row.get(6)?,
    })
}
