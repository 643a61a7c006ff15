//! Long lists of values: one parameter each, however many values there are. SQLite bounds the parameters of a statement,
//! the depth of an expression and the length of a wildcard, and reads a condition of many parts slowly.

use serde_json::json;

use crate::arn::{Arn, last_part};
use crate::query::interval::Interval;
use crate::query::resolved::Pattern;
use crate::sql::sqlite::builder::SqlBuilder;
use crate::sql::sqlite::glob::glob;

/// Longer lists of exact values are bound as one JSON text.
pub(crate) const MAX_LISTED: usize = 500;
/// Exact values that are looked up in an index one by one; each of more distinct values is looked up in the list.
const MAX_SEEKS: usize = 10_000;
/// Longer lists with wildcards or networks, of texts and of spans of time are one parameter.
pub(crate) const MAX_ALTERNATIVES: usize = 64;
/// The bytes of a wildcard; SQLite refuses those of more than 50,000.
const MAX_WILDCARD: usize = 40_000;

/// The way in which a list of values is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    /// A condition for each.
    Short,
    /// Exact values, each looked up in an index.
    Seeks,
    /// The function `in_list`.
    Function,
}

/// Returns the way in which a list is written.
pub(crate) fn length_of(patterns: &[Pattern]) -> Length {
    let exact = patterns.iter().all(|pattern| matches!(pattern, Pattern::Exact(_)));
    let too_long = |pattern: &Pattern| matches!(pattern, Pattern::Wildcard(parts) if glob(parts).len() > MAX_WILDCARD);
    match (exact, patterns.len()) {
        (true, length) if length > MAX_SEEKS => Length::Function,
        (true, length) if length > MAX_LISTED => Length::Seeks,
        (false, length) if length > MAX_ALTERNATIVES => Length::Function,
        (false, _) if patterns.iter().any(too_long) => Length::Function,
        _ => Length::Short,
    }
}

/// A list as the function `in_list` takes it.
pub(crate) fn list_text(patterns: &[Pattern]) -> String {
    list_of(patterns).to_string()
}

/// A list of which an entry has to match, ignoring case.
pub(crate) fn folded_list_text(patterns: &[Pattern]) -> String {
    let mut list = list_of(patterns);
    list["folded"] = true.into();
    list.to_string()
}

fn list_of(patterns: &[Pattern]) -> serde_json::Value {
    let (mut exact, mut wildcards, mut networks) = (Vec::new(), Vec::new(), Vec::new());
    for pattern in patterns {
        match pattern {
            Pattern::Exact(value) => exact.push(value),
            Pattern::Wildcard(parts) => wildcards.push(glob(parts)),
            Pattern::Network(network) => networks.push(network),
        }
    }
    json!({ "exact": exact, "wildcards": wildcards, "networks": networks })
}

impl SqlBuilder<'_> {
    /// A list, as the functions `in_list` and `ends_in_list` take it.
    pub(crate) fn list(&mut self, patterns: &[Pattern]) -> String {
        self.params.shared_text(list_text(patterns))
    }

    /// A list of which an entry has to match, ignoring case.
    pub(crate) fn folded_list(&mut self, patterns: &[Pattern]) -> String {
        self.params.shared_text(folded_list_text(patterns))
    }

    /// Values of which a column has one, by its index.
    pub(crate) fn seeks(&mut self, column: &str, values: &[&str]) -> String {
        let listed = self.params.shared_text(json!(values).to_string());
        format!("{column} IN (SELECT value FROM json_each({listed}))")
    }

    /// Numbers of which a column has one.
    pub(crate) fn numbers(&mut self, column: &str, numbers: &[i64]) -> Option<String> {
        (numbers.len() > MAX_LISTED).then(|| {
            let listed = self.params.shared_text(json!(numbers).to_string());
            format!("{column} IN (SELECT value FROM json_each({listed}))")
        })
    }

    /// Texts of which one is in a record.
    pub(crate) fn texts(&mut self, texts: &[String]) -> Option<String> {
        (texts.len() > MAX_ALTERNATIVES)
            .then(|| format!("record_has_any(e.id, {})", self.params.shared_text(json!(texts).to_string())))
    }

    /// Spans of which one has a time.
    pub(crate) fn spans(&mut self, column: &str, spans: &[Interval]) -> Option<String> {
        if spans.len() <= MAX_ALTERNATIVES {
            return None;
        }
        let ends: Vec<(Option<i64>, Option<i64>)> = spans.iter().map(|span| (span.from, span.to)).collect();
        let from = ends.iter().map(|(from, _)| *from).collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().min());
        let to = ends.iter().map(|(_, to)| *to).collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().max());
        let listed = self.params.shared_text(json!(ends).to_string());
        let whole = self.interval(column, Interval { from, to });
        Some(format!("({whole} AND in_spans({column}, {listed}))"))
    }

    /// Resources by a long list.
    pub(crate) fn resource_list(&mut self, patterns: &[Pattern]) -> String {
        let list = self.list(patterns);
        let condition = format!("(in_list(name, {list}) OR ends_in_list(arn, '/:', {list}))");
        if length_of(patterns) == Length::Function {
            return condition;
        }
        // The name or the end of the ARN, which are indexed, is a value or the end of one.
        let values = patterns.iter().filter_map(|pattern| match pattern {
            Pattern::Exact(value) => Some(value.as_str()),
            _ => None,
        });
        let ends: Vec<&str> = values
            .flat_map(|value| [Some(value), Some(last_part(value)), Arn::parse(value).map(|arn| arn.name())])
            .flatten()
            .collect();
        format!("(({} OR {}) AND {condition})", self.seeks("name", &ends), self.seeks("arn_end", &ends))
    }
}
