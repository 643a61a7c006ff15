//! Imports that leave files out by their paths: `--since`, `--until`, `--account`, `--region`.

use serde_json::{Value, json};

use crate::common::program::{CommandOutput, TestEnv};
use crate::common::{check_case, content, lines, record, testdata};

/// Imports the delivery into a case with these options.
fn import(test_env: &TestEnv, db: &str, options: &[&str]) -> Value {
    let delivery = testdata("delivery");
    let all = [&["--db", db, "--format", "json", "import", delivery.to_str().unwrap()], options].concat();
    test_env.run(&all).exits(0).json()
}

#[test]
fn no_event_of_the_period_account_and_region_is_lost_and_a_second_import_reads_the_rest() {
    let whole = TestEnv::new();
    import(&whole, "trailq.db", &[]);
    for (options, condition) in [
        (&["--since", "2024-03-02"][..], "event_time >= '2024-03-02'"),
        (&["--until", "2024-02-29"], "event_time < '2024-03-01'"),
        (&["--since", "2024-03-01T12:00", "--until", "2024-03-01T13:00"], "event_time GLOB '2024-03-01T1[23]*'"),
        (&["--account", "444455556666"], "recipient_account_id = '444455556666'"),
        (&["--account", "444455556666,123456789012"], "recipient_account_id IN ('444455556666', '123456789012')"),
        (&["--region", "us-west-2", "--region", "eu-west-1"], "aws_region IN ('us-west-2', 'eu-west-1')"),
        (
            &["--since", "2024-03-02", "--account", "111122223333", "--region", "us-east-1"],
            "event_time >= '2024-03-02' AND recipient_account_id = '111122223333' AND aws_region = 'us-east-1'",
        ),
    ] {
        let test_env = TestEnv::new();
        let report = import(&test_env, "trailq.db", options);
        assert!(report["left_out"].as_u64().unwrap() > 0, "{options:?}");
        let events = format!("SELECT event_id FROM event_history WHERE {condition} ORDER BY 1");
        assert_eq!(test_env.scratch.lines(&events), whole.scratch.lines(&events), "{options:?}");
        let left_out = "SELECT count(*) FROM files WHERE status = 'left out' AND sha256 = '' AND read = 0 \
                        AND reason GLOB 'left out by --*'";
        assert_eq!(json!(test_env.scratch.number(left_out)), report["left_out"], "{options:?}");
        check_case(&test_env.scratch.case());
        // The same again reads and changes nothing.
        let before = content(&test_env.scratch.case());
        let again = import(&test_env, "trailq.db", options);
        assert_eq!((&again["files"], &again["left_out"]), (&json!(0), &report["left_out"]), "{options:?}");
        assert_eq!(content(&test_env.scratch.case()), before, "{options:?}");
        import(&test_env, "trailq.db", &[]);
        assert!(content(&test_env.scratch.case()) == content(&whole.scratch.case()), "{options:?}");
        check_case(&test_env.scratch.case());
    }
}

