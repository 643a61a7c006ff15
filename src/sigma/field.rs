//! Fields of CloudTrail records as lookups name them.

use crate::fields::{self, RECORD_FIELDS};

/// A field of a record as lookups name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// A field whose values are exactly those of the record: an index or its distinct values answer it. With the path.
    Field(&'static str, FieldKind, String),
    /// A path of the record.
    Path(String),
    /// The path of an object, or of a list of objects.
    Object(String),
    /// No record has it.
    Unknown,
}

/// The ways in which a field differs from a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldKind {
    Text,
    /// A value without a dot is completed to the name of a service.
    Source,
    /// A value with a slash is a network.
    Address,
    Flag,
}

/// The fields of lookups whose values are those at a path of the record, an empty text being absent. `recipientAccountId`
/// and `eventName` are also taken from their places in events that have them elsewhere, such as Insights.
const EXACT: &[(&str, &str, FieldKind)] = &[
    ("eventName", "event-name", FieldKind::Text),
    ("eventSource", "event-source", FieldKind::Source),
    ("awsRegion", "region", FieldKind::Text),
    ("recipientAccountId", "account", FieldKind::Text),
    ("sourceIPAddress", "ip", FieldKind::Address),
    ("errorCode", "error", FieldKind::Text),
    ("errorMessage", "error-message", FieldKind::Text),
    ("userAgent", "user-agent", FieldKind::Text),
    ("eventType", "type", FieldKind::Text),
    ("eventCategory", "category", FieldKind::Text),
    ("eventVersion", "version", FieldKind::Text),
    ("sharedEventID", "shared-id", FieldKind::Text),
    ("vpcEndpointId", "vpce", FieldKind::Text),
    ("readOnly", "read-only", FieldKind::Flag),
    ("managementEvent", "management-event", FieldKind::Flag),
    ("userIdentity.type", "identity-type", FieldKind::Text),
    ("userIdentity.arn", "arn", FieldKind::Text),
    ("userIdentity.accountId", "identity-account", FieldKind::Text),
    ("userIdentity.principalId", "principal", FieldKind::Text),
    ("userIdentity.accessKeyId", "key", FieldKind::Text),
    ("userIdentity.invokedBy", "invoked-by", FieldKind::Text),
    ("userIdentity.onBehalfOf.userId", "on-behalf-of", FieldKind::Text),
    ("userIdentity.sessionContext.sourceIdentity", "source-identity", FieldKind::Text),
];

/// Paths that lead to an object or a list.
const OBJECTS: &[&str] = &[
    "userIdentity",
    "userIdentity.sessionContext",
    "userIdentity.sessionContext.sessionIssuer",
    "userIdentity.sessionContext.attributes",
    "userIdentity.sessionContext.webIdFederationData",
    "userIdentity.onBehalfOf",
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "serviceEventDetails",
    "resources",
    "tlsDetails",
    "addendum",
    "edgeDeviceDetails",
    "eventContext",
    "insightDetails",
];

/// Returns the field of a lookup for a field of a record.
pub(crate) fn target(name: &str) -> Target {
    let keys: Vec<&str> = name
        .split('.')
        // Some collections mark lists, which paths step through by themselves.
        .map(|key| ["{}", "[]", "[*]"].iter().find_map(|mark| key.strip_suffix(mark)).unwrap_or(key))
        .collect();
    let path = keys.join(".");
    let Some(first) = keys.first().filter(|first| RECORD_FIELDS.contains(first)) else { return Target::Unknown };
    if let Some((_, field, kind)) = EXACT.iter().find(|(known, _, _)| *known == path) {
        return Target::Field(field, *kind, written(first, &keys));
    }
    match OBJECTS.contains(&path.as_str()) {
        true => Target::Object(written(first, &keys)),
        false => Target::Path(written(first, &keys)),
    }
}

/// Returns a path as lookups write it; never a name that is a field's.
fn written(first: &str, keys: &[&str]) -> String {
    let quoted = |key: &&str| {
        let is_plain =
            !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ':' | '/'));
        if is_plain { (*key).to_owned() } else { quoted_key(key) }
    };
    let path = keys.iter().map(quoted).collect::<Vec<_>>().join(".");
    if keys.len() == 1 && fields::find(first).is_some() { format!("record.{path}") } else { path }
}

/// Returns a key of a path in quotes.
fn quoted_key(key: &str) -> String {
    format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::{EXACT, FieldKind, OBJECTS, Target, target};
    use crate::fields;
    use crate::query;

    #[test]
    fn record_fields_become_fields_or_paths() {
        let path = |path: &str| Target::Path(path.to_owned());
        let field = |field, kind, path: &str| Target::Field(field, kind, path.to_owned());
        for (name, expected) in [
            ("eventName", field("event-name", FieldKind::Text, "record.eventName")),
            ("userIdentity.arn", field("arn", FieldKind::Text, "userIdentity.arn")),
            ("userIdentity.userName", path("userIdentity.userName")),
            ("eventID", path("record.eventID")),
            ("requestID", path("requestID")),
            ("requestParameters.a b.c", path("requestParameters.\"a b\".c")),
            ("requestParameters.items{}.x", path("requestParameters.items.x")),
            ("requestParameters", Target::Object("requestParameters".to_owned())),
            ("resources", Target::Object("record.resources".to_owned())),
            ("Image", Target::Unknown),
            ("eventname", Target::Unknown),
            ("", Target::Unknown),
        ] {
            assert_eq!(target(name), expected, "{name}");
        }
        for name in EXACT.iter().map(|(path, _, _)| path).chain(OBJECTS) {
            let (Target::Field(_, _, path) | Target::Object(path)) = target(name) else { panic!("{name}") };
            assert!(query::parse(&format!("{path}=x")).is_ok(), "{path}");
        }
        for (_, field, _) in EXACT {
            assert_eq!(fields::find(field).map(|found| found.name), Some(*field));
        }
    }
}
