//! The sections of a report, in their order.

use std::collections::BTreeSet;

use crate::engine::Engine;
use crate::engine::places::{self, Places};
use crate::number;
use crate::render::record;
use crate::report::confirmed::{self, EventFacts, Reasons};
use crate::report::hunt_facts::HuntFacts;
use crate::report::model::{Block, Report, Section, Table};
use crate::report::options::Cover;
use crate::report::{activity, coverage_chart, exposure, findings, method, persistence, subjects};
use crate::store::{Custody, IgnoreRule, QueryError, SubjectMark, Verdict};
use crate::summary::validate::kept_line;
use crate::time;

/// The most confirmed events, and records of them.
const MAX_CONFIRMED: usize = 2_000;
/// The most values of a key fact.
const MAX_VALUES: usize = 20;
/// The longest period, in seconds, of which a timeline has a bar an hour.
const MAX_HOURLY: i64 = 4 * 86_400;

/// The parts of a report that come from the analyst.
#[derive(Debug, Clone, Default)]
pub(crate) struct AnalystInput {
    pub(crate) cover: Cover,
    /// The summary, in Markdown.
    pub(crate) summary: Option<String>,
    /// The filter that limits the report; empty for the whole case.
    pub(crate) filter: String,
    /// Marks of subjects.
    pub(crate) marks: Vec<SubjectMark>,
    /// Verdicts on findings.
    pub(crate) verdicts: Vec<Verdict>,
    /// The ignore rules that were applied.
    pub(crate) ignore_rules: Vec<IgnoreRule>,
}

/// The events of a report.
pub(super) struct Events {
    /// The confirmed events, by time.
    pub(super) confirmed: Vec<EventFacts>,
    /// The reasons of each.
    pub(super) reasons: Reasons,
    /// Confirmed events, and those of marked attackers, by time.
    pub(super) attackers: Vec<EventFacts>,
    /// The numbers of the latter as a JSON array.
    ids: String,
}

/// Builds a report. `hunt` has the events of the findings with the verdict `true`. `now`: Unix seconds.
///
/// # Errors
/// The case cannot be read.
pub(super) fn build(
    engine: &Engine,
    hunt: &HuntFacts,
    input: &AnalystInput,
    events: &Events,
    now: i64,
) -> Result<Report, QueryError> {
    let custody = engine.case().custody()?;
    let mut sections = vec![cover(engine, hunt, input, &custody, now), summary(input)];
    sections.push(key_facts(engine, events)?);
    sections.push(data(engine, hunt, events)?);
    sections.push(confirmed_events(engine, events)?);
    sections.push(Section {
        id: "subjects",
        title: "Subjects",
        blocks: vec![Block::Table(subjects::table(&input.marks))],
    });
    sections.push(limits(engine, hunt, &custody)?);
    sections.push(findings::section(engine, hunt, &input.verdicts)?);
    sections.push(how(engine, hunt, input, &custody));
    sections.push(records(engine, events)?);
    let title = input.cover.title.clone().unwrap_or_else(|| "CloudTrail investigation".to_owned());
    Ok(Report { title, marking: input.cover.marking.clone(), sections })
}

impl Events {
    /// Reads the events.
    ///
    /// # Errors
    /// The filter is invalid, or the case cannot be read.
    pub(super) fn read(engine: &Engine, hunt: &HuntFacts, input: &AnalystInput) -> Result<Events, QueryError> {
        let case = engine.case();
        let mut reasons = confirmed::reasons(case, hunt)?;
        if !input.filter.is_empty() {
            let limit = activity::events(engine, "", &input.filter)?;
            reasons.retain(|id, _| limit.contains(id));
        }
        let confirmed = confirmed::facts(case, reasons.keys().copied())?;
        let mut all: BTreeSet<i64> = reasons.keys().copied().collect();
        if let Some(filter) = activity::attacker_filter(&input.marks) {
            all.extend(activity::events(engine, &filter, &input.filter)?);
        }
        let attackers = confirmed::facts(case, all.iter().copied())?;
        let ids = serde_json::Value::from_iter(all).to_string();
        Ok(Events { confirmed, reasons, attackers, ids })
    }
}

