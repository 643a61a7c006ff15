//! Keeps text of records from acting on a terminal: control and invisible characters are shown escaped.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Reports whether a terminal or a reader would not see the character itself: C0 and C1 controls,
/// DEL, line separators, bidirectional overrides and isolates, and characters without a width of their own.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Reports whether a text has printable ASCII characters only, as most do: none is unsafe, and each takes one column.
/// The loop has no early exit, so that the compiler vectorizes it.
fn is_printable_ascii(text: &str) -> bool {
    text.bytes().fold(true, |is_printable, byte| is_printable & matches!(byte, b' '..=b'~'))
}

/// Returns the text on one line, with unsafe characters as `\n`, `\t`, `\r`, `\x1b` or `\u{202e}`.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if is_printable_ascii(text) { Cow::Borrowed(text) } else { escape_where(text, is_unsafe) }
}

/// Returns the text with every unsafe character escaped except line breaks and tabs.
pub(crate) fn visible_lines(text: &str) -> Cow<'_, str> {
    escape_where(text, |c| is_unsafe(c) && !matches!(c, '\n' | '\t'))
}

/// Escapes the characters for which `chosen` holds, as [`visible`] does.
pub(crate) fn escape_where(text: &str, chosen: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&chosen) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if chosen(c) { push_escaped(&mut shown, c) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

/// Escapes the unsafe characters that JSON leaves raw, which occur in strings only, as `\u` sequences.
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    let chosen = |c: char| is_unsafe(c) && c >= '\u{7f}';
    if !text.chars().any(chosen) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut units = [0; 2];
    for c in text.chars() {
        if chosen(c) {
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Returns the text as a JSON string, quotes included, without anything that a terminal would act on.
pub(crate) fn json_string(text: &str) -> String {
    json(&serde_json::Value::from(text).to_string()).into_owned()
}

/// Formats bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Returns the number of terminal columns of a text.
pub(crate) fn width(text: &str) -> usize {
    if is_printable_ascii(text) { text.len() } else { UnicodeWidthStr::width(text) }
}

/// Returns the longest start of the text that takes at most `most` columns.
pub(crate) fn head(text: &str, most: usize) -> &str {
    let mut taken = 0;
    for (at, c) in text.char_indices() {
        taken += c.width().unwrap_or(0);
        if taken > most {
            return &text[..at];
        }
    }
    text
}

/// Returns the longest end of the text that takes at most `most` columns.
pub(crate) fn tail(text: &str, most: usize) -> &str {
    let mut taken = 0;
    for (at, c) in text.char_indices().rev() {
        taken += c.width().unwrap_or(0);
        if taken > most {
            return &text[at + c.len_utf8()..];
        }
    }
    text
}

/// Appends the escaped form of one character.
fn push_escaped(shown: &mut String, c: char) {
    match c {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        c if c < '\u{80}' => {
            let _ = write!(shown, "\\x{:02x}", c as u32);
        }
        c => {
            let _ = write!(shown, "\\u{{{:x}}}", c as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{head, is_unsafe, json, json_string, tail, visible, visible_lines};

    #[test]
    fn control_bidi_and_invisible_characters_are_escaped() {
        assert_eq!(visible("plain ünïcode 漢字"), "plain ünïcode 漢字");
        assert_eq!(visible("a\x1b[31mb\nc\td\re\x7f"), "a\\x1b[31mb\\nc\\td\\re\\x7f");
        assert_eq!(visible("\u{9b}31m"), "\\u{9b}31m");
        assert_eq!(visible("x\u{202e}y\u{2066}z\u{200b}"), "x\\u{202e}y\\u{2066}z\\u{200b}");
        assert_eq!(visible_lines("a\nb\tc\x1b"), "a\nb\tc\\x1b");
        for c in ['\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}', '\u{200b}', '\u{feff}', '\u{85}', '\0'] {
            assert!(is_unsafe(c), "{c:?}");
        }
    }

    #[test]
    fn json_escapes_what_it_would_leave_raw() {
        assert_eq!(json_string("a\"\x1b\x7f\u{9b}\u{202e}é"), r#""a\"\u001b\u007f\u009b\u202eé""#);
        assert_eq!(json("\"\u{e0001}\""), "\"\\udb40\\udc01\"");
    }

    #[test]
    fn heads_and_tails_count_columns() {
        assert_eq!(head("漢字ab", 3), "漢");
        assert_eq!(tail("ab漢字", 3), "字");
        assert_eq!(head("abc", 9), "abc");
        assert_eq!(tail("abc", 9), "abc");
    }
}
