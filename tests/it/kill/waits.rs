//! While an import runs, questions wait for its next commit and are answered from it; writers wait for its end.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::answers::{Open, Served};
use crate::common::program::{CommandOutput, TestEnv};
use crate::common::{check_case, record};

/// Makes a pipe with a name.
fn pipe(test_env: &TestEnv, name: &str) -> PathBuf {
    let path = test_env.scratch.path(name);
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

/// Records of these numbers, one a line.
fn records(from: usize, to: usize) -> String {
    (from..to).map(|n| format!("{}\n", record(&format!("e-{n}"), ""))).collect()
}

/// Feeds a pipe, and gives it when somebody reads it.
fn feed(pipe: &Path, content: &str) -> File {
    let mut file = File::options().write(true).open(pipe).unwrap();
    file.write_all(content.as_bytes()).unwrap();
    file
}

#[test]
fn while_an_import_runs_questions_are_answered_from_its_last_commit_and_writers_wait() {
    let test_env = TestEnv::new();
    test_env.scratch.import(&[test_env.scratch.write("base.json", records(0, 5))]);
    let mut open = Open::start(&test_env);
    let served = Served::start(&test_env);
    let pipes = [pipe(&test_env, "a.pipe"), pipe(&test_env, "b.pipe"), pipe(&test_env, "c.pipe")];
    let mut command = test_env.command(&["-q", "import", "a.pipe", "b.pipe", "c.pipe", "--jobs", "1"]);
    let import = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let count = ["--format", "tsv", "lookup", "| count"];
    // It has the case, and has committed nothing yet: what was there is answered, with no remark.
    let first = feed(&pipes[0], &records(5, 15));
    let ran = test_env.run(&count).exits(0);
    assert_eq!((ran.out.as_str(), ran.err.contains("import")), ("events\n5\n", false), "{ran:?}");
    assert_eq!((open.count(), served.has("e-4"), served.has("e-5")), (5, true, false));
    // The end of the first file is a commit: an import commits a second after the last one.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    drop(first);
    let second = feed(&pipes[1], &records(15, 25));
    let note = "note: an import is writing to trailq.db: this answer is of its last commit, with 15 events\n";
    let mut ran = test_env.run(&count).exits(0);
    while ran.out == "events\n5\n" {
        // The next file is opened while the last one is on its way to the case.
        ran = test_env.run(&count).exits(0);
    }
    assert_eq!((ran.out.as_str(), ran.err.contains(note)), ("events\n15\n", true), "{ran:?}");
    assert_eq!((open.count(), served.has("e-14"), served.has("e-15")), (15, true, false));
    test_env.run(&["info"]).fails(0, &[note]);
    let ran = test_env.run(&["--format", "tsv", "lookup", "event-name=RunInstances | top 3 user"]).exits(0);
    assert!(ran.out.contains("15"), "{ran:?}");
    test_env.run(&["-q", "snapshot", "s.db"]).exits(0);
    check_case(&test_env.scratch.path("s.db"));
    assert_eq!(super::lines(&test_env.scratch.ask_at("s.db"), "SELECT count(*) FROM events"), ["15"]);
    // Who writes waits, as long as is said.
    for arguments in [&["import", "base.json"][..], &["merge", "s.db"], &["script", "tag.trailq"]] {
        test_env.scratch.write("tag.trailq", ".note while an import runs\n");
        let ran = CommandOutput::of(test_env.command(arguments).env("TRAILQ_WAIT", "2").output().unwrap());
        let told = "note: another process is writing to trailq.db: waiting until it is done; Ctrl-C cancels\n";
        ran.fails(2, &[told, "another process is writing to trailq.db\n", "wait until the other process is done"]);
    }
    let mut command = test_env.command(&["-q", "script", "tag.trailq"]);
    let noting = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(second);
    drop(feed(&pipes[2], &records(25, 30)));
    CommandOutput::of(import.wait_with_output().unwrap()).exits(0);
    CommandOutput::of(noting.wait_with_output().unwrap()).exits(0);
    assert_eq!(test_env.run(&count).exits(0).out, "events\n30\n");
    assert_eq!((open.count(), served.has("e-29")), (30, true));
    assert!(
        open.end().contains("an import is writing to trailq.db: this answer is of its last commit, with 15 events")
    );
    assert_eq!(test_env.scratch.lines("SELECT text FROM notes"), ["while an import runs"]);
    check_case(&test_env.scratch.case());
}

#[test]
fn a_case_that_is_being_made_does_not_say_that_it_has_no_events() {
    let test_env = TestEnv::new();
    let fed = pipe(&test_env, "a.pipe");
    let mut command = test_env.command(&["-q", "import", "a.pipe"]);
    let import = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let open = feed(&fed, &records(0, 3));
    for arguments in [&["lookup", "x"][..], &["info"], &["snapshot", "s.db"]] {
        let ran = CommandOutput::of(test_env.command(arguments).env("TRAILQ_WAIT", "1").output().unwrap());
        assert!(ran.code == Some(2) && ran.err.contains("another process is writing to trailq.db"), "{ran:?}");
    }
    drop(open);
    CommandOutput::of(import.wait_with_output().unwrap()).exits(0);
    assert_eq!(test_env.run(&["--format", "tsv", "lookup", "| count"]).exits(0).out, "events\n3\n");
}

#[test]
fn what_a_killed_import_has_committed_is_answered_by_a_session_that_was_open() {
    let test_env = TestEnv::new();
    test_env.scratch.import(&[test_env.scratch.write("base.json", records(0, 5))]);
    let mut open = Open::start(&test_env);
    let served = Served::start(&test_env);
    assert_eq!(open.count(), 5);
    let pipes = [pipe(&test_env, "a.pipe"), pipe(&test_env, "b.pipe")];
    let mut command = test_env.command(&["-q", "import", "a.pipe", "b.pipe", "--jobs", "1"]);
    let mut import = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let first = feed(&pipes[0], &records(5, 15));
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    drop(first);
    let second = feed(&pipes[1], &records(15, 25));
    while open.count() == 5 {}
    import.kill().unwrap();
    import.wait().unwrap();
    drop(second);
    assert_eq!((open.count(), served.has("e-14"), served.has("e-15")), (15, true, false));
    check_case(&test_env.scratch.case());
    test_env.run(&["-q", "snapshot", "s.db"]).exits(0);
    assert_eq!(super::lines(&test_env.scratch.ask_at("s.db"), "SELECT count(*) FROM events"), ["15"]);
}

#[test]
fn a_waiting_lookup_is_reported_and_answered_after_the_lock() {
    let test_env = TestEnv::new();
    test_env.scratch.import(&[test_env.scratch.write("base.json", records(0, 5))]);
    let writer = test_env.scratch.ask();
    writer.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let mut command = test_env.command(&["--format", "tsv", "lookup", "| count"]);
    let asked = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    writer.execute_batch("COMMIT").unwrap();
    let ran = CommandOutput::of(asked.wait_with_output().unwrap()).exits(0);
    assert_eq!(ran.out, "events\n5\n");
    let told = "note: another process is writing to trailq.db: waiting until it has committed; Ctrl-C cancels\n";
    assert!(ran.err.starts_with(told), "{ran:?}");
}

#[test]
fn what_comes_through_pipes_is_read_once_and_named_by_its_content() {
    let test_env = TestEnv::new();
    let shell = |script: &str| {
        let mut command = Command::new("bash");
        command.args(["-c", &format!("exec 2>&1; trailq() {{ {} \"$@\"; }}; {script}", super::PROGRAM)]);
        test_env.make_hermetic(&mut command);
        CommandOutput::of(command.output().unwrap())
    };
    test_env.scratch.write("a.json", records(0, 5));
    test_env.scratch.write("b.json", records(5, 8));
    // Two at once, one of them compressed, and the same again.
    let two = "trailq import <(cat a.json) <(gzip -c b.json)";
    assert!(shell(two).exits(0).out.starts_with("2 files: 8 records read, 8 stored"));
    assert!(shell(two).exits(0).out.starts_with("2 files: 8 records read, 0 stored, 8 duplicate"));
    let names = test_env.scratch.lines("SELECT substr(path, 1, 6), length(path), read FROM files ORDER BY read");
    assert_eq!(names, ["stdin:|70|3", "stdin:|70|5"]);
    for script in ["cat a.json | trailq import /dev/stdin", "trailq import /dev/stdin < a.json"] {
        assert!(shell(script).exits(0).out.starts_with("1 file: 5 records read, 0 stored, 5 duplicate"), "{script}");
    }
    // What says that it is empty and is not.
    let ran = test_env.run(&["import", "/proc/self/status"]);
    ran.fails(1, &["1 file not understood\n", "is neither JSON nor a CSV download"]);
    // The first byte is none with which JSON begins.
    assert!(
        shell("trailq import <(printf x; head -c 100000 /dev/urandom)")
            .exits(1)
            .out
            .contains("1 file not understood\n")
    );
    // Devices, and pipes in a folder, are not waited for.
    test_env.run(&["import", "/dev/zero"]).fails(1, &["is not a regular file"]);
    std::fs::create_dir(test_env.scratch.path("folder")).unwrap();
    pipe(&test_env, "folder/x.json");
    test_env.run(&["import", "folder"]).fails(1, &["is not a regular file"]);
    check_case(&test_env.scratch.case());
}

#[test]
fn files_of_any_time_are_imported() {
    use std::time::{Duration, SystemTime};
    let test_env = TestEnv::new();
    let path = test_env.scratch.write("a.json", records(0, 5));
    let epoch = SystemTime::UNIX_EPOCH;
    for (time, unchanged) in [
        (epoch - Duration::from_secs(1), true),
        (epoch - Duration::from_secs(2_000_000_000), true),
        (epoch + Duration::from_secs(99_999_999_999), false),
        (epoch, true),
    ] {
        // Not every file system has every time.
        let Ok(()) = File::options().write(true).open(&path).unwrap().set_modified(time) else { continue };
        test_env.run(&["import", "a.json"]).exits(0);
        let again = test_env.run(&["import", "a.json"]).exits(0);
        assert!(!unchanged || again.err.contains("1 file unchanged"), "{time:?}: {again:?}");
        check_case(&test_env.scratch.case());
    }
    assert_eq!(test_env.scratch.number("SELECT count(*) FROM events"), 5);
}
