//! The program as it is run: arguments in, rows, remarks and exit codes out.

use crate::common;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read as _, Write as _};

use crate::common::program::{TestEnv, as_nobody, chmod, drop_privileges, gzip};
use crate::common::{record, testdata};
use serde_json::value::RawValue;
use serde_json::{Value, json};

const FORMATS: [&str; 8] = ["table", "expanded", "json", "ndjson", "csv", "tsv", "markdown", "records"];
/// More rows than a pipe holds.
const MANY_ROWS: &str = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 30000) \
                         SELECT x, 'some text to fill the pipe' AS text FROM c";

/// The rows of a CSV or TSV text, as objects of text.
fn delimited(text: &str, delimiter: u8) -> Vec<BTreeMap<String, String>> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).quoting(delimiter == b',').from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

/// JSON without the blanks between its tokens.
fn minified(json: &str) -> String {
    let mut out = String::new();
    let (mut string, mut escaped) = (false, false);
    for c in json.chars() {
        if string || !c.is_ascii_whitespace() {
            out.push(c);
        }
        if c == '"' && !escaped {
            string = !string;
        }
        escaped = string && c == '\\' && !escaped;
    }
    out
}

/// The records of the delivery as its files have them.
fn delivered() -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Trail {
        #[serde(rename = "Records", default)]
        records: Vec<Box<RawValue>>,
    }
    let mut all = Vec::new();
    for entry in walkdir::WalkDir::new(testdata("delivery")).into_iter().map(Result::unwrap) {
        if entry.file_type().is_file() {
            let mut text = String::new();
            flate2::read::GzDecoder::new(File::open(entry.path()).unwrap()).read_to_string(&mut text).unwrap();
            let trail: Trail = serde_json::from_str(&text).unwrap();
            all.extend(trail.records.iter().map(|record| record.get().to_owned()));
        }
    }
    assert_eq!(all.len(), 392);
    all
}

#[test]
fn version_and_help_of_every_command_are_printed() {
    let test_env = TestEnv::new();
    let version = test_env.run(&["--version"]).exits(0);
    assert_eq!(version.out, format!("trailq {}\n", env!("CARGO_PKG_VERSION")));
    let help = test_env.run(&["--help"]).exits(0).out;
    assert!(help.contains("Exit codes: 0 done;"), "{help}");
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .collect();
    for expected in ["import", "lookup", "sql", "script", "info", "completions"] {
        assert!(commands.contains(&expected), "{help}");
    }
    for command in [vec!["--help"]].into_iter().chain(commands.iter().map(|command| vec![*command, "--help"])) {
        let help = test_env.run(&command).exits(0);
        assert!(help.out.contains("\nExamples:\n  ") && help.err.is_empty(), "{help:?}");
    }
    assert!(test_env.run(&["completions", "bash"]).exits(0).out.contains("_trailq"));
}

#[test]
fn an_import_reports_as_text_or_as_json() {
    let test_env = TestEnv::new();
    let delivery = testdata("delivery");
    let delivery = delivery.to_str().unwrap();
    let ran = test_env.run(&["import", delivery]).exits(0);
    assert_eq!(ran.out, "");
    assert!(ran.err.starts_with("36 files: 392 records read, 360 stored, 32 duplicate, 0 rejected\n"), "{ran:?}");
    assert!(!ran.err.contains('\x1b'), "{ran:?}");
    common::check_case(&test_env.scratch.case());
    let again = test_env.run(&["--format", "json", "import", delivery]).exits(0);
    let report = again.json();
    assert_eq!((&report["files"], &report["skipped_files"], &report["read"]), (&json!(0), &json!(36), &json!(0)));
    assert_eq!(again.err, "");
    let fresh = test_env.run(&["--db", "other.db", "--format", "ndjson", "import", delivery]).exits(0);
    assert_eq!(fresh.out.lines().count(), 1);
    let report = fresh.json();
    for (key, value) in [
        ("files", 36),
        ("skipped_files", 0),
        ("read", 392),
        ("stored", 360),
        ("duplicate", 32),
        ("conflict", 1),
        ("replaced", 0),
        ("rejected", 0),
        ("ignored_files", 0),
    ] {
        assert_eq!(report[key], json!(value), "{key}");
    }
    assert!(report["bytes"].as_u64().unwrap() > 70_000 && report["seconds"].as_f64().unwrap() > 0.0);
    let refused = test_env.run(&["--format", "csv", "import", delivery]);
    refused.fails(2, &["the report of an import has no format csv"]);
}

