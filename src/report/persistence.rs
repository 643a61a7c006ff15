//! Ways to come back that attackers created or changed, and whether the case shows their removal. That no removal is in
//! the case does not say that it still exists, nor that it does not.

use std::collections::HashMap;

use crate::report::confirmed::number;
use crate::rows::{self, text};
use crate::sql::Param;
use crate::store::{Case, QueryError};

/// A call that creates something, the calls that remove it, and the paths of what both name.
struct Pair {
    created_by: &'static str,
    created: &'static [&'static str],
    removed_by: &'static [&'static str],
    removed: &'static [&'static str],
}

const fn pair(created_by: &'static str, removed_by: &'static [&'static str], paths: &'static [&'static str]) -> Pair {
    Pair { created_by, created: paths, removed_by, removed: paths }
}

const USER: &str = "requestParameters.userName";
const ROLE: &str = "requestParameters.roleName";
const GROUP: &str = "requestParameters.groupName";
const POLICY_ARN: &str = "requestParameters.policyArn";
const POLICY_NAME: &str = "requestParameters.policyName";
const FUNCTION: &str = "requestParameters.functionName";

const PAIRS: &[Pair] = &[
    Pair {
        created_by: "CreateAccessKey",
        created: &["responseElements.accessKey.accessKeyId"],
        removed_by: &["DeleteAccessKey"],
        removed: &["requestParameters.accessKeyId"],
    },
    pair("CreateUser", &["DeleteUser"], &[USER]),
    pair("CreateLoginProfile", &["DeleteLoginProfile"], &[USER]),
    pair("UpdateLoginProfile", &["DeleteLoginProfile"], &[USER]),
    pair("CreateRole", &["DeleteRole"], &[ROLE]),
    pair("UpdateAssumeRolePolicy", &["DeleteRole"], &[ROLE]),
    pair("AttachUserPolicy", &["DetachUserPolicy"], &[USER, POLICY_ARN]),
    pair("AttachRolePolicy", &["DetachRolePolicy"], &[ROLE, POLICY_ARN]),
    pair("AttachGroupPolicy", &["DetachGroupPolicy"], &[GROUP, POLICY_ARN]),
    pair("PutUserPolicy", &["DeleteUserPolicy"], &[USER, POLICY_NAME]),
    pair("PutRolePolicy", &["DeleteRolePolicy"], &[ROLE, POLICY_NAME]),
    pair("PutGroupPolicy", &["DeleteGroupPolicy"], &[GROUP, POLICY_NAME]),
    pair("AddUserToGroup", &["RemoveUserFromGroup"], &[USER, GROUP]),
    pair("CreatePolicyVersion", &["DeletePolicy"], &[POLICY_ARN]),
    pair("UploadSSHPublicKey", &["DeleteSSHPublicKey"], &[USER]),
    pair("CreateServiceSpecificCredential", &["DeleteServiceSpecificCredential"], &[USER]),
    pair("CreateFunction20150331", &["DeleteFunction20150331"], &[FUNCTION]),
    pair("UpdateFunctionCode20150331v2", &["DeleteFunction20150331"], &[FUNCTION]),
    pair("AddPermission20150331v2", &["RemovePermission20150331v2"], &[FUNCTION]),
    pair("CreateFunctionUrlConfig", &["DeleteFunctionUrlConfig"], &[FUNCTION]),
    pair("PutRule", &["DeleteRule"], &["requestParameters.name"]),
    pair("CreateKeyPair", &["DeleteKeyPair"], &["requestParameters.keyName"]),
    pair("ImportKeyPair", &["DeleteKeyPair"], &["requestParameters.keyName"]),
    pair("AuthorizeSecurityGroupIngress", &["RevokeSecurityGroupIngress"], &["requestParameters.groupId"]),
    pair("RunInstances", &["TerminateInstances"], &["responseElements.instancesSet.items.instanceId"]),
    pair("CreateOpenIDConnectProvider", &["DeleteOpenIDConnectProvider"], &["requestParameters.url"]),
    pair("CreateSAMLProvider", &["DeleteSAMLProvider"], &["requestParameters.name"]),
    pair("CreateTrustAnchor", &["DeleteTrustAnchor"], &["responseElements.trustAnchor.trustAnchorId"]),
    pair("PutBucketPolicy", &["DeleteBucketPolicy"], &["requestParameters.bucketName"]),
];

/// Something that was created or changed, and its removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Persistence {
    /// `events.id` of the call.
    pub(super) event: i64,
    /// The time of a later removal by anyone.
    pub(super) removed: Option<String>,
}

/// Returns what these events created, by time. `ids`: a JSON array of `events.id`.
///
/// # Errors
/// The case cannot be read.
pub(super) fn of_events(case: &Case, ids: &str) -> Result<Vec<Persistence>, QueryError> {
    let mut found = Vec::new();
    for pair in PAIRS {
        let created = calls(case, Some(ids), &[pair.created_by], pair.created)?;
        if created.is_empty() {
            continue;
        }
        let mut removals: HashMap<Removed, Vec<(i64, String)>> = HashMap::new();
        for call in calls(case, None, pair.removed_by, pair.removed)? {
            removals.entry((call.account, call.values)).or_default().push((call.time, call.event_time));
        }
        found.extend(created.into_iter().map(|call| {
            let later = removals.get(&(call.account, call.values)).into_iter().flatten();
            let removed = later.filter(|(time, _)| *time >= call.time).min().map(|(_, event_time)| event_time.clone());
            (call.time, Persistence { event: call.event, removed })
        }));
    }
    found.sort_by_key(|(time, found)| (*time, found.event));
    found.dedup_by_key(|(_, found)| found.event);
    Ok(found.into_iter().map(|(_, found)| found).collect())
}

/// The account and the values that a removal names.
type Removed = (String, Vec<String>);

/// A call that succeeded.
struct Call {
    event: i64,
    time: i64,
    event_time: String,
    account: String,
    values: Vec<String>,
}

/// Returns the calls of these names that succeeded and have a time: of some events, or of all.
fn calls(case: &Case, ids: Option<&str>, names: &[&str], paths: &[&str]) -> Result<Vec<Call>, QueryError> {
    let mut params = vec![Param::Text(serde_json::Value::from_iter(names.iter().copied()).to_string())];
    params.extend(paths.iter().map(|path| Param::Text((*path).to_owned())));
    let values: Vec<String> = (2..2 + paths.len()).map(|at| format!("ifnull(record_value(e.id, ?{at}), '')")).collect();
    let mut from = "events e".to_owned();
    if let Some(ids) = ids {
        params.push(Param::Text(ids.to_owned()));
        from = format!("json_each(?{}) j CROSS JOIN events e ON e.id = j.value", params.len());
    }
    let sql = format!(
        "SELECT e.id, e.time, e.event_time, ifnull(e.recipient_account_id, ''), {} FROM {from} \
         WHERE e.event_name IN (SELECT value FROM json_each(?1)) AND e.outcome = 'ok' AND e.time IS NOT NULL \
         ORDER BY e.time, e.id",
        values.join(", ")
    );
    let found = rows::collect(|sink| case.query(&sql, &params, sink))?;
    let call = |row: &Vec<rows::Value>| Call {
        event: number(row.first()),
        time: number(row.get(1)),
        event_time: text(row.get(2)),
        account: text(row.get(3)),
        values: row.iter().skip(4).map(|value| text(Some(value))).collect(),
    };
    Ok(found.rows.iter().map(call).collect())
}
