//! A correlation of the events of rules.

/// A correlation: groups of events of rules that meet a condition within a span of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Correlation {
    /// The condition on each group.
    pub kind: CorrelationKind,
    /// The rules whose events are correlated: the id and the filter of a lookup of each.
    pub rules: Vec<(String, String)>,
    /// The fields or paths, as a lookup names them, that the events of a group have in common. For each one name a rule,
    /// in the order of `rules`.
    pub group_by: Vec<Vec<String>>,
    /// The span of time, in seconds.
    pub timespan: i64,
}

/// The kinds of correlations.
#[derive(Debug, Clone, PartialEq)]
pub enum CorrelationKind {
    /// A condition on the number of events.
    EventCount(CountCondition),
    /// A condition on the number of distinct values of a field or path: one name a rule, in the order of the rules.
    ValueCount(Vec<String>, CountCondition),
    /// At least one event of each rule.
    Temporal,
}

/// A condition on a count: all that are set hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CountCondition {
    /// The lowest count.
    pub min: Option<u64>,
    /// The highest count.
    pub max: Option<u64>,
    /// A count that does not match (`neq`).
    pub not: Option<u64>,
}
