//! `trailq queries`, `trailq run` and what scripts do with them, as a person uses them.

use crate::common;
use crate::common::program::TestEnv;
use crate::common::{content, record};
use serde_json::{Value, json};

/// A query of one's own.
const OWN: &str = "-- title: Names of events\n-- about: How often each event name occurs, for a test.\n\
                   -- param: name text required: the event name\n-- param: most integer = 5: so many rows\n\
                   -- param: since time: from this time on\n-- columns: event_name, events\n\n\
                   SELECT event_name, count(*) AS events FROM events\n WHERE event_name = :name\n\
                   AND time >= ifnull(unixepoch(:since), 0) GROUP BY 1 LIMIT :most;\n";

#[test]
fn queries_are_listed_searched_and_shown_without_a_case() {
    let test_env = TestEnv::new();
    let all = test_env.run(&["queries", "--format", "json"]).exits(0).json();
    assert!(all.as_array().unwrap().len() >= 80);
    let lineage = all.as_array().unwrap().iter().find(|query| query["name"] == "lineage").unwrap();
    assert_eq!(
        lineage,
        &json!({"name": "lineage", "title": "Where an access key is from, and what came of it", "group": "credentials",
                "origin": "trailq", "level": null, "parameters": [{"name": "key", "type": "text", "required": true, "default": null,
                "help": "an access key, long-lived (AKIA) or of a session (ASIA)"}]})
    );
    let found = test_env.run(&["queries", "--format", "tsv", "mfa", "sign-ins"]).exits(0);
    assert!(found.out.contains("\tconsole-logins-without-mfa\t") && !found.out.contains("\tlineage\t"), "{found:?}");
    let found = test_env.run(&["queries", "T1562.008", "--format", "ndjson"]).exits(0);
    assert!(found.out.lines().count() >= 5 && found.out.contains("trails-stopped"), "{found:?}");
    let table = test_env.run(&["queries", "trail"]).exits(0);
    assert!(table.out.contains("[since] [until]") && table.out.contains("evasion"), "{table:?}");
    let shown = test_env.run(&["queries", "lineage"]).exits(0);
    assert!(shown.out.starts_with("-- credentials/lineage, from trailq\n-- title: Where an access key"), "{shown:?}");
    assert!(shown.out.contains("WITH RECURSIVE"), "{shown:?}");
    let shown = test_env.run(&["queries", "credentials/lineage", "--format", "json"]).exits(0).json();
    assert!(
        shown[0]["sql"].as_str().unwrap().starts_with("WITH RECURSIVE") && shown[0]["columns"][0]["name"] == "step"
    );
    let none = test_env.run(&["queries", "lineag-x"]).exits(0);
    assert!(none.err.contains("no saved query is about `lineag-x`; near it are `lineage`"), "{none:?}");
    test_env.run(&["queries", "lineage", "--format", "csv"]).fails(2, &["a saved query is not shown as csv"]);
    test_env.run(&["queries", "--format", "records"]).fails(2, &["the format records shows events"]);
}

#[test]
fn words_find_queries_and_detections() {
    let test_env = TestEnv::new();
    let found = |word: &str| -> Vec<String> {
        let rows = test_env.run(&["queries", word, "--format", "json"]).exits(0).json();
        let name = |row: &Value| format!("{}/{}", row["group"].as_str().unwrap(), row["name"].as_str().unwrap());
        rows.as_array().unwrap().iter().map(name).collect()
    };
    for (word, names) in [
        ("quarantine", &["detection/key-quarantined", "credentials/keys-from-many-networks"][..]),
        ("mfa", &["access/mfa-changes", "detection/mfa-deactivated"]),
        ("CreateAccessKey", &["detection/access-key-created"]),
        ("T1562", &["evasion/trails-stopped", "detection/config-rule-deleted"]),
    ] {
        let found = found(word);
        assert!(names.iter().all(|name| found.iter().any(|found| found == name)), "{word}: {found:?}");
    }
    assert!(!found("eks").iter().any(|name| name == "credentials/dormant-keys-used"));
    let all = test_env.run(&["queries"]).exits(0);
    assert!(!all.out.contains("key-quarantined"), "{all:?}");
    let ran = test_env.run(&["queries", "quarantine"]).exits(0);
    assert!(ran.err.contains("detections are run by `trailq hunt`"), "{ran:?}");
}

