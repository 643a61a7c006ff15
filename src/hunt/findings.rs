//! The events that rules selected, with what findings are grouped by.

use std::collections::HashMap;
use std::rc::Rc;

use crate::engine::Engine;
use crate::hunt::chains::Chains;
use crate::hunt::decisions::Prepared;
use crate::hunt::events::{self, EventFacts};
use crate::hunt::principals::Principals;
use crate::store::QueryError;
use crate::subject::Mark;

/// An event that a rule selected.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HitEvent {
    /// `events.id`.
    pub(crate) id: i64,
    /// Unix seconds; [`NO_TIME`] if it has none.
    time: i64,
    pub(crate) principal: u32,
    /// The principal at the beginning of the chain of credentials.
    pub(crate) actor: u32,
    /// The index of the account.
    pub(crate) account: u32,
    pub(crate) is_done: bool,
    pub(crate) is_dry_run: bool,
    /// True if a service of AWS made the call, for itself or on behalf of somebody.
    pub(crate) is_by_service: bool,
    /// True if a subject of it is marked attacker.
    pub(crate) is_of_attacker: bool,
}

/// The time of an event without one.
const NO_TIME: i64 = i64::MIN;

impl HitEvent {
    /// Returns the time, in Unix seconds.
    pub(crate) fn time(&self) -> Option<i64> {
        (self.time != NO_TIME).then_some(self.time)
    }
}

/// The events that rules selected, their principals, actors and accounts.
pub(crate) struct HitEvents<'a> {
    engine: &'a Engine,
    pub(crate) decisions: Prepared,
    /// The events, by id.
    events: Vec<HitEvent>,
    pub(crate) principals: Principals,
    pub(crate) accounts: Vec<Rc<str>>,
    numbers_of_accounts: HashMap<String, u32>,
    chains: Chains,
    /// The actor of a user of a key.
    actors: HashMap<Option<i64>, HashMap<String, u32>>,
    /// The strongest mark of each actor, by its name over accounts.
    marks: HashMap<String, Mark>,
}

impl<'a> HitEvents<'a> {
    /// Reads events.
    ///
    /// # Errors
    /// The case cannot be read.
    pub(crate) fn read(engine: &'a Engine, ids: &[i64], decisions: Prepared) -> Result<HitEvents<'a>, QueryError> {
        let mut hits = HitEvents {
            engine,
            decisions,
            events: Vec::with_capacity(ids.len()),
            principals: Principals::default(),
            accounts: Vec::new(),
            numbers_of_accounts: HashMap::new(),
            chains: Chains::default(),
            actors: HashMap::new(),
            marks: HashMap::new(),
        };
        events::each(engine, ids, |event| hits.add(&event))?;
        Ok(hits)
    }

    fn add(&mut self, event: &EventFacts) -> Result<(), QueryError> {
        let principal = self.principals.of_identity(self.engine, event.identity)?;
        let actor = self.actor(event, principal)?;
        let mut is_of_attacker = false;
        if !self.decisions.has_no_marks() {
            let (by, of) = (self.principals.get(principal), self.principals.get(actor));
            let mark = self.decisions.of_event(event, by, of);
            is_of_attacker = mark.is_of_attacker;
            if let Some(mark) = mark.actor {
                let known = self.marks.entry(of.actor.clone()).or_insert(mark);
                *known = (*known).max_by_weight(mark);
            }
        }
        let account = self.account(&event.account);
        self.events.push(HitEvent {
            id: event.id,
            time: event.time.unwrap_or(NO_TIME),
            principal: principal as u32,
            actor: actor as u32,
            account,
            is_done: event.is_done,
            is_dry_run: event.is_dry_run,
            is_by_service: event.is_by_service || self.principals.get(principal).is_service,
            is_of_attacker,
        });
        Ok(())
    }

    /// Forgets the events, which take memory; their principals and accounts stay.
    pub(crate) fn forget_events(&mut self) {
        self.events = Vec::new();
    }

    /// Returns an event.
    pub(crate) fn get(&self, id: i64) -> Option<&HitEvent> {
        self.events.binary_search_by_key(&id, |event| event.id).ok().map(|at| &self.events[at])
    }

    /// Returns the number of an account.
    pub(crate) fn account(&mut self, account: &str) -> u32 {
        if let Some(number) = self.numbers_of_accounts.get(account) {
            return *number;
        }
        let number = self.accounts.len() as u32;
        self.accounts.push(Rc::from(account));
        self.numbers_of_accounts.insert(account.to_owned(), number);
        number
    }

    /// Returns the mark of an actor.
    pub(crate) fn mark(&self, actor: usize) -> Option<Mark> {
        self.marks.get(&self.principals.get(actor).actor).copied()
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
        if let Some(actor) = self.actors.get(&event.identity).and_then(|of_keys| of_keys.get(&event.key)) {
            return Ok(*actor as usize);
        }
        let actor = self.actor_of_key(&event.key, principal)?;
        self.actors.entry(event.identity).or_default().insert(event.key.clone(), actor as u32);
        Ok(actor)
    }

    /// Returns the principal at the beginning of the chain of a key; `user` if no event of the case issued it.
    pub(crate) fn actor_of_key(&mut self, key: &str, user: usize) -> Result<usize, QueryError> {
        let root = if key.is_empty() { None } else { self.chains.root(self.engine, key)? };
        match root {
            Some(root) => self.principals.of_identity(self.engine, Some(root)),
            None => Ok(user),
        }
    }
}