#[test]
fn a_lookup_gives_the_same_rows_in_every_format() {
    let test_env = TestEnv::with_delivery();
    let rows = |format: &str| {
        let ran = test_env.run(&["--format", format, "lookup", "user=alice", "| sort time"]).exits(0);
        assert!(ran.err.starts_with("57 events (all times, "), "{ran:?}");
        ran
    };
    let objects = rows("json").json();
    let objects = objects.as_array().unwrap();
    assert_eq!(objects.len(), 57);
    assert!(objects.iter().all(|event| event["user_name"] == "alice"));
    let lines: Vec<Value> = rows("ndjson").out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(&lines, objects);
    for (format, delimiter) in [("csv", b','), ("tsv", b'\t')] {
        let cells = delimited(&rows(format).out, delimiter);
        assert_eq!(cells.len(), 57, "{format}");
        for (cell, object) in cells.iter().zip(objects) {
            assert_eq!(cell.len(), object.as_object().unwrap().len());
            for column in ["event_id", "event_time", "event_name", "source_ip_address", "outcome", "file"] {
                assert_eq!(cell[column], object[column].as_str().unwrap(), "{format} {column}");
            }
            assert!(cell["shared_event_id"].is_empty() == object["shared_event_id"].is_null());
        }
    }
    let first = objects[0]["event_time"].as_str().unwrap();
    let markdown = rows("markdown").out;
    assert_eq!(markdown.lines().count(), 59);
    assert!(markdown.lines().nth(2).unwrap().starts_with(&format!("| {first} | ")), "{markdown}");
    let expanded = rows("expanded").out;
    assert_eq!(expanded.lines().filter(|line| line.starts_with("event_id ")).count(), 57);
    assert!(expanded.contains(objects[56]["event_id"].as_str().unwrap()));
    let records = rows("records").out;
    for (line, object) in records.lines().zip(objects) {
        let record: Value = serde_json::from_str(line).unwrap();
        // One event has no id of its own.
        assert!(record["eventID"].is_null() || record["eventID"] == object["event_id"], "{line}");
        assert_eq!(record["eventName"], object["event_name"]);
    }
    assert_eq!(records.lines().count(), 57);
    let table = test_env.run(&["lookup", "user=alice"]).exits(0);
    assert_eq!(table.out.lines().count(), 52);
    assert!(table.err.starts_with("the newest 50 of 57 events (all times, "), "{table:?}");
    assert_eq!(test_env.run(&["lookup", "--limit", "3", "user=alice"]).exits(0).out.lines().count(), 5);
    assert!(test_env.run(&["lookup", "--explain", "user=alice"]).exits(0).out.contains("-- plan: "));
}

#[test]
fn records_are_the_original_ones() {
    let test_env = TestEnv::with_delivery();
    let printed = test_env.run(&["--format", "records", "sql", "SELECT id FROM events"]).exits(0).out;
    let originals: BTreeSet<String> = delivered().iter().map(|record| minified(record)).collect();
    let distinct: BTreeSet<&str> = printed.lines().collect();
    assert_eq!((printed.lines().count(), distinct.len()), (360, 360));
    for line in distinct {
        assert!(originals.contains(line), "{line}");
    }
    // Everything that a JSON printer would spell in another way stays.
    let odd = r#"{"eventVersion":"1.08","eventID":"odd","eventSource":"ec2.amazonaws.com","awsRegion":"x","b":1.0,"a":[1e2,-0,1E+3,"\u00e9é\/"],"b":{},"big":123456789012345678901234567890}"#;
    let other = TestEnv::new();
    other.pipe(&["import", "-"], odd.as_bytes()).exits(0);
    assert_eq!(other.run(&["--format", "records", "lookup", "odd"]).exits(0).out, format!("{odd}\n"));
}

#[test]
fn sql_answers_in_every_format() {
    let test_env = TestEnv::with_delivery();
    let sql = "SELECT 1 AS n, 1.5 AS r, NULL AS z, 'a,\"b\nc' AS t";
    let rows = |format: &str| test_env.run(&["--format", format, "sql", sql]).exits(0).out;
    let object = json!({"n": 1, "r": 1.5, "z": null, "t": "a,\"b\nc"});
    assert_eq!(serde_json::from_str::<Value>(&rows("json")).unwrap(), json!([object]));
    assert_eq!(serde_json::from_str::<Value>(&rows("ndjson")).unwrap(), object);
    let cells = delimited(&rows("csv"), b',').remove(0);
    assert_eq!((cells["n"].as_str(), cells["r"].as_str(), cells["z"].as_str()), ("1", "1.5", ""));
    assert_eq!(cells["t"], "a,\"b\nc");
    assert_eq!(rows("tsv").lines().count(), 2);
    assert!(rows("markdown").starts_with("| n | r | z | t |\n"));
    assert!(rows("expanded").lines().any(|line| line == "n  1"), "{}", rows("expanded"));
    let joined = test_env.run(&[
        "--format",
        "json",
        "sql",
        "SELECT i.user_name AS user, r.name AS resource, count(DISTINCT e.id) AS n FROM events AS e \
         JOIN identities AS i ON i.id = e.identity_id \
         JOIN event_resources AS er ON er.event = e.id JOIN resources AS r ON r.id = er.resource \
         WHERE e.event_name = 'CreateUser' AND i.type = 'IAMUser' AND r.name = 'svc-backup' GROUP BY 1, 2",
    ]);
    assert_eq!(joined.exits(0).json(), json!([{"user": "deploy-bot", "resource": "svc-backup", "n": 1}]));
}

#[test]
fn the_most_frequent_users_of_assume_role_are_named() {
    let test_env = TestEnv::with_delivery();
    let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
    let records: Vec<Value> = {
        let distinct: BTreeSet<String> = delivered().iter().map(|record| minified(record)).collect();
        distinct.iter().map(|record| serde_json::from_str(record).unwrap()).collect()
    };
    for record in records.iter().filter(|record| record["eventName"] == "AssumeRole") {
        let identity = &record["userIdentity"];
        let assumed = identity["type"] == "AssumedRole";
        let session = identity["principalId"]
            .as_str()
            .filter(|_| assumed)
            .and_then(|id| id.split_once(':'))
            .map(|(_, name)| name);
        *counted.entry(identity["userName"].as_str().or(session).unwrap_or("")).or_default() += 1;
    }
    let ran = test_env.run(&["--format", "csv", "lookup", "event-name=AssumeRole | top 10 user"]).exits(0);
    let found: BTreeMap<String, u64> = delimited(&ran.out, b',')
        .iter()
        .map(|row| (row["user_name"].clone(), row["events"].parse().unwrap()))
        .collect();
    assert_eq!(found, counted.into_iter().map(|(user, count)| (user.to_owned(), count)).collect());
    assert_eq!(found["maintenance"], 3);
    let counts: Vec<u64> = delimited(&ran.out, b',').iter().map(|row| row["events"].parse().unwrap()).collect();
    assert!(counts.is_sorted_by(|a, b| a >= b), "{counts:?}");
}

