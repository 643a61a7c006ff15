//! `| !PROGRAM ARGUMENT...` after an input at the prompt: a program takes the answer on its standard input.

use crate::diagnostic::{Diagnostic, Span};
use crate::query;
use crate::session::commands::arguments::words;
use crate::session::commands::table::COMMANDS;
use crate::session::input::Input;
use crate::session::{Session, SessionError};

/// An input whose answer a program takes.
pub(crate) struct PipedInput<'a> {
    /// The input without the program.
    pub(crate) input: Input<'a>,
    /// The program and its arguments.
    command: Vec<String>,
}

/// Splits an input at the prompt; `None` if no program takes its answer. Elsewhere `| !` is a mistake of the input: what
/// somebody hands over runs no program.
///
/// # Errors
/// A program is missing after `| !`, or a quote is not closed.
pub(crate) fn split<'a>(session: &Session, input: &Input<'a>) -> Result<Option<PipedInput<'a>>, SessionError> {
    if !session.settings.interactive || session.depth > 0 {
        return Ok(None);
    }
    let (text, lookup, start) = match *input {
        Input::Lookup(text) => match query::piped(text) {
            Some(piped) => (text, Input::Lookup(piped.lookup), piped.start),
            None => return Ok(None),
        },
        Input::Command(text) => match of_command(text) {
            Some((end, start)) => (text, Input::Command(text[..end].trim_end()), start),
            None => return Ok(None),
        },
        Input::Sql(_) | Input::Nothing => return Ok(None),
    };
    let command: Vec<String> = words(text, start)?.into_iter().map(|(word, _)| word).collect();
    if command.first().is_none_or(String::is_empty) {
        let mistake = Diagnostic::at(Span::new(start - 1, start), "missing program after `| !`").in_source(text);
        return Err(mistake.hint("for example: | !jq .event_name").into());
    }
    Ok(Some(PipedInput { input: lookup, command }))
}

/// Returns the end of a command line before its `|`, and the start of the program.
fn of_command(text: &str) -> Option<(usize, usize)> {
    let end = text.find(char::is_whitespace)?;
    COMMANDS.find(&text[..end]).filter(|command| command.can_pipe)?;
    let words = words(text, end).ok().or_else(|| words(text.get(..text.find("| !")? + 3)?, end).ok())?;
    let (_, bar) = words.iter().find(|(word, _)| word == "|" || word.starts_with("|!"))?;
    // A quoted bar is an argument.
    let rest = text.get(bar.start..)?.strip_prefix('|')?;
    let program = rest.trim_start().strip_prefix('!')?;
    Some((bar.start, text.len() - program.len()))
}

impl Session {
    /// Sends the answer of the current input to a program.
    ///
    /// # Errors
    /// Answers go to a file.
    pub(crate) fn begin_pipe(&mut self, piped: &PipedInput<'_>) -> Result<(), SessionError> {
        if self.output.is_file() {
            let mistake = Diagnostic::new("answers go to a file, and this one to a program");
            return Err(mistake.hint("`.output` without a file sends answers to the screen again").into());
        }
        self.output.begin_pipe(piped.command.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::of_command;

    #[test]
    fn a_command_line_is_split_at_an_unquoted_bar() {
        let split = |text: &'static str| of_command(text).map(|(end, start)| (&text[..end], &text[start..]));
        assert_eq!(split(".show 3 | !jq ."), Some((".show 3 ", "jq .")));
        assert_eq!(split(".show 3 --raw |!jq '.a | .b'"), Some((".show 3 --raw ", "jq '.a | .b'")));
        assert_eq!(split(".last csv | ! wc -l"), Some((".last csv ", " wc -l")));
        assert_eq!(split(".run a k=\"x | !y\" | !wc"), Some((".run a k=\"x | !y\" ", "wc")));
        assert_eq!(split(".show 3 | !jq 'open"), Some((".show 3 ", "jq 'open")));
        for text in [".show 3", ".note a | !wc", ".print a | !wc", ".show '|' !wc", ".show 3 | jq", ".show"] {
            assert_eq!(split(text), None, "{text}");
        }
    }
}
