//! Snapshots: what is handed on is what was there, no more and no less, and tells where it comes from.

use crate::common;
use crate::common::{Needs, skip};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::common::program::{CommandOutput, TestEnv, journal};
use crate::common::{Scratch, check_case, content, decide, lines, testdata};

/// A folder with the delivery and the shapes as `trailq.db`, with tags, notes and a saved query.
fn test_env() -> TestEnv {
    let test_env = TestEnv::new();
    let (delivery, shapes) = (testdata("delivery"), testdata("shapes"));
    test_env.run(&["import", delivery.to_str().unwrap(), shapes.to_str().unwrap()]).exits(0);
    let script = "user=alice sort event-time | limit 3\n.tag 1 2 finding looks odd\n.note the customer was called\n\
                  .save alice\n.noise add quiet event-name=List*\n";
    test_env.pipe(&[], script.replace(" sort event-time | limit 3", " | limit 3").as_bytes()).exits(0);
    assert_eq!(test_env.scratch.number("SELECT count(*) FROM tags"), 2);
    decide(&test_env.scratch.ask(), "2024-05-01T00:00:00Z", "a");
    test_env
}

/// The tables of decisions and of runs of `trailq hunt`.
const DECISIONS: [&str; 3] = ["subjects", "verdicts", "ignore_rules"];
const RUNS: [&str; 4] = ["hunt_runs", "hunt_rules", "hunt_findings", "hunt_events"];

fn rows(test_env: &TestEnv, case: &str, question: &[&str]) -> String {
    let mut arguments = vec!["--db", case, "--format", "tsv"];
    arguments.extend(question);
    test_env.run(&arguments).exits(0).out
}

/// What every verification of a snapshot says that was not touched.
#[track_caller]
fn is_true(test_env: &TestEnv, file: &str) {
    let ran = test_env.run(&["--format", "tsv", "snapshot", "--verify", file]).exits(0);
    // Of a whole case the pages stand for all that they hold.
    let whole = ran.out.contains("\npages\t");
    let parts: &[&str] = if whole { &["pages"] } else { &["events", "counts", "ledger"] };
    for check in ["structure", "references", "ledger sums", "notes"].iter().chain(parts) {
        assert!(ran.out.lines().any(|line| line.starts_with(&format!("{check}\tok\t"))), "{check}: {ran:?}");
    }
    assert!(ran.err.contains(": no check failed\n"), "{ran:?}");
}

/// The digest of a part that a verification finds.
fn verified(test_env: &TestEnv, file: &str, part: &str) -> String {
    let told = test_env.run(&["--format", "tsv", "snapshot", "--verify", file]).exits(0).out;
    let line = told.lines().find(|line| line.starts_with(&format!("{part}\t"))).unwrap();
    line.rsplit(' ').next().unwrap().to_owned()
}

/// The digest of a part that a file carries.
fn digest(case: &Path, part: &str) -> String {
    let sql = format!(
        "SELECT sha256 FROM provenance_digests d JOIN provenance p ON p.id = d.id WHERE part = '{part}' \
         ORDER BY step DESC LIMIT 1"
    );
    common::lines(&rusqlite::Connection::open(case).unwrap(), &sql).pop().unwrap()
}

#[test]
fn a_whole_snapshot_holds_what_the_case_holds() {
    let test_env = test_env();
    let before = std::fs::read(test_env.scratch.case()).unwrap();
    let ran = test_env.run(&["snapshot", "out.db"]).exits(0);
    assert!(ran.err.starts_with("out.db: 413 events, ") && ran.out.is_empty(), "{ran:?}");
    assert!(std::fs::read(test_env.scratch.case()).unwrap() == before, "the case changed");
    let out = test_env.scratch.path("out.db");
    check_case(&out);
    assert!(content(&out) == content(&test_env.scratch.case()));
    for table in [&["tags", "notes", "saved_queries", "noise_rules"][..], &DECISIONS, &RUNS].concat() {
        let sql = format!("SELECT * FROM {table}");
        assert_ne!(test_env.scratch.lines(&sql), Vec::<String>::new(), "{table}");
        assert_eq!(lines(&rusqlite::Connection::open(&out).unwrap(), &sql), test_env.scratch.lines(&sql));
    }
    let all = ["sql", "SELECT event_id, record(id) FROM events ORDER BY event_id"];
    assert_eq!(rows(&test_env, "out.db", &all), rows(&test_env, "trailq.db", &all));
    is_true(&test_env, "out.db");
    // One of the snapshot holds the same, and tells both steps.
    test_env.run(&["--db", "out.db", "snapshot", "again.db"]).exits(0);
    for part in ["events", "counts", "ledger"] {
        assert_eq!(verified(&test_env, "out.db", part), verified(&test_env, "again.db", part), "{part}");
        assert_eq!(verified(&test_env, "out.db", part), verified(&test_env, "trailq.db", part), "{part}");
    }
    let again = test_env.scratch.path("again.db");
    assert_eq!(digest(&out, "pages"), digest(&again, "pages"));
    // Who made a step is among the notes, so that those of the second step differ by a row.
    for table in [&["tags", "notes", "saved_queries", "noise_rules"][..], &DECISIONS, &RUNS].concat() {
        let of = |path: &Path| lines(&rusqlite::Connection::open(path).unwrap(), &format!("SELECT * FROM {table}"));
        assert_eq!(of(&out), of(&again), "{table}");
    }
    let makers = |path: &Path| {
        let sql = "SELECT count(*) FROM case_details WHERE name = 'step'";
        lines(&rusqlite::Connection::open(path).unwrap(), sql)
    };
    assert_eq!((makers(&out), makers(&again)), (vec!["1".to_owned()], vec!["2".to_owned()]));
    is_true(&test_env, "again.db");
    let steps = lines(
        &rusqlite::Connection::open(test_env.scratch.path("again.db")).unwrap(),
        "SELECT p.kind, made_from, schema_version, selection, redacted, portable, \
         parent = (SELECT id FROM provenance b WHERE b.step = p.step - 1) \
         FROM provenance p LEFT JOIN provenance_parents USING (id) ORDER BY step",
    );
    assert_eq!(steps, ["case|-|-|-|-|0|-", "snapshot|[\"trailq.db\"]|11|-|-|0|1", "snapshot|[\"out.db\"]|11|-|-|0|1",]);
    let left: Vec<_> =
        std::fs::read_dir(test_env.scratch.folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().ends_with(".part")), "{left:?}");
}

