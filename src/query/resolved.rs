//! A lookup whose every name and value has its meaning.

use crate::diagnostic::Span;
use crate::fields::{Field, Place};
use crate::query::ast::{Operator, Part};
use crate::query::interval::Interval;

/// A lookup, ready to be made into a statement.
#[derive(Debug, Clone)]
pub struct ResolvedLookup {
    pub(crate) text: String,
    /// The terms at the top: every one holds.
    pub(crate) terms: Vec<Node>,
    pub(crate) stages: Vec<Stage>,
    /// Remarks on the meaning, for the user.
    pub(crate) notes: Vec<String>,
}

/// A part of a filter, with its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) kind: NodeKind,
}

#[derive(Debug, Clone)]
pub(crate) enum NodeKind {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Condition(Condition),
}

/// A condition on an event.
#[derive(Debug, Clone)]
pub(crate) enum Condition {
    /// Of a field.
    Field(&'static Field, ValuePredicate),
    /// Of one and the same resource: its name, and its type; `listed`: one that Event history lists.
    SameResource { name: ValuePredicate, kinds: Vec<ValuePredicate>, listed: bool },
    /// Of the values at a path of the record.
    Path(String, ValuePredicate),
    /// The record contains one of these texts.
    Text(Vec<String>),
    /// A regular expression matches a part of the record, its JSON escapes decoded.
    TextRegex(TextRegex),
    /// A value of the one is a value of the other.
    Same(Operand, Operand),
    /// That it happened in one of these spans.
    Time(Vec<Interval>),
    /// That it happened in this many seconds up to the newest event, which the statement itself finds.
    Last(i64),
    /// That an indexed field is exactly this.
    Bare(ValuePredicate),
}

/// A predicate on a value.
#[derive(Debug, Clone)]
pub(crate) enum ValuePredicate {
    /// A value exists.
    Present,
    /// It matches one of these.
    Patterns(Vec<Pattern>),
    /// It matches one of these, ignoring case.
    Folded(Vec<Pattern>),
    /// A regular expression matches a part of it.
    Regex(String),
    /// It compares so with a text.
    Compare(Operator, String),
    /// It compares so with one of these numbers.
    Number(Operator, Vec<i64>),
    /// It is one of these.
    Flag(Vec<bool>),
}

/// A pattern that a value has to match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pattern {
    Exact(String),
    /// Literal text and gaps that any text fills.
    Wildcard(Vec<Part>),
    /// An address in a network.
    Network(String),
}

impl ValuePredicate {
    /// The values, where it asks for nothing but these.
    pub(crate) fn exact(&self) -> Option<Vec<&str>> {
        let ValuePredicate::Patterns(patterns) = self else { return None };
        patterns
            .iter()
            .map(|pattern| match pattern {
                Pattern::Exact(value) => Some(value.as_str()),
                _ => None,
            })
            .collect()
    }
}

/// A regular expression on whole records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextRegex {
    pub(crate) pattern: String,
    /// Texts of which a record that matches contains one, ignoring case; empty if that is not known.
    pub(crate) texts: Vec<String>,
}

