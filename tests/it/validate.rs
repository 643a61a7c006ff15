//! `trailq validate` on files as they lie in folders and archives, and on what a case knows of them.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::common::digests::{SignedDelivery, public_keys};
use crate::common::program::{CommandOutput, TestEnv, gzip};
use crate::common::{Needs, check_case, skip, testdata};

/// A signed delivery of four hours in `in`, its keys and the signature of its newest digest in `proof`.
fn signed() -> (TestEnv, SignedDelivery) {
    let test_env = TestEnv::new();
    let delivery = SignedDelivery::write(&test_env.scratch.path("in"), "main", 4);
    test_env.scratch.write("proof/keys.json", public_keys());
    test_env.scratch.write("proof/head.json", delivery.head_object(3));
    (test_env, delivery)
}

fn validate(test_env: &TestEnv, arguments: &[&str]) -> CommandOutput {
    test_env.run(&[&["--format", "json", "validate"], arguments].concat())
}

/// The numbers of log files, then of digests, by verdict, without zeros.
fn counts(report: &Value) -> String {
    let mut all = Vec::new();
    for kind in ["log_files", "digests"] {
        for verdict in
            ["valid", "consistent", "altered", "missing", "unlisted", "rewritten", "not_hashed", "not_covered"]
        {
            let of =
                report["summary"].as_array().unwrap().iter().map(|summary| summary[kind][verdict].as_u64().unwrap());
            let files: u64 = of.sum();
            if files > 0 {
                all.push(format!("{files} {verdict}"));
            }
        }
        all.push("/".to_owned());
    }
    all.join(" ").trim_end_matches(" /").to_owned()
}

/// Checks that a folder and a case with its files give the same verdicts, and returns them with the exit code.
fn verdicts(test_env: &TestEnv) -> (String, i32) {
    let folder = validate(test_env, &["in", "proof"]);
    let db = "same.db";
    let _ = fs::remove_file(test_env.scratch.path(db));
    test_env.run(&["--db", db, "import", "in", "proof"]);
    check_case(&test_env.scratch.path(db));
    let case = test_env.run(&["--db", db, "--format", "json", "validate"]);
    let (of_folder, of_case) = (folder.json(), case.json());
    assert_eq!(counts(&of_folder), counts(&of_case));
    assert_eq!(folder.code, case.code);
    let named = |report: &Value| -> Vec<String> {
        let findings = report["findings"].as_array().unwrap();
        findings
            .iter()
            .map(|finding| format!("{} {} {}", finding["verdict"], finding["object"], finding["place"]))
            .collect()
    };
    assert_eq!(named(&of_folder), named(&of_case));
    (counts(&of_folder), folder.code.unwrap())
}

#[test]
fn a_sound_delivery_is_valid() {
    let (test_env, _) = signed();
    assert_eq!(verdicts(&test_env), ("8 valid / 4 valid".to_owned(), 0));
    validate(&test_env, &["in", "proof", "--strict"]).exits(0);
    // The keys may be named, and the head may be left out.
    let ran = validate(&test_env, &["in", "--public-keys", "proof/keys.json"]).exits(0);
    assert_eq!(counts(&ran.json()), "6 valid 2 consistent / 3 valid 1 consistent");
    validate(&test_env, &["in", "--public-keys", "proof/keys.json", "--strict"]).exits(1);
    let ran = validate(&test_env, &["in"]).exits(1);
    assert_eq!(counts(&ran.json()), "8 consistent / 4 consistent");
    assert_eq!(ran.json()["missing_keys"].as_array().unwrap().len(), 1);
    assert!(
        ran.json()["meaning"].as_str().unwrap().starts_with("valid means: unchanged since CloudTrail delivered it.")
    );
}