#[test]
fn info_tells_where_a_snapshot_comes_from() {
    let test_env = test_env();
    assert!(!test_env.run(&["info"]).exits(0).out.contains("provenance"), "a case has nothing to tell");
    let made = test_env.run(&["--format", "json", "snapshot", "--where", "user=alice", "out.db"]).exits(0).json();
    assert_eq!((&made["events"], &made["events_of_the_case"]), (&57.into(), &413.into()));
    let sum = made["provenance"]["digests"]["events"]["sha256"].as_str().unwrap();
    let told = test_env.run(&["--db", "out.db", "info"]).exits(0).out;
    assert!(told.contains("\nprovenance  case "), "{told}");
    assert!(told.contains(" of trailq.db: --where user=alice\n"), "{told}");
    assert!(told.contains(&format!("SHA-256 of its 57 events: {sum}\n")), "{told}");
    let object = test_env.run(&["--db", "out.db", "--format", "json", "info"]).exits(0).json();
    assert_eq!(object["provenance"][1], made["provenance"]);
    assert_eq!(object["provenance"][1]["parents"][0], object["provenance"][0]["id"]);
}

/// Lookups that select: by an index, by time, by a path, by text, none at all of some kinds, and nearly all.
const SELECTIONS: &[&str] = &[
    "user=alice",
    "outcome=denied or outcome=error",
    "source=ec2 region=us-east-1 write=true",
    "since=2024-03-01T12 until=2024-03-01T18",
    "not user=alice",
    "text=\"acme\"",
    "requestParameters.bucketName=*",
    "event-name=ConsoleLogin",
    "error=AccessDenied | limit 4",
    "ip=198.51.100.0/24 not event-name=Describe*",
    "resource-type=AWS::EC2::Instance",
    "identity-type=AssumedRole",
    "type=AwsCloudTrailInsight",
];

/// Questions whose answers have to be those of the case with the selection added.
const QUESTIONS: &[&str] = &[
    "",
    "event-name=Describe*",
    "user=alice",
    "region=us-west-2",
    "outcome=denied",
    "text=arn",
    "request.instanceId=*",
    "resource=i-*",
    "since=2024-03-02",
    "source=iam write=true",
];
/// What stands behind them.
const STAGES: &[&str] =
    &["| count", "| count by event-name", "| top 5 user", "| timeline 1h", "| count by source,error"];

#[test]
fn a_selection_answers_as_the_case_does_with_the_filter_added() {
    let test_env = test_env();
    for selection in SELECTIONS.iter().filter(|selection| !selection.contains('|')) {
        test_env.run(&["snapshot", "--force", "--where", selection, "out.db"]).exits(0);
        check_selection(&test_env.scratch.path("out.db"));
        // Both of two answers are asked of one process each.
        let mut own = String::new();
        let mut wanted = String::new();
        for (at, question) in QUESTIONS.iter().enumerate() {
            for stage in ["", STAGES[at % STAGES.len()], STAGES[(at + 2) % STAGES.len()]] {
                own.push_str(&format!("{question} {stage}\n.print --\n"));
                wanted.push_str(&format!("({selection}) {question} {stage}\n.print --\n"));
            }
        }
        // An empty line is not a lookup.
        let all = |text: &str| text.replace("\n \n", "\n event-name=*\n").replacen(" \n", "event-name=*\n", 1);
        let answers = |case: &str, script: &str| {
            let ran = test_env.pipe(&["--db", case, "--format", "tsv", "script", "-"], script.as_bytes()).exits(0);
            ran.out
        };
        let (own, wanted) = (answers("out.db", &all(&own)), answers("trailq.db", &all(&wanted)));
        assert!(own.lines().count() > 2 * 3 * QUESTIONS.len(), "{own}");
        assert_eq!(own, wanted, "{selection}");
    }
}

/// What must hold of a snapshot of some events, beside what holds of every case.
fn check_selection(case: &Path) {
    let connection = rusqlite::Connection::open(case).unwrap();
    let empty = |sql: &str| assert_eq!(lines(&connection, sql), Vec::<String>::new(), "{sql}");
    assert_eq!(lines(&connection, "PRAGMA integrity_check"), ["ok"]);
    empty("PRAGMA foreign_key_check");
    // Nothing is there that no event has to do with.
    empty(
        "SELECT id FROM files WHERE id NOT IN (SELECT file_id FROM events UNION SELECT file_id FROM conflicts \
         UNION SELECT container_id FROM files WHERE container_id IS NOT NULL)",
    );
    empty("SELECT id FROM imports WHERE id NOT IN (SELECT import_id FROM files)");
    for (table, column) in [("identities", "identity_id"), ("user_agents", "user_agent_id"), ("facets", "facet_id")] {
        empty(&format!("SELECT id FROM {table} WHERE id NOT IN (SELECT {column} FROM events WHERE {column} NOT NULL)"));
    }
    empty("SELECT id FROM resources WHERE id NOT IN (SELECT resource FROM event_resources)");
    empty("SELECT event_id FROM tags WHERE event_id NOT IN (SELECT event_id FROM events)");
    empty("SELECT event_id FROM conflicts WHERE event_id NOT IN (SELECT event_id FROM events)");
    empty("SELECT id FROM rejects");
}

