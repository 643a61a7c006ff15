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

/// Runs commands as a script, and gives what went to standard output and to standard error.
fn script(test_env: &TestEnv, commands: &str) -> (String, String) {
    let ran = test_env.pipe(&["--format", "tsv"], commands.as_bytes()).exits(0);
    (ran.out, ran.err)
}

#[test]
fn a_mark_is_made_of_a_value_or_of_a_row_and_proposes_what_is_related() {
    let test_env = test_env();
    let (_, notes) = script(&test_env, ".mark key=AKIAMALLORYEXAMPLE01 attacker \"in the report\"\n");
    assert_eq!(
        notes,
        "the key AKIAMALLORYEXAMPLE01 is marked attacker; key=AKIAMALLORYEXAMPLE01 finds its 2 events\n\
         note: related, and not marked:\n  \
         .mark principal=arn:aws:iam::111122223333:user/mallory suspect \"used or issued AKIAMALLORYEXAMPLE01\"   (2 events)\n  \
         .mark address=203.0.113.7 suspect \"used AKIAMALLORYEXAMPLE01\"   (1 event)\n  \
         .mark address=203.0.113.8 suspect \"used AKIAMALLORYEXAMPLE01\"   (1 event)\n"
    );
    // What is proposed is a command.
    let proposed: Vec<&str> = notes
        .lines()
        .filter_map(|line| line.trim().split("   (").next())
        .filter(|line| line.starts_with(".mark"))
        .collect();
    script(&test_env, &(proposed.join("\n") + "\n"));
    assert_eq!(test_env.scratch.number("SELECT count(*) FROM subjects"), 4);
    let (_, notes) = script(&test_env, ".mark key=AKIAMALLORYEXAMPLE01 suspect\n");
    assert!(!notes.contains("not marked"), "{notes}");
    let rows = "| sort time asc\n.mark 1 attacker\n.mark 2 client suspect odd\n.mark 3 mine\n.mark 3 session mine\n.mark 4 ip cleared 'one of \"ours\"'\n\
                | count by ip | sort ip asc\n.mark 1 suspect\n";
    script(&test_env, rows);
    let marked = test_env.scratch.lines("SELECT kind, value, mark, why, created_by FROM subjects ORDER BY 1, 2");
    assert_eq!(
        marked,
        [
            "address|198.51.100.4|suspect|-|unknown",
            "address|203.0.113.7|cleared|one of \"ours\"|unknown",
            "address|203.0.113.8|suspect|used AKIAMALLORYEXAMPLE01|unknown",
            "client|aws-cli/2 (Kali)|suspect|odd|unknown",
            "key|AKIAMALLORYEXAMPLE01|attacker|-|unknown",
            "key|ASIABUILDEXAMPLE0001|mine|-|unknown",
            "principal|arn:aws:iam::111122223333:user/mallory|suspect|used or issued AKIAMALLORYEXAMPLE01|unknown",
            "session|arn:aws:sts::111122223333:assumed-role/Deploy/build|mine|-|unknown"
        ]
    );
    let (listed, _) = script(&test_env, ".marks\n");
    assert!(listed.starts_with("kind\tvalue\tmark\tstate\twhy\tcreated_at\tcreated_by\torigin\n"), "{listed}");
    assert!(listed.contains("key\tASIABUILDEXAMPLE0001\tmine\ton\t"), "{listed}");
    script(&test_env, ".unmark client=\"aws-cli/2 (Kali)\"\n.unmark key=ASIABUILDEXAMPLE0001\n");
    assert_eq!(test_env.scratch.number("SELECT count(*) FROM subjects"), 6);
    for (line, says) in [
        (".mark\n", &[".mark needs KIND=VALUE|N [KIND] MARK [WHY]"][..]),
        (".mark key=AKIA1\n", &[".mark needs"]),
        (".mark key=AKIA1 evil\n", &["`evil` is not a mark: attacker, suspect, cleared, mine"]),
        (".mark shade=red attacker\n", &["`shade` is not a kind of subject", "the kinds are key, principal"]),
        (".mark AKIA1 attacker\n", &["`AKIA1` is neither KIND=VALUE nor a row of the last answer"]),
        (".mark key= attacker\n", &["a key has a value"]),
        (".mark ip=10.0.0.0/99 attacker\n", &["invalid network prefix `99`"]),
        (".mark 1 attacker\n", &["there is no last answer yet"]),
        ("user=alice\n.mark 2 attacker\n", &["there is no row 2"]),
        ("| count by event-name\n.mark 1 attacker\n", &["row 1 has no subject", "write it as KIND=VALUE"]),
        (".unmark key=AKIA1\n", &["the key AKIA1 has no mark", "`.marks` lists the marks"]),
        (".marks all\n", &[".marks takes no more arguments"]),
    ] {
        test_env.pipe(&[], line.as_bytes()).fails(2, says);
    }
    let (_, notes) = script(&test_env, ".mark key=AKIANOTHERE attacker\n");
    assert!(notes.contains("the key AKIANOTHERE is marked attacker; no event of the case has it"), "{notes}");
}

