//! The `| !PROGRAM` after a lookup, which is not part of the lookup.

use crate::query::parse::{PIPED, parse};

/// A lookup whose answer a program takes: `LOOKUP | !PROGRAM ARGUMENT...`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piped<'a> {
    /// The lookup.
    pub lookup: &'a str,
    /// The program and its arguments, as typed.
    pub command: &'a str,
    /// The byte offset of `command`.
    pub start: usize,
}

/// Splits a text at the `| !` after a lookup; `None` if it is a lookup, or not one up to there. No lookup has a stage that
/// begins with `!`.
pub fn piped(text: &str) -> Option<Piped<'_>> {
    let mistake = parse(text).err().filter(|mistake| mistake.message == PIPED)?;
    let at = mistake.span?.start;
    let lookup = text.get(..at)?.trim_end().strip_suffix('|')?.trim_end();
    let command = text.get(at + 1..)?;
    Some(Piped { lookup, command, start: at + 1 })
}

#[cfg(test)]
mod tests {
    use super::{Piped, parse, piped};

    #[test]
    fn a_text_is_split_at_the_program_that_takes_the_answer() {
        for (text, lookup, command) in [
            ("user=alice | !jq .", "user=alice", "jq ."),
            ("user=alice |! jq '.a | .b'", "user=alice", " jq '.a | .b'"),
            ("|!wc", "", "wc"),
            ("| count by user|!sort -n | !x", "| count by user", "sort -n | !x"),
            ("user~(a|!b) text=\"x | !y\" | !z", "user~(a|!b) text=\"x | !y\"", "z"),
            ("user=é | !", "user=é", ""),
        ] {
            let start = text.len() - command.len();
            assert_eq!(piped(text), Some(Piped { lookup, command, start }), "{text}");
            assert!(parse(lookup).is_ok(), "{lookup}");
        }
        for text in
            ["user=alice", "user~(a|!b)", "text=\"| !x\"", "user=\"a | !b", "usr | nonsense | !x", "user=a !jq", "!jq"]
        {
            assert_eq!(piped(text), None, "{text}");
        }
    }
}
