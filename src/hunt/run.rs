//! Runs a hunt.

use std::collections::HashMap;

use crate::detection::Rule;
use crate::engine::Engine;
use crate::hunt::actors::{self, Made};
use crate::hunt::decisions::Prepared;
use crate::hunt::events::{self, EventFacts};
use crate::hunt::findings::Collector;
use crate::hunt::hits::{Hits, Runner};
use crate::hunt::novelty::Novelty;
use crate::hunt::options::HuntOptions;
use crate::hunt::principals::Principals;
use crate::hunt::result::{Finding, Hunt, HuntedEvent, MAX_LISTED, RuleState};
use crate::hunt::scope::Scope;
use crate::hunt::{record, timeline, visibility};
use crate::level::Level;
use crate::rows::{self, text};
use crate::saved::Library;
use crate::sql::Param;
use crate::store::QueryError;

/// The resource of an event that says most: one that Event history lists.
const RESOURCE: &str = "SELECT coalesce(r.arn_end, r.name) FROM event_resources er JOIN resources r ON r.id = er.resource \
     WHERE er.event = ?1 ORDER BY er.listed DESC, r.type IS NULL, r.id LIMIT 1";

/// Runs rules on a case. `now` is the clock in Unix seconds.
///
/// # Errors
/// The filter is not one, the case cannot be read, or the hunt was interrupted. A rule that cannot be run is
/// among the skipped ones.
pub fn run(
    engine: &Engine,
    library: &Library,
    rules: Vec<Rule>,
    options: &HuntOptions,
    now: i64,
) -> Result<Hunt, QueryError> {
    let scope = Scope::new(engine, options)?;
    let (mut hits, states) = Runner { engine, scope: &scope, library, options, now }.run(rules)?;
    let (decisions, broken) = Prepared::new(engine, &options.decisions)?;
    let mut collector = Collector::new(engine, &scope, options.with_events, decisions);
    collect(engine, &mut collector, &mut hits, &states)?;
    let (mut made, tried_below) = findings(engine, &mut collector, &hits, &states, options)?;
    let Collector { principals, decisions, events_of_rules, .. } = collector;
    let ignored = decisions.hidden();
    let run = record::record(&states, &made, &principals, &events_of_rules, ignored.1.clone(), scope.text());
    let known = match &options.known {
        Some(known) => record::leave_out_known(&states, &mut made, &run, known),
        None => 0,
    };
    let hunt = finish(engine, made, &principals, &decisions, states, options)?;
    let mut visibility = visibility::of_case(engine, library, now)?;
    visibility.not_seen.extend(broken);
    Ok(Hunt { hits_below: hits.below, tried_below, ignored, visibility, run, known, ..hunt })
}

/// Collects the events and rows that rules selected.
fn collect(
    engine: &Engine,
    collector: &mut Collector<'_>,
    hits: &mut Hits,
    states: &[RuleState],
) -> Result<(), QueryError> {
    let rules: Vec<&Rule> = states.iter().map(|state| &state.rule).collect();
    let (ids, of_event) = hits.by_event();
    let mut at = 0;
    events::each(engine, &ids, |event| {
        // Each id is of an event, so that they come one by one.
        while ids.get(at).is_some_and(|id| *id < event.id) {
            at += 1;
        }
        collector.add(&event, &of_event[at], &rules)
    })?;
    for row in &hits.aggregates {
        let example = example(engine, &row.example)?;
        collector.add_aggregate(row, example.as_ref())?;
    }
    Ok(())
}

