//! First imports that write pages and are killed, wait, are cancelled or find no space: there is a whole case or none, every
//! command says which, and the same import again gives what an undisturbed one gives.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::common::program::{CommandOutput, PROGRAM, TestEnv, gzip};
use crate::common::{Scratch, check_case, content};
use crate::files::SmallDisk;
use crate::properties::rng::Rng;
use crate::ways::{BULK, BULK_BYTES, records};

/// An import of a folder that writes pages.
fn import(test_env: &TestEnv, folder: &Path) -> Command {
    let mut command = test_env.command(&["-q", "--db", BULK.case, "import"]);
    command.arg(folder).env(BULK_BYTES, "0");
    command
}

/// The folder in which the case is made.
const FOLDER: &str = "bulk.db.import";

/// The records of a file: of a test of many imports, and of others.
const FEW: usize = 250;
const MANY: usize = 700;

/// Trail files of events with UUIDs.
fn delivery(scratch: &Scratch, records_of_file: usize) {
    for file in 0..12 {
        let text = records(file * 3, records_of_file).replace("-4000-8000-", &format!("-4{file:03x}-8000-"));
        scratch.write(&format!("in/{file:02}.json.gz"), gzip(text.as_bytes()));
    }
}

/// The kills of a test, unless the environment variable `TRAILQ_KILLS` has another number, and those after which the import
/// is completed.
const KILLS: usize = 100;
const KILLS_IN_A_ROW: usize = 10;

#[test]
fn kills_at_random_moments_of_a_first_import_leave_a_whole_case_or_none() {
    let kills = std::env::var("TRAILQ_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    let whole = TestEnv::new();
    delivery(&whole.scratch, FEW);
    let folder = whole.scratch.path("in");
    let started = Instant::now();
    assert!(import(&whole, &folder).status().unwrap().success());
    let mut taken = started.elapsed();
    let expected = content(&whole.scratch.path(BULK.case));
    let mut rng = Rng::new(18);
    let (mut killed, mut ends) = (0, [0_usize; 3]);
    let mut test_env = TestEnv::new();
    for attempt in 0.. {
        assert!(attempt < 3 * kills, "most imports end before they are killed");
        // Every second one is at the end, where trees are installed and indexes are built.
        let part = if attempt % 2 == 0 { rng.below(100) } else { 55 + rng.below(45) };
        let what = format!("kill {killed}, after {part} %");
        let mut child = import(&test_env, &folder).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(taken * part as u32 / 100);
        child.kill().unwrap();
        let code = child.wait().unwrap().code();
        // What else the machine does changes: the time is what it was of late.
        taken = if code.is_some() { taken * 19 / 20 } else { taken * 51 / 50 };
        assert!(matches!(code, None | Some(0)), "{what}: {code:?}");
        killed += usize::from(code.is_none());
        let end = what_a_kill_left(&test_env, &what);
        ends[end as usize] += 1;
        let is_last = killed == kills;
        if end == End::Whole || is_last || killed % KILLS_IN_A_ROW == 0 {
            assert!(import(&test_env, &folder).status().unwrap().success(), "{what}");
            check_case(&test_env.scratch.path(BULK.case));
            assert!(content(&test_env.scratch.path(BULK.case)) == expected, "{what}: the content is another");
            let left = fs::read_dir(test_env.scratch.folder.path()).unwrap().count();
            assert_eq!(left, 1, "{what}: something is left beside the case");
            test_env = TestEnv::new();
        }
        if is_last {
            break;
        }
    }
    eprintln!("{killed} kills: {ends:?} left nothing, a folder, a case");
    assert!(ends[End::Folder as usize] > 0, "no import was killed while it wrote: {ends:?}");
}

/// The state after a kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Nothing,
    Folder,
    Whole,
}

/// Checks that a lookup and `info` say of the case what is there.
fn what_a_kill_left(test_env: &TestEnv, what: &str) -> End {
    let case = test_env.scratch.path(BULK.case);
    let asked = test_env.run(&["--db", BULK.case, "--format", "tsv", "lookup", "| count"]);
    if case.exists() {
        check_case(&case);
        assert_eq!(asked.exits(0).out, "events\n3000\n", "{what}");
        return End::Whole;
    }
    if test_env.scratch.path(FOLDER).join("case.db").exists() {
        for ran in [asked, test_env.run(&["--db", BULK.case, "info"])] {
            ran.fails(2, &["the import into bulk.db was interrupted", "run the same import again"]);
        }
        return End::Folder;
    }
    asked.fails(2, &["there is no case at"]);
    End::Nothing
}

#[test]
fn a_kill_after_the_case_has_its_name_leaves_a_folder_that_the_next_import_removes() {
    for left in [&[][..], &["case.db", "case.db-journal"]] {
        let test_env = imported();
        let folder = test_env.scratch.path(FOLDER);
        fs::create_dir(&folder).unwrap();
        left.iter().for_each(|name| fs::write(folder.join(name), "part").unwrap());
        test_env.run(&["--db", BULK.case, "lookup", "| count"]).exits(0);
        assert!(import(&test_env, &test_env.scratch.path("in")).status().unwrap().success());
        assert!(!folder.exists(), "{left:?} is left beside the case");
        check_case(&test_env.scratch.path(BULK.case));
    }
}

