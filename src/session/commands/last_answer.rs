//! Commands on the last answer: it is shown again, or the events of a folded row are.

use crate::render::Format;
use crate::session::Answer;
use crate::session::Session;
use crate::session::SessionError;
use crate::session::commands::command::Arguments;
use crate::session::commands::command::Command;
use crate::session::commands::command::Completes;
/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[
    Command {
        arguments: "N",
        examples: &[".open 7"],
        is_logged: false,
        ..Command::new(".open", "show the events of the folded row N", run_open)
    },
    Command {
        arguments: "[FORMAT]",
        examples: &[".last csv"],
        can_pipe: true,
        completes: Completes::Formats,
        is_logged: false,
        ..Command::new(".last", "show the last answer again, in another format", run_last)
    },
];

fn run_open(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(1)?;
    let row = usize::try_from(arguments.row(0)?).unwrap_or(usize::MAX);
    session.open_fold(row)
}

fn run_last(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(1)?;
    let format = match arguments.words.first() {
        None => session.settings.format.unwrap_or_default(),
        Some((name, span)) => name.parse().map_err(|()| {
            arguments.mistake(*span, format!("no format `{name}`: {}", Format::ALL.map(Format::name).join(", ")))
        })?,
    };
    session.show_last(format)
}
