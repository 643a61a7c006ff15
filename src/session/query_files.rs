//! Files of saved queries: checked, saved in the case, and deleted from it.

use std::path::Path;

use crate::diagnostic::Diagnostic;
use crate::io_message::describe;
use crate::number;
use crate::saved::{Origin, SavedQuery, check_defaults};
use crate::session::{Answer, Session, SessionError, script};
use crate::store::Case;
use crate::time;

impl Session {
    /// Checks every saved query against the schema: that it can be run, and that it has the columns of its header.
    pub fn check_queries(&mut self) -> Result<Answer, SessionError> {
        let library = self.library()?;
        let case = Case::empty()?;
        let mut wrong = 0_u64;
        for broken in &library.broken {
            self.report(&broken.mistake);
            wrong += 1;
        }
        for query in library.all() {
            if let Err(mistake) = check(&case, query) {
                self.report(&mistake.into_diagnostic());
                wrong += 1;
            }
        }
        for note in &library.notes {
            self.note(note);
        }
        let checked = number::count((library.all().len() + library.broken.len()) as u64);
        self.print(&format!("queries checked: {checked}, wrong: {}\n", number::count(wrong)))?;
        Ok(Answer { rejected: wrong > 0, ..Answer::default() })
    }

    /// Saves the query of a file in the case, under the file's name.
    pub fn save_query(&mut self, file: &Path) -> Result<Answer, SessionError> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Diagnostic::new(format!("{} cannot be read: {}", file.display(), describe(&error))))?;
        let name = file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let query = SavedQuery::read("case", &name, Origin::File(file.to_owned()), &text)?;
        check(&Case::empty()?, &query)?;
        self.keeper()?.save(&name, &text)?;
        self.library.take();
        self.status(&format!("`{name}` is saved in {}", self.path.display()));
        let library = self.library()?;
        if let Some(first) = library.find(&name).filter(|first| first.origin != Origin::Case) {
            self.note(&format!("`{name}` of {} hides it", first.origin));
        }
        Ok(Answer::default())
    }

    /// Deletes a saved query of the case.
    pub fn delete_query(&mut self, name: &str) -> Result<Answer, SessionError> {
        let saved: Vec<String> = self.case()?.saved_queries()?.into_iter().map(|(name, _)| name).collect();
        if !saved.iter().any(|saved| saved == name) || !self.keeper()?.unsave(name)? {
            let mistake = Diagnostic::new(format!("no query `{name}` is saved in {}", self.path.display()));
            let note = if saved.is_empty() { "none is".to_owned() } else { format!("saved are {}", saved.join(", ")) };
            return Err(mistake.note(note).into());
        }
        self.library.take();
        self.status(&format!("`{name}` is no longer saved in {}", self.path.display()));
        Ok(Answer::default())
    }
}

/// Checks that a query can be run on the schema, and gives the columns of its header.
fn check(case: &Case, query: &SavedQuery) -> Result<(), SessionError> {
    let place = match &query.origin {
        Origin::File(path) => path.display().to_string(),
        Origin::Shipped | Origin::Case => format!("{}/{}.sql", query.group, query.name),
    };
    let columns = case
        .columns_of(&query.sql)
        .map_err(|failure| script::locate(SessionError::from(failure), &place, query.line))?;
    let said: Vec<&str> = query.header.columns.iter().map(|column| column.name.as_str()).collect();
    if columns != said {
        let mistake = Diagnostic::new("the columns of the answer are not those of the header")
            .note(format!("the header says {}", said.join(", ")))
            .note(format!("the answer has  {}", columns.join(", ")));
        return Err(mistake.from_origin(place).into());
    }
    check_defaults(&query.header, time::now()).map_err(|mistake| mistake.from_origin(place))?;
    Ok(())
}
