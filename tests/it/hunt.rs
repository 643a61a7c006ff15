//! `hunt`: findings, actors, levels, what is new, what is routine, and the screen.

use std::path::Path;

use serde_json::{Value, json};
use trailq::detection::{Condition, Correlation, CorrelationKind, CountCondition, Origin, Rule};
use trailq::engine::Engine;
use trailq::hunt::{self, Baseline, Finding, Hunt, HuntOptions, Skipped};
use trailq::level::Level;
use trailq::saved::Library;

use crate::common::Scratch;
use crate::common::program::TestEnv;

const ACCOUNT: &str = "111122223333";
const NOW: i64 = 1_709_600_000;

/// A call: its time, service and name, and its caller.
struct Call(Value);

impl Call {
    fn new(id: &str, time: &str, call: &str) -> Call {
        let (source, name) = call.split_once(':').unwrap();
        Call(json!({
            "eventVersion": "1.08", "eventID": id, "eventTime": time, "eventName": name, "awsRegion": "us-east-1",
            "eventSource": format!("{source}.amazonaws.com"), "recipientAccountId": ACCOUNT, "readOnly": false,
            "sourceIPAddress": "203.0.113.9",
        }))
    }

    fn by_user(self, user: &str, key: &str) -> Call {
        let arn = format!("arn:aws:iam::{ACCOUNT}:user/{user}");
        self.with(
            "userIdentity",
            json!({"type": "IAMUser", "arn": arn, "userName": user, "accountId": ACCOUNT,
            "principalId": format!("AIDA{user}"), "accessKeyId": key}),
        )
    }

    fn by_session(self, account: &str, role: &str, session: &str, key: &str) -> Call {
        let issuer = json!({"type": "Role", "arn": format!("arn:aws:iam::{account}:role/{role}"), "userName": role,
            "accountId": account, "principalId": format!("AROA{role}")});
        self.with("recipientAccountId", json!(account)).with(
            "userIdentity",
            json!({"type": "AssumedRole", "arn": format!("arn:aws:sts::{account}:assumed-role/{role}/{session}"),
                "principalId": format!("AROA{role}:{session}"), "accountId": account, "accessKeyId": key,
                "sessionContext": {"sessionIssuer": issuer}}),
        )
    }

    fn on_behalf_by(mut self, service: &str) -> Call {
        self.0["userIdentity"]["invokedBy"] = json!(service);
        self
    }

    fn issues(self, key: &str) -> Call {
        self.with("responseElements", json!({"credentials": {"accessKeyId": key}}))
    }

    fn with(mut self, key: &str, value: Value) -> Call {
        self.0[key] = value;
        self
    }
}

fn case_of(calls: &[Call]) -> Scratch {
    let scratch = Scratch::new();
    let records: Vec<&Value> = calls.iter().map(|call| &call.0).collect();
    let file = scratch.write("trail.json", json!({"Records": records}).to_string());
    scratch.import(&[file]);
    scratch
}

fn rule(id: &str, level: Level, filter: &str) -> Rule {
    Rule {
        id: id.to_owned(),
        title: format!("Rule {id}"),
        level,
        origin: Origin::Call,
        author: None,
        attack: Vec::new(),
        about: String::new(),
        false_positives: Vec::new(),
        condition: Condition::Lookup(filter.to_owned()),
        needs_success: false,
    }
}

fn hunted(case: &Path, rules: Vec<Rule>, options: &HuntOptions) -> Hunt {
    hunt::run(&Engine::open(case).unwrap(), &Library::default(), rules, options, NOW).unwrap()
}

fn stopped() -> Vec<Rule> {
    vec![rule("stopped", Level::High, "event-name=StopLogging,DeleteTrail")]
}

/// Returns the event id of the example of a finding.
fn example(scratch: &Scratch, finding: &Finding) -> String {
    let sql = format!("SELECT event_id FROM events WHERE id = {}", finding.example.unwrap());
    scratch.lines(&sql).remove(0)
}

/// Findings in short: level, principal's name, account, done, tried.
fn short(hunt: &Hunt) -> Vec<String> {
    let line = |finding: &Finding| {
        let Finding { level, principal, account, done, tried, .. } = finding;
        format!("{} {} {account} {done} {tried}", level.name(), principal.name)
    };
    hunt.findings.iter().map(line).collect()
}

