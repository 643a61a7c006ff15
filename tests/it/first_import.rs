//! While a first import runs, and after it was interrupted, every command says so: never that there is no case, and never
//! an empty answer.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::common::program::{CommandOutput, TestEnv, as_nobody, chmod, drop_privileges};
use crate::common::{check_case, lines, record};
use crate::ways::BULK_BYTES;

/// The case that is being made, its folder, and another case.
const CASE: &str = "new.db";
const FOLDER: &str = "new.db.import";
const OTHER: &str = "trailq.db";

/// The relation of a command line to the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    /// It needs the case.
    Needs,
    /// It needs the case, and reports the progress of an import that runs.
    Reports,
    /// It makes the case, after a running import or in place of an interrupted one.
    Makes,
    /// It does not read the case.
    Ignores,
}
use Relation::{Ignores, Makes, Needs, Reports};

/// Command lines of every command, the ones of the same command side by side.
const COMMAND_LINES: &[(&[&str], Relation)] = &[
    (&["lookup", "| count"], Needs),
    (&["sql", "SELECT count(*) FROM events"], Needs),
    (&["lookup-events"], Needs),
    (&["serve", "--port", "0"], Needs),
    (&["queries"], Ignores),
    (&["run", "rejects"], Needs),
    (&["hunt"], Needs),
    (&["leads"], Needs),
    (&["script", "some.trailq"], Needs),
    (&["report", "out.html"], Needs),
    (&["scripts"], Ignores),
    (&["info"], Reports),
    (&["info", "--files"], Needs),
    (&["info", "--custody"], Needs),
    (&["info", "--manifest"], Needs),
    (&["validate"], Needs),
    (&["snapshot", "out.db"], Needs),
    (&["snapshot", "--verify", CASE], Needs),
    (&["snapshot", "--db", OTHER, CASE, "--force"], Needs),
    (&["merge", OTHER], Needs),
    (&["merge", "--db", OTHER, CASE], Needs),
    (&["reindex"], Needs),
    (&["diff", OTHER, CASE], Needs),
    (&["diff", CASE, OTHER], Needs),
    (&["convert", "one.json", "out"], Ignores),
    (&["export", "out2"], Needs),
    (&["guide", "import"], Ignores),
    (&["completions", "bash"], Ignores),
    (&["config"], Ignores),
    (&["man", "man"], Ignores),
    (&["help"], Ignores),
    (&[], Needs),
    (&["import", "one.json"], Makes),
];

/// The command lines of commands that are not left out of the build.
fn command_lines() -> impl Iterator<Item = &'static (&'static [&'static str], Relation)> {
    let is_built = |name: &str| {
        let feature = [("serve", cfg!(feature = "serve"))];
        let parquet = ["convert", "export"].map(|name| (name, cfg!(feature = "parquet")));
        feature.into_iter().chain(parquet).all(|(of_feature, is_built)| is_built || name != of_feature)
    };
    COMMAND_LINES.iter().filter(move |(arguments, _)| arguments.first().is_none_or(|name| is_built(name)))
}

/// The commands that the program has.
fn commands() -> BTreeSet<String> {
    let script = TestEnv::new().run(&["completions", "elvish"]).exits(0).out;
    let names = script.split("\n        &'trailq;").skip(1).filter_map(|part| part.split_once('\''));
    names.map(|(name, _)| name.split(';').next().unwrap().to_owned()).collect()
}

/// The seconds since 1970.
fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

/// A case, a file and what an import that is half done has in its folder.
fn begin() -> TestEnv {
    let test_env = TestEnv::with_delivery();
    test_env.scratch.write("one.json", record("e-1", ""));
    test_env.scratch.write("some.trailq", "| count\n");
    test_env.scratch.write(&format!("{FOLDER}/case.db"), "part");
    test_env
}

/// Writes the progress of an import, of which 37 % is done.
fn write_progress(test_env: &TestEnv, age: i64) {
    let progress = json!({
        "process": 4711, "started": now() - 90, "written": now() - age, "files": 182, "all_files": 489, "bytes": 37,
        "all_bytes": 100, "events": 371_204, "is_indexing": false,
    });
    test_env.scratch.write(&format!("{FOLDER}/progress.json"), progress.to_string());
}

/// Runs a command on the case, without waiting.
fn run(test_env: &TestEnv, arguments: &[&str]) -> CommandOutput {
    let mut command = test_env.command(arguments);
    command.env("TRAILQ_WAIT", "0").env("TRAILQ_DB", CASE);
    CommandOutput::of(command.output().unwrap())
}

