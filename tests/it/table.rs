//! Tables of Parquet files: conversion, export, and their import.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::common::program::{CommandOutput, PROGRAM, TestEnv, as_nobody, chmod, drop_privileges};
use crate::common::{Needs, skip, testdata};

const READERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parquet_readers.py");

/// The deliveries of the test data.
const DELIVERIES: [&str; 4] = ["delivery", "shapes", "benign-month", "broken"];

/// Returns the files of a folder, by their paths in it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let found =
        walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    let name = |path: &Path| path.strip_prefix(folder).unwrap().display().to_string();
    found.map(|entry| (name(entry.path()), fs::read(entry.path()).unwrap())).collect()
}

/// Returns the Parquet files of a table.
fn table(test_env: &TestEnv, name: &str) -> BTreeMap<String, Vec<u8>> {
    let files = files(&test_env.scratch.path(name));
    files.into_iter().filter(|(name, _)| name.ends_with(".parquet")).collect()
}

/// Returns the digest of the events of a case.
fn digest(test_env: &TestEnv, case: &str) -> String {
    let info = test_env.run(&["--db", case, "info", "--format", "json"]).exits(0).json();
    info["event_digest"].as_str().unwrap_or_else(|| panic!("{info}")).to_owned()
}

fn path_of(folder: &str) -> String {
    testdata(folder).display().to_string()
}

#[test]
fn a_conversion_has_the_rows_of_an_export_of_the_case_imported_from_the_same_files() {
    for delivery in DELIVERIES {
        let (test_env, input) = (TestEnv::new(), path_of(delivery));
        let converted = test_env.run(&["convert", "--format", "json", &input, "converted"]);
        let code = converted.code.unwrap();
        let imported = test_env.run(&["import", "--format", "json", &input]).exits(code);
        test_env.run(&["export", "exported"]).exits(0);
        let (converted, imported) = (converted.json(), imported.json());
        for count in
            ["read", "stored", "duplicate", "conflict", "replaced", "rejected", "files", "ignored_files", "members"]
        {
            assert_eq!(converted[count], imported[count], "{delivery}: {count}");
        }
        assert_eq!(converted["rows"], imported["stored"], "{delivery}");
        // The bytes of the rows are the same; the names are those of what was read, with its duplicates.
        let rows = |name: &str| -> BTreeMap<String, Vec<u8>> {
            let folder = |name: &str| name.rsplit_once('/').unwrap().0.to_owned();
            table(&test_env, name).into_iter().map(|(name, bytes)| (folder(&name), bytes)).collect()
        };
        assert!(rows("converted") == rows("exported"), "{delivery}");
    }
}

#[test]
fn events_come_home_as_they_left() {
    for delivery in DELIVERIES {
        let (test_env, input) = (TestEnv::new(), path_of(delivery));
        test_env.run(&["import", &input]);
        test_env.run(&["export", "--by", "account,region,date", "table"]).exits(0);
        let home = test_env.run(&["--db", "home.db", "import", "--format", "json", "table"]).exits(0).json();
        assert_eq!((&home["duplicate"], &home["ignored_files"]), (&0.into(), &0.into()), "{delivery}");
        assert_eq!(digest(&test_env, "trailq.db"), digest(&test_env, "home.db"), "{delivery}");
        let diff = test_env.run(&["diff", "--format", "json", "trailq.db", "home.db"]).exits(0).json();
        for kind in diff.as_array().unwrap() {
            let differences = ["only_in_a", "only_in_b", "differ"].map(|key| kind[key].as_i64());
            assert_eq!(differences, [Some(0); 3], "{delivery}: {kind}");
        }
        // What was made of rows of a CSV download is known as such.
        let rows = "SELECT count(*) AS n FROM csv_events";
        let counted = |case: &str| test_env.run(&["--db", case, "sql", "--format", "json", rows]).exits(0).json();
        assert_eq!(counted("trailq.db"), counted("home.db"), "{delivery}");
    }
}

