//! From records to columns: every identity type, and every irregular value that `src/guide/internals/formats.md` names.

use crate::common::program::TestEnv;
use crate::common::{Scratch, record};

/// The columns of one record, by a SELECT on `event_history`.
fn columns(record: &str, select: &str) -> String {
    let scratch = Scratch::new();
    let path = scratch.write("record.json", record);
    assert_eq!(scratch.import(&[path]).counts.stored, 1, "{record}");
    scratch.lines(&format!("SELECT {select} FROM event_history")).remove(0)
}

fn with_identity(identity: &str) -> String {
    record("a", &format!("\"userIdentity\":{identity}"))
}

#[test]
fn every_identity_type_has_event_history_s_user_name() {
    let role = r#""sessionContext":{"sessionIssuer":{"type":"Role","userName":"Admin","arn":"arn:aws:iam::111122223333:role/x/Admin"}}"#;
    let issuer = r#""sessionContext":{"sessionIssuer":{"type":"IAMUser","userName":"alice"}}"#;
    let session = "arn:aws:sts::111122223333:assumed-role/Admin/bob";
    for (identity, expected) in [
        (r#"{"type":"IAMUser","userName":"alice"}"#.to_owned(), "alice|-|-"),
        (r#"{"type":"Root","userName":"alias"}"#.to_owned(), "root|-|-"),
        (r#"{"type":"Root","principalId":"111122223333"}"#.to_owned(), "root|-|-"),
        (format!(r#"{{"type":"AssumedRole","principalId":"AROA1:bob","arn":"{session}",{role}}}"#), "bob|bob|Admin"),
        // Where they disagree, the principal wins.
        (format!(r#"{{"type":"AssumedRole","principalId":"AROA1:eve","arn":"{session}",{role}}}"#), "eve|eve|Admin"),
        (format!(r#"{{"type":"AssumedRole","principalId":"AROA1","arn":"{session}"}}"#), "bob|bob|Admin"),
        (r#"{"type":"Role","userName":"Admin"}"#.to_owned(), "Admin|-|-"),
        (
            format!(r#"{{"type":"FederatedUser","arn":"arn:aws:sts::111122223333:federated-user/bob",{issuer}}}"#),
            "bob|bob|-",
        ),
        (r#"{"type":"FederatedUser","principalId":"111122223333:erin"}"#.to_owned(), "erin|erin|-"),
        (r#"{"type":"Directory","userName":"d"}"#.to_owned(), "d|-|-"),
        (r#"{"type":"AWSAccount","accountId":"444455556666","principalId":"AIDA1"}"#.to_owned(), "-|-|-"),
        (r#"{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}"#.to_owned(), "-|-|-"),
        (r#"{"type":"IdentityCenterUser","onBehalfOf":{"userId":"u-1"}}"#.to_owned(), "-|-|-"),
        (r#"{"type":"SAMLUser","userName":"s"}"#.to_owned(), "s|-|-"),
        (r#"{"type":"WebIdentityUser","userName":"w"}"#.to_owned(), "w|-|-"),
        (
            r#"{"type":"Unknown","userName":"HIDDEN_DUE_TO_SECURITY_REASONS"}"#.to_owned(),
            "HIDDEN_DUE_TO_SECURITY_REASONS|-|-",
        ),
        (r#"{"accountId":"111122223333","invokedBy":"secretsmanager.amazonaws.com"}"#.to_owned(), "-|-|-"),
    ] {
        let found = columns(&with_identity(&identity), "user_name, session_name, role_name");
        assert_eq!(found, expected, "{identity}");
    }
}

#[test]
fn a_sign_in_names_its_user_beside_the_identity() {
    let sign_in = |identity: &str, source: &str| {
        let name = r#""additionalEventData":{"UserName":"erin@example.com"}"#;
        record("a", &format!("\"userIdentity\":{identity},{name}")).replace("ec2.amazonaws.com", source)
    };
    let person = r#"{"type":"IdentityCenterUser","onBehalfOf":{"userId":"u-1"},"credentialId":"c-1"}"#;
    for (identity, source, expected) in [
        (person, "signin.amazonaws.com", "erin@example.com"),
        (r#"{"type":"Unknown","userName":"erin"}"#, "signin.amazonaws.com", "erin"),
        (person, "ec2.amazonaws.com", "-"),
    ] {
        assert_eq!(columns(&sign_in(identity, source), "user_name"), expected, "{identity} {source}");
    }
    let test_env = TestEnv::new();
    test_env.scratch.write("record.json", sign_in(person, "signin.amazonaws.com"));
    test_env.run(&["import", "record.json"]).exits(0);
    for lookup in
        ["on-behalf-of=u-1", "onBehalfOf=u-1", "userIdentity.onBehalfOf.userId=u-1", "u-1", "erin@example.com"]
    {
        assert_eq!(
            test_env.run(&["--format", "tsv", "lookup", lookup, "| count"]).exits(0).out,
            "events\n1\n",
            "{lookup}"
        );
    }
}

#[test]
fn flags_come_as_flags_or_as_words() {
    let session =
        |mfa: &str| with_identity(&format!(r#"{{"sessionContext":{{"attributes":{{"mfaAuthenticated":{mfa}}}}}}}"#));
    for (mfa, expected) in [("\"true\"", "true"), ("true", "true"), ("\"false\"", "false"), ("null", "-")] {
        assert_eq!(columns(&session(mfa), "mfa_authenticated"), expected, "{mfa}");
    }
    assert_eq!(
        columns(&record("a", r#""readOnly":"FALSE","sessionCredentialFromConsole":"true""#), "read_only, from_console"),
        "false|true"
    );
}

#[test]
fn malformed_values_are_normalized_without_errors() {
    for (more, select, expected) in [
        (r#""userIdentity":{"accessKeyId":""}"#, "access_key_id", "-"),
        (
            r#""sourceIPAddress":"AWS Internal/#","requestParameters":null,"responseElements":null"#,
            "source_ip_address",
            "AWS Internal/#",
        ),
        (
            r#""requestParameters":{"omitted":true,"reason":"requestParameters too large","originalSize":149893}"#,
            "resources",
            "[]",
        ),
        (r#""errorCode":"Client.UnauthorizedOperation""#, "outcome", "denied"),
        (r#""errorCode":"VpceAccessDenied""#, "outcome", "denied"),
        (r#""errorCode":"NoSuchBucket""#, "outcome", "error"),
        (r#""errorMessage":"Failed authentication""#, "outcome", "error"),
        (r#""errorCode":"AuthorizationErrorException""#, "outcome", "denied"),
        (r#""errorCode":"Server.UnauthorizedOperation""#, "outcome", "denied"),
        (r#""errorCode":"200","errorMessage":"OK""#, "outcome, error_code", "ok|200"),
        (r#""responseElements":{"ConsoleLogin":"Failure"}"#, "outcome, error_code", "error|-"),
        (r#""responseElements":{"ExternalIdPDirectoryLogin":"Failure"}"#, "outcome", "error"),
        (r#""responseElements":{"ExternalIdPDirectoryLogin":"Success"}"#, "outcome", "ok"),
        (r#""responseElements":{"PasswordRecoveryRequested":"Failure"}"#, "outcome", "error"),
        (r#""serviceEventDetails":{"CredentialVerification":"Failure"}"#, "outcome", "error"),
        (r#""serviceEventDetails":{"UserAuthentication":"Success"}"#, "outcome", "ok"),
        (r#""serviceEventDetails":{"result":{"statusType":"FAILED"}}"#, "outcome", "error"),
        (r#""serviceEventDetails":{"state":"FAILED","result":"Failed"}"#, "outcome", "ok"),
        (r#""serviceEventDetails":"Failure""#, "outcome", "ok"),
        (
            r#""additionalEventData":{"bytesTransferredIn":12.0,"bytesTransferredOut":"34"}"#,
            "bytes_in, bytes_out",
            "12|34",
        ),
        (
            r#""userIdentity":{"sessionContext":{"attributes":{"creationDate":"20240301T080000Z"}}}"#,
            "session_created",
            "2024-03-01T08:00:00Z",
        ),
        (r#""responseElements":{"credentials":{"accessKeyId":"ASIA1"}}"#, "issued_access_key_id", "ASIA1"),
        (r#""responseElements":{"accessKey":{"accessKeyId":"AKIA1"}}"#, "issued_access_key_id", "AKIA1"),
    ] {
        assert_eq!(columns(&record("a", more), select), expected, "{more}");
    }
    let fraction = record("a", "").replace("09:00:00Z", "09:00:00.987Z");
    assert_eq!(columns(&fraction, "event_time"), "2024-03-01T09:00:00Z");
    let sign_in = record("a", r#""additionalEventData":{"MFAUsed":"YES"}"#).replace("RunInstances", "ConsoleLogin");
    assert_eq!(columns(&sign_in, "mfa_authenticated"), "true");
    let insight = r#"{"eventVersion":"1.07","eventID":"i","insightDetails":{"eventSource":"iam.amazonaws.com","eventName":"PutUserPolicy"}}"#;
    assert_eq!(columns(insight, "event_name, event_source, identity_type"), "PutUserPolicy|iam.amazonaws.com|-");
    let aggregated = r#"{"eventVersion":"1.0","eventId":"g","accountId":"111122223333","timeWindow":{"windowStart":"2024-03-01T09:00:00Z"}}"#;
    assert_eq!(
        columns(aggregated, "event_id, recipient_account_id, event_time"),
        "g|111122223333|2024-03-01T09:00:00Z"
    );
}

#[test]
fn a_record_without_an_id_gets_one_from_its_content() {
    let scratch = Scratch::new();
    let path = scratch.write(
        "old.json",
        r#"{"Records":[{"eventVersion":"1.0","eventName":"A"}, {"eventName": "A", "eventVersion": "1.0"}, {"eventVersion":"1.0","eventName":"B"}]}"#,
    );
    let report = scratch.import(&[path]);
    assert_eq!((report.counts.stored, report.counts.duplicate, report.counts.conflict), (2, 1, 0));
    assert_eq!(scratch.number("SELECT count(*) FROM events WHERE event_id LIKE 'content-%'"), 2);
}

#[test]
fn resources_have_the_places_of_their_arn_or_of_their_event() {
    let scratch = Scratch::new();
    let in_region = |id: &str, region: &str| {
        record(id, r#""requestParameters":{"cluster":"default","roleArn":"arn:aws:iam::444455556666:role/x/Admin"}"#)
            .replace("ec2.amazonaws.com", "ecs.amazonaws.com")
            .replace("us-east-1", region)
    };
    let path = scratch.write("two.json", [in_region("a", "us-east-1"), in_region("b", "eu-west-1")].join("\n"));
    scratch.import(&[path]);
    assert_eq!(
        scratch.lines("SELECT type, name, account_id, aws_region, events FROM resources ORDER BY type, aws_region"),
        [
            "AWS::ECS::Cluster|default|111122223333|eu-west-1|1",
            "AWS::ECS::Cluster|default|111122223333|us-east-1|1",
            "AWS::IAM::Role|Admin|444455556666|-|2",
        ]
    );
}

#[test]
fn copies_lists_and_models_name_their_resources() {
    let named = |source: &str, name: &str, parameters: &str| {
        let called = record("a", &format!("\"requestParameters\":{parameters}"))
            .replace("ec2.amazonaws.com", source)
            .replace("RunInstances", name);
        let found: Vec<serde_json::Value> = serde_json::from_str(&columns(&called, "resources")).unwrap();
        let mut named: Vec<String> = found
            .iter()
            .map(|resource| {
                format!("{} {}", resource["type"].as_str().unwrap_or("-"), resource["name"].as_str().unwrap())
            })
            .collect();
        named.sort_unstable();
        named
    };
    for (source, name, parameters, expected) in [
        (
            "s3.amazonaws.com",
            "CopyObject",
            r#"{"bucketName":"dst","key":"k2","x-amz-copy-source":"src/path/k1"}"#,
            ["AWS::S3::Bucket dst", "AWS::S3::Bucket src", "AWS::S3::Object arn:aws:s3:::src/path/k1"].as_slice(),
        ),
        ("ec2.amazonaws.com", "CopySnapshot", r#"{"sourceSnapshotId":"snap-1"}"#, &["AWS::EC2::Snapshot snap-1"]),
        ("ec2.amazonaws.com", "CopyImage", r#"{"sourceImageId":"ami-1","name":"n"}"#, &["AWS::EC2::Ami ami-1"]),
        (
            "rds.amazonaws.com",
            "CopyDBSnapshot",
            r#"{"sourceDBSnapshotIdentifier":"s","targetDBSnapshotIdentifier":"t"}"#,
            &["AWS::RDS::DBSnapshot s", "AWS::RDS::DBSnapshot t"],
        ),
        (
            "secretsmanager.amazonaws.com",
            "BatchGetSecretValue",
            r#"{"secretIdList":["one","two"]}"#,
            &["AWS::SecretsManager::Secret one", "AWS::SecretsManager::Secret two"],
        ),
        (
            "bedrock.amazonaws.com",
            "InvokeModel",
            r#"{"modelId":"example.model-v1"}"#,
            &["AWS::Bedrock::FoundationModel example.model-v1"],
        ),
    ] {
        assert_eq!(named(source, name, parameters), expected, "{name}");
    }
}

#[test]
fn the_sides_of_a_copy_have_their_roles() {
    let scratch = Scratch::new();
    let copy = record(
        "a",
        r#""requestParameters":{"bucketName":"dst","key":"k","x-amz-copy-source":"src/k"},"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::src/k"}]"#,
    )
    .replace("ec2.amazonaws.com", "s3.amazonaws.com")
    .replace("RunInstances", "CopyObject");
    let image = record("b", r#""requestParameters":{"sourceImageId":"ami-1"},"responseElements":{"imageId":"ami-2"}"#)
        .replace("RunInstances", "CopyImage");
    let path = scratch.write("copies.json", [copy, image].join("\n"));
    scratch.import(&[path]);
    assert_eq!(
        scratch.lines(
            "SELECT e.event_name, coalesce(r.arn, r.name), er.role FROM event_resources er \
             JOIN events e ON e.id = er.event JOIN resources r ON r.id = er.resource ORDER BY 1, 2"
        ),
        [
            "CopyImage|ami-1|source",
            "CopyImage|ami-2|target",
            "CopyObject|arn:aws:s3:::src/k|source",
            "CopyObject|dst|target",
            "CopyObject|src|source",
        ]
    );
}

#[test]
fn each_spelling_of_a_resource_is_one_entry_and_none_twice() {
    let create_role = record(
        "a",
        r#""requestParameters":{"roleName":"Admin"},"responseElements":{"role":{"roleName":"Admin","roleId":"AROA1","arn":"arn:aws:iam::111122223333:role/Admin"}}"#,
    )
    .replace("ec2.amazonaws.com", "iam.amazonaws.com")
    .replace("RunInstances", "CreateRole");
    let found = columns(&create_role, "resources");
    let found: Vec<serde_json::Value> = serde_json::from_str(&found).unwrap();
    let mut names: Vec<&str> = found.iter().map(|resource| resource["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["AROA1", "Admin", "arn:aws:iam::111122223333:role/Admin"]);
    assert!(found.iter().all(|resource| resource["type"] == "AWS::IAM::Role" && resource["listed"] == 1), "{found:?}");
}
