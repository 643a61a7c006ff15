//! `.report`: the case as a report to hand over.

use std::path::PathBuf;

use crate::session::commands::command::{Arguments, Command, Completes};
use crate::session::commands::output_files::FORCE;
use crate::session::report::ReportRequest;
use crate::session::{Answer, Session, SessionError};

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[Command {
    arguments: "[--force] OUT.html|OUT.md|OUT.xlsx|OUT.csv|OUT.jsonl [LOOKUP]",
    completes: Completes::Outputs,
    answers_in_rows: false,
    ..Command::new(".report", "write a report of the case, or some of it", run_report)
}];

fn run_report(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let force = arguments.texts().first() == Some(&FORCE);
    let Some((file, span)) = arguments.words.get(usize::from(force)) else { return Err(arguments.missing()) };
    let filter = arguments.line.get(span.end..).unwrap_or_default().trim().to_owned();
    session.write_report_file(&ReportRequest { out: PathBuf::from(file), filter, force, ..ReportRequest::default() })
}
