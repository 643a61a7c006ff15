//! The wrappings that records come in, each built here, and what is said of input that is broken, hostile or of another
//! kind.

use std::fs;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use trailq::ingest::Report;

use crate::common::{Scratch, record};

const TIME: &str = "2024-03-01T09:00:00.123Z";
const DELIVERED: &str = "111122223333_CloudTrail_us-east-1_20240301T0905Z_AbCdEfGhIjKlMn01.json.gz";

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn packed(content: &Value) -> String {
    STANDARD.encode(gzip(content.to_string().as_bytes()))
}

/// Two records as texts, and as JSON.
fn two() -> ([String; 2], [Value; 2]) {
    let texts = [record("a", ""), record("b", r#""requestParameters":{"x":"1, 2","y":"\"q\""}"#)];
    let values = texts.each_ref().map(|text| serde_json::from_str(text).unwrap());
    (texts, values)
}

/// A cell of CSV.
fn cell(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// Imports a file in a folder, so that it is ignored if nothing is recognized.
fn import(name: &str, content: impl AsRef<[u8]>) -> (Scratch, Report) {
    let scratch = Scratch::new();
    scratch.write(&format!("in/{name}"), content);
    let report = scratch.import(&[scratch.path("in")]);
    (scratch, report)
}

/// Checks that content in a wrapping gives both records whole, and the format that the ledger names.
fn gives_both(what: &str, format: &str, content: impl AsRef<[u8]>) {
    let (texts, _) = two();
    let (scratch, report) = import("some.bin", content);
    let counts = (report.counts.read, report.counts.stored, report.counts.rejected, report.ignored_files);
    assert_eq!(counts, (2, 2, 0, 0), "{what}: {:?} {:?}", report.rejects, report.ignored);
    assert_eq!(scratch.lines("SELECT format FROM files"), [format], "{what}");
    let case = trailq::store::Case::open(&scratch.case()).unwrap();
    for (id, text) in [("a", &texts[0]), ("b", &texts[1])] {
        let id = scratch.number(&format!("SELECT id FROM events WHERE event_id = '{id}'"));
        let kept: Value = serde_json::from_slice(&case.record(id).unwrap().unwrap()).unwrap();
        assert_eq!(kept, serde_json::from_str::<Value>(text).unwrap(), "{what}");
    }
}

#[test]
fn logs_of_cloudwatch_are_read() {
    let ([a, b], _) = two();
    let messages = json!([{"id": "1", "timestamp": 1, "message": a}, {"id": "2", "timestamp": 2, "message": b}]);
    let payload = json!({"messageType": "DATA_MESSAGE", "owner": "111122223333", "logEvents": messages});
    let control = json!({"messageType": "CONTROL_MESSAGE", "logEvents": [
        {"id": "", "message": "CWL CONTROL MESSAGE: Checking health of destination Kinesis."}]});
    let stream = "111122223333_CloudTrail_us-east-1";
    let insights = |text: &str| json!([{"field": "@timestamp", "value": TIME}, {"field": "@message", "value": text}]);
    for (what, format, content) in [
        ("export", "cloudwatch-logs", format!("{TIME} {a}\n{TIME} {b}\n")),
        ("logs tail", "cloudwatch-logs", format!("{TIME} {stream} {a}\n{TIME} {stream} {b}\n")),
        ("filter-log-events", "cloudwatch-logs", json!({"events": messages, "searchedLogStreams": []}).to_string()),
        ("subscription", "cloudwatch-logs", payload.to_string()),
        ("after a control message", "cloudwatch-logs", format!("{control}{payload}")),
        ("Lambda", "cloudwatch-logs", json!({"awslogs": {"data": packed(&payload)}}).to_string()),
        (
            "Logs Insights",
            "logs-insights",
            json!({"results": [insights(&a), insights(&b)], "statistics": {}, "status": "Complete"}).to_string(),
        ),
        (
            "Logs Insights, exported",
            "logs-insights",
            json!([{"@timestamp": TIME, "@message": a}, {"@timestamp": TIME, "@message": b}]).to_string(),
        ),
        ("Logs Insights as CSV", "csv", format!("@timestamp,@message\n{TIME},{}\n{TIME},{}\n", cell(&a), cell(&b))),
    ] {
        gives_both(what, format, content);
    }
}

#[test]
fn texts_of_cloudtrail_events_are_read() {
    let ([a, b], _) = two();
    for (what, format, content) in [
        ("JSON", "lookup-events", json!([a, b]).to_string()),
        ("indented JSON", "lookup-events", serde_json::to_string_pretty(&json!([a, b])).unwrap()),
        ("one by one", "lookup-events", format!("{}\n{}\n", json!(a), json!(b))),
        ("text", "json", format!("{a}\t{b}\n")),
        ("rows", "lookup-events", json!([["a", a], ["b", b]]).to_string()),
        ("rows of more columns", "lookup-events", json!([[a, "x", 1, null], [true, TIME, b]]).to_string()),
        ("text of rows", "lookup-events", format!("a\t{a}\nADMIN\t{b}\n")),
        ("text of rows, the record first", "lookup-events", format!("{a}\ta\tADMIN\n{b}\tb\tx\n")),
        (
            "text of all columns",
            "lookup-events",
            format!(
                "EVENTS\tAKIAEXAMPLE\t{a}\ta\nRESOURCES\ti-1\tAWS::EC2::Instance\nEVENTS\tAKIAEXAMPLE\t{b}\tb\nSEARCHEDLOGSTREAMS\tTrue\tx{{\n"
            ),
        ),
    ] {
        gives_both(what, format, content);
    }
}

#[test]
fn cells_of_rows_without_a_record_are_rejects() {
    let [a, b] = two().0;
    for (content, stored, rejected) in [
        (json!([["a", a], ["b", "x", 1]]).to_string(), 1, 3),
        (json!([["a", a], ["b", "{\"x\":1}"]]).to_string(), 1, 2),
        (json!([["a", ["x"], a]]).to_string(), 1, 2),
        (json!([vec!["x"; 250], vec![a.as_str()]]).to_string(), 1, 250),
        (json!([["a", a], "x"]).to_string(), 1, 1),
        (json!(["a", a, b]).to_string(), 2, 1),
        (format!("[[{},\"a\"],[\"b\",\"x\"", json!(a)), 1, 3),
    ] {
        let (_, report) = import("rows.json", &content);
        assert_eq!((report.counts.stored, report.counts.rejected), (stored, rejected), "{content}");
    }
}

#[test]
fn results_of_lake_are_read() {
    let ([a, b], _) = two();
    let row = |text: &str| json!([{"eventJson": text}, {"eventTime": TIME}]);
    let result = json!({"QueryStatus": "FINISHED", "QueryResultRows": [row(&a), row(&b)]});
    gives_both("get-query-results", "lake", result.to_string());
    gives_both("NDJSON", "lake", format!("{}\n{}\n", json!({"eventJson": a}), json!({"eventJson": b})));
    gives_both("CSV", "csv", format!("eventID,eventJson\na,{}\nb,{}\n", cell(&a), cell(&b)));
    // Columns without the record are a row of fewer facts.
    let row =
        json!([{"eventID": "c"}, {"eventName": "RunInstances"}, {"readOnly": "false"}, {"awsRegion": "us-east-1"}]);
    let (scratch, report) = import("r.json", json!({"QueryResultRows": [row]}).to_string());
    assert_eq!((report.counts.stored, report.counts.rejected), (1, 0), "{:?}", report.rejects);
    assert_eq!(scratch.lines("SELECT event_name, read_only FROM events"), ["RunInstances|0"]);
    assert_eq!(scratch.number("SELECT count(*) FROM csv_events"), 1);
}

#[test]
fn exports_of_splunk_and_elastic_are_read() {
    let ([a, b], [x, y]) = two();
    let splunk = |text: &str| json!({"preview": false, "offset": 0, "result": {"_raw": text, "_time": TIME}});
    let action = json!({"index": {"_index": "t", "_id": "1"}});
    let hit = |value: &Value| json!({"_index": "t", "_id": "1", "_source": value});
    let ecs = |text: &str| json!({"@timestamp": TIME, "message": "RunInstances", "event": {"original": text, "kind": "event"}});
    for (what, format, content) in [
        ("Splunk NDJSON", "splunk", format!("{}\n{}\n", splunk(&a), splunk(&b))),
        ("Splunk results", "splunk", json!({"results": [{"_raw": a}, {"_raw": b}]}).to_string()),
        ("Splunk CSV", "csv", format!("_time,_raw,host\n1,{},h\n2,{},h\n", cell(&a), cell(&b))),
        ("Elastic NDJSON", "elastic", format!("{}\n{}\n", hit(&x), hit(&y))),
        (
            "Elastic hits",
            "elastic",
            json!({"took": 1, "hits": {"total": {"value": 2}, "hits": [hit(&x), hit(&y)]}, "z": {}}).to_string(),
        ),
        ("Elastic bulk", "json", format!("{action}\n{x}\n{action}\n{y}\n")),
        ("Elastic bulk of events", "elastic", format!("{action}\n{}\n{action}\n{}\n", ecs(&a), ecs(&b))),
        ("ECS", "elastic", format!("{}\n{}\n", hit(&ecs(&a)), hit(&ecs(&b)))),
        ("ECS documents", "elastic", json!([ecs(&a), ecs(&b)]).to_string()),
        ("Kibana CSV", "csv", format!("@timestamp,event.original\n1,{}\n2,{}\n", cell(&a), cell(&b))),
    ] {
        gives_both(what, format, content);
    }
}

#[test]
fn bulk_actions_alone_do_not_make_a_trail_file() {
    let content = "{\"create\":{\"_index\":\"t\"}}\n{\"message\":\"x\"}\n";
    let (scratch, report) = import("bulk.ndjson", content);
    assert_eq!((report.counts.read, report.ignored_files), (0, 1));
    let report = scratch.import(&[scratch.write("named.ndjson", content)]);
    assert_eq!((report.counts.stored, report.counts.rejected), (0, 1), "{:?}", report.rejects);
    let content = format!("{{\"index\":{{}}}}\n{}\n{{\"index\":{{}}}}\n{{\"message\":\"x\"}}\n", record("a", ""));
    let (_, report) = import("mixed.ndjson", content);
    assert_eq!((report.counts.stored, report.counts.rejected), (1, 1), "{:?}", report.rejects);
}

#[test]
fn queues_and_lambda_envelopes_are_read() {
    let ([a, b], [x, y]) = two();
    let trail = json!({"Records": [x, y]}).to_string();
    let bridge =
        |value: &Value| json!({"detail-type": "AWS API Call via CloudTrail", "source": "aws.ec2", "detail": value});
    let sns = |text: &str| json!({"Type": "Notification", "TopicArn": "arn:aws:sns:us-east-1:111122223333:t", "Message": text});
    let kinesis = |text: &str| {
        json!({"kinesis": {"kinesisSchemaVersion": "1.0", "data": STANDARD.encode(text)}, "eventSource": "aws:kinesis",
            "eventVersion": "1.0", "eventID": "shardId-0:1", "eventName": "aws:kinesis:record", "awsRegion": "us-east-1"})
    };
    let logs = json!({"messageType": "DATA_MESSAGE", "logEvents": [{"message": a}, {"message": b}]});
    for (what, format, content) in [
        ("SQS", "sqs", json!({"Messages": [{"MessageId": "1", "Body": bridge(&x).to_string()}, {"Body": b}]})),
        ("SNS in SQS", "sqs", json!({"Messages": [{"Body": sns(&trail).to_string()}]})),
        ("SNS", "sns", json!([sns(&a), sns(&b)])),
        (
            "Lambda from SQS",
            "sqs",
            json!({"Records": [{"body": a, "eventSource": "aws:sqs"}, {"body": bridge(&y).to_string(), "eventSource": "aws:sqs"}]}),
        ),
        (
            "Lambda from SNS",
            "sns",
            json!({"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": {"Message": trail}}]}),
        ),
        ("Lambda from Kinesis", "kinesis", json!({"Records": [kinesis(&a), kinesis(&b)]})),
        (
            "Kinesis with gzip",
            "kinesis",
            json!({"Records": [{"SequenceNumber": "1", "PartitionKey": "p", "Data": packed(&logs)}]}),
        ),
        ("Firehose", "kinesis", json!({"invocationId": "1", "records": [{"recordId": "1", "data": packed(&logs)}]})),
        ("two in one message", "kinesis", json!({"records": [{"data": STANDARD.encode(format!("{a}\n{b}\n"))}]})),
    ] {
        gives_both(what, format, content.to_string());
    }
}

#[test]
fn a_column_of_records_is_read() {
    let ([a, b], _) = two();
    gives_both("one column", "csv", format!("\"record\"\n{}\n{}\n", cell(&a), cell(&b)));
    gives_both("without a heading", "csv", format!("{}\n{}\n", cell(&a), cell(&b)));
    gives_both("semicolons", "csv", format!("n;line\n1;{}\n2;{}\n", cell(&a), cell(&b)));
    let content = format!("record\n{}\nnothing\n{}", cell(&a), cell("{\"eventVersion\":"));
    for (content, position) in [
        (content.replace('\n', "\r\n"), content.find("nothing").unwrap() + 2),
        (content.clone(), content.find("nothing").unwrap()),
    ] {
        let (scratch, report) = import("some.csv", content);
        assert_eq!((report.counts.stored, report.counts.rejected), (1, 2));
        assert_eq!(scratch.lines("SELECT line FROM rejects ORDER BY line"), ["3", "4"]);
        assert_eq!(scratch.lines("SELECT position FROM rejects WHERE line = 3"), [position.to_string()]);
    }
}

#[test]
fn columns_of_athena_and_lake_are_parsed_and_unused_ones_are_named() {
    let identity = r#"{"type":"AssumedRole","principalid":"AROAEXAMPLE:s","accountid":"111122223333","arn":"arn:aws:sts::111122223333:assumed-role/r/s","sessioncontext":{"attributes":{"mfaauthenticated":"true"}}}"#;
    let header = "eventversion,useridentity,eventtime,eventsource,eventname,requestparameters,responseelements,eventid,readonly,digest";
    let row = |id: &str, identity: &str| {
        let request = cell(r#"{"instancesSet":{"items":[{"instanceId":"i-0a1b2c3d4e5f60001"}]}}"#);
        format!(
            "1.08,{},2024-03-01 09:00:00.000,ec2.amazonaws.com,StopInstances,{request},null,{id},false,x\n",
            cell(identity)
        )
    };
    let struct_text = "{type=IAMUser, principalid=AIDAEXAMPLE, arn=null}";
    let (scratch, report) = import("r.csv", format!("{header}\n{}{}", row("a", identity), row("b", struct_text)));
    assert_eq!((report.counts.stored, report.counts.rejected), (1, 1), "{:?}", report.rejects);
    assert!(report.rejects[0].reason.contains("column userIdentity that is not JSON"), "{:?}", report.rejects);
    assert_eq!(report.rejects[0].line, 3);
    assert_eq!(
        scratch.lines("SELECT event_time, user_name, mfa_authenticated, resources FROM event_history"),
        [r#"2024-03-01T09:00:00Z|s|true|[{"type":"AWS::EC2::Instance","name":"i-0a1b2c3d4e5f60001","listed":1}]"#]
    );
    assert_eq!(
        scratch.lines("SELECT field, problem, events FROM field_problems"),
        ["digest|is a column that the records have no field for|2"]
    );
}

#[test]
fn a_rounded_account_id_is_a_problem_and_not_an_account() {
    let csv = "Event ID,Event name,Event time,Recipient Account Id\na,RunInstances,2024-03-01T09:00:00Z,5.28758E+11\n";
    let (scratch, report) = import("event_history.csv", csv);
    assert_eq!(report.counts.stored, 1);
    assert_eq!(scratch.lines("SELECT recipient_account_id FROM events"), ["-"]);
    assert_eq!(
        scratch.lines("SELECT field, problem FROM field_problems"),
        ["recipientAccountId|is a number that a spreadsheet rounded"]
    );
}

fn foreign() -> Vec<(&'static str, String)> {
    let notification = json!({"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-west-1",
        "eventTime": TIME, "eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "b"}}}]});
    let kinesis = json!({"Records": [{"kinesis": {"data": STANDARD.encode("hello")}, "eventSource": "aws:kinesis",
        "eventVersion": "1.0", "eventID": "shardId-0:1", "eventName": "aws:kinesis:record"}]});
    let sqs =
        json!({"Records": [{"messageId": "1", "body": "hello", "eventSource": "aws:sqs", "awsRegion": "eu-west-1"}]});
    let azure = json!([{"eventName": {"value": "EndRequest"}, "eventTimestamp": TIME, "operationName": {"value": "Write"},
        "resourceId": "/subscriptions/1", "eventDataId": "1", "eventSource": {"value": "Administrative"}}]);
    let config = json!({"fileVersion": "1.0", "configSnapshotId": "1", "configurationItems": [{"resourceId": "r"}]});
    let guard_duty = json!({"schemaVersion": "2.0", "accountId": "1", "service": {"serviceName": "guardduty"}});
    let waf = json!({"timestamp": 1, "formatVersion": 1, "webaclId": "arn:aws:wafv2:x"}).to_string();
    let dns = json!({"version": "1.100000", "query_timestamp": TIME, "query_name": "example.com.", "rcode": "NOERROR"});
    vec![
        ("is an Amazon S3 event notification", notification.to_string()),
        ("is an Amazon S3 event notification", notification.to_string().replace("aws:s3", "minio:s3")),
        ("is a Kinesis event without a CloudTrail record", kinesis.to_string()),
        ("is an SQS event without a CloudTrail record", sqs.to_string()),
        ("is an Azure activity log", azure.to_string()),
        ("is an AWS Config file", config.to_string()),
        ("is a GuardDuty finding", guard_duty.to_string()),
        ("is an AWS WAF log", format!("{waf}\n").repeat(3_000)),
        ("is a Route 53 Resolver query log", dns.to_string()),
        ("is a VPC flow log", "2 111122223333 eni-1 10.0.0.1 10.0.0.2 443 49152 6 10 840 1 2 ACCEPT OK\n".to_owned()),
        ("is a load balancer's access log", format!("https {TIME} app/web/50dc6c495c0c9188 192.0.2.1:2817\n")),
        (
            "is not a CloudTrail record: its fields are those of another system's events",
            json!([{"eventName": "page_view", "eventID": "1", "eventTime": TIME, "userId": "u", "page": "/", "device": "x"},
                {"eventName": "click", "eventID": "2"}, {"eventName": "scroll", "eventTime": 1_709_283_600}])
            .to_string(),
        ),
    ]
}

#[test]
fn foreign_kinds_are_never_stored_and_are_named() {
    for (reason, content) in foreign() {
        for content in [content.clone().into_bytes(), gzip(content.as_bytes())] {
            let (_, report) = import("some.json.gz", content);
            let counts = (report.files, report.counts.read, report.ignored_files);
            assert_eq!(counts, (0, 0, 1), "{reason}: {:?}", report.rejects);
            assert!(report.ignored[0].reason.starts_with(reason), "{:?}", report.ignored);
            assert!(report.ignored[0].file.ends_with("/in/some.json.gz"));
        }
        // Named as CloudTrail names a delivered file, it is missed; a known kind that the command line names is not.
        let (scratch, report) = import(DELIVERED, &content);
        assert_eq!((report.counts.stored, report.counts.rejected), (0, 1), "{reason}");
        assert!(report.rejects[0].reason.starts_with(reason), "{:?}", report.rejects);
        let named = scratch.write("named", &content);
        let report = scratch.import(&[named]);
        let is_known = !reason.starts_with("is not a CloudTrail record");
        assert_eq!((report.counts.stored, report.counts.rejected == 0), (0, is_known), "{reason}");
    }
}

#[test]
fn a_record_among_foreign_values_is_found_and_the_others_are_rejects() {
    let line = json!({"webaclId": "w", "n": 1}).to_string();
    let content = format!("{}{}\n{line}\n", format!("{line}\n").repeat(1_500), record("a", ""));
    let (scratch, report) = import("mixed.ndjson", content);
    assert_eq!((report.counts.stored, report.counts.rejected), (1, 1_002));
    let reason = "500 more values before this place are not records";
    assert_eq!(scratch.number(&format!("SELECT count(*) FROM rejects WHERE reason = '{reason}'")), 1);
}

#[test]
fn a_named_file_that_begins_with_a_reject_is_accounted_for_to_its_end() {
    let scratch = Scratch::new();
    let content = r#"["x",{"Service":"Amazon S3","Event":"s3:TestEvent"},"y"]"#;
    let report = scratch.import(&[scratch.write("named.json", content)]);
    assert_eq!((report.counts.stored, report.counts.rejected, report.ignored_files), (0, 3, 0));
}

#[test]
fn records_that_stand_alone_need_a_time_or_a_source() {
    for (content, stored) in [
        (r#"{"eventVersion":"1.08","eventID":"1","eventName":"X"}"#, 0),
        (r#"{"eventName":"X","eventTime":"2024-03-01T09:00:00Z"}"#, 1),
        (r#"{"eventID":"1","eventSource":"ec2.amazonaws.com","extra":1}"#, 1),
        (r#"{"eventName":"click","eventTime":"2024-03-01T09:00:00Z","eventSource":"web","userAgent":"x"}"#, 0),
        (r#"[{"eventName":"X","eventTime":"2024-03-01T09:00:00Z","extra":1}]"#, 0),
        (r#"{"Records":[{"eventName":"X"},{"eventID":"1"},{"eventVersion":"1.08"}]}"#, 3),
        (r#"{"CloudTrailEvent":"{\"eventName\":\"X\"}"}"#, 1),
        (r#"["{\"eventName\":\"X\"}"]"#, 1),
    ] {
        let (_, report) = import("some.json", content);
        assert_eq!(report.counts.stored, stored, "{content}");
        assert_eq!(report.ignored_files, u64::from(stored == 0), "{content}");
    }
}

#[test]
fn a_delivered_name_without_records_is_a_reject_that_says_what_was_seen() {
    let page = b"<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
    let cipher: Vec<u8> = (0..400_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for (content, reason) in [
        (page.to_vec(), "<Code>AccessDenied</Code>"),
        (gzip(page), "<Code>AccessDenied</Code>"),
        (cipher, "perhaps encrypted"),
        (gzip(br#"{"message":"Forbidden"}"#), r#"{"message":"Forbidden"}"#),
        (gzip(br#"{"__type":"ThrottlingException"}"#), "ThrottlingException"),
        (Vec::new(), "is empty"),
    ] {
        let (_, report) = import(DELIVERED, content);
        assert_eq!((report.files_not_understood, report.counts.rejected), (1, 1));
        assert!(report.rejects[0].reason.contains(reason), "{:?}", report.rejects);
    }
}

#[test]
fn a_reject_of_a_file_is_recorded_under_its_own_name() {
    let scratch = Scratch::new();
    scratch.write("in/a.json", r#"{"Events":[]]}"#);
    scratch.write("in/b.json", record("b", ""));
    scratch.write("in/c.json", r#"{"name":"something else"}"#);
    scratch.write("in/d.json", r#"{"Records":[{]}"#);
    scratch.import(&[scratch.path("in")]);
    let sql = "SELECT substr(f.path, -6), f.stored, count(r.file_id) FROM files f LEFT JOIN rejects r ON r.file_id = f.id \
               GROUP BY f.id ORDER BY 1";
    assert_eq!(scratch.lines(sql), ["a.json|0|1", "b.json|1|0", "c.json|0|0", "d.json|0|1"]);
}

#[test]
fn hostile_values_are_rejects_of_their_own() {
    let bomb = packed(&json!({"logEvents": [], "pad": " ".repeat(300 << 20)}));
    let deep = (0..10).fold(record("deep", ""), |inner, _| json!({ "Message": inner }).to_string());
    let deep_objects = format!("{}1{}", r#"{"data":"#.repeat(120), "}".repeat(120));
    let cut = STANDARD.encode(&gzip(record("cut", "").as_bytes())[..60]);
    for (what, value, reason) in [
        ("a bomb", json!({ "data": bomb }).to_string(), "expands to more than 400 times"),
        ("cut gzip", json!({ "data": cut }).to_string(), "ends early"),
        ("wrong base64", json!({"data": "H4sIAAAA*"}).to_string(), "is not a CloudTrail record"),
        ("text", json!({"data": "plain"}).to_string(), "is not a CloudTrail record"),
        ("deep texts", deep, "8 deep"),
        ("deep objects", deep_objects, ""),
        ("hits in hits", format!("{}[]{}", r#"{"hits":"#.repeat(100), "}".repeat(100)), ""),
        ("many empty values", format!("{{{}\"data\":1}}", r#""data":{},"#.repeat(10_000)), ""),
        ("a row of rows", r#"{"results":[[[[]]],[{"field":1}],[]]}"#.to_owned(), ""),
        ("an open text", r#"["{\"eventName\":"#.to_owned(), ""),
    ] {
        let content = format!("{}\n{value}\n{}", record("a", ""), record("b", ""));
        let (_, report) = import("some.json", content);
        assert!(report.counts.stored >= 1 && report.counts.rejected >= 1, "{what}: {report:?}");
        assert!(report.rejects.iter().any(|reject| reject.reason.contains(reason)), "{what}: {:?}", report.rejects);
    }
}

#[test]
fn streams_are_read_across_the_ends_of_their_windows() {
    let texts: Vec<String> =
        (0..4_500).map(|n| record(&format!("e{n}"), &format!("\"x\":\"{}\"", "y".repeat(n % 97)))).collect();
    let joined =
        |each: &dyn Fn(&String) -> String, between: &str| texts.iter().map(each).collect::<Vec<_>>().join(between);
    for (what, content) in [
        ("log", joined(&|text| format!("{TIME} 111122223333_CloudTrail_us-east-1 {text}"), "\n")),
        ("text of all columns", joined(&|text| format!("EVENTS\tA\t{text}\tx\nRESOURCES\ty"), "\n")),
        ("texts", format!("[{}]", joined(&|text| json!(text).to_string(), ","))),
        ("messages", format!("{{\"Messages\":[{}]}}", joined(&|text| json!({ "Body": text }).to_string(), ","))),
        ("hits", format!("{{\"hits\":{{\"hits\":[{}]}}}}", joined(&|text| format!("{{\"_source\":{text}}}"), ","))),
        (
            "rows",
            format!(
                "{{\"results\":[{}]}}",
                joined(&|text| json!([{"field": "@message", "value": text}]).to_string(), ",")
            ),
        ),
        ("cells", format!("record\n{}", joined(&|text| cell(text), "\n"))),
        ("documents in values", json!({"data": packed(&json!(texts))}).to_string()),
    ] {
        // Twice compressed, it is read as a stream.
        let (_, report) = import("some.bin", gzip(&gzip(content.as_bytes())));
        assert_eq!((report.counts.stored, report.counts.rejected), (4_500, 0), "{what}: {:?}", report.rejects);
    }
}

#[test]
fn every_cut_of_a_wrapping_is_survived() {
    let ([a, b], [x, y]) = two();
    let row = json!([{"field": "@message", "value": a}]);
    let wrapped = [
        json!({"hits": {"hits": [{"_source": x}, {"_source": y}]}}).to_string(),
        json!({"results": [row, row]}).to_string(),
        json!([a, b]).to_string(),
        format!("{TIME} {a}\n{TIME} {b}\n"),
        format!("record\n{}\n{}\n", cell(&a), cell(&b)),
        json!({"Messages": [{"Body": packed(&json!({"Records": [x, y]}))}]}).to_string(),
    ];
    for content in wrapped {
        for cut in (1..content.len()).step_by(41) {
            let (_, report) = import("cut", &content.as_bytes()[..cut]);
            assert!(report.counts.stored <= 2, "{cut}: {content}");
            assert!(report.counts.read + report.ignored_files > 0, "{cut}: {content}");
        }
    }
}

#[test]
fn every_ignored_file_is_listed() {
    let scratch = Scratch::new();
    for number in 0..30 {
        scratch.write(&format!("in/{number:02}.txt"), "hello");
    }
    let report = scratch.import(&[scratch.path("in")]);
    assert_eq!((report.ignored_files, report.ignored.len()), (30, 30));
    assert!(report.ignored[0].reason.starts_with("is neither JSON nor a CSV"));
    fs::remove_dir_all(scratch.path("in")).unwrap();
}
