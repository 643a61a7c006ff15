//! The prompt: reads lines, keeps their history, and hands them to the session.

mod completion;
mod helper;
mod highlight;
mod hint;
mod history;

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use rustyline::config::{BellStyle, ColorMode, CompletionType, EditMode};
use rustyline::error::ReadlineError;
use rustyline::history::History as _;
use rustyline::{Behavior, Editor};

use crate::config::{self, Config, Origin, Theme};
use crate::escape::width;
use crate::session::commands::other_shells;
use crate::session::commands::other_shells::Habit;
use crate::session::input::{Assembler, Input};
use crate::session::{Answer, Paging, Session, SessionError, Settings};
use crate::terminal::capabilities;
use helper::{Helper, Screen};
use history::Inputs;

/// The end of the prompt within a statement, which is as wide as the prompt.
const CONTINUATION: &str = "...> ";
/// The number of candidates that are listed without asking.
const LISTED: usize = 100;

/// Runs the prompt on a terminal until it is left.
pub(crate) fn run(mut session: Session, config: &Config) -> Result<Answer, SessionError> {
    apply(config, &mut session.settings);
    let screen = Screen { color: session.settings.style.color, unicode: session.settings.style.unicode };
    let interrupter = session.interrupter();
    ctrlc::set_handler(move || interrupter.interrupt()).map_err(|error| io::Error::other(error.to_string()))?;
    let welcome = format!("trailq {}, {}; .help explains", env!("CARGO_PKG_VERSION"), session.welcome()?);
    session.status(&welcome);
    let session = Rc::new(RefCell::new(session));
    let mut prompt = Prompt::new(Rc::clone(&session), screen, config)?;
    let left = read_and_run(&mut prompt, &session);
    session.borrow_mut().end()?;
    left.map(|()| Answer::default())
}

/// Sets what the prompt has, and what the user has set for it.
fn apply(config: &Config, settings: &mut Settings) {
    settings.interactive = true;
    settings.style.numbers = true;
    settings.fold = true;
    settings.paging = if capabilities::is_dumb() { Paging::Off } else { config.pager.value.clone() };
    if config.format.origin != Origin::Default {
        settings.format = Some(config.format.value);
    }
    if config.theme.value == Theme::None {
        (settings.style.color, settings.color_notes) = (false, false);
    }
    settings.style.times.zone.clone_from(&config.zone.value);
}

/// Runs what is typed until the prompt is left.
fn read_and_run(prompt: &mut Prompt, session: &Rc<RefCell<Session>>) -> Result<(), SessionError> {
    loop {
        let initial = session.borrow_mut().take_next_input();
        let Some(lines) = prompt.read(initial)? else { return Ok(()) };
        for text in lines {
            let executed = match recognize_habit(session, &text) {
                Some(Habit::Clear) => {
                    prompt.editor.clear_screen().map_err(editor_error)?;
                    Answer::default()
                }
                Some(Habit::Advice(mistake)) => {
                    session.borrow_mut().report(&mistake);
                    Answer::default()
                }
                Some(Habit::Command(line) | Habit::Sql(line)) => {
                    session.borrow_mut().status(&line);
                    execute(session, &line)?
                }
                None => execute(session, &text)?,
            };
            if executed.quit {
                return Ok(());
            }
        }
    }
}

/// Returns the meaning of a line that other shells understand.
fn recognize_habit(session: &Rc<RefCell<Session>>, line: &str) -> Option<Habit> {
    let tables = || {
        let case = session.borrow().case().ok();
        case.map_or_else(Vec::new, |case| case.tables().into_iter().map(|(name, _)| name).collect())
    };
    other_shells::at_prompt(line, tables)
}

/// Runs one input. An error is reported and does not end the session.
fn execute(session: &Rc<RefCell<Session>>, text: &str) -> Result<Answer, SessionError> {
    let mut session = session.borrow_mut();
    session.resize(capabilities::size());
    match session.execute(&Input::of(text)) {
        Ok(answer) => Ok(answer),
        Err(error) if error.is_closed_pipe() => Err(error),
        Err(SessionError::Cancelled) => {
            session.status("cancelled");
            Ok(Answer::default())
        }
        Err(error) => {
            session.report(&error.into_diagnostic());
            Ok(Answer::default())
        }
    }
}

/// The line editor and what has been typed of an input.
struct Prompt {
    editor: Editor<Helper, Inputs>,
    /// The prompt, and the one within a statement.
    prompts: [String; 2],
    assembler: Assembler,
}

impl Prompt {
    /// An editor on the terminal, with the history of earlier runs.
    fn new(session: Rc<RefCell<Session>>, screen: Screen, config: &Config) -> Result<Prompt, SessionError> {
        let mode = match config.edit_mode.value {
            config::EditMode::Emacs => EditMode::Emacs,
            config::EditMode::Vi => EditMode::Vi,
        };
        let options = rustyline::Config::builder()
            .edit_mode(mode)
            .completion_type(CompletionType::List)
            .completion_prompt_limit(LISTED)
            .bell_style(BellStyle::None)
            .behavior(Behavior::Stdio)
            // Without colors, too, it is the helper that writes the line.
            .color_mode(ColorMode::Forced)
            .build();
        let history = Inputs::from_environment(config.history_size.value);
        let mut editor = Editor::with_history(options, history).map_err(editor_error)?;
        editor.set_helper(Some(Helper::new(session, screen)));
        let prompt = config.prompt.value.clone();
        let continuation = format!("{CONTINUATION:>0$}", width(&prompt));
        Ok(Prompt { editor, prompts: [prompt, continuation], assembler: Assembler::default() })
    }

    /// Reads lines until they make up inputs; `None` at the end. `initial` is the text that the first one begins with.
    fn read(&mut self, mut initial: Option<String>) -> Result<Option<Vec<String>>, SessionError> {
        loop {
            let pending = self.assembler.is_pending();
            if let Some(helper) = self.editor.helper_mut() {
                helper.prepare(self.assembler.pending());
            }
            let prompt = &self.prompts[usize::from(pending)];
            // What was saved in an editor is seen before it runs.
            let read = match initial.take() {
                Some(text) => self.editor.readline_with_initial(prompt, (&text, "")),
                None => self.editor.readline(prompt),
            };
            let line = match read {
                Ok(line) => line,
                Err(ReadlineError::Interrupted) => {
                    self.assembler.finish();
                    continue;
                }
                Err(ReadlineError::Eof) => return Ok(None),
                Err(error) => return Err(editor_error(error)),
            };
            // A line from the history, or a pasted one, may hold several.
            let inputs: Vec<String> =
                line.split('\n').filter_map(|line| self.assembler.feed(line)).map(|(text, _)| text).collect();
            if !inputs.is_empty() {
                for input in &inputs {
                    // A history that cannot be written does not stop the session.
                    let _ = self.editor.history_mut().add(input);
                }
                return Ok(Some(inputs));
            }
        }
    }
}

/// An error of the editor as one of the session.
fn editor_error(error: ReadlineError) -> SessionError {
    match error {
        ReadlineError::Io(error) => SessionError::Output(error),
        other => SessionError::Output(io::Error::other(other.to_string())),
    }
}
