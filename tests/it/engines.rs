//! Lookups as statements of other engines: DuckDB, ClickHouse and Spark answer them row by row as trailq does, Trino's
//! grammar takes them, and what cannot be asked is refused with a reason. Skipped, aloud, where the engines cannot be
//! installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::program::{PROGRAM, TestEnv};
use crate::common::{Needs, Scratch, corpus, skip, testdata};
use crate::properties::facts::ExpectedEvent;
use crate::properties::filters::{LIST, term};
use crate::properties::records;
use crate::properties::rng::Rng;
use crate::properties::stages::{self, Stage};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/engines.py");
const ENGINES: [&str; 5] = ["duckdb", "clickhouse", "spark", "trino", "athena"];

/// A file with lookups or records.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engines").join(name)
}

/// The python that has the engines.
pub(crate) fn engines() -> Option<String> {
    if cfg!(not(feature = "parquet")) {
        skip(Needs::Tool("parquet"), "the engines read a table, which this build cannot write");
        return None;
    }
    let made = match Command::new("python3").args([SCRIPT, "prepare"]).output() {
        Ok(made) => made,
        Err(error) => {
            skip(Needs::Tool("python3"), format_args!("the engines need python3: {error}"));
            return None;
        }
    };
    if !made.status.success() {
        assert_eq!(made.status.code(), Some(3), "{made:?}");
        skip(Needs::Tool("engines"), String::from_utf8_lossy(&made.stderr).trim());
        return None;
    }
    Some(String::from_utf8(made.stdout).unwrap().trim().to_owned())
}

/// Reports whether there is Java, which Spark needs.
pub(crate) fn has_java() -> bool {
    let java = Command::new("java").arg("-version").output().is_ok_and(|java| java.status.success());
    if !java {
        skip(Needs::Tool("java"), "Spark needs java");
    }
    java
}

/// Runs a command of the script of the engines, and prints what it prints.
fn run(python: &str, folder: &Path, arguments: &[&str]) {
    run_script(python, folder, SCRIPT, arguments);
}

/// Runs a script, and prints what it prints.
pub(crate) fn run_script(python: &str, folder: &Path, script: &str, arguments: &[&str]) {
    let done = Command::new(python).current_dir(folder).arg(script).args(arguments).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{out}{err}");
    eprint!("{out}");
}

/// Asks the lookups of files of trailq and of engines.
fn check(case: &Path, lookups: &[&str], engines: &[&str], python: &str) {
    let lookups: Vec<String> = lookups.iter().map(|name| file(name).to_str().unwrap().to_owned()).collect();
    let (lookups, case) = (lookups.join(","), case.to_str().unwrap());
    run(python, Path::new("."), &[&["check", PROGRAM, case, &lookups], engines].concat());
}

/// A case with the project's own test data, and records that are hard to ask about.
fn own() -> Scratch {
    let scratch = Scratch::new();
    scratch.import(&[testdata("delivery"), testdata("shapes"), file("hostile.json")]);
    scratch
}

#[test]
fn duckdb_and_clickhouse_answer_as_trailq_does() {
    let Some(python) = engines() else { return };
    let both = &["duckdb", "clickhouse"];
    check(&own().case(), &["language.txt", "hostile.txt"], both, &python);
    let generated = Scratch::new();
    let mut rng = Rng::new(20);
    let records: Vec<String> = (0..400).map(|number| records::record(&mut rng, number)).collect();
    generated.write("trail.json", format!("{{\"Records\":[{}]}}", records.join(",")));
    generated.import(&[generated.folder.path()]);
    check(&generated.case(), &["language.txt"], both, &python);
    let Some(corpus) = corpus() else { return };
    let real = Scratch::new();
    real.import(&[corpus]);
    check(&real.case(), &["language.txt"], both, &python);
}

/// Reports whether a lookup shows or compares what engines are known to see differently: numbers of any spelling, and arrays
/// directly in arrays, which are in objects of generated records.
fn may_differ(lookup: &str) -> bool {
    let names = lookup.split(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '_' | '"'));
    let is_whole = |name: &str| matches!(name, "request" | "requestParameters" | "response" | "responseElements");
    names.into_iter().any(|name| name.contains(".number") || name.contains(".nested") || is_whole(name))
}