#[test]
fn every_damage_to_a_log_file_has_its_verdict() {
    type Damage = fn(&SignedDelivery, &str);
    let damages: [(&str, Damage, &str, i32); 10] = [
        ("altered", |d, key| d.put(key, b"{\"Records\":[]}"), "7 valid 1 altered / 4 valid", 1),
        ("deleted", |d, key| fs::remove_file(d.path(key)).unwrap(), "7 valid 1 missing / 4 valid", 1),
        ("renamed", |d, key| fs::rename(d.path(key), d.folder.join("events.json.gz")).unwrap(), "8 valid / 4 valid", 0),
        (
            "gunzipped",
            |d, key| {
                let path = d.path(key);
                fs::write(path.with_extension(""), content(&path)).unwrap();
                fs::remove_file(path).unwrap();
            },
            "8 valid / 4 valid",
            0,
        ),
        (
            "compressed again",
            |d, key| {
                let path = d.path(key);
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
                encoder.write_all(&content(&path)).unwrap();
                fs::write(&path, encoder.finish().unwrap()).unwrap();
            },
            "8 valid / 4 valid",
            0,
        ),
        ("bytes after the gzip stream", |d, key| append(&d.path(key), b"more"), "7 valid 1 altered / 4 valid", 1),
        (
            "cut off",
            |d, key| {
                let whole = fs::read(d.path(key)).unwrap();
                fs::write(d.path(key), &whole[..whole.len() - 20]).unwrap();
            },
            "7 valid 1 altered / 4 valid",
            1,
        ),
        ("empty", |d, key| fs::write(d.path(key), b"").unwrap(), "7 valid 1 altered / 4 valid", 1),
        (
            "pretty-printed",
            |d, key| {
                let value: Value = serde_json::from_slice(&content(&d.path(key))).unwrap();
                d.put(key, serde_json::to_string_pretty(&value).unwrap().as_bytes());
            },
            "7 valid 1 altered / 4 valid",
            1,
        ),
        (
            "copied",
            |d, key| {
                fs::create_dir_all(d.folder.join("copy")).unwrap();
                fs::copy(d.path(key), d.folder.join("copy").join(key.rsplit('/').next().unwrap())).unwrap();
            },
            "8 valid / 4 valid",
            0,
        ),
    ];
    for (name, damage, expected, code) in damages {
        let (test_env, delivery) = signed();
        damage(&delivery, &delivery.logs[1][0]);
        assert_eq!(verdicts(&test_env), (expected.to_owned(), code), "{name}");
        if code == 1 {
            let two = expected.replace("7 valid 1", "6 valid 2");
            damage(&delivery, &delivery.logs[1][1]);
            assert_eq!(verdicts(&test_env), (two, 1), "{name} twice in a row");
        }
    }
}

fn content(path: &Path) -> Vec<u8> {
    let mut content = Vec::new();
    GzDecoder::new(fs::read(path).unwrap().as_slice()).read_to_end(&mut content).unwrap();
    content
}

fn append(path: &Path, bytes: &[u8]) {
    let whole = [fs::read(path).unwrap().as_slice(), bytes].concat();
    fs::write(path, whole).unwrap();
}

#[test]
fn an_empty_gzip_member_after_the_stream_is_found_in_files() {
    let (test_env, delivery) = signed();
    append(&delivery.path(&delivery.logs[0][0]), &gzip(b""));
    let ran = validate(&test_env, &["in", "proof"]).exits(1);
    assert_eq!(counts(&ran.json()), "7 valid 1 altered / 4 valid");
    let reason = ran.json()["findings"][0]["reason"].as_str().unwrap().to_owned();
    assert_eq!(reason, "it cannot be read as delivered: bytes follow the end of the gzip stream");
}

#[test]
fn every_damage_to_a_digest_has_its_verdict() {
    type Damage = fn(&SignedDelivery);
    let damages: [(&str, Damage, &str); 7] = [
        ("altered", |d| alter_digest(d, 1), "6 valid 2 consistent / 3 valid 1 altered"),
        (
            "altered twice in a row",
            |d| {
                alter_digest(d, 1);
                alter_digest(d, 2);
            },
            "4 valid 4 consistent / 2 valid 2 altered",
        ),
        (
            "deleted",
            |d| fs::remove_file(d.path(&d.digests[1])).unwrap(),
            "4 valid 2 consistent 2 not_covered / 2 valid 1 consistent 1 missing",
        ),
        (
            "deleted twice in a row",
            |d| {
                fs::remove_file(d.path(&d.digests[1])).unwrap();
                fs::remove_file(d.path(&d.digests[2])).unwrap();
            },
            "2 valid 2 consistent 4 not_covered / 1 valid 1 consistent 2 missing",
        ),
        (
            "cut off",
            |d| fs::write(d.path(&d.digests[1]), &fs::read(d.path(&d.digests[1])).unwrap()[..50]).unwrap(),
            "4 valid 2 consistent 2 not_covered / 2 valid 1 consistent 1 altered",
        ),
        (
            "cut off twice in a row",
            |d| {
                for digest in &d.digests[1..3] {
                    fs::write(d.path(digest), &fs::read(d.path(digest)).unwrap()[..50]).unwrap();
                }
            },
            "2 valid 2 consistent 4 not_covered / 1 valid 1 consistent 2 altered",
        ),
        ("renamed", |d| fs::rename(d.path(&d.digests[1]), d.folder.join("d.json.gz")).unwrap(), "8 valid / 4 valid"),
    ];
    for (name, damage, expected) in damages {
        let (test_env, delivery) = signed();
        damage(&delivery);
        assert_eq!(verdicts(&test_env), (expected.to_owned(), i32::from(name != "renamed")), "{name}");
    }
}

