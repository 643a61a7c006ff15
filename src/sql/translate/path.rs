//! Values at paths of the record.

use crate::query::ast::Part;
use crate::query::resolved::{Pattern, ValuePredicate};
use crate::record_path::keys;
use crate::sql::translate::dialect::{ArrayEnd, ListOp};
use crate::sql::translate::translator::{Layout, Translator, all, any};
use crate::sql::translate::value::operator_text;

/// A decimal number, as trailq compares it by value.
const NUMBER: &str = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$";
/// The columns of AWS's table that have JSON, with the fields of records that they are.
const AWS_JSON: &[(&str, &str)] = &[
    ("requestParameters", "request_parameters"),
    ("responseElements", "response_elements"),
    ("additionalEventData", "additional_event_data"),
    ("serviceEventDetails", "service_event_details"),
];

impl Translator<'_> {
    /// Returns the condition that a predicate holds of a value at a path.
    pub(crate) fn path(&self, path: &str, predicate: &ValuePredicate) -> String {
        let keys = keys(path);
        let texts = self.texts_at(&keys, ArrayEnd::Elements);
        let (condition, needed) = match predicate {
            ValuePredicate::Present => {
                (format!("{} > 0", self.dialect.list(&self.values(&keys, ArrayEnd::Elements), ListOp::Length)), None)
            }
            ValuePredicate::Folded(patterns) => (self.folded_path(&keys, &texts, patterns), None),
            ValuePredicate::Compare(operator, value) => {
                (self.any_of(&texts, &self.compared("x", operator_text(*operator), value)), None)
            }
            ValuePredicate::Regex(pattern) => (self.any_of(&texts, &self.regex("x", pattern)), None),
            ValuePredicate::Patterns(patterns) => (self.patterns_path(&keys, &texts, patterns), needed(patterns)),
            // Paths have no types: the resolver makes none of these for them.
            ValuePredicate::Number(..) | ValuePredicate::Flag(_) => ("false".to_owned(), None),
        };
        let mut conditions = if self.layout == Layout::Trailq { self.path_filter(&keys, needed) } else { Vec::new() };
        conditions.push(condition);
        all(conditions)
    }

    fn patterns_path(&self, keys: &[String], texts: &str, patterns: &[Pattern]) -> String {
        let mut conditions = vec![self.any_of(texts, &self.matches("x", &ValuePredicate::Patterns(patterns.to_vec())))];
        // A value that begins like an object is compared with the JSON of objects too.
        let objects: Vec<String> = patterns
            .iter()
            .filter_map(|pattern| match pattern {
                Pattern::Exact(value) if value.starts_with('{') => Some(self.literal(value)),
                _ => None,
            })
            .collect();
        if !objects.is_empty() {
            let is_object = format!("{} IN ({})", self.dialect.json_raw("x"), objects.join(", "));
            conditions.push(self.any_of(&self.values(keys, ArrayEnd::Elements), &is_object));
        }
        any(conditions)
    }

    /// Ignoring case, objects and whole arrays are compared as JSON too.
    fn folded_path(&self, keys: &[String], texts: &str, patterns: &[Pattern]) -> String {
        let mut conditions = vec![self.any_of(texts, &self.folded("x", patterns, ""))];
        let may_be_json = |pattern: &Pattern| match pattern {
            Pattern::Exact(text) => text.starts_with(['{', '[']),
            Pattern::Wildcard(parts) => match parts.first() {
                Some(Part::Text(text)) => text.starts_with(['{', '[']),
                _ => true,
            },
            Pattern::Network(_) => false,
        };
        let of_json: Vec<Pattern> = patterns.iter().filter(|pattern| may_be_json(pattern)).cloned().collect();
        if !of_json.is_empty() {
            let raw = self.dialect.json_raw("x");
            let condition = format!(
                "{} IS NULL AND {}",
                parenthesized(&self.dialect.json_scalar("x")),
                self.folded(&raw, &of_json, "")
            );
            for end in [ArrayEnd::Elements, ArrayEnd::Whole] {
                conditions.push(self.any_of(&self.values(keys, end), &condition));
            }
        }
        any(conditions)
    }

    /// Compares as numbers where both are, else as texts.
    fn compared(&self, text: &str, operator: &str, value: &str) -> String {
        let literal = self.literal(value);
        let as_text = format!("{text} {operator} {literal}");
        let is_number = regex::Regex::new(NUMBER).is_ok_and(|number| number.is_match(value));
        if !is_number {
            return as_text;
        }
        let number = |expression: &str| self.dialect.number(expression);
        format!(
            "CASE WHEN {} THEN {} {operator} {} ELSE {as_text} END",
            self.regex(text, NUMBER),
            number(text),
            number(&literal)
        )
    }

    /// Returns the condition that another holds of an element `x` of a list.
    pub(crate) fn any_of(&self, list: &str, condition: &str) -> String {
        self.dialect.list(list, ListOp::Any("x", &format!("coalesce({condition}, false)")))
    }

    /// Returns the list of the JSON values at a path.
    pub(crate) fn values(&self, keys: &[String], end: ArrayEnd) -> String {
        let (json, rest) = match (self.layout, keys) {
            (Layout::Trailq, keys) => ("e.record".to_owned(), keys),
            (Layout::Aws, [first, rest @ ..]) => match AWS_JSON.iter().find(|(field, _)| field == first) {
                Some((_, column)) => (format!("e.{column}"), rest),
                None => {
                    let nearest = "nearest: a field, such as error=, user= or arn=; `trailq guide fields` lists them";
                    return self.refuse(format!("AWS's table does not have `{first}` as JSON"), nearest);
                }
            },
            (Layout::Aws, []) => return self.refuse("a path needs a key", "write request.KEY"),
        };
        match self.dialect.json_values(&json, rest, end) {
            Ok(values) => values,
            Err(reason) => self.refuse(reason, "text= finds it anywhere in the record"),
        }
    }

    /// Returns the list of the texts at a path; those of objects are NULL.
    pub(crate) fn texts_at(&self, keys: &[String], end: ArrayEnd) -> String {
        self.dialect.list(&self.values(keys, end), ListOp::Map("x", &self.dialect.json_scalar("x")))
    }

    /// Returns the list of the texts at a path; those of objects are JSON.
    pub(crate) fn shown_at(&self, path: &str) -> String {
        let shown = format!("coalesce({}, {})", self.dialect.json_scalar("x"), self.dialect.json_raw("x"));
        self.dialect.list(&self.values(&keys(path), ArrayEnd::Elements), ListOp::Map("x", &shown))
    }

    /// Returns the value at a path as an answer shows it: one as text, several as a JSON array.
    pub(crate) fn shown(&self, path: &str) -> String {
        let values = self.values(&keys(path), ArrayEnd::Elements);
        let scalar = self.dialect.json_scalar("x");
        let element = format!(
            "CASE WHEN {} IS NULL THEN {} ELSE {} END",
            parenthesized(&scalar),
            self.dialect.json_raw("x"),
            self.dialect.json_string(&parenthesized(&scalar))
        );
        let elements = self.dialect.list(&values, ListOp::Map("x", &element));
        let comma = self.literal(",");
        format!(
            "CASE {} WHEN 0 THEN NULL WHEN 1 THEN {} ELSE '[' || {} || ']' END",
            self.dialect.list(&values, ListOp::Length),
            self.dialect.list(&self.shown_at(path), ListOp::At(1)),
            self.dialect.list(&elements, ListOp::Joined(&comma))
        )
    }
}

fn parenthesized(expression: &str) -> String {
    format!("({expression})")
}

/// Returns texts of which the record has one if a value matches. A number has several spellings.
fn needed(patterns: &[Pattern]) -> Option<Vec<&str>> {
    patterns
        .iter()
        .map(|pattern| match pattern {
            Pattern::Exact(value) => {
                (value.parse::<f64>().is_err() && !value.starts_with('{')).then_some(value.as_str())
            }
            Pattern::Wildcard(_) | Pattern::Network(_) => None,
        })
        .collect()
}
