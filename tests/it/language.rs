//! Lookups over `testdata/delivery`, with the answers that its README tells.

use std::path::Path;
use std::sync::LazyLock;

use crate::common::{Scratch, program, testdata};
use trailq::engine::{Columns, Engine, PreparedLookup};
use trailq::rows::{self, CapturedRows, Value};
use trailq::sql;

static DELIVERY: LazyLock<Scratch> = LazyLock::new(|| {
    let scratch = Scratch::new();
    scratch.import(&[testdata("delivery")]);
    scratch
});

/// An engine on the case, with a fixed clock.
struct EngineFixture {
    engine: Engine,
}

impl EngineFixture {
    fn new() -> EngineFixture {
        EngineFixture::on(&DELIVERY.case())
    }

    fn on(case: &Path) -> EngineFixture {
        let noon = || 1_709_380_800; // 2024-03-02T12:00:00Z
        EngineFixture { engine: Engine::open(case).unwrap().with_clock(noon) }
    }

    fn prepare(&self, text: &str) -> PreparedLookup {
        let prepared = self.engine.prepare(text).unwrap_or_else(|failure| panic!("{text}: {failure:?}"));
        prepared.with_columns(Columns::Brief)
    }

    /// The answer of a lookup that counts.
    fn answer(&self, text: &str) -> Vec<String> {
        let prepared = self.prepare(text);
        lines(&rows::collect(|sink| self.engine.run(&prepared, sink)).unwrap())
    }

    fn count(&self, text: &str) -> u64 {
        self.engine.count(&self.prepare(text)).unwrap()
    }

    /// The event ids of a list, without the rows' own ids.
    fn ids(&self, text: &str) -> Vec<String> {
        let rows = self.answer(&format!("{text} | fields event-id"));
        rows.iter().map(|row| row.split_once('|').unwrap().1.to_owned()).collect()
    }

    /// The steps of SQLite's plan for the newest 50.
    fn plan(&self, text: &str) -> String {
        let statement = self.engine.statement(&self.prepare(text).with_limit(Some(51)));
        let sql = format!("EXPLAIN QUERY PLAN {}", statement.sql);
        lines(&rows::collect(|sink| self.engine.case().query(&sql, &statement.params, sink)).unwrap()).join("\n")
    }
}

/// Rows as lines of cells separated by `|`.
fn lines(answer: &CapturedRows) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        other => panic!("{other:?}"),
    };
    answer.rows.iter().map(|row| row.iter().map(text).collect::<Vec<_>>().join("|")).collect()
}

#[test]
fn lookups_find_the_events_that_the_readme_lists() {
    let fixture = EngineFixture::new();
    for (text, events) in [
        ("", 360),
        ("user=alice", 57),
        ("user=alice identity-type=IAMUser", 44),
        ("user=alice role=break-glass", 13),
        ("user=dana", 25),
        ("ip=203.0.113.77", 76),
        ("ip=2001:db8:bad::/48", 7),
        ("ip=203.0.113.77,2001:db8:bad::/48", 83),
        ("ip=203.0.113.77,2001:db8:bad::/48 outcome=denied", 19),
        ("ip=203.0.113.77,2001:db8:bad::/48 error=* not outcome=denied", 3),
        ("outcome=denied", 21),
        ("error=*", 32),
        ("outcome=error not error=* name=ConsoleLogin", 6),
        ("read-only=true", 187),
        ("read-only=false", 163),
        ("not read-only=*", 10),
        ("write=true", 173),
        ("account=111122223333", 281),
        ("region=us-*", 340),
        ("category=Data", 58),
        ("not category=*", 11),
        ("version~^1\\.1", 29),
        ("identity-type=AssumedRole", 214),
        ("not identity-type=*", 5),
        ("type=AwsConsoleSignIn", 13),
        ("until=2018", 4),
        ("time=2016,2018-06", 2),
        ("name=GetObject bytes-out>0 user=maintenance-2", 14),
        ("shared-id=* type=AwsCloudTrailInsight", 2),
        ("\"AKIASVCBACKUPEXAMPLE\" name=CreateAccessKey", 1),
        ("issued-key=ASIAORGACCESSEXAMPLE", 2),
        ("outcome=denied not (ip=203.0.113.77 or ip=2001:db8:bad::/48)", 2),
    ] {
        assert_eq!(fixture.count(text), events, "{text}");
    }
}

