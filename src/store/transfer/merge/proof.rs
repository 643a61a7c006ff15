//! Digest files of another case, and the answers of the AWS CLI by which they are checked.

use rusqlite::types::Value;
use rusqlite::{OptionalExtension as _, params};

use crate::store::error::CaseError;
use crate::store::transfer::merge::policy::MergeWriter;
use crate::store::transfer::merge::source::SourceCase;
use crate::store::write::proof::document_tables;

/// The columns of a digest that another case's row gives; the bucket and the object are the fourth and the fifth.
const COLUMNS: &str = "aws_account_id, digest_start_time, digest_end_time, digest_s3_bucket, digest_s3_object, \
                       newest_event_time, oldest_event_time, previous_digest_s3_object, previous_digest_hash, \
                       previous_digest_s3_bucket, previous_digest_hash_algorithm, previous_digest_signature, \
                       public_key_fingerprint, signature_algorithm";
/// The place of the fingerprint among them.
const FINGERPRINT: usize = 12;

impl MergeWriter<'_> {
    /// Takes in documents such as answers of the AWS CLI, those of a file that the case has none of: the same file has the
    /// same ones.
    pub(super) fn take_proofs(&mut self, other: &SourceCase) -> Result<(), CaseError> {
        for table in document_tables() {
            let of = |error| other.of(error);
            let files = || -> rusqlite::Result<Vec<i64>> {
                let sql = format!("SELECT DISTINCT file_id FROM {table} ORDER BY 1");
                other.case.connection.prepare(&sql)?.query_map([], |row| row.get(0))?.collect()
            };
            for file in files().map_err(of)? {
                let own = other.file(file)?;
                let sql = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE file_id = ?1)");
                let is_known = self.connection.query_row(&sql, [own], |row| row.get::<_, bool>(0));
                if !self.sql(is_known)? {
                    self.copy_proofs(other, table, (file, own))?;
                }
            }
        }
        Ok(())
    }

    /// Copies the rows of a file, whose number in the other case and in this one is given.
    fn copy_proofs(&mut self, other: &SourceCase, table: &str, file: (i64, i64)) -> Result<(), CaseError> {
        let of = |error| other.of(error);
        let sql = format!("SELECT * FROM {table} WHERE file_id = ?1 ORDER BY rowid");
        let mut select = other.case.connection.prepare(&sql).map_err(of)?;
        let columns = select.column_count();
        let places: Vec<String> = (1..=columns).map(|at| format!("?{at}")).collect();
        let insert = format!("INSERT INTO {table} VALUES ({})", places.join(", "));
        let mut rows = select.query([file.0]).map_err(of)?;
        while let Some(row) = rows.next().map_err(of)? {
            let values = (1..columns).map(|at| row.get(at)).collect::<rusqlite::Result<Vec<Value>>>().map_err(of)?;
            let put = || -> rusqlite::Result<()> {
                let mut insert = self.connection.prepare_cached(&insert)?;
                insert.raw_bind_parameter(1, file.1)?;
                for (at, value) in values.iter().enumerate() {
                    insert.raw_bind_parameter(at + 2, value)?;
                }
                insert.raw_execute().map(drop)
            };
            let put = put();
            self.sql(put)?;
            self.note_change(1);
        }
        Ok(())
    }

    /// Takes in digest files: of two of one name that of the first file by path stays.
    pub(super) fn take_digests(&mut self, other: &SourceCase) -> Result<(), CaseError> {
        let of = |error| other.of(error);
        let count = COLUMNS.split(", ").count();
        let sql = format!("SELECT id, file_id, {COLUMNS} FROM digests ORDER BY id");
        let mut select = other.case.connection.prepare(&sql).map_err(of)?;
        let mut rows = select.query([]).map_err(of)?;
        while let Some(row) = rows.next().map_err(of)? {
            let (id, file): (i64, i64) = (row.get(0).map_err(of)?, row.get(1).map_err(of)?);
            let file = other.file(file)?;
            let values = (2..2 + count).map(|index| row.get(index)).collect::<rusqlite::Result<Vec<Option<String>>>>();
            let values = values.map_err(of)?;
            let put = self.put_digest(file, &values);
            let Some(number) = self.sql(put)? else { continue };
            let mut listed = other
                .case
                .connection
                .prepare_cached(
                    "SELECT s3_bucket, s3_object, hash_value, newest_event_time, oldest_event_time, hash_algorithm \
                     FROM digest_files WHERE digest = ?1",
                )
                .map_err(of)?;
            let listed = listed.query_map([id], |row| (0..6).map(|index| row.get(index)).collect()).map_err(of)?;
            let listed: Vec<Vec<Option<String>>> = listed.collect::<rusqlite::Result<_>>().map_err(of)?;
            for log in listed {
                let sql = "INSERT INTO digest_files (digest, s3_bucket, s3_object, hash_value, newest_event_time, \
                           oldest_event_time, hash_algorithm) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
                let put = self.connection.execute(sql, params![number, log[0], log[1], log[2], log[3], log[4], log[5]]);
                self.sql(put)?;
            }
        }
        Ok(())
    }

    /// Writes a digest file, unless it is there; returns its number.
    fn put_digest(&mut self, file: i64, values: &[Option<String>]) -> rusqlite::Result<Option<i64>> {
        let (condition, found): (String, Vec<&Option<String>>) = match (&values[3], &values[4]) {
            (Some(_), Some(_)) => {
                ("digest_s3_bucket = ?1 AND digest_s3_object = ?2".to_owned(), vec![&values[3], &values[4]])
            }
            _ => {
                let same = COLUMNS.split(", ").enumerate().map(|(at, column)| format!("{column} IS ?{}", at + 1));
                (same.collect::<Vec<_>>().join(" AND "), values.iter().collect())
            }
        };
        let sql = format!("SELECT id, file_id, public_key_fingerprint IS NOT NULL FROM digests WHERE {condition}");
        let known: Option<(i64, i64, bool)> = self
            .connection
            .query_row(&sql, rusqlite::params_from_iter(found), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        if let Some((id, holder, is_signed)) = known {
            // A row of an earlier version lacks what its signature covers.
            let has_signed = values[FINGERPRINT].is_some();
            let is_better = if has_signed == is_signed { self.comes_before(file, holder) } else { has_signed };
            if !is_better {
                return Ok(None);
            }
            self.connection.execute("DELETE FROM digest_files WHERE digest = ?1", [id])?;
            self.connection.execute("DELETE FROM digests WHERE id = ?1", [id])?;
        }
        let places: Vec<String> = (0..=values.len()).map(|at| format!("?{}", at + 1)).collect();
        let sql = format!("INSERT INTO digests (file_id, {COLUMNS}) VALUES ({})", places.join(", "));
        let mut insert = self.connection.prepare_cached(&sql)?;
        insert.raw_bind_parameter(1, file)?;
        for (at, value) in values.iter().enumerate() {
            insert.raw_bind_parameter(at + 2, value)?;
        }
        insert.raw_execute()?;
        drop(insert);
        self.note_change(1);
        Ok(Some(self.connection.last_insert_rowid()))
    }
}
