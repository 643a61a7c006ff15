//! The ledger accounts for every content of every file, also of one that is overwritten under its name.

use crate::common;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::common::program::TestEnv;
use crate::common::{Scratch, check_case, check_sums, lines, record};
use flate2::write::GzEncoder;
use proptest::prelude::*;
use proptest::test_runner::Config;
use rusqlite::Connection;
use trailq::ingest::{MergeOptions, NoProgress, Options, Report, import, merge};
use trailq::store::snapshot::verify;

const FILES: &str =
    "SELECT substr(path, instr(path, 'in/') + 3), read, stored, duplicate, rejected FROM files ORDER BY id";

/// Records with these ids, as a delivered file has them.
fn records(ids: &[&str]) -> String {
    format!("{{\"Records\":[{}]}}", ids.iter().map(|id| record(id, "")).collect::<Vec<_>>().join(","))
}

/// The name that an earlier content of a file has.
fn marked(name: &str, content: impl AsRef<[u8]>) -> String {
    use sha2::Digest as _;
    let sum: String = sha2::Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{name}#sha256:{}", &sum[..16])
}

/// Every check of `snapshot --verify` that failed.
fn wrong(case: &Path) -> Vec<String> {
    let checks = verify(case, None).unwrap().into_iter().filter(|check| check.sound == Some(false));
    checks.map(|check| format!("{}: {}", check.what, check.found)).collect()
}

/// Writes a content, imports the folder, and checks the ledger.
fn put(scratch: &Scratch, name: &str, content: impl AsRef<[u8]>) -> Report {
    scratch.write(&format!("in/{name}"), content);
    import_folder(scratch)
}

fn import_folder(scratch: &Scratch) -> Report {
    let report = scratch.import(&[scratch.path("in")]);
    assert_eq!(wrong(&scratch.case()), Vec::<String>::new());
    report
}

#[test]
fn an_overwritten_file_keeps_a_row_for_each_content() {
    let scratch = Scratch::new();
    let (one, two, three) = (records(&["a", "b", "c"]), records(&["c", "d"]), records(&["e"]));
    put(&scratch, "events.json", &one);
    put(&scratch, "events.json", &two);
    let (first, second) = (marked("events.json", &one), marked("events.json", &two));
    assert_eq!(scratch.lines(FILES), [format!("{first}|3|3|0|0"), "events.json|2|1|1|0".to_owned()]);
    let report = put(&scratch, "events.json", &three);
    assert_eq!((report.counts.read, report.counts.stored), (1, 1));
    let all = [format!("{first}|3|3|0|0"), format!("{second}|2|1|1|0"), "events.json|1|1|0|0".to_owned()];
    assert_eq!(scratch.lines(FILES), all);

    // A content that the ledger has is not new, whichever file of that name has it now.
    for content in [&one, &two, &three, &one] {
        let report = put(&scratch, "events.json", content);
        assert_eq!((report.files, report.skipped_files, report.counts.read), (0, 1, 0));
        assert_eq!(scratch.lines(FILES), all);
        // And not read again for its hash once that is known.
        let before = fs::read(scratch.case()).unwrap();
        import_folder(&scratch);
        assert!(fs::read(scratch.case()).unwrap() == before, "the case is as it was, byte for byte");
    }
}

#[test]
fn a_file_that_grows_or_shrinks_keeps_its_earlier_contents() {
    let scratch = Scratch::new();
    let lines = |count: usize| -> String { (0..count).map(|i| record(&format!("e{i}"), "") + "\n").collect() };
    put(&scratch, "log.ndjson", lines(3));
    put(&scratch, "log.ndjson", lines(5));
    put(&scratch, "log.ndjson", lines(2));
    let names = [marked("log.ndjson", lines(3)), marked("log.ndjson", lines(5)), "log.ndjson".to_owned()];
    let wanted = ["3|3|0|0", "5|2|3|0", "2|0|2|0"];
    let wanted: Vec<String> = names.iter().zip(wanted).map(|(name, counts)| format!("{name}|{counts}")).collect();
    assert_eq!(scratch.lines(FILES), wanted);
}

