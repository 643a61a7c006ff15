//! Documents about accounts, people and rights, and findings of GuardDuty.

use std::fs;

use serde_json::{Value, json};

use crate::common::program::{TestEnv, gzip};
use crate::common::{check_case, record};

/// The answer of `aws organizations list-accounts` with these ids and names.
fn accounts(named: &[(&str, &str)]) -> String {
    let account = |(id, name): &(&str, &str)| json!({"Id": id, "Name": name, "Status": "ACTIVE"});
    json!({"Accounts": named.iter().map(account).collect::<Vec<Value>>()}).to_string()
}

/// A case with an event of 111122223333 and one of 444455556666, and these accounts.
fn with_accounts(named: &[(&str, &str)]) -> TestEnv {
    let test_env = TestEnv::new();
    test_env.scratch.write("a.json", record("e1", ""));
    test_env.scratch.write("b.json", record("e2", "").replace("111122223333", "444455556666"));
    test_env.scratch.write("accounts.json", accounts(named));
    test_env.run(&["import", "a.json", "b.json", "accounts.json"]).exits(0);
    test_env
}

fn events(test_env: &TestEnv, lookup: &str) -> Value {
    let ran = test_env.run(&["--format", "json", "lookup", &format!("{lookup} | sort event-id | fields event-id")]);
    ran.exits(0).json().as_array().unwrap().iter().map(|row| row["event_id"].clone()).collect()
}

#[test]
fn a_name_of_an_account_means_its_id() {
    let test_env = with_accounts(&[("111122223333", "prod"), ("444455556666", "dev")]);
    for (lookup, expected) in [
        ("account=prod", json!(["e1"])),
        ("account=prod,dev", json!(["e1", "e2"])),
        ("account=prod,444455556666", json!(["e1", "e2"])),
        ("account!=prod", json!(["e2"])),
        ("not account=prod", json!(["e2"])),
        ("recipient=~PROD", json!(["e1"])),
        ("account=1111*", json!(["e1"])),
        ("identity-account=prod", json!([])),
    ] {
        assert_eq!(events(&test_env, lookup), expected, "{lookup}");
    }
    check_case(&test_env.scratch.case());
}

#[test]
fn a_sentence_has_the_name_of_its_account() {
    let test_env = with_accounts(&[("111122223333", "prod")]);
    let table = test_env.run(&["lookup", "account=prod | fields sentence"]).exits(0).out;
    assert!(table.contains("in 111122223333 (prod) "), "{table}");
    let csv = test_env.run(&["--format", "csv", "lookup", "account=prod | fields sentence"]).exits(0).out;
    assert!(csv.contains("in 111122223333 ") && !csv.contains("prod"), "{csv}");
    test_env.scratch.write("say.txt", "account=prod\n.tag 1 intruder\n.say 1\naccount!=prod\n.say 1\n");
    let said = test_env.run(&["script", "say.txt"]).exits(0).out;
    assert!(said.contains("in 111122223333 (prod) ") && said.contains("in 444455556666 "), "{said}");
    test_env.run(&["report", "out.md"]).exits(0);
    let report = std::fs::read_to_string(test_env.scratch.path("out.md")).unwrap();
    assert!(report.contains("in 111122223333 (prod) "), "{report}");
}

#[test]
fn ambiguous_and_unknown_names_of_accounts_are_mistakes() {
    let test_env = with_accounts(&[("111122223333", "twin"), ("444455556666", "twin"), ("777788889999", "sandbox")]);
    let lookup = |lookup: &str| test_env.run(&["lookup", lookup]);
    lookup("account=twin").fails(2, &["2 accounts are named `twin`: 111122223333, 444455556666", "write the id"]);
    lookup("account=sandbx").fails(2, &["no account is named `sandbx`", "did you mean `sandbox`?"]);
    lookup("account=zzz").fails(2, &["no account is named `zzz`", "the names are twin, sandbox; an id has 12 digits"]);
    // Without any names, and for a value that events have, a lookup means what it says.
    let plain = TestEnv::new();
    plain.scratch.write("a.json", record("e1", ""));
    plain.run(&["import", "a.json"]).exits(0);
    assert_eq!(events(&plain, "account=zzz"), json!([]));
    plain.scratch.write("accounts.json", accounts(&[("777788889999", "sandbox")]));
    plain.scratch.write("b.json", record("e2", "").replace("111122223333", "account-1"));
    plain.run(&["import", "b.json", "accounts.json"]).exits(0);
    assert_eq!(events(&plain, "account=account-1"), json!(["e2"]));
}

