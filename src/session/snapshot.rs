//! Hands a case on: writes a snapshot of it or of some of its events, and holds one against what it was.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::diagnostic::Diagnostic;
use crate::engine::Engine;
use crate::io_message;
use crate::io_message::folder_of;
use crate::query::edit;
use crate::redact::Kind;
use crate::rows;
use crate::session::commands::queries::{bound, event_ids, read_library};
use crate::session::{Answer, Run, Session, SessionError};
use crate::store;
use crate::store::private_folder::PrivateFolder;
use crate::store::transfer::snapshot;
use crate::store::transfer::snapshot::{Source, Wanted};
use crate::summary::snapshot::SnapshotReport;
use crate::summary::{Report as _, verify};

/// What a snapshot keeps.
#[derive(Debug, Clone, Default)]
pub enum Selection {
    /// All events.
    #[default]
    All,
    /// Those that a lookup lists.
    Where(String),
    /// Those of a saved query's answer.
    Query(Run),
    /// Those that have a tag.
    Tag(String),
}

/// What is asked of a snapshot.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The file to write.
    pub out: PathBuf,
    /// Which events.
    pub selection: Selection,
    /// True if records are plain text.
    pub portable: bool,
    /// True if they can be searched for words.
    pub full_text: bool,
    /// True if notes, saved queries and noise rules are left out.
    pub without_notes: bool,
    /// True if a file of that name is replaced.
    pub force: bool,
    /// What is replaced.
    pub redact: Vec<Kind>,
    /// Where the key of it is written.
    pub key: Option<PathBuf>,
}

impl Session {
    /// Writes a snapshot of the case.
    ///
    /// # Errors
    /// The case cannot be read, what selects events is wrong, or the file cannot be written.
    pub fn snapshot(&mut self, asked: &Snapshot) -> Result<Answer, SessionError> {
        let started = Instant::now();
        let form = SnapshotReport::form(self.settings.format)?;
        snapshot::check_name(&self.path, &asked.out, asked.force)?;
        let folder = folder_of(&asked.out);
        // What is certain to fail fails before anything is read.
        PrivateFolder::beside(folder).map_err(|error| cannot_write(&asked.out, error))?;
        let path = self.path.clone();
        let source = Source::hold_after(&path, folder, &self.waiting())?;
        let events = self.selected(&source, &asked.selection);
        // An interrupt meant that session's case; now it means this one's again.
        self.interrupter.release();
        if let Some(case) = self.case.borrow().as_ref() {
            self.interrupter.hold(Box::new(case.interrupt()));
        }
        let events = events?;
        self.check_interrupted()?;
        if events.as_ref().is_some_and(Vec::is_empty) {
            let mistake = Diagnostic::new(format!("no event matches {}", spelled(&asked.selection)));
            return Err(mistake.note("nothing was written").into());
        }
        let wanted = Wanted {
            selection: events.as_ref().map(|_| spelled(&asked.selection)),
            events,
            portable: asked.portable,
            full_text: asked.full_text,
            without_notes: asked.without_notes,
            force: asked.force,
            ..Wanted::default()
        };
        let made = match asked.redact.as_slice() {
            [] => snapshot::write(source, &asked.out, &wanted).map_err(|error| unwritten(&path, &asked.out, error))?,
            kinds => self.redacted(source, folder, asked, &wanted, kinds)?,
        };
        let report = SnapshotReport { out: &asked.out, made: &made, taken: started.elapsed() };
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
        let Some(sql) = event_ids(query) else {
            let mistake = Diagnostic::new(format!("the answer of `{}` tells of no events", query.name));
            return Err(mistake.hint("take a query whose answer has the column event_id").into());
        };
        let mut ids = rows::integers(|sink| engine.case().query_named(&sql, &values, sink))?;
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// Returns an engine on the state that a source holds. Ctrl-C reaches it.
    fn engine_on(&self, source: &Source) -> Result<Engine, SessionError> {
        let engine = Engine::open(source.path())?;
        self.interrupter.hold(Box::new(engine.case().interrupt()));
        Ok(engine.with_interrupter(self.interrupter()))
    }

    /// Holds a snapshot against what it was when it was made, and its source files against its ledger.
    ///
    /// # Errors
    /// The file is no snapshot that can be opened, or the folder cannot be read.
    pub fn verify(&mut self, file: &Path, sources: Option<&Path>) -> Result<Answer, SessionError> {
        let mut checks = snapshot::verify(file)?;
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

/// The error of a snapshot in the words of the file that was asked for: what fails may be a temporary one.
pub(crate) fn unwritten(case: &Path, out: &Path, error: store::Error) -> SessionError {
    match error {
        store::Error::Full(_) => cannot_write(out, io::ErrorKind::StorageFull.into()).into(),
        store::Error::Io { path, source } if path != case => cannot_write(out, source).into(),
        store::Error::Disk { path, reason } if path != case => {
            Diagnostic::new(format!("cannot write {}: {reason}", out.display())).into()
        }
        other => other.into(),
    }
}

/// The mistake of a file that the system does not let be written.
fn cannot_write(out: &Path, error: io::Error) -> Diagnostic {
    let mut mistake = Diagnostic::new(io_message::cannot_write(out, &error));
    mistake.hints.extend(io_message::advice(&error).map(str::to_owned));
    mistake
}

/// A selection as it stands in the provenance.
fn spelled(selection: &Selection) -> String {
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