#[test]
fn an_actor_has_the_findings_of_every_credential_that_descends_from_it() {
    let other = "444455556666";
    let scratch = case_of(&[
        Call::new("e1", "2024-03-01T09:00:00Z", "cloudtrail:StopLogging").by_user("mallory", "AKIAMALLORY"),
        Call::new("e2", "2024-03-01T09:01:00Z", "sts:AssumeRole").by_user("mallory", "AKIAMALLORY").issues("ASIAONE"),
        Call::new("e3", "2024-03-01T09:02:00Z", "sts:AssumeRole")
            .by_session(other, "hop", "x", "ASIAONE")
            .issues("ASIATWO"),
        Call::new("e4", "2024-03-01T09:03:00Z", "cloudtrail:DeleteTrail").by_session(other, "end", "y", "ASIATWO"),
        Call::new("e5", "2024-03-01T09:04:00Z", "cloudtrail:DeleteTrail").by_user("alice", "AKIAALICE"),
        Call::new("e6", "2024-03-01T09:05:00Z", "cloudtrail:DeleteTrail").by_session(other, "end", "z", "ASIAOTHER"),
    ]);
    let hunt = hunted(&scratch.case(), stopped(), &HuntOptions::default());
    assert_eq!(hunt.actors.len(), 3, "{:?}", hunt.actors);
    let mallory = hunt.actors.iter().find(|actor| actor.name == "mallory").unwrap();
    assert_eq!(mallory.through, ["end/y"]);
    let of_mallory: Vec<String> = hunt
        .findings
        .iter()
        .filter(|finding| finding.actor as usize == mallory.number)
        .map(|finding| example(&scratch, finding))
        .collect();
    assert_eq!(of_mallory, ["e1", "e4"]);
}

#[test]
fn a_level_is_one_lower_only_where_nothing_succeeded_and_the_rule_asks_for_no_outcome() {
    let denied = |call: Call| call.with("errorCode", json!("AccessDenied"));
    let scratch = case_of(&[
        denied(Call::new("a1", "2024-03-01T09:00:00Z", "cloudtrail:StopLogging").by_user("alice", "AKIAALICE")),
        denied(Call::new("b1", "2024-03-01T09:00:00Z", "cloudtrail:StopLogging").by_user("bob", "AKIABOB")),
        Call::new("b2", "2024-03-01T09:01:00Z", "cloudtrail:StopLogging").by_user("bob", "AKIABOB"),
    ]);
    let hunt = hunted(&scratch.case(), stopped(), &HuntOptions::default());
    assert_eq!(short(&hunt), [format!("high bob {ACCOUNT} 1 1"), format!("medium alice {ACCOUNT} 0 1")]);
    assert_eq!(example(&scratch, &hunt.findings[0]), "b2", "the example is a call that succeeded");

    let high = HuntOptions { min_level: Level::High, ..HuntOptions::default() };
    let hunt = hunted(&scratch.case(), stopped(), &high);
    assert_eq!((hunt.findings.len(), hunt.tried_below), (1, 1));

    let selecting = vec![rule("denied", Level::High, "event-name=StopLogging outcome=denied")];
    let hunt = hunted(&scratch.case(), selecting, &HuntOptions::default());
    assert!(hunt.findings.iter().all(|finding| finding.level == Level::High), "{:?}", short(&hunt));

    let needs_success = vec![Rule { needs_success: true, ..stopped().remove(0) }];
    let hunt = hunted(&scratch.case(), needs_success, &HuntOptions::default());
    assert_eq!(short(&hunt), [format!("high bob {ACCOUNT} 1 0")]);
}

#[test]
fn a_failed_call_of_a_service_is_not_an_attempt_and_a_dry_run_is_told() {
    let service = json!({"type": "AWSService", "invokedBy": "config.amazonaws.com"});
    let scratch = case_of(&[
        Call::new("s1", "2024-03-01T09:00:00Z", "ec2:RunInstances")
            .with("userIdentity", service)
            .with("errorCode", json!("AccessDenied")),
        Call::new("s2", "2024-03-01T09:01:00Z", "ec2:RunInstances")
            .by_session(ACCOUNT, "scaling", "x", "ASIAX")
            .on_behalf_by("autoscaling.amazonaws.com")
            .with("errorCode", json!("Client.UnauthorizedOperation")),
        Call::new("d1", "2024-03-01T09:02:00Z", "ec2:RunInstances")
            .by_user("carol", "AKIACAROL")
            .with("errorCode", json!("Client.DryRunOperation")),
    ]);
    let launched = vec![rule("launched", Level::High, "event-name=RunInstances")];
    let hunt = hunted(&scratch.case(), launched, &HuntOptions::default());
    assert_eq!(short(&hunt), [format!("medium carol {ACCOUNT} 0 1")]);
    assert_eq!(hunt.findings[0].dry_runs, 1);
}

