//! Every identifier in every form in every place of a case: generated, so that no combination is left out.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::Path;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::search::leaks;
use crate::common::lines;
use crate::common::program::TestEnv;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Kind {
    Account,
    Key,
    Ipv4,
    Ipv6,
    Name,
}

/// What is put everywhere. `introduced` puts each where a record says what it is.
const IDENTIFIERS: &[(Kind, &str)] = &[
    (Kind::Account, "480715926348"),
    (Kind::Key, "ASIAQ7WZ5KXR2MVB4T6E"),
    (Kind::Key, "AROAJ3LNX8YQ5DZW7GHKC"),
    (Kind::Ipv4, "203.0.113.177"),
    (Kind::Ipv6, "2600:1f18:42aa::7b1"),
    (Kind::Name, "jolanda"),
    (Kind::Name, "mallory.dray"),
    (Kind::Name, "bea.quilling@corp.example"),
    (Kind::Name, "Ida Vogelsang"),
    (Kind::Name, "Zoë-Ümit"),
    (Kind::Name, "CORP\\dagmara"),
    (Kind::Name, "VaultkeeperRole"),
    (Kind::Name, "zephyr-ledgers"),
    (Kind::Name, "kestrelTopic"),
    (Kind::Name, "prod/quokka-9"),
];

/// Names that are part of others.
const PARTS: &[&str] = &["bea.quilling", "dagmara", "quokka-9"];

/// The same otherwise spelled.
const SPELLINGS: &[&str] = &[
    "4807-1592-6348",
    "4807 1592 6348",
    "203-0-113-177",
    "cb00:71b1",
    "203.000.113.177",
    "2600:1f18:42aa:0000:0000:0000:0000:07b1",
    "2600:1f18:42aa:0:0:0:0:7b1",
];

/// A record in which each identifier is where CloudTrail puts it.
fn introduced() -> Value {
    let account = IDENTIFIERS[0].1;
    json!({
        "eventVersion": "1.08", "eventID": "5f1d9a70-0000-4000-8000-00000000abcd", "eventTime": "2024-05-01T00:00:00Z",
        "eventSource": "sts.amazonaws.com", "eventName": "AssumeRole", "awsRegion": "eu-central-1", "eventType": "AwsApiCall",
        "sourceIPAddress": "203.0.113.177", "userAgent": "aws-cli/2.15", "recipientAccountId": account,
        "userIdentity": {
            "type": "AssumedRole", "principalId": "AROAJ3LNX8YQ5DZW7GHKC:mallory.dray", "accountId": account,
            "arn": format!("arn:aws:sts::{account}:assumed-role/VaultkeeperRole/mallory.dray"),
            "accessKeyId": "ASIAQ7WZ5KXR2MVB4T6E",
            "sessionContext": {"sourceIdentity": "bea.quilling@corp.example"},
        },
        "requestParameters": {
            "userName": "jolanda", "roleSessionName": "Ida Vogelsang",
            "users": [{"userName": "Zoë-Ümit"}, {"userName": "CORP\\dagmara"}],
            "arns": ["arn:aws:s3:::zephyr-ledgers", format!("arn:aws:sns:eu-central-1:{account}:kestrelTopic"),
                     format!("arn:aws:secretsmanager:eu-central-1:{account}:secret:prod/quokka-9-Ab3dEf")],
        },
        "responseElements": {"endpoint": {"sourceIPAddress": "2600:1f18:42aa::7b1"}},
    })
}

