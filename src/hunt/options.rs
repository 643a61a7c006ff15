//! The options of a hunt.

use std::rc::Rc;

use crate::hunt::decisions::Decisions;
use crate::level::Level;
use crate::store::{Case, HuntFinding};
use crate::subject::VerdictKind;

/// The options of a hunt.
#[derive(Clone)]
pub struct HuntOptions {
    /// A filter of the lookup language that every event meets; empty for all events.
    pub filter: String,
    /// The first second of the period, in Unix seconds.
    pub since: Option<i64>,
    /// The last second of the period, in Unix seconds.
    pub until: Option<i64>,
    /// The lowest level that is examined; events of lower ones are counted.
    pub min_level: Level,
    /// The work that values are compared with, to tell new ones.
    pub baseline: Baseline,
    /// The findings of an earlier run, which are left out if their counts are the same.
    pub known: Option<Vec<HuntFinding>>,
    /// The decisions of the investigator.
    pub decisions: Decisions,
    /// The findings whose events are returned.
    pub events_of: EventsOf,
}

/// The findings whose events are returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EventsOf {
    /// None.
    #[default]
    None,
    /// Those with the verdict `true`.
    Confirmed,
    /// All.
    All,
}

impl Default for HuntOptions {
    fn default() -> HuntOptions {
        HuntOptions {
            filter: String::new(),
            since: None,
            until: None,
            min_level: Level::Medium,
            baseline: Baseline::Case,
            known: None,
            decisions: Decisions::default(),
            events_of: EventsOf::None,
        }
    }
}

impl EventsOf {
    /// Reports whether the events of a finding with this verdict are returned.
    pub(crate) fn includes(self, verdict: Option<VerdictKind>) -> bool {
        match self {
            EventsOf::None => false,
            EventsOf::Confirmed => verdict == Some(VerdictKind::True),
            EventsOf::All => true,
        }
    }
}

/// The work that values are compared with, to tell new ones.
#[derive(Clone, Default)]
pub enum Baseline {
    /// The earlier work of the same principal in the case.
    #[default]
    Case,
    /// The work of the same principal up to this second.
    Until(i64),
    /// The work of the same principal in another case.
    Other(Rc<Case>),
}
