//! Findings of trailq's own rules and of Sigma rules on the same calls: a screen shows them in one line.

use std::collections::HashMap;

use crate::detection::Origin;
use crate::hunt::made::Made;
use crate::hunt::result::RuleState;

/// Notes at each finding the one that covers it: of the same actor, principal and account, of at least its level, on the
/// same calls, and one of the two is a Sigma rule's. trailq's own rule covers a Sigma rule of the same level and events.
/// The findings are in their final order; those that say nothing of their actors have no events here, and are left alone.
pub(crate) fn fold(rules: &[RuleState], made: &mut [Made]) {
    let is_sigma = |made: &Made| rules[made.finding.rule as usize].rule.origin == Origin::Sigma;
    let mut by_key: HashMap<_, Vec<usize>> = HashMap::new();
    for (at, made) in made.iter().enumerate().filter(|(_, made)| made.finding.details.is_some()) {
        if !made.events().is_empty() {
            by_key.entry(made.key).or_default().push(at);
        }
    }
    for group in by_key.into_values().filter(|group| group.len() > 1) {
        let mut covering: Vec<usize> = Vec::new();
        let mut ordered = group;
        ordered.sort_by_key(|at| (std::cmp::Reverse(made[*at].finding.level), is_sigma(&made[*at]), *at));
        for at in ordered {
            let one = &made[at];
            let covers = |other: &Made| is_sigma(other) != is_sigma(one) && covers_calls(other, one);
            let covered_by = covering.iter().copied().find(|other| covers(&made[*other]));
            match (covered_by, made[at].finding.details.as_mut()) {
                (Some(other), Some(details)) => details.covered_by = u32::try_from(other).ok(),
                _ => covering.push(at),
            }
        }
    }
}

/// Reports whether a finding has the calls of another, and beyond those at most failed ones: a rule may ask for success.
fn covers_calls(all: &Made, some: &Made) -> bool {
    let has_as_many =
        all.finding.done == some.finding.done && (all.finding.done > 0 || all.finding.tried == some.finding.tried);
    has_as_many && contains(all.events(), some.events())
}

/// Reports whether all of the ascending ids are among others that ascend.
fn contains(all: &[i64], some: &[i64]) -> bool {
    some.len() <= all.len() && some.iter().all(|id| all.binary_search(id).is_ok())
}
