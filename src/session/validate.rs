//! Validates files and folders, or what the case knows, against digest files.

use std::path::PathBuf;
use std::time::Instant;

use serde_json::json;

use crate::activity;
use crate::diagnostic::Diagnostic;
use crate::file_names;
use crate::ingest::{self, Contents};
use crate::query::time_span;
use crate::render::Format;
use crate::rows::Value;
use crate::session::{Answer, Session, SessionError};
use crate::store::{CaseEvidence, ValidationRecord};
use crate::summary::Report;
use crate::summary::validate::{FINDING_COLUMNS, ValidationReport, finding_row, verdicts};
use crate::terminal::progress::{Measure, ShownProgress};
use crate::time;
use crate::validate::{self, Scope, Validation};

/// A request for a validation.
#[derive(Debug, Clone, Default)]
pub(crate) struct ValidateRequest {
    /// Files and folders; without any, what the case knows.
    pub(crate) paths: Vec<PathBuf>,
    /// Answers of `aws cloudtrail list-public-keys`.
    pub(crate) public_keys: Vec<PathBuf>,
    /// The beginning of the deliveries that are looked at.
    pub(crate) since: Option<String>,
    /// Their end.
    pub(crate) until: Option<String>,
    /// True if heads of chains need a signature.
    pub(crate) strict: bool,
    /// True if the result is stored in the case.
    pub(crate) keep: bool,
    /// Worker threads; as many as there are processors, if not given.
    pub(crate) jobs: Option<usize>,
    /// True if links in folders are followed.
    pub(crate) follow_links: bool,
}

impl Session {
    /// Validates, and shows the report. The answer is rejected unless everything was checked and nothing is wrong.
    ///
    /// # Errors
    /// A path does not exist, a file of public keys has none, a time is not one, or the case cannot be read.
    pub(crate) fn validate(&mut self, request: &ValidateRequest) -> Result<Answer, SessionError> {
        let started = Instant::now();
        let format = self.settings.format;
        let in_rows = matches!(format, Some(Format::Csv | Format::Tsv | Format::Markdown));
        let form = if in_rows { None } else { Some(ValidationReport::form(format)?) };
        let scope = scope(request)?;
        let mut contents = self.contents(request)?;
        for file in &request.public_keys {
            self.add_keys(file, &mut contents)?;
        }
        let _step = activity::step("checking digests and hashes");
        let validation = validate::validate(&contents.evidence, &scope);
        let report = ValidationReport {
            validation: &validation,
            strict: request.strict,
            files: contents.files,
            bytes: contents.bytes,
            unread: &contents.unread,
            seconds: started.elapsed().as_secs_f64(),
        };
        match form {
            Some(form) => self.write_report(&report, form)?,
            None => {
                let style = self.output.style(&self.settings.style);
                self.output.write_rows(format.unwrap_or_default(), &style, None, |mut sink| {
                    sink.begin(&FINDING_COLUMNS.map(str::to_owned))?;
                    for finding in &validation.findings {
                        sink.row(&finding_row(finding).iter().map(Value::cell).collect::<Vec<_>>())?;
                    }
                    Ok(sink.end()?)
                })?;
            }
        }
        let is_complete = report.is_complete();
        if request.keep {
            self.keep_validation(request, &scope, &validation, is_complete)?;
        }
        Ok(Answer { rejected: !is_complete, ..Answer::default() })
    }

    /// Stores a validation in the case.
    fn keep_validation(
        &mut self,
        request: &ValidateRequest,
        scope: &Scope,
        validation: &Validation,
        complete: bool,
    ) -> Result<(), SessionError> {
        let paths: Vec<String> = request.paths.iter().map(|path| file_names::name_of(path)).collect();
        let record = ValidationRecord {
            paths: (!paths.is_empty()).then(|| json!(paths).to_string()),
            since: scope.since,
            until: scope.until,
            strict: request.strict,
            complete,
            keys: json!(validation.keys).to_string(),
            verdicts: verdicts(validation).to_string(),
            findings: &validation.findings,
        };
        self.keeper()?.record_validation(&record)?;
        self.status("the validation is stored in the case: `trailq info` shows it");
        Ok(())
    }

    /// Returns the contents of the files, or of those that the case knows.
    fn contents(&mut self, request: &ValidateRequest) -> Result<Contents, SessionError> {
        if request.paths.is_empty() {
            let case = self.case()?;
            case.require_own()?;
            let CaseEvidence { evidence, files, bytes } = case.evidence()?;
            return Ok(Contents { evidence, files, bytes, unread: Vec::new() });
        }
        let progress = ShownProgress::new("reading files", Measure::Files, self.interrupter());
        let contents = ingest::read_contents(&request.paths, request.jobs, request.follow_links, &progress);
        progress.finish();
        match contents {
            Err(ingest::Error::Cancelled) => Err(SessionError::Cancelled),
            contents => Ok(contents?),
        }
    }

    /// Adds the public keys of a file.
    fn add_keys(&self, file: &PathBuf, contents: &mut Contents) -> Result<(), SessionError> {
        let read = ingest::read_contents(std::slice::from_ref(file), Some(1), false, &ingest::NoProgress)?;
        let keys = read.evidence.into_keys();
        if keys.is_empty() {
            let mistake = Diagnostic::new(format!("{} has no public key", file.display()));
            return Err(mistake.hint("save the output of `aws cloudtrail list-public-keys` in it").into());
        }
        contents.evidence.add_keys(keys);
        Ok(())
    }
}

/// Returns the period of a request.
fn scope(request: &ValidateRequest) -> Result<Scope, Diagnostic> {
    let now = time::now();
    let span = |text: &String| time_span(text, now).map_err(Diagnostic::new);
    let since = request.since.as_ref().map(span).transpose()?.map(|(from, _)| from);
    let until = request.until.as_ref().map(span).transpose()?.map(|(_, to)| to);
    if since.zip(until).is_some_and(|(since, until)| since > until) {
        return Err(Diagnostic::new("--since is after --until").hint("swap the two"));
    }
    Ok(Scope { since, until })
}
