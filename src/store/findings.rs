//! The decisions of an investigator about findings, and the runs of `trailq hunt`, as plain values.
//! [`AnnotationWriter`](crate::store::AnnotationWriter) writes them, and [`Case`](crate::store::Case) reads them.

use crate::level::Level;
use crate::subject::{Mark, SubjectKind, VerdictKind};

/// Maximum number of events that are stored of a rule that is not the filter of a lookup.
pub const MAX_RULE_EVENTS: usize = 10_000;
/// Maximum number of runs that are listed; of the newest one alone rules and findings are stored.
pub const MAX_RUNS: usize = 100;

/// The time, the author and the origin of a decision.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Authorship {
    /// The time, UTC.
    pub created_at: String,
    /// The author.
    pub created_by: String,
    /// `provenance.id` of the file in which it was made; `None` is this one.
    pub origin: Option<String>,
}

/// A mark of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectMark {
    /// The kind of the subject.
    pub kind: SubjectKind,
    /// The subject.
    pub value: String,
    /// The mark.
    pub mark: Mark,
    /// The reason.
    pub why: Option<String>,
    /// The time, the author and the origin.
    pub authorship: Authorship,
}

/// A verdict on a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The finding.
    pub finding: FindingKey,
    /// The verdict.
    pub verdict: VerdictKind,
    /// The reason.
    pub why: Option<String>,
    /// The time, the author and the origin.
    pub authorship: Authorship,
}

/// The identity of a finding: a rule, a principal and an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingKey {
    /// The id of the rule.
    pub rule: String,
    /// The principal; empty for none.
    pub principal: String,
    /// The account; empty for none.
    pub account: String,
}

/// A rule that says which events are not findings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IgnoreRule {
    /// The name.
    pub name: String,
    /// The title.
    pub title: String,
    /// The ids of the rules that it applies to; `None` for every rule.
    pub rules: Option<Vec<String>>,
    /// The filter of a lookup.
    pub filter: String,
    /// The reason.
    pub reason: String,
    /// The time, the author and the origin.
    pub authorship: Authorship,
}

/// A run of `trailq hunt`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HuntRun {
    /// The time, UTC. Set when the run is recorded.
    pub run_at: String,
    /// The user. Set when the run is recorded.
    pub run_by: String,
    /// The version of trailq. Set when the run is recorded.
    pub trailq_version: String,
    /// The filter of a lookup that limited the run, its times absolute; `None` for the whole case.
    pub scope: Option<String>,
    /// The SHA-256 of the rules.
    pub rules_sha256: String,
    /// The names of the ignore rules that were applied.
    pub ignored: Vec<String>,
    /// The rules that were run, those that found nothing too.
    pub rules: Vec<HuntRule>,
    /// The findings.
    pub findings: Vec<HuntFinding>,
}

/// A rule of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HuntRule {
    /// The id.
    pub id: String,
    /// The title.
    pub title: String,
    /// The level.
    pub level: Level,
    /// The origin: `call`, `query` or `sigma`.
    pub origin: String,
    /// The author, where the license asks for one.
    pub author: Option<String>,
    /// The events that it selected.
    pub selection: RuleSelection,
    /// The number of events that it selected.
    pub events: u64,
}

/// The way in which the events of a rule are found again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleSelection {
    /// The filter of a lookup.
    Filter(String),
    /// The event ids; of more than [`MAX_RULE_EVENTS`] the first.
    Events(Vec<String>),
}

/// A finding of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HuntFinding {
    /// The rule, the principal and the account.
    pub key: FindingKey,
    /// The actor: the principal whose credentials were used.
    pub actor: String,
    /// The level of the finding, which may be lower than that of the rule.
    pub level: Level,
    /// The number of events that succeeded.
    pub done: u64,
    /// The number of events that failed.
    pub tried: u64,
    /// The time of the first event.
    pub first_seen: Option<String>,
    /// The time of the last event.
    pub last_seen: Option<String>,
    /// The id of an example; `None` where the rule aggregates.
    pub event_id: Option<String>,
}
