//! `trailq lookup-events`: the options and the JSON of `aws cloudtrail lookup-events`.

use std::collections::BTreeSet;

use crate::common::program::{CommandOutput, TestEnv};
use crate::common::{Scratch, testdata};
use serde_json::Value;

/// The attributes of the AWS CLI's shorthand.
fn by(key: &str, value: &str) -> [String; 2] {
    ["--lookup-attributes".to_owned(), format!("AttributeKey={key},AttributeValue={value}")]
}

fn ask(test_env: &TestEnv, options: &[&str]) -> Value {
    let arguments: Vec<&str> = ["lookup-events"].iter().chain(options).copied().collect();
    test_env.run(&arguments).exits(0).json()
}

fn events(answer: &Value) -> &Vec<Value> {
    answer["Events"].as_array().unwrap()
}

fn ids(answer: &Value) -> Vec<String> {
    events(answer).iter().map(|event| event["EventId"].as_str().unwrap().to_owned()).collect()
}

/// What the lookup language finds, newest first.
fn looked_up(test_env: &TestEnv, lookup: &str) -> Vec<String> {
    let rows = test_env.run(&["--format", "json", "lookup", lookup]).exits(0).json();
    rows.as_array().unwrap().iter().map(|row| row["event_id"].as_str().unwrap().to_owned()).collect()
}

/// Management events in the lookup language, as README says it.
const MANAGEMENT: &str = "(category=Management or (not category=* not management-event=false))";

