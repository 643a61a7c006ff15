//! The report of a validation: lines for a person, an object for a program, and the findings as rows.

use std::fmt::Write as _;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};

use crate::escape::visible;
use crate::ingest::UnreadFile;
use crate::number;
use crate::render::Format;
use crate::render::palette::{HEADING, paint};
use crate::rows::Value;
use crate::store::KeptValidation;
use crate::summary::report::{Report, TextTarget};
use crate::time;
use crate::validate::{FileKind, Finding, Origin, Summary, Validation, Verdict, VerdictCounts};

/// The meaning of `valid`, which every report states.
pub(crate) const MEANING: &str =
    "valid means: unchanged since CloudTrail delivered it. It does not mean that the trail recorded everything.";

/// The columns of findings.
pub(crate) const FINDING_COLUMNS: [&str; 13] = [
    "verdict", "kind", "account", "region", "trail", "files", "object", "place", "from", "to", "expected", "found",
    "reason",
];

/// The report of a validation.
pub(crate) struct ValidationReport<'r> {
    /// The result.
    pub(crate) validation: &'r Validation,
    /// True if heads of chains need a signature.
    pub(crate) strict: bool,
    /// Files that were read, or that the case knows.
    pub(crate) files: u64,
    /// Their bytes on disk.
    pub(crate) bytes: u64,
    /// Files that could not be read.
    pub(crate) unread: &'r [UnreadFile],
    /// Time taken.
    pub(crate) seconds: f64,
}

impl Report for ValidationReport<'_> {
    const NAME: &'static str = "a validation";
    const TEXT_FORMATS: &'static [Format] = &[Format::Table, Format::Expanded];
    const TEXT_TARGET: TextTarget = TextTarget::Rows;

    fn text(&self, color: bool) -> String {
        let mut out = String::new();
        for summary in &self.validation.summaries {
            write_summary(&mut out, summary, color);
        }
        if self.validation.summaries.is_empty() {
            let _ = writeln!(out, "there is no digest file, no delivered log file and no listing of a bucket");
        }
        let mut verdict = None;
        for finding in &self.validation.findings {
            if verdict != Some(finding.verdict) {
                let _ = writeln!(out, "\n{}", paint(finding.verdict.name(), HEADING, color));
                verdict = Some(finding.verdict);
            }
            write_finding(&mut out, finding);
        }
        for (at, file) in self.unread.iter().enumerate() {
            if at == 0 {
                let _ = writeln!(out, "\n{}", paint("not read", HEADING, color));
            }
            let _ = writeln!(out, "  {}: {}", visible(&file.place), visible(&file.reason));
        }
        let _ = writeln!(out);
        for line in self.notes() {
            let _ = writeln!(out, "{line}");
        }
        out
    }
}

impl ValidationReport<'_> {
    /// Reports whether everything was checked and nothing is wrong.
    pub(crate) fn is_complete(&self) -> bool {
        self.validation.is_complete(self.strict) && self.unread.is_empty()
    }

    /// Returns what the verdicts rest on, one sentence each.
    fn notes(&self) -> Vec<String> {
        let Validation { keys, missing_keys, wrong_keys, moved, .. } = self.validation;
        let mut notes = Vec::new();
        if *moved > 0 {
            let files = number::counted(*moved, "log file");
            notes.push(format!("{files} found by content: another name, folder or compression does not matter"));
        }
        if !keys.is_empty() {
            let keys = keys.iter().map(|key| visible(key)).collect::<Vec<_>>().join(", ");
            notes.push(format!(
                "signatures verified with {keys}: compare with `aws cloudtrail list-public-keys` on a trusted machine"
            ));
        }
        if !missing_keys.is_empty() {
            let keys = missing_keys.iter().map(|key| visible(key)).collect::<Vec<_>>().join(", ");
            notes.push(format!("no public key for {keys}: see `trailq guide collect`, then add --public-keys FILE"));
        }
        for key in wrong_keys {
            notes
                .push(format!("the public key {} is not used: its fingerprint is not that of its bytes", visible(key)));
        }
        notes.push(MEANING.to_owned());
        notes
    }
}

