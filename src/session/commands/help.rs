//! Help: an overview, and a topic for each command, field, stage and list of them.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::nearest;
use crate::session::Answer;
use crate::session::Session;
use crate::session::SessionError;
use crate::session::commands::command::Arguments;
use crate::session::commands::command::Completes;
use crate::session::commands::command::{Command, Commands};
use std::fmt::Write as _;

use crate::fields;
use crate::fields::{FIELDS, Field, Kind};
use crate::render::palette::{DIM, HEADING, paint};
use crate::store::FUNCTIONS;

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[Command {
    arguments: "[TOPIC]",
    completes: Completes::Topics,
    is_logged: false,
    ..Command::new(".help", "explain a command, a field, a stage, or a list of them", run_help)
}];

fn run_help(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(1)?;
    let color = session.output.style(&session.settings.style).color;
    let text = match arguments.words.first() {
        None => overview(arguments.commands, color),
        Some((topic, span)) => match self::topic(arguments.commands, topic, color) {
            Some(text) => text,
            None => {
                let topics = topics(arguments.commands);
                let mut mistake = Diagnostic::at(*span, format!("no help on `{topic}`")).in_source(arguments.line);
                for near in nearest(topic, topics.iter().map(String::as_str)) {
                    mistake.instead.get_or_insert_with(|| near.to_owned());
                    mistake = mistake.hint(format!("did you mean `.help {near}`?"));
                }
                return Err(mistake.into());
            }
        },
    };
    session.print(&text)?;
    Ok(Answer::default())
}

/// Something that help lists: name, arguments, meaning, example.
pub struct Entry {
    /// The word itself.
    pub name: &'static str,
    /// The arguments after it.
    pub arguments: &'static str,
    /// The effect.
    pub help: &'static str,
    /// A lookup that shows it.
    pub example: &'static str,
}

/// The stages of a lookup.
pub const STAGES: &[Entry] = &[
    Entry {
        name: "count",
        arguments: "[by FIELD,...]",
        help: "how many events match, in all or by the values of fields",
        example: "outcome=denied | count by event-name, region",
    },
    Entry {
        name: "top",
        arguments: "[N] FIELD,...",
        help: "the most frequent values, 10 of them without N",
        example: "event-name=AssumeRole | top 20 user",
    },
    Entry {
        name: "timeline",
        arguments: "[BUCKET] [by FIELD,...]",
        help: "how many events in each span of time, such as 1h or 1d, in all or by the values of fields",
        example: "outcome=denied | timeline 1d by region",
    },
    Entry {
        name: "fields",
        arguments: "FIELD,...",
        help: "the columns of the list; paths of the record too",
        example: "source=s3 | fields time, user, requestParameters.bucketName",
    },
    Entry {
        name: "sort",
        arguments: "FIELD [asc|desc]",
        help: "the order of the list",
        example: "user=alice | sort time asc",
    },
    Entry { name: "limit", arguments: "N", help: "how many rows at most", example: "user=alice | limit 200" },
    Entry {
        name: "having",
        arguments: "events>N,...",
        help: "the rows of count, top and timeline by their number of events; the | before it may be left out",
        example: "outcome=denied | count by ip having events>20",
    },
];

/// Names of terms that are not fields.
pub const TERMS: &[Entry] = &[
    Entry {
        name: "since",
        arguments: "=TIME",
        help: "at or after a time; a coarser time means its start",
        example: "since=2024-03-01",
    },
    Entry {
        name: "until",
        arguments: "=TIME",
        help: "at or before a time; a coarser time means its end",
        example: "until=2024-03-02T12",
    },
    Entry {
        name: "last",
        arguments: "=SPAN",
        help: "back from the newest event of the case: s, m, h, d or w",
        example: "last=36h",
    },
    Entry {
        name: "finding",
        arguments: "=RULE",
        help: "the events of a rule of the last run of `trailq hunt`",
        example: "finding=trails-stopped",
    },
    Entry {
        name: "person",
        arguments: "=NAME",
        help: "a person of IAM Identity Center in every account, by name, email or user id",
        example: "person=ada@example.com",
    },
    Entry {
        name: "chain",
        arguments: "=KEY",
        help: "what was done with an access key and with the credentials that descend from it",
        example: "chain=AKIAIOSFODNN7EXAMPLE",
    },
];

/// Lists that are topics.
const LISTS: &[&str] = &["commands", "fields", "stages", "functions", "lookups", "sql"];

