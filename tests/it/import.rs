//! Import, through the library: what is read from every wrapping, what is told of what cannot be read, and that the

//! answer does not depend on how it came.

use crate::common::{Needs, skip};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::common::{Scratch, content, corpus, record, testdata};
use trailq::ingest::Options;
use trailq::store::Case;

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect();
    files.sort();
    files
}

#[test]
fn the_delivery_gives_its_events_duplicates_and_digests() {
    let scratch = Scratch::new();
    let report = scratch.import(&[testdata("delivery")]);
    assert_eq!((report.counts.read, report.counts.stored, report.counts.duplicate), (392, 360, 32));
    assert_eq!((report.files, report.digests, report.ignored_files, report.counts.conflict), (36, 2, 0, 1));
    assert_eq!(scratch.lines("SELECT count(*) FROM digest_files"), ["3"]);
    assert_eq!(
        scratch
            .lines("SELECT count(DISTINCT account_id), count(DISTINCT region) FROM files WHERE delivered_at > '2024'"),
        ["2|3"]
    );
}

#[test]
fn every_wrapping_is_recognized_by_its_content() {
    let expected = [
        ("array.json", 3, "json"),
        ("bare-record.json", 1, "json"),
        ("bom.json", 2, "records"),
        ("cloudwatch-logs.json.gz", 3, "cloudwatch-logs"),
        ("concatenated.json", 3, "json"),
        ("event_history-spreadsheet.csv", 3, "csv"),
        ("event_history.csv", 5, "csv"),
        ("event_history.json", 3, "records"),
        ("eventbridge.json", 1, "eventbridge"),
        ("filter-log-events.json", 3, "cloudwatch-logs"),
        ("insight.json", 2, "records"),
        ("lookup-events.json", 3, "lookup-events"),
        ("lookup-events.jsonl", 3, "lookup-events"),
        ("message.ndjson", 3, "cloudwatch-logs"),
        ("noextension", 2, "records"),
        ("records.ndjson", 3, "json"),
        ("records.zip", 5, "zip"),
    ];
    for (name, stored, _) in expected {
        let scratch = Scratch::new();
        // Named as something else, it is the same.
        let disguised = scratch.path("disguised.bin");
        fs::copy(testdata("shapes").join(name), &disguised).unwrap();
        let report = scratch.import(&[disguised]);
        assert_eq!((report.counts.stored, report.counts.read), (stored, stored), "{name}");
    }
    let scratch = Scratch::new();
    let report = scratch.import(&[testdata("shapes")]);
    assert_eq!((report.counts.stored, report.counts.rejected, report.ignored_files), (54, 0, 0));
    for (name, _, format) in expected {
        let sql = format!("SELECT ifnull(format, '-') FROM files WHERE path LIKE '%/{name}'");
        assert_eq!(scratch.lines(&sql), [format], "{name}");
    }
}

#[test]
fn standard_names_with_prefix_and_organization_are_read() {
    let scratch = Scratch::new();
    scratch.import(&[testdata("shapes/org")]);
    assert_eq!(
        scratch.lines("SELECT account_id, region, delivered_at IS NOT NULL FROM files"),
        ["111122223333|us-east-1|1"]
    );
}

#[test]
fn broken_files_cost_nothing_but_themselves() {
    let scratch = Scratch::new();
    let report = scratch.import(&[testdata("broken")]);
    assert_eq!((report.counts.read, report.counts.stored, report.counts.rejected), (29, 20, 9));
    let by_file = scratch.lines(
        "SELECT replace(path, rtrim(path, replace(path, '/', '')), ''), read, stored, rejected FROM files \
         WHERE status <> 'ignored' ORDER BY 1",
    );
    assert_eq!(
        by_file,
        [
            "bad-line.ndjson|3|2|1",
            "bad-record.json|5|2|3",
            "deep.json|3|2|1",
            "gzip-of-gzip.json.gz|2|2|0",
            "invalid-utf8.json|3|2|1",
            "not-json.json|1|0|1",
            "truncated.json|3|2|1",
            "truncated.json.gz|4|3|1",
            "wrong-types.json|5|5|0",
        ]
    );
    assert_eq!(report.ignored_files, 6, "the license, the script, the picture, the package, the zip, the empty file");
    let problems: Vec<&str> = report.field_problems.iter().map(|problem| problem.field.as_ref()).collect();
    assert_eq!(problems, ["awsRegion", "eventTime", "readOnly", "sourceIPAddress", "userIdentity"]);
}