/// Returns a folder with a delivery and a case that was imported from it.
fn imported() -> TestEnv {
    let test_env = TestEnv::new();
    delivery(&test_env.scratch, MANY);
    assert!(import(&test_env, &test_env.scratch.path("in")).status().unwrap().success());
    test_env
}

#[test]
fn a_full_disk_in_a_first_import_is_reported_and_leaves_nothing() {
    let whole = imported();
    let folder = whole.scratch.path("in");
    let expected = content(&whole.scratch.path(BULK.case));
    let bytes = whole.scratch.path(BULK.case).metadata().unwrap().len();
    // No file may be larger: with less there is no space for the rows, with more none for the pages.
    for part in [30, 60, 70, 80, 90, 97] {
        let test_env = TestEnv::new();
        let blocks = bytes * part / 100 / 1_024;
        let script = format!("trap '' XFSZ; ulimit -f {blocks} || exit 99; exec \"$0\" \"$@\"");
        let mut command = Command::new("timeout");
        command.args(["-s", "KILL", "60", "sh", "-c", &script, PROGRAM, "--db", BULK.case, "import"]).arg(&folder);
        test_env.make_hermetic(&mut command);
        command.env(BULK_BYTES, "0");
        let ran = CommandOutput::of(command.output().unwrap()).exits(2);
        assert!(ran.err.starts_with("error: ") && ran.err.contains(BULK.case), "{part} %: {ran:?}");
        assert!(!ran.err.contains("panicked"), "{part} %: {ran:?}");
        let case = test_env.scratch.path(BULK.case);
        test_env.run(&["--db", BULK.case, "lookup", "| count"]).fails(2, &["there is no case at"]);
        assert!(!case.exists() && !test_env.scratch.path(FOLDER).exists(), "{part} %: something is left");
        assert!(import(&test_env, &folder).status().unwrap().success(), "{part} %");
        check_case(&case);
        assert!(content(&case) == expected, "{part} %: the content is another");
    }
}

#[test]
fn a_disk_that_fills_in_any_phase_of_a_first_import_is_reported_and_has_its_space_again() {
    let whole = imported();
    let folder = whole.scratch.path("in");
    let expected = content(&whole.scratch.path(BULK.case));
    let bytes = whole.scratch.path(BULK.case).metadata().unwrap().len();
    let mut full = 0;
    // Rows are written, then trees are copied to their place, then indexes are built.
    for part in [1, 15, 30, 45, 60, 75, 90, 100, 110, 120, 130, 140] {
        let test_env = TestEnv::new();
        let Some(disk) = SmallDisk::mount(&test_env, bytes * part / 100) else { return };
        let import = || {
            let mut command = test_env.command(&["-q", "--db", "small/bulk.db", "import"]);
            CommandOutput::of(command.arg(&folder).env(BULK_BYTES, "0").output().unwrap())
        };
        let ran = import();
        let case = test_env.scratch.path("small/bulk.db");
        if ran.code == Some(2) {
            full += 1;
            ran.fails(2, &["error: no space left to write small/bulk.db\n", "free some space"]);
            let left: Vec<_> = fs::read_dir(test_env.scratch.path("small")).unwrap().collect();
            assert!(left.is_empty(), "{part} %: {left:?}");
            disk.grow(bytes * 4);
            import().exits(0);
        } else {
            ran.exits(0);
        }
        check_case(&case);
        assert!(content(&case) == expected, "{part} %: the content is another");
    }
    assert!(full >= 8, "{full} of the disks were too small");
}

#[test]
fn a_case_in_the_making_is_waited_for() {
    let test_env = TestEnv::new();
    let folder = test_env.scratch.path(FOLDER);
    fs::create_dir(&folder).unwrap();
    let held = fs::File::open(&folder).unwrap();
    held.lock().unwrap();
    delivery(&test_env.scratch, MANY);
    let mut lookup = test_env.command(&["--db", BULK.case, "lookup", "| count"]);
    let lookup = CommandOutput::of(lookup.env("TRAILQ_WAIT", "0").output().unwrap());
    lookup.fails(2, &["the import into bulk.db is running\n", "wait until it is done"]);
    // A small import does not take the name of the case in the making either.
    for bytes in ["0", "1000000000"] {
        let mut command = import(&test_env, &test_env.scratch.path("in"));
        let ran = CommandOutput::of(command.env(BULK_BYTES, bytes).env("TRAILQ_WAIT", "0").output().unwrap());
        ran.fails(2, &["the import into bulk.db is running\n"]);
    }
    drop(held);
    assert!(import(&test_env, &test_env.scratch.path("in")).status().unwrap().success());
    check_case(&test_env.scratch.path(BULK.case));
    assert!(!folder.exists());
}

