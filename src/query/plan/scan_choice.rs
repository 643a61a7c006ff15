//! Terms about records as a scan of the records: which of them, and when a scan is faster than asking event by event.

use crate::query::plan::record_scan::RecordScan;
use crate::query::plan::statistics::{ScanSize, Statistics};
use crate::query::resolved::{Condition, Node, NodeKind, Operand, ResolvedLookup};

/// A scan reads a group of records, four blocks by two threads, while this many events are looked up one by one.
const EVENTS_PER_GROUP: u64 = 2;
/// Deeper conditions are asked event by event.
const MAX_NESTING: usize = 40;

/// Returns the scan for a lookup's terms about records, with its size and the terms that it does not answer. `None` if
/// there are no such terms or an index is faster. `estimate`: how many events the best index leaves.
pub(crate) fn choose(
    lookup: &ResolvedLookup,
    stats: &dyn Statistics,
    estimate: Option<u64>,
    newest_first: bool,
) -> Option<(RecordScan, ScanSize, Vec<Node>)> {
    let (terms, rest): (Vec<Node>, Vec<Node>) =
        lookup.terms.iter().cloned().partition(|node| is_about_record(node, MAX_NESTING));
    if terms.is_empty() {
        return None;
    }
    let scan = RecordScan { terms, interval: lookup.interval().unwrap_or_default(), newest_first };
    let size = stats.scan_size(&scan)?;
    let is_faster = estimate.is_none_or(|events| events > size.groups * EVENTS_PER_GROUP);
    is_faster.then_some((scan, size, rest))
}

/// Reports whether a term asks for nothing but the record, and no deeper than `nesting`.
fn is_about_record(node: &Node, nesting: usize) -> bool {
    let Some(nesting) = nesting.checked_sub(1) else { return false };
    match &node.kind {
        NodeKind::All(nodes) | NodeKind::Any(nodes) => nodes.iter().all(|node| is_about_record(node, nesting)),
        NodeKind::Not(inner) => is_about_record(inner, nesting),
        NodeKind::Condition(condition) => asks_record(condition),
    }
}

/// Reports whether a condition asks for nothing but the record.
pub(crate) fn asks_record(condition: &Condition) -> bool {
    match condition {
        Condition::Text(_) | Condition::TextRegex(_) | Condition::Path(..) => true,
        Condition::Same(one, other) => matches!((one, other), (Operand::Path(_), Operand::Path(_))),
        _ => false,
    }
}
