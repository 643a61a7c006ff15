//! The helper of the line editor while a line is typed: candidates, hints and colors.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustyline::Context;
use rustyline::completion::{Completer, FilenameCompleter, Pair, unescape};
use rustyline::config::CompletionType;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::history::SearchDirection;
use rustyline::validate::Validator;

use super::completion::{Completion, Source, complete};
use super::{highlight, hint};
use crate::escape::width;
use crate::fields::Field;
use crate::output_file::is_protected;
use crate::render::palette::{DIM, HEADING, paint};
use crate::saved::SavedQuery;
use crate::session::commands::COMMANDS;
use crate::session::{SampledKey, Session};
use crate::store::{ValueCount, holds_accounts};

/// Clears the line after the cursor.
const CLEAR_LINE: &str = "\x1b[K";
/// Clears the line after the cursor, and all lines below.
const CLEAR_BELOW: &str = "\x1b[J";
/// Moves the cursor a line up.
const UP: &str = "\x1b[A";

/// The time to look for values: with writing the list, a key press is then answered in under 20 ms.
const PATIENCE: Duration = Duration::from_millis(12);

/// The time to look for keys in records, which are decompressed: a key press is then answered in under 60 ms.
const SAMPLE_TIME: Duration = Duration::from_millis(50);

/// The capabilities of the screen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Screen {
    pub(super) color: bool,
    pub(super) unicode: bool,
}

/// Answers the line editor.
pub(super) struct Helper {
    session: Rc<RefCell<Session>>,
    files: FilenameCompleter,
    screen: Screen,
    /// The lines of an unfinished SQL statement before this one.
    pending: String,
    /// The last input with what was wrong in it put right.
    suggestion: Option<String>,
    /// True if the line is written again because the cursor moved in it.
    moved: Cell<bool>,
}

impl Helper {
    /// A helper that asks the session's case.
    pub(super) fn new(session: Rc<RefCell<Session>>, screen: Screen) -> Helper {
        let files = FilenameCompleter::new();
        Helper { session, files, screen, pending: String::new(), suggestion: None, moved: Cell::new(false) }
    }

    /// Suggests a continuation of the next line, and a correction of the last one.
    pub(super) fn prepare(&mut self, pending: &str) {
        self.pending = pending.to_owned();
        let suggestion = self.session.try_borrow().ok().and_then(|session| session.suggestion().map(str::to_owned));
        // What is shown as it is must not act on the terminal, nor take more than a line.
        self.suggestion = suggestion.filter(|text| !text.chars().any(crate::escape::is_unsafe));
    }

    /// The line that history or a suggestion would make of what is typed: what is shown, and what is taken over.
    fn ghost(&self, line: &str, pos: usize, ctx: &Context<'_>) -> Option<(String, String)> {
        if pos < line.len() {
            return None;
        }
        let arrow = if self.screen.unicode { "→" } else { "->" };
        if line.is_empty() {
            let suggested = self.suggestion.as_ref().filter(|_| self.pending.is_empty())?;
            return Some((format!("{suggested}   ({arrow} takes it)"), suggested.clone()));
        }
        // Without colors it looks like typed text.
        if !self.screen.color || ctx.history().is_empty() {
            return None;
        }
        let newest = ctx.history().len() - 1;
        let found = ctx.history().starts_with(line, newest, SearchDirection::Reverse).ok().flatten()?;
        // Of an input of several lines only the first is shown.
        let rest = found.entry.get(line.len()..)?.lines().next()?.to_owned();
        (!rest.is_empty()).then(|| (rest.clone(), rest))
    }

    /// Takes the open case and other databases out of the files that are offered.
    fn leave_out_databases(&self, files: &mut Vec<Pair>) {
        let Ok(session) = self.session.try_borrow() else { return files.clear() };
        files.retain(|file| {
            let path = unescape(file.replacement.trim_start_matches(['"', '\'']), Some('\\'));
            !is_protected(Path::new(&*path), &[session.path()])
        });
    }

    /// The line below: a meaning, cut to the width of the screen.
    fn below(&self, line: &str, pos: usize) -> Option<String> {
        let meaning = hint::meaning(line, pos, !self.pending.is_empty())?;
        let columns = crate::terminal::capabilities::size().map_or(80, |(_, columns)| columns).saturating_sub(1);
        let mut shown = format!("  {meaning}");
        while width(&shown) > columns {
            shown.pop();
        }
        Some(shown)
    }
}

/// The values and tables of a session's case; none while it is closed.
struct CaseSource<'a> {
    session: &'a RefCell<Session>,
    /// The time at which the search ends.
    until: Instant,
}

