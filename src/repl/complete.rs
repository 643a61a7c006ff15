//! Completion: what may stand at the cursor of a line. Pure but for the values and tables that a [`Source`] gives.

use super::{lookup_words, sql_words};
use crate::fields::Field;
use crate::render::Format;
use crate::session::FORCE;
use crate::session::commands::help;
use crate::session::commands::{self, COMMANDS, Completes};
use crate::session::input::Input;
use crate::store::Counted;

/// Where completion finds what is in the case.
pub trait Source {
    /// The most frequent values of a field that begin with a text.
    fn values(&self, field: &Field, prefix: &str, most: usize) -> Vec<Counted>;
    /// The saved queries and what they ask for.
    fn queries(&self) -> Vec<(String, Vec<String>)>;
    /// The tables and their columns.
    fn tables(&self) -> Vec<(String, Vec<String>)>;
}

/// Something that may stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What the list of candidates shows.
    pub shown: String,
    /// What is put into the line.
    pub text: String,
}

impl Candidate {
    /// A candidate that is shown as it is.
    pub(super) fn new(text: impl Into<String>) -> Candidate {
        let text = text.into();
        Candidate { shown: text.clone(), text }
    }

    /// A candidate that is shown otherwise than it is put into the line.
    pub(super) fn shown_as(shown: impl Into<String>, text: impl Into<String>) -> Candidate {
        Candidate { shown: shown.into(), text: text.into() }
    }
}

/// What may stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completion {
    /// The names of files.
    Files,
    /// The names of files that may be written.
    Outputs,
    /// These words, in place of the line from an offset up to the cursor.
    Words(usize, Vec<Candidate>),
}

/// Completes a line at an offset; `pending` is the SQL statement that goes on in it, if one does.
pub fn complete(line: &str, at: usize, pending: &str, source: &dyn Source) -> Completion {
    let before = line.get(..at).unwrap_or(line);
    let sql = || words(sql_words::complete(before, &format!("{pending}\n{line}"), source));
    if !pending.is_empty() {
        return sql();
    }
    match Input::of(before) {
        Input::Command(_) => command(before, source),
        Input::Sql(_) => sql(),
        Input::Lookup(_) | Input::Nothing => words(lookup_words::complete(before, source)),
    }
}

/// Completes a command's name, or its arguments.
fn command(before: &str, source: &dyn Source) -> Completion {
    let start = before.find('.').unwrap_or(0);
    let Some(end) = before[start..].find(char::is_whitespace).map(|end| start + end) else {
        let typed = &before[start..];
        let names = COMMANDS.iter().filter(|command| command.name.starts_with(typed));
        let candidate = |command: &commands::Command| {
            let blank = if command.arguments.is_empty() { "" } else { " " };
            Candidate::shown_as(command.name, format!("{}{blank}", command.name))
        };
        return Completion::Words(start, names.map(candidate).collect());
    };
    let from = before.rfind(char::is_whitespace).map_or(end, |blank| blank + 1);
    let choose = |names: Vec<String>| {
        let typed = &before[from..];
        Completion::Words(from, names.into_iter().filter(|name| name.starts_with(typed)).map(Candidate::new).collect())
    };
    match COMMANDS.find(&before[start..end]).map_or(Completes::Nothing, |command| command.completes) {
        Completes::Nothing => Completion::Words(from, Vec::new()),
        Completes::Files => Completion::Files,
        Completes::Outputs if "--force".starts_with(&before[from..]) && before[from..].starts_with('-') => {
            choose(vec![format!("{FORCE} ")])
        }
        Completes::Outputs => Completion::Outputs,
        Completes::Topics => choose(help::topics(&COMMANDS)),
        Completes::Tables => choose(source.tables().into_iter().map(|(name, _)| name).collect()),
        Completes::Formats => choose(Format::ALL.iter().map(|format| format.name().to_owned()).collect()),
        Completes::Switch => choose(vec!["on".to_owned(), "off".to_owned()]),
        Completes::Queries => choose(source.queries().into_iter().map(|(name, _)| name).collect()),
        Completes::Run => {
            let queries = source.queries();
            let given: Vec<&str> = before[end..from].split_whitespace().collect();
            let candidate = |name: &str, text: String| Candidate::shown_as(name, text);
            let typed = &before[from..];
            let offered = match given.split_first() {
                None => queries.iter().map(|(name, _)| candidate(name, format!("{name} "))).collect(),
                Some((name, given)) => {
                    let asked = queries.iter().find(|(query, _)| query == name).map_or(&[][..], |(_, params)| params);
                    let is_given = |param: &&String| given.iter().any(|word| word.split('=').next() == Some(param));
                    asked.iter().filter(|param| !is_given(param)).map(|p| candidate(p, format!("{p}="))).collect()
                }
            };
            let offered: Vec<Candidate> = offered;
            Completion::Words(from, offered.into_iter().filter(|offer| offer.shown.starts_with(typed)).collect())
        }
        Completes::Words(words) => choose(words.iter().map(|word| (*word).to_owned()).collect()),
        Completes::Tags => choose(tags(source)),
        Completes::Lookup => {
            let (offset, candidates) = lookup_words::complete(&before[end..], source);
            Completion::Words(end + offset, candidates)
        }
    }
}