#[test]
fn the_same_rule_and_principal_on_three_earlier_days_is_routine_unless_it_is_critical() {
    let day = |number: u32, user: &str| {
        Call::new(&format!("{user}{number}"), &format!("2024-03-0{number}T09:00:00Z"), "cloudtrail:StopLogging")
            .by_user(user, &format!("AKIA{user}"))
    };
    let calls: Vec<Call> =
        (1..=4).map(|number| day(number, "often")).chain((1..=3).map(|n| day(n, "thrice"))).collect();
    let scratch = case_of(&calls);
    let routine = |hunt: &Hunt| {
        let mut routine: Vec<(String, bool)> =
            hunt.findings.iter().map(|finding| (finding.principal.name.clone(), finding.routine)).collect();
        routine.sort();
        routine
    };
    let expected = [("often".to_owned(), true), ("thrice".to_owned(), false)];
    assert_eq!(routine(&hunted(&scratch.case(), stopped(), &HuntOptions::default())), expected);

    // Earlier days count though they are outside the period.
    let last_day = HuntOptions { since: trailq::time::parse("2024-03-04T00:00:00Z"), ..HuntOptions::default() };
    let hunt = hunted(&scratch.case(), stopped(), &last_day);
    assert_eq!(routine(&hunt), [("often".to_owned(), true)]);
    assert_eq!(hunt.findings[0].done, 1);

    let critical = vec![Rule { level: Level::Critical, ..stopped().remove(0) }];
    let hunt = hunted(&scratch.case(), critical, &HuntOptions::default());
    assert!(hunt.findings.iter().all(|finding| !finding.routine));
}

#[test]
fn findings_of_many_actors_of_an_account_are_widespread_unless_they_are_critical() {
    let by = |number: usize, user: &str| {
        Call::new(&format!("{user}{number}"), &format!("2024-03-01T09:0{number}:00Z"), "cloudtrail:StopLogging")
            .by_user(&format!("{user}{number}"), &format!("AKIA{number}"))
    };
    let many: Vec<Call> = (0..5).map(|number| by(number, "u")).collect();
    let widespread = |calls: &[Call], rules: Vec<Rule>| -> Vec<bool> {
        let hunt = hunted(&case_of(calls).case(), rules, &HuntOptions::default());
        hunt.findings.iter().map(|finding| finding.widespread).collect()
    };
    assert_eq!(widespread(&many, stopped()), [true; 5]);
    assert_eq!(widespread(&many[..4], stopped()), [false; 4]);
    assert_eq!(widespread(&many, vec![Rule { level: Level::Critical, ..stopped().remove(0) }]), [false; 5]);
    // One of them in another account is not of the same account.
    let apart: Vec<Call> = (0..5)
        .map(|number| by(number, "u"))
        .map(
            |call| {
                if call.0["eventID"] == "u0" { call.with("recipientAccountId", json!("444455556666")) } else { call }
            },
        )
        .collect();
    assert_eq!(widespread(&apart, stopped()), [false; 5]);
}

