//! `trailq [CASE]`: the REPL on a terminal, a script otherwise.

use std::io::{self, IsTerminal as _};
use std::path::Path;

use super::other_tools;
use super::outcome::Outcome;
use super::source::STDIN;
use crate::config::Config;
use crate::repl;
use crate::session::{Session, SessionError, script};
use crate::store;

/// Opens the case and reads inputs; `named` is the case that the command line names.
pub(super) fn run(mut session: Session, named: Option<&Path>, config: &Config) -> Result<Outcome, SessionError> {
    session.case().map_err(|error| unknown_case(error, named))?;
    if is_interactive() {
        return Ok(repl::run(session, config)?.into());
    }
    let done = script::run(&mut session, io::stdin().lock(), STDIN);
    let ended = session.end();
    Ok(done.and_then(|answer| ended.map(|()| answer))?.into())
}

/// Reports whether standard input and output are a terminal.
pub(super) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Returns the error about a word that was taken as the name of a case but is not a command.
fn unknown_case(error: SessionError, named: Option<&Path>) -> SessionError {
    let is_case = |path: &Path| path.exists() || store::unfinished_import(path).is_some();
    match named.filter(|path| !is_case(path)).map(Path::to_string_lossy) {
        Some(word) if !other_tools::is_path(&word) => other_tools::unknown_command(&[&word]).into(),
        _ => error,
    }
}
