//! `.noise`: turns noise rules on and off. Off at first; then every lookup leaves out what they match, and reports how
//! much that is.

use crate::diagnostic::{Diagnostic, nearest};
use crate::engine::Engine;
use crate::engine::suppress::{self, Suppressed};
use crate::render::number;
use crate::rows::{CapturedRows, Value};
use crate::session::{Session, SessionError};

/// Reports how many events are left out, and by which rules.
pub(crate) fn report(session: &mut Session, engine: &Engine, suppressed: &Suppressed) -> Result<(), SessionError> {
    let left_out = engine.prepare_filled(&suppressed.left_out)?;
    let many = match engine.cheap_count(&left_out.lookup)? {
        Some(0) => return Ok(()),
        Some(events) => number::counted(events, "event"),
        None => "events".to_owned(),
    };
    session.note(&format!("{many} hidden by the noise rules {}; `.noise off` shows them", suppressed.names()));
    Ok(())
}

/// Turns rules on: those that are named, or all. Shows the filter of each rule that the case keeps: somebody else may have
/// written it, under the name of a built-in one too.
pub(crate) fn put_on(session: &mut Session, names: &[String]) -> Result<(), SessionError> {
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
        session.note(&format!("the rule {} is kept in the case, and hides `{}`", rule.name, rule.filter));
    }
    session.noise.extend(chosen);
    Ok(())
}

/// Returns the rules as rows: name, state, origin and filter.
pub(crate) fn list(session: &Session) -> Result<CapturedRows, SessionError> {
    let rows = suppress::rules(&session.engine()?)?.into_iter().map(|rule| {
        let state = if session.noise.contains(&rule.name) { "on" } else { "off" };
        let from = if rule.is_built_in { "trailq" } else { "case" };
        [rule.name, state.to_owned(), from.to_owned(), rule.filter].map(Value::Text).to_vec()
    });
    let columns = ["name", "state", "from", "filter"].map(str::to_owned).to_vec();
    Ok(CapturedRows { columns, rows: rows.collect() })
}
