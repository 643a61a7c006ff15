//! `trailq merge`: cases brought together, in any order and as often as one likes, tell the same.

use std::path::{Path, PathBuf};

use crate::common;
use crate::common::program::TestEnv;
use crate::common::{Scratch, check_case, content, decide, lines, record, testdata};
use proptest::prelude::*;
use proptest::test_runner::Config;
use rusqlite::Connection;
use trailq::ingest::{MergeOptions, NoProgress, Options, import, merge};

/// Everything that a merge must give whatever the order: [`content`], and what is kept beside it.
fn all(case: &Path) -> Vec<String> {
    let mut all = content(case);
    let connection = Connection::open(case).unwrap();
    for sql in [
        "SELECT event_id, file_id IS NOT NULL, (SELECT path FROM files f WHERE f.id = file_id) FROM events ORDER BY 1",
        "SELECT event_id, path FROM replaced_rows JOIN files ON files.id = file_id ORDER BY 1",
        "SELECT count(*) FROM csv_events",
        "SELECT started_at, finished_at IS NULL, paths, count(*) FROM imports GROUP BY 1, 2, 3 ORDER BY 1, 3",
        "SELECT path, field, problem, events FROM field_problems JOIN files ON files.id = file_id ORDER BY 1, 2, 3",
        "SELECT d.digest_s3_object, f.s3_object, f.hash_value FROM digest_files f JOIN digests d ON d.id = f.digest ORDER BY 1, 2",
        "SELECT path, partial, started_at FROM files JOIN imports ON imports.id = import_id ORDER BY 1",
        "SELECT event_id, tag, note, created_at, created_by, origin FROM tags ORDER BY 1, 2",
        "SELECT text, created_at, created_by, origin FROM notes ORDER BY 1, 2, 3",
        "SELECT name, text, created_at, created_by, origin FROM saved_queries ORDER BY 1",
        "SELECT name, filter, created_at, created_by, origin FROM noise_rules ORDER BY 1",
        "SELECT kind, value, mark, why, created_at, created_by, origin FROM subjects ORDER BY 1, 2, 3, 6",
        "SELECT rule, principal, account, verdict, why, created_at, created_by, origin FROM verdicts ORDER BY 1, 2, 3, 4, 7",
        "SELECT name, title, rules, filter, reason, created_at, created_by, origin FROM ignore_rules ORDER BY 1",
        "SELECT id, kind FROM provenance WHERE kind <> 'merge' ORDER BY 1",
    ] {
        all.push(format!("-- {sql}"));
        all.extend(lines(&connection, sql));
    }
    drop(connection);
    let opened = trailq::store::Case::open(case).unwrap();
    let ids = lines(&Connection::open(case).unwrap(), "SELECT id FROM events ORDER BY event_id");
    for id in ids {
        let bytes = opened.record(id.parse().unwrap()).unwrap().unwrap();
        all.push(String::from_utf8(bytes).unwrap());
    }
    all
}

fn put(case: &Path, paths: &[PathBuf]) {
    import(case, paths, &Options { jobs: Some(1), ..Options::default() }, &NoProgress).unwrap();
}

fn merged(scratch: &Scratch, name: &str, others: &[PathBuf]) -> PathBuf {
    let case = scratch.path(name);
    merge(&case, others, &MergeOptions::default(), &NoProgress).unwrap();
    check_case(&case);
    case
}