#[test]
fn a_narrowed_import_leaves_what_an_earlier_one_read() {
    let test_env = TestEnv::new();
    let name = "111122223333_CloudTrail_us-east-1_20240301T0005Z_abcdefghijklmnop.json";
    let path = test_env.scratch.write(name, format!(r#"{{"Records":[{}]}}"#, record("one", "")));
    test_env.run(&["import", name]).exits(0);
    let hour_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3_600);
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(hour_ago).unwrap();
    test_env.run(&["import", name, "--account", "444455556666"]).exits(0);
    assert_eq!(test_env.scratch.lines("SELECT status FROM files WHERE path GLOB '*abcdefghijklmnop*'"), ["read"]);
    assert_eq!(test_env.scratch.lines("SELECT event_id FROM events"), ["one"]);
    check_case(&test_env.scratch.case());
}

#[test]
fn left_out_files_are_neither_missing_nor_altered() {
    let test_env = TestEnv::new();
    // The digest names files of the account, which are left out but for it.
    import(&test_env, "trailq.db", &["--region", "us-west-2"]);
    let digest = testdata("delivery/AWSLogs/111122223333/CloudTrail-Digest");
    test_env.run(&["import", digest.to_str().unwrap()]).exits(0);
    let rows = |arguments: &[&str]| test_env.run(&[&["--format", "json"], arguments].concat());
    assert_eq!(rows(&["run", "missing-files"]).exits(0).json(), json!([]));
    let gaps = rows(&["run", "coverage", "gaps=1"]).exits(0).json();
    let gaps = gaps.as_array().unwrap();
    assert!(gaps.iter().all(|row| row["state"] != "files missing"), "{gaps:?}");
    assert!(gaps.iter().any(|row| row["why"] == "files were left out by limits of the import"), "{gaps:?}");
    let validated = rows(&["validate"]).json();
    let verdicts = |verdict: &str| {
        let findings = validated["findings"].as_array().unwrap();
        findings.iter().filter(|finding| finding["verdict"] == verdict).count()
    };
    assert_eq!((verdicts("missing"), verdicts("altered")), (0, 0), "{validated}");
    assert!(verdicts("not hashed") > 0, "{validated}");
    let empty = test_env.run(&["lookup", "region=us-east-1 event-name=Nothing"]).exits(0);
    assert!(empty.err.contains("files were left out by limits of the import"), "{empty:?}");
    let info = rows(&["info"]).exits(0).json();
    assert!(info["left_out"].as_u64().unwrap() > 0, "{info}");
    let listed = test_env.run(&["info", "--files"]).exits(0).out;
    assert!(listed.contains("left out by --region: its path has the Region"), "{listed}");
}

#[test]
fn only_paths_decide() {
    let test_env = TestEnv::new();
    test_env.scratch.write("in/events.json", record("old", ""));
    let folder = "in/AWSLogs/o-abc123/444455556666/CloudTrail/eu-west-1/2023/01/01";
    test_env.scratch.write(&format!("{folder}/renamed.json"), record("folders", ""));
    let ran = test_env.run(&["import", "in", "--since", "2025-01-01", "--account", "999900001111"]).exits(0);
    assert!(ran.err.contains("1 file left out by its path"), "{ran:?}");
    assert_eq!(test_env.scratch.lines("SELECT event_id FROM events"), ["old"]);
}

#[test]
fn mistakes_in_limits_are_told_before_anything_is_read() {
    let test_env = TestEnv::new();
    test_env.scratch.write("a.json", record("a", ""));
    let import = |option: &str, value: &str| -> CommandOutput { test_env.run(&["import", "a.json", option, value]) };
    import("--account", "prod").fails(2, &["an account is 12 digits"]);
    import("--since", "soon").fails(2, &["cannot read `soon` as a time"]);
    import("--until", "2024-13").fails(2, &["2024-13"]);
    assert!(!test_env.scratch.case().exists());
}

#[test]
fn a_merge_and_a_snapshot_keep_what_the_ledger_says() {
    let test_env = TestEnv::new();
    import(&test_env, "trailq.db", &["--region", "us-west-2"]);
    let left_out =
        |db: &str| lines(&test_env.scratch.ask_at(db), "SELECT count(*) FROM files WHERE status = 'left out'");
    test_env.run(&["snapshot", "whole.db"]).exits(0);
    test_env.run(&["snapshot", "--verify", "whole.db"]).exits(0);
    test_env.run(&["--db", "merged.db", "merge", "whole.db"]).exits(0);
    assert_eq!(left_out("whole.db"), left_out("trailq.db"));
    assert_eq!(left_out("merged.db"), left_out("trailq.db"));
    // The other case read what this one left out.
    import(&test_env, "full.db", &[]);
    for order in [["trailq.db", "full.db"], ["full.db", "trailq.db"]] {
        let db = format!("both-{}", order[0]);
        test_env.run(&[&["--db", &db, "merge"], &order[..]].concat()).exits(0);
        check_case(&test_env.scratch.path(&db));
        let events = "SELECT count(*) FROM events";
        assert_eq!(lines(&test_env.scratch.ask_at(&db), events), lines(&test_env.scratch.ask_at("full.db"), events));
        assert_eq!(left_out(&db), ["0"], "{order:?}");
    }
}
