//! Coverage of cases as users make them: files under other names, Event history downloads, older cases, pictures and
//! empty answers.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use serde_json::{Value, json};
use sha2::Digest as _;

use crate::common::program::{TestEnv, gzip};
use crate::common::record;

const ACCOUNT: &str = "111122223333";

/// A trail file with an event at this minute of 2024-03-01, and its name as CloudTrail gives it.
fn trail_file(clock: &str) -> (String, String) {
    let compact = clock.replace(':', "");
    let content = json!({"Records": [event(&format!("id-{compact}"), clock, "DescribeInstances")]}).to_string();
    (format!("{ACCOUNT}_CloudTrail_us-east-1_20240301T{compact}Z_{compact}AbCdEfGhIjKl.json.gz"), content)
}

fn event(id: &str, clock: &str, name: &str) -> Value {
    let mut event: Value = serde_json::from_str(&record(id, "")).unwrap();
    event["eventTime"] = json!(format!("2024-03-01T{clock}:01Z"));
    event["eventName"] = json!(name);
    event["recipientAccountId"] = json!(ACCOUNT);
    event["awsRegion"] = json!("us-east-1");
    event["eventCategory"] = json!("Management");
    event
}

/// A digest of the deliveries of an hour, and its name.
fn digest(hour: u32, files: &[(&str, &(String, String))]) -> (String, String) {
    let end = format!("20240301T{:02}0000Z", hour + 1);
    let key = format!(
        "AWSLogs/{ACCOUNT}/CloudTrail-Digest/us-east-1/2024/03/01/{ACCOUNT}_CloudTrail-Digest_us-east-1_my_trail_us-east-1_{end}.json.gz"
    );
    let listed = files.iter().map(|(clock, (name, content))| {
        json!({
            "s3Bucket": "b", "s3Object": format!("AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2024/03/01/{name}"),
            "hashValue": sha256(content), "hashAlgorithm": "SHA-256",
            "newestEventTime": format!("2024-03-01T{clock}:01Z"), "oldestEventTime": format!("2024-03-01T{clock}:01Z"),
        })
    });
    let digest = json!({
        "awsAccountId": ACCOUNT, "digestStartTime": format!("2024-03-01T{hour:02}:00:00Z"),
        "digestEndTime": format!("2024-03-01T{:02}:00:00Z", hour + 1), "digestS3Bucket": "b", "digestS3Object": key,
        "digestPublicKeyFingerprint": "x", "digestSignatureAlgorithm": "SHA256withRSA", "newestEventTime": null,
        "oldestEventTime": null, "previousDigestS3Bucket": null, "previousDigestS3Object": null,
        "previousDigestHashValue": null, "previousDigestHashAlgorithm": null, "previousDigestSignature": null,
        "logFiles": listed.collect::<Value>(),
    });
    (key.rsplit('/').next().unwrap().to_owned(), digest.to_string())
}

