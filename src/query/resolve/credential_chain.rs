//! Resolves `chain=KEY`: the events that were done with a key and with the credentials that descend from it.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, Span};
use crate::fields;
use crate::number;
use crate::query::ast::{Comparison, Operator, Value};
use crate::query::environment::CredentialChain;
use crate::query::resolve::resolver::{Resolver, complement};
use crate::query::resolved::{Condition, Node, NodeKind, Pattern, ValuePredicate};

/// Maximum number of keys of a term: each is followed through the case.
const MAX_KEYS: usize = 50;

impl Resolver<'_> {
    /// Resolves a comparison of `chain`.
    pub(crate) fn credential_chain(&self, span: Span, comparison: &Comparison) -> Result<Node, Diagnostic> {
        let negated = comparison.operator == Operator::NotEqual;
        if !negated && comparison.operator != Operator::Equal {
            return Err(Diagnostic::at(comparison.operator_span, "chain takes = and != only"));
        }
        if let Some(value) = comparison.values.get(MAX_KEYS) {
            return Err(Diagnostic::at(value.span, format!("chain takes at most {MAX_KEYS} keys")));
        }
        let (mut keys, mut events) = (BTreeSet::new(), BTreeSet::new());
        for value in &comparison.values {
            let chain = self.chain_of(value)?;
            keys.extend(chain.keys);
            events.extend(chain.keyless_events);
        }
        let conditions = [("key", keys), ("event-id", events)].into_iter().filter_map(|(name, values)| {
            let field = fields::find(name).filter(|_| !values.is_empty())?;
            let values = ValuePredicate::Patterns(values.into_iter().map(Pattern::Exact).collect());
            Some(Node { span, kind: NodeKind::Condition(Condition::Field(field, values)) })
        });
        let mut alternatives: Vec<Node> = conditions.collect();
        let node = match alternatives.len() {
            1 => alternatives.remove(0),
            _ => Node { span, kind: NodeKind::Any(alternatives) },
        };
        Ok(if negated { complement(node) } else { node })
    }

    /// Returns what descends from a key, and notes how certain that is.
    fn chain_of(&self, value: &Value) -> Result<CredentialChain, Diagnostic> {
        let Some(key) = value.literal().filter(|_| !value.from_file) else {
            return Err(Diagnostic::at(value.span, "chain takes access keys, without wildcards and lists"));
        };
        let failed = |reason| Diagnostic::at(value.span, format!("cannot follow the chain of `{key}`: {reason}"));
        let Some(chain) = self.env.credential_chain(&key).map_err(failed)? else {
            self.note(format!(
                "chain={key} matches nothing: no event of the case was signed with this key or issued it"
            ));
            return Ok(CredentialChain { keys: vec![key], ..CredentialChain::default() });
        };
        self.note(format!(
            "chain={key} follows {}: {} proven, {} inferred",
            number::counted(chain.keys.len() as u64, "key"),
            number::counted(chain.proven as u64, "hop"),
            number::count(chain.inferred as u64),
        ));
        Ok(chain)
    }
}
