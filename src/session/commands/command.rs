//! A dot-command as one value: its name, arguments, help, examples, completion and code; and the arguments of a call.

use crate::diagnostic::Span;
use crate::session::{Answer, Session, SessionError};

/// Candidates that completion offers for the arguments of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completes {
    /// Nothing.
    Nothing,
    /// Topics of help.
    Topics,
    /// Tables.
    Tables,
    /// Formats.
    Formats,
    /// Files.
    Files,
    /// Files to write.
    Outputs,
    /// `on` and `off`.
    Switch,
    /// The words of a lookup.
    Lookup,
    /// Saved queries.
    Queries,
    /// A saved query, then its parameters.
    Run,
    /// These words.
    Words(&'static [&'static str]),
    /// Tags of the case.
    Tags,
    /// A rule of the newest hunt, its principal, and a verdict.
    Verdict,
    /// An action on an ignore rule, its name, and rules of the newest hunt.
    Ignore,
}

/// The code of a command.
type Run = fn(&mut Session, &Arguments<'_>) -> Result<Answer, SessionError>;

/// A dot-command.
pub struct Command {
    /// The name, with the dot.
    pub name: &'static str,
    /// Another name, as sqlite3 has it.
    pub(crate) alias: Option<&'static str>,
    /// The arguments after the name.
    pub arguments: &'static str,
    /// The effect, in one line.
    pub help: &'static str,
    /// Examples, where the arguments need them.
    pub(crate) examples: &'static [&'static str],
    /// The candidates that completion offers for the arguments.
    pub completes: Completes,
    /// True if the replay log of the session has the command.
    pub(crate) is_logged: bool,
    /// True if the command answers in the format of rows.
    pub(crate) answers_in_rows: bool,
    /// True if a program can take the answer: `| !PROGRAM` after the arguments.
    pub(crate) can_pipe: bool,
    pub(crate) run: Run,
}

impl Command {
    /// Returns a command without arguments, which answers in rows.
    pub(crate) const fn new(name: &'static str, help: &'static str, run: Run) -> Command {
        Command {
            name,
            alias: None,
            arguments: "",
            help,
            examples: &[],
            completes: Completes::Nothing,
            is_logged: true,
            answers_in_rows: true,
            can_pipe: false,
            run,
        }
    }
}

/// Commands in groups, in the order in which help lists them.
pub struct Commands(pub(crate) &'static [&'static [Command]]);

impl Commands {
    /// Returns every command.
    pub fn iter(&self) -> impl Iterator<Item = &'static Command> + use<> {
        self.0.iter().copied().flatten()
    }

    /// Returns the command with this name.
    pub fn find(&self, name: &str) -> Option<&'static Command> {
        self.iter().find(|command| command.name == name || command.alias == Some(name))
    }
}

/// A command's arguments.
pub(crate) struct Arguments<'a> {
    /// All commands.
    pub(crate) commands: &'static Commands,
    /// The command.
    pub(crate) command: &'static Command,
    /// The whole line.
    pub(crate) line: &'a str,
    /// The text after the name, as it was typed.
    pub(crate) rest: &'a str,
    /// The words after the name; quotes keep a word together.
    pub(crate) words: Vec<(String, Span)>,
}
