//! `trailq lookup`.

use clap::Args;

use super::chosen_format::ChosenFormat;
use super::convert::{BY_PLACE, partitionings};
use super::outcome::Outcome;
use super::target_options::TargetOptions;
use crate::diagnostic::Diagnostic;
use crate::render::Format;
use crate::session::input::Input;
use crate::session::translate::RowKind;
use crate::session::{Session, SessionError};

/// Examples for `trailq lookup --help`.
const EXAMPLES: &str = "\
Examples:
  trailq lookup event-name=RunInstances,TerminateInstances region='us-*'
  trailq lookup user=alice since=2024-03-01 until=2024-03-02T12
  trailq lookup 'outcome=denied not ip=10.0.0.0/8 | count by event-name'
  trailq lookup --format csv resource=i-0abc > i-0abc.csv
  trailq lookup --geo Country.mmdb 'event-name=ConsoleLogin not country=NL'
  trailq lookup --explain 'error-message=\"*not authorized*\"'
  trailq lookup --for athena 'outcome=denied last=7d | top 10 user'
  trailq lookup --for duckdb --format records user=alice
  trailq lookup --for duckdb --format files user=alice
  trailq lookup --for athena --ddl --location s3://BUCKET/events/

`trailq guide lookup-language` explains lookups, `trailq guide fields` the fields";

/// Run one lookup
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct LookupArgs {
    /// Terms and stages; arguments are joined by spaces
    #[arg(required_unless_present = "ddl", value_name = "LOOKUP")]
    words: Vec<String>,
    /// Print the SQL, its parameters and the plan instead
    #[arg(long, conflicts_with = "for")]
    explain: bool,
    /// Show at most N rows [default: in a table 50 events]
    #[arg(long, value_name = "N", conflicts_with = "for")]
    limit: Option<u64>,
    /// Exit with 1 if there are rows
    #[arg(long, conflicts_with = "for")]
    fail_on_rows: bool,
    #[command(flatten)]
    target: TargetOptions,
    /// Print the statement that makes the table or view
    #[arg(long, requires = "for", conflicts_with = "words")]
    ddl: bool,
    /// Read these Parquet files, or AWS's table of this name
    #[arg(long, value_name = "PLACE", requires = "for")]
    location: Option<String>,
    /// The table is partitioned by these columns [default: date]
    #[arg(
        long,
        value_name = "COLUMNS",
        requires = "for",
        value_parser = partitionings(),
        hide_short_help = true
    )]
    by: Option<String>,
}

impl LookupArgs {
    /// Reports whether a statement of another engine is printed.
    pub(super) fn is_translated(&self) -> bool {
        self.target.target().is_some()
    }

    /// Returns the columns that are folders of the table.
    fn partitions(&self) -> &'static [&'static str] {
        if self.by.as_deref() == Some(BY_PLACE) { &["account", "region", "event_date"] } else { &["event_date"] }
    }
}

/// Runs the command.
pub(super) fn run(
    session: &mut Session,
    args: &LookupArgs,
    format: Option<ChosenFormat>,
) -> Result<Outcome, SessionError> {
    let text = args.words.join(" ");
    if let Some(target) = args.target.target() {
        if args.location.is_some() && !args.ddl {
            return Err(Diagnostic::new("--location is the place of --ddl").hint("add --ddl, or leave it out").into());
        }
        if args.by.is_some() && !args.ddl {
            return Err(Diagnostic::new("--by is the partitioning of --ddl").hint("add --ddl, or leave it out").into());
        }
        return Ok(match args.ddl {
            true => session.print_definition(&target, args.partitions(), args.location.as_deref())?.into(),
            false => session.translate(&text, &target, row_kind(format)?)?.into(),
        });
    }
    session.settings.limit = args.limit;
    let answer = if args.explain { session.explain(&text)? } else { session.execute(&Input::Lookup(&text))? };
    Ok(Outcome { answer, fail_on_rows: args.fail_on_rows })
}

/// Returns the rows of a statement of another engine.
fn row_kind(format: Option<ChosenFormat>) -> Result<RowKind, SessionError> {
    match format {
        None | Some(ChosenFormat::Rows) => Ok(RowKind::Rows),
        Some(ChosenFormat::Files) => Ok(RowKind::Files),
        Some(ChosenFormat::Answer(Format::Records)) => Ok(RowKind::Records),
        Some(ChosenFormat::Answer(format)) => {
            let message = format!("a statement of another engine has no format {}", format.name());
            Err(Diagnostic::new(message).hint("--for takes --format rows, records or files").into())
        }
    }
}
