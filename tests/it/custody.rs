//! The details of a case, its chain of custody, and the manifest for `sha256sum -c`.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;

use serde_json::Value;

use crate::common::program::{CommandOutput, TestEnv, gzip};
use crate::common::record;

/// The chain of custody of a case as JSON.
fn custody(test_env: &TestEnv, case: &str) -> Value {
    test_env.run(&["--db", case, "--format", "json", "info", "--custody"]).exits(0).json()
}

#[test]
fn details_come_from_options_and_a_file_and_every_change_is_kept() {
    let test_env = TestEnv::new();
    test_env.scratch.write("a.json", record("a", ""));
    test_env.scratch.write("case.toml", "# notes\ncase_number = \"2026-042\"\nexaminer = \"Ada Lovelace\"\n");
    let import = ["import", "a.json", "--case-details", "case.toml", "--source", "bucket acme-trail"];
    test_env.run(&import).exits(0);
    let shown = custody(&test_env, "trailq.db");
    assert_eq!(shown["case_number"], "2026-042");
    assert_eq!(shown["examiner"], "Ada Lovelace");
    assert_eq!(shown["source"], "bucket acme-trail");
    assert_eq!(shown["details"].as_array().unwrap().len(), 3);
    assert_eq!(shown["details"][0]["set_by"], "unknown", "the tests have no user: {shown}");
    // The same again, of files that are not read again, changes nothing.
    test_env.run(&import).exits(0);
    assert_eq!(custody(&test_env, "trailq.db")["details"].as_array().unwrap().len(), 3);
    // An option takes precedence over the file.
    test_env.run(&["import", "a.json", "--case-details", "case.toml", "--examiner", "Bob"]).exits(0);
    let changed = custody(&test_env, "trailq.db");
    assert_eq!(changed["examiner"], "Bob");
    let values: Vec<&Value> = changed["details"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["name"] == "examiner")
        .map(|row| &row["value"])
        .collect();
    assert_eq!(values, ["Ada Lovelace", "Bob"]);
    let text = test_env.run(&["info", "--custody"]).exits(0).out;
    assert!(text.contains("\nexaminer     Bob\nsource       bucket acme-trail\n"), "{text}");
    assert!(text.contains(" examiner set to \"Ada Lovelace\" by unknown, trailq "), "{text}");
}

#[test]
fn mistakes_in_details_name_file_line_and_key() {
    let test_env = TestEnv::new();
    test_env.scratch.write("a.json", record("a", ""));
    test_env.scratch.write("case.toml", "examiner = \"Ada\"\nexaminor = \"Bob\"\n");
    let import = ["import", "a.json", "--case-details", "case.toml"];
    test_env.run(&import).fails(2, &["case.toml:2: unknown field `examinor`, expected one of `case_number`"]);
    test_env.scratch.write("case.toml", "examiner = 3\n");
    test_env.run(&import).fails(2, &["case.toml:1: invalid type: integer `3`, expected a string"]);
    test_env.scratch.write("case.toml", "\nsource = \"\"\n");
    test_env.run(&import).fails(2, &["case.toml:2: `source` is empty"]);
    test_env.scratch.write("case.toml", format!("#{}\n", "x".repeat(70_000)));
    test_env.run(&import).fails(2, &["case.toml is larger than 65536 bytes"]);
    test_env.run(&["import", "a.json", "--case-details", "none.toml"]).fails(2, &["none.toml"]);
    test_env.run(&["import", "a.json", "--examiner", " "]).fails(2, &["the value is empty"]);
    test_env.run(&["import", "a.json", "--source", "a\nb"]).fails(2, &["the value has a line break"]);
    assert!(!test_env.scratch.case().exists(), "nothing was imported");
}

