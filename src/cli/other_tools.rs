//! Commands, options and formats of other tools, with their equivalents in trailq.

use std::path::Path;

use clap::CommandFactory as _;

use super::args::Cli;
use super::case_names::CASES;
use super::words::{CommandWords, shell_word};
use crate::diagnostic::{Diagnostic, nearest};
use crate::fields;
use crate::file_magic;
use crate::saved::{Library, shipped_scripts};
use crate::session::input::Input;

/// Endings of the names of trail files.
const TRAIL_FILES: [&str; 8] = [".json", ".gz", ".csv", ".zip", ".ndjson", ".jsonl", ".log", ".tar"];

/// Commands of other tools, and the command of trailq that does the same; `{}` is replaced by the words after it.
const COMMANDS: &[(&[&str], &str)] = &[
    (&["search", "find", "grep", "query", "filter", "where", "get", "events", "select", "show", "look"], "lookup {}"),
    (&["tail", "watch", "recent", "last"], "lookup last=1h"),
    (&["stats", "status", "summary", "describe", "count", "head", "overview"], "info"),
    (&["list", "ls", "saved", "rules", "reports", "detections"], "queries"),
    (&["load", "add", "ingest", "read", "index"], "import {}"),
    (&["dump", "backup", "save", "copy"], "snapshot {}"),
    (&["verify", "check"], "snapshot --verify {}"),
    (&["redact", "anonymize", "pseudonymize"], "snapshot --redact accounts,ips,users,arns {}"),
    (&["compare"], "diff {}"),
    (&["combine", "join"], "merge {}"),
    (&["server", "start", "listen", "api"], "serve --port 8080"),
    (&["cloudtrail", "aws"], "lookup-events"),
    (&["exec", "execute", "report"], "run {}"),
    (&["version"], "--version"),
    (&["open", "shell", "repl", "console", "prompt", "interactive"], ""),
];

/// Options of other tools: the command of trailq (empty for all), the options, and the advice.
const OPTIONS: &[(&str, &[&str], &str)] = &[
    (
        "lookup-events",
        &["--generate-cli-skeleton"],
        "the members of --cli-input-json are LookupAttributes, StartTime, EndTime, EventCategory, MaxResults, NextToken",
    ),
    ("lookup-events", &["--cli-input-yaml"], "write the request as JSON: --cli-input-json file://PATH"),
    ("lookup-events", &["--cli-auto-prompt"], "run `trailq` alone: its prompt completes lookups"),
    ("lookup-events", &["--version"], "`trailq --version` prints the version"),
    ("import", &["--recursive", "-r", "-R"], "leave it out: folders are read with everything in them"),
    ("import", &["--follow"], "--follow-links follows symbolic links"),
    ("import", &["--threads", "-j", "--workers", "--parallel"], "--jobs N reads with N threads"),
    ("import", &["--output", "-o", "--out"], "name the case with --db: trailq --db CASE.db import PATH"),
    ("serve", &["--host", "--bind", "--listen"], "--address ADDRESS names the address to listen on"),
    ("snapshot", &["--output", "-o", "--out"], "name the file without an option: trailq snapshot OUT.db"),
    ("sql", &["--limit", "-n"], "write LIMIT into the statement"),
    (
        "run",
        &["--limit", "-n"],
        "`trailq queries NAME` shows the query's parameters; many have one for the number of rows",
    ),
    ("lookup", &["-n", "--max", "--head", "--top"], "--limit N shows at most N rows"),
    ("lookup", &["--sort", "--order", "--order-by"], "write a stage: trailq lookup 'TERMS | sort FIELD desc'"),
    ("lookup", &["--fields", "--columns", "--select"], "write a stage: trailq lookup 'TERMS | fields FIELD,FIELD'"),
    ("lookup", &["--group-by", "--by", "--count"], "write a stage: trailq lookup 'TERMS | count by FIELD'"),
    ("lookup", &["--start", "--after"], "write a term: trailq lookup since=2024-03-01"),
    ("lookup", &["--end", "--before"], "write a term: trailq lookup until=2024-03-02"),
    ("lookup", &["--not", "--exclude", "-v", "--invert-match"], "write a term: trailq lookup not user=alice"),
    (
        "run",
        &["--from", "--start", "--start-time", "--after"],
        "--since TIME limits the query to what happened since then",
    ),
    ("run", &["--to", "--end", "--end-time", "--before"], "--until TIME limits the query to what happened until then"),
    ("", &["--json"], "--format json"),
    ("", &["--csv"], "--format csv"),
    ("", &["--tsv"], "--format tsv"),
    ("", &["--markdown", "--md"], "--format markdown"),
    ("", &["--jsonl", "--ndjson"], "--format ndjson"),
    ("", &["--output-format", "--mode", "--type"], "--format FORMAT chooses the format"),
    ("", &["--output", "-o", "--out"], "--format FORMAT chooses the format, and `> FILE` writes to a file"),
    ("", &["--case", "--database", "-d", "--file-db"], "--db PATH names the case"),
    ("", &["--verbose", "--debug", "--trace", "-v"], "leave it out: notes are shown unless --quiet is given"),
    ("", &["--silent", "-s"], "--quiet leaves out notes, status lines and progress"),
    ("", &["--no-color", "--no-colour", "--colour"], "--color never, auto or always says when to color"),
    ("", &["--yes", "-y"], "leave it out: trailq asks nothing"),
    ("", &["--dry-run"], "leave it out: lookups change nothing, and an import only adds to the case"),
];