#[test]
fn random_lookups_have_the_same_answers_or_are_refused() {
    let Some(python) = engines() else { return };
    let mut rng = Rng::new(21);
    let scratch = Scratch::new();
    let records: Vec<String> = (0..150).map(|number| records::record(&mut rng, number)).collect();
    scratch.write("trail.json", format!("{{\"Records\":[{}]}}", records.join(",")));
    scratch.import(&[scratch.folder.path()]);
    let fact = |raw: String| ExpectedEvent {
        json: serde_json::from_str(&raw).unwrap(),
        raw,
        file: "trail.json".to_owned(),
        tags: Vec::new(),
        resources: Vec::new(),
    };
    let facts: Vec<ExpectedEvent> = records.into_iter().map(fact).collect();
    let (mut lookups, mut asked) = (String::new(), 0);
    while asked < 160 {
        let terms: Vec<String> = (0..1 + rng.below(3))
            .map(|_| format!("{}{}", if rng.chance(25) { "not " } else { "" }, term(&facts, &mut rng, None).text))
            .collect();
        let filter = terms.join(if rng.chance(30) { " or " } else { " " });
        let stages: Vec<String> = stages::random(&mut rng).iter().map(Stage::text).collect();
        let text = [filter].into_iter().chain(stages).collect::<Vec<_>>().join(" | ");
        if may_differ(&text) {
            continue;
        }
        asked += 1;
        lookups.push_str(&text.replace('\n', "␤"));
        lookups.push('\n');
    }
    let lookups = scratch.write("random.txt", lookups);
    scratch.write("list", LIST.join("\n"));
    let (case, lookups) = (scratch.case(), lookups.to_str().unwrap());
    let arguments = ["random", PROGRAM, case.to_str().unwrap(), lookups, "duckdb", "clickhouse"];
    run(&python, scratch.folder.path(), &arguments);
}

#[test]
fn spark_answers_as_trailq_does() {
    let Some(python) = engines() else { return };
    if !has_java() {
        return;
    }
    check(&own().case(), &["language.txt", "hostile.txt"], &["spark"], &python);
}

#[test]
fn the_statement_of_the_guide_removes_duplicates() {
    let Some(python) = engines() else { return };
    let scratch = Scratch::new();
    scratch.import(&[testdata("delivery")]);
    let case = scratch.case();
    for by in ["date", "account,region,date"] {
        let mut arguments = vec!["duplicates", PROGRAM, case.to_str().unwrap(), by, "duckdb", "clickhouse"];
        if has_java() {
            arguments.push("spark");
        }
        run(&python, Path::new("."), &arguments);
    }
}

#[test]
fn trino_s_grammar_takes_every_statement() {
    let lookups = format!("{},{}", file("language.txt").display(), file("hostile.txt").display());
    let done = match Command::new("python3").args([SCRIPT, "grammar", PROGRAM, &lookups]).output() {
        Ok(done) => done,
        Err(error) => return skip(Needs::Tool("python3"), format_args!("the grammar needs python3: {error}")),
    };
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    if done.status.code() == Some(3) {
        return skip(Needs::Tool("trino-grammar"), err.trim());
    }
    assert!(done.status.success(), "{out}{err}");
    eprint!("{out}");
}

#[test]
fn aws_s_own_table_answers_or_the_lookup_is_refused() {
    let Some(python) = engines() else { return };
    let scratch = Scratch::new();
    scratch.import(&[testdata("delivery")]);
    let (case, lookups) = (scratch.case(), file("language.txt"));
    run(&python, Path::new("."), &["aws", PROGRAM, case.to_str().unwrap(), lookups.to_str().unwrap()]);
}

#[test]
fn the_layout_of_aws_refuses_what_it_lacks() {
    let test_env = TestEnv::new();
    let asked =
        |engine: &str, lookup: &str| test_env.run(&["lookup", "--for", engine, "--layout", "aws", "--", lookup]);
    for (lookup, says) in [
        (
            "resource=acme-logs",
            ["AWS's table has no column for `resource`", "nearest: a resource as the record names it"],
        ),
        ("| count by listed-type", ["no column for `listed-type`", "nearest"]),
        ("outcome=denied", ["no column for `outcome`", "error=AccessDenied"]),
        ("text=acme", ["does not have the whole record", "nearest: a path"]),
        ("alice", ["a value without a field", "name the field"]),
        ("tlsDetails.tlsVersion=TLSv1.2", ["does not have `tlsDetails` as JSON", "nearest: a field"]),
        ("ip=2001:db8::/32", ["addresses of IPv6", "ip=2001:db8:*"]),
    ] {
        asked("athena", lookup).fails(2, &says);
    }
    let sql = asked("athena", "since=2024-03-01 request.bucketName=logs").exits(0).out;
    assert!(sql.contains("e.delivery_date >= '2024/03/01'") && sql.contains("e.request_parameters"), "{sql}");
    asked("clickhouse", "user=a").fails(2, &["ClickHouse does not read AWS's table", "nearest: --for athena"]);
    let view = test_env
        .run(&["lookup", "--for", "athena", "--layout", "aws", "--ddl", "--location", "logs.cloudtrail"])
        .exits(0)
        .out;
    assert!(
        view.starts_with("CREATE VIEW events AS\nSELECT ") && view.ends_with("\nFROM logs.cloudtrail c\n"),
        "{view}"
    );
    asked("athena", "user=a").exits(0);
}

