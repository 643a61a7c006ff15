//! The log files that digests list, and whether the case has them.
//!
//! A file is present if the case has its content, whatever its name is, or a file of its name that could be read: in any
//! folder or archive, with or without `.gz`. CloudTrail gives a name to one file only.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;

use crate::time;

/// The files of the case, with a hash of the content unless an older version imported them.
const FILES: &str = "SELECT path, content_sha256, status IS NULL OR status NOT IN ('rejected', 'ignored', 'left out'), \
     status IS 'left out' FROM files";

/// A log file that a digest lists.
#[derive(Debug, Clone)]
pub(crate) struct ListedFile {
    /// `digest_files.rowid`.
    pub(crate) row: i64,
    /// `digests.id`.
    pub(crate) digest: i64,
    pub(crate) s3_object: Option<String>,
    /// The oldest and the newest event, in Unix seconds.
    pub(crate) event_times: Option<(i64, i64)>,
    pub(crate) presence: Presence,
}

/// The relation of the case to a listed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// The case has it.
    Present,
    /// The case has another content of its name.
    Altered,
    /// An import left it out by its path.
    LeftOut,
    Missing,
}

/// Numbers of listed files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// The number of digests.
    pub(crate) digests: u64,
    /// The number of files that the case does not have.
    pub(crate) missing: u64,
    /// The number of files of the case that are compared by name only: they have no hash of their content.
    pub(crate) without_hash: u64,
}

/// Counts listed files.
pub(crate) fn totals(connection: &Connection) -> rusqlite::Result<Totals> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, u64>(0));
    let missing = all(connection)?.iter().filter(|file| file.presence == Presence::Missing).count();
    Ok(Totals {
        digests: number("SELECT count(*) FROM digests")?,
        missing: missing as u64,
        without_hash: number("SELECT count(*) FROM files WHERE content_sha256 IS NULL AND stored > 0")?,
    })
}

/// Returns the rows of `digest_files` that the case does not have, as a JSON array, for the SQL function
/// `missing_digest_files`.
pub(crate) fn missing_as_json(connection: &Connection) -> rusqlite::Result<String> {
    let missing = all(connection)?.into_iter().filter(|file| file.presence == Presence::Missing);
    Ok(missing.map(|file| file.row).collect::<serde_json::Value>().to_string())
}

/// Returns the names, as [`key`] makes them, of the files that could be read.
pub(crate) fn readable_names(connection: &Connection) -> rusqlite::Result<HashSet<String>> {
    Ok(Files::read(connection)?.names.into_keys().collect())
}

/// Returns every listed file.
pub(crate) fn all(connection: &Connection) -> rusqlite::Result<Vec<ListedFile>> {
    let sql = "SELECT rowid, digest, s3_object, hash_value, oldest_event_time, newest_event_time FROM digest_files";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let (mut found, mut files) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        let files = match &files {
            Some(files) => files,
            None => files.insert(Files::read(connection)?),
        };
        let s3_object: Option<String> = row.get(2)?;
        let hash: Option<String> = row.get(3)?;
        let instant = |column: usize| -> rusqlite::Result<Option<i64>> {
            Ok(row.get_ref(column)?.as_str_or_null()?.and_then(time::parse))
        };
        let event_times = instant(4)?.zip(instant(5)?).map(|(from, to)| (from.min(to), from.max(to)));
        let presence = files.presence(s3_object.as_deref(), hash.as_deref());
        found.push(ListedFile { row: row.get(0)?, digest: row.get(1)?, s3_object, event_times, presence });
    }
    Ok(found)
}

/// The files of the case, by content and by name.
struct Files {
    contents: HashSet<String>,
    /// By name, true if a content is known.
    names: HashMap<String, bool>,
    /// The names of files that were left out.
    left_out: HashSet<String>,
}

impl Files {
    fn read(connection: &Connection) -> rusqlite::Result<Files> {
        let mut files = Files { contents: HashSet::new(), names: HashMap::new(), left_out: HashSet::new() };
        let mut statement = connection.prepare(FILES)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (path, content): (String, Option<String>) = (row.get(0)?, row.get(1)?);
            if row.get(2)? {
                let has_hash = files.names.entry(key(&path).to_owned()).or_insert(true);
                *has_hash &= content.is_some();
            }
            if row.get(3)? {
                files.left_out.insert(key(&path).to_owned());
            }
            files.contents.extend(content.map(|content| content.to_ascii_lowercase()));
        }
        Ok(files)
    }

    fn presence(&self, s3_object: Option<&str>, hash: Option<&str>) -> Presence {
        let hash = hash.map(str::to_ascii_lowercase).filter(|hash| is_sha256(hash));
        if hash.as_ref().is_some_and(|hash| self.contents.contains(hash)) {
            return Presence::Present;
        }
        match s3_object.and_then(|object| self.names.get(key(object))) {
            None if s3_object.is_some_and(|object| self.left_out.contains(key(object))) => Presence::LeftOut,
            None => Presence::Missing,
            Some(true) if hash.is_some() => Presence::Altered,
            Some(_) => Presence::Present,
        }
    }
}

/// Returns the name of a file without folders, archives, the mark of an earlier content (`#sha256:`) and `.gz`.
pub(crate) fn key(path: &str) -> &str {
    let path = path.split_once("#sha256:").map_or(path, |(path, _)| path);
    let name = path.rsplit(['/', '!', '\\']).next().unwrap_or(path);
    name.strip_suffix(".gz").unwrap_or(name)
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