/// The overview that `.help` prints.
pub fn overview(all: &Commands, color: bool) -> String {
    let mut out = String::new();
    heading(&mut out, "A line is a lookup, SQL or a command", color);
    rows(
        &mut out,
        [
            ("event-name=ConsoleLogin user=alice", "a lookup: terms side by side"),
            ("AKIAIOSFODNN7EXAMPLE", "a value alone: whatever is exactly it"),
            ("outcome=denied | top 10 user", "a lookup and a stage"),
            (".show 3", "a command: here the record of row 3"),
            (".run console-logins since=2024-03-01", "a saved query with a parameter"),
            ("SELECT count(*) FROM events;", "SQL, up to a semicolon"),
        ]
        .map(|(left, right)| (left.to_owned(), right.to_owned())),
        color,
    );
    heading(&mut out, "\nCommands", color);
    out.push_str(&list(all, "commands", color).unwrap_or_default());
    heading(&mut out, "\nMore", color);
    let _ = writeln!(out, "  .help {}, or the name of a field, a stage or a command", LISTS.join(" | .help "));
    out
}

/// Help on one topic, if there is such a topic.
pub fn topic(all: &Commands, name: &str, color: bool) -> Option<String> {
    let dotted = if name.starts_with('.') { name.to_owned() } else { format!(".{name}") };
    if let Some(text) = list(all, name, color) {
        return Some(text);
    }
    if name.starts_with('.') {
        return command(all, &dotted, color);
    }
    let Some(mut text) = entry(name, color).or_else(|| fields::find(name).map(|found| field(found, color))) else {
        return command(all, &dotted, color);
    };
    if all.find(&dotted).is_some() {
        let _ = writeln!(text, "  .help {dotted} is about the command");
    }
    Some(text)
}

/// Every topic's name.
pub fn topics(all: &Commands) -> Vec<String> {
    let commands = all.iter().map(|command| command.name.trim_start_matches('.'));
    let entries = STAGES.iter().chain(TERMS).map(|entry| entry.name);
    let fields = FIELDS.iter().map(|field| field.name);
    let functions = FUNCTIONS.iter().map(|function| function.name);
    LISTS.iter().copied().chain(commands).chain(entries).chain(fields).chain(functions).map(str::to_owned).collect()
}

/// A topic that is a list.
fn list(all: &Commands, name: &str, color: bool) -> Option<String> {
    let mut out = String::new();
    match name {
        "commands" => {
            let commands = all.iter().filter(|command| command.name != ".exit");
            rows(
                &mut out,
                commands.map(|command| (spelled(command.name, command.arguments), command.help.to_owned())),
                color,
            );
        }
        "fields" => {
            let times = TERMS.iter().map(|entry| (entry.name.to_owned(), entry.help.to_owned()));
            let fields = FIELDS.iter().map(|field| (field.name.to_owned(), field.help.to_owned()));
            rows(&mut out, times.chain(fields), color);
            out.push_str("  a path such as requestParameters.bucketName reaches any other field of the record\n");
        }
        "stages" => {
            rows(
                &mut out,
                STAGES.iter().map(|stage| (spelled(stage.name, stage.arguments), stage.help.to_owned())),
                color,
            );
        }
        "functions" => {
            let function = |function: &crate::store::Function| {
                (format!("{}({})", function.name, function.arguments), function.help.to_owned())
            };
            rows(&mut out, FUNCTIONS.iter().map(function), color);
        }
        "lookups" | "lookup" => out.push_str(LOOKUPS),
        "sql" => out.push_str(SQL),
        _ => return None,
    }
    Some(out)
}

/// Help on a command.
fn command(all: &Commands, name: &str, color: bool) -> Option<String> {
    let Some(command) = all.find(name) else {
        let advice = crate::session::commands::sqlite3_compat::advice(name)?;
        return Some(format!("{}\n  not in trailq: {advice}\n", paint(name, HEADING, color)));
    };
    let mut out = format!("{}\n  {}\n", paint(&spelled(command.name, command.arguments), HEADING, color), command.help);
    for example in command.examples {
        let _ = writeln!(out, "  example: {example}");
    }
    Some(out)
}

/// Help on a stage, a word for times, or a function.
fn entry(name: &str, color: bool) -> Option<String> {
    if let Some(function) = FUNCTIONS.iter().find(|function| function.name == name) {
        let call = format!("{}({})", function.name, function.arguments);
        return Some(format!("{}\n  {}\n", paint(&call, HEADING, color), function.help));
    }
    let entry = STAGES.iter().chain(TERMS).find(|entry| entry.name == name)?;
    let separator = if entry.arguments.starts_with('=') { "" } else { " " };
    let call = format!("{}{separator}{}", entry.name, entry.arguments);
    Some(format!("{}\n  {}\n  example: {}\n", paint(&call, HEADING, color), entry.help, entry.example))
}

/// Help on a field.
fn field(field: &Field, color: bool) -> String {
    let mut out = format!("{}\n  {}\n", paint(field.name, HEADING, color), field.help);
    if !field.aliases.is_empty() {
        let _ = writeln!(out, "  also: {}", field.aliases.join(", "));
    }
    let values = match field.kind {
        Kind::Text => "text, compared whole and with case; * is any text",
        Kind::Source => "a service, in full or short: ec2",
        Kind::Address => "an address, or a network such as 10.0.0.0/8",
        Kind::Flag => "true or false",
        Kind::Number => "a whole number",
        Kind::Time => "a time or a span of time: 2024-03, 2024-03-01T09",
        Kind::Word(words) => &words.join(", "),
    };
    let _ = writeln!(out, "  values: {values}");
    let _ = writeln!(out, "  column: {}", field.column);
    if !field.path.is_empty() {
        let _ = writeln!(out, "  record: {}", field.path);
    }
    let _ = writeln!(out, "  example: {}", field.example);
    out
}

