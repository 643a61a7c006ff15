//! `.noise`: turns noise rules on and off. Off at first; then every lookup leaves out what they match, and reports how
//! much that is.

use crate::diagnostic::{Diagnostic, nearest};
use crate::engine::suppress;
use crate::rows::{CapturedRows, Value};
use crate::session::Answer;
use crate::session::commands::command::Arguments;
use crate::session::commands::command::Command;
use crate::session::commands::command::Completes;
use crate::session::{Session, SessionError};

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[Command {
    arguments: "[on|off|add|remove] [NAME [FILTER]]",
    examples: &[".noise on", ".noise add health source=health user=monitor"],
    completes: Completes::Words(&["on", "off", "add", "remove"]),
    ..Command::new(".noise", "leave out what named rules match, or list the rules", run_noise)
}];

/// `.noise`, `.noise on|off [NAME...]`, `.noise add NAME FILTER`, `.noise remove NAME`.
fn run_noise(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let words: Vec<String> = arguments.words.iter().map(|(word, _)| word.clone()).collect();
    let Some((what, rest)) = words.split_first() else {
        let held = list(session)?;
        return session.write_held(&held);
    };
    match (what.as_str(), rest) {
        ("on", names) => {
            put_on(session, names)?;
            let on: Vec<&str> = session.noise.iter().map(String::as_str).collect();
            let on = on.join(", ");
            session.status(&format!("lookups leave out what {on} match; `.noise off` ends that"));
        }
        ("off", []) => session.noise.clear(),
        ("off", names) => session.noise.retain(|name| !names.contains(name)),
        ("add", [name, _, ..]) => {
            // The filter as it was typed, with its quotes, unless it is quoted as a whole.
            let typed = arguments.words.get(2).map_or("", |(_, span)| arguments.line[span.start..].trim());
            let whole = arguments.words.len() == 3 && typed.starts_with(['\'', '"']);
            let filter = if whole { arguments.words[2].0.as_str() } else { typed };
            let start = arguments.words.get(2).map_or(0, |(_, span)| span.start);
            let checked = suppress::check(&session.engine()?, filter);
            checked.map_err(|error| arguments.within(start, error.into()))?;
            crate::session::commands::annotate::check_word("name", name)?;
            session.keeper()?.add_noise(name, filter)?;
            session.noise.insert(name.clone());
            session.status(&format!("lookups leave out what {name} matches; `.noise off` ends that"));
        }
        ("remove", [name]) => {
            if !session.keeper()?.remove_noise(name)? {
                let mistake = Diagnostic::at(arguments.words[1].1, format!("the case has no noise rule `{name}`"));
                return Err(mistake.in_source(arguments.line).hint("`.noise` lists those there are").into());
            }
            session.noise.remove(name);
        }
        _ => return Err(arguments.missing()),
    }
    Ok(Answer::default())
}

/// Turns rules on: those that are named, or all. Shows the filter of each rule that the case keeps: somebody else may have
/// written it, under the name of a built-in one too.
fn put_on(session: &mut Session, names: &[String]) -> Result<(), SessionError> {
    let rules = suppress::rules(&session.engine()?)?;
    let known: Vec<String> = rules.iter().map(|rule| rule.name.clone()).collect();
    for name in names {
        if !known.contains(name) {
            let mut mistake = Diagnostic::new(format!("there is no noise rule `{name}`"));
            for near in nearest(name, known.iter().map(String::as_str)) {
                mistake = mistake.hint(format!("did you mean `{near}`?"));
            }
            return Err(mistake.note(format!("the rules are {}", known.join(", "))).into());
        }
    }
    let chosen = if names.is_empty() { known } else { names.to_vec() };
    for rule in rules.iter().filter(|rule| !rule.is_built_in && chosen.contains(&rule.name)) {
        session.note(&format!("the rule {} is stored in the case and hides `{}`", rule.name, rule.filter));
    }
    session.noise.extend(chosen);
    Ok(())
}

/// Returns the rules as rows: name, state, origin and filter.
fn list(session: &Session) -> Result<CapturedRows, SessionError> {
    let rows = suppress::rules(&session.engine()?)?.into_iter().map(|rule| {
        let state = if session.noise.contains(&rule.name) { "on" } else { "off" };
        let from = if rule.is_built_in { "trailq" } else { "case" };
        [rule.name, state.to_owned(), from.to_owned(), rule.filter].map(Value::Text).to_vec()
    });
    let columns = ["name", "state", "from", "filter"].map(str::to_owned).to_vec();
    Ok(CapturedRows { columns, rows: rows.collect() })
}
