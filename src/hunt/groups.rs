//! Groups the events of one rule by actor, principal and account.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::detection::Rule;
use crate::engine::Engine;
use crate::hunt::aggregate::AggregateRow;
use crate::hunt::events::{self, EventFacts};
use crate::hunt::findings::HitEvents;
use crate::hunt::scope::Scope;
use crate::rows;
use crate::sql::Param;
use crate::store::QueryError;

/// The same rule and principal on this many days make a finding routine: three earlier ones, and the last.
const ROUTINE_DAYS: usize = 4;
const SECONDS_PER_DAY: i64 = 86_400;
/// The number of actors of one account from which the findings of a rule are widespread: they say something about the
/// account, not about an actor.
const WIDESPREAD_ACTORS: usize = 5;

/// The identification of a group. Where several actors used one principal, each has groups of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    /// The principal at the beginning of the chain of credentials.
    pub(crate) actor: u32,
    pub(crate) principal: u32,
    /// The index of the account.
    pub(crate) account: u32,
}

/// The events of one rule by one principal in one account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Group {
    pub(crate) done: u32,
    pub(crate) tried: u32,
    pub(crate) dry_runs: u32,
    pub(crate) first: Option<i64>,
    pub(crate) last: Option<i64>,
    /// Days with an event up to the end of the period, at most [`ROUTINE_DAYS`].
    days: Vec<i64>,
    /// The first event that succeeded, else the first.
    pub(crate) example: Option<i64>,
    has_done_example: bool,
    /// `events.id` of the events.
    pub(crate) events: Vec<i64>,
    /// Of a query that aggregates: the keys and addresses of its rows.
    pub(crate) keys: BTreeSet<String>,
    pub(crate) addresses: BTreeSet<String>,
    /// True if a query that aggregates gave it.
    pub(crate) is_aggregate: bool,
    /// True if many actors of the account have a group of the rule.
    pub(crate) is_widespread: bool,
}

impl Group {
    /// Reports whether the same rule and principal met on three earlier days.
    pub(crate) fn is_routine(&self) -> bool {
        self.days.len() >= ROUTINE_DAYS
    }

    fn span(&mut self, first: Option<i64>, last: Option<i64>) {
        self.first = [self.first, first].into_iter().flatten().min();
        self.last = [self.last, last].into_iter().flatten().max();
    }

    fn add_day(&mut self, time: Option<i64>) {
        let day = time.map(|time| time.div_euclid(SECONDS_PER_DAY));
        if let Some(day) = day.filter(|day| self.days.len() < ROUTINE_DAYS && !self.days.contains(day)) {
            self.days.push(day);
        }
    }
}

/// Returns the most groups that the events of all rules can make.
pub(crate) fn count(hits: &HitEvents<'_>, pairs: impl Iterator<Item = (usize, i64)>) -> usize {
    let (mut rule, mut keys, mut count) = (0, HashSet::new(), 0);
    for (of_rule, id) in pairs {
        if of_rule != rule {
            count += keys.len();
            keys.clear();
            rule = of_rule;
        }
        keys.extend(hits.get(id).map(|event| (event.actor, event.principal, event.account)));
    }
    count + keys.len()
}

/// Groups the events that a rule selected. A failed call of a service is not an attempt, and an ignore rule hides no event
/// of a subject that is marked attacker.
pub(crate) fn of_rule(hits: &mut HitEvents<'_>, scope: &Scope, rule: &Rule, ids: &[i64]) -> BTreeMap<Key, Group> {
    let mut groups: HashMap<Key, Group> = HashMap::new();
    for id in ids.iter().copied() {
        let Some(event) = hits.get(id).copied() else { continue };
        let is_left_out = !event.is_done && (rule.needs_success || event.is_by_service);
        if is_left_out || !scope.is_not_after(event.time()) {
            continue;
        }
        let in_period = scope.is_in_period(event.time());
        if in_period && !event.is_of_attacker && hits.decisions.hides(&rule.id, id) {
            continue;
        }
        let key = Key { actor: event.actor, principal: event.principal, account: event.account };
        let group = groups.entry(key).or_default();
        group.add_day(event.time());
        if !in_period {
            continue;
        }
        group.done += u32::from(event.is_done);
        group.tried += u32::from(!event.is_done);
        group.dry_runs += u32::from(event.is_dry_run);
        group.span(event.time(), event.time());
        group.events.push(id);
        if group.example.is_none() || (event.is_done && !group.has_done_example) {
            group.example = Some(id);
            group.has_done_example = event.is_done;
        }
    }
    groups.into_iter().filter(|(_, group)| group.done + group.tried > 0).collect()
}

/// Adds the rows of a query that aggregates.
///
/// # Errors
/// The case cannot be read.
pub(crate) fn add_rows(
    engine: &Engine,
    hits: &mut HitEvents<'_>,
    rows: &[AggregateRow],
    groups: &mut BTreeMap<Key, Group>,
) -> Result<(), QueryError> {
    for row in rows {
        let example = example(engine, &row.example)?;
        let principal = match &example {
            Some(event) => hits.principals.of_identity(engine, event.identity)?,
            None => hits.principals.named(engine, &row.principal)?,
        };
        let access_key = example.as_ref().map_or(row.key.as_str(), |event| event.key.as_str());
        let actor = hits.actor_of_key(access_key, principal)?;
        let account = match &example {
            _ if !row.account.is_empty() => row.account.clone(),
            Some(event) => event.account.clone(),
            // The account of an ARN.
            None => hits.principals.get(principal).id.split(':').nth(4).unwrap_or("").to_owned(),
        };
        let account = hits.account(&account);
        let group = groups.entry(Key { actor: actor as u32, principal: principal as u32, account }).or_default();
        group.is_aggregate = true;
        group.done = group.done.saturating_add(u32::try_from(row.done).unwrap_or(u32::MAX));
        group.tried = group.tried.saturating_add(u32::try_from(row.tried).unwrap_or(u32::MAX));
        group.span(row.first, row.last);
        group.add_day(row.last);
        crate::hunt::attributes::insert(&mut group.addresses, &row.address);
        crate::hunt::attributes::insert(&mut group.keys, access_key);
        group.example = group.example.or_else(|| example.as_ref().map(|event| event.id));
    }
    Ok(())
}

/// Marks the groups of an account in which many actors have one.
pub(crate) fn mark_widespread(hits: &HitEvents<'_>, groups: &mut BTreeMap<Key, Group>) {
    let mut actors: HashMap<u32, BTreeSet<&str>> = HashMap::new();
    for key in groups.keys() {
        let actor = &hits.principals.get(key.actor as usize).actor;
        actors.entry(key.account).or_default().insert(actor);
    }
    let widespread: BTreeSet<u32> = actors
        .into_iter()
        .filter(|(_, actors)| actors.len() >= WIDESPREAD_ACTORS)
        .map(|(account, _)| account)
        .collect();
    for (key, group) in groups.iter_mut() {
        group.is_widespread = widespread.contains(&key.account);
    }
}

/// Returns the example event of a row that aggregates.
fn example(engine: &Engine, event_id: &str) -> Result<Option<EventFacts>, QueryError> {
    if event_id.is_empty() {
        return Ok(None);
    }
    let params = [Param::Text(event_id.to_owned())];
    let sql = "SELECT id FROM events WHERE event_id = ?1";
    let ids = rows::integers(|sink| engine.case().query(sql, &params, sink))?;
    let mut found = None;
    events::each(engine, &ids, |event| {
        found = Some(event);
        Ok(())
    })?;
    Ok(found)
}