#[test]
fn attributes_are_new_against_the_principals_earlier_work_a_time_or_another_case() {
    let call = |id: &str, time: &str, name: &str| Call::new(id, time, name).by_user("dana", "AKIADANA");
    let usual = |id: &str, time: &str| call(id, time, "cloudtrail:DescribeTrails");
    let scratch = case_of(&[
        usual("u1", "2024-03-01T09:00:00Z"),
        usual("u2", "2024-03-03T09:00:00Z"),
        call("x1", "2024-03-04T09:00:00Z", "cloudtrail:StopLogging").with("sourceIPAddress", json!("198.51.100.7")),
    ]);
    let of_first = |hunt: Hunt| hunt.findings[0].new_attributes().map(<[_]>::to_vec);
    let new = |options: &HuntOptions| of_first(hunted(&scratch.case(), stopped(), options));
    assert_eq!(new(&HuntOptions::default()), Some(vec!["address", "action"]));
    let until = |text: &str| HuntOptions {
        baseline: Baseline::Until(trailq::time::parse(text).unwrap()),
        ..HuntOptions::default()
    };
    assert_eq!(new(&until("2024-03-04T23:00:00Z")), Some(vec![]));
    assert_eq!(new(&until("2024-02-01T00:00:00Z")), Some(vec!["principal"]));

    let other = case_of(&[usual("o1", "2023-01-01T09:00:00Z")
        .with("sourceIPAddress", json!("198.51.100.7"))
        .with("awsRegion", json!("eu-west-1"))]);
    let other = std::rc::Rc::new(trailq::store::Case::open(&other.case()).unwrap());
    let against = HuntOptions { baseline: Baseline::Other(other), ..HuntOptions::default() };
    assert_eq!(new(&against), Some(vec!["region", "action"]));

    // A case of one day is too short to tell.
    let short = case_of(&[
        usual("u1", "2024-03-01T09:00:00Z"),
        call("x1", "2024-03-01T19:00:00Z", "cloudtrail:StopLogging").with("sourceIPAddress", json!("198.51.100.7")),
    ]);
    assert_eq!(of_first(hunted(&short.case(), stopped(), &HuntOptions::default())), None);
}

#[test]
fn lower_levels_are_counted_and_a_rule_that_cannot_run_costs_no_other() {
    let scratch = case_of(&[
        Call::new("e1", "2024-03-01T09:00:00Z", "cloudtrail:StopLogging").by_user("mallory", "AKIAMALLORY"),
        Call::new("e2", "2024-03-01T09:01:00Z", "iam:ListUsers").by_user("mallory", "AKIAMALLORY"),
    ]);
    let rules = vec![
        rule("low", Level::Low, "event-name=ListUsers"),
        rule("broken", Level::High, "no-such-field=1"),
        stopped().remove(0),
    ];
    let hunt = hunted(&scratch.case(), rules.clone(), &HuntOptions::default());
    assert_eq!((hunt.findings.len(), hunt.hits_below), (1, 1));
    assert_eq!(hunt.rules.iter().map(|state| state.hits).collect::<Vec<_>>(), [1, 0, 1]);
    assert!(matches!(&hunt.rules[1].skipped, Some(Skipped::Broken(why)) if why.contains("no-such-field")));

    let filtered = HuntOptions { filter: "user=alice or key=AKIAALICE".to_owned(), ..HuntOptions::default() };
    let hunt = hunted(&scratch.case(), rules, &filtered);
    assert_eq!((hunt.findings.len(), hunt.hits_below), (0, 0));
}

#[test]
fn a_hunt_has_a_screen_rows_and_an_exit_code() {
    let test_env = TestEnv::with_delivery();
    let screen = test_env.run(&["hunt"]).exits(0);
    for part in ["rules ", "not seen ", "not shown ", "ACTORS", "FINDINGS OF 1", "TIMELINE OF 1"] {
        assert!(screen.out.contains(part), "{part}: {screen:?}");
    }
    assert!(screen.out.lines().count() <= 60, "{screen:?}");
    assert_eq!(test_env.run(&["hunt"]).out, screen.out);
    let rows = test_env.run(&["hunt", "--format", "json"]).exits(0).json();
    let first = rows[0].as_object().unwrap();
    let columns: Vec<&str> = first.keys().map(String::as_str).collect();
    for column in [
        "level",
        "rule",
        "title",
        "source",
        "author",
        "principal",
        "account",
        "done",
        "tried",
        "first",
        "last",
        "new",
        "event_id",
    ] {
        assert!(columns.contains(&column), "{column}: {columns:?}");
    }
    let events = test_env.run(&["hunt", "--events", "--format", "json"]).exits(0).json();
    let (events, rows) = (events.as_array().unwrap(), rows.as_array().unwrap());
    let sum = |rows: &[Value]| -> u64 {
        let single = rows.iter().filter(|row| !row["event_id"].is_null());
        single.map(|row| row["done"].as_u64().unwrap() + row["tried"].as_u64().unwrap()).sum()
    };
    assert!(!events.is_empty() && events.len() as u64 <= sum(rows), "{} of {}", events.len(), sum(rows));
    assert!(test_env.run(&["hunt", "--format", "csv"]).exits(0).out.starts_with("level,rule,title,source,author,"));
    let by_rule = test_env.run(&["hunt", "--by", "rule"]).exits(0);
    assert!(by_rule.out.contains("actor and principal"), "{by_rule:?}");
    test_env.run(&["hunt", "--fail-on", "high", "-q"]).exits(1);
    test_env.run(&["hunt", "--fail-on", "high", "-q", "--until", "2001"]).exits(0);
}