/// Changes a digest, so that it has another hash.
fn alter_digest(delivery: &SignedDelivery, hour: usize) {
    let key = &delivery.digests[hour];
    let mut digest: Value = serde_json::from_slice(&content(&delivery.path(key))).unwrap();
    digest["oldestEventTime"] = json!("2024-03-01T00:00:00Z");
    delivery.put(key, digest.to_string().as_bytes());
}

#[test]
fn a_signature_of_no_digest_and_another_copy_of_one_are_reported() {
    let (test_env, delivery) = signed();
    alter_digest(&delivery, 3);
    let ran = validate(&test_env, &["in", "proof"]).exits(1);
    let reasons = ran.json()["findings"].to_string();
    assert!(reasons.contains("a head-object answer has the signature of no digest here"), "{reasons}");
    // Two copies of a digest differ: the altered one is found, whichever is read first.
    for folder in ["A", "z"] {
        let (test_env, delivery) = signed();
        let original = fs::read(delivery.path(&delivery.digests[1])).unwrap();
        alter_digest(&delivery, 1);
        let altered = fs::read(delivery.path(&delivery.digests[1])).unwrap();
        fs::write(delivery.path(&delivery.digests[1]), &original).unwrap();
        let name = delivery.digests[1].rsplit('/').next().unwrap();
        test_env.scratch.write(&format!("in/{folder}/{name}"), altered);
        let ran = validate(&test_env, &["in", "proof"]).exits(1);
        assert_eq!(counts(&ran.json()), "8 valid / 4 valid 1 altered");
        test_env.run(&["import", "in", "proof"]).exits(0);
        let ran = test_env.run(&["--format", "json", "validate"]).exits(1);
        assert!(counts(&ran.json()).contains(" altered"), "{ran:?}");
    }
}

#[test]
fn an_added_file_is_unlisted_and_the_newest_digests_are_missed_by_the_status() {
    let (test_env, delivery) = signed();
    let name = "111122223333_CloudTrail_us-east-1_20240301T0120Z_AddedAddedAdded0.json.gz";
    delivery.put(&format!("AWSLogs/{name}"), b"{\"Records\":[]}");
    assert_eq!(verdicts(&test_env).0, "8 valid 1 unlisted / 4 valid");
    fs::remove_file(delivery.path(&delivery.digests[3])).unwrap();
    fs::remove_file(delivery.path(&delivery.digests[2])).unwrap();
    fs::remove_file(test_env.scratch.path("proof/head.json")).unwrap();
    assert_eq!(verdicts(&test_env).0, "2 valid 2 consistent 1 unlisted 4 not_covered / 1 valid 1 consistent");
    let status = r#"{"IsLogging":true,"LatestDigestDeliveryTime":1709265840.0,"LatestDeliveryTime":1709265840.0}"#;
    test_env.scratch.write("proof/status.json", status);
    assert_eq!(verdicts(&test_env).0, "2 valid 2 consistent 1 unlisted 4 not_covered / 1 valid 1 consistent 2 missing");
}

#[test]
fn a_listing_of_the_bucket_is_imported_and_compared() {
    let (test_env, delivery) = signed();
    let object = |key: &str, time: &str| json!({"Key": key, "LastModified": time, "Size": 400, "ETag": "\"x\""});
    let gone = delivery.logs[0][0].replace("main00", "gone00");
    let contents = [
        object(&delivery.logs[0][0], "2024-06-01T00:00:00+00:00"),
        object(&gone, "2024-03-01T00:16:00+00:00"),
        object(&delivery.digests[0], "2024-03-01T01:10:00+00:00"),
    ];
    test_env.scratch.write("proof/listing.json", json!({"Contents": contents, "RequestCharged": null}).to_string());
    // A digest proves that the first one is as it was delivered, whenever it was written.
    assert_eq!(verdicts(&test_env).0, "8 valid 1 missing / 4 valid");
    for digest in &delivery.digests {
        fs::remove_file(delivery.path(digest)).unwrap();
    }
    assert_eq!(verdicts(&test_env).0, "1 missing 1 rewritten 8 not_covered / 1 missing");
    let kinds =
        test_env.run(&["--db", "same.db", "--format", "tsv", "sql", "SELECT format, count(*) FROM files GROUP BY 1"]);
    assert_eq!(kinds.out, "format\tcount(*)\nbucket-listing\t1\nhead-object\t1\npublic-keys\t1\nrecords\t8\n");
}

