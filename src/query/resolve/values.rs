//! Resolves values by the kind of their field.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::diagnostic::{Diagnostic, Span};
use crate::fields::{Field, Kind, Place};
use crate::query::ast::{Comparison, Operator, Part, Value};
use crate::query::environment::Environment;
use crate::query::resolve::words;
use crate::query::resolved::{Pattern, TextRegex, ValuePredicate};

/// The values with those of `@FILE` lists in their places: one a line, blank lines and `#` comments left out.
pub(crate) fn expand(values: &[Value], env: &dyn Environment) -> Result<Vec<Value>, Diagnostic> {
    let mut all = Vec::with_capacity(values.len());
    for value in values {
        if !value.from_file {
            all.push(value.clone());
            continue;
        }
        let path = value.text();
        let content = env
            .read_list(&path)
            .map_err(|reason| Diagnostic::at(value.span, format!("cannot read the list {path}: {reason}")))?;
        let before = all.len();
        let lines = content.lines().map(|line| line.trim_start_matches('\u{feff}').trim());
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            all.push(Value { span: value.span, parts: parts_of(line), from_file: false });
        }
        if all.len() == before {
            return Err(Diagnostic::at(value.span, format!("the list {path} is empty")));
        }
    }
    Ok(all)
}

/// A line of a list: `*` is any text, as in a value.
pub(crate) fn parts_of(line: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for (index, text) in line.split('*').enumerate() {
        if index > 0 {
            parts.push(Part::Any);
        }
        if !text.is_empty() {
            parts.push(Part::Text(text.to_owned()));
        }
    }
    parts
}

/// Returns the predicate on the values of a field.
pub(crate) fn matcher(
    field: &'static Field,
    values: &[Value],
    comparison: &Comparison,
    operator: Operator,
) -> Result<ValuePredicate, Diagnostic> {
    match field.kind {
        Kind::Flag => flags(field, values, comparison, operator),
        Kind::Number => numbers(field, values, comparison, operator),
        Kind::Word(words) if operator == Operator::Equal => {
            for value in values {
                let Some(text) = value.literal() else { continue };
                if !words.contains(&text.as_str()) {
                    return Err(words::not_one_of(field, words, value.span, &text));
                }
            }
            text_matcher(values, comparison, operator, Some(field))
        }
        _ => text_matcher(values, comparison, operator, Some(field)),
    }
}

/// Returns the predicate on a text.
pub(crate) fn text_matcher(
    values: &[Value],
    comparison: &Comparison,
    operator: Operator,
    field: Option<&'static Field>,
) -> Result<ValuePredicate, Diagnostic> {
    match operator {
        Operator::Equal | Operator::NotEqual | Operator::EqualFolded if values.iter().any(Value::is_any) => {
            Ok(ValuePredicate::Present)
        }
        Operator::EqualFolded => patterns(values, field).map(ValuePredicate::Folded),
        Operator::Equal | Operator::NotEqual => patterns(values, field).map(ValuePredicate::Patterns),
        Operator::Matches => {
            let value = one(values, comparison)?;
            let pattern = value.text();
            check_regex(&pattern, value.span)?;
            Ok(ValuePredicate::Regex(pattern))
        }
        _ => {
            let value = one(values, comparison)?;
            let text = value
                .literal()
                .ok_or_else(|| Diagnostic::at(value.span, format!("`{}` takes no wildcard", operator.text())))?;
            let multiple =
                matches!(field.map(|field| field.place), Some(Place::ResourceName | Place::ListedName | Place::Tag));
            if multiple {
                let name = comparison.name.text();
                return Err(Diagnostic::at(comparison.operator_span, format!("{name} takes =, !=, =~ and ~ only")));
            }
            Ok(ValuePredicate::Compare(operator, text))
        }
    }
}

/// Refuses a regular expression that does not compile.
pub(crate) fn check_regex(pattern: &str, span: Span) -> Result<(), Diagnostic> {
    let invalid = |error: regex::Error| {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        Diagnostic::at(span, format!("invalid regular expression: {reason}"))
    };
    regex::Regex::new(pattern).map(drop).map_err(invalid)
}