#[test]
fn single_events_are_found_by_their_values() {
    let fixture = EngineFixture::new();
    for (text, id) in [
        ("text=\"Büro Zürich\"", "alice"),
        ("name=CreateUser request.userName=svc-backup", "63351e45-a833-4630-abf2-a991cc0b83a6"),
        ("text=\"::/0\" event-name=Authorize*", "f6b433b2-fd71-46c5-8139-ff9b39c0c137"),
        ("request.cidrIp=0.0.0.0/0 region=us-west-2", "2c7e5310-a0dc-4504-9928-4693c83ccc0e"),
        ("request.ipPermissions.items.ipv6Ranges.items.cidrIpv6=\"::/0\"", "f6b433b2-fd71-46c5-8139-ff9b39c0c137"),
        ("name=ConsoleLogin user=svc-backup mfa=false", "dfeab25c-6da3-43a8-954b-84fa995eb7e2"),
        ("additionalEventData.MFAUsed=No user=svc-backup", "dfeab25c-6da3-43a8-954b-84fa995eb7e2"),
        ("i-0bad0bad0bad00001 name=RunInstances", "713023f7-e157-4bb8-aa42-04a96f561cb2"),
        ("6659ae8b-84fb-46b6-86fc-7ade15019dde", "6659ae8b-84fb-46b6-86fc-7ade15019dde"),
        ("time=2024-03-01T15:00:00 name=PutMetricAlarm", "19dd7bec-6c8c-465c-9656-2991912a4ad3"),
        ("name=ScheduleKeyDeletion time=2024-03-02T00:51:37+01:00", "fbc239e7-020f-4699-872e-c860af2bcb80"),
        (
            "AttributeKey=EventName,AttributeValue=StopLogging since=2024-03-01T23:30 until=2024-03-01T23:30",
            "bfc083ee-3756-4868-a4ee-5200197991d3",
        ),
    ] {
        let found = fixture.ids(text);
        let known = found.iter().any(|found| found == id) || id == "alice";
        assert!(known && found.len() == 1, "{text}: {found:?}");
    }
}

#[test]
fn resources_are_found_by_name_id_and_arn_and_beside_their_type() {
    let fixture = EngineFixture::new();
    assert!(fixture.count("resource=default") >= fixture.count("resource=default resource-type=AWS::ECS::Cluster"));
    assert!(fixture.count("resource=default resource-type=AWS::ECS::Cluster") >= 3);
    assert_eq!(fixture.count("resource=default resource-type=AWS::S3::Bucket"), 0);
    let regions = fixture.answer("resource=default resource-type=AWS::ECS::Cluster | count by account,region");
    for place in ["111122223333|us-east-1", "111122223333|us-west-2", "123456789012|us-east-1"] {
        assert!(regions.iter().any(|row| row.starts_with(place)), "{place}: {regions:?}");
    }
    let by_name = fixture.ids("resource=acme-customer-data name=GetObject user=maintenance-2");
    assert_eq!(fixture.ids("resource=arn:aws:s3:::acme-customer-data name=GetObject user=maintenance-2"), by_name);
    assert_eq!(by_name.len(), 14);
}

#[test]
fn the_records_of_the_documentation_are_found_by_name_user_resource_and_time() {
    let fixture = EngineFixture::new();
    let old = fixture.answer("until=2018 | sort time | fields event-name,user,event-id");
    assert_eq!(old.len(), 4, "{old:?}");
    for row in &old {
        let cells: Vec<&str> = row.split('|').collect();
        assert!(fixture.ids(&format!("name={} until=2018", cells[1])).contains(&cells[3].to_owned()), "{row}");
        if cells[2] != "-" {
            assert!(fixture.ids(&format!("user=\"{}\" until=2018", cells[2])).contains(&cells[3].to_owned()), "{row}");
        }
    }
    for resource in ["i-1a2b3c4d", "default", "launch_configuration_1", "example.com"] {
        assert_eq!(fixture.count(&format!("resource={resource} until=2018")), 1, "{resource}");
    }
    for (source, day) in [("ec2", "2016-05-20"), ("ec2.amazonaws.com", "2016-05-20")] {
        assert_eq!(fixture.count(&format!("source={source} time={day}")), 1, "{source}");
    }
    assert_eq!(fixture.count("source=ec2"), fixture.count("source=ec2.amazonaws.com"));
}

