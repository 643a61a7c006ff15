//! Random CloudTrail records: few values that meet often, values that are absent, and texts that are hard to quote.

use serde_json::{Map, Value, json};

use super::rng::Rng;

const NAMES: &[&str] = &[
    "RunInstances",
    "TerminateInstances",
    "AssumeRole",
    "ConsoleLogin",
    "GetObject",
    "runInstances",
    "CreateAccessKey",
    "Odd*Name",
    "Odd?[Name]",
];
const SOURCES: &[&str] = &[
    "ec2.amazonaws.com",
    "iam.amazonaws.com",
    "sts.amazonaws.com",
    "s3.amazonaws.com",
    "signin.amazonaws.com",
    "custom.example.org",
    "plain",
];
const REGIONS: &[&str] = &["us-east-1", "us-west-2", "eu-west-1"];
const ACCOUNTS: &[&str] = &["111122223333", "444455556666", "123456789012"];
const ADDRESSES: &[&str] = &[
    "10.0.0.5",
    "10.1.2.3",
    "192.0.2.1",
    "203.0.113.77",
    "2001:db8:bad::77",
    "2001:db8::1",
    "ec2.amazonaws.com",
    "AWS Internal",
];
const KEYS: &[&str] = &["AKIAIOSFODNN7EXAMPLE", "ASIAOPSADMIN1EXAMPLE", "AKIADEPLOYBOTEXAMPLE", ""];
const ERRORS: &[&str] = &["AccessDenied", "Client.UnauthorizedOperation", "NoSuchBucket", "ThrottlingException"];

/// Texts that a lookup has to quote, escape or take as they are.
/// User agents with their program and its version.
pub const AGENTS: &[(&str, &str, Option<&str>)] = &[
    ("aws-cli/1.18.136 Python/3.8.5 Darwin/19.5.0 botocore/1.17.59", "aws-cli", Some("1.18.136")),
    ("aws-cli/2.13.5 Python/3.11.4", "aws-cli", Some("2.13.5")),
    ("Boto3/1.26.0 Python/3.10", "boto3", Some("1.26.0")),
    ("cloudformation.amazonaws.com", "cloudformation", None),
];
const TEXTS: &[&str] = &[
    "plain",
    "say \"hi\"",
    "back\\slash \\ and \\\\",
    "Büro Zürich",
    "a *star*",
    "what?",
    "[brackets]",
    "line\nbreak",
    "tab\there",
    "naïve 😀",
    "a,b|c)d(e",
    " padded ",
    "or",
    "not",
    "@home",
    "=cmd()",
    "'single'",
    "ends in \\",
    "\u{1b}[31m",
    AGENTS[0].0,
    "is not authorized",
];

/// Numbers in every spelling that JSON has, and longer than a float or 64 bits.
const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "1",
    "1.0",
    "1e0",
    "10",
    "1E1",
    "0.10",
    "0.1",
    "-1.50e1",
    "-15.0",
    "123456789.12345679",
    "123456789.1234568",
    "9007199254740992",
    "9007199254740993",
    "18446744073709551615",
    "18446744073709551616",
    "12345678901234567890123",
    "1.2345678901234568e22",
    "1e300",
];