#[test]
fn accounts_are_named_in_tables_and_in_the_summary_of_the_case() {
    let test_env = with_accounts(&[("111122223333", "prod")]);
    let table = test_env.run(&["lookup", "| count by account"]).exits(0).out;
    assert!(table.contains("111122223333 (prod)") && table.contains("\n444455556666 "), "{table}");
    let csv = test_env.run(&["--format", "csv", "lookup", "| count by account"]).exits(0).out;
    assert!(csv.contains("111122223333,1"), "{csv}");
    let info = test_env.run(&["info"]).exits(0).out;
    assert!(info.contains("accounts    111122223333 (prod)  1\n"), "{info}");
    let info = test_env.run(&["--format", "json", "info"]).exits(0).json();
    assert_eq!(info["accounts"][0], json!({"value": "111122223333", "name": "prod", "events": 1}));
    assert_eq!(info["accounts"][1]["name"], Value::Null);
}

#[test]
fn accounts_are_named_in_hunts_and_reports() {
    let test_env = TestEnv::with_delivery();
    test_env.scratch.write("accounts.json", accounts(&[("111122223333", "prod")]));
    test_env.run(&["import", "accounts.json"]).exits(0);
    let screen = test_env.run(&["hunt"]).exits(0).out;
    assert!(screen.contains(" prod  ") && !screen.contains(" 111122223333  "), "{screen}");
    let rows = test_env.run(&["--format", "markdown", "hunt"]).exits(0).out;
    assert!(rows.contains("| 111122223333 (prod) |"), "{rows}");
    let rows = test_env.run(&["--format", "csv", "hunt"]).exits(0).out;
    assert!(rows.contains(",111122223333,") && !rows.contains("prod"), "{rows}");
    test_env.pipe(&["script", "-"], b"name=CreateAccessKey outcome=ok | limit 1\n.tag 1 stolen\n").exits(0);
    test_env.run(&["report", "r.md"]).exits(0);
    let report = std::fs::read_to_string(test_env.scratch.path("r.md")).unwrap();
    assert!(
        report.contains("| accounts | 111122223333 (prod) |") && report.contains("| 111122223333 (prod) |"),
        "{report}"
    );
    // A name of two accounts does not tell them apart.
    test_env.scratch.write("twins.json", accounts(&[("111122223333", "twin"), ("444455556666", "twin")]));
    test_env.run(&["import", "twins.json"]).exits(0);
    let screen = test_env.run(&["hunt"]).exits(0).out;
    assert!(screen.contains(" 111122223333  ") && !screen.contains("twin"), "{screen}");
}