#[test]
fn lists_come_from_files_and_spans_from_the_newest_event() {
    let fixture = EngineFixture::new();
    let list = DELIVERY.write("addresses.txt", "# the intruder\n203.0.113.77\n\n2001:db8:bad::/48\n");
    assert_eq!(fixture.count("user=\"@addresses.txt\""), 0, "a quoted @ is a character");
    assert_eq!(fixture.count(&format!("ip=@\"{}\"", list.display())), 83);
    // The newest event is of 2024-03-02T21:28:30Z.
    assert_eq!(fixture.count("last=1s"), fixture.count("since=2024-03-02T21:28:29Z"));
    assert_eq!(fixture.count("last=2d"), fixture.count("since=2024-02-29T21:28:30Z"));
    assert_eq!(fixture.count("since=now-12h"), fixture.count("since=2024-03-02"));
    assert_eq!(fixture.count("not last=2d"), fixture.count("until=2024-02-29T21:28:29Z"));
}

#[test]
fn stages_count_what_the_filter_leaves() {
    let fixture = EngineFixture::new();
    let regions = fixture.answer("| count by region");
    for row in ["us-east-1|294", "us-west-2|46", "eu-west-1|20"] {
        assert!(regions.contains(&row.to_owned()), "{row}: {regions:?}");
    }
    let top = fixture.answer("event-name=AssumeRole | top 10 user");
    let sum: u64 = top.iter().map(|row| row.rsplit_once('|').unwrap().1.parse::<u64>().unwrap()).sum();
    assert!(top.len() <= 10 && sum <= fixture.count("event-name=AssumeRole"), "{top:?}");
    assert_eq!(fixture.answer("outcome=denied | count"), ["21"]);
    let hours = fixture.answer("outcome=denied ip=203.0.113.77,2001:db8:bad::/48 | timeline 1d");
    assert_eq!(hours, ["2024-03-01T00:00:00Z|18", "2024-03-02T00:00:00Z|1"]);
    let regions = fixture.answer("| timeline 1w by region");
    let sum: u64 = regions.iter().map(|row| row.rsplit_once('|').unwrap().1.parse::<u64>().unwrap()).sum();
    assert!(sum == 360 && regions.iter().any(|row| row.starts_with("2024-02-26T00:00:00Z|us-east-1|")), "{regions:?}");
    assert_eq!(fixture.answer("user=alice | count by user | sort events desc | limit 1"), ["alice|57"]);
}

#[test]
fn the_index_that_meets_the_fewest_events_drives_a_lookup() {
    let fixture = EngineFixture::new();
    for (text, index) in [
        ("event-name=ConsoleLogin", "events_by_event_name (event_name=?)"),
        ("user=alice", "events_by_user_name (user_name=?)"),
        ("key=AKIADEPLOYBOTEXAMPLE", "events_by_access_key_id (access_key_id=?)"),
        ("ip=203.0.113.77", "events_by_source_ip_address (source_ip_address=?)"),
        ("event-id=6659ae8b-84fb-46b6-86fc-7ade15019dde", "events_by_event_id (event_id=?)"),
        ("resource=launch_configuration_1", "SEARCH e USING INTEGER PRIMARY KEY"),
        ("user=alice event-name=AuthorizeSecurityGroupIngress", "events_by_event_name (event_name=?)"),
        ("user=alice event-name=ConsoleLogin since=2024-03-02", "events_by_event_name (event_name=? AND time>?)"),
        ("error=NoSuch*", "events_by_error_code (error_code=?)"),
        ("ip=198.18.0.0/16", "events_by_source_ip_address (source_ip_address=?)"),
        ("source=guardduty", "SEARCH e USING INDEX events_by_time (time>? AND time<?)"),
        ("source=lambda write=true", "SEARCH e USING INDEX events_by_time (time>? AND time<?)"),
        ("not user=alice", "SCAN e USING INDEX events_by_time"),
        ("source=s3", "SCAN e USING INDEX events_by_time"),
        ("region=us-east-1 write=true", "SCAN e USING INDEX events_by_time"),
        ("tag=odd", "events_by_event_id (event_id=?)"),
        ("ip=203.0.113.77 or key=AKIADEPLOYBOTEXAMPLE", "MULTI-INDEX OR"),
        ("since=2024-03-02", "events_by_time (time>?)"),
        ("", "SCAN e USING INDEX events_by_time"),
    ] {
        let plan = fixture.plan(text);
        assert!(plan.contains(index), "{text}: {plan}");
    }
    let counted = fixture.plan("| count by event-name");
    assert!(counted.contains("attribute_values") && !counted.contains("events"), "{counted}");
}

