//! What Event history lists for an event: the pairs that `src/guide/internals/formats.md` (3.2) documents, and real
//! answers of AWS's where they are. Precision and recall are printed: `cargo test --test it event_history -- --nocapture`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::common::program::TestEnv;
use crate::common::{Scratch, corpus};
use serde_json::{Value, json};

/// What an event lists: `TYPE NAME`, with an empty type where Event history gives none.
type Listed = BTreeSet<String>;

/// How two lists of several events compare.
#[derive(Default)]
struct Score {
    both: usize,
    ours: usize,
    aws: usize,
    events: usize,
    wrong: Vec<String>,
}

impl Score {
    fn add(&mut self, what: &str, ours: &Listed, aws: &Listed) {
        self.events += 1;
        self.ours += ours.len();
        self.aws += aws.len();
        self.both += ours.intersection(aws).count();
        let more: Vec<_> = ours.difference(aws).collect();
        let less: Vec<_> = aws.difference(ours).collect();
        if !more.is_empty() || !less.is_empty() {
            self.wrong.push(format!("{what}: too many {more:?}, missing {less:?}"));
        }
    }

    /// Prints precision and recall, in percent.
    fn print_score(&self, of: &str) -> (f64, f64) {
        let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
        let (precision, recall) = (percent(self.both, self.ours), percent(self.both, self.aws));
        eprintln!(
            "{of}: {} events, {} entries of AWS's: precision {precision:.1} %, recall {recall:.1} %",
            self.events, self.aws
        );
        for wrong in &self.wrong {
            eprintln!("  {wrong}");
        }
        (precision, recall)
    }
}

/// What trailq lists for an event.
fn listed(scratch: &Scratch, event_id: &str) -> Listed {
    let sql = format!(
        "SELECT ifnull(r.type, '') || ' ' || coalesce(r.arn, r.name) FROM events e \
         JOIN event_resources er ON er.event = e.id AND er.listed JOIN resources r ON r.id = er.resource \
         WHERE e.event_id = '{event_id}'"
    );
    let lines = scratch.lines(&sql);
    let set: Listed = lines.iter().cloned().collect();
    assert_eq!(set.len(), lines.len(), "{event_id} lists something twice: {lines:?}");
    set
}

fn pairs() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/event_history/pairs.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The record of a pair.
fn record(pair: &Value, id: &str) -> Value {
    let category = pair["category"].as_str().unwrap_or("Management");
    let mut record = json!({
        "eventVersion": "1.09",
        "eventID": id,
        "eventTime": "2024-03-01T09:00:00Z",
        "eventSource": format!("{}.amazonaws.com", pair["source"].as_str().unwrap()),
        "eventName": pair["name"],
        "awsRegion": "us-east-1",
        "recipientAccountId": "111122223333",
        "readOnly": pair["read_only"].as_bool().unwrap_or(false),
        "managementEvent": category == "Management",
        "eventCategory": category,
        "requestParameters": pair["request"],
        "responseElements": pair["response"],
    });
    for (member, from) in [("errorCode", "error"), ("resources", "resources")] {
        if !pair[from].is_null() {
            record[member] = pair[from].clone();
        }
    }
    record
}

#[test]
fn the_documented_pairs_are_listed_as_event_history_lists_them() {
    let scratch = Scratch::new();
    let pairs = pairs();
    let records: Vec<Value> =
        pairs.iter().enumerate().map(|(number, pair)| record(pair, &format!("pair-{number}"))).collect();
    let path = scratch.write("pairs.json", Value::Array(records).to_string());
    assert_eq!(scratch.import(&[path]).counts.stored, pairs.len() as u64);
    let mut score = Score::default();
    for (number, pair) in pairs.iter().enumerate() {
        let aws: Listed = pair["lists"].as_array().unwrap().iter().map(|e| e.as_str().unwrap().to_owned()).collect();
        score.add(pair["what"].as_str().unwrap(), &listed(&scratch, &format!("pair-{number}")), &aws);
    }
    let (precision, recall) = score.print_score("pairs of the format reference");
    assert!(precision == 100.0 && recall == 100.0, "{:#?}", score.wrong);
}