#[test]
fn a_case_comes_back_from_a_merge_into_an_empty_one() {
    let test_env = TestEnv::new();
    let folders = ["delivery", "shapes", "broken"].map(|folder| testdata(folder).to_str().unwrap().to_owned());
    test_env.run(&["import", &folders[0], &folders[1], &folders[2]]).exits(1);
    test_env.run(&["sql", "SELECT 1"]).exits(0);
    test_env.scratch.ask().execute_batch(
        "INSERT INTO tags (event_id, tag, note, created_at, created_by) SELECT event_id, 'odd', 'why', '2024-05-01T00:00:00Z', 'a' \
         FROM events WHERE event_name = 'CreateUser'; \
         INSERT INTO notes (text, created_at, created_by) VALUES ('noted', '2024-05-01T00:00:00Z', 'a'); \
         INSERT INTO saved_queries (name, text, created_at, created_by) VALUES ('mine', 'SELECT 1 AS one', '2024-05-01T00:00:00Z', 'a'); \
         INSERT INTO noise_rules (name, filter, created_at, created_by) VALUES ('n', 'write=false', '2024-05-01T00:00:00Z', 'a')",
    ).unwrap();
    decide(&test_env.scratch.ask(), "2024-05-01T00:00:00Z", "a");
    let ran = test_env.run(&["--db", "back.db", "merge", "trailq.db"]).exits(0);
    assert!(ran.err.contains(" new, 0 there already; "), "{ran:?}");
    check_case(&test_env.scratch.path("back.db"));
    let (before, after) = (all(&test_env.scratch.case()), all(&test_env.scratch.path("back.db")));
    let without_origin = |all: Vec<String>| -> Vec<String> {
        let mark = "|-";
        let id = lines(&test_env.scratch.ask(), "SELECT id FROM provenance").remove(0);
        all.into_iter().map(|line| line.replace(&format!("|{id}"), mark)).collect()
    };
    let (before, after) = (without_origin(before), without_origin(after));
    for (one, two) in before.iter().zip(&after) {
        assert_eq!(one, two);
    }
    assert_eq!(before.len(), after.len());
    let differs = test_env.run(&["--format", "csv", "diff", "trailq.db", "back.db", "--fail-on-rows"]).exits(0);
    assert!(differs.out.contains("events,0,0,"), "{differs:?}");
    // Once more, and nothing is written.
    let bytes = std::fs::read(test_env.scratch.path("back.db")).unwrap();
    let ran = test_env.run(&["--db", "back.db", "merge", "trailq.db"]).exits(0);
    assert!(ran.err.contains("0 new, ") && ran.err.contains("is as it was"), "{ran:?}");
    let steps = lines(&test_env.scratch.ask_at("back.db"), "SELECT count(*) FROM provenance");
    assert_eq!(steps, ["2"], "the case's and the merge's");
    assert_eq!(all(&test_env.scratch.path("back.db")).len(), after.len());
    assert_eq!(bytes.len(), std::fs::read(test_env.scratch.path("back.db")).unwrap().len());
}

#[test]
fn every_saved_query_answers_the_same_after_a_merge() {
    let test_env = TestEnv::new();
    let (delivery, shapes) = (testdata("delivery"), testdata("shapes"));
    test_env.run(&["import", delivery.to_str().unwrap(), shapes.to_str().unwrap()]).exits(0);
    test_env.run(&["--db", "a.db", "import", delivery.to_str().unwrap()]).exits(0);
    test_env.run(&["--db", "b.db", "import", shapes.to_str().unwrap()]).exits(0);
    test_env.run(&["--db", "back.db", "merge", "trailq.db"]).exits(0);
    test_env.run(&["--db", "ab.db", "merge", "a.db", "b.db"]).exits(0);
    test_env.run(&["--db", "ba.db", "merge", "b.db"]).exits(0);
    test_env.run(&["--db", "ba.db", "merge", "a.db"]).exits(0);
    let queries = test_env.run(&["--format", "json", "queries"]).exits(0).json();
    let names: Vec<&str> = queries.as_array().unwrap().iter().map(|query| query["name"].as_str().unwrap()).collect();
    assert!(names.len() >= 100, "{}", names.len());
    common::geo::files(&test_env.scratch);
    let mut answered = 0;
    for name in names {
        let run = |case: &str| {
            // Values for whatever a query asks for.
            let files = ["--geo", "countries.mmdb", "--geo", "systems.mmdb"];
            let shown = test_env.run(&[&["--db", case, "--format", "csv", "run", name][..], &files].concat());
            (shown.code, shown.out)
        };
        let before = run("trailq.db");
        answered += usize::from(before.0 == Some(0) && before.1.lines().count() > 1);
        for case in ["back.db", "ab.db", "ba.db"] {
            assert_eq!(run(case), before, "{name} of {case}");
        }
    }
    assert!(answered >= 40, "{answered} have rows");
}