#[test]
fn hunt_writes_the_rules_that_are_lookups() {
    let test_env = TestEnv::new();
    let rule = |name: &str, text: &str| {
        test_env.scratch.write(&format!("sigma/{name}.yml"), text);
    };
    rule(
        "one",
        "title: \"Key made\\n; DROP\"\nid: 6a5bbd2a-0000-4000-8000-000000000001\nstatus: test\nlevel: high\nauthor: A\n\
         logsource: {product: aws, service: cloudtrail}\n\
         detection: {selection: {eventName: CreateAccessKey}, condition: selection}\n",
    );
    let run = |arguments: &[&str]| test_env.run(&[&["hunt", "--for", "spark"], arguments].concat());
    let ran = run(&[
        "--rules",
        "sigma",
        "--min-level",
        "high",
        "--since",
        "2024-03-01",
        "--where",
        "not user=ci",
        "--out",
        "out",
    ])
    .exits(0);
    assert!(ran.out.is_empty(), "{ran:?}");
    let sql = fs::read_to_string(test_env.scratch.path("out/6a5bbd2a-0000-4000-8000-000000000001.sql")).unwrap();
    for part in [
        "-- Key made ; DROP\n-- level: high\n-- rule: 6a5bbd2a",
        "-- author: A\nSELECT ",
        "e.event_date >= '2024-03-01'",
        "e.user_name = 'ci'",
        "e.event_name RLIKE '\\\\A[Cc][Rr][Ee]",
    ] {
        assert!(sql.contains(part), "{part}: {sql}");
    }
    let written = fs::read_dir(test_env.scratch.path("out")).unwrap().count();
    assert!(written > 30, "{written}: {ran:?}");
    run(&["--out", "out"]).fails(2, &["the folder out is not empty", "name a new folder"]);
    run(&["--out", "none/out"]).fails(2, &["the folder none does not exist"]);
    run(&[]).fails(2, &["needs a folder", "add --out DIR"]);
    run(&["--out", "new", "--where", "usr=a"]).fails(2, &["unknown field `usr`"]);
    assert!(!test_env.scratch.path("new").exists());
    test_env.run(&["hunt", "--out", "new"]).fails(2, &["--for"]);
    let without_rows: &[&[&str]] = &[
        &["--ignore", "sigma"],
        &["--actor", "1"],
        &["--by", "rule"],
        &["--baseline-until", "2024-03-01"],
        &["--baseline", "other.db"],
        &["--new"],
        &["--events"],
        &["--fail-on", "high"],
    ];
    for option in without_rows {
        run(&[&["--out", "new"], *option].concat()).fails(2, &[option[0], "cannot be used with", "--for"]);
    }
    let aws = run(&["--layout", "aws", "--out", "aws", "--min-level", "high"]).exits(0);
    assert!(aws.err.contains("is left out: AWS's table has no column for `outcome`"), "{aws:?}");
}

#[test]
fn a_case_that_cannot_be_read_is_not_a_rule_left_out() {
    let test_env = TestEnv::new();
    test_env.scratch.write(
        "sigma/prod.yml",
        "title: Prod\nid: 6a5bbd2a-0000-4000-8000-000000000002\nstatus: test\nlevel: high\n\
         logsource: {product: aws, service: cloudtrail}\n\
         detection: {selection: {recipientAccountId: prod}, condition: selection}\n",
    );
    test_env.scratch.write("broken.db", "not a database, and longer than the header of one");
    let run = |case: &str, out: &str| {
        test_env.run(&["--db", case, "hunt", "--for", "duckdb", "--rules", "sigma", "--out", out])
    };
    run("broken.db", "broken").fails(2, &["cannot read the names of accounts: ", "broken.db is not a case"]);
    // Without a case, no account has a name, and the rule means what it says.
    run("none.db", "none").exits(0);
    let sql = fs::read_to_string(test_env.scratch.path("none/6a5bbd2a-0000-4000-8000-000000000002.sql")).unwrap();
    assert!(sql.contains("e.recipient_account_id, '\\A[Pp][Rr][Oo][Dd]\\z'"), "{sql}");
}

