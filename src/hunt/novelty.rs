//! New attributes: the keys, addresses, clients, Regions, services and actions that a principal did not use before.

use std::collections::{BTreeSet, HashMap};

use crate::engine::Engine;
use crate::hunt::attributes::Attributes;
use crate::hunt::options::Baseline;
use crate::hunt::principals::Principals;
use crate::rows::{self, Value, text};
use crate::sql::Param;
use crate::store::{Case, QueryError};

/// Within a case, the work of this many seconds is what later work is compared with.
const SHORTEST_BASELINE: i64 = 86_400;

/// The first use of each value by a principal.
const FIRST_USES: &str = "SELECT e.access_key_id, e.source_ip_address, u.text, e.aws_region, f.event_source, f.event_name, \
     min(e.time) FROM json_each(?1) j CROSS JOIN events e ON e.identity_id = j.value JOIN facets f ON f.id = e.facet_id \
     LEFT JOIN user_agents u ON u.id = e.user_agent_id WHERE e.time IS NOT NULL GROUP BY 1, 2, 3, 4, e.facet_id";

/// The first use of values, in Unix seconds.
type FirstUses = HashMap<String, i64>;

/// The first uses of a principal, by kind of attribute.
#[derive(Default)]
struct Uses {
    of_kind: [FirstUses; 6],
    first: Option<i64>,
}

/// The kinds of attributes, in the order of [`Uses::of_kind`].
const KINDS: [&str; 6] = ["key", "address", "client", "region", "service", "action"];

/// Tells which attributes of findings are new for their principals.
pub(crate) struct Novelty<'a> {
    engine: &'a Engine,
    baseline: &'a Baseline,
    /// The first event of the case, in Unix seconds.
    case_begins: Option<i64>,
    uses: HashMap<usize, Uses>,
    agents: HashMap<i64, String>,
}

impl<'a> Novelty<'a> {
    /// Prepares the comparison.
    ///
    /// # Errors
    /// The case cannot be read.
    pub(crate) fn new(engine: &'a Engine, baseline: &'a Baseline) -> Result<Novelty<'a>, QueryError> {
        let case_begins = rows::scalar(|sink| engine.case().query("SELECT min(time) FROM events", &[], sink))?;
        Ok(Novelty { engine, baseline, case_begins, uses: HashMap::new(), agents: HashMap::new() })
    }

    /// Returns the attributes of a finding that are new for its principal; `None` if the case is too short to tell.
    ///
    /// # Errors
    /// A case cannot be read.
    pub(crate) fn of(
        &mut self,
        principals: &Principals,
        principal: usize,
        finding: &Attributes,
    ) -> Result<Option<Vec<&'static str>>, QueryError> {
        let Some(first) = finding.first else { return Ok(None) };
        if !self.uses.contains_key(&principal) {
            let uses = self.read(principals, principal)?;
            self.uses.insert(principal, uses);
        }
        let values = self.values(finding)?;
        let uses = &self.uses[&principal];
        let bound = match self.baseline {
            Baseline::Until(until) => *until,
            // Nothing that the other case has not is known before.
            Baseline::Other(_) => i64::MIN,
            Baseline::Case => {
                let (Some(began), Some(own)) = (self.case_begins, uses.first) else { return Ok(None) };
                if own >= began + SHORTEST_BASELINE {
                    return Ok(Some(if first < own + SHORTEST_BASELINE {
                        vec!["principal"]
                    } else {
                        news(uses, &values, own + SHORTEST_BASELINE)
                    }));
                }
                if finding.last.is_none_or(|last| last < began + SHORTEST_BASELINE) {
                    return Ok(None);
                }
                began + SHORTEST_BASELINE
            }
        };
        if matches!(self.baseline, Baseline::Other(_)) {
            return Ok(Some(if uses.first.is_none() { vec!["principal"] } else { unknown(uses, &values) }));
        }
        if uses.first.is_none_or(|own| own > bound) {
            return Ok(Some(vec!["principal"]));
        }
        Ok(Some(news(uses, &values, bound)))
    }

    /// Returns the values of a finding, by kind.
    fn values(&mut self, finding: &Attributes) -> Result<[BTreeSet<String>; 6], QueryError> {
        let mut agents = BTreeSet::new();
        for agent in &finding.agents {
            if !self.agents.contains_key(agent) {
                let sql = "SELECT text FROM user_agents WHERE id = ?1";
                let found = rows::collect(|sink| self.engine.case().query(sql, &[Param::Integer(*agent)], sink))?;
                let text = text(found.rows.first().and_then(|row| row.first()));
                self.agents.insert(*agent, text);
            }
            agents.insert(self.agents[agent].clone());
        }
        Ok([
            finding.keys.clone(),
            finding.addresses.clone(),
            agents,
            finding.regions.clone(),
            finding.services.clone(),
            finding.actions.clone(),
        ])
    }

    fn read(&self, principals: &Principals, principal: usize) -> Result<Uses, QueryError> {
        match self.baseline {
            Baseline::Other(other) => {
                let other = Engine::new(std::rc::Rc::clone(other));
                first_uses(other.case(), &principals.identities(&other, principal)?)
            }
            _ => first_uses(self.engine.case(), &principals.identities(self.engine, principal)?),
        }
    }
}

/// Returns the kinds with a value that was first used after a time.
fn news(uses: &Uses, values: &[BTreeSet<String>; 6], bound: i64) -> Vec<&'static str> {
    kinds(values, |kind, value| uses.of_kind[kind].get(value).is_none_or(|first| *first > bound))
}

/// Returns the kinds with a value that was never used.
fn unknown(uses: &Uses, values: &[BTreeSet<String>; 6]) -> Vec<&'static str> {
    kinds(values, |kind, value| !uses.of_kind[kind].contains_key(value))
}

/// Returns the kinds with a value that is new. A temporary key is a new one for each session, and tells nothing.
fn kinds(values: &[BTreeSet<String>; 6], is_new: impl Fn(usize, &str) -> bool) -> Vec<&'static str> {
    let told = |kind: usize, value: &str| KINDS[kind] != "key" || !value.starts_with("ASIA");
    let has_new = |kind: &usize| values[*kind].iter().any(|value| told(*kind, value) && is_new(*kind, value));
    (0..KINDS.len()).filter(has_new).map(|kind| KINDS[kind]).collect()
}

fn first_uses(case: &Case, identities: &[i64]) -> Result<Uses, QueryError> {
    let listed = serde_json::Value::from(identities.to_vec()).to_string();
    let found = rows::collect(|sink| case.query(FIRST_USES, &[Param::Text(listed)], sink))?;
    let mut uses = Uses::default();
    for row in &found.rows {
        let Some(Value::Integer(time)) = row.get(6) else { continue };
        let at = |column: usize| text(row.get(column));
        let source = at(4);
        let source = source.strip_suffix(".amazonaws.com").unwrap_or(&source);
        let values = [at(0), at(1), at(2), at(3), source.to_owned(), format!("{source} {}", at(5))];
        for (kind, value) in values.into_iter().enumerate() {
            let first = uses.of_kind[kind].entry(value).or_insert(*time);
            *first = (*first).min(*time);
        }
        uses.first = [uses.first, Some(*time)].into_iter().flatten().min();
    }
    Ok(uses)
}
