//! Findings, events, actors and rules as rows.

use crate::detection::{Condition, Origin};
use crate::hunt::{Finding, Hunt, HuntedEvent, RuleState, Skipped};
use crate::rows::{CapturedRows, Value};
use crate::sigma::NotCompiled;
use crate::subject::{Mark, VerdictKind};
use crate::time;

/// The columns of a finding.
const FINDING: &[&str] = &[
    "level",
    "rule",
    "title",
    "source",
    "author",
    "principal",
    "account",
    "done",
    "tried",
    "first",
    "last",
    "new",
    "event_id",
    "actor",
    "actor_principal",
    "addresses",
    "resource",
    "routine",
    "widespread",
    "dry_runs",
    "verdict",
    "mark",
];

/// The most addresses in a row.
const MAX_ADDRESSES: usize = 20;

fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { Value::Text(text.to_owned()) }
}

fn number(number: u64) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn moment(seconds: Option<i64>) -> Value {
    seconds.map_or(Value::Null, |seconds| Value::Text(time::format(seconds)))
}

fn captured(columns: &[&str], rows: Vec<Vec<Value>>) -> CapturedRows {
    CapturedRows { columns: columns.iter().map(|column| (*column).to_owned()).collect(), rows }
}

/// Returns the name of the origin of a rule.
pub(crate) fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Call => "trailq",
        Origin::Query => "query",
        Origin::Sigma => "sigma",
    }
}

/// Returns the columns of findings.
pub(crate) fn finding_columns() -> Vec<String> {
    FINDING.iter().map(|column| (*column).to_owned()).collect()
}

/// Returns the row of a finding. `event_id` is that of its example.
pub(crate) fn finding_row(hunt: &Hunt, finding: &Finding, event_id: &str) -> Vec<Value> {
    let (rule, actor) = (finding.rule(hunt), finding.actor(hunt));
    let details = finding.details.as_deref();
    vec![
        text(finding.level.name()),
        text(&rule.id),
        text(&rule.title),
        text(origin(rule.origin)),
        text(rule.author.as_deref().unwrap_or("")),
        text(&finding.principal.id),
        text(&finding.account),
        number(finding.done.into()),
        number(finding.tried.into()),
        moment(finding.first),
        moment(finding.last),
        finding.new_attributes().map_or(Value::Null, |new| Value::Text(new.join(" "))),
        text(event_id),
        number(finding.actor.into()),
        text(actor.map_or("", |actor| &actor.principal)),
        text(&details.map_or_else(String::new, |details| {
            details.addresses.iter().take(MAX_ADDRESSES).cloned().collect::<Vec<_>>().join(" ")
        })),
        text(details.and_then(|details| details.resource.as_deref()).unwrap_or("")),
        Value::Integer(i64::from(finding.routine)),
        Value::Integer(i64::from(finding.widespread)),
        number(finding.dry_runs.into()),
        text(finding.verdict.map_or("", VerdictKind::name)),
        text(finding.mark.map_or("", Mark::name)),
    ]
}

/// Returns one row an event, with its finding and the attributes that `read` gives.
///
/// # Errors
/// Those of `read`.
pub(crate) fn event_rows<E>(
    hunt: &Hunt,
    read: impl Fn(i64) -> Result<Option<[Value; 6]>, E>,
) -> Result<CapturedRows, E> {
    let columns = [
        "event_time",
        "level",
        "rule",
        "title",
        "source",
        "author",
        "principal",
        "account",
        "event_source",
        "event_name",
        "source_ip_address",
        "outcome",
        "event_id",
    ];
    let mut rows = Vec::with_capacity(hunt.events.len());
    for HuntedEvent { finding, id } in &hunt.events {
        let finding = &hunt.findings[*finding];
        let rule = finding.rule(hunt);
        let Some([event_time, source, name, address, outcome, event_id]) = read(*id)? else { continue };
        rows.push(vec![
            event_time,
            text(finding.level.name()),
            text(&rule.id),
            text(&rule.title),
            text(origin(rule.origin)),
            text(rule.author.as_deref().unwrap_or("")),
            text(&finding.principal.id),
            text(&finding.account),
            source,
            name,
            address,
            outcome,
            event_id,
        ]);
    }
    Ok(captured(&columns, rows))
}

/// Returns one row an actor.
pub(crate) fn actor_rows(hunt: &Hunt) -> CapturedRows {
    let columns = [
        "actor",
        "name",
        "principal",
        "account",
        "worst",
        "rules",
        "first",
        "last",
        "new",
        "keys",
        "addresses",
        "through",
        "mark",
        "countries",
        "networks",
    ];
    let rows = hunt.actors.iter().map(|actor| {
        vec![
            number(actor.number as u64),
            text(&actor.name),
            text(&actor.principal),
            text(&actor.account),
            text(actor.worst.map_or("", crate::level::Level::name)),
            number(actor.rules as u64),
            moment(actor.first),
            moment(actor.last),
            text(&actor.new.join(" ")),
            text(&actor.keys.join(" ")),
            text(&actor.addresses.join(" ")),
            text(&actor.through.join(" ")),
            text(actor.mark.map_or("", Mark::name)),
            text(&actor.countries.join(" ")),
            text(&actor.networks.join("; ")),
        ]
    });
    captured(&columns, rows.collect())
}

/// Returns one row a rule, with the reason why it was not run.
pub(crate) fn rule_rows(rules: &[RuleState], not_compiled: &[NotCompiled]) -> CapturedRows {
    let columns = ["rule", "level", "title", "source", "author", "attack", "events", "state", "condition"];
    let rows = rules.iter().map(|RuleState { rule, hits, skipped }| {
        vec![
            text(&rule.id),
            text(rule.level.name()),
            text(&rule.title),
            text(origin(rule.origin)),
            text(rule.author.as_deref().unwrap_or("")),
            text(&rule.attack.join(" ")),
            number(*hits),
            Value::Text(skipped.as_ref().map_or_else(|| "run".to_owned(), reason)),
            text(&condition(&rule.condition)),
        ]
    });
    let broken = not_compiled.iter().map(|NotCompiled { path, title, reason }| {
        let state = format!("not compiled: {reason}");
        let mut row = vec![Value::Null; columns.len()];
        row[0] = text(&path.display().to_string());
        row[2] = text(title);
        row[3] = text(origin(Origin::Sigma));
        row[7] = text(&state);
        row
    });
    captured(&columns, rows.chain(broken).collect())
}

/// Returns the reason why a rule was not run.
fn reason(skipped: &Skipped) -> String {
    match skipped {
        Skipped::Broken(reason) => format!("not run: {reason}"),
        Skipped::NotFiltered => "not run: it counts events of the whole case, which --where cannot limit".to_owned(),
        Skipped::NeedsParameters => "not run: it needs parameters".to_owned(),
    }
}

fn condition(condition: &Condition) -> String {
    match condition {
        Condition::Lookup(filter) => filter.clone(),
        Condition::Query(name) => format!(".run {name}"),
        Condition::Correlation(_) => "correlation".to_owned(),
    }
}
