//! A copy of a case that is on its way to be redacted: what it holds beside its records is gathered from and rewritten in
//! place, before all of it goes into a new file.
//!
//! What cannot be rewritten is dropped: the bytes of rejects, which no parser understood, and the digests of earlier
//! snapshots. SHA-256s of files and rejects are replaced by digests under the secret of the redaction: who knows all but
//! an address of a short file could otherwise try addresses until one gives its SHA-256.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection, params};

use super::error::Error;
use super::file_names::Unmarked;
use super::open;
use super::records::Reader;
use crate::hash::sha256;
use crate::redact::{Found, Redactor, Rewriter};

/// A copy of a case.
pub(crate) struct Staged {
    connection: Connection,
    path: PathBuf,
}

/// Columns of names of users and sessions.
const USERS: &[(&str, &str)] = &[
    ("events", "user_name"),
    ("events", "source_identity"),
    ("identities", "user_name"),
    ("identities", "session_name"),
    ("identities", "role_name"),
    ("identities", "on_behalf_of"),
];
/// Columns of keys, of addresses, and of texts in which something may stand.
const KEYS: &[(&str, &str)] = &[("events", "access_key_id"), ("events", "issued_access_key_id")];
const ADDRESSES: &[(&str, &str)] = &[("events", "source_ip_address")];
const TEXTS: &[(&str, &str)] = &[
    ("identities", "arn"),
    ("identities", "role_arn"),
    ("resources", "arn"),
    ("resources", "name"),
    ("conflicts", "record"),
    ("notes", "text"),
    ("saved_queries", "text"),
    ("noise_rules", "filter"),
];

/// How a column is rewritten.
#[derive(Clone, Copy)]
enum How {
    Text,
    /// A lookup or SQL.
    Code,
    Digest,
    Drop,
}

/// What is rewritten beside conflicts: `events` and all that they point to come anew from the records.
const COLUMNS: &[(&str, &str, How)] = &[
    ("files", "path", How::Text),
    ("files", "account_id", How::Text),
    ("files", "sha256", How::Digest),
    ("imports", "paths", How::Text),
    ("rejects", "member", How::Text),
    ("rejects", "reason", How::Text),
    ("rejects", "bytes", How::Drop),
    ("rejects", "sha256", How::Digest),
    ("digests", "aws_account_id", How::Text),
    ("digests", "digest_s3_bucket", How::Text),
    ("digests", "digest_s3_object", How::Text),
    ("digests", "previous_digest_s3_object", How::Text),
    ("digests", "previous_digest_hash", How::Digest),
    ("digest_files", "s3_bucket", How::Text),
    ("digest_files", "s3_object", How::Text),
    ("digest_files", "hash_value", How::Digest),
    ("tags", "tag", How::Text),
    ("tags", "note", How::Text),
    ("tags", "created_by", How::Text),
    ("notes", "text", How::Text),
    ("notes", "created_by", How::Text),
    ("saved_queries", "name", How::Text),
    ("saved_queries", "text", How::Code),
    ("saved_queries", "created_by", How::Text),
    ("noise_rules", "name", How::Text),
    ("noise_rules", "filter", How::Code),
    ("noise_rules", "created_by", How::Text),
    ("provenance", "made_from", How::Text),
    ("provenance", "selection", How::Code),
];

/// Gathers what the columns of a case tell.
pub(crate) fn gather(case: &Path, found: &mut Found) -> Result<(), Error> {
    let connection = open::open_read_only(case)?;
    let mut all = || -> rusqlite::Result<()> {
        each(&connection, USERS, |name| found.user(name))?;
        each(&connection, KEYS, |key| found.key(key))?;
        each(&connection, ADDRESSES, |address| found.address(address))?;
        each(&connection, TEXTS, |text| found.text(text))?;
        each(&connection, &[("conflicts", "record")], |record| found.record(record.as_bytes()))
    };
    all().map_err(|error| Error::of(case, error))
}

/// The values of some columns, once each.
fn each(connection: &Connection, columns: &[(&str, &str)], mut look: impl FnMut(&str)) -> rusqlite::Result<()> {
    for (table, column) in columns {
        let sql = format!("SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL");
        let mut select = connection.prepare(&sql)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            look(row.get_ref(0)?.as_str()?);
        }
    }
    Ok(())
}

impl Staged {
    /// Opens the copy.
    pub(crate) fn open(path: &Path) -> Result<Staged, Error> {
        Ok(Staged { connection: open::open_for_import(path)?, path: path.to_owned() })
    }

    /// Closes it.
    pub(crate) fn close(self) -> Result<(), Error> {
        open::close(self.connection, &self.path)
    }

    fn sql<T>(&self, result: rusqlite::Result<T>) -> Result<T, Error> {
        result.map_err(|error| Error::of(&self.path, error))
    }