/// A run with findings of one rule by two principals, one of them in two accounts.
fn with_run() -> TestEnv {
    let test_env = test_env();
    let finding = |principal: &str, account: &str| {
        format!(
            "('user-created', 'arn:aws:iam::{account}:user/{principal}', '{account}', 'x', 'high', 1, 0, NULL, NULL, 'e-1')"
        )
    };
    test_env
        .scratch
        .ask()
        .execute_batch(&format!(
            "INSERT INTO hunt_runs (run_at, run_by, trailq_version, rules, rules_sha256) VALUES ('2024-03-02T00:00:00Z', 'ann', '0.1.0', 1, 'ab'); \
             INSERT INTO hunt_rules VALUES ('user-created', 'A user', 'high', 'call', NULL, 'event-name=CreateUser', 1); \
             INSERT INTO hunt_findings VALUES {}, {}, {}",
            finding("mallory", "111122223333"),
            finding("alice", "111122223333"),
            finding("alice", "444455556666")
        ))
        .unwrap();
    test_env
}

#[test]
fn a_verdict_is_on_findings_of_the_last_run() {
    let test_env = with_run();
    script(
        &test_env,
        ".verdict user-created mallory true \"no ticket\"\n.verdict user-created alice benign\n\
         .verdict user-created arn:aws:iam::444455556666:user/alice 444455556666 unclear asked\n",
    );
    let verdicts = "SELECT principal, account, verdict, why FROM verdicts ORDER BY 1, 2";
    assert_eq!(
        test_env.scratch.lines(verdicts),
        [
            "arn:aws:iam::111122223333:user/alice|111122223333|benign|-",
            "arn:aws:iam::111122223333:user/mallory|111122223333|true|no ticket",
            "arn:aws:iam::444455556666:user/alice|444455556666|unclear|asked"
        ]
    );
    let (listed, notes) = script(&test_env, ".verdict user-created mallory none\n.verdicts\n");
    assert!(listed.contains("\tbenign\ton\t") && !listed.contains("mallory"), "{listed}");
    assert!(
        notes.contains("user-created of arn:aws:iam::111122223333:user/mallory in 111122223333 has no verdict"),
        "{notes}"
    );
    for (line, says) in [
        (".verdict user-created\n", &[".verdict needs N|RULE PRINCIPAL [ACCOUNT] VERDICT [WHY]"][..]),
        (".verdict user-created alice guilty\n", &["`guilty` is not a verdict: true, benign, unclear, none"]),
        (".verdict user-crated alice true\n", &["has no finding of `user-crated`", "did you mean `user-created`?"]),
        (
            ".verdict user-created bob true\n",
            &["`user-created` has no finding of `bob`", "it has findings of arn:aws:iam::111122223333:user/alice"],
        ),
        (".verdict user-created alice 1 true\n", &["`user-created` has no finding of `alice` in 1"]),
    ] {
        test_env.pipe(&[], line.as_bytes()).fails(2, says);
    }
    self::test_env().pipe(&[], b".verdict a b true\n").fails(2, &["the case stores no run of `trailq hunt`"]);
}