#[test]
fn a_query_runs_in_every_format_and_tells_its_interval() {
    let test_env = TestEnv::with_delivery();
    let ran = test_env.run(&["run", "trails-stopped", "--format", "json"]).exits(0);
    let rows = ran.json();
    assert!(!rows.as_array().unwrap().is_empty() && rows[0]["event_name"].is_string(), "{ran:?}");
    assert!(ran.err.contains(" (all times, "), "{ran:?}");
    let ran = test_env
        .run(&["run", "console-logins", "--since", "2024-03-01", "--until", "2024-03", "--format", "csv"])
        .exits(0);
    assert!(ran.out.starts_with("event_time,principal,kind,"), "{ran:?}");
    assert!(ran.err.contains("(2024-03-01T00:00:00Z to 2024-03-31T23:59:59Z, "), "{ran:?}");
    let records = test_env.run(&["run", "evasion/trails-stopped", "--format", "records"]).exits(0);
    assert_eq!(records.out.lines().count(), rows.as_array().unwrap().len());
    assert!(records.out.starts_with("{\"") && records.out.contains("\"eventSource\""), "{records:?}");
    let quiet = test_env.run(&["run", "trails-stopped", "--quiet"]).exits(0);
    assert_eq!(quiet.err, "");
    test_env
        .run(&["run", "noisy-principals", "--format", "records"])
        .fails(2, &["the answer of `noisy-principals` has none"]);
}

#[test]
fn rows_fail_a_run_that_is_to_have_none() {
    let test_env = TestEnv::with_delivery();
    test_env.run(&["run", "trails-stopped", "--fail-on-rows"]).exits(1);
    test_env.run(&["run", "trails-stopped", "--until", "2001", "--fail-on-rows"]).exits(0);
    test_env.run(&["run", "trails-stopped"]).exits(0);
}

#[test]
fn missing_and_invalid_parameters_are_reported_with_help() {
    let test_env = TestEnv::with_delivery();
    for (arguments, says) in [
        (
            &["run", "lineage"][..],
            &["`lineage` needs a value for `key`", "`key` (text) is an access key, long-lived"][..],
        ),
        (
            &["run", "lineage", "--since", "2024", "--param", "key=x"],
            &["`lineage` has no parameter `since`: --since does not limit it"],
        ),
        (
            &["run", "lineage", "--param", "kee=x"],
            &["`lineage` has no parameter `kee`", "did you mean `key`?", "its parameters are key"],
        ),
        (&["run", "duplicates", "--param", "key=x"], &["it has no parameters"]),
        (&["run", "lineag"], &["there is no saved query `lineag`", "did you mean `lineage`?"]),
        (&["run", "zzz"], &["`trailq queries` lists them"]),
        (&["run", "password-spraying", "--param", "users=x"], &["`x` is not a whole number, as `users` has to be"]),
        (
            &["run", "password-spraying", "--since", "soon"],
            &["`since`: cannot read `soon` as a time; write 2024-03-01", "at or after this time"],
        ),
        (&["run", "password-spraying", "--since", "2024", "--param", "since=2023"], &["`since` is given twice"]),
        (&["run", "password-spraying", "--param", "users=1", "--param", "users=2"], &["`users` is given twice"]),
        (&["queries", "--queries", "/no/such/folder"], &["the folder of queries /no/such/folder cannot be read"]),
        (&["run", "lineage", "AKIA"], &["`AKIA` is not a value of a parameter", "for example key=AKIA"]),
        (&["run", "lineage", "kee=x"], &["`lineage` has no parameter `kee`", "its parameters are key"]),
        (&["run", "key=x", "lineage"], &["write the name first: trailq run NAME key=x"]),
        (&["run", "lineage", "a b=x"], &["`a b` is not the name of a parameter"]),
        (&["run", "lineage", "key=x", "--param", "key=y"], &["`key` is given twice"]),
        (&["run", "lineage"], &["write key=VALUE after the name of the query"]),
        (&["run", "triage", "x=1"], &["`triage` has no parameter `x`", "its parameters are since, until"]),
        (&["run", "triag"], &["did you mean `triage`?"]),
        (
            &["script", "triag"],
            &["no script or file `triag`", "did you mean `triage`?", "built-in scripts: leaked-key, triage"],
        ),
        (&["script", "triage", "2024"], &["the parameters of `triage` are since, until", "for example since=2024"]),
        (&["script", "triage", "since=soon"], &["cannot read `soon` as a time"]),
        (&["queries", "--check", "x"], &["cannot be used with"]),
        (&["--db", "none.db", "run", "lineage", "--param", "key=x"], &["there is no case at none.db"]),
    ] {
        test_env.run(arguments).fails(2, says);
    }
}

