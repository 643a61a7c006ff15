//! Names of nested fields of a record, as people type them alone, with the field or the path that reaches each. Imports
//! nothing of trailq but the catalogue.

use crate::fields::{FIELDS, Field, RECORD_FIELDS, fold};

/// Documented paths of nested values that have no field of their own.
const PATHS: &[&str] = &[
    "userIdentity.onBehalfOf.identityStoreArn",
    "userIdentity.credentialId",
    "userIdentity.identityProvider",
    "userIdentity.inScopeOf.sourceArn",
    "userIdentity.inScopeOf.sourceAccount",
    "userIdentity.inScopeOf.issuerType",
    "userIdentity.inScopeOf.credentialsIssuedTo",
    "userIdentity.inScopeOf.credentialsIssuedToVersion",
    "userIdentity.invokedByDelegate.accountId",
    "userIdentity.sessionContext.sessionIssuer.type",
    "userIdentity.sessionContext.sessionIssuer.accountId",
    "userIdentity.sessionContext.webIdFederationData.federatedProvider",
    "userIdentity.sessionContext.webIdFederationData.attributes",
    "userIdentity.sessionContext.ec2RoleDelivery",
    "userIdentity.sessionContext.assumedRoot",
    "userIdentity.sessionContext.signInSessionArn",
    "additionalEventData.AuthWorkflowID",
    "additionalEventData.CredentialType",
    "additionalEventData.LoginTo",
    "additionalEventData.MobileVersion",
    "additionalEventData.AuthenticationMethod",
    "additionalEventData.CipherSuite",
    "additionalEventData.SignatureVersion",
    "additionalEventData.x-amz-id-2",
    "tlsDetails.tlsVersion",
    "tlsDetails.cipherSuite",
    "tlsDetails.clientProvidedHostHeader",
    "tlsDetails.keyExchange",
    "addendum.reason",
    "addendum.updatedFields",
    "addendum.originalRequestID",
    "addendum.originalEventID",
    "eventContext.requestContext",
    "eventContext.tagContext",
    "serviceEventDetails.CredentialVerification",
    "serviceEventDetails.UserAuthentication",
    "serviceEventDetails.account_id",
    "serviceEventDetails.role_name",
    "serviceEventDetails.state",
    "insightDetails.insightType",
    "insightDetails.state",
    "requestParameters.bucketName",
    "requestParameters.roleArn",
    "requestParameters.roleSessionName",
    "requestParameters.policyArn",
    "requestParameters.policyDocument",
    "requestParameters.secretId",
    "requestParameters.functionName",
    "requestParameters.instanceId",
    "responseElements.ConsoleLogin",
];

/// Other names of keys, as people type them: folded, with the key.
const KEY_ALIASES: &[(&str, &str)] = &[
    ("tls", "tlsDetails"),
    ("delegate", "invokedByDelegate"),
    ("scope", "inScopeOf"),
    ("identitystore", "identityStoreArn"),
    ("identitystoreid", "identityStoreArn"),
    ("vpceaccount", "vpcEndpointAccountId"),
    ("vpceaccountid", "vpcEndpointAccountId"),
    ("vpcendpointaccount", "vpcEndpointAccountId"),
    ("edgedevice", "edgeDeviceDetails"),
];

/// Returns the fields whose path in a record ends in a name: `accountId` is the end of `recipientAccountId` and of
/// `userIdentity.accountId`.
pub(crate) fn fields_ending_in(name: &str) -> Vec<&'static Field> {
    let mut found: Vec<&Field> = FIELDS
        .iter()
        .filter(|field| field.path.split(", ").any(|path| last(path).is_some_and(|last| ends_in(last, name))))
        .collect();
    // A field of events first, then those of the actor.
    found.sort_by_key(|field| field.path.contains('.'));
    found
}

/// Returns the documented paths to a name inside a record that have no field; for another name of a top-level field, those
/// below it or the field itself.
pub(crate) fn paths_to(name: &str) -> Vec<&'static str> {
    let wanted = fold(name);
    let Some((_, key)) = KEY_ALIASES.iter().find(|(alias, _)| *alias == wanted) else { return paths_to_key(&wanted) };
    if !RECORD_FIELDS.contains(key) {
        return paths_to_key(&fold(key));
    }
    let below = paths_below(key);
    if below.is_empty() { vec![key] } else { below }
}

fn paths_to_key(folded: &str) -> Vec<&'static str> {
    PATHS.iter().copied().filter(|path| path.split('.').skip(1).any(|key| fold(key) == folded)).collect()
}

/// Returns the documented paths below a top-level field of a record.
pub(crate) fn paths_below(field: &str) -> Vec<&'static str> {
    let is_below = |path: &&str| path.strip_prefix(field).is_some_and(|rest| rest.starts_with('.'));
    PATHS.iter().copied().filter(is_below).collect()
}

fn last(path: &str) -> Option<&str> {
    path.rsplit('.').next().filter(|last| !last.is_empty())
}

/// Reports whether a key is a name, or ends in it where a word of the key begins.
fn ends_in(key: &str, name: &str) -> bool {
    let (folded, wanted) = (fold(key), fold(name));
    if wanted.len() < 4 || !folded.ends_with(&wanted) {
        return folded == wanted && !wanted.is_empty();
    }
    let start = key.len().saturating_sub(name.len());
    folded == wanted || key.get(start..).is_some_and(|end| end.starts_with(|c: char| c.is_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::{fields_ending_in, paths_below, paths_to};

    #[test]
    fn names_of_nested_fields_lead_to_fields_and_paths() {
        let fields = |name: &str| fields_ending_in(name).iter().map(|field| field.name).collect::<Vec<_>>();
        assert_eq!(fields("accountId"), ["account", "identity-account"]);
        assert_eq!(fields("accountid"), ["account", "identity-account"]);
        assert_eq!(fields("accessKeyId"), ["key"]);
        assert_eq!(fields("sessionIssuer"), ["role"]);
        assert_eq!(fields("bytesTransferredOut"), ["bytes-out"]);
        assert_eq!(fields("IPAddress"), ["ip"]);
        assert!(fields("zebra").is_empty() && fields("").is_empty() && fields("me").is_empty());
        assert_eq!(
            paths_to("inScopeOf"),
            [
                "userIdentity.inScopeOf.sourceArn",
                "userIdentity.inScopeOf.sourceAccount",
                "userIdentity.inScopeOf.issuerType",
                "userIdentity.inScopeOf.credentialsIssuedTo",
                "userIdentity.inScopeOf.credentialsIssuedToVersion"
            ]
        );
        assert_eq!(paths_to("bucketname"), ["requestParameters.bucketName"]);
        assert_eq!(paths_to("credentialid"), ["userIdentity.credentialId"]);
        assert_eq!(paths_to("tls"), paths_below("tlsDetails"));
        assert_eq!(paths_to("vpce-account"), ["vpcEndpointAccountId"]);
        assert_eq!(paths_to("identity-store-id"), ["userIdentity.onBehalfOf.identityStoreArn"]);
        assert_eq!(paths_below("eventContext"), ["eventContext.requestContext", "eventContext.tagContext"]);
        assert!(paths_to("requestParameters").is_empty() && paths_to("zebra").is_empty());
    }
}
