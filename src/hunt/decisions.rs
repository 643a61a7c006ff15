//! The decisions of the investigator, as a hunt applies them: marks of subjects, verdicts and ignore rules.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::engine::Engine;
use crate::hunt::events::EventFacts;
use crate::hunt::principals::Principal;
use crate::query;
use crate::store::{FindingKey, IgnoreRule, QueryError, SubjectMark, Verdict};
use crate::subject::{Mark, SubjectKind, VerdictKind};

/// The decisions of the investigator that may act.
#[derive(Debug, Clone, Default)]
pub struct Decisions {
    /// Marks of subjects, one a subject.
    pub marks: Vec<SubjectMark>,
    /// Verdicts on findings, one a finding.
    pub verdicts: Vec<Verdict>,
    /// Ignore rules.
    pub ignore_rules: Vec<IgnoreRule>,
}

/// Decisions, ready to be asked of events and findings.
pub(crate) struct Prepared {
    marks: BTreeMap<(SubjectKind, String), Mark>,
    networks: Vec<(IpNet, Mark)>,
    events: Vec<MarkedEvents>,
    verdicts: BTreeMap<FindingKey, VerdictKind>,
    ignored: Vec<Ignored>,
}

/// The events of a client, an account or a resource that is marked attacker or suspect.
struct MarkedEvents {
    kind: SubjectKind,
    mark: Mark,
    /// `events.id`, ascending.
    events: Vec<i64>,
}

/// The mark of the actor of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventMark {
    /// The mark of the actor.
    pub(crate) actor: Option<Mark>,
    /// True if a subject of the event is marked attacker.
    pub(crate) is_of_attacker: bool,
}

/// An ignore rule with the events that it matches.
struct Ignored {
    name: String,
    /// The ids of the rules that it applies to; `None` for every rule.
    rules: Option<BTreeSet<String>>,
    /// `events.id`, ascending.
    events: Vec<i64>,
    /// The number of events of rules that it hid.
    hidden: u64,
}

impl Prepared {
    /// Resolves the filters of ignore rules. Returns the reasons why some do not act beside it.
    ///
    /// # Errors
    /// The case cannot be read.
    pub(crate) fn new(engine: &Engine, decisions: &Decisions) -> Result<(Prepared, Vec<String>), QueryError> {
        let mut broken = Vec::new();
        let mut ignored = Vec::new();
        for rule in &decisions.ignore_rules {
            match engine.prepare_filled(&rule.filter).and_then(|prepared| engine.event_ids(&prepared)) {
                Ok(events) => ignored.push(Ignored {
                    name: rule.name.clone(),
                    rules: rule.rules.as_ref().map(|rules| rules.iter().cloned().collect()),
                    events,
                    hidden: 0,
                }),
                Err(QueryError::Diagnostic(mistake)) => {
                    broken.push(format!("the ignore rule {} hides nothing: {}", rule.name, mistake.message));
                }
                Err(error) => return Err(error),
            }
        }
        let network = |mark: &SubjectMark| match mark.kind {
            SubjectKind::Address => Some((mark.value.parse::<IpNet>().ok()?, mark.mark)),
            _ => None,
        };
        let prepared = Prepared {
            marks: decisions.marks.iter().map(|mark| ((mark.kind, mark.value.clone()), mark.mark)).collect(),
            networks: decisions.marks.iter().filter_map(network).collect(),
            events: marked_events(engine, &decisions.marks, &mut broken)?,
            verdicts: decisions.verdicts.iter().map(|verdict| (verdict.finding.clone(), verdict.verdict)).collect(),
            ignored,
        };
        Ok((prepared, broken))
    }

    /// Returns the mark of a subject.
    fn of(&self, kind: SubjectKind, value: &str) -> Option<Mark> {
        if value.is_empty() { None } else { self.marks.get(&(kind, value.to_owned())).copied() }
    }

    /// Returns the mark of an address: its own, or that of the network which counts most.
    fn of_address(&self, address: &str) -> Option<Mark> {
        let network = || {
            let address: IpAddr = address.parse().ok()?;
            let within = self.networks.iter().filter(|(network, _)| network.contains(&address));
            within.map(|(_, mark)| *mark).max_by_key(|mark| mark.weight())
        };
        self.of(SubjectKind::Address, address).or_else(network)
    }