/// A record with every field that CloudTrail has. As text: the macro would be too deep.
fn full() -> Value {
    serde_json::from_str(
        r#"{
        "eventVersion": "1.11", "eventTime": "2024-05-01T00:00:00Z", "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject", "awsRegion": "eu-central-1", "sourceIPAddress": "192.0.2.1", "userAgent": "agent/1.0",
        "errorCode": "AccessDenied", "errorMessage": "m", "requestID": "r", "eventID": "e", "eventType": "AwsApiCall",
        "apiVersion": "2015-03-31", "managementEvent": "true", "readOnly": "true", "recipientAccountId": "a",
        "sharedEventID": "s", "vpcEndpointId": "v", "vpcEndpointAccountId": "a", "eventCategory": "Management",
        "sessionCredentialFromConsole": "true", "annotation": "x",
        "userIdentity": {
            "type": "AssumedRole", "userName": "u", "principalId": "p", "arn": "a", "accountId": "a", "accessKeyId": "k",
            "invokedBy": "i", "identityProvider": "i", "credentialId": "c",
            "onBehalfOf": {"userId": "u", "identityStoreArn": "a"},
            "inScopeOf": {"sourceArn": "a", "sourceAccount": "a", "issuerType": "t", "credentialsIssuedTo": "c"},
            "invokedByDelegate": {"accountId": "a"},
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "userName": "u", "principalId": "p", "arn": "a", "accountId": "a"},
                "webIdFederationData": {"federatedProvider": "f", "attributes": {"k": "v"}},
                "attributes": {"creationDate": "2024-05-01T00:00:00Z", "mfaAuthenticated": "false"},
                "sourceIdentity": "s", "ec2RoleDelivery": "2.0", "assumedRoot": "true", "signInSessionArn": "a"
            }
        },
        "requestParameters": {
            "bucketName": "b", "key": "k", "roleArn": "a", "policyDocument": "p", "tags": {"t": "v"}, "list": ["x", ["y"]],
            "instancesSet": {"items": [{"instanceId": "i"}]}, "filterSet": {}, "x-amz-acl": "private", "Host": "h"
        },
        "responseElements": {"ConsoleLogin": "Failure", "assumedRoleUser": {"arn": "a", "assumedRoleId": "i"},
            "credentials": {"accessKeyId": "k", "sessionToken": "t"}, "accessKey": {"accessKeyId": "k", "userName": "u"}},
        "additionalEventData": {"MFAUsed": "No", "x-amz-id-2": "i", "LoginTo": "l", "MFAIdentifier": "m"},
        "serviceEventDetails": {"detail": "d"},
        "resources": [{"ARN": "a", "accountId": "a", "type": "AWS::S3::Bucket", "ARNPrefix": "p"}],
        "addendum": {"reason": "r", "updatedFields": "f", "originalRequestID": "r", "originalEventID": "e"},
        "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "c", "clientProvidedHostHeader": "h", "keyExchange": "k"},
        "edgeDeviceDetails": {"type": "t"},
        "eventContext": {"requestContext": {"k": "v"}, "tagContext": {"resourceTags": [{"arn": "a", "tags": {"t": "v"}}]}},
        "insightDetails": {"state": "Start", "eventSource": "s", "eventName": "n", "insightType": "t", "errorCode": "c",
            "insightContext": {"attributions": [{"attribute": "userIdentityArn", "insight": [{"value": "v", "average": 1}]}]}}
    }"#,
    )
    .unwrap()
}

/// The places of a record where a text may occur: pointers to strings, and to objects that take one key more.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            out.push(at.to_owned());
            for (key, value) in members {
                places(value, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), out);
            }
        }
        Value::Array(values) => {
            values.iter().enumerate().for_each(|(index, value)| places(value, &format!("{at}/{index}"), out));
        }
        Value::String(_) => out.push(at.to_owned()),
        _ => {}
    }
}

/// Puts a text into a place.
fn set(record: &mut Value, place: &str, text: &str) {
    match record.pointer_mut(place).unwrap() {
        Value::Object(members) => drop(members.insert(text.to_owned(), Value::from("of a key"))),
        other => *other = Value::from(text),
    }
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

fn escapes(text: &str) -> String {
    text.encode_utf16().fold(String::new(), |mut out, unit| {
        write!(out, "\\u{unit:04x}").unwrap();
        out
    })
}

fn entities(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        write!(out, "&#{};", u32::from(c)).unwrap();
        out
    })
}

