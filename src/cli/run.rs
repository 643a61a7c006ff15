//! `trailq run`.

use clap::Args;

use super::outcome::Outcome;
use super::parameters::{each_once, parse_param, values};
use crate::diagnostic::Diagnostic;
use crate::session::{Run, Session, SessionError};

/// Examples for `trailq run --help`.
const EXAMPLES: &str = "\
Examples:
  trailq run console-logins --since 2024-03-01
  trailq run lineage key=AKIAIOSFODNN7EXAMPLE
  trailq run who-changed resource=acme-logs --format csv > changes.csv
  trailq run triage since=2024-03-01
  trailq run trails-stopped --since now-24h --fail-on-rows -q || mail soc@x.org

`trailq queries` lists them, `trailq queries NAME` shows the parameters of one";

/// Run a saved query
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct RunArgs {
    /// The query, or a built-in script: triage, leaked-key
    #[arg(value_name = "NAME")]
    name: String,
    /// Values for the query's parameters
    #[arg(value_name = "NAME=VALUE")]
    values: Vec<String>,
    /// Set a parameter, like NAME=VALUE alone
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parse_param)]
    params: Vec<(String, String)>,
    /// Include only events at or after a time; a coarse time is its start
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Include only events at or before a time; a coarse time is its end
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Exit with 1 if there are rows
    #[arg(long)]
    fail_on_rows: bool,
}

/// Runs the command.
pub(super) fn run(session: &mut Session, args: RunArgs) -> Result<Outcome, SessionError> {
    if args.name.contains('=') {
        let mistake = Diagnostic::new(format!("`{}` is not the name of a query", args.name));
        return Err(mistake.hint(format!("write the name first: trailq run NAME {}", args.name)).into());
    }
    let values = values(session, &args.name, &args.values)?;
    let params = each_once(args.params.into_iter().chain(values))?;
    let run = Run { name: args.name, params, since: args.since, until: args.until };
    Ok(Outcome { answer: session.run_query(&run)?, fail_on_rows: args.fail_on_rows })
}
