//! The saved queries that a session can run, and the values of their parameters.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use crate::diagnostic::{Diagnostic, nearest};
use crate::io_message::describe;
use crate::saved::header::Header;
use crate::saved::{Library, SavedQuery, bind, shipped_scripts};
use crate::session::{Session, SessionError};
use crate::sql::Param;
use crate::store::Case;
use crate::time;

/// A request to run a saved query.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// Its name.
    pub name: String,
    /// Values for its parameters.
    pub params: BTreeMap<String, String>,
    /// The value of `since`.
    pub since: Option<String>,
    /// The value of `until`.
    pub until: Option<String>,
}

/// Reads the saved queries: those of folders, of trailq and of a case, where the first of a name wins.
pub(crate) fn read_library(folders: &[PathBuf], case: Option<&Case>) -> Result<Library, SessionError> {
    let mut library = Library::default();
    for folder in folders {
        library.add_folder(folder).map_err(|error| {
            let (folder, why) = (folder.display(), describe(&error));
            Diagnostic::new(format!("the folder of queries {folder} cannot be read: {why}"))
        })?;
    }
    library.add_shipped();
    if let Some(case) = case {
        for (name, text) in case.saved_queries()? {
            library.add_saved(&name, &text);
        }
    }
    Ok(library)
}

impl Session {
    /// The saved queries that there are. Where there is no case, they are those of the folders and trailq's own.
    ///
    /// # Errors
    /// A folder that was named cannot be read, or the case cannot be.
    pub fn library(&self) -> Result<Rc<Library>, SessionError> {
        if let Some(library) = self.library.get() {
            return Ok(Rc::clone(library));
        }
        let case = if self.path.exists() { Some(self.case()?) } else { None };
        let library = read_library(&self.settings.queries, case.as_deref())?;
        Ok(Rc::clone(self.library.get_or_init(|| Rc::new(library))))
    }
}

/// Splits `NAME=VALUE`, a value for a parameter of a saved query or a script.
///
/// # Errors
/// The word gives no name, or the name is not one.
pub fn parse_value(word: &str) -> Result<(String, String), Diagnostic> {
    let Some((name, value)) = word.split_once('=') else {
        return Err(Diagnostic::new(format!("`{word}` is not a value of a parameter: write NAME=VALUE")));
    };
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if begins && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok((name.to_owned(), value.to_owned()));
    }
    Err(Diagnostic::new(format!("`{name}` is not the name of a parameter: letters, digits and _")))
}

/// The query that is asked for, and the values of its parameters.
pub(crate) fn bound<'l>(
    library: &'l Library,
    run: &Run,
) -> Result<(&'l SavedQuery, BTreeMap<String, Option<Param>>), SessionError> {
    let Some(query) = library.find(&run.name) else { return Err(unknown(library, &run.name).into()) };
    let given = values_of(&query.header, &query.name, run)?;
    let values = bind(&format!("`{}`", query.name), &query.header, &given, time::now())
        .map_err(|mistake| mistake.hint(format!("`trailq queries {}` shows the whole query", query.name)))?;
    Ok((query, values))
}

/// The values that were given for the parameters of a query or script, `--since` and `--until` among them.
pub(super) fn values_of(header: &Header, name: &str, run: &Run) -> Result<BTreeMap<String, String>, Diagnostic> {
    let mut given = run.params.clone();
    for (option, value) in [("since", &run.since), ("until", &run.until)] {
        let Some(value) = value else { continue };
        if !header.params.iter().any(|param| param.name == option) {
            let mistake =
                Diagnostic::new(format!("`{name}` has no parameter `{option}`: --{option} does not limit it"));
            return Err(mistake.hint(format!("`trailq queries {name}` shows what it asks for")));
        }
        if given.insert(option.to_owned(), value.clone()).is_some() {
            return Err(Diagnostic::new(format!("`{option}` is given twice: as --{option} and as a parameter")));
        }
    }
    Ok(given)
}

/// The statement that gives the numbers of the events in a query's answer; `None` where it does not identify them.
pub(crate) fn event_ids(query: &SavedQuery) -> Option<String> {
    query.header.columns.iter().any(|column| column.name == "event_id").then(|| {
        let sql = &query.sql;
        format!("SELECT events.id FROM (\n{sql}\n) AS answer CROSS JOIN events ON events.event_id = answer.event_id")
    })
}

/// The mistake of naming a query that there is not.
fn unknown(library: &Library, name: &str) -> Diagnostic {
    if let Some(broken) = library.find_broken(name) {
        return broken.unusable();
    }
    let mut mistake = Diagnostic::new(format!("there is no saved query `{name}`"));
    let scripts = shipped_scripts();
    for near in library.near(name).into_iter().chain(nearest(name, scripts.iter().map(|script| script.name))) {
        mistake = mistake.hint(format!("did you mean `{near}`?"));
    }
    let words: Vec<String> = name.split('-').map(str::to_owned).collect();
    if mistake.hints.is_empty() && !library.search(&words).is_empty() {
        mistake = mistake.hint(format!("`trailq queries {}` finds some", words.join(" ")));
    }
    if mistake.hints.is_empty() { mistake.hint("`trailq queries` lists them") } else { mistake }
}
