//! What the line editor asks while a line is typed: candidates, hints and colours.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use rustyline::Context;
use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter, HistoryHinter};
use rustyline::validate::Validator;

use super::complete::{Completion, Source, complete};
use super::highlight;
use crate::fields::Field;
use crate::render::palette::{DIM, HEADING, paint};
use crate::saved::SavedQuery;
use crate::session::Session;
use crate::session::commands;

/// Answers the line editor.
pub(super) struct Helper {
    session: Rc<RefCell<Session>>,
    files: FilenameCompleter,
    hints: HistoryHinter,
    color: bool,
    /// Whether the line goes on with an SQL statement.
    pending: bool,
}

impl Helper {
    /// A helper that asks the session's case.
    pub(super) fn new(session: Rc<RefCell<Session>>, color: bool) -> Helper {
        Helper { session, files: FilenameCompleter::new(), hints: HistoryHinter::new(), color, pending: false }
    }

    /// Says whether the next line goes on with an SQL statement.
    pub(super) fn set_pending(&mut self, pending: bool) {
        self.pending = pending;
    }
}

/// The values and tables of a session's case; none while it is closed.
struct CaseSource<'a>(&'a RefCell<Session>);

impl Source for CaseSource<'_> {
    fn values(&self, field: &Field, prefix: &str, most: usize) -> Vec<(String, u64)> {
        let case = self.0.try_borrow().ok().and_then(|session| session.case().ok());
        case.map_or_else(Vec::new, |case| case.values(field, prefix, most))
    }

    fn queries(&self) -> Vec<(String, Vec<String>)> {
        let library = self.0.try_borrow().ok().and_then(|session| session.library().ok());
        let Some(library) = library else { return Vec::new() };
        let names = |query: &SavedQuery| query.header.params.iter().map(|param| param.name.clone()).collect();
        library.all().into_iter().map(|query| (query.name.clone(), names(query))).collect()
    }

    fn tables(&self) -> Vec<(String, Vec<String>)> {
        let case = self.0.try_borrow().ok().and_then(|session| session.case().ok());
        case.map_or_else(Vec::new, |case| case.tables())
    }
}

impl rustyline::Helper for Helper {}

impl Validator for Helper {}

impl Completer for Helper {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, ctx: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        match complete(line, pos, self.pending, &CaseSource(&self.session)) {
            Completion::Files => self.files.complete(line, pos, ctx),
            Completion::Words(start, candidates) => {
                let pairs = candidates
                    .into_iter()
                    .map(|candidate| Pair { display: candidate.shown, replacement: candidate.text })
                    .collect();
                Ok((start, pairs))
            }
        }
    }
}

/// Faint text after the cursor.
pub(super) struct Ghost {
    shown: String,
    /// What the right arrow takes over, if anything.
    taken: Option<String>,
}

impl Hint for Ghost {
    fn display(&self) -> &str {
        &self.shown
    }

    fn completion(&self) -> Option<&str> {
        self.taken.as_deref()
    }
}

impl Hinter for Helper {
    type Hint = Ghost;

    fn hint(&self, line: &str, pos: usize, ctx: &Context<'_>) -> Option<Ghost> {
        if let Some(command) = commands::find(line.trim_end()).filter(|command| !command.arguments.is_empty()) {
            let blank = if line.ends_with(' ') { "" } else { " " };
            return Some(Ghost { shown: format!("{blank}{}", command.arguments), taken: None });
        }
        let hint = self.hints.hint(line, pos, ctx)?;
        // Of an input of several lines only the first is shown.
        let first = hint.lines().next()?.to_owned();
        Some(Ghost { taken: Some(first.clone()), shown: first })
    }
}

impl Highlighter for Helper {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if self.color { Cow::Owned(highlight::line(line, self.pending)) } else { Cow::Borrowed(line) }
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        paint(prompt, HEADING, self.color)
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        paint(hint, DIM, self.color)
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.color && kind != CmdKind::MoveCursor
    }
}
