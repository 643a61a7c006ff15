//! The queries that there are: those that ship with trailq, those in folders, and those saved in the case.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::header::{Header, is_name, parse_query, parse_script};
use super::search::search;
use crate::detection::attack;
use crate::diagnostic::{Diagnostic, nearest};
use crate::embedded::{QUERIES, SCRIPTS, Shipped};

/// The group of a query that lies in no folder of its own.
const OTHER: &str = "other";
/// The group of queries saved in the case.
const CASE: &str = "case";

/// The origin of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It ships with trailq.
    Shipped,
    /// It is this file.
    File(PathBuf),
    /// It is saved in the case.
    Case,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Shipped => f.write_str("trailq"),
            Origin::File(path) => path.display().fmt(f),
            Origin::Case => f.write_str("the case"),
        }
    }
}

/// A saved query.
#[derive(Debug, Clone)]
pub struct SavedQuery {
    /// Its name: small letters, digits and `-`.
    pub name: String,
    /// The folder that it lies in.
    pub group: String,
    /// The origin.
    pub origin: Origin,
    /// The header.
    pub header: Header,
    /// Its statement, without a semicolon.
    pub sql: String,
    /// The line of the file on which the statement begins.
    pub line: usize,
    /// The whole file.
    pub text: String,
}

impl SavedQuery {
    /// Reads a query.
    ///
    /// # Errors
    /// Its name or its header is wrong.
    pub fn read(group: &str, name: &str, origin: Origin, text: &str) -> Result<SavedQuery, Diagnostic> {
        let place = match &origin {
            Origin::File(path) => path.display().to_string(),
            Origin::Shipped | Origin::Case => format!("{group}/{name}.sql"),
        };
        if !is_name(name, '-') {
            let mistake = Diagnostic::new(format!("`{name}` is not a name of a query: small letters, digits and -"));
            return Err(mistake.from_origin(place));
        }
        match parse_query(text) {
            Ok((header, sql, line)) => Ok(SavedQuery {
                name: name.to_owned(),
                group: group.to_owned(),
                origin,
                header,
                sql: sql.to_owned(),
                line,
                text: text.to_owned(),
            }),
            Err(wrong) => Err(Diagnostic::new(wrong.message).from_origin(format!("{place}:{}", wrong.line))),
        }
    }

    /// Returns the texts that a search looks at. A technique that ATT&CK revoked is also found by its successor, and the
    /// other way round.
    pub fn searchable_texts(&self) -> Vec<String> {
        let Header { title, about, attack, .. } = &self.header;
        let texts = [&self.name, &self.group, title, about].into_iter().chain(attack).cloned();
        let synonyms = attack.iter().flat_map(|technique| attack::synonyms(technique)).map(str::to_owned);
        texts.chain(synonyms).collect()
    }
}

/// A query that cannot be used.
#[derive(Debug, Clone)]
pub struct BrokenQuery {
    /// The name that it would have.
    pub name: String,
    /// The mistake, with its place.
    pub mistake: Diagnostic,
}

impl BrokenQuery {
    /// The mistake of asking for it, which begins with its file.
    pub fn unusable(&self) -> Diagnostic {
        let mut mistake = self.mistake.clone();
        if let Some((path, line)) = mistake.origin.as_ref().and_then(|origin| origin.rsplit_once(':')) {
            let file = Path::new(path).file_name().map_or_else(|| path.into(), |name| name.to_string_lossy());
            mistake.message = format!("{file} cannot be used: line {line}: {}", mistake.message);
        }
        mistake
    }
}

/// The queries that there are. Of several with one name the first is meant: those of folders, in the order in which
/// these were added, then trailq's own, then those saved in the case.
#[derive(Debug, Default)]
pub struct Library {
    queries: Vec<SavedQuery>,
    /// Queries that cannot be used.
    pub broken: Vec<BrokenQuery>,
    /// Further notes.
    pub notes: Vec<String>,
}

