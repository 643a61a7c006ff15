//! Commands of scripts, and the end of a session.

use crate::escape::visible;
use crate::io_message::cannot_read;
use crate::render::Format;
use crate::session::Answer;
use crate::session::Session;
use crate::session::SessionError;
use crate::session::commands::command::Arguments;
use crate::session::commands::command::Command;
use crate::session::commands::command::Completes;
use crate::session::script;
use crate::session::titles::Titles;
use std::path::Path;
/// The deepest nesting of `.read`.
const MAX_DEPTH: usize = 16;

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[
    Command {
        arguments: "FILE",
        completes: Completes::Files,
        answers_in_rows: false,
        ..Command::new(".read", "run lookups, SQL and commands from a file", run_read)
    },
    Command {
        arguments: "on|off",
        completes: Completes::Switch,
        ..Command::new(".bail", "end a script at the first error, or go on", run_bail)
    },
    Command { arguments: "TEXT", ..Command::new(".print", "write a line", run_print) },
    Command { is_logged: false, ..Command::new(".quit", "leave", run_quit) },
    Command { is_logged: false, ..Command::new(".exit", "leave", run_quit) },
];

fn run_read(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let name = arguments.one()?;
    let span = arguments.words[0].1;
    if session.depth >= MAX_DEPTH {
        return Err(arguments.mistake(span, format!("files read one another more than {MAX_DEPTH} deep")));
    }
    let file =
        std::fs::File::open(name).map_err(|error| arguments.mistake(span, cannot_read(Path::new(name), &error)))?;
    session.depth += 1;
    let answer = script::run_file(session, std::io::BufReader::new(file), name);
    session.depth -= 1;
    answer
}

fn run_bail(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    session.settings.bail_off = !arguments.switch("bail is")?;
    Ok(Answer::default())
}

fn run_print(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let text = session.filled(arguments.rest)?;
    // In Markdown, blocks are apart.
    let apart = session.titles != Titles::Off && session.settings.format == Some(Format::Markdown);
    let end = if apart { "\n" } else { "" };
    session.print(&format!("{end}{}\n{end}", visible(&text)))?;
    session.titles = session.titles.after_line();
    Ok(Answer::default())
}

fn run_quit(_: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(0)?;
    Ok(Answer { quit: true, ..Answer::default() })
}
