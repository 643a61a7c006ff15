//! Files that commands write: nothing is overwritten without being told to, and nothing half-written has its name.

use crate::common;
use crate::common::{Needs, skip};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Stdio;

use crate::common::program::{CommandOutput, TestEnv, as_nobody, chmod, drop_privileges};

/// Runs lines as a script of the test environment.
fn script(test_env: &TestEnv, lines: &str) -> CommandOutput {
    test_env.pipe(&["script", "-"], lines.as_bytes())
}

fn read(test_env: &TestEnv, name: &str) -> String {
    fs::read_to_string(test_env.scratch.path(name)).unwrap()
}

/// The names in the folder of a test environment.
fn names(test_env: &TestEnv) -> Vec<String> {
    let entries = fs::read_dir(test_env.scratch.folder.path()).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_case_is_never_written_over() {
    let test_env = TestEnv::with_delivery();
    let case = fs::read(test_env.scratch.case()).unwrap();
    test_env.scratch.write("other", &case);
    test_env.scratch.write("other.csv", &case);
    symlink("trailq.db", test_env.scratch.path("link")).unwrap();
    fs::hard_link(test_env.scratch.case(), test_env.scratch.path("hard.txt")).unwrap();
    let before = names(&test_env);
    for name in [
        "trailq.db",
        "./trailq.db",
        "link",
        "hard.txt",
        "other",
        "other.csv",
        "trailq.db-journal",
        "trailq.db-wal",
        "other-journal",
    ] {
        for command in [".once", ".output", ".session", ".plot"] {
            for force in ["", "--force "] {
                let line = format!("{command} {force}{name}");
                let ran = script(&test_env, &format!("| timeline 1d\n{line}\n| count by outcome\n")).exits(2);
                let refused = ran.err.contains("is the open case\n")
                    || ran.err.contains("is a SQLite database\n")
                    || ran.err.contains("belongs to the database")
                    || (command == ".plot" && ran.err.contains("a picture is written as .svg"));
                assert!(refused, "{line}: {ran:?}");
                assert!(!ran.err.contains(&format!("`{command} --force")), "{line}: {ran:?}");
            }
        }
    }
    for name in ["trailq.db", "other.csv"] {
        script(&test_env, &format!(".once {name}\n")).fails(2, &["take another name: `.once "]);
        assert!(!read_bytes(&test_env, name).is_empty());
    }
    assert_eq!(fs::read(test_env.scratch.case()).unwrap(), case);
    assert_eq!(fs::read(test_env.scratch.path("other.csv")).unwrap(), case);
    assert_eq!(names(&test_env), before);
    common::check_case(&test_env.scratch.case());
}

fn read_bytes(test_env: &TestEnv, name: &str) -> Vec<u8> {
    fs::read(test_env.scratch.path(name)).unwrap()
}

#[test]
fn a_file_is_replaced_only_with_force() {
    let test_env = TestEnv::with_delivery();
    for (command, name) in [
        (".once", "a b.csv"),
        (".output", "rows.csv"),
        (".session", "walk.trailq"),
        #[cfg(feature = "plot")]
        (".plot", "p.svg"),
    ] {
        let path = test_env.scratch.write(name, "mine");
        chmod(&path, 0o640);
        let typed = if name.contains(' ') { format!("'{name}'") } else { name.to_owned() };
        let ran = script(&test_env, &format!("| count by outcome\n{command} {typed}\n| count\n")).exits(2);
        assert!(ran.err.contains(&format!("error: there is a file {name} already\n")), "{ran:?}");
        assert!(ran.err.contains(&format!("= hint: `{command} --force {typed}` replaces it\n")), "{ran:?}");
        assert_eq!(read(&test_env, name), "mine", "{command}");
        for line in [format!("{command} --force {typed}"), format!("{command} {typed} --force")] {
            test_env.scratch.write(name, "mine");
            script(&test_env, &format!("| count by outcome\n{line}\n| count\n")).exits(0);
            assert_ne!(read(&test_env, name), "mine", "{line}");
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640, "the mode stays");
        }
    }
    assert_eq!(read(&test_env, "a b.csv"), "events\r\n360\r\n");
    script(&test_env, ".once --froce x\n").fails(2, &["`--froce` is not an option of .once", "its option is --force"]);
    script(&test_env, ".once --force\n").fails(2, &[".once needs [--force] FILE"]);
    script(&test_env, ".once a b\n").fails(2, &[".once takes one file", "in quotes"]);
}

