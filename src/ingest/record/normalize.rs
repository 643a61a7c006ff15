//! From a record to an event. Pure: the same record gives the same event, and nothing else is looked at.

use std::sync::Arc;

use serde_json::Value;

use crate::event::{Event, EventIds, Text};
use crate::hash::sha256;
use crate::ingest::record::lenient::Scalar;
use crate::ingest::record::plain;
use crate::ingest::record::problems::{Problems, time_text};
use crate::ingest::record::raw::RawRecord;
use crate::ingest::record::{identity, outcome, resources};

/// The event that a record tells of, and what could not be read in it. `bytes` are the record's own.
pub(crate) fn normalize(record: &RawRecord<'_>, bytes: &[u8], ids: EventIds) -> (Event, Problems) {
    let mut problems = Problems::default();
    let p = &mut problems;
    let seconds = match &record.event_time {
        Scalar::Absent => p.time("timeWindow.windowStart", &record.window.start),
        given => p.time("eventTime", given),
    };
    let event_source = p.text("eventSource", &record.event_source);
    let event_source = event_source.or_else(|| p.text("insightDetails.eventSource", &record.insight.event_source));
    let event_name = p.text("eventName", &record.event_name);
    let event_name = event_name.or_else(|| p.text("insightDetails.eventName", &record.insight.event_name));
    let recipient = p.account("recipientAccountId", &record.recipient_account_id);
    let recipient = recipient.or_else(|| p.account("accountId", &record.account_id));
    let sign_in_name = match event_source.as_deref() {
        Some("signin.amazonaws.com" | "sso.amazonaws.com") => {
            p.str("additionalEventData.UserName", &record.additional.user_name)
        }
        _ => None,
    };
    let actor = identity::normalize(record.identity.as_ref(), sign_in_name.as_deref(), p);
    let found = resources::collect(record, event_name.as_deref().unwrap_or_default());
    let error_code = p.text("errorCode", &record.error_code);
    let error_message: Option<Arc<str>> = p.str("errorMessage", &record.error_message).map(Arc::from);
    let is_sign_in = event_name.as_deref() == Some("ConsoleLogin");
    let mut event = Event {
        time: seconds,
        event_time: seconds.map(time_text),
        event_id: event_id(record, bytes, ids, p),
        event_type: p.text("eventType", &record.event_type),
        event_category: p.text("eventCategory", &record.event_category),
        event_version: p.text("eventVersion", &record.event_version),
        aws_region: p.text("awsRegion", &record.aws_region),
        user_agent: p.str("userAgent", &record.user_agent).map(Arc::from),
        read_only: p.flag("readOnly", &record.read_only),
        management_event: p.flag("managementEvent", &record.management_event),
        from_console: p.flag("sessionCredentialFromConsole", &record.from_console).unwrap_or(false),
        mfa_authenticated: match &record.additional.mfa_used {
            used if is_sign_in && used.is_present() => p.flag("additionalEventData.MFAUsed", used),
            _ => actor.mfa_authenticated(p),
        },
        session_created: actor.session_created(p),
        plain: plain::values(record.plain(), p),
        outcome: outcome::of(
            error_code.as_deref(),
            error_message.is_some(),
            found.sign_in_failed || record.service_details.failed,
        ),
        event_source,
        event_name,
        error_code,
        error_message,
        recipient_account_id: recipient,
        user_name: actor.user_name,
        access_key_id: actor.access_key_id,
        invoked_by: actor.invoked_by,
        identity: actor.identity,
        issued_access_key_id: found.issued_key,
        resources: Vec::new(),
    };
    event.resources = resources::place(found.mentions, &event);
    (event, problems)
}

/// Returns the id of the event.
fn event_id(record: &RawRecord<'_>, bytes: &[u8], ids: EventIds, problems: &mut Problems) -> Text {
    let own = problems.text("eventID", &record.event_id);
    own.filter(|_| ids == EventIds::Event).unwrap_or_else(|| id_from_content(bytes))
}

/// An id that is made from the content of a record: the same content, however it is laid out, gives the same id.
fn id_from_content(bytes: &[u8]) -> Text {
    let canonical = serde_json::from_slice::<Value>(bytes).map(|value| canonical(&value));
    let digest = sha256(canonical.as_deref().map_or(bytes, str::as_bytes));
    Text::from(format!("content-{}", &digest[..32]))
}

/// JSON with sorted keys and no white space.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let mut members: Vec<_> = object.iter().collect();
            members.sort_by_key(|(key, _)| key.as_str());
            let members: Vec<String> = members
                .into_iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(array) => format!("[{}]", array.iter().map(canonical).collect::<Vec<_>>().join(",")),
        scalar => scalar.to_string(),
    }
}
