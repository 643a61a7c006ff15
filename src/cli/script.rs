//! `trailq script`.

use std::io::{self, BufReader};
use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::outcome::Outcome;
use super::parameters::{ParamArgs, each_once, values};
use super::source::open;
use crate::diagnostic::{Diagnostic, nearest};
use crate::saved::{shipped_script, shipped_scripts};
use crate::session::{Params, Run, Session, SessionError, script};

/// Examples for `trailq script --help`.
const EXAMPLES: &str = "\
Examples:
  trailq script triage since=2024-03-01 > triage.txt
  trailq script leaked-key key=AKIAIOSFODNN7EXAMPLE
  trailq script user.trailq user=alice
  trailq --format markdown script report.trailq > report.md
  trailq script checks.trailq --fail-on-rows -q || mail -s rows soc@example.com

A script has one lookup or dot-command per line, SQL up to a semicolon, and comments after --.
`trailq scripts` lists the built-in scripts";

/// Run lookups, SQL and dot-commands from a file
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ScriptArgs {
    /// The file or built-in script (triage, leaked-key); - is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// Values for the script's parameters
    #[arg(value_name = "NAME=VALUE")]
    values: Vec<String>,
    #[command(flatten)]
    params: ParamArgs,
    /// Exit with 1 if an answer has rows
    #[arg(long)]
    fail_on_rows: bool,
}

/// Runs the command: the file, else the script of that name that is part of trailq.
pub(super) fn run(session: &mut Session, args: ScriptArgs) -> Result<Outcome, SessionError> {
    let name = args.file.to_string_lossy().into_owned();
    let values = values(session, &name, &args.values)?;
    let params = each_once(args.params.params.into_iter().chain(values))?;
    if !args.file.exists() && name != "-" {
        if let Some(own) = shipped_script(&name) {
            let answer = session.run_script(&own, &Run { name, params, ..Run::default() })?;
            return Ok(Outcome { answer, fail_on_rows: args.fail_on_rows });
        }
        return Err(no_script(&name).into());
    }
    session.set_params(Params::of_script(params));
    let (reader, origin) = open(&args.file)?;
    if name != "-" {
        // Ctrl-C ends the statement and the script, and the file of `.output` is completed. On standard input the signal
        // keeps its default action, which also ends the wait for input.
        let interrupter = session.interrupter();
        ctrlc::set_handler(move || interrupter.interrupt()).map_err(|error| io::Error::other(error.to_string()))?;
    }
    let answer = script::run_file(session, BufReader::new(reader), &origin)?;
    Ok(Outcome { answer, fail_on_rows: args.fail_on_rows })
}

/// Returns the error about an unknown script.
fn no_script(name: &str) -> Diagnostic {
    let own = shipped_scripts();
    let names: Vec<&str> = own.iter().map(|script| script.name).collect();
    let mut mistake = Diagnostic::new(format!("no script or file `{name}`"));
    mistake.hints.extend(nearest(name, names.iter().copied()).first().map(|near| format!("did you mean `{near}`?")));
    mistake.note(format!("built-in scripts: {}", names.join(", ")))
}
