//! `.say N`: the event of a row of the last answer as a sentence.

use crate::diagnostic::Diagnostic;
use crate::render::record;
use crate::session::commands::command::{Arguments, Command};
use crate::session::commands::show;
use crate::session::{Answer, Session, SessionError};

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[Command {
    arguments: "N",
    examples: &[".say 3"],
    ..Command::new(".say", "say in words who did what in row N of the last answer", run_say)
}];

fn run_say(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(1)?;
    let row = arguments.row(0)?;
    let case = session.case()?;
    let id = show::event(session, &case, row)?;
    let Some(sentence) = case.sentence(id)? else {
        return Err(Diagnostic::new(format!("the record of row {row} is not in the case")).into());
    };
    let target = session.output.target(&session.settings.style);
    target.out.write_all(record::safe(&sentence).as_bytes())?;
    target.out.write_all(b"\n")?;
    session.output.flush()?;
    Ok(Answer::rows(1))
}
