//! The summary of a case: period, counts, accounts, Regions, event sources, rejects, conflicts and provenance.

use std::fmt::Write as _;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::escape::{visible, width};
use crate::event_digest::EventDigest;
use crate::number;
use crate::render::Format;
use crate::render::palette::{HEADING, paint};
use crate::store::{CaseIds, Info, Rules};
use crate::summary::provenance::{digest_lines, step_line, step_object};
use crate::summary::report::{Report, TextTarget};
use crate::summary::validate::{kept_line, kept_object};

/// The largest number of accounts, Regions or event sources that the text lists.
const MAX_LISTED: usize = 20;

/// The summary of a case.
pub(crate) struct InfoReport {
    /// The path of the case.
    pub(crate) path: String,
    /// Its contents.
    pub(crate) info: Info,
}

impl Report for InfoReport {
    const NAME: &'static str = "info";
    const TEXT_FORMATS: &'static [Format] = &[Format::Table, Format::Expanded];
    const TEXT_TARGET: TextTarget = TextTarget::Rows;

    fn text(&self, color: bool) -> String {
        text(&self.path, &self.info, color)
    }
}

impl Serialize for InfoReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        object(&self.path, &self.info).serialize(serializer)
    }
}

/// Returns the summary as lines of text.
fn text(path: &str, info: &Info, color: bool) -> String {
    let mut out = String::new();
    let mut line = |label: &str, value: &str| {
        let blanks = " ".repeat(12_usize.saturating_sub(label.len()));
        let _ = writeln!(out, "{}{blanks}{value}", paint(label, HEADING, color));
    };
    line("case", &format!("{} ({})", visible(path), number::bytes(info.case_bytes)));
    match (&info.first, &info.last) {
        (Some(first), Some(last)) => line("period", &format!("{} to {}", visible(first), visible(last))),
        _ => line("period", "no event has a time"),
    }
    line("events", &number::count(info.events));
    line("digest", &digest_text(info.event_digest.as_ref()));
    line("identities", &number::count(info.identities));
    line("resources", &number::count(info.resources));
    line("files", &files(info));
    let accounts: Vec<(String, u64)> =
        info.accounts.iter().map(|(id, events)| (with_name(id, info), *events)).collect();
    for (label, values) in [("accounts", &accounts), ("regions", &info.regions), ("sources", &info.sources)] {
        for (at, value) in counts(values).into_iter().enumerate() {
            line(if at == 0 { label } else { "" }, &value);
        }
    }
    if info.rejects.is_empty() {
        line("rejects", "0");
    }
    for (at, (reason, count, place)) in info.rejects.iter().enumerate() {
        let text = format!("{}  {} ({})", number::count(*count), visible(reason), visible(place));
        line(if at == 0 { "rejects" } else { "" }, &text);
    }
    line("conflicts", &number::count(info.conflicts));
    match info.ids {
        CaseIds::Event => {}
        CaseIds::Content => line("ids", "content: made from each record, not its eventID (`import --ids content`)"),
        CaseIds::Mixed => line("ids", "mixed: some are eventIDs, and some made from the content of the record"),
    }
    if info.rules != Rules::Current {
        line("rules", &format!("{}: `trailq reindex` applies those of this version", info.rules.name()));
    }
    if let Some(kept) = &info.validation {
        line("validation", &kept_line(kept));
    }
    // The provenance of a case that was only ever imported into is not listed.
    let steps = info.provenance.iter().filter(|_| info.provenance.iter().any(|step| step.kind != "case"));
    for (at, step) in steps.enumerate() {
        line(if at == 0 { "provenance" } else { "" }, &step_line(step));
        for digest in digest_lines(step) {
            line("", &digest);
        }
    }
    out
}

/// Returns the digest of the events as a case stores it.
pub(super) fn digest_text(digest: Option<&EventDigest>) -> String {
    let unknown = || "not known: the next import, or `trailq reindex`, computes it".to_owned();
    digest.map_or_else(unknown, EventDigest::to_string)
}

/// Returns the numbers of files, of members of archives and of what was ignored.
fn files(info: &Info) -> String {
    let mut text = format!("{} ({})", number::count(info.files), number::bytes(info.bytes));
    if info.members > 0 {
        text += &format!(", {} of archives", number::counted(info.members, "member"));
    }
    if info.ignored > 0 {
        text += &format!("; {} ignored, listed by `trailq info --files`", number::count(info.ignored));
    }
    if info.left_out > 0 {
        text += &format!("; {} left out by limits of the import", number::count(info.left_out));
    }
    text
}

