//! Tests of redaction: identifiers are replaced, and the originals are gone.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::net::IpAddr;

use super::{Entities, Kind, Redactor, Rewriter};

fn redactor(kinds: &[Kind], record: &str) -> Redactor {
    let mut found = Entities::new(kinds);
    found.record(record.as_bytes()).unwrap();
    Redactor::new(found).unwrap()
}

fn rewrite(kinds: &[Kind], record: &str) -> String {
    let redactor = redactor(kinds, record);
    String::from_utf8(Rewriter::new(&redactor).record(record.as_bytes()).unwrap()).unwrap()
}

#[test]
fn formats_stay_what_they_are() {
    let redactor = redactor(&Kind::ALL, "{}");
    let account = redactor.text("111122223333");
    assert!(account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) && !account.starts_with('0'));
    for key in ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", "AROA0123456789ABCDEFG"] {
        let pseudonym = redactor.text(key);
        assert!(pseudonym.len() == key.len() && pseudonym[..4] == key[..4] && pseudonym != key, "{pseudonym}");
    }
    let IpAddr::V4(four) = redactor.text("203.0.113.7").parse().unwrap() else { panic!("no IPv4 address") };
    assert!(four.octets()[0] >= 240);
    let IpAddr::V6(six) = redactor.text("2600:1f18::7").parse().unwrap() else { panic!("no IPv6 address") };
    assert_eq!(six.segments()[..2], [0x2001, 0x0db8]);
    assert_eq!(redactor.text("2600:1F18:0:0::7"), six.to_string(), "another spelling of the same");
    let arn = redactor.text("arn:aws:iam::111122223333:role/path/Admin");
    let parsed = crate::arn::Arn::parse(&arn).unwrap();
    assert_eq!((parsed.service, parsed.account, parsed.kind()), ("iam", account.as_str(), "role"));
    assert!(!arn.contains("Admin") && !arn.contains("path"), "{arn}");
    assert_ne!(redactor.text("111122223334"), account);
    assert_eq!(redactor.text("0.0.0.0/0 and ::/0"), "0.0.0.0/0 and ::/0");
    assert_eq!(
        redactor.text("arn:aws:iam::aws:policy/AdministratorAccess"),
        "arn:aws:iam::aws:policy/AdministratorAccess"
    );
    assert_eq!(redactor.text("arn:aws:iam::111122223333:root"), format!("arn:aws:iam::{account}:root"));
}

#[test]
fn a_value_has_one_replacement_everywhere() {
    let policy = r#"{"Statement":[{"Principal":{"AWS":"arn:aws:iam::111122223333:user/alice"},"Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.7/32"}}}]}"#;
    let encoded: String = policy
        .bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    let deep = serde_json::json!({"policy": policy, "note": "a\nalice\t203.0.113.7"}).to_string();
    let record = serde_json::json!({
        "eventVersion": "1.08", "eventID": "00000000-0000-0000-0000-111122223333", "eventName": "ConsoleLogin", "errorCode": "alice", "requestID": "r-111122223333/alice",
        "userAgent": "Mozilla/5.0 Chrome/120.0.0.0 [203.0.113.7]", "sourceIPAddress": "203.0.113.7",
        "userIdentity": {
            "type": "AssumedRole", "principalId": "AROA0123456789ABCDEFG:alice", "accountId": "111122223333",
            "accessKeyId": "ASIAIOSFODNN7EXAMPLE", "arn": "arn:aws:sts::111122223333:assumed-role/Admin/alice",
        },
        "requestParameters": {
            "bucketName": "logs-111122223333-eu", "policyDocument": encoded, "inner": deep, "account": 111122223333_u64,
            "path": "AWSLogs/111122223333/CloudTrail/x.json.gz", "host": "ip-203-0-113-7.ec2.internal", "roleName": "Admin",
            "who": "DOMAIN\\alice", "key": "home/alice/x", "not": "Alicia 1112222333 metering", "beside": "alices xalice aliceProfile ALICE2 1111222233334", "map": {"203.0.113.7": "alice"},
        },
    }).to_string();
    let redactor = redactor(&Kind::ALL, &record);
    let written = String::from_utf8(Rewriter::new(&redactor).record(record.as_bytes()).unwrap()).unwrap();
    let (account, alice, address) =
        (redactor.text("111122223333"), redactor.text("alice"), redactor.text("203.0.113.7"));
    let value: serde_json::Value = serde_json::from_str(&written).unwrap();
    assert_eq!(value["eventID"], "00000000-0000-0000-0000-111122223333");
    assert_eq!(value["eventName"], "ConsoleLogin", "CloudTrail's own words stay");
    assert_eq!(value["errorCode"], alice, "whatever stands in its place does not");
    assert_eq!(value["requestID"], format!("r-{account}/{alice}"));
    let request = &value["requestParameters"];
    assert_eq!(request["account"].to_string(), account);
    assert_eq!(request["bucketName"], format!("logs-{account}-eu"));
    assert_eq!(request["path"], format!("AWSLogs/{account}/CloudTrail/x.json.gz"));
    assert_eq!(request["host"], format!("ip-{}.ec2.internal", address.replace('.', "-")));
    assert_eq!(request["roleName"], redactor.text("Admin"));
    assert_eq!(request["who"], format!("DOMAIN\\{alice}"));
    assert_eq!(request["key"], format!("home/{alice}/x"));
    let beside = request["beside"].as_str().unwrap();
    assert_eq!(beside, format!("{alice}s x{alice} {alice}Profile {}2 {account}4", alice.to_uppercase()));
    assert_eq!(request["map"][&address], alice.as_str());
    assert_eq!(value["userAgent"], format!("Mozilla/5.0 Chrome/120.0.0.0 [{address}]"));
    assert_eq!(request["not"], "Alicia 1112222333 metering");
    let arn = format!("arn:aws:iam::{account}:user/{alice}");
    let inner: serde_json::Value = serde_json::from_str(request["inner"].as_str().unwrap()).unwrap();
    assert_eq!(inner["note"], format!("a\n{alice}\t{address}"));
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(read(inner["policy"].as_str().unwrap())["Statement"][0]["Principal"]["AWS"], arn);
    let statements = crate::policy::statements(request["policyDocument"].as_str().unwrap()).unwrap();
    assert_eq!(statements[0]["principals"][0], arn);
    assert_eq!(statements[0]["condition"]["IpAddress"]["aws:SourceIp"], format!("{address}/32"));
    assert!(value["userIdentity"]["principalId"].as_str().unwrap().ends_with(&format!(":{alice}")));
    assert!(value["userIdentity"]["arn"].as_str().unwrap().ends_with(&format!("/{alice}")));
}

