//! A session on a case, shared by the REPL, scripts and one-shot commands: its settings, its output and the last result.
//! [`Session::execute`] runs every input.
//!
//! Rows go to `out` and notes to `notes`. Nothing here knows if these are a terminal.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

mod capture;
mod case;
pub mod commands;
mod diff;
mod error;
mod import;
mod info;
pub mod input;
mod lookup;
mod lookup_events;
mod merge;
mod output;
mod params;
mod query_files;
mod records;
mod redact;
mod replay_log;
mod result_set;
mod result_view;
pub mod script;
pub mod snapshot;
mod waiting;
mod write_report;

pub use crate::interrupt::Interrupter;
pub(crate) use crate::session::commands::output_files::FORCE;
pub use crate::session::commands::queries::{Run, parse_value};
pub use crate::session::error::SessionError;
pub use crate::session::params::Params;
pub use crate::terminal::pager::Paging;

use crate::diagnostic::Diagnostic;
use crate::engine::Engine;
use crate::engine::explain;
use crate::escape;
use crate::ingest;
use crate::lookup_events::{ClientOptions, Query};
use crate::number;
use crate::render;
use crate::render::{Format, Style, palette};
use crate::rows::{RowSink, Value};
use crate::saved::Library;
use crate::session::capture::{CaptureSink, CaptureSummary, EventRef};
use crate::session::input::Input;
use crate::session::output::Output;
use crate::session::result_set::{LastResult, ResultKind, ResultOrigin};
use crate::session::waiting::Notes;
use crate::sql::{CountSource, Param};
use crate::store::{Case, QueryError};

/// The settings of a session.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The format of answers; `None` is a table, or text if the answer does not consist of rows.
    pub format: Option<Format>,
    /// The style of the screen.
    pub style: Style,
    /// True if notes and errors are colored.
    pub color_notes: bool,
    /// True if notes are omitted.
    pub quiet: bool,
    /// True if the duration of each input is reported.
    pub timer: bool,
    /// True if input comes from an interactive prompt.
    pub interactive: bool,
    /// True if long operations show their progress.
    pub progress: bool,
    /// True if a script continues after an error.
    pub bail_off: bool,
    /// Folders of saved queries, searched before those of the environment.
    pub queries: Vec<PathBuf>,
    /// Maximum number of events in a list; `None` is 50 in a table and unlimited in other formats.
    pub limit: Option<u64>,
    /// True if consecutive events of the same actor and name are one line of a table on a screen.
    pub fold: bool,
    /// True if the plan of each answer is shown before it.
    pub eqp: bool,
    /// True if inputs are echoed before their answers.
    pub echo: bool,
    /// The use of a pager for answers.
    pub paging: Paging,
}

/// The outcome of an input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answer {
    /// Rows that were written.
    pub rows: u64,
    /// True if an import rejected some of its input.
    pub rejected: bool,
    /// True if the session is over.
    pub quit: bool,
}

impl Answer {
    /// Returns an answer with a number of rows.
    fn rows(rows: u64) -> Answer {
        Answer { rows, ..Answer::default() }
    }

    /// Adds the outcome of a later input.
    fn and(self, later: Answer) -> Answer {
        Answer {
            rows: self.rows + later.rows,
            rejected: self.rejected || later.rejected,
            quit: self.quit || later.quit,
        }
    }
}

/// A session on a case.
pub struct Session {
    path: PathBuf,
    case: RefCell<Option<Rc<Case>>>,
    /// The case whose objects that trailq did not create were reported.
    reported_foreign: Option<PathBuf>,
    /// True while an input runs, for which the case is held in one state.
    in_input: Cell<bool>,
    /// True if this input has reported that an import is running.
    reported_running_import: Cell<bool>,
    /// The settings, which may change between inputs.
    pub settings: Settings,
    output: Output,
    notes: Notes,
    /// The events that the last answer showed, for `.show N`.
    shown: Vec<EventRef>,
    /// The last answer.
    last: Option<LastResult>,
    /// The answered lookups, oldest first, for `.back`.
    back_stack: Vec<String>,
    /// The lines of a script that reproduces the session.
    replay_log: Vec<String>,
    /// The lines that the replay log gets instead of the current input.
    replay_entry: Option<Vec<String>>,
    /// The enabled noise rules.
    noise: BTreeSet<String>,
    /// The last input, corrected.
    suggestion: Option<String>,
    /// The values of `:k` and `${k}`; `None` leaves `${k}` as plain text.
    params: Option<Params>,
    interrupter: Arc<Interrupter>,
    /// The depth of nested `.read` commands.
    depth: usize,
    /// The saved queries, read when first needed.
    library: OnceCell<Rc<Library>>,
}

