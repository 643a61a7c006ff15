//! What may be typed on the command line.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueHint};

use super::lookup_events::{self, LookupEvents};
use crate::redact::Kind;
use crate::render::Format;
use crate::session::parse_value;
use crate::terminal::capabilities::ColorChoice;

/// Query CloudTrail files locally: trail files in, answers out
#[derive(Debug, Parser)]
#[command(name = "trailq", version, max_term_width = 100, after_help = EXAMPLES)]
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
    /// The case, one SQLite file [env: TRAILQ_DB] [default: trailq.db]
    #[arg(long, global = true, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(super) db: Option<PathBuf>,
    /// How answers look [default: table]
    #[arg(long, global = true, value_name = "FORMAT", value_parser = formats())]
    pub(super) format: Option<Format>,
    /// When to color
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", value_parser = colorings())]
    pub(super) color: ColorChoice,
    /// A folder of saved queries; may be given several times
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) queries: Vec<PathBuf>,
    /// Leave out notes, status lines and progress
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Load trail files and folders into the case
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(Import),
    /// Answer one lookup
    #[command(after_help = LOOKUP_EXAMPLES)]
    Lookup(Lookup),
    /// Answer SQL, read-only
    #[command(after_help = SQL_EXAMPLES)]
    Sql(Sql),
    /// Answer as `aws cloudtrail lookup-events` does
    #[command(after_help = lookup_events::EXAMPLES)]
    LookupEvents(LookupEvents),
    /// Answer LookupEvents over HTTP on this machine, for aws and the SDKs
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(Serve),
    /// List, search and show the saved queries
    #[command(after_help = QUERIES_EXAMPLES)]
    Queries(Queries),
    /// Run a saved query
    #[command(after_help = RUN_EXAMPLES)]
    Run(RunQuery),
    /// Run lookups, SQL and dot-commands from a file
    #[command(after_help = SCRIPT_EXAMPLES)]
    Script(Script),
    /// Show what the case holds: period, accounts, Regions, files, rejects
    #[command(after_help = INFO_EXAMPLES)]
    Info,
    /// Write the case or some of its events to a new file, or verify one
    #[command(after_help = SNAPSHOT_EXAMPLES)]
    Snapshot(Snapshot),
    /// Merge other cases and snapshots into the case
    #[command(after_help = MERGE_EXAMPLES)]
    Merge(Merge),
    /// Compare two cases
    #[command(after_help = DIFF_EXAMPLES)]
    Diff(Diff),
    /// Print completions for a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// `trailq import`.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// Files and folders; - is standard input
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(super) paths: Vec<PathBuf>,
    /// How many threads read [default: one a processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,
    /// Follow symbolic links in folders
    #[arg(long)]
    pub(super) follow_links: bool,
}

/// `trailq lookup`.
#[derive(Debug, Args)]
pub(super) struct Lookup {
    /// Terms and stages; several words are joined by spaces
    #[arg(required = true, value_name = "LOOKUP")]
    pub(super) words: Vec<String>,
    /// Print the SQL, its parameters and the plan instead
    #[arg(long)]
    pub(super) explain: bool,
    /// Show at most N rows [default: 50 events as a table, all in other formats]
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<u64>,
    /// Exit with 1 when there are rows
    #[arg(long)]
    pub(super) fail_on_rows: bool,
}

/// `trailq sql`.
#[derive(Debug, Args)]
pub(super) struct Sql {
    /// The statement, or several separated by semicolons
    #[arg(value_name = "STATEMENT", required_unless_present = "file", conflicts_with = "file")]
    pub(super) statement: Option<String>,
    /// Read the statement from a file; - is standard input
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) params: Params,
    /// Exit with 1 when there are rows
    #[arg(long)]
    pub(super) fail_on_rows: bool,
}

/// `trailq serve`.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The port; 0 takes any that is free
    #[arg(long, value_name = "N")]
    pub(super) port: u16,
    /// The address; any other than this machine's own lets others read the case without credentials
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(super) address: IpAddr,
}

