//! Lines that other shells understand: what they mean at trailq's prompt, and what to say of them elsewhere, where each is
//! a lookup as any other.

use crate::diagnostic::{Diagnostic, nearest};
use crate::fields;
use crate::query::ast::{Expression, ExpressionKind, LookupAst};
use crate::query::is_time_name;
use crate::session::Session;
use crate::session::commands::COMMANDS;
use crate::session::commands::help;
use crate::session::input::Input;

/// The meaning of a line at the prompt.
#[derive(Debug, PartialEq, Eq)]
pub enum Habit {
    /// A dot-command.
    Command(String),
    /// SQL.
    Sql(String),
    /// Clear the screen.
    Clear,
    /// Nothing that trailq does: what to use.
    Advice(Box<Diagnostic>),
}

/// Whole lines that are a command, by the command.
const COMMANDS_OF_OTHERS: &[(&str, &[&str])] = &[
    (
        ".quit",
        &[
            "exit", "quit", "exit()", "quit()", "bye", "logout", "\\q", "\\quit", ":q", ":q!", ":wq", ":x", ":quit",
            ":exit", "/exit", "/quit",
        ],
    ),
    (".help", &["help", "?", "\\?", "\\h", "\\help", ":h", ":help", "-h", "--help", "/help", "help()"]),
    (".tables", &["show tables", "list tables", "\\d", "\\dt", "\\dv", "\\d+", "\\dt+"]),
    (".databases", &["show databases", "\\l", "\\conninfo"]),
    (".schema", &["show schema", "show schemas"]),
    (".indexes", &["show indexes", "show indices", "\\di"]),
    (".help fields", &["show fields", "show columns", "list fields"]),
    (".help functions", &["show functions", "\\df"]),
    (".queries", &["show queries", "list queries"]),
    (".settings", &["show settings", "show variables", "show all", "\\set"]),
    (".expanded", &["\\x"]),
];

/// Words before the name of a table in a question about its columns.
const DESCRIBE: &[&str] = &[
    "desc",
    "describe",
    "desc table",
    "describe table",
    "show columns from",
    "show fields from",
    "show create table",
    "\\d",
    "\\d+",
];

/// Lines that clear the screen.
const CLEAR: &[&str] = &["clear", "cls", "\\! clear", "clear screen"];

/// Commands of other shells, with what to use.
const ADVICE: &[(&str, &str)] = &[
    ("history", "Ctrl-R searches the history; `.session FILE` writes this session as a script"),
    ("\\s", "Ctrl-R searches the history; `.session FILE` writes this session as a script"),
    ("ls", "`.info` shows what the case holds; Ctrl-Z goes to the shell"),
    ("ll", "`.info` shows what the case holds; Ctrl-Z goes to the shell"),
    ("dir", "`.info` shows what the case holds; Ctrl-Z goes to the shell"),
    ("pwd", "`.databases` shows the path of the case; Ctrl-Z goes to the shell"),
    ("cd", "files are named by their path; Ctrl-Z goes to the shell"),
    ("\\timing", "`.timer on` reports the duration of each input"),
    ("\\i", "`.read FILE` runs the lines of a file"),
    ("\\o", "`.output FILE` writes answers to a file"),
    ("\\copy", "`.once FILE.csv` writes the next answer to a file"),
    ("\\e", "an input of several lines is SQL up to its semicolon"),
];

/// Words that other tools write before a search.
const SEARCH_WORDS: &[&str] = &["search", "find", "grep", "lookup", "filter", "where", "trailq"];
/// The stages of a lookup, which begin with `|`.
const STAGE_WORDS: &[&str] = &["count", "top", "timeline", "limit", "sort", "fields"];
/// The number of rows that `FROM TABLE` alone shows.
const SHOWN_ROWS: u32 = 50;