#[test]
fn a_selection_is_what_an_import_of_its_records_makes() {
    let test_env = test_env();
    for selection in SELECTIONS {
        test_env.run(&["snapshot", "--force", "--where", selection, "out.db"]).exits(0);
        let records = test_env.run(&["--format", "records", "lookup", selection]).exits(0).out;
        let fresh = Scratch::new();
        fresh.import(&[fresh.write("records.json", records)]);
        let out = rusqlite::Connection::open(test_env.scratch.path("out.db")).unwrap();
        for sql in [
            "SELECT event_id, event_time, event_source, event_name, user_name, identity_arn, resources \
             FROM event_history ORDER BY event_id",
            "SELECT type, arn, principal_id, account_id, invoked_by, events, first_seen, last_seen FROM identities \
             ORDER BY 1, 2, 3, 4, 5, 6, 7",
            "SELECT type, name, arn, account_id, aws_region, arn_end, events, first_seen, last_seen FROM resources \
             ORDER BY 1, 2, 3, 4, 5",
            "SELECT * FROM attribute_values ORDER BY 1, 2",
            "SELECT text, events, first_seen, last_seen FROM user_agents ORDER BY 1",
            "SELECT text, events, first_seen, last_seen FROM error_messages ORDER BY 1",
            "SELECT hour, event_source, event_name, aws_region, error_code, h.events FROM hourly_counts h \
             JOIN facets f ON f.id = facet ORDER BY 1, 2, 3, 4, 5, 6",
            "SELECT hour, aws_region, events FROM hourly_regions ORDER BY 1, 2",
            "SELECT event_source, event_name, event_version, events, first_seen, last_seen FROM facets \
             ORDER BY 1, 2, 3, 4, 5, 6",
        ] {
            assert_eq!(lines(&out, sql), lines(&fresh.ask(), sql), "{selection}: {sql}");
        }
    }
}

#[test]
fn every_saved_query_answers_the_same_on_a_whole_snapshot() {
    let test_env = test_env();
    test_env.run(&["snapshot", "whole.db"]).exits(0);
    test_env.run(&["snapshot", "--portable", "portable.db"]).exits(0);
    let queries = test_env.run(&["--format", "json", "queries"]).exits(0).json();
    let mut script = String::new();
    let mut asked = 0;
    for query in queries.as_array().unwrap() {
        let needs = query["parameters"].as_array().unwrap().iter().any(|param| param["required"] == true);
        let name = query["name"].as_str().unwrap();
        // How late files were delivered hangs on nothing but the case; what is needed is given where it can be.
        if !needs {
            script.push_str(&format!(".run {name}\n.print -- {name}\n"));
            asked += 1;
        }
    }
    assert!(asked > 50, "{asked}");
    common::geo::files(&test_env.scratch);
    let files = ["--geo", "countries.mmdb", "--geo", "systems.mmdb"];
    let answers = |case: &str| {
        let arguments = [&["--db", case, "--format", "tsv", "script", "-"][..], &files].concat();
        test_env.pipe(&arguments, script.as_bytes()).exits(0).out
    };
    let wanted = answers("trailq.db");
    for case in ["whole.db", "portable.db"] {
        assert_eq!(answers(case), wanted, "{case}");
    }
}

#[test]
fn a_query_and_a_tag_select_too() {
    let test_env = test_env();
    let ran = test_env.run(&["snapshot", "--tag", "finding", "tagged.db"]).exits(0);
    assert!(ran.err.contains("tagged.db: 2 events of 413, "), "{ran:?}");
    let says = "with 1 note, 2 saved queries and noise rules, and 3 marks, verdicts and ignore rules of the case; \
                --no-notes leaves them out\n";
    assert!(ran.err.contains(says), "{ran:?}");
    is_true(&test_env, "tagged.db");
    let tagged = rusqlite::Connection::open(test_env.scratch.path("tagged.db")).unwrap();
    assert_eq!(lines(&tagged, "SELECT tag, note, count(*) FROM tags"), ["finding|looks odd|2"]);
    for table in DECISIONS {
        assert_eq!(lines(&tagged, &format!("SELECT count(*) FROM {table}")), ["1"], "{table}");
    }
    // A run tells of events that are not selected.
    for table in RUNS {
        assert_eq!(lines(&tagged, &format!("SELECT count(*) FROM {table}")), ["0"], "{table}");
    }
    test_env.run(&["snapshot", "--tag", "finding", "--no-notes", "--force", "tagged.db"]).exits(0);
    let tagged = rusqlite::Connection::open(test_env.scratch.path("tagged.db")).unwrap();
    for table in [&["notes", "saved_queries", "noise_rules"][..], &DECISIONS, &RUNS].concat() {
        assert_eq!(lines(&tagged, &format!("SELECT count(*) FROM {table}")), ["0"], "{table}");
    }
    assert_eq!(lines(&tagged, "SELECT count(*) FROM tags"), ["2"]);
    let query = ["console-logins", "--since", "2024-03-02"];
    let wanted = test_env.run(&[&["--format", "csv", "run"][..], &query].concat()).exits(0).out;
    test_env.run(&["snapshot", "--query", query[0], query[1], query[2], "logins.db"]).exits(0);
    let events = rows(&test_env, "logins.db", &["lookup", "event-name=*"]);
    assert!(wanted.lines().count() > 1 && events.lines().count() == wanted.lines().count(), "{events}{wanted}");
    let told = test_env.run(&["--db", "logins.db", "info"]).exits(0).out;
    assert!(told.contains(": --query console-logins --since 2024-03-02\n"), "{told}");
    is_true(&test_env, "logins.db");
}

