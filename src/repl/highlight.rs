//! Colors a line while it is typed: fields, words, strings, numbers.

use std::fmt::Write as _;

use anstyle::Style;

use super::completion::sql::is_keyword;
use crate::render::palette::{DIM, KEY, NUMBER, STRING, WORD, paint};
use crate::session::commands::help::STAGES;
use crate::session::input::Input;

/// The line with colors; `pending` says whether it goes on with an SQL statement. The characters stay as they are.
pub(super) fn line(text: &str, pending: bool) -> String {
    let input = if pending { Input::Sql(text) } else { Input::of(text) };
    let mut out = String::with_capacity(text.len() * 2);
    match input {
        Input::Nothing => push(&mut out, text, Some(DIM)),
        Input::Command(_) => {
            let start = text.len() - text.trim_start().len();
            let end = text[start..].find(char::is_whitespace).map_or(text.len(), |at| start + at);
            push(&mut out, &text[..end], Some(WORD));
            out.push_str(&text[end..]);
        }
        Input::Sql(_) => tokens(&mut out, text, true),
        Input::Lookup(_) => tokens(&mut out, text, false),
    }
    out
}

/// Colors SQL or a lookup.
fn tokens(out: &mut String, text: &str, sql: bool) {
    let mut rest = text;
    let mut after_bar = false;
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || (!sql && "-.:/".contains(c));
        let (length, style) = if first == '"' || (sql && first == '\'') {
            (quoted(rest, first, !sql), Some(STRING))
        } else if sql && rest.starts_with("--") {
            (rest.find('\n').unwrap_or(rest.len()), Some(DIM))
        } else if is_word(first) {
            let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            let word = &rest[..length];
            let style = if sql { sql_style(word) } else { lookup_style(word, &rest[length..], after_bar) };
            after_bar = false;
            (length, style)
        } else {
            after_bar |= first == '|';
            (first.len_utf8(), None)
        };
        let (token, after) = rest.split_at(length);
        push(out, token, style);
        rest = after;
    }
}

/// The style of a word of SQL.
fn sql_style(word: &str) -> Option<Style> {
    if is_keyword(word) { Some(WORD) } else { word.bytes().all(|byte| byte.is_ascii_digit()).then_some(NUMBER) }
}

/// The style of a word of a lookup.
fn lookup_style(word: &str, after: &str, first_of_stage: bool) -> Option<Style> {
    if after.starts_with(['=', '!', '<', '>', '~']) {
        Some(KEY)
    } else if matches!(word, "or" | "not" | "by" | "asc" | "desc")
        || (first_of_stage && STAGES.iter().any(|stage| stage.name == word))
    {
        Some(WORD)
    } else {
        None
    }
}

/// The length of the quoted text at the beginning, quotes included.
fn quoted(text: &str, quote: char, escapes: bool) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if escapes => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Appends a text in a style.
fn push(out: &mut String, text: &str, style: Option<Style>) {
    match style {
        Some(style) => {
            let _ = write!(out, "{}", paint(text, style, true));
        }
        None => out.push_str(text),
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    /// The text without its colors.
    fn plain(text: &str) -> String {
        let mut out = String::new();
        let mut escape = false;
        for c in text.chars() {
            match c {
                '\x1b' => escape = true,
                'm' if escape => escape = false,
                _ if escape => {}
                c => out.push(c),
            }
        }
        out
    }

    #[test]
    fn colors_change_no_character() {
        for text in
            ["user=\"a\\\" b\" not ip=1 | count by x", "SELECT 'x''y', 1 -- e", ".show 3", "é\"", "", "--x", "'"]
        {
            assert_eq!(plain(&line(text, false)), text);
            assert_eq!(plain(&line(text, true)), text);
        }
    }

    #[test]
    fn fields_words_and_strings_have_different_colors() {
        let shown = line("user=\"a\" | count", false);
        assert!(shown.contains("\x1b[36muser\x1b[0m="), "{shown:?}");
        assert!(shown.contains("\x1b[32m\"a\"\x1b[0m") && shown.contains("\x1b[35mcount\x1b[0m"), "{shown:?}");
        assert!(line("SELECT 1", false).starts_with("\x1b[35mSELECT\x1b[0m"));
    }
}