/// Names nothing that a user could take for the answer about a case.
#[track_caller]
fn says_no_answer(ran: &CommandOutput, what: &[&str]) {
    assert!(!ran.err.contains("there is no case"), "{what:?}: {ran:?}");
    assert_eq!(ran.out, "", "{what:?}: {ran:?}");
}

#[test]
fn the_command_lines_are_of_every_command() {
    let named = COMMAND_LINES.iter().filter_map(|(arguments, _)| arguments.first().map(|name| (*name).to_owned()));
    assert_eq!(named.collect::<BTreeSet<String>>(), commands());
}

#[test]
fn every_command_says_that_a_first_import_is_running() {
    let test_env = begin();
    let held = File::open(test_env.scratch.path(FOLDER)).unwrap();
    held.lock().unwrap();
    for (arguments, relation) in command_lines() {
        write_progress(&test_env, 0);
        let ran = run(&test_env, arguments);
        match relation {
            Needs | Makes => {
                says_no_answer(&ran, arguments);
                let error = "error: the import into new.db is running, 37 %: 182 of 489 files read\n";
                let hint = "= hint: wait until it is done; `trailq --db new.db info` shows the progress\n";
                ran.fails(2, &[error, hint]);
            }
            Reports => assert!(ran.exits(0).out.contains("case        new.db: the import into it is running\n")),
            Ignores => drop(ran.exits(0)),
        }
        assert!(!test_env.scratch.path(CASE).exists(), "{arguments:?}");
    }
    assert_eq!(fs::read(test_env.scratch.path(FOLDER).join("case.db")).unwrap(), b"part");
    assert!(!test_env.scratch.path("out.db").exists() && !test_env.scratch.path("out.html").exists());
}

#[test]
fn every_command_says_that_a_first_import_was_interrupted() {
    let test_env = begin();
    for (arguments, relation) in command_lines() {
        // The progress of an import that was killed long ago is still the last one.
        write_progress(&test_env, 100_000);
        let ran = run(&test_env, arguments);
        let text = "the import into new.db was interrupted at 37 %, before the case was complete";
        match relation {
            Needs | Reports => {
                says_no_answer(&ran, arguments);
                let hint = "= hint: run the same import again, or give it up by removing the folder new.db.import\n";
                ran.fails(2, &[&format!("error: {text}\n"), hint]);
                assert!(!test_env.scratch.path(CASE).exists(), "{arguments:?}");
            }
            Makes => drop(ran.fails(0, &[&format!("note: {text}: this import begins anew\n")])),
            Ignores => drop(ran.exits(0)),
        }
    }
    check_case(&test_env.scratch.path(CASE));
    assert_eq!(lines(&test_env.scratch.ask_at(CASE), "SELECT event_id FROM events"), ["e-1"]);
    assert!(!test_env.scratch.path(FOLDER).exists());
}

#[test]
fn stale_and_torn_progress_is_reported_without_numbers() {
    let test_env = begin();
    let folder = test_env.scratch.path(FOLDER);
    let held = File::open(&folder).unwrap();
    held.lock().unwrap();
    let whole = || fs::read_to_string(folder.join("progress.json")).unwrap();
    write_progress(&test_env, 0);
    let torn = whole()[..40].to_owned();
    write_progress(&test_env, 1_000);
    let stale = whole();
    for text in [stale, torn, String::new()] {
        test_env.scratch.write(&format!("{FOLDER}/progress.json"), &text);
        let ran = run(&test_env, &["lookup", "| count"]);
        ran.fails(2, &["error: the import into new.db is running\n"]);
        let info = run(&test_env, &["info"]).exits(0);
        assert!(info.out.contains("stage       not known\n") && !info.out.contains('%'), "{info:?}");
    }
    let indexing = json!({
        "process": 1, "started": 0, "written": 0, "files": 489, "all_files": 489, "bytes": 100, "all_bytes": 100,
        "events": 1_000_000, "is_indexing": true,
    });
    test_env.scratch.write(&format!("{FOLDER}/progress.json"), indexing.to_string());
    let ran = run(&test_env, &["lookup", "| count"]);
    ran.fails(2, &["error: the import into new.db is running: everything is read, and indexes are being built\n"]);
    drop(held);
    let ran = run(&test_env, &["lookup", "| count"]);
    ran.fails(2, &["the import into new.db was interrupted while it built indexes, before the case was complete\n"]);
    fs::remove_file(folder.join("progress.json")).unwrap();
    let ran = run(&test_env, &["lookup", "| count"]);
    ran.fails(2, &["error: the import into new.db was interrupted before the case was complete\n"]);
}

