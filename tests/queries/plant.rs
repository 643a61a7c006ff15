//! The format of a query's test: records in short, and what the query must say of them.
//!
//! ```text
//! # a remark
//! + hit-1   cloudtrail:StopLogging by=mallory ip=203.0.113.9 request={"name":"main"}
//! - miss-1  kinesis:StopLogging by=mallory
//! . other   iam:ListUsers at=+2h
//! run: user=mallory since=2024-03-01
//! rows: event_time | principal
//! 2024-03-01T09:00:00Z | arn:aws:iam::111122223333:user/mallory
//! ```
//!
//! A record is a mark, its eventID, `SERVICE:EventName`, and `key=value` pairs. `+` must be among the answer's
//! event_ids, `-` must not be, `.` may be either. Without `rows:` the answer's event_ids are those of `+`; with it the
//! named columns are just these lines. `run:` gives parameters; several may follow one another, each with its `rows:`.
//! `file: NAME` puts the records that follow into a file of that name; `json: {...}` is a line of that file as it is.
//!
//! `at` is a time of 2024-03-01 such as `09:30`, a whole time, or `+5m` after the record before; without it each
//! record is a minute after the one before. `by` is who: a user's name, `root`, `Role/session`, a service's name
//! with `.amazonaws.com`, `account`, `none`, each also after `ACCOUNT:`.

use serde_json::{Map, Value, json};

/// The account of a record that names none.
const ACCOUNT: &str = "111122223333";
/// The time before the first record.
const START: &str = "2024-03-01T08:59:00Z";

/// A test: its records and what is asked of them.
#[derive(Debug, Default)]
pub struct Test {
    files: Vec<(String, Vec<String>)>,
    /// What is asked.
    pub runs: Vec<Run>,
}

/// One run of the query.
#[derive(Debug)]
pub struct Run {
    /// Values of parameters.
    pub given: Vec<(String, String)>,
    /// What the answer must be.
    pub expected: Expected,
}

/// What an answer must be.
#[derive(Debug)]
pub enum Expected {
    /// These events, in any order.
    Events(Vec<String>),
    /// These rows, in this order.
    Rows { columns: Vec<String>, rows: Vec<String> },
}

impl Test {
    /// Reads a test. It must plant something that the query must not find.
    pub fn parse(text: &str) -> Result<Test, String> {
        let mut test = Test::default();
        let mut planter = Planter { time: trailq::time::parse(START).unwrap() };
        let (mut hits, mut misses, mut others) = (Vec::new(), 0, 0);
        let mut file = "trail.json".to_owned();
        for (number, line) in (1..).zip(text.lines()) {
            let wrong = |why: String| format!("line {number}: {why}");
            let in_rows = matches!(test.runs.last(), Some(Run { expected: Expected::Rows { .. }, .. }));
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            } else if let Some(given) = line.strip_prefix("run:") {
                let pair = |word: &str| word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
                let given = given.split_whitespace().map(pair).collect::<Option<Vec<_>>>();
                let given = given.ok_or_else(|| wrong("a parameter is NAME=VALUE".to_owned()))?;
                test.runs.push(Run { given, expected: Expected::Events(hits.clone()) });
            } else if let Some(columns) = line.strip_prefix("rows:") {
                let columns = columns.split('|').map(|column| column.trim().to_owned()).collect();
                let expected = Expected::Rows { columns, rows: Vec::new() };
                match test.runs.last_mut() {
                    Some(run) if matches!(run.expected, Expected::Events(_)) => run.expected = expected,
                    _ => test.runs.push(Run { given: Vec::new(), expected }),
                }
            } else if let Some(name) = line.strip_prefix("file:") {
                file = name.trim().to_owned();
            } else if let Some(raw) = line.strip_prefix("json:") {
                test.lines(&file).push(raw.trim().to_owned());
            } else if in_rows {
                let Some(Run { expected: Expected::Rows { rows, .. }, .. }) = test.runs.last_mut() else { continue };
                rows.push(line.trim().to_owned());
            } else {
                let (mark, record) = line.split_once(' ').ok_or_else(|| wrong("what is it?".to_owned()))?;
                let record = planter.record(record.trim()).map_err(wrong)?;
                match mark {
                    "+" => hits.push(record["eventID"].as_str().unwrap_or_default().to_owned()),
                    "-" => misses += 1,
                    "." => others += 1,
                    other => return Err(wrong(format!("`{other}` is no mark"))),
                }
                test.lines(&file).push(record.to_string());
            }
        }
        if test.runs.is_empty() {
            test.runs.push(Run { given: Vec::new(), expected: Expected::Events(hits.clone()) });
        }
        let events_only = test.runs.iter().all(|run| matches!(run.expected, Expected::Events(_)));
        match (hits.is_empty() && events_only, misses + others == 0 && test.files.len() < 2) {
            (true, _) => Err("it plants nothing that must be found".to_owned()),
            (_, true) => Err("it plants nothing that must not be found".to_owned()),
            _ => Ok(test),
        }
    }

    fn lines(&mut self, file: &str) -> &mut Vec<String> {
        if !self.files.iter().any(|(name, _)| name == file) {
            self.files.push((file.to_owned(), Vec::new()));
        }
        let at = self.files.iter().position(|(name, _)| name == file).unwrap();
        &mut self.files[at].1
    }

    /// The files to import: name and content.
    pub fn files(&self) -> Vec<(String, String)> {
        self.files.iter().map(|(name, lines)| (name.clone(), lines.join("\n"))).collect()
    }
}

/// Makes records.
struct Planter {
    /// The time of the record before.
    time: i64,
}