fn in_json(text: &str) -> String {
    json!({"Statement": [{"Sid": "x", "value": text, text: ["y"]}]}).to_string()
}

/// The forms in which a text may be written.
fn forms(kind: Kind, id: &str) -> BTreeMap<&'static str, String> {
    let mut forms: BTreeMap<&'static str, String> = [
        ("plain", id.to_owned()),
        ("capitals", id.to_uppercase()),
        ("small", id.to_lowercase()),
        ("in a sentence", format!("User {id}, on behalf of ({id}) did \"{id}\".")),
        ("beside marks", format!("a_{id}_b-{id}-c.{id}.d={id};")),
        ("in a path", format!("s3://x/home/{id}/{id}.json")),
        ("in a query", format!("https://x.example/?id={id}&y=1")),
        ("percent", percent(id)),
        ("percent in capitals", percent(id).to_uppercase().replace("%2D", "-")),
        ("percent twice", percent(&percent(id))),
        ("percent three times", percent(id).replace('%', "%2525")),
        ("percent beside text", format!("q%20{}%2F{}", percent(id), id)),
        ("bad percent beside it", format!("%ff%zz {} %e4", percent(id))),
        ("JSON escapes", escapes(id)),
        ("JSON escapes twice", escapes(id).replace('\\', "\\\\")),
        ("percent of JSON escapes", percent(&escapes(id))),
        ("entities", entities(id)),
        ("entities of entities", entities(id).replace('&', "&amp;")),
        ("JSON", in_json(id)),
        ("JSON in JSON", in_json(&in_json(id))),
        ("JSON in JSON in JSON", in_json(&in_json(&in_json(id)))),
        ("percent of JSON", percent(&in_json(id))),
        ("JSON of percent", in_json(&percent(id))),
        ("an ARN", format!("arn:aws:iam::480715926348:user/path/{id}")),
        ("a part of an ARN", format!("arn:aws:{id}:{id}:480715926348:role/{id}")),
        ("a type", format!("AWS::{id}::Bucket")),
        ("a host", format!("{id}.amazonaws.com")),
        ("a Region", format!("us-{id}-1")),
        ("words", format!("Get{id}")),
        ("a code", format!("Client.{id}.NotFound")),
    ]
    .into();
    let letters = [("before letters", format!("{id}xyz")), ("behind letters", format!("xyz{id}"))];
    let capitals = [("before a capital", format!("{id}Profile")), ("between", format!("x{id}Z"))];
    let digits = [("before digits", format!("{id}7")), ("behind digits", format!("7{id}"))];
    match kind {
        Kind::Account => {
            let [a, b, c] = [&id[..4], &id[4..8], &id[8..]];
            forms.extend([
                ("grouped", format!("{a}-{b}-{c}")),
                ("grouped in a sentence", format!("account {a}-{b}-{c}, or {a} {b} {c}")),
                ("a bucket", format!("aws-cloudtrail-logs-{id}-ab12cd34")),
                ("delivered", format!("AWSLogs/{id}/CloudTrail/eu-central-1/2024/05/01/{id}_CloudTrail_eu-central-1_20240501T0005Z_x.json.gz")),
            ]);
            forms.extend(letters.into_iter().chain(capitals).chain(digits));
        }
        Kind::Key => {
            forms.extend(letters.into_iter().chain(capitals).chain(digits));
            forms.extend([("behind another", format!("AKIA{id}"))]);
        }
        Kind::Name => {
            forms.extend(letters.into_iter().chain(capitals).chain(digits));
            forms.extend([("plus for a blank", id.replace(' ', "+")), ("an address", format!("{id}@corp.example"))]);
        }
        Kind::Ipv4 => {
            let dashed = id.replace('.', "-");
            forms.extend(letters);
            forms.extend([
                ("a host name", format!("ip-{dashed}.eu-central-1.compute.internal")),
                ("mapped", format!("::ffff:{id}")),
                ("mapped in hexadecimal", "::ffff:cb00:71b1".to_owned()),
                ("a network", format!("{id}/32")),
                ("a port", format!("{id}:443")),
                ("zeros", "203.000.113.177".to_owned()),
                ("a version", format!("agent/{id}")),
            ]);
        }
        Kind::Ipv6 => forms.extend([
            ("whole", "2600:1f18:42aa:0000:0000:0000:0000:07b1".to_owned()),
            ("zeros", "2600:1F18:42AA:0:0:0:0:7B1".to_owned()),
            ("with a port", format!("[{id}]:443")),
            ("a network", format!("{id}/128")),
        ]),
    }
    forms
}