#[test]
fn a_broken_account_is_rejected_and_its_neighbors_are_read() {
    let test_env = TestEnv::new();
    test_env.scratch.write("accounts.json", r#"{"Accounts":[{"Id":"111122223333","Name":"prod"},{"Id":"1"}]}"#);
    test_env.scratch.write("accounts.csv", "id,name\n444455556666,dev\nx,y\n");
    test_env.run(&["import", "accounts.json", "accounts.csv"]).fails(
        1,
        &["2 accounts of organizations", "is not an account of AWS Organizations", "`x` is not the id of an account"],
    );
    let status = "SELECT format || ' ' || status || ' ' || rejected FROM files ORDER BY path";
    assert_eq!(test_env.scratch.lines(status), ["accounts read 1", "accounts read 1"]);
    // Other CSV files with such headings are not accounts.
    test_env.scratch.write("in/other.csv", "id,name\n1x,alice\n");
    let other = test_env.run(&["import", "in"]).exits(0);
    assert!(other.err.contains("1 file ignored"), "{other:?}");
    check_case(&test_env.scratch.case());
}

#[test]
fn the_account_that_was_named_last_counts_in_any_order_of_import() {
    for order in [["old.csv", "new.csv"], ["new.csv", "old.csv"]] {
        let test_env = TestEnv::new();
        let old = test_env.scratch.write("old.csv", "id,name\n111122223333,zeta\n");
        test_env.scratch.write("new.csv", "id,name\n111122223333,alpha\n");
        let before = std::time::SystemTime::now() - std::time::Duration::from_secs(3_600);
        fs::File::options().write(true).open(&old).unwrap().set_modified(before).unwrap();
        for file in order {
            test_env.run(&["import", file]).exits(0);
        }
        assert_eq!(test_env.scratch.lines("SELECT name FROM organization_accounts"), ["alpha"], "{order:?}");
    }
}

#[test]
fn merges_and_whole_snapshots_have_the_documents_and_others_do_not() {
    let test_env = with_accounts(&[("111122223333", "prod")]);
    let count = |db: &str| crate::common::lines(&test_env.scratch.ask_at(db), "SELECT count(*) FROM accounts");
    test_env.run(&["snapshot", "whole.db"]).exits(0);
    test_env.run(&["snapshot", "part.db", "--where", "account=prod"]).exits(0);
    test_env.run(&["snapshot", "redacted.db", "--redact", "accounts"]).exits(0);
    assert_eq!([count("whole.db"), count("part.db"), count("redacted.db")].concat(), ["1", "0", "0"]);
    for snapshot in ["whole.db", "part.db", "redacted.db"] {
        test_env.run(&["snapshot", "--verify", snapshot]).exits(0);
    }
    test_env.scratch.write("c.json", record("e3", ""));
    test_env.run(&["--db", "other.db", "import", "c.json"]).exits(0);
    test_env.run(&["--db", "other.db", "merge", "whole.db"]).exits(0);
    test_env.run(&["--db", "other.db", "merge", "trailq.db"]).exits(0);
    assert_eq!(count("other.db"), ["1"]);
    check_case(&test_env.scratch.path("other.db"));
}

/// A finding of GuardDuty as EventBridge and the export to S3 write it, updated at an hour of 2024-03-01.
fn finding(id: &str, hour: u32, title: &str) -> Value {
    json!({
        "schemaVersion": "2.0", "accountId": "111122223333", "region": "us-east-1", "id": id, "severity": 5,
        "type": "UnauthorizedAccess:IAMUser/MaliciousIPCaller", "title": title, "description": "d",
        "createdAt": "2024-03-01T09:40:00.000Z", "updatedAt": format!("2024-03-01T{hour:02}:00:00.000Z"),
        "resource": {"resourceType": "AccessKey", "accessKeyDetails": {"accessKeyId": "AKIALEAD000000000001"}},
        "service": {
            "serviceName": "guardduty", "archived": false,
            "eventFirstSeen": "2024-03-01T09:00:00Z", "eventLastSeen": "2024-03-01T09:30:00Z",
            "action": {"awsApiCallAction": {"remoteIpDetails": {"ipAddressV4": "198.51.100.7"}}}
        }
    })
}

/// The same with keys that begin with a capital letter, as `get-findings` writes them.
fn of_api(value: &Value) -> Value {
    let capital = |key: &String| key[..1].to_uppercase() + &key[1..];
    match value {
        Value::Object(object) => object.iter().map(|(key, value)| (capital(key), of_api(value))).collect(),
        Value::Array(all) => all.iter().map(of_api).collect(),
        other => other.clone(),
    }
}

#[test]
fn findings_of_each_source_are_leads_and_the_newest_version_counts() {
    let lines: String = ["f1", "f2"].map(|id| finding(id, 10, "old").to_string() + "\n").concat();
    let files = [
        ("export.jsonl.gz", gzip(lines.as_bytes())),
        ("event.json", json!({"source": "aws.guardduty", "detail": finding("f1", 12, "newest")}).to_string().into()),
        ("api.json", json!({"Findings": [of_api(&finding("f1", 11, "newer")), {"Id": "x"}]}).to_string().into()),
    ];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let test_env = TestEnv::new();
        for (name, content) in &files {
            test_env.scratch.write(name, content);
        }
        for at in order {
            test_env.run(&["import", files[at].0]).exits(i32::from(at == 2));
        }
        let leads = test_env.scratch.lines("SELECT n || ' ' || id || ' ' || title FROM leads ORDER BY n");
        assert_eq!(leads, ["1 f1 newest", "2 f2 old"], "{order:?}");
        assert_eq!(test_env.scratch.number("SELECT count(*) FROM events"), 0);
        let rejects = test_env.scratch.lines("SELECT reason FROM rejects");
        assert_eq!(rejects, ["is not a GuardDuty finding: it needs an id, a type and a time"]);
        check_case(&test_env.scratch.case());
    }
}

