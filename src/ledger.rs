//! Entries of the ledger beside events: rejects, digests, problems, and the account of each file. Imports nothing of
//! trailq.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Bytes that could not be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reject {
    /// The member of an archive.
    pub member: Option<String>,
    /// Byte offset in the decompressed stream.
    pub position: u64,
    /// Line there, from 1.
    pub line: u64,
    /// The reason.
    pub reason: String,
    /// The first 64 KiB.
    pub bytes: Vec<u8>,
    /// Length of the whole in bytes.
    pub length: u64,
    /// SHA-256 of the whole, in hexadecimal.
    pub sha256: String,
}

/// A field with an unexpected type.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Problem {
    /// The record's field, such as `eventTime`, or a column that is in no field.
    pub field: Cow<'static, str>,
    /// The mistake in it, such as `is not a time`.
    pub problem: &'static str,
}

/// A digest file (`guide/internals/formats.md`, 5.1).
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "named as the digest's fields")]
pub(crate) struct Digest {
    pub aws_account_id: Option<String>,
    pub digest_start_time: Option<String>,
    pub digest_end_time: Option<String>,
    #[serde(rename = "digestS3Bucket")]
    pub digest_s3_bucket: Option<String>,
    #[serde(rename = "digestS3Object")]
    pub digest_s3_object: Option<String>,
    pub newest_event_time: Option<String>,
    pub oldest_event_time: Option<String>,
    #[serde(rename = "previousDigestS3Object")]
    pub previous_digest_s3_object: Option<String>,
    pub previous_digest_hash_value: Option<String>,
    #[serde(rename = "previousDigestS3Bucket")]
    pub previous_digest_s3_bucket: Option<String>,
    pub previous_digest_hash_algorithm: Option<String>,
    pub previous_digest_signature: Option<String>,
    pub digest_public_key_fingerprint: Option<String>,
    pub digest_signature_algorithm: Option<String>,
    pub log_files: Option<Vec<DigestFile>>,
}

/// A log file that a digest lists.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "named as the digest's fields")]
pub(crate) struct DigestFile {
    #[serde(rename = "s3Bucket")]
    pub s3_bucket: Option<String>,
    #[serde(rename = "s3Object")]
    pub s3_object: Option<String>,
    pub hash_value: Option<String>,
    pub newest_event_time: Option<String>,
    pub oldest_event_time: Option<String>,
    pub hash_algorithm: Option<String>,
}

/// The facts about a file that are known after it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileEnd {
    /// The result of reading it.
    pub outcome: FileOutcome,
    /// SHA-256 of the file on disk, in hexadecimal.
    pub sha256: String,
    /// Its size on disk; of a member of an archive, as it is unpacked.
    pub bytes: u64,
    /// SHA-256 of the content without its compression, if it was read to its end.
    pub content_sha256: Option<String>,
    /// The wrapping of its records.
    pub format: Option<&'static str>,
    /// The reason why it is ignored or left out.
    pub reason: Option<String>,
    /// The problems of its records, and the number of records that have each.
    pub problems: BTreeMap<Problem, u64>,
}

impl FileEnd {
    /// Returns the end of a file of which the size and the SHA-256 are known.
    pub(crate) fn new(outcome: FileOutcome, bytes: u64, sha256: String) -> FileEnd {
        FileEnd { outcome, sha256, bytes, content_sha256: None, format: None, reason: None, problems: BTreeMap::new() }
    }

    /// Returns the end of another kind of file, which is not read to its end.
    pub(crate) fn ignored(reason: String, bytes: u64) -> FileEnd {
        FileEnd { reason: Some(reason), ..FileEnd::new(FileOutcome::Ignored, bytes, String::new()) }
    }
}

impl FileEnd {
    /// Returns the end of a file that is not opened.
    pub(crate) fn left_out(reason: String, bytes: u64) -> FileEnd {
        FileEnd { reason: Some(reason), ..FileEnd::new(FileOutcome::LeftOut, bytes, String::new()) }
    }
}

/// The result of reading a file, or a member of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileOutcome {
    /// It contains records, digests or rejects.
    TrailFile,
    /// It is another kind of file.
    Ignored,
    /// It was not opened: its path is outside the limits of the import.
    LeftOut,
    /// The ledger already has its content.
    Unchanged,
}

/// The account of the records of a file or a run: `read = stored + duplicate + rejected`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Values that are or should have been records.
    pub read: u64,
    /// New events.
    pub stored: u64,
    /// Records of events that were already stored.
    pub duplicate: u64,
    /// Of the duplicates: those whose content differed.
    pub conflict: u64,
    /// Of the duplicates: full records that replaced a CSV row.
    pub replaced: u64,
    /// Values that could not be stored.
    pub rejected: u64,
}

impl Counts {
    /// Adds another account to this one.
    pub fn add(&mut self, other: &Counts) {
        self.read += other.read;
        self.stored += other.stored;
        self.duplicate += other.duplicate;
        self.conflict += other.conflict;
        self.replaced += other.replaced;
        self.rejected += other.rejected;
    }
}
