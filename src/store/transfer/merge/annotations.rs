//! Merging of annotations: nothing is lost, whatever the cases have in common.
//!
//! Tags, notes, queries and rules get the id of the file in which they were made, unless they have one. Of two notes to one
//! tag, two queries or two rules of one name the later stays as it is; the other note is kept among the notes, the other
//! query or rule under its name with the beginning of its SHA-256.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::hash::sha256;
use crate::store::error::CaseError;
use crate::store::provenance::ProvenanceStep;
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

/// A note's text, and a query's or a rule's name and text.
type Note = (String, Authorship);
type Named = (String, String, Authorship);

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
            Ok((tags, notes, named.collect::<rusqlite::Result<Vec<_>>>()?))
        };
        let (tags, notes, lists) = all().map_err(|error| other.of(error))?;
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
            Ok(changed)
        };
        let changed = put();
        let changed = self.sql(changed)?;
        self.note_change(changed);
        Ok(())
    }
}

/// A table of texts that have names, and its column of texts.
const NAMED: [(&str, &str); 2] = [("saved_queries", "text"), ("noise_rules", "filter")];

/// Returns the id of the file in which something was made that has no other origin: of the steps that led to the file
/// the last one before that time.
fn origin_of(steps: &[ProvenanceStep], at: &str) -> Option<String> {
    let before = steps.iter().rev().find(|step| step.made_at.as_str() <= at);
    before.or(steps.first()).map(|step| step.id.clone())
}

/// Says of all that the case itself made where it was made, before anything else comes to it.
fn fill_origins(connection: &Connection, steps: &[ProvenanceStep]) -> rusqlite::Result<()> {
    for table in ["tags", "notes", "saved_queries", "noise_rules"] {
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
    (table, column): &(&str, &str),
) -> rusqlite::Result<Vec<Named>> {
    let sql = format!("SELECT name, {column}, created_at, created_by, origin FROM {table} ORDER BY name");
    let mut select = connection.prepare(&sql)?;
    select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, authorship(row, 2, steps)?)))?.collect()
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
    of: &(&str, &str),
    name: &str,
    text: &str,
    authorship: &Authorship,
) -> rusqlite::Result<usize> {
    let (table, column) = of;
    let sql = format!("SELECT {column}, created_at, created_by, origin FROM {table} WHERE name = ?1");
    let known: Option<(String, Authorship)> =
        connection.query_row(&sql, [name], |row| Ok((row.get(0)?, self::authorship(row, 1, &[])?))).optional()?;
    let write = |name: &str, text: &str, authorship: &Authorship| {
        let sql = format!(
            "INSERT OR REPLACE INTO {table} (name, {column}, created_at, created_by, origin) VALUES (?1, ?2, ?3, ?4, ?5)"
        );
        connection.execute(&sql, params![name, text, authorship.at, authorship.by, authorship.origin])
    };
    let Some((known_text, known_authorship)) = known else { return write(name, text, authorship) };
    if known_text == text {
        return if *authorship < known_authorship { write(name, text, authorship) } else { Ok(0) };
    }
    let marked = |text: &str| format!("{name}-{}", &sha256(text.as_bytes())[..DIGITS]);
    if (&authorship.at, text) > (&known_authorship.at, &known_text) {
        let moved = put_named(connection, of, &marked(&known_text), &known_text, &known_authorship)?;
        Ok(moved + write(name, text, authorship)?)
    } else {
        put_named(connection, of, &marked(text), text, authorship)
    }
}
