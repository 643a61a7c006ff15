//! The chain of custody of a case, as text and as JSON, and the manifest of its source files.

use std::fmt::Write as _;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::case_details::CaseDetails;
use crate::escape::visible;
use crate::event_digest::EventDigest;
use crate::number;
use crate::render::Format;
use crate::render::palette::{HEADING, paint};
use crate::store::{Custody, DetailChange, ImportRun, SourcePlace, SourceRow};
use crate::summary::info::digest_text;
use crate::summary::provenance::{digest_lines, step_line, step_object};
use crate::summary::report::{Report, TextTarget};
use crate::summary::validate::{kept_line, kept_object};

/// The largest number of source files that the text lists.
const MAX_LISTED: usize = 10;
/// Columns of a label.
const LABEL: usize = 13;

/// The chain of custody of a case.
pub(crate) struct CustodyReport {
    /// The path of the case.
    pub(crate) path: String,
    /// Its contents.
    pub(crate) custody: Custody,
}

impl Report for CustodyReport {
    const NAME: &'static str = "the chain of custody";
    const TEXT_FORMATS: &'static [Format] = &[Format::Table, Format::Expanded];
    const TEXT_TARGET: TextTarget = TextTarget::Rows;

    fn text(&self, color: bool) -> String {
        text(&self.path, &self.custody, color)
    }
}

impl Serialize for CustodyReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        object(&self.path, &self.custody).serialize(serializer)
    }
}

/// Returns the value of a detail that was set last.
fn current<'c>(custody: &'c Custody, name: &str) -> Option<&'c str> {
    custody.details.iter().rev().find(|change| change.name == name).map(|change| change.value.as_str())
}

/// Returns the chain of custody as lines of text.
fn text(path: &str, custody: &Custody, color: bool) -> String {
    let mut out = String::new();
    let mut line = |label: &str, value: &str| {
        let blanks = " ".repeat(LABEL.saturating_sub(label.len()));
        let _ = writeln!(out, "{}{blanks}{value}", paint(label, HEADING, color));
    };
    line("case", &visible(path));
    for name in CaseDetails::NAMES {
        let value = current(custody, name);
        line(&name.replace('_', " "), &value.map_or("not set".into(), visible));
    }
    let events = custody.event_digest.as_ref().map(|digest| number::counted(digest.events(), "event"));
    let stored = events.map(|events| format!(" of {events}, as stored in the case")).unwrap_or_default();
    line("digest", &format!("{}{stored}", digest_text(custody.event_digest.as_ref())));
    for (at, lines) in custody.imports.iter().map(import_lines).enumerate() {
        for (part, text) in lines.iter().enumerate() {
            line(if at + part == 0 { "imports" } else { "" }, text);
        }
    }
    line("sources", &number::count(custody.sources.len() as u64));
    for source in custody.sources.iter().take(MAX_LISTED) {
        line("", &source_line(source));
    }
    if custody.sources.len() > MAX_LISTED {
        let more = number::count((custody.sources.len() - MAX_LISTED) as u64);
        line("", &format!("and {more} more, listed by `trailq info --custody --format json`"));
    }
    for (at, kept) in custody.validations.iter().enumerate() {
        line(if at == 0 { "validations" } else { "" }, &kept_line(kept));
    }
    if custody.validations.is_empty() {
        line("validations", "none is stored in the case");
    }
    for (at, change) in custody.details.iter().enumerate() {
        line(if at == 0 { "details" } else { "" }, &change_line(change));
    }
    for (at, step) in custody.provenance.iter().enumerate() {
        line(if at == 0 { "steps" } else { "" }, &step_line(step));
        for digest in digest_lines(step) {
            line("", &digest);
        }
    }
    out
}

/// Returns a run of import as lines of text.
fn import_lines(run: &ImportRun) -> [String; 2] {
    let until = run.finished_at.as_deref().map_or("not finished".into(), |at| format!("to {}", visible(at)));
    let rules = run.rules.map_or("rules not known".to_owned(), |rules| format!("rules {rules}"));
    let who = run.imported_by.as_deref().map_or("a user not known".into(), visible);
    let first = format!(
        "{} {until} by {who}, trailq {}, {rules}: {}, {} read, {} stored",
        visible(&run.started_at),
        visible(&run.trailq_version),
        number::counted(run.files, "source"),
        number::counted(run.read, "record"),
        number::count(run.stored),
    );
    let paths: Vec<_> = run.paths.iter().map(|path| visible(path)).collect();
    let folder = run.folder.as_deref().map(|folder| format!(" in {}", visible(folder))).unwrap_or_default();
    [first, format!("  of {}{folder}", paths.join(", "))]
}