#[test]
fn mistakes_of_a_hunt_are_named() {
    let test_env = TestEnv::with_delivery();
    for (arguments, says) in [
        (&["hunt", "--min-level", "severe"][..], "severe"),
        (&["hunt", "--where", "no-such-field=1"], "no-such-field"),
        (&["hunt", "--actor", "9999"], "there is no actor 9999"),
        (&["hunt", "--actor", "1", "--by", "rule"], "--actor and --by are two views"),
        (&["hunt", "--since", "soon"], "soon"),
        (&["hunt", "--baseline", "missing.db"], "missing.db"),
        (&["hunt", "--baseline", "trailq.db", "--baseline-until", "2024"], "both name a baseline"),
        (&["hunt", "--format", "records"], "the format records shows events"),
    ] {
        test_env.run(arguments).fails(2, &[says]);
    }
}

#[test]
fn the_rows_of_a_hunt_are_rows_of_the_session() {
    let test_env = TestEnv::with_delivery();
    test_env.scratch.write(
        "hunt.trailq",
        ".hunt --by rule\n.show 1\n.actors\n.hunt --actor 1\n.hunt rules\n.hunt --min-level critical\n",
    );
    let ran = test_env.run(&["script", "hunt.trailq"]).exits(0);
    for part in ["actor and principal", "\"eventID\"", "ACTORS", "FINDINGS OF 1", "condition"] {
        assert!(ran.out.contains(part), "{part}: {ran:?}");
    }
    for (line, says) in [
        (".hunt --actor x", "`x` is not the number of an actor"),
        (".hunt --by day", "findings cannot be shown by `day`"),
        (".hunt --min-level bad", "`bad` is not a level"),
        (".hunt --since", "`--since` needs a value"),
        (".hunt now", "`now` is not an option of .hunt"),
    ] {
        test_env.scratch.write("bad.trailq", line);
        test_env.run(&["script", "bad.trailq"]).fails(2, &[says]);
    }
}

/// A rule in Sigma's format, of this test.
fn sigma_rule(title: &str, service: &str, selection: &str) -> String {
    format!(
        "title: {title}\nid: 5f3a2c1e-0000-4000-8000-{:012x}\nauthor: A. Tester\nlevel: high\nstatus: test\n\
         logsource:\n  product: aws\n  service: {service}\ndetection:\n  selection:\n{selection}\n  condition: selection\n",
        title.len()
    )
}

#[test]
fn sigma_rules_are_run_beside_trailqs_own_and_those_left_out_are_counted() {
    let test_env = TestEnv::with_delivery();
    let stops = "    eventName: stoplogging";
    test_env.scratch.write("rules/one.yml", sigma_rule("Logging ends", "cloudtrail", stops));
    test_env.scratch.write("rules/two.yaml", sigma_rule("For another log", "route53", stops));
    test_env
        .scratch
        .write("rules/deep/three.yml", sigma_rule("Not supported", "cloudtrail", "    eventName|windash: a"));
    test_env.scratch.write("rules/deep/four.yml", "title: [broken");
    test_env.scratch.write("rules/readme.txt", "no rule");
    let screen = test_env.run(&["hunt", "--rules", "rules"]).exits(0);
    assert!(screen.out.contains(", 1 Sigma (2 not compiled, 1 for other logs: `.hunt rules`)"), "{screen:?}");
    let rows = test_env.run(&["hunt", "--rules", "rules", "--format", "json"]).exits(0).json();
    let found: Vec<&Value> = rows.as_array().unwrap().iter().filter(|row| row["source"] == "sigma").collect();
    assert!(!found.is_empty());
    for row in found {
        assert_eq!((&row["title"], &row["author"]), (&json!("Logging ends"), &json!("A. Tester")));
        assert!(row["rule"].as_str().unwrap().starts_with("5f3a2c1e-"), "{row}");
    }
    test_env.scratch.write("rules.trailq", ".hunt --rules rules\n.mode json\n.hunt rules\n");
    let listed = test_env.run(&["script", "rules.trailq"]).exits(0);
    assert!(listed.out.contains("windash") && listed.out.contains("Not supported"), "{listed:?}");
    test_env.run(&["hunt", "--rules", "missing"]).fails(2, &["cannot read rules from missing"]);
}

