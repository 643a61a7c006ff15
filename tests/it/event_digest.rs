//! The digest of a case's events: the same for the same events, whatever way they came.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::Value;

use crate::common::program::{CommandOutput, TestEnv};
use crate::common::{Scratch, check_case, record, testdata};
use trailq::ingest::{MergeOptions, NoProgress, Options, merge};
use trailq::store::Case;

/// The digest that `info` shows of a case.
fn digest_of(test_env: &TestEnv, case: &str) -> String {
    let info = test_env.run(&["--db", case, "--format", "json", "info"]).exits(0).json();
    info["event_digest"].as_str().unwrap().to_owned()
}

/// The result and the finding of a check of `snapshot --verify`.
fn check(ran: &CommandOutput, name: &str) -> (String, String) {
    let checks = ran.json();
    let row = checks.as_array().unwrap().iter().find(|row| row["check"] == name).unwrap().clone();
    (row["result"].as_str().unwrap().to_owned(), row["found"].as_str().unwrap().to_owned())
}

fn verify(test_env: &TestEnv, file: &str, more: &[&str], code: i32) -> CommandOutput {
    let arguments = [&["--format", "json", "snapshot", "--verify", file], more].concat();
    test_env.run(&arguments).exits(code)
}

#[test]
fn an_import_prints_the_digest_that_info_shows_and_verify_recomputes() {
    let test_env = TestEnv::new();
    let delivery = testdata("delivery");
    let ran = test_env.run(&["import", delivery.to_str().unwrap()]).exits(0);
    let digest = digest_of(&test_env, "trailq.db");
    assert!(ran.err.contains(&format!("digest of the case's 360 events: {digest}\n")), "{ran:?}");
    let again = test_env.run(&["--format", "json", "import", delivery.to_str().unwrap()]).exits(0).json();
    assert_eq!(again["event_digest"], digest.as_str(), "nothing was read");
    let text = test_env.run(&["info"]).exits(0).out;
    assert!(text.contains(&format!("digest      {digest}\n")), "{text}");

    let ran = verify(&test_env, "trailq.db", &["--expect", &digest], 0);
    let found = format!("{digest} of 360 events matches the");
    assert_eq!(check(&ran, "event digest"), ("ok".to_owned(), format!("{found} digest stored in this file")));
    assert_eq!(check(&ran, "expected digest"), ("ok".to_owned(), format!("{found} expected digest")));

    let other = format!("events-v1:{}", "0".repeat(64));
    let ran = verify(&test_env, "trailq.db", &["--expect", &other], 1);
    let expected = ("WRONG".to_owned(), format!("{digest} of 360 events; expected {other}"));
    assert_eq!(check(&ran, "expected digest"), expected);
    assert_eq!(check(&ran, "event digest").0, "ok");
}

#[test]
fn a_malformed_digest_is_a_usage_error() {
    let test_env = TestEnv::with_delivery();
    for (digest, says) in [
        ("5a4c", "expected events-v1: and 64 hexadecimal digits"),
        ("events-v1:5a4c", "expected 64 hexadecimal digits after events-v1:"),
        ("events-v9:5a4c", "this version of trailq computes events-v1, not events-v9"),
    ] {
        test_env.run(&["snapshot", "--verify", "trailq.db", "--expect", digest]).fails(2, &[says]);
    }
    test_env.run(&["snapshot", "out.db", "--expect", "5a4c"]).fails(2, &[]);
}

#[test]
fn changed_events_and_a_changed_digest_are_found() {
    let test_env = TestEnv::with_delivery();
    let digest = digest_of(&test_env, "trailq.db");
    let original = fs::read(test_env.scratch.case()).unwrap();
    test_env
        .scratch
        .ask()
        .execute_batch("UPDATE events SET event_id = 'other' WHERE id = (SELECT min(id) FROM events)")
        .unwrap();
    let ran = verify(&test_env, "trailq.db", &["--expect", &digest], 1);
    let (result, found) = check(&ran, "event digest");
    assert_eq!(result, "WRONG");
    assert!(found.contains(&format!("; the digest stored in this file is {digest} of 360 events")), "{found}");
    assert_eq!(check(&ran, "expected digest").0, "WRONG");
    test_env.run(&["reindex"]).fails(2, &["have the digest events-v1:", &digest]);

    // A digest that was kept elsewhere finds events that were changed together with the stored digest.
    test_env.scratch.write("trailq.db", &original);
    let changed =
        "DELETE FROM event_digests; UPDATE events SET event_id = 'other' WHERE id = (SELECT min(id) FROM events)";
    test_env.scratch.ask().execute_batch(changed).unwrap();
    test_env.run(&["reindex"]).exits(0);
    let ran = verify(&test_env, "trailq.db", &["--expect", &digest], 1);
    assert_eq!(check(&ran, "event digest").0, "ok");
    assert_eq!(check(&ran, "expected digest").0, "WRONG");

    // A damaged file matches nothing.
    let mut damaged = original;
    let half = damaged.len() / 2;
    damaged[half..half + 4096].fill(0xa5);
    test_env.scratch.write("trailq.db", &damaged);
    let ran = verify(&test_env, "trailq.db", &["--expect", &digest], 1);
    assert_eq!(
        check(&ran, "expected digest"),
        ("WRONG".to_owned(), "not compared: an earlier check failed".to_owned())
    );
}

