//! The expected schema of a case, and the objects in it that trailq did not make.
//!
//! The expected schema is what the migrations make of an empty file, with the indexes of a finished case as far as they
//! are made, and the tables of a portable snapshot. It is compared as text, without comments and white space: the text
//! is the whole definition of a table, a view or an index, and SQLite executes none of it before it is compared.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use crate::hash::sha256;
use crate::store::error::CaseError;
use crate::store::schema::{indexes, plain_tables, version};

/// A deviation from the expected schema.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    /// The deviation, as a message names it: `holds a trigger "x" that trailq did not make`.
    what: String,
    /// The statement that removes it, if that is enough.
    remedy: Option<String>,
    /// True if questions can be answered all the same.
    harmless: bool,
}

/// A row of `sqlite_schema`.
struct Object {
    kind: String,
    name: String,
    table: String,
    root: i64,
    sql: Option<String>,
}

/// The objects that must exist and those that may, by kind and name.
struct Expected {
    /// Tables and views, with their text.
    required: BTreeMap<(String, String), String>,
    /// Indexes and the tables of a portable snapshot, with the texts that they may have.
    allowed: BTreeMap<(String, String), BTreeSet<String>>,
}

/// Refuses a case whose schema is not what trailq makes, before it is written to or rows are taken out.
pub(crate) fn require_own(connection: &Connection, path: &Path, version: i64) -> Result<(), CaseError> {
    match findings(connection, path, version)?.into_iter().next() {
        Some(finding) => Err(finding.into_error(path)),
        None => Ok(()),
    }
}

/// Refuses a case of the newest schema of which questions could get wrong answers. Tables, views and indexes that stand
/// beside those of trailq do no harm to readers: they are reported.
pub(crate) fn require_answerable(connection: &Connection, path: &Path) -> Result<Vec<String>, CaseError> {
    let findings = findings(connection, path, version::NEWEST)?;
    match findings.iter().find(|finding| !finding.harmless) {
        Some(finding) => Err(finding.clone().into_error(path)),
        None => Ok(findings.into_iter().map(|finding| finding.what).collect()),
    }
}

/// Returns all that is wrong with a schema, in words.
pub(crate) fn all_wrong(connection: &Connection, path: &Path, version: i64) -> Result<Vec<String>, CaseError> {
    Ok(findings(connection, path, version)?.into_iter().map(|finding| format!("it {}", finding.what)).collect())
}

impl Finding {
    fn into_error(self, path: &Path) -> CaseError {
        CaseError::Foreign { path: path.to_owned(), what: self.what, remedy: self.remedy }
    }
}

/// The SHA-256 of the schema of a finished case of the newest version, as [`digest`] makes it: almost every case has
/// it, and needs no comparison. Replaying the migrations takes 2 ms, a third of a short lookup's whole process.
const FINISHED: &str = "1a6cc5c14d0a89bbf3ce2985452db52068fabb77c00bb7be4ac99df53e51f6e1";

/// Returns the digest of a schema, and of nothing else than its rows: kind, name, table and text.
fn digest(objects: &[Object]) -> String {
    let mut all: Vec<[&str; 4]> = objects
        .iter()
        .map(|object| [&*object.kind, &*object.name, &*object.table, object.sql.as_deref().unwrap_or_default()])
        .collect();
    all.sort_unstable();
    // Lengths keep two rows apart whatever their texts hold.
    let rows = all.iter().flatten().map(|text| format!("{} {text}", text.len()));
    sha256(rows.collect::<String>().as_bytes())
}

/// Reports whether no two tables or indexes are on one page.
fn have_own_pages(objects: &[Object]) -> bool {
    let mut roots = BTreeSet::new();
    objects.iter().all(|object| object.root == 0 || roots.insert(object.root))
}