#[test]
fn a_sigma_rule_on_the_calls_of_a_rule_of_trailq_is_folded_on_the_screen_only() {
    let test_env = TestEnv::new();
    let calls = [
        Call::new("a1", "2024-03-01T09:00:00Z", "cloudtrail:StopLogging").by_user("alice", "AKIAALICE"),
        Call::new("a2", "2024-03-01T09:01:00Z", "iam:CreateUser").by_user("alice", "AKIAALICE"),
    ];
    let records: Vec<&Value> = calls.iter().map(|call| &call.0).collect();
    test_env.scratch.write("trail.json", json!({"Records": records}).to_string());
    test_env.run(&["import", "trail.json"]).exits(0);
    let of_calls = |names: &str| format!("    eventName: [{names}]");
    test_env.scratch.write("rules/same.yml", sigma_rule("Logging ends", "cloudtrail", &of_calls("StopLogging")));
    test_env.scratch.write("rules/more.yml", sigma_rule("More", "cloudtrail", &of_calls("StopLogging, CreateUser")));
    test_env.scratch.write("rules/other.yml", sigma_rule("Other", "cloudtrail", &of_calls("CreateUser")));

    let screen = test_env.run(&["hunt", "--rules", "rules"]).exits(0).out;
    let lines: Vec<&str> = screen.lines().collect();
    let also = lines.iter().position(|line| line.starts_with("    also Sigma: Logging ends (A. Tester) 5f3a2c1e-"));
    let also = also.unwrap_or_else(|| panic!("{screen}"));
    assert!(lines[also - 1].contains(" high ") && lines[also - 1].contains("Trail stopped"), "{screen}");
    assert_eq!(screen.matches("Logging ends").count(), 1, "{screen}");
    assert!(lines.iter().any(|line| line.contains(" high ") && line.contains("More (A. Tester)")), "{screen}");
    assert!(!screen.contains("also Sigma: More"), "it has more events\n{screen}");

    let rows = test_env.run(&["hunt", "--rules", "rules", "--format", "json"]).exits(0).json();
    let titles: Vec<&str> = rows.as_array().unwrap().iter().filter_map(|row| row["title"].as_str()).collect();
    for title in ["Logging ends", "More", "Other"] {
        assert!(titles.contains(&title), "{titles:?}");
    }
    let events = test_env.run(&["hunt", "--rules", "rules", "--events", "--format", "csv"]).exits(0).out;
    assert!(events.contains("Logging ends") && events.contains("A. Tester"), "{events}");
}

/// A correlation of this test: at least `count` events of a rule within an hour.
fn correlation(id: &str, rule: &str, count: u64) -> Rule {
    let condition = CountCondition { min: Some(count), ..CountCondition::default() };
    let correlation = Correlation {
        kind: CorrelationKind::EventCount(condition),
        rules: vec![("part".to_owned(), rule.to_owned())],
        group_by: vec![vec!["user".to_owned()]],
        timespan: 3_600,
    };
    Rule { condition: Condition::Correlation(correlation), ..self::rule(id, Level::High, "") }
}

#[test]
fn correlations_find_in_the_scan_of_all_rules_what_each_finds_alone() {
    let calls = ["ann", "ann", "bob", "ann"].iter().enumerate().map(|(number, user)| {
        Call::new(&format!("id-{number}"), &format!("2024-03-01T09:0{number}:00Z"), "iam:CreateUser")
            .by_user(user, &format!("AKIA{user}"))
            .with("requestParameters", json!({"userName": format!("new-{number}")}))
    });
    let scratch = case_of(&calls.collect::<Vec<_>>());
    let on_records = "request.userName=~new*";
    let rules = vec![
        correlation("two", on_records, 2),
        rule("plain", Level::High, on_records),
        correlation("one", on_records, 1),
        correlation("broken", "no-such-field=1", 1),
        correlation("by-name", "name=CreateUser", 3),
    ];
    let hunt = hunted(&scratch.case(), rules.clone(), &HuntOptions::default());
    let engine = Engine::open(&scratch.case()).unwrap();
    for (state, rule) in hunt.rules.iter().zip(&rules) {
        match &rule.condition {
            Condition::Correlation(correlation) => match engine.correlate(correlation) {
                Ok(groups) => {
                    assert_eq!(state.hits, groups.iter().map(|group| group.events).sum::<u64>(), "{}", rule.id)
                }
                Err(error) => assert_eq!(state.skipped, Some(Skipped::Broken(error.to_string())), "{}", rule.id),
            },
            _ => assert_eq!(state.hits, 4),
        }
    }
    let hits: Vec<u64> = hunt.rules.iter().map(|state| state.hits).collect();
    assert_eq!(hits, [3, 4, 4, 0, 3]);
    assert!(hunt.rules[3].skipped.is_some());
}