#[test]
fn what_takes_the_place_of_a_trail_file_leaves_its_row_alone() {
    let scratch = Scratch::new();
    let one = records(&["a", "b"]);
    put(&scratch, "events.json", &one);
    for content in ["", "no trail file", "{\"package\":1}"] {
        // In a folder it is passed over.
        let report = put(&scratch, "events.json", content);
        assert_eq!((report.ignored_files, report.files), (1, 0));
        assert_eq!(scratch.lines(FILES), ["events.json|2|2|0|0", "events.json#sha256:|0|0|0|0"]);
    }
    // Named, it is a reject with a row of its own.
    let path = scratch.write("in/events.json", "no trail file");
    let report = scratch.import(&[&path]);
    assert_eq!(report.counts.rejected, 1);
    let rows = [format!("{}|2|2|0|0", marked("events.json", &one)), "events.json|1|0|0|1".to_owned()];
    assert_eq!(scratch.lines(FILES), rows);
    assert_eq!(scratch.import(&[&path]).skipped_files, 1);
    // What comes back is known.
    put(&scratch, "events.json", &one);
    assert_eq!(scratch.lines(FILES), rows);
    assert_eq!(wrong(&scratch.case()), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn a_file_that_could_not_be_read_has_no_row_once_it_is_read() {
    let scratch = Scratch::new();
    let target = scratch.write("elsewhere/events.json", records(&["a"]));
    fs::create_dir_all(scratch.path("in")).unwrap();
    let link = scratch.path("in/events.json");
    std::os::unix::fs::symlink(&target, &link).unwrap();
    for _ in 0..2 {
        let report = import_folder(&scratch);
        assert_eq!((report.counts.read, report.counts.rejected), (1, 1), "a link is not followed");
        assert_eq!(scratch.lines("SELECT read, rejected, (SELECT count(*) FROM rejects) FROM files"), ["1|1|1"]);
    }
    fs::remove_file(&link).unwrap();
    let one = records(&["a"]);
    put(&scratch, "events.json", &one);
    assert_eq!(scratch.lines(FILES), ["events.json|1|1|0|0"]);
    assert_eq!(scratch.number("SELECT count(*) FROM rejects"), 0);
    // What was read keeps its name when it cannot be read any more.
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    import_folder(&scratch);
    assert_eq!(scratch.lines(FILES), ["events.json|1|1|0|0", "events.json#sha256:|1|0|0|1"]);
    fs::remove_file(&link).unwrap();
    put(&scratch, "events.json", records(&["b"]));
    assert_eq!(
        scratch.lines(FILES),
        [format!("{}|1|1|0|0", marked("events.json", &one)), "events.json|1|1|0|0".to_owned()]
    );
}

#[test]
fn the_same_standard_input_again_changes_nothing() {
    let test_env = TestEnv::new();
    // A digest file without a name is not told from another one by the schema.
    let digest = r#"{"digestStartTime":"2024-03-01T00:00:00Z","digestEndTime":"2024-03-01T01:00:00Z","logFiles":[]}"#;
    let csv = "Event name,Event time,User name,Event source,Resource type,Resource name,AWS access key,AWS region,\
               Error code,Read-only,Source IP address,Event ID,Request ID\n";
    for input in [records(&["a", "b"]), "broken".to_owned(), digest.to_owned(), csv.to_owned()] {
        test_env.pipe(&["import", "-"], input.as_bytes());
        check_case(&test_env.scratch.case());
        let before = common::content(&test_env.scratch.case());
        test_env.pipe(&["import", "-"], input.as_bytes());
        check_case(&test_env.scratch.case());
        assert_eq!(common::content(&test_env.scratch.case()), before, "{input}");
        assert_eq!(wrong(&test_env.scratch.case()), Vec::<String>::new());
    }
}

#[test]
fn a_part_of_a_case_gets_the_rest_from_the_content_it_was_made_of() {
    let test_env = TestEnv::new();
    let (one, two) = (records(&["a", "b", "c"]), records(&["c", "d", "e"]));
    put(&test_env.scratch, "events.json", &one);
    put(&test_env.scratch, "events.json", &two);
    test_env.run(&["snapshot", "part.db", "--where", "event-id=a,d"]).exits(0);
    assert_eq!(wrong(&test_env.scratch.path("part.db")), Vec::<String>::new());
    let part = test_env.scratch.path("part.db");
    let options = Options { jobs: Some(1), ..Options::default() };
    let again = |content: &str| {
        let path = test_env.scratch.write("in/events.json", content);
        let report = import(&part, &[path], &options, &NoProgress).unwrap();
        (report.counts.stored, report.counts.duplicate)
    };
    assert_eq!(again(&one), (2, 1));
    assert_eq!(again(&two), (1, 2));
    check_sums(&Report::default(), &part);
    let rows = [format!("{}|3|3|0|0", marked("events.json", &one)), "events.json|3|2|1|0".to_owned()];
    assert_eq!(lines(&Connection::open(&part).unwrap(), FILES), rows);
    // And as standard input, which has no name before it is read.
    let test_env = TestEnv::new();
    test_env.pipe(&["import", "-"], one.as_bytes()).exits(0);
    test_env.run(&["snapshot", "part.db", "--where", "event-id=a"]).exits(0);
    test_env.pipe(&["--db", "part.db", "import", "-"], one.as_bytes()).exits(0);
    check_case(&test_env.scratch.path("part.db"));
}

#[test]
fn a_file_is_found_by_its_name_with_all_its_contents() {
    let test_env = TestEnv::new();
    let (one, two) = (records(&["a", "b", "c"]), records(&["c", "d"]));
    put(&test_env.scratch, "events.json", &one);
    put(&test_env.scratch, "events.json", &two);
    put(&test_env.scratch, "other.json", records(&["x"]));
    let path = test_env.scratch.path("in/events.json").canonicalize().unwrap();
    let ids = |lookup: &str| {
        let rows = test_env.run(&["--format", "json", "lookup", lookup]).exits(0).json();
        let mut ids: Vec<String> =
            rows.as_array().unwrap().iter().map(|row| row["event_id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids.concat()
    };
    let path = path.display();
    for (lookup, wanted) in [
        (format!("file={path}"), "abcd"),
        ("file=events.json".to_owned(), "abcd"),
        ("file=ev*.json".to_owned(), "abcd"),
        ("file~events.json$".to_owned(), "abcd"),
        ("not file=events.json".to_owned(), "x"),
        (format!("file=\"{}\"", marked("events.json", &one)), "abc"),
        (format!("file=\"{}\"", marked(&path.to_string(), &one)), "abc"),
    ] {
        assert_eq!(ids(&format!("{lookup} | fields event-id")), wanted, "{lookup}");
    }
}

#[test]
fn the_digest_of_the_ledger_is_the_same_in_any_order_of_merges() {
    let test_env = TestEnv::new();
    let contents = [records(&["a", "b", "c"]), records(&["c", "d"]), records(&["a", "e"])];
    let options = Options { jobs: Some(1), ..Options::default() };
    let make = |name: &str, order: &[usize]| {
        let case = test_env.scratch.path(name);
        for at in order {
            let path = test_env.scratch.write("in/events.json", &contents[*at]);
            import(&case, &[path], &options, &NoProgress).unwrap();
        }
        // Runs are told apart by when they began.
        let fixed = "UPDATE imports SET started_at = '2024-03-01T00:00:0' || id || 'Z', finished_at = started_at; \
                     UPDATE files SET modified = 1;";
        Connection::open(&case).unwrap().execute_batch(fixed).unwrap();
        case
    };
    let cases = [make("a.db", &[0, 1, 2]), make("b.db", &[2, 1]), make("c.db", &[1])];
    let ledger = |case: &Path| {
        check_case(case);
        assert_eq!(wrong(case), Vec::<String>::new());
        let digests = verify(case, None).unwrap();
        ["events", "counts", "ledger"]
            .map(|part| digests.iter().find(|check| check.what == part).unwrap().found.clone())
    };
    let mut found = Vec::new();
    for (at, order) in [[0, 1, 2], [2, 1, 0], [1, 2, 0]].iter().enumerate() {
        let others: Vec<PathBuf> = order.iter().map(|at| cases[*at].clone()).collect();
        let new = test_env.scratch.path(&format!("new{at}.db"));
        merge(&new, &others, &MergeOptions::default(), &NoProgress).unwrap();
        found.push(ledger(&new));
        // Into one of them, also where the others hold nothing that it has not.
        let into = test_env.scratch.path(&format!("into{at}.db"));
        fs::copy(&others[0], &into).unwrap();
        merge(&into, &others[1..], &MergeOptions::default(), &NoProgress).unwrap();
        found.push(ledger(&into));
        assert!(
            !merge(&into, &others, &MergeOptions::default(), &NoProgress).unwrap().merged.changed,
            "nothing is new"
        );
    }
    assert!(found.iter().all(|digests| *digests == found[0]), "{found:#?}");
    let names =
        lines(&test_env.scratch.ask_at("new0.db"), "SELECT count(*), sum(path GLOB '*in/events.json') FROM files");
    assert_eq!(names, ["3|1"]);
}

#[test]
fn a_redacted_snapshot_names_earlier_contents_by_its_own_digests() {
    let test_env = TestEnv::new();
    let (one, two) = (records(&["a", "b"]), records(&["c"]));
    put(&test_env.scratch, "events.json", &one);
    put(&test_env.scratch, "events.json", &two);
    test_env.run(&["snapshot", "out.db", "--redact", "accounts"]).exits(0);
    let out = test_env.scratch.path("out.db");
    assert_eq!(wrong(&out), Vec::<String>::new());
    check_case(&out);
    let bytes = fs::read(&out).unwrap();
    for content in [&one, &two] {
        let mark = marked("", content);
        let digits = mark.rsplit(':').next().unwrap().as_bytes();
        assert!(!bytes.windows(16).any(|window| window == digits), "the SHA-256 of the file is not told");
    }
    let names = lines(
        &Connection::open(&out).unwrap(),
        "SELECT path GLOB '*events.json' OR substr(path, -25) = 'n#sha256:' || substr(sha256, 1, 16) FROM files",
    );
    assert_eq!(names, ["1", "1"]);
}

#[test]
fn a_reject_belongs_to_its_own_file_whatever_becomes_of_it() {
    let scratch = Scratch::new();
    // Each has a reject and nothing that looks like a record.
    let broken = ["{\"Events\":[]]}", "{\"events\":[]]", "{\"logEvents\":[ ]] 7", "{\"Events\":[{\"a\":1}]]}"];
    for (at, content) in broken.iter().enumerate() {
        scratch.write(&format!("in/{at}a.json"), content);
        scratch.write(&format!("in/{at}b.json"), record(&format!("e{at}"), ""));
    }
    let mut zip = zip::ZipWriter::new(fs::File::create(scratch.path("in/9a.zip")).unwrap());
    zip.start_file("x.json", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(broken[0].as_bytes()).unwrap();
    zip.finish().unwrap();
    scratch.write("in/9b.json", record("last", ""));
    import_folder(&scratch);
    let found = scratch.lines(
        "SELECT DISTINCT substr(path, instr(path, 'in/') + 3) FROM rejects JOIN files ON files.id = file_id ORDER BY 1",
    );
    assert_eq!(found, ["0a.json", "1a.json", "2a.json", "3a.json", "9a.zip!x.json"]);
    let read = scratch.lines("SELECT DISTINCT read, stored, rejected FROM files WHERE path GLOB '*b.json'");
    assert_eq!(read, ["1|1|0"]);
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf_8_have_rows_of_their_own() {
    use std::os::unix::ffi::OsStrExt as _;
    let test_env = TestEnv::new();
    let names: [&[u8]; 5] =
        [b"a\xff.json", b"a\xfe.json", b"a\\xff.json", "a\u{fffd}.json".as_bytes(), b"e.json#sha256:0123456789abcdef"];
    fs::create_dir(test_env.scratch.path("in")).unwrap();
    for (at, name) in names.iter().enumerate() {
        let path = test_env.scratch.path("in").join(std::ffi::OsStr::from_bytes(name));
        fs::write(path, record(&format!("e{at}"), "")).unwrap();
    }
    import_folder(&test_env.scratch);
    let wanted =
        ["a\\xff.json", "a\\xfe.json", "a\\x5cxff.json", "a\u{fffd}.json", "e.json\\x23sha256:0123456789abcdef"];
    let sql = "SELECT substr(file, instr(file, 'in/') + 3) FROM event_history ORDER BY event_id";
    assert_eq!(test_env.scratch.lines(sql), wanted);
    let rows = test_env.run(&["--format", "json", "lookup", "| fields event-id,file"]).exits(0).json();
    assert_eq!(rows.as_array().unwrap().len(), 5, "{rows}");
    let before = fs::read(test_env.scratch.case()).unwrap();
    assert_eq!(import_folder(&test_env.scratch).skipped_files, 5);
    assert!(fs::read(test_env.scratch.case()).unwrap() == before);
}

#[test]
fn archive_members_with_non_utf_8_names_are_distinguished() {
    let scratch = Scratch::new();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in ["m1.json", "m2.json", "\u{e9}.json"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(b"{\"eventID\":\"x\",\"eventName\":}").unwrap();
    }
    let mut bytes = zip.finish().unwrap().into_inner();
    // The crate writes only names that are UTF-8.
    for at in 0..bytes.len() - 7 {
        match &bytes[at..at + 7] {
            b"m1.json" => bytes[at + 1] = 0xff,
            b"m2.json" => bytes[at + 1] = 0x82,
            _ => {}
        }
    }
    put(&scratch, "some.zip", bytes);
    let rejected =
        "SELECT substr(path, instr(path, '!')) FROM rejects JOIN files ON files.id = file_id ORDER BY rejects.id";
    assert_eq!(scratch.lines(rejected), ["!m\\xff.json", "!m\\x82.json", "!\u{e9}.json"]);
}

/// A content of a file, by its number.
fn version(number: usize) -> Vec<u8> {
    let fuller = |id: &str| record(id, "\"requestParameters\":{\"a\":1}");
    let gzip = |text: String| {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let csv = |ids: &[&str]| {
        let rows: String = ids.iter().map(|id| format!("RunInstances,2024-03-01T09:00:00Z,{id}\n")).collect();
        format!("Event name,Event time,Event ID\n{rows}").into_bytes()
    };
    match number {
        0 => records(&["a", "b", "c"]).into_bytes(),
        1 => records(&["b", "c", "d", "d"]).into_bytes(),
        2 => [fuller("a"), record("e", ""), "{\"eventID\":\"x\",}".to_owned()].join("\n").into_bytes(),
        3 => records(&[]).into_bytes(),
        4 => Vec::new(),
        5 => b"no trail file at all".to_vec(),
        6 => gzip([record("a", ""), fuller("b"), record("f", "")].join("\n")),
        7 => csv(&["a", "g", "g"]),
        8 => csv(&["c", "h"]),
        _ => b"{\"Events\":[]]}".to_vec(),
    }
}

proptest! {
    #![proptest_config(Config { cases: 8, failure_persistence: None, ..Config::default() })]

    #[test]
    fn the_ledger_is_true_after_any_sequence_of_versions_and_imports(
        steps in prop::collection::vec((0..3_usize, 0..10_usize, 0..3_usize), 1..9),
        jobs in 1..3_usize,
    ) {
        let test_env = TestEnv::new();
        let scratch = &test_env.scratch;
        let options = Options { jobs: Some(jobs), ..Options::default() };
        fs::create_dir_all(scratch.path("in")).unwrap();
        let mut named = Vec::new();
        for (file, content, how) in steps {
            let path = scratch.write(&format!("in/{file}.json"), version(content));
            named.push(path.clone());
            match how {
                // Some other step imports it.
                0 => continue,
                1 => drop(scratch.import_with(&[scratch.path("in")], &options)),
                _ => drop(scratch.import_with(&[path], &options)),
            }
            prop_assert_eq!(wrong(&scratch.case()), Vec::<String>::new());
        }
        scratch.import_with(&[scratch.path("in")], &options);
        prop_assert_eq!(wrong(&scratch.case()), Vec::<String>::new());
        // No content of a file has two rows.
        let twice = scratch.lines("SELECT sha256 FROM files GROUP BY rtrim(substr(path, 1, instr(path, '.json') + 4)), sha256 HAVING count(*) > 1");
        prop_assert_eq!(twice, Vec::<String>::new());
        // A part of it, and the whole, are sound; and a part becomes whole again.
        let events = scratch.number("SELECT count(*) FROM events");
        test_env.run(&["snapshot", "whole.db"]).exits(0);
        prop_assert_eq!(wrong(&scratch.path("whole.db")), Vec::<String>::new());
        if events > 0 {
            test_env.run(&["snapshot", "part.db", "--where", "event-id=a,b,c,d,e,f,g,h"]).exits(0);
            prop_assert_eq!(wrong(&scratch.path("part.db")), Vec::<String>::new());
            let part = scratch.path("part.db");
            import(&part, &[scratch.path("in")], &options, &NoProgress).unwrap();
            // It is no longer what was handed on, but its ledger is true.
            let unsound = |wrong: &String| !["imports:", "events:", "counts:", "ledger:"].iter().any(|part| wrong.starts_with(part));
            let wrong: Vec<String> = wrong(&part).into_iter().filter(unsound).collect();
            prop_assert_eq!(wrong, Vec::<String>::new());
        }
        // With another case of the same files, in both orders.
        let other = scratch.path("other.db");
        import(&other, &[scratch.path("in")], &options, &NoProgress).unwrap();
        let merged = ["ab.db", "ba.db"].map(|name| scratch.path(name));
        for (case, order) in merged.iter().zip([[scratch.case(), other.clone()], [other.clone(), scratch.case()]]) {
            merge(case, &order, &MergeOptions::default(), &NoProgress).unwrap();
            check_case(case);
            prop_assert_eq!(wrong(case), Vec::<String>::new());
        }
        prop_assert_eq!(common::content(&merged[0]), common::content(&merged[1]));
    }
}

#[test]
fn rejects_of_unchanged_files_are_told_again() {
    let test_env = TestEnv::new();
    test_env.scratch.write("in/a.json", format!("{}\n{{\"eventID\": 7", record("e1", "")));
    let import = || test_env.run(&["import", "in"]);
    let told = "the case has 1 reject of earlier imports, in the table rejects";
    assert!(!import().exits(1).err.contains("earlier imports"));
    assert!(import().exits(0).err.contains(told));
    let report = test_env.run(&["--format", "json", "import", "in"]).exits(0).json();
    assert_eq!((&report["skipped_files"], &report["earlier_rejects"]), (&1.into(), &1.into()));
    // Another file says nothing about the first.
    test_env.scratch.write("b.json", record("e2", ""));
    assert!(!test_env.run(&["import", "b.json"]).exits(0).err.contains("earlier imports"));
}
