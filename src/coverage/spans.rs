//! Runs of hours with one state, made by a sweep over the intervals in which facts hold. The work depends on the number
//! of facts and not on the length of the period.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::coverage::categories::Category;
use crate::number;

/// The state of an hour of an account, Region and category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// The case has events.
    Events,
    /// The digests of a trail cover the hour and the delivery margin after it, and list no file with such an event.
    NoneDelivered,
    /// A file that may hold such events is not in the case or could not be read.
    FilesMissing,
    /// Every known trail is stopped or deleted, and nothing was delivered.
    Off,
    /// Every known trail selects other categories only.
    NotRecorded,
    /// Nothing tells.
    Unknown,
}

impl State {
    /// Returns the name, as answers spell it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            State::Events => "events",
            State::NoneDelivered => "none delivered",
            State::FilesMissing => "files missing",
            State::Off => "off",
            State::NotRecorded => "not recorded",
            State::Unknown => "unknown",
        }
    }
}

/// Consecutive hours of an account, Region and category with one state and reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HourSpan {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) category: Category,
    /// The first hour, in hours since 1970.
    pub(crate) from: i64,
    /// The hour after the last one.
    pub(crate) to: i64,
    pub(crate) state: State,
    pub(crate) events: u64,
    /// The number of files that may hold more events of these hours.
    pub(crate) missing_files: u64,
    /// The reason of the state; `None` if there is nothing to say.
    pub(crate) why: Option<String>,
}

/// A fact that holds in an interval of hours. A text is the reason of the state that the fact leads to.
#[derive(Debug, Clone)]
pub(crate) enum HourFact {
    Events(u64),
    Missing,
    Unread,
    Altered,
    LeftOut,
    NoneDelivered(Rc<str>),
    Off(Rc<str>),
    NotRecorded(Rc<str>),
    /// The reason why the state is unknown.
    Doubt(Rc<str>),
}

/// An interval of hours and what holds in it.
#[derive(Debug, Clone)]
pub(crate) struct Interval {
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) fact: HourFact,
}

/// The reason of an hour that no fact is about.
pub(crate) const NOTHING_KNOWN: &str = "no digest and no call on a trail tells";
/// The reason of an hour for which the case has another content of a listed file.
pub(crate) const ALTERED: &str = "a file differs from what its digest lists: `trailq validate`";

/// The reason of an hour of which an import left files out.
pub(crate) const LEFT_OUT: &str = "files were left out by limits of the import";

/// Runs of hours in `range` by the facts that hold in them.
pub(crate) fn sweep(range: (i64, i64), intervals: &[Interval]) -> Vec<Run> {
    let mut edges: Vec<(i64, bool, usize)> = Vec::with_capacity(2 * intervals.len() + 2);
    for (index, interval) in intervals.iter().enumerate() {
        let (from, to) = (interval.from.max(range.0), interval.to.min(range.1));
        if from < to {
            edges.push((from, true, index));
            edges.push((to, false, index));
        }
    }
    edges.sort_unstable();
    let mut active = Active::default();
    let mut runs: Vec<Run> = Vec::new();
    let (mut at, mut next) = (range.0, 0);
    while at < range.1 {
        let (mut begun_files, mut begun_events) = (0, 0);
        while let Some((hour, begins, index)) = edges.get(next).copied()
            && hour <= at
        {
            if let Some(interval) = intervals.get(index) {
                let fact = &interval.fact;
                active.change(fact, begins);
                begun_files += u64::from(begins && matches!(fact, HourFact::Missing | HourFact::Unread));
                begun_events += if let (HourFact::Events(events), true) = (fact, begins) { *events } else { 0 };
            }
            next += 1;
        }
        let until = edges.get(next).map_or(range.1, |edge| edge.0);
        let (state, why) = active.state();
        match runs.last_mut().filter(|run| run.state == state && run.why.as_deref() == why) {
            Some(run) => {
                run.to = until;
                run.missing_files += begun_files;
                run.events += begun_events;
            }
            None => {
                let missing_files = active.missing + active.unread;
                let why = why.map(str::to_owned);
                runs.push(Run { from: at, to: until, state, events: active.events, missing_files, why });
            }
        }
        at = until;
    }
    runs
}

