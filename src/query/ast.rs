//! The syntax tree of a lookup, with the span of every part. No name or value has a meaning yet.

use crate::diagnostic::Span;

/// A whole lookup: a filter, then stages; either may be absent.
#[derive(Debug, Clone, PartialEq)]
pub struct LookupAst {
    /// The text that was parsed; every span points into it.
    pub text: String,
    /// The filter, before the first `|`.
    pub filter: Option<Expression>,
    /// The stages after it, in order.
    pub stages: Vec<Stage>,
}

/// A part of a filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    /// The place of the expression.
    pub span: Span,
    /// The kind of expression.
    pub kind: ExpressionKind,
}

/// The kinds of expressions in a filter.
#[derive(Debug, Clone, PartialEq)]
pub enum ExpressionKind {
    /// Terms side by side: every one holds.
    All(Vec<Expression>),
    /// Terms joined by `or`: at least one holds.
    Any(Vec<Expression>),
    /// The exact complement.
    Not(Box<Expression>),
    /// A value, or a list of values, without a field.
    Bare(Vec<Value>),
    /// A field, an operator and its values.
    Compare(Comparison),
    /// Two fields that have an equal value, and the place of the operator.
    Same(Name, Name, Span),
}

/// `NAME OPERATOR VALUE,...`.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The field or path.
    pub name: Name,
    /// The comparison.
    pub operator: Operator,
    /// The place of the operator.
    pub operator_span: Span,
    /// One value, or a list of which one has to match.
    pub values: Vec<Value>,
}

/// The comparisons of a field with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Operator {
    Equal,
    /// `=~`: equal, ignoring case.
    EqualFolded,
    /// `==`: equal to the value of another field.
    SameAs,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `~`, a regular expression.
    Matches,
}

impl Operator {
    /// As it is written.
    pub fn text(self) -> &'static str {
        match self {
            Operator::Equal => "=",
            Operator::EqualFolded => "=~",
            Operator::SameAs => "==",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::Matches => "~",
        }
    }
}

/// A field's name, or a path of several segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The place of the segment.
    pub span: Span,
    /// Its segments without quotes; a plain field has one.
    pub segments: Vec<String>,
}

impl Name {
    /// The name as one text, dots between its segments.
    pub fn text(&self) -> String {
        self.segments.join(".")
    }
}

/// A value as it was written, escapes and quotes taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The place of the value, with its quotes.
    pub span: Span,
    /// Its text and its wildcards.
    pub parts: Vec<Part>,
    /// True if it was written `@FILE`: the values are in a file.
    pub from_file: bool,
}

/// A piece of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Literal text.
    Text(String),
    /// `*`: any text.
    Any,
}

impl Value {
    /// The value if it has no wildcard.
    pub fn literal(&self) -> Option<String> {
        match self.parts.as_slice() {
            [] => Some(String::new()),
            [Part::Text(text)] => Some(text.clone()),
            _ => None,
        }
    }

    /// The value with its wildcards as plain asterisks.
    pub fn text(&self) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.as_str(),
                Part::Any => "*",
            })
            .collect()
    }

    /// Reports whether the value is nothing but wildcards: "is present".
    pub fn is_any(&self) -> bool {
        !self.parts.is_empty() && self.parts.iter().all(|part| *part == Part::Any)
    }
}

/// A step after the filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// The place of the stage, without its `|`.
    pub span: Span,
    /// The kind of stage.
    pub kind: StageKind,
}

/// The kinds of stages.
#[derive(Debug, Clone, PartialEq)]
pub enum StageKind {
    /// `count [by F,...]`.
    Count(Vec<Name>),
    /// `top [N] F,...`.
    Top(Option<u64>, Vec<Name>),
    /// `timeline [BUCKET] [by F,...]`.
    Timeline(Option<Value>, Vec<Name>),
    /// `fields F,...`.
    Fields(Vec<Name>),
    /// `sort F [asc|desc],...`; the flag says whether descending.
    Sort(Vec<(Name, bool)>),
    /// `limit N`.
    Limit(u64),
    /// `having COLUMN OPERATOR NUMBER,...`: every condition holds.
    Having(Vec<(Name, Operator, u64)>),
}

impl StageKind {
    /// The stage's name.
    pub fn name(&self) -> &'static str {
        match self {
            StageKind::Count(_) => "count",
            StageKind::Top(..) => "top",
            StageKind::Timeline(..) => "timeline",
            StageKind::Fields(_) => "fields",
            StageKind::Sort(_) => "sort",
            StageKind::Limit(_) => "limit",
            StageKind::Having(_) => "having",
        }
    }
}