#[test]
fn errors_are_reported_and_leave_no_file() {
    let test_env = test_env();
    test_env.scratch.write("there.db", "mine");
    test_env.scratch.write("hot.db-journal", "");
    std::fs::create_dir(test_env.scratch.path("folder.db")).unwrap();
    let whole = std::fs::read(test_env.scratch.case()).unwrap();
    test_env.scratch.write("half.db", &whole[..whole.len() / 2]);
    test_env.scratch.write("newer.db", &whole);
    let newer = rusqlite::Connection::open(test_env.scratch.path("newer.db")).unwrap();
    newer.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(newer);
    for (arguments, says) in [
        (
            &["snapshot", "there.db"][..],
            "there is a file there.db already\n  = hint: choose another name, or replace it with --force\n",
        ),
        (&["snapshot", "--force", "trailq.db"], "trailq.db is the case itself\n"),
        (&["snapshot", "--force", "folder.db"], "there is a file folder.db already\n"),
        (
            &["snapshot", "hot.db"],
            "there is a file hot.db-journal already\n  = hint: it belongs to a file that was being written",
        ),
        (&["snapshot", "none/out.db"], "none"),
        (&["--db", "none.db", "snapshot", "out.db"], "there is no case at none.db\n"),
        (&["--db", "there.db", "snapshot", "out.db"], "there.db is not a case: it is not a SQLite database\n"),
        (&["--db", "newer.db", "snapshot", "out.db"], "newer.db was made by a newer trailq: its schema is version 99"),
        (&["--db", "half.db", "snapshot", "out.db"], "half.db is damaged: it is cut off after "),
        (&["snapshot", "--where", "user=", "out.db"], "error: "),
        (&["snapshot", "--where", "usr=alice", "out.db"], "user"),
        (&["snapshot", "--where", "user=nobody-at-all", "out.db"], "no event matches --where user=nobody-at-all\n"),
        (&["snapshot", "--where", "| count", "out.db"], "a snapshot keeps events, and this lookup counts them\n"),
        (&["snapshot", "--query", "none-such", "out.db"], "there is no saved query `none-such`\n"),
        (
            &["snapshot", "--query", "volumes-by-service", "out.db"],
            "the result of `volumes-by-service` has no events\n",
        ),
        (&["snapshot", "--tag", "none", "out.db"], "no event matches --tag none\n"),
        (&["snapshot", "--tag", "a", "--where", "b", "out.db"], "cannot be used with"),
        (&["snapshot", "--fts", "out.db"], "--portable"),
        (&["snapshot"], "OUT.db"),
        (&["snapshot", "out.db", "--sources", "."], "cannot be used with"),
        (&["--format", "csv", "snapshot", "out.db"], "the report of a snapshot has no format csv\n"),
        (&["snapshot", "--verify", "none.db"], "there is no case at none.db\n"),
        (&["snapshot", "--verify", "newer.db"], "= hint: open it with the trailq that made it, or a newer one\n"),
        (&["snapshot", "--verify", "half.db"], "half.db is damaged: it is cut off after "),
        (&["snapshot", "--verify", "there.db"], "there.db is not a case"),
        (&["snapshot", "--verify", "trailq.db", "--sources", "none"], "none"),
    ] {
        let ran = test_env.run(arguments);
        CommandOutput { err: format!("{arguments:?}: {}", ran.err), ..ran }.fails(2, &[says]);
        assert!(!test_env.scratch.path("out.db").exists(), "{arguments:?}");
    }
    assert_eq!(std::fs::read(test_env.scratch.path("there.db")).unwrap(), b"mine");
    test_env.run(&["snapshot", "--force", "there.db"]).exits(0);
    is_true(&test_env, "there.db");
    let names = std::fs::read_dir(test_env.scratch.folder.path()).unwrap();
    let parts = names.filter(|name| name.as_ref().unwrap().file_name().to_string_lossy().ends_with(".part"));
    assert_eq!(parts.count(), 0);
}

