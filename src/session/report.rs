//! Writes a report.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::io_message;
use crate::number;
use crate::output_file::{Existing, Options, OutputError, OutputFile};
use crate::report::{self, AnalystInput, Cover, ReportFormat};
use crate::session::hunt::HuntRequest;
use crate::session::{Answer, Session, SessionError};
use crate::time;

/// Maximum size of a summary in bytes.
const MAX_SUMMARY: u64 = 1 << 20;

/// A request for a report.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReportRequest {
    /// The file to write, whose extension is the format.
    pub(crate) out: PathBuf,
    /// A Markdown file with the analyst's summary.
    pub(crate) summary: Option<PathBuf>,
    /// A filter that limits the report.
    pub(crate) filter: String,
    /// The facts of the cover.
    pub(crate) cover: Cover,
    /// Files and folders of Sigma rules.
    pub(crate) rules: Vec<PathBuf>,
    /// True if an existing file is replaced.
    pub(crate) force: bool,
}

impl Session {
    /// Writes a report.
    ///
    /// # Errors
    /// The name of the file has another extension, the summary or the case cannot be read, the filter is invalid, or the
    /// file cannot be written.
    pub(crate) fn write_report_file(&mut self, request: &ReportRequest) -> Result<Answer, SessionError> {
        let format = ReportFormat::of_path(&request.out).ok_or_else(|| {
            let message = format!("cannot tell the format of {}", request.out.display());
            Diagnostic::new(message).hint("name the report OUT.html, OUT.md, OUT.xlsx, OUT.csv or OUT.jsonl")
        })?;
        let summary = request.summary.as_deref().map(read_summary).transpose()?;
        let existing = if request.force { Existing::Replace } else { Existing::Refuse };
        let options = Options { in_use: &[self.path()], existing, private: false };
        let mut file = OutputFile::create(&request.out, &options).map_err(refused)?;
        let written = self.in_one_state(|session| {
            let hunt =
                HuntRequest { rules: request.rules.clone(), filter: request.filter.clone(), ..HuntRequest::default() };
            let (hunt, ignore_rules) = session.hunt_for_report(&hunt)?;
            let decisions = session.decisions()?;
            let input = AnalystInput {
                cover: request.cover.clone(),
                summary,
                filter: request.filter.clone(),
                marks: decisions.marks,
                verdicts: decisions.verdicts,
                ignore_rules,
            };
            let engine = session.engine()?;
            Ok::<_, SessionError>(report::written(&engine, &hunt, &input, format, time::now())?)
        })?;
        file.write_all(&written.bytes).map_err(|error| {
            Diagnostic::new(format!("cannot write {}: {}", request.out.display(), io_message::describe(&error)))
        })?;
        file.commit_durably().map_err(refused)?;
        self.status(&format!("{} written, {}", request.out.display(), number::bytes(written.bytes.len() as u64)));
        if written.without_time > 0 {
            let events = number::counted(written.without_time, "event");
            self.note(&format!("left out, since a timeline needs times: {events} without one"));
        }
        Ok(Answer::rows(0))
    }
}

/// Reads a summary.
fn read_summary(path: &Path) -> Result<String, Diagnostic> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MAX_SUMMARY + 1).read_to_string(&mut text));
    read.map_err(|error| {
        Diagnostic::new(format!("cannot read the summary {}: {}", path.display(), io_message::describe(&error)))
    })?;
    if text.len() as u64 > MAX_SUMMARY {
        let message = format!("the summary {} is larger than {}", path.display(), number::bytes(MAX_SUMMARY));
        return Err(Diagnostic::new(message));
    }
    Ok(text)
}

/// Returns a refusal with what to do.
fn refused(error: OutputError) -> SessionError {
    let mut mistake = Diagnostic::new(error.to_string());
    match &error {
        OutputError::Exists(_) => mistake = mistake.hint("--force replaces it"),
        other => mistake.hints.extend(other.hint().map(str::to_owned)),
    }
    mistake.into()
}