#[test]
fn folders_come_before_trailq_s_own_and_the_case_last() {
    let test_env = TestEnv::with_delivery();
    test_env.scratch.write("mine/names.sql", OWN);
    test_env.scratch.write("mine/access/console-logins.sql", OWN);
    test_env.scratch.write("mine/readme.txt", "no query");
    test_env.scratch.write(".config/trailq/queries/team/lineage.sql", OWN);
    test_env.scratch.write("env/env-names.sql", OWN);
    let ran =
        test_env.run(&["run", "names", "--queries", "mine", "--param", "name=CreateUser", "--format", "json"]).exits(0);
    assert_eq!(ran.json(), json!([{"event_name": "CreateUser", "events": 1}]));
    assert!(ran.err.contains("`names` is from mine/names.sql"), "{ran:?}");
    let listed = test_env.run(&["queries", "--queries", "mine", "--format", "json"]).exits(0);
    assert!(
        listed.err.contains("`console-logins` of mine/access/console-logins.sql hides the one of trailq"),
        "{listed:?}"
    );
    let origin = |name: &str| -> String {
        let all = listed.json();
        let all = all.as_array().unwrap();
        all.iter().find(|query| query["name"] == name).unwrap()["origin"].as_str().unwrap().to_owned()
    };
    assert_eq!(origin("names"), "mine/names.sql");
    assert!(origin("lineage").ends_with(".config/trailq/queries/team/lineage.sql"));
    assert_eq!(origin("sessions"), "trailq");
    let mut command = test_env.command(&["queries", "env-names"]);
    let output = command.env("TRAILQ_QUERIES", "env:mine").output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("-- other/env-names, from env/env-names.sql\n"));
}

#[test]
fn a_query_is_saved_in_the_case_and_taken_out_again() {
    let test_env = TestEnv::with_delivery();
    let before = test_env.scratch.lines("SELECT count(*), sum(length(record_blocks.data)) FROM record_blocks");
    test_env.scratch.write("names.sql", OWN);
    test_env.scratch.write("lineage.sql", OWN);
    let saved = test_env.run(&["queries", "--save", "names.sql"]).exits(0);
    assert!(saved.err.contains("`names` is saved in trailq.db"), "{saved:?}");
    let saved = test_env.run(&["queries", "--save", "lineage.sql"]).exits(0);
    assert!(saved.err.contains("`lineage` of trailq hides it"), "{saved:?}");
    common::check_case(&test_env.scratch.case());
    assert_eq!(test_env.scratch.lines("SELECT count(*), sum(length(record_blocks.data)) FROM record_blocks"), before);
    let ran = test_env.run(&["run", "names", "--param", "name=CreateUser"]).exits(0);
    assert!(ran.err.contains("`names` is from the case"), "{ran:?}");
    let listed = test_env.run(&["queries", "names", "--format", "json"]).exits(0).json();
    assert_eq!((&listed[0]["origin"], &listed[0]["group"]), (&json!("the case"), &json!("case")));
    test_env.run(&["queries", "--delete", "names"]).exits(0);
    test_env
        .run(&["queries", "--delete", "names"])
        .fails(2, &["no query `names` is saved in trailq.db", "saved are lineage"]);
    test_env.run(&["run", "names"]).fails(2, &["there is no saved query `names`"]);
    test_env.scratch.write("bad.sql", OWN.replace("GROUP BY 1", "GROUP BY nowhere"));
    test_env.run(&["queries", "--save", "bad.sql"]).fails(2, &["bad.sql:10", "no such column: nowhere"]);
    test_env.scratch.write("Bad.sql", OWN);
    test_env.run(&["queries", "--save", "Bad.sql"]).fails(2, &["`Bad` is not a name of a query"]);
    test_env.run(&["queries", "--save", "none.sql"]).fails(2, &["none.sql cannot be read"]);
    test_env.run(&["--db", "none.db", "queries", "--save", "names.sql"]).fails(2, &["there is no case at none.db"]);
}

