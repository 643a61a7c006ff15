//! The choice of what drives a lookup: the index on the term with the fewest events, by the counts kept at import, or
//! the index on time. SQLite is told by a `+` before the columns whose indexes it is to leave alone.

use super::super::Statistics;
use super::super::lookup::{Node, NodeKind, Test};
use crate::fields::{Place, Values};

/// What drives a lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    /// The term at the top whose index is used; `None`: SQLite chooses, which is by time where the order asks for it.
    pub(super) driver: Option<usize>,
    /// Whether every index but time's is left alone, since all terms are met often.
    pub(super) by_time: bool,
    /// Whether rows come out of the driving index newest first.
    pub(super) order_by_index: bool,
    /// About how many events the driving term meets.
    pub(super) estimate: Option<u64>,
    /// Whether exactly so many events match.
    pub(super) exact: bool,
}

/// A term that meets more than one in so many events does not drive a list of the newest ones.
const OFTEN: u64 = 20;
/// Taken for the events of a near-unique value.
const FEW: u64 = 100;

/// Chooses. `limited`: only the newest few are wanted.
pub(super) fn plan(terms: &[Node], stats: &dyn Statistics, limited: bool) -> Plan {
    let events = stats.events();
    let estimates = terms.iter().map(|node| estimate(node, stats));
    let best =
        estimates.enumerate().filter_map(|(index, found)| found.map(|e| (e, index))).min_by_key(|(e, _)| e.events);
    match best {
        None => Plan {
            driver: None,
            by_time: false,
            order_by_index: true,
            estimate: terms.is_empty().then_some(events),
            exact: terms.is_empty(),
        },
        Some((found, index)) => {
            let often = limited && found.events > events / OFTEN && !found.one_value;
            Plan {
                driver: (!often).then_some(index),
                by_time: often,
                order_by_index: often || found.one_value,
                estimate: Some(found.events),
                exact: terms.len() == 1 && found.exact,
            }
        }
    }
}

/// How many events a term meets.
struct Estimate {
    events: u64,
    /// Whether it is one value of one column, whose events stand in its index by time.
    one_value: bool,
    exact: bool,
}

fn estimate(node: &Node, stats: &dyn Statistics) -> Option<Estimate> {
    match &node.kind {
        NodeKind::Test(Test::Field(field, matcher)) => {
            let values = matcher.exact()?;
            match field.place {
                Place::Event if field.indexed && field.values == Values::Kept => {
                    let counts = values.iter().map(|value| stats.count(field.column, value));
                    Some(Estimate { events: counts.sum::<Option<u64>>()?, one_value: values.len() == 1, exact: true })
                }
                Place::Event if field.indexed => {
                    Some(Estimate { events: FEW, one_value: values.len() == 1, exact: false })
                }
                Place::ResourceName => resource(&values, stats),
                _ => None,
            }
        }
        NodeKind::Test(Test::SameResource(name, _)) => resource(&name.exact()?, stats),
        NodeKind::Test(Test::Bare(_)) => Some(Estimate { events: FEW, one_value: false, exact: false }),
        _ => None,
    }
}

fn resource(values: &[&str], stats: &dyn Statistics) -> Option<Estimate> {
    let events = values.iter().map(|value| stats.resource_events(value)).sum::<Option<u64>>()?;
    Some(Estimate { events, one_value: false, exact: false })
}
