//! Hours, and the time that deliveries take.

/// Seconds of an hour.
pub(crate) const HOUR: i64 = 3_600;

/// The time after an event in which CloudTrail may deliver it, as coverage counts it. AWS names an average of about 5
/// minutes, without a guarantee; 2 hours leave room for a backlog. An outage may take longer.
pub(crate) const DELIVERY_MARGIN: i64 = 2 * HOUR;

/// Returns the hours, the last one excluded, that seconds are in, both ends included.
pub(crate) fn hours_of(from: i64, to: i64) -> (i64, i64) {
    (from.div_euclid(HOUR), to.max(from).div_euclid(HOUR) + 1)
}

/// Returns the hours that are wholly in a half-open period of seconds.
pub(crate) fn whole_hours((from, to): (i64, i64)) -> (i64, i64) {
    ((from + HOUR - 1).div_euclid(HOUR), to.div_euclid(HOUR))
}