/// A name and what follows it.
fn spelled(name: &str, arguments: &str) -> String {
    format!("{name} {arguments}").trim_end().to_owned()
}

/// Writes a heading.
fn heading(out: &mut String, text: &str, color: bool) {
    let _ = writeln!(out, "{}", paint(text, HEADING, color));
}

/// The largest width of the left column. What is longer has its explanation in the next line, or a screen would show
/// none of the explanations.
const MAX_LEFT_COLUMNS: usize = 36;

/// Writes two columns.
fn rows(out: &mut String, rows: impl IntoIterator<Item = (String, String)>, color: bool) {
    let rows: Vec<_> = rows.into_iter().collect();
    let fits = |left: &str| left.len() <= MAX_LEFT_COLUMNS;
    let width = rows.iter().map(|(left, _)| left.len()).filter(|len| *len <= MAX_LEFT_COLUMNS).max().unwrap_or(0);
    for (left, right) in rows {
        let (left, own_line) = if fits(&left) { (left, String::new()) } else { (String::new(), format!("  {left}\n")) };
        let _ = writeln!(out, "{own_line}  {left:width$}  {}", paint(&right, DIM, color));
    }
}

/// The topic `lookups`.
const LOOKUPS: &str = r#"  event-name=ConsoleLogin user=alice                terms side by side all hold
  (source=iam or source=sts) write=true             or, and parentheses
  resource=i-0abc not ip=10.0.0.0/8                 not takes one term or group; networks
  EventName=RunInstances,TerminateInstances         a comma is or; names ignore case, - and _
  region=us-* error=*Unauthorized*                  * is any text; in quotes too
  user~"^(alice|bob)$"                              a regular expression
  user-agent=~*kali*,*parrot*                       ignoring case
  user==request.userName                            two fields with an equal value
  error=* invoked-by!=*                             present, absent
  since=2024-03-01 until=2024-03-02T12 last=7d      times, UTC; coarse ones mean their whole span
  AKIAIOSFODNN7EXAMPLE                              a bare value: wherever an indexed field is exactly it
  ip=@bad-addresses.txt                             a list from a file, one value a line
  text="0.0.0.0/0"                                  anywhere in the record
  requestParameters.bucketName=acme-logs            any field of the record
  outcome=denied | count by event-name              then stages: .help stages
"#;

/// The topic `sql`.
const SQL: &str = r#"  SQL is SQLite's, read-only, up to a semicolon.
  event_history is the place to start: one row an event, every attribute as text.
  events, identities and resources are joined by events.identity_id and by event_resources (event, resource).
  record(id) is the original record: SELECT record(id) ->> '$.requestParameters.bucketName' FROM events;
  .tables, .schema TABLE and .help functions say what there is.
"#;

#[cfg(test)]
mod tests {
    use super::{FIELDS, STAGES, overview, topic, topics};
    use crate::session::commands::COMMANDS;

    #[test]
    fn every_topic_has_help() {
        for name in topics(&COMMANDS) {
            let text = topic(&COMMANDS, &name, false).unwrap_or_else(|| panic!("{name}"));
            assert!(text.ends_with('\n') && text.len() > 10, "{name}");
        }
        for word in STAGES.iter().map(|stage| stage.name).chain(FIELDS.iter().flat_map(|field| field.aliases).copied())
        {
            assert!(topic(&COMMANDS, word, false).is_some(), "{word}");
        }
        for command in COMMANDS.iter() {
            let text = topic(&COMMANDS, command.name, false).unwrap();
            assert!(text.starts_with(command.name) && text.contains(command.help), "{text}");
        }
        assert!(topic(&COMMANDS, "resource", false).unwrap().ends_with("  .help .resource is about the command\n"));
        assert!(topic(&COMMANDS, ".show", false).unwrap().contains("--raw"));
        assert!(topic(&COMMANDS, "EventName", false).unwrap().starts_with("event-name\n"));
        assert!(topic(&COMMANDS, "nonsense", false).is_none());
        assert!(!overview(&COMMANDS, false).contains('\x1b'));
        let explained = "\n  .hunt [rules] [--actor N] [--by rule] [--rules PATH]";
        let rows = overview(&COMMANDS, false);
        let below = rows.split_once(explained).and_then(|(_, rest)| rest.lines().nth(1)).unwrap_or_default();
        assert_eq!(below, format!("  {:36}  run every detection and show findings by actor", ""), "{rows}");
    }
}