#[test]
fn one_statement_is_printed_and_nothing_else_and_needs_no_case() {
    let test_env = TestEnv::new();
    for engine in ENGINES {
        let ran = test_env.run(&["lookup", "--for", engine, "user=alice last=7d | top 5 event-name"]).exits(0);
        assert!(ran.out.starts_with("SELECT ") && !ran.out.contains(';') && ran.err.is_empty(), "{ran:?}");
        assert!(ran.out.contains("FROM events e") && ran.out.contains("FROM events newest"), "{ran:?}");
    }
    assert!(!test_env.scratch.case().exists());
}

#[test]
fn names_of_accounts_and_people_are_those_of_the_case() {
    let test_env = TestEnv::with_delivery();
    let accounts = r#"{"Accounts": [{"Id": "111122223333", "Name": "prod", "Status": "ACTIVE",
        "Arn": "arn:aws:organizations::111122223333:account/o-1/111122223333"}]}"#;
    let users = r#"{"Users": [{"UserName": "ada", "UserId": "u-1", "IdentityStoreId": "d-1"}]}"#;
    for (name, document) in [("accounts.json", accounts), ("users.json", users)] {
        test_env.scratch.write(name, document);
        test_env.run(&["import", name]).exits(0);
    }
    let ask = |case: &str, lookup: &str| test_env.run(&["--db", case, "lookup", "--for", "duckdb", lookup]);
    let sql = ask("trailq.db", "account=prod").exits(0).out;
    assert!(sql.contains("e.recipient_account_id = '111122223333'"), "{sql}");
    ask("trailq.db", "account=prdo").fails(2, &["no account is named `prdo`", "prod"]);
    let sql = ask("trailq.db", "person=ada").exits(0).out;
    assert!(sql.contains("'u-1'") && sql.contains("e.session_name = 'ada'"), "{sql}");
    ask("trailq.db", "person=zoe").fails(2, &["the case knows no person `zoe`"]);
    // Without a case, a name is a value as any other, and a person cannot be looked for.
    let sql = ask("none.db", "account=prod").exits(0).out;
    assert!(sql.contains("e.recipient_account_id = 'prod'"), "{sql}");
    ask("none.db", "person=ada").fails(2, &["cannot read the people of the case", "none.db"]);
    test_env.scratch.write("text.db", "not a database, but long enough to be looked at");
    ask("text.db", "account=prod").fails(2, &["cannot read the names of accounts"]);
}

#[test]
fn the_statement_skips_partitions_and_filters_by_text_first() {
    let test_env = TestEnv::new();
    let sql = test_env
        .run(&[
            "lookup",
            "--for",
            "duckdb",
            "--table",
            "lake.Trail.events",
            "since=2024-03-01 until=2024-03-02 request.bucketName=logs",
        ])
        .exits(0)
        .out;
    for part in [
        "e.event_date >= '2024-03-01'\n  AND e.event_date <= '2024-03-02'",
        "contains(e.record, '\"bucketName\"') AND contains(e.record, 'logs')",
        "FROM lake.\"Trail\".events e",
    ] {
        assert!(sql.contains(part), "{part}: {sql}");
    }
}

#[test]
fn records_and_files_of_the_events_are_other_columns() {
    let test_env = TestEnv::new();
    let with = |format: &str, lookup: &str| test_env.run(&["lookup", "--for", "trino", "--format", format, lookup]);
    assert!(with("records", "user=a").exits(0).out.starts_with("SELECT e.record AS message\n"));
    let files = with("files", "user=a | limit 3").exits(0).out;
    assert!(files.starts_with("SELECT DISTINCT e.file AS file\nFROM (SELECT e.*\n"), "{files}");
    with("rows", "user=a").exits(0);
    with("records", "| count").fails(2, &["the lookup counts events, so it has no records and no files"]);
    with("csv", "user=a").fails(2, &["has no format csv", "rows, records or files"]);
    test_env.run(&["lookup", "--format", "rows", "user=a"]).fails(2, &["lookup --for ENGINE"]);
    test_env.run(&["info", "--format", "files"]).fails(2, &["lookup --for ENGINE"]);
}

