//! `--ids content`: records that share an eventID are events of their own, and cases with such ids are kept apart.

use crate::common::program::TestEnv;
use crate::common::{check_case, lines, record};

const CONTENT: &[&str] = &["import", "--ids", "content"];

/// Three contents under one eventID, one of them twice, and a record without eventID.
fn anonymized() -> String {
    let agent = |name: &str| record("same", &format!(r#""userAgent":"{name}""#));
    let spaced = agent("b").replace(':', " : ").replace("09 : 00 : 00", "09:00:00");
    let without_id = agent("d").replace(r#""eventID":"same","#, "");
    let records = [agent("a"), agent("b"), spaced, agent("c"), without_id];
    format!(r#"{{"Records":[{}]}}"#, records.join(","))
}

/// A folder with the records, a case `content.db` by content and a case `event.db` by eventID.
fn both() -> TestEnv {
    let test_env = TestEnv::new();
    test_env.scratch.write("in.json", anonymized());
    test_env.run(&["--db", "content.db", "import", "--ids", "content", "in.json"]).exits(0);
    test_env.run(&["--db", "event.db", "import", "in.json"]).exits(0);
    test_env
}

#[test]
fn contents_under_one_event_id_are_events_of_their_own() {
    let test_env = TestEnv::new();
    test_env.scratch.write("in.json", anonymized());
    let import = [CONTENT, &["--format", "json", "in.json"]].concat();
    let report = test_env.run(&import).exits(0).json();
    let counts = |of: &serde_json::Value| {
        ["read", "stored", "duplicate", "rejected", "conflict"].map(|name| of[name].as_u64().unwrap())
    };
    assert_eq!(counts(&report), [5, 4, 1, 0, 0]);
    check_case(&test_env.scratch.case());
    let ids = "SELECT count(*), count(DISTINCT event_id), sum(event_id GLOB 'content-*') FROM events";
    assert_eq!(test_env.scratch.lines(ids), ["4|4|4"]);
    // Again, and the same records in another file.
    assert_eq!(counts(&test_env.run(&import).exits(0).json()), [0, 0, 0, 0, 0]);
    test_env.scratch.write("again.json", anonymized());
    let again = test_env.run(&[CONTENT, &["--format", "json", "again.json"]].concat()).exits(0);
    assert_eq!(counts(&again.json()), [5, 0, 5, 0, 0]);
    check_case(&test_env.scratch.case());
    // A record keeps its eventID.
    let own = "SELECT record(id) ->> '$.eventID' AS own, count(*) AS n FROM events GROUP BY 1 ORDER BY 1";
    let own = test_env.run(&["--format", "csv", "sql", own]).exits(0).out;
    assert_eq!(own, "own,n\r\n,1\r\nsame,3\r\n");
    let info = test_env.run(&["info"]).exits(0).out;
    assert!(info.contains("\nids         content"), "{info}");
    assert_eq!(test_env.run(&["--format", "json", "info"]).exits(0).json()["ids"], "content");
}

#[test]
fn lookups_find_events_by_their_content_id() {
    let test_env = both();
    let answer = test_env.run(&["--db", "content.db", "lookup-events"]).exits(0).json();
    let events = answer["Events"].as_array().unwrap();
    assert_eq!(events.len(), 4);
    for event in events {
        let id = event["EventId"].as_str().unwrap();
        assert!(id.starts_with("content-"), "{id}");
        let attribute = format!("AttributeKey=EventId,AttributeValue={id}");
        let one = test_env.run(&["--db", "content.db", "lookup-events", "--lookup-attributes", &attribute]).exits(0);
        assert_eq!(one.json()["Events"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn imports_by_other_ids_are_refused() {
    let test_env = both();
    for (case, options, says) in [
        (
            "content.db",
            &["in.json"][..],
            &["cannot import by eventID: the events of content.db are identified by content", "`--ids content`"][..],
        ),
        (
            "event.db",
            &["--ids", "content", "in.json"],
            &["cannot import by content: the events of event.db are identified by eventID", "--db"],
        ),
    ] {
        let before = std::fs::read(test_env.scratch.path(case)).unwrap();
        test_env.run(&[&["--db", case, "import"], options].concat()).fails(2, says);
        assert_eq!(std::fs::read(test_env.scratch.path(case)).unwrap(), before, "{case}");
    }
    assert_eq!(test_env.run(&["--db", "event.db", "--format", "json", "info"]).exits(0).json()["ids"], "event");
}

#[test]
fn a_case_without_events_takes_ids_of_any_origin() {
    let test_env = TestEnv::new();
    test_env.scratch.write("empty.json", r#"{"Records":[]}"#);
    test_env.scratch.write("in.json", anonymized());
    test_env.run(&["import", "empty.json"]).exits(0);
    test_env.run(&[CONTENT, &["in.json"]].concat()).exits(0);
    assert_eq!(test_env.run(&["--format", "json", "info"]).exits(0).json()["ids"], "content");
    test_env.run(&["import", "in.json"]).fails(2, &["cannot import by eventID"]);
}

#[test]
fn cases_by_content_merge_only_with_their_like() {
    let test_env = both();
    let says = "the events of content.db are identified by content, and those of event.db by eventID";
    test_env.run(&["--db", "content.db", "merge", "event.db"]).fails(2, &["cannot merge", says, "--force"]);
    test_env.run(&["--db", "new.db", "merge", "content.db", "event.db"]).fails(2, &[says]);
    assert!(!test_env.scratch.path("new.db").exists());
    // With its like it keeps its ids.
    test_env.scratch.write("more.json", record("same", r#""userAgent":"e""#));
    test_env.run(&["--db", "more.db", "import", "--ids", "content", "more.json"]).exits(0);
    test_env.run(&["--db", "new.db", "merge", "content.db", "more.db"]).exits(0);
    check_case(&test_env.scratch.path("new.db"));
    let ids = "SELECT event_id FROM events ORDER BY 1";
    let of = |case: &str| lines(&test_env.scratch.ask_at(case), ids);
    let mut expected = [of("content.db"), of("more.db")].concat();
    expected.sort();
    assert_eq!(of("new.db"), expected);
    test_env.run(&["--db", "new.db", "import", "in.json"]).fails(2, &["cannot import by eventID"]);
    // By force, each event keeps its id, and the case says that they are mixed.
    test_env.run(&["--db", "event.db", "merge", "content.db", "--force"]).exits(0);
    check_case(&test_env.scratch.path("event.db"));
    assert_eq!(
        lines(&test_env.scratch.ask_at("event.db"), "SELECT count(*) FROM events WHERE event_id = 'same'"),
        ["1"]
    );
    let mixed = of("event.db");
    assert!(of("content.db").iter().all(|id| mixed.contains(id)));
    assert_eq!(test_env.run(&["--db", "event.db", "--format", "json", "info"]).exits(0).json()["ids"], "mixed");
    for ids in ["event", "content"] {
        test_env.run(&["--db", "event.db", "import", "--ids", ids, "in.json"]).fails(2, &["by eventID and content"]);
    }
    test_env.run(&["--db", "copy.db", "merge", "event.db"]).exits(0);
    assert_eq!(of("copy.db"), mixed);
}

#[test]
fn snapshots_and_reindexing_keep_content_ids() {
    let test_env = both();
    let ids = "SELECT event_id FROM events ORDER BY 1";
    let of = |case: &str| lines(&test_env.scratch.ask_at(case), ids);
    let before = of("content.db");
    test_env.run(&["--db", "content.db", "reindex"]).exits(0);
    assert_eq!(of("content.db"), before);
    test_env.run(&["--db", "content.db", "snapshot", "whole.db"]).exits(0);
    assert_eq!(of("whole.db"), before);
    test_env.run(&["--db", "content.db", "snapshot", "part.db", "--where", "agent=a"]).exits(0);
    assert_eq!(of("part.db").len(), 1);
    // A redacted record has another content, and an id of that.
    test_env.run(&["--db", "content.db", "snapshot", "redacted.db", "--redact", "accounts"]).exits(0);
    assert_eq!(of("redacted.db").len(), 4);
    assert!(of("redacted.db").iter().all(|id| id.starts_with("content-") && !before.contains(id)));
    for case in ["content.db", "whole.db", "part.db", "redacted.db"] {
        let info = test_env.run(&["--db", case, "--format", "json", "info"]).exits(0).json();
        assert_eq!(info["ids"], "content", "{case}");
    }
}

#[test]
fn a_report_with_many_conflicts_names_the_option() {
    let test_env = TestEnv::new();
    let records =
        |n: usize| (0..n).map(|at| record("same", &format!(r#""userAgent":"{at}""#)) + "\n").collect::<String>();
    test_env.scratch.write("few.ndjson", records(10));
    test_env.scratch.write("many.ndjson", records(11));
    let says = "10 records have an eventID that another record with another content has: anonymized data?";
    let few = test_env.run(&["--db", "few.db", "import", "few.ndjson"]).exits(0).err;
    assert!(few.contains("9 duplicates have another content") && !few.contains(says), "{few}");
    let many = test_env.run(&["--db", "many.db", "import", "many.ndjson"]).exits(0).err;
    assert!(many.contains(says) && many.contains("`--ids content`"), "{many}");
    let report = test_env.run(&["--db", "json.db", "--format", "json", "import", "many.ndjson"]).exits(0).json();
    assert_eq!(report["conflict"], 10);
    let content = test_env.run(&["--db", "c.db", "import", "--ids", "content", "many.ndjson"]).exits(0).err;
    assert!(content.contains("11 stored") && !content.contains("anonymized"), "{content}");
}
