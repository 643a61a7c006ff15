//! Actors: principals with the credentials that descend from them, in the order in which they deserve a look.

use std::collections::{BTreeMap, BTreeSet};

use crate::hunt::made::Made;
use crate::hunt::principals::Principals;
use crate::hunt::result::{Actor, Details, MAX_LISTED};
use crate::subject::Mark;

/// The most telling order of new attributes.
const NEW_ORDER: &[&str] = &["principal", "key", "address", "client", "region", "service", "action"];

/// Groups findings by actor, and numbers the actors: by mark, the worst level, the number of rules, novelty, and the name.
/// Findings that are routine or widespread count only if the actor has no others.
pub(crate) fn group(principals: &Principals, findings: &mut [Made]) -> Vec<Actor> {
    let mut of_actor: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, made) in findings.iter().enumerate() {
        of_actor.entry(&principals.get(made.key.actor as usize).actor).or_default().push(at);
    }
    let group = |members: Vec<usize>| {
        let found: Vec<&Made> = members.iter().map(|at| &findings[*at]).collect();
        (found.iter().any(|made| made.finding.is_telling()), actor(principals, &found), members)
    };
    let mut actors: Vec<(bool, Actor, Vec<usize>)> = of_actor.into_values().map(group).collect();
    // Those whose findings say nothing of them come last.
    actors.sort_by(|(a_tells, a, _), (b_tells, b, _)| {
        let order = |tells: bool, actor: &Actor| (rank(actor.mark), tells, actor.worst, actor.rules, actor.new.len());
        order(*b_tells, b).cmp(&order(*a_tells, a)).then_with(|| a.principal.cmp(&b.principal))
    });
    let numbered = actors.into_iter().enumerate().map(|(at, (_, mut actor, members))| {
        actor.number = at + 1;
        for member in members {
            findings[member].finding.actor = at as u32 + 1;
        }
        actor
    });
    numbered.collect()
}

/// Returns the rank of a mark among actors: attackers come first, and cleared ones and the investigator's own last.
fn rank(mark: Option<Mark>) -> u8 {
    match mark {
        Some(Mark::Attacker) => 4,
        Some(Mark::Suspect) => 3,
        None => 2,
        Some(Mark::Cleared) => 1,
        Some(Mark::Mine) => 0,
    }
}

fn actor(principals: &Principals, members: &[&Made]) -> Actor {
    let telling: Vec<&Made> = members.iter().copied().filter(|made| made.finding.is_telling()).collect();
    let counted = if telling.is_empty() { members } else { telling.as_slice() };
    let root = principals.get(members[0].key.actor as usize);
    let mut accounts: BTreeMap<&str, u64> = BTreeMap::new();
    for made in counted {
        *accounts.entry(&made.finding.account).or_default() += 1;
    }
    let account = accounts.iter().max_by_key(|(name, count)| (**count, std::cmp::Reverse(**name)));
    let rules: BTreeSet<u32> = counted.iter().map(|made| made.finding.rule).collect();
    let details = || counted.iter().filter_map(|made| made.finding.details.as_deref());
    let new: BTreeSet<&str> = details().flat_map(|details| details.new.iter().flatten().copied()).collect();
    let texts = |of: fn(&Details) -> &Vec<String>| -> Vec<String> {
        let all: BTreeSet<&String> = details().flat_map(of).collect();
        all.into_iter().take(MAX_LISTED).cloned().collect()
    };
    let through: BTreeSet<&str> = members
        .iter()
        .map(|made| principals.get(made.key.principal as usize))
        .filter(|principal| principal.actor != root.actor)
        .map(|principal| principal.name.as_str())
        .collect();
    Actor {
        number: 0,
        mark: members[0].finding.mark,
        name: root.name.clone(),
        principal: root.id.clone(),
        account: account.map_or_else(String::new, |(account, _)| (*account).to_owned()),
        worst: counted.iter().map(|made| made.finding.level).max(),
        rules: rules.len(),
        first: counted.iter().filter_map(|made| made.finding.first).min(),
        last: counted.iter().filter_map(|made| made.finding.last).max(),
        new: NEW_ORDER.iter().copied().filter(|kind| new.contains(kind)).collect(),
        keys: texts(|details| &details.keys),
        addresses: texts(|details| &details.addresses),
        countries: Vec::new(),
        networks: Vec::new(),
        through: through.into_iter().take(MAX_LISTED).map(str::to_owned).collect(),
    }
}
