//! The record of a run: what a later hunt compares with, and what `finding=RULE` selects.

use std::collections::BTreeMap;

use crate::detection::{Condition, Origin, Rule};
use crate::hash::sha256;
use crate::hunt::made::Made;
use crate::hunt::result::{Finding, RuleState};
use crate::store::{FindingKey, HuntFinding, HuntRule, HuntRun, RuleSelection};
use crate::time;

/// Event ids of rules that are not the filter of a lookup, by the index of the rule.
pub(crate) type EventsOfRules = BTreeMap<usize, Vec<String>>;

/// Returns the record of a run.
pub(crate) fn record(
    states: &[RuleState],
    made: &[Made],
    events: &EventsOfRules,
    ignored: Vec<String>,
    scope: Option<String>,
) -> HuntRun {
    let rules = states.iter().enumerate().filter(|(_, state)| state.skipped.is_none());
    let rule = |(number, state): (usize, &RuleState)| HuntRule {
        id: state.rule.id.clone(),
        title: state.rule.title.clone(),
        level: state.rule.level,
        origin: origin(state.rule.origin).to_owned(),
        author: state.rule.author.clone(),
        selection: match &state.rule.condition {
            Condition::Lookup(filter) if state.rule.needs_success => {
                RuleSelection::Filter(format!("({filter}) outcome=ok"))
            }
            Condition::Lookup(filter) => RuleSelection::Filter(filter.clone()),
            Condition::Query(_) | Condition::Correlation(_) => {
                RuleSelection::Events(events.get(&number).cloned().unwrap_or_default())
            }
        },
        events: state.hits,
    };
    HuntRun {
        scope,
        rules_sha256: rules_sha256(states.iter().map(|state| &state.rule)),
        ignored,
        rules: rules.map(rule).collect(),
        findings: findings(states, made),
        ..HuntRun::default()
    }
}

/// Returns the name of the origin of a rule as a run stores it.
fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Call => "call",
        Origin::Query => "query",
        Origin::Sigma => "sigma",
    }
}

/// Returns the SHA-256 of the rules: of their ids, levels and conditions.
pub(crate) fn rules_sha256<'r>(rules: impl Iterator<Item = &'r Rule>) -> String {
    let line = |Rule { id, level, condition, needs_success, .. }: &Rule| {
        format!("{id} {} {needs_success} {condition:?}\n", level.name())
    };
    sha256(rules.map(line).collect::<String>().as_bytes())
}

/// Returns the key of a finding.
fn key(states: &[RuleState], finding: &Finding) -> FindingKey {
    FindingKey {
        rule: states[finding.rule as usize].rule.id.clone(),
        principal: finding.principal.id.clone(),
        account: finding.account.to_string(),
    }
}

/// Returns one finding a rule, principal and account: those of several actors are joined. What is routine or widespread is
/// not new to a later run either, and is left out.
fn findings(states: &[RuleState], made: &[Made]) -> Vec<HuntFinding> {
    let mut all: BTreeMap<FindingKey, HuntFinding> = BTreeMap::new();
    for Made { finding, .. } in made.iter().filter(|made| !made.finding.routine && !made.finding.widespread) {
        let id = key(states, finding);
        let found = all.entry(id.clone()).or_insert_with(|| HuntFinding {
            actor: id.principal.clone(),
            key: id,
            level: finding.level,
            done: 0,
            tried: 0,
            first_seen: None,
            last_seen: None,
            event_id: None,
        });
        found.level = found.level.max(finding.level);
        found.done += u64::from(finding.done);
        found.tried += u64::from(finding.tried);
        found.first_seen = [found.first_seen.take(), finding.first.map(time::format)].into_iter().flatten().min();
        found.last_seen = [found.last_seen.take(), finding.last.map(time::format)].into_iter().flatten().max();
    }
    all.into_values().collect()
}

/// Leaves out the findings that an earlier run has with the same counts. Returns the number of those.
pub(crate) fn leave_out_known(states: &[RuleState], made: &mut Vec<Made>, run: &HuntRun, known: &[HuntFinding]) -> u64 {
    let counts = |findings: &[HuntFinding]| -> BTreeMap<FindingKey, (u64, u64, Option<String>)> {
        let counted = |found: &HuntFinding| (found.key.clone(), (found.done, found.tried, found.last_seen.clone()));
        findings.iter().map(counted).collect()
    };
    let (now, before) = (counts(&run.findings), counts(known));
    let all = made.len();
    made.retain(|made| {
        let key = key(states, &made.finding);
        now.get(&key) != before.get(&key)
    });
    (all - made.len()) as u64
}