#[test]
fn a_case_of_the_first_schema_is_read_as_it_is_and_migrated_to_save_in_it() {
    let test_env = TestEnv::with_delivery();
    let whole = content(&test_env.scratch.case());
    test_env.make_older(1);
    test_env
        .scratch
        .ask()
        .execute_batch(
            "DROP INDEX resources_by_name; CREATE INDEX resources_by_name ON resources (name); \
             DROP INDEX resources_by_events",
        )
        .unwrap();
    test_env.run(&["run", "trails-stopped", "--fail-on-rows"]).exits(1);
    assert_eq!(test_env.scratch.lines("PRAGMA user_version"), ["1"]);
    test_env.scratch.write("names.sql", OWN);
    test_env.run(&["queries", "--save", "names.sql"]).exits(0);
    assert_eq!(test_env.scratch.lines("PRAGMA user_version"), ["11"]);
    assert!(content(&test_env.scratch.case()) == whole, "what is counted is counted again");
    let index =
        "SELECT sql FROM sqlite_schema WHERE name IN ('resources_by_name', 'resources_by_events') ORDER BY name";
    assert_eq!(
        test_env.scratch.lines(index),
        [
            "CREATE INDEX resources_by_events ON resources (events, name, arn) WHERE events >= 10",
            "CREATE INDEX resources_by_name ON resources (name, events)"
        ]
    );
    test_env.run(&["run", "names", "--param", "name=CreateUser", "--fail-on-rows"]).exits(1);
}

#[test]
fn every_query_is_checked_and_errors_are_reported() {
    let test_env = TestEnv::new();
    let ran = test_env.run(&["queries", "--check"]).exits(0);
    assert!(ran.out.starts_with("queries checked: 1") && ran.out.ends_with(", wrong: 0\n"), "{ran:?}");
    test_env.scratch.write("mine/good.sql", OWN);
    test_env.scratch.write("mine/header.sql", OWN.replace("-- about", "-- abuot"));
    test_env
        .scratch
        .write("mine/columns.sql", OWN.replace("columns: event_name, events", "columns: event_name, times"));
    test_env.scratch.write("mine/statement.sql", OWN.replace("FROM events", "FROM evnts"));
    test_env.scratch.write("mine/writes.sql", "-- title: T\n-- about: A.\n-- columns: a\nDELETE FROM events\n");
    test_env.scratch.write("mine/default.sql", OWN.replace("since time:", "since time = soon:"));
    let ran = test_env.run(&["queries", "--check", "--queries", "mine"]).fails(
        1,
        &[
            "mine/header.sql:2",
            "`abuot:` is unknown",
            "the header says event_name, times",
            "the answer has  event_name, events",
            "mine/statement.sql:8",
            "no such table: evnts",
            "did you mean events?",
            "SQL on a case is read-only",
            "mine/writes.sql:4",
            "mine/default.sql",
            "cannot read `soon` as a time",
        ],
    );
    assert!(ran.out.ends_with(", wrong: 5\n") && !ran.err.contains("good.sql"), "{ran:?}");
    // A file that is none keeps no other from being run.
    let test_env = TestEnv::with_delivery();
    test_env.scratch.write("mine/header.sql", "SELECT 1");
    let ran = test_env.run(&["queries", "--queries", "mine", "lineage"]).exits(0);
    assert!(ran.err.contains("mine/header.sql:1: the header has no `title:`"), "{ran:?}");
    test_env.run(&["run", "trails-stopped", "--queries", "mine"]).exits(0);
}