#[test]
fn the_same_files_give_the_same_bytes_however_they_are_read() {
    let (test_env, input) = (TestEnv::new(), path_of("delivery"));
    test_env.run(&["convert", "--jobs", "1", &input, "one"]).exits(0);
    test_env.run(&["convert", "--jobs", "4", &input, "four"]).exits(0);
    let list: Vec<String> = walkdir::WalkDir::new(&input)
        .into_iter()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.path().display().to_string())
        .collect();
    test_env.pipe(&["convert", "-", "lines"], list.join("\n").as_bytes()).exits(0);
    test_env.pipe(&["convert", "-", "nuls"], format!("{}\0", list.join("\0")).as_bytes()).exits(0);
    let one = files(&test_env.scratch.path("one"));
    assert!(one.len() > 1);
    for name in ["four", "lines", "nuls"] {
        assert!(files(&test_env.scratch.path(name)) == one, "{name}");
    }
    // A list is what a folder has: files that are not trail files are ignored.
    let picture = testdata("broken").join("picture.png").display().to_string();
    let with_picture = format!("{}\n{picture}\n", list.join("\n"));
    let report =
        test_env.pipe(&["convert", "--format", "json", "-", "picture"], with_picture.as_bytes()).exits(0).json();
    assert_eq!((&report["rejected"], &report["ignored"][0]["file"]), (&0.into(), &picture.into()), "{report}");
    // Again, into the same folder: nothing more than before.
    test_env.run(&["convert", &input, "one"]).exits(0);
    assert!(files(&test_env.scratch.path("one")) == one);
}

#[test]
fn copies_are_named_by_the_place_that_they_are_from() {
    let test_env = TestEnv::new();
    for delivery in ["delivery", "broken"] {
        let copies = test_env.scratch.path("copies").join(delivery);
        for (name, content) in files(&testdata(delivery)) {
            fs::create_dir_all(copies.join(&name).parent().unwrap()).unwrap();
            fs::write(copies.join(name), content).unwrap();
        }
    }
    let convert = |place: &str, table: &str| {
        let arguments = ["convert", "--format", "json", "--copied", "copies", place, "copies", table];
        test_env.run(&arguments).exits(1).json()
    };
    for (place, prefix) in [("s3://trail", "s3://trail/"), ("s3://trail/", "s3://trail/"), ("", "")] {
        let report = convert(place, "table");
        let rejects = report["rejects"].as_array().unwrap();
        let all_begin =
            rejects.iter().all(|line| line["file"].as_str().unwrap().starts_with(&format!("{prefix}broken/")));
        assert!(all_begin && !rejects.is_empty(), "{report}");
        let lines =
            fs::read_to_string(test_env.scratch.path("").join(report["rejects_file"].as_str().unwrap())).unwrap();
        assert!(lines.starts_with(&format!("{{\"rejected_from\":\"{prefix}broken/")), "{lines}");
    }
    // The bytes of the table depend on the place, and not on the folder of the copies.
    convert("s3://trail", "one");
    fs::rename(test_env.scratch.path("copies"), test_env.scratch.path("moved")).unwrap();
    let arguments = ["convert", "--copied", "moved", "s3://trail", "moved", "other"];
    test_env.run(&arguments).exits(1);
    assert!(table(&test_env, "one") == table(&test_env, "other"));
    assert!(table(&test_env, "one").values().any(|file| String::from_utf8_lossy(file).contains("s3://trail/delivery")));
    test_env
        .run(&["convert", "--copied", "nowhere", "s3://trail", "moved", "none"])
        .fails(2, &["nowhere: there is no such file or folder"]);
    test_env.run(&["convert", "--copied", "moved", "moved", "none"]).fails(2, &["PATH"]);
}

#[test]
fn rejects_are_written_beside_the_table_and_not_read_again() {
    let (test_env, input) = (TestEnv::new(), path_of("broken"));
    let report = test_env.run(&["convert", "--format", "json", &input, "table"]).exits(1).json();
    let file = PathBuf::from(report["rejects_file"].as_str().unwrap());
    let lines = fs::read_to_string(test_env.scratch.path("").join(file)).unwrap();
    assert_eq!(lines.lines().count() as u64, report["rejected"].as_u64().unwrap());
    test_env.run(&["import", &input]).exits(1);
    let kept = "SELECT f.path AS file, r.position, r.line, r.reason, r.length, r.sha256 FROM rejects r \
                JOIN files f ON f.id = r.file_id ORDER BY 1, 2, 4";
    let kept = test_env.run(&["sql", "--format", "json", kept]).exits(0).json();
    let mut written: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    written.sort_by_key(|line| {
        let text = |key: &str| line[key].as_str().unwrap().to_owned();
        (text("rejected_from"), line["position"].as_u64(), text("reason"))
    });
    for (line, kept) in written.iter().zip(kept.as_array().unwrap()) {
        assert!(line["text"].is_string() != line["base64"].is_string(), "{line}");
        assert_eq!(line["rejected_from"], kept["file"]);
        for key in ["position", "line", "reason", "length", "sha256"] {
            assert_eq!(line[key], kept[key], "{key} of {line}");
        }
    }
    assert_eq!(written.len(), kept.as_array().unwrap().len());
    let home = test_env.run(&["--db", "home.db", "import", "--format", "json", "table"]).exits(0).json();
    assert_eq!(home["ignored"][0]["reason"], "is a list of the rejects of a conversion");
}