/// Consecutive hours with one state and reason.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) state: State,
    pub(crate) events: u64,
    pub(crate) missing_files: u64,
    pub(crate) why: Option<String>,
}

impl Run {
    /// Returns the reason, with the number of files where that is the reason.
    pub(crate) fn reason(&self) -> Option<String> {
        let files = number::counted(self.missing_files, "file");
        match (&self.why, self.state) {
            (Some(why), State::FilesMissing) => Some(format!("{files} {why}")),
            (why, _) => why.clone(),
        }
    }
}

/// The facts that hold in an hour.
#[derive(Default)]
struct Active {
    events: u64,
    missing: u64,
    unread: u64,
    altered: u64,
    left_out: u64,
    none_delivered: BTreeMap<Rc<str>, u32>,
    off: BTreeMap<Rc<str>, u32>,
    not_recorded: BTreeMap<Rc<str>, u32>,
    doubts: BTreeMap<Rc<str>, u32>,
}

impl Active {
    fn change(&mut self, fact: &HourFact, begins: bool) {
        let number = |number: &mut u64, by: u64| {
            *number = if begins { number.saturating_add(by) } else { number.saturating_sub(by) };
        };
        let reason = |reasons: &mut BTreeMap<Rc<str>, u32>, why: &Rc<str>| {
            let times = reasons.entry(Rc::clone(why)).or_default();
            *times = if begins { *times + 1 } else { times.saturating_sub(1) };
            if *times == 0 {
                reasons.remove(why);
            }
        };
        match fact {
            HourFact::Events(events) => number(&mut self.events, *events),
            HourFact::Missing => number(&mut self.missing, 1),
            HourFact::Unread => number(&mut self.unread, 1),
            HourFact::Altered => number(&mut self.altered, 1),
            HourFact::LeftOut => number(&mut self.left_out, 1),
            HourFact::NoneDelivered(why) => reason(&mut self.none_delivered, why),
            HourFact::Off(why) => reason(&mut self.off, why),
            HourFact::NotRecorded(why) => reason(&mut self.not_recorded, why),
            HourFact::Doubt(why) => reason(&mut self.doubts, why),
        }
    }

    /// Returns the state and its reason; several reasons of one kind are as good as the first.
    fn state(&self) -> (State, Option<&str>) {
        match (self.missing, self.unread) {
            (0, 0) => {}
            (_, 0) => return (State::FilesMissing, Some("that a digest lists: not in the case")),
            (0, _) => return (State::FilesMissing, Some("that could not be read")),
            _ => return (State::FilesMissing, Some("listed by a digest and not in the case, or not readable")),
        }
        let none_delivered = first(&self.none_delivered);
        if self.altered > 0 {
            let state = if self.events > 0 { State::Events } else { State::Unknown };
            return (state, Some(ALTERED));
        }
        if self.left_out > 0 {
            let state = if self.events > 0 { State::Events } else { State::Unknown };
            return (state, Some(LEFT_OUT));
        }
        if self.events > 0 {
            return (State::Events, none_delivered);
        }
        let decided = none_delivered.map(|why| (State::NoneDelivered, Some(why)));
        let decided = decided.or_else(|| first(&self.off).map(|why| (State::Off, Some(why))));
        let decided = decided.or_else(|| first(&self.not_recorded).map(|why| (State::NotRecorded, Some(why))));
        decided.unwrap_or_else(|| (State::Unknown, Some(first(&self.doubts).unwrap_or(NOTHING_KNOWN))))
    }
}

fn first(reasons: &BTreeMap<Rc<str>, u32>) -> Option<&str> {
    reasons.keys().next().map(AsRef::as_ref)
}
