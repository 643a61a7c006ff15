//! The marks, the rules and the chains of credentials that a case stores, as a lookup refers to them.

use crate::engine::credentials;
use crate::query::{CredentialChain, HuntedRule, HuntedRules, MarkedSubject};
use crate::store::{Case, RuleSelection};
use crate::subject::Mark;

/// Returns the subjects that have a mark.
pub(crate) fn marked(case: &Case, mark: Mark) -> Result<Vec<MarkedSubject>, String> {
    let marks = case.marks().map_err(|error| error.to_string())?;
    let found = marks.into_iter().filter(|found| found.mark == mark).map(|found| MarkedSubject {
        kind: found.kind,
        value: found.value,
        is_from_elsewhere: found.authorship.origin.is_some(),
    });
    Ok(found.collect())
}

/// Returns the rules of the newest run of `trailq hunt`.
pub(crate) fn hunted_rules(case: &Case) -> Result<Option<HuntedRules>, String> {
    let run = case.last_run_header().map_err(|error| error.to_string())?;
    let Some(run) = run else { return Ok(None) };
    let ids = case.rule_ids_of_last_run().map_err(|error| error.to_string())?;
    Ok(Some(HuntedRules { run_at: run.run_at, scope: run.scope, ids }))
}

/// Returns the way in which a rule of that run selects events.
pub(crate) fn hunted_rule(case: &Case, id: &str) -> Result<Option<HuntedRule>, String> {
    let rule = case.rule_of_last_run(id).map_err(|error| error.to_string())?;
    Ok(rule.map(|rule| match rule.selection {
        RuleSelection::Filter(filter) => HuntedRule::Filter(filter),
        RuleSelection::Events(events) => HuntedRule::Events(events, rule.events),
    }))
}

/// Returns the credentials that descend from an access key.
pub(crate) fn credential_chain(case: &Case, key: &str) -> Result<Option<CredentialChain>, String> {
    let found = credentials::descend(case, key).map_err(|error| error.to_string())?;
    Ok(found.map(|found| {
        let links = || found.hops.iter().filter_map(|hop| hop.from.as_ref());
        let proven = links().filter(|(_, evidence)| evidence.is_proven()).count();
        CredentialChain {
            proven,
            inferred: links().count() - proven,
            keys: found.keys().map(str::to_owned).collect(),
            keyless_events: found.keyless_events.into_iter().collect(),
        }
    }))
}