#[test]
fn an_export_of_a_lookup_has_its_events() {
    let test_env = TestEnv::with_delivery();
    test_env.run(&["export", "--where", "outcome=denied", "table"]).exits(0);
    test_env.run(&["--db", "home.db", "import", "table"]).exits(0);
    let ids = |case: &str, lookup: &str| {
        test_env.run(&["--db", case, "--format", "csv", "lookup", lookup]).exits(0).out.lines().count()
    };
    assert_eq!(ids("home.db", ""), ids("trailq.db", "outcome=denied"));
    test_env
        .run(&["export", "--where", "user=nobody-at-all", "none"])
        .fails(2, &["no event matches --where user=nobody-at-all", "nothing was written"]);
    assert!(!test_env.scratch.path("none").exists());
    test_env
        .run(&["export", "--where", "| count by user", "none"])
        .fails(2, &["a table has events", "leave the stages"]);
    test_env.run(&["export", "--where", "usr=x", "none"]).fails(2, &["unknown field"]);
}

#[test]
fn mistakes_say_what_to_do() {
    let test_env = TestEnv::with_delivery();
    test_env.run(&["convert", "nowhere", "table"]).fails(2, &["nowhere: there is no such file or folder"]);
    assert!(!test_env.scratch.path("table").exists());
    test_env.pipe(&["convert", "-", "table"], b"\n").fails(2, &["the list of files on standard input is empty"]);
    test_env.run(&["export", "x.db"]).fails(2, &["x.db is the name of a case", "trailq snapshot x.db"]);
    test_env.scratch.write("a-file", "x");
    test_env.run(&["export", "a-file"]).fails(2, &["cannot make the folder a-file"]);
    test_env.run(&["export", "--by", "hour", "table"]).fails(2, &["hour"]);
    test_env
        .run(&["convert", "--format", "csv", "x", "table"])
        .fails(2, &["the report of a conversion has no format csv"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let test_env = TestEnv::with_delivery();
    if !as_nobody(&test_env) {
        return;
    }
    let folder = test_env.scratch.path("locked");
    fs::create_dir(&folder).unwrap();
    chmod(&folder, 0o555);
    chmod(&test_env.scratch.path(""), 0o755);
    let mut command = test_env.command(&["export", "locked"]);
    drop_privileges(&mut command);
    let ran = CommandOutput::of(command.output().unwrap());
    ran.fails(2, &["locked", "there is no permission for it"]);
    assert_eq!(files(&folder).len(), 0);
}

#[test]
fn a_full_disk_ends_a_conversion_and_leaves_no_half_of_a_file() {
    let (test_env, input) = (TestEnv::new(), path_of("benign-month"));
    test_env.run(&["convert", &input, "whole"]).exits(0);
    let whole = table(&test_env, "whole");
    let sizes: usize = whole.values().map(Vec::len).sum();
    for blocks in [1, 8, sizes / whole.len() / 1024 / 2] {
        // The limit is for each file, in blocks of 512 or 1024 bytes.
        let script = format!("trap '' XFSZ; ulimit -f {blocks} || exit 99; exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &script, PROGRAM, "convert", &input, "table"]);
        test_env.make_hermetic(&mut command);
        let ran = CommandOutput::of(command.output().unwrap()).exits(2);
        assert!(ran.err.starts_with("error: cannot ") && !ran.err.contains("panicked"), "{ran:?}");
        for (name, bytes) in files(&test_env.scratch.path("table")) {
            assert!(whole.get(&name) == Some(&bytes), "{name} is not a whole file");
        }
    }
    test_env.run(&["convert", &input, "table"]).exits(0);
    assert!(table(&test_env, "table") == whole);
}

#[test]
fn a_killed_conversion_leaves_whole_files_and_the_next_one_completes_it() {
    let (test_env, input) = (TestEnv::new(), path_of("benign-month"));
    test_env.run(&["convert", &input, "whole"]).exits(0);
    let whole = table(&test_env, "whole");
    for delay in [0, 20, 60, 120, 250] {
        let mut child = test_env.command(&["convert", &input, "table"]).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(delay));
        child.kill().unwrap();
        child.wait().unwrap();
        if test_env.scratch.path("table").exists() {
            for (name, bytes) in table(&test_env, "table") {
                assert!(whole.get(&name) == Some(&bytes), "{name} is not a whole file");
            }
        }
    }
    test_env.run(&["convert", &input, "table"]).exits(0);
    assert!(files(&test_env.scratch.path("table")) == files(&test_env.scratch.path("whole")), "files are left over");
}

#[test]
fn a_damaged_file_is_a_reject_and_costs_its_neighbors_nothing() {
    let test_env = TestEnv::with_delivery();
    test_env.run(&["export", "table"]).exits(0);
    let (name, bytes) = table(&test_env, "table").into_iter().max_by_key(|(_, bytes)| bytes.len()).unwrap();
    let events =
        |case: &str| test_env.run(&["--db", case, "--format", "csv", "lookup", ""]).exits(0).out.lines().count();
    let all = events("trailq.db");
    let cases: [(&str, Vec<u8>, &str); 4] = [
        ("cut.db", bytes[..bytes.len() - 1].to_vec(), "is a Parquet file that is cut off"),
        ("short.db", b"PAR1".to_vec(), "is a Parquet file that is cut off"),
        ("encrypted.db", [&bytes[..bytes.len() - 4], b"PARE".as_slice()].concat(), "is an encrypted Parquet file"),
        (
            "pages.db",
            bytes
                .iter()
                .enumerate()
                .map(|(at, byte)| if (4..bytes.len() / 2).contains(&at) { 0xff } else { *byte })
                .collect(),
            "has a page that cannot be read",
        ),
    ];
    for (case, broken, reason) in cases {
        fs::write(test_env.scratch.path("table").join(&name), broken).unwrap();
        let report = test_env.run(&["--db", case, "import", "--format", "json", "table"]).exits(1).json();
        let said = report["rejects"][0]["reason"].as_str().unwrap_or_else(|| panic!("{report}"));
        assert!(said.contains(reason), "{case}: {said}");
        assert!(events(case) > 1 && events(case) < all, "{case}: {} of {all}", events(case));
    }
}

/// Returns the Python of an environment with PyArrow and DuckDB.
fn readers() -> Option<String> {
    match Command::new("python3").args([READERS, "prepare"]).output() {
        Err(error) => skip(Needs::Tool("python3"), format_args!("PyArrow and DuckDB need python3: {error}")),
        Ok(made) if made.status.success() => return Some(String::from_utf8(made.stdout).unwrap().trim().to_owned()),
        Ok(made) => {
            assert_eq!(made.status.code(), Some(3), "{made:?}");
            skip(Needs::Tool("parquet-readers"), String::from_utf8_lossy(&made.stderr).trim());
        }
    }
    None
}

/// Runs a command of the script with readers.
fn read(python: &str, arguments: &[&Path]) -> String {
    let mut command = Command::new(python);
    let done = command.arg(READERS).args(arguments).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{out}{err}");
    out.into_owned()
}

#[test]
fn pyarrow_and_duckdb_read_what_the_case_has() {
    let Some(python) = readers() else { return };
    let test_env = TestEnv::new();
    let folders = DELIVERIES.map(path_of);
    let import: Vec<&str> = ["import"].into_iter().chain(folders.iter().map(String::as_str)).collect();
    test_env.run(&import).exits(1);
    test_env.run(&["export", "table"]).exits(0);
    let sql = "SELECT h.*, record(h.id) AS record FROM event_history h";
    let rows = test_env.run(&["--format", "ndjson", "sql", sql]).exits(0);
    let rows = test_env.scratch.write("rows.ndjson", rows.out);
    eprint!("{}", read(&python, &[Path::new("check"), &test_env.scratch.path("table"), &rows]));
}

#[test]
fn files_of_other_programs_bring_the_records_home() {
    let Some(python) = readers() else { return };
    let test_env = TestEnv::with_delivery();
    // Records that were made of rows of a CSV download come home as full ones.
    test_env.run(&["export", "table"]).exits(0);
    let made = test_env.scratch.path("made");
    read(&python, &[Path::new("write"), &test_env.scratch.path("table"), &made]);
    for kind in ["pyarrow", "duckdb", "ndjson", "csv"] {
        let (case, folder) = (format!("{kind}.db"), format!("made/{kind}"));
        test_env.run(&["--db", &case, "import", &folder]).exits(0);
        assert_eq!(digest(&test_env, &case), digest(&test_env, "trailq.db"), "{kind}");
    }
    for (file, reason) in [
        ("other", "is a Parquet file without a column `record` of texts"),
        ("gzip", "which is not read: write it with zstd or snappy"),
        ("delta", "plain and dictionary pages are read"),
    ] {
        let (case, file) = (format!("{file}.db"), format!("made/{file}.parquet"));
        test_env.run(&["--db", &case, "import", &file]).fails(1, &[reason]);
    }
}
