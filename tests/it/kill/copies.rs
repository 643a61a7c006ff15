//! Temporary copies of a case: private from the first byte, and removed by the next run after a kill. And what is said of
//! places where nothing can be written.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::answers::Open;
use crate::common::program::{CommandOutput, PROGRAM, TestEnv, as_nobody, chmod, drop_privileges};
use crate::common::record;

/// Everything below a folder, with its mode.
fn below(folder: &Path) -> Vec<(PathBuf, u32)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        // A process that is running may have removed it meanwhile.
        let Ok(metadata) = std::fs::symlink_metadata(&path) else { continue };
        found.push((path.clone(), metadata.permissions().mode() & 0o777));
        if metadata.is_dir() {
            found.extend(below(&path));
        }
    }
    found
}

/// Waits until something is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..2_000 {
        if is_so() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("{what} does not come about");
}

#[test]
fn copies_are_private_whatever_the_mode_of_the_case_and_the_mask() {
    for mode in [0o666, 0o444] {
        let test_env = TestEnv::with_older_delivery();
        chmod(&test_env.scratch.case(), mode);
        let tmp = test_env.scratch.path("tmp");
        std::fs::create_dir(&tmp).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "umask 000; exec \"$0\" --format tsv", PROGRAM]);
        test_env.make_hermetic(&mut command);
        command.env("TMPDIR", &tmp).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        until("a copy", || below(&tmp).iter().any(|(path, _)| path.ends_with("case.db")));
        for _ in 0..50 {
            for (path, mode) in below(&tmp) {
                assert_eq!(mode, if path.extension().is_some() { 0o600 } else { 0o700 }, "{}", path.display());
            }
        }
        // Its copy is not removed by others as long as it lives, and then it is.
        test_env.command(&["-q", "lookup", "| count"]).env("TMPDIR", &tmp).output().unwrap();
        assert!(below(&tmp).iter().any(|(path, _)| path.ends_with("case.db")));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!below(&tmp).is_empty(), "what a kill leaves");
        let ran =
            CommandOutput::of(test_env.command(&["-q", "lookup", "| count"]).env("TMPDIR", &tmp).output().unwrap());
        assert_eq!((ran.code, below(&tmp)), (Some(0), Vec::new()));
        assert_eq!(test_env.scratch.number("PRAGMA user_version"), 1, "the case is as it was");
    }
}

#[test]
fn what_a_killed_snapshot_leaves_is_private_and_goes_with_the_next() {
    let test_env = TestEnv::with_older_delivery();
    let parts = || -> Vec<(PathBuf, u32)> {
        let is_part = |path: &Path| path.to_string_lossy().contains(".part");
        below(test_env.scratch.folder.path()).into_iter().filter(|(path, _)| is_part(path)).collect()
    };
    let mut seen = 0;
    for after in [0, 1, 2, 3, 5, 8, 12, 20] {
        let mut command = Command::new("sh");
        command.args(["-c", "umask 000; exec \"$0\" -q snapshot --force s.db", PROGRAM]);
        test_env.make_hermetic(&mut command);
        let mut child = command.spawn().unwrap();
        while parts().is_empty() && child.try_wait().unwrap().is_none() {}
        std::thread::sleep(std::time::Duration::from_millis(after));
        child.kill().unwrap();
        child.wait().unwrap();
        for (path, mode) in parts() {
            seen += 1;
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            // What is complete gets the mode of any new file just before its name.
            assert!(mode == expected || (mode == 0o666 && !path.ends_with("case.db")), "{}", path.display());
        }
        test_env.run(&["-q", "snapshot", "--force", "t.db"]).exits(0);
        assert_eq!(parts(), []);
    }
    assert!(seen > 0, "no kill left anything");
    let mode = |name: &str| std::fs::metadata(test_env.scratch.path(name)).unwrap().permissions().mode() & 0o777;
    let plain = mode(test_env.scratch.write("plain", "").file_name().unwrap().to_str().unwrap());
    assert_eq!(mode("t.db"), plain, "a snapshot has the mode of any new file");
}

#[test]
fn an_open_session_goes_on_with_a_case_that_was_brought_up_to_date() {
    let test_env = TestEnv::with_older_delivery();
    let mut open = Open::start(&test_env);
    assert_eq!(open.count(), 360);
    test_env
        .run(&["-q", "import", test_env.scratch.write("more.json", record("e-more", "")).to_str().unwrap()])
        .exits(0);
    assert_eq!(open.count(), 361);
    open.end();
}