#[test]
fn the_extension_chooses_the_format_unless_one_is_set() {
    let test_env = TestEnv::with_delivery();
    for (name, begins) in [
        ("x.csv", "outcome,events\r\n"),
        ("x.TSV", "outcome\tevents\n"),
        ("x.json", "[\n{\"outcome\":"),
        ("x.ndjson", "{\"outcome\":"),
        ("x.md", "| outcome | events |\n"),
        ("x.txt", "outcome  "),
        ("x.log", "outcome  "),
        ("x", "outcome  "),
        ("x.2024-03-01", "outcome  "),
    ] {
        for command in [".once", ".output"] {
            script(&test_env, &format!("{command} --force {name}\n| count by outcome\n")).exits(0);
            let text = read(&test_env, name);
            assert!(text.starts_with(begins), "{command} {name}: {text}");
            script(&test_env, &format!(".mode json\n{command} --force {name}\n| count by outcome\n")).exits(0);
            assert!(read(&test_env, name).starts_with("[\n{"), "{command} {name}: the chosen format wins");
        }
    }
    test_env.pipe(&["--format", "tsv", "script", "-"], b".once y.csv\n| count\n").exits(0);
    assert_eq!(read(&test_env, "y.csv"), "events\n360\n");
    // A format that is set while a file takes the answers stays set.
    let ran = script(&test_env, ".output z.csv\n.mode\n.mode csv\n.output\n| count\n").exits(0);
    assert_eq!((read(&test_env, "z.csv").as_str(), ran.out.as_str()), ("table\n", "events\r\n360\r\n"));
    // What reports in text does so in a file of rows too.
    test_env.scratch.write("more.json", common::record("new-1", ""));
    script(&test_env, ".output r.csv\n.import more.json\n.info\n.snapshot copy.db\n").exits(0);
}

#[test]
fn other_extensions_are_refused_with_what_to_use() {
    let test_env = TestEnv::with_delivery();
    for (line, refused, hint) in [
        (".once x.xlsx", "answers are not written as .xlsx", "`.once x.csv` writes what a spreadsheet opens"),
        (".output x.parquet", "answers are not written as .parquet", "`.output x.csv`"),
        (".once x.png", "answers are not written as .png", "`.plot x.svg`"),
        (".once x.svg", "answers are not written as .svg", "`.plot x.svg`"),
        (".once x.html", "answers are not written as .html", "`.once x.md`"),
        (".once x.csv.gz", "answers are not written as .gz", "`.once x.csv`"),
        (".once x.db", "answers are not written as .db", "`.snapshot x.db`"),
        (".once x.acme", "answers are not written as .acme", "choose a format first: `.mode csv`"),
        (".plot x.png", "a picture is written as .svg", "`.plot x.svg`"),
        (".plot x", "a picture is written as .svg", "`.plot x.svg`"),
    ] {
        script(&test_env, &format!("| count by outcome\n{line}\n")).fails(2, &[refused, hint]);
        let chosen = script(&test_env, &format!(".mode csv\n{line}\n| count\n"));
        if line.ends_with(".acme") {
            chosen.exits(0);
            assert_eq!(read(&test_env, "x.acme"), "events\r\n360\r\n");
        } else if line.starts_with(".once") || line.starts_with(".output") {
            chosen.fails(2, &[refused]);
        }
    }
    assert_eq!(names(&test_env), ["trailq.db", "x.acme"]);
}

#[test]
fn a_file_has_its_name_when_the_answer_is_complete() {
    let test_env = TestEnv::with_delivery();
    // No answer, no file.
    script(&test_env, ".once a.csv\n").exits(0);
    let ran = script(&test_env, ".once a.csv\n.timer off\n").exits(0);
    assert!(ran.err.contains("a.csv is not written: no answer came"), "{ran:?}");
    // An answer that fails is not written, nor is the next one in its place.
    let failing = "SELECT event_id, CASE WHEN id > 100 THEN json('x') END FROM events ORDER BY id;";
    for bad in ["usr=alice", failing] {
        let ran = script(&test_env, &format!(".bail off\n.once a.csv\n{bad}\n| count\n")).exits(1);
        assert!(ran.err.contains("a.csv is not written: the answer is not complete"), "{ran:?}");
        assert!(ran.out.contains("360"), "{ran:?}");
    }
    test_env.scratch.write("old.csv", "old");
    script(&test_env, &format!(".once --force old.csv\n{failing}\n")).exits(2);
    assert_eq!(read(&test_env, "old.csv"), "old");
    assert_eq!(names(&test_env), ["old.csv", "trailq.db"]);
    // What went to `.output` is kept: by another `.output`, by the end, and by an error.
    script(&test_env, ".output one.csv\n| count\n.output two.csv\n| count\n").exits(0);
    assert_eq!(
        (read(&test_env, "one.csv").as_str(), read(&test_env, "two.csv").as_str()),
        ("events\r\n360\r\n", "events\r\n360\r\n")
    );
    script(&test_env, ".output three.csv\n| count\nusr=alice\n").exits(2);
    assert_eq!(read(&test_env, "three.csv"), "events\r\n360\r\n");
    script(&test_env, ".output four.csv\n| count\n.quit\n").exits(0);
    assert_eq!(read(&test_env, "four.csv"), "events\r\n360\r\n");
    // The file that is being written is not to be written by another command.
    for command in [".once", ".output", ".session"] {
        script(&test_env, &format!(".output five.csv\n| count\n{command} --force five.csv\n"))
            .fails(2, &["answers are being written to five.csv", "`.output` completes the file"]);
        assert_eq!(read(&test_env, "five.csv"), "events\r\n360\r\n");
        fs::remove_file(test_env.scratch.path("five.csv")).unwrap();
    }
    assert!(names(&test_env).iter().all(|name| !name.ends_with(".part")), "{:?}", names(&test_env));
}