#[test]
fn an_error_in_a_file_is_reported_with_its_line() {
    let test_env = TestEnv::with_delivery();
    test_env.scratch.write("mine/names.sql", OWN.replace("GROUP BY 1", "GROUP BY nowhere"));
    let ran = test_env.run(&["run", "names", "--queries", "mine", "--param", "name=x"]);
    ran.fails(2, &["no such column: nowhere", "mine/names.sql:10"]);
}

#[test]
fn scripts_run_queries_with_parameters_that_are_checked_first() {
    let test_env = TestEnv::with_delivery();
    let script = "#!/usr/bin/env -S trailq script\n-- title: T\n-- about: A.\n-- param: name text required: an event name\n\
                  -- param: days integer = 3: so many\n-- param: since time = 2024: from\n.mode csv\n\
                  .print ${name} ${days} ${since}\nevent-name=${name} since=${since} | count\n\
                  SELECT :name AS name, :days AS days, :since AS since;\n.run console-logins since=${since} until=2001\n";
    test_env.scratch.write("s.trailq", script);
    test_env
        .run(&["script", "s.trailq"])
        .fails(2, &["s.trailq needs a value for `name`", "`name` (text) is an event name"]);
    let ran = test_env.run(&["script", "s.trailq", "--param", "nme=x"]);
    ran.fails(2, &["s.trailq has no parameter `nme`", "its parameters are name, days, since"]);
    let ran = test_env
        .run(&["script", "s.trailq", "--param", "name=x", "--param", "days=y"])
        .fails(2, &["`y` is not a whole number"]);
    assert_eq!(ran.out, "");
    let ran = test_env.run(&["script", "s.trailq", "--param", "name=CreateUser"]).exits(0);
    let first = "CreateUser 3 2024-01-01T00:00:00Z\nevents\n1\nname,days,since\nCreateUser,3,2024-01-01T00:00:00Z\n";
    assert!(ran.out.replace('\r', "").starts_with(first), "{ran:?}");
    test_env.scratch.write("bad.trailq", "-- title: T\n-- about: A.\n-- param: x text: X\n");
    test_env.run(&["script", "bad.trailq"]).fails(2, &["bad.trailq:4", "needs `required` or a default"]);
    // A value is one value, whatever is in it.
    test_env
        .scratch
        .write("v.trailq", "-- title: T\n-- about: A.\n-- param: v text required: V\n.run profile of=${v}\n");
    let ran = test_env.run(&["script", "v.trailq", "--param", "v=x since=2001 ' \""]).exits(0);
    assert!(ran.err.contains("0 rows"), "{ran:?}");
}

#[test]
fn answers_of_a_script_have_titles_and_formats_for_programs_have_none() {
    let test_env = TestEnv::with_delivery();
    let script = ".run console-logins-without-mfa\n.print my own\nuser=alice | top 1 event-name\n\
        user=alice|top 1 event-name\nSELECT count(*)\n  AS n FROM\n events;\n";
    test_env.scratch.write("s.trailq", script);
    let titles = ["Console sign-ins without MFA", "user=alice|top 1 event-name", "SELECT count(*) AS n FROM events;"];
    let table = test_env.run(&["script", "s.trailq"]).exits(0).out;
    for title in titles {
        assert!(table.contains(&format!("\n{title}\n")), "{title}\n{table}");
    }
    assert!(table.contains("\nmy own\nevent_name "), "the script's own title:\n{table}");
    assert!(!table.contains("user=alice | top"), "{table}");
    let markdown = test_env.run(&["--format", "markdown", "script", "s.trailq"]).exits(0).out;
    for title in ["### Console sign-ins without MFA", r"### user=alice\|top 1 event-name", "my own"] {
        assert!(
            markdown.contains(&format!("\n\n{title}\n\n| ")) || markdown.starts_with(&format!("\n{title}\n\n| ")),
            "{markdown}"
        );
    }
    for format in ["csv", "json", "ndjson", "tsv"] {
        let out = test_env.run(&["--format", format, "script", "s.trailq"]).exits(0).out;
        assert!(!out.contains("without MFA") && !out.contains("user=alice"), "{format}: {out}");
    }
    // A file that another reads has titles too; the inputs of a pipe have none.
    test_env.scratch.write("outer.trailq", ".read s.trailq\n");
    assert_eq!(test_env.run(&["script", "outer.trailq"]).exits(0).out, table);
    let piped = test_env.pipe(&[], script.as_bytes()).exits(0).out;
    assert!(!piped.contains("without MFA"), "{piped}");
}

