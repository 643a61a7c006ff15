//! Imports that are killed, that find no space, or that meet another: the case stays sound, and the same import again
//! gives what an undisturbed one gives.

mod answers;
mod copies;
mod waits;

use crate::common;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use crate::common::program::{CommandOutput, PROGRAM, TestEnv, as_nobody, chmod, drop_privileges, gzip, journal};
use crate::common::{Scratch, check_case, content, lines};

/// Small files.
const FILES: usize = 240;
/// Records of a small file.
const RECORDS: usize = 25;
/// Records of the large file, of which the first 50 are in small files too.
const LARGE: usize = 9_000;
/// Distinct records.
const EVENTS: i64 = (FILES * RECORDS + LARGE - 50) as i64;

/// The `n`th record.
fn numbered(n: usize) -> String {
    let (user, time) = (n % 37, format!("2024-03-01T{:02}:{:02}:{:02}Z", n / 3600 % 24, n / 60 % 60, n % 60));
    format!(
        r#"{{"eventVersion":"1.08","userIdentity":{{"type":"IAMUser","principalId":"AIDA{user}","arn":"arn:aws:iam::111122223333:user/u{user}","accountId":"111122223333","userName":"u{user}","accessKeyId":"AKIA{user}"}},"eventTime":"{time}","eventSource":"ec2.amazonaws.com","eventName":"Describe{}","awsRegion":"us-east-1","sourceIPAddress":"198.51.100.{}","userAgent":"agent/{}","requestParameters":{{"instanceId":"i-{:08x}"}},"eventID":"e-{n}","eventType":"AwsApiCall","recipientAccountId":"111122223333"}}"#,
        n % 17,
        n % 250,
        n % 9,
        n % 300,
    )
}

/// A gzip file with the records from `from` to `to`.
fn trail(from: usize, to: usize) -> Vec<u8> {
    let records: Vec<String> = (from..to).map(numbered).collect();
    gzip(format!("{{\"Records\":[{}]}}", records.join(",")).as_bytes())
}

/// Trail files, and what an undisturbed import makes of them.
struct Trails {
    scratch: Scratch,
    content: Vec<String>,
    bytes: u64,
    taken: Duration,
}

static TRAILS: LazyLock<Trails> = LazyLock::new(|| {
    let scratch = Scratch::new();
    for file in 0..FILES {
        scratch.write(&format!("trails/{file:04}.json.gz"), trail(file * RECORDS, (file + 1) * RECORDS));
    }
    scratch.write("trails/9999.json.gz", trail(FILES * RECORDS - 50, FILES * RECORDS - 50 + LARGE));
    chmod(scratch.folder.path(), 0o755);
    let started = Instant::now();
    let mut command = Command::new(PROGRAM);
    command.args(["-q", "import"]).arg(scratch.path("trails")).arg("--db").arg(scratch.case());
    assert!(command.status().unwrap().success());
    let taken = started.elapsed();
    check_case(&scratch.case());
    let content = content(&scratch.case());
    let bytes = scratch.case().metadata().unwrap().len();
    Trails { scratch, content, bytes, taken }
});

impl Trails {
    fn folder(&self) -> PathBuf {
        self.scratch.path("trails")
    }
}

