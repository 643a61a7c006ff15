//! Marks, verdicts, ignore rules and runs of `trailq hunt`: what a case stores of them, and what refers to them.

use crate::common::lines;
use crate::common::program::TestEnv;

/// Events of three actors: one attacker by key and address, one role, one user.
fn test_env() -> TestEnv {
    let event = |id: &str, name: &str, identity: &str, ip: &str, agent: &str| {
        format!(
            r#"{{"eventVersion":"1.08","eventID":"{id}","eventTime":"2024-03-01T09:0{}:00Z","eventName":"{name}","eventSource":"iam.amazonaws.com","awsRegion":"us-east-1","recipientAccountId":"111122223333","sourceIPAddress":"{ip}","userAgent":"{agent}","userIdentity":{identity}}}"#,
            &id[2..]
        )
    };
    let user = |name: &str, key: &str| {
        format!(
            r#"{{"type":"IAMUser","principalId":"AIDA{}EXAMPLE","arn":"arn:aws:iam::111122223333:user/{name}","accountId":"111122223333","accessKeyId":"{key}","userName":"{name}"}}"#,
            format!("{name:0>9}").to_uppercase()
        )
    };
    let session = r#"{"type":"AssumedRole","principalId":"AROADEPLOYDEPLOYDEPLO:build","arn":"arn:aws:sts::111122223333:assumed-role/Deploy/build","accountId":"111122223333","accessKeyId":"ASIABUILDEXAMPLE0001","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROADEPLOYDEPLOYDEPLO","arn":"arn:aws:iam::111122223333:role/Deploy","accountId":"111122223333","userName":"Deploy"}}}"#;
    let events = [
        event("e-1", "CreateUser", &user("mallory", "AKIAMALLORYEXAMPLE01"), "203.0.113.7", "aws-cli/2 (Kali)"),
        event("e-2", "StopLogging", &user("mallory", "AKIAMALLORYEXAMPLE01"), "203.0.113.8", "aws-cli/2 (Kali)"),
        event("e-3", "CreateRole", session, "198.51.100.4", "Boto3/1.28"),
        event("e-4", "ListUsers", &user("alice", "AKIAALICEEXAMPLE0001"), "203.0.113.7", "console"),
    ];
    let test_env = TestEnv::new();
    test_env.scratch.write("trail.json", format!("{{\"Records\":[{}]}}", events.join(",")));
    test_env.run(&["import", "trail.json"]).exits(0);
    test_env
}

fn mark(test_env: &TestEnv, kind: &str, value: &str, mark: &str) {
    let sql = "INSERT INTO subjects (kind, value, mark, created_at, created_by) VALUES (?1, ?2, ?3, '2099-05-01T00:00:00Z', 'ann')";
    test_env.scratch.ask().execute(sql, [kind, value, mark]).unwrap();
}

/// The event ids that a lookup matches, and its notes.
fn found(test_env: &TestEnv, lookup: &str) -> (String, String) {
    let ran =
        test_env.run(&["--format", "tsv", "lookup", &format!("{lookup} | fields event-id | sort event-id")]).exits(0);
    (ran.out.lines().skip(1).collect::<Vec<_>>().join(" "), ran.err)
}

#[test]
fn a_mark_is_a_value_of_the_fields_of_its_kind() {
    let test_env = test_env();
    mark(&test_env, "key", "AKIAMALLORYEXAMPLE01", "attacker");
    mark(&test_env, "address", "203.0.113.0/29", "attacker");
    mark(&test_env, "principal", "arn:aws:iam::111122223333:role/Deploy", "mine");
    mark(&test_env, "principal", "alice", "cleared");
    mark(&test_env, "session", "AROADEPLOYDEPLOYDEPLO", "suspect");
    mark(&test_env, "client", "*Kali*", "suspect");
    mark(&test_env, "account", "111122223333", "cleared");
    for (lookup, ids) in [
        ("key=@attacker", "e-1 e-2"),
        ("ip=@attacker", "e-1 e-4"),
        ("ip=@attacker,203.0.113.8", "e-1 e-2 e-4"),
        ("@attacker", "e-1 e-2 e-4"),
        ("@attacker,arn:aws:sts::111122223333:assumed-role/Deploy/build", "e-1 e-2 e-3 e-4"),
        ("ip!=@attacker", "e-2 e-3"),
        ("not @attacker", "e-3"),
        ("user=@mine", "e-3"),
        ("arn=@mine", "e-3"),
        ("principal=@suspect", "e-3"),
        ("user=@cleared", "e-4"),
        ("agent=@suspect", "e-1 e-2"),
        ("agent=@suspect ip=@attacker", "e-1"),
        ("account=@cleared", "e-1 e-2 e-3 e-4"),
        ("ip=@attacker or principal=@suspect", "e-1 e-3 e-4"),
        ("not user=@mine not key=@attacker", "e-4"),
    ] {
        assert_eq!(found(&test_env, lookup).0, ids, "{lookup}");
    }
    let counted = test_env.run(&["--format", "tsv", "lookup", "key=@attacker | count by event-name"]).exits(0);
    assert_eq!(counted.out, "event_name\tevents\nCreateUser\t1\nStopLogging\t1\n");
    test_env.run(&["lookup", "@attacker", "--explain"]).exits(0);
}

