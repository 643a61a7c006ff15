//! `trailq import`.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueHint};

use super::outcome::Outcome;
use crate::ingest::{EventIds, Options};
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
    /// Identify events by eventID, or by content if eventIDs are not unique
    #[arg(long, value_name = "ORIGIN", default_value = "event", value_parser = origins_of_ids())]
    ids: EventIds,
}

/// The origins of event ids that `--ids` takes.
fn origins_of_ids() -> impl TypedValueParser<Value = EventIds> {
    let event = PossibleValue::new(EventIds::Event.name()).help("the eventID of each record");
    let content = PossibleValue::new(EventIds::Content.name()).help("the content of each record");
    PossibleValuesParser::new([event, content])
        .map(|name| if name == EventIds::Content.name() { EventIds::Content } else { EventIds::Event })
}

/// Runs the command.
pub(super) fn run(session: &mut Session, args: ImportArgs) -> Result<Outcome, SessionError> {
    let options = Options { jobs: args.jobs.map(usize::from), follow_links: args.follow_links, ids: args.ids };
    Ok(session.import(&args.paths, &options)?.into())
}