#[test]
fn what_is_not_a_finding_is_still_named_and_not_rejected() {
    let test_env = TestEnv::new();
    test_env.scratch.write("f.json", r#"{"schemaVersion":"2.0","service":{"serviceName":"guardduty"}}"#);
    test_env.scratch.write("s.json", r#"{"Findings":[{"ProductArn":"p","AwsAccountId":"1"}]}"#);
    let ran = test_env.run(&["import", "f.json", "s.json"]).exits(0);
    assert!(ran.err.contains("is a GuardDuty finding") && ran.err.contains("is a Security Hub finding"), "{ran:?}");
}

/// A case with a lead, and events of its key and its address in and out of its time.
fn with_lead() -> TestEnv {
    let test_env = TestEnv::new();
    let event = |id: &str, time: &str, more: &str| record(id, more).replace("2024-03-01T09:00:00Z", time);
    let records = [
        event(
            "key",
            "2024-03-01T09:10:00Z",
            r#""userIdentity":{"type":"IAMUser","accessKeyId":"AKIALEAD000000000001"}"#,
        ),
        event("ip", "2024-03-01T08:05:00Z", r#""sourceIPAddress":"198.51.100.7""#),
        event("late", "2024-03-01T12:00:00Z", r#""sourceIPAddress":"198.51.100.7""#),
        event("other", "2024-03-01T09:10:00Z", r#""sourceIPAddress":"192.0.2.1""#),
    ];
    test_env.scratch.write("trail.json", records.join("\n"));
    test_env.scratch.write("finding.json", finding("f1", 10, "a title").to_string());
    test_env.run(&["import", "trail.json", "finding.json"]).exits(0);
    test_env
}

#[test]
fn a_lead_asks_for_its_keys_and_addresses_around_its_time() {
    let test_env = with_lead();
    let of = |arguments: &[&str]| -> Vec<String> {
        let rows = test_env.run(&[&["--format", "json"], arguments].concat()).exits(0).json();
        rows.as_array().unwrap().iter().map(|row| row["event_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(of(&["leads", "1"]), ["key", "ip"]);
    assert_eq!(of(&["leads", "f1"]), ["key", "ip"]);
    let ran = test_env.run(&["leads", "1"]).exits(0);
    assert!(ran.err.contains("MaliciousIPCaller: a title") && ran.err.contains("lookup: (key=AKIALEAD"), "{ran:?}");
    let listed = test_env.run(&["leads"]).exits(0).out;
    assert!(listed.contains("AKIALEAD000000000001,198.51.100.7"), "{listed}");
    let json = test_env.run(&["--format", "json", "leads"]).exits(0).json();
    assert_eq!((&json[0]["n"], &json[0]["title"]), (&json!(1), &json!("a title")));
}

#[test]
fn mistakes_about_leads_say_what_to_do() {
    let test_env = with_lead();
    test_env.run(&["leads", "2"]).fails(2, &["there is no lead `2`", "from 1 to 1"]);
    test_env.run(&["--format", "records", "leads"]).fails(2, &["a list of leads has none"]);
    test_env.scratch.write("script", ".lead\n");
    test_env.run(&["script", "script"]).fails(2, &[".lead needs N"]);
    let without = with_accounts(&[("111122223333", "prod")]);
    without.run(&["leads", "1"]).fails(2, &["there is no lead `1`", "reads findings of GuardDuty"]);
    let none = without.run(&["leads"]).exits(0);
    assert!(none.err.contains("the case has no leads"), "{none:?}");
    let mut bare = finding("f9", 10, "bare");
    bare["resource"] = json!({});
    bare["service"]["action"] = json!({});
    without.scratch.write("bare.json", bare.to_string());
    without.run(&["import", "bare.json"]).exits(0);
    without.run(&["leads", "1"]).fails(2, &["lead 1 names no key, address, principal or resource", "SELECT finding"]);
    test_env.scratch.ask().execute("UPDATE lead_versions SET addresses = '{}'", []).unwrap();
    test_env.run(&["leads", "1"]).fails(2, &["trailq.db is damaged", "`addresses` is not a JSON array of texts"]);
}

#[test]
fn rights_and_credentials_are_noted_where_an_actor_is_shown() {
    let test_env = TestEnv::new();
    let arn = "arn:aws:iam::111122223333:user/alice";
    let identity = format!(
        r#""userIdentity":{{"type":"IAMUser","arn":"{arn}","userName":"alice","accessKeyId":"AKIAALICE00000000001"}}"#
    );
    test_env.scratch.write("trail.json", record("e1", &identity));
    let details = json!({"UserDetailList": [{"UserName": "alice", "UserId": "AIDA1", "Arn": arn,
        "AttachedManagedPolicies": [{"PolicyName": "AdministratorAccess", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}]}]});
    test_env.scratch.write("details.json", details.to_string());
    let report = format!(
        "user,arn,user_creation_time,mfa_active,access_key_1_active\nalice,{arn},2023-01-01T00:00:00+00:00,false,true\nx\n"
    );
    test_env.scratch.write("report.csv", report);
    test_env
        .run(&["import", "trail.json", "details.json", "report.csv"])
        .fails(1, &["2 principals of IAM with their state", "is not a row of a credential report"]);
    for command in [".show 1", ".who 1", ".key 1"] {
        test_env.scratch.write("script", format!("event-id=e1\n{command}\n"));
        let ran = test_env.run(&["script", "script"]).exits(0);
        for note in [
            "user alice, by its authorization details: AdministratorAccess; one of them allows every action on every resource",
            "user alice, by its credential report: access key 1 active; no MFA",
        ] {
            assert!(ran.err.contains(note), "{command}: {ran:?}");
        }
    }
    test_env.scratch.ask().execute("UPDATE iam_principals SET policies = 'none'", []).unwrap();
    test_env.run(&["script", "script"]).fails(2, &["trailq.db is damaged", "`policies` is not a JSON array of texts"]);
}

/// A case in which ada, with user id u-1, signs in, works in sessions of two accounts, and others do too.
fn with_people(documents: &[Value]) -> TestEnv {
    let test_env = TestEnv::new();
    let session = |role: &str, name: &str, more: &str| {
        format!(
            r#""userIdentity":{{"type":"AssumedRole","principalId":"AROA1:{name}","arn":"arn:aws:sts::111122223333:assumed-role/{role}/{name}","accountId":"111122223333","sessionContext":{{"sessionIssuer":{{"type":"Role","userName":"{role}","arn":"arn:aws:iam::111122223333:role/{role}"}}}}{more}}}"#
        )
    };
    let sso = "AWSReservedSSO_Admin_0123456789abcdef";
    let behalf = |id: &str| {
        format!(r#","onBehalfOf":{{"userId":"{id}","identityStoreArn":"arn:aws:identitystore::1:identitystore/d-1"}}"#)
    };
    let records = [
        record("both", &session(sso, "ada", &behalf("u-1"))),
        record("session", &session("AWSReservedSSO_Read_0123456789abcdef", "ada", ""))
            .replace("111122223333", "444455556666"),
        record(
            "behalf",
            r#""userIdentity":{"type":"IdentityCenterUser","accountId":"111122223333","onBehalfOf":{"userId":"u-1"}}"#,
        ),
        record(
            "signin",
            r#""userIdentity":{"type":"IdentityCenterUser","accountId":"111122223333"},"additionalEventData":{"UserName":"ada"}"#,
        )
        .replace("ec2.amazonaws.com", "signin.amazonaws.com"),
        record("other-role", &session("Deploy", "ada", "")),
        record("bob", &session(sso, "bob", &behalf("u-2"))),
        record(
            "iam",
            r#""userIdentity":{"type":"IAMUser","userName":"ada","arn":"arn:aws:iam::111122223333:user/ada"}"#,
        ),
    ];
    test_env.scratch.write("trail.json", records.join("\n"));
    test_env.run(&["import", "trail.json"]).exits(0);
    for (number, document) in documents.iter().enumerate() {
        let name = format!("document-{number}.json");
        test_env.scratch.write(&name, document.to_string());
        test_env.run(&["import", &name]).exits(0);
    }
    test_env
}

#[test]
fn a_person_is_joined_over_accounts_by_id_name_and_session() {
    let users = json!({"Users": [
        {"UserName": "ada", "UserId": "u-1", "DisplayName": "Ada Lovelace", "IdentityStoreId": "d-1",
         "Emails": [{"Value": "Ada@example.com"}]},
        {"UserName": "carol", "UserId": "u-3", "DisplayName": "Carol"},
        {"UserName": "bob", "UserId": "u-4", "DisplayName": "Bøb ÅS"}
    ]});
    let ada = json!(["behalf", "both", "session", "signin"]);
    let others = json!(["bob", "iam", "other-role"]);
    let test_env = with_people(&[users]);
    for value in ["u-1", "ada", "ADA", "ada@example.com", "\"ada lovelace\""] {
        assert_eq!(events(&test_env, &format!("person={value}")), ada, "{value}");
        assert_eq!(events(&test_env, &format!("person!={value}")), others, "{value}");
    }
    assert_eq!(events(&test_env, "person=ada,bob"), json!(["behalf", "bob", "both", "session", "signin"]));
    for value in ["\"Bøb ÅS\"", "\"bØb ås\""] {
        assert_eq!(events(&test_env, &format!("person={value}")), events(&test_env, "person=bob"), "{value}");
    }
    assert_eq!(events(&test_env, "person=carol"), json!([]));
    assert_eq!(events(&test_env, "person=ada account=444455556666"), json!(["session"]));
    let noted = test_env.run(&["lookup", "person=ada"]).exits(0);
    assert!(
        noted.err.contains("person=ada is `on-behalf-of=u-1 or (role=AWSReservedSSO_* session-name=ada)"),
        "{noted:?}"
    );
    // Events that have both an id and a name join them too.
    let without = with_people(&[]);
    assert_eq!(events(&without, "person=u-1"), ada);
}

#[test]
fn a_person_that_the_case_does_not_know_is_a_mistake() {
    let test_env = with_people(&[]);
    let lookup = |lookup: &str| test_env.run(&["lookup", lookup]);
    lookup("person=zoe").fails(2, &["the case knows no person `zoe`", "identitystore list-users"]);
    lookup("person=a*").fails(2, &["without wildcards"]);
    lookup("person~ada").fails(2, &["person takes = and != only"]);
    lookup("| count by person").fails(2, &["person is only for filters"]);
    lookup("person==user").fails(2, &["cannot be compared"]);
}