#[test]
fn unlisted_resources_are_searchable_as_mentioned() {
    let test_env = TestEnv::new();
    let read = record(
        &json!({"source": "ec2", "name": "DescribeInstances", "read_only": true,
                "request": {"instancesSet": {"items": [{"instanceId": "i-7"}]}}}),
        "read",
    );
    let write = record(
        &json!({"source": "ec2", "name": "StopInstances",
                "request": {"instancesSet": {"items": [{"instanceId": "i-7"}]}}}),
        "write",
    );
    let path = test_env.scratch.write("two.json", json!([read, write]).to_string());
    test_env.scratch.import(&[path]);
    let sql = "SELECT e.event_id, r.type, r.name, er.listed FROM events e JOIN event_resources er ON er.event = e.id \
               JOIN resources r ON r.id = er.resource ORDER BY 1";
    assert_eq!(test_env.scratch.lines(sql), ["read|AWS::EC2::Instance|i-7|0", "write|AWS::EC2::Instance|i-7|1"]);
    for (lookup, expected) in [
        ("resource=i-7", vec!["read", "write"]),
        ("resource-type=AWS::EC2::Instance", vec!["read", "write"]),
        ("listed-resource=i-7", vec!["write"]),
        ("listed-type=AWS::EC2::Instance", vec!["write"]),
        ("listed-resource=i-7 listed-type=AWS::EC2::*", vec!["write"]),
        ("resource=i-7 not listed-resource=i-7", vec!["read"]),
        ("listed-resource=*", vec!["write"]),
    ] {
        let rows = test_env.run(&["--format", "json", "lookup", lookup]).exits(0).json();
        let found: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["event_id"].as_str().unwrap()).collect();
        assert_eq!(found, expected, "{lookup}");
    }
    let listed = |id: &str| {
        let attribute = format!("AttributeKey=EventId,AttributeValue={id}");
        let answer = test_env.run(&["lookup-events", "--lookup-attributes", &attribute]).exits(0).json();
        answer["Events"][0]["Resources"].clone()
    };
    assert_eq!(listed("read"), json!([]));
    assert_eq!(listed("write"), json!([{"ResourceType": "AWS::EC2::Instance", "ResourceName": "i-7"}]));
}

/// Every entry of a saved `lookup-events` answer has the record and the list that AWS derived from it.
fn score_answers(path: &Path, of: &str) -> Option<(f64, f64)> {
    let scratch = Scratch::new();
    scratch.import(&[path]);
    let mut score = Score::default();
    for line in fs::read_to_string(path).unwrap().lines().filter(|line| !line.trim().is_empty()) {
        let entry: Value = serde_json::from_str(line).unwrap();
        let Some(resources) = entry["Resources"].as_array() else { continue };
        let aws: Listed = resources
            .iter()
            .map(|resource| {
                let text = |key: &str| resource[key].as_str().unwrap_or_default().to_owned();
                format!("{} {}", text("ResourceType"), text("ResourceName"))
            })
            .collect();
        let id = entry["EventId"].as_str().unwrap();
        score.add(&format!("{} {id}", entry["EventName"]), &listed(&scratch, id), &aws);
        let ours = scratch.lines(&format!(
            "SELECT ifnull(user_name, ''), ifnull(access_key_id, ''), ifnull(read_only, ''), event_source, event_name \
             FROM event_history WHERE event_id = '{id}'"
        ));
        let of_aws: Vec<&str> = ["Username", "AccessKeyId", "ReadOnly", "EventSource", "EventName"]
            .iter()
            .map(|key| entry[*key].as_str().unwrap_or_default())
            .collect();
        assert_eq!(ours, [of_aws.join("|")], "{id}");
    }
    (score.events > 0).then(|| score.print_score(of))
}

#[test]
fn real_aws_answers_are_reproduced() {
    let Some(corpus) = corpus() else { return };
    let (precision, recall) = score_answers(&corpus.join("plaso/aws_cloudtrail.jsonl"), "corpus/plaso").unwrap();
    // One record was altered when it was made anonymous: the id of a VPC is shorter in its request than in the list.
    assert!(precision >= 90.0 && recall >= 90.0, "{precision} {recall}");
}