#[test]
fn info_reports_the_contents_of_the_case() {
    let test_env = TestEnv::with_delivery();
    let ran = test_env.run(&["info"]).exits(0);
    assert!(ran.out.contains("period      2016-05-20T08:27:45Z to 2024-03-02T21:28:30Z\nevents      360\n"), "{ran:?}");
    assert!(ran.out.contains("regions     us-east-1  294\n"), "{ran:?}");
    assert_eq!(ran.err, "");
    let info = test_env.run(&["--format", "json", "info"]).exits(0).json();
    assert_eq!((&info["events"], &info["files"], &info["conflicts"]), (&json!(360), &json!(36), &json!(1)));
    assert!(
        test_env.run(&["--format", "ndjson", "info"]).exits(0).json()["case"].as_str().unwrap().ends_with("trailq.db")
    );
    test_env.run(&["--format", "csv", "info"]).fails(2, &["info has no format csv"]);
}

#[test]
fn a_mistake_ends_with_2_and_a_caret() {
    let test_env = TestEnv::with_delivery();
    let ran = test_env.run(&["lookup", "evnt-name=CreateUser"]);
    ran.fails(
        2,
        &["error: unknown field `evnt-name`\n  | evnt-name=CreateUser\n  | ^^^^^^^^^\n", "did you mean `event-name`"],
    );
    test_env.run(&["lookup", "user="]).fails(2, &["\n  | user=\n  |     ^\n"]);
    test_env.run(&["lookup", "| tpo 3 user"]).fails(2, &["`tpo` is not a stage", "top"]);
    test_env.run(&["sql", "SELEC 1"]).fails(2, &["syntax error\n  | SELEC 1\n  | ^^^^^\n"]);
    test_env
        .run(&["sql", "SELECT usr_name FROM events"])
        .fails(2, &["no such column: usr_name", "user_name", "^^^^^^^^\n"]);
    test_env.run(&["sql", "SELECT * FROM evnts"]).fails(2, &["no such table: evnts", "did you mean events"]);
    test_env
        .run(&["--format", "records", "lookup", "user=alice | count"])
        .fails(2, &["the format records shows events"]);
    for usage in [
        &["lookup"][..],
        &["sql"],
        &["import"],
        &["script"],
        &["lookup", "--nonsense", "user=alice"],
        &["--format", "xml", "info"],
        &["sql", "SELECT 1", "-f", "x.sql"],
        &["sql", "--param", "novalue", "SELECT 1"],
        &["import", "--jobs", "0", "x"],
    ] {
        let ran = test_env.run(usage).fails(2, &["error: "]);
        assert_eq!(ran.out, "", "{usage:?}");
    }
    let ran = test_env.run(&["lookup", "--since", "2024-03-01", "user=alice"]);
    ran.fails(
        2,
        &["`--since` is not an option of trailq lookup: since is a term", "lookup since=2024-03-01 user=alice\n"],
    );
    test_env.run(&["lokup"]).fails(2, &["no command `lokup`", "did you mean the command `lookup`?"]);
    test_env.run(&["a.db", "--db", "b.db"]).fails(2, &["CASE and --db both name a case"]);
    test_env.run(&["script", "no.trailq"]).fails(2, &["no script or file `no.trailq`"]);
    test_env.run(&["sql", "-f", "no.sql"]).fails(2, &["there is no file no.sql"]);
}

#[test]
fn sql_changes_nothing() {
    let test_env = TestEnv::with_delivery();
    let before = std::fs::read(test_env.scratch.case()).unwrap();
    for sql in [
        "INSERT INTO imports (started_at) VALUES ('x')",
        "DELETE FROM events",
        "UPDATE events SET event_name = 'x'",
        "DROP TABLE events",
        "CREATE TEMP TABLE x (y)",
        "ATTACH 'other.db' AS other",
        "DETACH main",
        "PRAGMA journal_mode = WAL",
        "PRAGMA query_only = OFF",
        "PRAGMA user_version = 7",
        "SELECT load_extension('x')",
        "SELECT 1; DELETE FROM events",
        "WITH x AS (SELECT 1) DELETE FROM events",
        "BEGIN IMMEDIATE",
        "VACUUM INTO 'copy.db'",
    ] {
        let ran = test_env.run(&["sql", sql]);
        ran.fails(2, &["error: this would change something: SQL on a case is read-only\n"]);
    }
    assert!(std::fs::read(test_env.scratch.case()).unwrap() == before, "the case changed");
    let mut left: Vec<_> =
        std::fs::read_dir(test_env.scratch.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["trailq.db"]);
    assert_eq!(
        test_env.run(&["--format", "tsv", "sql", "PRAGMA integrity_check"]).exits(0).out,
        "integrity_check\nok\n"
    );
}

