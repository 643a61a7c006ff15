//! `trailq merge`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::outcome::Outcome;
use crate::session::{Session, SessionError};

/// Examples for `trailq merge --help`.
const EXAMPLES: &str = "\
Examples:
  trailq --db all.db merge alice.db bob.db
  trailq merge ../handed-over.db
  trailq merge --format json team/*.db > report.json

The case is created if there is none. What two cases share, such as events, files, tags and notes,
is stored once. The result does not depend on the order, merging again adds nothing, and a merge
that fails changes nothing";

/// Merge other cases and snapshots into the case
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct MergeArgs {
    /// The cases and snapshots to merge
    #[arg(required = true, value_name = "OTHER.db", value_hint = ValueHint::FilePath)]
    others: Vec<PathBuf>,
    /// Merge cases even if their redactions or origins of ids differ
    #[arg(long)]
    force: bool,
}

/// Runs the command.
pub(super) fn run(session: &mut Session, args: &MergeArgs) -> Result<Outcome, SessionError> {
    Ok(session.merge(&args.others, args.force)?.into())
}