/// Returns the findings of at least the lowest level, and the number of those that fell below it as only tried.
fn findings(
    engine: &Engine,
    collector: &mut Collector<'_>,
    hits: &Hits,
    states: &[RuleState],
    options: &HuntOptions,
) -> Result<(Vec<Made>, u64), QueryError> {
    let collected = collector.take_findings();
    let mut made = Vec::with_capacity(collected.len());
    let mut novelty = Novelty::new(engine, &options.baseline)?;
    let mut tried_below = 0;
    for (key, collected) in collected {
        engine.check_interrupted()?;
        let rule = &states[key.rule].rule;
        let selects_outcome = hits.selects_outcome[key.rule] || collected.is_aggregate;
        let only_tried = collected.done == 0 && collected.tried > 0;
        let level = if only_tried && !selects_outcome { rule.level.lowered() } else { rule.level };
        if level < options.min_level {
            tried_below += 1;
            continue;
        }
        let principal = collector.principals.get(key.principal);
        let finding = Finding {
            rule: key.rule,
            level,
            principal: principal.id.clone(),
            principal_name: principal.name.clone(),
            account: key.account.clone(),
            actor: 0,
            done: collected.done,
            tried: collected.tried,
            dry_runs: collected.dry_runs,
            first: collected.first,
            last: collected.last,
            addresses: collected.addresses.iter().take(MAX_LISTED).cloned().collect(),
            resource: resource(engine, collected.example.as_ref())?,
            new: novelty.of(&collector.principals, key.principal, &collected)?,
            example: collected.example.clone(),
            routine: collected.is_routine() && level < Level::Critical,
            widespread: false,
            verdict: collector.decisions.verdict(&rule.id, &principal.id, &key.account),
            mark: None,
        };
        made.push((key, collected, finding));
    }
    Ok((made, tried_below))
}

/// Returns the example event of a row that aggregates.
fn example(engine: &Engine, event_id: &str) -> Result<Option<EventFacts>, QueryError> {
    if event_id.is_empty() {
        return Ok(None);
    }
    let params = [Param::Text(event_id.to_owned())];
    let sql = "SELECT id FROM events WHERE event_id = ?1";
    let ids = rows::integers(|sink| engine.case().query(sql, &params, sink))?;
    let mut found = None;
    events::each(engine, &ids, |event| {
        found = Some(event);
        Ok(())
    })?;
    Ok(found)
}

/// Returns a resource of an event.
fn resource(engine: &Engine, example: Option<&(i64, String)>) -> Result<Option<String>, QueryError> {
    let Some((id, _)) = example else { return Ok(None) };
    let found = rows::collect(|sink| engine.case().query(RESOURCE, &[Param::Integer(*id)], sink))?;
    Ok(found.rows.first().map(|row| text(row.first())))
}

/// Groups findings by actor and orders them.
fn finish(
    engine: &Engine,
    mut made: Vec<Made>,
    principals: &Principals,
    decisions: &Prepared,
    states: Vec<RuleState>,
    options: &HuntOptions,
) -> Result<Hunt, QueryError> {
    let actors = actors::group(principals, decisions, &mut made);
    made.sort_by(|(a_key, _, a), (b_key, _, b)| {
        let order =
            |finding: &Finding| (finding.actor, std::cmp::Reverse(finding.level), finding.done == 0, finding.first);
        order(a).cmp(&order(b)).then_with(|| a_key.cmp(b_key))
    });
    let first = made.iter().filter(|(_, _, finding)| finding.actor == 1 && finding.is_telling());
    let timeline =
        timeline::of(engine, first.flat_map(|(_, collected, _)| collected.events.iter().copied()).collect())?;
    let events = if options.with_events { events_of(&made) } else { Vec::new() };
    Ok(Hunt {
        rules: states,
        findings: made.into_iter().map(|(_, _, finding)| finding).collect(),
        actors,
        timeline,
        events,
        ..Hunt::default()
    })
}

/// Returns the events of every finding.
fn events_of(made: &[Made]) -> Vec<HuntedEvent> {
    let mut all = Vec::new();
    let mut seen: HashMap<(usize, i64), ()> = HashMap::new();
    for (number, (_, collected, _)) in made.iter().enumerate() {
        for id in &collected.events {
            if seen.insert((number, *id), ()).is_none() {
                all.push(HuntedEvent { finding: number, id: *id });
            }
        }
    }
    all
}