#[test]
fn non_case_files_are_rejected_unmodified() {
    let test_env = TestEnv::with_delivery();
    let scratch = &test_env.scratch;
    let case = std::fs::read(scratch.case()).unwrap();
    scratch.write("text.db", "Dear reader,\nthis is no database.\n");
    scratch.write("empty.db", "");
    scratch.write("half.db", &case[..case.len() / 2]);
    scratch.write("newer.db", &case);
    std::fs::create_dir(scratch.path("folder.db")).unwrap();
    let open = |name: &str| rusqlite::Connection::open(scratch.path(name)).unwrap();
    open("newer.db").execute_batch("PRAGMA user_version = 99").unwrap();
    open("foreign.db").execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1)").unwrap();
    let trail = scratch.write("trail.json", record("e-1", ""));
    for (name, says) in [
        ("text.db", "text.db is not a case: it is not a SQLite database\n"),
        ("folder.db", "folder.db is not a case: it is a folder\n"),
        ("foreign.db", "foreign.db is not a case: it is a SQLite database of another program\n"),
        ("newer.db", "newer.db was made by a newer trailq: its schema is version 99, this trailq knows "),
        ("half.db", "half.db is damaged: "),
        ("empty.db", "empty.db is not a case: it is empty\n"),
        ("missing.db", "there is no case at missing.db\n"),
    ] {
        let before = std::fs::read(scratch.path(name)).ok();
        for arguments in [&["lookup", "user=alice"][..], &["sql", "SELECT 1"], &["info"], &[], &["import"]] {
            let mut all = vec!["--db", name];
            all.extend(arguments);
            if arguments == ["import"] {
                if ["empty.db", "missing.db"].contains(&name) {
                    continue;
                }
                all.push(trail.to_str().unwrap());
            }
            let ran = test_env.run(&all).fails(2, &[says, "  = hint: "]);
            assert_eq!(ran.out, "");
        }
        assert!(std::fs::read(scratch.path(name)).ok() == before, "{name} changed");
    }
    test_env
        .run(&["--db", "no/such/folder/x.db", "import", trail.to_str().unwrap()])
        .fails(2, &["the folder no/such/folder does not exist"]);
}

#[test]
fn a_missing_path_is_refused_before_anything_is_imported() {
    let test_env = TestEnv::new();
    let trail = test_env.scratch.write("trail.json", record("e-1", ""));
    let ran = test_env.run(&["import", trail.to_str().unwrap(), "nowhere"]);
    ran.fails(2, &["error: nowhere: there is no such file or folder\n"]);
    assert!(!test_env.scratch.case().exists());
}

#[test]
fn rejected_input_ends_with_1_and_the_rest_is_imported() {
    let test_env = TestEnv::new();
    let broken = testdata("broken");
    let shapes = testdata("shapes");
    let ran = test_env.run(&["import", broken.to_str().unwrap(), shapes.to_str().unwrap()]);
    let ran = ran.fails(1, &["83 records read, 74 stored, 0 duplicate, 9 rejected\n", "6 files ignored"]);
    assert!(ran.err.contains("/bad-line.ndjson:2: "), "{ran:?}");
    common::check_case(&test_env.scratch.case());
    assert_eq!(test_env.scratch.number("SELECT count(*) FROM events"), 74);
    test_env.run(&["--quiet", "import", broken.to_str().unwrap()]).exits(0);
    let named = broken.join("LICENSE.txt");
    test_env.run(&["import", named.to_str().unwrap()]).fails(1, &["LICENSE.txt"]);
}

#[test]
fn rows_may_be_made_a_failure() {
    let test_env = TestEnv::with_delivery();
    test_env.run(&["lookup", "--fail-on-rows", "user=svc-backup"]).exits(1);
    test_env.run(&["lookup", "--fail-on-rows", "user=nobody-at-all"]).exits(0);
    test_env.run(&["sql", "--fail-on-rows", "SELECT 1"]).exits(1);
    test_env.run(&["sql", "--fail-on-rows", "SELECT 1 WHERE 0"]).exits(0);
    test_env.run(&["sql", "SELECT 1"]).exits(0);
    test_env.run(&["lookup", "--fail-on-rows", "usr=x"]).exits(2);
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let test_env = TestEnv::with_delivery();
    assert!(test_env.run(&["--format", "tsv", "sql", MANY_ROWS]).exits(0).out.len() > 500_000);
    for format in ["table", "expanded", "json", "ndjson", "csv", "tsv", "markdown"] {
        let ran = test_env.head(&["--format", format, "sql", MANY_ROWS]).exits(0);
        assert_eq!(ran.err, "", "{format}");
    }
    let ran =
        test_env.head(&["--format", "records", "sql", "SELECT id FROM events, (SELECT 1 UNION SELECT 2)"]).exits(0);
    assert_eq!(ran.err, "");
    let ran = test_env.head(&["--format", "expanded", "lookup", "time=*"]).exits(0);
    assert_eq!(ran.err, "");
    let script = test_env.scratch.write("much.trailq", format!(".print begin\n{MANY_ROWS};\n.nonsense\n"));
    assert_eq!(test_env.head(&["script", script.to_str().unwrap()]).exits(0).err, "");
}

