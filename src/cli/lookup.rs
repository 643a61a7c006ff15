//! `trailq lookup`.

use clap::Args;

use super::outcome::Outcome;
use crate::session::input::Input;
use crate::session::{Session, SessionError};

/// Examples for `trailq lookup --help`.
const EXAMPLES: &str = "\
Examples:
  trailq lookup event-name=RunInstances,TerminateInstances region='us-*'
  trailq lookup user=alice since=2024-03-01 until=2024-03-02T12
  trailq lookup 'outcome=denied not ip=10.0.0.0/8 | count by event-name'
  trailq lookup --format csv resource=i-0abc > i-0abc.csv
  trailq lookup --explain 'error-message=\"*not authorized*\"'

`trailq guide lookup-language` explains lookups, and `trailq guide fields` lists the fields";

/// Run one lookup
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct LookupArgs {
    /// Terms and stages; arguments are joined by spaces
    #[arg(required = true, value_name = "LOOKUP")]
    words: Vec<String>,
    /// Print the SQL, its parameters and the plan instead
    #[arg(long)]
    explain: bool,
    /// Show at most N rows [default: 50 events in a table, else all]
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Exit with 1 if there are rows
    #[arg(long)]
    fail_on_rows: bool,
}

/// Runs the command.
pub(super) fn run(session: &mut Session, args: &LookupArgs) -> Result<Outcome, SessionError> {
    let text = args.words.join(" ");
    session.settings.limit = args.limit;
    let answer = if args.explain { session.explain(&text)? } else { session.execute(&Input::Lookup(&text))? };
    Ok(Outcome { answer, fail_on_rows: args.fail_on_rows })
}