#[test]
fn a_redacted_snapshot_and_one_without_notes_name_no_person() {
    let test_env = TestEnv::new();
    test_env.scratch.write("a.json", record("a", ""));
    let import = ["import", "a.json", "--case-number", "42", "--examiner", "Ada Lovelace", "--source", "Acme"];
    test_env.run(&import).exits(0);
    test_env.run(&["snapshot", "whole.db"]).exits(0);
    assert_eq!(custody(&test_env, "whole.db")["examiner"], "Ada Lovelace");
    test_env.run(&["snapshot", "part.db", "--where", "event-name=RunInstances"]).exits(0);
    assert_eq!(custody(&test_env, "part.db")["case_number"], "42");
    let mut redacted = test_env.command(&["snapshot", "redacted.db", "--redact", "users"]);
    assert!(redacted.output().unwrap().status.success());
    test_env.run(&["snapshot", "bare.db", "--no-notes"]).exits(0);
    for name in ["redacted.db", "bare.db"] {
        let shown = custody(&test_env, name);
        assert_eq!([&shown["case_number"], &shown["examiner"], &shown["source"]], [&Value::Null; 3]);
        let bytes = fs::read(test_env.scratch.path(name)).unwrap();
        assert!(!bytes.windows(8).any(|eight| eight == b"Lovelace"), "{name}");
    }
}

#[test]
fn merged_cases_keep_the_details_of_both_in_any_order() {
    let test_env = TestEnv::new();
    for name in ["a", "b"] {
        test_env.scratch.write(&format!("{name}.json"), record(name, ""));
        let case = format!("{name}.db");
        test_env.run(&["--db", &case, "import", &format!("{name}.json"), "--case-number", name]).exits(0);
    }
    let set = "UPDATE case_details SET set_at = '2026-01-0";
    test_env.scratch.ask_at("a.db").execute_batch(&format!("{set}2T00:00:00Z'")).unwrap();
    test_env.scratch.ask_at("b.db").execute_batch(&format!("{set}1T00:00:00Z'")).unwrap();
    test_env.run(&["--db", "ab.db", "merge", "a.db", "b.db"]).exits(0);
    test_env.run(&["--db", "ba.db", "merge", "b.db", "a.db"]).exits(0);
    let (ab, ba) = (custody(&test_env, "ab.db"), custody(&test_env, "ba.db"));
    assert_eq!(ab["details"], ba["details"]);
    assert_eq!(ab["case_number"], "a", "it was set last");
    assert_eq!(ab["details"].as_array().unwrap().len(), 2);
    let ran = test_env.run(&["--db", "ab.db", "merge", "a.db"]).exits(0);
    assert!(ran.err.contains("nothing new") || ran.err.contains("0 new"), "{ran:?}");
}

#[test]
fn steps_name_the_person_who_made_them() {
    let test_env = TestEnv::new();
    for name in ["a", "b"] {
        test_env.scratch.write(&format!("{name}.json"), record(name, ""));
    }
    let by = |who: &str, arguments: &[&str]| {
        let mut command = test_env.command(arguments);
        let ran = command.env("TRAILQ_USER", who).output().unwrap();
        assert!(ran.status.success(), "{arguments:?}: {ran:?}");
        String::from_utf8(ran.stdout).unwrap()
    };
    by("ada", &["--db", "a.db", "import", "a.json"]);
    by("bob", &["--db", "b.db", "import", "b.json"]);
    by("ada", &["--db", "a.db", "snapshot", "whole.db"]);
    by("eve", &["--db", "a.db", "snapshot", "part.db", "--where", "event-id=a", "--no-notes"]);
    by("bob", &["--db", "merged.db", "merge", "whole.db", "b.db"]);
    by("eve", &["--db", "merged.db", "reindex"]);
    by("eve", &["--db", "merged.db", "snapshot", "redacted.db", "--redact", "accounts"]);
    let steps = |db: &str| -> Vec<String> {
        let shown = custody(&test_env, db);
        let steps = shown["provenance"].as_array().unwrap().iter();
        steps.map(|step| format!("{} {}", step["step"].as_str().unwrap(), step["made_by"])).collect()
    };
    assert_eq!(steps("whole.db"), ["case null", "snapshot \"ada\""]);
    assert_eq!(steps("part.db"), ["case null", "snapshot \"eve\""]);
    let merged = ["case null", "snapshot \"ada\"", "case null", "merge \"bob\"", "reindex \"eve\""];
    assert_eq!(steps("merged.db"), merged);
    // A redacted file names only the person who made it.
    let redacted = ["case null", "snapshot null", "case null", "merge null", "reindex null", "snapshot \"eve\""];
    assert_eq!(steps("redacted.db"), redacted);
    // What is stored of the person is no detail of the case, and is among what the snapshot has digests of.
    assert_eq!(custody(&test_env, "merged.db")["details"], serde_json::json!([]));
    for db in ["whole.db", "part.db", "redacted.db"] {
        let verified = by("ada", &["--format", "tsv", "snapshot", "--verify", db]);
        assert!(verified.contains("\nnotes\tok\t"), "{verified}");
    }
    let text = by("ada", &["--db", "merged.db", "info", "--custody"]);
    assert!(text.contains("merge ") && text.contains(" by bob, trailq "), "{text}");
    by("ada", &["--db", "merged.db", "report", "r.md"]);
    let report = fs::read_to_string(test_env.scratch.path("r.md")).unwrap();
    assert!(report.contains("| bob | merge |"), "{report}");
}

