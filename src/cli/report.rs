//! `trailq report`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::outcome::Outcome;
use crate::report::Cover;
use crate::session::report::ReportRequest;
use crate::session::{Session, SessionError};

/// Examples for `trailq report --help`.
const EXAMPLES: &str = "\
Examples:
  trailq report report.html
  trailq report report.html --summary summary.md --title 'Incident 42'
  trailq report report.md --where 'account=111122223333'
  trailq report report.html --summary summary.md --final --force
  trailq report timeline.xlsx
  trailq report timeline.csv

OUT.csv and OUT.jsonl are a timeline for Timesketch. OUT.xlsx has the timeline,
the findings that were not reviewed and the subjects.

Confirmed events are those with a tag and those of findings with the verdict
`true`; attackers are subjects with that mark. See `trailq guide report`";

/// Write a report to hand over: a page, a timeline or a workbook
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ReportArgs {
    /// The file to write; its extension selects the format
    #[arg(value_name = "OUT.html|OUT.md|OUT.xlsx|OUT.csv|OUT.jsonl", value_hint = ValueHint::FilePath)]
    out: PathBuf,
    /// Include the analyst's summary; without it, a draft
    #[arg(long, value_name = "FILE.md", value_hint = ValueHint::FilePath)]
    summary: Option<PathBuf>,
    /// Limit the report to events that match a lookup
    #[arg(long = "where", value_name = "LOOKUP", default_value = "", hide_default_value = true)]
    filter: String,
    /// Run the Sigma rules of a file or folder too
    #[arg(long, value_name = "PATH")]
    rules: Vec<PathBuf>,
    /// Set the title
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Set the case number
    #[arg(long, value_name = "TEXT")]
    case_number: Option<String>,
    /// Set the client
    #[arg(long, value_name = "TEXT")]
    client: Option<String>,
    /// Set the author
    #[arg(long, value_name = "TEXT")]
    author: Option<String>,
    /// Set the marking, such as a classification
    #[arg(long, value_name = "TEXT")]
    marking: Option<String>,
    /// Call the report final; needs a summary
    #[arg(long = "final", requires = "summary")]
    is_final: bool,
    /// Replace an existing file
    #[arg(long)]
    force: bool,
}

/// Runs the command.
pub(super) fn run(session: &mut Session, args: ReportArgs) -> Result<Outcome, SessionError> {
    let ReportArgs { out, summary, filter, rules, title, case_number, client, author, marking, is_final, force } = args;
    let cover = Cover { title, case_number, client, author, marking, is_final };
    let request = ReportRequest { out, summary, filter, cover, rules, force };
    Ok(Outcome { answer: session.write_report_file(&request)?, fail_on_rows: false })
}