/// Returns a regular expression for texts of which one is anywhere, ignoring case; a wildcard is any text.
pub(crate) fn folded_regex(values: &[Value]) -> TextRegex {
    let part = |part: &Part| match part {
        Part::Any => ".*".to_owned(),
        Part::Text(text) => regex::escape(text),
    };
    // A wildcard at an end changes nothing.
    let inner = |value: &Value| -> Vec<Part> {
        let is_text = |part: &Part| *part != Part::Any;
        let first = value.parts.iter().position(is_text).unwrap_or(0);
        let end = value.parts.iter().rposition(is_text).map_or(0, |last| last + 1);
        value.parts.get(first..end).unwrap_or_default().to_vec()
    };
    let patterns: Vec<String> = values.iter().map(|value| inner(value).iter().map(part).collect()).collect();
    let longest = |value: &Value| {
        let texts = value.parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.clone()),
            Part::Any => None,
        });
        texts.max_by_key(String::len)
    };
    let texts = values.iter().map(longest).collect::<Option<Vec<String>>>().unwrap_or_default();
    TextRegex { pattern: format!("(?is){}", patterns.join("|")), texts }
}

/// The one value of an operator that takes no list.
fn one<'v>(values: &'v [Value], comparison: &Comparison) -> Result<&'v Value, Diagnostic> {
    match values {
        [value] => Ok(value),
        _ => {
            let span = comparison.values.iter().map(|value| value.span).reduce(Span::to).unwrap_or_default();
            Err(Diagnostic::at(span, format!("`{}` takes one value, not a list", comparison.operator.text())))
        }
    }
}

/// Returns the patterns of several values.
pub(crate) fn patterns(values: &[Value], field: Option<&'static Field>) -> Result<Vec<Pattern>, Diagnostic> {
    let kind = field.map(|field| field.kind);
    let mut found = Vec::with_capacity(values.len());
    for value in values {
        match (value.literal(), kind) {
            (Some(text), Some(Kind::Address)) if text.contains('/') => found.push(network(value.span, &text)?),
            (Some(text), Some(Kind::Source)) if !text.contains('.') && !text.is_empty() => {
                found.push(Pattern::Exact(format!("{text}.amazonaws.com")));
            }
            (Some(text), _) => found.push(Pattern::Exact(text)),
            (None, Some(Kind::Source)) if !value.text().contains('.') => {
                found.push(Pattern::Wildcard(value.parts.clone()));
                let host = value.parts.iter().cloned().chain([Part::Text(".amazonaws.com".to_owned())]);
                found.push(Pattern::Wildcard(host.collect()));
            }
            (None, _) => found.push(Pattern::Wildcard(value.parts.clone())),
        }
    }
    Ok(found)
}

fn network(span: Span, text: &str) -> Result<Pattern, Diagnostic> {
    if text.parse::<IpNet>().is_ok() {
        return Ok(Pattern::Network(text.to_owned()));
    }
    let (address, prefix) = text.split_once('/').unwrap_or((text, ""));
    let message = match address.parse::<IpAddr>() {
        Ok(address) => {
            let most = if address.is_ipv4() { 32 } else { 128 };
            format!("invalid network prefix `{prefix}`: expected 0 to {most}")
        }
        Err(_) => format!("`{text}` is not a network"),
    };
    Err(Diagnostic::at(span, message).hint("a network is written 10.0.0.0/8 or 2001:db8::/32"))
}

fn flags(
    field: &'static Field,
    values: &[Value],
    comparison: &Comparison,
    operator: Operator,
) -> Result<ValuePredicate, Diagnostic> {
    if operator != Operator::Equal {
        let message = format!("{} is true or false, and takes = and != only", field.name);
        return Err(Diagnostic::at(comparison.operator_span, message));
    }
    if values.iter().any(Value::is_any) {
        return Ok(ValuePredicate::Present);
    }
    let flag = |value: &Value| match value.text().to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(words::not_a_flag(field, value.span, &value.text())),
    };
    let mut distinct = Vec::new();
    for value in values {
        let flag = flag(value)?;
        if !distinct.contains(&flag) {
            distinct.push(flag);
        }
    }
    Ok(ValuePredicate::Flag(distinct))
}

fn numbers(
    field: &'static Field,
    values: &[Value],
    comparison: &Comparison,
    operator: Operator,
) -> Result<ValuePredicate, Diagnostic> {
    if matches!(operator, Operator::Matches | Operator::EqualFolded) {
        let message = format!("{} is a number, and takes no regular expression and no `=~`", field.name);
        return Err(Diagnostic::at(comparison.operator_span, message));
    }
    if operator == Operator::Equal && values.iter().any(Value::is_any) {
        return Ok(ValuePredicate::Present);
    }
    if operator != Operator::Equal {
        one(values, comparison)?;
    }
    let number = |value: &Value| {
        value.text().parse::<i64>().map_err(|_| {
            Diagnostic::at(value.span, format!("{} is a whole number, not `{}`", field.name, value.text()))
        })
    };
    values.iter().map(number).collect::<Result<_, _>>().map(|numbers| ValuePredicate::Number(operator, numbers))
}
