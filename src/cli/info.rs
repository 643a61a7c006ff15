//! `trailq info`.

use clap::Args;

use super::outcome::Outcome;
use crate::session::{Session, SessionError};

/// Examples for `trailq info --help`.
const EXAMPLES: &str = "\
Examples:
  trailq info
  trailq info --files
  trailq --db incident-42.db info --format json";

/// Show what the case holds: period, accounts, Regions, files, rejects
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct InfoArgs {
    /// List every file and archive member that was found, with its account
    #[arg(long)]
    files: bool,
}

/// Runs the command.
pub(super) fn run(args: &InfoArgs, session: &mut Session) -> Result<Outcome, SessionError> {
    let answer = if args.files { session.list_files()? } else { session.info()? };
    Ok(answer.into())
}