#[test]
fn a_folder_of_someone_else_is_left_alone() {
    let test_env = TestEnv::new();
    test_env.scratch.write(&format!("{FOLDER}/notes.txt"), "kept");
    delivery(&test_env.scratch, MANY);
    assert!(import(&test_env, &test_env.scratch.path("in")).status().unwrap().success());
    check_case(&test_env.scratch.path(BULK.case));
    assert_eq!(fs::read(test_env.scratch.path(FOLDER).join("notes.txt")).unwrap(), b"kept");
}

#[test]
fn a_first_import_that_is_cancelled_leaves_nothing() {
    let test_env = TestEnv::new();
    delivery(&test_env.scratch, MANY);
    test_env.scratch.write("s.trailq", ".import in\n");
    let mut command = test_env.command(&["--db", BULK.case, "script", "s.trailq"]);
    command.env(BULK_BYTES, "0").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    while !test_env.scratch.path(FOLDER).join("case.db").exists() {
        assert!(child.try_wait().unwrap().is_none(), "the import ended before it could be cancelled");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let process = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
    let ran = CommandOutput::of(child.wait_with_output().unwrap());
    ran.fails(2, &["error: cancelled", "no case was made; run the same import again"]);
    assert!(!test_env.scratch.path(BULK.case).exists() && !test_env.scratch.path(FOLDER).exists());
}

/// Kills an import once it has stored a state of its build with at least this many trees. False if it ended before.
#[cfg(target_os = "linux")]
fn killed_with_trees(test_env: &TestEnv, folder: &Path, trees: usize) -> bool {
    let state = test_env.scratch.path(FOLDER).join("build.json");
    let installed = || -> Option<usize> {
        let state: serde_json::Value = serde_json::from_slice(&fs::read(&state).ok()?).ok()?;
        Some(state["installed"].as_array()?.len())
    };
    let mut child = import(test_env, folder).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while installed().is_none_or(|installed| installed < trees) {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    state.exists()
}

/// Imports the folder of an undisturbed import, checks that the case is that import's and that nothing is left beside it,
/// and returns what was told.
#[cfg(target_os = "linux")]
fn imports_again(test_env: &TestEnv, whole: &TestEnv, what: &str) -> String {
    let (folder, case) = (whole.scratch.path("in"), test_env.scratch.path(BULK.case));
    let ran = test_env.run(&["--db", BULK.case, "import", folder.to_str().unwrap()]).exits(0);
    check_case(&case);
    assert!(content(&case) == content(&whole.scratch.path(BULK.case)), "{what}: the content is another");
    assert_eq!(fs::read_dir(test_env.scratch.folder.path()).unwrap().count(), 1, "{what}: something is left: {ran:?}");
    ran.err
}

#[test]
#[cfg(target_os = "linux")]
fn a_build_that_was_killed_is_taken_up_tree_by_tree() {
    let whole = imported();
    let folder = whole.scratch.path("in");
    let mut taken_up = 0;
    for trees in [3, 3, 5, 8, 12, 16] {
        let test_env = TestEnv::new();
        if !killed_with_trees(&test_env, &folder, trees) {
            continue;
        }
        test_env
            .run(&["--db", BULK.case, "info"])
            .fails(2, &["the import into bulk.db was interrupted while it built indexes", "run the same import again"]);
        let told = imports_again(&test_env, &whole, &format!("{trees} trees"));
        assert!(told.contains("this import finishes it first if that is possible, and adds to it"), "{told}");
        taken_up += usize::from(told.contains("12 files unchanged"));
    }
    assert!(taken_up > 1, "{taken_up} builds were taken up");
}

/// A description, and what is changed of a build that was killed.
#[cfg(target_os = "linux")]
type Change<'c> = (&'static str, &'c dyn Fn(&TestEnv));

#[test]
#[cfg(target_os = "linux")]
fn a_build_that_cannot_be_taken_up_is_made_anew() {
    let whole = imported();
    let folder = whole.scratch.path("in");
    let state = |test_env: &TestEnv| test_env.scratch.path(FOLDER).join("build.json");
    let changes: [Change<'_>; 4] = [
        ("another start of the machine", &|test_env| {
            let text = fs::read_to_string(state(test_env)).unwrap();
            fs::write(state(test_env), text.replace("\"boot_id\":\"", "\"boot_id\":\"x")).unwrap();
        }),
        ("a wrong count", &|test_env| {
            let text = fs::read_to_string(state(test_env)).unwrap();
            fs::write(state(test_env), text.replace("[\"events\",", "[\"events\",1")).unwrap();
        }),
        ("a case that is cut", &|test_env| {
            let case = test_env.scratch.path(FOLDER).join("case.db");
            fs::File::options().write(true).open(case).unwrap().set_len(8_192).unwrap();
        }),
        ("no case", &|test_env| fs::remove_file(test_env.scratch.path(FOLDER).join("case.db")).unwrap()),
    ];
    for (what, change) in changes {
        let test_env = TestEnv::new();
        let is_killed = |_| {
            let _ = fs::remove_file(test_env.scratch.path(BULK.case));
            killed_with_trees(&test_env, &folder, 4)
        };
        assert!((0..20).any(is_killed), "no import was killed in time");
        change(&test_env);
        let told = imports_again(&test_env, &whole, what);
        assert!(told.contains("12 files: "), "{what}: {told}");
    }
}