#[test]
fn an_import_goes_on_in_a_merged_case() {
    let test_env = TestEnv::new();
    let delivery = testdata("delivery");
    test_env.run(&["--db", "a.db", "import", delivery.to_str().unwrap()]).exits(0);
    test_env.run(&["merge", "a.db"]).exits(0);
    let again = test_env.run(&["--format", "json", "import", delivery.to_str().unwrap()]).exits(0).json();
    assert_eq!((&again["skipped_files"], &again["read"]), (&36.into(), &0.into()), "the ledger knows the files");
    test_env.run(&["import", testdata("shapes").to_str().unwrap()]).exits(0);
    check_case(&test_env.scratch.case());
    // Of a selection the rest of each file is still to be had.
    test_env.run(&["--db", "a.db", "snapshot", "--where", "event-name=ConsoleLogin", "some.db"]).exits(0);
    test_env.run(&["--db", "part.db", "merge", "some.db"]).exits(0);
    check_case(&test_env.scratch.path("part.db"));
    let sum = "SELECT sum(read), sum(stored), sum(duplicate), sum(rejected), min(partial) FROM files";
    let events = lines(&test_env.scratch.ask_at("some.db"), "SELECT count(*) FROM events").remove(0);
    assert_eq!(lines(&test_env.scratch.ask_at("part.db"), sum), [format!("{events}|{events}|0|0|1")]);
    test_env.run(&["--db", "part.db", "import", delivery.to_str().unwrap()]).exits(0);
    check_case(&test_env.scratch.path("part.db"));
    let differs = test_env.run(&["--format", "csv", "diff", "a.db", "part.db", "--fail-on-rows"]).exits(0);
    assert!(differs.out.contains("events,0,0,360,0"), "{differs:?}");
    // And so is it by a merge with the whole.
    for order in [["some.db", "a.db"], ["a.db", "some.db"]] {
        test_env.run(&["--db", "both.db", "merge", order[0]]).exits(0);
        test_env.run(&["--db", "both.db", "merge", order[1]]).exits(0);
        check_case(&test_env.scratch.path("both.db"));
        assert_eq!(
            lines(&test_env.scratch.ask_at("both.db"), sum),
            lines(&test_env.scratch.ask_at("a.db"), sum),
            "{order:?}"
        );
        std::fs::remove_file(test_env.scratch.path("both.db")).unwrap();
    }
}

#[test]
fn a_portable_snapshot_is_merged_as_any_other() {
    let test_env = TestEnv::with_delivery();
    test_env.run(&["snapshot", "--portable", "plain.db"]).exits(0);
    test_env.run(&["--db", "back.db", "merge", "plain.db"]).exits(0);
    check_case(&test_env.scratch.path("back.db"));
    let differs = test_env.run(&["--format", "csv", "diff", "trailq.db", "back.db", "--fail-on-rows"]).exits(0);
    assert!(differs.out.contains("events,0,0,360,0"), "{differs:?}");
    test_env.run(&["--format", "csv", "diff", "plain.db", "back.db", "--fail-on-rows"]).exits(0);
    let ran = test_env.run(&["--db", "plain.db", "merge", "trailq.db"]).exits(0);
    assert!(ran.err.contains("0 new, 360 there already"), "{ran:?}");
}

