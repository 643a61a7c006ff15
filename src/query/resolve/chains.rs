//! Long chains of alternatives: `ip=A or ip=B or ...` means `ip=A,B,...`, and `not ip=A not ip=B ...` means
//! `not ip=A,B,...`. As one list they cost one parameter.

use std::collections::HashMap;

use crate::query::resolved::{Condition, Node, NodeKind, ValuePredicate};

/// Shorter chains stay as they are written.
const MAX_SEPARATE: usize = 64;

/// Joins alternatives about one field or path.
pub(crate) fn joined_alternatives(nodes: Vec<Node>) -> Vec<Node> {
    if nodes.len() <= MAX_SEPARATE {
        return nodes;
    }
    let mut joined: Vec<Node> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for node in nodes {
        let Some(key) = key(&node) else {
            joined.push(node);
            continue;
        };
        match places.get(&key).and_then(|at| joined.get_mut(*at)) {
            Some(first) => extend(first, node),
            None => {
                places.insert(key, joined.len());
                joined.push(node);
            }
        }
    }
    joined
}

/// Joins complements, side by side, of terms about one field or path.
pub(crate) fn joined_complements(nodes: Vec<Node>) -> Vec<Node> {
    if nodes.len() <= MAX_SEPARATE {
        return nodes;
    }
    let (complements, mut others): (Vec<Node>, Vec<Node>) =
        nodes.into_iter().partition(|node| matches!(node.kind, NodeKind::Not(_)));
    let inner = complements.into_iter().filter_map(|node| match node.kind {
        NodeKind::Not(inner) => Some(*inner),
        _ => None,
    });
    let inner = joined_alternatives(inner.collect());
    others.extend(inner.into_iter().map(|node| Node { span: node.span, kind: NodeKind::Not(Box::new(node)) }));
    others
}

/// Returns the key of a term whose values can be joined with those of others with the same key.
fn key(node: &Node) -> Option<String> {
    let NodeKind::Condition(test) = &node.kind else { return None };
    match test {
        Condition::Field(field, ValuePredicate::Patterns(_)) => Some(format!("field {}", field.name)),
        Condition::Path(path, ValuePredicate::Patterns(_)) => Some(format!("path {path}")),
        Condition::Field(field, ValuePredicate::Folded(_)) => Some(format!("folded field {}", field.name)),
        Condition::Path(path, ValuePredicate::Folded(_)) => Some(format!("folded path {path}")),
        Condition::Bare(ValuePredicate::Patterns(_)) => Some("bare".to_owned()),
        Condition::Text(_) => Some("text".to_owned()),
        Condition::Time(_) => Some("time".to_owned()),
        _ => None,
    }
}

fn extend(first: &mut Node, other: Node) {
    first.span = first.span.to(other.span);
    let (NodeKind::Condition(first), NodeKind::Condition(other)) = (&mut first.kind, other.kind) else { return };
    match (first, other) {
        (
            Condition::Field(_, ValuePredicate::Patterns(all))
            | Condition::Path(_, ValuePredicate::Patterns(all))
            | Condition::Field(_, ValuePredicate::Folded(all))
            | Condition::Path(_, ValuePredicate::Folded(all))
            | Condition::Bare(ValuePredicate::Patterns(all)),
            Condition::Field(_, ValuePredicate::Patterns(more))
            | Condition::Path(_, ValuePredicate::Patterns(more))
            | Condition::Field(_, ValuePredicate::Folded(more))
            | Condition::Path(_, ValuePredicate::Folded(more))
            | Condition::Bare(ValuePredicate::Patterns(more)),
        ) => all.extend(more),
        (Condition::Text(all), Condition::Text(more)) => all.extend(more),
        (Condition::Time(all), Condition::Time(more)) => all.extend(more),
        // Terms of one key are of one kind.
        _ => {}
    }
}
