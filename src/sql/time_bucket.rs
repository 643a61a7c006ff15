//! The buckets of a timeline, as an expression that all engines have in common.

/// Seconds of a week.
const WEEK: i64 = 604_800;
/// The first Monday after the epoch, which was a Thursday: weeks begin on Monday.
const MONDAY: i64 = 345_600;

/// Returns the first second of the bucket of `bucket` seconds that a time is in, also for times before 1970.
pub(crate) fn start_of(time: &str, bucket: i64) -> String {
    // `%` has the sign of the dividend in these engines, so the remainder is made positive.
    if bucket % WEEK != 0 {
        return format!("({time} - (({time} % {bucket}) + {bucket}) % {bucket})");
    }
    format!("({time} - (((({time} - {MONDAY}) % {bucket}) + {bucket}) % {bucket}))")
}
