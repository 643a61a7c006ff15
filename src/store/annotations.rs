//! Annotations of an investigator: tags, notes, saved queries, noise rules, and in `findings` marks, verdicts, ignore rules
//! and runs of `trailq hunt`. They are written through a connection whose authorizer permits changes to these tables only.

mod findings;
mod validations;

use std::path::{Path, PathBuf};
use std::rc::Rc;

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Connection, OpenFlags, params};

use crate::store::error::CaseError;
use crate::store::lock_wait::{Need, Silent, Wait, until_free};
use crate::store::schema::annotations;
use crate::store::schema::{expected, version};
use crate::store::{case_path, hardening, ready};

/// A case opened for writing annotations.
pub struct AnnotationWriter {
    connection: Connection,
    wait: Rc<dyn Wait>,
    path: PathBuf,
    who: String,
    migrated: bool,
}

impl AnnotationWriter {
    /// Opens a case for writing annotations by a user. It is open for one input only, so that no other process waits.
    /// An older case is migrated in place, as by an import: annotations need its tables.
    ///
    /// # Errors
    /// There is no case, it cannot be written, or another process is writing.
    pub fn open(path: &Path, who: &str) -> Result<AnnotationWriter, CaseError> {
        AnnotationWriter::open_after(path, who, Rc::new(Silent))
    }

    /// Opens a case for writing annotations, after other writers are done.
    ///
    /// # Errors
    /// As for [`AnnotationWriter::open`]; also a cancellation.
    pub fn open_after(path: &Path, who: &str, wait: Rc<dyn Wait>) -> Result<AnnotationWriter, CaseError> {
        let migrated = ready::make_writable(path, &*wait)?;
        let of = |error| CaseError::of(path, error);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(case_path::literal(path), flags).map_err(of)?;
        hardening::harden(&connection).map_err(of)?;
        // Waiting for another process means trying again: no lock that the other one needs is held meanwhile.
        connection.busy_timeout(std::time::Duration::ZERO).map_err(of)?;
        until_free(path, &*wait, Need::Read, || expected::require_own(&connection, path, version::NEWEST))?;
        // Deleted text must not remain in free space, which a snapshot would copy.
        connection.execute_batch("PRAGMA secure_delete = ON").map_err(of)?;
        connection.authorizer(Some(authorize)).map_err(of)?;
        Ok(AnnotationWriter { connection, wait, path: path.to_owned(), who: who.to_owned(), migrated })
    }

    /// Reports whether an earlier trailq had made the case, so that it was migrated to be written to.
    pub fn has_migrated(&self) -> bool {
        self.migrated
    }

    /// Tags events by their event ids; an event that has the tag gets the new note, if there is one. Returns how many
    /// events were tagged that were not.
    ///
    /// # Errors
    /// The case cannot be written.
    pub fn tag(&self, events: &[String], tag: &str, note: Option<&str>) -> Result<usize, CaseError> {
        self.write(|transaction| {
            let mut new = 0;
            for event in events {
                let had = transaction.query_row(
                    "SELECT count(*) FROM tags WHERE event_id = ?1 AND tag = ?2",
                    params![event, tag],
                    |row| row.get::<_, usize>(0),
                )?;
                new += 1 - had.min(1);
                transaction.execute(
                    "INSERT INTO tags (event_id, tag, note, created_at, created_by) VALUES (?1, ?2, ?3, ?4, ?5) \
                     ON CONFLICT (event_id, tag) DO UPDATE SET note = excluded.note, created_at = excluded.created_at, \
                     created_by = excluded.created_by WHERE excluded.note IS NOT NULL",
                    params![event, tag, note, now(), self.who],
                )?;
            }
            Ok(new)
        })
    }

    /// Takes a tag off events; returns how many had it.
    ///
    /// # Errors
    /// The case cannot be written.
    pub fn untag(&self, events: &[String], tag: &str) -> Result<usize, CaseError> {
        self.write(|transaction| {
            let mut taken = 0;
            for event in events {
                taken +=
                    transaction.execute("DELETE FROM tags WHERE event_id = ?1 AND tag = ?2", params![event, tag])?;
            }
            Ok(taken)
        })
    }

    /// Notes something down.
    ///
    /// # Errors
    /// The case cannot be written.
    pub fn note(&self, text: &str) -> Result<(), CaseError> {
        let sql = "INSERT INTO notes (text, created_at, created_by) VALUES (?1, ?2, ?3)";
        self.execute(sql, params![text, now(), self.who]).map(drop)
    }

