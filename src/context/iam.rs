//! Users, groups and roles with their rights, and credentials: `aws iam get-account-authorization-details` and the
//! credential report.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::arn::{Arn, is_account_id};
use crate::context::value::{Object, get, object, objects, text, time};
use crate::policy;
use crate::time as clock;

/// A user, group or role.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Principal {
    /// `user`, `group` or `role`.
    pub(crate) kind: &'static str,
    pub(crate) account_id: Option<String>,
    pub(crate) arn: String,
    pub(crate) name: String,
    /// The unique id: `AIDA`, `AGPA` or `AROA` and more.
    pub(crate) principal_id: Option<String>,
    /// UTC, `YYYY-MM-DDTHH:MM:SSZ`; so is the next one.
    pub(crate) created_at: Option<String>,
    /// The last use of a role.
    pub(crate) last_used_at: Option<String>,
    /// The names of policies: attached ones, `inline NAME`, and those of a user's groups with `(group NAME)` after them.
    pub(crate) policies: Vec<String>,
    /// True if one of the policies allows every action on every resource without a condition.
    pub(crate) is_admin: bool,
    /// The policy that limits what the others allow.
    pub(crate) boundary: Option<String>,
    /// The trust policy of a role, as JSON.
    pub(crate) trust: Option<String>,
}

/// A row of the credential report. Times are UTC, `YYYY-MM-DDTHH:MM:SSZ`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Credentials {
    /// The name; `<root_account>` for the root user.
    pub(crate) user_name: String,
    pub(crate) arn: String,
    pub(crate) account_id: Option<String>,
    pub(crate) created_at: Option<String>,
    pub(crate) has_password: Option<bool>,
    pub(crate) password_last_used_at: Option<String>,
    pub(crate) has_mfa: Option<bool>,
    /// The two access keys. The report does not give their ids.
    pub(crate) keys: [KeyStatus; 2],
}

/// The state of an access key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct KeyStatus {
    pub(crate) is_active: Option<bool>,
    /// The time of its creation, or of its last change.
    pub(crate) rotated_at: Option<String>,
    pub(crate) last_used_at: Option<String>,
}

/// The rights that a list of policies gives.
#[derive(Debug, Clone, Default)]
struct Rights {
    policies: Vec<String>,
    is_admin: bool,
}

/// Returns the users, groups and roles of an answer, and the JSON of elements that are none.
pub(crate) fn principals(answer: &Object) -> (Vec<Principal>, Vec<String>) {
    let admin_policies = admin_policies(answer);
    let mut groups = BTreeMap::new();
    let (mut all, mut refused) = (Vec::new(), Vec::new());
    let lists = [
        ("GroupDetailList", "group", "groupName", "groupId", "groupPolicyList"),
        ("UserDetailList", "user", "userName", "userId", "userPolicyList"),
        ("RoleDetailList", "role", "roleName", "roleId", "rolePolicyList"),
    ];
    for (list, kind, name, id, inline) in lists {
        for element in get(answer, list).and_then(Value::as_array).into_iter().flatten() {
            let read = element.as_object().and_then(|found| {
                let mut rights = rights(found, inline, &admin_policies);
                rights.add_groups(found, &groups);
                principal(found, kind, (name, id), rights)
            });
            let Some(found) = read else {
                refused.push(element.to_string());
                continue;
            };
            if kind == "group" {
                groups
                    .insert(found.name.clone(), Rights { policies: found.policies.clone(), is_admin: found.is_admin });
            }
            all.push(found);
        }
    }
    (all, refused)
}

fn principal(found: &Object, kind: &'static str, (name, id): (&str, &str), rights: Rights) -> Option<Principal> {
    let arn = text(found, "arn")?;
    Some(Principal {
        kind,
        account_id: account_of(&arn),
        name: text(found, name)?,
        principal_id: text(found, id),
        created_at: time(found, "createDate"),
        last_used_at: object(found, "roleLastUsed").and_then(|used| time(used, "lastUsedDate")),
        policies: rights.policies,
        is_admin: rights.is_admin,
        boundary: object(found, "permissionsBoundary").and_then(|boundary| text(boundary, "permissionsBoundaryArn")),
        trust: get(found, "assumeRolePolicyDocument").map(document),
        arn,
    })
}

/// Returns the rights of the policies of a user, group or role.
fn rights(found: &Object, inline: &str, admin_policies: &[String]) -> Rights {
    let mut rights = Rights::default();
    for policy in objects(found, "attachedManagedPolicies") {
        let arn = text(policy, "policyArn").unwrap_or_default();
        // Only the policy of AWS has this content in every account.
        rights.is_admin |= arn.ends_with(":iam::aws:policy/AdministratorAccess") || admin_policies.contains(&arn);
        rights.policies.extend(text(policy, "policyName").or_else(|| text(policy, "policyArn")));
    }
    for policy in objects(found, inline) {
        rights.is_admin |= get(policy, "policyDocument").is_some_and(|policy| allows_all(&document(policy)));
        rights.policies.extend(text(policy, "policyName").map(|name| format!("inline {name}")));
    }
    rights
}

