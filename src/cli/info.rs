//! `trailq info`.

use clap::Args;

use super::outcome::Outcome;
use crate::session::{Session, SessionError};

/// Examples for `trailq info --help`.
const EXAMPLES: &str = "\
Examples:
  trailq info
  trailq --db incident-42.db info --format json";

/// Show what the case holds: period, accounts, Regions, files, rejects
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct InfoArgs {}

/// Runs the command.
pub(super) fn run(session: &mut Session) -> Result<Outcome, SessionError> {
    Ok(session.info()?.into())
}
