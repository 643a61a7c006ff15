//! Writes and verifies snapshots.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use crate::activity;
use crate::diagnostic::Diagnostic;
use crate::engine::Engine;
use crate::event_digest::ExpectedDigest;
use crate::io_message;
use crate::io_message::folder_of;
use crate::query::edit;
use crate::redact::Kind;
use crate::rows;
use crate::session::saved_queries::{Run, bound, event_ids, read_library};
use crate::session::user_name::user_name;
use crate::session::{Answer, Session, SessionError};
use crate::store;
use crate::store::snapshot;
use crate::store::snapshot::{SnapshotOptions, Source};
use crate::store::{Case, PrivateFolder};
use crate::summary::snapshot::SnapshotReport;
use crate::summary::{Report as _, verify};

/// The events of a snapshot.
#[derive(Debug, Clone, Default)]
pub enum Selection {
    /// All events.
    #[default]
    All,
    /// The events that a lookup lists.
    Where(String),
    /// The events in the result of a saved query.
    Query(Run),
    /// The events that have a tag.
    Tag(String),
}

/// A request to write a snapshot.
#[derive(Debug, Clone, Default)]
pub struct SnapshotRequest {
    /// The file to write.
    pub out: PathBuf,
    /// The events to keep.
    pub selection: Selection,
    /// True if records are stored as plain text.
    pub portable: bool,
    /// True if the records get a full-text index.
    pub full_text: bool,
    /// True if notes, saved queries and noise rules are left out.
    pub without_notes: bool,
    /// True if an existing file is replaced.
    pub force: bool,
    /// The kinds of identifiers to replace.
    pub redact: Vec<Kind>,
    /// The file for the key of the redaction.
    pub key: Option<PathBuf>,
}

impl Session {
    /// Writes a snapshot of the case.
    ///
    /// # Errors
    /// The case cannot be read, the selection is invalid, or the file cannot be written.
    pub fn snapshot(&mut self, request: &SnapshotRequest) -> Result<Answer, SessionError> {
        let started = Instant::now();
        let form = SnapshotReport::form(self.settings.format)?;
        snapshot::check_name(&self.path, &request.out, request.force)?;
        let folder = folder_of(&request.out);
        // If the folder is not writable, fail before reading anything.
        PrivateFolder::beside(folder).map_err(|error| cannot_write(&request.out, error))?;
        let _step = activity::step("writing the snapshot");
        let path = self.path.clone();
        let source = Source::hold_after(&path, folder, &self.waiting())?;
        let events = self.selected(&source, &request.selection);
        // Ctrl-C reaches the case of the session again, instead of the case that selects the events.
        self.interrupter.release();
        if let Some(case) = self.case.borrow().as_ref() {
            self.interrupter.hold(Box::new(case.interrupt()));
        }
        let events = events?;
        self.check_interrupted()?;
        if events.as_ref().is_some_and(Vec::is_empty) {
            let mistake = Diagnostic::new(format!("no event matches {}", option_text(&request.selection)));
            return Err(mistake.note("nothing was written").into());
        }
        let wanted = SnapshotOptions {
            selection: events.as_ref().map(|_| option_text(&request.selection)),
            events,
            portable: request.portable,
            full_text: request.full_text,
            without_notes: request.without_notes,
            force: request.force,
            made_by: Some(user_name()),
            interrupter: Some(self.interrupter()),
            ..SnapshotOptions::default()
        };
        let made = match request.redact.as_slice() {
            [] => {
                snapshot::write(source, &request.out, &wanted).map_err(|error| unwritten(&path, &request.out, error))?
            }
            kinds => self.redacted(source, folder, request, &wanted, kinds)?,
        };
        let report = SnapshotReport { out: &request.out, made: &made, taken: started.elapsed() };
        self.write_report(&report, form)?;
        Ok(Answer::default())
    }

