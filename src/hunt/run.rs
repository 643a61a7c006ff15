//! Runs a hunt.

use crate::activity;
use crate::detection::{Condition, Rule};
use crate::engine::Engine;
use crate::engine::places::{self, Places};
use crate::hunt::attributes::Attributes;
use crate::hunt::decisions::Prepared;
use crate::hunt::findings::HitEvents;
use crate::hunt::groups::{self, Group, Key};
use crate::hunt::hits::{Hits, Runner};
use crate::hunt::made::{Made, Sources};
use crate::hunt::novelty::Novelty;
use crate::hunt::options::HuntOptions;
use crate::hunt::record::EventsOfRules;
use crate::hunt::result::{Details, Finding, Hunt, HuntedEvent, RuleState};
use crate::hunt::scope::Scope;
use crate::hunt::{actors, events, folding, record, timeline, visibility};
use crate::level::Level;
use crate::rows::{self, text};
use crate::saved::Library;
use crate::sql::Param;
use crate::store::{MAX_RULE_EVENTS, QueryError};
use crate::subject::Mark;

/// The resource of an event that says most: one that Event history lists.
const RESOURCE: &str = "SELECT coalesce(r.arn_end, r.name) FROM event_resources er JOIN resources r ON r.id = er.resource \
     WHERE er.event = ?1 ORDER BY er.listed DESC, r.type IS NULL, r.id LIMIT 1";
/// The event ids of events.
const EVENT_IDS: &str = "SELECT e.event_id FROM json_each(?1) j CROSS JOIN events e ON e.id = j.value";
/// The most events of an actor that its timeline is made from.
const MAX_TIMELINE_EVENTS: usize = 5_000;

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
    let _hunting = activity::step("hunting");
    let scope = Scope::new(engine, options)?;
    let (mut hits, states) = Runner { engine, scope: &scope, library, options, now }.run(rules)?;
    let (decisions, broken) = Prepared::new(engine, &options.decisions)?;
    let mut events = HitEvents::read(engine, &hits.events(), decisions)?;
    // There may be a million: a vector that grows would hold twice as many for a while.
    let most = groups::count(&events, hits.pairs()) + hits.row_count();
    let (made, of_rules) = (Vec::with_capacity(most), EventsOfRules::new());
    let mut maker = Maker { engine, scope: &scope, options, made, tried_below: 0, events: of_rules };
    for (number, state) in states.iter().enumerate().rev() {
        engine.check_interrupted()?;
        maker.rule(number, &state.rule, &mut hits, &mut events)?;
    }
    events.forget_events();
    let Maker { mut made, tried_below, events: events_of_rules, .. } = maker;
    let ignored = events.decisions.hidden();
    let run = record::record(&states, &made, &events_of_rules, ignored.1.clone(), scope.text());
    let known = match &options.known {
        Some(known) => record::leave_out_known(&states, &mut made, &run, known),
        None => 0,
    };
    add_details(engine, options, &events, &mut made)?;
    let hunt = finish(engine, made, &events, states, options)?;
    let mut visibility = visibility::of_case(engine, library, scope.period(), now)?;
    visibility.not_seen.extend(broken);
    Ok(Hunt { hits_below: hits.below, tried_below, ignored, visibility, run, known, ..hunt })
}

/// Makes findings of the groups of each rule.
struct Maker<'a> {
    engine: &'a Engine,
    scope: &'a Scope,
    options: &'a HuntOptions,
    made: Vec<Made>,
    /// The number of findings that fell below the lowest level as only tried.
    tried_below: u64,
    events: EventsOfRules,
}

impl Maker<'_> {
    fn rule(
        &mut self,
        number: usize,
        rule: &Rule,
        hits: &mut Hits,
        events: &mut HitEvents<'_>,
    ) -> Result<(), QueryError> {
        let mut groups = groups::of_rule(events, self.scope, rule, &hits.take_rule(number));
        if !matches!(rule.condition, Condition::Lookup(_)) {
            let ids = groups.values().flat_map(|group| group.events.iter().copied()).take(MAX_RULE_EVENTS).collect();
            self.events.insert(number, event_ids(self.engine, ids)?);
        }
        groups::add_rows(self.engine, events, hits.rows_of(number), &mut groups)?;
        groups::mark_widespread(events, &mut groups);
        for (key, group) in groups {
            let selects_outcome = hits.selects_outcome[number] || group.is_aggregate;
            let only_tried = group.done == 0 && group.tried > 0;
            let level = if only_tried && !selects_outcome { rule.level.lowered() } else { rule.level };
            if level < self.options.min_level {
                self.tried_below += 1;
            } else {
                self.made.push(self.finding(number, rule, level, key, group, events));
            }
        }
        Ok(())
    }

    fn finding(
        &self,
        number: usize,
        rule: &Rule,
        level: Level,
        key: Key,
        group: Group,
        events: &HitEvents<'_>,
    ) -> Made {
        let principal = events.principals.get(key.principal as usize);
        let account = std::rc::Rc::clone(&events.accounts[key.account as usize]);
        let finding = Finding {
            rule: number as u32,
            level,
            principal: std::rc::Rc::clone(&principal.names),
            actor: 0,
            done: group.done,
            tried: group.tried,
            dry_runs: group.dry_runs,
            first: group.first,
            last: group.last,
            example: group.example,
            details: None,
            routine: group.is_routine() && level < Level::Critical,
            widespread: group.is_widespread && level < Level::Critical,
            verdict: events.decisions.verdict(&rule.id, &principal.id, &account),
            mark: events.mark(key.actor as usize),
            account,
        };
        let is_wanted = finding.is_telling() || self.options.events_of.includes(finding.verdict);
        let Group { events, keys, addresses, .. } = group;
        Made { key, finding, sources: is_wanted.then(|| Box::new(Sources { events, keys, addresses })) }
    }
}