#[test]
fn rows_go_to_stdout_and_messages_to_stderr() {
    let test_env = TestEnv::with_delivery();
    let told = test_env.run(&["lookup", "user=alice", "event-name=ConsoleLogin"]).exits(0);
    assert!(told.err.contains(" events (all times, ") && told.err.contains("note: user `alice` is 2 identities:"));
    let quiet = test_env.run(&["--quiet", "lookup", "user=alice", "event-name=ConsoleLogin"]).exits(0);
    assert_eq!((quiet.out.as_str(), quiet.err.as_str()), (told.out.as_str(), ""));
    assert!(quiet.out.starts_with("event_time"), "{quiet:?}");
    let none = test_env.run(&["--format", "ndjson", "lookup", "user=alcie"]).exits(0);
    assert_eq!(none.out, "");
    assert!(none.err.contains("no events match") && none.err.contains("`alice`"), "{none:?}");
    let none = test_env.run(&["--format", "json", "-q", "lookup", "user=alcie"]).exits(0);
    assert_eq!((none.json(), none.err.as_str()), (json!([]), ""));
    test_env.run(&["--quiet", "lookup", "usr=alice"]).fails(2, &["unknown field `usr`"]);
    let quiet = test_env.run(&["--quiet", "import", testdata("shapes").to_str().unwrap()]).exits(0);
    assert_eq!((quiet.out.as_str(), quiet.err.as_str()), ("", ""));
    let test_env = TestEnv::with_delivery();
    for (lookup, said) in [
        ("outcome=denied | limit 5", "the newest 5 of 21 events ("),
        ("outcome=denied | limit 21", "21 events ("),
        ("", "the newest 50 of 360 events ("),
    ] {
        let ran = test_env.run(&["lookup", lookup]).exits(0);
        assert!(ran.err.starts_with(said), "{lookup}: {ran:?}");
    }
}

#[test]
fn a_piped_table_is_whole_and_without_color() {
    let test_env = TestEnv::with_delivery();
    let sql = "SELECT hex(zeroblob(300)) AS wide, record(id) AS record FROM events WHERE event_name = 'CreateUser'";
    let table = test_env.run(&["sql", sql]).exits(0).out;
    assert_eq!(table.lines().count(), 3);
    assert!(table.contains(&"0".repeat(600)) && table.contains("63351e45-a833-4630-abf2-a991cc0b83a6"), "{table}");
    assert!(!table.contains(['\x1b', '…']), "{table}");
    let plain = test_env.run(&["lookup", "outcome=denied"]).exits(0);
    assert!(!plain.out.contains('\x1b') && !plain.err.contains('\x1b'), "{plain:?}");
    let colored = test_env.run(&["--color", "always", "lookup", "outcome=denied"]).exits(0);
    assert!(colored.out.contains("\x1b["), "{colored:?}");
    let trimmed = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    assert_eq!(trimmed(&without_color(&colored.out)), trimmed(&plain.out));
    assert!(test_env.run(&["--color", "always", "lookup", "x=y"]).exits(2).err.contains("\x1b["));
}

/// A text without its colors.
fn without_color(text: &str) -> String {
    regex::Regex::new("\x1b\\[[0-9;]*m").unwrap().replace_all(text, "").into_owned()
}

#[test]
fn nothing_in_a_record_acts_on_a_terminal_or_a_spreadsheet() {
    let test_env = TestEnv::with_delivery();
    let sql = "SELECT h.event_name, user_agent, record(h.id) AS record FROM event_history AS h \
               WHERE event_name = 'DescribeRegions'";
    for format in FORMATS {
        for arguments in [["lookup", "event-name=DescribeRegions"], ["sql", sql]] {
            let ran = test_env.run(&["--format", format, arguments[0], arguments[1]]).exits(0);
            assert!(ran.out.contains("DescribeRegions"), "{ran:?}");
            // The original records stay as they are, and JSON has no raw ESC.
            let acts = |c: char| c == '\x1b' || (format != "records" && c.is_control() && !"\n\r\t".contains(c));
            assert!(!ran.out.contains(acts) && !ran.err.contains(acts), "{format}: {ran:?}");
            if arguments[0] == "sql" && format != "records" {
                assert!(
                    ran.out.replace('\\', "").contains("1b[31mred"),
                    "the user agent is not there, escaped: {ran:?}"
                );
            }
        }
    }
    let formula =
        test_env.run(&["--format", "csv", "lookup", "event-name=DescribeVolumes", "user-agent=*cmd*"]).exits(0);
    assert_eq!(delimited(&formula.out, b',')[0]["user_agent"], "'=cmd()");
    for text in ["=1+1", "+1", "-cmd", "@x", "\t=1"] {
        let csv = test_env.run(&[
            "--format",
            "csv",
            "sql",
            "--param",
            &format!("t={text}"),
            "SELECT 'x' || :t AS a, :t || '|' AS b",
        ]);
        let row = delimited(&csv.exits(0).out, b',').remove(0);
        assert!(row["b"].starts_with('\''), "{row:?}");
        assert!(row["a"].starts_with('x'), "{row:?}");
    }
    let json = test_env.run(&["--format", "json", "lookup", "event-name=DescribeVolumes", "user-agent=*cmd*"]).exits(0);
    assert_eq!(json.json()[0]["user_agent"], "=cmd()");
}