#[test]
fn only_what_is_asked_for_is_replaced_and_the_layout_stays() {
    let record = "{ \"eventID\" : \"x\",\n \"userIdentity\":{\"userName\":\"al\\u0069ce\", \"accountId\":\"111122223333\"},\"n\":1.50 , \"sourceIPAddress\":\"203.0.113.7\"}";
    assert_eq!(rewrite(&[], record), record);
    let users = rewrite(&[Kind::Users], record);
    assert!(
        !users.contains("ce\"")
            && users.contains("111122223333")
            && users.contains("203.0.113.7")
            && users.contains("\"n\":1.50 , "),
        "{users}"
    );
    let ips = rewrite(&[Kind::Ips], record);
    assert!(ips.contains("al\\u0069ce") && !ips.contains("203.0.113.7"), "{ips}");
    let keys = "{\"a\":\"AKIAIOSFODNN7EXAMPLE\",\"b\":\"111122223333\"}";
    let accounts = rewrite(&[Kind::Accounts], keys);
    assert!(
        !accounts.contains("AKIAIOSFODNN7EXAMPLE") && !accounts.contains("111122223333"),
        "accounts imply keys: {accounts}"
    );
    let keys = rewrite(&[Kind::Keys], keys);
    assert!(!keys.contains("AKIAIOSFODNN7EXAMPLE") && keys.contains("111122223333"), "{keys}");
    assert_ne!(rewrite(&[Kind::Ips], record), ips, "each redaction has a secret of its own");
}

#[test]
fn odd_records_are_rewritten_or_refused() {
    let redactor = redactor(&Kind::ALL, r#"{"userName":"älice"}"#);
    let mut rewriter = Rewriter::new(&redactor);
    for odd in [
        "",
        "{",
        "[]",
        "\"",
        "{\"a\":\"\\",
        "{\"a\":\"%\"}",
        "{\"a\":\"%C3%28 %zz \\\\u00 \\\\\"}",
        "{\"a\":\"arn:aws:\"}",
        "{\"a\":\":::\"}",
        "\u{feff}",
    ] {
        let _ = rewriter.record(odd.as_bytes());
    }
    let written = rewriter.record("{\"a\":\"%C3%A4lice und älice\"}".as_bytes()).unwrap();
    let written = String::from_utf8(written).unwrap();
    assert!(!written.contains("lice"), "{written}");
}

#[test]
fn a_name_that_is_a_word_of_an_api_leaves_the_apis_as_they_are() {
    let record = serde_json::json!({
        "eventVersion": "1.08", "eventName": "GetBucketPolicy", "eventSource": "s3.amazonaws.com", "eventType": "AwsApiCall",
        "errorCode": "Client.UnauthorizedOperation", "awsRegion": "eu-central-1", "requestID": "DeployRole",
        "userIdentity": {"type": "AssumedRole", "principalId": "AROA0123456789ABCDEFG:get", "userName": "user"},
        "requestParameters": {
            "bucketName": "DeployRole", "bucket": "get", "names": [{"userName": "bucket"}, {"userName": "s3"}, {"userName": "policy"}],
            "roleArn": "arn:aws:iam::111122223333:role/DeployRole", "x-amz-acl": "x", "policy": "{\"bucket\":\"bucket\"}",
            "types": ["AWS::S3::BucketPolicy", "s3.amazonaws.com", "DeployRoles", "us-east-1"],
        },
    });
    let redactor = redactor(&Kind::ALL, &record.to_string());
    let rewrite = |record: &serde_json::Value| -> serde_json::Value {
        let written = Rewriter::new(&redactor).record(record.to_string().as_bytes()).unwrap();
        serde_json::from_slice(&written).unwrap()
    };
    let written = rewrite(&record);
    for field in ["eventName", "eventSource", "eventType", "errorCode", "awsRegion", "eventVersion"] {
        assert_eq!(written[field], record[field], "{field}");
    }
    assert_eq!(written["userIdentity"]["type"], "AssumedRole");
    let (role, bucket) = (redactor.text("DeployRole"), redactor.text("bucket"));
    assert!(!role.contains("Deploy") && bucket != "bucket");
    assert_eq!(written["requestID"], role.as_str());
    let (request, before) = (&written["requestParameters"], &record["requestParameters"]);
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(request), keys(before));
    assert_eq!(request["types"], before["types"]);
    assert_eq!(request["policy"], format!("{{\"bucket\":\"{bucket}\"}}"));
    assert_eq!(request["bucketName"], role.as_str());
    // A role in the place of an operation is a role.
    let mut odd = record.clone();
    odd["eventName"] = "DeployRole".into();
    assert_eq!(rewrite(&odd)["eventName"], role.as_str());
}