#[test]
fn verify_detects_an_altered_snapshot() {
    let test_env = test_env();
    test_env.run(&["snapshot", "whole.db"]).exits(0);
    test_env.run(&["snapshot", "--where", "event-id=*", "some.db"]).exits(0);
    for file in ["whole.db", "some.db"] {
        is_true(&test_env, file);
    }
    for (alter, wrong) in [
        ("UPDATE events SET user_name = 'bob' WHERE id = (SELECT min(id) FROM events)", "events"),
        (
            "UPDATE events SET identity_id = (SELECT max(id) FROM identities) WHERE identity_id <> (SELECT max(id) FROM identities)",
            "events",
        ),
        (
            "UPDATE events SET file_id = (SELECT min(file_id) FROM events) WHERE id = (SELECT max(id) FROM events)",
            "events",
        ),
        ("UPDATE identities SET arn = arn || 'x' WHERE arn IS NOT NULL", "events"),
        ("UPDATE user_agents SET text = 'x' WHERE id = 1", "events"),
        ("UPDATE resources SET name = 'x' WHERE id = 1", "events"),
        ("DELETE FROM event_resources WHERE event = (SELECT min(event) FROM event_resources)", "events"),
        (
            "UPDATE event_resources SET listed = 1 - listed WHERE event = (SELECT min(event) FROM event_resources)",
            "events",
        ),
        ("DELETE FROM events WHERE id = (SELECT max(id) FROM events)", "events"),
        ("UPDATE record_blocks SET data = (SELECT data FROM record_blocks b WHERE b.id <> record_blocks.id)", "events"),
        ("UPDATE attribute_values SET events = events + 1 WHERE value = 'alice'", "counts"),
        ("UPDATE hourly_counts SET events = events + 1", "counts"),
        ("UPDATE hourly_regions SET events = events + 1", "counts"),
        ("UPDATE files SET sha256 = replace(sha256, 'a', 'b')", "ledger"),
        ("UPDATE files SET stored = stored + 1", "ledger sums"),
        ("UPDATE files SET path = 'x' WHERE id = 1", "ledger"),
        ("UPDATE conflicts SET record = '{}'", "ledger"),
        ("DELETE FROM conflicts", "ledger"),
        ("DELETE FROM imports", "references"),
        ("DELETE FROM facets WHERE id = 1", "references"),
    ] {
        for file in ["whole.db", "some.db"] {
            std::fs::copy(test_env.scratch.path(file), test_env.scratch.path("altered.db")).unwrap();
            let altered = rusqlite::Connection::open(test_env.scratch.path("altered.db")).unwrap();
            altered.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
            assert!(altered.execute(alter, []).unwrap() > 0, "{alter}");
            drop(altered);
            let ran = test_env.run(&["--format", "tsv", "snapshot", "--verify", "altered.db"]);
            // Records that are not those of the events may be unreadable, too.
            if alter.contains("record_blocks") && ran.code == Some(2) {
                continue;
            }
            let ran = CommandOutput { err: format!("{alter}: {}", ran.err), ..ran }.exits(1);
            let is_wrong = |check: &str| ran.out.lines().any(|line| line.starts_with(&format!("{check}\tWRONG\t")));
            assert!(is_wrong(if file == "whole.db" { "pages" } else { wrong }), "{alter} in {file}: {ran:?}");
            assert!(ran.err.contains(" failed\n"), "{ran:?}");
        }
    }
}

#[test]
fn verify_reports_later_annotations_and_imports() {
    let test_env = test_env();
    test_env.run(&["snapshot", "out.db"]).exits(0);
    test_env.pipe(&["--db", "out.db"], b".note received\n").exits(0);
    let ran = test_env.run(&["--format", "tsv", "snapshot", "--verify", "out.db"]).exits(0);
    assert!(ran.out.contains("\nnotes\tnote\t") && ran.out.contains("changed since the snapshot was made"), "{ran:?}");
    std::thread::sleep(Duration::from_millis(1_100));
    let more = test_env.scratch.write("more.json", common::record("more-1", ""));
    test_env.run(&["--db", "out.db", "import", more.to_str().unwrap()]).exits(0);
    let ran = test_env.run(&["--format", "tsv", "snapshot", "--verify", "out.db"]).exits(1);
    assert!(ran.out.contains("\nimports\tWRONG\t1 since the snapshot was made"), "{ran:?}");
    // A case is held against itself, as far as that goes.
    let ran = test_env.run(&["--format", "tsv", "snapshot", "--verify", "trailq.db"]).exits(0);
    assert!(ran.out.contains("\ndigests\tnote\tit has none: it is a case, not a snapshot\n"), "{ran:?}");
    assert!(ran.out.contains("\nevents\tnote\t413 rows, SHA-256 "), "{ran:?}");
}

#[test]
fn a_damaged_file_is_reported() {
    let test_env = test_env();
    test_env.run(&["snapshot", "out.db"]).exits(0);
    let bytes = std::fs::read(test_env.scratch.path("out.db")).unwrap();
    // Whatever is overwritten: told, and never a panic.
    let mut told = 0;
    for page in (1..bytes.len() / 4096).step_by(7) {
        let mut damaged = bytes.clone();
        damaged[page * 4096..page * 4096 + 2048].fill(0xa5);
        test_env.scratch.write("damaged.db", &damaged);
        let ran = test_env.run(&["--format", "tsv", "snapshot", "--verify", "damaged.db"]);
        assert!(matches!(ran.code, Some(1 | 2)) && !ran.err.contains("panicked"), "page {page}: {ran:?}");
        told += u32::from(ran.code == Some(1));
    }
    assert!(told > 5);
    for length in [0, 50, 100, 4096, bytes.len() / 2, bytes.len() - 4096] {
        test_env.scratch.write("cut.db", &bytes[..length]);
        let ran = test_env.run(&["snapshot", "--verify", "cut.db"]).exits(2);
        let says = match length {
            0 => "cut.db is not a case: it is empty\n",
            1..100 => "cut.db is damaged: ",
            _ => "cut.db is damaged: it is cut off after ",
        };
        ran.fails(2, &[says]);
        test_env.run(&["--db", "cut.db", "lookup", "user=alice"]).exits(2);
    }
}

