//! Aggregates and lists that the rollups answer: `facets` counts the combinations of attributes that have few values,
//! hour by hour, and `attribute_values` counts the values of single columns.

use crate::fields::{Field, Place, Values};
use crate::hourly_rollup::HourlyRollup;
use crate::query::interval::Interval;
use crate::query::plan::resource::ResourcePredicate;
use crate::query::plan::statistics::Statistics;
use crate::query::resolved::{Condition, Node, NodeKind, OutputColumn, ResolvedLookup, Stage};

/// Seconds of the spans that the hourly rollups count by.
pub(crate) const HOUR: i64 = 3_600;
/// A combination that more than one in this many events has is found fastest by going through the events by time.
const FREQUENT: u64 = 100;
/// If it is spread over more than one in this many hours, a list of all of them is found fastest by going through all.
const SPREAD: u64 = 4;

/// The rows that `count`, `top` and `timeline` aggregate.
#[derive(Debug, Clone, Copy)]
pub(crate) enum AggregateSource {
    /// The events.
    Events,
    /// The counts of the values of a column.
    ValueCounts(&'static Field),
    /// The counts of facets, by hour where times are asked for.
    Facets,
    /// The pairs of an event and a resource, of which the only term asks.
    ResourcePairs,
}

/// The hours in which the events of a rare combination of attributes happened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SparseHours {
    /// Only the newest hours that hold this many events.
    pub(crate) newest: Option<u64>,
}

/// Reports whether a term asks only for attributes that `facets` has.
pub(crate) fn is_facet(node: &Node) -> bool {
    match &node.kind {
        NodeKind::All(nodes) | NodeKind::Any(nodes) => nodes.iter().all(is_facet),
        NodeKind::Not(inner) => is_facet(inner),
        NodeKind::Condition(Condition::Field(field, _)) => field.facet,
        NodeKind::Condition(_) => false,
    }
}

/// Reports whether a term asks for times.
pub(crate) fn is_time(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Condition(Condition::Time(_)))
}

/// Reports whether all terms ask only for what the index on time holds: facets and times.
pub(crate) fn are_covered_by_time(terms: &[Node]) -> bool {
    terms.iter().all(|term| is_facet(term) || is_time(term))
}

/// Returns the terms that ask only for facets.
pub(crate) fn facet_terms(terms: &[Node]) -> Vec<Node> {
    terms.iter().filter(|term| is_facet(term)).cloned().collect()
}

/// Returns the rows that the aggregate of a lookup is made from. `scans_records`: the events come from a record scan.
pub(crate) fn aggregate_source(lookup: &ResolvedLookup, scans_records: bool) -> AggregateSource {
    let Some(place) = lookup.stages.iter().position(Stage::is_aggregate) else { return AggregateSource::Events };
    let (before, stage) = (&lookup.stages[..place], &lookup.stages[place]);
    if scans_records || before.iter().any(|stage| matches!(stage, Stage::Limit(_))) {
        return AggregateSource::Events;
    }
    match stage {
        Stage::Count(by) | Stage::Top(_, by) => match by.as_slice() {
            [OutputColumn::Field(field)] if lookup.terms.is_empty() && has_value_counts(field) => {
                AggregateSource::ValueCounts(field)
            }
            by if are_in_facets(&lookup.terms, by) => AggregateSource::Facets,
            [] if is_one_resource(&lookup.terms) => AggregateSource::ResourcePairs,
            _ => AggregateSource::Events,
        },
        Stage::Timeline(bucket, by) if bucket % HOUR == 0 && are_in_facets(&lookup.terms, by) => {
            AggregateSource::Facets
        }
        _ => AggregateSource::Events,
    }
}

fn has_value_counts(field: &Field) -> bool {
    let is_counted =
        field.values == Values::Kept && matches!(field.place, Place::Event | Place::Identity | Place::Role);
    is_counted || field.place == Place::AddressFiles
}

fn is_one_resource(terms: &[Node]) -> bool {
    matches!(terms, [term] if ResourcePredicate::of_term(term).is_some())
}

/// Reports whether facets and their hours have all that is asked of these terms.
fn are_in_facets(terms: &[Node], by: &[OutputColumn]) -> bool {
    let is_known = |column: &OutputColumn| matches!(column, OutputColumn::Field(field) if field.facet);
    by.iter().all(is_known) && terms.iter().all(|term| is_facet(term) || is_whole_hours(term))
}

fn is_whole_hours(node: &Node) -> bool {
    let is_whole = |span: &Interval| {
        span.from.is_none_or(|from| from.rem_euclid(HOUR) == 0)
            && span.to.is_none_or(|to| to.rem_euclid(HOUR) == HOUR - 1)
    };
    matches!(&node.kind, NodeKind::Condition(Condition::Time(spans)) if spans.iter().all(is_whole))
}

/// Returns the rollup that counts the events in periods by hour and by these columns. `None` if a term asks for more than
/// periods, or no rollup has the columns.
pub(crate) fn hourly_rollup(terms: &[Node], by: &[OutputColumn]) -> Option<&'static HourlyRollup> {
    let column = |column: &OutputColumn| match column {
        OutputColumn::Field(field) if field.facet => Some(field.stored_as),
        _ => None,
    };
    let columns: Vec<&str> = by.iter().map(column).collect::<Option<_>>()?;
    if terms.iter().all(is_time) { HourlyRollup::of_columns(&columns) } else { None }
}

/// Returns the hours to look at for a list of events with a rare combination of attributes. `None` if going through the
/// events by time is as fast. `limit`: how many of the newest are wanted.
pub(crate) fn sparse_hours(terms: &[Node], limit: Option<u64>, stats: &dyn Statistics) -> Option<SparseHours> {
    let facets = facet_terms(terms);
    if facets.is_empty() {
        return None;
    }
    let events = stats.facet_events(&facets)?;
    if limit.is_some() && events > stats.events() / FREQUENT {
        return None;
    }
    // Events without a time happened in no hour.
    if stats.dated_facet_events(&facets)? != events {
        return None;
    }
    let hours = stats.facet_hours(&facets)?;
    let all_hours = stats.hours()?;
    // A number of hours is enough only if nothing else is asked of the events.
    let newest = limit.filter(|_| facets.len() == terms.len());
    let is_sparse = newest.is_some() || hours <= all_hours / SPREAD;
    is_sparse.then_some(SparseHours { newest })
}

/// Reports whether only events with an error meet these terms. The index on errors then finds them; no other index knows
/// the outcome of an event.
pub(crate) fn are_errors(terms: &[Node], stats: &dyn Statistics) -> bool {
    let facets = facet_terms(terms);
    !facets.is_empty() && stats.facets_without_error(&facets) == Some(0)
}