#[test]
fn a_reject_keeps_place_reason_and_bytes() {
    let scratch = Scratch::new();
    let bad = r#"{"eventVersion":"1.08","eventTime":}"#;
    let content = format!("{{\"Records\":[\n{},\n{bad},\n{}]}}", record("a", ""), record("b", ""));
    let position = content.find(bad).unwrap();
    let path = scratch.write("one.json", &content);
    let report = scratch.import(&[&path]);
    assert_eq!(report.counts.stored, 2);
    assert_eq!((report.rejects[0].position, report.rejects[0].line), (position as u64, 3));
    assert_eq!(
        scratch.lines("SELECT position, line, bytes, length FROM rejects"),
        [format!("{position}|3|{bad}|{}", bad.len())]
    );
}

#[test]
fn what_is_plainly_something_else_is_ignored_in_a_folder_and_rejected_by_name() {
    for name in ["LICENSE.txt", "script.sh", "picture.png", "package.json", "zip-with-nothing.zip", "empty.json"] {
        let scratch = Scratch::new();
        let copy = scratch.path("folder").join(name);
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(testdata("broken").join(name), &copy).unwrap();
        let report = scratch.import(&[scratch.path("folder")]);
        assert_eq!((report.ignored_files, report.files, report.counts.read), (1, 0, 0), "{name}");
        let report = scratch.import(&[copy]);
        assert_eq!((report.files, report.counts.rejected, report.counts.read), (1, 1, 1), "{name}");
    }
}

#[test]
fn the_same_files_again_are_skipped_and_a_grown_one_is_read_again() {
    let scratch = Scratch::new();
    let lines = |count: usize| -> String { (0..count).map(|i| record(&format!("e{i}"), "") + "\n").collect() };
    let path = scratch.write("trail/events.ndjson", lines(100));
    scratch.import(&[scratch.path("trail")]);
    let before = content(&scratch.case());
    let again = scratch.import(&[scratch.path("trail")]);
    assert_eq!((again.files, again.skipped_files, again.counts.read), (0, 1, 0));
    assert_eq!(content(&scratch.case()), before);

    // Touched but the same: read for its hash, not imported.
    let touched = fs::File::options().append(true).open(&path).unwrap();
    touched.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(5)).unwrap();
    let again = scratch.import(&[scratch.path("trail")]);
    assert_eq!((again.files, again.skipped_files), (0, 1));

    fs::write(&path, lines(130)).unwrap();
    let grown = scratch.import(&[scratch.path("trail")]);
    assert_eq!((grown.counts.read, grown.counts.stored, grown.counts.duplicate), (130, 30, 100));
    let rows = ["100|100|0", "130|30|100"];
    assert_eq!(scratch.lines("SELECT read, stored, duplicate FROM files ORDER BY id"), rows, "both contents");
}

#[test]
fn workers_and_the_order_of_arguments_change_nothing() {
    let folders = ["delivery", "shapes", "broken"];
    let mut expected = None;
    for (jobs, order) in [(1, [0, 1, 2]), (2, [2, 1, 0]), (7, [1, 2, 0])] {
        let scratch = Scratch::new();
        let paths = order.map(|index| testdata(folders[index]));
        scratch.import_with(&paths, &Options { jobs: Some(jobs), ..Options::default() });
        let found = content(&scratch.case());
        match &expected {
            None => expected = Some(found),
            Some(expected) => assert_eq!(&found, expected, "{jobs} workers"),
        }
    }
}

