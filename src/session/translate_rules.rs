//! Writes the rules of a hunt that are lookups as statements of another engine, a file each.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use crate::detection::{self, Condition, Rule};
use crate::diagnostic::Diagnostic;
use crate::io_message;
use crate::level::Level;
use crate::number;
use crate::output_file::{Existing, Options, OutputError, OutputFile};
use crate::query::edit;
use crate::session::hunt::HuntRequest;
use crate::session::translate::{RowKind, Target, Untranslated};
use crate::session::{Answer, Session, SessionError};
use crate::sigma;

impl Session {
    /// Writes the rules of a hunt as `.sql` files into a folder, and notes which are left out and why.
    ///
    /// # Errors
    /// A file of rules or the case that names accounts cannot be read, the filter or a time is invalid, or the folder is not
    /// empty or cannot be written.
    pub(crate) fn translate_rules(
        &mut self,
        request: &HuntRequest,
        target: &Target,
        out: &Path,
    ) -> Result<Answer, SessionError> {
        let mut paths = request.rules.clone();
        paths.extend(self.settings.rules.iter().filter(|path| !request.rules.contains(path)).cloned());
        let sigma = sigma::load(&paths).map_err(|error| Diagnostic::new(error.to_string()))?;
        let scope = scope(request);
        if !scope.is_empty() {
            // A mistake in the scope is not one of every rule.
            self.translated(&scope, target, RowKind::Rows)?;
        }
        create_empty(out)?;
        let least = request.min_level.unwrap_or(Level::Informational);
        let (mut written, mut others, mut names) = (0_u64, 0_u64, BTreeSet::new());
        for rule in detection::calls().iter().cloned().chain(sigma.rules).filter(|rule| rule.level >= least) {
            let Condition::Lookup(filter) = &rule.condition else {
                others += 1;
                continue;
            };
            let filter = if rule.needs_success { format!("({filter}) outcome=ok") } else { filter.clone() };
            match self.translated(&format!("{scope}({filter})"), target, RowKind::Rows) {
                Ok((statement, _)) => {
                    self.write_rule(&rule, &statement, &out.join(file_name(&rule.id, &mut names)))?;
                    written += 1;
                }
                Err(Untranslated::Refused(mistake)) => {
                    self.note(&format!("{} is left out: {}", rule.id, mistake.message));
                }
                Err(unread @ Untranslated::Unread(_)) => return Err(unread.into()),
            }
        }
        for left_out in &sigma.not_compiled {
            self.note(&format!("{} is left out: {}", left_out.path.display(), left_out.reason));
        }
        if others > 0 {
            self.note(&format!("{} left out, since a lookup is one event", number::counted(others, "correlation")));
        }
        self.status(&format!("{} written to {}", number::counted(written, "rule"), out.display()));
        Ok(Answer::default())
    }

    fn write_rule(&self, rule: &Rule, statement: &str, path: &Path) -> Result<(), SessionError> {
        let mut text = String::new();
        let lines = [("", rule.title.as_str()), ("level: ", rule.level.name()), ("rule: ", rule.id.as_str())];
        for (name, value) in lines.into_iter().chain(rule.author.as_deref().map(|author| ("author: ", author))) {
            // A line break would end the comment.
            let line: String = value.chars().map(|c| if is_line_end(c) { ' ' } else { c }).collect();
            let _ = writeln!(text, "-- {name}{line}");
        }
        text.push_str(statement);
        text.push('\n');
        let options = Options { in_use: &[self.path()], existing: Existing::Refuse, private: false };
        let refused = |error: OutputError| SessionError::from(Diagnostic::from(error));
        let mut file = OutputFile::create(path, &options).map_err(refused)?;
        file.write_all(text.as_bytes()).map_err(|error| cannot_write(path, &error))?;
        file.commit().map_err(refused)
    }
}

fn is_line_end(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// Returns the terms that every event meets, with a blank after them.
fn scope(request: &HuntRequest) -> String {
    let mut scope = String::new();
    for (name, time) in [("since", &request.since), ("until", &request.until)] {
        if let Some(time) = time {
            let _ = write!(scope, "{name}={} ", edit::quoted(time));
        }
    }
    if !request.filter.trim().is_empty() {
        let _ = write!(scope, "({}) ", request.filter);
    }
    scope
}

/// Returns the name of the file of a rule: its id without what a path or a shell could take for more.
fn file_name(id: &str, names: &mut BTreeSet<String>) -> String {
    let plain: String = id
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' })
        .take(100)
        .collect();
    let stem = if plain.is_empty() { "rule".to_owned() } else { plain };
    let numbered = (2_u64..).map(|number| format!("{stem}-{number}"));
    let name = [stem.clone()].into_iter().chain(numbered).find(|name| names.insert(name.to_lowercase()));
    format!("{}.sql", name.unwrap_or(stem))
}

/// Creates a folder, or takes an empty one.
fn create_empty(folder: &Path) -> Result<(), SessionError> {
    match fs::create_dir(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {
            let mut inside = fs::read_dir(folder).map_err(|error| cannot_write(folder, &error))?;
            match inside.next() {
                None => Ok(()),
                Some(_) => {
                    let message = format!("the folder {} is not empty", folder.display());
                    Err(Diagnostic::new(message).hint("name a new folder in --out").into())
                }
            }
        }
        Err(error) => Err(cannot_write(folder, &error)),
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> SessionError {
    let mut mistake = Diagnostic::new(io_message::cannot_write(path, error));
    mistake.hints.extend(io_message::advice(error).map(str::to_owned));
    mistake.into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::file_name;

    #[test]
    fn the_name_of_a_file_leads_nowhere_else_and_is_of_one_rule() {
        let mut names = BTreeSet::new();
        for (id, name) in [
            ("trail-stopped", "trail-stopped.sql"),
            ("Trail-Stopped", "Trail-Stopped-2.sql"),
            ("../../etc/x", "______etc_x.sql"),
            ("", "rule.sql"),
            ("", "rule-2.sql"),
        ] {
            assert_eq!(file_name(id, &mut names), name, "{id}");
        }
        assert_eq!(file_name(&"a".repeat(500), &mut names).len(), 104);
    }
}