/// Returns the meaning of a line at the prompt, if it is not a lookup. `tables`: the names of the case's tables.
pub fn at_prompt(line: &str, tables: impl Fn() -> Vec<String>) -> Option<Habit> {
    let typed = line.trim();
    if typed.contains('\n') || !matches!(Input::of(typed), Input::Lookup(_)) {
        return None;
    }
    let plain = plain(typed);
    if let Some(command) = command_of(&plain) {
        return Some(Habit::Command(command.to_owned()));
    }
    if CLEAR.contains(&plain.as_str()) {
        return Some(Habit::Clear);
    }
    if let Some(topic) = plain.strip_prefix("help ").filter(|topic| !topic.contains(' ')) {
        return help::topic(&COMMANDS, topic, false).map(|_| Habit::Command(format!(".help {topic}")));
    }
    let (first, rest) = plain.split_once(' ').unwrap_or((&plain, ""));
    if first == "from" || first == "table" {
        return from_table(typed, &tables());
    }
    let described = DESCRIBE.iter().find_map(|words| plain.strip_prefix(words)?.strip_prefix(' '));
    if let Some(table) = described.filter(|table| !table.contains(' ')) {
        let table = table.trim_matches(['"', '`']);
        let tables = tables();
        let known = tables.iter().find(|known| known.eq_ignore_ascii_case(table)).map(String::as_str);
        // The command names the table that is near.
        let near = || nearest(table, tables.iter().map(String::as_str)).first().map(|_| table);
        return known.or_else(near).map(|table| Habit::Command(format!(".schema {table}")));
    }
    let advice = ADVICE.iter().find(|(name, _)| *name == first).map(|(_, advice)| *advice);
    // A word with more after it may be a value; a backslash never begins one.
    let advice = advice.filter(|_| rest.is_empty() || first.starts_with('\\'));
    let advice = advice.or_else(|| {
        let psql =
            first.starts_with('\\') && first.len() <= 6 && first[1..].starts_with(|c: char| c.is_ascii_alphabetic());
        psql.then_some("commands begin with a dot: `.help` lists them")
    })?;
    let mistake = Diagnostic::new(format!("`{typed}` is a command of another shell")).hint(advice);
    Some(Habit::Advice(Box::new(mistake.hint(format!("in quotes it is searched for: {}", quoted(typed))))))
}

/// `FROM TABLE ...` as SQL: a lone table shows its first rows.
fn from_table(typed: &str, tables: &[String]) -> Option<Habit> {
    let typed = typed.trim_end_matches(';').trim_end();
    let mut words = typed.split_whitespace();
    let (_, table) = (words.next()?, words.next()?);
    let name = table.trim_matches(['"', '`']);
    tables.iter().find(|known| known.eq_ignore_ascii_case(name))?;
    let rest = typed.split_once(char::is_whitespace)?.1.trim_start();
    let upper = rest.to_ascii_uppercase();
    if upper.split_whitespace().any(|word| word == "SELECT") {
        let mistake = Diagnostic::new("`FROM` first is not SQL of SQLite");
        return Some(Habit::Advice(Box::new(mistake.hint("write SELECT COLUMN, ... FROM TABLE WHERE ...;"))));
    }
    let limited = upper.split_whitespace().any(|word| word == "LIMIT");
    let limit = if limited { String::new() } else { format!(" LIMIT {SHOWN_ROWS}") };
    Some(Habit::Sql(format!("SELECT * FROM {rest}{limit};")))
}

/// A line without its semicolon, in lower case, with single blanks.
fn plain(line: &str) -> String {
    let line = line.trim().trim_end_matches(';').to_ascii_lowercase();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn command_of(plain: &str) -> Option<&'static str> {
    COMMANDS_OF_OTHERS.iter().find(|(_, lines)| lines.contains(&plain)).map(|(command, _)| *command)
}

fn quoted(line: &str) -> String {
    crate::query::edit::quoted(line)
}

/// A hint on a lookup that matched nothing and may be an input of another kind.
pub(crate) struct Hint {
    pub(crate) note: String,
    /// The line to type instead.
    pub(crate) instead: Option<String>,
}

impl Session {
    /// Returns a hint on a lookup of bare, unquoted words.
    pub(crate) fn hint_for_words(&self, lookup: &LookupAst) -> Option<Hint> {
        of_lookup(lookup)
    }
}