/// Runs the lines of a script in the same home, so that what was accepted stays so.
fn script(test_env: &TestEnv, lines: &str) -> crate::common::program::CommandOutput {
    test_env.scratch.write("lines.trailq", lines);
    test_env.run(&["script", "lines.trailq"])
}

#[test]
fn attackers_come_first_and_what_is_mine_or_benign_is_counted_and_not_listed() {
    let test_env = TestEnv::with_delivery();
    let first = script(&test_env, ".hunt\n").exits(0);
    assert!(first.out.contains("1 deploy-bot"), "{first:?}");
    let marked = script(
        &test_env,
        ".mark principal=arn:aws:iam::111122223333:user/alice attacker \"phished\"\n\
         .mark key=AKIADEPLOYBOTEXAMPLE mine \"red team\"\n.hunt\n.hunt --actor 1\n",
    )
    .exits(0);
    assert!(marked.out.contains("1 attacker alice"), "{marked:?}");
    assert!(marked.out.contains("1 actor marked mine") && !marked.out.contains("mine deploy-bot"), "{marked:?}");

    // A verdict folds a finding, but not one of an attacker.
    let judged =
        script(&test_env, ".unmark key=AKIADEPLOYBOTEXAMPLE\n.hunt --actor 2\n.verdict 1 benign \"drill\"\n.hunt\n");
    let judged = judged.exits(0);
    assert!(judged.out.contains("1 finding judged benign"), "{judged:?}");
    let of_attacker = script(&test_env, ".hunt --actor 1\n.verdict 1 benign \"drill\"\n.hunt\n").exits(0);
    assert!(of_attacker.out.contains("judged benign: "), "{of_attacker:?}");
    let rows = test_env.run(&["hunt", "--format", "json"]).exits(0).json();
    let judged = rows.as_array().unwrap().iter().filter(|row| row["verdict"] == "benign").count();
    assert_eq!(judged, 2);
    script(&test_env, "user=alice\n.verdict 1 benign\n").fails(2, &["the last answer has no findings"]);
}

#[test]
fn marks_of_clients_accounts_and_resources_make_actors_attackers_and_suspects() {
    let test_env = TestEnv::new();
    let call = |id: &str, user: &str, agent: &str, trail: &str| {
        Call::new(id, "2024-03-01T09:00:00Z", "cloudtrail:StopLogging")
            .by_user(user, &format!("AKIA{user}"))
            .with("userAgent", json!(agent))
            .with("requestParameters", json!({"name": format!("arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/{trail}")}))
    };
    let foreign = json!({"type": "IAMUser", "arn": "arn:aws:iam::999988887777:user/dan", "userName": "dan",
        "accountId": "999988887777", "principalId": "AIDAdan"});
    let calls = [
        call("a", "ann", "pacu/1 (Kali)", "one"),
        call("b", "bob", "aws-cli/2", "stolen"),
        call("c", "carl", "aws-cli/2", "two"),
        call("d", "dan", "aws-cli/2", "three").with("userIdentity", foreign),
    ];
    let records: Vec<&Value> = calls.iter().map(|call| &call.0).collect();
    test_env.scratch.write("in/calls.json", json!({ "Records": records }).to_string());
    test_env.run(&["import", "in"]).exits(0);
    let marks = |lines: &str| -> Vec<String> {
        script(&test_env, lines).exits(0);
        let rows = test_env.run(&["hunt", "--format", "json"]).exits(0).json();
        let trails = rows.as_array().unwrap().iter().filter(|row| row["rule"] == "trail-stopped");
        let mark =
            |row: &Value| format!("{} {}", row["principal"].as_str().unwrap(), row["mark"].as_str().unwrap_or("-"));
        let mut found: Vec<String> = trails.map(mark).map(|line| line.rsplit('/').next().unwrap().to_owned()).collect();
        found.sort();
        found
    };
    let found =
        marks(".mark \"client=*Kali*\" attacker\n.mark account=999988887777 suspect\n.mark resource=stolen attacker\n");
    assert_eq!(found, ["ann attacker", "bob suspect", "carl -", "dan suspect"]);
    // Who has a mark of their own keeps it, and what is mine makes no actor mine.
    let found = marks(".mark user=bob cleared\n.mark \"client=aws-cli/2\" mine\n.unmark account=999988887777\n");
    assert_eq!(found, ["ann attacker", "bob cleared", "carl -", "dan -"]);
    // An ignore rule hides no event on a resource of the attacker's.
    let found = marks(".ignore add trails all \"name=StopLogging\" \"ours\"\n");
    assert_eq!(found, ["ann attacker", "bob cleared"]);
}