#[test]
fn scripts_that_read_scripts_obey_the_same() {
    let test_env = TestEnv::with_delivery();
    test_env.scratch.write("inner.trailq", ".once there.csv\n| count\n");
    test_env.scratch.write("there.csv", "mine");
    script(&test_env, ".read inner.trailq\n").fails(
        2,
        &["there is a file there.csv already", "--> inner.trailq:1", "`.once --force there.csv` replaces it"],
    );
    assert_eq!(read(&test_env, "there.csv"), "mine");
}

#[test]
fn devices_pipes_and_descriptors_are_written_through() {
    let test_env = TestEnv::with_delivery();
    let ran = script(&test_env, "| count\n.once /dev/stdout\n| count\n.once /dev/null\n| count\n| count\n").exits(0);
    assert_eq!(ran.out.matches("360").count(), 3, "{ran:?}");
    let ran = script(&test_env, ".output /dev/fd/2\n| count\n.output\n| count\n").exits(0);
    assert!(ran.err.contains("360") && ran.out.contains("360"), "{ran:?}");
    // Standard output may be a file: what goes there by its other name comes behind what went before.
    let out = fs::File::create(test_env.scratch.path("out")).unwrap();
    test_env.scratch.write("s.trailq", ".mode csv\n.print 1\n.once /dev/stdout\n.print 2\n.print 3\n");
    assert!(test_env.command(&["script", "s.trailq"]).stdout(out).status().unwrap().success());
    assert_eq!(read(&test_env, "out"), "1\n2\n3\n");
    let fifo = test_env.scratch.path("pipe.csv");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let reader = {
        let fifo = fifo.clone();
        std::thread::spawn(move || fs::read_to_string(fifo).unwrap())
    };
    script(&test_env, ".once pipe.csv\n| count\n").exits(0);
    assert_eq!(reader.join().unwrap(), "events\r\n360\r\n");
    // A descriptor may be that of the case.
    let case = test_env.scratch.case();
    let before = fs::read(&case).unwrap();
    let mut shell = std::process::Command::new("sh");
    test_env.make_hermetic(&mut shell);
    let program = common::program::PROGRAM;
    shell.args(["-c", &format!("printf '.once /dev/fd/9\\n| count\\n' | {program} script - 9<>trailq.db")]);
    CommandOutput::of(shell.output().unwrap()).fails(2, &["is the open case"]);
    assert_eq!(fs::read(&case).unwrap(), before);
}

#[test]
fn write_errors_are_reported_without_error_numbers() {
    let test_env = TestEnv::with_delivery();
    test_env.scratch.write("file", "");
    for (line, says) in [
        (".once nowhere/x.csv", "the folder nowhere does not exist\n"),
        (".session file/x", "file is not a folder\n"),
        (".output .", ". is a folder\n"),
        (".snapshot nowhere/x.db", "the folder nowhere does not exist\n"),
        (".once /dev/full\nSELECT * FROM events;", "no space left to write /dev/full\n"),
        (".output /dev/full\n| count", "no space left to write /dev/full\n"),
        (".read nowhere", "there is no file nowhere\n"),
    ] {
        let ran = script(&test_env, &format!("{line}\n")).fails(2, &[says]);
        assert!(!ran.err.contains("os error") && !ran.err.contains(".part"), "{ran:?}");
    }
    test_env.run(&["snapshot", "/nowhere/x.db"]).fails(2, &["the folder /nowhere does not exist\n"]);
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let ran = test_env.command(&["sql", "SELECT * FROM event_history"]).stdout(full).output().unwrap();
    CommandOutput::of(ran).fails(2, &["error: cannot write the output: there is no space left\n"]);
    if !as_nobody(&test_env) {
        return;
    }
    fs::create_dir(test_env.scratch.path("ro")).unwrap();
    chmod(&test_env.scratch.path("ro"), 0o555);
    chmod(test_env.scratch.folder.path(), 0o755);
    for arguments in [&["snapshot", "ro/s.db"][..], &["snapshot", "ro/s.db", "--redact", "ips"]] {
        let mut command = test_env.command(arguments);
        drop_privileges(&mut command);
        let ran = CommandOutput::of(command.output().unwrap()).fails(2, &["cannot write in ro/: "]);
        assert!(!ran.err.contains("os error") && !ran.err.contains(".part"), "{ran:?}");
    }
    test_env.scratch.write("s.trailq", ".once ro/x.csv\n");
    let mut command = test_env.command(&["script", "s.trailq"]);
    drop_privileges(&mut command);
    CommandOutput::of(command.output().unwrap()).fails(2, &["cannot write in ro/: ", "in a folder that is writable"]);
}