/// `trailq queries`.
#[derive(Debug, Args)]
pub(super) struct Queries {
    /// Words that a query is about, or the name of one to show
    #[arg(value_name = "WORD")]
    pub(super) words: Vec<String>,
    /// Validate all saved queries against the schema
    #[arg(long, conflicts_with_all = ["words", "save", "delete"])]
    pub(super) check: bool,
    /// Save the query of a file in the case, under the file's name
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["words", "delete"])]
    pub(super) save: Option<PathBuf>,
    /// Delete a saved query from the case
    #[arg(long, value_name = "NAME", conflicts_with = "words")]
    pub(super) delete: Option<String>,
}

/// `trailq run`.
#[derive(Debug, Args)]
pub(super) struct RunQuery {
    /// The query, or one of trailq's own scripts: triage, leaked-key
    #[arg(value_name = "NAME")]
    pub(super) name: String,
    /// Values for the query's parameters
    #[arg(value_name = "NAME=VALUE")]
    pub(super) values: Vec<String>,
    /// Give a parameter a value, as NAME=VALUE alone does
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parse_param)]
    pub(super) params: Vec<(String, String)>,
    /// Only what happened at or after a time; a coarse one means its start
    #[arg(long, value_name = "TIME")]
    pub(super) since: Option<String>,
    /// Only what happened at or before a time; a coarse one means its end
    #[arg(long, value_name = "TIME")]
    pub(super) until: Option<String>,
    /// Exit with 1 when there are rows
    #[arg(long)]
    pub(super) fail_on_rows: bool,
}

/// `trailq script`.
#[derive(Debug, Args)]
pub(super) struct Script {
    /// The file, or one of trailq's own scripts: triage, leaked-key; - is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) file: PathBuf,
    /// Values for the script's parameters
    #[arg(value_name = "NAME=VALUE")]
    pub(super) values: Vec<String>,
    #[command(flatten)]
    pub(super) params: Params,
}

/// `trailq snapshot`.
#[derive(Debug, Args)]
pub(super) struct Snapshot {
    /// The file to write
    #[arg(value_name = "OUT.db", value_hint = ValueHint::FilePath, required_unless_present = "verify")]
    pub(super) out: Option<PathBuf>,
    /// Keep only the events that a lookup lists
    #[arg(long = "where", value_name = "LOOKUP", conflicts_with_all = ["query", "tag"])]
    pub(super) lookup: Option<String>,
    /// Keep only the events in the answer of a saved query
    #[arg(long, value_name = "NAME", conflicts_with = "tag")]
    pub(super) query: Option<String>,
    /// Give the saved query's parameter NAME a value
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parse_param, requires = "query")]
    pub(super) params: Vec<(String, String)>,
    /// The saved query's --since
    #[arg(long, value_name = "TIME", requires = "query")]
    pub(super) since: Option<String>,
    /// The saved query's --until
    #[arg(long, value_name = "TIME", requires = "query")]
    pub(super) until: Option<String>,
    /// Keep only the events that have a tag
    #[arg(long, value_name = "TAG")]
    pub(super) tag: Option<String>,
    /// Leave out notes, saved queries and noise rules; tags stay with their events
    #[arg(long)]
    pub(super) no_notes: bool,
    /// Keep records as plain JSON in a table `records`, for programs without trailq
    #[arg(long)]
    pub(super) portable: bool,
    /// With --portable: a full-text index of the records, `records_fts`
    #[arg(long, requires = "portable")]
    pub(super) fts: bool,
    /// Replace what identifies somebody, everywhere by the same: accounts, keys, ips, users, arns; accounts imply keys,
    /// and arns imply accounts
    #[arg(long, value_name = "KIND,...", value_delimiter = ',', value_parser = kinds())]
    pub(super) redact: Vec<Kind>,
    /// With --redact: write what stands for what to a file that only its owner can read
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "redact")]
    pub(super) redact_key: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long)]
    pub(super) force: bool,
    /// Verify a snapshot: its structure, the sums of its ledger, and its digests
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath,
          conflicts_with_all = ["out", "lookup", "query", "tag", "no_notes", "portable", "redact", "force"])]
    pub(super) verify: Option<PathBuf>,
    /// With --verify: look for the source files in a folder, by their SHA-256
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, requires = "verify", conflicts_with = "out")]
    pub(super) sources: Option<PathBuf>,
}

