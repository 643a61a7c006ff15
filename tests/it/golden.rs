//! Goldens of what the program prints, as snapshots that a person can review: formats, mistakes, statements of lookups,
//! and what a case holds.

use std::fmt::Write as _;

use insta::assert_snapshot;
use regex::Regex;

use crate::common::program::TestEnv;
use crate::common::testdata;

/// Lookups over the whole language, one a line.
const LOOKUPS: &str = include_str!("lookups.txt");
const FORMATS: [&str; 8] = ["table", "expanded", "json", "ndjson", "csv", "tsv", "markdown", "records"];

/// Hides what differs from run to run: durations, rates and the test's own folder.
fn stable(test_env: &TestEnv, text: &str) -> String {
    let text = text
        .replace(test_env.scratch.folder.path().to_str().unwrap(), "FOLDER")
        .replace(env!("CARGO_MANIFEST_DIR"), "PROJECT");
    let text = Regex::new(r"\d+(\.\d+)? (µs|ms|s)\b").unwrap().replace_all(&text, "… $2").into_owned();
    Regex::new(r"\d[\d,]* (records|events)/s").unwrap().replace_all(&text, "… $1/s").into_owned()
}

#[test]
fn every_format_of_every_kind_of_answer() {
    let test_env = TestEnv::with_delivery();
    let list = "name=CreateUser,CreateAccessKey user=deploy-bot";
    let sql =
        "SELECT 1 AS n, 'a,b \"c\" | d' AS text, NULL AS missing, x'00ff' AS bytes, 1.5 AS real, '=1+1' AS formula";
    for format in FORMATS {
        let mut text = String::new();
        for arguments in [
            ["lookup", list],
            ["lookup", "outcome=denied | count by user,error"],
            ["lookup", "outcome=denied since=2024-03-01 | timeline 6h"],
            ["lookup", "user=nobody-at-all"],
            ["sql", sql],
        ] {
            let ran = test_env.run(&["--format", format, arguments[0], arguments[1]]);
            let _ = writeln!(
                text,
                "$ trailq --format {format} {} '{}'\n{}",
                arguments[0],
                arguments[1],
                stable(&test_env, &ran.out)
            );
            let _ = writeln!(text, "{}exit {}\n", stable(&test_env, &ran.err), ran.code.unwrap());
        }
        assert_snapshot!(format!("format_{format}"), text);
    }
}

#[test]
fn mistakes_with_their_exit_codes() {
    let test_env = TestEnv::with_delivery();
    test_env.scratch.write("notes.txt", "no case and no trail file");
    let mut text = String::new();
    for arguments in MISTAKES {
        let ran = test_env.run(arguments);
        let _ = writeln!(
            text,
            "$ trailq {}\n{}{}exit {}\n",
            arguments.join(" "),
            stable(&test_env, &ran.out),
            stable(&test_env, &ran.err),
            ran.code.unwrap()
        );
    }
    assert_snapshot!(text);
}

const MISTAKES: &[&[&str]] = &[
    &["lookup", "evnt-name=CreateUser"],
    &["lookup", "user="],
    &["lookup", "user=a,"],
    &["lookup", "(user=alice"],
    &["lookup", "user=alice)"],
    &["lookup", "user=\"alice"],
    &["lookup", "not"],
    &["lookup", "or user=alice"],
    &["lookup", "user~("],
    &["lookup", "bytes-in>many"],
    &["lookup", "ip=10.0.0.0/33"],
    &["lookup", "outcome=success"],
    &["lookup", "write=maybe"],
    &["lookup", "since=29.02.2024"],
    &["lookup", "since=2024-13"],
    &["lookup", "last=soon"],
    &["lookup", "user=@nowhere.txt"],
    &["lookup", "| tpo 3 user"],
    &["lookup", "|"],
    &["lookup", "| limit many"],
    &["lookup", "| count by nothing"],
    &["lookup", "| timeline 1x"],
    &["lookup", "| top 3"],
    &["lookup", "user=alice", "--format", "xlsx"],
    &["lookup", "| count", "--format", "records"],
    &["lookup"],
    &["sql", "SELECT nothing"],
    &["sql", "SELECT * FROM evnts"],
    &["sql", "DELETE FROM events"],
    &["sql", "SELECT 1 FROM"],
    &["sql", "SELECT :a"],
    &["sql", "-f", "nowhere.sql"],
    &["run", "no-such-query"],
    &["run", "key-use"],
    &["script", "nowhere.trailq"],
    &["import"],
    &["import", "nowhere"],
    &["import", "notes.txt"],
    &["--db", "nowhere.db", "info"],
    &["--db", "notes.txt", "info"],
    &["--db", ".", "info"],
    &["snapshot"],
    &["snapshot", "trailq.db"],
    &["snapshot", "notes.txt"],
    &["snapshot", "--verify", "notes.txt"],
    &["snapshot", "copy.db", "--redact", "names"],
    &["merge", "nowhere.db"],
    &["diff", "trailq.db", "nowhere.db"],
    &["lookup-events", "--lookup-attributes", "AttributeKey=Nothing,AttributeValue=x"],
    &["lookup-events", "--start-time", "soon"],
    &["serve", "--port", "none"],
    &["improt", "x"],
];

