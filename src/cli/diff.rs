//! `trailq diff`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::outcome::Outcome;
use crate::session::{Session, SessionError};

/// Examples for `trailq diff --help`.
const EXAMPLES: &str = "\
Examples:
  trailq diff before.db after.db
  trailq diff --rows before.db after.db
  trailq --format csv diff --rows mine.db theirs.db > differences.csv
  trailq --quiet diff case.db copy.db --fail-on-rows && echo the same

Events are matched by event ID, and differ if their records differ as parsed JSON; identities and
resources are matched by what identifies them";

/// Compare two cases
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DiffArgs {
    /// The first case
    #[arg(value_name = "A.db", value_hint = ValueHint::FilePath)]
    a: PathBuf,
    /// The second case
    #[arg(value_name = "B.db", value_hint = ValueHint::FilePath)]
    b: PathBuf,
    /// List the differences instead of counting them
    #[arg(long)]
    rows: bool,
    /// Exit with 1 if there are differences
    #[arg(long)]
    fail_on_rows: bool,
}

/// Runs the command.
pub(super) fn run(session: &mut Session, args: &DiffArgs) -> Result<Outcome, SessionError> {
    Ok(Outcome { answer: session.diff_cases(&args.a, &args.b, args.rows)?, fail_on_rows: args.fail_on_rows })
}