/// Events of several values of a column are cut in its index by their time, where they are more than a few and yet less
/// than one of a hundred.
#[test]
fn the_newest_of_many_are_the_same_however_they_are_found() {
    let scratch = Scratch::new();
    let codes = ["AccessDenied", "AccessDeniedException", "Throttling"];
    let mut events = Vec::new();
    let mut lines = String::new();
    for n in 0..60_000_u32 {
        // One of a hundred has an error and an address of its own kind, at one of 30 times or at none.
        let odd = (n % 100 == 0).then(|| (codes[n as usize / 100 % 3], format!("198.51.{}.1", n / 100 % 7)));
        let time = (n % 5_000 != 0).then(|| format!("2024-03-01T00:{:02}:00Z", n / 100 % 30));
        let told = time.as_ref().map_or(String::new(), |time| format!("\"eventTime\":\"{time}\","));
        let error = odd.as_ref().map_or(String::new(), |(code, address)| {
            format!(",\"errorCode\":\"{code}\",\"sourceIPAddress\":\"{address}\"")
        });
        lines += &format!(
            "{{\"eventVersion\":\"1.08\",{told}\"eventID\":\"id-{n:05}\",\"eventSource\":\"s3.amazonaws.com\",\
             \"eventName\":\"GetObject\"{error}}}\n"
        );
        events.extend(odd.map(|(code, address)| (time, format!("id-{n:05}"), code, address)));
    }
    scratch.import(&[scratch.write("events.json", &lines)]);
    let fixture = EngineFixture::on(&scratch.case());
    // Newest first, those without a time last, by event id among those of one time.
    events.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    type Met = fn(&str, &str) -> bool;
    let cases: [(&str, Met); 5] = [
        ("error=*", |_, _| true),
        ("error=Access*,Throttling", |_, _| true),
        ("ip=198.51.0.0/16", |_, _| true),
        ("error=Access*", |code, _| code.starts_with("Access")),
        ("ip=198.51.0.0/22 outcome=denied", |code, ip| code.starts_with("Access") && ip < "198.51.4"),
    ];
    for (text, met) in cases {
        let all: Vec<&str> = events.iter().filter(|(_, _, c, a)| met(c, a)).map(|event| event.1.as_str()).collect();
        for limit in [1, 2, 50, all.len() - 13, all.len() - 1, all.len(), all.len() + 1] {
            let found = fixture.ids(&format!("{text} | limit {limit}"));
            assert_eq!(found, all[..limit.min(all.len())], "{text} | limit {limit}");
        }
        assert_eq!(fixture.count(text), all.len() as u64, "{text}");
        let denied = events.iter().filter(|(_, _, c, a)| met(c, a) && *c != "Throttling").count();
        let users = fixture.answer(&format!("{text} outcome=denied | top 3 user"));
        assert_eq!(users, [format!("-|{denied}")], "{text}");
    }
    for (text, index) in
        [("error=Access*,Throttling", "events_by_error_code"), ("ip=198.51.0.0/16", "events_by_source_ip_address")]
    {
        let plan = fixture.plan(text);
        assert!(plan.matches(index).count() == 2 && plan.contains("SCALAR SUBQUERY"), "{text}: {plan}");
    }
}

