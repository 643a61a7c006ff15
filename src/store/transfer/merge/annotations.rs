//! Merging of annotations: nothing is lost, whatever the cases have in common.
//!
//! Tags, notes, queries, rules, marks and verdicts get the id of the file in which they were made, unless they have one.
//! Of two notes to one tag, two queries or two rules of one name the later stays as it is; the other note is kept among
//! the notes, the other query or rule under its name with the beginning of its SHA-256. Marks and verdicts of several
//! authors stay side by side. Changes of the details of cases stay side by side, and the last by time counts. Runs of `trailq hunt` are of the events of one file: those of the other case are left out.

use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};

use crate::hash::sha256;
use crate::store::case_details;
use crate::store::error::CaseError;
use crate::store::provenance::{ProvenanceStep, origin_of};
use crate::store::transfer::merge::policy::MergeWriter;
use crate::store::transfer::merge::source::SourceCase;

/// Digits of a SHA-256 after a name.
const DIGITS: usize = 8;

/// The time, the author and the file of origin of an annotation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Authorship {
    at: String,
    by: String,
    origin: Option<String>,
}

/// A note's text, and a query's or a rule's name and content.
type Note = (String, Authorship);
type Named = (String, Content, Authorship);
/// The values of the columns that make the content of a query or a rule.
type Content = Vec<Option<String>>;

/// A tag of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Tag {
    event_id: String,
    tag: String,
    note: Option<String>,
    authorship: Authorship,
}

impl MergeWriter<'_> {
    /// Takes in what was marked and noted in another case.
    pub(crate) fn take_kept(&mut self, other: &SourceCase) -> Result<(), CaseError> {
        let own = crate::store::provenance::read(self.connection);
        let own = self.sql(own)?;
        let filled = fill_origins(self.connection, &own);
        self.sql(filled)?;
        let all = || -> rusqlite::Result<_> {
            let connection = &other.case.connection;
            let (tags, notes) = (tags(connection, &other.steps)?, notes(connection, &other.steps)?);
            let named = NAMED.iter().map(|table| named(connection, &other.steps, table));
            let decisions = DECISIONS.iter().map(|table| decisions(connection, &other.steps, table));
            let named = named.collect::<rusqlite::Result<Vec<_>>>()?;
            Ok((tags, notes, named, decisions.collect::<rusqlite::Result<Vec<_>>>()?))
        };
        let (tags, notes, lists, decisions) = all().map_err(|error| other.of(error))?;
        let put = || -> rusqlite::Result<usize> {
            let mut changed = 0;
            for tag in &tags {
                changed += put_tag(self.connection, tag)?;
            }
            for (text, authorship) in &notes {
                changed += put_note(self.connection, text, authorship)?;
            }
            for (table, list) in NAMED.iter().zip(&lists) {
                for (name, text, authorship) in list {
                    changed += put_named(self.connection, table, name, text, authorship)?;
                }
            }
            for (table, list) in DECISIONS.iter().zip(&decisions) {
                for decision in list {
                    changed += put_decision(self.connection, table, decision)?;
                }
            }
            changed += case_details::take(self.connection, &other.case.connection)?;
            Ok(changed)
        };
        let changed = put();
        let changed = self.sql(changed)?;
        self.note_change(changed);
        Ok(())
    }
}

/// The tables whose rows have names, and the columns of their content.
const NAMED: [(&str, &[&str]); 3] = [
    ("saved_queries", &["text"]),
    ("noise_rules", &["filter"]),
    ("ignore_rules", &["title", "rules", "filter", "reason"]),
];

/// The tables of annotations that have an origin.
const WITH_ORIGIN: [&str; 7] =
    ["tags", "notes", "saved_queries", "noise_rules", "ignore_rules", "subjects", "verdicts"];

/// Says of all that the case itself made where it was made, before anything else comes to it.
fn fill_origins(connection: &Connection, steps: &[ProvenanceStep]) -> rusqlite::Result<()> {
    for table in WITH_ORIGIN {
        let mut times = connection.prepare(&format!("SELECT DISTINCT created_at FROM {table} WHERE origin IS NULL"))?;
        let times = times.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
        for at in times {
            let sql = format!("UPDATE {table} SET origin = ?2 WHERE created_at = ?1 AND origin IS NULL");
            connection.execute(&sql, params![at, origin_of(steps, &at)])?;
        }
    }
    Ok(())
}