impl Session {
    /// Creates a session on the case at `path`, which is opened when first needed.
    pub fn new(path: PathBuf, settings: Settings, out: Box<dyn Write>, notes: Box<dyn Write>) -> Session {
        Session {
            path,
            case: RefCell::default(),
            reported_foreign: None,
            in_input: Cell::new(false),
            reported_running_import: Cell::new(false),
            settings,
            output: Output::new(out),
            notes: Notes::new(notes),
            shown: Vec::new(),
            last: None,
            back_stack: Vec::new(),
            replay_log: Vec::new(),
            replay_entry: None,
            noise: BTreeSet::new(),
            suggestion: None,
            params: None,
            interrupter: Arc::default(),
            depth: 0,
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

    /// Runs one input and writes its rows. A trailing `\\G` asks for expanded output.
    pub fn execute(&mut self, input: &Input<'_>) -> Result<Answer, SessionError> {
        let started = Instant::now();
        if self.depth == 0 {
            self.interrupter.reset();
            self.suggestion = None;
            self.reported_running_import.set(false);
        }
        if self.settings.echo && *input != Input::Nothing {
            self.print(&format!("{}\n", escape::visible_lines(input.text())))?;
        }
        let (input, expanded) = input.without_expansion();
        let format = self.settings.format;
        let own = if expanded { Some(Format::Expanded) } else { self.format_of_file(&input) };
        if own.is_some() {
            self.settings.format = own;
        }
        let answer = self.in_one_state(|session| match input {
            Input::Nothing if expanded => session.show_last(Format::Expanded),
            Input::Nothing => Ok(Answer::default()),
            Input::Command(text) => commands::run(session, text),
            Input::Sql(text) => session.sql(text, started),
            Input::Lookup(text) => lookup::run(session, text),
        });
        if own.is_some() {
            self.settings.format = format;
        }
        let answer = answer.map_err(|error| self.without_once(error));
        let finished = self.output.finish();
        let answer = match answer {
            // Leaving the pager ends the answer, not the session.
            Err(error) if error.is_closed_pipe() && finished.as_ref().is_ok_and(|end| end.left) => Answer::default(),
            answer => answer.map_err(|error| self.or_cancelled(error))?,
        };
        if let Some(refused) = finished?.refused {
            return Err(self.or_cancelled(Diagnostic::from(refused).into()));
        }
        self.report_foreign();
        self.record(&input, expanded);
        if self.settings.timer && input != Input::Nothing {
            let line = format!("time: {:.3} s", started.elapsed().as_secs_f64());
            let _ = writeln!(self.notes, "{}", palette::paint(&line, palette::DIM, self.settings.color_notes));
        }
        Ok(answer)
    }

    /// Reports once the objects of the open case that trailq did not create.
    fn report_foreign(&mut self) {
        let Some(case) = self.open_case() else { return };
        if self.reported_foreign.as_ref() == Some(&self.path) {
            return;
        }
        self.reported_foreign = Some(self.path.clone());
        for what in case.foreign() {
            self.note(&format!("{} {what}", case.path().display()));
        }
    }

    /// Returns the error of an input. Any error after a cancellation is due to it.
    fn or_cancelled(&mut self, error: SessionError) -> SessionError {
        self.replay_entry = None;
        if self.interrupter.is_cancelled() && !error.is_closed_pipe() { SessionError::Cancelled } else { error }
    }

    /// Ends an input that was canceled between two statements.
    fn check_interrupted(&self) -> Result<(), SessionError> {
        if self.interrupter.is_cancelled() { Err(SessionError::Cancelled) } else { Ok(()) }
    }

    /// Returns the last input, corrected, if the correction is known.
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }

    /// Suggests a line to type next, unless there is a suggestion already.
    fn suggest(&mut self, line: Option<String>) {
        self.suggestion = self.suggestion.take().or(line);
    }

    /// Sets the size of the screen.
    pub fn resize(&mut self, size: Option<(usize, usize)>) {
        self.settings.style.width = size.map(|(_, columns)| columns);
        let paging = if size.is_some() { self.settings.paging.clone() } else { Paging::Off };
        self.output.set_paging(paging, size.unwrap_or_default());
    }

    /// Prints how a lookup is answered instead of answering it.
    pub fn explain(&mut self, text: &str) -> Result<Answer, SessionError> {
        self.in_one_state(|session| {
            let engine = session.engine()?;
            let prepared = lookup::for_display(session, engine.prepare_filled(&session.substituted(text)?)?);
            session.print(&engine.explain(&prepared)?)?;
            Ok(Answer::default())
        })
    }

    /// Prints a summary of the case.
    pub fn info(&mut self) -> Result<Answer, SessionError> {
        self.in_one_state(info::run)
    }

    /// Answers a LookupEvents query as the AWS CLI prints it.
    pub fn lookup_events(&mut self, query: &Query, options: &ClientOptions) -> Result<Answer, SessionError> {
        self.in_one_state(|session| lookup_events::run(session, query, options))
    }

    /// Imports files into the case and prints a report.
    pub fn import(&mut self, paths: &[PathBuf], options: &ingest::Options) -> Result<Answer, SessionError> {
        import::run(self, paths, options)
    }

    /// Merges other cases into the case. `force` allows cases that were redacted differently.
    pub fn merge(&mut self, others: &[PathBuf], force: bool) -> Result<Answer, SessionError> {
        merge::run(self, others, force)
    }

    /// Compares two cases. `rows` lists the differences instead of counting them.
    pub fn diff_cases(&mut self, a: &Path, b: &Path, rows: bool) -> Result<Answer, SessionError> {
        diff::run(self, a, b, rows)
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

    /// Runs one or more SQL statements.
    fn sql(&mut self, text: &str, started: Instant) -> Result<Answer, SessionError> {
        let case = self.case()?;
        let params = self.params.as_ref().map_or_else(BTreeMap::new, |params| params.for_sql(text));
        if self.settings.eqp {
            for step in explain::sql_plan(&case, text, &params) {
                self.status(&format!("plan: {step}"));
            }
        }
        let kept = self.rows_of(&case, text, &params)?;
        if self.settings.interactive {
            self.status(&format!("{} ({})", number::counted(kept, "row"), number::duration(started.elapsed())));
        }
        Ok(Answer::rows(kept))
    }

    /// Writes the rows of SQL, and returns their number.
    fn rows_of(
        &mut self,
        case: &Rc<Case>,
        text: &str,
        params: &BTreeMap<String, Option<Param>>,
    ) -> Result<u64, SessionError> {
        let format = self.settings.format.unwrap_or_default();
        let style = Style { numbers: false, ..self.output.style(&self.settings.style) };
        let mut kept = CaptureSummary::default();
        let written = self.write_rows(format, &style, Some(case), |inner| {
            let mut sink = CaptureSink::new(inner);
            let done = case.query_named(text, params, &mut sink);
            kept = sink.finish();
            done.map(drop)
        });
        let interactive = self.settings.interactive;
        written.map_err(|error| match error {
            SessionError::Mistake(mistake) => SessionError::from(params::with_way_to_give(*mistake, interactive)),
            error => error,
        })?;
        let origin = ResultOrigin::Sql(text.trim().to_owned());
        self.last =
            Some(LastResult { origin, kind: ResultKind::Rows, rows: kept.held, trend: None, folds: Vec::new() });
        self.shown = kept.events;
        Ok(kept.rows)
    }

    /// Returns a line with the path, the number of events and the period of the case.
    pub fn welcome(&self) -> Result<String, SessionError> {
        let case = self.case()?;
        let events = CountSource::events(&*case);
        let period = explain::period(&case).map_or_else(String::new, |period| format!(", {period}"));
        Ok(format!("{}: {}{period}", case.path().display(), number::counted(events, "event")))
    }

    /// Writes rows that are in memory.
    fn write_held(&mut self, held: &crate::rows::CapturedRows) -> Result<Answer, SessionError> {
        let format = match self.settings.format.unwrap_or_default() {
            Format::Records => Format::Table,
            format => format,
        };
        let style = Style { numbers: false, ..self.output.style(&self.settings.style) };
        self.write_rows(format, &style, None, |mut sink| {
            sink.begin(&held.columns)?;
            for row in &held.rows {
                sink.row(&row.iter().map(Value::cell).collect::<Vec<_>>())?;
            }
            Ok(sink.end()?)
        })?;
        Ok(Answer::rows(held.rows.len() as u64))
    }

    /// Writes rows to the current output, and ends the page. See [`Output::write_rows`].
    pub(crate) fn write_rows(
        &mut self,
        format: Format,
        style: &Style,
        case: Option<&Case>,
        write: impl FnOnce(Box<dyn RowSink + '_>) -> Result<(), QueryError>,
    ) -> Result<(), SessionError> {
        self.output.write_rows(format, style, case, write)?;
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
    fn substituted(&self, text: &str) -> Result<String, SessionError> {
        let params = self.params.as_ref().map(|params| params.all());
        let filled = params.map_or_else(|| Ok(text.to_owned()), |params| crate::query::substitute(text, params));
        Ok(filled.map_err(|mistake| params::with_way_to_give(mistake, self.settings.interactive))?)
    }

    /// Returns a text that is not a lookup with `${k}` filled in, unquoted.
    fn filled(&self, text: &str) -> Result<String, SessionError> {
        // Reports the same mistakes as in a lookup.
        self.substituted(text)?;
        Ok(self.params.as_ref().map_or_else(|| text.to_owned(), |params| params.fill(text)))
    }

    /// Writes lines to the current output.
    fn print(&mut self, lines: &str) -> Result<(), SessionError> {
        let target = self.output.target(&self.settings.style);
        target.out.write_all(lines.as_bytes())?;
        if !lines.ends_with('\n') && !lines.is_empty() {
            target.out.write_all(b"\n")?;
        }
        Ok(target.out.flush()?)
    }

    /// Closes the case, so that another connection can write to it. It is reopened when next needed.
    fn close(&mut self) {
        self.interrupter.release();
        self.release_case();
        self.case.take();
        self.library.take();
        self.shown.clear();
        self.last = None;
    }
}