    /// Returns the mark of a principal: by its ARN, as a session or by its name.
    fn of_principal(&self, principal: &Principal) -> Option<Mark> {
        let names = [principal.id.as_str(), principal.name.as_str(), principal.actor.as_str()];
        let kinds = [SubjectKind::Principal, SubjectKind::Session];
        strongest(kinds.iter().flat_map(|kind| names.iter().map(|name| self.of(*kind, name))))
    }

    /// Returns the mark of the actor of an event, by its principals, key, address, client, account and resources. An address,
    /// a client or an account that is mine does not make an actor mine: an intruder may use it too. An actor that touches a
    /// resource of the attacker's is a suspect, unless a mark says more: responders touch them too.
    pub(crate) fn of_event(&self, event: &EventFacts, principal: &Principal, actor: &Principal) -> EventMark {
        let address = self.of_address(&event.address).filter(|mark| mark.weight() > 0);
        let key = self.of(SubjectKind::Key, &event.key);
        let marked = self.events.iter().filter(|marked| marked.events.binary_search(&event.id).is_ok());
        let (of_resources, of_others): (Vec<_>, Vec<_>) =
            marked.partition(|marked| marked.kind == SubjectKind::Resource);
        let of_others = of_others.iter().map(|marked| Some(marked.mark));
        let own = [self.of_principal(principal), self.of_principal(actor), key, address].into_iter();
        let own = strongest(own.chain(of_others));
        let of_attacker = own == Some(Mark::Attacker);
        EventMark {
            actor: own.or((!of_resources.is_empty()).then_some(Mark::Suspect)),
            is_of_attacker: of_attacker || of_resources.iter().any(|marked| marked.mark == Mark::Attacker),
        }
    }

    /// Reports whether no mark was made.
    pub(crate) fn has_no_marks(&self) -> bool {
        self.marks.is_empty()
    }

    /// Returns the verdict on a finding.
    pub(crate) fn verdict(&self, rule: &str, principal: &str, account: &str) -> Option<VerdictKind> {
        let key = FindingKey { rule: rule.to_owned(), principal: principal.to_owned(), account: account.to_owned() };
        self.verdicts.get(&key).copied()
    }

    /// Reports whether an ignore rule hides an event from a rule.
    pub(crate) fn hides(&mut self, rule: &str, event: i64) -> bool {
        let matching = |ignored: &Ignored| {
            ignored.rules.as_ref().is_none_or(|rules| rules.contains(rule))
                && ignored.events.binary_search(&event).is_ok()
        };
        let Some(at) = self.ignored.iter().position(matching) else { return false };
        self.ignored[at].hidden += 1;
        true
    }

    /// Returns the number of events that ignore rules hid, and the names of the rules that hid some.
    pub(crate) fn hidden(&self) -> (u64, Vec<String>) {
        let acted = self.ignored.iter().filter(|ignored| ignored.hidden > 0);
        (self.ignored.iter().map(|ignored| ignored.hidden).sum(), acted.map(|ignored| ignored.name.clone()).collect())
    }
}

/// Returns the events of the clients, accounts and resources that are marked attacker or suspect. An account is that of the
/// caller.
fn marked_events(
    engine: &Engine,
    marks: &[SubjectMark],
    broken: &mut Vec<String>,
) -> Result<Vec<MarkedEvents>, QueryError> {
    let kinds = [SubjectKind::Client, SubjectKind::Account, SubjectKind::Resource];
    let mut found = Vec::new();
    for mark in marks.iter().filter(|mark| mark.mark.weight() > 0 && kinds.contains(&mark.kind)) {
        let term = query::subject_term(mark.kind, &mark.value);
        let term = if mark.kind == SubjectKind::Account { format!("identity-{term}") } else { term };
        match engine.prepare_filled(&term).and_then(|prepared| engine.event_ids(&prepared)) {
            Ok(events) => found.push(MarkedEvents { kind: mark.kind, mark: mark.mark, events }),
            Err(QueryError::Diagnostic(mistake)) => {
                let kind = mark.kind.name();
                broken.push(format!("the mark of the {kind} {} does not act: {}", mark.value, mistake.message));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Returns the mark that counts most.
fn strongest(marks: impl Iterator<Item = Option<Mark>>) -> Option<Mark> {
    marks.flatten().max_by_key(|mark| (mark.weight(), *mark))
}