/// Returns the number of a confirmed event.
fn number_of(at: usize) -> String {
    format!("E-{:03}", at + 1)
}

fn cover(engine: &Engine, hunt: &HuntFacts, input: &AnalystInput, custody: &Custody, now: i64) -> Section {
    let cover = &input.cover;
    // Without the analyst's summary nothing was concluded yet.
    let is_final = cover.is_final && input.summary.is_some();
    let mut facts = vec![("status", if is_final { "final" } else { "draft" }.to_owned())];
    let or_of_case = |value: &Option<String>, name: &str| value.clone().or_else(|| method::detail(custody, name));
    let given = [
        ("case number", or_of_case(&cover.case_number, "case_number")),
        ("client", cover.client.clone()),
        ("author", or_of_case(&cover.author, "examiner")),
        ("source", method::detail(custody, "source")),
        ("marking", cover.marking.clone()),
    ];
    facts.extend(given.into_iter().filter_map(|(name, value)| Some((name, value?))));
    facts.push(("written", time::format(now)));
    facts.push(("time zone", "UTC".to_owned()));
    facts.push(("case file", engine.case().path().display().to_string()));
    let seen = &hunt.visibility;
    facts.push(("events", number::count(seen.events)));
    facts.push(("accounts", number::count(seen.accounts)));
    if let Some((first, last)) = &seen.period {
        facts.push(("period of the events", format!("{first} to {last}")));
    }
    if !input.filter.is_empty() {
        facts.push(("limited to", input.filter.clone()));
    }
    Section { id: "cover", title: "Cover", blocks: vec![Block::Facts(facts)] }
}

fn summary(input: &AnalystInput) -> Section {
    let blocks = match &input.summary {
        Some(summary) => vec![Block::Markdown(summary.clone())],
        None => {
            vec![Block::Warning("draft: the analyst has not written a summary (--summary FILE.md adds one)".to_owned())]
        }
    };
    Section { id: "summary", title: "Summary", blocks }
}

fn key_facts(engine: &Engine, events: &Events) -> Result<Section, QueryError> {
    let mut blocks = Vec::new();
    let distinct = |value: fn(&EventFacts) -> &String| -> BTreeSet<&str> {
        events.attackers.iter().map(value).filter(|value| !value.is_empty()).map(String::as_str).collect()
    };
    let listed = |value: fn(&EventFacts) -> &String| some(distinct(value).into_iter());
    let dated = || events.attackers.iter().filter(|event| event.time.is_some());
    match (dated().next(), dated().next_back()) {
        (Some(first), Some(last)) => {
            let names = engine.case().names_of_accounts()?;
            let accounts = distinct(|event| &event.account).into_iter().map(|id| names.beside(id).into_owned());
            let accounts: Vec<String> = accounts.collect();
            let Places { countries, networks } =
                places::of_addresses(engine.case(), distinct(|event| &event.address).into_iter())?;
            let mut facts = vec![
                (
                    "first attacker event",
                    format!("{}: {}", first.event_time, confirmed::sentence(engine.case(), first.id)?),
                ),
                (
                    "last attacker event",
                    format!("{}: {}", last.event_time, confirmed::sentence(engine.case(), last.id)?),
                ),
                ("attacker events", number::count(events.attackers.len() as u64)),
                ("confirmed events", number::count(events.confirmed.len() as u64)),
                ("accounts", some(accounts.iter().map(String::as_str))),
                ("identities", listed(|event| &event.principal)),
                ("access keys", listed(|event| &event.key)),
                ("addresses", listed(|event| &event.address)),
            ];
            let places = [("countries of the addresses", countries), ("networks of the addresses", networks)];
            let places = places.into_iter().filter(|(_, values)| !values.is_empty());
            facts.extend(places.map(|(name, values)| (name, some(values.iter().map(String::as_str)))));
            blocks.push(Block::Facts(facts));
            blocks.push(Block::Text(
                "The first attacker event is the first that the case has of a confirmed event or a marked attacker. How \
                 the credentials were obtained may lie before it, or outside of CloudTrail."
                    .to_owned(),
            ));
            blocks.push(Block::Timeline(timeline(&events.attackers)));
        }
        _ => blocks.push(Block::Text(
            "no event is confirmed and no actor is marked as an attacker: .tag, .verdict and .mark do this".to_owned(),
        )),
    }
    blocks.extend(persistence_blocks(engine, events)?);
    Ok(Section { id: "key-facts", title: "Key facts", blocks })
}

