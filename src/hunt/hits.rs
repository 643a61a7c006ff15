//! Runs the rules: the events that each selects.

use std::collections::BTreeMap;

use crate::detection::{Condition, Rule};
use crate::engine::{Engine, PreparedLookup};
use crate::hunt::aggregate::{self, AggregateRow};
use crate::hunt::options::HuntOptions;
use crate::hunt::result::{RuleState, Skipped};
use crate::hunt::scope::Scope;
use crate::rows;
use crate::saved::header::{Header, Requirement};
use crate::saved::{Library, SavedQuery, bind};
use crate::sql::Param;
use crate::store::QueryError;

/// Columns by which a lookup selects an outcome itself.
const OUTCOME_COLUMNS: &[&str] = &["outcome", "error_code", "error_message"];
/// Bits of a packed hit that hold the rule.
const RULE_BITS: u32 = 16;

/// The events and rows that the rules selected.
#[derive(Default)]
pub(crate) struct Hits {
    /// Events with the rules that selected them: `events.id`, then the index of the rule.
    packed: Vec<u64>,
    /// Rows of queries that aggregate.
    pub(crate) aggregates: Vec<AggregateRow>,
    /// The number of events that rules below the lowest level select.
    pub(crate) below: u64,
    /// By rule: true if it selects an outcome itself.
    pub(crate) selects_outcome: Vec<bool>,
}

impl Hits {
    /// Adds events that a rule selected.
    fn add(&mut self, rule: usize, ids: impl IntoIterator<Item = i64>) -> u64 {
        let before = self.packed.len();
        let rule = rule as u64;
        self.packed.extend(ids.into_iter().map(|id| (id.unsigned_abs() << RULE_BITS) | rule));
        (self.packed.len() - before) as u64
    }

    /// Returns the events in the order of their ids, each with its rules.
    pub(crate) fn by_event(&mut self) -> (Vec<i64>, Vec<Vec<usize>>) {
        self.packed.sort_unstable();
        self.packed.dedup();
        let (mut ids, mut rules): (Vec<i64>, Vec<Vec<usize>>) = (Vec::new(), Vec::new());
        for hit in &self.packed {
            let (id, rule) = ((hit >> RULE_BITS) as i64, (hit & ((1 << RULE_BITS) - 1)) as usize);
            match (ids.last(), rules.last_mut()) {
                (Some(last), Some(of_last)) if *last == id => of_last.push(rule),
                _ => {
                    ids.push(id);
                    rules.push(vec![rule]);
                }
            }
        }
        self.packed = Vec::new();
        (ids, rules)
    }
}

/// Lookups of rules that are yet to be run.
#[derive(Default)]
struct Pending {
    lookups: Vec<PreparedLookup>,
    /// The index of the rule of each lookup.
    rules: Vec<usize>,
}

/// The parts of a hunt that running a rule needs.
pub(crate) struct Runner<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) scope: &'a Scope,
    pub(crate) library: &'a Library,
    pub(crate) options: &'a HuntOptions,
    /// The clock, in Unix seconds.
    pub(crate) now: i64,
}