/// A record as it is in a file.
pub fn record(rng: &mut Rng, number: usize) -> String {
    let mut record = Map::new();
    let id = format!("{}-{:04}", rng.pick(&["ev", "EV", "a1b2"]), number);
    record.insert("eventID".to_owned(), id.into());
    let mut put = |rng: &mut Rng, percent: usize, key: &str, value: Value| {
        if rng.chance(percent) {
            record.insert(key.to_owned(), value);
        } else if rng.chance(30) {
            record.insert(key.to_owned(), Value::Null);
        }
    };
    let name = rng.pick(NAMES);
    let source = rng.pick(SOURCES);
    let time = time(rng);
    put(rng, 95, "eventTime", time.into());
    put(rng, 95, "eventName", name.into());
    put(rng, 95, "eventSource", source.into());
    let of = |rng: &mut Rng, all: &[&str]| Value::from(rng.pick(all));
    let value = of(rng, REGIONS);
    put(rng, 90, "awsRegion", value);
    let value = of(rng, ACCOUNTS);
    put(rng, 90, "recipientAccountId", value);
    let value = of(rng, ADDRESSES);
    put(rng, 90, "sourceIPAddress", value);
    let value = match rng.chance(50) {
        true => of(rng, TEXTS),
        false => AGENTS[rng.below(AGENTS.len())].0.into(),
    };
    put(rng, 80, "userAgent", value);
    let value = of(rng, ERRORS);
    put(rng, 30, "errorCode", value);
    let value = of(rng, TEXTS);
    put(rng, 20, "errorMessage", value);
    for key in ["readOnly", "managementEvent"] {
        let value = flag(rng);
        put(rng, 70, key, value);
    }
    let value = flag(rng);
    put(rng, 25, "sessionCredentialFromConsole", value);
    let value = of(rng, &["1.08", "1.09", "1.10"]);
    put(rng, 90, "eventVersion", value);
    let value = of(rng, &["AwsApiCall", "AwsServiceEvent", "AwsConsoleSignIn"]);
    put(rng, 90, "eventType", value);
    let value = of(rng, &["Management", "Data"]);
    put(rng, 60, "eventCategory", value);
    let value = of(rng, &["shared-1", "shared-2"]);
    put(rng, 20, "sharedEventID", value);
    let value = of(rng, &["vpce-1a", "vpce-2b"]);
    put(rng, 20, "vpcEndpointId", value);
    let value = identity(rng);
    put(rng, 90, "userIdentity", value);
    let value = parameters(rng);
    put(rng, 85, "requestParameters", value);
    let value = response(rng);
    put(rng, 60, "responseElements", value);
    let value = additional(rng);
    put(rng, 50, "additionalEventData", value);
    let value = resources(rng);
    put(rng, 40, "resources", value);
    let value = of(rng, TEXTS);
    put(rng, 30, "requestID", value);
    put(rng, 20, "customField", json!({"inner": "x"}));
    // A `Value` would respell numbers.
    spelled(&Value::Object(record).to_string(), rng).replace("\"#", "").replace("#\"", "")
}

/// Times that often fall into the same second, hour or day.
fn time(rng: &mut Rng) -> String {
    let day = rng.pick(&["2016-05-20", "2023-12-31", "2024-02-29", "2024-03-01", "2024-03-01", "2024-03-02"]);
    let hour = rng.pick(&["00", "09", "09", "23"]);
    let minute = rng.pick(&["00", "00", "30", "59"]);
    let second = rng.pick(&["00", "00", "01", "59"]);
    let end = rng.pick(&["Z", "Z", "Z", ".123Z"]);
    format!("{day}T{hour}:{minute}:{second}{end}")
}

fn flag(rng: &mut Rng) -> Value {
    let yes = rng.chance(50);
    match rng.below(3) {
        0 => Value::from(if yes { "true" } else { "false" }),
        1 => Value::from(if yes { "True" } else { "False" }),
        _ => Value::Bool(yes),
    }
}

