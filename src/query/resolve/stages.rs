//! Resolves stages. Each sees the columns that the one before left.

use crate::diagnostic::Diagnostic;
use crate::fields;
use crate::fields::Place;
use crate::query::ast;
use crate::query::ast::{Name, Operator, StageKind, Value};
use crate::query::environment::Environment;
use crate::query::interval::Interval;
use crate::query::resolve::names::{Named, did_you_mean, find_name};
use crate::query::resolved::{OutputColumn, SortKey, Stage, timeline_columns};
use crate::query::time;

/// The input of a stage.
enum Input {
    Events,
    /// The columns that an earlier stage made.
    Table(Vec<String>),
}

/// The period of the events.
enum Period {
    Known(Option<Interval>),
    /// Its length depends on the newest event, which only the statement finds.
    NeedsNewest,
}

/// The largest number of buckets of a timeline whose bucket is not given.
const MAX_BUCKETS: i64 = 60;
/// Lengths of buckets that people read easily, in seconds.
const BUCKETS: [i64; 9] = [1, 10, 60, 300, 900, 3_600, 21_600, 86_400, 604_800];

/// Gives the stages their meaning. `interval`: what the filter leaves of time; `last`: the seconds up to the newest event,
/// if only the statement finds it.
pub(crate) fn resolve(
    stages: &[ast::Stage],
    interval: Option<Interval>,
    last: Option<i64>,
    env: &dyn Environment,
) -> Result<Vec<Stage>, Diagnostic> {
    let period = match (interval, last) {
        (None, Some(seconds)) => Period::Known(Some(Interval { from: Some(0), to: Some(seconds) })),
        (Some(_), Some(_)) => Period::NeedsNewest,
        (Some(Interval { from: Some(_), to: None }), None) if env.finds_newest_when_run() => Period::NeedsNewest,
        (interval, None) => Period::Known(interval),
    };
    let mut input = Input::Events;
    let mut resolved = Vec::with_capacity(stages.len());
    for stage in stages {
        let made = one(stage, &input, &period, env)?;
        match &made {
            Stage::Count(by) | Stage::Top(_, by) => {
                input = Input::Table(by.iter().map(OutputColumn::group_column).chain(["events".to_owned()]).collect());
            }
            Stage::Timeline(_, by) => input = Input::Table(timeline_columns(by)),
            Stage::Fields(_) | Stage::Sort(_) | Stage::Limit(_) | Stage::Having(_) => {}
        }
        resolved.push(made);
    }
    Ok(resolved)
}

fn one(stage: &ast::Stage, input: &Input, period: &Period, env: &dyn Environment) -> Result<Stage, Diagnostic> {
    let needs_events = !matches!(stage.kind, StageKind::Sort(_) | StageKind::Limit(_) | StageKind::Having(_));
    if let (true, Input::Table(columns)) = (needs_events, input) {
        let message =
            format!("`{}` needs events, but its input has only the columns {}", stage.kind.name(), columns.join(", "));
        return Err(
            Diagnostic::at(stage.span, message).hint("only having, sort and limit may follow count, top and timeline")
        );
    }
    Ok(match &stage.kind {
        StageKind::Count(by) => Stage::Count(all_shown(by, env)?),
        StageKind::Top(most, by) => Stage::Top(most.unwrap_or(10), all_shown(by, env)?),
        StageKind::Timeline(bucket, by) => {
            if let Some(time) =
                by.iter().find(|name| fields::find(&name.text()).is_some_and(|field| field.name == "time"))
            {
                return Err(
                    Diagnostic::at(time.span, "a timeline is already grouped by time").hint("write timeline 1h")
                );
            }
            Stage::Timeline(bucket_of(stage, bucket.as_ref(), period, env)?, all_shown(by, env)?)
        }
        StageKind::Fields(names) => Stage::Fields(all_shown(names, env)?),
        StageKind::Limit(most) => Stage::Limit(*most),
        StageKind::Having(conditions) => having(stage, conditions, input)?,
        StageKind::Sort(keys) => {
            let keys = keys.iter().map(|(name, descending)| Ok((sort_key(name, input, env)?, *descending)));
            Stage::Sort(keys.collect::<Result<_, Diagnostic>>()?)
        }
    })
}

