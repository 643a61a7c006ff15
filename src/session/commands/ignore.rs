//! Ignore rules: `.ignore`. A rule of a case hides nothing until the user of this machine made or accepted it.

use crate::diagnostic::{Diagnostic, nearest};
use crate::rows::{CapturedRows, Value};
use crate::session::acceptance;
use crate::session::commands::annotate::{check_word, quoted_word};
use crate::session::commands::command::{Arguments, Command, Completes};
use crate::session::{Answer, Session, SessionError};
use crate::store::IgnoreRule;

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[Command {
    arguments: "[add NAME RULES FILTER REASON|accept NAME|remove NAME]",
    examples: &[
        ".ignore add deploys trails-stopped \"user=deploy ip=10.0.0.0/8\" \"the pipeline\"",
        ".ignore add scanner all 'agent=\"Scanner 1\"' \"our scanner\"",
    ],
    completes: Completes::Ignore,
    ..Command::new(".ignore", "say which findings are not worth a look, or list these rules", run_ignore)
}];

/// The word for every rule.
const ALL: &str = "all";

fn run_ignore(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let words: Vec<String> = arguments.words.iter().map(|(word, _)| word.clone()).collect();
    let Some((what, rest)) = words.split_first() else { return list(session) };
    match (what.as_str(), rest) {
        ("add", [name, rules, filter, reason]) => {
            check_word("name", name)?;
            if reason.trim().is_empty() {
                return Err(arguments.mistake(arguments.words[4].1, "an ignore rule needs a reason".to_owned()));
            }
            let rules = (rules != ALL).then(|| rules.split(',').map(str::to_owned).collect());
            let [name, filter, reason] = [name, filter, reason].map(String::clone);
            let rule = IgnoreRule { title: name.clone(), name, rules, filter, reason, ..IgnoreRule::default() };
            let start = arguments.words[3].1.start;
            // The filter begins after the quote that opens it.
            let start = start + usize::from(arguments.line[start..].starts_with(['"', '\'']));
            session.add_ignore_rule(&rule).map_err(|error| arguments.within(start, error))?;
            note_unknown_rules(session, &rule)?;
            session.replay_entry = Some(vec![added(&rule)]);
            session.status(&format!("`trailq hunt` leaves out {}; `.ignore` lists the ignore rules", described(&rule)));
        }
        ("add", [_, _, _, _, _, ..]) => {
            let mistake = Diagnostic::at(arguments.words[5].1, "the filter and the reason are one word each");
            return Err(mistake.in_source(arguments.line).hint("put both in quotes").into());
        }
        ("accept", [name]) => {
            let rule = named(session, arguments, name)?;
            session.accept(&acceptance::of_rule(&rule));
            session.status(&format!("`trailq hunt` leaves out {}: {}", described(&rule), rule.reason));
        }
        ("remove", [name]) => {
            named(session, arguments, name)?;
            session.keeper()?.remove_ignore_rule(name)?;
            session.status(&format!("the ignore rule {name} is removed"));
        }
        _ => return Err(arguments.missing()),
    }
    Ok(Answer::default())
}

/// Returns the ignore rule with a name.
fn named(session: &Session, arguments: &Arguments<'_>, name: &str) -> Result<IgnoreRule, SessionError> {
    let rules = session.case()?.ignore_rules()?;
    if let Some(rule) = rules.iter().find(|rule| rule.name == name) {
        return Ok(rule.clone());
    }
    let mut mistake = Diagnostic::at(arguments.words[1].1, format!("the case has no ignore rule `{name}`"));
    for near in nearest(name, rules.iter().map(|rule| rule.name.as_str())) {
        mistake = mistake.hint(format!("did you mean `{near}`?"));
    }
    Err(mistake.in_source(arguments.line).hint("`.ignore` lists those there are").into())
}

/// Returns what a rule hides, in words.
fn described(rule: &IgnoreRule) -> String {
    let of = rule.rules.as_ref().map_or_else(|| "every rule".to_owned(), |rules| rules.join(", "));
    format!("findings of {of} where `{}`", rule.filter)
}

/// Returns the command that adds a rule.
fn added(rule: &IgnoreRule) -> String {
    let rules = rule.rules.as_ref().map_or_else(|| ALL.to_owned(), |rules| rules.join(","));
    let filter = match rule.filter.contains('"') {
        true => format!("'{}'", rule.filter),
        false => quoted_word(&rule.filter),
    };
    format!(".ignore add {} {} {filter} {}", rule.name, quoted_word(&rules), quoted_word(&rule.reason))
}

/// Notes rules that the last run of `trailq hunt` does not have.
fn note_unknown_rules(session: &mut Session, rule: &IgnoreRule) -> Result<(), SessionError> {
    let known = session.case()?.rule_ids_of_last_run()?;
    if known.is_empty() {
        return Ok(());
    }
    for id in rule.rules.iter().flatten().filter(|id| !known.contains(id)) {
        let near = nearest(id, known.iter().map(String::as_str));
        let near = near.first().map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        session.note(&format!("the last run of `trailq hunt` has no rule `{id}`{near}"));
    }
    Ok(())
}

/// Lists the rules: those that are off too.
fn list(session: &mut Session) -> Result<Answer, SessionError> {
    let decisions = session.decisions()?;
    let all = session.case()?.ignore_rules()?;
    if all.is_empty() {
        session.status("there is no ignore rule; `.help .ignore` shows how to add one");
        return Ok(Answer::default());
    }
    let rows = all.into_iter().map(|rule| {
        let state = if decisions.ignore_rules.contains(&rule) { "on" } else { "off" };
        let rules = rule.rules.as_ref().map_or_else(|| ALL.to_owned(), |rules| rules.join(","));
        let authorship = rule.authorship;
        let origin = authorship.origin.map_or(Value::Null, Value::Text);
        let texts = [
            rule.name,
            state.to_owned(),
            rules,
            rule.filter,
            rule.reason,
            authorship.created_at,
            authorship.created_by,
        ];
        texts.into_iter().map(Value::Text).chain([origin]).collect()
    });
    let columns = ["name", "state", "rules", "filter", "reason", "created_at", "created_by", "origin"];
    let held = CapturedRows { columns: columns.map(str::to_owned).to_vec(), rows: rows.collect() };
    let answer = session.write_held(&held)?;
    if decisions.rules_off > 0 {
        session.note("rules that were not made on this machine are off; `.ignore accept NAME` turns one on");
    }
    Ok(answer)
}