/// Reads the time, the author and the file of origin of an annotation from three columns of a row.
fn authorship(row: &rusqlite::Row<'_>, first: usize, steps: &[ProvenanceStep]) -> rusqlite::Result<Authorship> {
    let at: String = row.get(first)?;
    let origin = row.get::<_, Option<String>>(first + 2)?.or_else(|| origin_of(steps, &at));
    Ok(Authorship { at, by: row.get(first + 1)?, origin })
}

fn tags(connection: &Connection, steps: &[ProvenanceStep]) -> rusqlite::Result<Vec<Tag>> {
    let sql = "SELECT event_id, tag, note, created_at, created_by, origin FROM tags";
    let mut select = connection.prepare(sql)?;
    let rows = select.query_map([], |row| {
        Ok(Tag { event_id: row.get(0)?, tag: row.get(1)?, note: row.get(2)?, authorship: authorship(row, 3, steps)? })
    })?;
    rows.collect()
}

fn notes(connection: &Connection, steps: &[ProvenanceStep]) -> rusqlite::Result<Vec<Note>> {
    let mut select = connection.prepare("SELECT text, created_at, created_by, origin FROM notes ORDER BY id")?;
    select.query_map([], |row| Ok((row.get(0)?, authorship(row, 1, steps)?)))?.collect()
}

fn named(
    connection: &Connection,
    steps: &[ProvenanceStep],
    (table, columns): &(&str, &[&str]),
) -> rusqlite::Result<Vec<Named>> {
    let sql = format!("SELECT created_at, created_by, origin, name, {} FROM {table} ORDER BY name", columns.join(", "));
    let mut select = connection.prepare(&sql)?;
    let rows =
        select.query_map([], |row| Ok((row.get(3)?, content(row, 4, columns.len())?, authorship(row, 0, steps)?)))?;
    rows.collect()
}

/// Reads the content of a query or a rule from columns of a row.
fn content(row: &rusqlite::Row<'_>, first: usize, columns: usize) -> rusqlite::Result<Content> {
    (first..first + columns).map(|column| row.get(column)).collect()
}

/// Puts a tag on an event. Of two notes to it the later stays with it, and the other becomes a note of the case.
fn put_tag(connection: &Connection, tag: &Tag) -> rusqlite::Result<usize> {
    let sql = "SELECT note, created_at, created_by, origin FROM tags WHERE event_id = ?1 AND tag = ?2";
    let known = connection
        .prepare_cached(sql)?
        .query_row([&tag.event_id, &tag.tag], |row| {
            Ok(Tag { note: row.get(0)?, authorship: authorship(row, 1, &[])?, ..tag.clone() })
        })
        .optional()?;
    let Some(known) = known else { return write_tag(connection, tag) };
    if known == *tag {
        return Ok(0);
    }
    // One with a note counts more than one without; without any, the first to tag it is reported.
    let later = |one: &Tag, two: &Tag| match (&one.note, &two.note) {
        (None, None) => one.authorship < two.authorship,
        (a, b) if a.is_some() != b.is_some() => a.is_some(),
        _ => (&one.authorship.at, &one.note, &one.authorship) > (&two.authorship.at, &two.note, &two.authorship),
    };
    let (stays, goes) = if later(tag, &known) { (tag, &known) } else { (&known, tag) };
    let mut changed = 0;
    if let Some(note) = goes.note.as_ref().filter(|note| Some(*note) != stays.note.as_ref()) {
        let text = format!("{} {}: {note}", goes.event_id, goes.tag);
        changed += put_note(connection, &text, &goes.authorship)?;
    }
    if stays == tag {
        changed += write_tag(connection, tag)?;
    }
    Ok(changed)
}

fn write_tag(connection: &Connection, tag: &Tag) -> rusqlite::Result<usize> {
    let sql = "INSERT OR REPLACE INTO tags (event_id, tag, note, created_at, created_by, origin) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let Authorship { at, by, origin } = &tag.authorship;
    connection.prepare_cached(sql)?.execute(params![tag.event_id, tag.tag, tag.note, at, by, origin])
}

/// Keeps a note, once for each time and person.
fn put_note(connection: &Connection, text: &str, authorship: &Authorship) -> rusqlite::Result<usize> {
    let sql = "INSERT INTO notes (text, created_at, created_by, origin) SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS \
               (SELECT 1 FROM notes WHERE (text, created_at, created_by) = (?1, ?2, ?3))";
    let inserted = connection.execute(sql, params![text, authorship.at, authorship.by, authorship.origin])?;
    let sql = "UPDATE notes SET origin = ?4 WHERE (text, created_at, created_by) = (?1, ?2, ?3) AND origin > ?4";
    Ok(inserted + connection.execute(sql, params![text, authorship.at, authorship.by, authorship.origin])?)
}