#[test]
fn a_copy_of_another_size_than_its_object_is_reported() {
    let (test_env, delivery) = signed();
    for digest in &delivery.digests {
        fs::remove_file(delivery.path(digest)).unwrap();
    }
    fs::remove_file(test_env.scratch.path("proof/head.json")).unwrap();
    let logs = &delivery.logs[0];
    let size = |key: &str| fs::metadata(delivery.path(key)).unwrap().len();
    let object = |key: &str, size: u64| json!({"Key": key, "LastModified": "2024-03-01T00:16:00+00:00", "Size": size});
    let list = |objects: &[Value]| {
        test_env.scratch.write("proof/listing.json", json!({"Contents": objects}).to_string());
    };
    list(&[object(&logs[0], size(&logs[0])), object(&logs[1], size(&logs[1]))]);
    assert_eq!(verdicts(&test_env).0, "8 not_covered");
    list(&[object(&logs[0], size(&logs[0]) + 7), object(&logs[1], size(&logs[1]) - 7)]);
    assert_eq!(verdicts(&test_env).0, "2 rewritten 8 not_covered");
    let ran = validate(&test_env, &["in", "proof"]).exits(1);
    let reasons = ran.out.matches("in a listing of the bucket, and the copy has").count();
    assert_eq!((reasons, ran.out.matches("the copy is a part of it").count()), (2, 1), "{ran:?}");
    // A copy that was unpacked is of another size.
    let unpacked = delivery.path(logs[0].strip_suffix(".gz").unwrap());
    let mut content = Vec::new();
    GzDecoder::new(fs::File::open(delivery.path(&logs[0])).unwrap()).read_to_end(&mut content).unwrap();
    fs::write(unpacked, content).unwrap();
    fs::remove_file(delivery.path(&logs[0])).unwrap();
    list(&[object(&logs[0], 7)]);
    assert_eq!(verdicts(&test_env).0, "8 not_covered");
}

#[test]
fn a_listing_beyond_the_largest_value_is_read_object_by_object() {
    let (test_env, delivery) = signed();
    let mut listing = String::from("{\n    \"Contents\": [");
    let mut objects = 0;
    // Larger than a value may be.
    while listing.len() < 33 << 20 {
        listing.push_str(if objects == 0 { "\n" } else { ",\n" });
        let object = json!({
            "Key": format!("AWSLogs/other/{objects:0>400}"), "LastModified": "2024-03-01T00:16:00+00:00",
            "ETag": "\"x\"", "Size": objects, "StorageClass": "STANDARD",
        });
        listing.push_str(&object.to_string());
        objects += 1;
    }
    let gone = delivery.logs[0][0].replace("main00", "gone00");
    listing.push_str(&format!(",{}", json!({"Key": gone, "LastModified": "2024-03-01T00:16:00+00:00", "Size": 1})));
    let cut = listing.clone();
    listing.push_str("\n    ],\n    \"RequestCharged\": null\n}\n");
    test_env.scratch.write("proof/listing.json", &listing);
    assert_eq!(verdicts(&test_env).0, "8 valid 1 missing / 4 valid");
    let count =
        "SELECT count(*), (SELECT group_concat(format) FROM files WHERE path LIKE '%listing%') FROM bucket_objects";
    let counted = |db: &str| test_env.run(&["--db", db, "--format", "tsv", "sql", count]).exits(0).out;
    assert!(counted("same.db").ends_with(&format!("\n{}\tbucket-listing\n", objects + 1)), "{}", counted("same.db"));
    let ran = test_env.run(&["--db", "counted.db", "--format", "json", "import", "proof/listing.json"]).exits(0);
    assert_eq!(ran.json()["proofs"], 1);
    // What comes before its damage is read, and the damage is reported.
    test_env.scratch.write("proof/listing.json", &cut);
    let ran = test_env.run(&["--db", "cut.db", "import", "proof/listing.json"]).exits(1);
    assert!(ran.err.contains("is a listing of a bucket that is not well-formed: EOF while parsing a list"), "{ran:?}");
    assert!(counted("cut.db").ends_with(&format!("\n{}\tbucket-listing\n", objects + 1)), "{}", counted("cut.db"));
    let ran = validate(&test_env, &["in", "proof"]).exits(1);
    assert!(
        ran.json()["unread"][0]["reason"].as_str().unwrap().contains("is a listing of a bucket, and EOF"),
        "{ran:?}"
    );
    test_env.scratch.write("proof/listing.json", listing + "{}");
    let ran = validate(&test_env, &["in", "proof"]).exits(1);
    let reason = "is a listing of a bucket that something follows";
    assert_eq!(ran.json()["unread"][0]["reason"], reason);
}

