use serde_json::json;

use crate::sentence::of_record;

fn record(name: &str, source: &str, more: serde_json::Value) -> Vec<u8> {
    let mut record = json!({"eventName": name, "eventSource": format!("{source}.amazonaws.com"), "awsRegion": "us-east-1",
        "recipientAccountId": "111122223333", "sourceIPAddress": "203.0.113.77",
        "userIdentity": {"type": "IAMUser", "userName": "alice", "arn": "arn:aws:iam::111122223333:user/alice"}});
    for (key, value) in more.as_object().unwrap() {
        record[key] = value.clone();
    }
    record.to_string().into_bytes()
}

#[test]
fn calls_are_sentences() {
    let place = "in 111122223333 us-east-1 from 203.0.113.77";
    for (name, source, more, outcome, expected) in [
        (
            "CreateAccessKey",
            "iam",
            json!({"requestParameters": {"userName": "bob"},
                "responseElements": {"accessKey": {"accessKeyId": "AKIAIOSFODNN7EXAMPLE"}}}),
            "ok",
            "user alice created access key AKIAIOSFODNN7EXAMPLE for user bob (iam:CreateAccessKey)",
        ),
        (
            "CreateAccessKey",
            "iam",
            json!({}),
            "ok",
            "user alice created access key for user alice (iam:CreateAccessKey)",
        ),
        (
            "DeleteDBClusterSnapshot",
            "rds",
            json!({"requestParameters": {"dBClusterSnapshotIdentifier": "s-1"}}),
            "ok",
            "user alice deleted DB cluster snapshot s-1 (rds:DeleteDBClusterSnapshot)",
        ),
        (
            "TerminateInstances",
            "ec2",
            json!({"requestParameters": {"instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-2"},
                {"instanceId": "i-3"}, {"instanceId": "i-4"}, {"instanceId": "i-5"}]}}}),
            "ok",
            "user alice terminated instances i-1, i-2, i-3 and 2 more (ec2:TerminateInstances)",
        ),
        (
            "PutBucketTagging",
            "s3",
            json!({"requestParameters": {"bucketName": "acme"}}),
            "ok",
            "user alice set bucket tagging on bucket acme (s3:PutBucketTagging)",
        ),
        ("DescribeVpcs", "ec2", json!({"requestParameters": {}}), "ok", "user alice described vpcs (ec2:DescribeVpcs)"),
        ("SharedThing", "x", json!({}), "ok", "user alice called SharedThing (x:SharedThing)"),
    ] {
        let sentence = of_record(&record(name, source, more), Some(outcome)).unwrap();
        assert_eq!(sentence, format!("{expected} {place}"));
    }
}

#[test]
fn what_failed_is_an_attempt_and_a_dry_run_is_not() {
    let sentence = |code: &str, outcome: &str| {
        let more = json!({"errorCode": code, "requestParameters": {"name": "acme-trail"}});
        of_record(&record("StopLogging", "cloudtrail", more), Some(outcome)).unwrap()
    };
    let call = "stop trail acme-trail (cloudtrail:StopLogging) in 111122223333 us-east-1 from 203.0.113.77";
    assert_eq!(sentence("AccessDenied", "denied"), format!("user alice tried to {call}: denied, AccessDenied"));
    assert_eq!(sentence("Gone", "error"), format!("user alice tried to {call}: failed, Gone"));
    let dry = sentence("Client.DryRunOperation", "error");
    assert!(dry.starts_with("user alice was allowed to stop trail acme-trail (dry run) "), "{dry}");
    assert!(dry.ends_with("203.0.113.77"), "{dry}");
    let failed = record("ConsoleLogin", "signin", json!({"additionalEventData": {"MFAUsed": "No"}}));
    let failed = of_record(&failed, Some("error")).unwrap();
    assert!(failed.starts_with("user alice tried to sign in to the console, MFA No"), "{failed}");
    assert!(failed.ends_with(": failed"), "{failed}");
}

#[test]
fn every_kind_of_actor_has_words() {
    for (identity, expected) in [
        (json!({"type": "Root", "arn": "arn:aws:iam::111122223333:root"}), "root"),
        (
            json!({"type": "AssumedRole", "principalId": "AROA:ci", "arn": "arn:aws:sts::111122223333:assumed-role/Deploy/ci",
                "sessionContext": {"sessionIssuer": {"userName": "Deploy"}}}),
            "role Deploy (session ci)",
        ),
        (
            json!({"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/Deploy/ci"}),
            "role Deploy (session ci)",
        ),
        (json!({"type": "FederatedUser", "principalId": "111122223333:erin"}), "federated user erin"),
        (json!({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}), "service ec2.amazonaws.com"),
        (json!({"type": "AWSAccount", "accountId": "444455556666"}), "account 444455556666"),
        (json!({"type": "WebIdentityUser", "userName": "system:x"}), "user system:x"),
        (json!({"principalId": "AIDA1"}), "AIDA1"),
        (json!({}), "a caller without a name"),
        (json!(null), "a caller without a name"),
        (json!([1]), "a caller without a name"),
    ] {
        let sentence = of_record(&record("ListUsers", "iam", json!({"userIdentity": identity})), Some("ok")).unwrap();
        assert!(sentence.starts_with(&format!("{expected} listed users")), "{sentence}");
    }
}

#[test]
fn a_service_that_calls_is_named_after_through() {
    let more = json!({"sourceIPAddress": "cloudformation.amazonaws.com"});
    let sentence = of_record(&record("ListUsers", "iam", more), None).unwrap();
    assert!(sentence.ends_with("in 111122223333 us-east-1 through cloudformation.amazonaws.com"), "{sentence}");
}

#[test]
fn what_is_not_a_record_has_no_sentence_or_a_short_one() {
    assert_eq!(of_record(b"[]", None), None);
    assert_eq!(of_record(b"{", None), None);
    assert_eq!(of_record(b"{}", None).unwrap(), "a caller without a name made a call without a name");
}

#[test]
fn every_detected_call_begins_with_a_verb() {
    let meaning = crate::embedded::MEANING_TSV.as_str();
    for row in meaning.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        for name in columns[2].split(',').filter(|name| !name.contains('*') && *name != "-") {
            let source = columns[1].split(',').next().unwrap();
            let sentence = of_record(&record(name, source, json!({})), Some("ok")).unwrap();
            assert!(!sentence.contains(&format!("called {name}")), "{sentence}");
        }
    }
}
