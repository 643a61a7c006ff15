//! `trailq serve`: LookupEvents over HTTP, with clients that behave and clients that do not. The AWS CLI and boto3 are
//! tried in `aws_clients`.

use crate::common;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::program::TestEnv;
use serde_json::{Value, json};

/// The operation, as most SDKs name it.
const TARGET: &str = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";

/// A running endpoint, which ends with the test.
struct Endpoint {
    child: Child,
    notes: BufReader<ChildStderr>,
    address: SocketAddr,
    /// What it said when it began.
    greeting: String,
}

impl Endpoint {
    fn start(test_env: &TestEnv, more: &[&str]) -> Endpoint {
        let arguments: Vec<&str> = ["serve", "--port", "0"].iter().chain(more).copied().collect();
        let mut child = test_env.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut notes = BufReader::new(child.stderr.take().unwrap());
        let mut greeting = String::new();
        while !greeting.contains("try: aws") {
            assert!(notes.read_line(&mut greeting).unwrap() > 0, "{greeting}");
        }
        let address = greeting.split("http://").nth(1).unwrap().split([';', ' ']).next().unwrap();
        Endpoint { child, notes, address: address.parse().unwrap(), greeting }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// Sends bytes on a connection of its own and reads until the other side ends it.
    fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // The other side may answer and go before it has read everything.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Sends a request with these headers; gives the status and the body.
    fn send(&self, method: &str, headers: &str, body: &str) -> (u16, Value) {
        let head = format!("{method} / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}", self.address);
        let answer = self.raw(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
        assert!(head.contains("content-type: application/x-amz-json-1.1"), "{head}");
        assert!(head.contains("x-amzn-requestid: "), "{head}");
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}")))
    }

    fn ask(&self, body: &Value) -> (u16, Value) {
        self.send("POST", &format!("X-Amz-Target: {TARGET}\r\n"), &body.to_string())
    }

    /// An answer that is not an error.
    fn page(&self, body: &Value) -> Value {
        let (status, page) = self.ask(body);
        assert_eq!(status, 200, "{body}: {page}");
        page
    }

    fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Waits for its end; gives the exit code and what it said last.
    fn end(mut self, within: Duration) -> (Option<i32>, String) {
        let until = Instant::now() + within;
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < until, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut rest = String::new();
        self.notes.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ids(page: &Value) -> Vec<&str> {
    page["Events"].as_array().unwrap().iter().map(|event| event["EventId"].as_str().unwrap()).collect()
}

#[test]
fn the_greeting_says_the_address_the_case_and_the_command_to_try() {
    let test_env = TestEnv::with_delivery();
    let endpoint = Endpoint::start(&test_env, &[]);
    let port = endpoint.address.port();
    assert!(endpoint.address.ip().is_loopback());
    let expected = format!(
        "serving trailq.db: 360 events, 2016-05-20T08:27:45Z to 2024-03-02T21:28:30Z at http://127.0.0.1:{port}; Ctrl-C stops it\n\
         try: aws --endpoint-url http://127.0.0.1:{port} --no-sign-request --region us-east-1 cloudtrail lookup-events --max-items 3\n"
    );
    assert_eq!(endpoint.greeting, expected);
}

#[test]
fn an_answer_has_the_shape_of_the_wire() {
    let test_env = TestEnv::with_delivery();
    let endpoint = Endpoint::start(&test_env, &[]);
    let page =
        endpoint.page(&json!({"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}]}));
    let event = &page["Events"][0];
    assert_eq!(event["EventTime"], json!(1_709_333_894.0));
    assert!(event["EventTime"].is_f64(), "a JSON number with a point, as AWS has it: {event}");
    assert_eq!(event["ReadOnly"], "false");
    assert_eq!(event["Username"], "deploy-bot");
    assert!(page.get("NextToken").is_none());
    // Other spellings of the target, and no body at all.
    for headers in ["X-Amz-Target: CloudTrail_20131101.LookupEvents\r\n", &format!("x-amz-target: {TARGET}\r\n")] {
        let (status, page) = endpoint.send("POST", headers, "");
        assert_eq!((status, ids(&page).len()), (200, 50));
    }
}

#[test]
fn the_same_request_has_the_same_answer_everywhere() {
    let test_env = TestEnv::with_delivery();
    let endpoint = Endpoint::start(&test_env, &[]);
    for (key, value) in [
        ("EventId", "63351e45-a833-4630-abf2-a991cc0b83a6"),
        ("EventName", "AssumeRole"),
        ("ReadOnly", "true"),
        ("Username", "maintenance"),
        ("ResourceType", "AWS::IAM::Role"),
        ("ResourceName", "svc-backup"),
        ("EventSource", "sts.amazonaws.com"),
        ("AccessKeyId", "AKIASVCBACKUPEXAMPLE"),
    ] {
        for period in [json!({}), json!({"StartTime": 1_709_332_800, "EndTime": 1_709_337_600})] {
            let mut request = period.clone();
            request["LookupAttributes"] = json!([{"AttributeKey": key, "AttributeValue": value}]);
            let mut paged = Vec::new();
            loop {
                let page = endpoint.page(&request);
                paged.extend(ids(&page).into_iter().map(str::to_owned));
                match page.get("NextToken") {
                    Some(token) => request["NextToken"] = token.clone(),
                    None => break,
                }
            }
            let attribute = format!("AttributeKey={key},AttributeValue={value}");
            let mut arguments = vec!["lookup-events", "--lookup-attributes", &attribute];
            if period.get("StartTime").is_some() {
                arguments.extend(["--start-time", "1709332800", "--end-time", "1709337600"]);
            }
            let whole = test_env.run(&arguments).exits(0).json();
            assert!(period.get("StartTime").is_some() || !paged.is_empty(), "{key}");
            assert_eq!(paged, ids(&whole), "{key} {period}");
        }
    }
}

#[test]
fn pages_go_on_across_sizes_and_add_up() {
    let test_env = TestEnv::with_delivery();
    let endpoint = Endpoint::start(&test_env, &[]);
    let whole = test_env.run(&["lookup-events"]).exits(0).json();
    let mut request = json!({});
    let mut gathered = Vec::new();
    for size in [50, 3, 1, 50, 50, 50, 50, 50, 50] {
        request["MaxResults"] = json!(size);
        let page = endpoint.page(&request);
        gathered.extend(ids(&page).into_iter().map(str::to_owned));
        match page.get("NextToken") {
            Some(token) => request["NextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(gathered, ids(&whole));
}

#[test]
fn errors_have_the_names_that_sdks_know() {
    let test_env = TestEnv::with_delivery();
    let endpoint = Endpoint::start(&test_env, &[]);
    let attribute = |key: &str, value: &str| json!({"AttributeKey": key, "AttributeValue": value});
    let token = endpoint.page(&json!({}))["NextToken"].clone();
    for (body, name, said) in [
        (
            json!({"LookupAttributes": [attribute("Usrname", "a")]}),
            "InvalidLookupAttributesException",
            "did you mean Username?",
        ),
        (json!({"LookupAttributes": [attribute("Username", "")]}), "InvalidLookupAttributesException", "is empty"),
        (
            json!({"LookupAttributes": [attribute("Username", "a"), attribute("EventName", "b")]}),
            "InvalidLookupAttributesException",
            "takes one attribute",
        ),
        (json!({"StartTime": 2, "EndTime": 1}), "InvalidTimeRangeException", "StartTime 1970-01-01T00:00:02Z is after"),
        (json!({"EndTime": 1e18}), "InvalidTimeRangeException", "years 0000 to 9999"),
        (json!({"MaxResults": 51}), "InvalidMaxResultsException", "from 1 to 50, not 51"),
        (json!({"MaxResults": 0}), "InvalidMaxResultsException", "from 1 to 50"),
        (json!({"NextToken": "nonsense"}), "InvalidNextTokenException", "very request"),
        (json!({"NextToken": token, "StartTime": 0}), "InvalidNextTokenException", "very request"),
        (json!({"EventCategory": "Insight"}), "InvalidEventCategoryException", "`insight`"),
        (json!({"MaxResults": "many"}), "SerializationException", "MaxResults"),
        (json!([]), "SerializationException", "not a JSON object"),
    ] {
        let (status, error) = endpoint.ask(&body);
        assert_eq!(status, 400, "{body}: {error}");
        assert_eq!(error["__type"], name, "{body}: {error}");
        assert!(error["message"].as_str().unwrap().contains(said), "{body}: {error}");
    }
    let (status, error) = endpoint.send("POST", &format!("X-Amz-Target: {TARGET}\r\n"), "{\"StartTime\":");
    assert_eq!((status, error["__type"].as_str().unwrap()), (400, "SerializationException"));
}

#[test]
fn other_operations_methods_and_names_are_answered_properly() {
    let test_env = TestEnv::with_delivery();
    let endpoint = Endpoint::start(&test_env, &[]);
    let service = TARGET.trim_end_matches("LookupEvents");
    for (method, headers, status, name, said) in [
        (
            "POST",
            format!("X-Amz-Target: {service}DescribeTrails\r\n"),
            400,
            "UnsupportedOperationException",
            "DescribeTrails",
        ),
        (
            "POST",
            "X-Amz-Target: DynamoDB_20120810.ListTables\r\n".to_owned(),
            400,
            "UnknownOperationException",
            "ListTables",
        ),
        ("POST", String::new(), 400, "UnknownOperationException", "no X-Amz-Target header"),
        ("GET", String::new(), 405, "UnknownOperationException", "GET is not supported"),
        ("OPTIONS", String::new(), 405, "UnknownOperationException", "OPTIONS is not supported"),
        ("POST", format!("X-Amz-Target: {TARGET}x\r\n"), 400, "UnsupportedOperationException", "LookupEventsx"),
    ] {
        let (got, error) = endpoint.send(method, &headers, "{}");
        assert_eq!((got, error["__type"].as_str().unwrap()), (status, name), "{method} {headers}: {error}");
        assert!(error["message"].as_str().unwrap().contains(said), "{error}");
    }
    // A page of the web that lets a name of its own point here reads nothing.
    for (host, status) in [("evil.example", 403), ("evil.example:80", 403), ("localhost:1", 200), ("[::1]:1", 200)] {
        let request = format!(
            "POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nX-Amz-Target: {TARGET}\r\nContent-Length: 0\r\n\r\n"
        );
        let answer = endpoint.raw(request.as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{host}: {answer:.100}");
    }
}

#[test]
fn requests_out_of_bounds_are_refused() {
    let test_env = TestEnv::with_delivery();
    let endpoint = Endpoint::start(&test_env, &[]);
    let target = format!("X-Amz-Target: {TARGET}\r\n");
    let (status, error) = endpoint.send("POST", &target, &" ".repeat(70_000));
    assert_eq!((status, error["__type"].as_str().unwrap()), (413, "RequestEntityTooLargeException"));
    let chunked = format!(
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n{target}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n",
        format!("1000\r\n{}\r\n", " ".repeat(0x1000)).repeat(20)
    );
    assert!(endpoint.raw(chunked.as_bytes()).starts_with("HTTP/1.1 413 "));
    let head = format!("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: {}\r\n\r\n", "x".repeat(1_000_000));
    // The connection is closed while the rest is still being sent, which can cost the answer.
    let answer = endpoint.raw(head.as_bytes());
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer:.100}");
    for garbage in ["nonsense\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\u{fc}\x03\x03", "POST / HTTP/9\r\n\r\n"] {
        let answer = endpoint.raw(garbage.as_bytes());
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{garbage:?}: {answer:?}");
    }
    assert_eq!(ids(&endpoint.page(&json!({}))).len(), 50);
}

#[test]
fn slow_and_broken_clients_never_block_others() {
    let test_env = TestEnv::with_delivery();
    let endpoint = Endpoint::start(&test_env, &[]);
    let body = format!("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Target: {TARGET}\r\nContent-Length: 100\r\n\r\n{{");
    // More of them than there are places: half of a head, half of a body, nothing at all.
    let mut slow = Vec::new();
    for number in 0..600 {
        let mut stream = endpoint.connect();
        let _ = match number % 3 {
            0 => stream.write_all(b"POST / HTTP/1.1\r\nHost: 127"),
            1 => stream.write_all(body.as_bytes()),
            _ => Ok(()),
        };
        slow.push(stream);
        if number % 100 == 99 {
            assert_eq!(ids(&endpoint.page(&json!({}))).len(), 50, "after {number}");
        }
    }
    // Those that ask for a page again and again and never read.
    let request =
        format!("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Target: {TARGET}\r\nContent-Length: 2\r\n\r\n{{}}");
    let mut deaf = Vec::new();
    for _ in 0..40 {
        let mut stream = endpoint.connect();
        stream.set_write_timeout(Some(Duration::from_millis(50))).unwrap();
        for _ in 0..200 {
            if stream.write_all(request.as_bytes()).is_err() {
                break;
            }
        }
        deaf.push(stream);
    }
    assert_eq!(ids(&endpoint.page(&json!({}))).len(), 50);
    // Half a body is given up with an answer, half a head without one.
    let mut half = endpoint.connect();
    half.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    half.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("RequestTimeoutException"), "{answer}");
    drop((slow, deaf));
    assert_eq!(ids(&endpoint.page(&json!({}))).len(), 50);
}

#[test]
fn many_at_once_are_all_answered_and_memory_does_not_grow() {
    let test_env = TestEnv::with_delivery();
    let endpoint = Endpoint::start(&test_env, &[]);
    let round = |seconds: f64| {
        let until = Instant::now() + Duration::from_secs_f64(seconds);
        std::thread::scope(|scope| {
            let clients: Vec<_> = (0..32)
                .map(|client| {
                    let endpoint = &endpoint;
                    scope.spawn(move || {
                        let mut asked = 0;
                        while Instant::now() < until {
                            let names = ["AssumeRole", "GetObject", "DescribeInstances", "ConsoleLogin"];
                            let name = names[(client + asked) % names.len()];
                            let attribute = json!([{"AttributeKey": "EventName", "AttributeValue": name}]);
                            endpoint.page(&json!({"LookupAttributes": attribute, "EventCategory": "all"}));
                            asked += 1;
                        }
                        asked
                    })
                })
                .collect();
            clients.into_iter().map(|client| client.join().unwrap()).sum::<usize>()
        })
    };
    round(1.0);
    let before = endpoint.memory();
    let asked = round(3.0);
    let after = endpoint.memory();
    eprintln!("{asked} requests of 32 clients in 3 s; {before} kB before, {after} kB after");
    assert!(asked >= 32, "{asked}");
    assert!(after < before + 8_192, "{before} kB before, {after} kB after");
}

#[test]
fn ctrl_c_ends_it_cleanly() {
    let test_env = TestEnv::with_delivery();
    for signal in ["-INT", "-TERM"] {
        let endpoint = Endpoint::start(&test_env, &[]);
        endpoint.page(&json!({}));
        // An idle connection and a half request keep nobody.
        let idle = endpoint.connect();
        let mut half = endpoint.connect();
        half.write_all(b"POST / HTTP/1.1\r\nHost").unwrap();
        endpoint.signal(signal);
        let (code, rest) = endpoint.end(Duration::from_secs(10));
        assert_eq!(code, Some(0), "{rest}");
        assert!(rest.contains("stopped after 1 request"), "{rest}");
        drop((idle, half));
    }
    common::check_case(&test_env.scratch.case());
}

#[test]
fn another_address_is_only_served_when_named_and_says_so() {
    let test_env = TestEnv::with_delivery();
    let endpoint = Endpoint::start(&test_env, &["--address", "0.0.0.0"]);
    assert!(endpoint.greeting.contains("anyone who can reach this address can read the case"), "{}", endpoint.greeting);
    assert!(endpoint.greeting.contains("--endpoint-url http://127.0.0.1:"), "{}", endpoint.greeting);
    let request = format!(
        "POST / HTTP/1.1\r\nHost: a.name\r\nConnection: close\r\nX-Amz-Target: {TARGET}\r\nContent-Length: 0\r\n\r\n"
    );
    let mut stream = TcpStream::connect(("127.0.0.1", endpoint.address.port())).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer:.100}");
}

#[test]
fn unservable_cases_are_reported() {
    let test_env = TestEnv::with_delivery();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    test_env.run(&["serve", "--port", &port]).fails(2, &["cannot listen on", "--port 0 chooses a free port"]);
    test_env.run(&["serve", "--port", "0", "--address", "203.0.113.1"]).fails(2, &["cannot listen on 203.0.113.1:0"]);
    test_env.run(&["--db", "none.db", "serve", "--port", "0"]).fails(2, &["there is no case at none.db"]);
    test_env.run(&["serve"]).fails(2, &["--port"]);
    test_env.run(&["serve", "--port", "70000"]).fails(2, &["70000"]);
}

#[test]
fn an_import_meanwhile_is_seen_and_does_not_break_it() {
    let test_env = TestEnv::with_delivery();
    let endpoint = Endpoint::start(&test_env, &[]);
    assert_eq!(ids(&endpoint.page(&json!({"StartTime": 1_709_510_400}))).len(), 0);
    let record = r#"{"eventVersion":"1.09","eventID":"late","eventTime":"2024-03-05T09:00:00Z","eventName":"RunInstances","eventSource":"ec2.amazonaws.com"}"#;
    test_env.scratch.write("late.json", record);
    test_env.run(&["import", "late.json"]).exits(0);
    assert_eq!(ids(&endpoint.page(&json!({"StartTime": 1_709_510_400}))), ["late"]);
}
