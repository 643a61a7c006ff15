//! Runs the rules: the events that each selects.

use std::collections::{BTreeMap, HashMap};

use crate::detection::{Condition, Correlation, Rule};
use crate::engine::{Engine, PreparedLookup};
use crate::geo::Attribute;
use crate::hunt::aggregate::{self, AggregateRow};
use crate::hunt::options::HuntOptions;
use crate::hunt::query_jobs::{self, QueryAnswer, QueryJob};
use crate::hunt::result::{RuleState, Skipped};
use crate::hunt::scope::Scope;
use crate::rows::CapturedRows;
use crate::saved::header::{Header, Requirement};
use crate::saved::{Library, SavedQuery, bind};
use crate::sql::Param;
use crate::store::QueryError;

/// Columns by which a lookup selects an outcome itself.
const OUTCOME_COLUMNS: &[&str] = &["outcome", "error_code", "error_message"];
/// Bits of a packed hit that hold the event.
const EVENT_BITS: u32 = 48;
const EVENT_MASK: u64 = (1 << EVENT_BITS) - 1;
/// The most rules that the other bits tell apart.
const MAX_RULES: usize = 1 << (u64::BITS - EVENT_BITS);

/// The events and rows that the rules selected.
#[derive(Default)]
pub(crate) struct Hits {
    /// Rules with the events that they selected: the index of the rule, then `events.id`.
    packed: Vec<u64>,
    /// Rows of queries that aggregate, by rule.
    aggregates: Vec<AggregateRow>,
    /// The number of events that rules below the lowest level select.
    pub(crate) below: u64,
    /// By rule: true if it selects an outcome itself.
    pub(crate) selects_outcome: Vec<bool>,
}

impl Hits {
    /// Adds events that a rule selected.
    fn add(&mut self, rule: usize, ids: impl IntoIterator<Item = i64>) -> u64 {
        let before = self.packed.len();
        let rule = (rule as u64) << EVENT_BITS;
        self.packed.extend(ids.into_iter().map(|id| rule | (id.unsigned_abs() & EVENT_MASK)));
        (self.packed.len() - before) as u64
    }

    /// Sorts the events by rule.
    fn finish(&mut self) {
        self.packed.sort_unstable();
        self.packed.dedup();
    }

    /// Returns the rows of a rule that aggregates.
    pub(crate) fn rows_of(&self, rule: usize) -> &[AggregateRow] {
        let from = self.aggregates.partition_point(|row| row.rule < rule);
        let to = self.aggregates.partition_point(|row| row.rule <= rule);
        &self.aggregates[from..to]
    }

    /// Returns `events.id` of all events that a rule selected, ascending.
    pub(crate) fn events(&self) -> Vec<i64> {
        let last = self.packed.iter().map(|hit| hit & EVENT_MASK).max().unwrap_or(0);
        let mut seen = vec![false; last as usize + 1];
        self.packed.iter().for_each(|hit| seen[(hit & EVENT_MASK) as usize] = true);
        seen.iter().enumerate().filter(|(_, seen)| **seen).map(|(id, _)| id as i64).collect()
    }

    /// Returns the number of rows that aggregate.
    pub(crate) fn row_count(&self) -> usize {
        self.aggregates.len()
    }

    /// Returns rules with the events that they selected, by rule.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (usize, i64)> {
        self.packed.iter().map(|hit| ((hit >> EVENT_BITS) as usize, (hit & EVENT_MASK) as i64))
    }

    /// Takes `events.id` of the events that a rule selected, ascending. The rules are taken from the last to the first, so
    /// that there is less and less to hold.
    pub(crate) fn take_rule(&mut self, rule: usize) -> Vec<i64> {
        let from = self.packed.partition_point(|hit| *hit < (rule as u64) << EVENT_BITS);
        let events = self.packed[from..].iter().map(|hit| (hit & EVENT_MASK) as i64).collect();
        self.packed.truncate(from);
        if self.packed.capacity() > 2 * from {
            self.packed.shrink_to_fit();
        }
        events
    }
}

