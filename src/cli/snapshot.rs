//! `trailq snapshot`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueHint};

use super::outcome::Outcome;
use super::parameters::{each_once, parse_param};
use crate::diagnostic::Diagnostic;
use crate::event_digest::ExpectedDigest;
use crate::redact::Kind;
use crate::session::snapshot::{Selection, SnapshotRequest};
use crate::session::{Run, Session, SessionError};

/// Examples for `trailq snapshot --help`.
const EXAMPLES: &str = "\
Examples:
  trailq snapshot incident-42.db
  trailq snapshot --where 'user=alice since=2024-03-01' alice.db
  trailq snapshot --query key-timeline --param key=AKIAIOSFODNN7EXAMPLE key.db
  trailq snapshot --redact accounts,ips,users --redact-key ~/42.key handed-on.db
  trailq snapshot --verify incident-42.db
  trailq snapshot --verify incident-42.db --sources ./AWSLogs";
/// Examples and remarks for `trailq help snapshot`.
const REMARKS: &str = "\
Examples:
  trailq snapshot incident-42.db
  trailq snapshot --where 'user=alice since=2024-03-01' alice.db
  trailq snapshot --tag finding --portable --fts findings.db
  trailq snapshot --query key-timeline --param key=AKIAIOSFODNN7EXAMPLE key.db
  trailq snapshot --redact accounts,ips,users --redact-key ~/42.key handed-on.db
  trailq snapshot --verify incident-42.db
  trailq snapshot --verify incident-42.db --sources ./AWSLogs
  trailq snapshot --verify incident-42.db --expect events-v1:5a4c...

`trailq --db OUT.db info` shows what a snapshot was made from. Anyone who can modify the file can
also modify its digests, so send the SHA-256 that is printed through a separate channel, and compare
it with what --verify prints. --verify exits with 1 if something is wrong";

/// Write the case or some of its events to a new file, or verify one
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = REMARKS)]
pub(super) struct SnapshotArgs {
    /// The file to write
    #[arg(value_name = "OUT.db", value_hint = ValueHint::FilePath, required_unless_present = "verify")]
    out: Option<PathBuf>,
    /// Keep only the events that a lookup lists
    #[arg(long = "where", value_name = "LOOKUP", conflicts_with_all = ["query", "tag"])]
    lookup: Option<String>,
    /// Keep only the events in the result of a saved query
    #[arg(long, value_name = "NAME", conflicts_with = "tag")]
    query: Option<String>,
    /// Set a parameter of the saved query
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parse_param, requires = "query")]
    params: Vec<(String, String)>,
    /// Set --since of the saved query
    #[arg(long, value_name = "TIME", requires = "query")]
    since: Option<String>,
    /// Set --until of the saved query
    #[arg(long, value_name = "TIME", requires = "query")]
    until: Option<String>,
    /// Keep only the events that have a tag
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// Leave out notes, queries and noise rules, but not tags
    #[arg(long)]
    no_notes: bool,
    /// Store records as plain JSON, for other programs
    ///
    /// The table `records` has them
    #[arg(long)]
    portable: bool,
    /// Add a full-text index to a --portable snapshot
    ///
    /// It is the table `records_fts`
    #[arg(long, requires = "portable")]
    fts: bool,
    /// Pseudonymize identifiers of these kinds consistently
    ///
    /// `accounts` implies `keys`, and `arns` implies `accounts`
    #[arg(long, value_name = "KIND,...", value_delimiter = ',', value_parser = redaction_kinds())]
    redact: Vec<Kind>,
    /// Write the key that reverses --redact to a file
    ///
    /// Only its owner may read the file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "redact")]
    redact_key: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long)]
    force: bool,
    /// Verify a snapshot's structure, totals and digests
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath,
          conflicts_with_all = ["out", "lookup", "query", "tag", "no_notes", "portable", "redact", "force"])]
    verify: Option<PathBuf>,
    /// With --verify: find source files here by SHA-256
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, requires = "verify", conflicts_with = "out")]
    sources: Option<PathBuf>,
    /// With --verify: compare the digest of the events
    ///
    /// `trailq import` prints it, and `trailq info` shows it
    #[arg(long, value_name = "DIGEST", value_parser = str::parse::<ExpectedDigest>, requires = "verify", conflicts_with = "out")]
    expect: Option<ExpectedDigest>,
}

/// Runs the command.
pub(super) fn run(session: &mut Session, args: SnapshotArgs) -> Result<Outcome, SessionError> {
    if let Some(file) = &args.verify {
        return Ok(session.verify(file, args.sources.as_deref(), args.expect.as_ref())?.into());
    }
    let Some(out) = args.out else { return Err(Diagnostic::new("no output file is given").into()) };
    let selection = match (args.lookup, args.query, args.tag) {
        (Some(lookup), _, _) => Selection::Where(lookup),
        (_, Some(name), _) => {
            let params = each_once(args.params)?;
            Selection::Query(Run { name, params, since: args.since, until: args.until })
        }
        (_, _, Some(tag)) => Selection::Tag(tag),
        (None, None, None) => Selection::All,
    };
    let request = SnapshotRequest {
        out,
        selection,
        portable: args.portable,
        full_text: args.fts,
        without_notes: args.no_notes,
        force: args.force,
        redact: args.redact,
        key: args.redact_key,
    };
    Ok(session.snapshot(&request)?.into())
}

/// Parses the names of what is redacted.
fn redaction_kinds() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::ALL.map(Kind::name)).try_map(|name| name.parse().map_err(|()| "no such kind"))
}