/// A small file system of its own, which goes away with this.
pub(crate) struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    /// Mounts it as the folder `small`.
    pub(crate) fn mount(test_env: &TestEnv, bytes: u64) -> Option<SmallDisk> {
        let folder = test_env.scratch.path("small");
        fs::create_dir(&folder).unwrap();
        let mut mount = std::process::Command::new("mount");
        let options = format!("size={bytes}");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&folder).stderr(std::process::Stdio::null());
        if mount.status().is_ok_and(|status| status.success()) {
            return Some(SmallDisk(folder));
        }
        skip(Needs::Privilege, "no file system can be mounted here");
        None
    }

    /// Makes it larger.
    pub(crate) fn grow(&self, bytes: u64) {
        let mut mount = std::process::Command::new("mount");
        assert!(mount.args(["-o", &format!("remount,size={bytes}")]).arg(&self.0).status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_reported_and_leaves_no_partial_file() {
    let test_env = TestEnv::with_delivery();
    let Some(disk) = SmallDisk::mount(&test_env, 64 << 10) else { return };
    for arguments in [
        &["snapshot", "small/s.db"][..],
        &["snapshot", "small/s.db", "--portable"],
        &["snapshot", "small/s.db", "--where", "since=2024-03-01"],
        &["snapshot", "small/s.db", "--redact", "ips"],
    ] {
        let ran = test_env
            .run(arguments)
            .fails(2, &["error: no space left to write small/s.db\n", "free some space, or name"]);
        assert!(!ran.err.contains("os error") && !ran.err.contains("same import"), "{ran:?}");
    }
    script(&test_env, ".once small/rows.ndjson\nSELECT * FROM event_history;\n")
        .fails(2, &["error: no space left to write small/rows.ndjson\n"]);
    let left: Vec<_> = fs::read_dir(&disk.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
    // What went to `.output` is kept, as far as it went.
    script(&test_env, ".output small/rows.ndjson\nSELECT * FROM event_history;\n")
        .fails(2, &["error: no space left to write small/rows.ndjson\n"]);
    assert!(fs::read(disk.0.join("rows.ndjson")).unwrap().starts_with(b"{\"id\":"));
}

#[test]
fn a_snapshot_replaces_a_file_only_with_force_at_the_prompt_too() {
    let test_env = TestEnv::with_delivery();
    test_env.scratch.write("s.db", "mine");
    script(&test_env, ".snapshot s.db\n").fails(2, &["there is a file s.db already"]);
    script(&test_env, ".snapshot --force s.db user=alice\n").exits(0);
    assert!(!test_env.scratch.path("--force").exists());
    test_env.run(&["snapshot", "--verify", "s.db"]).exits(0);
}

#[test]
fn a_script_that_is_interrupted_keeps_what_went_to_its_output() {
    let test_env = TestEnv::with_delivery();
    let endless = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT count(*) FROM n;";
    test_env.scratch.write(
        "s.trailq",
        format!(".output kept.csv\nuser=alice | count\n.print begun\n{endless}\nuser=dana | count\n"),
    );
    let child = test_env.command(&["script", "s.trailq"]).stderr(Stdio::piped()).spawn().unwrap();
    let parts = || -> Vec<String> {
        let entries = fs::read_dir(test_env.scratch.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        names.filter(|name| name.ends_with(".part")).collect()
    };
    while parts().is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // The first answer takes a few milliseconds; then the endless one has begun.
    std::thread::sleep(std::time::Duration::from_millis(500));
    let process = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
    let ran = CommandOutput::of(child.wait_with_output().unwrap()).fails(2, &["error: cancelled"]);
    assert!(!ran.err.contains("SIGINT"), "{ran:?}");
    assert_eq!(fs::read_to_string(test_env.scratch.path("kept.csv")).unwrap(), "events\r\n57\r\nbegun\n");
    assert_eq!(parts(), Vec::<String>::new());
}