#[test]
fn a_script_stops_at_the_first_error_unless_bail_is_off() {
    let test_env = TestEnv::with_delivery();
    test_env.scratch.write("stop.trailq", ".print one\n.run nonsense\n.print two\n");
    let ran =
        test_env.run(&["script", "stop.trailq"]).fails(2, &["there is no saved query `nonsense`", "stop.trailq:2"]);
    assert_eq!(ran.out, "one\n");
    test_env
        .scratch
        .write("go.trailq", ".bail off\n.print one\n.run nonsense\n.print two\n.bail on\nevnt=1\n.print three\n");
    let ran = test_env.run(&["script", "go.trailq"]).fails(2, &["go.trailq:3", "go.trailq:6"]);
    assert_eq!(ran.out, "one\ntwo\n");
    test_env.scratch.write("done.trailq", ".bail off\nSELECT nowhere;\n.print two\n");
    let ran = test_env.run(&["script", "done.trailq"]).fails(1, &["no such column: nowhere"]);
    assert_eq!(ran.out, "\nSELECT nowhere;\ntwo\n");
    test_env.scratch.write("bail.trailq", ".bail maybe\n");
    test_env.run(&["script", "bail.trailq"]).fails(2, &["bail is `on` or `off`"]);
}

#[test]
fn run_and_queries_are_commands_too() {
    let test_env = TestEnv::with_delivery();
    let run = |input: &str| test_env.pipe(&["--format", "csv"], input.as_bytes());
    let ran = run(".run trails-stopped since=2024-03-01\n.queries T1562.008\n.queries lineage\n");
    assert!(ran.out.starts_with("event_time,principal,event_name,trail,"), "{ran:?}");
    assert!(ran.out.contains("evasion,trails-stopped,"), "{ran:?}");
    run(".run\n").fails(2, &[".run needs NAME [K=V...]"]);
    run(".run lineag key=x\n")
        .fails(2, &["there is no saved query `lineag`", "  | .run lineag key=x\n  |      ^^^^^^\n"]);
    let says =
        ["`key` is not a value of a parameter: write NAME=VALUE", "  | .run lineage key\n  |              ^^^\n"];
    run(".run lineage key\n").fails(2, &says);
    run(".run triage x=1\n").fails(2, &["`triage` has no parameter `x`", "its parameters are since, until"]);
    // What a script sets is not set after it.
    let ran = run(".run triage since=2024-03-01\n.print after\nSELECT 1 AS x;\n.run nonsense\n.print never\n");
    let ran = ran.fails(2, &["there is no saved query `nonsense`"]);
    assert!(ran.out.contains("# What the case covers") && ran.out.ends_with("after\nx\r\n1\r\n"), "{ran:?}");
    run(".run lineage key=a key=b\n").fails(2, &["`key` is given twice"]);
    run(".run lineage\n").fails(2, &["`lineage` needs a value for `key`"]);
}

