//! The term whose index drives a lookup: the one with the fewest events, by the counts of the rollups.

use crate::fields::{Field, Place, Values};
use crate::query::plan::resource::ResourcePredicate;
use crate::query::plan::statistics::Statistics;
use crate::query::resolved::{Condition, Node, NodeKind, ValuePredicate};

/// A term that more than one in this many events meets does not drive a list of the newest: going through the events by
/// time meets them before they are sorted.
const FREQUENT: u64 = 100;
/// Sorting this many events is always fast enough.
pub(crate) const MAX_SORTED_FREELY: u64 = 500;
/// Assumed for the events of a near-unique value.
const NEAR_UNIQUE_EVENTS: u64 = 100;
/// The values of longer lists are counted by one statement.
const MAX_COUNTED_SINGLY: usize = 500;
/// The columns of an identity in which a bare value is looked for.
pub(crate) const BARE_IDENTITY_COLUMNS: [&str; 6] =
    ["arn", "principal_id", "role_name", "role_arn", "session_name", "on_behalf_of"];

/// The choice of the index that drives a lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Driver {
    /// The term at the top whose index is used. `None`: the database chooses, which is by time if the order asks for it.
    pub(crate) term: Option<usize>,
    /// True if every index but the one on time is left alone, since all terms are met often.
    pub(crate) by_time: bool,
    /// True if the index that is used has the facets of its events: the one on time, or on errors.
    pub(crate) has_facets: bool,
    /// True if the driving term is of a column whose index has the time.
    pub(crate) has_column_index: bool,
    /// True if rows come out of the driving index newest first.
    pub(crate) is_in_time_order: bool,
    /// About how many events the driving term meets.
    pub(crate) estimate: Option<u64>,
    /// True if `estimate` is the exact number of events that match.
    pub(crate) is_exact: bool,
}

impl Driver {
    /// Returns the choice of no index but the one on time, in no order of an index.
    pub(crate) fn only_time() -> Driver {
        Driver {
            term: None,
            by_time: true,
            has_facets: false,
            has_column_index: false,
            is_in_time_order: false,
            estimate: None,
            is_exact: false,
        }
    }
}

/// Chooses the driving term. `limited`: only the newest few events are wanted.
pub(crate) fn choose(terms: &[Node], stats: &dyn Statistics, limited: bool) -> Driver {
    let events = stats.events();
    let estimates: Vec<(usize, Estimate)> =
        terms.iter().enumerate().filter_map(|(index, node)| Some((index, estimate(node, stats)?))).collect();
    let fewest = |one_value: bool| {
        estimates.iter().filter(|(_, e)| e.one_value || !one_value).min_by_key(|(_, estimate)| estimate.events)
    };
    let Some((index, best)) = fewest(false) else {
        let estimate = terms.is_empty().then_some(events);
        return Driver {
            estimate,
            is_exact: terms.is_empty(),
            by_time: false,
            is_in_time_order: true,
            ..Driver::only_time()
        };
    };
    let is_frequent = limited && best.events > MAX_SORTED_FREELY.max(events / FREQUENT);
    // The index on a column has the events of one value by time.
    let term = if is_frequent { fewest(true).map(|(index, _)| index) } else { Some(index) };
    Driver {
        term: term.copied(),
        by_time: is_frequent && term.is_none(),
        has_facets: term.is_some_and(|term| is_error(&terms[*term])),
        has_column_index: term.is_some_and(|term| is_column(&terms[*term])),
        is_in_time_order: is_frequent || best.one_value,
        estimate: Some(best.events),
        is_exact: terms.len() == 1 && best.exact,
    }
}

fn is_column(node: &Node) -> bool {
    matches!(&node.kind, NodeKind::Condition(Condition::Field(field, _)) if field.place == Place::Event)
}

fn is_error(node: &Node) -> bool {
    matches!(&node.kind, NodeKind::Condition(Condition::Field(field, _)) if field.column == "error_code")
}

/// The number of events that a term meets.
struct Estimate {
    events: u64,
    /// True if it is one value of one column, whose index has its events by time.
    one_value: bool,
    exact: bool,
}

impl Estimate {
    fn about(events: u64) -> Estimate {
        Estimate { events, one_value: false, exact: false }
    }

    fn exactly(events: u64) -> Estimate {
        Estimate { events, one_value: false, exact: true }
    }
}

/// Returns `None` for what no index answers.
fn estimate(node: &Node, stats: &dyn Statistics) -> Option<Estimate> {
    if let Some(resource) = ResourcePredicate::of_term(node) {
        return stats.events_of_resources(resource).map(Estimate::about);
    }
    let condition = match &node.kind {
        NodeKind::Condition(condition) => condition,
        NodeKind::Any(nodes) => return near_unique(nodes).then(|| Estimate::about(NEAR_UNIQUE_EVENTS)),
        NodeKind::All(_) | NodeKind::Not(_) => return None,
    };
    match condition {
        Condition::Field(field, predicate) => match field.place {
            Place::Event if field.indexed => column(field, predicate, stats),
            Place::Identity => stats.events_of_identities(&[field.stored_as], predicate).map(Estimate::exactly),
            Place::Role => stats.events_of_identities(&["role_name", "role_arn"], predicate).map(Estimate::exactly),
            Place::UserAgent => stats.events_of_user_agents(field.stored_as, predicate).map(Estimate::exactly),
            Place::AddressFiles => stats.events_of_addresses(field.stored_as, predicate).map(Estimate::exactly),
            _ => None,
        },
        Condition::Bare(predicate) => {
            let parts = [
                stats.events_with_values("user_name", predicate),
                stats.events_with_values("source_ip_address", predicate),
                stats.events_of_identities(&BARE_IDENTITY_COLUMNS, predicate),
                stats.events_of_resources(ResourcePredicate::of_field(Place::ResourceName, predicate)),
            ];
            Some(Estimate::about(NEAR_UNIQUE_EVENTS + parts.into_iter().flatten().sum::<u64>()))
        }
        Condition::SameResource { .. }
        | Condition::Path(..)
        | Condition::Text(_)
        | Condition::TextRegex(_)
        | Condition::Same(..)
        | Condition::Last(_)
        | Condition::Time(_) => None,
    }
}

/// Reports whether alternatives are exact values of columns whose values have few events each, such as keys and ids.
/// SQLite takes the index of each.
pub(crate) fn near_unique(nodes: &[Node]) -> bool {
    let is_near_unique = |node: &Node| match &node.kind {
        NodeKind::Condition(Condition::Field(field, predicate)) => {
            let has_index = field.place == Place::Event && field.indexed && field.values != Values::Kept;
            has_index && predicate.exact().is_some()
        }
        _ => false,
    };
    !nodes.is_empty() && nodes.iter().all(is_near_unique)
}

fn column(field: &Field, predicate: &ValuePredicate, stats: &dyn Statistics) -> Option<Estimate> {
    let values = predicate.exact().map(distinct);
    let one_value = values.as_ref().is_some_and(|values| values.len() == 1);
    if field.values != Values::Kept {
        return values.map(|_| Estimate { events: NEAR_UNIQUE_EVENTS, one_value, exact: false });
    }
    let events = match values.filter(|values| values.len() <= MAX_COUNTED_SINGLY) {
        Some(values) => values.iter().map(|value| stats.events_with_value(field.column, value)).sum::<Option<u64>>()?,
        None => stats.events_with_values(field.column, predicate)?,
    };
    Some(Estimate { events, one_value, exact: true })
}

fn distinct(mut values: Vec<&str>) -> Vec<&str> {
    values.sort_unstable();
    values.dedup();
    values
}