impl Rights {
    /// Adds the rights of the groups of a user.
    fn add_groups(&mut self, found: &Object, groups: &BTreeMap<String, Rights>) {
        let names = get(found, "groupList").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        for (name, group) in names.filter_map(|name| groups.get_key_value(name)) {
            self.is_admin |= group.is_admin;
            self.policies.extend(group.policies.iter().map(|policy| format!("{policy} (group {name})")));
        }
    }
}

/// Returns the ARNs of the managed policies whose default version allows everything.
fn admin_policies(answer: &Object) -> Vec<String> {
    let is_admin = |policy: &&Object| {
        objects(policy, "policyVersionList").any(|version| {
            let is_default = get(version, "isDefaultVersion").and_then(Value::as_bool) == Some(true);
            is_default && get(version, "document").is_some_and(|policy| allows_all(&document(policy)))
        })
    };
    objects(answer, "policies").filter(is_admin).filter_map(|policy| text(policy, "arn")).collect()
}

/// Returns a policy document as text: the AWS CLI writes it as an object, the API as a URL-encoded text.
fn document(policy: &Value) -> String {
    policy.as_str().map_or_else(|| policy.to_string(), str::to_owned)
}

/// Reports whether a policy allows every action on every resource without a condition.
fn allows_all(document: &str) -> bool {
    let Some(Value::Array(statements)) = policy::statements(document) else { return false };
    let has_any = |statement: &Value, key: &str| {
        statement[key].as_array().is_some_and(|all| all.iter().any(|one| matches!(one.as_str(), Some("*" | "*:*"))))
    };
    statements.iter().any(|statement| {
        statement["effect"] == "Allow"
            && statement["condition"].is_null()
            && has_any(statement, "actions")
            && has_any(statement, "resources")
    })
}

/// Returns the account of an ARN.
fn account_of(arn: &str) -> Option<String> {
    Arn::parse(arn).map(|arn| arn.account).filter(|account| is_account_id(account)).map(str::to_owned)
}

/// Returns the rows of the answer of `aws iam get-credential-report`, and the texts of those that are none.
pub(crate) fn report_of_answer(answer: &Object) -> Option<(Vec<Credentials>, Vec<String>)> {
    let content = STANDARD.decode(text(answer, "content")?).ok()?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(content.as_slice());
    let mut rows = reader.records();
    let headings = rows.next()?.ok()?;
    let columns = ReportColumns::of(&headings.iter().collect::<Vec<_>>())?;
    let (mut all, mut refused) = (Vec::new(), Vec::new());
    for row in rows {
        let row = row.ok()?;
        match columns.credentials(&row.iter().collect::<Vec<_>>()) {
            Some(found) => all.push(found),
            None => refused.push(row.iter().collect::<Vec<_>>().join(",")),
        }
    }
    Some((all, refused)).filter(|(all, _)| !all.is_empty())
}

/// The columns of a credential report, by their headings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReportColumns(Vec<String>);

impl ReportColumns {
    /// Returns the columns; `None` if the headings are those of something else.
    pub(crate) fn of(headings: &[&str]) -> Option<ReportColumns> {
        let names: Vec<String> = headings.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
        let is_report = ["user", "arn", "user_creation_time", "access_key_1_active"];
        is_report.iter().all(|name| names.iter().any(|heading| heading == name)).then_some(ReportColumns(names))
    }