    /// Returns `events.id` of the selected events, ascending; `None` is all of them. The state that `source` holds is asked,
    /// which may be a copy.
    fn selected(&self, source: &Source, selection: &Selection) -> Result<Option<Vec<i64>>, SessionError> {
        // Opening also removes what a killed writer left beside the case.
        let engine = self.engine_on(source)?;
        let lookup = match selection {
            Selection::All => return Ok(None),
            Selection::Where(lookup) => self.substituted(lookup)?,
            Selection::Tag(tag) => format!("tag={}", edit::quoted(tag)),
            Selection::Query(run) => return self.events_of_query(&engine, run).map(Some),
        };
        let prepared = engine.prepare_filled(&lookup)?;
        if !prepared.is_event_list() {
            let mistake = Diagnostic::new("a snapshot keeps events, and this lookup counts them");
            return Err(mistake.hint("leave the stages out").into());
        }
        Ok(Some(engine.event_ids(&prepared)?))
    }

    /// Returns `events.id` of the events that a saved query gives, ascending.
    fn events_of_query(&self, engine: &Engine, run: &Run) -> Result<Vec<i64>, SessionError> {
        let library = read_library(&self.settings.queries, Some(engine.case()))?;
        let (query, values) = bound(&library, run)?;
        self.require_geo_files(query)?;
        let Some(sql) = event_ids(query) else {
            let mistake = Diagnostic::new(format!("the result of `{}` has no events", query.name));
            return Err(mistake.hint("use a query whose result has the column event_id").into());
        };
        let mut ids = rows::integers(|sink| engine.case().query_named(&sql, &values, sink))?;
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// Returns an engine on the state that a source holds. Ctrl-C reaches it.
    fn engine_on(&self, source: &Source) -> Result<Engine, SessionError> {
        let case = Case::open(source.path())?.with_geo_files(Arc::clone(&self.settings.geo))?;
        let engine = Engine::new(Rc::new(case));
        self.interrupter.hold(Box::new(engine.case().interrupt()));
        Ok(engine.with_interrupter(self.interrupter()))
    }

    /// Verifies a snapshot, with `sources` the source files in a folder against its ledger, and with `expected` the digest
    /// of its events against one that was kept elsewhere.
    ///
    /// # Errors
    /// The file is not a readable snapshot, or the folder cannot be read.
    pub fn verify(
        &mut self,
        file: &Path,
        sources: Option<&Path>,
        expected: Option<&ExpectedDigest>,
    ) -> Result<Answer, SessionError> {
        let _step = activity::step("verifying");
        let mut checks = snapshot::verify(file, expected)?;
        // If the file cannot be trusted so far, neither can its list of source files.
        let is_readable = checks.iter().any(|check| check.what == snapshot::LEDGER_SUMS);
        if let Some(folder) = sources.filter(|_| is_readable) {
            checks.extend(verify::source_checks(snapshot::check_sources(file, folder)?));
        }
        self.close();
        self.path = file.to_owned();
        self.write_held(&verify::rows(&checks))?;
        self.status(&verify::verdict(file, &checks));
        Ok(Answer { rejected: verify::failures(&checks) > 0, ..Answer::default() })
    }
}

/// Converts an error of writing a snapshot, so that it names the requested file instead of a temporary one.
pub(crate) fn unwritten(case: &Path, out: &Path, error: store::CaseError) -> SessionError {
    match error {
        store::CaseError::Full(_) => cannot_write(out, io::ErrorKind::StorageFull.into()).into(),
        store::CaseError::Io { path, source } if path != case => cannot_write(out, source).into(),
        store::CaseError::Disk { path, reason } if path != case => {
            Diagnostic::new(format!("cannot write {}: {reason}", out.display())).into()
        }
        other => other.into(),
    }
}

/// Returns the error about a file that cannot be written.
fn cannot_write(out: &Path, error: io::Error) -> Diagnostic {
    let mut mistake = Diagnostic::new(io_message::cannot_write(out, &error));
    mistake.hints.extend(io_message::advice(&error).map(str::to_owned));
    mistake
}

/// Returns a selection as the provenance records it: in options of the command line.
fn option_text(selection: &Selection) -> String {
    match selection {
        Selection::All => String::new(),
        Selection::Where(lookup) => format!("--where {lookup}"),
        Selection::Tag(tag) => format!("--tag {tag}"),
        Selection::Query(run) => {
            let mut text = format!("--query {}", run.name);
            for (name, value) in &run.params {
                let _ = write!(text, " --param {name}={value}");
            }
            for (name, value) in [("since", &run.since), ("until", &run.until)] {
                if let Some(value) = value {
                    let _ = write!(text, " --{name} {value}");
                }
            }
            text
        }
    }
}