/// Keeps a query or a rule under its name, or where a later one has that, under the name with a mark.
fn put_named(
    connection: &Connection,
    of: &(&str, &[&str]),
    name: &str,
    found: &Content,
    authorship: &Authorship,
) -> rusqlite::Result<usize> {
    let (table, columns) = of;
    let list = columns.join(", ");
    let sql = format!("SELECT created_at, created_by, origin, {list} FROM {table} WHERE name = ?1");
    let known: Option<(Content, Authorship)> = connection
        .query_row(&sql, [name], |row| Ok((content(row, 3, columns.len())?, self::authorship(row, 0, &[])?)))
        .optional()?;
    let write = |name: &str, found: &Content, authorship: &Authorship| {
        let places = vec!["?"; columns.len()].join(", ");
        let sql = format!(
            "INSERT OR REPLACE INTO {table} (name, created_at, created_by, origin, {list}) VALUES (?, ?, ?, ?, {places})"
        );
        let Authorship { at, by, origin } = authorship;
        let first = [Some(name.to_owned()), Some(at.clone()), Some(by.clone()), origin.clone()];
        connection.execute(&sql, params_from_iter(first.iter().chain(found)))
    };
    let Some((known_content, known_authorship)) = known else { return write(name, found, authorship) };
    if known_content == *found {
        return if *authorship < known_authorship { write(name, found, authorship) } else { Ok(0) };
    }
    let marked = |content: &Content| {
        let whole: Vec<&str> = content.iter().map(|value| value.as_deref().unwrap_or_default()).collect();
        format!("{name}-{}", &sha256(whole.join("\0").as_bytes())[..DIGITS])
    };
    if (&authorship.at, found) > (&known_authorship.at, &known_content) {
        let moved = put_named(connection, of, &marked(&known_content), &known_content, &known_authorship)?;
        Ok(moved + write(name, found, authorship)?)
    } else {
        put_named(connection, of, &marked(found), found, authorship)
    }
}

/// The tables of marks and verdicts, and the columns that, with the author, tell one from another.
const DECISIONS: [(&str, &[&str]); 2] =
    [("subjects", &["kind", "value", "mark"]), ("verdicts", &["rule", "principal", "account", "verdict"])];

/// A mark or a verdict: the values of its columns, the reason, and the authorship.
type Decision = (Content, Option<String>, Authorship);

fn decisions(
    connection: &Connection,
    steps: &[ProvenanceStep],
    (table, columns): &(&str, &[&str]),
) -> rusqlite::Result<Vec<Decision>> {
    let sql = format!("SELECT created_at, created_by, origin, why, {} FROM {table}", columns.join(", "));
    let mut select = connection.prepare(&sql)?;
    let rows =
        select.query_map([], |row| Ok((content(row, 4, columns.len())?, row.get(3)?, authorship(row, 0, steps)?)))?;
    rows.collect()
}

/// Adds a mark or a verdict. If its author made the same one more than once, the newest stays, with its reason.
fn put_decision(
    connection: &Connection,
    (table, columns): &(&str, &[&str]),
    (values, why, authorship): &Decision,
) -> rusqlite::Result<usize> {
    let (list, places) = (columns.join(", "), vec!["?"; columns.len()].join(", "));
    let sql = format!(
        "INSERT INTO {table} (created_at, created_by, origin, why, {list}) VALUES (?, ?, ?, ?, {places}) \
         ON CONFLICT DO UPDATE SET created_at = excluded.created_at, origin = excluded.origin, why = excluded.why \
         WHERE (excluded.created_at, ifnull(excluded.why, '')) > ({table}.created_at, ifnull({table}.why, '')) \
         OR ((excluded.created_at, ifnull(excluded.why, '')) = ({table}.created_at, ifnull({table}.why, '')) \
         AND ifnull(excluded.origin, '') < ifnull({table}.origin, ''))"
    );
    let Authorship { at, by, origin } = authorship;
    let first = [Some(at.clone()), Some(by.clone()), origin.clone(), why.clone()];
    connection.prepare_cached(&sql)?.execute(params_from_iter(first.iter().chain(values)))
}
