//! `trailq reindex`: events are made anew from their records, and nothing else changes.

use std::io::Read as _;
use std::process::Stdio;
use std::time::Duration;

use crate::common::program::TestEnv;
use crate::common::{check_case, content, lines, record, testdata};
use flate2::read::GzDecoder;

/// Imports everything that the tests have, also what is rejected, replaced or in conflict.
fn imported() -> TestEnv {
    let test_env = TestEnv::new();
    let folders = ["delivery", "shapes", "broken"].map(|folder| testdata(folder).to_str().unwrap().to_owned());
    test_env.run(&["import", &folders[0], &folders[1], &folders[2]]).exits(1);
    test_env
}

/// Makes a case look as if older rules had made its events.
fn make_stale(test_env: &TestEnv) {
    test_env
        .scratch
        .ask()
        .execute_batch(
            "UPDATE imports SET rules = NULL; UPDATE events SET outcome = 'ok', user_name = 'stale', time = 0; \
             UPDATE identities SET role_name = 'stale'; DELETE FROM event_resources; DELETE FROM attribute_values; \
             DELETE FROM hourly_counts; UPDATE facets SET outcome = 'ok', events = 7; \
             UPDATE record_groups SET first_time = NULL, last_time = NULL",
        )
        .unwrap();
}

/// The rows that reindexing keeps, as they are.
fn kept(test_env: &TestEnv) -> Vec<String> {
    let mut all = Vec::new();
    for sql in [
        "SELECT id, event_id, file_id FROM events ORDER BY id",
        "SELECT * FROM files ORDER BY id",
        "SELECT id, file_id, position, line, reason, length, sha256 FROM rejects ORDER BY id",
        "SELECT id, event_id, file_id, sha256, record FROM conflicts ORDER BY id",
        "SELECT * FROM csv_events ORDER BY id",
        "SELECT * FROM replaced_rows ORDER BY event_id",
        "SELECT * FROM field_problems ORDER BY file_id, field, problem",
        "SELECT * FROM tags ORDER BY event_id, tag",
        "SELECT * FROM notes ORDER BY 1, 2",
        "SELECT id, length(data) FROM record_blocks ORDER BY id",
        "SELECT id, digest_s3_object FROM digests ORDER BY id",
    ] {
        all.push(format!("-- {sql}"));
        all.extend(lines(&test_env.scratch.ask(), sql));
    }
    all
}

#[test]
fn events_of_older_rules_become_those_of_a_new_import() {
    let test_env = imported();
    test_env
        .scratch
        .ask()
        .execute_batch(
            "INSERT INTO tags (event_id, tag, created_at, created_by) SELECT event_id, 'odd', '2024-05-01T00:00:00Z', 'a' \
             FROM events LIMIT 5; \
             INSERT INTO notes (text, created_at, created_by) VALUES ('noted', '2024-05-01T00:00:00Z', 'a')",
        )
        .unwrap();
    let (wanted, ledger) = (content(&test_env.scratch.case()), kept(&test_env));
    make_stale(&test_env);
    let info = test_env.run(&["info"]).exits(0).out;
    assert!(info.contains("\nrules       older: `trailq reindex` applies those of this version\n"), "{info}");
    let ran = test_env.run(&["lookup", "outcome=denied"]).exits(0);
    assert!(ran.err.contains("made by the rules of an older trailq (outcome); `trailq reindex`"), "{ran:?}");
    test_env.run(&["report", "-q", "older.md"]).exits(0);
    let report = std::fs::read_to_string(test_env.scratch.path("older.md")).unwrap();
    let limits = report.split("\n## Limits\n").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    assert!(limits.contains("- the events were made by the rules of an older trailq; "), "{report}");
    let ran = test_env.run(&["--format", "json", "reindex"]).exits(0);
    assert_eq!(ran.json()["events"], test_env.scratch.number("SELECT count(*) FROM events"));
    assert_eq!(content(&test_env.scratch.case()), wanted);
    assert_eq!(kept(&test_env), ledger);
    check_case(&test_env.scratch.case());
    let steps = test_env.scratch.lines("SELECT kind, made_from FROM provenance ORDER BY step");
    assert_eq!(steps, ["case|-", "reindex|[\"trailq.db\"]"]);
    assert_eq!(test_env.scratch.lines("SELECT DISTINCT rules FROM imports"), ["1"]);
    let ran = test_env.run(&["lookup", "outcome=denied"]).exits(0);
    assert!(!ran.err.contains("reindex"), "{ran:?}");
    assert!(!test_env.run(&["info"]).exits(0).out.contains("\nrules "));
    // Once more changes nothing.
    test_env.run(&["reindex"]).exits(0);
    assert_eq!(content(&test_env.scratch.case()), wanted);
}

#[test]
fn some_imports_by_older_rules_make_a_mixed_case() {
    let test_env = TestEnv::new();
    for name in ["a", "b"] {
        test_env.scratch.write(&format!("{name}.json"), record(name, ""));
        test_env.run(&["import", &format!("{name}.json")]).exits(0);
    }
    test_env.scratch.ask().execute_batch("UPDATE imports SET rules = NULL WHERE id = 1").unwrap();
    assert_eq!(test_env.run(&["--format", "json", "info"]).exits(0).json()["rules"], "mixed");
    let ran = test_env.run(&["lookup", "user=x"]).exits(0);
    assert!(ran.err.contains("some of the events were made by the rules of an older trailq (user)"), "{ran:?}");
    let ran = test_env.run(&["lookup", "event-name=RunInstances"]).exits(0);
    assert!(!ran.err.contains("older trailq"), "the name is copied from the record: {ran:?}");
}