#[test]
fn a_row_of_a_hunt_is_marked_and_judged() {
    let test_env = test_env();
    let commands = ".hunt --min-level informational\n.verdict 1 benign \"a ticket\"\n.mark 1 suspect\n.mark 1 address cleared\n.session replay.trailq\n";
    test_env.pipe(&[], commands.as_bytes()).exits(0);
    let judged = test_env.scratch.lines("SELECT rule, principal, account, verdict, why FROM verdicts");
    let [judged] = judged.as_slice() else { panic!("{judged:?}") };
    let principal = judged.split('|').nth(1).unwrap();
    assert!(principal.starts_with("arn:aws:") && judged.ends_with("|111122223333|benign|a ticket"), "{judged}");
    let marks = test_env.scratch.lines("SELECT value, mark FROM subjects WHERE mark = 'suspect'");
    assert_eq!(marks, [format!("{principal}|suspect")]);
    assert_eq!(test_env.scratch.number("SELECT count(*) FROM subjects WHERE kind = 'address' AND mark = 'cleared'"), 1);
    // The replayed session names the finding.
    test_env.scratch.ask().execute_batch("DELETE FROM verdicts; DELETE FROM subjects").unwrap();
    test_env.run(&["script", "replay.trailq"]).exits(0);
    assert_eq!(
        test_env.scratch.lines("SELECT rule, principal, account, verdict, why FROM verdicts"),
        [judged.as_str()]
    );
    for (line, says) in [
        ("user=alice\n.verdict 1 true\n", &["the last answer has no findings", "`.hunt` shows findings"][..]),
        (".hunt --actor 1\n.verdict 99 true\n", &["there is no row 99"]),
        (".hunt --actor 1\n.verdict 1 guilty\n", &["`guilty` is not a verdict"]),
        (".hunt --actor 1\n.mark 99 attacker\n", &["there is no row 99"]),
    ] {
        test_env.pipe(&[], line.as_bytes()).fails(2, says);
    }
}

#[test]
fn ignore_rules_are_added_listed_and_removed() {
    let test_env = with_run();
    let (_, notes) = script(
        &test_env,
        ".ignore add deploys user-created,user-crated \"user=deploy ip=10.0.0.0/8\" \"the pipeline\"\n\
         .ignore add scanner all 'agent=\"Scanner 1\"' ours\n",
    );
    assert!(notes.contains("findings of user-created, user-crated where `user=deploy ip=10.0.0.0/8`"), "{notes}");
    assert!(notes.contains("has no rule `user-crated`; did you mean `user-created`?"), "{notes}");
    let (listed, _) = script(&test_env, ".ignore\n");
    assert!(
        listed.contains("deploys\ton\tuser-created,user-crated\tuser=deploy ip=10.0.0.0/8\tthe pipeline\t"),
        "{listed}"
    );
    assert!(listed.contains("scanner\ton\tall\tagent=\"Scanner 1\"\tours\t"), "{listed}");
    script(&test_env, ".ignore remove scanner\n");
    assert_eq!(test_env.scratch.lines("SELECT name FROM ignore_rules"), ["deploys"]);
    for (line, says) in [
        (".ignore add x all\n", &[".ignore needs [add NAME RULES FILTER REASON|accept NAME|remove NAME]"][..]),
        (".ignore add x all user=a \"\"\n", &["an ignore rule needs a reason"]),
        (
            ".ignore add x all user=a ip=b because\n",
            &["the filter and the reason are one word each", "put both in quotes"],
        ),
        (".ignore add x all \"usr=a\" because\n", &["unknown field `usr`", "did you mean `user`"]),
        (".ignore add x all \"user=a | count\" because\n", &["an ignore rule is a filter, without stages"]),
        (".ignore add x all \"\" because\n", &["an ignore rule without a term would hide everything"]),
        (".ignore add \"a b\" all user=a because\n", &["`a b` is not a name"]),
        (".ignore accept deploy\n", &["the case has no ignore rule `deploy`", "did you mean `deploys`?"]),
        (".ignore remove x\n", &["the case has no ignore rule `x`", "`.ignore` lists those there are"]),
    ] {
        test_env.pipe(&[], line.as_bytes()).fails(2, says);
    }
}

