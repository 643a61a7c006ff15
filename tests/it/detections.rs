//! The single-call detections: each row's lookup on planted records.
//!
//! `tests/detections/calls.test` has the records of rows with a lookup, in the format of `tests/queries/plant.rs`: the
//! eventID is `ROW.NAME`, `+` must be found by the row, `-` must not be.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::Scratch;
use crate::common::program::TestEnv;
use serde_json::json;
use trailq::detection::{Condition, Rule, calls, of_call};
use trailq::engine::Engine;
use trailq::rows::{self, Value};

#[path = "../queries/plant.rs"]
#[allow(unreachable_pub, dead_code, reason = "shared by path")]
mod plant;

/// The planted records.
const PLANTED: &str = include_str!("../detections/calls.test");

/// The filter of a row.
fn lookup(rule: &Rule) -> &str {
    let Condition::Lookup(lookup) = &rule.condition else { panic!("{} is not a lookup", rule.id) };
    lookup
}

/// Reports whether a row has a filter beside source and names.
fn is_narrowed(rule: &Rule) -> bool {
    lookup(rule).contains('(')
}

/// The eventIDs that a lookup finds.
fn found(engine: &Engine, lookup: &str) -> BTreeSet<String> {
    let prepared =
        engine.prepare(&format!("{lookup} | fields event-id")).unwrap_or_else(|why| panic!("{lookup}: {why:?}"));
    let rows = rows::collect(|sink| engine.run(&prepared, sink)).unwrap();
    let id = |row: &Vec<Value>| match row.last() {
        Some(Value::Text(id)) => id.clone(),
        other => panic!("{other:?}"),
    };
    rows.rows.iter().map(id).collect()
}

/// The values of a field in a row's filter; a `*` in one becomes a text.
fn values(lookup: &str, field: &str) -> Vec<String> {
    let term = lookup.split(' ').find_map(|term| term.strip_prefix(&format!("{field}=")));
    term.map_or_else(Vec::new, |values| values.split(',').map(|value| value.replace('*', "X")).collect())
}

#[test]
fn each_row_without_a_filter_is_found_by_source_and_name_alone() {
    let mut records = Vec::new();
    let mut planted: BTreeMap<String, (String, String)> = BTreeMap::new();
    for rule in calls().iter().filter(|rule| !is_narrowed(rule)) {
        for source in values(lookup(rule), "source") {
            for name in values(lookup(rule), "event-name") {
                let id = format!("{source}:{name}");
                records.push(json!({
                    "eventVersion": "1.08", "eventID": format!("insight:{id}"), "eventTime": "2024-03-01T09:00:00Z",
                    "awsRegion": "us-east-1", "eventType": "AwsCloudTrailInsight", "eventCategory": "Insight",
                    "insightDetails": {"state": "Start", "eventSource": format!("{source}.amazonaws.com"), "eventName": name},
                }));
                records.push(json!({
                    "eventVersion": "1.08", "eventID": id, "eventTime": "2024-03-01T09:00:00Z", "awsRegion": "us-east-1",
                    "eventSource": format!("{source}.amazonaws.com"), "eventName": name,
                    "userIdentity": {"type": "IAMUser", "userName": "alice", "accountId": "111122223333"},
                }));
                let other = planted.insert(id.clone(), (source.clone(), name));
                assert!(other.is_none(), "{id} is in two rows without a filter, one of them {}", rule.id);
            }
        }
    }
    let scratch = Scratch::new();
    let file = scratch.write("trail.json", json!({"Records": records}).to_string());
    scratch.import(&[file]);
    let engine = Engine::open(&scratch.case()).unwrap();
    for rule in calls().iter().filter(|rule| !is_narrowed(rule)) {
        let of_rule = planted.iter().filter(|(_, (source, name))| {
            of_call(&format!("{source}.amazonaws.com"), name).iter().any(|other| other.id == rule.id)
        });
        let expected: BTreeSet<String> = of_rule.map(|(id, _)| id.clone()).collect();
        assert_eq!(found(&engine, lookup(rule)), expected, "{}", rule.id);
    }
}

#[test]
fn each_row_with_a_filter_finds_its_planted_records_and_not_the_near_misses() {
    let test = plant::Test::parse(PLANTED).unwrap_or_else(|why| panic!("{why}"));
    let scratch = Scratch::new();
    let files: Vec<_> = test.files().into_iter().map(|(name, content)| scratch.write(&name, content)).collect();
    scratch.import(&files);
    let engine = Engine::open(&scratch.case()).unwrap();
    let marked = |mark: &str, rule: &Rule| -> BTreeSet<String> {
        let lines = PLANTED.lines().filter_map(|line| line.strip_prefix(mark)?.split_whitespace().next());
        lines.filter(|id| id.split('.').next() == Some(rule.id.as_str())).map(str::to_owned).collect()
    };
    let mut incomplete = Vec::new();
    for rule in calls().iter().filter(|rule| is_narrowed(rule)) {
        let (hits, misses) = (marked("+", rule), marked("-", rule));
        if hits.is_empty() || misses.is_empty() {
            incomplete.push(rule.id.as_str());
        }
        let found = found(&engine, lookup(rule));
        let missed: Vec<_> = hits.difference(&found).collect();
        let wrong: Vec<_> = misses.intersection(&found).collect();
        assert!(missed.is_empty() && wrong.is_empty(), "{} misses {missed:?} and finds {wrong:?}", rule.id);
    }
    assert!(incomplete.is_empty(), "plant a hit and a near miss: {incomplete:?}");
}

#[test]
fn every_planted_record_belongs_to_a_row() {
    for line in PLANTED.lines().filter(|line| line.starts_with(['+', '-'])) {
        let id = line[1..].split_whitespace().next().and_then(|id| id.split('.').next()).unwrap_or_default();
        assert!(calls().iter().any(|rule| rule.id == id && is_narrowed(rule)), "{line}");
    }
}

#[test]
fn show_notes_the_detections_that_select_the_event() {
    let test_env = TestEnv::with_delivery();
    let shown = test_env.pipe(&["script", "-"], b"event-name=StopLogging outcome=ok\n.show 1\n").exits(0);
    assert!(shown.err.contains("note: high: Trail stopped (T1685.002). A stopped trail records nothing"), "{shown:?}");
    assert!(!shown.err.contains("Change made as root"), "the filter of a row is evaluated: {shown:?}");
    let raw = test_env.pipe(&["script", "-"], b"event-name=StopLogging outcome=ok\n.show 1 --raw\n").exits(0);
    assert!(!raw.err.contains("Trail stopped"), "{raw:?}");
}

#[test]
fn the_list_of_queries_has_the_highest_level_of_the_detections_that_a_query_shows() {
    let test_env = TestEnv::new();
    let all = test_env.run(&["queries", "--format", "json"]).exits(0).json();
    let level =
        |name: &str| all.as_array().unwrap().iter().find(|query| query["name"] == name).unwrap()["level"].clone();
    assert_eq!((level("trails-stopped"), level("admin-grants")), (json!("high"), json!("high")));
    assert_eq!((level("rds-snapshots-shared"), level("lineage")), (json!("critical"), json!(null)));
    let revoked = test_env.run(&["queries", "T1562.008", "--format", "ndjson"]).exits(0);
    assert!(revoked.out.contains("\"trails-stopped\""), "{revoked:?}");
    assert_eq!(revoked.out, test_env.run(&["queries", "T1685.002", "--format", "ndjson"]).exits(0).out);
}
