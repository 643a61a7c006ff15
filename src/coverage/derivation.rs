//! The derivation of coverage from facts.

use crate::coverage::facts::Facts;
use crate::coverage::spans::HourSpan;
use crate::coverage::trails::Trails;
use crate::coverage::visibility::VisibleKind;
use crate::coverage::{place, visibility};

/// Everything that the facts of a case say about its coverage.
#[derive(Debug, Clone, Default)]
pub(crate) struct Coverage {
    /// Runs of hours, by account, Region, category and time.
    pub(crate) spans: Vec<HourSpan>,
    /// The kinds of events, by account, Region, category and time.
    pub(crate) kinds: Vec<VisibleKind>,
}

impl Coverage {
    /// Derives the coverage of a case. `period`: the first and the last second that is asked about.
    pub(crate) fn of(facts: &Facts, period: (Option<i64>, Option<i64>)) -> Coverage {
        let trails = Trails::of(facts);
        Coverage { spans: place::spans(facts, &trails, period), kinds: visibility::kinds(facts, &trails) }
    }
}
