//! The entries of an answer, and the sinks that take them.

use std::io;

/// The keys of an answer, of an entry and of a resource, in AWS's order.
pub(super) const KEYS: [&str; 13] = [
    "Events",
    "NextToken",
    "EventId",
    "EventName",
    "ReadOnly",
    "AccessKeyId",
    "EventTime",
    "EventSource",
    "Username",
    "Resources",
    "CloudTrailEvent",
    "ResourceType",
    "ResourceName",
];

/// Receives the entries of an answer.
pub(super) trait EntrySink {
    /// Takes one entry.
    fn entry(&mut self, entry: &Entry<'_>) -> io::Result<()>;
}

/// One event as the API returns it.
pub(super) struct Entry<'c> {
    pub(super) id: Option<&'c str>,
    pub(super) name: Option<&'c str>,
    pub(super) read_only: Option<&'c str>,
    pub(super) access_key_id: Option<&'c str>,
    /// Unix seconds.
    pub(super) time: Option<i64>,
    pub(super) source: Option<&'c str>,
    pub(super) user_name: Option<&'c str>,
    /// Types and spellings.
    pub(super) resources: Vec<(Option<String>, String)>,
    /// The record as JSON on one line.
    pub(super) record: String,
}
