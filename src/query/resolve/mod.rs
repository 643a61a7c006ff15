//! Gives every name and value of a lookup its meaning, or says what is wrong with it.

mod accounts;
mod addresses;
mod chains;
mod credential_chain;
mod finding;
pub(crate) mod marks;
mod names;
mod person;
mod resolver;
mod stages;
mod values;
mod words;

use crate::diagnostic::{Diagnostic, Span};
use crate::fields::{Field, Kind, Place};
use crate::query::ast;
use crate::query::ast::{Comparison, Expression, ExpressionKind, Name, Operator};
use crate::query::environment::Environment;
use crate::query::interval::Interval;
use crate::query::resolved::{Condition, Node, NodeKind, Operand, ResolvedLookup, TextRegex, ValuePredicate};
use crate::query::time::TimeGuess;
use crate::query::{edit, time};

use crate::query::resolve::chains::{joined_alternatives, joined_complements};
use crate::query::resolve::names::{Named, find_name};
use crate::query::resolve::resolver::{Resolver, complement};
use crate::query::resolve::values::{expand, matcher, patterns};

/// Gives a parsed lookup its meaning.
///
/// # Errors
/// The first name or value that has none.
pub fn resolve(ast: &ast::LookupAst, env: &dyn Environment) -> Result<ResolvedLookup, Diagnostic> {
    let resolver = Resolver::new(env);
    let whole = || -> Result<ResolvedLookup, Diagnostic> {
        let terms = match &ast.filter {
            None => Vec::new(),
            Some(Expression { kind: ExpressionKind::All(parts), .. }) => resolver.side_by_side(parts)?,
            Some(single) => resolver.side_by_side(std::slice::from_ref(single))?,
        };
        let notes = resolver.notes.take();
        let mut lookup = ResolvedLookup { text: ast.text.clone(), terms, stages: Vec::new(), notes };
        refuse_empty_period(&lookup)?;
        lookup.stages = stages::resolve(&ast.stages, lookup.interval(), lookup.last(), env)?;
        Ok(lookup)
    };
    whole().map_err(|diagnostic| diagnostic.in_source(&ast.text))
}

/// `user==alice` of somebody who means `user=alice`.
fn no_field_to_compare(name: &Name, other: &Name, mistake: Diagnostic) -> Diagnostic {
    let (name, value) = (name.text(), other.text());
    mistake.hint(format!("for equality write {name}={}; == compares two fields", edit::literal(&value)))
}

/// `since` after `until` matches nothing, ever.
fn refuse_empty_period(lookup: &ResolvedLookup) -> Result<(), Diagnostic> {
    let Some(Interval { from: Some(from), to: Some(to) }) = lookup.interval() else { return Ok(()) };
    if from <= to {
        return Ok(());
    }
    let span = lookup
        .terms
        .iter()
        .filter(|node| matches!(node.kind, NodeKind::Condition(Condition::Time(_))))
        .map(|node| node.span)
        .reduce(|a, b| a.to(b))
        .unwrap_or_default();
    let (from, to) = (crate::time::format(from), crate::time::format(to));
    Err(Diagnostic::at(span, format!("invalid period: its start {from} is after its end {to}"))
        .hint("write the earlier time in since= and the later one in until="))
}

/// Joins terms of these two places, the name and the type of a resource, into such of one and the same resource.
fn same_resource(nodes: Vec<Node>, (name_place, type_place): (Place, Place)) -> Vec<Node> {
    let place = |node: &Node| match &node.kind {
        NodeKind::Condition(Condition::Field(field, _)) => Some(field.place),
        _ => None,
    };
    let has = |wanted: Place| nodes.iter().any(|node| place(node) == Some(wanted));
    if !has(name_place) || !has(type_place) {
        return nodes;
    }
    let (types, rest): (Vec<Node>, Vec<Node>) = nodes.into_iter().partition(|node| place(node) == Some(type_place));
    let kinds: Vec<ValuePredicate> = types
        .iter()
        .filter_map(|node| match &node.kind {
            NodeKind::Condition(Condition::Field(_, matcher)) => Some(matcher.clone()),
            _ => None,
        })
        .collect();
    rest.into_iter()
        .map(|node| match node.kind {
            NodeKind::Condition(Condition::Field(field, name)) if field.place == name_place => {
                let span = types.iter().map(|kind| kind.span).fold(node.span, crate::diagnostic::Span::to);
                let listed = name_place == Place::ListedName;
                Node { span, kind: NodeKind::Condition(Condition::SameResource { name, kinds: kinds.clone(), listed }) }
            }
            _ => node,
        })
        .collect()
}

