//! `trailq hunt`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::outcome::Outcome;
use super::target_options::TargetOptions;
use crate::diagnostic::Diagnostic;
use crate::level::Level;
use crate::session::hunt::HuntRequest;
use crate::session::{Session, SessionError};
use crate::summary::hunt::View;

/// Examples for `trailq hunt --help`.
const EXAMPLES: &str = "\
Examples:
  trailq hunt
  trailq hunt --since 2024-03-01 --min-level high
  trailq hunt --actor 2
  trailq hunt --rules sigma/rules/cloud/aws
  trailq hunt --where 'not user=scanner' --by rule
  trailq hunt --format json > findings.json
  trailq hunt --for athena --out rules --min-level high
  trailq hunt --fail-on high -q || mail -s findings soc@example.com

`trailq guide hunt` explains levels, actors and new values";

/// Run every detection and show findings by actor
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct HuntArgs {
    /// Run the Sigma rules of a file or folder too
    #[arg(long, value_name = "PATH")]
    rules: Vec<PathBuf>,
    /// Leave out the events of the Sigma filters of a path
    #[arg(long, value_name = "PATH", conflicts_with = "for")]
    ignore: Vec<PathBuf>,
    /// Examine only events that match a lookup
    #[arg(long = "where", value_name = "LOOKUP", default_value = "", hide_default_value = true)]
    filter: String,
    /// Report only events at or after a time
    ///
    /// Earlier events tell what is routine
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Report only events at or before a time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Show findings of at least this level [default: medium]
    #[arg(long, value_name = "LEVEL", value_parser = levels())]
    min_level: Option<Level>,
    /// Show the findings of one actor
    #[arg(long, value_name = "N", conflicts_with = "for")]
    actor: Option<usize>,
    /// Show all findings by rule
    #[arg(long, value_name = "rule", value_parser = ["rule"], conflicts_with = "for")]
    by: Option<String>,
    /// Take as known what a principal used up to a time
    #[arg(long, value_name = "TIME", hide_short_help = true, conflicts_with = "for")]
    baseline_until: Option<String>,
    /// Take as known what a principal used in another case
    #[arg(long, value_name = "OTHER.db", hide_short_help = true, conflicts_with = "for")]
    baseline: Option<PathBuf>,
    /// Show only what appeared since the last run
    #[arg(long = "new", conflicts_with = "for")]
    only_new: bool,
    /// Write one row an event
    #[arg(long, conflicts_with = "for")]
    events: bool,
    /// Exit with 1 if a finding has at least this level
    #[arg(long, value_name = "LEVEL", value_parser = levels(), hide_possible_values = true, conflicts_with = "for")]
    fail_on: Option<Level>,
    #[command(flatten)]
    target: TargetOptions,
    /// Write the rules that are lookups into a folder
    #[arg(long, value_name = "DIR", requires = "for")]
    out: Option<PathBuf>,
}

/// Returns the parser of levels.
fn levels() -> impl TypedValueParser<Value = Level> {
    PossibleValuesParser::new(Level::ALL.map(Level::name)).map(|name| Level::parse(&name).unwrap_or(Level::Medium))
}

/// Runs the command.
pub(super) fn run(session: &mut Session, args: HuntArgs) -> Result<Outcome, SessionError> {
    let view = match (args.actor, args.by) {
        (Some(_), Some(_)) => {
            return Err(Diagnostic::new("--actor and --by are two views").hint("take one of them").into());
        }
        (Some(number), None) => View::Actor(number),
        (None, Some(_)) => View::ByRule,
        (None, None) => View::Summary,
    };
    let request = HuntRequest {
        rules: args.rules,
        ignore: args.ignore,
        filter: args.filter,
        since: args.since,
        until: args.until,
        min_level: args.min_level,
        baseline_until: args.baseline_until,
        baseline: args.baseline,
        view,
        only_new: args.only_new,
        events: args.events,
    };
    match (args.target.target(), args.out) {
        (Some(target), Some(out)) => return Ok(session.translate_rules(&request, &target, &out)?.into()),
        (Some(_), None) => {
            let mistake = Diagnostic::new("hunt --for writes a file for each rule and needs a folder");
            return Err(mistake.hint("add --out DIR").into());
        }
        (None, _) => {}
    }
    Ok(Outcome { answer: session.hunt(&request, args.fail_on)?, fail_on_rows: args.fail_on.is_some() })
}
