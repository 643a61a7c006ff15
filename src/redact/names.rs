//! The search for known names in texts, in any case.

use std::collections::HashSet;
use std::ops::Range;

use aho_corasick::AhoCorasick;

use super::shapes::Shape;
use super::words;

/// Names that do not identify anyone.
const NOBODY: &[&str] = &[
    "root",
    "HIDDEN_DUE_TO_SECURITY_REASONS",
    "aws",
    "AWS",
    "amazon",
    "true",
    "false",
    "null",
    "AWS Internal",
    "AWSLogs",
    "anonymous",
    "ANONYMOUS_PRINCIPAL",
];
/// Shorter names are found as whole words only.
const MIN_BESIDE_OTHERS: usize = 3;
/// Shorter names are not found between letters of the same case: `bob2` and `bobProfile`, but not `kabobs`.
const MIN_WITHIN_LETTERS: usize = 4;

/// Reports whether a name does not identify anyone.
pub(super) fn is_nobody(name: &str) -> bool {
    NOBODY.contains(&name)
        || !name.chars().any(char::is_alphanumeric)
        || Shape::Service.fits(name)
        || Shape::Region.fits(name)
}

/// A set of names to find in texts.
pub(super) struct Names {
    /// In lower case.
    all: HashSet<String>,
    finder: Option<AhoCorasick>,
    /// The first pattern with a plus sign in place of a blank.
    first_plus: usize,
}

/// A name in a text.
pub(super) struct NameSpan {
    pub(super) span: Range<usize>,
    /// True if it has a plus sign in place of a blank.
    pub(super) plus: bool,
}

impl Names {
    /// Builds the set.
    ///
    /// # Errors
    /// There are too many names.
    pub(super) fn new(names: impl IntoIterator<Item = String>) -> Result<Names, String> {
        let mut all = HashSet::new();
        // Texts are searched with their ASCII letters in lower case.
        let mut spellings = HashSet::new();
        for name in names.into_iter().filter(|name| !is_nobody(name)) {
            if !name.is_ascii() {
                spellings.extend([name.to_ascii_lowercase(), name.to_uppercase().to_ascii_lowercase()]);
            }
            all.insert(name.to_lowercase());
        }
        spellings.extend(all.iter().cloned());
        let with_plus: Vec<String> =
            spellings.iter().filter(|name| name.contains(' ')).map(|name| name.replace(' ', "+")).collect();
        let first_plus = spellings.len();
        let patterns: Vec<String> = spellings.into_iter().chain(with_plus).collect();
        let finder = (!patterns.is_empty()).then(|| AhoCorasick::new(&patterns)).transpose();
        let finder = finder.map_err(|error| format!("{} names are too many to look for: {error}", all.len()))?;
        Ok(Names { all, finder, first_plus })
    }

    /// Reports whether a word is one of the names, in any case.
    pub(super) fn contains(&self, word: &str) -> bool {
        self.all.contains(word) || self.all.contains(&word.to_lowercase())
    }

    /// Finds the names in a text.
    pub(super) fn spans(&self, text: &str) -> Vec<NameSpan> {
        let Some(finder) = &self.finder else { return Vec::new() };
        // Half the size and half the time to build of a finder that folds case itself. No offset changes.
        let small = text.to_ascii_lowercase();
        finder
            .find_overlapping_iter(&small)
            .map(|found| NameSpan { span: found.range(), plus: found.pattern().as_usize() >= self.first_plus })
            .filter(|name| is_meant(text, &name.span))
            .collect()
    }
}

/// Returns the characters on both sides of each end of a span, if both are letters or digits: the word continues there.
fn continuations(text: &str, span: &Range<usize>) -> Option<[Option<(char, char)>; 2]> {
    let (inside, before, after) = (text.get(span.clone())?, text.get(..span.start)?, text.get(span.end..)?);
    let pair = |left: Option<char>, right: Option<char>| {
        left.zip(right).filter(|(left, right)| left.is_alphanumeric() && right.is_alphanumeric())
    };
    Some([
        pair(before.chars().next_back(), inside.chars().next()),
        pair(inside.chars().next_back(), after.chars().next()),
    ])
}

/// Reports whether a span is a whole word.
pub(super) fn is_whole_word(text: &str, span: &Range<usize>) -> bool {
    continuations(text, span).is_some_and(|sides| sides == [None, None])
}

/// Reports whether the letters of a name mean the name: as a whole word, or next to others in a word that is not AWS's
/// APIs.
fn is_meant(text: &str, span: &Range<usize>) -> bool {
    let Some(sides) = continuations(text, span) else { return false };
    if sides == [None, None] {
        return true;
    }
    let (name, run) = (&text[span.clone()], &text[around(text, span)]);
    let length = name.chars().count();
    // Any number, time or hexadecimal id may spell the name.
    let is_id = run.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if is_id || !name.contains(char::is_alphabetic) || length < MIN_BESIDE_OTHERS {
        return false;
    }
    let is_border = |(left, right): (char, char)| {
        left.is_numeric() != right.is_numeric() || (left.is_lowercase() && right.is_uppercase())
    };
    if length < MIN_WITHIN_LETTERS && !sides.into_iter().flatten().all(is_border) {
        return false;
    }
    !words::is_identifier(run)
}

/// Extends a span to the letters and digits around it.
pub(super) fn around(text: &str, span: &Range<usize>) -> Range<usize> {
    let is_other = |character: char| !character.is_alphanumeric();
    let before = &text[..span.start];
    let start = before.char_indices().rfind(|(_, c)| is_other(*c)).map_or(0, |(at, c)| at + c.len_utf8());
    let end = text[span.end..].find(is_other).map_or(text.len(), |at| span.end + at);
    start..end
}
