//! Findings of GuardDuty as the API (PascalCase), EventBridge and the export to S3 (camelCase) write them.

use serde_json::Value;

use crate::context::value::{Object, get, object, objects, text, time};

/// The most values of a kind that are taken from one finding.
const MAX_VALUES: usize = 1_000;

/// A finding, reduced to what lookups ask for.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Lead {
    /// The id, which a later version of the finding has too.
    pub(crate) id: String,
    pub(crate) account_id: Option<String>,
    pub(crate) aws_region: Option<String>,
    /// The type, such as `UnauthorizedAccess:IAMUser/MaliciousIPCaller`.
    pub(crate) kind: String,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    /// From 1 to 10.
    pub(crate) severity: Option<f64>,
    /// The first activity; this and the following: UTC, `YYYY-MM-DDTHH:MM:SSZ`.
    pub(crate) first_seen: String,
    /// The last activity.
    pub(crate) last_seen: String,
    /// The last change of the finding.
    pub(crate) updated_at: String,
    /// True if it is archived.
    pub(crate) is_archived: Option<bool>,
    /// Access keys.
    pub(crate) access_keys: Vec<String>,
    /// Remote addresses.
    pub(crate) addresses: Vec<String>,
    /// Principal ids, and names where it has no ids.
    pub(crate) principals: Vec<String>,
    /// Names, ids and ARNs of resources.
    pub(crate) resources: Vec<String>,
    /// The finding, as JSON.
    pub(crate) finding: String,
}

/// Reads a finding; `None` if it is something else, or lacks what a finding needs.
pub(crate) fn lead(finding: &Object) -> Option<Lead> {
    let service = object(finding, "service")?;
    if !text(service, "serviceName")?.eq_ignore_ascii_case("guardduty") {
        return None;
    }
    let created = time(finding, "createdAt");
    let updated_at = time(finding, "updatedAt").or_else(|| created.clone())?;
    let created = created.unwrap_or_else(|| updated_at.clone());
    let (signals_first, signals_last) = times_of_signals(service);
    let mut lead = Lead {
        id: text(finding, "id")?,
        account_id: text(finding, "accountId"),
        aws_region: text(finding, "region"),
        kind: text(finding, "type")?,
        title: text(finding, "title"),
        description: text(finding, "description"),
        severity: get(finding, "severity").and_then(Value::as_f64),
        first_seen: time(service, "eventFirstSeen").or(signals_first).unwrap_or(created),
        last_seen: time(service, "eventLastSeen").or(signals_last).unwrap_or_else(|| updated_at.clone()),
        updated_at,
        is_archived: get(service, "archived").and_then(Value::as_bool),
        finding: Value::Object(finding.clone()).to_string(),
        ..Lead::default()
    };
    for part in ["resource", "service"] {
        if let Some(part) = get(finding, part) {
            lead.collect(part, Parent::Other);
        }
    }
    Some(lead)
}

/// Returns the first and the last time of the signals of an attack sequence.
fn times_of_signals(service: &Object) -> (Option<String>, Option<String>) {
    let sequence = object(service, "detection").and_then(|detection| object(detection, "sequence"));
    let signals = || sequence.into_iter().flat_map(|sequence| objects(sequence, "signals"));
    let first = signals().filter_map(|signal| time(signal, "firstSeenAt")).min();
    (first, signals().filter_map(|signal| time(signal, "lastSeenAt")).max())
}

/// The object around a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parent {
    /// The remote end of a connection or call.
    Remote,
    /// An endpoint of an attack sequence.
    Endpoint,
    /// The user of an actor of an attack sequence.
    User,
    /// A resource, or an element of a list of them.
    Resource,
    /// The details of an access key.
    AccessKey,
    Other,
}

impl Parent {
    /// Returns the parent that a key makes, in lower case.
    fn of(key: &str, around: Parent) -> Parent {
        match key {
            "remoteipdetails" => Parent::Remote,
            "endpoints" => Parent::Endpoint,
            "user" => Parent::User,
            "resources" | "s3bucketdetails" => Parent::Resource,
            "accesskeydetails" => Parent::AccessKey,
            _ if around == Parent::Remote => Parent::Remote,
            _ => Parent::Other,
        }
    }
}

impl Lead {
    /// Collects keys, addresses, principals and resources from a part of the finding.
    fn collect(&mut self, value: &Value, parent: Parent) {
        match value {
            Value::Array(all) => all.iter().for_each(|value| self.collect(value, parent)),
            Value::Object(object) => {
                for (key, value) in object {
                    let key = key.to_ascii_lowercase();
                    match value {
                        Value::String(text) if !text.is_empty() => self.take(&key, text, parent),
                        _ => self.collect(value, Parent::of(&key, parent)),
                    }
                }
            }
            _ => {}
        }
    }

