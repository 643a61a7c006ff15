//! Actors: principals with the credentials that descend from them, in the order in which they deserve a look.

use std::collections::{BTreeMap, BTreeSet};

use crate::hunt::decisions::Prepared;
use crate::hunt::findings::{Collected, Key};
use crate::hunt::principals::Principals;
use crate::hunt::result::{Actor, Finding, MAX_LISTED};
use crate::level::Level;
use crate::subject::Mark;

/// The most telling order of new attributes.
const NEW_ORDER: &[&str] = &["principal", "key", "address", "client", "region", "service", "action"];

/// A finding with what it was made from.
pub(crate) type Made = (Key, Collected, Finding);

/// The number of actors of one account from which the findings of a rule are widespread: they say something about the
/// account, not about an actor.
const WIDESPREAD_ACTORS: usize = 5;

/// Groups findings by actor, and numbers the actors: by the worst level, the number of rules, novelty, and the name.
/// Findings that are routine or widespread count only if the actor has no others.
pub(crate) fn group(principals: &Principals, decisions: &Prepared, findings: &mut [Made]) -> Vec<Actor> {
    mark_widespread(principals, findings);
    let mut of_actor: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, (key, _, _)) in findings.iter().enumerate() {
        of_actor.entry(&principals.get(key.actor).actor).or_default().push(at);
    }
    let groups: Vec<Vec<usize>> = of_actor.into_values().collect();
    let mut actors: Vec<(Actor, Vec<usize>)> = Vec::with_capacity(groups.len());
    for members in groups {
        let mark = mark_of(principals, decisions, members.iter().map(|at| &findings[*at]));
        members.iter().for_each(|at| findings[*at].2.mark = mark);
        let found: Vec<&Made> = members.iter().map(|at| &findings[*at]).collect();
        actors.push((Actor { mark, ..actor(principals, &found) }, members));
    }
    // Those whose findings say nothing of them come last.
    let is_telling = |members: &[usize]| members.iter().any(|at| findings[*at].2.is_telling());
    actors.sort_by(|(a, of_a), (b, of_b)| {
        let order = |actor: &Actor, members: &[usize]| {
            (rank(actor.mark), is_telling(members), actor.worst, actor.rules, actor.new.len())
        };
        order(b, of_b).cmp(&order(a, of_a)).then_with(|| a.principal.cmp(&b.principal))
    });
    let numbered = actors.into_iter().enumerate().map(|(at, (mut actor, members))| {
        actor.number = at + 1;
        for member in members {
            findings[member].2.actor = at + 1;
        }
        actor
    });
    numbered.collect()
}

/// Returns the mark of the actor of some findings.
fn mark_of<'m>(
    principals: &Principals,
    decisions: &Prepared,
    members: impl Iterator<Item = &'m Made> + Clone,
) -> Option<Mark> {
    let of_members = members.clone().flat_map(|(key, _, _)| [key.actor, key.principal]);
    let all = |of: fn(&Collected) -> &BTreeSet<String>| -> BTreeSet<String> {
        members.clone().flat_map(|(_, found, _)| of(found).iter().cloned()).collect()
    };
    let (keys, addresses) = (all(|found| &found.keys), all(|found| &found.addresses));
    decisions.of_actor(of_members.map(|number| principals.get(number)), &keys, &addresses)
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

/// Marks the findings of rules that many actors of an account met, but those of the highest level.
fn mark_widespread(principals: &Principals, findings: &mut [Made]) {
    let mut actors: BTreeMap<(usize, String), BTreeSet<&str>> = BTreeMap::new();
    for (key, _, _) in findings.iter() {
        let of_rule = actors.entry((key.rule, key.account.clone())).or_default();
        of_rule.insert(&principals.get(key.actor).actor);
    }
    for (key, _, finding) in findings.iter_mut() {
        let count = actors.get(&(key.rule, key.account.clone())).map_or(0, BTreeSet::len);
        finding.widespread = count >= WIDESPREAD_ACTORS && finding.level < Level::Critical;
    }
}

fn actor(principals: &Principals, members: &[&Made]) -> Actor {
    let telling: Vec<&&Made> = members.iter().filter(|(_, _, finding)| finding.is_telling()).collect();
    let counted: Vec<&&Made> = if telling.is_empty() { members.iter().collect() } else { telling };
    let root = principals.get(members[0].0.actor);
    let mut accounts: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, _, finding) in &counted {
        *accounts.entry(&finding.account).or_default() += 1;
    }
    let account = accounts.iter().max_by_key(|(name, count)| (**count, std::cmp::Reverse(**name)));
    let rules: BTreeSet<usize> = counted.iter().map(|(key, _, _)| key.rule).collect();
    let new: BTreeSet<&str> =
        counted.iter().flat_map(|(_, _, finding)| finding.new.iter().flatten().copied()).collect();
    let texts = |of: fn(&Collected) -> &BTreeSet<String>| -> Vec<String> {
        let all: BTreeSet<&String> = counted.iter().flat_map(|(_, found, _)| of(found)).collect();
        all.into_iter().take(MAX_LISTED).cloned().collect()
    };
    let through: BTreeSet<&str> = members
        .iter()
        .map(|(key, _, _)| principals.get(key.principal))
        .filter(|principal| principal.actor != root.actor)
        .map(|principal| principal.name.as_str())
        .collect();
    Actor {
        number: 0,
        mark: None,
        name: root.name.clone(),
        principal: root.id.clone(),
        account: account.map_or_else(String::new, |(account, _)| (*account).to_owned()),
        worst: counted.iter().map(|(_, _, finding)| finding.level).max(),
        rules: rules.len(),
        first: counted.iter().filter_map(|(_, _, finding)| finding.first).min(),
        last: counted.iter().filter_map(|(_, _, finding)| finding.last).max(),
        new: NEW_ORDER.iter().copied().filter(|kind| new.contains(kind)).collect(),
        keys: texts(|found| &found.keys),
        addresses: texts(|found| &found.addresses),
        through: through.into_iter().take(MAX_LISTED).map(str::to_owned).collect(),
    }
}
