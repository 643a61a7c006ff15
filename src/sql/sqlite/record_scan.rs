//! Terms about records as a scan of the records: which of them, and when that is sooner than to ask event by event.

use serde_json::{Value, json};

use crate::query::resolved::{Condition, Interval, Node, NodeKind, ResolvedLookup};
use crate::sql::sqlite::filter::SqlBuilder;
use crate::sql::sqlite::value_list::comparisons;
use crate::sql::{ScanSize, Statistics};

/// A scan reads a group of records, four blocks by two threads, while that many events are looked up one by one.
const EVENTS_A_GROUP: u64 = 2;
/// Deeper conditions are asked event by event.
const MOST_NESTING: usize = 40;

/// A scan that finds the events of a lookup.
pub(crate) struct Scan {
    /// What is asked of the records, as the function `record_scan` takes it.
    question: String,
    /// The terms that it does not answer.
    pub(crate) rest: Vec<Node>,
    pub(crate) size: ScanSize,
}

/// The scan for a lookup's terms about records, if it has any. `estimate`: how many events the best index leaves;
/// `newest_first`: whether a few of the newest are wanted.
pub(crate) fn choose(
    lookup: &ResolvedLookup,
    stats: &dyn Statistics,
    estimate: Option<u64>,
    newest_first: bool,
) -> Option<Scan> {
    let mut conditions = Vec::new();
    let mut rest = Vec::new();
    for node in &lookup.terms {
        match condition(node, MOST_NESTING) {
            Some(condition) => conditions.push(condition),
            None => rest.push(node.clone()),
        }
    }
    if conditions.is_empty() {
        return None;
    }
    let Interval { from, to } = lookup.interval().unwrap_or_default();
    let question = json!({ "where": { "all": conditions }, "from": from, "to": to, "newest_first": newest_first });
    let question = question.to_string();
    let size = stats.scan(&question)?;
    let sooner = estimate.is_none_or(|events| events > size.groups * EVENTS_A_GROUP);
    sooner.then_some(Scan { question, rest, size })
}

impl Scan {
    /// What stands behind FROM in place of `events e`: the events in the order of the scan.
    pub(crate) fn source(&self, writer: &mut SqlBuilder<'_>) -> String {
        let question = writer.text(&self.question);
        format!(
            "json_each(record_scan_steps({question})) step CROSS JOIN json_each(record_scan({question}, step.value)) found \
             CROSS JOIN events e ON e.id = found.value"
        )
    }
}

/// A term as a condition on a record; `None` where it asks for anything else.
fn condition(node: &Node, nesting: usize) -> Option<Value> {
    let nesting = nesting.checked_sub(1)?;
    let each = |nodes: &[Node]| nodes.iter().map(|node| condition(node, nesting)).collect::<Option<Vec<_>>>();
    Some(match &node.kind {
        NodeKind::All(nodes) => json!({ "all": each(nodes)? }),
        NodeKind::Any(nodes) => json!({ "any": each(nodes)? }),
        NodeKind::Not(inner) => json!({ "not": condition(inner, nesting)? }),
        NodeKind::Condition(Condition::Text(texts)) => json!({ "text": texts }),
        NodeKind::Condition(Condition::Path(path, matcher)) => json!({ "path": path, "is": comparisons(matcher) }),
        NodeKind::Condition(_) => return None,
    })
}
