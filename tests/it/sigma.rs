//! Sigma rules: each finds exactly the events that it should, by rules and records that this file writes, and by random
//! ones against an evaluator in Python, which knows nothing of lookups.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use trailq::detection::{Condition, Correlation, Rule};
use trailq::engine::{Engine, PreparedLookup};
use trailq::rows::{self, Value as Cell};
use trailq::sigma::{self, RuleSet};

use crate::common::{Needs, Scratch, skip};

const ORACLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sigma_oracle.py");

/// The events of a case by their ids.
struct Events(BTreeMap<i64, String>);

impl Events {
    fn of(engine: &Engine) -> Events {
        let sql = "SELECT id, event_id FROM events";
        let answer = rows::collect(|sink| engine.case().query(sql, &[], sink)).unwrap();
        let event = |row: &Vec<Cell>| match row.as_slice() {
            [Cell::Integer(id), Cell::Text(event)] => (*id, event.clone()),
            other => panic!("{other:?}"),
        };
        Events(answer.rows.iter().map(event).collect())
    }

    fn names(&self, ids: &[i64]) -> Vec<String> {
        let mut names: Vec<String> = ids.iter().map(|id| self.0[id].clone()).collect();
        names.sort();
        names
    }
}

/// The rules that are filters of lookups, each with its lookup.
fn lookups<'s>(set: &'s RuleSet, engine: &Engine) -> Vec<(&'s Rule, PreparedLookup)> {
    let prepared = |rule: &'s Rule| match &rule.condition {
        Condition::Lookup(filter) => {
            Some((rule, engine.prepare(filter).unwrap_or_else(|error| panic!("{filter}: {error:?}"))))
        }
        _ => None,
    };
    set.rules.iter().filter_map(prepared).collect()
}

fn correlations(set: &RuleSet) -> Vec<(&Rule, &Correlation)> {
    set.rules
        .iter()
        .filter_map(|rule| match &rule.condition {
            Condition::Correlation(correlation) => Some((rule, correlation)),
            _ => None,
        })
        .collect()
}

/// Imports records, and loads rules from a folder.
fn loaded(records: &Path, rules: &Path) -> (Scratch, Engine, RuleSet) {
    let scratch = Scratch::new();
    scratch.import(&[records.to_owned()]);
    let engine = Engine::open(&scratch.case()).unwrap();
    let set = sigma::load(&[rules.to_owned()]).unwrap();
    (scratch, engine, set)
}

#[test]
fn random_rules_find_what_an_independent_evaluator_finds() {
    let scratch = Scratch::new();
    for seed in 1..=4 {
        let folder = scratch.path(&seed.to_string());
        match Command::new("python3").args([ORACLE, &seed.to_string()]).arg(&folder).output() {
            Ok(made) => assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr)),
            Err(error) => return skip(Needs::Tool("python3"), format_args!("the evaluator needs python3: {error}")),
        }
        let expected: Value = serde_json::from_slice(&fs::read(folder.join("expected.json")).unwrap()).unwrap();
        let (_case, engine, set) = loaded(&folder.join("events.json"), &folder.join("rules"));
        let events = Events::of(&engine);
        let rules = lookups(&set, &engine);
        let prepared: Vec<PreparedLookup> = rules.iter().map(|(_, lookup)| lookup.clone()).collect();
        let mut together = vec![Vec::new(); rules.len()];
        engine
            .matches_of_many(&prepared, &mut |number, id| {
                together[number].push(id);
                Ok(())
            })
            .unwrap();
        for ((rule, lookup), found) in rules.iter().zip(&together) {
            let wanted: Vec<String> = serde_json::from_value(expected["rules"][&rule.id].clone()).unwrap();
            let told = || {
                format!(
                    "seed {seed} {}: {:?}\n{:?}",
                    rule.id,
                    rule.condition,
                    fs::read_to_string(folder.join(format!("rules/{}.yml", rule.id)))
                )
            };
            assert_eq!(events.names(found), wanted, "together: {}", told());
            assert_eq!(events.names(&engine.event_ids(lookup).unwrap()), wanted, "alone: {}", told());
        }
        let mut groups = 0;
        for (rule, correlation) in correlations(&set) {
            let found = engine.correlate(correlation).unwrap();
            let found: BTreeMap<String, Vec<String>> =
                found.iter().map(|group| (group.group.join("\u{1f}"), events.names(&group.ids))).collect();
            let wanted: BTreeMap<String, Vec<String>> =
                serde_json::from_value(expected["correlations"][&rule.id].clone()).unwrap();
            assert_eq!(found, wanted, "seed {seed} {correlation:?}");
            groups += wanted.len();
        }
        let failed: Vec<&str> = set.not_compiled.iter().map(|failed| failed.reason.as_str()).collect();
        assert!(rules.len() > 120 && groups > 10, "{} rules, {groups} groups, {failed:#?}", rules.len());
        let is_known = |reason: &&str| reason.contains("whole object") || reason.contains("is not compiled");
        assert!(failed.iter().all(is_known), "{failed:#?}");
    }
}