fn findings(connection: &Connection, path: &Path, version: i64) -> Result<Vec<Finding>, CaseError> {
    let objects = objects(connection).map_err(|error| CaseError::of(path, error))?;
    if version == version::NEWEST && have_own_pages(&objects) && digest(&objects) == FINISHED {
        return Ok(Vec::new());
    }
    let is_plain = objects.iter().any(|object| object.name.to_ascii_lowercase().starts_with("records"));
    let expected = Expected::of(version, is_plain).map_err(|error| CaseError::of(path, error))?;
    Ok(expected.compare(&objects))
}

fn objects(connection: &Connection) -> rusqlite::Result<Vec<Object>> {
    let mut select = connection
        .prepare("SELECT type, name, tbl_name, ifnull(rootpage, 0), sql FROM sqlite_schema ORDER BY rowid")?;
    let rows = select.query_map([], |row| {
        Ok(Object { kind: row.get(0)?, name: row.get(1)?, table: row.get(2)?, root: row.get(3)?, sql: row.get(4)? })
    })?;
    rows.collect()
}

/// The objects that SQLite makes of each schema version, with and without the tables of a portable snapshot. Computed
/// once a process, in a millisecond or two.
static MADE: Mutex<BTreeMap<(i64, bool), Arc<Expected>>> = Mutex::new(BTreeMap::new());

impl Expected {
    fn of(version: i64, is_plain: bool) -> rusqlite::Result<Arc<Expected>> {
        // A panic while the lock was held leaves at worst a schema to be made again.
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(expected) = made.get(&(version, is_plain)) {
            return Ok(Arc::clone(expected));
        }
        let expected = Arc::new(Expected::make(version, is_plain)?);
        made.insert((version, is_plain), Arc::clone(&expected));
        Ok(expected)
    }

    fn make(version: i64, is_plain: bool) -> rusqlite::Result<Expected> {
        let memory = Connection::open_in_memory()?;
        version::make_schema(&memory, version)?;
        let text = |object: &Object| normalized(object.sql.as_deref().unwrap_or_default());
        let key = |object: &Object| (object.kind.clone(), object.name.clone());
        let (mut required, mut allowed) = (BTreeMap::new(), BTreeMap::<_, BTreeSet<String>>::new());
        for object in objects(&memory)? {
            match object.kind.as_str() {
                "index" => drop(allowed.entry(key(&object)).or_default().insert(text(&object))),
                _ => drop(required.insert(key(&object), text(&object))),
            }
        }
        for (name, sql) in indexes::every() {
            allowed.entry(("index".to_owned(), name)).or_default().insert(normalized(&sql));
        }
        if is_plain {
            memory.execute_batch(plain_tables::RECORDS)?;
            memory.execute_batch(plain_tables::FULL_TEXT)?;
        }
        for object in objects(&memory)? {
            if object.kind != "index" && !required.contains_key(&key(&object)) {
                allowed.entry(key(&object)).or_default().insert(text(&object));
            }
        }
        Ok(Expected { required, allowed })
    }

    fn compare(&self, objects: &[Object]) -> Vec<Finding> {
        let mut found = Vec::new();
        let (mut there, mut roots) = (BTreeSet::new(), BTreeSet::new());
        for object in objects {
            let key = (object.kind.clone(), object.name.clone());
            let text = normalized(object.sql.as_deref().unwrap_or_default());
            there.insert(key.clone());
            // The name that a row of the schema has is not always the one that its text gives.
            let named = matches!(object.kind.as_str(), "index" | "trigger") || object.table == object.name;
            let stands = object.root == 0 || roots.insert(object.root);
            let own = match (self.required.get(&key), self.allowed.get(&key)) {
                (Some(expected), _) => Some(*expected == text),
                (None, Some(any)) => Some(any.contains(&text)),
                (None, None) => None,
            };
            match own {
                _ if self.is_automatic(object) && stands => {}
                Some(true) if named && stands => {}
                Some(_) => found.push(Finding::altered(object)),
                None if self.has_name(&object.name) || !named || !stands => found.push(Finding::altered(object)),
                None => found.push(Finding::foreign(object)),
            }
        }
        for (kind, name) in self.required.keys().filter(|key| !there.contains(*key)) {
            found.push(Finding::missing(kind, name));
        }
        // Deviations that prevent answers come first.
        found.sort_by_key(|finding| finding.harmless);
        found
    }