/// An import of the trails that has just begun.
fn begin(test_env: &TestEnv) -> Child {
    let folder = TRAILS.folder();
    let mut command = test_env.command(&["import", folder.to_str().unwrap()]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// The import once more, undisturbed, gives what it always gives.
#[track_caller]
fn completes(test_env: &TestEnv, what: &str) {
    let folder = TRAILS.folder();
    test_env.run(&["--quiet", "import", folder.to_str().unwrap()]).exits(0);
    check_case(&test_env.scratch.case());
    assert!(content(&test_env.scratch.case()) == TRAILS.content, "{what}: the content is another");
}

/// A copy of the case, and of the journal beside it, is sound for any SQLite.
fn is_sound(case: &Path) {
    let copy = Scratch::new();
    std::fs::copy(case, copy.case()).unwrap();
    if journal(case).exists() {
        std::fs::copy(journal(case), journal(&copy.case())).unwrap();
    }
    assert_eq!(lines(&copy.ask(), "PRAGMA integrity_check"), ["ok"]);
}

/// A lookup on what a broken import left finishes the case, or says that there is nothing yet.
fn lookup_finishes(test_env: &TestEnv, what: &str) -> i64 {
    let ran = test_env.run(&["--format", "tsv", "lookup", "| count"]);
    if ran.code == Some(2) && (ran.err.contains("there is no case") || ran.err.contains("it is empty")) {
        return -1;
    }
    let ran = ran.exits(0);
    let count: i64 = ran.out.lines().nth(1).unwrap().parse().unwrap();
    // Before its first commit a killed import leaves a journal that SQLite has no reason to take away.
    if count > 0 {
        assert!(!journal(&test_env.scratch.case()).exists(), "{what}: a journal is left");
        check_case(&test_env.scratch.case());
    }
    assert_eq!(test_env.scratch.number("SELECT count(*) FROM imports WHERE finished_at IS NULL"), 0, "{what}");
    assert_eq!(test_env.scratch.number("SELECT count(*) FROM events"), count, "{what}");
    count
}

#[test]
fn a_killed_import_leaves_a_sound_case_and_is_completed() {
    let mut killed = 0;
    let mut counts = Vec::new();
    // The last ones fall into making indexes and counts.
    let mut taken = TRAILS.taken;
    for percent in [5, 25, 45, 65, 80, 90, 96] {
        let test_env = loop {
            let test_env = TestEnv::new();
            let mut child = begin(&test_env);
            std::thread::sleep(taken * percent / 100);
            child.kill().unwrap();
            if child.wait().unwrap().code().is_none() {
                break test_env;
            }
            // It takes less time than it did: the machine has less to do.
            taken = taken * 9 / 10;
        };
        killed += 1;
        let what = format!("killed after {percent} %");
        if test_env.scratch.case().exists() {
            is_sound(&test_env.scratch.case());
            counts.push(lookup_finishes(&test_env, &what));
        }
        completes(&test_env, &what);
    }
    assert_eq!(killed, 7);
    assert!(counts.iter().all(|count| (-1..=EVENTS).contains(count)), "{counts:?}");
}

#[test]
fn a_kill_while_a_lookup_finishes_a_case_costs_nothing() {
    let test_env = TestEnv::new();
    // Everything is stored and nothing is finished: the state between the last two transactions.
    std::fs::copy(TRAILS.scratch.case(), test_env.scratch.case()).unwrap();
    test_env.scratch.ask().execute_batch("UPDATE imports SET finished_at = NULL").unwrap();
    let mut child = test_env.command(&["-q", "lookup", "| count"]).stdout(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(60));
    child.kill().unwrap();
    child.wait().unwrap();
    is_sound(&test_env.scratch.case());
    assert_eq!(lookup_finishes(&test_env, "finishing"), EVENTS);
    assert!(content(&test_env.scratch.case()) == TRAILS.content);
}

#[test]
fn an_import_resumes_after_a_disk_fills_near_the_end() {
    full_disk(&[75, 95]);
}

#[test]
fn an_import_resumes_after_a_disk_fills_early() {
    full_disk(&[5, 30]);
}

/// Imports with space for the given percentage of the case.
fn full_disk(parts: &[u64]) {
    for part in parts {
        let test_env = TestEnv::new();
        // The limit is in blocks of 512 or 1024 bytes: a case of so many blocks is too large either way.
        let blocks = TRAILS.bytes * part / 100 / 1024;
        let script = format!("trap '' XFSZ; ulimit -f {blocks} || exit 99; exec \"$0\" \"$@\"");
        let mut command = Command::new("timeout");
        command.args(["-s", "KILL", "60", "sh", "-c", &script, PROGRAM, "import"]).arg(TRAILS.folder());
        test_env.make_hermetic(&mut command);
        let ran = CommandOutput::of(command.output().unwrap()).exits(2);
        assert!(ran.err.starts_with("error: ") && ran.err.contains("trailq.db"), "{ran:?}");
        assert!(!ran.err.contains("panicked") && !ran.err.contains("records read"), "{ran:?}");
        let what = format!("space for {part} %");
        is_sound(&test_env.scratch.case());
        lookup_finishes(&test_env, &what);
        completes(&test_env, &what);
    }
}

#[test]
fn two_imports_at_once_leave_one_sound_case() {
    two_at_once(30);
}

#[test]
fn two_imports_that_make_one_case_at_once_leave_it_sound() {
    for _ in 0..5 {
        two_at_once(0);
    }
}

/// Begins a second import after the given percentage of the first one's time.
fn two_at_once(delay: u32) {
    let test_env = TestEnv::new();
    let first = begin(&test_env);
    std::thread::sleep(TRAILS.taken * delay / 100);
    let second = begin(&test_env);
    let ran = [first, second].map(|child| CommandOutput::of(child.wait_with_output().unwrap()));
    // The second one waits for the first.
    assert!(ran.iter().all(|ran| ran.code == Some(0)), "{ran:?}");
    check_case(&test_env.scratch.case());
    completes(&test_env, "two at once");
}

#[test]
fn a_lasting_lock_is_reported() {
    let test_env = TestEnv::new();
    test_env.scratch.import(&[test_env.scratch.write("one.json", common::record("e-1", ""))]);
    let other = test_env.scratch.ask();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let mut two = Vec::new();
    for arguments in [&["import", "one.json"][..], &["lookup", "e-1"]] {
        test_env.scratch.write("one.json", common::record("e-1", "\"more\":1"));
        let mut command = test_env.command(arguments);
        command.env("TRAILQ_WAIT", "2").stdout(Stdio::piped()).stderr(Stdio::piped());
        two.push((command.spawn().unwrap(), arguments[0]));
    }
    for (child, command) in two {
        let ran = CommandOutput::of(child.wait_with_output().unwrap());
        let until = if command == "import" { "until it is done" } else { "until it has committed" };
        let note = format!("note: another process is writing to trailq.db: waiting {until}; Ctrl-C cancels\n");
        ran.fails(2, &[&note, "error: another process is writing to trailq.db\n"]);
    }
    other.execute_batch("ROLLBACK").unwrap();
    test_env.run(&["import", "one.json"]).exits(0);
}

#[test]
fn a_case_with_a_hot_journal_is_read_in_a_read_only_folder() {
    let test_env = TestEnv::new();
    if !as_nobody(&test_env) {
        return;
    }
    interrupt(&test_env);
    for path in [test_env.scratch.case(), journal(&test_env.scratch.case())] {
        chmod(&path, 0o444);
    }
    let out = test_env.scratch.path("out");
    std::fs::create_dir(&out).unwrap();
    chmod(&out, 0o777);
    chmod(test_env.scratch.folder.path(), 0o555);
    let ran =
        [&["--format", "tsv", "lookup", "user=x | count"][..], &["info"], &["snapshot", "out/s.db"]].map(|arguments| {
            let mut command = test_env.command(arguments);
            drop_privileges(&mut command);
            CommandOutput::of(command.output().unwrap())
        });
    chmod(test_env.scratch.folder.path(), 0o755);
    assert_eq!(ran[0].out, "events\n0\n", "{ran:?}");
    assert!(ran.iter().all(|ran| ran.code == Some(0)), "{ran:?}");
    assert!(content(&out.join("s.db")) == TRAILS.content);
    // Where it can be written, it is rolled back in its place.
    for path in [test_env.scratch.case(), journal(&test_env.scratch.case())] {
        chmod(&path, 0o644);
    }
    assert_eq!(test_env.run(&["--format", "tsv", "lookup", "user=x | count"]).exits(0).out, "events\n0\n");
    assert!(!journal(&test_env.scratch.case()).exists());
    assert!(content(&test_env.scratch.case()) == TRAILS.content);
}

/// Makes a case with a transaction that has reached the file, as a kill leaves it: case and journal are copied while it is
/// under way.
fn interrupt(test_env: &TestEnv) {
    let scratch = Scratch::new();
    std::fs::copy(TRAILS.scratch.case(), scratch.case()).unwrap();
    let writer = scratch.ask();
    writer.execute_batch("PRAGMA cache_size = 4; BEGIN; UPDATE events SET user_name = 'x'").unwrap();
    // In this order: an open session finds the file with its journal.
    std::fs::copy(journal(&scratch.case()), journal(&test_env.scratch.case())).unwrap();
    std::fs::copy(scratch.case(), test_env.scratch.case()).unwrap();
    drop(writer);
}
