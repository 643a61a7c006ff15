//! `trailq import`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::outcome::Outcome;
use crate::ingest::Options;
use crate::session::{Session, SessionError};

/// Examples for `trailq import --help`.
const EXAMPLES: &str = "\
Examples:
  trailq import ./AWSLogs
  trailq --db incident-42.db import AWSLogs.zip more/*.json.gz
  aws s3 cp s3://BUCKET/KEY - | trailq import -
  trailq import --format json ./AWSLogs > report.json";

/// Load trail files and folders into the case
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ImportArgs {
    /// Files and folders; - is standard input
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,
    /// Read with N threads [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Follow symbolic links in folders
    #[arg(long)]
    follow_links: bool,
}

/// Runs the command.
pub(super) fn run(session: &mut Session, args: ImportArgs) -> Result<Outcome, SessionError> {
    let options = Options { jobs: args.jobs.map(usize::from), follow_links: args.follow_links };
    Ok(session.import(&args.paths, &options)?.into())
}
