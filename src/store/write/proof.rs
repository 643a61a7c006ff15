//! Digest files, and the answers of the AWS CLI by which they are checked.

use rusqlite::{Connection, params};

use crate::ledger::Digest;
use crate::proof::ProofDocument;
use crate::store::error::CaseError;
use crate::store::write::context::CONTEXT_TABLES;
use crate::store::write::writer::{ConflictPolicy, Writer};

/// The tables of such answers.
const PROOF_TABLES: [&str; 4] = ["public_keys", "digest_signatures", "trail_statuses", "bucket_objects"];

/// Returns the tables whose rows belong to a file that holds documents, not events.
pub(crate) fn document_tables() -> impl Iterator<Item = &'static str> {
    PROOF_TABLES.into_iter().chain(CONTEXT_TABLES)
}

impl<P: ConflictPolicy> Writer<'_, P> {
    /// Keeps a digest file, unless it is there already.
    pub(crate) fn digest(&mut self, digest: &Digest) -> Result<(), CaseError> {
        let result = self.open_file().and_then(|file| insert_digest(self.connection, file, digest));
        self.sql(result)
    }

    /// Keeps an answer of the AWS CLI.
    pub(crate) fn proof(&mut self, proof: &ProofDocument) -> Result<(), CaseError> {
        let result = self.open_file().and_then(|file| insert_proof(self.connection, file, proof));
        self.sql(result)
    }
}

fn insert_digest(connection: &Connection, file: i64, digest: &Digest) -> rusqlite::Result<()> {
    let inserted = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO digests (file_id, aws_account_id, digest_start_time, digest_end_time, \
             digest_s3_bucket, digest_s3_object, newest_event_time, oldest_event_time, previous_digest_s3_object, \
             previous_digest_hash, previous_digest_s3_bucket, previous_digest_hash_algorithm, \
             previous_digest_signature, public_key_fingerprint, signature_algorithm) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            file,
            digest.aws_account_id,
            digest.digest_start_time,
            digest.digest_end_time,
            digest.digest_s3_bucket,
            digest.digest_s3_object,
            digest.newest_event_time,
            digest.oldest_event_time,
            digest.previous_digest_s3_object,
            digest.previous_digest_hash_value,
            digest.previous_digest_s3_bucket,
            digest.previous_digest_hash_algorithm,
            digest.previous_digest_signature,
            digest.digest_public_key_fingerprint,
            digest.digest_signature_algorithm
        ])?;
    if inserted == 0 {
        return Ok(());
    }
    let id = connection.last_insert_rowid();
    let mut insert = connection.prepare_cached(
        "INSERT INTO digest_files (digest, s3_bucket, s3_object, hash_value, newest_event_time, oldest_event_time, \
         hash_algorithm) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for log in digest.log_files.iter().flatten() {
        insert.execute(params![
            id,
            log.s3_bucket,
            log.s3_object,
            log.hash_value,
            log.newest_event_time,
            log.oldest_event_time,
            log.hash_algorithm
        ])?;
    }
    Ok(())
}

fn insert_proof(connection: &Connection, file: i64, proof: &ProofDocument) -> rusqlite::Result<()> {
    match proof {
        ProofDocument::Keys(keys) => {
            let sql = "INSERT INTO public_keys (file_id, fingerprint, value, validity_start_time, validity_end_time) \
                       VALUES (?1, ?2, ?3, ?4, ?5)";
            let mut insert = connection.prepare_cached(sql)?;
            keys.iter().try_for_each(|key| {
                let times = (&key.validity_start_time, &key.validity_end_time);
                insert.execute(params![file, key.fingerprint, key.value, times.0, times.1]).map(drop)
            })
        }
        ProofDocument::Signature(signature) => {
            let sql = "INSERT INTO digest_signatures (file_id, signature, algorithm) VALUES (?1, ?2, ?3)";
            let values = params![file, signature.signature, signature.algorithm];
            connection.prepare_cached(sql)?.execute(values).map(drop)
        }
        ProofDocument::Status(status) => {
            let sql = "INSERT INTO trail_statuses (file_id, is_logging, latest_delivery_time, \
                       latest_digest_delivery_time, start_logging_time, stop_logging_time) \
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let values = params![
                file,
                status.is_logging,
                status.latest_delivery_time,
                status.latest_digest_delivery_time,
                status.start_logging_time,
                status.stop_logging_time
            ];
            connection.prepare_cached(sql)?.execute(values).map(drop)
        }
        ProofDocument::Listing(objects) | ProofDocument::MoreObjects(objects) => {
            let sql = "INSERT INTO bucket_objects (file_id, key, last_modified, size, version_id, is_latest, \
                       is_delete_marker) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let mut insert = connection.prepare_cached(sql)?;
            objects.iter().try_for_each(|object| {
                let values = params![
                    file,
                    object.key,
                    object.last_modified,
                    object.size,
                    object.version_id,
                    object.is_latest,
                    object.is_delete_marker
                ];
                insert.execute(values).map(drop)
            })
        }
    }
}

/// Moves the documents of one file to the row of a content that the ledger has, unless that has them.
pub(crate) fn move_documents(connection: &Connection, from: i64, to: i64) -> rusqlite::Result<()> {
    document_tables().try_for_each(|table| {
        let sql =
            format!("DELETE FROM {table} WHERE file_id = ?1 AND EXISTS (SELECT 1 FROM {table} WHERE file_id = ?2)");
        connection.execute(&sql, [from, to])?;
        connection.execute(&format!("UPDATE {table} SET file_id = ?2 WHERE file_id = ?1"), [from, to]).map(drop)
    })
}

/// Deletes the documents of a file.
pub(crate) fn delete_documents(connection: &Connection, file: i64) -> rusqlite::Result<()> {
    document_tables()
        .try_for_each(|table| connection.execute(&format!("DELETE FROM {table} WHERE file_id = ?1"), [file]).map(drop))
}