/// The records: each form of each identifier in all places at once, and one identifier of each kind in each
/// place alone.
fn records() -> Vec<Value> {
    let template = full();
    let mut all_places = Vec::new();
    places(&template, "", &mut all_places);
    let mut records = vec![introduced()];
    let mut id = 0;
    let mut alone = HashSet::new();
    for (kind, identifier) in IDENTIFIERS {
        let forms = forms(*kind, identifier);
        for text in forms.values() {
            let mut record = template.clone();
            all_places.iter().for_each(|place| set(&mut record, place, text));
            // Two forms of one identifier may be the same text.
            let event_id = record["eventID"].as_str().unwrap().to_owned();
            id += 1;
            record["eventID"] = Value::from(format!("{event_id} {id}"));
            records.push(record);
        }
        // One identifier of each kind is enough here: what differs is the place.
        if !alone.insert(*kind) {
            continue;
        }
        for (place, text) in all_places.iter().zip(forms.values().cycle()) {
            let mut record = template.clone();
            id += 1;
            record["eventID"] = Value::from(format!("00000000-0000-4000-8000-{id:08}abcd"));
            set(&mut record, place, text);
            records.push(record);
        }
    }
    records
}

/// Rows of a CSV download with each form of each identifier in each column.
fn csv_rows() -> String {
    const COLUMNS: &str = "User name,AWS access key,Event time,Event source,Event name,AWS region,Source IP address,User agent,\
        Error code,Resources,Request ID,Event ID,Read-only,Event type,Recipient Account Id,Event category";
    let count = COLUMNS.split(',').count();
    let mut out = format!("{COLUMNS}\n");
    for (kind, identifier) in IDENTIFIERS {
        for (index, text) in forms(*kind, identifier).values().enumerate() {
            let quoted = format!("\"{}\"", text.replace('"', "\"\""));
            let mut row = vec![quoted; count];
            row[2] = "2024-05-01T00:00:00Z".to_owned();
            row[11] = format!("\"{} row {index}\"", text.replace('"', "\"\""));
            writeln!(out, "{}", row.join(",")).unwrap();
        }
    }
    out
}

