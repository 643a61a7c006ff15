//! Cases that come from somebody else: made by an earlier trailq, altered by another program, crafted, or damaged. None of
//! them acts, and each is answered or refused with a reason.

use std::fs;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use crate::common::program::{CommandOutput, TestEnv};
use crate::common::{check_case, lines, record, testdata};
use flate2::read::GzDecoder;
use rusqlite::Connection;

/// The schema version that this trailq writes.
fn newest() -> i64 {
    let test_env = TestEnv::new();
    let path = test_env.scratch.write("one.json", record("a", ""));
    test_env.run(&["import", path.to_str().unwrap()]).exits(0);
    test_env.scratch.number("PRAGMA user_version")
}

/// A file that the trailq of a schema version made.
fn made_by(version: i64, name: &str) -> Option<Vec<u8>> {
    let packed = fs::read(testdata(&format!("schema-{version}/{name}.gz"))).ok()?;
    let mut bytes = Vec::new();
    GzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).unwrap();
    Some(bytes)
}

const MADE: [&str; 3] = ["case.db", "whole.db", "partial.db"];

/// The result of each check of `snapshot --verify`.
fn checks(test_env: &TestEnv, file: &str, code: i32) -> Vec<String> {
    let ran = test_env.run(&["--format", "tsv", "snapshot", "--verify", file]).exits(code);
    ran.out.lines().skip(1).map(|line| line.split('\t').take(2).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn files_of_every_schema_version_are_kept() {
    for version in 7..=newest() {
        for name in MADE {
            let advice = "tests/make_schema_cases.py makes it with the last trailq that writes this version";
            assert!(made_by(version, name).is_some(), "there is no testdata/schema-{version}/{name}.gz: {advice}");
        }
    }
    assert!(made_by(newest() + 1, MADE[0]).is_none(), "it is of a version that trailq does not write");
}

#[test]
fn files_of_every_schema_version_open_verify_merge_and_upgrade() {
    for version in 7..=newest() {
        let test_env = TestEnv::new();
        for name in MADE {
            let bytes = made_by(version, name).unwrap();
            test_env.scratch.write(name, &bytes);
            let events = if name == "partial.db" { "5" } else { "6" };
            let count = |path: &str| test_env.run(&["--db", path, "--format", "tsv", "lookup", "| count"]).exits(0).out;
            assert_eq!(count(name), format!("events\n{events}\n"), "{version} {name}");
            let tagged =
                test_env.run(&["--db", name, "--format", "tsv", "lookup", "tag=odd | fields event-name"]).exits(0);
            assert_eq!(tagged.out, "event_name\nStopInstances\n");
            test_env.run(&["--db", name, "--quiet", "run", "mine"]).exits(0);
            test_env.run(&["--db", name, "info"]).exits(0);
            // It is checked as it lies, and left so, whatever was asked of it.
            let found = checks(&test_env, name, 0);
            let digest = match name {
                "case.db" => "digests note",
                "whole.db" => "pages ok",
                _ => "events ok",
            };
            assert!(found.contains(&digest.to_owned()) && found.contains(&"schema ok".to_owned()), "{found:?}");
            assert!(fs::read(test_env.scratch.path(name)).unwrap() == bytes, "{version} {name} is as it was");

            let snapshot = format!("again-{name}");
            test_env.run(&["--db", name, "snapshot", &snapshot]).exits(0);
            checks(&test_env, &snapshot, 0);
            let merged = format!("merged-{name}");
            test_env.run(&["--db", &merged, "merge", name]).exits(0);
            assert_eq!(count(&merged), format!("events\n{events}\n"));
            test_env.run(&["diff", name, &merged]).exits(0);
            // Upgraded in place by a note, and by an import.
            let script = test_env.scratch.write("note.trailq", ".note seen\n");
            test_env.run(&["--db", name, "script", script.to_str().unwrap()]).exits(0);
            checks(&test_env, name, 0);
            let more = test_env.scratch.write("more.json", record("more", ""));
            test_env.run(&["--db", name, "import", more.to_str().unwrap()]).exits(0);
            check_version(&test_env, name);
        }
        test_env.run(&["--db", "all.db", "merge", MADE[0], MADE[1], MADE[2]]).exits(0);
        check_case(&test_env.scratch.path("all.db"));
    }
}

fn check_version(test_env: &TestEnv, name: &str) {
    let found = lines(&test_env.scratch.ask_at(name), "PRAGMA user_version");
    assert_eq!(found, [newest().to_string()]);
}

/// A snapshot of schema version 6, made of one of version 7: it has no `hourly_regions`, and says so in its digest.
fn older_snapshot(test_env: &TestEnv) -> PathBuf {
    let path = test_env.scratch.write("part.db", made_by(7, "partial.db").unwrap());
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("DROP TABLE hourly_regions; PRAGMA user_version = 6").unwrap();
    let ran = test_env.run(&["--format", "json", "snapshot", "--verify", "part.db"]).exits(1).json();
    let counts = ran.as_array().unwrap().iter().find(|check| check["check"] == "counts").unwrap();
    assert_eq!(counts["result"], "WRONG");
    let found = counts["found"].as_str().unwrap();
    let (rows, rest) = found.split_once(" rows, SHA-256 ").unwrap();
    let update = "UPDATE provenance_digests SET rows = ?1, sha256 = ?2 WHERE part = 'counts'";
    connection.execute(update, [rows, rest.split(';').next().unwrap()]).unwrap();
    path
}

#[test]
fn an_older_snapshot_is_checked_by_its_own_schema_also_once_it_is_upgraded() {
    let test_env = TestEnv::new();
    let path = older_snapshot(&test_env);
    let before = fs::read(&path).unwrap();
    let all = ["structure", "schema", "references", "ledger sums", "events", "counts", "ledger", "notes"];
    let mut sound: Vec<String> = all.iter().map(|check| format!("{check} ok")).collect();
    sound.insert(4, "event digest note".to_owned());
    assert_eq!(checks(&test_env, "part.db", 0), sound);
    assert!(fs::read(&path).unwrap() == before);
    test_env.run(&["--db", "part.db", "lookup", "event-name=ConsoleLogin"]).exits(0);
    assert!(fs::read(&path).unwrap() == before, "who only looks does not upgrade it");
    let script = test_env.scratch.write("note.trailq", ".note seen\n");
    test_env.run(&["--db", "part.db", "script", script.to_str().unwrap()]).exits(0);
    assert_eq!(lines(&test_env.scratch.ask_at("part.db"), "PRAGMA user_version"), [newest().to_string()]);
    sound[6] = "counts note".to_owned();
    sound[8] = "notes note".to_owned();
    assert_eq!(checks(&test_env, "part.db", 0), sound);
    let ran = test_env.run(&["--format", "tsv", "snapshot", "--verify", "part.db"]).exits(0);
    assert!(
        ran.out.contains("; without hourly_regions, which schema version 6 did not have, it matches the snapshot"),
        "{ran:?}"
    );
    // What is altered is told all the same.
    let altered = "UPDATE attribute_values SET events = events + 1 WHERE attribute = 'outcome'";
    Connection::open(&path).unwrap().execute_batch(altered).unwrap();
    sound[6] = "counts WRONG".to_owned();
    assert_eq!(checks(&test_env, "part.db", 1), sound);
}

#[test]
fn cases_of_the_first_schema_versions_are_checked_as_they_lie() {
    for version in [1, 3] {
        let test_env = TestEnv::with_delivery();
        test_env.make_older(version);
        let before = fs::read(test_env.scratch.case()).unwrap();
        let found = checks(&test_env, "trailq.db", 0);
        assert!(found.contains(&"schema ok".to_owned()) && found.contains(&"digests note".to_owned()), "{found:?}");
        assert!(fs::read(test_env.scratch.case()).unwrap() == before);
    }
}

#[test]
fn leftovers_of_a_killed_writer_are_verified_in_a_copy() {
    let test_env = TestEnv::with_delivery();
    let journal = test_env.scratch.path("trailq.db-journal");
    // A writer that is killed: its journal, and half of what it wrote.
    let writer = test_env.scratch.ask();
    writer
        .execute_batch("PRAGMA cache_size = 2; BEGIN EXCLUSIVE; UPDATE events SET user_name = user_name || 'x'")
        .unwrap();
    test_env.run(&["snapshot", "--verify", "trailq.db"]).fails(2, &["another process is writing"]);
    for name in ["killed.db", "killed.db-journal"] {
        fs::copy(test_env.scratch.path(&name.replace("killed", "trailq")), test_env.scratch.path(name)).unwrap();
    }
    writer.execute_batch("ROLLBACK").unwrap();
    drop(writer);
    assert!(!journal.exists());
    let before = fs::read(test_env.scratch.path("killed.db")).unwrap();
    let found = checks(&test_env, "killed.db", 0);
    assert!(found.contains(&"journal note".to_owned()) && found.contains(&"ledger sums ok".to_owned()), "{found:?}");
    assert!(
        fs::read(test_env.scratch.path("killed.db")).unwrap() == before
            && test_env.scratch.path("killed.db-journal").exists()
    );
    test_env.run(&["--db", "killed.db", "lookup", "| count"]).exits(0);
    checks(&test_env, "killed.db", 0);
    // An import that was stopped between two commits.
    test_env.scratch.ask().execute_batch("UPDATE imports SET finished_at = NULL").unwrap();
    let before = fs::read(test_env.scratch.case()).unwrap();
    let found = checks(&test_env, "trailq.db", 0);
    assert!(found.contains(&"imports note".to_owned()) && found.contains(&"ledger sums ok".to_owned()), "{found:?}");
    assert!(fs::read(test_env.scratch.case()).unwrap() == before, "the file stays as it is");
    // A journal that holds nothing is none.
    fs::write(test_env.scratch.path("killed.db-journal"), "").unwrap();
    checks(&test_env, "killed.db", 0);
}

/// What somebody may have put into a case, how it is named, and whether questions are answered all the same.
const FOREIGN: &[(&str, &str, bool)] = &[
    (
        "CREATE TRIGGER evil AFTER INSERT ON tags BEGIN DELETE FROM events; END",
        "a trigger `evil` that trailq did not",
        false,
    ),
    ("CREATE TRIGGER evil BEFORE INSERT ON imports BEGIN SELECT raise(abort, 'no'); END", "a trigger `evil`", false),
    ("CREATE TRIGGER evil INSTEAD OF INSERT ON event_history BEGIN DELETE FROM tags; END", "a trigger `evil`", false),
    (
        "DROP VIEW event_history; CREATE VIEW event_history AS WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 \
         FROM n) SELECT id FROM n",
        "a view `event_history` that is not as trailq makes it",
        false,
    ),
    ("ALTER TABLE tags RENAME TO t; CREATE VIEW tags AS SELECT * FROM t", "a view `tags` that is not", false),
    ("DROP TABLE noise_rules", "lacks the table `noise_rules`", false),
    ("ALTER TABLE tags ADD COLUMN more TEXT AS (event_id || tag)", "a table `tags` that is not", false),
    (
        "ALTER TABLE files ADD COLUMN more TEXT DEFAULT 'x' CHECK (length(more) < 9)",
        "a table `files` that is not",
        false,
    ),
    ("CREATE VIRTUAL TABLE words USING fts5 (a)", "a virtual table `words`", false),
    ("CREATE INDEX mine ON events (lower(event_name))", "an index `mine` that trailq did not", true),
    ("CREATE TABLE mine (a)", "a table `mine` that trailq did not", true),
    (
        "CREATE VIEW mine AS WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id FROM n) SELECT id FROM n",
        "a view `mine`",
        true,
    ),
    (
        "ANALYZE; UPDATE sqlite_stat1 SET stat = '99999999999999999999 -1 x'; INSERT INTO sqlite_stat1 VALUES ('events', \
         'nothing', 'nonsense')",
        "a table `sqlite_stat1`",
        true,
    ),
    ("CREATE TABLE \"a\x1b[2Jb'; rm -rf ~ #\" (a)", "a table `a", true),
];

#[test]
fn foreign_schema_objects_are_rejected_by_name_and_never_run() {
    let base = TestEnv::with_delivery();
    base.run(&["snapshot", "sound.db", "--where", "user=dana"]).exits(0);
    let sound = fs::read(base.scratch.path("sound.db")).unwrap();
    for (sql, says, answers) in FOREIGN {
        let test_env = TestEnv::with_delivery();
        test_env.scratch.write("sound.db", &sound);
        test_env.scratch.ask().execute_batch(sql).unwrap();
        let before = fs::read(test_env.scratch.case()).unwrap();
        let more = test_env.scratch.write("more.json", record("more", ""));
        let script = test_env.scratch.write("keep.trailq", ".note mine\n");
        for arguments in [
            &["import", more.to_str().unwrap()][..],
            &["merge", "sound.db"],
            &["--db", "sound.db", "merge", "trailq.db"],
            &["--db", "new.db", "merge", "trailq.db"],
            &["info"],
            &["snapshot", "out.db"],
            &["snapshot", "out.db", "--where", "user=alice"],
            &["snapshot", "out.db", "--redact", "accounts"],
            &["script", script.to_str().unwrap()],
        ] {
            let ran = test_env.run(arguments);
            assert!(!ran.err.contains('\x1b') && !ran.err.contains("rm -rf ~ #'"), "{ran:?}");
            ran.fails(2, &[says]);
            assert!(fs::read(test_env.scratch.case()).unwrap() == before, "{sql}: {arguments:?}");
        }
        assert!(fs::read(test_env.scratch.path("sound.db")).unwrap() == sound, "{sql}");
        for name in ["new.db", "out.db"] {
            assert!(!test_env.scratch.path(name).exists(), "{sql}: {name}");
        }
        let ran = test_env.run(&["--format", "tsv", "snapshot", "--verify", "trailq.db"]).exits(1);
        assert!(ran.out.contains("schema\tWRONG\tit ") && ran.out.contains(says), "{ran:?}");
        let ran = test_env.run(&["lookup", "event-name=ConsoleLogin | count"]);
        assert!(!ran.out.contains('\x1b') && !ran.err.contains('\x1b'), "{ran:?}");
        if *answers {
            assert!(ran.exits(0).err.contains(says), "{sql}");
        } else {
            ran.fails(2, &[says]);
        }
    }
}

#[test]
fn what_trailq_did_not_make_is_named_in_the_case_and_not_in_a_copy_of_it() {
    let test_env = TestEnv::with_older_delivery();
    test_env.scratch.ask().execute_batch("CREATE TABLE mine (a)").unwrap();
    let says =
        "trailq.db holds a table `mine` that trailq did not make\n  = hint: `sqlite3 trailq.db 'DROP TABLE mine'`";
    for arguments in [&["lookup", "| count"][..], &["snapshot", "out.db"], &["--db", "new.db", "merge", "trailq.db"]] {
        let ran = test_env.run(arguments).fails(2, &[says]);
        assert!(ran.err.starts_with("error: trailq.db "), "{ran:?}");
    }
    test_env.scratch.ask().execute_batch("DROP TABLE mine").unwrap();
    test_env.run(&["lookup", "| count"]).exits(0);
    let test_env = TestEnv::with_delivery();
    test_env.scratch.ask().execute_batch("UPDATE imports SET finished_at = NULL; CREATE TABLE mine (a)").unwrap();
    test_env.run(&["lookup", "| count"]).fails(2, &[says]);
}

#[test]
fn what_is_kept_in_a_case_does_nothing_until_it_is_asked_for() {
    let test_env = TestEnv::with_delivery();
    let escape = "\x1b]0;owned\x07\x1b[2J";
    let connection = test_env.scratch.ask();
    for (sql, value) in [
        ("INSERT INTO tags VALUES ((SELECT min(event_id) FROM events), ?1, ?1, ?1, ?1, NULL)", escape),
        ("INSERT INTO notes (text, created_at, created_by) VALUES (?1, ?1, ?1)", escape),
        ("UPDATE files SET path = path || ?1", escape),
        // A rule that hides everything, and one of a built-in name.
        ("INSERT INTO noise_rules VALUES ('all', 'event-name=*', ?1, '', NULL)", escape),
        ("INSERT INTO noise_rules VALUES ('reads', 'event-name=*', ?1, '', NULL)", escape),
        ("INSERT INTO saved_queries VALUES ('evil', 'DELETE FROM events; ATTACH ''x.db'' AS x', ?1, '', NULL)", escape),
        ("INSERT INTO saved_queries VALUES ('triage', 'SELECT 1', ?1, '', NULL)", escape),
    ] {
        connection.execute(sql, [value]).unwrap();
    }
    drop(connection);
    let count = |lookup: &str| test_env.run(&["--format", "tsv", "lookup", lookup]).exits(0).out;
    assert_eq!(count("| count"), "events\n360\n", "no rule is on");
    let script = test_env.scratch.write("all.trailq", ".notes\n.tags\n.noise\n.queries\n| count by file\n");
    for arguments in [
        &["script", script.to_str().unwrap()][..],
        &["info"],
        &["queries"],
        &["run", "evil"],
        &["lookup", "| fields tag,file"],
        &["--format", "json", "lookup", "| fields file"],
        &["snapshot", "--verify", "trailq.db", "--sources", "."],
    ] {
        let ran = test_env.run(arguments);
        assert!(!ran.out.contains('\x1b') && !ran.err.contains('\x1b'), "{arguments:?}: {ran:?}");
    }
    assert_eq!(count("| count"), "events\n360\n");
    assert!(!test_env.scratch.path("x.db").exists());
}

#[test]
fn compressed_data_that_expands_without_an_end_is_an_error() {
    let bomb = zstd::bulk::compress(&vec![0; 300 << 20], 19).unwrap();
    for (sql, what) in [
        ("UPDATE record_blocks SET data = ?1", "lookup"),
        ("INSERT INTO record_dictionaries VALUES (7, ?1)", "import"),
        ("INSERT INTO record_dictionaries VALUES (7, substr(?1, 1, 9))", "import"),
        ("UPDATE record_blocks SET hashes = substr(hashes, 1, 5)", "merge"),
        ("UPDATE record_groups SET filter = ?1", "text"),
    ] {
        let test_env = TestEnv::with_delivery();
        let connection = test_env.scratch.ask();
        match sql.contains("?1") {
            true => drop(connection.execute(sql, [&bomb]).unwrap()),
            false => connection.execute_batch(sql).unwrap(),
        }
        drop(connection);
        let more = test_env.scratch.write("more.json", record("more", ""));
        match what {
            "lookup" => drop(test_env.run(&["--format", "records", "lookup", "user=alice"]).fails(2, &["damaged"])),
            "import" => drop(test_env.run(&["import", more.to_str().unwrap()]).fails(2, &["trailq.db is damaged: "])),
            "merge" => drop(test_env.run(&["--db", "new.db", "merge", "trailq.db"]).exits(0)),
            // A filter that cannot be read rules nothing out.
            _ => assert_eq!(
                test_env.run(&["--format", "tsv", "lookup", "text=acme-trail | count"]).exits(0).out.lines().count(),
                2
            ),
        }
    }
}

#[test]
fn length_fields_beyond_the_data_are_rejected() {
    for sql in [
        "INSERT INTO record_blocks SELECT 9223372036854775807, dictionary, hashes, data FROM record_blocks LIMIT 1",
        "INSERT INTO record_blocks SELECT -9223372036854775807, dictionary, hashes, data FROM record_blocks LIMIT 1",
        "INSERT INTO resources (id, name) VALUES (9223372036854775807, 'x')",
        "INSERT INTO identities (id) VALUES (-5)",
        "UPDATE events SET id = 9223372036854775807 WHERE id = (SELECT max(id) FROM events)",
        "UPDATE record_groups SET id = id - 9223372036854775807",
    ] {
        let test_env = TestEnv::with_delivery();
        test_env.scratch.ask().execute_batch(sql).unwrap();
        let more = test_env.scratch.write("more.json", record("more", ""));
        for arguments in [
            &["import", more.to_str().unwrap()][..],
            &["snapshot", "--verify", "trailq.db"],
            &["--db", "new.db", "merge", "trailq.db"],
            &["snapshot", "out.db", "--where", "user=alice"],
            &["lookup", "text=acme | count"],
            &["--format", "records", "lookup", "user=alice"],
        ] {
            let ran = within(&test_env, arguments);
            assert!(matches!(ran.code, Some(0..=2)) && !ran.err.contains("panicked"), "{sql}: {arguments:?}: {ran:?}");
            assert!(ran.code == Some(0) || !ran.err.is_empty(), "{sql}: {arguments:?}: {ran:?}");
        }
    }
}

#[test]
fn dangling_references_are_reported() {
    for (sql, says) in [
        ("UPDATE events SET file_id = 999 WHERE id = (SELECT max(id) FROM events)", "points to file 999"),
        ("UPDATE conflicts SET file_id = 999", "points to file 999"),
        ("UPDATE digests SET file_id = 999", "points to file 999"),
        ("DELETE FROM record_blocks WHERE id = (SELECT max(id) FROM record_blocks)", "is missing"),
    ] {
        let test_env = TestEnv::with_delivery();
        test_env.scratch.ask().execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}")).unwrap();
        test_env.run(&["--db", "new.db", "merge", "trailq.db"]).fails(2, &["trailq.db is damaged: ", says]);
        assert!(!test_env.scratch.path("new.db").exists());
    }
}

/// Runs the program, and ends it where it does not end by itself.
pub(crate) fn within(test_env: &TestEnv, arguments: &[&str]) -> CommandOutput {
    let child = test_env.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let id = child.id();
    let (ended, wait) = std::sync::mpsc::channel();
    let watch = std::thread::spawn(move || {
        if wait.recv_timeout(Duration::from_secs(60)).is_err() {
            let _ = std::process::Command::new("kill").args(["-9", &id.to_string()]).status();
        }
    });
    let output = child.wait_with_output().unwrap();
    let _ = ended.send(());
    watch.join().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    CommandOutput { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Bytes of a case that are flipped at random: whatever is asked of it, it is answered, or refused with a reason.
#[test]
fn resources_of_events_that_are_not_there_end_an_addition() {
    let test_env = TestEnv::with_delivery();
    let counts = "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM files), (SELECT count(*) FROM imports)";
    let before = test_env.scratch.lines(counts);
    // The next events get some of these ids, and the next new resource this one.
    let pairs = "PRAGMA foreign_keys = OFF; \
                 WITH RECURSIVE ids (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM ids WHERE id < 200) \
                 INSERT INTO event_resources (event, resource, listed) \
                 SELECT ids.id + (SELECT max(id) FROM events), (SELECT max(id) + 1 FROM resources), 1 FROM ids";
    Connection::open(test_env.scratch.case()).unwrap().execute_batch(pairs).unwrap();
    let bucket = r#""resources":[{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::trail-copies"}]"#;
    let more = test_env.scratch.write("more.json", record("more", bucket));
    let ran = test_env.run(&["import", more.to_str().unwrap()]).exits(2);
    assert!(ran.err.contains("UNIQUE constraint failed: event_resources.event, event_resources.resource"), "{ran:?}");
    assert_eq!(test_env.scratch.lines(counts), before);
}

#[test]
fn flipped_bytes_never_break_the_program() {
    let base = TestEnv::with_delivery();
    base.run(&["snapshot", "sound.db", "--where", "user=dana"]).exits(0);
    let (case, sound) = (fs::read(base.scratch.case()).unwrap(), fs::read(base.scratch.path("sound.db")).unwrap());
    let rounds: u64 = std::env::var("TRAILQ_FLIPS").ok().map_or(120, |rounds| rounds.parse().unwrap());
    let every = std::env::var_os("TRAILQ_FLIPS").is_some();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let test_env = TestEnv::new();
    let more = test_env.scratch.write("more.json", [record("more-1", ""), record("more-2", "")].join("\n"));
    let script = test_env.scratch.write("keep.trailq", ".note mine\n");
    let commands: [&[&str]; 9] = [
        &["info"],
        &["lookup", "event-name=*Instances text=acme | count by user"],
        &["--format", "records", "lookup", "user=alice"],
        &["snapshot", "--verify", "trailq.db"],
        &["snapshot", "out.db", "--force"],
        &["snapshot", "part.db", "--where", "user=alice", "--force"],
        &["--db", "new.db", "merge", "trailq.db"],
        &["import", more.to_str().unwrap()],
        &["script", script.to_str().unwrap()],
    ];
    for round in 0..rounds {
        let mut bytes = case.clone();
        let mut flips = Vec::new();
        for _ in 0..=next() % 8 {
            // A third of them where the schema and the file's own counts are.
            let within = if next() % 3 == 0 { 16_384 } else { bytes.len() as u64 };
            let (at, to) = ((next() % within) as usize, next() as u8);
            bytes[at] = to;
            flips.push((at, to));
        }
        for (at, arguments) in commands.iter().enumerate() {
            if !every && at as u64 != round % commands.len() as u64 {
                continue;
            }
            test_env.scratch.write("trailq.db", &bytes);
            test_env.scratch.write("sound.db", &sound);
            for left in ["trailq.db-journal", "new.db", "new.db-journal"] {
                let _ = fs::remove_file(test_env.scratch.path(left));
            }
            let ran = within(&test_env, arguments);
            let told = ran.code == Some(0) || !ran.err.is_empty();
            let sound = matches!(ran.code, Some(0..=2)) && told && !ran.err.contains("panicked");
            assert!(sound, "{arguments:?} after {flips:?}: {ran:?}");
        }
    }
}