    /// Reports whether it is an index that SQLite makes of a key.
    fn is_automatic(&self, object: &Object) -> bool {
        object.kind == "index"
            && object.sql.is_none()
            && object.name.starts_with("sqlite_autoindex_")
            && self.required.contains_key(&("table".to_owned(), object.table.clone()))
    }

    /// Reports whether one of trailq's own has this name, whatever it is.
    fn has_name(&self, name: &str) -> bool {
        let names = self.required.keys().chain(self.allowed.keys());
        names.into_iter().any(|(_, own)| own.eq_ignore_ascii_case(name))
    }
}

impl Finding {
    fn foreign(object: &Object) -> Finding {
        let virtual_table = object.sql.as_deref().is_some_and(|sql| {
            normalized(sql).get(..21).is_some_and(|begin| begin.eq_ignore_ascii_case("CREATE VIRTUAL TABLE "))
        });
        let kind = if virtual_table { "virtual table" } else { kind_of(object) };
        let remedy = (is_plain(&object.name) && !virtual_table)
            .then(|| format!("DROP {} {}", object.kind.to_ascii_uppercase(), object.name));
        Finding {
            what: format!("holds {} {kind} `{}` that trailq did not make", article(kind), object.name),
            remedy,
            harmless: matches!(kind, "table" | "view" | "index"),
        }
    }

    fn altered(object: &Object) -> Finding {
        let what = format!(
            "holds {} {} `{}` that is not as trailq makes it",
            article(kind_of(object)),
            kind_of(object),
            object.name
        );
        Finding { what, remedy: None, harmless: false }
    }

    fn missing(kind: &str, name: &str) -> Finding {
        Finding { what: format!("lacks the {kind} `{name}`"), remedy: None, harmless: false }
    }
}

fn kind_of(object: &Object) -> &'static str {
    match object.kind.as_str() {
        "table" => "table",
        "view" => "view",
        "index" => "index",
        "trigger" => "trigger",
        _ => "something",
    }
}

fn article(kind: &str) -> &'static str {
    if kind == "index" { "an" } else { "a" }
}

/// Reports whether a name needs no quotes in a command.
fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}

/// SQL without comments, with one blank between two words and none elsewhere. ALTER TABLE leaves both where they were.
fn normalized(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    let mut blank = false;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '-' if rest.starts_with("--") => rest.find('\n').map_or(rest.len(), |at| at + 1),
            '/' if rest.starts_with("/*") => rest[2..].find("*/").map_or(rest.len(), |at| at + 4),
            first if first.is_ascii_whitespace() => 1,
            '\'' | '"' | '`' => quoted(rest, first),
            '[' => rest.find(']').map_or(rest.len(), |at| at + 1),
            first => first.len_utf8(),
        };
        let piece = &rest[..length];
        rest = &rest[length..];
        if piece.starts_with("--") || piece.starts_with("/*") || first.is_ascii_whitespace() {
            blank = true;
            continue;
        }
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        if blank && out.chars().last().is_some_and(is_word) && is_word(first) {
            out.push(' ');
        }
        blank = false;
        out.push_str(piece);
    }
    out
}