#[test]
fn each_file_that_is_handed_over_has_the_digest_of_its_own_events() {
    let test_env = TestEnv::with_delivery();
    let digest = digest_of(&test_env, "trailq.db");
    for (name, options) in [("whole.db", &[][..]), ("portable.db", &["--portable"])] {
        test_env.run(&[&["snapshot", name], options].concat()).exits(0);
        assert_eq!(digest_of(&test_env, name), digest);
        verify(&test_env, name, &["--expect", &digest], 0);
    }
    test_env.run(&["snapshot", "part.db", "--where", "user=alice"]).exits(0);
    test_env.run(&["snapshot", "redacted.db", "--redact", "accounts,ips,users,arns"]).exits(0);
    for name in ["part.db", "redacted.db"] {
        let own = digest_of(&test_env, name);
        assert_ne!(own, digest);
        verify(&test_env, name, &["--expect", &own], 0);
        verify(&test_env, name, &["--expect", &digest], 1);
    }
    // The part has the digest of an import of its records alone.
    let records = test_env.run(&["--db", "part.db", "--format", "records", "lookup", "| limit 1000"]).exits(0).out;
    test_env.scratch.write("part.json", &records);
    test_env.run(&["--db", "alone.db", "import", "part.json"]).exits(0);
    assert_eq!(digest_of(&test_env, "alone.db"), digest_of(&test_env, "part.db"));
    test_env.run(&["--db", "both.db", "merge", "part.db", "whole.db"]).exits(0);
    assert_eq!(digest_of(&test_env, "both.db"), digest);
}

#[test]
fn an_older_case_has_a_digest_once_it_is_reindexed_imported_into_or_merged() {
    let test_env = TestEnv::new();
    let made = |version: i64| {
        let packed = fs::read(testdata(&format!("schema-{version}/case.db.gz"))).unwrap();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(packed.as_slice()), &mut bytes).unwrap();
        bytes
    };
    for version in [7, 8, 9] {
        test_env.scratch.write("old.db", made(version));
        let info = test_env.run(&["--db", "old.db", "info"]).exits(0).out;
        let unknown = "digest      not known: the next import, or `trailq reindex`, computes it\n";
        assert!(info.contains(unknown), "{info}");
        assert_eq!(test_env.run(&["--db", "old.db", "--format", "json", "info"]).json()["event_digest"], Value::Null);
        let (result, found) = check(&verify(&test_env, "old.db", &[], 0), "event digest");
        assert_eq!(result, "note");
        let (digest, rest) = found.split_once(' ').unwrap();
        assert_eq!(rest, "of 6 events; this file stores none");
        verify(&test_env, "old.db", &["--expect", digest], 0);

        test_env.run(&["--db", &format!("merged-{version}.db"), "merge", "old.db"]).exits(0);
        assert_eq!(digest_of(&test_env, &format!("merged-{version}.db")), digest);
        // A note upgrades the case, and reads no record.
        let script = test_env.scratch.write("note.trailq", ".note seen\n");
        test_env.run(&["--db", "old.db", "script", script.to_str().unwrap()]).exits(0);
        assert!(test_env.run(&["--db", "old.db", "info"]).exits(0).out.contains(unknown));
        test_env.run(&["--db", "old.db", "reindex"]).exits(0);
        assert_eq!(digest_of(&test_env, "old.db"), digest);

        test_env.scratch.write("old.db", made(version));
        test_env.scratch.write("more.json", record("more", ""));
        test_env.run(&["--db", "old.db", "import", "more.json"]).exits(0);
        test_env.run(&["--db", &format!("merged-{version}.db"), "import", "more.json"]).exits(0);
        assert_eq!(digest_of(&test_env, "old.db"), digest_of(&test_env, &format!("merged-{version}.db")));
        check_case(&test_env.scratch.path("old.db"));
    }
}

