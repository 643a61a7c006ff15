//! One session with a case, which the REPL, scripts and the one-shot commands share: its settings, where its output
//! goes, and what the last answer showed. Everything that is typed comes in through [`Session::execute`].
//!
//! Rows go to `out`, remarks to `notes`; nothing here knows whether these are a terminal.

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
mod records;
mod redact;
mod replay_log;
mod result_set;
mod result_view;
pub mod script;
pub mod snapshot;
mod waiting;

pub use crate::interrupt::Interrupter;
pub(crate) use crate::session::commands::output_files::FORCE;
pub use crate::session::commands::queries::{Run, parse_value};
pub use crate::session::error::SessionError;
pub use crate::session::params::Params;
pub use crate::terminal::pager::Paging;

use crate::diagnostic::Diagnostic;
use crate::engine::Engine;
use crate::engine::explain;
use crate::ingest;
use crate::lookup_events::{ClientOptions, Query};
use crate::render;
use crate::render::{Format, Style, number, palette};
use crate::rows::{RowSink, Value};
use crate::saved::Library;
use crate::session::capture::{CaptureSink, CaptureSummary, EventRef};
use crate::session::input::Input;
use crate::session::output::Output;
use crate::session::result_set::{LastResult, ResultKind, ResultOrigin};
use crate::session::waiting::Notes;
use crate::sql::{CountSource, Param};
use crate::store::{Case, Failure};

/// How a session shows what it finds.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The format of answers; `None` is a table, and text where there is no answer in rows.
    pub format: Option<Format>,
    /// What the place of the rows can do.
    pub style: Style,
    /// True if remarks and errors are coloured.
    pub color_notes: bool,
    /// True if remarks are left out.
    pub quiet: bool,
    /// True if the time that each input took is told.
    pub timer: bool,
    /// True if a person sits at a prompt.
    pub interactive: bool,
    /// True if long work shows how far it is.
    pub progress: bool,
    /// True if a script goes on after an error.
    pub bail_off: bool,
    /// Folders of queries, before those of the environment.
    pub queries: Vec<PathBuf>,
    /// How many events a list shows; `None` is 50 as a table and all of them in other formats.
    pub limit: Option<u64>,
    /// True if consecutive events of the same actor and name are one line of a table on a screen.
    pub fold: bool,
    /// True if the plan of each answer is shown before it.
    pub eqp: bool,
    /// True if inputs are repeated before their answers.
    pub echo: bool,
    /// When answers are shown in a pager.
    pub paging: Paging,
}

/// What became of an input.
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
    /// An answer of so many rows.
    fn rows(rows: u64) -> Answer {
        Answer { rows, ..Answer::default() }
    }

    /// Adds what became of a later input.
    fn and(self, later: Answer) -> Answer {
        Answer {
            rows: self.rows + later.rows,
            rejected: self.rejected || later.rejected,
            quit: self.quit || later.quit,
        }
    }
}

/// A session; see the module.
pub struct Session {
    path: PathBuf,
    case: RefCell<Option<Rc<Case>>>,
    /// The case of which it was said what it holds that trailq did not make.
    reported_foreign: Option<PathBuf>,
    /// Whether an input is under way, in which the case is held in one state.
    in_input: Cell<bool>,
    /// Whether this input has said that its answer is of a state that an import goes on from.
    reported_running_import: Cell<bool>,
    /// How answers look; may be changed between inputs.
    pub settings: Settings,
    output: Output,
    notes: Notes,
    /// The events that the last answer showed, for `.show N`.
    shown: Vec<EventRef>,
    /// The last answer.
    last: Option<LastResult>,
    /// The lookups that were answered, the last last, for `.back`.
    back_stack: Vec<String>,
    /// What a script would have to hold to come to where the session is.
    replay_log: Vec<String>,
    /// What stands in the journal in place of the input under way.
    replay_entry: Option<Vec<String>>,
    /// The noise rules that are on.
    noise: BTreeSet<String>,
    /// The last input with what was wrong in it put right.
    suggestion: Option<String>,
    /// The values of `:k` and `${k}`; without any, `${k}` is plain text.
    params: Option<Params>,
    interrupter: Arc<Interrupter>,
    /// How many `.read` are under way.
    depth: usize,
    /// The saved queries, read when they are first needed.
    library: OnceCell<Rc<Library>>,
}

impl Session {
    /// A session on the case at `path`, which is opened when it is first needed.
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

    /// Where the case is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the values of `:k` in SQL and `${k}` in lookups.
    pub fn set_params(&mut self, params: Params) {
        self.params = Some(params);
    }

    /// What cancels the statement that is running; for a signal handler.
    pub fn interrupter(&self) -> Arc<Interrupter> {
        Arc::clone(&self.interrupter)
    }