#[test]
fn sql_takes_parameters_and_files() {
    let test_env = TestEnv::with_delivery();
    let sql = "SELECT count(*) AS n, typeof(:least) AS t FROM events WHERE user_name = :user AND id >= :least";
    let ran = test_env.run(&["--format", "json", "sql", "--param", "user=alice", "--param", "least=0", sql]).exits(0);
    assert_eq!(ran.json(), json!([{"n": 57, "t": "integer"}]));
    let injected = test_env.run(&["--format", "json", "sql", "--param", "user=' OR 1=1 --", "--param", "least=0", sql]);
    assert_eq!(injected.exits(0).json()[0]["n"], 0);
    test_env.run(&["sql", "--param", "user=alice", sql]).fails(2, &[":least has no value", "--param least=VALUE"]);
    test_env.run(&["sql", "--param", "x=1", "SELECT 1"]).fails(2, &["there is no parameter :x in the statement"]);
    let file = test_env
        .scratch
        .write("report.sql", "-- who\nSELECT user_name, count(*) AS n\nFROM events WHERE user_name = :u;\n");
    let file = file.to_str().unwrap();
    let ran = test_env.run(&["--format", "tsv", "sql", "-f", file, "--param", "u=alice"]).exits(0);
    assert_eq!(ran.out, "user_name\tn\nalice\t57\n");
    assert_eq!(test_env.pipe(&["--format", "tsv", "sql", "-f", "-"], b"SELECT 7 AS n").exits(0).out, "n\n7\n");
    for first in ["-- one", "SELECT 1;"] {
        let bad = test_env.scratch.write("bad.sql", format!("{first}\nSELECT\n  nowhere FROM events;\n"));
        test_env
            .run(&["sql", "-f", bad.to_str().unwrap()])
            .fails(2, &["no such column: nowhere\n", "bad.sql:3\n  |   nowhere FROM events;\n  |   ^^^^^^^\n"]);
    }
}

#[test]
fn a_script_runs_with_parameters_and_names_the_place_of_a_mistake() {
    let test_env = TestEnv::with_delivery();
    let text = "-- who and what\n.print user ${who}\nuser=${who} event-name=${what} | count\n\
                SELECT count(*) AS n FROM events\nWHERE user_name = :who;\n.mode csv\nSELECT :who AS who;\n";
    let script = test_env.scratch.write("user.trailq", text);
    let script = script.to_str().unwrap();
    let params = ["--param", "who=alice", "--param", "what=ConsoleLogin"];
    let mut arguments = vec!["--format", "tsv", "script", script];
    arguments.extend(params);
    let ran = test_env.run(&arguments).exits(0);
    let logins = test_env
        .scratch
        .number("SELECT count(*) FROM events WHERE user_name = 'alice' AND event_name = 'ConsoleLogin'");
    assert!(logins > 0);
    assert_eq!(ran.out, format!("user alice\nevents\n{logins}\nn\n57\nwho\r\nalice\r\n"));
    assert!(ran.err.contains("1 row (all times, "), "{ran:?}");
    // A value is a value, whatever it looks like.
    let ran =
        test_env.run(&["--format", "tsv", "script", script, "--param", "who=x or user=alice", "--param", "what=*"]);
    assert!(ran.exits(0).out.starts_with("user x or user=alice\nevents\n0\nn\n0\n"));
    test_env.run(&["script", script]).fails(2, &["user.trailq:2\n", "who"]);
    for (text, says) in [
        ("user=alice | count\n\nevnt-name=x\n", ["unknown field `evnt-name`\n", "bad.trailq:3\n  | evnt-name=x\n"]),
        ("SELECT 1;\n\nSELECT\n  nowhere FROM events;\n", ["no such column: nowhere\n", "bad.trailq:4\n"]),
        (".print a\n.nonsense\n.print b\n", ["unknown command `.nonsense`\n", "bad.trailq:2\n"]),
        ("SELECT 1;\nDELETE FROM events;\n", ["this would change something", "bad.trailq:2\n"]),
        ("\n.read inner.trailq\n", ["unknown field", "inner.trailq:1\n"]),
    ] {
        test_env.scratch.write("inner.trailq", "usr=x\n");
        let script = test_env.scratch.write("bad.trailq", text);
        let ran = test_env.run(&["script", script.to_str().unwrap()]).fails(2, &says);
        assert!(!ran.out.contains("b\n"), "{ran:?}");
    }
    assert_eq!(test_env.pipe(&["--format", "tsv", "script", "-"], b"SELECT 3 AS n;\n").exits(0).out, "n\n3\n");
}

#[test]
fn standard_input_is_imported_in_any_wrapping() {
    let trail = format!("{{\"Records\":[{},{}]}}", record("e-1", ""), record("e-2", ""));
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in [("a/one.json", record("e-1", "")), ("a/two.json", record("e-2", ""))] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    let zip = zip.finish().unwrap().into_inner();
    for (what, input) in [
        ("plain", trail.clone().into_bytes()),
        ("lines", format!("{}\n{}\n", record("e-1", ""), record("e-2", "")).into_bytes()),
        ("gzip", gzip(trail.as_bytes())),
        ("zip", zip),
    ] {
        let test_env = TestEnv::new();
        let ran = test_env.pipe(&["import", "-"], &input).exits(0);
        assert!(ran.err.contains("2 records read, 2 stored, 0 duplicate, 0 rejected"), "{what}: {ran:?}");
        common::check_case(&test_env.scratch.case());
        assert_eq!(
            test_env.run(&["--format", "tsv", "lookup", "event-name=RunInstances | count"]).exits(0).out,
            "events\n2\n"
        );
        test_env.pipe(&["import", "-"], &input).exits(0);
        assert_eq!(test_env.scratch.number("SELECT count(*) FROM events"), 2, "{what}");
    }
    let test_env = TestEnv::new();
    test_env.pipe(&["import", "-"], b"no trail file").fails(1, &["rejected"]);
}