/// `trailq merge`.
#[derive(Debug, Args)]
pub(super) struct Merge {
    /// The cases and snapshots to merge
    #[arg(required = true, value_name = "OTHER.db", value_hint = ValueHint::FilePath)]
    pub(super) others: Vec<PathBuf>,
    /// Merge cases even if they were redacted differently
    #[arg(long)]
    pub(super) force: bool,
}

/// `trailq diff`.
#[derive(Debug, Args)]
pub(super) struct Diff {
    /// One case
    #[arg(value_name = "A.db", value_hint = ValueHint::FilePath)]
    pub(super) a: PathBuf,
    /// The other one
    #[arg(value_name = "B.db", value_hint = ValueHint::FilePath)]
    pub(super) b: PathBuf,
    /// List what differs instead of counting it
    #[arg(long)]
    pub(super) rows: bool,
    /// Exit with 1 when there are differences
    #[arg(long)]
    pub(super) fail_on_rows: bool,
}

/// Values for what is left open.
#[derive(Debug, Args)]
pub(super) struct Params {
    /// Give :NAME in SQL, and ${NAME} in lookups of a script, a value
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parse_param)]
    pub(super) params: Vec<(String, String)>,
}

/// Reads `NAME=VALUE`.
fn parse_param(text: &str) -> Result<(String, String), String> {
    parse_value(text).map_err(|mistake| mistake.message)
}

/// Reads what is redacted.
fn kinds() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::ALL.map(Kind::name)).try_map(|name| name.parse().map_err(|()| "no such kind"))
}

/// Reads a format.
fn formats() -> impl TypedValueParser<Value = Format> {
    let names = Format::ALL.map(|format| PossibleValue::new(format.name()).help(format.spec().help));
    PossibleValuesParser::new(names).try_map(|name| name.parse().map_err(|()| "no such format"))
}

/// Reads when to color.
fn colorings() -> impl TypedValueParser<Value = ColorChoice> {
    // The AWS CLI says on and off.
    let aliased = |name: &'static str, alias: &'static str| PossibleValue::new(name).alias(alias);
    let names = [PossibleValue::new("auto"), aliased("always", "on"), aliased("never", "off")];
    PossibleValuesParser::new(names).map(|name| match name.as_str() {
        "always" | "on" => ColorChoice::Always,
        "never" | "off" => ColorChoice::Never,
        _ => ColorChoice::Auto,
    })
}

/// Examples for `trailq --help`.
const EXAMPLES: &str = "\
Examples:
  trailq import ./AWSLogs                        load a folder of trail files into trailq.db
  trailq lookup event-name=ConsoleLogin last=7d  who signed in
  trailq lookup 'outcome=denied | top 10 user'   who was refused most
  trailq                                         open the REPL

Exit codes: 0 done; 1 done, but input was rejected or --fail-on-rows met rows; 2 could not run";

