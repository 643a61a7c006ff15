//! `trailq reindex`.

use clap::Args;

use super::outcome::Outcome;
use crate::session::{Session, SessionError};

/// Examples for `trailq reindex --help`.
const EXAMPLES: &str = "\
Examples:
  trailq reindex
  trailq --db incident-42.db reindex

A newer trailq may make more of a record than the one that imported it: new columns, outcomes and
resources. `trailq info` reports when a case is older. Event ids, tags, notes, conflicts and the
ledger stay as they are. A run that is stopped or fails leaves the case unchanged";

/// Apply the rules of this version to the records in the case
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ReindexArgs {}

/// Runs the command.
pub(super) fn run(session: &mut Session) -> Result<Outcome, SessionError> {
    Ok(session.reindex()?.into())
}
