//! The places in a text that are to be replaced, and the text without them.

use std::ops::Range;

use super::encodings::{self, TooDeep};
use super::kind::Kind;
use super::matches::{Match, apply, without_overlaps};
use super::names::around;
use super::redactor::Redactor;
use super::resource_names::{name, resource};
use super::shapes::Shape;
use super::words;
use super::{identifiers, recognize};
use crate::fields::FIELDS;

/// Words of SQL and of trailq's tables, which a statement needs unchanged.
const CODE_WORDS: &[&str] = &[
    "select",
    "from",
    "where",
    "and",
    "or",
    "not",
    "in",
    "is",
    "null",
    "like",
    "glob",
    "group",
    "order",
    "by",
    "having",
    "limit",
    "offset",
    "with",
    "as",
    "on",
    "join",
    "left",
    "inner",
    "cross",
    "union",
    "all",
    "distinct",
    "case",
    "when",
    "then",
    "else",
    "end",
    "between",
    "exists",
    "asc",
    "desc",
    "cast",
    "text",
    "integer",
    "real",
    "over",
    "partition",
    "count",
    "sum",
    "min",
    "max",
    "avg",
    "total",
    "coalesce",
    "record",
    "title",
    "about",
    "columns",
    "column",
    "param",
    "level",
    "fields",
    "sort",
    "head",
    "top",
    "events",
    "identities",
    "resources",
    "facets",
    "files",
    "imports",
    "tags",
    "notes",
    "rejects",
    "conflicts",
    "digests",
    "event_history",
    "event_resources",
    "user_agents",
    "error_messages",
];

impl Redactor {
    /// Replaces every identifier in a text.
    pub fn text(&self, text: &str) -> String {
        replace(self, text, false).unwrap_or_else(|| text.to_owned())
    }

    /// Replaces every identifier in a lookup or a statement. A field is kept even if a user has its name.
    pub fn code(&self, code: &str) -> String {
        replace_code(self, code).unwrap_or_else(|| code.to_owned())
    }

    /// Keeps a value of trailq's or CloudTrail's own if it has one of these shapes; otherwise replaces it as a text.
    pub(crate) fn own(&self, shapes: &[Shape], value: &str) -> String {
        if self.is_own(shapes, value) { value.to_owned() } else { self.text(value) }
    }

    /// Replaces an event id, in records and in references to it. A UUID is kept.
    pub fn event_id(&self, id: &str) -> String {
        if self.whole_ids.contains(id) { self.pseudonyms.word(id) } else { self.own(&[Shape::Id], id) }
    }
}

/// Replaces every identifier in a text; `None` if there is none. `is_agent`: the text is a user agent. A text that is
/// encoded too often is replaced as a whole.
pub(super) fn replace(redactor: &Redactor, text: &str, is_agent: bool) -> Option<String> {
    match find_decoded(redactor, text, is_agent) {
        Ok(matches) => apply(redactor, text, without_overlaps(matches)),
        Err(TooDeep) => Some(redactor.pseudonyms.word(text)),
    }
}

/// Replaces identifiers in a lookup or a statement: words that are fields are replaced only as values.
pub(super) fn replace_code(redactor: &Redactor, code: &str) -> Option<String> {
    let Ok(mut matches) = find_decoded(redactor, code, false) else { return Some(redactor.pseudonyms.word(code)) };
    let of_fields = |word: &str| {
        FIELDS.iter().flat_map(|field| field.aliases.iter().copied().chain([field.name, field.column])).any(|name| {
            name.eq_ignore_ascii_case(word) || name.split(['-', '_']).any(|part| part.eq_ignore_ascii_case(word))
        })
    };
    matches.retain(|found| {
        let word = &code[found.span.clone()];
        let (before, after) = (&code[..found.span.start], &code[found.span.end..]);
        let quoted = before.ends_with(['\'', '"', '=', '~', '*']);
        let is_code = CODE_WORDS.iter().any(|code| code.eq_ignore_ascii_case(word));
        let value = quoted || before.ends_with([',', ' ']);
        let field = after.starts_with(['=', '!', '~', '<', '>', '_', '-', '.']);
        if is_code { quoted && !field } else { !of_fields(word) || (value && !field) }
    });
    apply(redactor, code, without_overlaps(matches))
}

