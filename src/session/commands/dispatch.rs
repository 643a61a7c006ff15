//! Runs command lines.

use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::session::commands::arguments::words;
use crate::session::commands::command::Arguments;
use crate::session::commands::sqlite3_compat;
use crate::session::commands::table::COMMANDS;
use crate::session::{Answer, Session, SessionError};

/// Reports whether the output of a command line is written in the format of rows.
pub(crate) fn answers_in_rows(line: &str) -> bool {
    let name = line.split_whitespace().next().unwrap_or_default();
    COMMANDS.find(name).is_none_or(|command| command.answers_in_rows)
}

/// Reports whether the replay log of a session has a command line.
pub(crate) fn is_logged(line: &str) -> bool {
    let name = line.split_whitespace().next().unwrap_or_default();
    COMMANDS.find(name).is_none_or(|command| command.is_logged)
}

/// Runs a command line.
pub(crate) fn run(session: &mut Session, line: &str) -> Result<Answer, SessionError> {
    let end = line.find(char::is_whitespace).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    let Some(command) = COMMANDS.find(name) else {
        let mut mistake = Diagnostic::at(Span::new(0, end), format!("unknown command `{name}`")).in_source(line);
        if let Some(advice) = sqlite3_compat::advice(name) {
            return Err(mistake.hint(advice).into());
        }
        for near in nearest(name, COMMANDS.iter().map(|command| command.name)) {
            mistake.instead.get_or_insert_with(|| near.to_owned());
            mistake = mistake.hint(format!("did you mean `{near}`?"));
        }
        if mistake.hints.is_empty() {
            mistake = mistake.hint("`.help` lists the commands");
        }
        return Err(mistake.into());
    };
    let arguments = Arguments { commands: &COMMANDS, command, line, rest: rest.trim(), words: words(line, end)? };
    (command.run)(session, &arguments)
}