/// Returns the advice for an option of another tool, if there is any.
pub(super) fn option_advice(option: &str, words: &CommandWords) -> Option<String> {
    let command = words.command().unwrap_or_default();
    let value = words.value_of(option);
    let listed = |of: &str| {
        OPTIONS
            .iter()
            .find(|(command, options, _)| *command == of && options.contains(&option))
            .map(|(.., advice)| advice)
    };
    if let Some(advice) = listed(command) {
        return Some((*advice).to_owned());
    }
    let bare = option.trim_start_matches('-');
    let value = value.map_or_else(|| "VALUE".to_owned(), shell_word);
    let is_time = matches!(bare, "since" | "until" | "last");
    match command {
        "" if is_time || fields::find(bare).is_some() => {
            let name = fields::find(bare).map_or(bare, |field| field.name);
            Some(format!("`{name}` is a term: trailq lookup {name}={value}"))
        }
        "run" | "script" if option.starts_with("--") && !words.operands().is_empty() && listed("").is_none() => {
            let name = words.operands().first().copied().map_or_else(String::new, shell_word);
            Some(format!("values of parameters are written NAME=VALUE: trailq {command} {name} {bare}={value}"))
        }
        _ => listed("").map(|advice| (*advice).to_owned()),
    }
}

/// Returns the advice for a format of another tool.
pub(super) fn format_advice(format: &str) -> Option<&'static str> {
    Some(match format.to_ascii_lowercase().as_str() {
        "xlsx" | "xls" | "excel" | "ods" => "use csv, which spreadsheets open",
        "yaml" | "yml" => "use json, which every YAML parser reads",
        "jsonl" | "jsonlines" => "use ndjson: one object a line",
        "html" | "md" => "use markdown",
        "timesketch" => "`trailq report OUT.csv` or OUT.jsonl writes a timeline for Timesketch",
        "text" | "txt" | "plain" | "box" | "column" => "use table, or tsv for other programs",
        "line" | "vertical" | "pretty" | "long" => "use expanded: one line a cell",
        "raw" | "cloudtrail" => "use records: the original records as JSON",
        "parquet" | "sqlite" | "db" => "use csv or ndjson; the case itself is a SQLite file",
        "xml" | "pdf" | "arrow" | "avro" => "use csv, json or ndjson",
        _ => return None,
    })
}

/// Returns the error about a first word that is neither a command nor a case.
pub(super) fn unknown_command(words: &[&str]) -> Diagnostic {
    let (word, rest) = words.split_first().map_or(("", &[][..]), |(word, rest)| (*word, rest));
    let all = words.join(" ");
    match Input::of(&all) {
        Input::Sql(_) => {
            let mistake = Diagnostic::new(format!("`{word}` starts an SQL statement, not a command"));
            return mistake.hint(format!("write: trailq sql {}", shell_word(&all)));
        }
        Input::Command(_) => {
            let mistake = Diagnostic::new(format!("`{word}` is a command of the REPL and of scripts"));
            return mistake.hint(format!("start the REPL with `trailq`, or write: echo {} | trailq", shell_word(&all)));
        }
        Input::Lookup(_) | Input::Nothing => {}
    }
    let mut mistake = Diagnostic::new(format!("no command `{word}`"));
    if let Some(advice) = known_word(word, rest) {
        return mistake.hint(advice);
    }
    if looks_like_lookup(&all) {
        let mistake = Diagnostic::new(format!("`{all}` is a lookup, not a command"));
        return mistake.hint(format!("write: trailq lookup {}", shell_word(&all)));
    }
    let cli = Cli::command();
    let near = nearest(word, cli.get_subcommands().map(clap::Command::get_name));
    mistake.hints.extend(near.iter().map(|near| format!("did you mean the command `{near}`?")));
    let text = if near.is_empty() { all.as_str() } else { word };
    mistake.hint(format!("to search for it: trailq lookup {}", shell_word(text)))
}

