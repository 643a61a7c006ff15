//! Noise rules: named filters of events that are not worth a look. A lookup leaves out what the rules that are on match.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::engine::core::{Engine, PreparedLookup};
use crate::query::edit;
use crate::rows::{self, text};
use crate::store::QueryError;

/// Rules that every case has: the name and the filter of each.
pub(crate) const BUILT_IN: [(&str, &str); 3] = [
    ("reads", "event-name=Describe*,List*,Get* read-only=true outcome=ok"),
    ("services", "identity-type=AWSService"),
    ("insights", "type=AwsCloudTrailInsight"),
];

/// A noise rule.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) filter: String,
    /// True if every case has it.
    pub(crate) is_built_in: bool,
}

/// A lookup without the events that noise rules match.
pub(crate) struct Suppressed {
    /// The lookup that leaves them out.
    pub(crate) lookup: String,
    /// The lookup of the events that are left out.
    pub(crate) left_out: String,
    names: Vec<String>,
}

impl Suppressed {
    /// Returns the names of the rules, for a sentence.
    pub(crate) fn names(&self) -> String {
        self.names.join(", ")
    }
}

/// Returns every rule. A rule of the case replaces a built-in one of its name.
pub(crate) fn rules(engine: &Engine) -> Result<Vec<Rule>, QueryError> {
    let sql = "SELECT name, filter FROM noise_rules ORDER BY name";
    let own = rows::collect(|sink| engine.case().query(sql, &[], sink))?;
    let own = own.rows.iter().map(|row| (text(row.first()), text(row.get(1))));
    let own: Vec<Rule> = own.map(|(name, filter)| Rule { name, filter, is_built_in: false }).collect();
    let built_in = BUILT_IN.iter().filter(|(name, _)| own.iter().all(|rule| rule.name != *name));
    let built_in = built_in.map(|(name, filter)| Rule {
        name: (*name).to_owned(),
        filter: (*filter).to_owned(),
        is_built_in: true,
    });
    Ok(built_in.chain(own.iter().cloned()).collect())
}

/// Applies the rules that are on to a lookup; `None` if none is on.
pub(crate) fn apply(
    engine: &Engine,
    on: &BTreeSet<String>,
    prepared: &PreparedLookup,
) -> Result<Option<Suppressed>, QueryError> {
    if on.is_empty() {
        return Ok(None);
    }
    let on: Vec<Rule> = rules(engine)?.into_iter().filter(|rule| on.contains(&rule.name)).collect();
    if on.is_empty() {
        return Ok(None);
    }
    let filter = edit::side_by_side(&prepared.tree);
    let nots: Vec<String> = on.iter().map(|rule| format!("not ({})", rule.filter)).collect();
    let any: Vec<String> = on.iter().map(|rule| format!("({})", rule.filter)).collect();
    let stages = edit::stages_text(&prepared.tree);
    Ok(Some(Suppressed {
        lookup: edit::joined([filter.as_str(), &nots.join(" "), stages]),
        left_out: edit::joined([filter.as_str(), &format!("({})", any.join(" or "))]),
        names: on.into_iter().map(|rule| rule.name).collect(),
    }))
}

/// Checks that a text can be the filter of a rule.
pub(crate) fn check(engine: &Engine, filter: &str) -> Result<(), QueryError> {
    let prepared = engine.prepare_filled(filter)?;
    let mistake = if !prepared.tree.stages.is_empty() {
        Diagnostic::new("a noise rule is a filter, without stages").hint("leave out what follows the |")
    } else if prepared.tree.filter.is_none() {
        Diagnostic::new("a noise rule without a term would hide everything")
    } else {
        return Ok(());
    };
    Err(QueryError::from(Box::new(mistake)))
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
