//! `trailq import`.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueHint};

use super::outcome::Outcome;
use crate::arn::is_account_id;
use crate::case_details::{self, CaseDetails, MAX_FILE_BYTES};
use crate::diagnostic::Diagnostic;
use crate::ingest::{EventIds, Narrowing, Options};
use crate::io_message;
use crate::query::time_span;
use crate::session::{Session, SessionError};
use crate::time;

/// Examples for `trailq import --help`.
const EXAMPLES: &str = "\
Examples:
  trailq import ./AWSLogs
  trailq --db incident-42.db import AWSLogs.zip more/*.json.gz
  trailq import --since 2024-03-01 --region us-east-1 ./AWSLogs
  aws s3 cp s3://BUCKET/KEY - | trailq import -
  trailq import --case-number 2026-042 --examiner 'Ada Lovelace' ./AWSLogs
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
    /// Read only files delivered at or after a time
    ///
    /// --since, --until, --account and --region select files by their paths: the name of a delivered file, or its
    /// folders below AWSLogs. A file whose path does not have the time, account or Region is read, and so are members of
    /// archives. All events of a file that is read are imported. --until allows a day for late deliveries. The ledger
    /// lists the files that were left out
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Read only files with events up to a time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Read only files of this account; may be repeated
    #[arg(long = "account", value_name = "ID", value_delimiter = ',', value_parser = account)]
    accounts: Vec<String>,
    /// Read only files of this Region; may be repeated
    #[arg(long = "region", value_name = "REGION", value_delimiter = ',')]
    regions: Vec<String>,
    /// Identify events by eventID, or by their content
    ///
    /// Where eventIDs are not unique, content tells events apart
    #[arg(long, value_name = "ORIGIN", default_value = "event", value_parser = origins_of_ids())]
    ids: EventIds,
    /// Store the number of the case
    #[arg(long, value_name = "N", value_parser = detail)]
    case_number: Option<String>,
    /// Store the name of the examiner
    #[arg(long, value_name = "NAME", value_parser = detail)]
    examiner: Option<String>,
    /// Store where the files come from
    #[arg(long, value_name = "TEXT", value_parser = detail)]
    source: Option<String>,
    /// Read these details from a TOML file: case.toml
    ///
    /// Its keys are case_number, examiner and source. Options take precedence over the file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    case_details: Option<PathBuf>,
}

/// Parses the value of a detail of the case.
fn detail(value: &str) -> Result<String, String> {
    case_details::check(value).map(|()| value.to_owned()).map_err(|mistake| format!("the value {mistake}"))
}

/// Parses the id of an account.
fn account(value: &str) -> Result<String, String> {
    is_account_id(value).then(|| value.to_owned()).ok_or_else(|| "an account is 12 digits".to_owned())
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
    let given = CaseDetails { case_number: args.case_number, examiner: args.examiner, source: args.source };
    let read = args.case_details.as_deref().map(read_details).transpose()?.unwrap_or_default();
    let now = time::now();
    let span =
        |text: &Option<String>| text.as_deref().map(|text| time_span(text, now).map_err(Diagnostic::new)).transpose();
    let narrowing = Narrowing {
        since: span(&args.since)?.map(|(first, _)| first),
        until: span(&args.until)?.map(|(_, last)| last),
        accounts: args.accounts,
        regions: args.regions,
    };
    let options = Options {
        jobs: args.jobs.map(usize::from),
        follow_links: args.follow_links,
        ids: args.ids,
        details: given.or(read),
        narrowing,
        ..Options::default()
    };
    Ok(session.import(&args.paths, &options)?.into())
}

/// Reads a file of case details.
fn read_details(path: &Path) -> Result<CaseDetails, Diagnostic> {
    let mut text = String::new();
    let unread = |error| Diagnostic::new(io_message::cannot_read(path, &error));
    let file = File::open(path).map_err(unread)?;
    let bytes = file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text).map_err(unread)?;
    if bytes as u64 > MAX_FILE_BYTES {
        let mistake = format!("{} is larger than {MAX_FILE_BYTES} bytes", path.display());
        return Err(Diagnostic::new(mistake));
    }
    CaseDetails::parse(&text).map_err(|(line, mistake)| {
        Diagnostic::new(format!("{}:{line}: {mistake}", path.display()))
            .hint("the keys are case_number, examiner and source, for example: examiner = \"Ada Lovelace\"")
    })
}
