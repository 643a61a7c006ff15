//! Files with records in a wrapping that is not known: rejects with the reason, never ignored.

use serde_json::{Value, json};

use crate::common::Scratch;

fn record(id: &str) -> Value {
    json!({"eventVersion": "1.08", "eventID": id, "eventName": "RunInstances", "eventSource": "ec2.amazonaws.com",
        "eventTime": "2024-03-01T09:00:00Z", "awsRegion": "us-east-1"})
}

fn nested_arrays(value: Value, depth: usize) -> Value {
    (0..depth).fold(value, |inner, _| json!([inner]))
}

#[test]
fn records_in_an_unknown_wrapping_are_rejects_with_the_reason() {
    let text = json!({"items": [record("a")]}).to_string();
    let cell = json!({"doc": {"hit": record("a")}}).to_string().replace('"', "\"\"");
    for (what, content) in [
        ("three objects deep", json!({"a": {"b": {"c": [record("a")]}}}).to_string()),
        ("a list for each account", json!({"111122223333": {"Events": [record("a")]}}).to_string()),
        ("records by id", json!({"a": record("a"), "b": record("b")}).to_string()),
        ("inside a text", json!({"Payload": {"body": text}}).to_string()),
        ("after a long text", json!({"note": "x".repeat(3_000_000), "hits": {"all": [record("a")]}}).to_string()),
        ("after another line", format!("{}\n{}", json!({"n": 1}), json!({"hit": {"doc": {"r": record("a")}}}))),
        ("eleven arrays deep", nested_arrays(record("a"), 11).to_string()),
        ("a line of a log", format!("2024-03-01 INFO {}\n", json!({"wrapped": {"r": record("a")}}))),
        ("a cell of CSV", format!("n,doc\n1,\"{cell}\"\n")),
    ] {
        let scratch = Scratch::new();
        scratch.write("in/some.bin", &content);
        let report = scratch.import(&[scratch.path("in")]);
        assert_eq!((report.counts.stored, report.ignored_files), (0, 0), "{what}");
        let reasons =
            scratch.lines("SELECT DISTINCT reason FROM rejects WHERE reason LIKE 'holds CloudTrail records%'");
        assert_eq!(
            reasons,
            ["holds CloudTrail records in a wrapping that is not known; write these out as an array or one a line"],
            "{what}: {:?}",
            report.rejects
        );
    }
}

#[test]
fn records_beside_the_list_of_a_document_are_rejects() {
    for (what, content) in [
        ("after it", json!({"Records": [record("a")], "more": {"list": [record("b")]}})),
        ("before it", json!({"Earlier": [record("b")], "Records": [record("a")]})),
        ("a second list", json!({"Events": [record("a")], "Records": [record("b")]})),
    ] {
        let scratch = Scratch::new();
        let report = scratch.import(&[scratch.write("some.json", content.to_string())]);
        assert_eq!((report.counts.read, report.counts.stored, report.counts.rejected), (2, 1, 1), "{what}");
        assert!(report.rejects[0].reason.starts_with("holds CloudTrail records"), "{what}: {:?}", report.rejects);
    }
}

#[test]
fn descriptions_of_records_are_ignored() {
    let schema = json!({"properties": {"eventVersion": {"type": "string"}, "eventName": {"type": "string"},
        "eventSource": {"const": "ec2.amazonaws.com"}}});
    let scratch = Scratch::new();
    scratch.write("in/schema.json", schema.to_string());
    let report = scratch.import(&[scratch.path("in")]);
    assert_eq!((report.counts.read, report.ignored_files), (0, 1));
    assert_eq!(report.ignored[0].reason, "is JSON without a CloudTrail record");
}

#[test]
fn a_record_that_is_broken_keeps_its_own_reason() {
    let mut record = record("a");
    record["note"] = json!("x");
    let mut bytes = record.to_string().into_bytes();
    let at = bytes.windows(3).position(|three| three == b"\"x\"").unwrap();
    bytes[at + 1] = 0xff;
    let scratch = Scratch::new();
    let report = scratch.import(&[scratch.write("some.json", bytes)]);
    assert!(report.rejects[0].reason.contains("is not valid UTF-8"), "{:?}", report.rejects);
}
