//! A copy of a case that is on its way to be redacted: what it holds beside its records is gathered from and rewritten in
//! place, by the rules of the schema's catalogue, before all of it goes into a new file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, params};

use crate::hash::sha256;
use crate::redact::{Entities, Redactor, Rewriter};
use crate::store::case_ids::CaseIds;
use crate::store::error::CaseError;
use crate::store::open;
use crate::store::records::block::Reader;
use crate::store::schema::{ColumnRule, Redact, TABLES, rewritten};

/// A copy of a case.
pub(crate) struct RedactionCopy {
    connection: Connection,
    path: PathBuf,
}

/// Gathers the entities in a value of a column that is made anew.
type Gather = fn(&mut Entities, &str);

/// Columns that tell names, accounts, keys and addresses, or in whose texts they stand, beside those that have a rule.
const GATHERED: &[(&str, &str, Gather)] = &[
    ("events", "user_name", Entities::user),
    ("events", "source_identity", Entities::user),
    ("identities", "user_name", Entities::user),
    ("identities", "session_name", Entities::user),
    ("identities", "role_name", Entities::user),
    ("identities", "on_behalf_of", Entities::user),
    ("events", "access_key_id", Entities::key),
    ("events", "issued_access_key_id", Entities::key),
    ("events", "source_ip_address", Entities::address),
    ("events", "recipient_account_id", Entities::account),
    ("identities", "account_id", Entities::account),
    ("resources", "account_id", Entities::account),
    ("identities", "arn", Entities::text),
    ("identities", "role_arn", Entities::text),
    ("resources", "arn", Entities::text),
    ("resources", "name", Entities::text),
];

/// Gathers the names, accounts, keys and addresses in the columns of a case.
pub(crate) fn gather(case: &Path, found: &mut Entities) -> Result<(), CaseError> {
    let connection = open::open_read_only(case)?;
    let of = |error| CaseError::of(case, error);
    for (table, column, look) in GATHERED {
        each(&connection, table, column, |value| look(found, value)).map_err(of)?;
    }
    let mut unread = None;
    for (table, column, rule) in rewritten() {
        let look = |value: &str| match rule {
            ColumnRule::Investigator => found.investigator(value),
            ColumnRule::Path | ColumnRule::FilePath => found.path(value),
            ColumnRule::Record => drop(found.record(value.as_bytes()).map_err(|error| unread = Some(error))),
            ColumnRule::OneOf(words) if words.contains(&value) => {}
            ColumnRule::Text | ColumnRule::Code | ColumnRule::OneOf(_) => found.text(value),
            ColumnRule::EventId
            | ColumnRule::Digest
            | ColumnRule::Drop
            | ColumnRule::Own(_)
            | ColumnRule::Derived
            | ColumnRule::OfTable
            | ColumnRule::Number => {}
        };
        if !matches!(rule, ColumnRule::Drop) {
            each(&connection, table, column, look).map_err(of)?;
        }
    }
    match unread {
        None => Ok(()),
        Some(reason) => Err(damaged(case, "conflicts.record", &format!("a record that is not JSON: {reason}"))),
    }
}

/// Returns the error of a column that holds something else than it should.
fn damaged(path: &Path, column: &str, what: &str) -> CaseError {
    CaseError::Damaged { path: path.to_owned(), reason: format!("{column} holds {what}") }
}

/// Returns the values of a column, once each.
fn each(connection: &Connection, table: &str, column: &str, mut look: impl FnMut(&str)) -> rusqlite::Result<()> {
    let sql = format!("SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL");
    let mut select = connection.prepare(&sql)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        look(row.get_ref(0)?.as_str()?);
    }
    Ok(())
}

