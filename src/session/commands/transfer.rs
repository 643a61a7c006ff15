//! Commands that import into the case and write it as a new file.

use crate::ingest;

use crate::session::Answer;
use crate::session::Session;
use crate::session::SessionError;
use crate::session::commands::command::Arguments;
use crate::session::commands::command::Command;
use crate::session::commands::command::Completes;
use crate::session::commands::output_files::FORCE;
use crate::session::snapshot::Selection;
use crate::session::snapshot::SnapshotRequest;
use std::path::PathBuf;
/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[
    Command {
        arguments: "PATH...",
        completes: Completes::Files,
        answers_in_rows: false,
        ..Command::new(".import", "load trail files and folders", run_import)
    },
    Command {
        arguments: "[--force] FILE [LOOKUP]",
        completes: Completes::Outputs,
        answers_in_rows: false,
        ..Command::new(".snapshot", "write the case, or some of it, as a new file", run_snapshot)
    },
];

fn run_import(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    if arguments.words.is_empty() {
        return Err(arguments.missing());
    }
    let paths: Vec<PathBuf> = arguments.words.iter().map(|(path, _)| PathBuf::from(path)).collect();
    session.import(&paths, &ingest::Options::default())
}

fn run_snapshot(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let force = arguments.texts().first() == Some(&FORCE);
    let Some((file, span)) = arguments.words.get(usize::from(force)) else { return Err(arguments.missing()) };
    let lookup = arguments.line.get(span.end..).unwrap_or_default().trim();
    let selection = if lookup.is_empty() { Selection::All } else { Selection::Where(lookup.to_owned()) };
    let start = arguments.line.len() - arguments.line.get(span.end..).unwrap_or_default().trim_start().len();
    let answer =
        session.snapshot(&SnapshotRequest { out: file.into(), selection, force, ..SnapshotRequest::default() });
    answer.map_err(|error| arguments.within(start, error))
}