#[test]
fn a_read_only_case_opens() {
    let test_env = TestEnv::with_delivery();
    if !as_nobody(&test_env) {
        return;
    }
    let folder = test_env.scratch.folder.path();
    chmod(&test_env.scratch.case(), 0o444);
    chmod(folder, 0o555);
    let run = |arguments: &[&str]| {
        let mut command = test_env.command(arguments);
        drop_privileges(&mut command);
        common::program::CommandOutput::of(command.output().unwrap())
    };
    let mut probe = std::process::Command::new("touch");
    probe.arg(folder.join("x"));
    drop_privileges(&mut probe);
    let forbidden = !probe.output().unwrap().status.success();
    let found = run(&["--format", "tsv", "lookup", "user=alice | count"]);
    let info = run(&["info"]);
    let trail = testdata("shapes");
    let refused = run(&["import", trail.to_str().unwrap()]);
    chmod(folder, 0o755);
    assert!(forbidden, "the folder is not read-only");
    assert_eq!(found.exits(0).out, "events\n57\n");
    info.exits(0);
    refused.fails(2, &["trailq.db"]);
}

#[test]
fn unreadable_files_are_reported_and_the_rest_is_imported() {
    let test_env = TestEnv::with_delivery();
    if !as_nobody(&test_env) {
        return;
    }
    let folder = test_env.scratch.folder.path();
    chmod(folder, 0o777);
    chmod(&test_env.scratch.case(), 0o666);
    test_env.scratch.write("trail/good.json", record("good", ""));
    let file = test_env.scratch.write("trail/forbidden.json", record("hidden", ""));
    let inside = test_env.scratch.write("trail/locked/a.json", record("inside", ""));
    let locked = inside.parent().unwrap();
    chmod(&file, 0o000);
    chmod(locked, 0o000);
    let mut command = test_env.command(&["import", "trail", "--format", "json"]);
    drop_privileges(&mut command);
    let ran = common::program::CommandOutput::of(command.output().unwrap());
    chmod(locked, 0o755);
    let report = ran.exits(1).json();
    assert_eq!((&report["stored"], &report["rejected"]), (&1.into(), &2.into()), "{report}");
    for (index, path) in ["trail/forbidden.json", "trail/locked"].iter().enumerate() {
        let reject = &report["rejects"][index];
        assert!(reject["file"].as_str().unwrap().ends_with(path), "{report}");
        assert_eq!(reject["reason"], "cannot be read: permission denied");
    }
}

#[test]
fn the_case_may_be_named_by_the_environment() {
    let test_env = TestEnv::with_delivery();
    std::fs::rename(test_env.scratch.case(), test_env.scratch.path("named.db")).unwrap();
    test_env.run(&["lookup", "user=alice"]).fails(2, &["there is no case at trailq.db"]);
    let run = |arguments: &[&str]| {
        common::program::CommandOutput::of(test_env.command(arguments).env("TRAILQ_DB", "named.db").output().unwrap())
    };
    assert_eq!(run(&["-q", "--format", "tsv", "lookup", "user=alice | count"]).exits(0).out, "events\n57\n");
    run(&["--db", "other.db", "info"]).fails(2, &["there is no case at other.db"]);
    assert!(run(&["info"]).exits(0).out.contains("named.db"));
}

#[test]
fn a_word_that_is_not_a_command_is_answered_with_what_to_write() {
    let test_env = TestEnv::with_delivery();
    for (arguments, says) in [
        (&["search", "jmerckle"][..], &["no command `search`", "to search for it: trailq lookup jmerckle"][..]),
        (&["find", "a b", "c"], &["no command `find`", "to search for it: trailq lookup 'a b' c"]),
        (&["grep"], &["no command `grep`", "trailq lookup 'user=alice last=7d'"]),
        (&["search", "--format", "json", "x"], &["to search for it: trailq lookup x"]),
        (&["query", "user=alice"], &["to search for it: trailq lookup user=alice"]),
        (&["show", "x"], &["to search for it: trailq lookup x"]),
        (&["tail"], &["write: trailq lookup last=1h"]),
        (&["stats"], &["write: trailq info"]),
        (&["load", "./logs"], &["write: trailq import ./logs"]),
        (&["dump", "x.db"], &["write: trailq snapshot x.db"]),
        (&["verify", "x.db"], &["write: trailq snapshot --verify x.db"]),
        (&["version"], &["write: trailq --version"]),
        (&["serve-x"], &["did you mean the command `serve`?"]),
        (&["impotr", "x"], &["no command `impotr`", "did you mean the command `import`?"]),
        (&["console-logins", "since=2024"], &["is a saved query: trailq run console-logins since=2024"]),
        (&["triage"], &["is a script: trailq script triage"]),
        (&["user=alice"], &["`user=alice` is a lookup, not a command", "write: trailq lookup user=alice"]),
        (&["user=alice", "| count by ip"], &["write: trailq lookup 'user=alice | count by ip'"]),
        (&["lookup user=alice"], &["write the command and its arguments as separate words: trailq lookup user=alice"]),
        (&["SELECT 1"], &["starts an SQL statement", "trailq sql 'SELECT 1'"]),
        (&["select", "*", "from", "events"], &["trailq sql 'select * from events'"]),
        (&[".schema"], &["is a command of the REPL and of scripts", "echo .schema | trailq"]),
        (&["AKIAIOSFODNN7EXAMPLE"], &["to search for it: trailq lookup AKIAIOSFODNN7EXAMPLE"]),
        (&["it's", "me"], &["to search for it: trailq lookup 'it'\\''s me'"]),
        (&["trailq.db", "search", "x"], &["no command `search`"]),
        (&["aws", "cloudtrail", "lookup-events"], &["write: trailq lookup-events"]),
        (&["help", "serach"], &["no command `serach`"]),
        (&["help", "impotr"], &["did you mean the command `import`?"]),
        (&["./none"], &["there is no case at ./none"]),
        (&["none.db"], &["there is no case at none.db"]),
    ] {
        let ran = test_env.run(arguments).fails(2, says);
        assert_eq!(ran.out, "", "{arguments:?}");
    }
}