impl RedactionCopy {
    /// Opens the copy.
    pub(crate) fn open(path: &Path) -> Result<RedactionCopy, CaseError> {
        let connection = open::open_for_import(path)?;
        // A case from someone else may have triggers: what they write would follow no rule.
        let disabled = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false);
        disabled.map_err(|error| CaseError::of(path, error))?;
        Ok(RedactionCopy { connection, path: path.to_owned() })
    }

    /// Closes it.
    pub(crate) fn close(self) -> Result<(), CaseError> {
        open::close(self.connection, &self.path)
    }

    fn sql<T>(&self, result: rusqlite::Result<T>) -> Result<T, CaseError> {
        result.map_err(|error| CaseError::of(&self.path, error))
    }

    /// Returns the origin of the event ids in the case.
    pub(crate) fn ids(&self) -> Result<CaseIds, CaseError> {
        self.sql(CaseIds::of(&self.connection))
    }

    /// Passes each event whose id is made from its content, with its record.
    pub(crate) fn each_event_by_content(&self, visit: &mut dyn FnMut(String, &[u8])) -> Result<(), CaseError> {
        let mut each = || -> rusqlite::Result<()> {
            let mut reader = Reader::default();
            let mut select = self
                .connection
                .prepare("SELECT id, event_id FROM events WHERE event_id GLOB 'content-*' ORDER BY id")?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let event_id = row.get(1)?;
                reader.with(&self.connection, row.get(0)?, |record| visit(event_id, record))?;
            }
            Ok(())
        };
        self.sql(each())
    }

    /// Event ids that records have, and that are not left alone because of their shape.
    pub(crate) fn unusual_ids(&self, redactor: &Redactor) -> Result<Vec<String>, CaseError> {
        let mut unusual = Vec::new();
        let all = each(&self.connection, "events", "event_id", |id| {
            if !id.starts_with("content-") && redactor.event_id(id) != id {
                unusual.push(id.to_owned());
            }
        });
        self.sql(all)?;
        Ok(unusual)
    }

    /// Rewrites everything but the records and what comes from them. `ids`: event ids that are made from content, and
    /// what they will be. The last step of the provenance is forgotten: it made this copy.
    pub(crate) fn rewrite(&self, redactor: &Redactor, ids: &HashMap<String, String>) -> Result<(), CaseError> {
        let transaction = self.sql(self.connection.unchecked_transaction())?;
        for table in TABLES.iter().filter(|table| table.redact == Redact::Emptied) {
            self.sql(transaction.execute(&format!("DELETE FROM {}", table.name), []))?;
        }
        self.sql(transaction.execute_batch(
            "DELETE FROM provenance_parents WHERE id = (SELECT id FROM provenance ORDER BY step DESC LIMIT 1); \
             DELETE FROM provenance WHERE step = (SELECT max(step) FROM provenance)",
        ))?;
        for (table, column, rule) in rewritten() {
            match rule {
                ColumnRule::FilePath => self.rewrite_file_paths(redactor)?,
                ColumnRule::Record => self.rewrite_conflicts(redactor)?,
                ColumnRule::Derived => {}
                ColumnRule::Drop => {
                    self.sql(transaction.execute(&format!("UPDATE {table} SET {column} = x''"), []))?;
                }
                _ => self.rewrite_column(redactor, (table, column, rule), ids)?,
            }
        }
        self.sql(transaction.commit())
    }

    /// Rewrites a column value by value.
    fn rewrite_column(
        &self,
        redactor: &Redactor,
        (table, column, rule): (&str, &str, ColumnRule),
        ids: &HashMap<String, String>,
    ) -> Result<(), CaseError> {
        let name = format!("{table}.{column}");
        let read = || -> rusqlite::Result<Vec<Value>> {
            let sql = format!("SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL AND {column} <> ''");
            self.connection.prepare(&sql)?.query_map([], |row| row.get(0))?.collect()
        };
        let sql = format!("UPDATE {table} SET {column} = ?2 WHERE {column} = ?1");
        for value in self.sql(read())? {
            let Value::Text(text) = value else { return Err(damaged(&self.path, &name, "something that is not text")) };
            let new = match rule {
                ColumnRule::OneOf(words) if words.contains(&text.as_str()) => continue,
                ColumnRule::Text | ColumnRule::Path | ColumnRule::Investigator | ColumnRule::OneOf(_) => {
                    redactor.text(&text)
                }
                ColumnRule::Code => redactor.code(&text),
                ColumnRule::Digest => redactor.digest(&text),
                ColumnRule::Own(shape) => redactor.own(&[shape], &text),
                ColumnRule::EventId => new_id(redactor, ids, &text),
                ColumnRule::FilePath
                | ColumnRule::Record
                | ColumnRule::Derived
                | ColumnRule::Drop
                | ColumnRule::OfTable
                | ColumnRule::Number => continue,
            };
            if new == text {
                continue;
            }
            let set = |new: &str| self.connection.prepare_cached(&sql)?.execute([text.as_str(), new]);
            self.sql(set_apart(redactor, &text, &new, set))?;
        }
        Ok(())
    }

    /// Rewrites the paths of files, which may contain their SHA-256: of standard input, and where paths are the same.
    fn rewrite_file_paths(&self, redactor: &Redactor) -> Result<(), CaseError> {
        let all = || -> rusqlite::Result<()> {
            let mut select = self.connection.prepare("SELECT id, path, sha256 FROM files")?;
            let rows = select
                .query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?)))?;
            for (id, path, sum) in rows.collect::<rusqlite::Result<Vec<_>>>()? {
                let new = match sum.get(..MIN_MARK).and_then(|mark| path.find(mark)) {
                    None => redactor.text(&path),
                    Some(at) => {
                        let length = path[at..].bytes().zip(sum.bytes()).take_while(|(a, b)| a == b).count();
                        let (before, after) = (redactor.text(&path[..at]), redactor.text(&path[at + length..]));
                        format!("{before}{}{after}", &redactor.digest(&sum)[..length])
                    }
                };
                let sql = "UPDATE files SET path = ?2 WHERE id = ?1";
                set_apart(redactor, &path, &new, |new| self.connection.execute(sql, params![id, new]))?;
            }
            Ok(())
        };
        self.sql(all())
    }

    /// Rewrites the records that lost.
    fn rewrite_conflicts(&self, redactor: &Redactor) -> Result<(), CaseError> {
        let mut rewriter = Rewriter::new(redactor);
        let read = || -> rusqlite::Result<Vec<(i64, String)>> {
            let mut select = self.connection.prepare("SELECT id, record FROM conflicts")?;
            select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        for (id, record) in self.sql(read())? {
            let rewritten = rewriter
                .record(record.as_bytes())
                .and_then(|new| String::from_utf8(new).map_err(|error| error.to_string()));
            let new = rewritten.map_err(|reason| damaged(&self.path, "conflicts.record", &reason))?;
            let sql = "UPDATE OR REPLACE conflicts SET record = ?2, sha256 = ?3 WHERE id = ?1";
            self.sql(self.connection.execute(sql, params![id, new, sha256(new.as_bytes())]))?;
        }
        Ok(())
    }
}

/// Sets a value, or where a row has it already (of two spellings of one address, for example) one that tells them
/// apart.
fn set_apart(
    redactor: &Redactor,
    original: &str,
    new: &str,
    set: impl Fn(&str) -> rusqlite::Result<usize>,
) -> rusqlite::Result<usize> {
    match set(new) {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            set(&format!("{new}-{}", &redactor.digest(original)[..8]))
        }
        done => done,
    }
}

/// Digits of a SHA-256 that identify it in a path.
const MIN_MARK: usize = 16;

/// Returns the pseudonym of an event id. One that is made from the content of an event that is not here could be found
/// by trying.
fn new_id(redactor: &Redactor, ids: &HashMap<String, String>, id: &str) -> String {
    match (ids.get(id), id.strip_prefix("content-")) {
        (Some(new), _) => new.clone(),
        (None, Some(sum)) if sum.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            let digest = redactor.digest(id);
            format!("content-{}", &digest[..sum.len().min(digest.len())])
        }
        _ => redactor.event_id(id),
    }
}
