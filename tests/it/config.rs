//! The settings file: `trailq config`, folders of queries and rules, and the commands that ignore the rest.

use crate::common::program::TestEnv;

/// A query for a folder of the settings.
const QUERY: &str = "-- title: Number of events\n-- about: The number of events\n-- columns: events\nSELECT count(*) AS events FROM events;\n";

/// A folder with the delivery as a case and a settings file.
fn with_settings(text: &str) -> TestEnv {
    let test_env = TestEnv::with_delivery();
    test_env.scratch.write(".config/trailq/config.toml", text);
    test_env
}

#[test]
fn config_shows_values_with_their_source() {
    let test_env = with_settings("theme = 'none'\nqueries = '~/own'\n");
    std::fs::create_dir(test_env.scratch.path("own")).unwrap();
    let ran = test_env.run(&["config", "--format", "ndjson"]).exits(0);
    assert_eq!(ran.err, "");
    let home = test_env.scratch.folder.path().display();
    for row in [
        format!(r#"{{"setting":"file","value":"{home}/.config/trailq/config.toml","source":"read"}}"#),
        r#"{"setting":"format","value":"ndjson","source":"flag, --format"}"#.to_owned(),
        r#"{"setting":"theme","value":"none","source":"file, line 1"}"#.to_owned(),
        format!(r#"{{"setting":"queries","value":"{home}/own","source":"file, line 2"}}"#),
        r#"{"setting":"prompt","value":"trailq> ","source":"default"}"#.to_owned(),
    ] {
        assert!(ran.out.lines().any(|line| line == row), "{row}: {}", ran.out);
    }
    let mut command = test_env.command(&["config"]);
    let ran = command.env("TRAILQ_CONFIG", "").env("NO_COLOR", "1").output().unwrap();
    let out = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success() && out.contains("none") && out.contains("environment, NO_COLOR"), "{out}");
    // No case is needed.
    TestEnv::new().run(&["config"]).exits(0);
}

#[test]
fn a_mistake_is_reported_with_its_line_and_stops_nothing() {
    let test_env = with_settings("format = 'cvs'\nruels = 'x'\nqueries = 'absent'\n");
    let ran = test_env.run(&["config"]).exits(1);
    for said in [
        "warning: invalid value `cvs`",
        "config.toml:1\n",
        "= hint: did you mean `csv`?",
        "warning: unknown setting `ruels`",
        "config.toml:2\n",
        "= hint: did you mean `rules`?",
        "warning: there is no folder",
        "config.toml:3\n",
    ] {
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
    // A command reports what matters to it.
    let ran = test_env.run(&["lookup", "user=alice | count", "-q"]).exits(0);
    assert!(ran.err.contains("`ruels`") && ran.err.contains("no folder") && !ran.err.contains("cvs"), "{}", ran.err);
    for command in [["guide", "faq"], ["completions", "bash"]] {
        assert_eq!(test_env.run(&command).exits(0).err, "");
    }
}

#[test]
fn commands_use_folders_and_ignore_the_settings_of_the_prompt() {
    let plain = TestEnv::with_delivery();
    let settings =
        "format = 'csv'\ntheme = 'none'\ntime-zone = '+09:00'\npager = 'false'\nprompt = '? '\nqueries = '../own'\n";
    let test_env = with_settings(settings);
    test_env.scratch.write(".config/own/number-of-events.sql", QUERY);
    for arguments in [
        &["lookup", "user=alice"][..],
        &["lookup", "outcome=denied | count by user"],
        &["sql", "SELECT event_time FROM events ORDER BY id LIMIT 3"],
        &["run", "console-logins"],
    ] {
        let (expected, ran) = (plain.run(arguments).exits(0), test_env.run(arguments).exits(0));
        assert_eq!(expected.out, ran.out, "{arguments:?}");
    }
    let script = b"user=alice | limit 2\n.tz\n";
    assert_eq!(plain.pipe(&[], script).exits(0).out, test_env.pipe(&[], script).exits(0).out);
    plain.run(&["run", "number-of-events"]).fails(2, &["there is no saved query `number-of-events`"]);
    assert_eq!(test_env.run(&["run", "number-of-events"]).exits(0).out.lines().count(), 3);
}

#[test]
fn every_hunt_runs_the_rules_of_the_settings() {
    let test_env = with_settings("rules = 'rules'\n");
    let rule = "title: Alice\nid: 11111111-2222-4333-8444-555555555555\nlevel: high\nlogsource:\n  product: aws\n  service: cloudtrail\n\
                detection:\n  selection:\n    userIdentity.userName: alice\n  condition: selection\n";
    let without = test_env.run(&["hunt", "--by", "rule", "--format", "csv"]).exits(0).out;
    test_env.scratch.write(".config/trailq/rules/alice.yml", rule);
    let ran = test_env.run(&["hunt", "--by", "rule", "--format", "csv"]).exits(0);
    assert!(ran.out.contains("Alice") && !without.contains("Alice"), "{}", ran.out);
    // Naming the folder again changes nothing.
    let folder = test_env.scratch.path(".config/trailq/rules");
    let again =
        test_env.run(&["hunt", "--by", "rule", "--format", "csv", "--rules", folder.to_str().unwrap()]).exits(0);
    assert_eq!(again.out, ran.out);
}