#[test]
fn source_files_are_held_against_the_ledger() {
    let test_env = TestEnv::new();
    let one = test_env.scratch.write("trails/one.json", common::record("e-1", ""));
    test_env.scratch.write("trails/two.json", common::record("e-2", ""));
    test_env.run(&["import", "trails"]).exits(0);
    test_env.run(&["snapshot", "out.db"]).exits(0);
    let verify = |folder: &str, code| {
        test_env.run(&["--format", "tsv", "snapshot", "--verify", "out.db", "--sources", folder]).exits(code).out
    };
    assert!(verify("trails", 0).contains("\nsources\tok\t2 of 2 source files are there with the same bytes\n"));
    // Under another name and elsewhere they are the same.
    std::fs::create_dir_all(test_env.scratch.path("moved/deep")).unwrap();
    std::fs::rename(&one, test_env.scratch.path("moved/deep/uno.json")).unwrap();
    std::fs::copy(test_env.scratch.path("trails/two.json"), test_env.scratch.path("moved/two.json")).unwrap();
    assert!(verify("moved", 0).contains("2 of 2 source files"));
    test_env.scratch.write("moved/two.json", common::record("e-3", ""));
    let out = verify("moved", 1);
    assert!(
        out.contains("\nsources\tWRONG\t1 of 2 source files are there") && out.contains("two.json has other bytes"),
        "{out}"
    );
    let out = verify("trails", 1);
    assert!(out.contains("one.json\tWRONG\tnot found"), "{out}");
}

#[test]
fn deleted_data_is_not_in_the_snapshot() {
    let test_env = test_env();
    let secret = "do-not-hand-on-4711";
    test_env.pipe(&[], format!(".note {secret}\nuser=alice\n.save {secret}\n.tag 1 {secret}\n").as_bytes()).exits(0);
    test_env.pipe(&[], format!("user=alice\n.unsave {secret}\n.untag 1 {secret}\n").as_bytes()).exits(0);
    // Free pages, as indexes that are made anew leave them.
    let case = test_env.scratch.ask();
    case.execute_batch(&format!(
        "PRAGMA secure_delete = ON; DELETE FROM notes WHERE text = '{secret}'; PRAGMA secure_delete = OFF; \
         CREATE TABLE big (t); WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 5000) \
         INSERT INTO big SELECT '{secret}' || i FROM n; DROP TABLE big"
    ))
    .unwrap();
    drop(case);
    let holds = |name: &str| {
        let bytes = std::fs::read(test_env.scratch.path(name)).unwrap();
        bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
    };
    assert!(holds("trailq.db") && test_env.scratch.number("PRAGMA freelist_count") > 10);
    for arguments in [&["whole.db"][..], &["portable.db", "--portable"], &["some.db", "--where", "user=alice"]] {
        test_env.run(&[&["snapshot"], arguments].concat()).exits(0);
        assert!(!holds(arguments[0]), "{arguments:?}");
        is_true(&test_env, arguments[0]);
    }
    // What is not selected is not there either; what is left out is overwritten.
    test_env.pipe(&[], b".note for-our-eyes-only\n").exits(0);
    test_env.run(&["snapshot", "--no-notes", "--force", "whole.db"]).exits(0);
    for table in [&DECISIONS[..], &RUNS].concat() {
        let left = lines(&test_env.scratch.ask_at("whole.db"), &format!("SELECT count(*) FROM {table}"));
        assert_eq!(left, ["0"], "{table}");
    }
    let bytes = std::fs::read(test_env.scratch.path("whole.db")).unwrap();
    assert!(!bytes.windows(18).any(|window| window == b"for-our-eyes-only "[..17].to_vec()), "");
    assert!(!bytes.windows(17).any(|window| window == b"for-our-eyes-only"));
    is_true(&test_env, "whole.db");
}

#[test]
fn an_older_and_an_unfinished_case_are_handed_on_finished_and_left_as_they_are() {
    let unfinished = "UPDATE imports SET finished_at = NULL; DROP INDEX events_by_time; DELETE FROM hourly_counts";
    for schema in ["3", "11"] {
        let test_env = test_env();
        let whole = content(&test_env.scratch.case());
        match schema {
            "3" => test_env.make_older(3),
            _ => test_env.scratch.ask().execute_batch(unfinished).unwrap(),
        }
        let before = std::fs::read(test_env.scratch.case()).unwrap();
        test_env.run(&["snapshot", "out.db"]).exits(0);
        assert!(std::fs::read(test_env.scratch.case()).unwrap() == before, "the case changed");
        check_case(&test_env.scratch.path("out.db"));
        assert!(content(&test_env.scratch.path("out.db")) == whole);
        test_env.run(&["snapshot", "--tag", "finding", "some.db"]).exits(0);
        for file in ["out.db", "some.db"] {
            is_true(&test_env, file);
            let out = rusqlite::Connection::open(test_env.scratch.path(file)).unwrap();
            let sql = "SELECT schema_version FROM provenance WHERE kind = 'snapshot'";
            assert_eq!(lines(&out, sql), [schema]);
            let ids = lines(&out, "SELECT count(*) FROM provenance");
            assert_eq!(ids, [if schema == "3" { "1" } else { "2" }], "an older case has no id");
        }
    }
}

