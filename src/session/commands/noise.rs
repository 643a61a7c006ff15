//! Noise rules: named filters of events that are not worth a look. Off until `.noise on`; then every lookup leaves out
//! what they match, and says how much that is.

use crate::diagnostic::{Diagnostic, nearest};
use crate::query::edit;
use crate::render::number;
use crate::rows::Value;
use crate::session::capture::Held;
use crate::session::lookup::{Understood, total, understand};
use crate::session::result_set::text;
use crate::session::{Session, SessionError};
use crate::store::Case;

/// Rules that every case has, by name: what they are for, and their filter.
pub(crate) const BUILT_IN: [(&str, &str); 3] = [
    ("reads", "event-name=Describe*,List*,Get* read-only=true outcome=ok"),
    ("services", "identity-type=AWSService"),
    ("insights", "type=AwsCloudTrailInsight"),
];

/// A lookup with what the rules hide left out.
pub(crate) struct Hidden {
    /// The lookup without it.
    pub(crate) lookup: String,
    /// The events that are hidden, as a lookup.
    what: String,
    /// The names of the rules.
    names: Vec<String>,
}

impl Hidden {
    /// The names of the rules, for a sentence.
    pub(crate) fn names(&self) -> String {
        self.names.join(", ")
    }
}

/// Every rule: its name, its filter, and whether it is built in. One of the case hides a built-in one of its name.
pub(crate) fn rules(case: &Case) -> Result<Vec<(String, String, bool)>, SessionError> {
    let mut held = Held::default();
    case.query("SELECT name, filter FROM noise_rules ORDER BY name", &[], &mut held)?;
    let own: Vec<(String, String, bool)> =
        held.rows.iter().map(|row| (text(row.first()), text(row.get(1)), false)).collect();
    let built_in = BUILT_IN
        .iter()
        .filter(|(name, _)| own.iter().all(|rule| rule.0 != *name))
        .map(|(name, filter)| ((*name).to_owned(), (*filter).to_owned(), true));
    Ok(built_in.chain(own.iter().cloned()).collect())
}

/// What the rules that are on make of a lookup; `None` where none is on.
pub(crate) fn applied(session: &Session, case: &Case, plain: &Understood) -> Result<Option<Hidden>, SessionError> {
    if session.noise.is_empty() {
        return Ok(None);
    }
    let on: Vec<(String, String, bool)> =
        rules(case)?.into_iter().filter(|rule| session.noise.contains(&rule.0)).collect();
    if on.is_empty() {
        return Ok(None);
    }
    let filter = edit::side_by_side(&plain.tree);
    let nots: Vec<String> = on.iter().map(|(_, rule, _)| format!("not ({rule})")).collect();
    let any: Vec<String> = on.iter().map(|(_, rule, _)| format!("({rule})")).collect();
    let stages = edit::stages_text(&plain.tree);
    Ok(Some(Hidden {
        lookup: edit::joined([filter.as_str(), &nots.join(" "), stages]),
        what: edit::joined([filter.as_str(), &format!("({})", any.join(" or "))]),
        names: on.into_iter().map(|rule| rule.0).collect(),
    }))
}

/// Says how many events are hidden, and by what.
pub(crate) fn tell(session: &mut Session, case: &Case, hidden: &Hidden) -> Result<(), SessionError> {
    let what = understand(case, &hidden.what)?;
    let many = match total(session, case, &what.lookup)? {
        Some(0) => return Ok(()),
        Some(events) => number::counted(events, "event"),
        None => "events".to_owned(),
    };
    session.note(&format!("{many} hidden by the noise rules {}; `.noise off` shows them", hidden.names()));
    Ok(())
}

/// Checks that a rule's filter can be one.
pub(crate) fn check(case: &Case, filter: &str) -> Result<(), SessionError> {
    let understood = understand(case, filter)?;
    if !understood.tree.stages.is_empty() {
        let mistake = Diagnostic::new("a noise rule is a filter, without stages").hint("leave out what follows the |");
        return Err(mistake.into());
    }
    if understood.tree.filter.is_none() {
        return Err(Diagnostic::new("a noise rule without a term would hide everything").into());
    }
    Ok(())
}

/// Turns rules on: those that are named, or all. Shows the filter of each rule that the case keeps: somebody else may have
/// written it, under the name of a built-in one too.
pub(crate) fn put_on(session: &mut Session, names: &[String]) -> Result<(), SessionError> {
    let case = session.case()?;
    let rules = rules(&case)?;
    let known: Vec<String> = rules.iter().map(|rule| rule.0.clone()).collect();
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
    for (name, filter, _) in rules.iter().filter(|(name, _, built_in)| !built_in && chosen.contains(name)) {
        session.note(&format!("the rule {name} is kept in the case, and hides `{filter}`"));
    }
    session.noise.extend(chosen);
    Ok(())
}

/// The rules as rows: name, whether it is on, its filter.
pub(crate) fn list(session: &Session, case: &Case) -> Result<Held, SessionError> {
    let rows = rules(case)?.into_iter().map(|(name, filter, built_in)| {
        let on = if session.noise.contains(&name) { "on" } else { "off" };
        let from = if built_in { "trailq" } else { "case" };
        [name, on.to_owned(), from.to_owned(), filter].map(Value::Text).to_vec()
    });
    let columns = ["name", "state", "from", "filter"].map(str::to_owned).to_vec();
    Ok(Held { columns, rows: rows.collect() })
}

#[cfg(test)]
mod tests {
    use super::BUILT_IN;
    use crate::query::parse;

    #[test]
    fn the_built_in_rules_are_filters() {
        for (name, filter) in BUILT_IN {
            assert!(parse(filter).unwrap().stages.is_empty(), "{name}");
        }
    }
}