impl Resolver<'_> {
    /// Terms that all hold; `resource` and `resource-type` among them mean the same resource, and so do
    /// `listed-resource` and `listed-type`.
    fn side_by_side(&self, parts: &[Expression]) -> Result<Vec<Node>, Diagnostic> {
        let nodes = parts.iter().map(|part| self.node(part)).collect::<Result<Vec<_>, _>>()?;
        let nodes = same_resource(nodes, (Place::ResourceName, Place::ResourceType));
        Ok(joined_complements(same_resource(nodes, (Place::ListedName, Place::ListedType))))
    }

    fn node(&self, part: &Expression) -> Result<Node, Diagnostic> {
        let kind = match &part.kind {
            ExpressionKind::All(parts) => NodeKind::All(self.side_by_side(parts)?),
            ExpressionKind::Any(parts) => {
                let nodes = parts.iter().map(|part| self.node(part)).collect::<Result<_, _>>()?;
                NodeKind::Any(joined_alternatives(nodes))
            }
            ExpressionKind::Not(inner) => NodeKind::Not(Box::new(self.node(inner)?)),
            ExpressionKind::Bare(values) => {
                if let Some(empty) = values.iter().find(|value| value.literal().is_some_and(|text| text.is_empty())) {
                    return Err(Diagnostic::at(empty.span, "a value without a field cannot be empty")
                        .hint("write FIELD=\"\" for a field that is empty; `not FIELD=*` for one that is absent"));
                }
                let (marks, others) = self.split_marks(values);
                let plain = |values: &[ast::Value]| -> Result<Condition, Diagnostic> {
                    Ok(Condition::Bare(ValuePredicate::Patterns(patterns(&expand(values, self.env)?, None)?)))
                };
                match marks.is_empty() {
                    true => NodeKind::Condition(plain(values)?),
                    false => {
                        let other = if others.is_empty() { None } else { Some(plain(&others)?) };
                        self.marked(part.span, None, &marks, other)?
                    }
                }
            }
            ExpressionKind::Compare(comparison) => return self.comparison(part, comparison),
            ExpressionKind::Same(name, other, _) => {
                let one = self.operand(name)?;
                let other = self.operand(other).map_err(|mistake| no_field_to_compare(name, other, mistake))?;
                NodeKind::Condition(Condition::Same(one, other))
            }
        };
        Ok(Node { span: part.span, kind })
    }

    fn comparison(&self, part: &Expression, comparison: &Comparison) -> Result<Node, Diagnostic> {
        let negated = comparison.operator == Operator::NotEqual;
        let operator = if negated { Operator::Equal } else { comparison.operator };
        let test = match find_name(&comparison.name, self.env)? {
            Named::Since | Named::Until | Named::Last => self.bound(comparison)?,
            Named::Path(path) => {
                let (marks, _) = self.split_marks(&comparison.values);
                if let Some((value, mark)) = marks.first() {
                    return Err(marks::no_kind(value.span, "a path of the record", *mark));
                }
                Condition::Path(path, self.path_matcher(comparison, operator)?)
            }
            Named::Finding => return self.finding(part.span, comparison),
            Named::Person => return self.person(part.span, comparison),
            Named::Chain => return self.credential_chain(part.span, comparison),
            Named::Field(field) => {
                let (marks, others) = self.split_marks(&comparison.values);
                match marks.is_empty() {
                    true => self.field(field, &comparison.values, comparison, operator)?,
                    false => return self.marked_field(part.span, field, comparison, (&marks, &others)),
                }
            }
        };
        let test = Node { span: part.span, kind: NodeKind::Condition(test) };
        Ok(if negated { complement(test) } else { test })
    }

    fn field(
        &self,
        field: &'static Field,
        values: &[ast::Value],
        comparison: &Comparison,
        operator: Operator,
    ) -> Result<Condition, Diagnostic> {
        if field.place == Place::Sentence {
            return Err(Diagnostic::at(
                comparison.name.span,
                "sentence is not a filter: it is made for the rows that are shown",
            )
            .hint("text= searches the records that sentences are made from"));
        }
        let values = self.account_ids(field, expand(values, self.env)?, operator)?;
        let values = addresses::values(field, values, operator)?;
        if field.kind == Kind::Time {
            return self.times(&values, comparison, operator);
        }
        if field.place == Place::Record {
            return self.whole_record(&values, comparison, operator);
        }
        Ok(Condition::Field(field, matcher(field, &values, comparison, operator)?))
    }

    /// `text`, with any operator.
    fn whole_record(
        &self,
        values: &[ast::Value],
        comparison: &Comparison,
        operator: Operator,
    ) -> Result<Condition, Diagnostic> {
        match operator {
            // A wildcard is a plain asterisk here.
            Operator::Equal => Ok(Condition::Text(values.iter().map(ast::Value::text).collect())),
            Operator::EqualFolded => {
                let regex = values::folded_regex(values);
                let span = values.iter().map(|value| value.span).reduce(Span::to).unwrap_or_default();
                values::check_regex(&regex.pattern, span)?;
                Ok(Condition::TextRegex(regex))
            }
            Operator::Matches => match values::text_matcher(values, comparison, operator, None)? {
                ValuePredicate::Regex(pattern) => Ok(Condition::TextRegex(TextRegex { pattern, texts: Vec::new() })),
                _ => Ok(Condition::Text(Vec::new())),
            },
            _ => Err(Diagnostic::at(comparison.operator_span, "text takes =, !=, =~ and ~ only")),
        }
    }

    /// A side of `==`.
    fn operand(&self, name: &Name) -> Result<Operand, Diagnostic> {
        let compares = |field: &Field| {
            field.kind != Kind::Time
                && !matches!(
                    field.place,
                    Place::Record | Place::Sentence | Place::File | Place::Write | Place::Tag | Place::Role
                )
        };
        match find_name(name, self.env)? {
            Named::Path(path) => Ok(Operand::Path(path)),
            Named::Field(field) if compares(field) => Ok(Operand::Field(field)),
            Named::Field(_)
            | Named::Finding
            | Named::Person
            | Named::Chain
            | Named::Since
            | Named::Until
            | Named::Last => {
                let message = format!("`{}` cannot be compared with another field", name.text());
                let hint = "a field or a path goes on both sides of ==: user==request.userName";
                Err(Diagnostic::at(name.span, message).hint(hint))
            }
        }
    }

    fn path_matcher(&self, comparison: &Comparison, operator: Operator) -> Result<ValuePredicate, Diagnostic> {
        let values = expand(&comparison.values, self.env)?;
        values::text_matcher(&values, comparison, operator, None)
    }

    /// `time`, with any operator.
    fn times(
        &self,
        values: &[ast::Value],
        comparison: &Comparison,
        operator: Operator,
    ) -> Result<Condition, Diagnostic> {
        if matches!(operator, Operator::Matches | Operator::EqualFolded) {
            return Err(Diagnostic::at(comparison.operator_span, "time takes no regular expression and no `=~`")
                .hint("write a coarser time: time=2024-03-01"));
        }
        let spans = values.iter().map(|value| {
            if value.is_any() && operator == Operator::Equal {
                return Ok(Interval::default());
            }
            let (from, to) = self.span(value, comparison)?;
            Ok(match operator {
                Operator::Less => Interval { from: None, to: Some(from - 1) },
                Operator::LessOrEqual => Interval { from: None, to: Some(to) },
                Operator::Greater => Interval { from: Some(to + 1), to: None },
                Operator::GreaterOrEqual => Interval { from: Some(from), to: None },
                _ => Interval { from: Some(from), to: Some(to) },
            })
        });
        spans.collect::<Result<_, _>>().map(Condition::Time)
    }

    /// `since`, `until` and `last`.
    fn bound(&self, comparison: &Comparison) -> Result<Condition, Diagnostic> {
        let name = crate::fields::fold(&comparison.name.text());
        let [value] = comparison.values.as_slice() else {
            let span = comparison.values.iter().map(|value| value.span).reduce(|a, b| a.to(b)).unwrap_or_default();
            return Err(Diagnostic::at(span, format!("{name} takes one value"))
                .hint("write a range as since=A until=B, and several spans as time=2024-03-01,2024-03-05"));
        };
        if comparison.operator != Operator::Equal {
            return Err(Diagnostic::at(comparison.operator_span, format!("{name} takes = only"))
                .hint("to exclude the period, write not before the term"));
        }
        let interval = match name.as_str() {
            "since" => Interval { from: Some(self.span(value, comparison)?.0), to: None },
            "until" => Interval { from: None, to: Some(self.span(value, comparison)?.1) },
            _ => {
                let seconds = value.literal().and_then(|text| time::duration(&text)).ok_or_else(|| {
                    let mistake = Diagnostic::at(value.span, time::invalid_duration(&value.text()));
                    let text = value.text();
                    if time::span(&text, self.env.now()).is_ok() && !text.starts_with("now") {
                        let since = format!("since={}", edit::literal(&text));
                        let whole = Diagnostic { span: Some(comparison.name.span.to(value.span)), ..mistake };
                        return whole.hint(format!("for a time, write {since}")).instead(since);
                    }
                    let (hint, instead) = time::length_mistake(&text, "last=");
                    Diagnostic { instead, ..mistake.hint(hint) }
                })?;
                if self.env.finds_newest_when_run() {
                    return Ok(Condition::Last(seconds));
                }
                // A case without a time in it has no end to count back from: nothing matches.
                let newest = self.env.newest_event().unwrap_or(0);
                Interval { from: Some(newest - seconds), to: Some(newest) }
            }
        };
        Ok(Condition::Time(vec![interval]))
    }

    fn span(&self, value: &ast::Value, comparison: &Comparison) -> Result<(i64, i64), Diagnostic> {
        let text = value.literal().ok_or_else(|| {
            Diagnostic::at(value.span, "a time has no wildcard")
                .hint("a coarser time means its whole span: time=2024-03")
        })?;
        time::span(&text, self.env.now()).map_err(|mistake| {
            let mut diagnostic = Diagnostic::at(value.span, mistake.message);
            diagnostic.hints.extend(mistake.hint);
            match mistake.guess {
                TimeGuess::Time(time) => diagnostic.instead(edit::literal(&time)),
                TimeGuess::Range(from, to)
                    if comparison.operator == Operator::Equal && comparison.values.len() == 1 =>
                {
                    let term = comparison.name.span.to(value.span);
                    let diagnostic = Diagnostic { span: Some(term), ..diagnostic };
                    diagnostic.instead(time::range(from.as_deref(), to.as_deref()))
                }
                _ => diagnostic,
            }
        })
    }
}