/// Returns values as one text, at most [`MAX_VALUES`] of them.
fn some<'v>(mut values: impl ExactSizeIterator<Item = &'v str>) -> String {
    let shown: Vec<&str> = values.by_ref().take(MAX_VALUES).collect();
    let more = values.len();
    let more = if more > 0 { format!(" and {} more", number::count(more as u64)) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

fn persistence_blocks(engine: &Engine, events: &Events) -> Result<Vec<Block>, QueryError> {
    let found = persistence::of_events(engine.case(), &events.ids)?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let facts = confirmed::facts(engine.case(), found.iter().map(|found| found.event))?;
    let removed = |event: i64| found.iter().find(|found| found.event == event).and_then(|found| found.removed.clone());
    let row = |event: &EventFacts| {
        let state = match removed(event.id) {
            Some(at) => format!("removed {at}"),
            None => "no removal in the case".to_owned(),
        };
        Ok(vec![event.event_time.clone(), confirmed::sentence(engine.case(), event.id)?, state])
    };
    let table = Table {
        columns: vec!["time", "created or changed", "removal"],
        rows: facts.iter().map(row).collect::<Result<_, QueryError>>()?,
        linked: None,
        empty: "nothing was created",
    };
    Ok(vec![
        Block::Text("Ways to come back that attackers created, and what the case shows of their removal:".to_owned()),
        Block::Table(table),
    ])
}

fn data(engine: &Engine, hunt: &HuntFacts, events: &Events) -> Result<Section, QueryError> {
    if events.attackers.is_empty() {
        let nothing =
            "no event is confirmed and no actor is marked as an attacker, so no call was looked at".to_owned();
        return Ok(Section {
            id: "data",
            title: "Data read, copied, shared or deleted",
            blocks: vec![Block::Text(nothing)],
        });
    }
    let (table, left_out) = exposure::table(engine.case(), &events.ids)?;
    let mut blocks = vec![Block::Table(table)];
    blocks.extend(Block::more(left_out, "row"));
    blocks.push(Block::Text(format!(
        "Looked at: calls of {} that succeeded. Other services are not in the table, and calls count only where the trail \
         recorded them. Bytes are known for calls of Amazon S3 that report them. What is not recorded is under Limits.",
        exposure::services()
    )));
    let unrecorded = hunt.visibility.not_seen.iter().filter(|sentence| sentence.contains("events")).cloned();
    let unrecorded: Vec<String> = unrecorded.collect();
    if !unrecorded.is_empty() {
        blocks.push(Block::List(unrecorded));
    }
    Ok(Section { id: "data", title: "Data read, copied, shared or deleted", blocks })
}

fn confirmed_events(engine: &Engine, events: &Events) -> Result<Section, QueryError> {
    let row = |(at, event): (usize, &EventFacts)| {
        let reasons = events.reasons.get(&event.id).into_iter().flatten();
        let reasons: Vec<&str> = reasons.map(String::as_str).collect();
        Ok(vec![
            number_of(at),
            event.event_time.clone(),
            confirmed::sentence(engine.case(), event.id)?,
            reasons.join("; "),
            event.event_id.clone(),
        ])
    };
    let table = Table {
        columns: vec!["no.", "time", "event", "confirmed by", "event id"],
        rows: events.confirmed.iter().take(MAX_CONFIRMED).enumerate().map(row).collect::<Result<_, QueryError>>()?,
        linked: Some(0),
        empty: "no event is tagged, and no finding has the verdict true",
    };
    let mut blocks = vec![Block::Table(table)];
    blocks.extend(Block::more(events.confirmed.len().saturating_sub(MAX_CONFIRMED), "event"));
    Ok(Section { id: "events", title: "Confirmed events", blocks })
}

fn limits(engine: &Engine, hunt: &HuntFacts, custody: &Custody) -> Result<Section, QueryError> {
    let info = engine.case().info()?;
    let mut list = hunt.visibility.not_seen.clone();
    let rejected: u64 = info.rejects.iter().map(|(_, count, _)| count).sum();
    if rejected > 0 {
        list.push(format!("{} could not be read: `trailq info`", number::counted(rejected, "record")));
    }
    if info.conflicts > 0 {
        list.push(format!("{} with the id of another one differ from it", number::counted(info.conflicts, "record")));
    }
    if let Some(older) = info.rules.older() {
        list.push(format!("{older}; `trailq reindex` applies those of this version"));
    }
    list.push(match custody.validations.first() {
        Some(newest) => format!("validation of the delivered files: {}", kept_line(newest)),
        None => "no validation of the delivered files is stored in the case (`trailq validate --keep`)".to_owned(),
    });
    list.push("times are those of CloudTrail, with a resolution of one second".to_owned());
    list.push(
        "a call that CloudTrail did not record, or whose file is not in the case, is not in this report".to_owned(),
    );
    let mut blocks = vec![Block::List(list)];
    let coverage = engine.case().coverage()?;
    if let Some(chart) = coverage_chart::of(&coverage, &*engine.case().names_of_accounts()?) {
        let left_out = chart.left_out;
        blocks.push(Block::Text(format!(
            "Coverage by account, Region and category. A cell is {}, and has the state of its hours that says most.",
            number::counted(chart.hours.unsigned_abs(), "hour")
        )));
        blocks.push(Block::Coverage(chart));
        blocks.extend(Block::more(left_out, "place"));
    }
    Ok(Section { id: "limits", title: "Limits", blocks })
}

fn how(engine: &Engine, hunt: &HuntFacts, input: &AnalystInput, custody: &Custody) -> Section {
    let mut blocks = vec![Block::Facts(method::facts(hunt, custody, engine.case().geo_files()))];
    blocks.push(Block::Table(method::ignore_rules(&input.ignore_rules)));
    if !custody.validations.is_empty() {
        blocks.push(Block::Text("Validations:".to_owned()));
        blocks.push(Block::List(custody.validations.iter().map(kept_line).collect()));
    }
    let (tables, left_out) = method::sources(custody);
    blocks.extend(tables.into_iter().map(Block::Table));
    blocks.extend(Block::more(left_out, "source file"));
    Section { id: "method", title: "Method and custody", blocks }
}

fn records(engine: &Engine, events: &Events) -> Result<Section, QueryError> {
    let mut blocks = Vec::new();
    for (at, event) in events.confirmed.iter().take(MAX_CONFIRMED).enumerate() {
        engine.check_interrupted()?;
        let Some(bytes) = engine.case().record(event.id)? else { continue };
        let title = format!("{} {} {}", number_of(at), event.event_time, event.event_id);
        blocks.push(Block::Record { id: number_of(at), title, json: record::pretty(&bytes, false) });
    }
    if blocks.is_empty() {
        blocks.push(Block::Text("there is no confirmed event".to_owned()));
    }
    Ok(Section { id: "records", title: "Records of confirmed events", blocks })
}

/// Returns the number of events of every hour, or of every day of a long period.
fn timeline(events: &[EventFacts]) -> Vec<(String, u64)> {
    let times: Vec<i64> = events.iter().filter_map(|event| event.time).collect();
    let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else { return Vec::new() };
    let step = if last - first <= MAX_HOURLY { 3_600 } else { 86_400 };
    let spans = (last.div_euclid(step) - first.div_euclid(step) + 1).min(1_000);
    let start = last.div_euclid(step) - spans + 1;
    let mut counts = vec![0; usize::try_from(spans).unwrap_or(0)];
    for time in times {
        if let Some(count) = usize::try_from(time.div_euclid(step) - start).ok().and_then(|at| counts.get_mut(at)) {
            *count += 1;
        }
    }
    (start..).zip(counts).map(|(span, count)| (time::format(span * step), count)).collect()
}
