//! Makes a lookup's text into another's: what narrows it, what asks it of another time, and values as they are typed.

use crate::fields;
use crate::query::ast::{Expression, ExpressionKind, LookupAst};
use crate::query::time_names::is_time_name;

pub use crate::query::quote::{literal, quoted};

/// The filter of a lookup as it was typed.
pub fn filter_text(lookup: &LookupAst) -> &str {
    lookup.filter.as_ref().and_then(|filter| lookup.text.get(filter.span.start..filter.span.end)).unwrap_or("")
}

/// The stages of a lookup as they were typed, with the `|` before each; empty without stages.
pub fn stages_text(lookup: &LookupAst) -> &str {
    let Some(first) = lookup.stages.first() else { return "" };
    let bar = lookup.text.get(..first.span.start).and_then(|before| before.rfind('|')).unwrap_or(first.span.start);
    lookup.text.get(bar..).unwrap_or("").trim()
}

/// A filter's terms, ready to be joined with others: alternatives get parentheses.
pub fn side_by_side(lookup: &LookupAst) -> String {
    match &lookup.filter {
        Some(Expression { kind: ExpressionKind::Any(_), span })
            if !lookup
                .text
                .get(span.start..span.end)
                .is_some_and(|text| text.starts_with('(') && lookup_is_group(text)) =>
        {
            format!("({})", filter_text(lookup))
        }
        _ => filter_text(lookup).to_owned(),
    }
}

/// Reports whether the text is one group: its first parenthesis is closed by its last.
fn lookup_is_group(text: &str) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 && at + 1 < text.len() {
            return false;
        }
    }
    true
}

/// Both filters side by side, and the stages of the second, or where it has none of the first.
pub fn narrowed(lookup: &LookupAst, by: &LookupAst) -> String {
    let stages = if by.stages.is_empty() { stages_text(lookup) } else { stages_text(by) };
    joined([side_by_side(lookup).as_str(), side_by_side(by).as_str(), stages])
}

/// The filter without the terms that bound its time.
pub fn without_time(lookup: &LookupAst) -> String {
    let Some(filter) = &lookup.filter else { return String::new() };
    let parts = match &filter.kind {
        ExpressionKind::All(parts) => parts.as_slice(),
        _ => std::slice::from_ref(filter),
    };
    let slice = |part: &Expression| lookup.text.get(part.span.start..part.span.end).unwrap_or("").to_owned();
    if let [only] = parts
        && !is_time(only)
    {
        return side_by_side(lookup);
    }
    let kept: Vec<String> = parts.iter().filter(|part| !is_time(part)).map(slice).collect();
    joined(kept.iter().map(String::as_str))
}

/// Reports whether a term says when.
fn is_time(part: &Expression) -> bool {
    let ExpressionKind::Compare(comparison) = &part.kind else { return false };
    let name = comparison.name.text();
    is_time_name(&name) || fields::find(&name).is_some_and(|field| field.kind == fields::Kind::Time)
}

/// Parts of a lookup with a blank between them.
pub fn joined<'p>(parts: impl IntoIterator<Item = &'p str>) -> String {
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::{literal, narrowed, stages_text, without_time};
    use crate::query::parse;

    #[test]
    fn values_are_spelled_so_that_they_are_read_back() {
        for value in ["alice", "a b", "a,b", "x*", "\\", "say \"x\"", "@file", "", "'q'", "(x)", "a|b"] {
            let tree = parse(&format!("user={}", literal(value))).unwrap();
            let Some(super::Expression { kind: super::ExpressionKind::Compare(comparison), .. }) = tree.filter else {
                panic!("{value}");
            };
            assert_eq!(comparison.values[0].literal().as_deref(), Some(value));
            assert!(!comparison.values[0].from_file);
        }
    }

    #[test]
    fn a_lookup_is_narrowed_and_asked_of_another_time() {
        let both = |text: &str, by: &str| narrowed(&parse(text).unwrap(), &parse(by).unwrap());
        assert_eq!(both("user=a | count", "ip=1.2.3.4"), "user=a ip=1.2.3.4 | count");
        assert_eq!(both("user=a or user=b", "not ip=1.2.3.4 or x"), "(user=a or user=b) (not ip=1.2.3.4 or x)");
        assert_eq!(both("(user=a or user=b)", "| top ip"), "(user=a or user=b) | top ip");
        assert_eq!(both("(user=a) or (user=b)", "ip=1"), "((user=a) or (user=b)) ip=1");
        assert_eq!(both("| count", "user=\"a|b\" | sort time"), "user=\"a|b\" | sort time");
        let timeless = |text: &str| without_time(&parse(text).unwrap());
        assert_eq!(timeless("since=2024 (user=a or user=b) time=2024-03 x"), "(user=a or user=b) x");
        assert_eq!(timeless("last=7d"), "");
        assert_eq!(timeless("user=a or user=b"), "(user=a or user=b)");
        assert_eq!(timeless("| count"), "");
        assert_eq!(stages_text(&parse("user=\"|\" | count by ip | limit 3").unwrap()), "| count by ip | limit 3");
    }
}