#[test]
fn decisions_that_somebody_hands_over_are_off_until_they_are_accepted() {
    let test_env = with_run();
    // Whatever author, time and origin the file has.
    test_env
        .scratch
        .ask()
        .execute_batch(
            "INSERT INTO subjects (kind, value, mark, created_at, created_by) VALUES ('address', '203.0.113.7', 'mine', '2099-01-01T00:00:00Z', 'unknown'), \
             ('address', '203.0.113.8', 'attacker', '2020-01-01T00:00:00Z', 'bob'), ('address', '203.0.113.8', 'mine', '2099-01-01T00:00:00Z', 'unknown'); \
             INSERT INTO verdicts (rule, principal, account, verdict, created_at, created_by) VALUES \
             ('user-created', 'arn:aws:iam::111122223333:user/mallory', '111122223333', 'benign', '2099-01-01T00:00:00Z', 'unknown'); \
             INSERT INTO ignore_rules (name, title, rules, filter, reason, created_at, created_by) VALUES \
             ('everything', 'E', NULL, 'event-name=*', 'no', '2099-01-01T00:00:00Z', 'unknown')",
        )
        .unwrap();
    let (listed, notes) = script(&test_env, ".marks\n.verdicts\n.ignore\n");
    for row in [
        "address\t203.0.113.7\tmine\toff\t",
        "address\t203.0.113.8\tattacker\ton\t",
        "address\t203.0.113.8\tmine\toff\t",
        "\tbenign\toff\t",
        "everything\toff\tall\tevent-name=*\t",
    ] {
        assert!(listed.contains(row), "{row}: {listed}");
    }
    for says in ["2 marks are off", "1 verdict is off", "`.ignore accept NAME` turns one on"] {
        assert!(notes.contains(says), "{says}: {notes}");
    }
    let (listed, notes) = script(
        &test_env,
        ".mark ip=203.0.113.7 mine\n.ignore accept everything\n.verdict user-created mallory benign\n.marks\n.verdicts\n.ignore\n",
    );
    assert!(listed.contains("203.0.113.7\tmine\ton\t") && listed.contains("\tbenign\ton\t"), "{listed}");
    assert!(listed.contains("everything\ton\t"), "{listed}");
    assert!(notes.contains("findings of every rule where `event-name=*`: no"), "{notes}");
    // It is stored outside of the case, and binds no one else.
    let accepted = std::fs::read_to_string(test_env.scratch.path(".local/state/trailq/accepted")).unwrap();
    assert_eq!(accepted.lines().count(), 3);
    let other = TestEnv::new();
    other.scratch.write("trailq.db", std::fs::read(test_env.scratch.case()).unwrap());
    let (listed, _) = script(&other, ".ignore\n.marks\n");
    assert!(listed.contains("everything\toff\t") && listed.contains("203.0.113.7\tmine\toff\t"), "{listed}");
}

#[test]
fn a_session_replays_its_decisions_in_another_case() {
    let test_env = with_run();
    script(
        &test_env,
        "| sort time asc\n.mark 1 attacker \"it's theirs\"\n.mark client=\"aws-cli/2 (Kali)\" suspect\n.unmark client=\"aws-cli/2 (Kali)\"\n\
         .verdict user-created alice benign \"a ticket\"\n.ignore add scanner all 'agent=\"Scanner 1\"' \"our own\"\n.marks\n.session replay.trailq\n",
    );
    let tables = ["subjects", "verdicts", "ignore_rules"];
    let rows = |test_env: &TestEnv, table: &str| {
        let drop = if table == "ignore_rules" { "name, rules, filter, reason" } else { "*" };
        let rows = test_env.scratch.lines(&format!("SELECT {drop} FROM {table} ORDER BY 1, 2, 3"));
        let without_time =
            |row: String| row.split('|').filter(|cell| !cell.ends_with('Z')).collect::<Vec<_>>().join("|");
        rows.into_iter().map(without_time).collect::<Vec<_>>()
    };
    let other = with_run();
    other.scratch.write("replay.trailq", std::fs::read(test_env.scratch.path("replay.trailq")).unwrap());
    other.run(&["script", "replay.trailq"]).exits(0);
    for table in tables {
        assert!(!rows(&test_env, table).is_empty(), "{table}");
        assert_eq!(rows(&test_env, table), rows(&other, table), "{table}");
    }
}

#[test]
fn marks_and_verdicts_are_exported_as_csv() {
    let test_env = with_run();
    script(&test_env, ".mark key=AKIAMALLORYEXAMPLE01 attacker \"a, \"\n.verdict user-created mallory true\n");
    test_env.scratch.write("export.trailq", ".once marks.csv\n.marks\n.verdicts\n");
    let ran = test_env.run(&["--format", "csv", "script", "export.trailq"]).exits(0);
    assert!(
        ran.out.starts_with("rule,principal,account,verdict,state,why,created_at,created_by,origin\r\n")
            || ran.out.starts_with("rule,principal,account,verdict,state,why,created_at,created_by,origin\n"),
        "{ran:?}"
    );
    let marks = std::fs::read_to_string(test_env.scratch.path("marks.csv")).unwrap();
    assert!(marks.contains("key,AKIAMALLORYEXAMPLE01,attacker,on,\"a, \","), "{marks}");
}