#[test]
fn names_that_are_not_files_are_refused() {
    let test_env = TestEnv::new();
    let pipe = test_env.scratch.path("pipe.db");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::fs::create_dir(test_env.scratch.path("folder")).unwrap();
    test_env.scratch.write("a.json", record("e-1", ""));
    for (name, reason) in [
        (":memory:", "this is SQLite's name for a database in memory, and a case is a file"),
        ("file:x.db", "this is a URI, and a case is named by a path"),
        ("file:x.db?mode=memory", "this is a URI, and a case is named by a path"),
        ("pipe.db", "it is a pipe"),
        ("/dev/null", "it is a device"),
        ("folder", "it is a folder"),
        ("none/", "a name that ends in / is a folder"),
    ] {
        let message = format!("error: {name} is not a case: {reason}\n");
        for arguments in [&["import", "a.json"][..], &["lookup", "x"], &["merge", "x.db"], &["snapshot", "s.db"]] {
            let arguments: Vec<&str> = ["--db", name].into_iter().chain(arguments.iter().copied()).collect();
            let ran = test_env.run(&arguments);
            if !arguments.contains(&"merge") {
                ran.fails(2, &[&message]);
            } else {
                ran.exits(2);
            }
        }
    }
    let ran = test_env.command(&["lookup", "x"]).env("TRAILQ_DB", ":memory:").output().unwrap();
    CommandOutput::of(ran).fails(2, &["error: :memory: is not a case: "]);
    // Taken literally, whatever SQLite makes of them.
    for name in ["./:memory:", "a?mode=memory.db", "b%20c.db", "./file:d.db", "e#f.db"] {
        test_env.run(&["-q", "--db", name, "import", "a.json"]).exits(0);
        assert!(test_env.scratch.path(name).is_file(), "{name}");
        assert_eq!(test_env.run(&["--db", name, "--format", "tsv", "lookup", "| count"]).exits(0).out, "events\n1\n");
        test_env.run(&["-q", "--db", name, "snapshot", "--force", "--portable", "s.db"]).exits(0);
        test_env.run(&["-q", "--db", "into.db", "merge", name]).exits(0);
    }
    assert_eq!(test_env.scratch.lines("SELECT 1").len(), 1);
}

#[test]
fn places_where_nothing_can_be_written_are_named() {
    let test_env = TestEnv::new();
    test_env.scratch.write("a.json", record("e-1", ""));
    test_env
        .run(&["--db", "nowhere/x.db", "import", "a.json"])
        .fails(2, &["error: the folder nowhere does not exist\n", "hint: create it, or choose another place\n"]);
    test_env.run(&["-q", "import", "a.json"]).exits(0);
    let ran = test_env.run(&["snapshot", "nowhere/s.db"]).fails(2, &["error: the folder nowhere does not exist\n"]);
    assert!(!ran.err.contains("os error"), "{ran:?}");
    test_env.run(&["import", "s3://some-bucket/AWSLogs/"]).fails(
        2,
        &[
            "error: s3://some-bucket/AWSLogs/: there is no such file or folder\n",
            "trailq reads local files: `aws s3 sync s3://some-bucket/AWSLogs/ ./AWSLogs`, then import that\n",
        ],
    );
    test_env.run(&["import", "s3://b/x.json.gz"]).fails(2, &["`aws s3 cp s3://b/x.json.gz .`, then import that\n"]);
    test_env.run(&["import", "trailq.db"]).fails(
        1,
        &["1 file not understood\n", "is a SQLite database; where it is a case, `trailq merge` takes it in\n"],
    );
    if !as_nobody(&test_env) {
        return;
    }
    let closed = test_env.scratch.path("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::copy(test_env.scratch.case(), closed.join("case.db")).unwrap();
    chmod(&closed, 0o555);
    chmod(test_env.scratch.folder.path(), 0o755);
    for (arguments, message) in [
        (&["--db", "closed/new.db", "import", "a.json"][..], "error: no permission to write in closed\n"),
        (&["snapshot", "closed/s.db"], "error: cannot write in closed/: there is no permission for it\n"),
        (
            &["--db", "closed/case.db", "script", "note.trailq"],
            "error: closed/case.db cannot be written: it or its folder is read-only\n",
        ),
    ] {
        test_env.scratch.write("note.trailq", ".note x\n");
        let mut command = test_env.command(arguments);
        drop_privileges(&mut command);
        let ran = CommandOutput::of(command.output().unwrap()).fails(2, &[message]);
        assert!(!ran.err.contains("disk") && !ran.err.contains("os error"), "{ran:?}");
    }
    chmod(&closed, 0o755);
}

#[test]
fn a_temporary_folder_without_space_is_named() {
    let test_env = TestEnv::with_older_delivery();
    let tmp = test_env.scratch.path("tmp");
    std::fs::create_dir(&tmp).unwrap();
    // As a full disk, but for this process only.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 64 || exit 99; exec \"$0\" lookup x", PROGRAM]);
    test_env.make_hermetic(&mut command);
    let ran = CommandOutput::of(command.env("TMPDIR", &tmp).output().unwrap());
    let named = format!("the temporary folder {} (TMPDIR)", tmp.display());
    ran.fails(
        2,
        &[&named, "hint: free some space there, or name another folder with the environment variable TMPDIR\n"],
    );
    let ran = CommandOutput::of(
        test_env.command(&["lookup", "x"]).env("TMPDIR", test_env.scratch.path("none")).output().unwrap(),
    );
    ran.fails(2, &["(TMPDIR) cannot be used: there is no such file\n"]);
    assert_eq!(below(&tmp), []);
}

#[test]
fn nothing_is_left_beside_a_case_in_write_ahead_mode() {
    let test_env = TestEnv::with_delivery();
    test_env.scratch.ask().query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
    assert_eq!(test_env.run(&["--format", "tsv", "lookup", "| count"]).exits(0).out, "events\n360\n");
    let left: Vec<PathBuf> = below(test_env.scratch.folder.path()).into_iter().map(|(path, _)| path).collect();
    assert_eq!(left, [test_env.scratch.case()]);
}
