//! Matches of identifiers in a text, and the text with them replaced.

use std::collections::BTreeMap;
use std::ops::Range;

use super::redactor::Redactor;

/// A place in a text, and its replacement; `None` if it is kept.
pub(super) struct Match {
    pub(super) span: Range<usize>,
    pub(super) replacement: Option<String>,
}

impl Match {
    pub(super) fn new(span: Range<usize>, replacement: String) -> Match {
        Match { span, replacement: Some(replacement) }
    }

    pub(super) fn kept(span: Range<usize>) -> Match {
        Match { span, replacement: None }
    }
}

/// Sorts matches and drops overlaps: the longest stays, or of several as long the first.
pub(super) fn without_overlaps(mut all: Vec<Match>) -> impl Iterator<Item = Match> {
    all.sort_by_key(|found| std::cmp::Reverse(found.span.len()));
    let mut matches: BTreeMap<usize, Match> = BTreeMap::new();
    for found in all {
        let before = matches.range(..found.span.end).next_back();
        if before.is_none_or(|(_, before)| before.span.end <= found.span.start) {
            matches.insert(found.span.start, found);
        }
    }
    matches.into_values()
}

/// Applies matches to a text; they are sorted and do not overlap. A text that cannot be cut at one of them is replaced
/// as a whole.
pub(super) fn apply(redactor: &Redactor, text: &str, matches: impl Iterator<Item = Match>) -> Option<String> {
    let mut out = String::new();
    let mut from = 0;
    for found in matches {
        let Some(replacement) = found.replacement else { continue };
        let Some(kept) = text.get(from..found.span.start) else { return Some(redactor.pseudonyms.word(text)) };
        out.push_str(kept);
        out.push_str(&replacement);
        from = found.span.end;
    }
    if from == 0 {
        return None;
    }
    match text.get(from..) {
        Some(rest) => out.push_str(rest),
        None => return Some(redactor.pseudonyms.word(text)),
    }
    Some(out)
}