#[test]
fn duplicate_annotations_are_merged_without_loss() {
    let test_env = TestEnv::new();
    test_env.scratch.write("a.json", record("e-1", ""));
    let mine = "-- title: Mine\n-- about: A query of its own, for a test.\n-- columns: event_id\n\nSELECT event_id FROM events;\n";
    for (case, at, note) in
        [("a.db", "2024-05-01", "first"), ("b.db", "2024-05-02", "second"), ("c.db", "2024-05-03", "third")]
    {
        test_env.run(&["--db", case, "import", "a.json"]).exits(0);
        test_env.scratch.ask_at(case).execute_batch(&format!(
            "INSERT INTO tags (event_id, tag, note, created_at, created_by) VALUES ('e-1', 'odd', '{note}', '{at}T00:00:00Z', 'who'), \
             ('e-1', 'seen', NULL, '{at}T00:00:00Z', 'who'), ('e-1', 'of-{case}', NULL, '{at}T00:00:00Z', 'who'); \
             INSERT INTO notes (text, created_at, created_by) VALUES ('the same', '2024-05-01T00:00:00Z', 'who'), ('of {case}', '{at}T00:00:00Z', 'who'); \
             INSERT INTO saved_queries (name, text, created_at, created_by) VALUES ('mine', '{mine}-- {note}\n', '{at}T00:00:00Z', 'who'); \
             INSERT INTO noise_rules (name, filter, created_at, created_by) VALUES ('reads', 'write=false', '{at}T00:00:00Z', 'who')"
        )).unwrap();
    }
    let mut answers = Vec::new();
    for (at, order) in [["a.db", "b.db", "c.db"], ["c.db", "a.db", "b.db"], ["b.db", "c.db", "a.db"]].iter().enumerate()
    {
        let case = format!("m{at}.db");
        for other in order {
            test_env.run(&["--db", &case, "merge", other]).exits(0);
        }
        check_case(&test_env.scratch.path(&case));
        answers.push(all(&test_env.scratch.path(&case)));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    let ask = |sql: &str| lines(&test_env.scratch.ask_at("m0.db"), sql);
    assert_eq!(
        ask("SELECT tag, note, created_at FROM tags WHERE tag IN ('odd', 'seen') ORDER BY 1"),
        ["odd|third|2024-05-03T00:00:00Z", "seen|-|2024-05-01T00:00:00Z"]
    );
    assert_eq!(
        ask("SELECT text FROM notes ORDER BY text"),
        ["e-1 odd: first", "e-1 odd: second", "of a.db", "of b.db", "of c.db", "the same"]
    );
    assert_eq!(ask("SELECT count(*), count(DISTINCT text), sum(name = 'mine') FROM saved_queries"), ["3|3|1"]);
    assert_eq!(ask("SELECT substr(text, -6, 5) FROM saved_queries WHERE name = 'mine'"), ["third"]);
    assert_eq!(ask("SELECT name, created_at FROM noise_rules"), ["reads|2024-05-01T00:00:00Z"]);
    let id = lines(&test_env.scratch.ask_at("b.db"), "SELECT id FROM provenance").remove(0);
    assert_eq!(ask("SELECT origin FROM notes WHERE text IN ('of b.db', 'e-1 odd: second')"), [id.clone(), id]);
    test_env.run(&["--db", "m0.db", "run", "mine"]).exits(0);
}

#[test]
fn decisions_are_merged_without_loss_and_in_any_order() {
    let test_env = TestEnv::new();
    test_env.scratch.write("a.json", record("e-1", ""));
    for (case, at, who, mark, verdict) in [
        ("a.db", "2024-05-01", "ann", "attacker", "true"),
        ("b.db", "2024-05-02", "bob", "mine", "benign"),
        ("c.db", "2024-05-03", "ann", "attacker", "unclear"),
    ] {
        test_env.run(&["--db", case, "import", "a.json"]).exits(0);
        let connection = test_env.scratch.ask_at(case);
        decide(&connection, &format!("{at}T00:00:00Z"), who);
        connection
            .execute_batch(&format!(
                "UPDATE subjects SET mark = '{mark}', why = 'of {case}'; UPDATE verdicts SET verdict = '{verdict}'; \
                 UPDATE ignore_rules SET reason = 'of {case}'"
            ))
            .unwrap();
    }
    let mut answers = Vec::new();
    for (at, order) in [["a.db", "b.db", "c.db"], ["c.db", "a.db", "b.db"], ["b.db", "c.db", "a.db"]].iter().enumerate()
    {
        let case = format!("m{at}.db");
        for other in order {
            test_env.run(&["--db", &case, "merge", other]).exits(0);
        }
        let again = test_env.run(&["--db", &case, "merge", order[0]]).exits(0);
        assert!(again.err.contains("is as it was"), "{again:?}");
        check_case(&test_env.scratch.path(&case));
        answers.push(all(&test_env.scratch.path(&case)));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    let ask = |sql: &str| lines(&test_env.scratch.ask_at("m0.db"), sql);
    let id = |case: &str| lines(&test_env.scratch.ask_at(case), "SELECT id FROM provenance").remove(0);
    assert_eq!(
        ask("SELECT mark, why, created_by, origin FROM subjects ORDER BY 1"),
        [format!("attacker|of c.db|ann|{}", id("c.db")), format!("mine|of b.db|bob|{}", id("b.db"))]
    );
    assert_eq!(
        ask("SELECT verdict, created_by, created_at FROM verdicts ORDER BY 1"),
        ["benign|bob|2024-05-02T00:00:00Z", "true|ann|2024-05-01T00:00:00Z", "unclear|ann|2024-05-03T00:00:00Z"]
    );
    assert_eq!(ask("SELECT reason FROM ignore_rules WHERE name = 'deploys'"), ["of c.db"]);
    assert_eq!(ask("SELECT count(*), count(DISTINCT reason) FROM ignore_rules"), ["3|3"]);
    // Of several marks of a subject the worst counts, whoever made the newest.
    let case = trailq::store::Case::open(&test_env.scratch.path("m0.db")).unwrap();
    let marks = case.marks().unwrap();
    assert_eq!(marks.len(), 1);
    assert_eq!((marks[0].mark.name(), marks[0].authorship.origin.clone()), ("attacker", Some(id("c.db"))));
    assert_eq!(case.all_marks().unwrap().len(), 2);
    assert_eq!(case.verdicts().unwrap()[0].verdict.name(), "true");
    // Runs are of the events of one file.
    assert_eq!(case.last_run().unwrap(), None);
    test_env.run(&["--db", "a.db", "merge", "b.db"]).exits(0);
    let case = trailq::store::Case::open(&test_env.scratch.path("a.db")).unwrap();
    assert_eq!(case.last_run().unwrap().unwrap().run_by, "ann");
}

#[test]
fn incompatible_cases_are_rejected_unmodified() {
    let test_env = TestEnv::with_delivery();
    test_env.scratch.write("a.json", record("e-1", ""));
    test_env.run(&["--db", "a.db", "import", "a.json"]).exits(0);
    test_env.scratch.write("text.db", "no case");
    let before = std::fs::read(test_env.scratch.path("a.db")).unwrap();
    test_env.run(&["merge"]).fails(2, &["needs OTHER.db..."]);
    test_env.run(&["--db", "a.db", "merge", "none.db"]).fails(2, &["there is no case at none.db"]);
    test_env.run(&["--db", "a.db", "merge", "text.db"]).fails(2, &["text.db is not a case"]);
    test_env.run(&["--db", "text.db", "merge", "a.db"]).fails(2, &["text.db is not a case"]);
    test_env
        .run(&["--db", "a.db", "merge", "./a.db"])
        .fails(2, &["./a.db is the case itself", "name another case with --db"]);
    test_env.run(&["--db", "no/where.db", "merge", "a.db"]).fails(2, &["the folder no does not exist"]);
    test_env
        .run(&["--format", "csv", "--db", "a.db", "merge", "trailq.db"])
        .fails(2, &["the report of a merge has no format csv"]);
    // Truncated, corrupted, newer, and a record that is not what was stored.
    let whole = std::fs::read(test_env.scratch.case()).unwrap();
    test_env.scratch.write("cut.db", &whole[..whole.len() * 2 / 3]);
    test_env.run(&["--db", "a.db", "merge", "cut.db"]).fails(2, &["cut.db is damaged"]);
    test_env.run(&["--db", "new.db", "merge", "a.db", "cut.db"]).fails(2, &["cut.db is damaged"]);
    assert!(!test_env.scratch.path("new.db").exists());
    for (name, sql, says) in [
        ("newer.db", "PRAGMA user_version = 99", "newer.db was made by a newer trailq"),
        (
            "altered.db",
            "UPDATE record_blocks SET hashes = zeroblob(length(hashes)) WHERE id = (SELECT max(id) FROM record_blocks)",
            "is not what was stored",
        ),
        ("missing.db", "DELETE FROM record_blocks WHERE id = (SELECT max(id) FROM record_blocks)", "is missing"),
        (
            "nonsense.db",
            "UPDATE record_blocks SET data = x'00' WHERE id = (SELECT max(id) FROM record_blocks)",
            "nonsense.db",
        ),
    ] {
        test_env.scratch.write(name, &whole);
        test_env.scratch.ask_at(name).execute_batch(sql).unwrap();
        test_env.run(&["--db", "a.db", "merge", name]).fails(2, &[name, says]);
        test_env.run(&["--db", "new.db", "merge", "a.db", name]).fails(2, &[says]);
        assert!(!test_env.scratch.path("new.db").exists(), "{name}");
    }
    check_case(&test_env.scratch.path("a.db"));
    assert_eq!(
        lines(&test_env.scratch.ask_at("a.db"), "SELECT count(*), (SELECT count(*) FROM imports) FROM events"),
        ["1|1"]
    );
    assert_eq!(before.len(), std::fs::read(test_env.scratch.path("a.db")).unwrap().len());
    // A redacted one among those that are not.
    let redacted = "INSERT INTO provenance (kind, id, made_at, redacted) VALUES ('snapshot', 'abc', '2024-05-01T00:00:00Z', '[\"ips\"]')";
    test_env.scratch.write("redacted.db", &whole);
    test_env.scratch.ask_at("redacted.db").execute_batch(redacted).unwrap();
    test_env
        .run(&["--db", "a.db", "merge", "redacted.db"])
        .fails(2, &["redacted.db is redacted, and a.db is not", "--force"]);
    test_env.run(&["--db", "redacted.db", "merge", "a.db"]).fails(2, &["redacted.db is redacted, and a.db is not"]);
    test_env.run(&["--db", "new.db", "merge", "a.db", "redacted.db"]).fails(2, &["redacted.db is redacted"]);
    test_env.run(&["--db", "new.db", "merge", "redacted.db"]).exits(0);
    test_env.run(&["--db", "new.db", "merge", "a.db"]).fails(2, &["new.db is redacted, and a.db is not"]);
    test_env.run(&["--db", "a.db", "merge", "redacted.db", "--force"]).exits(0);
    check_case(&test_env.scratch.path("a.db"));
}

#[test]
fn two_files_of_one_path_are_two_and_one_file_of_two_paths_too() {
    let test_env = TestEnv::new();
    for (case, id) in [("a.db", "e-1"), ("b.db", "e-2"), ("c.db", "e-3")] {
        test_env.scratch.write("x.json", record(id, ""));
        test_env.run(&["--db", case, "import", "x.json"]).exits(0);
    }
    std::fs::rename(test_env.scratch.path("x.json"), test_env.scratch.path("y.json")).unwrap();
    test_env.run(&["--db", "d.db", "import", "y.json"]).exits(0);
    let mut answers = Vec::new();
    for order in [["a.db", "b.db", "c.db", "d.db"], ["d.db", "c.db", "b.db", "a.db"], ["b.db", "d.db", "a.db", "c.db"]]
    {
        for other in order {
            test_env.run(&["merge", other]).exits(0);
            check_case(&test_env.scratch.case());
        }
        answers.push(all(&test_env.scratch.case()));
        std::fs::remove_file(test_env.scratch.case()).unwrap();
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    test_env.run(&["merge", "a.db", "b.db", "c.db", "d.db"]).exits(0);
    let files = test_env.scratch.lines(
        "SELECT replace(path, rtrim(path, replace(path, '/', '')), ''), stored, duplicate FROM files ORDER BY 1",
    );
    assert_eq!(files.len(), 4, "{files:?}");
    assert_eq!((files[0].as_str(), files[3].as_str()), ("x.json|1|0", "y.json|0|1"));
    assert!(files[1].starts_with("x.json#sha256:") && files[2].starts_with("x.json#sha256:"), "{files:?}");
}

/// What one case is made of: files of records, each in one of some forms, in one or two runs of import.
#[derive(Debug, Clone)]
struct Plan {
    /// The files' names, and the records in each: an event and a form.
    files: Vec<(u8, Vec<(u8, u8)>)>,
    /// True if each file is imported by itself, from the last on.
    apart: bool,
}

/// A record in a form: plain, in another layout, with another content, fuller, in another layout of that; or a row of a
/// CSV download, in one of two contents.
fn form(event: u8, form: u8) -> (bool, String) {
    let id = format!("e-{event}");
    let time = format!("2024-03-01T09:00:0{}Z", event % 3);
    let base = |more: &str| record(&id, more).replace("2024-03-01T09:00:00Z", &time);
    let laid_out = |text: String| {
        serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(&text).unwrap()).unwrap()
    };
    let csv = |user: &str| (true, format!("{user},{time},ec2.amazonaws.com,RunInstances,us-east-1,{id},true\n"));
    match form {
        0 => (false, base("")),
        1 => (false, laid_out(base(""))),
        2 => (false, base(r#""userIdentity":{"type":"IAMUser","userName":"alice"}"#)),
        3 => (false, base(r#""userIdentity":{"type":"IAMUser","userName":"bob"}"#)),
        4 => (false, laid_out(base(r#""userIdentity":{"type":"IAMUser","userName":"bob"}"#))),
        5 => (
            false,
            base(r#""userIdentity":{"type":"IAMUser","userName":"carol","accessKeyId":"AKIAIOSFODNN7EXAMPLE"}"#),
        ),
        6 => csv("alice"),
        _ => csv("dora"),
    }
}

fn plan() -> impl Strategy<Value = Plan> {
    let file = (0..4_u8, prop::collection::vec((0..4_u8, 0..8_u8), 1..5));
    (prop::collection::vec(file, 1..4), any::<bool>()).prop_map(|(files, apart)| Plan { files, apart })
}

/// Makes the case of a plan.
fn make(scratch: &Scratch, name: &str, plan: &Plan) -> PathBuf {
    let case = scratch.path(name);
    let mut paths = Vec::new();
    // What a file holds is told by its name: one file may be in several cases, and one name may be two files'.
    for (file, records) in &plan.files {
        let (csv, json): (Vec<_>, Vec<_>) =
            records.iter().map(|(event, of)| form(*event, *of)).partition(|(csv, _)| *csv);
        let joined =
            |all: &[(bool, String)], by: &str| all.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(by);
        if !json.is_empty() {
            paths.push(scratch.write(&format!("f{file}.json"), joined(&json, "\n")));
        }
        if !csv.is_empty() {
            let head = "User name,Event time,Event source,Event name,AWS region,Event ID,Read-only\n";
            paths.push(scratch.write(&format!("f{file}.csv"), format!("{head}{}", joined(&csv, ""))));
        }
    }
    paths.sort();
    paths.dedup();
    if plan.apart {
        paths.iter().rev().for_each(|path| put(&case, std::slice::from_ref(path)));
    } else {
        put(&case, &paths);
    }
    // The same run in every order of merges, and never two in one second that are not the same.
    let at =
        format!("UPDATE imports SET started_at = '2024-05-01T00:00:0{}Z', finished_at = started_at", name.len() % 10);
    Connection::open(&case).unwrap().execute_batch(&at).unwrap();
    case
}

/// One of two rows of CSV downloads is the event until the record comes, and the other row is kept beside it.
#[test]
fn a_row_that_a_record_replaced_is_the_first_files_whichever_row_was_the_event() {
    let scratch = Scratch::new();
    let of = |files: &[(u8, u8, u8)]| Plan {
        files: files.iter().map(|(file, event, of)| (*file, vec![(*event, *of)])).collect(),
        apart: false,
    };
    let one = make(&scratch, "c0.db", &of(&[(0, 0, 0)]));
    let rows = make(&scratch, "c1.db", &of(&[(0, 1, 6), (1, 1, 7), (1, 1, 0)]));
    let wanted = all(&merged(&scratch, "forward.db", &[one.clone(), rows.clone()]));
    let case = scratch.path("copy.db");
    std::fs::copy(&rows, &case).unwrap();
    merge(&case, &[one], &MergeOptions::default(), &NoProgress).unwrap();
    check_case(&case);
    assert_eq!(all(&case), wanted);
}

proptest! {
    #![proptest_config(Config { cases: 20, failure_persistence: None, ..Config::default() })]

    #[test]
    fn the_order_of_merges_makes_no_difference(
        plans in prop::collection::vec(plan(), 2..4),
        shuffled in Just((0..4_usize).collect::<Vec<_>>()).prop_shuffle(),
        into_first in any::<bool>(),
    ) {
        let scratch = Scratch::new();
        let cases: Vec<PathBuf> = plans.iter().enumerate().map(|(at, plan)| make(&scratch, &format!("c{at}.db"), plan)).collect();
        let wanted = all(&merged(&scratch, "forward.db", &cases));
        // One after the other in another order, into an empty case or into one of them.
        let order: Vec<&PathBuf> = shuffled.iter().filter_map(|at| cases.get(*at)).collect();
        let case = if into_first {
            let case = scratch.path("copy.db");
            std::fs::copy(order[0], &case).unwrap();
            case
        } else {
            merged(&scratch, "apart.db", &[order[0].clone()])
        };
        for other in &order[1..] {
            merge(&case, &[(*other).clone()], &MergeOptions::default(), &NoProgress).unwrap();
            check_case(&case);
        }
        prop_assert_eq!(&all(&case), &wanted);
        // Two and two.
        let (left, right) = order.split_at(order.len() / 2);
        let half = |name: &str, of: &[&PathBuf]| merged(&scratch, name, &of.iter().map(|path| (*path).clone()).collect::<Vec<_>>());
        let halves = [half("left.db", left), half("right.db", right)];
        let case = merged(&scratch, "halves.db", &halves);
        prop_assert_eq!(&all(&case), &wanted);
        // And again, which adds nothing.
        let again = merge(&case, &cases, &MergeOptions::default(), &NoProgress).unwrap();
        prop_assert!(!again.merged.changed);
        prop_assert_eq!(&all(&case), &wanted);
    }
}
