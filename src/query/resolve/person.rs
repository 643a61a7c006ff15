//! Resolves `person=NAME`: the events of a person of IAM Identity Center in every account, by user id, by sign-in and by
//! the sessions of permission sets.

use crate::diagnostic::{Diagnostic, Span};
use crate::query::ast::{Comparison, Operator, Value};
use crate::query::edit;
use crate::query::resolve::resolver::{Resolver, complement};
use crate::query::resolved::{Node, NodeKind};

impl Resolver<'_> {
    /// Resolves a comparison of `person`.
    pub(crate) fn person(&self, span: Span, comparison: &Comparison) -> Result<Node, Diagnostic> {
        let negated = comparison.operator == Operator::NotEqual;
        if !negated && comparison.operator != Operator::Equal {
            return Err(Diagnostic::at(comparison.operator_span, "person takes = and != only"));
        }
        let mut people =
            comparison.values.iter().map(|value| self.one_person(span, value)).collect::<Result<Vec<_>, _>>()?;
        let node = match people.len() {
            1 => people.remove(0),
            _ => Node { span, kind: NodeKind::Any(people) },
        };
        Ok(if negated { complement(node) } else { node })
    }

    fn one_person(&self, span: Span, value: &Value) -> Result<Node, Diagnostic> {
        let text = value.text();
        if value.from_file || value.literal().is_none() || text.is_empty() {
            return Err(Diagnostic::at(value.span, "person takes names and ids, without wildcards and lists in files"));
        }
        let unread = |reason| Diagnostic::at(value.span, format!("cannot read the people of the case: {reason}"));
        let (ids, names) = self.env.person(&text).map_err(unread)?;
        let list = |values: &[String]| values.iter().map(|value| edit::literal(value)).collect::<Vec<_>>().join(",");
        let mut parts = Vec::new();
        if !ids.is_empty() {
            parts.push(format!("on-behalf-of={}", list(&ids)));
        }
        if !names.is_empty() {
            let names = list(&names);
            parts.push(format!("(role=AWSReservedSSO_* session-name={names})"));
            parts.push(format!("(identity-type=IdentityCenterUser user={names})"));
        }
        if parts.is_empty() {
            return Err(Diagnostic::at(
                value.span,
                format!("the case knows no person `{text}` of IAM Identity Center"),
            )
            .hint("`trailq import` reads the answer of `aws identitystore list-users`")
            .hint("user= and session-name= ask for names of other users and sessions"));
        }
        let filter = parts.join(" or ");
        self.note(format!("person={} is `{filter}`", edit::literal(&text)));
        let terms = self
            .stored(span, &filter)
            .map_err(|mistake| Diagnostic::at(value.span, format!("cannot ask for `{text}`: {mistake}")))?;
        Ok(Node { span, kind: NodeKind::All(terms) })
    }
}
