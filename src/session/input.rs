//! Classifies input as a command, SQL, a lookup or nothing, and assembles SQL from several lines.

use crate::store::Case;

/// An input to execute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input<'a> {
    /// White space or comments only.
    Nothing,
    /// A command that starts with a dot.
    Command(&'a str),
    /// One or more SQL statements.
    Sql(&'a str),
    /// A lookup.
    Lookup(&'a str),
}

/// The keywords that begin SQL statements. Those that write are included, so that they are rejected as SQL.
pub const SQL_WORDS: &[&str] = &[
    "SELECT",
    "WITH",
    "VALUES",
    "EXPLAIN",
    "PRAGMA",
    "INSERT",
    "UPDATE",
    "DELETE",
    "REPLACE",
    "CREATE",
    "DROP",
    "ALTER",
    "ATTACH",
    "DETACH",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "VACUUM",
    "REINDEX",
    "ANALYZE",
    "SAVEPOINT",
];

impl<'a> Input<'a> {
    /// Classifies a text.
    pub fn of(text: &'a str) -> Input<'a> {
        let text = text.trim();
        let body = without_comments(text);
        if body.is_empty() {
            Input::Nothing
        } else if body.starts_with('.') {
            Input::Command(body)
        } else if is_sql(body) {
            Input::Sql(text)
        } else {
            Input::Lookup(body)
        }
    }
}

impl<'a> Input<'a> {
    /// Returns the text, as typed.
    pub fn text(&self) -> &'a str {
        match self {
            Input::Nothing => "",
            Input::Command(text) | Input::Sql(text) | Input::Lookup(text) => text,
        }
    }

    /// Removes `\\G` from the end, and reports whether it was there: it asks for expanded output.
    pub(crate) fn without_expansion(&self) -> (Input<'a>, bool) {
        let stripped = |text: &'a str| text.trim_end().strip_suffix(EXPANSION);
        match *self {
            Input::Sql(text) => stripped(text).map_or((*self, false), |rest| (Input::Sql(rest), true)),
            // Elsewhere it may be the end of a regular expression.
            Input::Lookup(text) => match stripped(text) {
                Some("") => (Input::Nothing, true),
                Some(rest) if rest.ends_with(char::is_whitespace) => (Input::Lookup(rest.trim_end()), true),
                _ => (*self, false),
            },
            other => (other, false),
        }
    }
}

/// The ending of an input that asks for expanded output.
const EXPANSION: &str = "\\G";

/// Assembles lines into inputs: SQL continues until its semicolon, any other input is one line.
#[derive(Debug, Default)]
pub struct Assembler {
    /// The lines of an incomplete SQL statement.
    pending: String,
    /// The line, from 1, on which the pending statement starts.
    start: usize,
    /// The number of lines so far.
    lines: usize,
}

impl Assembler {
    /// Adds a line. Returns the text of the input that it completes, if any, and the line on which that starts.
    pub fn feed(&mut self, line: &str) -> Option<(String, usize)> {
        self.lines += 1;
        if self.pending.is_empty() {
            match Input::of(line) {
                Input::Nothing => return None,
                Input::Sql(_) => self.start = self.lines,
                Input::Command(_) | Input::Lookup(_) => return Some((line.to_owned(), self.lines)),
            }
        } else {
            self.pending.push('\n');
        }
        self.pending.push_str(line);
        if Case::is_complete_sql(&self.pending) || self.pending.trim_end().ends_with(EXPANSION) {
            self.finish()
        } else {
            None
        }
    }

    /// Ends the lines, and returns the pending statement, which has no semicolon.
    pub fn finish(&mut self) -> Option<(String, usize)> {
        let text = std::mem::take(&mut self.pending);
        (!text.trim().is_empty()).then_some((text, self.start))
    }

    /// Reports whether a statement continues on the next line.
    pub fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Returns the pending lines of that statement.
    pub fn pending(&self) -> &str {
        &self.pending
    }
}

/// Returns the text without its leading comment lines.
fn without_comments(text: &str) -> &str {
    let mut rest = text.trim_start();
    while rest.starts_with("--") {
        rest = rest.find('\n').map_or("", |at| rest[at..].trim_start());
    }
    rest
}

/// Reports whether the text starts with SQL.
fn is_sql(text: &str) -> bool {
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let is_word = rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_whitespace() || "(;*\"'/".contains(c));
    text.starts_with("/*") || (is_word && SQL_WORDS.iter().any(|sql| sql.eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::{Assembler, Input};

    #[test]
    fn a_line_is_a_command_sql_a_lookup_or_nothing() {
        assert_eq!(Input::of("  .help count "), Input::Command(".help count"));
        assert_eq!(Input::of("select 1"), Input::Sql("select 1"));
        assert_eq!(Input::of("VALUES(1)"), Input::Sql("VALUES(1)"));
        assert_eq!(Input::of("delete from events"), Input::Sql("delete from events"));
        assert_eq!(Input::of("-- newest\nSELECT 1"), Input::Sql("-- newest\nSELECT 1"));
        assert_eq!(Input::of("-- a remark"), Input::Nothing);
        assert_eq!(Input::of("  "), Input::Nothing);
        for lookup in
            ["user=alice", "| count", "selected=1", "update=x", "not ip=10.0.0.0/8", "(source=iam)", "SELECT=1"]
        {
            assert_eq!(Input::of(lookup), Input::Lookup(lookup));
        }
    }

    #[test]
    fn sql_continues_until_its_semicolon() {
        let mut lines = Assembler::default();
        assert_eq!(lines.feed("-- remark"), None);
        assert_eq!(lines.feed("user=alice"), Some(("user=alice".to_owned(), 2)));
        assert_eq!(lines.feed("SELECT 1"), None);
        assert!(lines.is_pending());
        assert_eq!(lines.feed(".help"), None);
        assert_eq!(lines.feed(";"), Some(("SELECT 1\n.help\n;".to_owned(), 3)));
        assert_eq!(lines.feed("SELECT 2"), None);
        assert_eq!(lines.finish(), Some(("SELECT 2".to_owned(), 6)));
        assert_eq!(lines.finish(), None);
    }
}