/// The tags of the case.
fn tags(source: &dyn Source) -> Vec<String> {
    let field = crate::fields::find("tag");
    let all = field.map_or_else(Vec::new, |field| source.values(field, "", lookup_words::MOST_VALUES));
    all.into_iter()
        .map(|counted| counted.value)
        .filter(|tag| !tag.chars().any(crate::render::escape::is_unsafe))
        .collect()
}

/// Words from an offset.
fn words((start, candidates): (usize, Vec<Candidate>)) -> Completion {
    Completion::Words(start, candidates)
}

#[cfg(test)]
pub(super) mod testing {
    //! A case for the tests of completion.

    use super::{Completion, Source, complete};
    use crate::fields::Field;
    use crate::store::Counted;

    /// A few values and two tables.
    pub(crate) struct Fixed;

    impl Source for Fixed {
        fn values(&self, field: &Field, prefix: &str, most: usize) -> Vec<Counted> {
            let all: &[(&str, u64)] = match field.name {
                "event-name" => &[("ConsoleLogin", 1200), ("CreateUser", 3)],
                "outcome" => &[("denied", 4), ("ok", 0)],
                "user" => &[("alice", 9), ("a b", 2), ("a\x1bb", 1)],
                "resource" => &[("i-0abc", 5), ("i-0def", 2)],
                "tag" => &[("odd", 2)],
                _ => &[],
            };
            let begins = all.iter().filter(|(value, _)| value.starts_with(prefix));
            let counted = |(value, events): &(&str, u64)| Counted {
                value: (*value).to_owned(),
                events: *events,
                more: false,
                last_seen: (*events > 0).then(|| "2024-03-01T09:00:00Z".to_owned()),
            };
            begins.take(most).map(counted).collect()
        }

        fn queries(&self) -> Vec<(String, Vec<String>)> {
            let params = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            vec![("lineage".to_owned(), params(&["key", "since"])), ("console-logins".to_owned(), params(&["since"]))]
        }

        fn tables(&self) -> Vec<(String, Vec<String>)> {
            vec![
                ("events".to_owned(), vec!["id".to_owned(), "event_name".to_owned()]),
                ("identities".to_owned(), vec!["id".to_owned(), "arn".to_owned()]),
            ]
        }
    }

    /// The line with each candidate put in, up to the cursor.
    pub(crate) fn lines(line: &str, pending: bool) -> Vec<String> {
        match complete(line, line.len(), if pending { "SELECT x" } else { "" }, &Fixed) {
            Completion::Files => vec!["FILES".to_owned()],
            Completion::Outputs => vec!["OUTPUTS".to_owned()],
            Completion::Words(start, candidates) => {
                candidates.into_iter().map(|candidate| format!("{}{}", &line[..start], candidate.text)).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::lines;

    #[test]
    fn commands_and_their_arguments_are_completed() {
        assert_eq!(lines(".ti", false), [".timer "]);
        assert_eq!(lines(".qui", false), [".quit"]);
        assert_eq!(lines(".tz l", false), Vec::<String>::new());
        assert_eq!(lines(".zoom ", false), [".zoom in", ".zoom out"]);
        assert_eq!(lines(".tag 3 o", false), [".tag 3 odd"]);
        assert_eq!(lines(".filter user=al", false), [".filter user=alice"]);
        assert_eq!(lines(".mode ta", false), [".mode table"]);
        assert_eq!(lines(".timer o", false), [".timer on", ".timer off"]);
        assert_eq!(lines(".schema i", false), [".schema identities"]);
        assert_eq!(lines(".help timel", false), [".help timeline"]);
        assert_eq!(lines(".read x", false), ["FILES"]);
        assert_eq!(lines(".once x", false), ["OUTPUTS"]);
        assert_eq!(lines(".once --f", false), [".once --force "]);
        assert_eq!(lines(".run l", false), [".run lineage "]);
        assert_eq!(lines(".run lineage ", false), [".run lineage key=", ".run lineage since="]);
        assert_eq!(lines(".run lineage key=x s", false), [".run lineage key=x since="]);
        assert!(lines(".run nonsense ", false).is_empty());
        assert_eq!(lines(".queries c", false), [".queries console-logins"]);
        assert_eq!(lines(".explain event-name=Cr", false), [".explain event-name=CreateUser"]);
        assert!(lines(".show ", false).is_empty());
    }
}
