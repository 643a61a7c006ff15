//! `.session` writes the session as a script.

use crate::session::Answer;
use crate::session::Session;
use crate::session::SessionError;
use crate::session::commands::command::Arguments;
use crate::session::commands::command::Command;
use crate::session::commands::command::Completes;
use crate::session::commands::output_files::Named;
use std::io::Write as _;
/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[Command {
    arguments: "[--force] FILE",
    examples: &[".session walk.trailq"],
    completes: Completes::Outputs,
    is_logged: false,
    ..Command::new(".session", "write the session as a script that replays", run_session)
}];

fn run_session(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let named = Named::required(arguments)?;
    let mut file = named.create(session, "trailq")?;
    file.write_all(session.replay_script().as_bytes())?;
    file.commit().map_err(|refused| named.refused(refused, "trailq"))?;
    session.status(&format!("`trailq script {}` replays the session", named.path().display()));
    Ok(Answer::default())
}
