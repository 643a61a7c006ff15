//! `trailq export`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::case_names::is_case_name;
use super::convert::TableArgs;
use super::outcome::Outcome;
use crate::diagnostic::Diagnostic;
use crate::session::{Session, SessionError};

/// Examples for `trailq export --help`.
const EXAMPLES: &str = "\
Examples:
  trailq export ./table
  trailq export --where 'user=alice since=2024-03-01' ./table
  trailq --db incident-42.db export --by account,region,date ./table

`trailq import ./table` reads the events back. `trailq snapshot OUT.db` writes a case instead,
and --format csv or ndjson of `trailq lookup` writes rows";

/// Write the case or some of its events as a table of Parquet files
#[derive(Debug, Args)]
#[cfg_attr(not(feature = "parquet"), allow(dead_code, reason = "a build without Parquet refuses the command"))]
#[command(after_help = EXAMPLES)]
pub(super) struct ExportArgs {
    /// The folder of the table; other files in it stay
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    table: PathBuf,
    /// Write only the events that a lookup lists
    #[arg(long = "where", value_name = "LOOKUP")]
    lookup: Option<String>,
    #[command(flatten)]
    layout: TableArgs,
}

/// Runs the command.
pub(super) fn run(session: &mut Session, args: ExportArgs) -> Result<Outcome, SessionError> {
    if is_case_name(&args.table) {
        let table = args.table.display();
        let mistake = Diagnostic::new(format!("{table} is the name of a case, and export writes a folder"));
        return Err(mistake.hint(format!("write: trailq snapshot {table}")).into());
    }
    write(session, args)
}

#[cfg(feature = "parquet")]
fn write(session: &mut Session, args: ExportArgs) -> Result<Outcome, SessionError> {
    let options = crate::ingest::ExportOptions {
        by: args.layout.partition_by(),
        jobs: args.layout.jobs.map(usize::from),
        temporary: args.layout.temp,
    };
    Ok(session.export(args.lookup.as_deref(), &args.table, &options)?.into())
}

/// Refuses: this build of trailq has no Parquet.
#[cfg(not(feature = "parquet"))]
fn write(_: &mut Session, args: ExportArgs) -> Result<Outcome, SessionError> {
    Err(super::convert::without_parquet(&args.table, &args.layout).into())
}
