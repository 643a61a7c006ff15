//! Findings: the events of one rule by one principal in one account.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::detection::{Condition, Rule};
use crate::engine::Engine;
use crate::hunt::aggregate::AggregateRow;
use crate::hunt::chains::Chains;
use crate::hunt::decisions::Prepared;
use crate::hunt::events::EventFacts;
use crate::hunt::principals::Principals;
use crate::hunt::scope::Scope;
use crate::store::{MAX_RULE_EVENTS, QueryError};

/// The same rule and principal on this many days make a finding routine: three earlier ones, and the last.
const ROUTINE_DAYS: usize = 4;
/// The most distinct values of an attribute that a finding holds.
const MAX_VALUES: usize = 100;
/// The most events that a finding holds for a timeline.
const MAX_EVENTS: usize = 500;
const SECONDS_PER_DAY: i64 = 86_400;

/// Event ids of rules that are not the filter of a lookup, by the index of the rule.
pub(crate) type EventsOfRules = BTreeMap<usize, Vec<String>>;

/// The identification of a finding. Where several actors used one principal, each has findings of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) rule: usize,
    /// The principal at the beginning of the chain of credentials.
    pub(crate) actor: usize,
    pub(crate) principal: usize,
    pub(crate) account: String,
}

/// A finding that is being collected.
#[derive(Debug, Clone, Default)]
pub(crate) struct Collected {
    pub(crate) done: u64,
    pub(crate) tried: u64,
    pub(crate) dry_runs: u64,
    pub(crate) first: Option<i64>,
    pub(crate) last: Option<i64>,
    /// Days with an event up to the end of the period, at most [`ROUTINE_DAYS`].
    days: BTreeSet<i64>,
    pub(crate) addresses: BTreeSet<String>,
    pub(crate) keys: BTreeSet<String>,
    pub(crate) agents: BTreeSet<i64>,
    pub(crate) regions: BTreeSet<String>,
    pub(crate) services: BTreeSet<String>,
    pub(crate) actions: BTreeSet<String>,
    /// The first event that succeeded, else the first.
    pub(crate) example: Option<(i64, String)>,
    has_done_example: bool,
    /// Events, at most [`MAX_EVENTS`] of them.
    pub(crate) events: Vec<i64>,
    /// True if a query that aggregates gave it.
    pub(crate) is_aggregate: bool,
}

impl Collected {
    /// Reports whether the same rule and principal met on three earlier days.
    pub(crate) fn is_routine(&self) -> bool {
        self.days.len() >= ROUTINE_DAYS
    }

    fn add(&mut self, event: &EventFacts, all: bool) {
        self.done += u64::from(event.is_done);
        self.tried += u64::from(!event.is_done);
        self.dry_runs += u64::from(event.is_dry_run);
        self.spans(event.time, event.time);
        insert(&mut self.addresses, &event.address);
        insert(&mut self.keys, &event.key);
        insert(&mut self.regions, &event.region);
        insert(&mut self.services, &event.source);
        insert(&mut self.actions, &format!("{} {}", event.source, event.name));
        if let Some(agent) = event.agent.filter(|_| self.agents.len() < MAX_VALUES) {
            self.agents.insert(agent);
        }
        if self.example.is_none() || (event.is_done && !self.has_done_example) {
            self.example = Some((event.id, event.event_id.clone()));
            self.has_done_example = event.is_done;
        }
        if all || self.events.len() < MAX_EVENTS {
            self.events.push(event.id);
        }
    }

    fn spans(&mut self, first: Option<i64>, last: Option<i64>) {
        self.first = [self.first, first].into_iter().flatten().min();
        self.last = [self.last, last].into_iter().flatten().max();
    }

    fn add_day(&mut self, time: Option<i64>) {
        if let Some(time) = time.filter(|_| self.days.len() < ROUTINE_DAYS) {
            self.days.insert(time.div_euclid(SECONDS_PER_DAY));
        }
    }
}

fn insert(values: &mut BTreeSet<String>, value: &str) {
    if !value.is_empty() && values.len() < MAX_VALUES {
        values.insert(value.to_owned());
    }
}

