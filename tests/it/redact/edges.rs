//! What a redaction does with unusual ids, foreign tables, marks in paths, what cannot be rewritten, and what a killed run
//! left.

use std::fs;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::ALL;
use crate::common::program::TestEnv;
use crate::common::{check_case, lines};

/// A record of somebody.
fn record(event_id: &str, user: &str) -> Value {
    json!({
        "eventVersion": "1.08", "eventID": event_id, "eventTime": "2024-05-01T00:00:00Z", "eventName": "GetObject",
        "eventSource": "s3.amazonaws.com", "awsRegion": "eu-central-1", "sourceIPAddress": "203.0.113.177",
        "eventType": "AwsApiCall", "userIdentity": {"type": "IAMUser", "userName": user, "accountId": "480715926348"},
    })
}

#[test]
fn event_ids_that_name_somebody_change_wherever_they_are_and_no_event_is_lost() {
    let test_env = TestEnv::new();
    let uuid = "0c8ff3b1-0000-4000-8000-00000000abcd";
    // The last two would become the same.
    let ids = [uuid, "jolanda-1", "JOLANDA-1", "203.0.113.177 x", "[::ffff:203.0.113.177] x", "203.000.113.177 x"];
    let records: Vec<Value> = ids.iter().map(|id| record(id, "jolanda")).collect();
    test_env.scratch.write("in/a.json", json!({"Records": records}).to_string());
    let others: Vec<Value> = ids.iter().map(|id| record(id, "JOLANDA")).collect();
    test_env.scratch.write("in/b.json", json!({"Records": others}).to_string());
    test_env.run(&["import", "in"]).exits(0);
    let connection = Connection::open(test_env.scratch.case()).unwrap();
    connection
        .execute_batch(
            "INSERT INTO tags (event_id, tag, created_at, created_by) \
                 SELECT event_id, 'seen', '2024-05-01T00:00:00Z', 'jolanda' FROM events; \
             INSERT INTO tags VALUES ('jolanda-gone', 'seen', NULL, '2024-05-01T00:00:00Z', 'jolanda', NULL), \
                 ('content-00000000000000000000000000000000', 'seen', NULL, '2024-05-01T00:00:00Z', 'jolanda', NULL); \
             INSERT INTO replaced_rows SELECT event_id, 1 FROM events; \
             INSERT INTO notes (text, created_at, created_by) VALUES ('see jolanda-1', '2024-05-01T00:00:00Z', 'x'), \
                 ('see 0c8ff3b1-0000-4000-8000-00000000abcd', '2024-05-01T00:00:00Z', 'x')",
        )
        .unwrap();
    drop(connection);
    test_env.run(&["snapshot", "out.db", "--redact", ALL]).exits(0);
    check_case(&test_env.scratch.path("out.db"));
    let ask = |sql: &str| lines(&test_env.scratch.ask_at("out.db"), sql);
    for sql in [
        "SELECT count(*) FROM events",
        "SELECT count(*) FROM events JOIN tags USING (event_id)",
        "SELECT count(*) FROM events JOIN replaced_rows USING (event_id)",
        "SELECT count(*) FROM events JOIN conflicts USING (event_id)",
    ] {
        assert_eq!(ask(sql), ["6"], "{sql}");
    }
    assert_eq!(ask("SELECT count(*) FROM tags"), ["8"]);
    for table in ["events", "tags", "conflicts", "replaced_rows"] {
        let sql = format!(
            "SELECT event_id FROM {table} WHERE event_id LIKE '%jolanda%' OR event_id LIKE '%203%113%' \
             OR event_id = 'content-00000000000000000000000000000000'"
        );
        assert!(ask(&sql).is_empty(), "{table}");
    }
    assert_eq!(ask(&format!("SELECT count(*) FROM events WHERE event_id = '{uuid}'")), ["1"]);
    assert_eq!(ask("SELECT count(*) FROM notes JOIN events ON text = 'see ' || event_id"), ["2"]);
    test_env.run(&["snapshot", "--verify", "out.db"]).exits(0);
    // Whatever case a name is in, its pseudonym has the same letters.
    let users = ask(
        "SELECT DISTINCT lower(user_name) FROM events UNION SELECT lower(record ->> '$.userIdentity.userName') FROM conflicts",
    );
    assert_eq!(users.len(), 1, "{users:?}");
}

