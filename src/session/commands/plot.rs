//! `.plot FILE.svg`: the last timeline or count as a picture.

use crate::session::commands::command::Arguments;
use crate::session::commands::command::Command;
use crate::session::commands::command::Completes;
use std::io::Write as _;

use crate::diagnostic::Diagnostic;
use crate::number;
use crate::render::plot::{MAX_BARS, Plot, svg};
use crate::rows::Value;
use crate::rows::text;
use crate::session::commands::output_files::Named;
use crate::session::result_set::{ResultKind, ResultOrigin};
use crate::session::result_view::fill;
use crate::session::{Answer, Session, SessionError};

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[Command {
    arguments: "[--force] FILE.svg",
    examples: &[".plot denied.svg"],
    completes: Completes::Outputs,
    ..Command::new(".plot", "write the last timeline or count as a picture", run_plot)
}];

fn run_plot(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    session.plot(&Named::required(arguments)?)
}

/// The label of a missing value.
const NONE: &str = "(none)";

impl Session {
    /// Writes the picture.
    pub(crate) fn plot(&mut self, named: &Named<'_>) -> Result<Answer, SessionError> {
        named.check_picture()?;
        let mut file = named.create(self, "svg")?;
        let last = self.last()?;
        let held = last.rows()?;
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
            return Err(Diagnostic::new("the last answer is neither a timeline nor a count")
                .hint("ask for one first: outcome=denied | timeline 1h")
                .into());
        }
        let (ResultOrigin::Lookup(title) | ResultOrigin::Sql(title)) = &last.origin;
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        let picture = svg(plot, &title, &bars)
            .map_err(|error| Diagnostic::new(format!("the picture could not be drawn: {error}")))?;
        file.write_all(picture.as_bytes())?;
        file.commit().map_err(|refused| named.refused(refused, "svg"))?;
        let drawn = if plot == Plot::Count { bars.len().min(MAX_BARS) } else { bars.len() };
        let of = if drawn < bars.len() { format!(" of {}", number::count(bars.len() as u64)) } else { String::new() };
        self.status(&format!("{}{of} drawn in {}", number::counted(drawn as u64, "bar"), named.path().display()));
        Ok(Answer::default())
    }
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
