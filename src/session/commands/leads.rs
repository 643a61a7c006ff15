//! `.leads` and `.lead`: findings of GuardDuty, and what they name.

use crate::session::commands::command::{Arguments, Command};
use crate::session::{Answer, Session, SessionError};

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[
    Command::new(".leads", "list findings of GuardDuty that were imported", run_leads),
    Command {
        arguments: "N",
        examples: &[".lead 2"],
        ..Command::new(".lead", "show what the keys and addresses of lead N did, an hour around it", run_lead)
    },
];

fn run_leads(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(0)?;
    session.list_leads()
}

fn run_lead(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(1)?;
    let (which, _) = arguments.words.first().ok_or_else(|| arguments.missing())?;
    session.lead(arguments.line, which)
}