#[test]
fn what_is_not_in_the_schema_is_not_handed_on_and_does_not_act() {
    let test_env = TestEnv::new();
    test_env
        .scratch
        .write("a.json", json!({"Records": [record("0c8ff3b1-0000-4000-8000-00000000abcd", "jolanda")]}).to_string());
    test_env.run(&["import", "a.json"]).exits(0);
    let connection = Connection::open(test_env.scratch.case()).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE mine (who TEXT); INSERT INTO mine VALUES ('jolanda'); \
             CREATE TABLE own_notes (who); INSERT INTO own_notes VALUES ('jolanda'); \
             CREATE TRIGGER tell AFTER UPDATE ON files BEGIN INSERT INTO notes (text, created_at, created_by) \
                 VALUES ('from a trigger', '2024-05-01T00:00:00Z', 'x'); END",
        )
        .unwrap();
    drop(connection);
    let ran = test_env.run(&["snapshot", "out.db", "--redact", ALL]);
    // A case with a foreign schema may be refused as a whole.
    if ran.code == Some(0) {
        let ask = |sql: &str| lines(&test_env.scratch.ask_at("out.db"), sql);
        assert!(ask("SELECT name FROM sqlite_schema WHERE name IN ('mine', 'own_notes', 'tell')").is_empty());
        assert!(ask("SELECT text FROM notes").is_empty());
        let bytes = fs::read(test_env.scratch.path("out.db")).unwrap();
        assert!(!bytes.windows(7).any(|window| window.eq_ignore_ascii_case(b"jolanda")));
    } else {
        assert!(!test_env.scratch.path("out.db").exists(), "{ran:?}");
    }
}

#[test]
fn the_sha_256_of_a_file_is_keyed_in_its_path_too() {
    let test_env = TestEnv::new();
    let text = json!({"Records": [record("0c8ff3b1-0000-4000-8000-00000000abcd", "jolanda")]}).to_string();
    test_env.scratch.write("jolanda.json", &text);
    test_env.run(&["import", "jolanda.json"]).exits(0);
    let connection = Connection::open(test_env.scratch.case()).unwrap();
    connection
        .execute_batch(
            "INSERT INTO files (path, sha256, bytes, import_id, read, stored, duplicate, rejected, conflict, replaced) \
             SELECT 'stdin:' || sha256, sha256, bytes, import_id, 0, 0, 0, 0, 0, 0 FROM files; \
             INSERT INTO files (path, sha256, bytes, import_id, read, stored, duplicate, rejected, conflict, replaced) \
             SELECT path || '#sha256:' || substr(replace(sha256, 'a', 'b'), 1, 16), replace(sha256, 'a', 'b'), bytes, import_id, \
             0, 0, 0, 0, 0, 0 FROM files WHERE id = 1",
        )
        .unwrap();
    drop(connection);
    let before = test_env.scratch.lines("SELECT substr(sha256, 1, 16) FROM files");
    test_env.run(&["snapshot", "out.db", "--redact", ALL]).exits(0);
    let bytes = fs::read(test_env.scratch.path("out.db")).unwrap();
    for sum in before {
        assert!(!bytes.windows(sum.len()).any(|window| window == sum.as_bytes()), "{sum}");
    }
    let ask = |sql: &str| lines(&test_env.scratch.ask_at("out.db"), sql);
    assert_eq!(ask("SELECT count(*) FROM files WHERE path = 'stdin:' || sha256"), ["1"]);
    assert_eq!(ask("SELECT count(*) FROM files WHERE path LIKE '%#sha256:' || substr(sha256, 1, 16)"), ["1"]);
    assert_eq!(ask("SELECT count(*) FROM files WHERE path LIKE '%jolanda%'"), ["0"]);
}

#[test]
fn a_record_that_cannot_be_rewritten_ends_the_redaction() {
    let test_env = TestEnv::new();
    test_env
        .scratch
        .write("a.json", json!({"Records": [record("0c8ff3b1-0000-4000-8000-00000000abcd", "jolanda")]}).to_string());
    test_env.run(&["import", "a.json"]).exits(0);
    Connection::open(test_env.scratch.case())
        .unwrap()
        .execute_batch(
            "INSERT INTO conflicts (event_id, file_id, sha256, record) VALUES ('x', 1, 'y', '{\"a\": jolanda')",
        )
        .unwrap();
    test_env
        .run(&["snapshot", "out.db", "--redact", "ips"])
        .fails(2, &["trailq.db is damaged: conflicts.record holds a record that is not JSON"]);
    assert!(!test_env.scratch.path("out.db").exists());
}

#[test]
fn what_a_killed_redaction_left_is_removed_by_the_next() {
    let test_env = TestEnv::with_delivery();
    let left = test_env.scratch.path(".trailq-1-x7Yz12.part");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("plain.db"), "of nobody any more").unwrap();
    test_env.run(&["snapshot", "out.db", "--redact", "ips"]).exits(0);
    let names: Vec<String> = fs::read_dir(test_env.scratch.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".part"))
        .collect();
    assert!(names.is_empty(), "{names:?}");
    #[cfg(unix)]
    {
        // The snapshot itself is a file like any other.
        use std::os::unix::fs::MetadataExt as _;
        let mode = |path: &str| fs::metadata(test_env.scratch.path(path)).unwrap().mode() & 0o777;
        test_env.scratch.write("any.txt", "");
        assert_eq!(mode("out.db"), mode("any.txt"));
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let test_env = TestEnv::with_delivery();
    let ran = test_env.run(&["snapshot", "no/where.db", "--redact", "ips"]).fails(2, &["the folder no does not exist"]);
    assert!(!ran.err.contains("os error") && !ran.err.contains(".part"), "{ran:?}");
}