/// Writes the counts of an account, Region and trail.
fn write_summary(out: &mut String, summary: &Summary, color: bool) {
    let known = |text: &str| if text.is_empty() { "(unknown)".to_owned() } else { visible(text).into_owned() };
    let trail = if summary.trail.is_empty() { "no digest".to_owned() } else { visible(&summary.trail).into_owned() };
    let heading = format!("{} {} {trail}", known(&summary.account), known(&summary.region));
    let _ = write!(out, "{}", paint(&heading, HEADING, color));
    if let (Some(from), Some(to)) = (summary.from, summary.to) {
        let _ = write!(out, "  {} to {}", time::format(from), time::format(to));
    }
    let _ = writeln!(out);
    for (label, counts) in [("digests", &summary.digests), ("log files", &summary.files)] {
        if counts.total() > 0 {
            let _ = writeln!(out, "  {label:<9}  {}", counts_of(counts));
        }
    }
}

/// Returns the numbers of each verdict, in words.
fn counts_of(counts: &VerdictCounts) -> String {
    let all = [Verdict::Valid].into_iter().chain(Verdict::ALL.into_iter().filter(|verdict| *verdict != Verdict::Valid));
    let some = all.filter(|verdict| counts.of(*verdict) > 0);
    some.map(|verdict| format!("{} {verdict}", number::count(counts.of(verdict)))).collect::<Vec<_>>().join(", ")
}

fn write_finding(out: &mut String, finding: &Finding) {
    let kind = finding.kind.name();
    let what = match (&finding.object, &finding.place) {
        (Some(object), _) => format!("{kind} {}", visible(object)),
        (None, Some(place)) => format!("{kind} {}", visible(place)),
        (None, None) => {
            let files = if finding.files == 0 { String::new() } else { number::counted(finding.files, kind) };
            let Origin { account, region, trail } = &*finding.origin;
            let of = [account, region, trail].map(|part| visible(part).into_owned());
            let of = of.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" ");
            let period = match (finding.from, finding.to) {
                (Some(from), Some(to)) => format!("{} to {}", time::format(from), time::format(to)),
                (Some(from), None) => format!("after {}", time::format(from)),
                (None, Some(to)) => format!("before {}", time::format(to)),
                (None, None) => String::new(),
            };
            [files, of, period].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
        }
    };
    let _ = writeln!(out, "  {what}");
    let _ = writeln!(out, "    {}", visible(&finding.reason));
    if let (Some(_), Some(place)) = (&finding.object, &finding.place) {
        let _ = writeln!(out, "    file      {}", visible(place));
    }
    for (label, hash) in ["expected", "found"].into_iter().zip(finding.hashes()) {
        if let Some(hash) = hash
            && finding.verdict == Verdict::Altered
        {
            let _ = writeln!(out, "    {label:<8}  {hash}");
        }
    }
}

/// Returns a finding as a row.
pub(crate) fn finding_row(finding: &Finding) -> Vec<Value> {
    let text = |text: &str| if text.is_empty() { Value::Null } else { Value::Text(text.to_owned()) };
    let optional = |text: &Option<Box<str>>| text.as_deref().map_or(Value::Null, |text| Value::Text(text.to_owned()));
    let moment = |seconds: Option<i64>| seconds.map_or(Value::Null, |seconds| Value::Text(time::format(seconds)));
    let [expected, found] = finding.hashes().map(|hash| hash.map_or(Value::Null, Value::Text));
    vec![
        text(finding.verdict.name()),
        text(finding.kind.name()),
        text(&finding.origin.account),
        text(&finding.origin.region),
        text(&finding.origin.trail),
        Value::Integer(i64::try_from(finding.files).unwrap_or(i64::MAX)),
        optional(&finding.object),
        optional(&finding.place),
        moment(finding.from),
        moment(finding.to),
        expected,
        found,
        text(&finding.reason),
    ]
}

/// A finding as an object; the keys are in their order.
#[derive(Serialize)]
struct FindingObject<'f> {
    account: &'f str,
    expected: Option<String>,
    files: u64,
    found: Option<String>,
    from: Option<String>,
    kind: &'f str,
    object: Option<&'f str>,
    place: Option<&'f str>,
    reason: &'f str,
    region: &'f str,
    to: Option<String>,
    trail: &'f str,
    verdict: &'f str,
}

impl<'f> From<&'f Finding> for FindingObject<'f> {
    fn from(finding: &'f Finding) -> FindingObject<'f> {
        let [expected, found] = finding.hashes();
        FindingObject {
            account: &finding.origin.account,
            expected,
            files: finding.files,
            found,
            from: finding.from.map(time::format),
            kind: finding.kind.name(),
            object: finding.object.as_deref(),
            place: finding.place.as_deref(),
            reason: &finding.reason,
            region: &finding.origin.region,
            to: finding.to.map(time::format),
            trail: &finding.origin.trail,
            verdict: finding.verdict.name(),
        }
    }
}