/// Detections, each with changes of a record that make it match and changes that do not.
fn detections() -> Vec<(&'static str, Vec<Value>, Vec<Value>)> {
    let request = |request: Value| json!({ "requestParameters": request });
    vec![
        (
            "s: {eventSource: iam.amazonaws.com, eventName: [createuser, Delete*]}\ncondition: s",
            vec![json!({"eventName": "CreateUser"}), json!({"eventName": "DELETEROLE"})],
            vec![
                json!({"eventName": "CreateUser2"}),
                json!({"eventName": "CreateUser", "eventSource": "iam.amazonaws.com.cn"}),
            ],
        ),
        (
            "s: {eventName|cased: CreateUser, 'errorCode': null}\ncondition: s",
            vec![json!({"eventName": "CreateUser"})],
            vec![json!({"eventName": "createUser"}), json!({"eventName": "CreateUser", "errorCode": "AccessDenied"})],
        ),
        (
            "s: {requestParameters|contains: '\"cidrip\":\"0.0.0.0/0\"'}\ncondition: s",
            vec![request(json!({"ipPermissions": {"items": [{"ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}]}}))],
            vec![request(json!({"cidrIp": "10.0.0.0/8"})), json!({"additionalEventData": {"cidrIp": "0.0.0.0/0"}})],
        ),
        (
            "s: {requestParameters.items.port: 22}\ncondition: s",
            vec![
                request(json!({"items": [{"port": 80}, {"port": 22}]})),
                request(json!({"items": {"port": "22"}})),
                request(json!({"items": {"port": 22.0}})),
            ],
            vec![request(json!({"items": [{"port": 220}]})), request(json!({"port": 22}))],
        ),
        (
            "s: {requestParameters.name|re: '^prod-[0-9]+$'}\ncondition: s",
            vec![request(json!({"name": "prod-12"}))],
            vec![request(json!({"name": "Prod-12"})), request(json!({"name": "prod-"}))],
        ),
        (
            "s: {requestParameters.name: 'a\\*b?'}\ncondition: s",
            vec![request(json!({"name": "A*bc"}))],
            vec![request(json!({"name": "axbc"})), request(json!({"name": "a*b"}))],
        ),
        (
            "k: [mimikatz, 'kali*linux']\nf: {userAgent|contains: boto}\ncondition: k and not f",
            vec![json!({"userAgent": "Mimikatz"}), request(json!({"x": ["KALI", "Linux"]}))],
            vec![json!({"userAgent": "mimikatz Boto3"}), request(json!({"x": ["linux", "kali"]}))],
        ),
        (
            "s: {sourceIPAddress|cidr: [10.0.0.0/8, '2001:db8::/32']}\ncondition: not s",
            vec![json!({"sourceIPAddress": "11.0.0.1"}), json!({"sourceIPAddress": "iam.amazonaws.com"})],
            vec![json!({"sourceIPAddress": "10.9.9.9"}), json!({"sourceIPAddress": "2001:db8::9"})],
        ),
        (
            "s: {requestParameters.cidrIpv6|cidr: '2001:db8::/32'}\ncondition: s",
            vec![
                request(json!({"cidrIpv6": "2001:DB8:0:0:0:0:0:9"})),
                request(json!({"cidrIpv6": ["::/0", "2001:db8:7::/48"]})),
            ],
            vec![request(json!({"cidrIpv6": "::/0"})), request(json!({"cidrIpv6": "2001:db9::1"}))],
        ),
        (
            "s: {requestParameters.items.cidrIp|cidr: [10.0.0.0/8, 192.0.2.0/25]}\ncondition: s",
            vec![
                request(json!({"items": [{"cidrIp": "x"}, {"cidrIp": "10.9.0.0/16"}]})),
                request(json!({"items": {"cidrIp": "192.0.2.127"}})),
            ],
            vec![
                request(json!({"items": [{"cidrIp": "0.0.0.0/0"}, {"cidrIp": "11.0.0.1"}]})),
                request(json!({"items": {"cidrIp": "192.0.2.128"}})),
                json!({"sourceIPAddress": "10.0.0.1"}),
            ],
        ),
        (
            "a: {eventName: A}\n_b: {eventName: B}\nc: [{eventName: C, awsRegion: x}, {eventName: D}]\ncondition: 1 of them",
            vec![json!({"eventName": "A"}), json!({"eventName": "D"}), json!({"eventName": "c", "awsRegion": "X"})],
            vec![json!({"eventName": "B"}), json!({"eventName": "C"})],
        ),
        (
            "s: {requestParameters.n|gt: 5, requestParameters.n|lte: 10}\ncondition: s",
            vec![request(json!({"n": 10})), request(json!({"n": "5.5"}))],
            vec![request(json!({"n": 5})), request(json!({"n": "x"})), request(json!({}))],
        ),
        (
            "s: {responseElements.ok|exists: false, Image|exists: false, userIdentity.type|neq: Root}\ncondition: s",
            vec![json!({"responseElements": {"ok": null}}), json!({"responseElements": null})],
            vec![json!({"responseElements": {"ok": ""}}), json!({"userIdentity": {"type": "root"}})],
        ),
        (
            "s: {errorCode: ''}\ncondition: s",
            vec![json!({"errorCode": ""})],
            vec![json!({}), json!({"errorCode": "x"})],
        ),
    ]
}

#[test]
fn rules_match_what_they_must_and_nothing_else() {
    let scratch = Scratch::new();
    let mut records = Vec::new();
    let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (number, (detection, hits, misses)) in detections().into_iter().enumerate() {
        let rule = format!(
            "title: Rule {number}\nid: rule-{number:02}\nlogsource: {{product: aws, service: cloudtrail}}\ndetection:\n  {}\n",
            detection.replace('\n', "\n  ")
        );
        scratch.write(&format!("rules/{number:02}.yml"), rule);
        for (at, (change, hit)) in
            hits.iter().map(|hit| (hit, true)).chain(misses.iter().map(|miss| (miss, false))).enumerate()
        {
            let id = format!("{number:02}-{at}-{}", if hit { "hit" } else { "miss" });
            let mut record = json!({
                "eventVersion": "1.08", "eventID": id, "eventTime": "2024-03-01T00:00:00Z", "eventName": "Other",
                "eventSource": "iam.amazonaws.com", "awsRegion": "us-east-1", "userIdentity": {"type": "IAMUser"},
                "sourceIPAddress": "192.0.2.1", "recipientAccountId": "111122223333",
            });
            for (key, value) in change.as_object().unwrap() {
                record[key] = value.clone();
            }
            records.push(record);
            wanted.entry(format!("rule-{number:02}")).or_default().extend(hit.then_some(id));
        }
    }
    let records = scratch.write("events.json", json!({ "Records": records }).to_string());
    let (_case, engine, set) = loaded(&records, &scratch.path("rules"));
    assert!(set.not_compiled.is_empty(), "{:?}", set.not_compiled);
    let events = Events::of(&engine);
    for (rule, lookup) in lookups(&set, &engine) {
        // Only the records that were written for the rule: others may match it too.
        let own = rule.id.trim_start_matches("rule-").to_owned() + "-";
        let found: Vec<String> = events.names(&engine.event_ids(&lookup).unwrap());
        let found: Vec<String> = found.into_iter().filter(|id| id.starts_with(&own)).collect();
        assert_eq!(found, wanted[&rule.id], "{:?}", rule.condition);
    }
}
