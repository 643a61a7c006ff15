//! `trailq leads`.

use clap::Args;

use super::outcome::Outcome;
use crate::session::{Session, SessionError};

/// Examples for `trailq leads --help`.
const EXAMPLES: &str = "\
Examples:
  trailq import findings.json && trailq leads
  trailq leads 1
  trailq leads --format json";

/// List findings of GuardDuty, or ask for what one names
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct LeadsArgs {
    /// Show events of the keys and addresses of this lead, an hour around it
    ///
    /// The number in the list, or the id of the finding. Without keys and addresses, events of its principals or
    /// resources
    #[arg(value_name = "N")]
    lead: Option<String>,
}

/// Runs the command.
pub(super) fn run(session: &mut Session, args: &LeadsArgs) -> Result<Outcome, SessionError> {
    let answer = match &args.lead {
        Some(lead) => session.lead(&format!(".lead {lead}"), lead),
        None => session.list_leads(),
    };
    Ok(answer?.into())
}