/// Returns one line a value with its count, aligned.
fn counts(values: &[(String, u64)]) -> Vec<String> {
    let shown: Vec<_> =
        values.iter().take(MAX_LISTED).map(|(value, count)| (visible(value), number::count(*count))).collect();
    let name = shown.iter().map(|(value, _)| width(value)).max().unwrap_or(0);
    let digits = shown.iter().map(|(_, count)| count.len()).max().unwrap_or(0);
    let line = |(value, count): &(std::borrow::Cow<'_, str>, String)| {
        format!("{value}{}  {count:>digits$}", " ".repeat(name - width(value)))
    };
    let mut lines: Vec<String> = shown.iter().map(line).collect();
    if values.len() > MAX_LISTED {
        lines.push(format!("and {} more", values.len() - MAX_LISTED));
    }
    lines
}

/// Returns the name of an account, if it has one.
fn name_of<'i>(id: &str, info: &'i Info) -> Option<&'i str> {
    info.named_accounts.iter().find(|account| account.id == id).map(|account| account.name.as_str())
}

/// Returns the id of an account with its name.
fn with_name(id: &str, info: &Info) -> String {
    name_of(id, info).map_or_else(|| id.to_owned(), |name| format!("{id} ({name})"))
}

/// Returns the accounts that have events as JSON objects.
fn accounts(info: &Info) -> Vec<Value> {
    let account = |(id, events): &(String, u64)| json!({"value": id, "name": name_of(id, info), "events": events});
    info.accounts.iter().map(account).collect()
}

/// Returns the summary as a JSON object.
fn object(path: &str, info: &Info) -> Value {
    let counted = |values: &[(String, u64)]| -> Vec<Value> {
        values.iter().map(|(value, events)| json!({"value": value, "events": events})).collect()
    };
    let rejects: Vec<Value> = info
        .rejects
        .iter()
        .map(|(reason, count, place)| json!({"reason": reason, "count": count, "example": place}))
        .collect();
    json!({
        "case": path,
        "case_bytes": info.case_bytes,
        "first_event": info.first,
        "last_event": info.last,
        "events": info.events,
        "event_digest": info.event_digest,
        "identities": info.identities,
        "resources": info.resources,
        "files": info.files,
        "members": info.members,
        "ignored": info.ignored,
        "left_out": info.left_out,
        "bytes": info.bytes,
        "accounts": accounts(info),
        "regions": counted(&info.regions),
        "sources": counted(&info.sources),
        "rejected": info.rejects.iter().map(|reject| reject.1).sum::<u64>(),
        "rejects": rejects,
        "conflicts": info.conflicts,
        "ids": info.ids.name(),
        "rules": info.rules.name(),
        "provenance": info.provenance.iter().map(step_object).collect::<Vec<_>>(),
        "validation": info.validation.as_ref().map(kept_object),
    })
}

#[cfg(test)]
mod tests {
    use super::{Info, object, text};
    use crate::store::NamedAccount;

    fn info() -> Info {
        Info {
            first: Some("2024-03-01T09:00:00Z".to_owned()),
            last: Some("2024-03-02T09:00:00Z".to_owned()),
            events: 1234,
            accounts: vec![("111122223333".to_owned(), 1200), ("x\x1b".to_owned(), 34)],
            named_accounts: vec![NamedAccount { id: "111122223333".to_owned(), name: "prod".to_owned() }],
            rejects: vec![("not JSON".to_owned(), 2, "a/b.json:3".to_owned())],
            ..Info::default()
        }
    }

    #[test]
    fn a_person_reads_lines_and_a_program_an_object() {
        let shown = text("t.db", &info(), false);
        assert!(
            shown.contains("period      2024-03-01T09:00:00Z to 2024-03-02T09:00:00Z\nevents      1,234\n"),
            "{shown}"
        );
        assert!(
            shown.contains("accounts    111122223333 (prod)  1,200\n            x\\x1b                   34\n"),
            "{shown}"
        );
        assert!(shown.contains("rejects     2  not JSON (a/b.json:3)\n"), "{shown}");
        let object = object("t.db", &info());
        assert_eq!(object["accounts"][0]["events"], 1200);
        assert_eq!(object["accounts"][0]["name"], "prod");
        assert_eq!(object["rejected"], 2);
    }
}
