//! Resolves `finding=RULE`: the events of a rule as of the newest run of `trailq hunt` that the case stores.

use crate::diagnostic::{Diagnostic, Span};
use crate::fields;
use crate::query::ast::{Comparison, Operator, Value};
use crate::query::environment::{CredentialChain, Environment, HuntedRule, HuntedRules, MarkedSubject, MissingFile};
use crate::query::parse::parse;
use crate::query::resolve::names::did_you_mean;
use crate::query::resolve::resolve;
use crate::query::resolve::resolver::{Resolver, complement};
use crate::query::resolved::{Condition, Node, NodeKind, Pattern, ValuePredicate};
use crate::subject::Mark;

/// Maximum number of rules of a term: each adds its filter to the statement.
const MAX_RULES: usize = 50;
/// Maximum length of a filter in a note.
const MAX_SHOWN: usize = 200;

/// The surroundings of a filter that the case stores: it reads no file and refers to no other rule.
struct StoredFilter<'e>(&'e dyn Environment);

impl Environment for StoredFilter<'_> {
    fn now(&self) -> i64 {
        self.0.now()
    }

    fn newest_event(&self) -> Option<i64> {
        self.0.newest_event()
    }

    fn read_list(&self, _: &str) -> Result<String, String> {
        Err("a stored rule cannot read files".to_owned())
    }

    fn marked(&self, mark: Mark) -> Result<Vec<MarkedSubject>, String> {
        self.0.marked(mark)
    }

    fn named_accounts(&self) -> Result<Vec<(String, String)>, String> {
        self.0.named_accounts()
    }

    fn has_account(&self, account: &str) -> Result<bool, String> {
        self.0.has_account(account)
    }

    fn person(&self, name: &str) -> Result<(Vec<String>, Vec<String>), String> {
        self.0.person(name)
    }

    fn credential_chain(&self, key: &str) -> Result<Option<CredentialChain>, String> {
        self.0.credential_chain(key)
    }

    fn check_address_files(&self, column: &str) -> Result<(), MissingFile> {
        self.0.check_address_files(column)
    }
}

impl Resolver<'_> {
    /// Resolves a comparison of `finding`.
    pub(crate) fn finding(&self, span: Span, comparison: &Comparison) -> Result<Node, Diagnostic> {
        let negated = comparison.operator == Operator::NotEqual;
        if !negated && comparison.operator != Operator::Equal {
            return Err(Diagnostic::at(comparison.operator_span, "finding takes = and != only"));
        }
        let first = comparison.values.first().map_or(comparison.name.span, |value| value.span);
        let unreadable = |reason| Diagnostic::at(first, format!("cannot read the last run of `trailq hunt`: {reason}"));
        let run = self.env.hunted_rules().map_err(unreadable)?.ok_or_else(|| {
            Diagnostic::at(comparison.name.span, "the case stores no run of `trailq hunt`")
                .hint("run `trailq hunt` first")
        })?;
        if comparison.values.len() > MAX_RULES {
            return Err(Diagnostic::at(first, format!("finding takes at most {MAX_RULES} rules")));
        }
        let rules =
            comparison.values.iter().map(|value| self.rule(span, value, &run)).collect::<Result<Vec<_>, _>>()?;
        let mut alternatives = rules;
        let rules = match alternatives.len() {
            1 => alternatives.remove(0),
            _ => Node { span, kind: NodeKind::Any(alternatives) },
        };
        let node = match &run.scope {
            None => rules,
            Some(scope) => {
                let scope = self.stored(span, scope).map_err(|mistake| {
                    Diagnostic::at(first, format!("the scope of the last run of `trailq hunt` is invalid: {mistake}"))
                })?;
                Node { span, kind: NodeKind::All([scope, vec![rules]].concat()) }
            }
        };
        Ok(if negated { complement(node) } else { node })
    }

    /// Returns the condition on the events of a rule.
    fn rule(&self, span: Span, value: &Value, run: &HuntedRules) -> Result<Node, Diagnostic> {
        let text = value.text();
        if value.from_file || value.literal().is_none() {
            return Err(Diagnostic::at(value.span, "finding takes ids of rules, without wildcards and lists in files"));
        }
        let unreadable = |reason| Diagnostic::at(value.span, format!("cannot read the rule `{text}`: {reason}"));
        let Some(rule) = self.env.hunted_rule(&text).map_err(unreadable)? else {
            let message = format!("the last run of `trailq hunt`, of {}, has no rule `{text}`", run.run_at);
            let ids = run.ids.iter().map(String::as_str);
            return Err(did_you_mean(Diagnostic::at(value.span, message), &text, ids));
        };
        match rule {
            HuntedRule::Filter(filter) => {
                let terms = self.stored(span, &filter).map_err(|mistake| {
                    Diagnostic::at(value.span, format!("the filter of the rule `{text}` is invalid: {mistake}"))
                })?;
                let shown: String = filter.chars().take(MAX_SHOWN).collect();
                let more = if shown.len() < filter.len() { "..." } else { "" };
                self.note(format!("finding={text} is `{shown}{more}`, as of the run of {}", run.run_at));
                Ok(Node { span, kind: NodeKind::All(terms) })
            }
            HuntedRule::Events(events, total) => {
                let stored = events.len() as u64;
                if stored < total {
                    self.note(format!("finding={text}: the run of {} stored {stored} of {total} events", run.run_at));
                }
                let ids = ValuePredicate::Patterns(events.into_iter().map(Pattern::Exact).collect());
                let field = fields::find("event-id").filter(|_| stored > 0);
                Ok(match field {
                    Some(field) => Node { span, kind: NodeKind::Condition(Condition::Field(field, ids)) },
                    None => Node { span, kind: NodeKind::Any(Vec::new()) },
                })
            }
        }
    }

    /// Resolves a filter that the case stores or that a term means, in the place of the term.
    pub(crate) fn stored(&self, span: Span, filter: &str) -> Result<Vec<Node>, String> {
        let tree = parse(filter).map_err(|mistake| mistake.message)?;
        if !tree.stages.is_empty() || tree.filter.is_none() {
            return Err("it is not a filter".to_owned());
        }
        let env = StoredFilter(self.env);
        let lookup = resolve(&tree, &env).map_err(|mistake| mistake.message)?;
        lookup.notes.into_iter().for_each(|note| self.note(note));
        Ok(lookup.terms.into_iter().map(|node| placed(node, span)).collect())
    }
}

/// Returns a part of a filter at another place: that of the term that it is the meaning of.
fn placed(node: Node, span: Span) -> Node {
    let each = |nodes: Vec<Node>| nodes.into_iter().map(|node| placed(node, span)).collect();
    let kind = match node.kind {
        NodeKind::All(nodes) => NodeKind::All(each(nodes)),
        NodeKind::Any(nodes) => NodeKind::Any(each(nodes)),
        NodeKind::Not(inner) => NodeKind::Not(Box::new(placed(*inner, span))),
        condition @ NodeKind::Condition(_) => condition,
    };
    Node { span, kind }
}