#[test]
fn what_cannot_be_asked_is_refused_with_the_reason_and_the_nearest_thing() {
    let test_env = TestEnv::new();
    for (engine, lookup, says) in [
        ("duckdb", "tag=odd", ["tags are kept in a case", "`trailq import`"]),
        ("spark", "| count by tag", ["tags are kept in a case", "`trailq import`"]),
        ("duckdb", "agent-family=boto3", ["no column for it", "user-agent=aws-cli/*"]),
        ("trino", "| fields time,sentence", ["no column for `sentence`", "trailq guide fields"]),
        ("clickhouse", r"user~(ab{900}){2}", ["repeats a part 1800 times", "write a wildcard"]),
        ("spark", r"user~\b{start}a", [r"write \b", "simpler expression"]),
        ("spark", "request.\"a'b\\\"c\"=x", ["both \" and '", "text="]),
        ("spark", "| fields request.\"${k}\"", ["no way to write the name", "use the path in the filter"]),
        ("duckdb", "since=2024-03-01 | timeline", ["depends on the newest event", "timeline 1h"]),
        ("duckdb", "last=1d until=2024-03-01 | timeline", ["depends on the newest event", "timeline 1h"]),
        ("duckdb", "user=@attacker", ["cannot read the marks", "trailq.db"]),
        ("duckdb", "usr=alice", ["unknown field `usr`", "did you mean"]),
    ] {
        test_env.run(&["lookup", "--for", engine, "--", lookup]).fails(2, &says);
    }
    let long: Vec<String> = (0..20_000).map(|number| format!("AKIA{number:016}")).collect();
    test_env.scratch.write("keys.txt", long.join("\n"));
    test_env.run(&["lookup", "--for", "athena", "key=@keys.txt"]).fails(2, &["Athena engine version 3 takes 262144"]);
    test_env.run(&["lookup", "--for", "duckdb", "key=@keys.txt"]).exits(0);
    test_env.scratch.write("nul.txt", "a\0b");
    test_env.run(&["lookup", "--for", "duckdb", "user=@nul.txt"]).fails(2, &["NUL"]);
    test_env.run(&["lookup", "--for", "oracle", "user=a"]).fails(2, &["oracle"]);
    test_env.run(&["lookup", "--for", "duckdb", "--explain", "user=a"]).fails(2, &["--explain"]);
    test_env.run(&["lookup", "--table", "x", "user=a"]).fails(2, &["--for"]);
}

#[test]
fn spark_s_variables_are_not_in_the_text_of_a_statement() {
    let sql = TestEnv::new().run(&[
        "lookup",
        "--for",
        "spark",
        "user=\"${HOME}\" or text=\"${x}\" or request.\"${k}\"=\"a${b}\"",
    ]);
    assert!(!sql.exits(0).out.contains("${"));
}

#[test]
fn definitions_of_the_table() {
    let test_env = TestEnv::new();
    for engine in ENGINES {
        let made = test_env.run(&["lookup", "--for", engine, "--ddl", "--location", "s3://it's/events"]).exits(0).out;
        assert!(made.starts_with("CREATE ") && !made.contains(';'), "{made}");
        let location =
            if matches!(engine, "clickhouse" | "spark") { r"s3://it\'s/events" } else { "s3://it''s/events" };
        assert!(made.contains(location), "{made}");
        fs::write(test_env.scratch.path(engine), made).unwrap();
    }
    let athena = fs::read_to_string(test_env.scratch.path("athena")).unwrap();
    for part in ["'projection.enabled' = 'true'", "`read_only` boolean", "`resources` array<struct<type:string"] {
        assert!(athena.contains(part), "{part}: {athena}");
    }
    let by_place =
        |engine: &str| test_env.run(&["lookup", "--for", engine, "--ddl", "--by", "account,region,date"]).exits(0).out;
    for (engine, part) in [
        ("duckdb", "hive_types = {'account': VARCHAR, 'region': VARCHAR, 'event_date': VARCHAR}"),
        ("clickhouse", "account Nullable(String), region Nullable(String), event_date Nullable(String)"),
        ("spark", "PARTITIONED BY (account, region, event_date)"),
        ("trino", "partitioned_by = ARRAY['account', 'region', 'event_date']"),
        ("athena", "PARTITIONED BY (`account` string, `region` string, `event_date` string)"),
    ] {
        let made = by_place(engine);
        assert!(made.contains(part), "{part}: {made}");
        assert!(!made.contains("projection"), "{made}");
    }
    test_env.run(&["lookup", "--for", "duckdb", "--by", "date", "user=a"]).fails(2, &["--ddl"]);
    test_env
        .run(&["lookup", "--for", "athena", "--layout", "aws", "--by", "account,region,date", "--ddl"])
        .fails(2, &["partitioned by the day of delivery", "leave it or --layout out"]);
    test_env.run(&["lookup", "--for", "duckdb", "--by", "hour", "--ddl"]).fails(2, &["hour"]);
    test_env.run(&["lookup", "--for", "duckdb", "--location", "x", "user=a"]).fails(2, &["--ddl"]);
    test_env.run(&["lookup", "--for", "duckdb"]).fails(2, &["LOOKUP"]);
}
