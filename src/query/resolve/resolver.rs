//! The resolver of a filter: its surroundings, and what it has to say.

use std::cell::RefCell;

use crate::query::environment::Environment;
use crate::query::resolved::{Node, NodeKind};

/// Gives the terms of a filter their meaning.
pub(crate) struct Resolver<'e> {
    pub(crate) env: &'e dyn Environment,
    /// Remarks on the meaning of the lookup.
    pub(crate) notes: RefCell<Vec<String>>,
}

impl<'e> Resolver<'e> {
    pub(crate) fn new(env: &'e dyn Environment) -> Resolver<'e> {
        Resolver { env, notes: RefCell::default() }
    }

    /// Adds a remark, once.
    pub(crate) fn note(&self, text: String) {
        let mut notes = self.notes.borrow_mut();
        if !notes.contains(&text) {
            notes.push(text);
        }
    }
}

/// Returns the exact complement of a part of a filter.
pub(crate) fn complement(node: Node) -> Node {
    Node { span: node.span, kind: NodeKind::Not(Box::new(node)) }
}
