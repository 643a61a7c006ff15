//! The findings of rules that were not reviewed.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Engine;
use crate::hunt;
use crate::level::Level;
use crate::report::hunt_facts::HuntFacts;
use crate::report::model::{Block, Section, Table};
use crate::store::{FindingKey, HuntFinding, HuntRule, QueryError, Verdict};

/// The most findings that a page lists.
const MAX_FINDINGS: usize = 200;

/// Returns the section of the findings that were not reviewed.
///
/// # Errors
/// The case cannot be read.
pub(super) fn section(engine: &Engine, hunt: &HuntFacts, verdicts: &[Verdict]) -> Result<Section, QueryError> {
    let open = not_reviewed(hunt, verdicts);
    let mut blocks = vec![
        Block::Warning("found by rules and not reviewed: each may be ordinary work".to_owned()),
        Block::Text(format!(
            "{} Routine findings, and those that many actors have, are left out.",
            if hunt.is_kept {
                format!("Found by the run of `trailq hunt` at {}.", hunt.run.run_at)
            } else {
                "Found by a run for this report.".to_owned()
            }
        )),
        Block::Table(table(engine, hunt, &open, MAX_FINDINGS)?),
    ];
    blocks.extend(Block::more(open.len().saturating_sub(MAX_FINDINGS), "finding"));
    Ok(Section { id: "findings", title: "Machine findings, not reviewed", blocks })
}

/// Returns the findings of at least medium level without a verdict, the highest level first.
pub(super) fn not_reviewed<'h>(hunt: &'h HuntFacts, verdicts: &[Verdict]) -> Vec<&'h HuntFinding> {
    let reviewed: BTreeSet<&FindingKey> = verdicts.iter().map(|verdict| &verdict.finding).collect();
    let is_open = |found: &&HuntFinding| found.level >= Level::Medium && !reviewed.contains(&found.key);
    let mut open: Vec<&HuntFinding> = hunt.run.findings.iter().filter(is_open).collect();
    open.sort_by(|a, b| (b.level, &a.first_seen, &a.key).cmp(&(a.level, &b.first_seen, &b.key)));
    open
}

/// Returns the first findings as a table.
///
/// # Errors
/// The case cannot be read.
pub(super) fn table(
    engine: &Engine,
    hunt: &HuntFacts,
    findings: &[&HuntFinding],
    most: usize,
) -> Result<Table, QueryError> {
    let rules: BTreeMap<&str, &HuntRule> = hunt.run.rules.iter().map(|rule| (rule.id.as_str(), rule)).collect();
    let title = |id: &str| match rules.get(id) {
        Some(HuntRule { title, author: Some(author), .. }) => format!("{title} ({id}, by {author})"),
        Some(rule) => rule.title.clone(),
        None => id.to_owned(),
    };
    let names = engine.case().names_of_accounts()?;
    let row = |found: &&HuntFinding| {
        Ok(vec![
            found.level.name().to_owned(),
            title(&found.key.rule),
            hunt::principal_name(engine, &found.key.principal)?,
            names.beside(&found.key.account).into_owned(),
            found.done.to_string(),
            found.tried.to_string(),
            found.first_seen.clone().unwrap_or_default(),
            found.last_seen.clone().unwrap_or_default(),
        ])
    };
    Ok(Table {
        columns: vec!["level", "finding", "principal", "account", "done", "tried", "first", "last"],
        rows: findings.iter().take(most).map(row).collect::<Result<_, QueryError>>()?,
        linked: None,
        empty: "no finding of at least medium level is without a verdict",
    })
}