/// Examples for `trailq import --help`.
const IMPORT_EXAMPLES: &str = "\
Examples:
  trailq import ./AWSLogs
  trailq --db incident-42.db import AWSLogs.zip more/*.json.gz
  aws s3 cp s3://BUCKET/KEY - | trailq import -
  trailq import --format json ./AWSLogs > report.json";

/// Examples for `trailq lookup --help`.
const LOOKUP_EXAMPLES: &str = "\
Examples:
  trailq lookup event-name=RunInstances,TerminateInstances region='us-*'
  trailq lookup user=alice since=2024-03-01 until=2024-03-02T12
  trailq lookup 'outcome=denied not ip=10.0.0.0/8 | count by event-name'
  trailq lookup --format csv resource=i-0abc > i-0abc.csv
  trailq lookup --explain 'error-message=\"*not authorized*\"'

The fields are listed by `.help fields` in the REPL";

/// Examples for `trailq sql --help`.
const SQL_EXAMPLES: &str = "\
Examples:
  trailq sql 'SELECT event_name, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC LIMIT 10'
  trailq sql --param user=alice 'SELECT * FROM event_history WHERE user_name = :user'
  trailq --format json sql -f report.sql";

/// Examples for `trailq serve --help`.
const SERVE_EXAMPLES: &str = "\
Examples:
  trailq serve --port 8080
  aws --endpoint-url http://127.0.0.1:8080 --no-sign-request --region us-east-1 \\
      cloudtrail lookup-events
  AWS_ENDPOINT_URL_CLOUDTRAIL=http://127.0.0.1:8080 python3 report.py

The Region and the credentials of a request are not checked; Ctrl-C stops the server";

/// Examples for `trailq queries --help`.
const QUERIES_EXAMPLES: &str = "\
Examples:
  trailq queries                       all of them
  trailq queries login                 those about logins
  trailq queries T1562                 those about a technique of ATT&CK
  trailq queries lineage               what one asks for, and its SQL
  trailq queries --check --queries ./sql
  trailq queries --save odd-logins.sql

Queries are looked up in the folders of --queries, TRAILQ_QUERIES and the configuration
(~/.config/trailq/queries), then among trailq's own, then in the case. If two have the same name,
the first one is used";

/// Examples for `trailq run --help`.
const RUN_EXAMPLES: &str = "\
Examples:
  trailq run console-logins --since 2024-03-01
  trailq run lineage key=AKIAIOSFODNN7EXAMPLE
  trailq run who-changed resource=acme-logs --format csv > changes.csv
  trailq run triage since=2024-03-01
  trailq run trails-stopped --since now-24h --fail-on-rows -q || mail -s stopped soc@example.com

`trailq queries` lists the queries, `trailq queries NAME` shows the parameters of one";

/// Examples for `trailq script --help`.
const SCRIPT_EXAMPLES: &str = "\
Examples:
  trailq script triage since=2024-03-01 > triage.txt
  trailq script leaked-key key=AKIAIOSFODNN7EXAMPLE
  trailq script user.trailq user=alice
  trailq --format markdown script report.trailq > report.md

A script holds a lookup or a dot-command a line, SQL up to a semicolon, and comments after --";

/// Examples for `trailq info --help`.
const INFO_EXAMPLES: &str = "\
Examples:
  trailq info
  trailq --db incident-42.db info --format json";

/// Examples for `trailq snapshot --help`.
const SNAPSHOT_EXAMPLES: &str = "\
Examples:
  trailq snapshot incident-42.db
  trailq snapshot --where 'user=alice since=2024-03-01' alice.db
  trailq snapshot --tag finding --portable --fts findings.db
  trailq snapshot --query key-timeline --param key=AKIAIOSFODNN7EXAMPLE key.db
  trailq snapshot --redact accounts,ips,users,arns --redact-key ~/incident-42.key handed-on.db
  trailq snapshot --verify incident-42.db
  trailq snapshot --verify incident-42.db --sources ./AWSLogs

`trailq --db OUT.db info` shows what a snapshot was made from. Anyone who can modify the file can
also modify its digests, so send the SHA-256 that is printed through a separate channel, and compare
it with what --verify prints. --verify exits with 1 if something is wrong";

/// Examples for `trailq merge --help`.
const MERGE_EXAMPLES: &str = "\
Examples:
  trailq --db all.db merge alice.db bob.db
  trailq merge ../handed-over.db
  trailq merge --format json team/*.db > report.json

The case is created if there is none. What two cases share, such as events, files, tags and notes,
is stored once. The result does not depend on the order, merging again adds nothing, and a merge
that fails changes nothing";

/// Examples for `trailq diff --help`.
const DIFF_EXAMPLES: &str = "\
Examples:
  trailq diff before.db after.db
  trailq diff --rows before.db after.db
  trailq --format csv diff --rows mine.db theirs.db > differences.csv
  trailq --quiet diff case.db copy.db --fail-on-rows && echo the same

Events are matched by event ID, and differ if their records differ as parsed JSON; identities and
resources are matched by what identifies them";

/// Examples for `trailq completions --help`.
const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  trailq completions bash > ~/.local/share/bash-completion/completions/trailq
  trailq completions zsh > ~/.zfunc/_trailq";
