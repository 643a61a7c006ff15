//! `trailq sql`.

use std::io::Read as _;
use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::outcome::Outcome;
use super::parameters::ParamArgs;
use super::source::open;
use crate::diagnostic::Diagnostic;
use crate::io_message::describe;
use crate::session::input::Input;
use crate::session::{Params, Session, SessionError, script};

/// Examples for `trailq sql --help`.
const EXAMPLES: &str = "\
Examples:
  trailq sql 'SELECT event_name, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC LIMIT 10'
  trailq sql --param user=alice 'SELECT * FROM event_history WHERE user_name = :user'
  trailq --format json sql -f report.sql";

/// Run SQL, read-only
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct SqlArgs {
    /// The statement, or several separated by semicolons
    #[arg(value_name = "STATEMENT", required_unless_present = "file", conflicts_with = "file")]
    statement: Option<String>,
    /// Read the statement from a file; - is standard input
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,
    #[command(flatten)]
    params: ParamArgs,
    /// Exit with 1 if there are rows
    #[arg(long)]
    fail_on_rows: bool,
}

/// Runs the command.
pub(super) fn run(session: &mut Session, args: SqlArgs) -> Result<Outcome, SessionError> {
    session.set_params(Params::of_statement(args.params.params));
    let answer = match (&args.statement, &args.file) {
        (Some(statement), _) => session.execute(&Input::Sql(statement))?,
        (None, Some(file)) => {
            let mut text = String::new();
            let (mut reader, origin) = open(file)?;
            reader
                .read_to_string(&mut text)
                .map_err(|error| Diagnostic::new(format!("cannot read {origin}: {}", describe(&error))))?;
            session.execute(&Input::Sql(&text)).map_err(|error| script::locate(error, &origin, 1))?
        }
        (None, None) => return Err(Diagnostic::new("no statement is given").into()),
    };
    Ok(Outcome { answer, fail_on_rows: args.fail_on_rows })
}
