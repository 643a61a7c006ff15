//! `.plot FILE.svg`: the last timeline, count or coverage as a picture.

use crate::session::commands::command::Arguments;
use crate::session::commands::command::Command;
use crate::session::commands::command::Completes;
use std::io::Write as _;

use crate::diagnostic::Diagnostic;
use crate::number;
use crate::render::plot::{Lane, MAX_BARS, Plot, svg, svg_of_spans};
use crate::rows::{CapturedRows, Value, text};
use crate::session::commands::output_files::Named;
use crate::session::result_set::{ResultKind, ResultOrigin};
use crate::session::timeline::fill;
use crate::session::{Answer, Session, SessionError};
use crate::time;

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[Command {
    arguments: "[--force] FILE.svg",
    examples: &[".plot denied.svg"],
    completes: Completes::Outputs,
    ..Command::new(".plot", "write the last timeline, count or coverage as a picture", run_plot)
}];

fn run_plot(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    session.plot(&Named::required(arguments)?)
}

/// The title of a picture of spans.
const SPANS_TITLE: &str = "coverage by hour (UTC)";
/// The label of a missing value.
const NONE: &str = "(none)";

impl Session {
    /// Writes the picture.
    pub(crate) fn plot(&mut self, named: &Named<'_>) -> Result<Answer, SessionError> {
        named.check_picture()?;
        let mut file = named.create(self, "svg")?;
        let last = self.last()?;
        let held = last.rows()?;
        if last.kind == ResultKind::Rows
            && let Some(lanes) = lanes(held)
        {
            let picture = svg_of_spans(SPANS_TITLE, &lanes).map_err(undrawn)?;
            file.write_all(picture.as_bytes())?;
            file.commit().map_err(|refused| named.refused(refused, "svg"))?;
            let drawn = number::counted(lanes.len().min(MAX_BARS) as u64, "row");
            let of = if lanes.len() > MAX_BARS {
                format!(" of {}", number::count(lanes.len() as u64))
            } else {
                String::new()
            };
            self.status(&format!("{drawn}{of} drawn in {}", named.path().display()));
            return Ok(Answer::default());
        }
        let (plot, bars) = match last.kind {
            ResultKind::Timeline { bucket, interval } => {
                let (spans, _) = fill(held, bucket, interval);
                (Plot::Timeline, spans.into_iter().map(|(time, events)| (time, count(events))).collect())
            }
            _ => (Plot::Count, counted(&held.rows)),
        };
        if bars.is_empty()
            || (last.kind == ResultKind::Rows && held.columns.len() < 2)
            || matches!(last.kind, ResultKind::List { .. })
        {
            return Err(Diagnostic::new("the last answer is neither a timeline, a count nor a coverage")
                .hint("ask for one first: outcome=denied | timeline 1h")
                .hint("or .run coverage")
                .into());
        }
        let (ResultOrigin::Lookup(title) | ResultOrigin::Sql(title)) = &last.origin;
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        let picture = svg(plot, &title, &bars).map_err(undrawn)?;
        file.write_all(picture.as_bytes())?;
        file.commit().map_err(|refused| named.refused(refused, "svg"))?;
        let drawn = if plot == Plot::Count { bars.len().min(MAX_BARS) } else { bars.len() };
        let of = if drawn < bars.len() { format!(" of {}", number::count(bars.len() as u64)) } else { String::new() };
        self.status(&format!("{}{of} drawn in {}", number::counted(drawn as u64, "bar"), named.path().display()));
        Ok(Answer::default())
    }
}

fn undrawn(error: String) -> Diagnostic {
    Diagnostic::new(format!("the picture could not be drawn: {error}"))
}

/// Rows that have a span of time and a state, by the columns before the span; `None` if the rows are others.
fn lanes(held: &CapturedRows) -> Option<Vec<Lane>> {
    let column = |name: &str| held.columns.iter().position(|column| column == name);
    let (from, to, state) = (column("from_time")?, column("to_time")?, column("state")?);
    let mut lanes: Vec<Lane> = Vec::new();
    for row in &held.rows {
        let at = |index: usize| time::parse(&text(row.get(index)));
        let (Some(begin), Some(end)) = (at(from), at(to)) else { continue };
        let labels = row.iter().take(from).filter(|value| **value != Value::Null).map(|value| text(Some(value)));
        let label = labels.collect::<Vec<_>>().join(" ");
        let span = (begin, end, text(row.get(state)));
        match lanes.iter_mut().rev().find(|lane| lane.label == label) {
            Some(lane) => lane.spans.push(span),
            None => lanes.push(Lane { label, spans: vec![span] }),
        }
    }
    (!lanes.is_empty()).then_some(lanes)
}

/// Rows that end in a number, with the columns before it as their label.
fn counted(rows: &[Vec<Value>]) -> Vec<(String, u64)> {
    let label = |value: &Value| if *value == Value::Null { NONE.to_owned() } else { text(Some(value)) };
    rows.iter()
        .filter_map(|row| match row.split_last() {
            Some((Value::Integer(events), labels)) => {
                let labels: Vec<String> = labels.iter().map(label).collect();
                Some((if labels.is_empty() { "all".to_owned() } else { labels.join(", ") }, count(*events)))
            }
            _ => None,
        })
        .collect()
}

fn count(events: i64) -> u64 {
    u64::try_from(events).unwrap_or(0)
}