/// Role, issuer and names follow from the kind and the ARN, as they do in life.
fn identity(rng: &mut Rng) -> Value {
    let mut identity = match rng.below(10) {
        0 => json!({"type": "Root", "principalId": "111122223333", "arn": "arn:aws:iam::111122223333:root",
                    "accountId": "111122223333"}),
        1 => json!({"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}),
        2 => json!({"type": "FederatedUser", "principalId": "111122223333:contractor",
                    "arn": "arn:aws:sts::111122223333:federated-user/contractor", "accountId": "111122223333"}),
        3 => json!({"principalId": "AIDAUNTYPED", "accountId": "444455556666", "userName": "say \"hi\""}),
        4 => json!({}),
        5 | 6 => {
            let session = rng.pick(&["alice", "maintenance", "i-0abc", "Büro"]);
            json!({"type": "AssumedRole", "principalId": format!("AROAADMIN:{session}"),
                   "arn": format!("arn:aws:sts::111122223333:assumed-role/Admin/{session}"), "accountId": "111122223333",
                   "sessionContext": {"sessionIssuer": {"type": "Role", "userName": "Admin",
                       "arn": "arn:aws:iam::111122223333:role/path/Admin", "principalId": "AROAADMIN"}}})
        }
        7 => json!({"type": "AssumedRole", "principalId": "AROAOTHER:from-principal",
                    "arn": "arn:aws:sts::444455556666:assumed-role/Other/from-arn", "accountId": "444455556666"}),
        _ => {
            let name = rng.pick(&["alice", "bob", "a *star*", "or"]);
            json!({"type": "IAMUser", "principalId": format!("AIDA{}", name.len()), "userName": name,
                   "arn": format!("arn:aws:iam::111122223333:user/{}", name.replace(' ', "_")),
                   "accountId": "111122223333"})
        }
    };
    if rng.chance(60) {
        identity["accessKeyId"] = rng.pick(KEYS).into();
    }
    if rng.chance(15) {
        identity["invokedBy"] = rng.pick(&["cloudformation.amazonaws.com", "AWS Internal"]).into();
    }
    if rng.chance(40) {
        identity["sessionContext"]["attributes"] = json!({"creationDate": rng.pick(&["2024-03-01T08:00:00Z", "2024-02-29T08:00:00Z"]), "mfaAuthenticated": flag(rng)});
    }
    if rng.chance(15) {
        identity["sessionContext"]["sourceIdentity"] = rng.pick(&["alice", "dana@example.com"]).into();
    }
    identity
}

/// An ARN or a bare name, some of them ending alike.
fn resource(rng: &mut Rng) -> &'static str {
    rng.pick(&[
        "i-0abc",
        "i-0def",
        "default",
        "arn:aws:ec2:us-east-1:111122223333:instance/i-0abc",
        "arn:aws:ecs:us-east-1:111122223333:cluster/default",
        "arn:aws:ecs:us-west-2:111122223333:cluster/default",
        "arn:aws:iam::111122223333:role/path/Admin",
        "arn:aws:s3:::acme-logs",
        "arn:aws:s3:::acme-logs/a/b.txt",
        "arn:aws:lambda:us-east-1:111122223333:function:resize",
    ])
}

fn parameters(rng: &mut Rng) -> Value {
    let text = rng.pick(TEXTS);
    let other = rng.pick(TEXTS);
    let number = format!("#{}#", rng.pick(NUMBERS));
    match rng.below(9) {
        0 => json!({"bucketName": rng.pick(&["acme-logs", "default", "a *star*"]), "key": text}),
        1 => json!({"instancesSet": {"items": [{"instanceId": resource(rng)}, {"instanceId": "i-0def"}]}}),
        2 => json!({"items": [{"name": text, "size": rng.below(30)}, {"name": other}, {"size": 1.5, "name": null}]}),
        3 => json!({"roleArn": "arn:aws:iam::111122223333:role/path/Admin", "dotted.key": text}),
        4 => json!({"nested": {"list": [[text], [other, true]], "empty": [], "object": {}}}),
        7 => json!({"number": number, "nested": {"object": {"n": number, "t": text}, "list": [{"b": 1}, {"b": text}]}}),
        5 => json!({"policy": format!("{{\"Resource\":\"{}\"}}", resource(rng)), "size": rng.below(200).to_string()}),
        6 => json!({"target": resource(rng), "flag": flag(rng), "cidr": rng.pick(&["0.0.0.0/0", "::/0"])}),
        _ => json!({}),
    }
}

fn response(rng: &mut Rng) -> Value {
    match rng.below(6) {
        0 => json!({"credentials": {"accessKeyId": rng.pick(&["ASIAOPSADMIN1EXAMPLE", "ASIAISSUEDEXAMPLE"])}}),
        1 => json!({"accessKey": {"accessKeyId": "AKIADEPLOYBOTEXAMPLE", "userName": "bob"}}),
        2 => json!({"ConsoleLogin": rng.pick(&["Success", "Failure"])}),
        3 => json!({"instancesSet": {"items": [{"instanceId": resource(rng)}]}}),
        4 => json!({"arn": resource(rng)}),
        _ => json!({"_return": true}),
    }
}

fn additional(rng: &mut Rng) -> Value {
    let mut additional = json!({});
    if rng.chance(50) {
        additional["MFAUsed"] = rng.pick(&["Yes", "No"]).into();
    }
    if rng.chance(60) {
        additional["bytesTransferredIn"] = rng.below(40).into();
    }
    if rng.chance(60) {
        additional["bytesTransferredOut"] = match rng.below(3) {
            0 => Value::from(f64::from(rng.below(40) as u32)),
            1 => Value::from(rng.below(40).to_string()),
            _ => Value::from(rng.below(2_000_000)),
        };
    }
    additional
}

fn resources(rng: &mut Rng) -> Value {
    let count = rng.below(4);
    let elements = (0..count).map(|_| {
        let mut element = json!({"ARN": resource(rng), "accountId": rng.pick(ACCOUNTS)});
        if rng.chance(60) {
            element["type"] = rng.pick(&["AWS::S3::Bucket", "AWS::ECS::Cluster", "AWS::EC2::Instance"]).into();
        }
        element
    });
    Value::Array(elements.collect())
}

/// The same JSON with some of its characters written as escapes.
fn spelled(json: &str, rng: &mut Rng) -> String {
    let (unicode, slashes) = (rng.chance(30), rng.chance(20));
    let mut spelled = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '/' if slashes => spelled.push_str("\\/"),
            c if unicode && !c.is_ascii() => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    spelled.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => spelled.push(c),
        }
    }
    spelled
}
