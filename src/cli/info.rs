//! `trailq info`.

use clap::Args;

use super::outcome::Outcome;
use crate::session::{Session, SessionError};

/// Examples for `trailq info --help`.
const EXAMPLES: &str = "\
Examples:
  trailq info
  trailq info --files
  trailq info --custody
  trailq info --manifest > sources.sha256 && sha256sum -c sources.sha256
  trailq --db incident-42.db info --format json";

/// Show what the case holds: period, accounts, Regions, files, rejects
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct InfoArgs {
    /// List every file and archive member that was found, with its account
    #[arg(long)]
    files: bool,
    /// Show the chain of custody: imports, source files, steps
    #[arg(long, conflicts_with = "files")]
    custody: bool,
    /// Print the SHA-256 of source files and case, for sha256sum -c
    ///
    /// Standard error says which sources cannot be in it: members of archives, standard input, and files that were
    /// overwritten
    #[arg(long, conflicts_with_all = ["files", "custody"])]
    manifest: bool,
}

/// Runs the command.
pub(super) fn run(args: &InfoArgs, session: &mut Session) -> Result<Outcome, SessionError> {
    let answer = match args {
        InfoArgs { files: true, .. } => session.list_files(),
        InfoArgs { custody: true, .. } => session.custody(),
        InfoArgs { manifest: true, .. } => session.manifest(),
        _ => session.info(),
    };
    Ok(answer?.into())
}