#[test]
fn scans_are_functions_of_sql_and_mistakes_in_them_are_told() {
    let fixture = EngineFixture::new();
    let ask = |scan: &str, step: i64| {
        let params = [sql::Param::Text(scan.to_owned()), sql::Param::Integer(step)];
        let scan = "SELECT json_array_length(record_scan(?1, ?2))";
        let asked = rows::collect(|sink| fixture.engine.case().query(scan, &params, sink));
        asked.map(|found| lines(&found).concat()).map_err(|error| format!("{error:?}"))
    };
    let found = ask(r#"{"where":{"text":["ConsoleLogin"]}}"#, 0).unwrap();
    assert_eq!(found, fixture.count("text=ConsoleLogin").to_string());
    assert_eq!(ask(r#"{"where":{"text":["ConsoleLogin"]}}"#, 99).unwrap(), "0", "there is no such step");
    for (scan, told) in [
        ("nonsense", "expected"),
        (r#"{"where":{"texts":["a"]}}"#, "did not match"),
        (r#"{"where":{"path":"a","is":[["~","("]]}}"#, "unclosed group"),
        (r#"{"where":{"path":"a","is":[["like","x"]]}}"#, "no operator like"),
        (r#"{"where":{"text":["a"]},"until":3}"#, "until"),
    ] {
        let error = ask(scan, 0).unwrap_err();
        assert!(error.contains("record_scan: ") && error.contains(told), "{scan}: {error}");
    }
}

/// A case of one record with values of every kind at paths.
fn values_at_paths() -> program::TestEnv {
    let fixture = program::TestEnv::new();
    let record = r#"{"eventID":"one","eventTime":"2024-03-01T09:00:00Z","requestParameters":{
        "object": { "k": "v\u00e9", "n": 1.0, "in": { "a": [ 1, "x y" ] } }, "list": [{"k":1},{"k":2},"s",3.50,true,null],
        "one": ["x"], "empty": {}, "none": [], "null": null, "flag": false, "dotted.key": "d", "q\"uote": "q",
        "long": 123456789.12345679, "id": 12345678901234567891, "power": 1e5, "zero": -0, "fraction": 0.10},
        "responseElements":{"k":"v"},"tlsDetails":{"tlsVersion":"TLSv1.3"}}"#;
    fixture.scratch.write("one.json", record.replace('\n', ""));
    fixture.run(&["import", "one.json"]).exits(0);
    fixture
}

#[test]
fn values_at_paths_are_shown_as_the_record_has_them() {
    let fixture = values_at_paths();
    for (path, shown) in [
        ("request.object", r#"{"k":"vé","n":1.0,"in":{"a":[1,"x y"]}}"#),
        ("request.object.in", r#"{"a":[1,"x y"]}"#),
        ("request.list", r#"[{"k":1},{"k":2},"s","3.50","true"]"#),
        ("request.list.k", r#"["1","2"]"#),
        ("request.one", "x"),
        ("request.empty", "{}"),
        ("request.flag", "false"),
        (r#"request."dotted.key""#, "d"),
        (r#"request."q\"uote""#, "q"),
        ("request.long", "123456789.12345679"),
        ("request.id", "12345678901234567891"),
        ("request.power", "1e5"),
        ("request.zero", "-0"),
        ("request.fraction", "0.10"),
        ("response", r#"{"k":"v"}"#),
        ("responseElements", r#"{"k":"v"}"#),
        ("tlsDetails", r#"{"tlsVersion":"TLSv1.3"}"#),
    ] {
        let lookup = format!("{path}=* | fields {path}");
        for format in ["json", "ndjson"] {
            let out = fixture.run(&["--format", format, "lookup", &lookup]).exits(0).out;
            let row: serde_json::Value =
                serde_json::from_str(out.trim_start_matches('[').trim_end_matches("]\n")).unwrap();
            let cells: Vec<&serde_json::Value> = row.as_object().unwrap().values().collect();
            assert_eq!(cells, [shown], "{lookup}");
        }
        // What is counted is a value that a lookup finds.
        let counted = fixture.run(&["--format", "json", "lookup", &format!("| count by {path}")]).exits(0).json();
        for row in counted.as_array().unwrap() {
            let value = row.as_object().unwrap().values().find_map(serde_json::Value::as_str).unwrap();
            let quoted = format!("{path}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
            assert!(fixture.run(&["--quiet", "lookup", &quoted]).exits(0).out.contains("2024-03-01"), "{quoted}");
        }
    }
    for path in ["request.none", "request.null", "request.absent"] {
        assert_eq!(
            fixture.run(&["--format", "json", "lookup", &format!("{path}=*")]).exits(0).json(),
            serde_json::json!([])
        );
        let shown = fixture.run(&["--format", "csv", "lookup", &format!("| fields {path}")]).exits(0).out;
        assert_eq!(shown.lines().count(), 2, "{shown}");
        assert_eq!(shown.lines().nth(1).unwrap().trim_matches('"'), "", "{shown}");
    }
}

#[test]
fn request_and_response_alone_are_the_whole_objects() {
    let fixture = values_at_paths();
    for lookup in ["request=*", "Response=*", "not request=x", "response!=\"{}\"", "request=* | sort response desc"] {
        assert!(fixture.run(&["--quiet", "lookup", lookup]).exits(0).out.contains("2024-03-01"), "{lookup}");
    }
    for lookup in ["request~v", "request=\"*v*\"", "request>a", "not request=*"] {
        assert!(!fixture.run(&["--quiet", "lookup", lookup]).exits(0).out.contains("2024-03-01"), "{lookup}");
    }
    let nothing = fixture.run(&["lookup", "request.object~x"]).exits(0).err;
    assert!(
        nothing.contains("`request.object~` is asked of single values; with `request.object=~\"*x*\"`, which searches")
            && nothing.contains("the lookup matches 1 event"),
        "{nothing}"
    );
    for lookup in ["request.object~none", "request.object~^x", "request.flag~true"] {
        let nothing = fixture.run(&["lookup", lookup]).exits(0).err;
        assert!(!nothing.contains("of single values"), "{lookup}: {nothing}");
    }
    let counted = fixture.run(&["--format", "csv", "lookup", "| top response | sort response"]).exits(0).out;
    assert_eq!(counted.lines().nth(1), Some("\"{\"\"k\"\":\"\"v\"\"}\",1"), "{counted}");
}

#[test]
fn a_list_may_have_any_length() {
    let fixture = program::TestEnv::with_delivery();
    let many = |one: &dyn Fn(usize) -> String| (0..40_000).map(one).collect::<Vec<_>>().join("\n");
    fixture.scratch.write("networks", many(&|n| format!("11.{}.{}.0/24", n / 250, n % 250)) + "\n203.0.113.0/24");
    fixture.scratch.write("wildcards", many(&|n| format!("nobody-{n}-*")) + "\nal*e");
    fixture.scratch.write("values", many(&|n| format!("nobody-{n}")) + "\nalice");
    let names: String = (0..40_000).map(|n| format!("nobody-{n},")).collect();
    fixture.scratch.write("script.trailq", format!("user={names}alice | count\n"));
    let count =
        |lookup: &str| fixture.run(&["--format", "json", "lookup", &format!("{lookup} | count")]).exits(0).json();
    for (list, short) in [
        ("ip=@networks", "ip=203.0.113.0/24"),
        ("not ip=@networks", "not ip=203.0.113.0/24"),
        ("user=@wildcards", "user=alice"),
        ("user!=@wildcards,@values", "user!=alice"),
        ("user=@values", "user=alice"),
        ("@values", "\"alice\""),
        ("resource=@values", "resource=alice"),
        ("text=@values", "text=alice"),
        ("request.userName=@values", "request.userName=alice"),
    ] {
        assert_eq!(count(list), count(short), "{list}");
    }
    let script = fixture.run(&["--format", "json", "script", "script.trailq"]).exits(0);
    assert_eq!(script.json(), count("user=alice"));
}

#[test]
fn a_long_list_is_abridged_in_messages() {
    let fixture = program::TestEnv::with_delivery();
    let names: Vec<String> = (0..5_000).map(|n| format!("nobody-{n}")).collect();
    fixture.scratch.write("list", names.join("\n"));
    let explained = fixture.run(&["lookup", "--explain", "user=@list"]).exits(0).out;
    assert!(explained.contains("nobody-1\",") && explained.contains("characters)"), "{explained}");
    assert!(explained.len() < 3_000, "{}", explained.len());
    let typed = format!("user={}", names.join(","));
    let nothing = fixture.run(&["lookup", &typed]).exits(0);
    assert!(nothing.err.contains("no event has `user=nobody-0,") && nothing.err.len() < 1_000, "{}", nothing.err);
}

#[test]
fn too_many_values_in_terms_of_their_own_are_a_mistake_with_advice() {
    let fixture = program::TestEnv::with_delivery();
    let terms: String = (0..40_000).map(|n| format!("request.k{n}=v or ")).collect();
    fixture.scratch.write("script.trailq", format!("{terms}user=alice | count\n"));
    fixture.run(&["script", "script.trailq"]).fails(2, &["too many values in separate terms", "FIELD=@FILE"]);
}
