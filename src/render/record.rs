//! Prints a record with its own order of keys and its own spelling of numbers and strings.
//!
//! Works on the tokens of the text, not on parsed values, since `1.0`, `1e400` and a repeated key would not
//! survive parsing.

use std::borrow::Cow;

use crate::escape;
use serde::de::IgnoredAny;

use crate::policy;
use crate::render::palette::{DIM, KEY, NUMBER, STRING, WORD, paint};

/// One token of a JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    /// `{` or `[`.
    Open(&'a str),
    /// `}` or `]`.
    Close(&'a str),
    /// `,`.
    Comma,
    /// `:`.
    Colon,
    /// A string with its quotes.
    Text(&'a str),
    /// A number, `true`, `false` or `null`.
    Word(&'a str),
}

/// The deepest nesting of JSON in the strings of JSON that is unfolded.
const MAX_UNFOLDED: usize = 4;
/// Marks an object or array that is the text of a string, as policy documents are.
const IN_STRING: &str = "(JSON in a string) ";
/// The same of a URL-encoded text.
const IN_ENCODED_STRING: &str = "(URL-encoded JSON in a string) ";

/// Prints the record on several lines, indented by two, with control characters escaped.
pub fn pretty(record: &[u8], color: bool) -> String {
    let text = String::from_utf8_lossy(record);
    let mut out = String::with_capacity(text.len() * 2);
    print(&text, color, (0, MAX_UNFOLDED), &mut out);
    out
}

/// Prints the record as [`pretty`] does, and unfolds strings that hold an object or array of JSON, with a mark. The
/// result is for reading: it is not JSON.
pub fn unfolded(record: &[u8], color: bool) -> String {
    let text = String::from_utf8_lossy(record);
    let mut out = String::with_capacity(text.len() * 2);
    print(&text, color, (0, 0), &mut out);
    out
}

/// Returns the object or array that the text of a JSON string holds, and the mark of its form.
fn json_in(string: &str) -> Option<(String, &'static str)> {
    let text: String = serde_json::from_str(string).ok()?;
    let is_json = |text: &str| {
        let text = text.trim_ascii();
        let is_filled = text.len() > 2 && matches!(text.as_bytes()[0], b'{' | b'[');
        is_filled && serde_json::from_str::<IgnoredAny>(text).is_ok()
    };
    if is_json(&text) {
        return Some((text, IN_STRING));
    }
    let decoded = text.starts_with("%7B").then(|| policy::decode(&text))?;
    is_json(&decoded).then_some((decoded, IN_ENCODED_STRING))
}

/// Prints a JSON text from a depth on. `unfolded`: how many strings it is in, of which the deepest are not unfolded.
fn print(text: &str, color: bool, (depth, unfolded): (usize, usize), out: &mut String) {
    let mut depth = depth;
    let mut tokens = tokens(text).peekable();
    while let Some(token) = tokens.next() {
        match token {
            Token::Open(bracket) => {
                out.push_str(bracket);
                if let Some(Token::Close(close)) = tokens.peek() {
                    out.push_str(close);
                    tokens.next();
                } else {
                    depth += 1;
                    new_line(out, depth);
                }
            }
            Token::Close(bracket) => {
                depth = depth.saturating_sub(1);
                new_line(out, depth);
                out.push_str(bracket);
            }
            Token::Comma => {
                out.push(',');
                new_line(out, depth);
            }
            Token::Colon => out.push_str(": "),
            Token::Text(text) => {
                let is_key = tokens.peek() == Some(&Token::Colon);
                match json_in(text).filter(|_| !is_key && unfolded < MAX_UNFOLDED) {
                    Some((inner, mark)) => {
                        out.push_str(&paint(mark, DIM, color));
                        print(&inner, color, (depth, unfolded + 1), out);
                    }
                    None => out.push_str(&paint(&safe(text), if is_key { KEY } else { STRING }, color)),
                }
            }
            Token::Word(word) => {
                let number = word.starts_with(|c: char| c == '-' || c.is_ascii_digit());
                out.push_str(&paint(&safe(word), if number { NUMBER } else { WORD }, color));
            }
        }
    }
}

/// Prints the record on one line: white space between tokens is removed, strings and numbers are unchanged.
pub fn compact(record: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(record.len());
    let mut quoted = false;
    let mut escaped = false;
    for &byte in record {
        if quoted {
            quoted = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else if byte.is_ascii_whitespace() {
            continue;
        } else {
            quoted = byte == b'"';
        }
        out.push(byte);
    }
    out
}

/// Escapes the characters of a JSON text that a terminal would act on, except line breaks and tabs.
pub fn safe(text: &str) -> Cow<'_, str> {
    match escape::json(text) {
        Cow::Borrowed(text) => escape::visible_lines(text),
        Cow::Owned(text) => Cow::Owned(escape::visible_lines(&text).into_owned()),
    }
}

/// Begins a new line at a depth.
fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

/// Splits a JSON text into tokens; anything else in it is a word.
fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        let length = match rest.bytes().next()? {
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
            b'"' => string_length(rest),
            _ => rest.find(|c: char| c.is_ascii_whitespace() || "{}[],:\"".contains(c)).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        Some(match token.as_bytes()[0] {
            b'{' | b'[' => Token::Open(token),
            b'}' | b']' => Token::Close(token),
            b',' => Token::Comma,
            b':' => Token::Colon,
            b'"' => Token::Text(token),
            _ => Token::Word(token),
        })
    })
}

/// Returns the length of the string at the start of the text, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{compact, pretty, unfolded};

    const RECORD: &[u8] =
        b"{\"z\" : 1.0,\r\n \"a\":[ 1e400, \"x \\\" { \\\\\" , true,null ],\n\"e\":{}, \"f\":[ ],\"z\":-0}";

    #[test]
    fn a_record_keeps_its_order_and_its_spelling() {
        assert_eq!(
            pretty(RECORD, false),
            "{\n  \"z\": 1.0,\n  \"a\": [\n    1e400,\n    \"x \\\" { \\\\\",\n    true,\n    null\n  ],\n  \
             \"e\": {},\n  \"f\": [],\n  \"z\": -0\n}"
        );
        assert_eq!(
            compact(RECORD),
            b"{\"z\":1.0,\"a\":[1e400,\"x \\\" { \\\\\",true,null],\"e\":{},\"f\":[],\"z\":-0}"
        );
    }

    #[test]
    fn keys_strings_numbers_and_words_differ_in_color() {
        let shown = pretty(br#"{"k":["s",1,true]}"#, true);
        assert!(shown.contains("\x1b[36m\"k\"\x1b[0m: "), "{shown:?}");
        assert!(shown.contains("\x1b[32m\"s\"\x1b[0m"), "{shown:?}");
        assert!(shown.contains("\x1b[33m1\x1b[0m") && shown.contains("\x1b[35mtrue\x1b[0m"), "{shown:?}");
    }

    #[test]
    fn nothing_in_a_record_acts_on_the_terminal() {
        let shown = pretty("{\"a\u{9b}\":\"\x7f\u{202e}\x1b[2J\"}".as_bytes(), false);
        assert_eq!(shown, "{\n  \"a\\u009b\": \"\\u007f\\u202e\\x1b[2J\"\n}");
    }

    #[test]
    fn documents_in_strings_are_unfolded_and_marked() {
        let record = br#"{"policyDocument":"{\"Statement\": [{\"Sid\":\"a\\\"b\", \"n\":1.0}]}","k{}":"{}","t":"{not}","e":"%7B%22a%22%3A1%7D"}"#;
        assert_eq!(
            unfolded(record, false),
            "{\n  \"policyDocument\": (JSON in a string) {\n    \"Statement\": [\n      {\n        \"Sid\": \"a\\\"b\",\n        \
             \"n\": 1.0\n      }\n    ]\n  },\n  \"k{}\": \"{}\",\n  \"t\": \"{not}\",\n  \
             \"e\": (URL-encoded JSON in a string) {\n    \"a\": 1\n  }\n}"
        );
        // Without strings of JSON nothing differs, and what is for programs stays JSON.
        assert_eq!(unfolded(RECORD, true), pretty(RECORD, true));
        assert!(serde_json::from_str::<serde_json::Value>(&pretty(record, false)).is_ok());
    }

    #[test]
    fn unfolding_ends_at_a_depth_and_lets_nothing_act_on_the_terminal() {
        let mut text = r#"{"a":"\u001b[2J"}"#.to_owned();
        for _ in 0..7 {
            text = serde_json::json!({ "in": text }).to_string();
        }
        let shown = unfolded(text.as_bytes(), false);
        assert_eq!(shown.matches("(JSON in a string)").count(), 4, "{shown}");
        assert!(!shown.contains('\u{1b}'), "{shown}");
        let shown = unfolded(br#"{"a":"{\"b\":\"\\u001b[2J\"}"}"#, false);
        assert!(shown.contains("\\u001b") && !shown.contains('\u{1b}'), "{shown}");
    }

    #[test]
    fn broken_text_is_shown_as_far_as_it_goes() {
        for text in ["", "{", "\"unclosed", "}}]]", "{\"a\":", "nonsense here", "[[[", "\\", "\u{fffd}"] {
            let _ = pretty(text.as_bytes(), true);
            let _ = unfolded(text.as_bytes(), true);
            let _ = compact(text.as_bytes());
        }
        assert!(pretty(b"\xff\xfe", false).contains('\u{fffd}'));
    }
}