#[test]
fn members_of_archives_count() {
    let (test_env, delivery) = signed();
    let packed =
        Command::new("tar").args(["-czf", "in.tar.gz", "in"]).current_dir(test_env.scratch.folder.path()).status();
    if !packed.is_ok_and(|status| status.success()) {
        skip(Needs::Tool("tar"), "an archive needs tar");
        return;
    }
    fs::remove_dir_all(&delivery.folder).unwrap();
    let ran = validate(&test_env, &["in.tar.gz", "proof"]).exits(0);
    assert_eq!(counts(&ran.json()), "8 valid / 4 valid");
    assert_eq!(ran.json()["files"], 14);
    let piped = fs::read(test_env.scratch.path("in.tar.gz")).unwrap();
    let ran = test_env.pipe(&["--format", "json", "validate", "-", "proof"], &piped).exits(0);
    assert_eq!(counts(&ran.json()), "8 valid / 4 valid");
    // What is wrong with an archive is said, and it is not passed over.
    fs::write(test_env.scratch.path("in.tar.gz"), &piped[..piped.len() / 2]).unwrap();
    let ran = validate(&test_env, &["in.tar.gz", "proof"]).exits(1);
    assert!(ran.json()["unread"][0]["place"].as_str().unwrap().contains("in.tar.gz"), "{ran:?}");
}

#[test]
fn a_period_selects_deliveries() {
    let (test_env, delivery) = signed();
    fs::remove_file(delivery.path(&delivery.logs[0][0])).unwrap();
    validate(&test_env, &["in", "proof"]).exits(1);
    let ran = validate(&test_env, &["in", "proof", "--since", "2024-03-01T01:00:00Z"]).exits(0);
    assert_eq!(counts(&ran.json()), "6 valid / 3 valid");
    let ran = validate(&test_env, &["in", "proof", "--since", "2024-03-01T01", "--until", "2024-03-01T01"]).exits(0);
    assert_eq!(counts(&ran.json()), "2 valid / 1 valid");
}