    /// Adds a text to the list that its key and parent select.
    fn take(&mut self, key: &str, text: &str, parent: Parent) {
        let into = match (key, parent) {
            ("accesskeyid", _) | ("credentialuid", Parent::User) => &mut self.access_keys,
            ("ipaddressv4" | "ipaddressv6", Parent::Remote) | ("ip", Parent::Endpoint) => &mut self.addresses,
            ("principalid", _) | ("uid", Parent::User) => &mut self.principals,
            ("instanceid" | "dbinstancearn" | "dbclusterarn" | "functionarn", _)
            | ("name" | "arn" | "uid", Parent::Resource) => &mut self.resources,
            _ => return,
        };
        if into.len() < MAX_VALUES && !into.iter().any(|known| known == text) {
            into.push(text.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Lead, lead};

    fn read(value: &Value) -> Option<Lead> {
        lead(value.as_object().unwrap())
    }

    /// Returns the value with keys that begin with a capital letter, as the API writes them.
    fn pascal(value: &Value) -> Value {
        match value {
            Value::Object(object) => object
                .iter()
                .map(|(key, value)| {
                    let (first, rest) = key.split_at(1);
                    (first.to_uppercase() + rest, pascal(value))
                })
                .collect(),
            Value::Array(all) => all.iter().map(pascal).collect(),
            other => other.clone(),
        }
    }

    fn finding() -> Value {
        json!({
            "schemaVersion": "2.0", "accountId": "111122223333", "region": "us-east-1", "id": "f1", "severity": 5,
            "type": "UnauthorizedAccess:IAMUser/MaliciousIPCaller", "title": "t", "description": "d",
            "createdAt": "2024-03-01T10:00:00.000Z", "updatedAt": "2024-03-01T11:00:00.000Z",
            "resource": {
                "resourceType": "AccessKey",
                "accessKeyDetails": {"accessKeyId": "AKIAEXAMPLE", "principalId": "AIDAEXAMPLE", "userName": "alice"}
            },
            "service": {
                "serviceName": "guardduty", "archived": false,
                "eventFirstSeen": "2024-03-01T09:00:00Z", "eventLastSeen": "2024-03-01T09:30:00Z",
                "action": {"actionType": "AWS_API_CALL", "awsApiCallAction": {
                    "api": "ListBuckets",
                    "remoteIpDetails": {"ipAddressV4": "198.51.100.7", "country": {"countryName": "X"}},
                    "localIpDetails": {"ipAddressV4": "10.0.0.1"}
                }}
            }
        })
    }

    #[test]
    fn both_spellings_of_a_finding_say_the_same() {
        let found = read(&finding()).unwrap();
        let of_api = read(&pascal(&finding())).unwrap();
        assert_eq!(Lead { finding: String::new(), ..of_api }, Lead { finding: String::new(), ..found.clone() });
        assert_eq!(found.access_keys, ["AKIAEXAMPLE"]);
        assert_eq!(found.addresses, ["198.51.100.7"]);
        assert_eq!(found.principals, ["AIDAEXAMPLE"]);
        assert_eq!(
            (found.first_seen.as_str(), found.last_seen.as_str()),
            ("2024-03-01T09:00:00Z", "2024-03-01T09:30:00Z")
        );
        assert_eq!((found.severity, found.is_archived), (Some(5.0), Some(false)));
    }

    #[test]
    fn an_attack_sequence_gives_the_keys_addresses_and_times_of_its_parts() {
        let mut sequence = finding();
        sequence["type"] = json!("AttackSequence:IAM/CompromisedCredentials");
        sequence["resource"] = json!({"resourceType": "AttackSequence"});
        sequence["service"] = json!({
            "serviceName": "guardduty",
            "detection": {"sequence": {
                "uid": "s1", "description": "d",
                "actors": [{"id": "USER_1", "user": {"name": "bob", "uid": "AIDABOB", "type": "IAMUser", "credentialUid": "AKIABOB"}}],
                "endpoints": [{"id": "E1", "ip": "203.0.113.9", "port": 443}],
                "resources": [{"uid": "arn:aws:s3:::acme", "name": "acme", "resourceType": "S3_BUCKET"}],
                "signals": [
                    {"uid": "a", "type": "FINDING", "firstSeenAt": 1_709_283_600, "lastSeenAt": 1_709_283_700},
                    {"uid": "b", "type": "CLOUDTRAIL", "firstSeenAt": 1_709_280_000.5, "lastSeenAt": 1_709_280_001}
                ]
            }}
        });
        let found = read(&sequence).unwrap();
        assert_eq!(
            (&found.access_keys[..], &found.addresses[..]),
            (&["AKIABOB".to_owned()][..], &["203.0.113.9".to_owned()][..])
        );
        assert_eq!(found.principals, ["AIDABOB"]);
        assert_eq!(found.resources, ["acme", "arn:aws:s3:::acme"]);
        assert_eq!(
            (found.first_seen.as_str(), found.last_seen.as_str()),
            ("2024-03-01T08:00:00Z", "2024-03-01T09:01:40Z")
        );
    }

    #[test]
    fn what_lacks_an_id_a_type_or_a_time_is_not_a_finding() {
        for key in ["id", "type", "service"] {
            let mut broken = finding();
            broken.as_object_mut().unwrap().remove(key);
            assert_eq!(read(&broken), None, "{key}");
        }
        let mut undated = finding();
        undated["createdAt"] = json!("soon");
        undated["updatedAt"] = json!(null);
        assert_eq!(read(&undated), None);
        let mut other = finding();
        other["service"]["serviceName"] = json!("macie");
        assert_eq!(read(&other), None);
    }
}
