//! The values that a term of a lookup asks for, with their places.

use crate::diagnostic::Span;
use crate::fields;
use crate::fields::{Field, Place};
use crate::query::ast::{Comparison, Expression, ExpressionKind, LookupAst, Name, Operator, StageKind, Value};
use crate::query::is_time_name;
use crate::query::resolved::{OutputColumn, Stage};

/// A value that a term asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Asked {
    /// Without a field.
    Bare { value: String, span: Span },
    /// Of a field, to be equal.
    Field { field: &'static Field, value: String, span: Span },
    /// Of a field, to be like a pattern.
    Pattern { field: &'static Field },
    /// At a path of the record.
    Path { path: Vec<String>, name: Span },
    /// At a path of the record, by a regular expression; `term`: the name, the operator and the expression.
    PathRegex { path: Vec<String>, name: Span, pattern: String, term: Span },
    /// Anywhere in the record.
    Text { value: String },
}

/// The values that the term at a place asks for, none of them under a `not`.
pub(crate) fn leaves(lookup: &LookupAst, term: Span) -> Vec<Asked> {
    let mut found = Vec::new();
    if let Some(filter) = &lookup.filter {
        collect(filter, term, &mut found);
    }
    found
}

fn collect(part: &Expression, term: Span, found: &mut Vec<Asked>) {
    match &part.kind {
        ExpressionKind::All(parts) | ExpressionKind::Any(parts) => {
            parts.iter().for_each(|part| collect(part, term, found));
        }
        ExpressionKind::Not(_) => {}
        _ if part.span.start < term.start || part.span.end > term.end => {}
        ExpressionKind::Bare(values) => {
            let exact = values.iter().filter_map(literal);
            found.extend(exact.map(|(value, span)| Asked::Bare { value, span }));
        }
        ExpressionKind::Compare(comparison) => compared(comparison, found),
        ExpressionKind::Same(name, other, _) => {
            let paths = [name, other].into_iter().filter(|name| fields::find(&name.text()).is_none());
            found.extend(paths.filter_map(|name| Some(Asked::Path { path: path_of(name)?, name: name.span })));
        }
    }
}

fn compared(comparison: &Comparison, found: &mut Vec<Asked>) {
    let name = comparison.name.text();
    if comparison.operator == Operator::NotEqual || is_time_name(&name) {
        return;
    }
    match fields::find(&name).filter(|_| comparison.name.segments.len() == 1) {
        None => found.extend(path_of(&comparison.name).map(|path| of_path(comparison, path))),
        Some(field) if field.place == Place::Record => {
            found.extend(comparison.values.iter().map(|value| Asked::Text { value: value.text() }));
        }
        Some(field) if comparison.operator == Operator::Equal => {
            found.extend(comparison.values.iter().map(|value| match literal(value) {
                Some((value, span)) => Asked::Field { field, value, span },
                None => Asked::Pattern { field },
            }));
        }
        Some(field) => found.push(Asked::Pattern { field }),
    }
}

/// Returns what a comparison asks for at a path.
fn of_path(comparison: &Comparison, path: Vec<String>) -> Asked {
    let name = comparison.name.span;
    match comparison.values.as_slice() {
        [pattern] if comparison.operator == Operator::Matches => {
            let term = Span::new(name.start, pattern.span.end);
            Asked::PathRegex { path, name, pattern: pattern.text(), term }
        }
        _ => Asked::Path { path, name },
    }
}

/// A value without wildcards that is in the lookup itself.
fn literal(value: &Value) -> Option<(String, Span)> {
    let literal = value.literal().filter(|text| !text.is_empty() && !value.from_file)?;
    Some((literal, value.span))
}

/// A path whose values a stage shows or counts.
pub(crate) struct StagePath {
    /// The column of the answer.
    pub(crate) column: String,
    pub(crate) path: Vec<String>,
    pub(crate) name: Span,
}

/// The paths of the stages that make the columns of an answer.
pub(crate) fn stage_paths(lookup: &LookupAst, resolved: &[Stage]) -> Vec<StagePath> {
    let mut found = Vec::new();
    for (stage, resolved) in lookup.stages.iter().zip(resolved) {
        let (StageKind::Count(names)
        | StageKind::Top(_, names)
        | StageKind::Timeline(_, names)
        | StageKind::Fields(names)) = &stage.kind
        else {
            continue;
        };
        let (Stage::Count(columns) | Stage::Top(_, columns) | Stage::Timeline(_, columns) | Stage::Fields(columns)) =
            resolved
        else {
            continue;
        };
        for (name, column) in names.iter().zip(columns) {
            if let (OutputColumn::Path(column), Some(path)) = (column, path_of(name)) {
                found.push(StagePath { column: column.clone(), path, name: name.span });
            }
        }
    }
    found
}

/// The keys of a path, its short forms written out.
fn path_of(name: &Name) -> Option<Vec<String>> {
    let (first, rest) = name.segments.split_first()?;
    let folded = fields::fold(first);
    if folded == "record" {
        return Some(rest.to_vec());
    }
    let long = fields::PATH_ALIASES.iter().find(|(alias, _)| *alias == folded).map(|(_, known)| *known);
    let known = long.or_else(|| fields::RECORD_FIELDS.iter().copied().find(|known| fields::fold(known) == folded))?;
    Some([known.to_owned()].into_iter().chain(rest.iter().cloned()).collect())
}

#[cfg(test)]
mod tests {
    use super::{Asked, leaves};
    use crate::diagnostic::Span;
    use crate::query::parse;

    #[test]
    fn the_values_of_a_term_are_listed_with_their_fields() {
        let found = |text: &str| -> Vec<String> {
            let found = leaves(&parse(text).unwrap(), Span::new(0, text.len()));
            found
                .into_iter()
                .map(|asked| match asked {
                    Asked::Bare { value, span } => format!("{value}@{}", &text[span.start..span.end]),
                    Asked::Field { field, value, .. } => format!("{}={value}", field.name),
                    Asked::Pattern { field } => format!("{}~", field.name),
                    Asked::Path { path, .. } => path.join("."),
                    Asked::PathRegex { path, pattern, term, .. } => {
                        format!("{}~{pattern}@{}", path.join("."), &text[term.start..term.end])
                    }
                    Asked::Text { value } => format!("text {value}"),
                })
                .collect()
        };
        assert_eq!(found("alice \"a b\",c x*"), ["alice@alice", "a b@\"a b\"", "c@c"]);
        assert_eq!(found("UserName=a,b or (ip=10.0.0.1 not key=k)"), ["user=a", "user=b", "ip=10.0.0.1"]);
        assert_eq!(
            found("request.bucketname=b text=x* since=2024 user!=a"),
            ["requestParameters.bucketname", "text x*"]
        );
        assert_eq!(found("user=@list record.a.b=1 accountId~1"), ["user~", "a.b", "accountId~1@accountId~1"]);
        assert_eq!(found("user=a request~\"b c\""), ["user=a", "requestParameters~b c@request~\"b c\""]);
    }
}