#[test]
fn spellings_of_a_name_stay_apart_and_are_one_name() {
    let redactor = redactor(&Kind::ALL, r#"{"userName":"Alice","a":[{"userName":"o'Neil"},{"userName":"aLICE"}]}"#);
    let spellings = ["alice", "Alice", "ALICE", "aLICE", "AliCE"].map(|name| redactor.text(name));
    let distinct: std::collections::HashSet<&String> = spellings.iter().collect();
    assert_eq!(distinct.len(), spellings.len(), "{spellings:?}");
    assert!(spellings.iter().all(|spelling| spelling.eq_ignore_ascii_case(&spellings[0])), "{spellings:?}");
    assert_eq!(redactor.text("aliceAlice"), format!("{}{}", spellings[0], spellings[1]));
}

#[test]
fn delivered_files_keep_what_their_names_say() {
    let record = r#"{"userIdentity":{"principalId":"AROA0123456789ABCDEFG:CloudTrail","accountId":"111122223333"},
        "a":"arn:aws:s3:::logs/AWSLogs/111122223333/CloudTrail/eu-central-1/2024/05/01/kestrel.json.gz"}"#;
    let redactor = redactor(&Kind::ALL, record);
    let account = redactor.text("111122223333");
    for path in [
        "AWSLogs/111122223333/CloudTrail/eu-central-1/2024/05/01/111122223333_CloudTrail_eu-central-1_20240501T0005Z_x.json.gz",
        "/x/AWSLogs/o-abcdef1234/111122223333/CloudTrail-Digest/us-east-1/2024/05/01/y",
        "111122223333_CloudTrail-Digest_us-east-1_trail_us-east-1_20240501T000000Z.json.gz",
    ] {
        assert_eq!(redactor.text(path), path.replace("111122223333", &account));
    }
    let arn = "arn:aws:s3:::logs/AWSLogs/111122223333/CloudTrail/eu-central-1/2024/05/01/kestrel.json.gz";
    assert!(
        redactor.text(arn).contains(&format!("/AWSLogs/{account}/CloudTrail/eu-central-1/2024/05/01/")),
        "{}",
        redactor.text(arn)
    );
    // Elsewhere it is the name of a session.
    assert!(!redactor.text("by CloudTrail").contains("CloudTrail"));
}

#[test]
fn a_name_that_is_a_date_or_a_number_leaves_times_and_ids_as_they_are() {
    let record = r#"{"userIdentity":{"principalId":"AROA0123456789ABCDEFG:2024-03-01"},"a":{"userName":"7f3a"},"b":{"userName":"2024"}}"#;
    let redactor = redactor(&Kind::ALL, record);
    for text in ["2024-03-01T23:10:00Z", "at 2024-03-01T23:10:00.123+01:00.", "i-0a7f3a12", "12024", "20240301T2310Z"] {
        assert_eq!(redactor.text(text), text);
    }
    assert!(!redactor.text("night of 2024-03-01").contains("2024"));
    assert!(!redactor.text("by 7f3a").contains("7f3a"));
}

#[test]
fn accounts_are_replaced_in_numbers_however_they_are_written() {
    let record = r#"{"accountId":"480715926348"}"#;
    let redactor = redactor(&Kind::ALL, record);
    let account = redactor.text("480715926348");
    for (number, put) in [
        ("480715926348", account.clone()),
        ("480715926348.0", account.clone()),
        ("4.80715926348e11", account.clone()),
        ("480715926348.5", format!("{account}.5")),
        ("-480715926348", format!("-{account}")),
        ("17480715926348", format!("17{account}")),
        ("-111122223333", "-111122223333".to_owned()),
        ("1111222233334", "1111222233334".to_owned()),
        ("12.5", "12.5".to_owned()),
    ] {
        let written = Rewriter::new(&redactor).record(format!("{{\"n\":{number}}}").as_bytes()).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), format!("{{\"n\":{put}}}"));
    }
}