impl Runner<'_> {
    /// Runs every rule. A rule that cannot be run is skipped with its reason, and never costs the others.
    ///
    /// # Errors
    /// The case cannot be read, or the hunt was interrupted.
    pub(crate) fn run(&self, rules: Vec<Rule>) -> Result<(Hits, Vec<RuleState>), QueryError> {
        let mut hits = Hits::default();
        let mut states = Vec::with_capacity(rules.len());
        let mut pending = Pending::default();
        for (number, rule) in rules.into_iter().enumerate() {
            self.engine.check_interrupted()?;
            hits.selects_outcome.push(false);
            let (found, skipped) = match self.rule(number, &rule, &mut hits, &mut pending) {
                Ok(Ok(found)) => (found, None),
                Ok(Err(skipped)) => (0, Some(skipped)),
                Err(QueryError::Diagnostic(mistake)) => (0, Some(Skipped::Broken(mistake.message.clone()))),
                Err(error) => return Err(error),
            };
            states.push(RuleState { rule, hits: found, skipped });
        }
        self.scan(&pending, &mut hits, &mut states)?;
        Ok((hits, states))
    }

    /// Runs the lookups of rules together, so that those that read records share one scan.
    fn scan(&self, pending: &Pending, hits: &mut Hits, states: &mut [RuleState]) -> Result<(), QueryError> {
        self.engine.matches_of_many(&pending.lookups, &mut |lookup, id| {
            let number = pending.rules[lookup];
            if states[number].rule.level < self.options.min_level {
                hits.below += 1;
            } else {
                hits.add(number, [id]);
            }
            states[number].hits += 1;
            Ok(())
        })
    }

    fn rule(
        &self,
        number: usize,
        rule: &Rule,
        hits: &mut Hits,
        pending: &mut Pending,
    ) -> Result<Result<u64, Skipped>, QueryError> {
        match &rule.condition {
            Condition::Lookup(filter) => self.lookup(number, rule, filter, hits, pending).map(Ok),
            Condition::Query(name) => match self.library.find(name) {
                Some(query) => self.query(number, rule, query, hits),
                None => Ok(Err(Skipped::Broken(format!("there is no saved query `{name}`")))),
            },
            Condition::Correlation(correlation) => {
                let groups = self.engine.correlate(correlation)?;
                let ids: Vec<i64> = groups.into_iter().flat_map(|group| group.ids).collect();
                Ok(Ok(self.events(number, rule, ids, hits)))
            }
        }
    }

    /// Counts the events of a rule below the lowest level, if that is cheap; leaves any other rule to the scan.
    fn lookup(
        &self,
        number: usize,
        rule: &Rule,
        filter: &str,
        hits: &mut Hits,
        pending: &mut Pending,
    ) -> Result<u64, QueryError> {
        let lookup = self.scope.lookup(filter)?;
        let prepared = if rule.level < self.options.min_level {
            let prepared = self.engine.prepare_filled(&self.scope.within_period(&lookup))?;
            if let Some(count) = self.engine.cheap_count(&prepared.lookup)? {
                hits.below += count;
                return Ok(count);
            }
            prepared
        } else {
            self.engine.prepare_filled(&lookup)?
        };
        hits.selects_outcome[number] =
            prepared.lookup.fields().iter().any(|field| OUTCOME_COLUMNS.contains(&field.column));
        pending.rules.push(number);
        pending.lookups.push(prepared);
        Ok(0)
    }

    /// Adds the events of a rule that are in the scope, and returns their number.
    fn events(&self, number: usize, rule: &Rule, mut ids: Vec<i64>, hits: &mut Hits) -> u64 {
        ids.retain(|id| self.scope.has(*id));
        ids.sort_unstable();
        ids.dedup();
        if rule.level < self.options.min_level {
            hits.below += ids.len() as u64;
            return ids.len() as u64;
        }
        hits.add(number, ids)
    }

    fn query(
        &self,
        number: usize,
        rule: &Rule,
        query: &SavedQuery,
        hits: &mut Hits,
    ) -> Result<Result<u64, Skipped>, QueryError> {
        if query.header.params.iter().any(|param| param.requirement == Requirement::Required) {
            return Ok(Err(Skipped::NeedsParameters));
        }
        if query.header.columns.iter().any(|column| column.name == "event_id") {
            let sql = format!(
                "SELECT events.id FROM (\n{}\n) AS answer CROSS JOIN events ON events.event_id = answer.event_id",
                query.sql
            );
            let params = self.params(&query.header, false)?;
            let ids = rows::integers(|sink| self.engine.case().query_named(&sql, &params, sink))?;
            return Ok(Ok(self.events(number, rule, ids, hits)));
        }
        if self.scope.is_filtered() {
            return Ok(Err(Skipped::NotFiltered));
        }
        let params = self.params(&query.header, true)?;
        let answer = rows::collect(|sink| self.engine.case().query_named(&query.sql, &params, sink))?;
        let found = answer.rows.len() as u64;
        if rule.level < self.options.min_level {
            hits.below += found;
        } else {
            hits.aggregates.extend(aggregate::rows(number, &answer));
        }
        Ok(Ok(found))
    }

    /// Returns the parameters of a query. Only one that aggregates is limited to the period: earlier events of the others
    /// tell routine work.
    fn params(&self, header: &Header, with_period: bool) -> Result<BTreeMap<String, Option<Param>>, QueryError> {
        let (since, until) = self.scope.period();
        let period = [("since", since), ("until", until)].into_iter().filter(|_| with_period);
        let given = period.filter(|(name, _)| header.params.iter().any(|param| param.name == *name));
        let given = given.filter_map(|(name, time)| Some((name.to_owned(), crate::time::format(time?)))).collect();
        bind("the query", header, &given, self.now).map_err(|mistake| QueryError::from(Box::new(mistake)))
    }
}
