//! The command line: global options and the list of commands. Each command is a file with its options, help, examples and
//! code.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, Parser, Subcommand, ValueHint};

use super::chosen_format::{ChosenFormat, formats};
use super::completions::CompletionsArgs;
use super::config::ConfigArgs;
use super::convert::ConvertArgs;
use super::diff::DiffArgs;
use super::export::ExportArgs;
use super::guide::GuideArgs;
use super::hunt::HuntArgs;
use super::import::ImportArgs;
use super::info::InfoArgs;
use super::leads::LeadsArgs;
use super::lookup::LookupArgs;
use super::lookup_events::LookupEventsArgs;
use super::man::ManArgs;
use super::merge::MergeArgs;
use super::queries::QueriesArgs;
use super::reindex::ReindexArgs;
use super::report::ReportArgs;
use super::run::RunArgs;
use super::script::ScriptArgs;
use super::scripts::ScriptsArgs;
use super::serve::ServeArgs;
use super::snapshot::SnapshotArgs;
use super::sql::SqlArgs;
use super::validate::ValidateArgs;
use crate::terminal::capabilities::ColorChoice;

/// Examples for `trailq --help`.
const EXAMPLES: &str = "\
Examples:
  trailq import ./AWSLogs                        load a folder of trail files into trailq.db
  trailq lookup event-name=ConsoleLogin last=7d  who signed in
  trailq lookup 'outcome=denied | top 10 user'   who was denied most
  trailq                                         open the REPL
  trailq guide tutorial                          read the guide

Exit codes: 0 done; 1 done, but input was rejected or --fail-on-rows met rows; 2 could not run";

/// Query CloudTrail files locally: trail files in, answers out
#[derive(Debug, Parser)]
#[command(name = "trailq", version, max_term_width = 100, after_help = EXAMPLES, disable_help_flag = true)]
pub(super) struct Cli {
    /// The case to open in the REPL
    #[arg(value_name = "CASE", value_hint = ValueHint::FilePath)]
    pub(super) case: Option<PathBuf>,
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(super) struct Global {
    /// Use this case, a SQLite file [env: TRAILQ_DB] [default: trailq.db]
    #[arg(long, global = true, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(super) db: Option<PathBuf>,
    /// Write answers in this format [default: table]
    #[arg(long, global = true, value_name = "FORMAT", value_parser = formats())]
    pub(super) format: Option<ChosenFormat>,
    /// Choose when to use color
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", value_parser = color_choices())]
    pub(super) color: ColorChoice,
    /// Add a folder of saved queries; may be repeated
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) queries: Vec<PathBuf>,
    /// Tell countries and networks of addresses by this file; may be repeated
    #[arg(long = "geo", global = true, value_name = "FILE", value_hint = ValueHint::FilePath, hide_short_help = true)]
    pub(super) geo_files: Vec<PathBuf>,
    /// Silence notes, status lines and progress
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
    /// Print help; `trailq help COMMAND` explains more
    #[arg(long, short, global = true, action = ArgAction::HelpShort, display_order = 1000)]
    pub(super) help: Option<bool>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Import(ImportArgs),
    Lookup(LookupArgs),
    Sql(SqlArgs),
    LookupEvents(LookupEventsArgs),
    Serve(ServeArgs),
    Queries(QueriesArgs),
    Run(RunArgs),
    Hunt(HuntArgs),
    Leads(LeadsArgs),
    Script(ScriptArgs),
    Report(ReportArgs),
    Scripts(ScriptsArgs),
    Info(InfoArgs),
    Validate(ValidateArgs),
    Snapshot(SnapshotArgs),
    Merge(MergeArgs),
    Reindex(ReindexArgs),
    Diff(DiffArgs),
    Convert(ConvertArgs),
    Export(ExportArgs),
    Guide(GuideArgs),
    Completions(CompletionsArgs),
    Config(ConfigArgs),
    Man(ManArgs),
}

/// Parses `--color`.
fn color_choices() -> impl TypedValueParser<Value = ColorChoice> {
    // `on` and `off` are the names of the AWS CLI.
    let aliased = |name: &'static str, alias: &'static str| PossibleValue::new(name).alias(alias);
    let names = [PossibleValue::new("auto"), aliased("always", "on"), aliased("never", "off")];
    PossibleValuesParser::new(names).map(|name| match name.as_str() {
        "always" | "on" => ColorChoice::Always,
        "never" | "off" => ColorChoice::Never,
        _ => ColorChoice::Auto,
    })
}