#[test]
fn a_mark_that_nothing_has_matches_nothing_and_says_so() {
    let test_env = test_env();
    mark(&test_env, "key", "AKIAMALLORYEXAMPLE01", "attacker");
    for (lookup, ids, says) in [
        ("ip=@attacker", "", "no address is marked attacker, so @attacker matches nothing"),
        ("not ip=@attacker", "e-1 e-2 e-3 e-4", "no address is marked attacker"),
        ("user=@mine", "", "no principal or session is marked mine"),
        ("@suspect", "", "no subject is marked suspect"),
        ("ip=@mine | count", "", "no address is marked mine"),
    ] {
        let (found, notes) = match lookup.contains('|') {
            true => {
                let ran = test_env.run(&["--format", "tsv", "lookup", lookup]).exits(0);
                assert_eq!(ran.out, "events\n0\n");
                (String::new(), ran.err)
            }
            false => found(&test_env, lookup),
        };
        assert_eq!(found, ids, "{lookup}");
        assert!(notes.contains(says), "{lookup}: {notes}");
    }
    for (lookup, says) in [
        ("event-name=@attacker", &["event-name has no marks, and there is no file `attacker`", "ip=@attacker"][..]),
        ("request.userName=@mine", &["a path of the record has no marks", "ip=@mine"]),
        ("ip>@attacker", &["a mark takes = and != only"]),
        ("ip=@atacker", &["cannot read the list atacker: there is no such file"]),
    ] {
        test_env.run(&["lookup", lookup]).fails(2, says);
    }
    // A file of that name is a list, as ever.
    test_env.scratch.write("attacker", "198.51.100.4\n");
    let (ids, notes) = found(&test_env, "ip=@attacker");
    assert_eq!(ids, "e-3");
    assert!(notes.contains("@attacker is the list in the file `attacker`, which hides the marks"), "{notes}");
    assert_eq!(found(&test_env, "event-name=@attacker").0, "");
}

#[test]
fn marks_of_another_case_are_named_as_such() {
    let test_env = test_env();
    let sql = "INSERT INTO subjects (kind, value, mark, created_at, created_by) VALUES ('address', '203.0.113.7', 'mine', '2020-01-01T00:00:00Z', 'bob')";
    test_env.scratch.ask().execute_batch(sql).unwrap();
    test_env.run(&["snapshot", "out.db"]).exits(0);
    let ran = test_env.run(&["--db", "out.db", "lookup", "not ip=@mine"]).exits(0);
    assert!(ran.err.contains("@mine: 1 of the marks come from another case"), "{ran:?}");
    let ran = test_env.run(&["lookup", "not ip=@mine"]).exits(0);
    assert!(!ran.err.contains("another case"), "{ran:?}");
}

#[test]
fn finding_selects_the_events_of_a_rule_of_the_last_run() {
    let test_env = test_env();
    test_env
        .run(&["lookup", "finding=x"])
        .fails(2, &["the case stores no run of `trailq hunt`", "run `trailq hunt` first"]);
    test_env
        .scratch
        .ask()
        .execute_batch(
            "INSERT INTO hunt_runs (run_at, run_by, trailq_version, scope, rules, rules_sha256) VALUES \
             ('2024-03-02T00:00:00Z', 'ann', '0.1.0', 'since=2024-03-01T09:01 until=2024-03-01T09:03:30', 4, 'ab'); \
             INSERT INTO hunt_rules VALUES ('user-created', 'A user', 'high', 'call', NULL, 'event-name=CreateUser or event-name=CreateRole', 2), \
             ('trails-stopped', 'A trail', 'high', 'query', NULL, NULL, 3), ('nothing', 'None', 'high', 'query', NULL, NULL, 0), \
             ('reads-files', 'Evil', 'high', 'sigma', NULL, 'ip=@/etc/passwd', 1), ('circle', 'Evil', 'high', 'sigma', NULL, 'finding=circle', 1), \
             ('staged', 'Evil', 'high', 'sigma', NULL, 'user=x | count', 1); \
             INSERT INTO hunt_events VALUES ('trails-stopped', 'e-2'), ('trails-stopped', 'e-4')",
        )
        .unwrap();
    for (lookup, ids) in [
        ("finding=user-created", "e-1 e-3"),
        ("finding=trails-stopped", "e-2"),
        ("finding=trails-stopped,user-created", "e-1 e-2 e-3"),
        ("finding!=user-created", "e-2 e-4"),
        ("not finding=user-created user=alice", "e-4"),
        ("finding=user-created user=mallory", "e-1"),
        ("finding=nothing", ""),
    ] {
        assert_eq!(found(&test_env, lookup).0, ids, "{lookup}");
    }
    let (_, notes) = found(&test_env, "finding=user-created");
    let says = "finding=user-created is `event-name=CreateUser or event-name=CreateRole`, as of the run of 2024-03-02T00:00:00Z";
    assert!(notes.contains(says), "{notes}");
    let (_, notes) = found(&test_env, "finding=trails-stopped");
    assert!(notes.contains("finding=trails-stopped: the run of 2024-03-02T00:00:00Z stored 2 of 3 events"), "{notes}");
    for (lookup, says) in [
        ("finding=trail-stopped", &["has no rule `trail-stopped`", "did you mean `trails-stopped`?"][..]),
        ("finding=*", &["without wildcards"]),
        ("finding~x", &["finding takes = and != only"]),
        ("finding=reads-files", &["cannot read the list /etc/passwd: a stored rule cannot read files"]),
        ("finding=circle", &["the filter of the rule `circle` is invalid"]),
        ("finding=staged", &["the filter of the rule `staged` is invalid: it is not a filter"]),
        ("| count by finding", &["finding is only for filters"]),
    ] {
        test_env.run(&["lookup", lookup]).fails(2, says);
    }
    assert_eq!(lines(&test_env.scratch.ask(), "SELECT count(*) FROM hunt_runs"), ["1"]);
}
