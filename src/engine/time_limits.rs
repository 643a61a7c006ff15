//! Time limits of explanations.

use std::time::Duration;

use crate::sql::CountSource;
use crate::store::Case;

/// Cases with fewer events are scanned quickly on any machine.
const SMALL_CASE: u64 = 50_000;
/// The time limit for quick work on a slow machine.
pub(crate) const SOON: Duration = Duration::from_secs(5);

/// Time limits of an explanation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeLimits {
    /// For matching one term.
    pub(crate) term: Duration,
    /// For finding the term that removed the last events.
    pub(crate) blame: Duration,
    /// For finding near values.
    pub(crate) hints: Duration,
    /// For reading the values of one field.
    pub(crate) walk: Duration,
}

impl TimeLimits {
    pub(crate) fn for_case(case: &Case) -> TimeLimits {
        if CountSource::events(case) < SMALL_CASE {
            return TimeLimits { term: SOON, blame: SOON, hints: SOON, walk: SOON };
        }
        let of = Duration::from_millis;
        TimeLimits { term: of(100), blame: of(300), hints: of(150), walk: of(25) }
    }
}