/// Finds everything to be replaced in a text and its decoded forms. Text that is not encoded keeps its spelling.
fn find_decoded(redactor: &Redactor, text: &str, is_agent: bool) -> Result<Vec<Match>, TooDeep> {
    let mut matches = Vec::new();
    for reading in encodings::readings(text)?.iter().rev() {
        for found in find(redactor, &reading.text, false) {
            // Every place in a reading is one in the text.
            let span = reading.outer(&found.span).ok_or(TooDeep)?;
            matches.push(Match { span, ..found });
        }
    }
    matches.extend(find(redactor, text, is_agent));
    Ok(matches)
}

/// Finds everything to be replaced in a text. Matches within a part that is replaced as a whole are dropped.
fn find(redactor: &Redactor, text: &str, is_agent: bool) -> Vec<Match> {
    let mut fixed = Vec::new();
    for arn in recognize::arns(text) {
        fixed.push(Match::kept(recognize::arn_beginning(text, &arn)));
        if redactor.has(Kind::Arns) && &text[arn.account] != "aws" {
            let put = resource(redactor, &text[arn.service], &text[arn.resource.clone()]);
            fixed.push(Match::new(arn.resource, put));
        }
    }
    fixed.extend(recognize::own_words(text).into_iter().map(Match::kept));
    if !redactor.has(Kind::Keys) {
        // A name may be spelled by the letters of a key.
        fixed.extend(recognize::keys(text).map(Match::kept));
    }
    fixed.sort_by_key(|found| found.span.start);
    let mut found: Vec<Match> = redactor
        .names
        .spans(text)
        .into_iter()
        .filter(|found| !is_own_place(text, &found.span))
        .map(|found| {
            let spelled = &text[found.span.clone()];
            let put = if found.plus { name(redactor, &spelled.replace('+', " ")) } else { name(redactor, spelled) };
            Match::new(found.span, put)
        })
        .collect();
    identifiers::find(redactor, text, is_agent, &mut found);
    let inside = |found: &Match| {
        // They are sorted.
        let at = fixed.partition_point(|fixed| fixed.span.end <= found.span.start);
        fixed.get(at).is_some_and(|fixed| fixed.span.start < found.span.end)
    };
    found.retain(|found| !inside(found));
    fixed.into_iter().chain(found).collect()
}

/// Reports whether a word is AWS's own, even if a user has that name: a part of a service's DNS name, or a
/// key of JSON in a text.
fn is_own_place(text: &str, span: &Range<usize>) -> bool {
    let after = &text[span.end..];
    if after.starts_with(".amazonaws.com") {
        return words::is_identifier(&text[around(text, span)]);
    }
    let closes = after.trim_start_matches('\\').strip_prefix('"').map(str::trim_start);
    let is_key = closes.is_some_and(|rest| rest.starts_with(':')) && text[..span.start].ends_with('"');
    is_key && is_api_key(&text[span.clone()])
}

/// Reports whether a JSON key is one of AWS's APIs, even if a user has that name: a member in camel case that begins
/// with a lower-case letter, or the name of a header or of a condition.
pub(super) fn is_api_key(key: &str) -> bool {
    if key.starts_with(|c: char| c.is_ascii_lowercase()) && words::is_identifier(key) {
        return true;
    }
    let rest = ["x-amz-", "X-Amz-", "aws:"].iter().find_map(|prefix| key.strip_prefix(prefix));
    rest.is_some_and(|rest| rest.split(['-', ':']).all(|part| part == "2" || words::is_identifier(part)))
}