#[test]
fn statement_plan_and_count_of_every_lookup() {
    let test_env = TestEnv::with_delivery();
    for (number, chunk) in LOOKUPS.lines().collect::<Vec<_>>().chunks(50).enumerate() {
        let mut text = String::new();
        for lookup in chunk {
            let explained = test_env.run(&["lookup", "--explain", lookup]).exits(0).out;
            let answer = test_env.run(&["--format", "tsv", "--quiet", "lookup", lookup]).exits(0).out;
            let rows = answer.lines().count().saturating_sub(1);
            let _ = writeln!(text, "{}\n-- rows: {rows}\n", explained.trim_end());
        }
        assert_snapshot!(format!("lookups_{}", number + 1), text);
    }
}

#[test]
fn content_of_a_case() {
    let test_env = TestEnv::new();
    let (delivery, shapes) = (testdata("delivery"), testdata("shapes"));
    test_env.run(&["import", delivery.to_str().unwrap(), shapes.to_str().unwrap()]).exits(0);
    for (name, sql) in CONTENT {
        let answer = test_env.run(&["--format", "csv", "sql", sql]).exits(0).out;
        assert_snapshot!(format!("content_{name}"), answer);
    }
}

/// What is asked of the case, in an order that does not depend on how it is stored.
const CONTENT: &[(&str, &str)] = &[
    (
        "events",
        "SELECT event_id, event_time, event_source, event_name, aws_region, source_ip_address, user_name, access_key_id, \
         error_code, outcome, read_only, management_event, event_type, event_category, event_version, \
         recipient_account_id, shared_event_id, vpc_endpoint_id, invoked_by, mfa_authenticated, session_created, \
         from_console, source_identity, issued_access_key_id, bytes_in, bytes_out, user_agent, error_message, \
         identity_type, identity_arn, identity_account_id, principal_id, role_name, role_arn, session_name \
         FROM event_history ORDER BY event_id",
    ),
    ("resources_of_events", "SELECT event_id, resources FROM event_history ORDER BY event_id"),
    (
        "identities",
        "SELECT type, user_name, arn, account_id, principal_id, role_name, role_arn, session_name, identity_provider, \
         on_behalf_of, invoked_by, events, first_seen, last_seen FROM identities ORDER BY 1, 2, 3, 4, 5, 10, 11",
    ),
    (
        "resources",
        "SELECT type, name, arn, account_id, aws_region, events, first_seen, last_seen FROM resources \
         ORDER BY 1, 2, 3, 4, 5",
    ),
    ("values", "SELECT attribute, value, events, first_seen, last_seen FROM attribute_values ORDER BY 1, 2"),
    (
        "texts",
        "SELECT text, events, first_seen, last_seen FROM user_agents \
         UNION ALL SELECT text, events, first_seen, last_seen FROM error_messages ORDER BY 1, 2, 3",
    ),
    ("record_lengths", "SELECT event_id, length(record(id)) AS bytes FROM events ORDER BY event_id"),
    ("conflicts", "SELECT event_id, sha256, record FROM conflicts ORDER BY 1, 2"),
    ("files", "SELECT read, stored, duplicate, rejected, conflict, replaced, sha256 FROM files ORDER BY path"),
];
