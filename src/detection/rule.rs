//! A detection rule.

use crate::detection::correlation::Correlation;
use crate::level::Level;

/// A detection rule, from any origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The id by which it is named: a name of trailq's own, or the UUID of a Sigma rule.
    pub id: String,
    /// The title, without a full stop.
    pub title: String,
    /// The level of its findings.
    pub level: Level,
    /// The origin.
    pub origin: Origin,
    /// The author, where the license asks for one.
    pub author: Option<String>,
    /// Techniques of MITRE ATT&CK, such as `T1078.004`.
    pub attack: Vec<String>,
    /// The meaning of its events for an attacker and a defender.
    pub about: String,
    /// Ordinary readings of its events.
    pub false_positives: Vec<String>,
    /// The events that it selects.
    pub condition: Condition,
    /// True if only a call that succeeded is a finding.
    pub needs_success: bool,
}

/// The origin of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A single call of `meaning.tsv`.
    Call,
    /// A saved query with a level.
    Query,
    /// A Sigma rule of the user's.
    Sigma,
}

/// The events that a rule selects.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// The filter of a lookup.
    Lookup(String),
    /// The saved query of this name.
    Query(String),
    /// A count of the events of other rules.
    Correlation(Correlation),
}
