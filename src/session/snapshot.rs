//! Hands a case on: writes a snapshot of it or of some of its events, and holds one against what it was.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value as Json, json};

use crate::diagnostic::Diagnostic;
use crate::engine::Engine;
use crate::io_message;
use crate::io_message::folder_of;
use crate::query::edit;
use crate::redact::Kind;
use crate::render::escape;
use crate::render::escape::visible;
use crate::render::{Format, number};
use crate::rows::Value;
use crate::rows::{self, CapturedRows};
use crate::session::commands::queries::{bound, event_ids, read_library};
use crate::session::{Answer, Run, Session, SessionError};
use crate::store;
use crate::store::private_folder::PrivateFolder;
use crate::store::transfer::snapshot;
use crate::store::transfer::snapshot::{Digest, Made, Source, Step, Wanted};

/// How many source files are named that are not as they were.
const MOST: usize = 20;

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
        check_format(self.settings.format)?;
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
            let mistake = Diagnostic::new(format!("no event is selected by {}", spelled(&asked.selection)));
            return Err(mistake.hint("nothing was written").into());
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
        match self.settings.format {
            Some(Format::Json) => {
                self.print(&format!("{}\n", escape::json(&format!("{:#}", object(&asked.out, &made)))))?
            }
            Some(Format::Ndjson) => {
                self.print(&format!("{}\n", escape::json(&object(&asked.out, &made).to_string())))?
            }
            _ => {
                let took = number::duration(started.elapsed());
                for line in report(&asked.out, &made, &took).lines() {
                    self.status(line);
                }
            }
        }
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
        let mut rows: Vec<Vec<Value>> = Vec::new();
        // Of a file that cannot be trusted so far, its list of files cannot be read either.
        let is_readable = checks.iter().any(|check| check.what == snapshot::LEDGER_SUMS);
        if let Some(folder) = sources.filter(|_| is_readable) {
            let files = snapshot::check_sources(file, folder)?;
            let (same, other): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.found.is_some());
            let found = format!(
                "{} of {} are there with the same bytes",
                number::count(same.len() as u64),
                number::counted((same.len() + other.len()) as u64, "source file")
            );
            checks.push(snapshot::Check { what: "sources".to_owned(), sound: Some(other.is_empty()), found });
            for file in other.iter().take(MOST) {
                let found = match &file.differs {
                    Some(path) => format!("{} has other bytes", path.display()),
                    None => "not found".to_owned(),
                };
                let what = format!("source {}", file.path);
                checks.push(snapshot::Check { what, sound: Some(false), found });
            }
            if other.len() > MOST {
                let found = format!("{} more are not found or differ", other.len() - MOST);
                checks.push(snapshot::Check { what: "sources".to_owned(), sound: Some(false), found });
            }
        }
        let wrong = checks.iter().filter(|check| check.sound == Some(false)).count() as u64;
        for check in checks {
            let result = match check.sound {
                Some(true) => "ok",
                Some(false) => "WRONG",
                None => "note",
            };
            rows.push(vec![Value::Text(check.what), Value::Text(result.to_owned()), Value::Text(check.found)]);
        }
        let columns = ["check", "result", "found"].map(str::to_owned).to_vec();
        self.close();
        self.path = file.to_owned();
        self.write_held(&CapturedRows { columns, rows })?;
        self.status(&match wrong {
            0 => format!("{}: no check failed", file.display()),
            1 => format!("{}: 1 check failed", file.display()),
            wrong => format!("{}: {wrong} checks failed", file.display()),
        });
        Ok(Answer { rejected: wrong > 0, ..Answer::default() })
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

/// The report is lines or an object.
fn check_format(format: Option<Format>) -> Result<(), SessionError> {
    match format {
        None | Some(Format::Table | Format::Json | Format::Ndjson) => Ok(()),
        Some(other) => {
            let mistake = Diagnostic::new(format!("the report of a snapshot has no format {other}"));
            Err(mistake.hint("leave --format out for text, or take json").into())
        }
    }
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

/// What was made, for a person.
fn report(out: &Path, made: &Made, took: &str) -> String {
    let of = if made.events == made.of { String::new() } else { format!(" of {}", number::count(made.of)) };
    let mut text = format!(
        "{}: {}{of}, {} in {took}\n",
        out.display(),
        number::counted(made.events, "event"),
        number::bytes(made.bytes)
    );
    if made.step.selection.is_some() && made.notes + made.queries > 0 {
        let _ = writeln!(
            text,
            "with {} and {} of the case; --no-notes leaves them out",
            number::counted(made.notes, "note"),
            match made.queries {
                1 => "1 saved query or noise rule".to_owned(),
                queries => format!("{} saved queries and noise rules", number::count(queries)),
            }
        );
    }
    let _ = writeln!(text, "snapshot {}", made.step.id);
    for line in digest_lines(&made.step) {
        let _ = writeln!(text, "{line}");
    }
    text
}

fn object(out: &Path, made: &Made) -> Json {
    json!({
        "snapshot": out.display().to_string(),
        "events": made.events,
        "events_of_the_case": made.of,
        "bytes": made.bytes,
        "provenance": step_object(&made.step),
    })
}

/// A step of a provenance for a program.
pub(crate) fn step_object(step: &Step) -> Json {
    let digests: BTreeMap<&str, Json> = step
        .digests
        .iter()
        .map(|Digest { part, rows, sha256 }| (part.as_str(), json!({"rows": rows, "sha256": sha256})))
        .collect();
    json!({
        "step": step.kind,
        "id": step.id,
        "made_at": step.made_at,
        "made_from": step.made_from,
        "parents": step.parents,
        "trailq_version": step.trailq_version,
        "schema_version": step.schema_version,
        "selection": step.selection,
        "redacted": step.redacted,
        "portable": step.portable,
        "digests": digests,
    })
}

/// The digests of a snapshot that are worth passing on: of its events, or of all the pages of a whole case.
pub(crate) fn digest_lines(step: &Step) -> impl Iterator<Item = String> {
    let worth = step.digests.iter().filter(|digest| matches!(&*digest.part, "events" | "pages"));
    worth.map(|digest| {
        format!("SHA-256 of its {} {}: {}", number::count(digest.rows), visible(&digest.part), visible(&digest.sha256))
    })
}

/// A step of a provenance for a person.
pub(crate) fn step_line(step: &Step) -> String {
    let mut text = format!("{} {} ({}", visible(&step.kind), visible(&step.id), visible(&step.made_at));
    if let Some(version) = &step.trailq_version {
        let _ = write!(text, ", trailq {}", visible(version));
    }
    text.push(')');
    if !step.made_from.is_empty() {
        let names: Vec<_> = step.made_from.iter().map(|name| visible(name)).collect();
        let _ = write!(text, " of {}", names.join(", "));
    }
    if let Some(selection) = &step.selection {
        let _ = write!(text, ": {}", visible(selection));
    }
    if !step.redacted.is_empty() {
        let _ = write!(text, ", redacted: {}", visible(&step.redacted.join(", ")));
    }
    if step.portable {
        text.push_str(", portable");
    }
    text
}
