//! The state of a session: the case, the settings, the outputs, and what earlier inputs left.
//!
//! Rows go to `out` and notes to `notes`. Nothing here knows if these are a terminal.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::engine::{Engine, explain};
use crate::interrupt::Interrupter;
use crate::render::{self, Format, Style, palette};
use crate::rows::RowSink;
use crate::saved::Library;
use crate::session::acceptance::Acceptance;
use crate::session::account_names;
use crate::session::capture::EventRef;
use crate::session::error::SessionError;
use crate::session::last_hunt::LastHunt;
use crate::session::output::Output;
use crate::session::params::{self, Params};
use crate::session::result_set::LastResult;
use crate::session::settings::Settings;
use crate::session::titles::Titles;
use crate::session::waiting::Notes;
use crate::sql::CountSource;
use crate::store::{Case, QueryError};
use crate::terminal::pager::Paging;
use crate::{escape, number};

/// A session on a case.
pub struct Session {
    pub(super) path: PathBuf,
    pub(super) case: RefCell<Option<Rc<Case>>>,
    /// The case whose objects that trailq did not create were reported.
    pub(super) reported_foreign: Option<PathBuf>,
    /// The case whose older rules were reported.
    pub(super) reported_rules: Option<PathBuf>,
    /// True if the files about addresses were reported.
    pub(super) reported_geo: bool,
    /// True while an input runs, for which the case is held in one state.
    pub(super) in_input: Cell<bool>,
    /// True if this input has reported that an import is running.
    pub(super) reported_running_import: Cell<bool>,
    /// The settings, which may change between inputs.
    pub settings: Settings,
    pub(super) output: Output,
    pub(super) notes: Notes,
    /// The events that the last answer showed, for `.show N`.
    pub(super) shown: Vec<EventRef>,
    /// The last answer.
    pub(super) last: Option<LastResult>,
    /// The last hunt, for further views of it.
    pub(super) last_hunt: Option<Rc<LastHunt>>,
    /// The answered lookups, oldest first, for `.back`.
    pub(super) back_stack: Vec<String>,
    /// The lines of a script that reproduces the session.
    pub(super) replay_log: Vec<String>,
    /// The lines that the replay log gets instead of the current input.
    pub(super) replay_entry: Option<Vec<String>>,
    /// The enabled noise rules.
    pub(super) noise: BTreeSet<String>,
    /// The decisions that the user accepted.
    pub(super) acceptance: RefCell<Acceptance>,
    /// The last input, corrected.
    pub(super) suggestion: Option<String>,
    /// The last input of the prompt, for `.edit`.
    pub(super) last_input: Option<String>,
    /// The text with which the next prompt begins.
    pub(super) next_input: Option<String>,
    /// The values of `:k` and `${k}`; `None` leaves `${k}` as plain text.
    pub(super) params: Option<Params>,
    pub(super) interrupter: Arc<Interrupter>,
    /// The depth of nested `.read` commands.
    pub(super) depth: usize,
    /// The titles of answers.
    pub(super) titles: Titles,
    /// The saved queries, read when first needed.
    pub(super) library: OnceCell<Rc<Library>>,
}

impl Session {
    /// Creates a session on the case at `path`, which is opened when first needed.
    pub fn new(path: PathBuf, settings: Settings, out: Box<dyn Write>, notes: Box<dyn Write>) -> Session {
        Session {
            path,
            case: RefCell::default(),
            reported_foreign: None,
            reported_rules: None,
            reported_geo: false,
            in_input: Cell::new(false),
            reported_running_import: Cell::new(false),
            settings,
            output: Output::new(out),
            notes: Notes::new(notes),
            shown: Vec::new(),
            last: None,
            last_hunt: None,
            back_stack: Vec::new(),
            replay_log: Vec::new(),
            replay_entry: None,
            noise: BTreeSet::new(),
            acceptance: RefCell::new(Acceptance::from_environment()),
            suggestion: None,
            last_input: None,
            next_input: None,
            params: None,
            interrupter: Arc::default(),
            depth: 0,
            titles: Titles::default(),
            library: OnceCell::new(),
        }
    }

    /// Returns the path of the case.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Sets the values of `:k` in SQL and `${k}` in lookups.
    pub fn set_params(&mut self, params: Params) {
        self.params = Some(params);
    }

    /// Returns the handle that cancels the running statement, for a signal handler.
    pub fn interrupter(&self) -> Arc<Interrupter> {
        Arc::clone(&self.interrupter)
    }

    /// Reports once the objects of the open case that trailq did not create.
    pub(super) fn report_foreign(&mut self) {
        let Some(case) = self.open_case() else { return };
        if self.reported_foreign.as_ref() == Some(&self.path) {
            return;
        }
        self.reported_foreign = Some(self.path.clone());
        for what in case.foreign() {
            self.note(&format!("{} {what}", case.path().display()));
        }
    }

