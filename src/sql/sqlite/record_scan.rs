//! Scans of the records, as the SQL functions `record_scan` and `record_match` take them.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::query::ast::Operator;
use crate::query::interval::Interval;
use crate::query::plan::record_scan::RecordScan;
use crate::query::resolved::{Condition, Node, NodeKind, Operand, Pattern, ValuePredicate};
use crate::sql::sqlite::builder::SqlBuilder;
use crate::sql::sqlite::glob::glob;
use crate::sql::sqlite::value_list::{MAX_ALTERNATIVES, folded_list_text, list_text};

/// Returns the argument of the function `record_scan`.
pub(crate) fn question(scan: &RecordScan) -> String {
    let conditions: Vec<Value> = scan.terms.iter().map(condition).collect();
    let Interval { from, to } = scan.interval;
    json!({ "where": { "all": conditions }, "from": from, "to": to, "newest_first": scan.newest_first }).to_string()
}

/// Returns the events that a scan finds, in its order, as the text after FROM.
pub(crate) fn source(scan: &RecordScan, builder: &mut SqlBuilder<'_>) -> String {
    let question = builder.params.text(&question(scan));
    format!(
        "json_each(record_scan_steps({question})) step CROSS JOIN json_each(record_scan({question}, step.value)) found \
         CROSS JOIN events e ON e.id = found.value"
    )
}

pub(crate) fn condition(node: &Node) -> Value {
    let each = |nodes: &[Node]| nodes.iter().map(condition).collect::<Vec<_>>();
    match &node.kind {
        NodeKind::All(nodes) => json!({ "all": each(nodes) }),
        NodeKind::Any(nodes) => json!({ "any": each(nodes) }),
        NodeKind::Not(inner) => json!({ "not": condition(inner) }),
        NodeKind::Condition(Condition::Text(texts)) => json!({ "text": texts }),
        NodeKind::Condition(Condition::Path(path, predicate)) => json!({ "path": path, "is": comparisons(predicate) }),
        NodeKind::Condition(Condition::TextRegex(regex)) => json!({ "matches": regex.pattern, "texts": regex.texts }),
        NodeKind::Condition(Condition::Same(Operand::Path(one), Operand::Path(other))) => {
            json!({ "same": [one, other] })
        }
        // The plan gives a scan no other terms.
        NodeKind::Condition(_) => json!({ "any": [] }),
    }
}

/// Returns what the function `record_match` compares the values at a path with: operators and values, of which one has to
/// hold.
pub(crate) fn comparisons(predicate: &ValuePredicate) -> Vec<(&str, Cow<'_, str>)> {
    match predicate {
        ValuePredicate::Present => vec![("present", "".into())],
        ValuePredicate::Folded(patterns) => vec![("in", folded_list_text(patterns).into())],
        ValuePredicate::Regex(pattern) => vec![("~", pattern.into())],
        ValuePredicate::Compare(operator, value) => vec![(operator.text(), value.into())],
        ValuePredicate::Patterns(patterns) if patterns.len() > MAX_ALTERNATIVES => {
            vec![("in", list_text(patterns).into())]
        }
        ValuePredicate::Patterns(patterns) => patterns
            .iter()
            .map(|pattern| match pattern {
                Pattern::Exact(value) | Pattern::Network(value) => (Operator::Equal.text(), value.into()),
                Pattern::Wildcard(parts) => ("glob", glob(parts).into()),
            })
            .collect(),
        // Paths have no types: the resolver makes none of these for them.
        ValuePredicate::Number(..) | ValuePredicate::Flag(_) => Vec::new(),
    }
}
