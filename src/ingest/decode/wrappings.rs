//! JSON around records, by its keys. A new wrapping is a line here.

/// A key whose value holds records.
#[derive(Debug)]
pub(crate) struct Wrapping {
    /// The key.
    pub(crate) key: &'static str,
    /// The name of the format in the ledger.
    pub(crate) format: &'static str,
    /// True if only CloudTrail writes it: whatever looks like a record in it is one.
    pub(crate) is_own: bool,
}

/// A key that CloudTrail writes.
const fn own(key: &'static str, format: &'static str) -> Wrapping {
    Wrapping { key, format, is_own: true }
}

/// A key that any records may be under, CloudTrail's or others.
const fn any(key: &'static str, format: &'static str) -> Wrapping {
    Wrapping { key, format, is_own: false }
}

/// Lists that hold records.
static LISTS: &[Wrapping] = &[
    own("Records", "records"),
    any("records", "records"),
    any("Events", "lookup-events"),
    any("events", "cloudwatch-logs"),
    any("logEvents", "cloudwatch-logs"),
    any("results", "logs-insights"),
    own("QueryResultRows", "lake"),
    any("hits", "elastic"),
    any("Messages", "sqs"),
];

/// Objects around such a list.
pub(crate) const LIST_PARENTS: &[&str] = &["hits"];

/// Values that hold one record, or a document of them: as JSON, as text, or as text in base64 with or without gzip. Of
/// several in one object the first one of this list that holds a record counts.
static VALUES: &[Wrapping] = &[
    own("CloudTrailEvent", "lookup-events"),
    own("eventJson", "lake"),
    own("eventjson", "lake"),
    any("detail", "eventbridge"),
    any("_raw", "splunk"),
    any("result", "splunk"),
    any("event.original", "elastic"),
    any("original", "elastic"),
    any("event", "elastic"),
    any("_source", "elastic"),
    any("@message", "logs-insights"),
    any("awslogs", "cloudwatch-logs"),
    any("kinesis", "kinesis"),
    any("data", "kinesis"),
    any("Data", "kinesis"),
    any("Message", "sns"),
    any("Sns", "sns"),
    any("Body", "sqs"),
    any("body", "sqs"),
    any("message", "cloudwatch-logs"),
    any("record", "table"),
];

/// Keys that only records begin with.
pub(crate) const RECORD_KEYS: &[&str] =
    &["eventVersion", "eventID", "eventName", "eventTime", "userIdentity", "eventSource"];

/// Finds the value with this key, and its rank in the table.
pub(crate) fn value_of(key: &str) -> Option<(usize, &'static Wrapping)> {
    VALUES.iter().enumerate().find(|(_, value)| value.key == key)
}

/// Finds the list with this key.
pub(crate) fn list_of(key: &[u8]) -> Option<&'static Wrapping> {
    LISTS.iter().find(|list| list.key.as_bytes() == key)
}