/// Returns the length of what is in quotes at the begin of a text.
fn quoted(text: &str, quote: char) -> usize {
    let mut from = 1;
    while let Some(at) = text[from..].find(quote) {
        from += at + 1;
        match text[from..].starts_with(quote) {
            true => from += 1,
            false => return from,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rusqlite::Connection;

    use super::{FINISHED, all_wrong, digest, normalized, objects, require_answerable, require_own};
    use crate::store::schema::{indexes, plain_tables, version};

    fn case(version: i64) -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        version::make_schema(&connection, version).unwrap();
        connection
    }

    #[test]
    fn what_trailq_makes_is_its_own_in_every_version() {
        for version in 1..=version::NEWEST {
            let connection = case(version);
            require_own(&connection, Path::new("x"), version).unwrap();
            if version == version::NEWEST {
                indexes::make(&connection).unwrap();
                indexes::make_of_counts(&connection).unwrap();
                require_own(&connection, Path::new("x"), version).unwrap();
                connection.execute_batch(plain_tables::RECORDS).unwrap();
                connection.execute_batch(plain_tables::FULL_TEXT).unwrap();
                require_own(&connection, Path::new("x"), version).unwrap();
                assert_eq!(require_answerable(&connection, Path::new("x")).unwrap(), Vec::<String>::new());
            }
        }
    }

    #[test]
    fn the_digest_of_a_finished_case_is_known() {
        let connection = case(version::NEWEST);
        let unfinished = digest(&objects(&connection).unwrap());
        indexes::make(&connection).unwrap();
        indexes::make_of_counts(&connection).unwrap();
        assert_eq!(digest(&objects(&connection).unwrap()), FINISHED, "the constant is to be this digest");
        assert_ne!(unfinished, FINISHED);
    }

    #[test]
    fn what_it_does_not_make_is_named() {
        for (sql, says, answers) in [
            ("CREATE TRIGGER x AFTER INSERT ON tags BEGIN DELETE FROM events; END", "a trigger `x` that", false),
            ("CREATE TABLE mine (a)", "a table `mine` that", true),
            ("CREATE VIEW mine AS SELECT 1", "a view `mine` that", true),
            ("CREATE INDEX mine ON events (lower(event_name))", "an index `mine` that", true),
            ("CREATE VIRTUAL TABLE mine USING fts5 (a)", "a virtual table `mine` that", false),
            (
                "DROP VIEW event_history; CREATE VIEW event_history AS SELECT 1",
                "a view `event_history` that is not",
                false,
            ),
            ("DROP VIEW event_history", "lacks the view `event_history`", false),
            ("DROP TABLE tags; CREATE VIEW tags AS SELECT 1", "a view `tags` that is not", false),
            ("ALTER TABLE tags ADD COLUMN more TEXT AS (event_id || tag)", "a table `tags` that is not", false),
            ("CREATE INDEX events_by_time ON events (abs(time))", "an index `events_by_time` that is not", false),
            ("CREATE TABLE EVENT_HISTORY2 (a)", "a table `EVENT_HISTORY2` that trailq", true),
            ("ANALYZE", "a table `sqlite_stat1` that", true),
        ] {
            let connection = case(version::NEWEST);
            connection.execute_batch(sql).unwrap();
            let path = Path::new("x.db");
            let error = require_own(&connection, path, version::NEWEST).unwrap_err().to_string();
            assert!(error.contains(says), "{sql}: {error}");
            assert!(all_wrong(&connection, path, version::NEWEST).unwrap().iter().any(|wrong| wrong.contains(says)));
            assert_eq!(require_answerable(&connection, path).is_ok(), answers, "{sql}");
        }
    }

    #[test]
    fn two_tables_of_one_page_are_not_trailqs() {
        let connection = case(version::NEWEST);
        connection
            .execute_batch(
                "PRAGMA writable_schema = ON; \
                 UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'events') \
                 WHERE name = 'tags'",
            )
            .unwrap();
        let error = require_own(&connection, Path::new("x"), version::NEWEST).unwrap_err().to_string();
        assert!(error.contains("is not as trailq makes it"), "{error}");
    }

    #[test]
    fn comments_and_white_space_say_nothing() {
        let one =
            "CREATE TABLE t (\n  a TEXT,  -- it's a comment\n  b /* , c */ INTEGER CHECK (b <> '--x  y')\n) STRICT";
        assert_eq!(normalized(one), "CREATE TABLE t(a TEXT,b INTEGER CHECK(b<>'--x  y'))STRICT");
        assert_eq!(normalized("a \"b  c\" 'it''s -- no' [x  y]"), "a\"b  c\"'it''s -- no'[x  y]");
        assert_eq!(normalized("'open"), "'open");
    }
}
