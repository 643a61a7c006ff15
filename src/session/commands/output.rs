//! Commands that choose where rows go.

use crate::diagnostic::Diagnostic;
use crate::session::Answer;
use crate::session::Session;
use crate::session::SessionError;
use crate::session::commands::command::Arguments;
use crate::session::commands::command::Command;
use crate::session::commands::command::Completes;
use crate::session::commands::output_files::Named;
/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[
    Command {
        arguments: "[[--force] FILE]",
        completes: Completes::Outputs,
        ..Command::new(".output", "write answers to a file, or to the screen again", run_output)
    },
    Command {
        arguments: "[--force] FILE",
        examples: &[".once events.csv"],
        completes: Completes::Outputs,
        ..Command::new(".once", "write the next answer to a file", run_once)
    },
];

fn run_output(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let redirect = Named::read(arguments)?.map(|file| file.redirect(session)).transpose()?;
    session.output.set_file(redirect).map_err(Diagnostic::from)?;
    Ok(Answer::default())
}

fn run_once(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let redirect = Named::required(arguments)?.redirect(session)?;
    session.output.set_once(redirect).map_err(Diagnostic::from)?;
    Ok(Answer::default())
}
