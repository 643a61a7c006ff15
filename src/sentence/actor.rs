//! The actor of an event in words.

use serde_json::Value;

use crate::sentence::values::text;

/// Returns the actor: a user, a role with its session, a service, or what else the identity says.
pub(super) fn of_record(record: &Value) -> String {
    let of_identity = |path: &[&str]| text(record, &[&["userIdentity"], path].concat());
    let kind = of_identity(&["type"]).unwrap_or_default();
    let named = |what: &str, name: Option<String>| name.map(|name| format!("{what} {name}"));
    let actor = match kind.as_str() {
        "Root" => Some("root".to_owned()),
        "IAMUser" => named("user", user_name(record)),
        "AssumedRole" => role(record),
        "FederatedUser" => named("federated user", last_segment(of_identity(&["principalId"]), ':')),
        "AWSService" => named("service", of_identity(&["invokedBy"])),
        "AWSAccount" => named("account", of_identity(&["accountId"])),
        "IdentityCenterUser" => named("Identity Center user", identity_center_name(record)),
        _ => named("user", user_name(record)),
    };
    let other =
        || of_identity(&["arn"]).or_else(|| of_identity(&["principalId"])).or_else(|| of_identity(&["invokedBy"]));
    match actor.or_else(other) {
        Some(actor) => actor,
        // Events of services have no identity, or one without a name.
        None if text(record, &["eventType"]).as_deref() == Some("AwsServiceEvent") => "the service".to_owned(),
        None => "a caller without a name".to_owned(),
    }
}

/// Returns the name of the user that a call is about when it names none: the caller's own.
pub(super) fn user_name(record: &Value) -> Option<String> {
    text(record, &["userIdentity", "userName"])
        .or_else(|| last_segment(text(record, &["userIdentity", "arn"]).filter(|arn| arn.contains(":user/")), '/'))
}

fn role(record: &Value) -> Option<String> {
    let arn = text(record, &["userIdentity", "arn"]);
    let session = last_segment(text(record, &["userIdentity", "principalId"]).filter(|id| id.contains(':')), ':')
        .or_else(|| last_segment(arn.clone(), '/'));
    let issuer = text(record, &["userIdentity", "sessionContext", "sessionIssuer", "userName"]);
    let of_arn = || {
        let arn = arn.clone()?;
        let (_, rest) = arn.split_once(":assumed-role/")?;
        rest.split('/').next().map(str::to_owned)
    };
    match (issuer.or_else(of_arn), session) {
        (Some(role), Some(session)) => Some(format!("role {role} (session {session})")),
        (Some(role), None) => Some(format!("role {role}")),
        (None, session) => session.map(|session| format!("session {session}")),
    }
}

fn identity_center_name(record: &Value) -> Option<String> {
    text(record, &["additionalEventData", "UserName"])
        .or_else(|| text(record, &["userIdentity", "userName"]))
        .or_else(|| text(record, &["userIdentity", "onBehalfOf", "userId"]))
}

fn last_segment(value: Option<String>, separator: char) -> Option<String> {
    let value = value?;
    value.rsplit(separator).next().filter(|last| !last.is_empty()).map(str::to_owned)
}
