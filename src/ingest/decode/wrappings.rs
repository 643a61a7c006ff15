//! JSON around records, by its keys. A new wrapping is a line here.

/// Lists that hold records: the key of the list, and the name of the format.
pub(crate) const LISTS: &[(&str, &str)] = &[
    ("Records", "records"),
    ("records", "records"),
    ("Events", "lookup-events"),
    ("events", "cloudwatch-logs"),
    ("logEvents", "cloudwatch-logs"),
];

/// Values that hold one record, as an object or as its text: the key of the value, and the name of the format.
pub(crate) const VALUES: &[(&str, &str)] =
    &[("detail", "eventbridge"), ("message", "cloudwatch-logs"), ("CloudTrailEvent", "lookup-events")];

/// Keys that only records begin with.
pub(crate) const RECORD_KEYS: &[&str] =
    &["eventVersion", "eventID", "eventName", "eventTime", "userIdentity", "eventSource"];
