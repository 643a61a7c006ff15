//! Lookups that read records, as parts of one scan that several share.
//!
//! Terms of a lookup about records become a predicate; terms about columns become statements, whose events are sets in
//! that predicate. So indexes narrow the scan, and every block is unpacked once for all lookups.

use serde_json::{Value, json};

use crate::query::interval::Interval;
use crate::query::plan::rollup::{is_facet, is_time};
use crate::query::plan::scan_choice::asks_record;
use crate::query::resolved::{Condition, Node, NodeKind, ResolvedLookup};
use crate::sql::count_source::CountSource;
use crate::sql::sqlite::builder::SqlBuilder;
use crate::sql::sqlite::emit_id_set;
use crate::sql::sqlite::record_scan::condition;
use crate::sql::sqlite::statistics::CaseStatistics;
use crate::sql::statement::Statement;

/// Deeper filters are answered by statements of their own: JSON nests twice as deep.
const MAX_NESTING: usize = 40;

/// A lookup's part of a scan that several lookups share.
#[derive(Debug, Clone)]
pub struct SharedScan {
    /// The predicate on records, in JSON. `{"ids": n}` holds for the events of the set with this number.
    pub predicate: String,
    /// The sets of events.
    pub id_sets: Vec<EventSet>,
}

/// A set of events.
#[derive(Debug, Clone)]
pub enum EventSet {
    /// The events whose `events.id` a statement gives.
    Events(Statement),
    /// The events of the facets whose `facets.id` a statement gives, with a time in one of each list of spans.
    Facets(Statement, Vec<Vec<Interval>>),
}

/// Returns the events of a lookup that reads no records.
pub fn emit_event_set(lookup: &ResolvedLookup, counts: &dyn CountSource) -> EventSet {
    event_set(&lookup.without_stages(), counts)
}

/// Returns a set of events. What asks for facets and times only is answered by the few distinct facets.
fn event_set(lookup: &ResolvedLookup, counts: &dyn CountSource) -> EventSet {
    let (times, facets): (Vec<&Node>, Vec<&Node>) = lookup.terms.iter().partition(|node| is_time(node));
    if facets.is_empty() || !facets.iter().all(|node| is_facet(node)) {
        return EventSet::Events(emit_id_set(lookup, counts));
    }
    let spans = times.into_iter().filter_map(|node| match &node.kind {
        NodeKind::Condition(Condition::Time(spans)) => Some(spans.clone()),
        _ => None,
    });
    EventSet::Facets(facet_ids(&facets, counts), spans.collect())
}

/// Returns the statement that gives the ids of the facets that meet these terms.
fn facet_ids(terms: &[&Node], counts: &dyn CountSource) -> Statement {
    let stats = CaseStatistics(counts);
    let mut builder = SqlBuilder::new(&stats);
    let conditions: Vec<String> = terms.iter().map(|term| builder.facet(term)).collect();
    Statement {
        sql: format!("SELECT f.id AS id FROM facets f WHERE {}", conditions.join(" AND ")),
        params: builder.params.into_values(),
        columns: vec!["id".to_owned()],
        scans_records: false,
        scan: None,
        estimate: None,
        exact: false,
        access_path: None,
    }
}

/// Returns a lookup's part of a shared scan. `None` if the lookup reads no records, or nests too deep.
pub fn emit_shared_scan(lookup: &ResolvedLookup, counts: &dyn CountSource) -> Option<SharedScan> {
    let reads = lookup.terms.iter().any(reads_records);
    let is_shallow = lookup.terms.iter().all(|node| is_shallow(node, MAX_NESTING));
    if !reads || !is_shallow {
        return None;
    }
    let mut id_sets = Vec::new();
    let predicate = {
        let mut set = |nodes: Vec<Node>| {
            let of_set = ResolvedLookup { terms: nodes, stages: Vec::new(), ..lookup.clone() };
            id_sets.push(event_set(&of_set, counts));
            json!({ "ids": id_sets.len() - 1 })
        };
        all(&lookup.terms, &mut set)
    };
    Some(SharedScan { predicate: predicate.to_string(), id_sets })
}

/// Returns the predicate of terms that all hold. Those that read no records are one set.
fn all(nodes: &[Node], set: &mut dyn FnMut(Vec<Node>) -> Value) -> Value {
    let (reading, others): (Vec<&Node>, Vec<&Node>) = nodes.iter().partition(|node| reads_records(node));
    let others = (!others.is_empty()).then(|| set(others.into_iter().cloned().collect()));
    let reading = reading.into_iter().map(|node| one(node, set));
    json!({ "all": others.into_iter().chain(reading.collect::<Vec<_>>()).collect::<Vec<_>>() })
}

/// Returns the predicate of a part that reads records.
fn one(node: &Node, set: &mut dyn FnMut(Vec<Node>) -> Value) -> Value {
    match &node.kind {
        NodeKind::All(nodes) => all(nodes, set),
        NodeKind::Any(nodes) => {
            let (reading, others): (Vec<&Node>, Vec<&Node>) = nodes.iter().partition(|node| reads_records(node));
            let others: Vec<Node> = others.into_iter().cloned().collect();
            let others = (!others.is_empty()).then(|| set(vec![Node { span: node.span, kind: NodeKind::Any(others) }]));
            let reading: Vec<Value> = reading.into_iter().map(|node| one(node, set)).collect();
            json!({ "any": others.into_iter().chain(reading).collect::<Vec<_>>() })
        }
        NodeKind::Not(inner) => json!({ "not": one(inner, set) }),
        NodeKind::Condition(_) => condition(node),
    }
}

/// Reports whether a part asks something of records that a scan answers.
fn reads_records(node: &Node) -> bool {
    match &node.kind {
        NodeKind::All(nodes) | NodeKind::Any(nodes) => nodes.iter().any(reads_records),
        NodeKind::Not(inner) => reads_records(inner),
        NodeKind::Condition(condition) => asks_record(condition),
    }
}

fn is_shallow(node: &Node, nesting: usize) -> bool {
    let Some(nesting) = nesting.checked_sub(1) else { return false };
    match &node.kind {
        NodeKind::All(nodes) | NodeKind::Any(nodes) => nodes.iter().all(|node| is_shallow(node, nesting)),
        NodeKind::Not(inner) => is_shallow(inner, nesting),
        NodeKind::Condition(_) => true,
    }
}