    /// Reads a row; `None` if it lacks a user or an ARN.
    pub(crate) fn credentials(&self, cells: &[&str]) -> Option<Credentials> {
        let cell = |name: &str| {
            let at = self.0.iter().position(|heading| heading == name)?;
            cells.get(at).copied().filter(|cell| !cell.is_empty())
        };
        let flag = |name: &str| match cell(name)? {
            "true" | "TRUE" => Some(true),
            "false" | "FALSE" => Some(false),
            // `not_supported` for the password of the root user.
            _ => None,
        };
        // `N/A` and `no_information` are not times.
        let time = |name: &str| cell(name).and_then(clock::parse).map(clock::format);
        let key = |number: u8| KeyStatus {
            is_active: flag(&format!("access_key_{number}_active")),
            rotated_at: time(&format!("access_key_{number}_last_rotated")),
            last_used_at: time(&format!("access_key_{number}_last_used_date")),
        };
        let arn = cell("arn")?.to_owned();
        Some(Credentials {
            user_name: cell("user")?.to_owned(),
            account_id: account_of(&arn),
            created_at: time("user_creation_time"),
            has_password: flag("password_enabled"),
            password_last_used_at: time("password_last_used"),
            has_mfa: flag("mfa_active"),
            keys: [key(1), key(2)],
            arn,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ReportColumns, principals, report_of_answer};

    #[test]
    fn rights_come_from_attached_inline_and_group_policies() {
        let all = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
        let some = json!({"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}});
        let answer = json!({
            "UserDetailList": [
                {"UserName": "alice", "UserId": "AIDA1", "Arn": "arn:aws:iam::111122223333:user/alice",
                 "CreateDate": "2023-01-01T00:00:00+00:00", "GroupList": ["admins", "gone"],
                 "AttachedManagedPolicies": [{"PolicyName": "ReadOnlyAccess", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]},
                {"UserName": "bob", "UserId": "AIDA2", "Arn": "arn:aws:iam::111122223333:user/bob",
                 "UserPolicyList": [{"PolicyName": "s3", "PolicyDocument": some}]},
                {"UserName": "no-arn"}
            ],
            "GroupDetailList": [{"GroupName": "admins", "GroupId": "AGPA1", "Arn": "arn:aws:iam::111122223333:group/admins",
                "AttachedManagedPolicies": [{"PolicyName": "Everything", "PolicyArn": "arn:aws:iam::111122223333:policy/Everything"}]}],
            "RoleDetailList": [{"RoleName": "r", "RoleId": "AROA1", "Arn": "arn:aws:iam::111122223333:role/r",
                "AssumeRolePolicyDocument": {"Statement": []}, "RoleLastUsed": {"LastUsedDate": "2024-03-01T00:00:00Z"},
                "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::111122223333:policy/B"},
                "RolePolicyList": [{"PolicyName": "x", "PolicyDocument": all.to_string()}]}],
            "Policies": [{"PolicyName": "Everything", "Arn": "arn:aws:iam::111122223333:policy/Everything",
                "PolicyVersionList": [{"Document": some, "IsDefaultVersion": false}, {"Document": all, "IsDefaultVersion": true}]}]
        });
        let (found, refused) = principals(answer.as_object().unwrap());
        let told: Vec<(&str, &str, bool, String)> = found
            .iter()
            .map(|found| (found.kind, found.name.as_str(), found.is_admin, found.policies.join(", ")))
            .collect();
        assert_eq!(
            told,
            [
                ("group", "admins", true, "Everything".to_owned()),
                ("user", "alice", true, "ReadOnlyAccess, Everything (group admins)".to_owned()),
                ("user", "bob", false, "inline s3".to_owned()),
                ("role", "r", true, "inline x".to_owned()),
            ]
        );
        assert_eq!(found[3].trust.as_deref(), Some(r#"{"Statement":[]}"#));
        assert_eq!(found[3].last_used_at.as_deref(), Some("2024-03-01T00:00:00Z"));
        assert_eq!(found[1].created_at.as_deref(), Some("2023-01-01T00:00:00Z"));
        assert_eq!(refused, [r#"{"UserName":"no-arn"}"#]);
    }

    #[test]
    fn a_policy_of_the_account_is_not_known_by_the_name_of_one_of_aws() {
        let is_admin = |owner: &str| {
            let arn = format!("arn:aws:iam::{owner}:policy/AdministratorAccess");
            let user = json!({"UserName": "a", "Arn": "arn:aws:iam::111122223333:user/a",
                "AttachedManagedPolicies": [{"PolicyName": "AdministratorAccess", "PolicyArn": arn}]});
            let answer = json!({"UserDetailList": [user]});
            principals(answer.as_object().unwrap()).0[0].is_admin
        };
        assert!(is_admin("aws") && !is_admin("111122223333"));
    }

    #[test]
    fn a_row_of_the_credential_report_says_which_keys_are_active() {
        let headings = [
            "user",
            "arn",
            "user_creation_time",
            "password_enabled",
            "password_last_used",
            "mfa_active",
            "access_key_1_active",
            "access_key_1_last_rotated",
            "access_key_1_last_used_date",
            "access_key_2_active",
        ];
        let columns = ReportColumns::of(&headings).unwrap();
        let row = [
            "alice",
            "arn:aws:iam::111122223333:user/alice",
            "2023-01-01T00:00:00+00:00",
            "not_supported",
            "no_information",
            "false",
            "true",
            "2023-01-02T00:00:00+00:00",
            "N/A",
            "false",
        ];
        let found = columns.credentials(&row).unwrap();
        assert_eq!((found.has_password, found.has_mfa), (None, Some(false)));
        assert_eq!((found.keys[0].is_active, found.keys[1].is_active), (Some(true), Some(false)));
        assert_eq!(found.keys[0].rotated_at.as_deref(), Some("2023-01-02T00:00:00Z"));
        assert_eq!((&found.keys[0].last_used_at, &found.password_last_used_at), (&None, &None));
        assert_eq!(columns.credentials(&["alice"]), None);
        assert_eq!(ReportColumns::of(&["user", "arn"]), None);
    }

    #[test]
    fn the_answer_with_the_report_in_base64_is_read() {
        use base64::Engine as _;
        let report = "user,arn,user_creation_time,access_key_1_active\nbob,arn:aws:iam::111122223333:user/bob,2023-01-01T00:00:00+00:00,true\nx,,,\n";
        let content = base64::engine::general_purpose::STANDARD.encode(report);
        let answer = json!({"Content": content, "ReportFormat": "text/csv", "GeneratedTime": "2024-03-01T00:00:00Z"});
        let (rows, refused) = report_of_answer(answer.as_object().unwrap()).unwrap();
        assert_eq!((rows[0].user_name.as_str(), rows[0].keys[0].is_active), ("bob", Some(true)));
        assert_eq!(refused, ["x,,,"]);
    }
}