/// Puts each form of each identifier into each column of text of each table that no record is made from.
fn fill_tables(case: &Path) {
    let connection = Connection::open(case).unwrap();
    connection.execute_batch("PRAGMA foreign_keys = OFF; BEGIN").unwrap();
    let forms: Vec<String> =
        IDENTIFIERS.iter().flat_map(|(kind, identifier)| forms(*kind, identifier).into_values()).collect();
    let mut number = 0_i64;
    for table in [
        "files",
        "imports",
        "rejects",
        "field_problems",
        "digests",
        "digest_files",
        "tags",
        "notes",
        "saved_queries",
        "noise_rules",
        "subjects",
        "verdicts",
        "ignore_rules",
        "provenance",
        "provenance_parents",
        "replaced_rows",
        "conflicts",
    ] {
        let sql = format!("SELECT name || '|' || type || '|' || pk FROM pragma_table_info('{table}')");
        let columns = lines(&connection, &sql);
        let columns: Vec<Vec<&str>> = columns.iter().map(|line| line.split('|').collect()).collect();
        for target in columns.iter().filter(|column| column[1] != "INTEGER" && column[0] != "finished_at") {
            if (table, target[0]) == ("conflicts", "record") {
                continue;
            }
            // Each column gets others: a column's rule is the same for all.
            for text in forms.iter().skip(number as usize % 5).step_by(5) {
                number += 1;
                let values: Vec<rusqlite::types::Value> = columns
                    .iter()
                    .map(|column| match (column[0], column[1]) {
                        (name, _) if name == target[0] && column[1] == "BLOB" => text.clone().into_bytes().into(),
                        (name, _) if name == target[0] => text.clone().into(),
                        ("record", _) => "{}".to_owned().into(),
                        ("step", _) => (-number).into(),
                        (_, "INTEGER") if column[2] != "0" && !column[0].ends_with("file_id") => {
                            rusqlite::types::Value::Null
                        }
                        ("file_id" | "import_id" | "digest" | "container_id", _) => 1.into(),
                        (_, "INTEGER") => 0.into(),
                        (_, "BLOB") => vec![].into(),
                        ("finished_at", _) => "2024-05-01T00:00:00Z".to_owned().into(),
                        _ => format!("w{number}").into(),
                    })
                    .collect();
                let marks = vec!["?"; values.len()].join(", ");
                let insert = format!("INSERT OR IGNORE INTO {table} VALUES ({marks})");
                connection.execute(&insert, rusqlite::params_from_iter(values)).unwrap();
            }
        }
    }
    connection.execute_batch("COMMIT").unwrap();
}

#[test]
fn every_identifier_in_every_form_is_gone_from_every_place() {
    let test_env = TestEnv::new();
    let records = records();
    test_env.scratch.write(
        "in/jolanda/480715926348_CloudTrail_eu-central-1_20240501T0005Z_x.json",
        json!({"Records": records}).to_string(),
    );
    // The same events with other contents: conflicts.
    let others: Vec<Value> = records
        .iter()
        .step_by(7)
        .map(|record| {
            let mut record = record.clone();
            record["annotation"] = Value::from("jolanda at 203.0.113.177");
            record
        })
        .collect();
    test_env.scratch.write("in/Ida Vogelsang/zephyr-ledgers.json", json!({"Records": others}).to_string());
    test_env.scratch.write("in/event_history.csv", csv_rows());
    test_env.scratch.write("in/broken.json", "{\"Records\":[{\"eventID\":\"x\",\"a\":\"jolanda 480715926348\" oops]}");
    test_env.run(&["import", "in"]).exits(1);
    fill_tables(&test_env.scratch.case());
    let count = |case: &str| lines(&test_env.scratch.ask_at(case), "SELECT count(*) FROM events").remove(0);
    // What the search finds before says that it finds something.
    let all = IDENTIFIERS.iter().map(|(_, identifier)| identifier).chain(PARTS).chain(SPELLINGS);
    let all: Vec<&str> = all.copied().collect();
    let before = leaks(&test_env.scratch.case(), &all);
    for (_, identifier) in IDENTIFIERS {
        let found = before.keys().filter(|leak| leak.starts_with(&identifier.to_lowercase())).count();
        assert!(found > 5, "{identifier}: {found}");
    }
    assert!(count("trailq.db").parse::<usize>().unwrap() >= records.len());
    for (name, more) in
        [("whole.db", &[][..]), ("some.db", &["--where", "name=GetObject"]), ("plain.db", &["--portable", "--fts"])]
    {
        test_env.run(&[&["snapshot", name, "--redact", super::ALL], more].concat()).exits(0);
        let found = leaks(&test_env.scratch.path(name), &all);
        assert!(found.is_empty(), "{name}: {} leaks: {:#?}", found.len(), found.iter().take(60).collect::<Vec<_>>());
        if name != "some.db" {
            assert_eq!(count(name), count("trailq.db"), "{name}");
        }
    }
}