#[test]
fn a_validation_is_kept_shown_and_merged() {
    let (test_env, delivery) = signed();
    test_env.run(&["import", "in", "proof"]).exits(0);
    test_env.run(&["validate", "--keep"]).exits(0);
    fs::remove_file(delivery.path(&delivery.logs[0][0])).unwrap();
    test_env.run(&["validate", "in", "proof", "--keep", "--strict", "--since", "2024-03-01"]).exits(1);
    let info = test_env.run(&["info"]).exits(0).out;
    assert!(info.contains(": NOT complete; digests: 4 valid; log files: 1 missing, 7 valid"), "{info}");
    let kept = test_env.run(&["--format", "json", "info"]).exits(0).json()["validation"].clone();
    assert_eq!(kept["complete"], false);
    assert!(kept["paths"][0].as_str().unwrap().ends_with("in"));
    assert_eq!(kept["verdicts"]["log_files"]["missing"], 1);
    let at = kept["at"].as_str().unwrap();
    let coverage = "SELECT DISTINCT validation FROM (SELECT value ->> 'validation' AS validation FROM \
                    json_each(coverage(NULL, unixepoch('2024-03-01T00:59:59Z'))))";
    let coverage = test_env.run(&["--format", "tsv", "sql", coverage]).exits(0).out;
    assert_eq!(coverage, format!("validation\n{at}: 1 missing\n"));
    let run = test_env.run(&["--format", "json", "run", "coverage", "since=2024-03-01T03"]).exits(0).json();
    assert_eq!(run[0]["validation"], format!("{at}: no finding"), "{run}");
    let custody = test_env.run(&["info", "--custody"]).exits(0).out;
    assert!(custody.contains("validations  ") && custody.contains(": NOT complete; digests: 4 valid;"), "{custody}");
    let custody = test_env.run(&["--format", "json", "info", "--custody"]).exits(0).json();
    assert_eq!(custody["validations"].as_array().unwrap().len(), 2);
    assert_eq!(custody["validations"][0]["complete"], false);
    test_env.run(&["report", "r.md"]).exits(0);
    let report = fs::read_to_string(test_env.scratch.path("r.md")).unwrap();
    assert_eq!(
        report.matches(": NOT complete; digests: 4 valid; log files: 1 missing, 7 valid").count(),
        2,
        "{report}"
    );
    let sql = "SELECT since, strict, complete, json_array_length(keys), (SELECT count(*) FROM validation_findings f \
               WHERE f.validation = v.id) FROM validations v ORDER BY id";
    let rows = test_env.run(&["--format", "tsv", "sql", sql]).exits(0).out;
    assert!(rows.ends_with("\n\t0\t1\t1\t0\n2024-03-01T00:00:00Z\t1\t0\t1\t1\n"), "{rows}");
    // Merging takes each validation once; a snapshot of everything has them, and one with redactions has not.
    test_env.run(&["--db", "merged.db", "merge", "trailq.db"]).exits(0);
    test_env.run(&["--db", "merged.db", "merge", "trailq.db"]).exits(0);
    assert_eq!(test_env.run(&["--db", "merged.db", "--format", "tsv", "sql", sql]).exits(0).out, rows);
    let ran = test_env.run(&["--db", "merged.db", "--format", "json", "validate"]).exits(0);
    assert_eq!(counts(&ran.json()), "8 valid / 4 valid");
    test_env.run(&["snapshot", "whole.db"]).exits(0);
    test_env.run(&["snapshot", "--verify", "whole.db"]).exits(0);
    assert_eq!(test_env.run(&["--db", "whole.db", "--format", "tsv", "sql", sql]).exits(0).out, rows);
    let count = "SELECT (SELECT count(*) FROM validations), (SELECT count(*) FROM public_keys)";
    let counted = |db: &str| test_env.run(&["--db", db, "--format", "tsv", "sql", count]).exits(0).out;
    assert!(counted("whole.db").ends_with("\n2\t1\n"));
    test_env.run(&["snapshot", "redacted.db", "--redact", "accounts"]).exits(0);
    assert!(counted("redacted.db").ends_with("\n0\t0\n"));
    test_env.run(&["snapshot", "part.db", "--where", "event-id=main-0-15"]).exits(0);
    assert!(counted("part.db").ends_with("\n0\t0\n"));
}

#[test]
fn cases_of_an_older_trailq_are_not_hashed() {
    let (test_env, _) = signed();
    test_env.run(&["import", "in", "proof"]).exits(0);
    let connection = test_env.scratch.ask();
    connection
        .execute_batch(
            "UPDATE files SET content_sha256 = NULL, status = NULL; UPDATE digests SET previous_digest_signature = NULL, \
             public_key_fingerprint = NULL, signature_algorithm = NULL",
        )
        .unwrap();
    drop(connection);
    let ran = test_env.run(&["--format", "json", "validate"]).exits(1);
    assert_eq!(counts(&ran.json()), "8 not_hashed / 4 not_hashed");
    assert!(ran.json()["findings"][0]["reason"].as_str().unwrap().ends_with("validate the files"), "{ran:?}");
}

#[test]
fn answers_are_read_once_and_their_file_is_accounted_for() {
    let (test_env, _) = signed();
    for _ in 0..2 {
        test_env.run(&["import", "proof"]).exits(0);
        check_case(&test_env.scratch.case());
    }
    let keys = |test_env: &TestEnv| test_env.scratch.number("SELECT count(*) FROM public_keys");
    assert_eq!((keys(&test_env), test_env.scratch.number("SELECT count(*) FROM digest_signatures")), (1, 1));
    // The same content under a new time, and another content.
    let path = test_env.scratch.write("proof/keys.json", public_keys());
    fs::File::options().append(true).open(&path).unwrap().set_modified(std::time::SystemTime::now()).unwrap();
    test_env.run(&["import", "proof"]).exits(0);
    assert_eq!(keys(&test_env), 1);
    test_env.scratch.write("proof/keys.json", format!(" {}", public_keys()));
    test_env.run(&["import", "proof"]).exits(0);
    check_case(&test_env.scratch.case());
    assert_eq!(keys(&test_env), 2, "both contents stay in the ledger");
}