/// The digest that a case stores.
fn stored(scratch: &Scratch, name: &str) -> String {
    Case::open(&scratch.path(name)).unwrap().event_digest().unwrap().unwrap().to_string()
}

/// Records by their ids: `(7, 2)` is the event `e-7` with two more leaves, so that the fuller one of two is the event.
fn file_of(records: &[(u8, u8)]) -> String {
    let all = records.iter().map(|(id, leaves)| {
        let more: Vec<String> = (0..*leaves).map(|leaf| format!("\"l{leaf}\":{leaf}")).collect();
        record(&format!("e-{id}"), &format!("\"requestParameters\":{{{}}}", more.join(",")))
    });
    format!("{{\"Records\":[{}]}}", all.collect::<Vec<_>>().join(","))
}

proptest! {
    #![proptest_config(Config::with_cases(12))]
    #[test]
    fn the_digest_depends_on_nothing_but_the_events(
        files in prop::collection::vec(prop::collection::vec((0..40_u8, 0..4_u8), 1..30), 1..6),
        order in any::<prop::sample::Index>(),
        jobs in 1..4_usize,
        changed in any::<prop::sample::Index>(),
    ) {
        let scratch = Scratch::new();
        let mut paths: Vec<PathBuf> = Vec::new();
        for (number, records) in files.iter().enumerate() {
            paths.push(scratch.write(&format!("{number}.json"), file_of(records)));
        }
        let import = |case: &str, paths: &[PathBuf], jobs: usize| {
            let options = Options { jobs: Some(jobs), ..Options::default() };
            trailq::ingest::import(&scratch.path(case), paths, &options, &NoProgress).unwrap();
        };
        import("at-once.db", &paths, jobs);
        check_case(&scratch.path("at-once.db"));
        let digest = stored(&scratch, "at-once.db");

        // Renamed files come in another order; each is an import of its own, and half of them a case of its own.
        let turn = order.index(paths.len());
        paths.rotate_left(turn);
        for (number, path) in paths.iter().enumerate() {
            import("one-by-one.db", std::slice::from_ref(path), 1);
            import(if number % 2 == 0 { "even.db" } else { "odd.db" }, std::slice::from_ref(path), 2);
        }
        check_case(&scratch.path("one-by-one.db"));
        prop_assert_eq!(stored(&scratch, "one-by-one.db"), digest.clone());
        let halves: Vec<PathBuf> =
            ["odd.db", "even.db"].map(|name| scratch.path(name)).into_iter().filter(|path| path.exists()).collect();
        merge(&scratch.path("merged.db"), &halves, &MergeOptions::default(), &NoProgress).unwrap();
        check_case(&scratch.path("merged.db"));
        prop_assert_eq!(stored(&scratch, "merged.db"), digest.clone());
        merge(&scratch.path("even.db"), &[scratch.path("merged.db")], &MergeOptions::default(), &NoProgress).unwrap();
        check_case(&scratch.path("even.db"));
        prop_assert_eq!(stored(&scratch, "even.db"), digest.clone());

        // One more leaf in one event: another digest.
        let event = scratch_event(&files, changed);
        scratch.write("changed.json", file_of(&[(event, 9)]));
        import("one-by-one.db", &[scratch.path("changed.json")], 1);
        check_case(&scratch.path("one-by-one.db"));
        prop_assert_ne!(stored(&scratch, "one-by-one.db"), digest);
    }
}

/// The id of some event of the files.
fn scratch_event(files: &[Vec<(u8, u8)>], at: prop::sample::Index) -> u8 {
    let all: Vec<u8> = files.iter().flatten().map(|(id, _)| *id).collect();
    all[at.index(all.len())]
}

#[test]
fn a_full_record_that_replaces_a_row_replaces_it_in_the_digest() {
    let test_env = TestEnv::new();
    let [shapes, delivery] = ["shapes", "delivery"].map(|folder| testdata(folder).to_str().unwrap().to_owned());
    test_env.run(&["--db", "a.db", "import", &shapes]).exits(0);
    test_env.run(&["--db", "a.db", "import", &delivery]).exits(0);
    assert_ne!(
        test_env.scratch.ask_at("a.db").query_row("SELECT count(*) FROM replaced_rows", [], |row| row.get(0)),
        Ok(0)
    );
    test_env.run(&["--db", "b.db", "import", &delivery, &shapes]).exits(0);
    assert_eq!(digest_of(&test_env, "a.db"), digest_of(&test_env, "b.db"));
    check_case(&test_env.scratch.path("a.db"));
}