#[test]
fn the_shipped_scripts_report_on_a_case() {
    let test_env = TestEnv::with_delivery();
    let ran = test_env.run(&["script", "triage", "--param", "since=2024-03-01"]).exits(0);
    for said in
        ["# What the case covers", "StopLogging", "# What every detection found", "and 61 more: `.run coverage gaps=1`"]
    {
        assert!(ran.out.contains(said), "{said}: {ran:?}");
    }
    let ran = test_env.run(&["script", "leaked-key", "--param", "key=AKIADEPLOYBOTEXAMPLE"]).exits(0);
    for said in ["# Where AKIADEPLOYBOTEXAMPLE is from", "203.0.113.77", "# What it left behind", "CreateUser"] {
        assert!(ran.out.contains(said), "{said}: {ran:?}");
    }
    let ran = test_env.run(&["script", "leaked-key"]).fails(2, &["`leaked-key` needs a value for `key`"]);
    assert!(ran.err.contains("hint: write key=VALUE after the name of the script"), "{ran:?}");
    // A file of that name is meant before trailq's own.
    test_env.scratch.write("triage", ".print mine\n");
    assert_eq!(test_env.run(&["script", "triage"]).exits(0).out, "mine\n");
}

#[test]
fn networks_and_policies_have_functions() {
    let test_env = TestEnv::new();
    test_env.scratch.write("t.json", record("e", ""));
    test_env.run(&["import", "t.json"]).exits(0);
    let ask = |sql: &str| test_env.run(&["sql", "--format", "tsv", sql]);
    let ran = ask(
        "SELECT network('203.0.113.77', 24, 48) AS a, network('2001:db8::1', 24, 48) AS b, network('x', 24, 48) AS c",
    );
    assert_eq!(ran.exits(0).out, "a\tb\tc\n203.0.113.0/24\t2001:db8::/48\t\n");
    ask("SELECT network('203.0.113.77', 33, 48)").fails(2, &["no network has 33 bits"]);
    let ran = ask(
        "SELECT policy_statements('{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\"}}') ->> '$[0].principals[0]' AS p",
    );
    assert_eq!(ran.exits(0).out, "p\n*\n");
}

#[test]
fn values_follow_the_name_on_the_command_line() {
    let test_env = TestEnv::with_delivery();
    let rows = |arguments: &[&str]| test_env.run(arguments).exits(0).out;
    let expected = rows(&["run", "lineage", "--param", "key=AKIADEPLOYBOTEXAMPLE", "--format", "json"]);
    assert!(expected.contains("AKIASVCBACKUPEXAMPLE"), "{expected}");
    assert_eq!(rows(&["run", "lineage", "key=AKIADEPLOYBOTEXAMPLE", "--format", "json"]), expected);
    assert_eq!(rows(&["run", "lineage", "--format", "json", "key=AKIADEPLOYBOTEXAMPLE"]), expected);
    assert_eq!(rows(&["run", "--format", "json", "credentials/lineage", "key=AKIADEPLOYBOTEXAMPLE"]), expected);
    let since = rows(&["run", "trails-stopped", "since=2024-03-01", "--format", "csv"]);
    assert_eq!(rows(&["run", "trails-stopped", "--since", "2024-03-01", "--format", "csv"]), since);
    // A value is everything after the first `=`.
    test_env.scratch.write("mine/echo.sql", "-- title: T\n-- about: A.\n-- param: v text required: V\n-- param: l list: L\n-- columns: v, l\nSELECT :v AS v, :l AS l;\n");
    let shown = test_env.run(&["run", "echo", "v=a=b, c", "l=x,y", "--queries", "mine", "--format", "json"]).exits(0);
    assert_eq!(shown.json(), json!([{"v": "a=b, c", "l": "[\"x\",\"y\"]"}]));
    test_env.run(&["run", "trails-stopped", "until=2001", "--fail-on-rows"]).exits(0);
    // Scripts take them too, and trailq's own are run as queries are.
    let script = rows(&["--quiet", "script", "triage", "since=2024-03-01"]);
    assert!(script.contains("StopLogging"), "{script}");
    assert_eq!(rows(&["--quiet", "run", "triage", "--since", "2024-03-01"]), script);
    test_env.scratch.write("s.trailq", ".print ${a} ${b}\n");
    assert_eq!(rows(&["script", "s.trailq", "a=1", "--param", "b=2 3"]), "1 2 3\n");
    assert_eq!(
        String::from_utf8(test_env.pipe(&["script", "-", "a=x"], b".print ${a}\n").exits(0).out.into()).unwrap(),
        "x\n"
    );
    test_env.run(&["script", "s.trailq", "a=1", "a=2"]).fails(2, &["`a` is given twice"]);
}