/// Returns a hint on a lookup of bare, unquoted words.
fn of_lookup(lookup: &LookupAst) -> Option<Hint> {
    let filter = lookup.filter.as_ref()?;
    let parts = match &filter.kind {
        ExpressionKind::All(parts) => parts.as_slice(),
        _ => std::slice::from_ref(filter),
    };
    let text = lookup.text.trim();
    let word = |at: usize| -> Option<&str> {
        let part = parts.get(at)?;
        let word = lookup.text.get(part.span.start..part.span.end)?;
        (matches!(part.kind, ExpressionKind::Bare(_)) && !word.starts_with(['"', '\'', '@'])).then_some(word)
    };
    let bare = (0..parts.len()).all(|at| word(at).is_some()) && lookup.stages.is_empty();
    if bare && let Some(hint) = of_line(text) {
        return Some(hint);
    }
    if let (Some(first), Some(second)) = (word(0).map(str::to_ascii_lowercase), parts.get(1))
        && SEARCH_WORDS.contains(&first.as_str())
    {
        let rest = lookup.text.get(second.span.start..)?.trim().to_owned();
        let note = format!("a line is a lookup by itself, without `{first}`: {rest}");
        return Some(Hint { note, instead: Some(rest) });
    }
    let Some(stage) = (0..parts.len()).find(|at| word(*at).is_some_and(|word| STAGE_WORDS.contains(&word))) else {
        return (0..parts.len())
            .find_map(|at| of_pair(lookup, parts.get(at)?, word(at)?, parts.get(at + 1)?, word(at + 1)?));
    };
    let span = parts.get(stage)?.span;
    let (before, after) = (lookup.text.get(..span.start)?, lookup.text.get(span.start..)?);
    let note = format!("a stage begins with |: {}", format!("{before}| {after}").trim());
    Some(Hint { note, instead: Some(format!("{before}| {after}").trim().to_owned()) })
}

/// A field and its value without anything between: `user alice`, `since 2024-03-01`.
fn of_pair(lookup: &LookupAst, name: &Expression, word: &str, value: &Expression, typed: &str) -> Option<Hint> {
    if !is_time_name(word) && fields::find(word).is_none() {
        return None;
    }
    let term = format!("{word}={typed}");
    let (before, after) = (lookup.text.get(..name.span.start)?, lookup.text.get(value.span.end..)?);
    let note = format!("a field and its value are joined by =: {term}");
    Some(Hint { note, instead: Some(format!("{before}{term}{after}")) })
}

/// Returns a hint on a line of bare words: a line of another shell, or a command without its dot.
fn of_line(text: &str) -> Option<Hint> {
    let plain = plain(text);
    let searches = if plain.contains(' ') {
        "searches for events with all of these values"
    } else {
        "alone searches for that value"
    };
    let note = |command: &str| {
        let name = command.split(' ').next().unwrap_or(command);
        let what = match name {
            ".quit" | ".exit" => "leaves".to_owned(),
            _ => COMMANDS.find(name).map_or_else(String::new, |known| format!("is the command to {}", known.help)),
        };
        let quoted = if plain.contains(' ') { String::new() } else { format!(": {}", quoted(text)) };
        format!("`{command}` {what} (`{text}` {searches}{quoted})")
    };
    if let Some(command) = command_of(&plain) {
        return Some(Hint { note: note(command), instead: Some(command.to_owned()) });
    }
    if let Some((_, advice)) = ADVICE.iter().find(|(name, _)| *name == plain) {
        return Some(Hint { note: (*advice).to_owned(), instead: None });
    }
    if let Some((_, rest)) = text.split_once(char::is_whitespace).filter(|_| plain.starts_with("from ")) {
        let sql = format!("SELECT * FROM {};", rest.trim().trim_end_matches(';'));
        return Some(Hint { note: format!("SQL begins with SELECT: {sql}"), instead: Some(sql) });
    }
    if let Some(table) = DESCRIBE.iter().find_map(|words| plain.strip_prefix(words)?.strip_prefix(' ')) {
        return Some(Hint { note: note(".schema"), instead: Some(format!(".schema {table}")) });
    }
    let first = plain.split(' ').next()?;
    let command = COMMANDS.iter().find(|command| command.name.strip_prefix('.') == Some(first))?;
    if STAGE_WORDS.contains(&first) || SEARCH_WORDS.contains(&first) || fields::find(first).is_some() {
        return None;
    }
    let line = format!(".{text}");
    Some(Hint { note: note(command.name), instead: Some(line) })
}

