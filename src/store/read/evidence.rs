//! Evidence of deliveries in a case, for a validation without files.

use rusqlite::Row;

use crate::file_names::plain;
use crate::ledger::{Digest, DigestFile};
use crate::proof::{DigestSignature, ListedObject, ProofDocument, PublicKey, TrailStatus};
use crate::store::error::CaseError;
use crate::store::hardening;
use crate::store::read::case::Case;
use crate::store::validation::KeptValidation;
use crate::validate::{Content, Evidence, FoundFile, sum_of};

/// The evidence of a case.
#[derive(Debug)]
pub(crate) struct CaseEvidence {
    /// All that a validation takes.
    pub(crate) evidence: Evidence,
    /// Files and archive members that were imported.
    pub(crate) files: u64,
    /// Bytes of the files on disk.
    pub(crate) bytes: u64,
}

impl Case {
    /// Returns what the case knows of deliveries.
    ///
    /// # Errors
    /// The case cannot be read.
    pub(crate) fn evidence(&self) -> Result<CaseEvidence, CaseError> {
        let mut all = CaseEvidence { evidence: Evidence::default(), files: 0, bytes: 0 };
        let read = self.add_files(&mut all).and_then(|()| self.add_digests(&mut all.evidence));
        read.and_then(|()| self.add_proofs(&mut all.evidence))
            .map_err(|error| hardening::error_of_watched(&self.path, error))?;
        all.evidence.sort();
        Ok(all)
    }