/// Makes a pipe.
fn pipe(test_env: &TestEnv) -> PathBuf {
    let path = test_env.scratch.path("a.pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

#[test]
fn info_shows_the_progress_of_an_import_and_a_question_waits_for_its_end() {
    let test_env = TestEnv::new();
    let fed = pipe(&test_env);
    test_env.scratch.write("0.json", record("e-0", ""));
    let mut command = test_env.command(&["-q", "--db", CASE, "import", "0.json", "a.pipe", "--jobs", "1"]);
    let mut import = command.env(BULK_BYTES, "0").spawn().unwrap();
    let mut feeder = File::options().write(true).open(fed).unwrap();
    feeder.write_all(record("e-1", "").as_bytes()).unwrap();
    let info = test_env.run(&["--db", CASE, "info", "--format", "json"]).exits(0);
    let report: Value = serde_json::from_str(&info.out).unwrap();
    let import_report = &report["import"];
    assert_eq!((&report["case"], &import_report["state"]), (&json!(CASE), &json!("running")), "{info:?}");
    assert_eq!(import_report["process"], json!(import.id()), "{info:?}");
    assert_eq!(import_report["all_files"], json!(2), "{info:?}");
    let mut lookup = test_env.command(&["--db", CASE, "--format", "tsv", "lookup", "| count"]);
    let lookup = lookup.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Waiting is reported after a second.
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    drop(feeder);
    assert!(import.wait().unwrap().success());
    let ran = CommandOutput::of(lookup.wait_with_output().unwrap()).exits(0);
    assert_eq!(ran.out, "events\n2\n", "{ran:?}");
    assert!(ran.err.contains("note: the import into new.db is running"), "{ran:?}");
    assert!(ran.err.contains("waiting until it is done; Ctrl-C cancels\n"), "{ran:?}");
    let info = test_env.run(&["--db", CASE, "info"]).exits(0);
    assert!(info.out.contains("events      2\n"), "{info:?}");
    assert!(!test_env.scratch.path(FOLDER).exists());
}

#[test]
fn a_merge_that_fails_does_not_remove_a_case_that_another_process_made_meanwhile() {
    let test_env = begin();
    let by_content = ["--db", "content.db", "import", "one.json", "--ids", "content"];
    test_env.run(&by_content).exits(0);
    let held = File::open(test_env.scratch.path(FOLDER)).unwrap();
    held.lock().unwrap();
    let mut merge = test_env.command(&["--db", CASE, "merge", "content.db"]);
    let merge = merge.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    // The other import ends.
    fs::copy(test_env.scratch.path(OTHER), test_env.scratch.path("made.db")).unwrap();
    fs::rename(test_env.scratch.path("made.db"), test_env.scratch.path(CASE)).unwrap();
    drop(held);
    let ran = CommandOutput::of(merge.wait_with_output().unwrap());
    ran.fails(2, &["note: the import into new.db is running", "ids"]);
    check_case(&test_env.scratch.path(CASE));
}

#[test]
fn the_folder_of_another_user_is_named() {
    let test_env = begin();
    if !as_nobody(&test_env) {
        return;
    }
    chmod(test_env.scratch.folder.path(), 0o777);
    chmod(&test_env.scratch.path(FOLDER), 0o000);
    for arguments in [&["lookup", "| count"][..], &["info"], &["merge", OTHER]] {
        let mut command = test_env.command(arguments);
        drop_privileges(command.env("TRAILQ_DB", CASE));
        let ran = CommandOutput::of(command.output().unwrap());
        says_no_answer(&ran, arguments);
        ran.fails(2, &["error: new.db.import: there is no permission for it\n"]);
    }
    chmod(&test_env.scratch.path(FOLDER), 0o700);
}

#[test]
fn the_name_of_a_case_in_the_making_is_not_taken_for_a_command() {
    let test_env = TestEnv::new();
    test_env.scratch.write("incident.import/case.db", "part");
    let ran = test_env.run(&["incident"]);
    ran.fails(2, &["error: the import into incident was interrupted before the case was complete\n"]);
}
