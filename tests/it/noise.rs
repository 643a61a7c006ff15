//! Noise of the detections: on ordinary work a hunt shows few lines, with and without Sigma rules.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use crate::common::program::TestEnv;
use crate::common::testdata;
use crate::delivery::generator::files::write_many;
use crate::delivery::generator::{Delivery, Options};

/// The most lines of a hunt in ordinary work.
const MAX_HIGH: usize = 10;
const MAX_MEDIUM: usize = 40;

/// The lines of a level: findings that are neither routine nor widespread, and rules that have widespread findings.
fn lines(findings: &[Value], level: &str) -> usize {
    let is = |finding: &Value, key: &str| finding[key] == 1;
    let of_level = || findings.iter().filter(|finding| finding["level"] == level && !is(finding, "routine"));
    let alone = of_level().filter(|finding| !is(finding, "widespread")).count();
    let rules: BTreeSet<&str> =
        of_level().filter(|finding| is(finding, "widespread")).filter_map(|finding| finding["rule"].as_str()).collect();
    alone + rules.len()
}

/// The hits of each rule with a level, most first, for the message of a failure.
fn hits(findings: &[Value]) -> String {
    let mut rules: BTreeMap<(&str, &str), (usize, u64)> = BTreeMap::new();
    for finding in findings {
        let text = |key: &str| finding[key].as_str().unwrap_or("");
        let (found, events) = rules.entry((text("level"), text("rule"))).or_default();
        *found += 1;
        *events += ["done", "tried"].iter().filter_map(|key| finding[*key].as_u64()).sum::<u64>();
    }
    let mut rules: Vec<_> = rules.into_iter().collect();
    rules.sort_by_key(|(_, (found, _))| std::cmp::Reverse(*found));
    let mut text = String::new();
    for ((level, rule), (found, events)) in rules {
        let _ = writeln!(text, "{level:13} {rule}: {found} findings, {events} events");
    }
    text
}

fn check(test_env: &TestEnv, rules: &[&str]) {
    let arguments = [&["hunt", "--quiet", "--format", "json", "--min-level", "medium"], rules].concat();
    let answer = test_env.run(&arguments).exits(0).json();
    let findings = answer.as_array().unwrap();
    let at_least_high = lines(findings, "critical") + lines(findings, "high");
    let medium = lines(findings, "medium");
    assert!(
        at_least_high <= MAX_HIGH && medium <= MAX_MEDIUM,
        "{rules:?}: {at_least_high} lines of level high and {medium} of level medium\n{}",
        hits(findings)
    );
    // A hunt that finds nothing at all would not measure the rules.
    assert!(!findings.is_empty(), "{rules:?}");
}

fn check_with_and_without_rules(test_env: &TestEnv) {
    check(test_env, &[]);
    check(test_env, &["--rules", testdata("sigma").to_str().unwrap()]);
}

#[test]
fn a_hunt_in_the_benign_month_shows_few_lines() {
    let test_env = TestEnv::new();
    test_env.run(&["import", testdata("benign-month").to_str().unwrap()]).exits(0);
    check_with_and_without_rules(&test_env);
}

#[test]
fn a_hunt_in_a_generated_week_shows_few_lines() {
    let test_env = TestEnv::new();
    let folder = test_env.scratch.path("week");
    let delivery = Delivery::plan(&Options { seed: 1, events: 60_000, files: 200, from_day: 0, days: 7 });
    write_many(&delivery, &folder, 2).unwrap();
    test_env.run(&["import", folder.to_str().unwrap()]).exits(0);
    check_with_and_without_rules(&test_env);
}