    /// Adds every file and archive member that is not a digest which the case has.
    fn add_files(&self, all: &mut CaseEvidence) -> rusqlite::Result<()> {
        let mut select = self.connection.prepare(
            "SELECT path, sha256, content_sha256, status, reason, CASE WHEN container_id IS NULL THEN bytes END, \
             EXISTS (SELECT 1 FROM digests d WHERE d.file_id = files.id) \
             FROM files WHERE ifnull(status, '') NOT IN ('ignored', 'archive')",
        )?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let is_left_out = row.get_ref(3)?.as_str_or_null()? == Some("left out");
            let bytes: Option<u64> = row.get(5)?;
            if !is_left_out {
                all.files += 1;
                all.bytes += bytes.unwrap_or_default();
            }
            if row.get(6)? {
                continue;
            }
            let sha256 = row.get_ref(1)?.as_str()?;
            let place = plain(row.get_ref(0)?.as_str()?, sha256).into();
            let content = match row.get_ref(2)?.as_str_or_null()?.and_then(sum_of) {
                Some(sum) => Content::Sum(sum),
                // Versions that kept no hash had no status either.
                None if row.get_ref(3)?.as_str_or_null()?.is_none() && !sha256.is_empty() => Content::Unknown,
                None if is_left_out => Content::LeftOut,
                None => {
                    let reason = row.get_ref(4)?.as_str_or_null()?.unwrap_or("its end is damaged or cut off");
                    Content::Damaged(reason.into())
                }
            };
            all.evidence.add_file(FoundFile { place, content, bytes: bytes.filter(|_| !sha256.is_empty()) });
        }
        Ok(())
    }

    fn add_digests(&self, evidence: &mut Evidence) -> rusqlite::Result<()> {
        // The hash of a file is that of its digest if it holds nothing else.
        let mut select = self.connection.prepare(
            "SELECT d.id, f.path, f.sha256, \
             CASE WHEN f.format = 'digest' AND f.read = 0 AND d.public_key_fingerprint IS NOT NULL \
               AND (SELECT count(*) FROM digests o WHERE o.file_id = d.file_id) = 1 THEN f.content_sha256 END, \
             d.aws_account_id, d.digest_start_time, d.digest_end_time, d.digest_s3_bucket, d.digest_s3_object, \
             d.previous_digest_s3_object, d.previous_digest_hash, d.previous_digest_s3_bucket, \
             d.previous_digest_hash_algorithm, d.previous_digest_signature, d.public_key_fingerprint, \
             d.signature_algorithm FROM digests d JOIN files f ON f.id = d.file_id ORDER BY d.id",
        )?;
        let mut listed = self.connection.prepare(
            "SELECT s3_bucket, s3_object, hash_value, hash_algorithm FROM digest_files WHERE digest = ?1 ORDER BY rowid",
        )?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let files = listed.query_map([row.get::<_, i64>(0)?], |row| {
                Ok(DigestFile {
                    s3_bucket: row.get(0)?,
                    s3_object: row.get(1)?,
                    hash_value: row.get(2)?,
                    hash_algorithm: row.get(3)?,
                    ..DigestFile::default()
                })
            })?;
            let digest = Digest { log_files: Some(files.collect::<rusqlite::Result<_>>()?), ..digest_of(row)? };
            let sum = row.get_ref(3)?.as_str_or_null()?.and_then(sum_of);
            evidence.add_digest(plain(row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?), sum, digest);
        }
        Ok(())
    }

    fn add_proofs(&self, evidence: &mut Evidence) -> rusqlite::Result<()> {
        let mut keys = self.connection.prepare("SELECT DISTINCT fingerprint, value FROM public_keys ORDER BY 1, 2")?;
        let keys = keys.query_map([], |row| {
            Ok(PublicKey { fingerprint: row.get(0)?, value: row.get(1)?, ..PublicKey::default() })
        })?;
        evidence.add_proof(ProofDocument::Keys(keys.collect::<rusqlite::Result<_>>()?));
        let mut signatures = self.connection.prepare("SELECT DISTINCT signature FROM digest_signatures ORDER BY 1")?;
        for signature in signatures.query_map([], |row| row.get(0))? {
            evidence.add_proof(ProofDocument::Signature(DigestSignature { signature: signature?, algorithm: None }));
        }
        let mut statuses =
            self.connection.prepare("SELECT latest_digest_delivery_time FROM trail_statuses ORDER BY 1")?;
        for delivered in statuses.query_map([], |row| row.get(0))? {
            let status = TrailStatus { latest_digest_delivery_time: delivered?, ..TrailStatus::default() };
            evidence.add_proof(ProofDocument::Status(status));
        }
        let mut objects = self.connection.prepare(
            "SELECT key, last_modified, size, version_id, is_latest, is_delete_marker FROM bucket_objects \
             ORDER BY key, last_modified, version_id",
        )?;
        let objects = objects.query_map([], |row| {
            Ok(ListedObject {
                key: row.get(0)?,
                last_modified: row.get(1)?,
                size: row.get(2)?,
                version_id: row.get(3)?,
                is_latest: row.get(4)?,
                is_delete_marker: row.get(5)?,
            })
        })?;
        evidence.add_proof(ProofDocument::Listing(objects.collect::<rusqlite::Result<_>>()?));
        Ok(())
    }

    /// Returns the validations that were kept, the newest first.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn validations(&self) -> Result<Vec<KeptValidation>, CaseError> {
        let sql = "SELECT validated_at, validated_by, trailq_version, paths, complete, keys, verdicts FROM validations \
                   ORDER BY validated_at DESC, id DESC";
        self.rows(sql, [], |row| {
            Ok(KeptValidation {
                at: row.get(0)?,
                by: row.get(1)?,
                version: row.get(2)?,
                paths: row.get(3)?,
                complete: row.get(4)?,
                keys: row.get(5)?,
                verdicts: row.get(6)?,
            })
        })
    }
}

/// Returns the fields of a digest but for its files.
fn digest_of(row: &Row<'_>) -> rusqlite::Result<Digest> {
    Ok(Digest {
        aws_account_id: row.get(4)?,
        digest_start_time: row.get(5)?,
        digest_end_time: row.get(6)?,
        digest_s3_bucket: row.get(7)?,
        digest_s3_object: row.get(8)?,
        previous_digest_s3_object: row.get(9)?,
        previous_digest_hash_value: row.get(10)?,
        previous_digest_s3_bucket: row.get(11)?,
        previous_digest_hash_algorithm: row.get(12)?,
        previous_digest_signature: row.get(13)?,
        digest_public_key_fingerprint: row.get(14)?,
        digest_signature_algorithm: row.get(15)?,
        ..Digest::default()
    })
}