#[test]
fn the_report_reads_as_text_and_as_rows() {
    let (test_env, delivery) = signed();
    delivery.put(&delivery.logs[1][0], b"{\"Records\":[]}");
    fs::remove_file(delivery.path(&delivery.logs[1][1])).unwrap();
    let ran = test_env.run(&["validate", "in", "proof"]).exits(1);
    let folder = test_env.scratch.path("in").canonicalize().unwrap();
    let text = ran.out.replace(folder.to_str().unwrap(), "IN");
    insta::assert_snapshot!(text);
    let rows = test_env.run(&["--format", "csv", "validate", "in", "proof"]).exits(1).out;
    let columns = "verdict,kind,account,region,trail,files,object,place,from,to,expected,found,reason\r\n";
    assert!(rows.starts_with(columns) && rows.lines().count() == 3, "{rows}");
    let one = test_env.run(&["--format", "json", "validate", "in", "proof", "--jobs", "1"]).exits(1).json();
    let many = test_env.run(&["--format", "json", "validate", "proof", "in", "--jobs", "8"]).exits(1).json();
    assert_eq!(one["findings"], many["findings"]);
    let script = test_env.scratch.write("v.trailq", ".validate in --public-keys proof/keys.json --since 2024-03-01\n");
    test_env.run(&["import", "in"]).exits(0);
    let ran = test_env.run(&["script", script.to_str().unwrap()]);
    assert!(ran.out.contains("1 altered") && ran.out.contains("consistent"), "{ran:?}");
}

#[test]
fn mistakes_are_named() {
    let (test_env, _) = signed();
    validate(&test_env, &["nowhere"]).fails(2, &["nowhere: there is no such file or folder"]);
    validate(&test_env, &["in", "--public-keys", "nokeys.json"]).fails(2, &["nokeys.json: there is no such file"]);
    test_env.scratch.write("nokeys.json", "{}");
    validate(&test_env, &["in", "--public-keys", "nokeys.json"])
        .fails(2, &["nokeys.json has no public key", "save the output of `aws cloudtrail list-public-keys` in it"]);
    validate(&test_env, &["in", "--since", "soon"]).fails(2, &["cannot read `soon` as a time"]);
    validate(&test_env, &["in", "--since", "2025", "--until", "2024"]).fails(2, &["--since is after --until"]);
    validate(&test_env, &[]).fails(2, &["trailq.db"]);
    test_env.run(&["--format", "records", "validate", "in"]).fails(2, &["a validation has no format records"]);
    test_env.scratch.write("empty/readme.txt", "nothing");
    let ran = test_env.run(&["validate", "empty"]).exits(1);
    assert!(ran.out.starts_with("there is no digest file"), "{ran:?}");
    test_env.run(&["import", "in"]).exits(0);
    for (line, says) in [
        (".validate --soon", "`--soon` is not an option of .validate"),
        (".validate --since", "`--since` needs a value"),
    ] {
        let script = test_env.scratch.write("bad.trailq", line);
        test_env.run(&["script", script.to_str().unwrap()]).fails(2, &[says]);
    }
}

#[test]
fn the_delivery_of_the_test_data_is_consistent() {
    let test_env = TestEnv::new();
    let ran = validate(&test_env, &[testdata("delivery").to_str().unwrap()]).exits(1);
    assert_eq!(counts(&ran.json()), "3 consistent 31 not_covered / 2 consistent");
}

/// The AWS CLI's own code against the same files: see `tests/validate_logs.py`.
#[test]
#[cfg(feature = "serve")]
fn verdicts_agree_with_validate_logs_where_it_can_tell() {
    let Some(python) = crate::aws_clients::clients() else { return };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/validate_logs.py");
    let test_env = TestEnv::new();
    let (program, folder) = (crate::common::program::PROGRAM, test_env.scratch.path("both"));
    let done = Command::new(python).args([script, program]).arg(&folder).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{out}{err}");
    assert!(out.lines().count() > 30, "{out}");
    eprint!("{out}");
}