/// A side of a comparison of two fields.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operand {
    Field(&'static Field),
    Path(String),
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum OutputColumn {
    Field(&'static Field),
    Path(String),
}

impl PartialEq for Field {
    fn eq(&self, other: &Field) -> bool {
        self.name == other.name
    }
}

impl OutputColumn {
    /// The column's name in a list of events.
    pub(crate) fn column(&self) -> String {
        match self {
            OutputColumn::Field(field) => field.column.to_owned(),
            OutputColumn::Path(path) => path.clone(),
        }
    }

    /// Returns the column's name in a count by it: a resource is one there, not a list.
    pub(crate) fn group_column(&self) -> String {
        match self {
            OutputColumn::Field(field) if field.place == Place::ResourceName => "resource_name".to_owned(),
            other => other.column(),
        }
    }
}

/// Returns the columns of a timeline: the time, what it is broken down by, and the count.
pub(crate) fn timeline_columns(by: &[OutputColumn]) -> Vec<String> {
    let groups = by.iter().map(OutputColumn::group_column);
    ["event_time".to_owned()].into_iter().chain(groups).chain(["events".to_owned()]).collect()
}

/// A step after the filter.
#[derive(Debug, Clone)]
pub(crate) enum Stage {
    Count(Vec<OutputColumn>),
    Top(u64, Vec<OutputColumn>),
    /// Seconds of a bucket.
    Timeline(i64, Vec<OutputColumn>),
    Fields(Vec<OutputColumn>),
    Sort(Vec<(SortKey, bool)>),
    Limit(u64),
    /// Conditions on the number of events of a row. All hold.
    Having(Vec<(Operator, u64)>),
}

impl Stage {
    /// Reports whether the stage turns events into counts.
    pub(crate) fn is_aggregate(&self) -> bool {
        matches!(self, Stage::Count(_) | Stage::Top(..) | Stage::Timeline(..))
    }
}

/// A key that an answer is sorted by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SortKey {
    Output(OutputColumn),
    /// A column that an earlier stage made.
    Column(String),
}

impl ResolvedLookup {
    /// Returns the intersection of `since`, `until`, `last` and `time`; `None` without any of them.
    pub fn interval(&self) -> Option<Interval> {
        let spans = self.terms.iter().filter_map(|node| match &node.kind {
            NodeKind::Condition(Condition::Time(spans)) if spans.len() == 1 => Some(spans[0]),
            _ => None,
        });
        spans.reduce(Interval::and)
    }

    /// Returns remarks on the meaning, for the user.
    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Returns the seconds of the shortest `last`, if the statement finds the newest event.
    pub(crate) fn last(&self) -> Option<i64> {
        let seconds = self.terms.iter().filter_map(|node| match node.kind {
            NodeKind::Condition(Condition::Last(seconds)) => Some(seconds),
            _ => None,
        });
        seconds.min()
    }

    /// The terms at the top.
    pub fn terms(&self) -> Vec<Term<'_>> {
        self.terms
            .iter()
            .map(|node| Term { span: node.span, text: &self.text[node.span.start..node.span.end] })
            .collect()
    }

    /// The same without stages, and with the first `n` terms only.
    pub fn with_terms(&self, n: usize) -> ResolvedLookup {
        ResolvedLookup {
            text: self.text.clone(),
            terms: self.terms.iter().take(n).cloned().collect(),
            stages: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The same without stages.
    pub fn without_stages(&self) -> ResolvedLookup {
        self.with_terms(usize::MAX)
    }

    /// Reports whether the answer is a list of events.
    pub fn is_event_list(&self) -> bool {
        !self.stages.iter().any(Stage::is_aggregate)
    }

    /// The seconds of a bucket, where the last stage is a timeline of nothing but time.
    pub fn timeline_bucket(&self) -> Option<i64> {
        match self.stages.last() {
            Some(Stage::Timeline(bucket, by)) if by.is_empty() => Some(*bucket),
            _ => None,
        }
    }

    /// The seconds of a bucket, if the last stage is a timeline by one field or path.
    pub(crate) fn bucket_by_value(&self) -> Option<i64> {
        match self.stages.last() {
            Some(Stage::Timeline(bucket, by)) if by.len() == 1 => Some(*bucket),
            _ => None,
        }
    }

    /// Returns the fields that the filter and the stages name.
    pub(crate) fn fields(&self) -> Vec<&'static Field> {
        let mut found = Vec::new();
        self.terms.iter().for_each(|node| fields_of(node, &mut found));
        for stage in &self.stages {
            let (Stage::Count(shown) | Stage::Top(_, shown) | Stage::Timeline(_, shown) | Stage::Fields(shown)) = stage
            else {
                continue;
            };
            found.extend(shown.iter().filter_map(|column| match column {
                OutputColumn::Field(field) => Some(*field),
                OutputColumn::Path(_) => None,
            }));
        }
        found
    }

    /// The values that have to be matched whole, none of them under a `not` or in a long list.
    pub fn equality_values(&self) -> Vec<EqualityValue<'_>> {
        let mut found = Vec::new();
        self.terms.iter().for_each(|node| equalities(node, &mut found));
        found
    }
}

/// Adds the fields that a part of a filter names.
fn fields_of(node: &Node, found: &mut Vec<&'static Field>) {
    match &node.kind {
        NodeKind::All(nodes) | NodeKind::Any(nodes) => nodes.iter().for_each(|node| fields_of(node, found)),
        NodeKind::Not(inner) => fields_of(inner, found),
        NodeKind::Condition(Condition::Field(field, _)) => found.push(field),
        NodeKind::Condition(Condition::SameResource { .. }) => found.extend(crate::fields::find("resource")),
        NodeKind::Condition(Condition::Same(one, other)) => {
            found.extend([one, other].into_iter().filter_map(|operand| match operand {
                Operand::Field(field) => Some(*field),
                Operand::Path(_) => None,
            }));
        }
        NodeKind::Condition(_) => {}
    }
}

/// A term at the top of a lookup.
#[derive(Debug, Clone, Copy)]
pub struct Term<'l> {
    /// The place of the term.
    pub span: Span,
    /// As it was typed.
    pub text: &'l str,
}

/// A value that has to be matched whole.
#[derive(Debug, Clone, Copy)]
pub struct EqualityValue<'l> {
    /// The field; `None` for a bare value.
    pub field: Option<&'static Field>,
    /// The value as it is compared.
    pub value: &'l str,
    /// The place of its term.
    pub span: Span,
}

/// The values of longer lists are not reported one by one.
const MAX_EQUALITY_VALUES: usize = 20;

fn equalities<'l>(node: &'l Node, found: &mut Vec<EqualityValue<'l>>) {
    let span = node.span;
    let mut add = |field: Option<&'static Field>, matcher: &'l ValuePredicate| {
        let values = matcher.exact().filter(|values| values.len() <= MAX_EQUALITY_VALUES).into_iter().flatten();
        found.extend(values.map(|value| EqualityValue { field, value, span }));
    };
    match &node.kind {
        NodeKind::All(nodes) | NodeKind::Any(nodes) => nodes.iter().for_each(|node| equalities(node, found)),
        NodeKind::Condition(Condition::Field(field, matcher)) => add(Some(field), matcher),
        NodeKind::Condition(Condition::SameResource { name, listed, .. }) => {
            add(crate::fields::find(if *listed { "listed-resource" } else { "resource" }), name);
        }
        NodeKind::Condition(Condition::Bare(matcher)) => add(None, matcher),
        NodeKind::Condition(_) | NodeKind::Not(_) => {}
    }
}
