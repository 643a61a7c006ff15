//! The method and the chain of custody: program, rules, ignore rules, and where the events come from.

use crate::geo::{GeoDatabase, GeoFiles};
use crate::number;
use crate::report::hunt_facts::HuntFacts;
use crate::report::model::Table;
use crate::store::snapshot::ProvenanceStep;
use crate::store::{Custody, IgnoreRule, ImportRun, SourceRow};

/// The most source files that are listed.
const MAX_FILES: usize = 200;

/// Returns names and values about the program, the rules and the events.
pub(super) fn facts(hunt: &HuntFacts, custody: &Custody, geo: &GeoFiles) -> Vec<(&'static str, String)> {
    let (run, not_run) = (hunt.run.rules.len() as u64, hunt.not_run as u64);
    let digest = custody.event_digest.as_ref().map_or("not known".to_owned(), |digest| {
        format!("{digest} of {}, as stored in the case", number::counted(digest.events(), "event"))
    });
    let mut facts = vec![
        ("trailq", env!("CARGO_PKG_VERSION").to_owned()),
        ("rules", format!("{} run, {} not run", number::count(run), number::count(not_run))),
        ("SHA-256 of the rules", hunt.run.rules_sha256.clone()),
        ("digest of the events", digest),
    ];
    let files = geo.used().map_or(&[][..], GeoDatabase::files).iter();
    facts.extend(files.map(|file| ("facts about addresses", file.description())));
    facts
}

/// Returns a detail of the case as it was set last.
pub(super) fn detail(custody: &Custody, name: &str) -> Option<String> {
    custody.details.iter().rev().find(|change| change.name == name).map(|change| change.value.clone())
}

/// Returns the ignore rules with their reasons.
pub(super) fn ignore_rules(rules: &[IgnoreRule]) -> Table {
    let row = |rule: &IgnoreRule| {
        let by = format!("{} {}", rule.authorship.created_by, rule.authorship.created_at);
        vec![rule.name.clone(), rule.filter.clone(), rule.reason.clone(), by]
    };
    Table {
        columns: vec!["ignore rule", "filter", "reason", "by"],
        rows: rules.iter().map(row).collect(),
        linked: None,
        empty: "no ignore rule was applied",
    }
}

/// Returns the steps that led to the case, its imports and its source files, and the number of files that are left out.
pub(super) fn sources(custody: &Custody) -> (Vec<Table>, usize) {
    let files: Vec<&SourceRow> = custody.sources.iter().filter(|source| source.archive.is_none()).collect();
    let tables = vec![
        table(
            &["made", "by", "step", "id", "of", "redacted"],
            custody.provenance.iter().map(step),
            "the case has no step",
        ),
        table(
            &["import", "by", "trailq", "rules", "files", "read", "stored", "paths"],
            custody.imports.iter().map(import),
            "nothing was imported",
        ),
        table(
            &["source file", "SHA-256", "bytes", "status"],
            files.iter().take(MAX_FILES).map(|file| source(file)),
            "the case lists no source file",
        ),
    ];
    (tables, files.len().saturating_sub(MAX_FILES))
}

fn table(columns: &[&'static str], rows: impl Iterator<Item = Vec<String>>, empty: &'static str) -> Table {
    Table { columns: columns.to_vec(), rows: rows.collect(), linked: None, empty }
}

fn step(step: &ProvenanceStep) -> Vec<String> {
    let redacted = step.redacted.join(", ");
    // Of a case the runs of import tell.
    let unknown = if step.kind == "case" { "" } else { "not known" };
    let by = step.made_by.clone().unwrap_or_else(|| unknown.to_owned());
    vec![step.made_at.clone(), by, step.kind.clone(), step.id.clone(), step.made_from.join(", "), redacted]
}

fn import(run: &ImportRun) -> Vec<String> {
    vec![
        run.started_at.clone(),
        run.imported_by.clone().unwrap_or_else(|| "not known".to_owned()),
        run.trailq_version.clone(),
        run.rules.map_or("not known".to_owned(), |rules| rules.to_string()),
        run.files.to_string(),
        run.read.to_string(),
        run.stored.to_string(),
        run.paths.join(" "),
    ]
}

fn source(file: &SourceRow) -> Vec<String> {
    let hash = if file.sha256.is_empty() { "not read".to_owned() } else { file.sha256.clone() };
    vec![file.path.clone(), hash, file.bytes.to_string(), file.status.clone()]
}