#[test]
fn custody_tells_who_imported_what_when_and_with_which_version() {
    let test_env = TestEnv::with_delivery();
    test_env.scratch.write("more/a.json", record("a", ""));
    let mut command = test_env.command(&["--db", "../trailq.db", "import", "a.json"]);
    command.env("TRAILQ_USER", "ada").current_dir(test_env.scratch.path("more"));
    assert!(command.output().unwrap().status.success());
    test_env.run(&["snapshot", "out.db"]).exits(0);
    let shown = custody(&test_env, "out.db");
    let imports = shown["imports"].as_array().unwrap();
    assert_eq!(imports.len(), 2);
    let run = &imports[1];
    assert_eq!(run["imported_by"], "ada");
    let folder = fs::canonicalize(test_env.scratch.path("more")).unwrap();
    assert_eq!(run["folder"], folder.to_str().unwrap());
    assert_eq!(run["paths"], serde_json::json!(["a.json"]));
    assert_eq!(run["trailq_version"], env!("CARGO_PKG_VERSION"));
    assert_eq!([&run["files"], &run["read"], &run["stored"]], [1, 1, 1].map(Value::from).each_ref());
    assert_eq!(shown["sources"].as_array().unwrap().len(), 37);
    let source = shown["sources"].as_array().unwrap().iter().find(|row| row["import"] == run["id"]).unwrap();
    assert_eq!(source["path"], folder.join("a.json").to_str().unwrap());
    assert_eq!(source["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(shown["provenance"].as_array().unwrap().last().unwrap()["step"], "snapshot");
    let info = test_env.run(&["--format", "json", "info"]).exits(0).json();
    assert_eq!(shown["event_digest"], info["event_digest"]);

    let text = test_env.run(&["--db", "out.db", "info", "--custody"]).exits(0).out;
    assert!(text.contains("\ncase number  not set\n"), "{text}");
    assert!(
        text.contains(&format!(
            " by ada, trailq {}, rules 1: 1 source, 1 record read, 1 stored\n",
            env!("CARGO_PKG_VERSION")
        )),
        "{text}"
    );
    assert!(text.contains("and 27 more, listed by `trailq info --custody --format json`\n"), "{text}");
    let script = test_env.scratch.write("custody.trailq", ".mode csv\n.info custody\n");
    assert_eq!(test_env.run(&["--db", "out.db", "script", script.to_str().unwrap()]).exits(0).out, text);
    test_env.scratch.write("more.trailq", ".info custody more\n");
    test_env.run(&["script", "more.trailq"]).fails(2, &["more"]);
    assert!(text.contains("\nvalidations  none is stored in the case\n"), "{text}");
    test_env.run(&["--format", "csv", "info", "--custody"]).fails(2, &["the chain of custody has no format csv"]);
}

/// Runs the real `sha256sum -c` on a manifest, in another folder than the import ran in.
fn sha256sum(test_env: &TestEnv, manifest: &str) -> CommandOutput {
    let mut command = Command::new("sha256sum");
    test_env.make_hermetic(&mut command);
    command.env("LC_ALL", "C").current_dir("/").arg("-c").arg(test_env.scratch.path(manifest));
    let output = command.output().unwrap();
    CommandOutput {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn sha256sum_checks_a_manifest_of_files_with_strange_names() {
    let test_env = TestEnv::new();
    let names: [&[u8]; 9] = [
        b"plain.json",
        b"two  blanks *.json",
        b"back\\slash.json",
        b"\\x41.json",
        b"line\nbreak.json",
        b"return\r.json",
        b"-c.json",
        b"raw\xff.json",
        b"mark.json#sha256:0123456789abcdef",
    ];
    let folder = test_env.scratch.path("in");
    fs::create_dir(&folder).unwrap();
    for (number, name) in names.iter().enumerate() {
        fs::write(folder.join(OsStr::from_bytes(name)), record(&format!("e-{number}"), "")).unwrap();
    }
    test_env.run(&["import", "in", "--quiet"]).exits(0);
    let manifest = |name: &str| {
        let output = test_env.command(&["info", "--manifest"]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        test_env.scratch.write(name, output.stdout);
        String::from_utf8(output.stderr).unwrap()
    };
    let notes = manifest("all.sha256");
    assert_eq!(notes, "note: the hash of the case changes when it is written: by an import, a note or a tag\n");
    let ran = sha256sum(&test_env, "all.sha256").exits(0);
    assert_eq!(ran.out.lines().filter(|line| line.ends_with(": OK")).count(), names.len() + 1, "{ran:?}");

    // A note changes the case, and nothing else.
    let script = test_env.scratch.write("note.trailq", ".note seen\n");
    test_env.run(&["script", script.to_str().unwrap()]).exits(0);
    let ran = sha256sum(&test_env, "all.sha256").exits(1);
    assert_eq!(ran.out.lines().filter(|line| line.ends_with(": FAILED")).count(), 1, "{ran:?}");
    assert!(ran.out.contains("trailq.db: FAILED\n"), "{ran:?}");
    // A changed source file.
    manifest("again.sha256");
    sha256sum(&test_env, "again.sha256").exits(0);
    fs::write(folder.join("plain.json"), record("other", "")).unwrap();
    let ran = sha256sum(&test_env, "again.sha256").exits(1);
    assert!(ran.out.contains("plain.json: FAILED\n"), "{ran:?}");
    test_env.run(&["--format", "json", "info", "--manifest"]).fails(2, &["the manifest has no format json"]);
}

#[test]
fn a_manifest_says_what_cannot_be_in_it() {
    let test_env = TestEnv::new();
    test_env.scratch.write("a.json", record("first", ""));
    let mut zip = Command::new("python3");
    test_env.make_hermetic(&mut zip);
    let script = "import zipfile; z = zipfile.ZipFile('b.zip', 'w'); z.write('a.json', 'm/1.json'); z.close()";
    assert!(zip.args(["-c", script]).status().unwrap().success());
    test_env.run(&["import", "a.json", "b.zip"]).exits(0);
    test_env.scratch.write("a.json", record("second", ""));
    test_env.run(&["import", "a.json"]).exits(0);
    test_env.pipe(&["import", "-"], &gzip(record("piped", "").as_bytes())).exits(0);
    let ran = test_env.run(&["info", "--manifest"]).exits(0);
    assert_eq!(
        ran.err,
        "note: 1 member of an archive is not in the manifest: the archive is in it\n\
         note: 1 standard input is not in the manifest: `trailq info --custody` has the hash\n\
         note: 1 earlier content of an overwritten file is not in the manifest: `trailq info --custody` has the hash\n\
         note: the hash of the case changes when it is written: by an import, a note or a tag\n"
    );
    test_env.scratch.write("m.sha256", &ran.out);
    let checked = sha256sum(&test_env, "m.sha256").exits(0);
    assert_eq!(checked.out.lines().count(), 3, "{checked:?}");
}