/// Findings as a list, an object at a time: a tree of a million of them takes gigabytes.
struct FindingList<'f>(&'f [Finding]);

impl Serialize for FindingList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(FindingObject::from))
    }
}

impl Serialize for ValidationReport<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let moment = |seconds: Option<i64>| seconds.map(time::format);
        let summary = |summary: &Summary| {
            json!({
                "account": summary.account,
                "region": summary.region,
                "trail": summary.trail,
                "from": moment(summary.from),
                "to": moment(summary.to),
                "digests": counts_object(&summary.digests),
                "log_files": counts_object(&summary.files),
            })
        };
        let unread: Vec<Json> =
            self.unread.iter().map(|file| json!({"place": file.place, "reason": file.reason})).collect();
        let Validation { summaries, findings, keys, missing_keys, wrong_keys, moved } = self.validation;
        let mut object = serializer.serialize_struct("Validation", 13)?;
        object.serialize_field("bytes", &self.bytes)?;
        object.serialize_field("complete", &self.is_complete())?;
        object.serialize_field("files", &self.files)?;
        object.serialize_field("findings", &FindingList(findings))?;
        object.serialize_field("keys", keys)?;
        object.serialize_field("meaning", MEANING)?;
        object.serialize_field("missing_keys", missing_keys)?;
        object.serialize_field("moved", moved)?;
        object.serialize_field("seconds", &self.seconds)?;
        object.serialize_field("strict", &self.strict)?;
        object.serialize_field("summary", &summaries.iter().map(summary).collect::<Vec<_>>())?;
        object.serialize_field("unread", &unread)?;
        object.serialize_field("wrong_keys", wrong_keys)?;
        object.end()
    }
}

/// Returns the numbers of each verdict.
fn counts_object(counts: &VerdictCounts) -> Json {
    let of = |verdict: &Verdict| (verdict.name().replace(' ', "_"), Json::from(counts.of(*verdict)));
    Json::Object(Verdict::ALL.iter().map(of).collect())
}

/// Returns the numbers of digests and log files by verdict, for a case that keeps the validation.
pub(crate) fn verdicts(validation: &Validation) -> Json {
    let of = |kind: FileKind| {
        let count = |verdict: Verdict| -> u64 {
            let counts = |summary: &Summary| match kind {
                FileKind::Digest => summary.digests.of(verdict),
                FileKind::LogFile => summary.files.of(verdict),
            };
            validation.summaries.iter().map(counts).sum()
        };
        let counted = Verdict::ALL.iter().map(|verdict| (verdict.name().to_owned(), count(*verdict)));
        Json::Object(counted.filter(|(_, files)| *files > 0).map(|(name, files)| (name, files.into())).collect())
    };
    json!({"digests": of(FileKind::Digest), "log_files": of(FileKind::LogFile)})
}

/// Returns a kept validation as a summary of a case shows it.
pub(crate) fn kept_line(kept: &KeptValidation) -> String {
    let verdicts: Json = serde_json::from_str(&kept.verdicts).unwrap_or_default();
    let part = |key: &str, one: &str| {
        let counts = verdicts.get(key).and_then(Json::as_object).into_iter().flatten();
        let counts: Vec<String> = counts
            .map(|(verdict, files)| {
                format!("{} {}", number::count(files.as_u64().unwrap_or_default()), visible(verdict))
            })
            .collect();
        (!counts.is_empty()).then(|| format!("{one} {}", counts.join(", ")))
    };
    let parts: Vec<String> =
        [part("digests", "digests:"), part("log_files", "log files:")].into_iter().flatten().collect();
    let outcome = if kept.complete { "complete" } else { "NOT complete" };
    let of = if kept.paths.is_some() { "files" } else { "the case" };
    format!("{} of {of}, by {}: {outcome}; {}", visible(&kept.at), visible(&kept.by), parts.join("; "))
}

/// Returns a kept validation as an object.
pub(crate) fn kept_object(kept: &KeptValidation) -> Json {
    let parsed = |text: &str| serde_json::from_str::<Json>(text).unwrap_or_default();
    json!({
        "at": kept.at,
        "by": kept.by,
        "trailq_version": kept.version,
        "paths": kept.paths.as_deref().map(parsed),
        "complete": kept.complete,
        "keys": parsed(&kept.keys),
        "verdicts": parsed(&kept.verdicts),
    })
}