#[test]
fn records_of_large_imports_are_read_back_byte_for_byte() {
    let lines = |from: usize, to: usize| {
        let record = |number: usize| record(&format!("id-{number:05}"), &format!(r#""note":"{}""#, number * 7_919));
        (from..to).map(record).collect::<Vec<_>>()
    };
    for jobs in [1, 3] {
        let scratch = Scratch::new();
        let options = Options { jobs: Some(jobs), ..Options::default() };
        // A few thousand records make a dictionary for the rest, and for later imports.
        for (number, lines) in [lines(0, 2_500), lines(2_500, 8_000), lines(8_000, 8_010)].iter().enumerate() {
            scratch.write(&format!("trail/{number}.json"), lines.join("\n"));
            scratch.import_with(&[scratch.path("trail")], &options);
        }
        assert_eq!(scratch.lines("SELECT count(*) FROM record_dictionaries"), ["1"]);
        let blocks = scratch.lines("SELECT DISTINCT dictionary FROM record_blocks ORDER BY 1");
        assert_eq!(blocks, ["0", "1"]);
        let case = Case::open(&scratch.case()).unwrap();
        let mut ids = scratch.lines("SELECT id FROM events ORDER BY event_id").into_iter();
        for line in lines(0, 8_010) {
            let id = ids.next().unwrap().parse().unwrap();
            assert_eq!(case.record(id).unwrap().unwrap(), line.as_bytes());
        }
    }
}

#[test]
fn imports_in_pieces_give_the_events_of_one() {
    let whole = Scratch::new();
    whole.import(&[testdata("delivery"), testdata("shapes")]);
    let pieces = Scratch::new();
    for file in files_under(&testdata("shapes")).into_iter().chain(files_under(&testdata("delivery")).into_iter().rev())
    {
        pieces.import(&[file]);
    }
    let sql =
        "SELECT event_id, event_time, event_name, user_name, resources, error_message FROM event_history ORDER BY 1";
    assert_eq!(pieces.lines(sql), whole.lines(sql));
    let sql = "SELECT event_id, sha256, record FROM conflicts ORDER BY 1, 2";
    assert_eq!(pieces.lines(sql), whole.lines(sql));
}

#[test]
fn a_full_record_takes_the_place_of_a_csv_row_in_any_order() {
    let csv = testdata("shapes/event_history.csv");
    for csv_first in [true, false] {
        let scratch = Scratch::new();
        let (first, second) =
            if csv_first { (csv.clone(), testdata("delivery")) } else { (testdata("delivery"), csv.clone()) };
        scratch.import(&[first]);
        let report = scratch.import(&[second]);
        assert_eq!(report.counts.replaced, u64::from(csv_first));
        assert_eq!(scratch.number("SELECT count(*) FROM csv_events"), 4);
        assert_eq!(scratch.number("SELECT count(*) FROM conflicts WHERE event_id LIKE '63351e45%'"), 0);
        let case = Case::open(&scratch.case()).unwrap();
        let id = scratch.number("SELECT id FROM events WHERE event_id = '63351e45-a833-4630-abf2-a991cc0b83a6'");
        let record = String::from_utf8(case.record(id).unwrap().unwrap()).unwrap();
        assert!(record.contains("requestParameters"), "{record}");
    }
}

#[test]
fn of_two_contents_the_fuller_is_the_event_in_any_order() {
    let short = record("same", "");
    let full = record("same", r#""userAgent":"curl","requestParameters":{"a":1,"b":2}"#);
    for order in [[&short, &full, &short], [&full, &short, &short], [&short, &short, &full]] {
        let scratch = Scratch::new();
        for (index, content) in order.iter().enumerate() {
            let path = scratch.write(&format!("{index}.json"), content);
            scratch.import(&[path]);
        }
        assert_eq!(scratch.lines("SELECT user_agent FROM event_history"), ["curl"]);
        assert_eq!(scratch.lines("SELECT record FROM conflicts"), std::slice::from_ref(&short));
    }
}

#[test]
fn records_come_back_byte_for_byte() {
    let odd = "{ \"eventVersion\" :\t\"1.08\",\"eventID\":\"odd\", \"n\": 1.0e2, \"u\":\"\\u00e9 \u{1f600}\",\r\n \"x\":[ ] }";
    let scratch = Scratch::new();
    let mut content = String::from("{\"Records\":[");
    for i in 0..200 {
        content += &record(&format!("e{i}"), &format!("\"pad\":\"{}\"", "x".repeat(i)));
        content += ",";
    }
    let path = scratch.write("odd.json", content + odd + "]}");
    scratch.import(&[path]);
    let case = Case::open(&scratch.case()).unwrap();
    let id = scratch.number("SELECT id FROM events WHERE event_id = 'odd'");
    assert_eq!(case.record(id).unwrap().unwrap(), odd.as_bytes());
    let id = scratch.number("SELECT id FROM events WHERE event_id = 'e137'");
    assert_eq!(
        case.record(id).unwrap().unwrap(),
        record("e137", &format!("\"pad\":\"{}\"", "x".repeat(137))).as_bytes()
    );
    assert_eq!(case.record(0).unwrap(), None);
    assert_eq!(case.record(1 << 40).unwrap(), None);
}

#[test]
fn every_truncation_of_a_small_file_is_reported() {
    let content = format!("{{\"Records\":[{},{}], \"more\": {{\"a\": [1]}}}}", record("a", ""), record("b", ""));
    let first_ends = content.find(",{\"eventVersion\"").unwrap();
    let second_ends = content.find("], \"more\"").unwrap();
    let scratch = Scratch::new();
    for cut in 1..content.len() {
        let case = scratch.path(&format!("{cut}.db"));
        let path = scratch.write("cut.json", &content.as_bytes()[..cut]);
        let report = trailq::ingest::import(&case, &[path], &Options::default(), &trailq::ingest::NoProgress).unwrap();
        let whole = u64::from(cut >= first_ends) + u64::from(cut >= second_ends);
        assert_eq!((report.counts.stored, report.counts.rejected), (whole, 1), "cut at {cut}");
        fs::remove_file(case).unwrap();
    }
}

#[test]
fn every_truncation_of_a_small_gzip_is_reported() {
    let content = gzip(format!("{{\"Records\":[{},{}]}}", record("a", ""), record("b", "")).as_bytes());
    let scratch = Scratch::new();
    for cut in (1..content.len()).step_by(7) {
        let case = scratch.path(&format!("{cut}.db"));
        let path = scratch.write("cut.json.gz", &content[..cut]);
        let report = trailq::ingest::import(&case, &[path], &Options::default(), &trailq::ingest::NoProgress).unwrap();
        assert_eq!(report.counts.rejected, 1, "cut at {cut}");
        assert_eq!(report.counts.read, report.counts.stored + 1, "cut at {cut}");
        fs::remove_file(case).unwrap();
    }
}

#[test]
fn a_value_of_200_mb_is_one_reject_between_two_records() {
    let scratch = Scratch::new();
    let path = scratch.path("huge.json");
    {
        let mut file = std::io::BufWriter::new(fs::File::create(&path).unwrap());
        write!(file, "{{\"Records\":[{},{{\"eventVersion\":\"1.08\",\"x\":\"", record("a", "")).unwrap();
        let piece = [b'x'; 1 << 16];
        for _ in 0..(200 << 20) / piece.len() {
            file.write_all(&piece).unwrap();
        }
        write!(file, "\"}},{}]}}", record("b", "")).unwrap();
    }
    let report = scratch.import(&[path]);
    assert_eq!((report.counts.stored, report.counts.rejected), (2, 1));
    assert_eq!(scratch.lines("SELECT length(bytes), length > 209715200 FROM rejects"), ["65536|1"]);
}

#[test]
fn odd_streams_are_read_or_reported() {
    let good = record("a", "");
    let cases: Vec<(&str, Vec<u8>, u64, u64)> = vec![
        ("gzip of gzip", gzip(&gzip(good.as_bytes())), 1, 0),
        ("gzip five times", (0..6).fold(good.clone().into_bytes(), |inner, _| gzip(&inner)), 0, 1),
        ("two gzip members", [gzip(format!("{good}\n").as_bytes()), gzip(record("b", "").as_bytes())].concat(), 2, 0),
        ("garbage behind a gzip", [gzip(good.as_bytes()), b"garbage".to_vec()].concat(), 1, 1),
        ("byte-order mark", format!("\u{feff}{good}").into_bytes(), 1, 0),
        ("UTF-16", [b"\xff\xfe".to_vec(), good.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat(), 0, 1),
        ("deep arrays", format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)).into_bytes(), 0, 1),
        (
            "an unfinished string",
            format!("{{\"Records\":[{good},{{\"eventVersion\":\"1.0,{}]}}", record("b", "")).into_bytes(),
            2,
            1,
        ),
        ("a missing bracket", format!("{{\"Records\":[{good},{{\"a\":[1}},{}]}}", record("b", "")).into_bytes(), 1, 1),
        ("behind the list", format!("{{\"Records\":[{good}],\"x\":]}}").into_bytes(), 1, 1),
        ("empty list", b"{\"Records\":[]}".to_vec(), 0, 0),
        ("key twice", record("a", r#""awsRegion":"eu-west-1""#).into_bytes(), 1, 0),
        ("a bomb", gzip(&[format!("[{good},").into_bytes(), vec![b' '; 300 << 20]].concat()), 1, 1),
        ("a damaged zip", b"PK\x03\x04 and then nothing".to_vec(), 0, 1),
    ];
    for (what, content, stored, rejected) in cases {
        let scratch = Scratch::new();
        let path = scratch.write("odd", content);
        let report = scratch.import(&[path]);
        assert_eq!((report.counts.stored, report.counts.rejected), (stored, rejected), "{what}: {:?}", report.rejects);
    }
}

#[cfg(unix)]
#[test]
fn links_are_followed_only_on_request_and_loops_are_reported() {
    use std::os::unix::fs::symlink;
    let scratch = Scratch::new();
    scratch.write("elsewhere/a.json", record("a", ""));
    scratch.write("folder/b.json", record("b", ""));
    symlink(scratch.path("elsewhere"), scratch.path("folder/link")).unwrap();
    symlink(scratch.path("folder"), scratch.path("folder/loop")).unwrap();
    let report = scratch.import(&[scratch.path("folder")]);
    assert_eq!((report.counts.stored, report.counts.rejected), (1, 2));
    assert!(report.rejects[0].reason.contains("--follow-links"), "{:?}", report.rejects);
    let report = scratch.import_with(&[scratch.path("folder")], &Options { follow_links: true, ..Options::default() });
    assert_eq!((report.counts.stored, report.counts.rejected), (1, 1));
    assert!(report.rejects[0].reason.contains("contains it"), "{:?}", report.rejects);
}

#[test]
fn the_seed_events_are_found_by_name_user_resource_and_time() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seed-events");
    if !folder.is_dir() {
        skip(Needs::Shared, format_args!("there is no {}", folder.display()));
        return;
    }
    let scratch = Scratch::new();
    assert_eq!(scratch.import(&[folder]).counts.stored, 4);
    assert_eq!(
        scratch.lines("SELECT event_name, user_name, event_time FROM events ORDER BY 1"),
        [
            "CreateCluster|account_name|2018-06-20T19:04:36Z",
            "CreateLaunchConfiguration|root|2018-08-21T17:07:49Z",
            "CreatePublicDnsNamespace|smithj|2018-01-16T00:44:17Z",
            "TerminateInstances|root|2016-05-20T08:27:45Z",
        ]
    );
    for name in ["i-1a2b3c4d", "default", "launch_configuration_1", "example.com"] {
        assert_ne!(scratch.number(&format!("SELECT count(*) FROM resources WHERE name = '{name}'")), 0, "{name}");
    }
}

#[test]
fn the_corpus_gives_the_counts_of_an_independent_reader() {
    let Some(corpus) = corpus() else { return };
    // Records that are read as such, and distinct ones, as the corpus's README has them.
    for (folder, read, distinct) in [
        ("invictus-aws_dataset", 2_900, 2_900),
        ("stratus-red-team", 310, 310),
        ("otrf-security-datasets", 103, 103),
        ("plaso", 6, 6),
        ("cloud-custodian-cwe", 20, 18),
        ("cloudtrail-processing-library", 39, 18),
        ("trailscraper", 4, 2),
    ] {
        let scratch = Scratch::new();
        let report = scratch.import(&[corpus.join(folder)]);
        assert_eq!(report.counts.read - report.counts.rejected, read, "{folder}");
        assert_eq!(report.counts.stored, distinct, "{folder}");
    }
}

#[test]
fn the_invictus_counts_are_those_of_an_independent_reader() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("invictus-aws_dataset");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/independent_counts.py");
    let output = std::process::Command::new("python3").arg(script).arg(&folder).arg("--json").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expected: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let scratch = Scratch::new();
    scratch.import(&[folder]);
    for attribute in
        ["event_name", "event_source", "source_ip_address", "error_code", "user_name", "access_key_id", "hour"]
    {
        let expression = if attribute == "hour" { "substr(event_time, 1, 13)" } else { attribute };
        let found: serde_json::Map<String, serde_json::Value> = scratch
            .lines(&format!("SELECT {expression}, count(*) FROM events WHERE {expression} IS NOT NULL GROUP BY 1"))
            .iter()
            .map(|line| line.rsplit_once('|').unwrap())
            .map(|(value, count)| (value.to_owned(), count.parse::<u64>().unwrap().into()))
            .collect();
        assert_eq!(serde_json::Value::from(found), expected[attribute], "{attribute}");
    }
}

#[test]
fn what_a_file_that_grew_has_twice_is_stored_once() {
    let scratch = Scratch::new();
    let path = scratch.write("one.json", record("a", ""));
    scratch.import(&[&path]);
    scratch.write("one.json", [record("a", ""), record("b", ""), record("b", "")].join("\n"));
    scratch.import(&[&path]);
    assert_eq!(scratch.lines("SELECT read, stored, duplicate FROM files ORDER BY id"), ["1|1|0", "3|1|2"]);
}
