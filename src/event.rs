//! The event that an import derives from a record, its identity and its resources. Imports only the catalogue of fields.

use std::sync::Arc;

use compact_str::CompactString;

use crate::fields::PLAIN_COUNT;

/// The version of the rules by which an import makes an event from a record. It is raised whenever a record gives another
/// event than before; `trailq reindex` then brings older cases up to date.
pub(crate) const RULES_VERSION: i64 = 1;

/// The origin of the ids of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EventIds {
    /// The eventID of the record, and the content of a record without one.
    #[default]
    Event,
    /// The content of the record.
    Content,
}

impl EventIds {
    /// Returns the name in options and reports.
    pub fn name(self) -> &'static str {
        match self {
            EventIds::Event => "event",
            EventIds::Content => "content",
        }
    }
}

/// A short text; up to 24 bytes are kept without an allocation.
pub(crate) type Text = CompactString;

/// The result of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    /// It succeeded.
    Ok,
    /// It was denied for lack of permission.
    Denied,
    /// It failed for another reason; includes failed sign-ins.
    Error,
}

impl Outcome {
    /// Returns the value of the column `outcome`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Denied => "denied",
            Outcome::Error => "error",
        }
    }
}

/// The value of a column that an import copies from the record.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum PlainValue {
    /// The record has none.
    #[default]
    Absent,
    /// A text.
    Text(Text),
    /// A whole number.
    Number(i64),
    /// True or false.
    Flag(bool),
}

impl PlainValue {
    /// Returns a text or a flag as it is counted.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            PlainValue::Text(text) => Some(text),
            PlainValue::Flag(flag) => Some(if *flag { "true" } else { "false" }),
            PlainValue::Absent | PlainValue::Number(_) => None,
        }
    }
}

/// A distinct record with the fields that lookups use. Absent is `None`. Field names are the record's own in
/// snake case; `migrations/0001_case.sql` describes each.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "named as the record's fields, described in the schema")]
pub(crate) struct Event {
    /// Unix seconds.
    pub time: Option<i64>,
    /// The same in UTC, `YYYY-MM-DDTHH:MM:SSZ`.
    pub event_time: Option<Text>,
    pub event_id: Text,
    pub event_source: Option<Text>,
    pub event_name: Option<Text>,
    pub aws_region: Option<Text>,
    pub user_name: Option<Text>,
    pub access_key_id: Option<Text>,
    pub error_code: Option<Text>,
    pub outcome: Outcome,
    pub read_only: Option<bool>,
    pub management_event: Option<bool>,
    pub event_type: Option<Text>,
    pub event_category: Option<Text>,
    pub event_version: Option<Text>,
    pub recipient_account_id: Option<Text>,
    pub invoked_by: Option<Text>,
    pub mfa_authenticated: Option<bool>,
    /// UTC, `YYYY-MM-DDTHH:MM:SSZ`.
    pub session_created: Option<Text>,
    pub from_console: bool,
    pub issued_access_key_id: Option<Text>,
    /// The values of the plain columns, in the order of [`PLAIN`](crate::fields::PLAIN).
    pub plain: [PlainValue; PLAIN_COUNT],
    pub user_agent: Option<Arc<str>>,
    pub error_message: Option<Arc<str>>,
    /// The actor; `None` if the record has no `userIdentity`, as Insight records.
    pub identity: Option<Arc<Identity>>,
    /// The resources, without duplicates.
    pub resources: Vec<ResourceUse>,
}

/// An actor: a distinct principal, not a credential.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs, reason = "named as the schema's columns and described there")]
pub(crate) struct Identity {
    pub kind: Option<Text>,
    pub user_name: Option<Text>,
    pub arn: Option<Text>,
    pub account_id: Option<Text>,
    pub principal_id: Option<Text>,
    pub role_name: Option<Text>,
    pub role_arn: Option<Text>,
    pub session_name: Option<Text>,
    pub identity_provider: Option<Text>,
    pub on_behalf_of: Option<Text>,
    /// Only if there is no ARN.
    pub invoked_by: Option<Text>,
}

/// A resource in one of its spellings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Resource {
    /// Event history's type, such as `AWS::EC2::Instance`; `None` if unknown.
    pub kind: Option<Text>,
    /// The record's spelling, or the name inside the ARN.
    pub name: Text,
    /// The whole ARN, if the record has one.
    pub arn: Option<Text>,
    /// The ARN's account, else the event's.
    pub account_id: Option<Text>,
    /// The ARN's Region, else the event's; `None` for a global service.
    pub aws_region: Option<Text>,
}

/// A resource of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResourceUse {
    /// The resource.
    pub resource: Resource,
    /// True if Event history would list it for this event.
    pub listed: bool,
    /// Its side, if the event copies it.
    pub role: Option<CopyRole>,
}

/// A side of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CopyRole {
    Source,
    Target,
}
