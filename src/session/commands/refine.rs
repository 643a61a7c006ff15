//! Moves from a lookup to the next: narrower, or over another time.

use crate::diagnostic::Diagnostic;
use crate::query;
use crate::query::{Interval, edit};
use crate::session::commands::command::Arguments;
use crate::session::commands::command::Command;
use crate::session::commands::command::Completes;
use crate::session::commands::pivot::span;
use crate::session::result_set::ResultKind;
use crate::session::timeline::fill;
use crate::session::{Answer, Session, SessionError};
use crate::store::Case;

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[
    Command {
        arguments: "TERM...",
        examples: &[".filter outcome=denied", ".filter | top 10 user"],
        completes: Completes::Lookup,
        ..Command::new(".filter", "narrow the last lookup, or give it other stages", run_filter)
    },
    Command {
        arguments: "in [N]|out",
        examples: &[".zoom in 7"],
        completes: Completes::Words(&["in", "out"]),
        ..Command::new(".zoom", "show one span of the last timeline, or more around it", run_zoom)
    },
    Command::new(".back", "return to the lookup before", run_back),
];

fn run_filter(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    if arguments.rest.is_empty() {
        return Err(arguments.missing());
    }
    session.narrow(arguments)
}

fn run_zoom(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    match arguments.texts().as_slice() {
        ["in"] => session.zoom_in(arguments.line, None),
        ["in", _] => {
            let row = usize::try_from(arguments.row(1)?).unwrap_or(usize::MAX);
            session.zoom_in(arguments.line, Some(row))
        }
        ["out"] => session.zoom_out(arguments.line),
        _ => Err(arguments.missing()),
    }
}

fn run_back(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(0)?;
    session.go_back(arguments.line)
}

/// The factor by which `.zoom out` makes a period longer.
const WIDER: i64 = 4;

impl Session {
    /// `.filter TERM`: the last lookup with more terms, or with other stages.
    pub(crate) fn narrow(&mut self, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
        let last = query::parse(&self.last_lookup()?).map_err(Box::new)?;
        let start = arguments.rest_start();
        let typed = arguments.rest;
        let by = query::parse(typed)
            .map_err(|mistake| arguments.within(start, SessionError::from(mistake).in_source(typed)))?;
        let text = edit::narrowed(&last, &by);
        self.follow(arguments.line, &text).map_err(|error| {
            // A mistake is reported in the line that was typed.
            let own =
                self.engine().and_then(|engine| Ok(engine.prepare_filled(&self.substituted(typed)?).map(drop)?));
            match own {
                Err(own) if matches!(error, SessionError::Mistake(_)) => arguments.within(start, own),
                _ => error,
            }
        })
    }

    /// `.zoom in [N]`: the timeline of one span of the last one, the fullest if none is named.
    pub(crate) fn zoom_in(&mut self, command: &str, row: Option<usize>) -> Result<Answer, SessionError> {
        let last = self.last()?;
        let ResultKind::Timeline { bucket, interval } = last.kind else {
            return self.as_timeline(command, row);
        };
        let (spans, _) = fill(last.rows()?, bucket, interval);
        let fullest = || spans.iter().enumerate().max_by_key(|(at, (_, events))| (*events, std::cmp::Reverse(*at)));
        let chosen = match row {
            Some(row) => row.checked_sub(1).and_then(|at| spans.get(at)),
            None => fullest().map(|(_, span)| span),
        };
        let Some(start) = chosen.and_then(|(time, _)| crate::time::parse(time)) else {
            return Err(match row {
                Some(row) => Diagnostic::new(format!("there is no row {row}: the timeline has {}", spans.len())),
                None => Diagnostic::new("the timeline is empty"),
            }
            .into());
        };
        if bucket == 1 {
            return Err(Diagnostic::new("a second is the shortest span").into());
        }
        self.over(command, Some((start, start + bucket - 1)))
    }

    /// `.zoom out`: the timeline of a longer period around the last one.
    pub(crate) fn zoom_out(&mut self, command: &str) -> Result<Answer, SessionError> {
        let case = self.case()?;
        let prepared = self.engine()?.prepare_filled(&self.last_lookup()?)?;
        let Interval { from, to } = prepared.lookup.interval().unwrap_or_default();
        let (oldest, newest) = ends(&case)?;
        let (first, last) = (from.unwrap_or(oldest), to.unwrap_or(newest));
        let wider = (last - first + 1) * (WIDER - 1) / 2;
        let (first, last) = (first - wider, last + wider);
        let whole = (from.is_none() && to.is_none()) || (first <= oldest && last >= newest);
        self.over(command, (!whole).then_some((first, last)))
    }

    /// The last lookup as a timeline.
    fn as_timeline(&mut self, command: &str, row: Option<usize>) -> Result<Answer, SessionError> {
        let tree = query::parse(&self.last_lookup()?).map_err(Box::new)?;
        if row.is_some() {
            return Err(Diagnostic::new("the last answer is not a timeline").hint("`.zoom in` makes one").into());
        }
        let text = edit::joined([edit::side_by_side(&tree).as_str(), "| timeline"]);
        self.engine()?.prepare_filled(&text)?;
        self.follow(command, &text)
    }

    /// The timeline of the last lookup over another period; over all times without one.
    fn over(&mut self, command: &str, period: Option<(i64, i64)>) -> Result<Answer, SessionError> {
        let tree = query::parse(&self.last_lookup()?).map_err(Box::new)?;
        let filter = edit::without_time(&tree);
        let period = period.map(|(from, to)| span(from, to)).unwrap_or_default();
        let text = edit::joined([filter.as_str(), &period, "| timeline"]);
        self.follow(command, &text)
    }
}

/// Returns the times of the oldest and the newest event; 0 if no event has a time.
fn ends(case: &Case) -> Result<(i64, i64), SessionError> {
    Ok(case.time_range()?.unwrap_or_default())
}