    /// Runs one input to its end, with its rows written. Behind `\\G` it is shown one line a cell.
    pub fn execute(&mut self, input: &Input<'_>) -> Result<Answer, SessionError> {
        let started = Instant::now();
        if self.depth == 0 {
            self.interrupter.reset();
            self.suggestion = None;
            self.reported_running_import.set(false);
        }
        if self.settings.echo && *input != Input::Nothing {
            self.print(&format!("{}\n", render::escape::visible_lines(input.text())))?;
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
            // Who leaves the pager has had enough of this answer, and not of the session.
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

    /// Says once what the open case holds that trailq did not make.
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

    /// Why an input gave no answer. Whatever fails after a cancellation fails of it.
    fn or_cancelled(&mut self, error: SessionError) -> SessionError {
        self.replay_entry = None;
        if self.interrupter.is_cancelled() && !error.is_closed_pipe() { SessionError::Cancelled } else { error }
    }

    /// Ends an input that was canceled between two statements.
    fn check_interrupted(&self) -> Result<(), SessionError> {
        if self.interrupter.is_cancelled() { Err(SessionError::Cancelled) } else { Ok(()) }
    }

    /// The last input with what was wrong in it put right, if it is known how.
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }

    /// Offers a line to type next, unless a better one is offered already.
    fn suggest(&mut self, line: Option<String>) {
        self.suggestion = self.suggestion.take().or(line);
    }

    /// The screen's size may have changed.
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

    /// Prints what the case holds.
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

    /// Brings other cases into the case; `force`: even where some are redacted and others are not.
    pub fn merge(&mut self, others: &[PathBuf], force: bool) -> Result<Answer, SessionError> {
        merge::run(self, others, force)
    }

    /// Tells how two cases differ; `rows`: lists the differences instead of counting them.
    pub fn diff_cases(&mut self, a: &Path, b: &Path, rows: bool) -> Result<Answer, SessionError> {
        diff::run(self, a, b, rows)
    }

    /// Writes a mistake to the notes, `--quiet` or not.
    pub fn report(&mut self, mistake: &Diagnostic) {
        // A line of a file is put right in the file.
        let corrected = mistake.corrected().filter(|_| mistake.origin.is_none());
        self.suggestion = corrected.or_else(|| self.suggestion.take());
        let _ = self.output.flush();
        let _ = render::diagnostic::write(&mut self.notes, mistake, self.settings.color_notes);
        let _ = self.notes.flush();
    }

    /// Writes a remark, unless quiet.
    pub fn note(&mut self, text: &str) {
        if !self.settings.quiet {
            let _ = render::diagnostic::write_note(&mut self.notes, text, self.settings.color_notes);
        }
    }

    /// Writes a line about the answer that was just written, or about the session, unless quiet.
    pub fn status(&mut self, text: &str) {
        if !self.settings.quiet {
            let text = render::escape::visible(text);
            let _ = writeln!(self.notes, "{}", palette::paint(&text, palette::DIM, self.settings.color_notes));
        }
    }

    /// Runs SQL, one statement or several.
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

    /// Writes the rows of SQL, and gives their number.
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

    /// One line about the case: where it is, how many events it has and from when to when.
    pub fn welcome(&self) -> Result<String, SessionError> {
        let case = self.case()?;
        let events = CountSource::events(&*case);
        let period = explain::period(&case).map_or_else(String::new, |period| format!(", {period}"));
        Ok(format!("{}: {}{period}", case.path().display(), number::counted(events, "event")))
    }

    /// Writes rows that trailq itself made.
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
        write: impl FnOnce(Box<dyn RowSink + '_>) -> Result<(), Failure>,
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

    /// A text that is no lookup with `${k}` filled in: the values stand as they are, without quotes.
    fn filled(&self, text: &str) -> Result<String, SessionError> {
        // What is wrong with it is wrong in a lookup too.
        self.substituted(text)?;
        Ok(self.params.as_ref().map_or_else(|| text.to_owned(), |params| params.fill(text)))
    }

    /// Writes lines where rows go.
    fn print(&mut self, lines: &str) -> Result<(), SessionError> {
        let target = self.output.target(&self.settings.style);
        target.out.write_all(lines.as_bytes())?;
        if !lines.ends_with('\n') && !lines.is_empty() {
            target.out.write_all(b"\n")?;
        }
        Ok(target.out.flush()?)
    }

    /// Closes the case, so that another connection can write to it; it is opened again when it is next needed.
    fn close(&mut self) {
        self.interrupter.release();
        self.release_case();
        self.case.take();
        self.library.take();
        self.shown.clear();
        self.last = None;
    }
}