#[test]
fn a_portable_snapshot_is_a_case_too() {
    let test_env = test_env();
    test_env.run(&["snapshot", "--portable", "--fts", "p.db"]).exits(0);
    check_case(&test_env.scratch.path("p.db"));
    is_true(&test_env, "p.db");
    for question in [
        &["lookup", "text=arn"][..],
        &["lookup", "text=acme since=2024-03-02 | count by event-name"],
        &["lookup", "requestParameters.bucketName=*"],
        &["lookup", "request.instanceId=* | top 5 request.instanceId"],
        &["sql", "SELECT event_id, record(id) FROM events ORDER BY event_id"],
        &["sql", "SELECT event_id FROM events WHERE record_has_text(id, 'acme') ORDER BY 1"],
    ] {
        let wanted = rows(&test_env, "trailq.db", question);
        assert!(wanted.lines().count() > 1, "{question:?}");
        assert_eq!(rows(&test_env, "p.db", question), wanted, "{question:?}");
    }
    let newest = |case| test_env.run(&["--db", case, "lookup", "text=arn"]).exits(0).out;
    assert_eq!(newest("p.db"), newest("trailq.db"), "the newest 50");
    let found = rows(&test_env, "p.db", &["sql", "SELECT count(*) FROM records_fts WHERE records_fts MATCH 'alice'"]);
    assert!(found.lines().nth(1).unwrap().parse::<u32>().unwrap() > 50, "{found}");
    // A packed one of it holds the same again, and a selection of it too.
    test_env.run(&["--db", "p.db", "snapshot", "--where", "event-id=*", "packed.db"]).exits(0);
    assert_eq!(digest(&test_env.scratch.path("packed.db"), "events"), digest(&test_env.scratch.path("p.db"), "events"));
    test_env.run(&["snapshot", "--portable", "--where", "user=alice", "alice.db"]).exits(0);
    test_env.run(&["snapshot", "--where", "user=alice", "alice-packed.db"]).exits(0);
    assert_eq!(
        digest(&test_env.scratch.path("alice.db"), "events"),
        digest(&test_env.scratch.path("alice-packed.db"), "events")
    );
    // What is imported into one is found beside what was there.
    let more = test_env.scratch.write("more.json", common::record("more-1", "\"note\":\"arnica\""));
    let again = testdata("delivery");
    test_env.run(&["--db", "p.db", "import", more.to_str().unwrap(), again.to_str().unwrap()]).exits(0);
    check_case(&test_env.scratch.path("p.db"));
    let found = rows(&test_env, "p.db", &["lookup", "text=arnica,acme | count"]);
    let before = rows(&test_env, "trailq.db", &["lookup", "text=acme | count"]);
    let number = |text: &str| text.lines().nth(1).unwrap().parse::<u32>().unwrap();
    assert_eq!(number(&found), number(&before) + 1);
}