/// Collects findings from events.
pub(crate) struct Collector<'a> {
    engine: &'a Engine,
    scope: &'a Scope,
    /// True if every event of a finding is to be held.
    all_events: bool,
    pub(crate) decisions: Prepared,
    pub(crate) principals: Principals,
    chains: Chains,
    findings: HashMap<Key, Collected>,
    /// Events of rules that are not the filter of a lookup.
    pub(crate) events_of_rules: EventsOfRules,
    /// Keys of the findings of each actor that a key was traced to.
    actors_of_keys: HashMap<(String, Option<i64>), usize>,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(engine: &'a Engine, scope: &'a Scope, all_events: bool, decisions: Prepared) -> Collector<'a> {
        Collector {
            engine,
            scope,
            all_events,
            decisions,
            principals: Principals::default(),
            chains: Chains::default(),
            findings: HashMap::new(),
            events_of_rules: EventsOfRules::new(),
            actors_of_keys: HashMap::new(),
        }
    }

    /// Adds an event to the findings of the rules that selected it. A failed call of a service is not an attempt.
    pub(crate) fn add(&mut self, event: &EventFacts, rules: &[usize], states: &[&Rule]) -> Result<(), QueryError> {
        if !self.scope.is_not_after(event.time) {
            return Ok(());
        }
        let principal = self.principals.of_identity(self.engine, event.identity)?;
        let by_service = event.is_by_service || self.principals.get(principal).is_service;
        if !event.is_done && by_service {
            return Ok(());
        }
        let actor = self.actor(event, principal)?;
        let in_period = self.scope.is_in_period(event.time);
        for rule in rules.iter().filter(|rule| event.is_done || !states[**rule].needs_success) {
            let (by, of) = (self.principals.get(principal), self.principals.get(actor));
            if in_period && self.decisions.hides(&states[*rule].id, event, by, of) {
                continue;
            }
            let key = Key { rule: *rule, actor, principal, account: event.account.clone() };
            let found = self.findings.entry(key).or_default();
            found.add_day(event.time);
            if in_period {
                found.add(event, self.all_events);
                if !matches!(states[*rule].condition, Condition::Lookup(_)) {
                    let events = self.events_of_rules.entry(*rule).or_default();
                    if events.len() < MAX_RULE_EVENTS {
                        events.push(event.event_id.clone());
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns the principal at the beginning of the chain of an event's key.
    fn actor(&mut self, event: &EventFacts, principal: usize) -> Result<usize, QueryError> {
        if event.key.is_empty() && !event.shared_id.is_empty() {
            // The copy in the account of the resource does not have the caller's key; the caller's own copy does.
            if let Some((key, identity)) = self.chains.caller(self.engine, &event.shared_id)? {
                let caller = self.principals.of_identity(self.engine, identity)?;
                return self.actor_of_key(&key, caller);
            }
        }
        let key = (event.key.clone(), event.identity);
        if let Some(actor) = self.actors_of_keys.get(&key) {
            return Ok(*actor);
        }
        let actor = self.actor_of_key(&event.key, principal)?;
        self.actors_of_keys.insert(key, actor);
        Ok(actor)
    }

    /// Returns the principal at the beginning of the chain of a key; `user` if no event of the case issued it.
    fn actor_of_key(&mut self, key: &str, user: usize) -> Result<usize, QueryError> {
        let root = if key.is_empty() { None } else { self.chains.root(self.engine, key)? };
        match root {
            Some(root) => self.principals.of_identity(self.engine, Some(root)),
            None => Ok(user),
        }
    }

    /// Adds a row of a query that aggregates.
    pub(crate) fn add_aggregate(&mut self, row: &AggregateRow, example: Option<&EventFacts>) -> Result<(), QueryError> {
        let principal = match example {
            Some(event) => self.principals.of_identity(self.engine, event.identity)?,
            None => self.principals.named(self.engine, &row.principal)?,
        };
        let key = example.map_or_else(|| row.key.clone(), |event| event.key.clone());
        let actor = self.actor_of_key(&key, principal)?;
        let account = if row.account.is_empty() {
            example.map_or_else(|| account_of(&self.principals.get(principal).id), |event| event.account.clone())
        } else {
            row.account.clone()
        };
        let found = self.findings.entry(Key { rule: row.rule, actor, principal, account }).or_default();
        found.is_aggregate = true;
        found.done += row.done;
        found.tried += row.tried;
        found.spans(row.first, row.last);
        found.add_day(row.last);
        insert(&mut found.addresses, &row.address);
        insert(&mut found.keys, &key);
        found.example = found.example.take().or_else(|| example.map(|event| (event.id, event.event_id.clone())));
        Ok(())
    }

    /// Returns the findings of the period.
    pub(crate) fn take_findings(&mut self) -> BTreeMap<Key, Collected> {
        let found = std::mem::take(&mut self.findings);
        found.into_iter().filter(|(_, found)| found.done + found.tried > 0).collect()
    }
}

/// Returns the account of an ARN.
fn account_of(arn: &str) -> String {
    arn.split(':').nth(4).unwrap_or("").to_owned()
}