    /// Saves a query under a name, in place of one that has it: a whole file, header and statement.
    ///
    /// # Errors
    /// The case cannot be written.
    pub fn save(&self, name: &str, text: &str) -> Result<(), CaseError> {
        let sql = "INSERT OR REPLACE INTO saved_queries (name, text, created_at, created_by) VALUES (?1, ?2, ?3, ?4)";
        self.execute(sql, params![name, text, now(), self.who]).map(drop)
    }

    /// Deletes a saved query. Returns true if there was one.
    ///
    /// # Errors
    /// The case cannot be written.
    pub fn unsave(&self, name: &str) -> Result<bool, CaseError> {
        Ok(self.execute("DELETE FROM saved_queries WHERE name = ?1", params![name])? > 0)
    }

    /// Adds a noise rule, in place of one of its name.
    ///
    /// # Errors
    /// The case cannot be written.
    pub fn add_noise(&self, name: &str, filter: &str) -> Result<(), CaseError> {
        let sql = "INSERT OR REPLACE INTO noise_rules (name, filter, created_at, created_by) VALUES (?1, ?2, ?3, ?4)";
        self.execute(sql, params![name, filter, now(), self.who]).map(drop)
    }

    /// Deletes a noise rule. Returns true if there was one.
    ///
    /// # Errors
    /// The case cannot be written.
    pub fn remove_noise(&self, name: &str) -> Result<bool, CaseError> {
        Ok(self.execute("DELETE FROM noise_rules WHERE name = ?1", params![name])? > 0)
    }

    fn execute(&self, sql: &str, params: impl rusqlite::Params) -> Result<usize, CaseError> {
        self.write(|transaction| transaction.execute(sql, params))
    }

    /// Runs a transaction, once no other process reads or writes.
    fn write<T>(&self, write: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, CaseError> {
        let of = |error| CaseError::of(&self.path, error);
        until_free(&self.path, &*self.wait, Need::Write, || {
            self.connection.execute_batch("BEGIN EXCLUSIVE").map_err(of)
        })?;
        let written = write(&self.connection).and_then(|written| {
            self.connection.execute_batch("COMMIT")?;
            Ok(written)
        });
        // The first error is reported, not that of the rollback.
        written.inspect_err(|_| drop(self.connection.execute_batch("ROLLBACK"))).map_err(of)
    }
}

/// Returns the current time as the case stores it.
fn now() -> String {
    crate::time::format(crate::time::now())
}

/// Allows writing annotations and reading everything.
fn authorize(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Transaction { .. } => Authorization::Allow,
        AuthAction::Function { function_name } if !function_name.eq_ignore_ascii_case("load_extension") => {
            Authorization::Allow
        }
        AuthAction::Insert { table_name }
        | AuthAction::Delete { table_name }
        | AuthAction::Update { table_name, .. }
            if annotations().any(|name| name == table_name) =>
        {
            Authorization::Allow
        }
        _ => Authorization::Deny,
    }
}

#[cfg(test)]
mod tests {
    use super::AnnotationWriter;
    use crate::store::open::{close, open_for_import};

    #[test]
    fn only_what_is_kept_can_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("case.db");
        close(open_for_import(&path).unwrap(), &path).unwrap();
        let keeper = AnnotationWriter::open(&path, "tester").unwrap();
        assert_eq!(keeper.tag(&["e-1".to_owned()], "odd", None).unwrap(), 1);
        assert_eq!(keeper.tag(&["e-1".to_owned(), "e-2".to_owned()], "odd", Some("why")).unwrap(), 1);
        assert_eq!(keeper.untag(&["e-1".to_owned(), "e-9".to_owned()], "odd").unwrap(), 1);
        keeper.note("noted").unwrap();
        keeper.save("q", "SELECT 1").unwrap();
        keeper.add_noise("n", "read-only=true").unwrap();
        assert!(keeper.unsave("q").unwrap() && !keeper.unsave("q").unwrap());
        assert!(keeper.remove_noise("n").unwrap() && !keeper.remove_noise("n").unwrap());
        for sql in [
            "DELETE FROM events",
            "INSERT INTO files (path) VALUES ('x')",
            "UPDATE identities SET arn = 'x'",
            "CREATE TABLE x (y)",
            "DROP TABLE tags",
            "PRAGMA user_version = 9",
            "ATTACH 'x.db' AS x",
            "CREATE TRIGGER t AFTER INSERT ON tags BEGIN DELETE FROM events; END",
        ] {
            assert!(keeper.execute(sql, []).unwrap_err().to_string().contains("not authorized"), "{sql}");
        }
        let kept: String = keeper
            .connection
            .query_row("SELECT event_id || tag || note || created_by FROM tags", [], |row| row.get(0))
            .unwrap();
        assert_eq!(kept, "e-2oddwhytester");
    }
}
