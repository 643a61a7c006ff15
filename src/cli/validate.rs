//! `trailq validate`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::outcome::Outcome;
use crate::session::validate::ValidateRequest;
use crate::session::{Session, SessionError};

/// Examples for `trailq validate --help`.
const EXAMPLES: &str = "\
Examples:
  trailq validate ./AWSLogs --public-keys keys.json
  trailq validate ./AWSLogs head-objects --public-keys keys.json --strict
  trailq validate --since 2024-03-01 --until 2024-03-31
  trailq validate ./AWSLogs --format csv > findings.csv

Exit codes: 0 nothing is altered, missing or unlisted, and all was checked; else 1
`trailq guide validate` explains verdicts, `trailq guide collect` what to collect";

/// Check digest files: what is valid, altered or missing
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ValidateArgs {
    /// Files, folders and archives [default: what the case knows]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,
    /// Verify signatures with the keys of list-public-keys
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    public_keys: Vec<PathBuf>,
    /// Check only what was delivered at or after a time
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Check only what was delivered at or before a time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Exit with 1 also if a last digest has no signature
    #[arg(long)]
    strict: bool,
    /// Store the result in the case, where info shows it
    #[arg(long)]
    keep: bool,
    /// Read with N threads [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Follow symbolic links in folders
    #[arg(long)]
    follow_links: bool,
}

/// Runs the command.
pub(super) fn run(session: &mut Session, args: ValidateArgs) -> Result<Outcome, SessionError> {
    let request = ValidateRequest {
        paths: args.paths,
        public_keys: args.public_keys,
        since: args.since,
        until: args.until,
        strict: args.strict,
        keep: args.keep,
        jobs: args.jobs.map(usize::from),
        follow_links: args.follow_links,
    };
    Ok(session.validate(&request)?.into())
}