fn all_shown(names: &[Name], env: &dyn Environment) -> Result<Vec<OutputColumn>, Diagnostic> {
    let mut all = Vec::with_capacity(names.len());
    for name in names {
        let shown = shown(name, env)?;
        if all.contains(&shown) {
            return Err(Diagnostic::at(name.span, format!("duplicate column {}", name.text())));
        }
        all.push(shown);
    }
    Ok(all)
}

fn shown(name: &Name, env: &dyn Environment) -> Result<OutputColumn, Diagnostic> {
    match find_name(name, env)? {
        Named::Path(path) => Ok(OutputColumn::Path(path)),
        Named::Field(field) if field.place == Place::Record => {
            Err(Diagnostic::at(name.span, "text is only for filters: it has no value to show")
                .hint("--format records shows whole records"))
        }
        Named::Field(field) => Ok(OutputColumn::Field(field)),
        Named::Person => {
            Err(Diagnostic::at(name.span, "person is only for filters: on-behalf-of and session-name are shown"))
        }
        Named::Finding => Err(Diagnostic::at(name.span, "finding is only for filters: it has no value to show")),
        Named::Chain => Err(Diagnostic::at(name.span, "chain is only for filters: it has no value to show")
            .hint("`key` and `issued-key` show the keys of an event")),
        Named::Since | Named::Until | Named::Last => {
            Err(Diagnostic::at(name.span, format!("{} is only for filters", name.text())).hint("did you mean `time`?"))
        }
    }
}

/// Conditions on the number of events of a row.
fn having(stage: &ast::Stage, conditions: &[(Name, Operator, u64)], input: &Input) -> Result<Stage, Diagnostic> {
    if matches!(input, Input::Events) {
        return Err(Diagnostic::at(stage.span, "`having` follows count, top and timeline only")
            .hint("terms on events come before the first |"));
    }
    let condition = |(name, operator, number): &(Name, Operator, u64)| match fields::fold(&name.text()).as_str() {
        "events" | "count" => Ok((*operator, *number)),
        _ => Err(Diagnostic::at(name.span, format!("`having` compares events only, not `{}`", name.text()))
            .hint("write having events>20; terms on other fields come before the first |")),
    };
    conditions.iter().map(condition).collect::<Result<_, _>>().map(Stage::Having)
}

fn sort_key(name: &Name, input: &Input, env: &dyn Environment) -> Result<SortKey, Diagnostic> {
    let Input::Table(columns) = input else { return shown(name, env).map(SortKey::Output) };
    let text = name.text();
    let folded = fields::fold(&text);
    let field_column = fields::find(&text).map(|field| OutputColumn::Field(field).group_column());
    let matches = |column: &&String| {
        fields::fold(column) == folded
            || Some(*column) == field_column.as_ref()
            || (column.as_str() == "events" && folded == "count")
    };
    if let Some(column) = columns.iter().find(matches) {
        return Ok(SortKey::Column(column.clone()));
    }
    if let Ok(Named::Path(path)) = find_name(name, env)
        && columns.contains(&path)
    {
        return Ok(SortKey::Column(path));
    }
    let diagnostic = Diagnostic::at(name.span, format!("unknown column `{text}`"))
        .note(format!("the columns are {}", columns.join(", ")));
    Err(did_you_mean(diagnostic, &text, columns.iter().map(String::as_str)))
}

/// Seconds of a timeline's bucket.
fn bucket_of(
    stage: &ast::Stage,
    bucket: Option<&Value>,
    period: &Period,
    env: &dyn Environment,
) -> Result<i64, Diagnostic> {
    if let Some(value) = bucket {
        return time::duration(&value.text()).ok_or_else(|| {
            let mistake = Diagnostic::at(value.span, time::invalid_duration(&value.text()));
            let (hint, instead) = time::length_mistake(&value.text(), "timeline ");
            Diagnostic { instead, ..mistake.hint(hint) }
        });
    }
    let Period::Known(interval) = period else {
        let message = "the length of a bucket depends on the newest event, which is not known here";
        return Err(Diagnostic::at(stage.span, message).hint("write the length: timeline 1h"));
    };
    let interval = interval.unwrap_or_default();
    let end = interval.to.or_else(|| env.newest_event());
    let Some((from, to)) = interval.from.zip(end) else { return Ok(86_400) };
    let span = (to - from).max(0);
    Ok(BUCKETS.into_iter().find(|bucket| span / bucket <= MAX_BUCKETS).unwrap_or(604_800))
}
