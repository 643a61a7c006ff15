//! The result of a hunt.

use std::rc::Rc;

use crate::detection::Rule;
use crate::level::Level;
use crate::store::HuntRun;
use crate::subject::{Mark, VerdictKind};

/// The result of a hunt.
#[derive(Debug, Clone, Default)]
pub struct Hunt {
    /// The rules, and what became of each.
    pub rules: Vec<RuleState>,
    /// The findings, in the order of their actors and by level.
    pub findings: Vec<Finding>,
    /// The actors, the most telling first.
    pub actors: Vec<Actor>,
    /// The timeline of the first actor.
    pub timeline: Vec<TimelineEntry>,
    /// The events of all findings, if they were asked for.
    pub events: Vec<HuntedEvent>,
    /// The limits of what could be seen.
    pub visibility: Visibility,
    /// The number of events below the lowest level that is shown.
    pub hits_below: u64,
    /// The record of the run, with the findings that were left out because an earlier run has them.
    pub run: HuntRun,
    /// The number of findings that were left out because an earlier run has them.
    pub known: u64,
    /// The number of events that ignore rules hid from rules, and the names of these ignore rules.
    pub ignored: (u64, Vec<String>),
    /// The number of findings that were only tried, and so fell below the lowest level that is shown.
    pub tried_below: u64,
}

/// A rule, and what became of it.
#[derive(Debug, Clone)]
pub struct RuleState {
    /// The rule.
    pub rule: Rule,
    /// The number of events that it selected; of a query that aggregates, its rows.
    pub hits: u64,
    /// The reason why it was not run.
    pub skipped: Option<Skipped>,
}

/// The reasons why a rule is not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Skipped {
    /// Its condition cannot be resolved in the case, with the reason.
    Broken(String),
    /// It aggregates, and the filter of the hunt cannot limit it.
    NotFiltered,
    /// It needs parameters.
    NeedsParameters,
}

/// A finding: the events of one rule by one principal in one account.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The index of its rule in [`Hunt::rules`].
    pub rule: u32,
    /// The level, one lower than the rule's if nothing succeeded.
    pub level: Level,
    /// The principal.
    pub principal: Rc<PrincipalName>,
    /// The account whose trail has the events.
    pub account: Rc<str>,
    /// The number of its actor, from 1.
    pub actor: u32,
    /// The number of calls that succeeded.
    pub done: u32,
    /// The number of calls that failed.
    pub tried: u32,
    /// The number of failed calls that were dry runs: the caller was authorized.
    pub dry_runs: u32,
    /// The first event, in Unix seconds.
    pub first: Option<i64>,
    /// The last event, in Unix seconds.
    pub last: Option<i64>,
    /// `events.id` of an example; `None` if the rule aggregates.
    pub example: Option<i64>,
    /// The details of a finding that says something about its actor; `None` for any other.
    pub details: Option<Box<Details>>,
    /// True if the same rule and principal met on three earlier days.
    pub routine: bool,
    /// True if many actors of the account have a finding of the same rule.
    pub widespread: bool,
    /// The verdict of the investigator.
    pub verdict: Option<VerdictKind>,
    /// The mark of its actor.
    pub mark: Option<Mark>,
}

/// The names of a principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalName {
    /// The ARN, or the name of a service or an account.
    pub id: String,
    /// The name for a person to read.
    pub name: String,
}

/// The details of a finding.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Details {
    /// The access keys.
    pub keys: Vec<String>,
    /// The addresses.
    pub addresses: Vec<String>,
    /// A resource of the example event.
    pub resource: Option<String>,
    /// The attributes that are new for the principal; `None` if that is not known.
    pub new: Option<Vec<&'static str>>,
    /// The index of the finding on the same calls that a screen shows instead: of two, one is of a Sigma rule.
    pub covered_by: Option<u32>,
}

/// The most keys, addresses and principals that an actor lists.
pub(crate) const MAX_LISTED: usize = 20;

impl Finding {
    /// Returns the rule.
    pub fn rule<'h>(&self, hunt: &'h Hunt) -> &'h Rule {
        &hunt.rules[self.rule as usize].rule
    }

    /// Returns the actor; `None` before findings are grouped.
    pub fn actor<'h>(&self, hunt: &'h Hunt) -> Option<&'h Actor> {
        hunt.actors.get((self.actor as usize).checked_sub(1)?)
    }

    /// Returns the attributes that are new for the principal; `None` if that is not known.
    pub fn new_attributes(&self) -> Option<&[&'static str]> {
        self.details.as_ref()?.new.as_deref()
    }

    /// Reports whether the finding says something about its actor: it is neither routine, widespread nor judged benign.
    /// Every finding of an actor who is marked attacker does.
    pub fn is_telling(&self) -> bool {
        let is_benign = self.verdict == Some(VerdictKind::Benign);
        self.mark == Some(Mark::Attacker) || !(self.routine || self.widespread || is_benign)
    }
}

/// An actor: a principal with the credentials that descend from it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Actor {
    /// The number, from 1.
    pub number: usize,
    /// The principal at the beginning of the chain, for a person to read.
    pub name: String,
    /// Its ARN, or the name of a service or an account.
    pub principal: String,
    /// The account of most findings.
    pub account: String,
    /// The mark.
    pub mark: Option<Mark>,
    /// The highest level of its findings.
    pub worst: Option<Level>,
    /// The number of different rules.
    pub rules: usize,
    /// The first event of a finding, in Unix seconds.
    pub first: Option<i64>,
    /// The last event of a finding, in Unix seconds.
    pub last: Option<i64>,
    /// The attributes that are new in its findings.
    pub new: Vec<&'static str>,
    /// The access keys of its findings.
    pub keys: Vec<String>,
    /// The addresses of its findings.
    pub addresses: Vec<String>,
    /// The countries of these addresses, if files about addresses were given.
    pub countries: Vec<String>,
    /// The networks of these addresses, if files about addresses were given.
    pub networks: Vec<String>,
    /// The other principals whose credentials it used.
    pub through: Vec<String>,
}

/// Consecutive events of one name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimelineEntry {
    /// The first event, in Unix seconds.
    pub first: Option<i64>,
    /// The last event, in Unix seconds.
    pub last: Option<i64>,
    /// The service and the call.
    pub name: String,
    /// The account.
    pub account: String,
    /// The address.
    pub address: String,
    /// The number of calls that succeeded.
    pub done: u64,
    /// The number of calls that failed.
    pub tried: u64,
    /// `events.id` of the first event.
    pub example: Option<i64>,
    /// The first event in words, of the first entries of a timeline; `None` if its record is not in the case.
    pub sentence: Option<String>,
}

/// An event of a finding.
#[derive(Debug, Clone, PartialEq)]
pub struct HuntedEvent {
    /// The index of the finding.
    pub finding: usize,
    /// `events.id`.
    pub id: i64,
}

/// The limits of what could be seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Visibility {
    /// The number of events in the case.
    pub events: u64,
    /// The number of accounts whose trails have events.
    pub accounts: u64,
    /// The first and the last event of the case.
    pub period: Option<(String, String)>,
    /// Sentences about what could not be seen.
    pub not_seen: Vec<String>,
}
