//! What each command does, with the session that they share.

use std::fs::File;
use std::io::{self, BufReader, IsTerminal as _, Read};
use std::path::Path;

use super::args::{Import, Lookup, Script, Sql};
use super::{Outcome, near_commands};
use crate::diagnostic::Diagnostic;
use crate::ingest::Options;
use crate::repl;
use crate::session::input::Input;
use crate::session::{Params, Session, SessionError, script as scripts};

/// How messages name standard input.
const STDIN: &str = "standard input";

/// `trailq [CASE]`: the REPL on a terminal, a script otherwise.
pub(super) fn repl(mut session: Session, named: Option<&Path>) -> Result<Outcome, SessionError> {
    session.case().map_err(|error| suggest_commands(error, named))?;
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return Ok(repl::run(session)?.into());
    }
    Ok(scripts::run(&mut session, io::stdin().lock(), STDIN)?.into())
}

/// `trailq import PATH...`.
pub(super) fn import(session: &mut Session, import: Import) -> Result<Outcome, SessionError> {
    let options = Options { jobs: import.jobs.map(usize::from), follow_links: import.follow_links };
    Ok(session.import(&import.paths, &options)?.into())
}

/// `trailq lookup LOOKUP...`.
pub(super) fn lookup(session: &mut Session, lookup: &Lookup) -> Result<Outcome, SessionError> {
    let text = lookup.words.join(" ");
    session.settings.limit = lookup.limit;
    let answer = if lookup.explain { session.explain(&text)? } else { session.execute(&Input::Lookup(&text))? };
    Ok(Outcome { answer, fail_on_rows: lookup.fail_on_rows })
}

/// `trailq sql STATEMENT`.
pub(super) fn sql(session: &mut Session, sql: Sql) -> Result<Outcome, SessionError> {
    session.set_params(Params::of_statement(sql.params.params));
    let answer = match (&sql.statement, &sql.file) {
        (Some(statement), _) => session.execute(&Input::Sql(statement))?,
        (None, Some(file)) => {
            let mut text = String::new();
            let (mut reader, origin) = open(file)?;
            reader
                .read_to_string(&mut text)
                .map_err(|error| Diagnostic::new(format!("{origin} cannot be read: {error}")))?;
            session.execute(&Input::Sql(&text)).map_err(|error| scripts::locate(error, &origin, 1))?
        }
        (None, None) => return Err(Diagnostic::new("there is no statement").into()),
    };
    Ok(Outcome { answer, fail_on_rows: sql.fail_on_rows })
}

/// `trailq script FILE`.
pub(super) fn script(session: &mut Session, script: Script) -> Result<Outcome, SessionError> {
    session.set_params(Params::of_script(script.params.params));
    let (reader, origin) = open(&script.file)?;
    Ok(scripts::run(session, BufReader::new(reader), &origin)?.into())
}

/// Where a misspelled command was taken as the name of a case, says so.
fn suggest_commands(error: SessionError, named: Option<&Path>) -> SessionError {
    match (error, named.filter(|path| !path.exists())) {
        (SessionError::Mistake(mut mistake), Some(path)) => {
            let near = near_commands(&path.to_string_lossy());
            mistake.hints.splice(0..0, near.iter().map(|near| format!("did you mean the command `{near}`?")));
            SessionError::Mistake(mistake)
        }
        (error, _) => error,
    }
}

/// Opens a file, or standard input for `-`; also tells how messages name it.
fn open(path: &Path) -> Result<(Box<dyn Read>, String), SessionError> {
    if path.as_os_str() == "-" {
        return Ok((Box::new(io::stdin()), STDIN.to_owned()));
    }
    let name = path.display().to_string();
    match File::open(path) {
        Ok(file) => Ok((Box::new(file), name)),
        Err(error) => Err(Diagnostic::new(format!("{name} cannot be read: {error}")).into()),
    }
}
