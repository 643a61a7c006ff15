//! Completion within SQL: keywords, tables, columns and functions.

use super::candidate::{Candidate, Source};
use crate::session::input::SQL_WORDS;
use crate::store::FUNCTIONS;

/// Keywords that are offered and colored, beside those that begin a statement.
const KEYWORDS: &[&str] = &[
    "ALL",
    "AND",
    "AS",
    "ASC",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "COLLATE",
    "CROSS",
    "DESC",
    "DISTINCT",
    "ELSE",
    "END",
    "ESCAPE",
    "EXCEPT",
    "EXISTS",
    "FROM",
    "GLOB",
    "GROUP",
    "HAVING",
    "IN",
    "INNER",
    "INTERSECT",
    "IS",
    "JOIN",
    "LEFT",
    "LIKE",
    "LIMIT",
    "NOT",
    "NULL",
    "NULLS",
    "OFFSET",
    "ON",
    "OR",
    "ORDER",
    "OVER",
    "PARTITION",
    "QUERY",
    "PLAN",
    "RECURSIVE",
    "REGEXP",
    "THEN",
    "UNION",
    "USING",
    "WHEN",
    "WHERE",
    "WINDOW",
];
/// SQLite's own functions that are asked for most.
const BUILT_IN: &[&str] = &[
    "avg",
    "coalesce",
    "count",
    "date",
    "datetime",
    "group_concat",
    "iif",
    "instr",
    "json_each",
    "json_extract",
    "length",
    "lower",
    "max",
    "min",
    "printf",
    "replace",
    "round",
    "strftime",
    "substr",
    "sum",
    "trim",
    "unixepoch",
    "upper",
];
/// First words that a read-only case refuses.
const REFUSED: usize = 5;

/// Reports whether the word is a keyword.
pub(in crate::repl) fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().chain(SQL_WORDS).any(|keyword| keyword.eq_ignore_ascii_case(word))
}

/// Returns the candidates at the end of the text, and the offset that they start at; `statement` is all that has been
/// typed of the statement.
pub(super) fn complete(before: &str, statement: &str, source: &dyn Source) -> (usize, Vec<Candidate>) {
    let start =
        before.rfind(|c| !is_word(c)).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let word = &before[start..];
    let tables = source.tables();
    let named = named_tables(statement, &tables);
    if let Some(qualified) = before[..start].strip_suffix('.') {
        let from = qualified.rfind(|c| !is_word(c)).map_or(0, |at| at + 1);
        return (start, columns(&qualified[from..], word, &tables, &named));
    }
    let last = before[..start].trim_end().rsplit(|c| !is_word(c)).next().unwrap_or_default();
    let after_from = ["from", "join"].iter().any(|word| word.eq_ignore_ascii_case(last));
    if word.is_empty() && !after_from {
        return (start, Vec::new());
    }
    let mut candidates = Candidates::new(word);
    let of_named = tables.iter().filter(|(name, _)| named.is_empty() || named.iter().any(|(_, table)| table == name));
    if !after_from {
        candidates.extend(of_named.flat_map(|(_, columns)| columns).map(String::as_str));
        candidates.extend(named.iter().map(|(alias, _)| alias.as_str()).filter(|alias| *alias != word));
    }
    candidates.extend(tables.iter().map(|(name, _)| name.as_str()));
    if !after_from {
        let calls: Vec<String> = FUNCTIONS
            .iter()
            .map(|function| function.name)
            .chain(BUILT_IN.iter().copied())
            .map(|name| format!("{name}("))
            .collect();
        candidates.extend(calls.iter().map(String::as_str));
        let lower = word.chars().all(|c| !c.is_uppercase());
        let keywords: Vec<String> = KEYWORDS
            .iter()
            .chain(&SQL_WORDS[..REFUSED])
            .map(|word| if lower { word.to_ascii_lowercase() } else { (*word).to_owned() })
            .collect();
        candidates.extend(keywords.iter().map(String::as_str));
    }
    (start, candidates.chosen)
}

/// Reports whether a character is part of a name.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The tables that a statement names after FROM and JOIN, each with its alias or its own name.
fn named_tables(statement: &str, tables: &[(String, Vec<String>)]) -> Vec<(String, String)> {
    let words: Vec<&str> = statement.split(|c| !is_word(c)).filter(|word| !word.is_empty()).collect();
    let mut named = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let Some((table, _)) = tables.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)) else { continue };
        let next = |skip: usize| words.get(at + skip).copied().filter(|next| !is_keyword(next));
        let alias = match words.get(at + 1) {
            Some(next_word) if next_word.eq_ignore_ascii_case("as") => next(2),
            _ => next(1),
        };
        // A name before a dot is not a mention of a table that the statement reads.
        if at == 0 || !names_table(words[at - 1]) {
            continue;
        }
        named.push((alias.unwrap_or(table).to_owned(), table.clone()));
    }
    named
}

/// Reports whether a table's name follows this word.
fn names_table(word: &str) -> bool {
    ["from", "join"].iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}

/// The columns of a table, or of an alias's table; of every table where the name is neither.
fn columns(table: &str, word: &str, tables: &[(String, Vec<String>)], named: &[(String, String)]) -> Vec<Candidate> {
    let alias = named.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(table));
    let table = alias.map_or(table, |(_, table)| table);
    let known = tables.iter().any(|(name, _)| name.eq_ignore_ascii_case(table));
    let mut candidates = Candidates::new(word);
    for (name, columns) in tables {
        if !known || name.eq_ignore_ascii_case(table) {
            candidates.extend(columns.iter().map(String::as_str));
        }
    }
    candidates.chosen
}

/// Collects what a word begins, each once.
struct Candidates<'a> {
    word: &'a str,
    chosen: Vec<Candidate>,
}

impl<'a> Candidates<'a> {
    fn new(word: &'a str) -> Candidates<'a> {
        Candidates { word, chosen: Vec::new() }
    }

    fn extend<'t>(&mut self, texts: impl Iterator<Item = &'t str>) {
        for text in texts {
            let begins = text.get(..self.word.len()).is_some_and(|head| head.eq_ignore_ascii_case(self.word));
            if begins && !self.chosen.iter().any(|chosen| chosen.text == text) {
                self.chosen.push(Candidate::new(text));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::lines;

    #[test]
    fn keywords_tables_and_columns_are_completed() {
        assert_eq!(lines("SELECT event_n", false), ["SELECT event_name"]);
        assert_eq!(lines("SELECT * FROM ", false), ["SELECT * FROM events", "SELECT * FROM identities"]);
        assert_eq!(lines("SELECT identities.", false), ["SELECT identities.id", "SELECT identities.arn"]);
        assert_eq!(lines("SELECT e.ev", false), ["SELECT e.event_name"]);
        assert_eq!(lines("select 1 from events wher", false), ["select 1 from events where"]);
        assert_eq!(lines("SELECT 1 ORD", false), ["SELECT 1 ORDER"]);
        assert!(lines("SELECT reco", false).contains(&"SELECT record(".to_owned()));
        assert_eq!(lines("GRO", true), ["group_concat(", "GROUP"]);
        assert!(lines("SELECT ", false).is_empty());
        // Only the columns of the tables named, the alias's own.
        assert_eq!(lines("SELECT id FROM identities i WHERE i.", false).len(), 2);
        assert_eq!(lines("SELECT id FROM identities AS i JOIN events e ON e.ev", false).len(), 1);
        assert!(lines("SELECT id FROM identities WHERE event", false).iter().all(|line| !line.ends_with("event_name")));
    }
}