/// Lookups that are yet to be run, all in one scan.
#[derive(Default)]
struct Pending {
    lookups: Vec<PreparedLookup>,
    /// The use of the events of each lookup.
    uses: Vec<Use>,
    correlations: Vec<PendingCorrelation>,
    /// The parts of correlations, by their filters: correlations of one rule share its events.
    parts: HashMap<String, usize>,
    /// `events.id` of the events of each part.
    events: Vec<Vec<i64>>,
}

/// The use of the events of a lookup.
#[derive(Clone, Copy)]
enum Use {
    /// Hits of the rule with this index.
    Rule(usize),
    /// The events of the part of correlations with this index.
    Part(usize),
}

/// A correlation whose events are yet to be found.
struct PendingCorrelation {
    /// The index of its rule.
    rule: usize,
    /// The indexes of its parts, in the order of its rules.
    parts: Vec<usize>,
}

impl Pending {
    /// Adds a correlation. Nothing is added if the filter of a rule is not a lookup's.
    fn add_correlation(&mut self, engine: &Engine, rule: usize, correlation: &Correlation) -> Result<(), QueryError> {
        let filters = || correlation.rules.iter().map(|(_, filter)| filter);
        let prepared = filters().map(|filter| match self.parts.get(filter) {
            Some(_) => Ok(None),
            None => engine.prepare_filled(filter).map(Some),
        });
        let prepared = prepared.collect::<Result<Vec<_>, _>>()?;
        let mut parts = Vec::with_capacity(prepared.len());
        for (filter, prepared) in filters().zip(prepared) {
            let next = self.events.len();
            let part = *self.parts.entry(filter.clone()).or_insert(next);
            if let Some(prepared) = prepared.filter(|_| part == next) {
                self.lookups.push(prepared);
                self.uses.push(Use::Part(part));
                self.events.push(Vec::new());
            }
            parts.push(part);
        }
        self.correlations.push(PendingCorrelation { rule, parts });
        Ok(())
    }
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
        let mut hits = Hits { selects_outcome: vec![false; rules.len()], ..Hits::default() };
        let mut states: Vec<RuleState> =
            rules.into_iter().map(|rule| RuleState { rule, hits: 0, skipped: None }).collect();
        let queries = self.queries(&mut states)?;
        let meanwhile = || {
            let mut pending = self.lookups(&mut hits, &mut states)?;
            self.scan(&mut pending, &mut hits, &mut states)?;
            self.correlate(&pending, &mut hits, &mut states)
        };
        let ((), answers) = query_jobs::run(self.engine, queries, meanwhile)?;
        for (number, answer) in answers {
            let state = &mut states[number];
            match answer {
                Ok(QueryAnswer::Events(ids)) => state.hits = self.events(number, &state.rule, ids, &mut hits),
                Ok(QueryAnswer::Rows(rows)) => state.hits = self.rows(number, &state.rule, &rows, &mut hits),
                Err(QueryError::Diagnostic(mistake)) => state.skipped = Some(Skipped::Broken(mistake.message.clone())),
                Err(error) => return Err(error),
            }
        }
        hits.finish();
        Ok((hits, states))
    }

    /// Returns the queries of rules. One that cannot be run is skipped.
    fn queries(&self, states: &mut [RuleState]) -> Result<Vec<QueryJob>, QueryError> {
        let mut queries = Vec::new();
        for (number, state) in states.iter_mut().enumerate() {
            let query = if number >= MAX_RULES {
                Ok(Err(Skipped::Broken(format!("a hunt runs at most {MAX_RULES} rules"))))
            } else {
                match &state.rule.condition {
                    Condition::Query(name) => match self.library.find(name) {
                        Some(query) => self.query(number, query),
                        None => Ok(Err(Skipped::Broken(format!("there is no saved query `{name}`")))),
                    },
                    Condition::Lookup(_) | Condition::Correlation(_) => continue,
                }
            };
            match skipped_if_broken(query)? {
                Ok(query) => queries.push(query),
                Err(skipped) => state.skipped = Some(skipped),
            }
        }
        Ok(queries)
    }

    /// Prepares the lookups and the correlations of rules. One that cannot be run is skipped.
    fn lookups(&self, hits: &mut Hits, states: &mut [RuleState]) -> Result<Pending, QueryError> {
        let mut pending = Pending::default();
        for (number, state) in states.iter_mut().enumerate().filter(|(_, state)| state.skipped.is_none()) {
            self.engine.check_interrupted()?;
            let prepared = match &state.rule.condition {
                Condition::Lookup(filter) => self.lookup(number, &state.rule, filter, hits, &mut pending),
                Condition::Correlation(of) => pending.add_correlation(self.engine, number, of).map(|()| 0),
                Condition::Query(_) => continue,
            };
            match skipped_if_broken(prepared.map(Ok))? {
                Ok(found) => state.hits = found,
                Err(skipped) => state.skipped = Some(skipped),
            }
        }
        Ok(pending)
    }

    /// Runs the lookups of rules and of correlations together, so that those that read records share one scan.
    fn scan(&self, pending: &mut Pending, hits: &mut Hits, states: &mut [RuleState]) -> Result<(), QueryError> {
        let Pending { lookups, uses, events, .. } = pending;
        self.engine.matches_of_many(lookups, &mut |lookup, id| {
            let number = match uses[lookup] {
                Use::Rule(number) => number,
                Use::Part(part) => {
                    events[part].push(id);
                    return Ok(());
                }
            };
            if states[number].rule.level < self.options.min_level {
                hits.below += 1;
            } else {
                hits.add(number, [id]);
            }
            states[number].hits += 1;
            Ok(())
        })
    }

    /// Correlates the events that the scan found.
    fn correlate(&self, pending: &Pending, hits: &mut Hits, states: &mut [RuleState]) -> Result<(), QueryError> {
        for PendingCorrelation { rule: number, parts } in &pending.correlations {
            let state = &mut states[*number];
            let Condition::Correlation(correlation) = &state.rule.condition else { continue };
            let events: Vec<&[i64]> = parts.iter().map(|part| pending.events[*part].as_slice()).collect();
            match self.engine.correlate_events(correlation, &events) {
                Ok(groups) => {
                    let ids = groups.into_iter().flat_map(|group| group.ids).collect();
                    state.hits = self.events(*number, &state.rule, ids, hits);
                }
                Err(QueryError::Diagnostic(mistake)) => {
                    state.skipped = Some(Skipped::Broken(mistake.message.clone()));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
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
        pending.uses.push(Use::Rule(number));
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

    /// Adds the rows of a rule that aggregates, and returns their number.
    fn rows(&self, number: usize, rule: &Rule, answer: &CapturedRows, hits: &mut Hits) -> u64 {
        let found = answer.rows.len() as u64;
        if rule.level < self.options.min_level {
            hits.below += found;
        } else {
            hits.aggregates.extend(aggregate::rows(number, answer));
        }
        found
    }

    /// Prepares a query.
    fn query(&self, number: usize, query: &SavedQuery) -> Result<Result<QueryJob, Skipped>, QueryError> {
        let header = &query.header;
        if header.params.iter().any(|param| param.requirement == Requirement::Required) {
            return Ok(Err(Skipped::NeedsParameters));
        }
        let files = self.engine.case().geo_files();
        for attribute in header.needs.iter().filter_map(|name| Attribute::of_name(name)) {
            if let Err(error) = files.with(attribute) {
                return Ok(Err(Skipped::Broken(error.to_string())));
            }
        }
        let lists_events = header.columns.iter().any(|column| column.name == "event_id");
        if !lists_events && self.scope.is_filtered() {
            return Ok(Err(Skipped::NotFiltered));
        }
        let sql = match lists_events {
            true => format!(
                "SELECT events.id FROM (\n{}\n) AS answer CROSS JOIN events ON events.event_id = answer.event_id",
                query.sql
            ),
            false => query.sql.clone(),
        };
        let params = self.params(header, !lists_events)?;
        Ok(Ok(QueryJob { rule: number, sql, params, lists_events, is_slow: header.slow.is_some() }))
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

/// Makes a mistake in a rule the reason why it is skipped; other errors end the hunt.
fn skipped_if_broken<T>(prepared: Result<Result<T, Skipped>, QueryError>) -> Result<Result<T, Skipped>, QueryError> {
    match prepared {
        Err(QueryError::Diagnostic(mistake)) => Ok(Err(Skipped::Broken(mistake.message.clone()))),
        prepared => prepared,
    }
}