/// Returns the advice for a word that names a saved query, a script, or a command of another tool.
fn known_word(word: &str, rest: &[&str]) -> Option<String> {
    let first = word.split_whitespace().next().filter(|first| *first != word && rest.is_empty());
    if first.is_some_and(|first| Cli::command().find_subcommand(first).is_some()) {
        return Some(format!("write the command and its arguments as separate words: trailq {word}"));
    }
    let values: String = rest.iter().map(|word| format!(" {}", shell_word(word))).collect();
    let mut library = Library::default();
    library.add_shipped();
    if library.find(word).is_some() {
        return Some(format!("`{word}` is a saved query: trailq run {word}{values}"));
    }
    if shipped_scripts().iter().any(|script| script.name == word) {
        return Some(format!("`{word}` is a script: trailq script {word}{values}"));
    }
    let folded = word.to_ascii_lowercase();
    let (_, instead) = COMMANDS.iter().find(|(words, _)| words.contains(&folded.as_str()))?;
    Some(instead_of(instead, rest, &values))
}

/// Returns the advice for a command of another tool.
fn instead_of(instead: &str, rest: &[&str], values: &str) -> String {
    let line = match instead {
        "lookup {}" if rest.is_empty() => "lookup 'user=alice last=7d'".to_owned(),
        "lookup {}" => return format!("to search for it: trailq lookup{values}"),
        other => other.replace(" {}", values).replace("{}", values.trim_start()),
    };
    let line = format!("trailq {line}");
    format!("write: {}", line.trim_end())
}

/// Reports whether a text looks like a lookup: it has a comparison or a stage.
fn looks_like_lookup(text: &str) -> bool {
    let compares = |word: &str| {
        let name: &str = word.split(['=', '~', '<', '>', '!']).next().unwrap_or_default();
        name.len() < word.len() && !name.is_empty() && !name.contains('/')
    };
    text.contains('|') || text.split_whitespace().any(compares)
}

/// Reports whether a word looks like the path of a case.
pub(super) fn looks_like_case(word: &str) -> bool {
    word.contains('/') || CASES.iter().any(|ending| word.ends_with(ending))
}

/// Reports whether a word, written before a command, is the name of another tool.
pub(super) fn is_other_tool(word: &str) -> bool {
    matches!(word, "aws" | "cloudtrail")
}

/// Reports whether a word looks like a path, of a case or a trail file.
pub(super) fn is_path(word: &str) -> bool {
    !looks_like_lookup(word) && (looks_like_case(word) || TRAIL_FILES.iter().any(|ending| word.ends_with(ending)))
}

/// Returns the advice for a path that is not a case: a folder, or a file of another kind.
pub(super) fn import_advice(path: &Path) -> Option<String> {
    let shown = shell_word(&path.to_string_lossy());
    if !path.exists() {
        let name = path.to_string_lossy();
        let is_trail = TRAIL_FILES.iter().any(|ending| name.ends_with(ending));
        return is_trail.then(|| format!("import trail files into a case first: trailq import {shown}"));
    }
    if path.is_dir() || !is_sqlite(path) {
        return Some(format!("import trail files into a case first: trailq import {shown}"));
    }
    None
}

/// Reports whether a file starts like a SQLite database. An empty or unreadable file counts as one: other messages
/// describe it better.
fn is_sqlite(path: &Path) -> bool {
    use std::io::Read as _;
    // Reading a pipe would block.
    if !path.is_file() {
        return true;
    }
    let mut head = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(16).read_to_end(&mut head));
    read.is_err() || head.is_empty() || head.starts_with(file_magic::SQLITE)
}
