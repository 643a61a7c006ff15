//! Completion of a dot-command: its name, then its arguments.

use super::candidate::{Candidate, Completion, Source};
use super::lookup;
use crate::fields::Kind;
use crate::render::Format;
use crate::session::commands::help;
use crate::session::commands::output_files::FORCE;
use crate::session::commands::{self, COMMANDS, Completes};

/// Completes a command's name, or its arguments.
pub(super) fn complete(before: &str, source: &dyn Source) -> Completion {
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
    let completes = COMMANDS.find(&before[start..end]).map_or(Completes::Nothing, |command| command.completes);
    match completes {
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
        Completes::Run if before[from..].contains('=') && before[end..from].split_whitespace().next().is_some() => {
            let (start, values) = parameter_values(before, from, source);
            Completion::Words(start, values)
        }
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
        Completes::Verdict | Completes::Ignore => {
            let given: Vec<&str> = before[end..from].split_whitespace().collect();
            let (start, offered) = decision(completes, &given, &before[from..], source);
            Completion::Words(from + start, offered)
        }
        Completes::Lookup => {
            let (offset, candidates) = lookup::complete(&before[end..], source);
            Completion::Words(end + offset, candidates)
        }
    }
}

/// Completes a verdict or an ignore rule: the offset in the typed word, and the candidates from there.
fn decision(completes: Completes, given: &[&str], typed: &str, source: &dyn Source) -> (usize, Vec<Candidate>) {
    let words = |words: &[&'static str]| {
        (0, words.iter().filter(|word| word.starts_with(typed)).copied().map(Candidate::new).collect())
    };
    match (completes, given) {
        (Completes::Verdict, []) => {
            let with_blank = |rule: Candidate| Candidate { text: format!("{} ", rule.text), ..rule };
            (0, lookup::rules(typed, source).into_iter().map(with_blank).collect())
        }
        (Completes::Verdict, _) => words(&["true", "benign", "unclear", "none"]),
        (Completes::Ignore, []) => words(&["add", "accept", "remove"]),
        (Completes::Ignore, ["add", _]) => {
            let start = typed.rfind(',').map_or(0, |comma| comma + 1);
            let mut rules = lookup::rules(&typed[start..], source);
            rules.extend("all".starts_with(typed).then(|| Candidate::new("all")));
            (start, rules)
        }
        _ => (0, Vec::new()),
    }
}

/// The values of a parameter of a saved query, from where they start: those of the field of its name.
fn parameter_values(before: &str, from: usize, source: &dyn Source) -> (usize, Vec<Candidate>) {
    let (name, value) = before[from..].split_once('=').unwrap_or((&before[from..], ""));
    // The last one of a list.
    let last = value.rfind(',').map_or(value, |comma| &value[comma + 1..]);
    let field = crate::fields::find(name).filter(|field| field.kind != Kind::Time);
    (before.len() - last.len(), field.map_or_else(Vec::new, |field| lookup::values(field, last, source)))
}

/// The tags of the case.
fn tags(source: &dyn Source) -> Vec<String> {
    let field = crate::fields::find("tag");
    let all = field.map_or_else(Vec::new, |field| source.values(field, "", lookup::MOST_VALUES));
    all.into_iter().map(|counted| counted.value).filter(|tag| !tag.chars().any(crate::escape::is_unsafe)).collect()
}
