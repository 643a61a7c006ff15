//! What an import makes of a record: an event, who acted, and what was acted on. Imports nothing of trailq.

use std::sync::Arc;

use compact_str::CompactString;

/// A short text; up to 24 bytes are kept without an allocation.
pub type Text = CompactString;

/// How an action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was done.
    Ok,
    /// It was refused for lack of permission.
    Denied,
    /// It failed for another reason; a failed sign-in too.
    Error,
}

impl Outcome {
    /// Every outcome, as written in the column `outcome`.
    pub const NAMES: [&'static str; 3] = ["ok", "denied", "error"];

    /// The outcome as the column `outcome` has it.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Denied => "denied",
            Outcome::Error => "error",
        }
    }
}

/// A distinct record, with the fields that lookups ask for. Absent is `None`. Field names are the record's own in
/// snake case; `../migrations/0001_case.sql` says what each means.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "named as the record's fields, described in the schema")]
pub struct Event {
    /// Unix seconds.
    pub time: Option<i64>,
    pub event_id: Text,
    pub event_source: Option<Text>,
    pub event_name: Option<Text>,
    pub aws_region: Option<Text>,
    pub source_ip_address: Option<Text>,
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
    pub shared_event_id: Option<Text>,
    pub vpc_endpoint_id: Option<Text>,
    pub invoked_by: Option<Text>,
    pub mfa_authenticated: Option<bool>,
    /// UTC, `YYYY-MM-DDTHH:MM:SSZ`.
    pub session_created: Option<Text>,
    pub from_console: bool,
    pub source_identity: Option<Text>,
    pub issued_access_key_id: Option<Text>,
    pub bytes_in: Option<i64>,
    pub bytes_out: Option<i64>,
    pub user_agent: Option<Arc<str>>,
    pub error_message: Option<Arc<str>>,
    /// Who acted; `None` where the record has no `userIdentity`, as Insight records.
    pub identity: Option<Arc<Identity>>,
    /// What was acted on, without duplicates.
    pub resources: Vec<ResourceUse>,
}

/// Who acted: a distinct principal, not a credential.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs, reason = "named as the schema's columns and described there")]
pub struct Identity {
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
    /// Only where there is no ARN.
    pub invoked_by: Option<Text>,
}

/// What was acted on, in one of its spellings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Resource {
    /// Event history's type, such as `AWS::EC2::Instance`; `None` where unknown.
    pub kind: Option<Text>,
    /// As the record spells it, or the name inside the ARN.
    pub name: Text,
    /// The whole ARN, where the record spells it so.
    pub arn: Option<Text>,
    /// The ARN's account, else the event's.
    pub account_id: Option<Text>,
    /// The ARN's Region, else the event's; `None` for a global service.
    pub aws_region: Option<Text>,
}

/// A resource as one event names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceUse {
    /// The resource.
    pub resource: Arc<Resource>,
    /// True if Event history would list it for this event.
    pub listed: bool,
}