impl Library {
    /// Adds the queries of a folder and of the folders in it.
    ///
    /// # Errors
    /// The folder cannot be read; a file in it that cannot be is among the broken ones.
    pub fn add_folder(&mut self, folder: &Path) -> io::Result<()> {
        let mut found = Vec::new();
        for path in entries(folder)? {
            if path.is_dir() {
                found.extend(entries(&path)?.into_iter().map(|file| (name_of(&path), file)));
            } else {
                found.push((OTHER.to_owned(), path));
            }
        }
        for (group, file) in found.into_iter().filter(|(_, file)| file.extension().is_some_and(|end| end == "sql")) {
            let read = match fs::read_to_string(&file) {
                Ok(text) => SavedQuery::read(&group, &name_of(&file), Origin::File(file.clone()), &text),
                Err(error) => Err(Diagnostic::new(format!("{} cannot be read: {error}", file.display()))),
            };
            self.add(&name_of(&file), read);
        }
        Ok(())
    }

    /// Adds the queries that ship with trailq.
    pub fn add_shipped(&mut self) {
        for Shipped { group, name, text } in QUERIES {
            self.add(name, SavedQuery::read(group, name, Origin::Shipped, text.as_str()));
        }
    }

    /// Adds a query that is saved in the case.
    pub fn add_saved(&mut self, name: &str, text: &str) {
        self.add(name, SavedQuery::read(CASE, name, Origin::Case, text));
    }

    fn add(&mut self, name: &str, read: Result<SavedQuery, Diagnostic>) {
        match read {
            Ok(query) => match self.find(&query.name) {
                Some(first) => {
                    let note = format!("`{}` of {} hides the one of {}", query.name, first.origin, query.origin);
                    self.notes.push(note);
                }
                None => self.queries.push(query),
            },
            Err(mistake) => self.broken.push(BrokenQuery { name: name.to_owned(), mistake }),
        }
    }

    /// All of them, by group and name.
    pub fn all(&self) -> Vec<&SavedQuery> {
        let mut all: Vec<&SavedQuery> = self.queries.iter().collect();
        all.sort_by(|a, b| (&a.group, &a.name).cmp(&(&b.group, &b.name)));
        all
    }

    /// Those that are about every one of the words, or about its synonyms.
    pub fn search(&self, words: &[String]) -> Vec<&SavedQuery> {
        search(self.all(), words, |query| query.searchable_texts())
    }

    /// The query with this name, which may be written `GROUP/NAME`.
    pub fn find(&self, name: &str) -> Option<&SavedQuery> {
        let (group, name) = name.split_once('/').map_or((None, name), |(group, name)| (Some(group), name));
        self.queries.iter().find(|query| query.name == name && group.is_none_or(|group| query.group == group))
    }

    /// The query with this name, which may be written `GROUP/NAME`, that cannot be used.
    pub fn find_broken(&self, name: &str) -> Option<&BrokenQuery> {
        let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
        self.broken.iter().find(|broken| broken.name == name)
    }

    /// The names that are near one that there is not.
    pub fn near(&self, name: &str) -> Vec<&str> {
        nearest(name, self.queries.iter().map(|query| query.name.as_str()))
    }
}

/// A script that ships with trailq.
#[derive(Debug, Clone)]
pub struct ShippedScript {
    /// Its name.
    pub name: &'static str,
    /// The header.
    pub header: Header,
    /// The whole file.
    pub text: &'static str,
}

/// The scripts that ship with trailq.
pub fn shipped_scripts() -> Vec<ShippedScript> {
    // The build has read every header.
    let script = |&Shipped { name, text, .. }: &Shipped| {
        Some(ShippedScript { name, header: parse_script(text.as_str()).ok()??, text: text.as_str() })
    };
    SCRIPTS.iter().filter_map(script).collect()
}

/// The script of this name that ships with trailq.
pub fn shipped_script(name: &str) -> Option<ShippedScript> {
    shipped_scripts().into_iter().find(|script| script.name == name)
}

/// Returns the entries of a folder, by name.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// The name of a file without its extension.
fn name_of(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}