#[test]
fn a_snapshot_during_an_import_is_a_consistent_state() {
    // Many files of few records, so that there are many commits; each file has three events. The faster the program, the
    // more it takes for a snapshot to fall into the import.
    const FILES: usize = if cfg!(debug_assertions) { 15_000 } else { 30_000 };
    let test_env = TestEnv::new();
    for file in 0..FILES {
        let records: Vec<String> =
            (0..3).map(|n| common::record(&format!("e-{file}-{n}"), "\"userAgent\":\"agent\"")).collect();
        test_env.scratch.write(&format!("trails/{file:05}.json"), records.join("\n"));
    }
    let import = test_env.command(&["import", "trails"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut counts = Vec::new();
    for at in 0..200 {
        let out = format!("out-{at}.db");
        let select: &[&str] = if at % 2 == 1 { &["--where", "event-name=*"] } else { &[] };
        let ran = test_env.run(&[&["snapshot", &out][..], select].concat());
        if ran.code == Some(2) {
            // Nothing is there yet.
            let early = ["there is no case", "it is empty", "no event matches"];
            assert!(early.iter().any(|says| ran.err.contains(says)), "{ran:?}");
            continue;
        }
        let ran = ran.exits(0);
        let path = test_env.scratch.path(&out);
        if at % 2 == 0 {
            check_case(&path);
        } else {
            check_selection(&path);
        }
        is_true(&test_env, &out);
        let out = rusqlite::Connection::open(&path).unwrap();
        let events: usize = lines(&out, "SELECT count(*) FROM events")[0].parse().unwrap();
        let files: usize = lines(&out, "SELECT count(*) FROM files")[0].parse().unwrap();
        assert_eq!(events, files * 3, "{ran:?}");
        counts.push(events);
        if events == FILES * 3 {
            break;
        }
    }
    CommandOutput::of(import.wait_with_output().unwrap()).exits(0);
    check_case(&test_env.scratch.case());
    assert_eq!(test_env.scratch.number("SELECT count(*) FROM events"), FILES as i64 * 3);
    assert_eq!(test_env.scratch.number("SELECT count(*) FROM imports"), 1, "nobody finished it under the import");
    assert!(counts.iter().any(|events| (1..FILES * 3).contains(events)), "none fell into the import: {counts:?}");
}

#[test]
fn a_killed_snapshot_leaves_nothing_under_its_name() {
    let test_env = test_env();
    for delay in [0, 2, 5, 10, 20, 40] {
        let mut child = test_env.command(&["snapshot", "out.db"]).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().unwrap();
        child.wait().unwrap();
        if test_env.scratch.path("out.db").exists() {
            is_true(&test_env, "out.db");
            std::fs::remove_file(test_env.scratch.path("out.db")).unwrap();
        }
        assert!(!journal(&test_env.scratch.case()).exists());
        check_case(&test_env.scratch.case());
    }
}

#[test]
fn a_cancelled_snapshot_leaves_nothing() {
    use std::sync::Arc;
    use trailq::session::Interrupter;
    use trailq::store::CaseError;
    use trailq::store::snapshot::{self, SnapshotOptions, Source};

    let test_env = test_env();
    let folder = test_env.scratch.folder.path().to_owned();
    let files = || std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    let before = files();
    let interrupter = Arc::new(Interrupter::default());
    interrupter.interrupt();
    for (events, portable) in [(None, false), (None, true), (Some(vec![1, 2, 3]), false)] {
        let source = Source::hold(&test_env.scratch.case(), &folder, &mut || {}).unwrap();
        let options =
            SnapshotOptions { events, portable, interrupter: Some(Arc::clone(&interrupter)), ..Default::default() };
        let made = snapshot::write(source, &folder.join("out.db"), &options);
        assert!(matches!(made, Err(CaseError::Cancelled)), "{portable}: {made:?}");
        assert_eq!(files(), before);
    }
}

#[test]
fn the_repl_writes_snapshots_too() {
    let test_env = test_env();
    let script = b"user=alice\n.snapshot whole.db\n.snapshot \"some of it.db\" user=alice event-name=Describe*\n";
    test_env.pipe(&[], script).exits(0);
    is_true(&test_env, "whole.db");
    is_true(&test_env, "some of it.db");
    let wanted = rows(&test_env, "trailq.db", &["lookup", "user=alice event-name=Describe* | count"]);
    assert_eq!(rows(&test_env, "some of it.db", &["lookup", "| count"]), wanted);
    test_env.pipe(&[], b".snapshot\n").fails(2, &[".snapshot", "FILE [LOOKUP]"]);
    test_env.pipe(&[], b".snapshot whole.db\n").fails(2, &["there is a file whole.db already\n"]);
}

const PORTABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/portable.py");

#[test]
fn other_programs_open_and_browse_a_portable_snapshot() {
    let made = match Command::new("python3").args([PORTABLE, "prepare"]).output() {
        Ok(made) => made,
        Err(error) => return skip(Needs::Tool("python3"), format_args!("pandas and Datasette need python3: {error}")),
    };
    if !made.status.success() {
        assert_eq!(made.status.code(), Some(3), "{made:?}");
        return skip(Needs::Tool("pandas-datasette"), String::from_utf8_lossy(&made.stderr).trim());
    }
    let python = String::from_utf8(made.stdout).unwrap();
    let test_env = test_env();
    test_env.run(&["snapshot", "--portable", "--fts", "p.db"]).exits(0);
    let records =
        test_env.run(&["--format", "ndjson", "sql", "SELECT event_id, record(id) AS record FROM events"]).exits(0);
    let records = test_env.scratch.write("records.ndjson", records.out);
    let path = test_env.scratch.path("p.db");
    let done = Command::new(python.trim()).args([PORTABLE, "check"]).arg(path).arg(records).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{out}{err}");
    eprint!("{out}");
    is_true(&test_env, "p.db");
}

#[test]
fn the_sqlite3_shell_asks_a_portable_snapshot_without_a_function_of_trailq() {
    let test_env = test_env();
    test_env.run(&["snapshot", "--portable", "--fts", "p.db"]).exits(0);
    let ask = |sql: &str| match Command::new("sqlite3").arg(test_env.scratch.path("p.db")).arg(sql).output() {
        Ok(asked) => {
            assert!(asked.status.success(), "{sql}: {asked:?}");
            Some(String::from_utf8(asked.stdout).unwrap())
        }
        Err(error) => {
            skip(Needs::Tool("sqlite3"), format_args!("there is no sqlite3: {error}"));
            None
        }
    };
    let Some(views) = ask("SELECT name FROM sqlite_schema WHERE type = 'view'") else { return };
    for view in views.lines() {
        let rows: u32 = ask(&format!("SELECT count(*) FROM (SELECT * FROM {view})")).unwrap().trim().parse().unwrap();
        // The delivery has no documents about accounts, rights and leads.
        assert_eq!(rows > 0, view == "event_history", "{view}");
    }
    let sql = "SELECT record ->> '$.requestParameters.bucketName' FROM records JOIN events USING (id) \
               WHERE event_name = 'CreateBucket' ORDER BY 1";
    let own = "SELECT record(id) ->> '$.requestParameters.bucketName' FROM events WHERE event_name = 'CreateBucket' \
               ORDER BY 1";
    let wanted = test_env.run(&["--format", "tsv", "sql", own]).exits(0).out;
    assert_eq!(ask(sql).unwrap(), wanted.split_once('\n').unwrap().1);
    let found = ask("SELECT count(*) FROM records_fts WHERE records_fts MATCH 'alice AND DescribeInstances'").unwrap();
    assert!(found.trim().parse::<u32>().unwrap() > 0, "{found}");
    assert_eq!(ask("SELECT count(*) = (SELECT count(*) FROM events) FROM records").unwrap(), "1\n");
    assert_eq!(ask("PRAGMA integrity_check").unwrap(), "ok\n");
}

#[test]
fn an_empty_answer_names_the_limits_of_the_snapshot() {
    let test_env = test_env();
    let gap = |case: &str, lookup: &str| test_env.run(&["--db", case, "lookup", lookup]).exits(0).err;
    assert!(!gap("trailq.db", "user=nobody").contains("selection"));
    test_env.run(&["snapshot", "part.db", "--where", "user=alice"]).exits(0);
    let told = gap("part.db", "user=dana");
    assert!(told.contains("note: this case holds only a selection of the events: --where user=alice\n"), "{told}");
    let attribute = ["--lookup-attributes", "AttributeKey=Username,AttributeValue=dana"];
    let told = test_env.run(&["--db", "part.db", "lookup-events", attribute[0], attribute[1]]).exits(0).err;
    assert!(told.contains("no event matches; the case covers ") && told.contains("only a selection"), "{told}");
    test_env.run(&["snapshot", "redacted.db", "--redact", "ips"]).exits(0);
    let told = gap("redacted.db", "ip=203.0.113.77");
    assert!(told.contains("note: this case is redacted (ips): the original values are not in it\n"), "{told}");
    let told = gap("trailq.db", "text=nowhere-at-all");
    assert!(told.contains("of a CSV download, without request and response\n"), "{told}");
    // In a portable file records are plain text.
    test_env.run(&["snapshot", "plain.db", "--portable"]).exits(0);
    let told = gap("plain.db", "request.bucketname=x");
    assert!(told.contains("and `request.bucketName` occurs; names are case-sensitive\n"), "{told}");
}