/// Returns a source file as a line of text.
fn source_line(source: &SourceRow) -> String {
    let hash = if source.sha256.is_empty() { "not read" } else { &source.sha256 };
    let status = if source.status == "read" { String::new() } else { format!(" ({})", visible(&source.status)) };
    format!("{}  {}{status}", visible(hash), visible(&source.path))
}

/// Returns a change of a detail as a line of text.
fn change_line(change: &DetailChange) -> String {
    let DetailChange { name, value, set_at, set_by, trailq_version } = change;
    let [name, value, at, by, version] = [name, value, set_at, set_by, trailq_version].map(|text| visible(text));
    format!("{at} {name} set to \"{value}\" by {by}, trailq {version}")
}

/// Returns the chain of custody as a JSON object.
fn object(path: &str, custody: &Custody) -> Value {
    let imports = custody.imports.iter().map(|run| {
        json!({
            "id": run.id,
            "started_at": run.started_at,
            "finished_at": run.finished_at,
            "imported_by": run.imported_by,
            "folder": run.folder,
            "paths": run.paths,
            "trailq_version": run.trailq_version,
            "rules": run.rules,
            "files": run.files,
            "read": run.read,
            "stored": run.stored,
        })
    });
    let sources = custody.sources.iter().map(|source| {
        json!({
            "path": source.path,
            "sha256": Some(&source.sha256).filter(|hash| !hash.is_empty()),
            "content_sha256": source.content_sha256,
            "bytes": source.bytes,
            "archive": source.archive,
            "status": source.status,
            "import": source.import,
        })
    });
    let details = custody.details.iter().map(|change| {
        json!({
            "name": change.name,
            "value": change.value,
            "set_at": change.set_at,
            "set_by": change.set_by,
            "trailq_version": change.trailq_version,
        })
    });
    json!({
        "case": path,
        "case_number": current(custody, "case_number"),
        "examiner": current(custody, "examiner"),
        "source": current(custody, "source"),
        "event_digest": custody.event_digest,
        "events": custody.event_digest.as_ref().map(EventDigest::events),
        "imports": imports.collect::<Vec<_>>(),
        "sources": sources.collect::<Vec<_>>(),
        "details": details.collect::<Vec<_>>(),
        "validations": custody.validations.iter().map(kept_object).collect::<Vec<_>>(),
        "provenance": custody.provenance.iter().map(step_object).collect::<Vec<_>>(),
    })
}

/// Returns the line of a source file in the manifest; `None` if `sha256sum` could not find its bytes.
pub(crate) fn manifest_line(source: &SourceRow) -> Option<Vec<u8>> {
    match source.place() {
        SourcePlace::File(path) => Some(checksum_line(&source.sha256, &path)),
        SourcePlace::Member | SourcePlace::StandardInput | SourcePlace::Overwritten | SourcePlace::Unread => None,
    }
}

/// Returns a line as `sha256sum` writes it: a name with a backslash or a line break is escaped, and the line then begins
/// with a backslash.
pub(crate) fn checksum_line(sha256: &str, path: &[u8]) -> Vec<u8> {
    let is_escaped = path.iter().any(|byte| matches!(byte, b'\\' | b'\n' | b'\r'));
    let mut line = if is_escaped { b"\\".to_vec() } else { Vec::new() };
    line.extend_from_slice(sha256.as_bytes());
    line.extend_from_slice(b"  ");
    for byte in path {
        match byte {
            b'\\' => line.extend_from_slice(b"\\\\"),
            b'\n' => line.extend_from_slice(b"\\n"),
            b'\r' => line.extend_from_slice(b"\\r"),
            byte => line.push(*byte),
        }
    }
    line
}

/// Returns what the manifest leaves out, a sentence a kind.
pub(crate) fn omissions(sources: &[SourceRow]) -> Vec<String> {
    let count = |place: &SourcePlace| sources.iter().filter(|source| source.place() == *place).count() as u64;
    let kinds = [
        (SourcePlace::Member, "member of an archive", "members of archives", "the archive is in it"),
        (SourcePlace::StandardInput, "standard input", "standard inputs", "`trailq info --custody` has the hash"),
        (
            SourcePlace::Overwritten,
            "earlier content of an overwritten file",
            "earlier contents of overwritten files",
            "`trailq info --custody` has the hash",
        ),
        (SourcePlace::Unread, "file that could not be read", "files that could not be read", "there is no hash"),
    ];
    let sentence = |(place, one, many, why): &(SourcePlace, &str, &str, &str)| {
        let text = match count(place) {
            0 => return None,
            1 => format!("1 {one} is"),
            count => format!("{} {many} are", number::count(count)),
        };
        Some(format!("{text} not in the manifest: {why}"))
    };
    kinds.iter().filter_map(sentence).collect()
}