#[test]
fn an_entry_has_the_shape_of_the_aws_cli() {
    let test_env = TestEnv::with_delivery();
    let answer =
        test_env.run(&["lookup-events", "--lookup-attributes", "AttributeKey=EventName,AttributeValue=CreateUser"]);
    let answer = answer.exits(0);
    let expected = r#"{
    "Events": [
        {
            "EventId": "63351e45-a833-4630-abf2-a991cc0b83a6",
            "EventName": "CreateUser",
            "ReadOnly": "false",
            "AccessKeyId": "AKIADEPLOYBOTEXAMPLE",
            "EventTime": "2024-03-01T22:58:14+00:00",
            "EventSource": "iam.amazonaws.com",
            "Username": "deploy-bot",
            "Resources": [
                {
                    "ResourceType": "AWS::IAM::User",
                    "ResourceName": "#;
    assert!(answer.out.starts_with(expected), "{}", answer.out);
    assert!(answer.out.ends_with("\n        }\n    ]\n}\n"), "{}", answer.out);
    assert_eq!(answer.err, "");
    let event = &answer.json()["Events"][0];
    let record: Value = serde_json::from_str(event["CloudTrailEvent"].as_str().unwrap()).unwrap();
    assert_eq!(record["eventID"], event["EventId"]);
    assert!(event["Resources"].as_array().unwrap().iter().any(|resource| resource["ResourceName"] == "svc-backup"));
}

#[test]
fn keys_without_a_value_are_left_out() {
    let test_env = TestEnv::with_delivery();
    let whole = ask(&test_env, &["--event-category", "all"]);
    let keys = |event: &Value| event.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let service = events(&whole).iter().find(|event| event["CloudTrailEvent"].as_str().unwrap().contains("AWSService"));
    let keys_of_service = keys(service.unwrap());
    assert!(!keys_of_service.contains("Username") && !keys_of_service.contains("AccessKeyId"), "{keys_of_service:?}");
    for event in events(&whole) {
        let members = event.as_object().unwrap();
        assert!(members.values().all(|value| !value.is_null() && *value != ""), "{event}");
        for key in ["EventId", "EventTime", "Resources", "CloudTrailEvent"] {
            assert!(members.contains_key(key), "{key}: {event}");
        }
        for resource in event["Resources"].as_array().unwrap() {
            assert!(
                resource["ResourceName"].is_string() && !resource["ResourceType"].is_null()
                    || resource.get("ResourceType").is_none()
            );
        }
    }
    assert_eq!(test_env.run(&["lookup-events", "--end-time", "1990-01-01"]).exits(0).out, "{\n    \"Events\": []\n}\n");
}

#[test]
fn every_attribute_gives_what_the_lookup_language_gives() {
    let test_env = TestEnv::with_delivery();
    for (key, value, lookup) in [
        ("EventId", "63351e45-a833-4630-abf2-a991cc0b83a6", "event-id=63351e45-a833-4630-abf2-a991cc0b83a6"),
        ("EventName", "AssumeRole", "event-name=AssumeRole"),
        ("ReadOnly", "false", "read-only=false"),
        ("Username", "alice", "user=alice"),
        ("ResourceType", "AWS::EC2::SecurityGroup", "listed-type=AWS::EC2::SecurityGroup"),
        ("ResourceName", "ASIAOPSADMIN1EXAMPLE", "listed-resource=ASIAOPSADMIN1EXAMPLE"),
        ("EventSource", "iam.amazonaws.com", "source=iam"),
        ("AccessKeyId", "AKIADEPLOYBOTEXAMPLE", "key=AKIADEPLOYBOTEXAMPLE"),
    ] {
        let [option, attribute] = by(key, value);
        let found = ids(&ask(&test_env, &[&option, &attribute]));
        assert!(!found.is_empty(), "{key}");
        assert_eq!(found, looked_up(&test_env, &format!("{lookup} {MANAGEMENT}")), "{key}");
        let all = ids(&ask(&test_env, &[&option, &attribute, "--event-category", "all"]));
        assert_eq!(all, looked_up(&test_env, lookup), "{key}");
        let since = ["--start-time", "2024-03-01T22:58:14Z", "--end-time", "1709334300"];
        let found = ids(&ask(&test_env, &[&[option.as_str(), &attribute], &since[..]].concat()));
        let lookup = format!("{lookup} {MANAGEMENT} since=2024-03-01T22:58:14Z until=2024-03-01T23:05:00Z");
        assert_eq!(found, looked_up(&test_env, &lookup), "{key}");
    }
}

#[test]
fn values_are_whole_and_exact() {
    let test_env = TestEnv::with_delivery();
    for (key, value) in [
        ("EventSource", "iam"),
        ("EventName", "assumerole"),
        ("EventName", "Assume*"),
        ("EventName", "'AssumeRole,CreateUser'"),
        ("Username", "Alice"),
        // Listed by its ARN only where it is assumed, and the name of an ARN is another spelling.
        ("ResourceName", "arn:aws:iam::111122223333:role/*"),
    ] {
        let [option, attribute] = by(key, value);
        assert_eq!(events(&ask(&test_env, &[&option, &attribute])).len(), 0, "{key}={value}");
    }
}

#[test]
fn several_attributes_all_hold_and_a_resource_s_are_of_one_resource() {
    let test_env = TestEnv::with_delivery();
    let both = ["AttributeKey=Username,AttributeValue=alice", "AttributeKey=ReadOnly,AttributeValue=false"];
    let found = ids(&ask(&test_env, &[&["--lookup-attributes"], &both[..]].concat()));
    assert!(!found.is_empty());
    assert_eq!(found, looked_up(&test_env, &format!("user=alice read-only=false {MANAGEMENT}")));
    let json = r#"[{"AttributeKey":"Username","AttributeValue":"alice"},{"AttributeKey":"ReadOnly","AttributeValue":"false"}]"#;
    assert_eq!(ids(&ask(&test_env, &["--lookup-attributes", json])), found);
    let apart = [
        "AttributeKey=ResourceName,AttributeValue=ASIAOPSADMIN1EXAMPLE",
        "AttributeKey=ResourceType,AttributeValue=AWS::IAM::Role",
    ];
    assert_eq!(events(&ask(&test_env, &[&["--lookup-attributes"], &apart[..]].concat())).len(), 0);
    let together = apart.map(|word| word.replace("AWS::IAM::Role", "AWS::IAM::AccessKey"));
    let together: Vec<&str> = together.iter().map(String::as_str).collect();
    assert_eq!(events(&ask(&test_env, &[&["--lookup-attributes"], &together[..]].concat())).len(), 1);
}

#[test]
fn the_category_selects_as_at_aws() {
    let test_env = TestEnv::with_delivery();
    let of = |options: &[&str]| ids(&ask(&test_env, options)).into_iter().collect::<BTreeSet<_>>();
    let all = of(&["--event-category", "all"]);
    assert_eq!(all.len(), 360);
    let insight = of(&["--event-category", "insight"]);
    assert_eq!(insight.len(), 2);
    let management = of(&[]);
    // 287 say that they are management events; of the 11 without a category none is a data event.
    assert_eq!(management.len(), 298);
    assert!(management.is_disjoint(&insight) && management.is_subset(&all));
    let by_name =
        ["--event-category", "insight", "--lookup-attributes", "AttributeKey=EventName,AttributeValue=nothing"];
    assert_eq!(of(&by_name).len(), 0);
}

#[test]
fn a_record_without_a_category_is_a_management_event_unless_it_is_a_data_event() {
    let test_env = TestEnv::new();
    let record = |id: &str, source: &str, name: &str, more: &str| {
        format!(
            r#"{{"eventVersion":"1.05","eventID":"{id}","eventTime":"2018-03-01T09:00:00Z","eventSource":"{source}.amazonaws.com","eventName":"{name}"{more}}}"#
        )
    };
    let records = [
        record("plain", "ec2", "RunInstances", ""),
        record("bucket", "s3", "GetBucketAcl", ""),
        record("said", "sns", "Publish", r#","managementEvent":false"#),
        record("object", "s3", "GetObject", ""),
        record("invoked", "lambda", "Invoke", ""),
        record("denied", "s3", "GetObject", r#","managementEvent":true"#),
        record("data", "s3", "GetObject", r#","eventCategory":"Data""#),
        record("odd", "s3", "GetObject", r#","eventCategory":"Management""#),
    ];
    test_env.scratch.import(&[test_env.scratch.write("old.json", records.join("\n"))]);
    assert_eq!(ids(&ask(&test_env, &[])), ["bucket", "denied", "odd", "plain"]);
    assert_eq!(events(&ask(&test_env, &["--event-category", "all"])).len(), 8);
}

#[test]
fn pages_add_up_to_the_whole() {
    let test_env = TestEnv::with_delivery();
    for (options, size) in [
        (vec!["--event-category", "all"], "50"),
        (vec!["--event-category", "all"], "7"),
        (vec!["--lookup-attributes", "AttributeKey=EventName,AttributeValue=AssumeRole"], "1"),
        (vec!["--start-time", "2024-03-01T22:40:00Z", "--end-time", "2024-03-01T23:59:59Z"], "10"),
    ] {
        let whole = ask(&test_env, &options);
        assert!(whole.get("NextToken").is_none());
        let (mut gathered, mut token) = (Vec::new(), None::<String>);
        loop {
            let mut page = options.clone();
            page.extend(["--max-results", size]);
            if let Some(token) = &token {
                page.extend(["--next-token", token]);
            }
            let answer = ask(&test_env, &page);
            assert!(events(&answer).len() <= size.parse().unwrap());
            gathered.extend(events(&answer).iter().cloned());
            match answer["NextToken"].as_str() {
                Some(next) => token = Some(next.to_owned()),
                None => break,
            }
        }
        assert_eq!(&gathered, events(&whole), "{options:?} by {size}");
    }
}

#[test]
fn events_without_a_time_come_last_on_pages_too() {
    let test_env = TestEnv::new();
    let record = |id: &str, time: &str| format!(r#"{{"eventID":"{id}","eventName":"A","eventTime":"{time}"}}"#);
    let records = [
        record("c", "unknown"),
        record("a", "2024-03-01T09:00:00Z"),
        record("d", "unknown"),
        record("b", "2024-03-01T09:00:00Z"),
    ];
    test_env.scratch.import(&[test_env.scratch.write("odd.json", records.join("\n"))]);
    let (mut gathered, mut token) = (Vec::new(), None::<String>);
    for expected in ["a", "b", "c", "d"] {
        let mut options = vec!["--max-items", "1"];
        options.extend(token.iter().flat_map(|token| ["--starting-token", token]));
        let answer = ask(&test_env, &options);
        assert_eq!(ids(&answer), [expected]);
        assert_eq!(answer["Events"][0].get("EventTime").is_some(), expected < "c");
        gathered.push(expected);
        token = answer["NextToken"].as_str().map(str::to_owned);
        assert_eq!(token.is_none(), expected == "d");
    }
    assert_eq!(ids(&ask(&test_env, &[])), gathered);
    assert_eq!(ids(&ask(&test_env, &["--start-time", "0"])), ["a", "b"]);
}

#[test]
fn what_it_prints_can_be_imported_again() {
    let test_env = TestEnv::with_delivery();
    let all = test_env.run(&["lookup-events", "--event-category", "all"]).exits(0);
    let again = Scratch::new();
    let report = again.import(&[again.write("lookup-events.json", &all.out)]);
    assert_eq!((report.counts.read, report.counts.stored), (360, 360));
    let sql = "SELECT event_id, event_time, user_name, resources FROM event_history ORDER BY event_id";
    assert_eq!(again.lines(sql), test_env.scratch.lines(sql));
}

#[test]
fn nothing_in_a_record_reaches_a_terminal_raw() {
    let test_env = TestEnv::with_delivery();
    for (options, escaped) in [
        (&[][..], "\\u009b"),
        (&["--query", "@"], "\\u009b"),
        (&["--output", "text"], "\\u{9b}"),
        (&["--output", "text", "--query", "Events[].CloudTrailEvent"], "\\u{9b}"),
    ] {
        let answer = test_env.run(&[&["lookup-events", "--event-category", "all"], options].concat()).exits(0);
        let is_unsafe = |c: &char| {
            (c.is_control()
                || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'))
                && !matches!(c, '\n' | '\t')
        };
        let unsafe_ones: BTreeSet<char> = answer.out.chars().filter(is_unsafe).collect();
        assert!(unsafe_ones.is_empty(), "{options:?}: {unsafe_ones:?}");
        assert!(answer.out.contains(escaped), "{options:?}: the delivery has a C1 control character");
    }
}

#[test]
fn records_are_on_one_line_whatever_their_layout() {
    let test_env = TestEnv::new();
    test_env.scratch.import(&[testdata("shapes/bare-record.json")]);
    let answer = ask(&test_env, &[]);
    let record = answer["Events"][0]["CloudTrailEvent"].as_str().unwrap();
    assert!(!record.contains('\n'), "{record}");
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let ran = TestEnv::with_delivery().head(&["lookup-events", "--event-category", "all"]).exits(0);
    assert_eq!(ran.err, "");
}

#[test]
fn an_empty_answer_says_what_the_case_covers() {
    let test_env = TestEnv::with_delivery();
    let ran = test_env.run(&["lookup-events", "--start-time", "2030-01-01"]).exits(0);
    assert!(ran.err.contains("the case covers 2016-05-20T08:27:45Z to 2024-03-02T21:28:30Z"), "{ran:?}");
    assert!(ran.err.contains("the case has no files of this period: they are of 2016"), "{ran:?}");
    // What could not be seen is said beside the answer, which is AWS's.
    let period = ["--start-time", "2024-03-02T02:00:00Z", "--end-time", "2024-03-02T02:59:59Z"];
    let nobody = ["lookup-events", "--lookup-attributes", "AttributeKey=Username,AttributeValue=nobody"];
    let ran = test_env.run(&[&nobody[..], &period, &["--region", "us-west-2"]].concat()).exits(0);
    assert_eq!(ran.json(), serde_json::json!({"Events": []}));
    assert!(ran.err.contains("note: of 2 hours in 3 pairs of Region and account, 2 unknown: `.run"), "{ran:?}");
    let insight =
        ["--event-category", "insight", "--lookup-attributes", "AttributeKey=EventName,AttributeValue=nothing"];
    let ran = test_env.run(&[&["lookup-events"][..], &insight].concat()).exits(0);
    assert!(ran.err.contains("note: the case has no Insights events of account "), "{ran:?}");
    assert_eq!(test_env.run(&["-q", "lookup-events", "--start-time", "2030-01-01"]).exits(0).err, "");
}

#[test]
fn errors_have_aws_names_and_exit_code_2() {
    let test_env = TestEnv::with_delivery();
    let fails = |options: &[&str], says: &[&str]| -> CommandOutput {
        let arguments: Vec<&str> = ["lookup-events"].iter().chain(options).copied().collect();
        let ran = test_env.run(&arguments).fails(2, says);
        assert_eq!(ran.out, "");
        ran
    };
    let attribute = |word: &str, says: &[&str]| fails(&["--lookup-attributes", word], says);
    attribute(
        "AttributeKey=User,AttributeValue=a",
        &["AttributeKey is one of", "did you mean Username?", "InvalidLookupAttributesException"],
    );
    attribute("Username=a", &["AttributeKey=KEY,AttributeValue=VALUE"]);
    attribute("AttributeKey=Username,AttributeValue=", &["the AttributeValue of Username is empty"]);
    attribute("AttributeKey=ReadOnly,AttributeValue=yes", &["ReadOnly is true or false, not `yes`"]);
    fails(
        &["--start-time", "2024-03-02", "--end-time", "2024-03-01"],
        &["StartTime 2024-03-02T00:00:00Z is after EndTime 2024-03-01T00:00:00Z", "InvalidTimeRangeException"],
    );
    fails(&["--start-time", "soon"], &["--start-time takes a time", "`soon`"]);
    fails(&["--end-time", "999999999999999"], &["years 0000 to 9999"]);
    fails(&["--max-results", "0"], &["MaxResults is 1 or more, not 0", "InvalidMaxResultsException"]);
    fails(&["--max-items", "-1"], &["MaxResults is 1 or more"]);
    fails(&["--max-items", "1", "--max-results", "1"], &["cannot be used with"]);
    fails(&["--event-category", "data"], &["`data` is neither", "InvalidEventCategoryException"]);
    fails(&["--next-token", "nonsense"], &["NextToken", "InvalidNextTokenException"]);
    let token = ask(&test_env, &["--max-results", "1"])["NextToken"].as_str().unwrap().to_owned();
    fails(&["--next-token", &token, "--event-category", "all"], &["InvalidNextTokenException"]);
    let insight = ["--event-category", "insight", "--lookup-attributes", "AttributeKey=Username,AttributeValue=a"];
    fails(&insight, &["Insight events are looked up by EventId, EventName, EventSource, not by Username"]);
    test_env.run(&["--format", "csv", "lookup-events"]).fails(2, &["lookup-events has no format csv", "trailq lookup"]);
    test_env.run(&["--format", "json", "lookup-events", "--max-items", "1"]).exits(0);
    test_env.run(&["--db", "none.db", "lookup-events"]).fails(2, &["there is no case at none.db"]);
}

/// The text that the options print.
fn printed(test_env: &TestEnv, options: &[&str]) -> String {
    let arguments: Vec<&str> = ["lookup-events"].iter().chain(options).copied().collect();
    test_env.run(&arguments).exits(0).out
}

/// A case of three events, of two Regions.
fn three_events() -> TestEnv {
    let test_env = TestEnv::new();
    let record = |id: &str, hour: u8, name: &str, user: &str, region: &str| {
        format!(
            r#"{{"eventVersion":"1.08","eventID":"{id}","eventTime":"2024-03-01T{hour:02}:00:00Z","eventSource":"iam.amazonaws.com","eventName":"{name}","awsRegion":"{region}","readOnly":true,"userIdentity":{{"type":"IAMUser"{user}}},"eventCategory":"Management"}}"#
        )
    };
    let records = [
        record("a", 9, "ListUsers", r#","userName":"alice""#, "us-east-1"),
        record("b", 10, "ListRoles", "", "eu-west-1"),
        record("c", 11, "GetUser", r#","userName":"bob""#, "us-east-1"),
    ];
    test_env.scratch.import(&[test_env.scratch.write("three.json", records.join("\n"))]);
    test_env
}

#[test]
fn a_query_gives_a_part_of_the_answer_in_the_order_in_which_it_is_written() {
    let test_env = three_events();
    let shown = |query: &str| printed(&test_env, &["--query", query]);
    assert_eq!(shown("Events[].EventId"), "[\n    \"c\",\n    \"b\",\n    \"a\"\n]\n");
    assert_eq!(
        shown("Events[?Username==`alice`].{When:EventTime,Id:EventId,Who:Username}"),
        "[\n    {\n        \"When\": \"2024-03-01T09:00:00+00:00\",\n        \"Id\": \"a\",\n        \"Who\": \"alice\"\n    }\n]\n"
    );
    assert!(
        shown("Events[1]")
            .starts_with("{\n    \"EventId\": \"b\",\n    \"EventName\": \"ListRoles\",\n    \"ReadOnly\"")
    );
    assert_eq!(shown("Events[?EventTime>='2024-03-01T10:00'] | length(@)"), "2\n");
    assert_eq!(shown("Nothing"), "null\n");
    assert_eq!(shown("Events[?EventId=='x']"), "[]\n");
    assert_eq!(shown("`{}`"), "", "an empty object is nothing, as in the AWS CLI");
    // All pages are put together first, and the token is a member.
    let both =
        printed(&test_env, &["--max-items", "2", "--page-size", "1", "--query", "[length(Events), type(NextToken)]"]);
    assert_eq!(both, "[\n    2,\n    \"string\"\n]\n");
}

#[test]
fn text_output_is_laid_out_page_by_page() {
    let test_env = three_events();
    let columns = "[].[EventId,Username]";
    let query = format!("Events{columns}");
    assert_eq!(printed(&test_env, &["--output", "text", "--query", &query]), "c\tbob\nb\tNone\na\talice\n");
    assert_eq!(printed(&test_env, &["--output", "text", "--query", "length(Events)", "--page-size", "2"]), "2\n1\n");
    assert_eq!(
        printed(&test_env, &["--output", "text", "--query", "Events[].EventId", "--page-size", "2"]),
        "c\tb\na\n"
    );
    // The last page is the token, and `Events` of it is nothing.
    let limited = printed(&test_env, &["--output", "text", "--max-items", "2", "--query", "Events[].EventId"]);
    assert_eq!(limited, "c\tb\nNone\n");
    // A page has a cell for every key that one of its events has.
    let cells = |options: &[&str]| -> Vec<Vec<String>> {
        let text = printed(&test_env, &[&["--output", "text"], options].concat());
        text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
    };
    let whole = cells(&[]);
    assert_eq!(whole.len(), 3);
    assert!(whole.iter().all(|line| line.len() == 8 && line[0] == "EVENTS"), "{whole:?}");
    assert_eq!((whole[1][7].as_str(), whole[2][7].as_str()), ("", "alice"));
    assert_eq!(cells(&["--page-size", "1"])[1].len(), 7, "no event of the page has a Username");
    let limited = cells(&["--max-items", "1"]);
    assert_eq!((limited.len(), limited[1][0].as_str(), limited[1].len()), (2, "NEXTTOKEN", 2));
    let page = cells(&["--max-results", "1"]);
    assert_eq!((page.len(), page[0].len(), page[1][0].as_str()), (2, 1, "EVENTS"));
    let token = page[0][0].clone();
    assert_eq!(cells(&["--max-results", "2", "--next-token", &token])[0][2..4], whole[1][2..4]);
    assert_eq!(printed(&test_env, &["--output", "text", "--end-time", "1990-01-01"]), "");
    assert_eq!(
        printed(&test_env, &["--output", "text", "--end-time", "1990-01-01", "--query", "length(Events)"]),
        "0\n"
    );
}

#[test]
fn a_single_call_has_fifty_events() {
    let test_env = TestEnv::with_delivery();
    let page = ask(&test_env, &["--no-paginate"]);
    assert_eq!((events(&page).len(), page["NextToken"].is_string()), (50, true));
    assert_eq!(events(&ask(&test_env, &["--no-paginate", "--max-results", "60"])).len(), 60);
    assert_eq!(events(&ask(&test_env, &["--page-size", "7", "--max-items", "60"])).len(), 60);
}

#[test]
fn a_region_filters() {
    let test_env = three_events();
    assert_eq!(ids(&ask(&test_env, &["--region", "us-east-1"])), ["c", "a"]);
    assert_eq!(ids(&ask(&test_env, &["--region", "eu-west-1"])), ["b"]);
    let page = ask(&test_env, &["--region", "us-east-1", "--max-items", "1"]);
    let token = page["NextToken"].as_str().unwrap();
    assert_eq!(ids(&ask(&test_env, &["--region", "us-east-1", "--starting-token", token])), ["a"]);
    test_env.run(&["lookup-events", "--starting-token", token]).fails(2, &["InvalidNextTokenException"]);
    let none = test_env.run(&["lookup-events", "--region", "eu-north-1"]).exits(0);
    assert!(
        none.err.contains("the case has no event of the Region `eu-north-1`; it has us-east-1, eu-west-1"),
        "{none:?}"
    );
    test_env.run(&["lookup-events", "--region", "us-*"]).fails(2, &["write one Region", "trailq lookup region=us-*"]);
    // The environment of the AWS CLI selects nothing: a case holds all Regions.
    let mut command = test_env.command(&["lookup-events"]);
    let output = command.env("AWS_REGION", "eu-west-1").env("AWS_DEFAULT_REGION", "eu-west-1").output().unwrap();
    assert_eq!(ids(&CommandOutput::of(output).json()).len(), 3);
}

#[test]
fn the_request_is_read_from_json_and_options_take_precedence() {
    let test_env = three_events();
    let json = r#"{"LookupAttributes":[{"AttributeKey":"Username","AttributeValue":"alice"}],"StartTime":"2024-03-01T09:00:00"}"#;
    assert_eq!(ids(&ask(&test_env, &["--cli-input-json", json])), ["a"]);
    let bob = ["--lookup-attributes", "AttributeKey=Username,AttributeValue=bob"];
    assert_eq!(ids(&ask(&test_env, &[&["--cli-input-json", json], &bob[..]].concat())), ["c"]);
    test_env.scratch.write("request.json", r#"{"MaxResults":2,"EndTime":1709287200}"#);
    let page = ask(&test_env, &["--cli-input-json", "file://request.json"]);
    assert_eq!((ids(&page), page.get("NextToken").is_some()), (vec!["b".to_owned(), "a".to_owned()], false));
    assert_eq!(ids(&ask(&test_env, &["--cli-input-json", "file://request.json", "--max-results", "1"])), ["b"]);
    assert_eq!(ids(&ask(&test_env, &["--cli-input-json", "file://request.json", "--max-items", "1"])), ["b"]);
    test_env.scratch.write("attributes.json", r#"[{"AttributeKey":"EventName","AttributeValue":"GetUser"}]"#);
    assert_eq!(ids(&ask(&test_env, &["--lookup-attributes", "file://attributes.json"])), ["c"]);
    for (json, says) in [
        ("{", &["--cli-input-json: invalid JSON", "file://PATH"][..]),
        ("[]", &["--cli-input-json: a JSON object is expected"]),
        (r#"{"MaxResultz":1}"#, &["`MaxResultz` is not a member", "did you mean MaxResults?"]),
        (r#"{"MaxResults":"1"}"#, &["--cli-input-json: MaxResults is a whole number"]),
        (r#"{"MaxResults":0}"#, &["MaxResults is 1 or more, not 0"]),
        ("file://none.json", &["--cli-input-json: cannot read none.json: there is no such file"]),
    ] {
        let ran = test_env.run(&["lookup-events", "--cli-input-json", json]).fails(2, says);
        assert!(!ran.err.contains("os error"), "{ran:?}");
    }
}

#[test]
fn options_about_a_connection_are_ignored_with_a_note() {
    let test_env = three_events();
    let connection = [
        "--profile",
        "audit",
        "--endpoint-url",
        "https://cloudtrail.us-east-1.amazonaws.com",
        "--ca-bundle",
        "ca.pem",
        "--cli-read-timeout",
        "5",
        "--cli-connect-timeout",
        "5",
        "--no-sign-request",
        "--no-verify-ssl",
        "--debug",
    ];
    let ran = test_env.run(&[&["lookup-events"], &connection[..]].concat()).exits(0);
    assert_eq!(ids(&ran.json()), ["c", "b", "a"]);
    let said = "note: --profile, --endpoint-url, --ca-bundle, --cli-read-timeout, --cli-connect-timeout, \
                --no-sign-request, --no-verify-ssl, --debug are ignored: trailq reads the case";
    assert!(ran.err.starts_with(said), "{ran:?}");
    let one = test_env.run(&["lookup-events", "--profile", "audit"]).exits(0);
    assert!(one.err.starts_with("note: --profile is ignored: "), "{one:?}");
    assert_eq!(test_env.run(&["-q", "lookup-events", "--profile", "audit"]).exits(0).err, "");
    let silent =
        ["lookup-events", "--no-cli-pager", "--no-cli-auto-prompt", "--cli-binary-format", "base64", "--color", "off"];
    assert_eq!(test_env.run(&silent).exits(0).err, "");
    // Of an option that is given twice the last counts.
    assert_eq!(printed(&test_env, &["--output", "json", "--output", "text", "--query", "length(Events)"]), "3\n");
}

#[test]
fn what_the_aws_cli_takes_and_trailq_does_not_says_what_to_use() {
    let test_env = three_events();
    for (options, says) in [
        (
            &["--output", "table"][..],
            &["invalid value `table` for --output", "`trailq lookup` answers with tables"][..],
        ),
        (&["--output", "yaml"], &["use json, which every YAML parser reads"]),
        (&["--output", "yaml-stream"], &["use json"]),
        (&["--output", "off"], &["> /dev/null"]),
        (&["--output", "xml"], &["use json or text"]),
        (&["--generate-cli-skeleton"], &["has no option --generate-cli-skeleton", "LookupAttributes, StartTime"]),
        (&["--cli-input-yaml", "x"], &["--cli-input-json file://PATH"]),
        (&["--cli-auto-prompt"], &["run `trailq` alone"]),
        (&["--max-item", "3"], &["has no option --max-item", "did you mean --max-items?"]),
        (&["--no-paginate", "--max-items", "3"], &["cannot be used with"]),
        (&["--no-paginate", "--page-size", "3"], &["cannot be used with"]),
        (&["--max-results", "3", "--page-size", "3"], &["cannot be used with"]),
        (&["--starting-token", "t", "--next-token", "t"], &["cannot be used with"]),
        (&["--page-size", "0"], &["--page-size must be at least 1"]),
        (&["--query"], &["--query needs a value"]),
        (
            &["--query", "Events[?EventName=='x'"],
            &["bad value for --query: expected ']', and the text ends\n  | Events[?"],
        ),
        (&["--query", ""], &["bad value for --query"]),
        (&["--query", "foo(Events)"], &["--query cannot be evaluated: `foo` is not a function of JMESPath"]),
        (
            &["--query", "length(Events)", "--output", "text", "--max-items", "1"],
            &["and the value is null", "text output applies --query to the NextToken too"],
        ),
    ] {
        test_env.run(&[&["lookup-events"], options].concat()).fails(2, says);
    }
    let nested = "[".repeat(100_000);
    test_env.run(&["lookup-events", "--query", &nested]).fails(2, &["100,000 bytes, and 16,384 is the limit"]);
    test_env.run(&["lookup-events", "--query", &"(".repeat(16_000)]).fails(2, &["16,000 operators and brackets"]);
    let doubled = "[@,@]|".repeat(50) + "@";
    test_env.run(&["lookup-events", "--query", &doubled]).fails(2, &["could multiply the events to more than 4 GiB"]);
    test_env.run(&["--region", "us-east-1", "lookup-events"]).fails(2, &["write the options of a command after it"]);
    test_env.run(&["cloudtrail", "lookup-events"]).fails(2, &["no command `cloudtrail`", "trailq lookup-events"]);
}