impl Source for CaseSource<'_> {
    fn values(&self, field: &Field, prefix: &str, most: usize) -> Vec<ValueCount> {
        // Several fields may be asked for in turn.
        let now = Instant::now();
        let until = now + self.until.saturating_duration_since(now) * 2 / 3;
        let case = self.session.try_borrow().ok().and_then(|session| session.open_case());
        let Some(case) = case else { return Vec::new() };
        let mut values = case.values(field, prefix, most, until);
        if holds_accounts(field) {
            values.extend(case.account_names(field, prefix, until));
            values.truncate(most);
        }
        values
    }

    fn people(&self, prefix: &str, most: usize) -> Vec<ValueCount> {
        let case = self.session.try_borrow().ok().and_then(|session| session.open_case());
        case.map_or_else(Vec::new, |case| case.people_beginning(prefix, most, self.until))
    }

    fn keys(&self, filter: &str, path: &[&str]) -> Vec<SampledKey> {
        let until = Instant::now() + SAMPLE_TIME;
        self.session.try_borrow().map_or_else(|_| Vec::new(), |session| session.keys_below(filter, path, until))
    }

    fn queries(&self) -> Vec<(String, Vec<String>)> {
        let library = self.session.try_borrow().ok().and_then(|session| session.library().ok());
        let Some(library) = library else { return Vec::new() };
        let names = |query: &SavedQuery| query.header.params.iter().map(|param| param.name.clone()).collect();
        library.all().into_iter().map(|query| (query.name.clone(), names(query))).collect()
    }

    fn tables(&self) -> Vec<(String, Vec<String>)> {
        let case = self.session.try_borrow().ok().and_then(|session| session.open_case());
        case.map_or_else(Vec::new, |case| case.tables())
    }

    fn rules(&self) -> Vec<String> {
        let case = self.session.try_borrow().ok().and_then(|session| session.open_case());
        // A case that cannot be read offers nothing; a command on it says why.
        case.and_then(|case| case.rule_ids_of_last_run().ok()).unwrap_or_default()
    }
}

impl rustyline::Helper for Helper {}

impl Validator for Helper {}

impl Completer for Helper {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, ctx: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let source = CaseSource { session: &self.session, until: Instant::now() + PATIENCE };
        match complete(line, pos, &self.pending, &source) {
            Completion::Files => self.files.complete(line, pos, ctx),
            Completion::Outputs => {
                let (start, mut files) = self.files.complete(line, pos, ctx)?;
                self.leave_out_databases(&mut files);
                Ok((start, files))
            }
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

/// Faint text after the line, and below it.
pub(super) struct Ghost {
    shown: String,
    /// The text that the right arrow accepts, if any.
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
        let (mut shown, mut taken) = (String::new(), None);
        let command = COMMANDS.find(line.trim_end()).filter(|command| !command.arguments.is_empty());
        if let Some(command) = command.filter(|_| self.pending.is_empty() && self.screen.color) {
            shown.push_str(if line.ends_with(' ') { "" } else { " " });
            shown.push_str(command.arguments);
        } else if let Some((ghost, text)) = self.ghost(line, pos, ctx) {
            shown.push_str(&ghost);
            taken = Some(text);
        }
        if let Some(below) = self.below(line, pos) {
            shown.push('\n');
            shown.push_str(&below);
        }
        (!shown.is_empty()).then_some(Ghost { shown, taken })
    }
}

impl Highlighter for Helper {
    fn highlight<'l>(&self, line: &'l str, pos: usize) -> Cow<'l, str> {
        let mut written =
            if self.screen.color { highlight::line(line, !self.pending.is_empty()) } else { line.to_owned() };
        written.push_str(CLEAR_BELOW);
        // The editor writes no hint where only the cursor moved. It finds its column by itself afterwards, but the row
        // has to be the one where the line ends.
        if self.moved.take()
            && let Some(below) = self.below(line, pos)
        {
            written.push_str(&format!("\r\n{}{UP}", paint(&below, DIM, self.screen.color)));
        }
        Cow::Owned(written)
    }

    fn highlight_candidate<'c>(&self, candidate: &'c str, _: CompletionType) -> Cow<'c, str> {
        // The meaning may still be on the line where the candidates are listed.
        Cow::Owned(format!("{CLEAR_LINE}{candidate}"))
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        paint(prompt, HEADING, self.screen.color)
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        paint(hint, DIM, self.screen.color)
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        // If the cursor is in another word, that word's meaning is shown.
        self.moved.set(kind == CmdKind::MoveCursor);
        true
    }
}