#[test]
fn an_ignore_rule_hides_hits_from_its_rules_but_never_an_attacker() {
    let test_env = TestEnv::with_delivery();
    let findings = |test_env: &TestEnv| -> Vec<Value> {
        let rows = test_env.run(&["hunt", "--format", "json"]).exits(0).json();
        rows.as_array()
            .unwrap()
            .iter()
            .filter(|row| row["actor_principal"].as_str().unwrap().ends_with("/deploy-bot"))
            .cloned()
            .collect()
    };
    let all = findings(&test_env);
    assert!(all.len() > 3);
    let ignored = script(&test_env, ".ignore add bot all \"ip=203.0.113.77\" \"our scanner\"\n.hunt\n").exits(0);
    assert!(ignored.out.contains("by 1 ignore rule"), "{ignored:?}");
    assert!(findings(&test_env).len() < all.len());
    script(&test_env, ".mark ip=203.0.113.77 attacker\n").exits(0);
    assert_eq!(findings(&test_env).len(), all.len());
}

#[test]
fn a_hunt_can_show_what_appeared_since_the_last_run_and_its_events_are_a_field() {
    let test_env = TestEnv::new();
    let calls = |ids: &[(&str, &str)]| {
        let call = |(id, user): &(&str, &str)| {
            Call::new(id, "2024-03-01T09:00:00Z", "cloudtrail:StopLogging").by_user(user, "AKIAX").0
        };
        json!({"Records": ids.iter().map(call).collect::<Vec<_>>()}).to_string()
    };
    test_env.scratch.write("one.json", calls(&[("e1", "alice")]));
    test_env.run(&["import", "one.json"]).exits(0);
    test_env.run(&["hunt", "--new"]).fails(2, &["the case has no earlier run to compare with"]);
    test_env.run(&["hunt"]).exits(0);
    let none = test_env.run(&["hunt", "--new", "--format", "json"]).exits(0).json();
    assert_eq!(none, json!([]));
    test_env.scratch.write("two.json", calls(&[("e2", "bob")]));
    test_env.run(&["import", "two.json"]).exits(0);
    let new = test_env.run(&["hunt", "--new", "--format", "json"]).exits(0).json();
    let principals: Vec<&str> = new.as_array().unwrap().iter().map(|row| row["principal"].as_str().unwrap()).collect();
    assert!(!principals.is_empty() && principals.iter().all(|name| name.ends_with("/bob")), "{principals:?}");
    let events = test_env.run(&["lookup", "finding=trail-stopped", "--format", "json"]).exits(0).json();
    assert_eq!(events.as_array().unwrap().len(), 2, "{events}");
}

#[test]
fn filters_of_a_file_leave_out_events() {
    let test_env = TestEnv::with_delivery();
    let filter = "title: Our scanner\nfilter:\n  rules: any\n  ours:\n    sourceIPAddress: 203.0.113.77\n  condition: not ours\n";
    test_env.scratch.write("ours.yml", filter);
    let screen = test_env.run(&["hunt", "--ignore", "ours.yml"]).exits(0);
    assert!(screen.out.contains("by 1 ignore rule"), "{screen:?}");
    test_env.scratch.write("broken.yml", "title: T\n");
    test_env
        .run(&["hunt", "--ignore", "broken.yml"])
        .fails(2, &["cannot use the filter broken.yml: it has no `filter`"]);
    test_env.run(&["hunt", "--ignore", "missing.yml"]).fails(2, &["cannot use the filter missing.yml"]);
}