    /// Ends an input that was canceled between two statements.
    pub(super) fn check_interrupted(&self) -> Result<(), SessionError> {
        if self.interrupter.is_cancelled() { Err(SessionError::Cancelled) } else { Ok(()) }
    }

    /// Returns the last input, corrected, if the correction is known.
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }

    /// Suggests a line to type next, unless there is a suggestion already.
    pub(super) fn suggest(&mut self, line: Option<String>) {
        self.suggestion = self.suggestion.take().or(line);
    }

    /// Sets the size of the screen.
    pub fn resize(&mut self, size: Option<(usize, usize)>) {
        self.settings.style.width = size.map(|(_, columns)| columns);
        let paging = if size.is_some() { self.settings.paging.clone() } else { Paging::Off };
        self.output.set_paging(paging, size.unwrap_or_default());
    }

    /// Writes a mistake to the notes, `--quiet` or not.
    pub fn report(&mut self, mistake: &Diagnostic) {
        // A line of a file is corrected in the file.
        let corrected = mistake.corrected().filter(|_| mistake.origin.is_none());
        self.suggestion = corrected.or_else(|| self.suggestion.take());
        let _ = self.output.flush();
        let _ = render::diagnostic::write(&mut self.notes, mistake, self.settings.color_notes);
        let _ = self.notes.flush();
    }

    /// Writes a mistake that stops nothing to the notes, `--quiet` or not.
    pub(crate) fn warn(&mut self, mistake: &Diagnostic) {
        let _ = render::diagnostic::write_warning(&mut self.notes, mistake, self.settings.color_notes);
    }

    /// Writes a note, unless quiet.
    pub fn note(&mut self, text: &str) {
        if !self.settings.quiet {
            let _ = render::diagnostic::write_note(&mut self.notes, text, self.settings.color_notes);
        }
    }

    /// Writes a status line about the last answer or the session, unless quiet.
    pub fn status(&mut self, text: &str) {
        if !self.settings.quiet {
            let text = escape::visible(text);
            let _ = writeln!(self.notes, "{}", palette::paint(&text, palette::DIM, self.settings.color_notes));
        }
    }

    /// Returns a line with the path, the number of events and the period of the case.
    pub fn welcome(&self) -> Result<String, SessionError> {
        let case = self.case()?;
        let events = CountSource::events(&*case);
        let period = explain::period(&case).map_or_else(String::new, |period| format!(", {period}"));
        Ok(format!("{}: {}{period}", case.path().display(), number::counted(events, "event")))
    }

    /// Writes rows to the current output, and ends the page. See [`Output::write_rows`].
    pub(crate) fn write_rows(
        &mut self,
        format: Format,
        style: &Style,
        case: Option<&Case>,
        write: impl FnOnce(Box<dyn RowSink + '_>) -> Result<(), QueryError>,
    ) -> Result<(), SessionError> {
        let style = Style { accounts: account_names::of_format(format, case)?, ..style.clone() };
        self.output.write_rows(format, &style, case, write)?;
        self.end_page()?;
        Ok(())
    }

    /// Returns the engine on the case of the session.
    ///
    /// # Errors
    /// The case cannot be opened.
    pub(crate) fn engine(&self) -> Result<Engine, SessionError> {
        let params = self.params.as_ref().map(|params| params.all().clone());
        Ok(Engine::new(self.case()?).with_params(params).with_interrupter(self.interrupter()))
    }

    /// Returns the text of a lookup with `${k}` filled in.
    pub(super) fn substituted(&self, text: &str) -> Result<String, SessionError> {
        let params = self.params.as_ref().map(|params| params.all());
        let filled = params.map_or_else(|| Ok(text.to_owned()), |params| crate::query::substitute(text, params));
        Ok(filled.map_err(|mistake| params::with_way_to_give(mistake, self.settings.interactive))?)
    }

    /// Returns a text that is not a lookup with `${k}` filled in, unquoted.
    pub(super) fn filled(&self, text: &str) -> Result<String, SessionError> {
        // Reports the same mistakes as in a lookup.
        self.substituted(text)?;
        Ok(self.params.as_ref().map_or_else(|| text.to_owned(), |params| params.fill(text)))
    }

    /// Writes lines to the current output.
    pub(super) fn print(&mut self, lines: &str) -> Result<(), SessionError> {
        let target = self.output.target(&self.settings.style);
        target.out.write_all(lines.as_bytes())?;
        if !lines.ends_with('\n') && !lines.is_empty() {
            target.out.write_all(b"\n")?;
        }
        Ok(target.out.flush()?)
    }

    /// Closes the case, so that another connection can write to it. It is reopened when next needed.
    pub(super) fn close(&mut self) {
        self.interrupter.release();
        self.release_case();
        self.case.take();
        self.library.take();
        self.shown.clear();
        self.last = None;
        self.last_hunt = None;
    }
}