#[cfg(test)]
mod tests {
    use super::{Habit, at_prompt, of_lookup};
    use crate::query::parse;

    fn habit(line: &str) -> Option<Habit> {
        at_prompt(line, || vec!["events".to_owned(), "event_history".to_owned()])
    }

    #[test]
    fn lines_of_other_shells_do_what_they_mean() {
        for (line, command) in [
            ("exit", ".quit"),
            (" Quit ; ", ".quit"),
            ("\\q", ".quit"),
            (":q", ".quit"),
            ("exit()", ".quit"),
            ("help", ".help"),
            ("?", ".help"),
            ("help count", ".help count"),
            ("SHOW  tables;", ".tables"),
            ("\\dt", ".tables"),
            ("desc events", ".schema events"),
            ("DESCRIBE Events;", ".schema events"),
            ("\\d events", ".schema events"),
            ("desc event", ".schema event"),
            ("show columns from event_history", ".schema event_history"),
        ] {
            assert_eq!(habit(line), Some(Habit::Command(command.to_owned())), "{line}");
        }
        for (line, sql) in [
            ("FROM events", "SELECT * FROM events LIMIT 50;"),
            ("from events where outcome = 'denied' limit 3;", "SELECT * FROM events where outcome = 'denied' limit 3;"),
            ("TABLE event_history", "SELECT * FROM event_history LIMIT 50;"),
        ] {
            assert_eq!(habit(line), Some(Habit::Sql(sql.to_owned())), "{line}");
        }
        assert_eq!(habit("clear"), Some(Habit::Clear));
        for line in ["ls", "history", "\\timing on", "\\foo", "FROM events SELECT user_name"] {
            assert!(matches!(habit(line), Some(Habit::Advice(_))), "{line}");
        }
        for lookup in [
            "\"exit\"",
            "'help'",
            "exit user=alice",
            "help me",
            "desc zebra",
            "from zebra",
            "from=x",
            "ls -la",
            "user=alice",
            "exit | count",
            ".quit",
            "SELECT 1",
            "",
        ] {
            assert_eq!(habit(lookup), None, "{lookup}");
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_lines_never_panic(line in r"(from|desc|help|table|\\|/|:|exit|\.|;| |[a-z]|\PC){0,8}") {
            let _ = habit(&line);
            let _ = parse(&line).map(|lookup| of_lookup(&lookup).is_some());
        }
    }

    #[test]
    fn a_lookup_that_was_meant_otherwise_is_answered_with_what_to_write() {
        let hint =
            |text: &str| of_lookup(&parse(text).unwrap()).map(|hint| (hint.note, hint.instead.unwrap_or_default()));
        let (note, instead) = hint("exit").unwrap();
        assert_eq!(note, "`.quit` leaves (`exit` alone searches for that value: \"exit\")");
        assert_eq!(instead, ".quit");
        for (text, instead) in [
            ("show tables", ".tables"),
            ("show 1", ".show 1"),
            ("info", ".info"),
            ("FROM events", "SELECT * FROM events;"),
            ("desc events", ".schema events"),
            ("search jmerckle", "jmerckle"),
            ("where user=alice", "user=alice"),
            ("user=alice count by region", "user=alice | count by region"),
            ("since 2024-03-01 user=alice", "since=2024-03-01 user=alice"),
            ("region=us-east-1 user alice | count", "region=us-east-1 user=alice | count"),
            ("count", "| count"),
            ("top user", "| top user"),
        ] {
            assert_eq!(hint(text).unwrap().1, instead, "{text}");
        }
        for text in ["\"exit\"", "exit user=alice", "alice", "user=exit", "search", "| count"] {
            assert!(hint(text).is_none(), "{text}");
        }
    }
}