#[test]
fn options_of_other_tools_are_answered_with_what_to_write() {
    let test_env = TestEnv::with_delivery();
    for (arguments, says) in [
        (&["lookup", "--limti", "3", "x"][..], &["`trailq lookup` has no option --limti", "did you mean --limit?"][..]),
        (&["lookup", "--after", "2024", "x"], &["trailq lookup since=2024-03-01"]),
        (&["lookup", "--jobs", "3", "x"], &["--jobs is an option of import", "`trailq help lookup`"]),
        (&["lookup", "--json", "x"], &["--format json"]),
        (&["import", "-r", "x"], &["folders are read with everything in them"]),
        (&["info", "-o", "x"], &["`> FILE` writes to a file"]),
        (&["run", "lineage", "--key", "AKIA"], &["trailq run lineage key=AKIA"]),
        (&["--user", "alice"], &["`trailq` has no option --user", "trailq lookup user=alice"]),
        (&["--since=2024-03-01"], &["`since` is a term: trailq lookup since=2024-03-01"]),
        (&["--source-ip", "1.2.3.4"], &["`ip` is a term: trailq lookup ip=1.2.3.4"]),
        (&["--limit", "3", "lookup", "x"], &["write the options of a command after it: trailq lookup --limit ..."]),
        (&["--format", "xlsx", "info"], &["invalid value `xlsx` for --format", "use csv, which spreadsheets open"]),
        (&["--format", "tabel", "info"], &["possible values: table, expanded", "did you mean table?"]),
        (&["--color", "blue", "info"], &["possible values: auto, always, never"]),
        (&["--format"], &["--format needs a value"]),
        (&["lookup"], &["`trailq lookup` needs LOOKUP...", "for example: trailq lookup event-name="]),
        (&["import"], &["`trailq import` needs PATH...", "for example: trailq import ./AWSLogs"]),
        (&["snapshot"], &["`trailq snapshot` needs OUT.db"]),
        (&["diff", "a.db"], &["`trailq diff` needs B.db"]),
        (&["snapshot", "a.db", "b.db"], &["`trailq snapshot` does not take the argument `b.db`"]),
        (&["sql", "SELECT", "1"], &["quote the statement: trailq sql 'SELECT 1'"]),
        (&["info", "x.db"], &["trailq --db x.db info"]),
        (&["sql", "SELECT 1", "-f", "x"], &["cannot be used with"]),
        (&["--quiet", "--quiet", "info"], &["--quiet is given twice"]),
        (&["import", "--jobs", "0", "x"], &["invalid value `0` for --jobs: expected a number from 1 to 1024"]),
        (&["serve", "--port", "x"], &["invalid value `x` for --port: expected an integer"]),
        (&["serve", "--port", "1", "--address", "x"], &["invalid value `x` for --address: expected an IP address"]),
        (&["lookup", "--limit", "99999999999999999999", "x"], &["the number is too large"]),
    ] {
        let ran = test_env.run(arguments).fails(2, says);
        assert_eq!(ran.out, "", "{arguments:?}");
        assert!(ran.err.starts_with("error: ") && !ran.err.contains("Usage:"), "{ran:?}");
    }
}

#[test]
fn a_folder_or_a_trail_file_in_place_of_a_case_is_to_be_imported() {
    let test_env = TestEnv::new();
    test_env.scratch.write("logs/one.json", record("a", ""));
    test_env.scratch.write("one.json.gz", gzip(record("a", "").as_bytes()));
    for (arguments, says) in [
        (&["one.json.gz"][..], "trailq import one.json.gz"),
        (&["--db", "one.json.gz", "info"], "trailq import one.json.gz"),
        (&["--db", "one.json.gz", "lookup", "user=alice"], "trailq import one.json.gz"),
        (&["--db", "logs", "lookup-events"], "trailq import logs"),
        (&["logs"], "trailq import logs"),
        (&["none.json"], "trailq import none.json"),
    ] {
        let ran = test_env.run(arguments).fails(2, &["import trail files into a case first: ", says]);
        assert_eq!(ran.out, "", "{arguments:?}");
    }
    let before = std::fs::read(test_env.scratch.folder.path().join("one.json.gz")).unwrap();
    assert_eq!(before, gzip(record("a", "").as_bytes()));
}

#[test]
fn on_and_off_say_when_to_color_too() {
    let test_env = TestEnv::with_delivery();
    let colored = |when: &str| test_env.run(&["--color", when, "lookup", "user=alice"]).exits(0).out.contains('\x1b');
    assert_eq!(["always", "on", "never", "off"].map(colored), [true, true, false, false]);
}