    /// Events whose id is made from their content, with their records.
    pub(crate) fn events_without_id(&self) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let all = || -> rusqlite::Result<Vec<(String, Vec<u8>)>> {
            let mut reader = Reader::default();
            let mut select = self
                .connection
                .prepare("SELECT id, event_id FROM events WHERE event_id GLOB 'content-*' ORDER BY id")?;
            let mut rows = select.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                if let Some(record) = reader.with(&self.connection, row.get(0)?, <[u8]>::to_vec)? {
                    found.push((row.get(1)?, record));
                }
            }
            Ok(found)
        };
        self.sql(all())
    }

    /// Rewrites everything but the records and what comes from them. `ids`: event ids that change, and what to. The last
    /// step of the provenance is forgotten: it made this copy.
    pub(crate) fn rewrite(&self, redactor: &Redactor, ids: &HashMap<String, String>) -> Result<(), Error> {
        let all = || -> rusqlite::Result<()> {
            let transaction = self.connection.unchecked_transaction()?;
            transaction.execute_batch(
                "DELETE FROM provenance_digests; \
                 DELETE FROM provenance_parents WHERE id = (SELECT id FROM provenance ORDER BY step DESC LIMIT 1); \
                 DELETE FROM provenance WHERE step = (SELECT max(step) FROM provenance)",
            )?;
            for (old, new) in ids {
                transaction.execute("UPDATE OR IGNORE tags SET event_id = ?2 WHERE event_id = ?1", [old, new])?;
                transaction
                    .execute("UPDATE OR IGNORE replaced_rows SET event_id = ?2 WHERE event_id = ?1", [old, new])?;
            }
            let unmarked = Unmarked::take_off(&transaction)?;
            for (table, column, how) in COLUMNS {
                rewrite_column(&transaction, redactor, (table, column, *how))?;
            }
            unmarked.put_on(&transaction)?;
            rewrite_conflicts(&transaction, redactor)?;
            transaction.commit()
        };
        self.sql(all())
    }
}

/// Rewrites a column value by value.
fn rewrite_column(
    connection: &Connection,
    redactor: &Redactor,
    (table, column, how): (&str, &str, How),
) -> rusqlite::Result<()> {
    let sql = format!("SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL AND {column} <> ''");
    let values: Vec<Value> =
        connection.prepare(&sql)?.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut set = connection.prepare(&format!("UPDATE OR REPLACE {table} SET {column} = ?2 WHERE {column} = ?1"))?;
    for value in values {
        let new = match (&value, how) {
            (Value::Text(text), How::Text) => Value::Text(redactor.text(text)),
            (Value::Text(text), How::Code) => Value::Text(redactor.code(text)),
            (Value::Text(text), How::Digest) => Value::Text(redactor.digest(text)),
            (Value::Blob(_), _) => Value::Blob(Vec::new()),
            (_, How::Drop) => Value::Text(String::new()),
            _ => continue,
        };
        if new != value {
            set.execute(params![value, new])?;
        }
    }
    Ok(())
}

/// Rewrites the records that lost; one that cannot be read is dropped.
fn rewrite_conflicts(connection: &Connection, redactor: &Redactor) -> rusqlite::Result<()> {
    let mut rewriter = Rewriter::new(redactor);
    let mut select = connection.prepare("SELECT id, record FROM conflicts")?;
    let rows = select.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    for (id, record) in rows.collect::<rusqlite::Result<Vec<_>>>()? {
        match rewriter.record(record.as_bytes()) {
            Ok(new) => {
                let (sum, new) = (sha256(&new), String::from_utf8_lossy(&new).into_owned());
                let sql = "UPDATE OR REPLACE conflicts SET record = ?2, sha256 = ?3 WHERE id = ?1";
                connection.execute(sql, params![id, new, sum])?;
            }
            Err(_) => drop(connection.execute("DELETE FROM conflicts WHERE id = ?1", [id])?),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::COLUMNS;
    use crate::store::migrate;

    /// Columns of text and bytes that a new file gets from elsewhere, or that tell nothing of anybody.
    const OTHERS: &[&str] = &[
        "conflicts.event_id conflicts.sha256 conflicts.record",
        "csv_events.id replaced_rows.event_id tags.event_id",
        "files.format files.region files.delivered_at imports.started_at imports.finished_at imports.trailq_version",
        "field_problems.field field_problems.problem",
        "digests.digest_start_time digests.digest_end_time digests.newest_event_time digests.oldest_event_time",
        "digest_files.newest_event_time digest_files.oldest_event_time",
        "tags.created_at tags.origin notes.created_at notes.origin saved_queries.created_at saved_queries.origin",
        "noise_rules.created_at noise_rules.origin",
        "provenance.kind provenance.id provenance.made_at provenance.trailq_version provenance.redacted",
        "provenance_parents.id provenance_parents.parent provenance_digests.id provenance_digests.part",
        "provenance_digests.sha256",
    ];
    /// Tables that are made anew from the records.
    const ANEW: &[&str] = &[
        "events",
        "facets",
        "hourly_counts",
        "hourly_regions",
        "identities",
        "resources",
        "event_resources",
        "user_agents",
        "error_messages",
        "record_blocks",
        "record_dictionaries",
        "record_groups",
        "record_filters",
        "attribute_values",
    ];

    #[test]
    fn every_column_of_the_schema_is_thought_of() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        migrate::migrate(&connection, Path::new("memory")).unwrap();
        let mut select = connection
            .prepare(
                "SELECT t.name, c.name FROM pragma_table_list t, pragma_table_info(t.name) c WHERE t.type = 'table' \
                 AND t.schema = 'main' AND t.name NOT LIKE 'sqlite_%' AND c.type IN ('TEXT', 'BLOB', 'ANY')",
            )
            .unwrap();
        let rows = select.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).unwrap();
        let others: Vec<&str> = OTHERS.iter().flat_map(|line| line.split(' ')).collect();
        for (table, column) in rows.map(Result::unwrap) {
            let rewritten = COLUMNS.iter().any(|(of, name, _)| *of == table && *name == column);
            let name = format!("{table}.{column}");
            assert!(rewritten || ANEW.contains(&table.as_str()) || others.contains(&name.as_str()), "{name}");
        }
    }
}
