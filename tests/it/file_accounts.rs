//! Every file and archive member that an import finds has a row in the ledger, held against an independent walk.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::path::Path;

use crate::common::program::TestEnv;
use crate::common::{Scratch, check_case, lines, record};
use flate2::Compression;
use flate2::write::GzEncoder;
use trailq::ingest::Report;

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zip(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn trail(ids: &[&str]) -> Vec<u8> {
    let records: Vec<String> = ids.iter().map(|id| record(id, "")).collect();
    format!("{{\"Records\":[{}]}}", records.join(",")).into_bytes()
}

/// A file of the folder: its content, and what its row is to be: status, read, stored, duplicate, rejected.
struct Expected {
    name: &'static str,
    content: Vec<u8>,
    row: &'static str,
    /// The rows of its members.
    members: &'static [(&'static str, &'static str)],
}

fn file(name: &'static str, content: impl Into<Vec<u8>>, row: &'static str) -> Expected {
    Expected { name, content: content.into(), row, members: &[] }
}

const DELIVERED: &str = "AWSLogs/111122223333_CloudTrail_us-east-1_20240301T2305Z_aslG7F8O8NgPrsDF.json.gz";

fn folder() -> Vec<Expected> {
    let nested = zip(&[("deep/e.json", trail(&["z3"])), ("readme.md", b"# hello".to_vec())]);
    let archive = zip(&[
        ("AWSLogs/a.json", trail(&["z1", "z2"])),
        ("AWSLogs/a.json.gz", gzip(&trail(&["z1", "z4"]))),
        ("notes.txt", b"nothing".to_vec()),
        ("broken.json", br#"{"Records":[{"eventID":"x",]}"#.to_vec()),
        ("inner.zip", nested),
    ]);
    let message = record("w1", "").replace('"', "\\\"");
    let notification = r#"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","eventTime":"2024-03-01T09:00:00Z","s3":{"bucket":{"name":"b"}}}]}"#;
    vec![
        file("01-trail.json", trail(&["a1", "a2"]), "read|2|2|0|0"),
        file("02-again.json", trail(&["a1", "b1"]), "read|2|1|1|0"),
        file("03-trail.json.gz", gzip(&trail(&["c1"])), "read|1|1|0|0"),
        file("04-lines.ndjson", format!("{}\n{}\n", record("d1", ""), record("d2", "")), "read|2|2|0|0"),
        file("05-bad-line.ndjson", format!("{}\noops\n", record("d3", "")), "read|2|1|0|1"),
        file("06-empty-list.json", r#"{"Records":[]}"#, "read|0|0|0|0"),
        file("07-broken.json", r#"{"Records":[{"eventID":"x",]}"#, "rejected|1|0|0|1"),
        file("08-empty", "", "ignored|0|0|0|0"),
        file("09-text.txt", "hello", "ignored|0|0|0|0"),
        file("10-binary.bin", vec![0, 159, 146, 150], "ignored|0|0|0|0"),
        file("11-package.json", r#"{"name":"x","version":"1"}"#, "ignored|0|0|0|0"),
        file("12-notification.json", notification, "ignored|0|0|0|0"),
        file(
            "13-config.json",
            r#"{"fileVersion":"1.0","configSnapshotId":"x","configurationItems":[]}"#,
            "ignored|0|0|0|0",
        ),
        file(
            "14-flow.log",
            "2 123456789010 eni-1235b8ca 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK\n",
            "ignored|0|0|0|0",
        ),
        file(DELIVERED, "<Error><Code>AccessDenied</Code></Error>", "rejected|1|0|0|1"),
        file("15-tail.txt", format!("2024-03-01T09:00:00.000Z {}\n", record("t1", "")), "read|1|1|0|0"),
        file("16-filter.json", format!(r#"{{"events":[{{"message":"{message}"}}]}}"#), "read|1|1|0|0"),
        Expected {
            name: "17-archive.zip",
            content: archive,
            row: "archive|0|0|0|0",
            members: &[
                ("AWSLogs/a.json", "read|2|2|0|0"),
                ("AWSLogs/a.json.gz", "read|2|1|1|0"),
                ("notes.txt", "ignored|0|0|0|0"),
                ("broken.json", "rejected|1|0|0|1"),
                ("inner.zip", "archive|0|0|0|0"),
                ("inner.zip!deep/e.json", "read|1|1|0|0"),
                ("inner.zip!readme.md", "ignored|0|0|0|0"),
            ],
        },
        file(
            "20-waf.json",
            r#"{"timestamp":1,"formatVersion":1,"webaclId":"arn","action":"ALLOW"}"#,
            "ignored|0|0|0|0",
        ),
        file(
            "21-guardduty.json",
            r#"{"schemaVersion":"2.0","service":{"serviceName":"guardduty"},"type":"Recon"}"#,
            "ignored|0|0|0|0",
        ),
        file(
            "22-azure.json",
            r#"{"records":[{"operationName":"MICROSOFT.X/WRITE","resourceId":"/SUBSCRIPTIONS/1"}]}"#,
            "ignored|0|0|0|0",
        ),
        file(
            "23-dns.json",
            r#"{"version":"1.1","query_timestamp":"2024","query_name":"example.com."}"#,
            "ignored|0|0|0|0",
        ),
        file(
            "24-elb.log",
            "https 2024-03-01T09:00:00.1Z app/web/50dc6c495c0c9188 192.0.2.1:2817 10.0.0.1:80\n",
            "ignored|0|0|0|0",
        ),
        file("25-cloudfront.log", "#Version: 1.0\n#Fields: date time\n", "ignored|0|0|0|0"),
        file("26-page.html", "<!DOCTYPE html><html></html>", "ignored|0|0|0|0"),
        file(
            "27-splunk.ndjson",
            format!("{}\n", serde_json::json!({"result": {"_raw": record("s1", "")}})),
            "read|1|1|0|0",
        ),
        file(
            "28-elastic.ndjson",
            format!("{}\n", serde_json::json!({"_source": {"event": {"original": record("el1", "")}}})),
            "read|1|1|0|0",
        ),
        file("29-strings.json", serde_json::json!([record("q1", ""), record("q2", "")]).to_string(), "read|2|2|0|0"),
        file(
            "30-lake.json",
            serde_json::json!({"QueryResultRows": [[{"eventJson": record("l1", "")}]]}).to_string(),
            "read|1|1|0|0",
        ),
        file(
            "31-insights.json",
            serde_json::json!({"results": [[{"field": "@message", "value": record("i1", "")}]]}).to_string(),
            "read|1|1|0|0",
        ),
        file(
            "32-lookup.json",
            serde_json::json!({"Events": [{"EventId": "v1", "CloudTrailEvent": record("v1", "")}]}).to_string(),
            "read|1|1|0|0",
        ),
        file("33-notes.csv", "a,b\n1,2\n", "ignored|0|0|0|0"),
        file("34-bare.json", record("bare1", ""), "read|1|1|0|0"),
        file("35-array.json", format!("[{},{}]", record("ar1", ""), record("ar2", "")), "read|2|2|0|0"),
        file(
            "36-cut.json.gz",
            {
                let mut cut = gzip(&trail(&["cut1", "cut2"]));
                cut.truncate(cut.len() - 12);
                cut
            },
            "read|2|1|0|1",
        ),
        file("37-case.db", b"SQLite format 3\0".to_vec(), "ignored|0|0|0|0"),
        file("38-utf16.json", b"\xff\xfe{\0}\0".to_vec(), "ignored|0|0|0|0"),
        file("39-gzip-of-gzip.json.gz", gzip(&gzip(&trail(&["gg1"]))), "read|1|1|0|0"),
        file("18-damaged.zip", b"PK\x03\x04damaged".to_vec(), "rejected|1|0|0|1"),
        Expected {
            name: "19-nothing.zip",
            content: zip(&[("readme.md", b"# hello".to_vec())]),
            row: "ignored|0|0|0|0",
            members: &[("readme.md", "ignored|0|0|0|0")],
        },
    ]
}

const ROWS: &str = "SELECT substr(path, instr(path, '/in/') + 4), status, read, stored, duplicate, rejected FROM files";

fn rows(case: &Path) -> BTreeMap<String, String> {
    let connection = rusqlite::Connection::open(case).unwrap();
    let rows = lines(&connection, ROWS);
    rows.into_iter()
        .map(|line| line.split_once('|').map(|(name, row)| (name.to_owned(), row.to_owned())).unwrap())
        .collect()
}

fn check_report(report: &Report, rows: &BTreeMap<String, String>) {
    let sum =
        |at: usize| -> u64 { rows.values().map(|row| row.split('|').nth(at).unwrap().parse::<u64>().unwrap()).sum() };
    let counts = &report.counts;
    assert_eq!((counts.read, counts.stored, counts.duplicate, counts.rejected), (sum(1), sum(2), sum(3), sum(4)));
    let ignored = rows.values().filter(|row| row.starts_with("ignored")).count();
    assert_eq!((report.ignored_files + report.ignored_members) as usize, ignored);
    assert_eq!(report.ignored.len(), ignored, "each is listed");
    assert!(report.ignored.iter().all(|line| !line.reason.is_empty()));
}

#[test]
fn every_file_and_member_has_its_row() {
    let scratch = Scratch::new();
    let mut expected = BTreeMap::new();
    for Expected { name, content, row, members } in folder() {
        scratch.write(&format!("in/{name}"), content);
        expected.insert(name.to_owned(), row.to_owned());
        expected.extend(members.iter().map(|(member, row)| (format!("{name}!{member}"), (*row).to_owned())));
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(scratch.path("in/01-trail.json"), scratch.path("in/40-link.json")).unwrap();
        expected.insert("40-link.json".to_owned(), "rejected|1|0|0|1".to_owned());
    }
    assert!(expected.len() > 45, "{}", expected.len());
    let report = scratch.import(&[scratch.path("in")]);
    let found = rows(&scratch.case());
    for (name, row) in &expected {
        assert_eq!((name, found.get(name)), (name, Some(row)), "{:?}", report.rejects);
    }
    assert_eq!(found.len(), expected.len());
    // An independent walk of the folder finds the same files.
    let walked = walkdir::WalkDir::new(scratch.path("in")).into_iter().map(Result::unwrap);
    let walked = walked.filter(|entry| !entry.file_type().is_dir()).count();
    assert_eq!(walked, found.keys().filter(|name| !name.contains('!')).count());
    check_report(&report, &found);
    check_case(&scratch.case());
    // A member has what its name says, and its archive.
    let sql = "SELECT f.path GLOB c.path || '!*' FROM files f JOIN files c ON c.id = f.container_id GROUP BY 1";
    assert_eq!(scratch.lines(sql), ["1"]);
    // The content hash does not depend on the compression.
    let sql = "SELECT count(*), count(DISTINCT content_sha256) FROM files WHERE path GLOB '*archive.zip!AWSLogs/*'";
    assert_eq!(scratch.lines(sql), ["2|2"]);
    let plain = trailq_hash(&trail(&["c1"]));
    assert_eq!(scratch.lines("SELECT content_sha256 FROM files WHERE path GLOB '*03-trail*'"), [plain]);
    assert_eq!(
        scratch.lines("SELECT count(*) FROM files WHERE status = 'ignored' AND reason IS NULL"),
        ["0"],
        "an ignored file has a reason"
    );
    // Again: the same rows, and nothing is stored.
    let again = scratch.import(&[scratch.path("in")]);
    // What could not be read to its end is looked at again.
    assert_eq!(again.counts.stored, 0, "{again:?}");
    assert_eq!(rows(&scratch.case()), expected);
}

fn trailq_hash(content: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn an_ignored_file_that_becomes_a_trail_file_is_read() {
    let scratch = Scratch::new();
    scratch.write("in/a.json", "hello");
    scratch.import(&[scratch.path("in")]);
    assert_eq!(rows(&scratch.case())["a.json"], "ignored|0|0|0|0");
    scratch.write("in/a.json", trail(&["a"]));
    scratch.import(&[scratch.path("in")]);
    let found = rows(&scratch.case());
    assert_eq!((found.len(), found["a.json"].as_str()), (1, "read|1|1|0|0"));
    check_case(&scratch.case());
}

#[test]
fn a_grown_archive_is_read_again_and_both_contents_stay() {
    let scratch = Scratch::new();
    let put = |members: &[(&str, Vec<u8>)]| {
        scratch.write("in/x.zip", zip(members));
        scratch.import(&[scratch.path("in")]);
        check_case(&scratch.case());
    };
    put(&[("a.json", trail(&["a"]))]);
    put(&[("a.json", trail(&["a"])), ("b.json", trail(&["b"]))]);
    put(&[("a.json", trail(&["a", "c"])), ("b.json", trail(&["b"]))]);
    assert_eq!(scratch.lines("SELECT event_id FROM events ORDER BY 1"), ["a", "b", "c"]);
    let found = rows(&scratch.case());
    assert_eq!(found.keys().filter(|name| name.starts_with("x.zip!b.json")).count(), 1, "{found:?}");
    assert_eq!(found.keys().filter(|name| name.starts_with("x.zip!a.json")).count(), 2, "{found:?}");
}

#[test]
fn members_answer_for_file_account_and_region() {
    let test_env = TestEnv::new();
    test_env.scratch.write("in/x.zip", zip(&[(DELIVERED, gzip(&trail(&["a"]))), ("other.json", trail(&["b"]))]));
    test_env.run(&["import", "in"]).exits(0);
    let sql = "SELECT account_id, region, delivered_at FROM files WHERE account_id IS NOT NULL";
    assert_eq!(test_env.scratch.lines(sql), ["111122223333|us-east-1|2024-03-01T23:05:00Z"]);
    for (term, events) in [("file=*aslG7F8O8NgPrsDF.json.gz", 1), ("file=*x.zip!*", 2), ("file=other.json", 1)] {
        let ran = test_env.run(&["--format", "tsv", "lookup", &format!("{term} | count")]).exits(0);
        assert_eq!(ran.out, format!("events\n{events}\n"), "{term}");
    }
    let listed = test_env.run(&["--format", "csv", "info", "--files"]).exits(0).out;
    assert_eq!(listed.lines().count(), 4, "{listed}");
    assert!(listed.starts_with("file,status,read,stored,duplicate,rejected,bytes,format,reason\r\n"), "{listed}");
    // A selection keeps the archive of a member that it keeps, and a merge the members of an archive.
    test_env.run(&["snapshot", "part.db", "--where", "event-id=b"]).exits(0);
    check_case(&test_env.scratch.path("part.db"));
    assert_eq!(lines(&test_env.scratch.ask_at("part.db"), "SELECT count(*) FROM files"), ["2"]);
    test_env.run(&["--db", "merged.db", "merge", "trailq.db"]).exits(0);
    check_case(&test_env.scratch.path("merged.db"));
    let sql = "SELECT f.path, c.path FROM files f LEFT JOIN files c ON c.id = f.container_id ORDER BY 1";
    assert_eq!(lines(&test_env.scratch.ask_at("merged.db"), sql), test_env.scratch.lines(sql));
}