#[test]
fn a_query_file_that_cannot_be_used_is_the_error() {
    let test_env = TestEnv::with_delivery();
    let broken = OWN.replace("-- columns:", "-- signal: low\n-- columns:");
    test_env.scratch.write("mine/by-ip.sql", &broken);
    test_env.scratch.write("mine/console-logins.sql", &broken);
    let says = ["error: by-ip.sql cannot be used: line 6: `signal: low`", "  --> mine/by-ip.sql:6\n"];
    for arguments in [&["run", "by-ip"][..], &["queries", "by-ip"], &["run", "other/by-ip"]] {
        test_env.run(&[&["--queries", "mine"], arguments].concat()).fails(2, &says);
    }
    test_env.pipe(&["--queries", "mine"], b".run by-ip\n").fails(2, &says);
    // Of two with one name the one that works is run, with a note.
    let ran = test_env.run(&["--queries", "mine", "run", "console-logins", "until=2001"]).exits(0);
    assert!(ran.err.contains("console-logins.sql cannot be used: line 6: "), "{ran:?}");
    assert!(ran.err.contains("the query of trailq is run"), "{ran:?}");
    test_env.scratch.write("mine/latin.sql", [0xe9]);
    test_env.run(&["--queries", "mine", "run", "latin"]).fails(2, &["mine/latin.sql cannot be read"]);
}

#[test]
fn lists_have_functions() {
    let test_env = TestEnv::new();
    test_env.scratch.write("t.json", record("e", r#""requestParameters":{"key":"caf\u00e9"}"#));
    test_env.run(&["import", "t.json"]).exits(0);
    let ask = |sql: &str| test_env.run(&["sql", "--format", "tsv", sql]);
    let list = r#"{"exact":["alice"],"wildcards":["b*"],"networks":["10.0.0.0/8"]}"#;
    for (expression, value) in [
        (format!("in_list('alice', '{list}')"), "1"),
        (format!("in_list('bob', '{list}')"), "1"),
        (format!("in_list('10.1.2.3', '{list}')"), "1"),
        (format!("in_list('carol', '{list}')"), "0"),
        (format!("in_list(NULL, '{list}')"), ""),
        (format!("ends_in_list('role/alice', '/:', '{list}')"), "1"),
        (format!("ends_in_list('role-alice', '/:', '{list}')"), "0"),
        ("in_spans(60, '[[0,59],[60,119]]')".to_owned(), "1"),
        ("in_spans(120, '[[0,59],[60,119]]')".to_owned(), "0"),
        ("record_has_any(id, '[\"none\",\"café\"]')".to_owned(), "1"),
        ("record_has_any(id, '[\"none\"]')".to_owned(), "0"),
        ("record_match(id, 'requestParameters.key', 'in', '{\"exact\":[\"café\"]}')".to_owned(), "1"),
    ] {
        assert_eq!(
            ask(&format!("SELECT {expression} AS x FROM events")).exits(0).out,
            format!("x\n{value}\n"),
            "{expression}"
        );
    }
    for (expression, problem) in [
        ("in_list('x', '{')", "invalid list: "),
        ("in_list('x', '{\"wildcards\":[\"a?\"]}')", "invalid wildcard \"a?\": only * and [c] are known"),
        ("ends_in_list('x', '/', '{\"networks\":[\"10.0.0.0/33\"]}')", "`10.0.0.0/33` is not a network"),
        ("in_spans(1, '[1]')", "invalid spans: "),
        ("record_has_any(id, 'x')", "record_has_any: "),
        ("record_match(id, 'eventName', 'in', 'x')", "invalid list: "),
    ] {
        ask(&format!("SELECT {expression} FROM events")).fails(2, &[problem]);
    }
}