fn sha256(content: &str) -> String {
    sha2::Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A case of these files: name and content.
fn case(files: &[(String, Vec<u8>)]) -> TestEnv {
    let test_env = TestEnv::new();
    for (name, content) in files {
        test_env.scratch.write(&format!("trail/{name}"), content);
    }
    test_env.run(&["import", "trail", "--quiet"]);
    test_env
}

/// The coverage as `HH-HH STATE` a row.
fn states(test_env: &TestEnv) -> Vec<String> {
    let rows = test_env.run(&["--format", "json", "--quiet", "run", "coverage"]).exits(0).json();
    let hour = |row: &Value, key: &str| row[key].as_str().unwrap()[11..13].to_owned();
    let line =
        |row: &Value| format!("{}-{} {}", hour(row, "from_time"), hour(row, "to_time"), row["state"].as_str().unwrap());
    rows.as_array().unwrap().iter().map(line).collect()
}

#[test]
fn a_listed_file_is_found_by_its_content_and_by_its_name() {
    let files = ["00:05", "01:05", "02:05", "03:05"].map(trail_file);
    let digests: Vec<(String, Vec<u8>)> = (0..8)
        .map(|hour| {
            let clock = format!("{hour:02}:05");
            let listed: Vec<_> = files.get(hour as usize).map(|file| (clock.as_str(), file)).into_iter().collect();
            let (name, content) = digest(hour, &listed);
            (name, gzip(content.as_bytes()))
        })
        .collect();
    let as_delivered = |index: usize| (files[index].0.clone(), gzip(files[index].1.as_bytes()));
    let others = [
        // Decompressed and renamed.
        ("renamed.json".to_owned(), files[1].1.clone().into_bytes()),
        // Of the name, with another content.
        (files[2].0.clone(), gzip(files[2].1.replace("id-0205", "id-else").as_bytes())),
    ];
    let test_env = case(&[digests.clone(), vec![as_delivered(0)], others.to_vec()].concat());
    let missing = test_env.run(&["--format", "csv", "--quiet", "run", "missing-files"]).exits(0).out;
    assert_eq!(missing.lines().count(), 2, "{missing}");
    assert!(missing.contains(&files[3].0), "{missing}");
    assert_eq!(
        states(&test_env),
        ["00-02 events", "02-03 events", "03-04 files missing", "04-06 none delivered", "06-08 unknown"]
    );
    let differs = test_env.run(&["--format", "csv", "--quiet", "run", "coverage"]).exits(0).out;
    assert!(differs.contains("a file differs from what its digest lists: `trailq validate`"), "{differs}");

    // A case of an older version has no hash of contents: names are all there is to compare.
    let connection = rusqlite::Connection::open(test_env.scratch.case()).unwrap();
    connection.execute_batch("UPDATE files SET content_sha256 = NULL").unwrap();
    drop(connection);
    let missing = test_env.run(&["--format", "csv", "--quiet", "run", "missing-files"]).exits(0).out;
    assert_eq!(missing.lines().count(), 3, "{missing}");
    let hunt = test_env.run(&["hunt", "--quiet"]);
    assert!(hunt.out.contains("3 files compared by name only"), "{hunt:?}");
}

#[test]
fn a_delivered_file_that_cannot_be_read_is_missing() {
    let good = trail_file("05:05");
    let bad = trail_file("03:05").0;
    let test_env =
        case(&[(good.0, gzip(good.1.as_bytes())), (bad, b"<Error><Code>AccessDenied</Code></Error>".to_vec())]);
    // What it held may have happened up to two hours before.
    assert_eq!(states(&test_env), ["01-04 files missing", "04-05 unknown", "05-06 events"]);
}

#[test]
fn a_digest_without_any_log_file_lists_what_is_missing() {
    let file = trail_file("00:05");
    let (name, content) = digest(0, &[("00:05", &file)]);
    let test_env = case(&[(name, content.into_bytes())]);
    assert_eq!(states(&test_env), ["00-01 files missing"]);
}

#[test]
fn a_download_of_event_history_is_not_a_trail() {
    let entry = |id: &str, clock: &str| {
        let event = event(id, clock, "DescribeInstances");
        json!({"EventId": id, "EventName": "DescribeInstances", "CloudTrailEvent": event.to_string()})
    };
    let download = json!({"Events": [entry("a", "01:10"), entry("b", "04:10")]}).to_string();
    let stop = json!({"Records": [{
        "eventVersion": "1.08", "eventID": "stop", "eventTime": "2024-03-01T00:30:00Z", "eventName": "StopLogging",
        "eventSource": "cloudtrail.amazonaws.com", "awsRegion": "us-east-1", "recipientAccountId": ACCOUNT,
        "requestParameters": {"name": format!("arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/t")},
    }]});
    let test_env = case(&[("events.json".to_owned(), download.clone().into_bytes())]);
    assert_eq!(states(&test_env), ["01-02 events", "02-04 unknown", "04-05 events"]);
    let both =
        [("events.json".to_owned(), download.into_bytes()), ("t.json".to_owned(), stop.to_string().into_bytes())];
    // The events of the download do not show that another trail recorded.
    assert_eq!(states(&case(&both)), ["00-02 events", "02-04 off", "04-05 events"]);
}

#[test]
fn an_empty_answer_says_what_the_case_could_not_have_seen() {
    let files: Vec<_> =
        ["00:05", "03:05"].map(trail_file).into_iter().map(|(name, text)| (name, gzip(text.as_bytes()))).collect();
    let test_env = case(&files);
    let said = |arguments: &[&str]| test_env.run(arguments).exits(0).err;
    let hours = "of 4 hours in us-east-1 of account 111122223333, 2 unknown: `.run coverage gaps=1`";
    let lookup = said(&["lookup", "name=RunInstances"]);
    assert!(lookup.contains(&format!("note: {hours}\n")), "{lookup}");
    let objects = "the case has no S3 object events of account 111122223333 and no selectors of them";
    let lookup = said(&["lookup", "name=GetObject"]);
    assert!(lookup.contains(&format!("note: {objects}\n")), "{lookup}");
    let covered = said(&["lookup", "name=RunInstances since=2024-03-01T00:00 until=2024-03-01T00:59:59"]);
    assert!(!covered.contains("hours in") && !covered.contains("hour in"), "{covered}");
    let absent = said(&["lookup", "account=999999999999"]);
    assert!(absent.contains("the case has no files of account 999999999999"), "{absent}");
    // Saved queries, with their period.
    let run = said(&["run", "root-activity"]);
    assert!(run.contains(hours), "{run}");
    let run = said(&["run", "root-activity", "until=2024-03-01T00:59:59"]);
    assert!(!run.contains("hours in"), "{run}");
    let run = said(&["run", "s3-reads-by-bucket"]);
    assert!(run.contains(objects), "{run}");
    let run = said(&["run", "missing-files"]);
    assert!(run.contains("the case has no digest files, and only these list what was delivered"), "{run}");
    // Nothing but rows is wanted.
    assert_eq!(test_env.run(&["--quiet", "lookup", "name=GetObject"]).exits(0).err, "");
    assert_eq!(test_env.run(&["--quiet", "run", "root-activity"]).exits(0).err, "");
    // A query about the case itself lacks nothing that happened.
    let run = said(&["run", "rejects"]);
    assert!(!run.contains("hours in"), "{run}");
}

#[test]
fn a_session_sees_the_coverage_that_another_process_changed() {
    let file = |clock: &str| {
        let (name, text) = trail_file(clock);
        (name, gzip(text.as_bytes()))
    };
    let test_env = case(&[file("00:05"), file("03:05")]);
    let mut command = test_env.command(&[]);
    let mut session = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut input, output) = (session.stdin.take().unwrap(), session.stdout.take().unwrap());
    let mut lines = BufReader::new(output).lines();
    let mut ask = || {
        input.write_all(b"name=RunInstances\nname=RunInstances\n.print asked\n").unwrap();
        assert!(lines.any(|line| line.unwrap() == "asked"));
    };
    ask();
    let (name, content) = file("02:05");
    test_env.scratch.write(&format!("trail/{name}"), content);
    test_env.run(&["import", "trail", "--quiet"]).exits(0);
    ask();
    drop((input, lines));
    let notes = String::from_utf8(session.wait_with_output().unwrap().stderr).unwrap();
    assert_eq!(notes.matches("account 111122223333, 2 unknown").count(), 2, "{notes}");
    assert_eq!(notes.matches("account 111122223333, 1 unknown").count(), 2, "{notes}");
}

#[cfg(feature = "plot")]
#[test]
fn coverage_is_drawn() {
    let files: Vec<_> =
        ["00:05", "03:05"].map(trail_file).into_iter().map(|(name, text)| (name, gzip(text.as_bytes()))).collect();
    let test_env = case(&files);
    let ran = test_env.pipe(&[], b".run coverage\n.plot coverage.svg\n").exits(0);
    assert!(ran.err.contains("1 row drawn in coverage.svg"), "{ran:?}");
    let picture = std::fs::read_to_string(test_env.scratch.path("coverage.svg")).unwrap();
    assert!(picture.contains("111122223333 us-east-1 Management"), "{picture}");
    assert!(picture.contains("events") && picture.contains("unknown"), "{picture}");
    let ran = test_env.pipe(&[], b"SELECT 1 AS from_time;\n.plot x.svg\n");
    ran.fails(2, &["the last answer is neither a timeline, a count nor a coverage", "or .run coverage"]);
}
