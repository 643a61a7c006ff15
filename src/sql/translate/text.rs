//! Texts and regular expressions anywhere in a record, with its JSON escapes decoded as far as it matters.

use std::collections::BTreeSet;

use crate::query::resolved::TextRegex;
use crate::sql::translate::regex;
use crate::sql::translate::translator::{Layout, Translator, all, any};

/// Takes the place of an escaped backslash, and of escapes that are not decoded. A record has no such characters.
const BACKSLASH: &str = "\u{1}";
const OTHER_ESCAPE: &str = "\u{2}";
/// Any escape, once escaped backslashes are gone.
const ANY_ESCAPE: &str = r"\\(?:u[0-9a-fA-F]{4}|[\s\S])";
/// Characters that writers of JSON are known to escape though they need not.
const OFTEN_ESCAPED: &[char] = &['"', '\\', '/', '<', '>', '&', '\'', '='];
/// Shorter texts do not make a filter worth while.
const MIN_FILTER: usize = 3;

impl Translator<'_> {
    /// Returns the condition that one of some texts is in the record.
    pub(crate) fn texts(&self, texts: &[String]) -> String {
        if !self.has_record() {
            return "false".to_owned();
        }
        any(texts.iter().map(|text| self.text(text)).collect())
    }

    fn text(&self, text: &str) -> String {
        let contains = |record: &str, part: &str| self.dialect.contains(record, &self.literal(part));
        let special: BTreeSet<char> = text.chars().filter(|c| is_escaped(*c)).collect();
        if special.is_empty() {
            // The text may be the rest of an escape: `ny` in `\ny`, `3cb` in `\u003cb`.
            let begins_inside =
                text.starts_with(|c: char| matches!(c, 'b' | 'f' | 'n' | 'r' | 't' | 'u') || c.is_ascii_hexdigit());
            let mut conditions = vec![contains("e.record", text)];
            if begins_inside {
                let without =
                    self.dialect.replace_matches("e.record", &self.literal(ANY_ESCAPE), &self.literal(OTHER_ESCAPE));
                conditions.push(contains(&without, text));
            }
            return all(conditions);
        }
        let mut conditions = Vec::new();
        let longest = text.split(is_escaped).max_by_key(|run| run.len()).unwrap_or_default();
        if longest.len() >= MIN_FILTER {
            conditions.push(contains("e.record", longest));
        }
        conditions.push(contains(&self.decoded(&special), text));
        all(conditions)
    }

    /// Returns the condition that a regular expression is found in the record.
    pub(crate) fn text_regex(&self, text: &TextRegex) -> String {
        if !self.has_record() {
            return "false".to_owned();
        }
        let mut decoded: BTreeSet<char> = OFTEN_ESCAPED.iter().copied().chain(['\n', '\r', '\t']).collect();
        decoded.extend(regex::literal_characters(&text.pattern));
        self.regex(&self.decoded(&decoded), &text.pattern)
    }

    /// Returns the record with the escapes of these characters decoded, and all others replaced.
    fn decoded(&self, characters: &BTreeSet<char>) -> String {
        let replace = |text: String, from: &str, to: &str| {
            format!("replace({text}, {}, {})", self.literal(from), self.literal(to))
        };
        let replace_matches = |text: String, pattern: &str, to: &str| {
            self.dialect.replace_matches(&text, &self.literal(pattern), &self.literal(to))
        };
        // In a run of backslashes those of an escaped backslash come first, so what is left begins an escape.
        let mut text = replace("e.record".to_owned(), r"\\", BACKSLASH);
        if characters.contains(&'\\') {
            text = replace_matches(text, r"\\u005[cC]", BACKSLASH);
        }
        for character in characters.iter().filter(|character| **character != '\\') {
            let plain = character.to_string();
            let short = match character {
                '"' | '/' => Some(*character),
                '\n' => Some('n'),
                '\r' => Some('r'),
                '\t' => Some('t'),
                '\u{8}' => Some('b'),
                '\u{c}' => Some('f'),
                _ => None,
            };
            if let Some(short) = short {
                text = replace(text, &format!("\\{short}"), &plain);
            }
            text = replace_matches(text, &spelled(*character), &plain);
        }
        text = replace_matches(text, ANY_ESCAPE, OTHER_ESCAPE);
        replace(text, BACKSLASH, "\\")
    }

    /// Returns cheap conditions that every record with such a value at a path meets: it has the last key, and one of the
    /// texts.
    pub(crate) fn path_filter(&self, keys: &[String], texts: Option<Vec<&str>>) -> Vec<String> {
        let is_plain = |text: &str| text.len() >= MIN_FILTER && !text.chars().any(is_escaped);
        let contains = |text: &str| self.dialect.contains("e.record", &self.literal(text));
        let mut conditions = Vec::new();
        if let Some(key) = keys.last().filter(|key| is_plain(key)) {
            conditions.push(contains(&format!("\"{key}\"")));
        }
        let texts = texts.filter(|texts| texts.len() <= 8 && texts.iter().all(|text| is_plain(text)));
        if let Some(texts) = texts.filter(|texts| !texts.is_empty()) {
            conditions.push(any(texts.into_iter().map(contains).collect()));
        }
        conditions
    }

    /// Refuses what needs the whole record if the table does not have it.
    pub(crate) fn has_record(&self) -> bool {
        if self.layout == Layout::Aws {
            self.refuse(
                "AWS's table does not have the whole record",
                "nearest: a path, such as request.policyDocument=*TEXT*; a table of `trailq convert` has the record",
            );
        }
        self.layout == Layout::Trailq
    }
}

/// Reports whether a record may have a character as an escape, as far as that is looked for.
fn is_escaped(character: char) -> bool {
    OFTEN_ESCAPED.contains(&character) || character.is_control() || !character.is_ascii()
}

/// Returns a pattern of the spellings of a character as `\uXXXX`.
fn spelled(character: char) -> String {
    let mut units = [0; 2];
    let digit = |digit: char| match digit {
        'a'..='f' => format!("[{digit}{}]", digit.to_ascii_uppercase()),
        digit => digit.to_string(),
    };
    let unit = |unit: &u16| format!("\\\\u{}", format!("{unit:04x}").chars().map(digit).collect::<String>());
    character.encode_utf16(&mut units).iter().map(unit).collect()
}
