//! Intervals of time.

/// A span of time in Unix seconds, both ends inclusive; an open end is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Interval {
    /// The first second.
    pub from: Option<i64>,
    /// The last second.
    pub to: Option<i64>,
}

impl Interval {
    /// Returns the part that both share. If they share none, its end is before its beginning.
    pub(crate) fn and(self, other: Interval) -> Interval {
        let pick = |a: Option<i64>, b: Option<i64>, wider: fn(i64, i64) -> i64| match (a, b) {
            (Some(a), Some(b)) => Some(wider(a, b)),
            (a, b) => a.or(b),
        };
        Interval { from: pick(self.from, other.from, i64::max), to: pick(self.to, other.to, i64::min) }
    }
}