#[test]
fn a_case_of_schema_7_equals_an_import_of_its_records() {
    let test_env = TestEnv::new();
    let packed = std::fs::read(testdata("schema-7/case.db.gz")).unwrap();
    let mut bytes = Vec::new();
    GzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).unwrap();
    test_env.scratch.write("trailq.db", &bytes);
    test_env.run(&["reindex"]).exits(0);
    check_case(&test_env.scratch.case());
    let full = "SELECT id FROM events WHERE id NOT IN (SELECT id FROM csv_events)";
    let records = test_env.run(&["--format", "records", "sql", full]).exits(0).out;
    test_env.pipe(&["--db", "new.db", "import", "-"], records.as_bytes()).exits(0);
    let columns = "SELECT event_id, time, user_name, outcome, resources, identity_arn, role_name, read_only \
                   FROM event_history JOIN events USING (event_id) WHERE events.id NOT IN (SELECT id FROM csv_events) \
                   ORDER BY event_id";
    let columns =
        columns.replace("event_id, time, user_name", "event_id, event_history.event_time, event_history.user_name");
    let columns =
        columns.replace(" outcome,", " event_history.outcome,").replace(" read_only", " event_history.read_only");
    let own = lines(&test_env.scratch.ask(), &columns);
    assert!(!own.is_empty());
    assert_eq!(own, lines(&test_env.scratch.ask_at("new.db"), &columns));
}

#[test]
fn what_cannot_be_reindexed_is_refused_and_left_as_it_is() {
    let test_env = TestEnv::new();
    test_env.run(&["reindex"]).fails(2, &["there is no case at "]);
    test_env.scratch.write("a.json", record("a", r#""userIdentity":{"type":"IAMUser","userName":"jolanda"}"#));
    test_env.run(&["import", "a.json"]).exits(0);
    test_env.run(&["snapshot", "r.db", "--redact", "users"]).exits(0);
    let before = std::fs::read(test_env.scratch.path("r.db")).unwrap();
    test_env
        .run(&["--db", "r.db", "reindex"])
        .fails(2, &["r.db is redacted", "hint: reindex the original case, and redact it again"]);
    assert!(std::fs::read(test_env.scratch.path("r.db")).unwrap() == before);
    test_env.run(&["--format", "csv", "reindex"]).fails(2, &["the report of a reindexing"]);
    // A record that is not what was stored.
    test_env.scratch.ask().execute_batch("UPDATE record_blocks SET data = zeroblob(20)").unwrap();
    let before = content_of_events(&test_env);
    test_env.run(&["reindex"]).fails(2, &["trailq.db is damaged"]);
    assert_eq!(content_of_events(&test_env), before);
    let left: Vec<_> = std::fs::read_dir(test_env.scratch.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".part") || name.contains("journal"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

fn content_of_events(test_env: &TestEnv) -> Vec<String> {
    test_env.scratch.lines("SELECT * FROM events")
}

#[test]
fn a_killed_reindexing_leaves_the_old_case_or_the_new_one() {
    let test_env = TestEnv::new();
    let records: Vec<String> = (0..6_000).map(|number| record(&format!("e{number}"), "")).collect();
    test_env.scratch.write("in.json", format!("{{\"Records\":[{}]}}", records.join(",")));
    test_env.run(&["import", "in.json"]).exits(0);
    let new = content(&test_env.scratch.case());
    test_env
        .scratch
        .ask()
        .execute_batch("UPDATE imports SET rules = NULL; UPDATE events SET user_name = 'stale'")
        .unwrap();
    let stale = std::fs::read(test_env.scratch.case()).unwrap();
    let (mut old, mut made) = (0, 0);
    for delay in [0, 20, 60, 100, 150, 200, 260, 330, 400, 500, 700, 1_000] {
        std::fs::write(test_env.scratch.case(), &stale).unwrap();
        let mut command = test_env.command(&["-q", "reindex"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        let _ = child.kill();
        child.wait().unwrap();
        // The next command recovers the case.
        test_env.run(&["-q", "lookup", "| count"]).exits(0);
        match test_env.scratch.number("SELECT count(*) FROM events WHERE user_name = 'stale'") {
            6_000 => old += 1,
            0 => {
                made += 1;
                assert_eq!(content(&test_env.scratch.case()), new, "after {delay} ms");
                check_case(&test_env.scratch.case());
            }
            some => panic!("{some} events are stale after {delay} ms"),
        }
        assert_eq!(test_env.scratch.lines("PRAGMA integrity_check"), ["ok"], "after {delay} ms");
    }
    assert!(old > 0, "{old} {made}");
    test_env.run(&["reindex"]).exits(0);
    assert_eq!(content(&test_env.scratch.case()), new);
    let left = std::fs::read_dir(test_env.scratch.folder.path()).unwrap().count();
    assert_eq!(left, 2, "the input and the case");
}