impl Planter {
    fn record(&mut self, text: &str) -> Result<Value, String> {
        let (id, rest) = text.split_once(' ').ok_or("a record is ID SERVICE:EventName ...")?;
        let rest = rest.trim_start();
        let (called, pairs) = rest.split_once(' ').unwrap_or((rest, ""));
        let (service, name) = called.split_once(':').ok_or("SERVICE:EventName is missing")?;
        let mut pairs = pairs_of(pairs)?;
        let mut take = |key: &str| pairs.remove(key);
        let time = match take("at").as_ref().and_then(Value::as_str) {
            None => self.time + 60,
            Some(at) => self.at(at).ok_or(format!("`{at}` is not a time"))?,
        };
        self.time = time;
        let by = take("by").unwrap_or_else(|| json!("alice"));
        let by = by.as_str().ok_or("by is a text")?;
        let (owner, who) = by.split_once(':').filter(|(owner, _)| owner.len() == 12).unwrap_or((ACCOUNT, by));
        let recipient = take("account").unwrap_or_else(|| json!(owner));
        let mut identity = identity(owner, who);
        for (key, field) in
            [("key", "accessKeyId"), ("invoked", "invokedBy"), ("principal", "principalId"), ("type", "type")]
        {
            if let Some(value) = take(key) {
                identity[field] = value;
            }
        }
        let mut attributes = Map::new();
        for (key, field) in [("created", "creationDate"), ("mfa", "mfaAuthenticated")] {
            attributes.extend(take(key).map(|value| (field.to_owned(), value)));
        }
        if !attributes.is_empty() {
            identity["sessionContext"]["attributes"] = Value::Object(attributes);
        }
        let mut record = json!({
            "eventVersion": "1.08",
            "userIdentity": identity,
            "eventTime": trailq::time::format(time),
            "eventSource": format!("{service}.amazonaws.com"),
            "eventName": name,
            "awsRegion": "us-east-1",
            "sourceIPAddress": "198.51.100.7",
            "userAgent": "aws-cli/2.15",
            "requestParameters": null,
            "responseElements": null,
            "eventID": id,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "eventCategory": "Management",
            "recipientAccountId": recipient,
        });
        for (key, field) in [
            ("ip", "sourceIPAddress"),
            ("agent", "userAgent"),
            ("region", "awsRegion"),
            ("request", "requestParameters"),
            ("response", "responseElements"),
            ("more", "additionalEventData"),
            ("error", "errorCode"),
            ("message", "errorMessage"),
            ("shared", "sharedEventID"),
            ("vpce", "vpcEndpointId"),
        ] {
            if let Some(value) = take(key) {
                record[field] = value;
            }
        }
        for (key, value) in pairs {
            record[key] = value;
        }
        Ok(record)
    }

    /// A time of the first day, one behind the record before, or a whole one.
    fn at(&self, text: &str) -> Option<i64> {
        if let Some(later) = text.strip_prefix('+') {
            let (number, unit) = later.split_at_checked(later.len().checked_sub(1)?)?;
            let unit = match unit {
                "s" => 1,
                "m" => 60,
                "h" => 3_600,
                "d" => 86_400,
                _ => return None,
            };
            return Some(self.time + number.parse::<i64>().ok()? * unit);
        }
        trailq::time::parse(text).or_else(|| trailq::time::parse(&format!("2024-03-01T{text}:00Z")))
    }
}

/// `key=value` pairs; a value is JSON where it begins as such, else the text up to the next blank.
fn pairs_of(text: &str) -> Result<Map<String, Value>, String> {
    let mut pairs = Map::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (key, value) = rest.split_once('=').ok_or_else(|| format!("`{rest}` is no key=value"))?;
        let (value, length) = if value.starts_with(['{', '[', '"']) {
            let mut stream = serde_json::Deserializer::from_str(value).into_iter::<Value>();
            let parsed = stream.next().ok_or("a value is missing")?.map_err(|error| format!("{key}: {error}"))?;
            (parsed, stream.byte_offset())
        } else {
            let end = value.find(char::is_whitespace).unwrap_or(value.len());
            let parsed = match &value[..end] {
                "true" => json!(true),
                "false" => json!(false),
                "null" => json!(null),
                text => json!(text),
            };
            (parsed, end)
        };
        rest = rest[key.len() + 1 + length..].trim_start();
        pairs.insert(key.to_owned(), value);
    }
    Ok(pairs)
}

/// `userIdentity` of who acted.
fn identity(account: &str, who: &str) -> Value {
    let arn = |service: &str, rest: &str| format!("arn:aws:{service}::{account}:{rest}");
    match who {
        "none" => json!({}),
        "root" => json!({"type": "Root", "principalId": account, "arn": arn("iam", "root"), "accountId": account}),
        "account" => json!({"type": "AWSAccount", "principalId": "AIDAEXAMPLE", "accountId": account}),
        service if service.ends_with(".amazonaws.com") => json!({"type": "AWSService", "invokedBy": service}),
        session if session.contains('/') => {
            let (role, name) = session.split_once('/').unwrap_or_default();
            json!({
                "type": "AssumedRole",
                "principalId": format!("AROA{}:{name}", role.to_uppercase()),
                "arn": arn("sts", &format!("assumed-role/{role}/{name}")),
                "accountId": account,
                "sessionContext": {"sessionIssuer": {
                    "type": "Role", "userName": role, "arn": arn("iam", &format!("role/{role}")), "accountId": account,
                    "principalId": format!("AROA{}", role.to_uppercase()),
                }},
            })
        }
        user => json!({
            "type": "IAMUser",
            "principalId": format!("AIDA{}", user.to_uppercase()),
            "arn": arn("iam", &format!("user/{user}")),
            "accountId": account,
            "userName": user,
        }),
    }
}