/// Returns the event ids of events.
fn event_ids(engine: &Engine, mut ids: Vec<i64>) -> Result<Vec<String>, QueryError> {
    ids.sort_unstable();
    let listed = serde_json::Value::from(ids).to_string();
    let found = rows::collect(|sink| engine.case().query(EVENT_IDS, &[Param::Text(listed)], sink))?;
    Ok(found.rows.iter().map(|row| text(row.first())).collect())
}

/// Adds the details of findings that say something about their actors.
fn add_details(
    engine: &Engine,
    options: &HuntOptions,
    events: &HitEvents<'_>,
    made: &mut [Made],
) -> Result<(), QueryError> {
    let mut novelty = Novelty::new(engine, &options.baseline)?;
    for made in made.iter_mut().filter(|made| made.finding.is_telling()) {
        engine.check_interrupted()?;
        let sources = made.sources.as_deref_mut().map(std::mem::take).unwrap_or_default();
        let mut attributes = Attributes {
            first: made.finding.first,
            last: made.finding.last,
            keys: sources.keys,
            addresses: sources.addresses,
            ..Attributes::default()
        };
        events::each(engine, &sources.events, |event| {
            attributes.add(&event);
            Ok(())
        })?;
        let new = novelty.of(&events.principals, made.key.principal as usize, &attributes)?;
        made.sources = Some(Box::new(Sources { events: sources.events, ..Sources::default() }));
        made.finding.details = Some(Box::new(Details {
            resource: resource(engine, made.finding.example)?,
            new,
            keys: attributes.keys.into_iter().collect(),
            addresses: attributes.addresses.into_iter().collect(),
            covered_by: None,
        }));
    }
    Ok(())
}

/// Returns a resource of an event.
fn resource(engine: &Engine, example: Option<i64>) -> Result<Option<String>, QueryError> {
    let Some(id) = example else { return Ok(None) };
    let found = rows::collect(|sink| engine.case().query(RESOURCE, &[Param::Integer(id)], sink))?;
    Ok(found.rows.first().map(|row| text(row.first())))
}

/// Groups findings by actor and orders them.
fn finish(
    engine: &Engine,
    mut made: Vec<Made>,
    events: &HitEvents<'_>,
    states: Vec<RuleState>,
    options: &HuntOptions,
) -> Result<Hunt, QueryError> {
    let mut actors = actors::group(&events.principals, &mut made);
    for actor in &mut actors {
        let Places { countries, networks } =
            places::of_addresses(engine.case(), actor.addresses.iter().map(String::as_str))?;
        (actor.countries, actor.networks) = (countries, networks);
    }
    // The order is total, so that a stable sort, which takes memory, would give no other.
    made.sort_unstable_by(|a, b| {
        let order = |Finding { actor, level, done, first, .. }: &Finding| {
            (*actor, std::cmp::Reverse(*level), *done == 0, *first)
        };
        let rule = |made: &Made| (made.finding.rule, made.key);
        order(&a.finding).cmp(&order(&b.finding)).then_with(|| rule(a).cmp(&rule(b)))
    });
    folding::fold(&states, &mut made);
    let of_first = made.iter().filter(|made| made.finding.actor == 1 && made.finding.is_telling());
    let of_first = of_first.flat_map(|made| made.events().iter().copied()).take(MAX_TIMELINE_EVENTS);
    let timeline = match actors.first() {
        Some(actor) if actor.mark != Some(Mark::Mine) => timeline::of(engine, of_first.collect())?,
        _ => Vec::new(),
    };
    let hunted = |(number, made): (usize, &Made)| -> Vec<HuntedEvent> {
        made.events().iter().map(|id| HuntedEvent { finding: number, id: *id }).collect()
    };
    let is_wanted = |(_, made): &(usize, &Made)| options.events_of.includes(made.finding.verdict);
    let events = made.iter().enumerate().filter(is_wanted).flat_map(hunted).collect();
    let findings = made.into_iter().map(|made| made.finding).collect();
    Ok(Hunt { rules: states, findings, actors, timeline, events, ..Hunt::default() })
}
