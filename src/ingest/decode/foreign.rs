//! Data of other kinds: the marks by which it is recognized, so that it is named and never stored.

use std::borrow::Cow;
use std::collections::BTreeMap;

use memchr::memmem;
use serde::de::IgnoredAny;

use crate::fields::RECORD_FIELDS;
use crate::file_magic;
use crate::ingest::decode::sink::Decoded;
use crate::ingest::record::lenient::Scalar;
use crate::ingest::record::raw::RawRecord;

/// The bytes of a value that are searched for marks.
const SEARCHED: usize = 64 << 10;
/// The longest part of an unknown content that a reason quotes.
const QUOTED: usize = 120;
/// The longest code that a reason quotes from an error page.
const MAX_CODE: usize = 64;

/// The reasons why an object with the keys of a record is not one.
const WITHOUT_TIME: &str =
    "is not a CloudTrail record: outside CloudTrail's files it needs an eventTime or an eventSource";
const OF_ANOTHER_SYSTEM: &str = "is not a CloudTrail record: its fields are those of another system's events";

/// Kinds of JSON: each has all of its marks.
const JSON_KINDS: &[(&[&str], &str)] = &[
    (&["\"aws:s3\""], "is an Amazon S3 event notification"),
    (&["\"ObjectCreated:"], "is an Amazon S3 event notification"),
    (&["\"s3:Object"], "is an Amazon S3 event notification"),
    (&["\"s3:TestEvent\""], "is an Amazon S3 event notification"),
    (&["\"aws:kinesis\""], "is a Kinesis event without a CloudTrail record"),
    (&["\"aws:sqs\""], "is an SQS event without a CloudTrail record"),
    (&["\"aws:sns\""], "is an SNS event without a CloudTrail record"),
    (&["\"aws:dynamodb\""], "is a DynamoDB stream event"),
    (&["\"configurationItems\""], "is an AWS Config file"),
    (&["\"configurationItem\""], "is an AWS Config file"),
    (&["\"configSnapshotId\""], "is an AWS Config file"),
    (&["\"aws.guardduty\""], "is a GuardDuty finding"),
    (&["\"serviceName\"", "\"guardduty\""], "is a GuardDuty finding"),
    (&["\"webaclId\""], "is an AWS WAF log"),
    (&["\"query_name\"", "\"query_timestamp\""], "is a Route 53 Resolver query log"),
    (&["\"srcaddr\"", "\"dstaddr\""], "is a VPC flow log"),
    (&["\"ProductArn\"", "\"AwsAccountId\""], "is a Security Hub finding"),
    (&["\"operationName\"", "\"resourceId\""], "is an Azure activity log"),
    (&["\"operationName\"", "\"tenantId\""], "is an Azure activity log"),
    (&["\"eventDataId\""], "is an Azure activity log"),
    (&["\\\"s3ObjectKey\\\""], "is a notification of a delivery, without its records"),
    (&["\"s3ObjectKey\""], "is a notification of a delivery, without its records"),
    (&["\"protoPayload\"", "\"logName\""], "is a Google Cloud audit log"),
];

/// Kinds of binary files, by their first bytes.
const MAGICS: &[(&[u8], &str)] = &[
    (b"\xff\xfe", "is UTF-16 text; save it as UTF-8"),
    (b"\xfe\xff", "is UTF-16 text; save it as UTF-8"),
    (file_magic::SQLITE, "is a SQLite database; where it is a case, `trailq merge` takes it in"),
    (file_magic::PARQUET, "is a Parquet file"),
    (b"ORC", "is an ORC file"),
    (b"Obj\x01", "is an Avro file"),
    (b"%PDF-", "is a PDF document"),
    (b"\x89PNG", "is a picture"),
    (b"\xff\xd8\xff", "is a picture"),
    (b"\x7fELF", "is a program"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7z archive; unpack it first"),
    (b"Rar!\x1a\x07", "is a RAR archive; unpack it first"),
];

/// Names the kind of logs or events of another service that begin with these bytes, if it is a known one.
pub(crate) fn kind(first: &[u8]) -> Option<&'static str> {
    let first = &first[..first.len().min(SEARCHED)];
    match first.iter().find(|byte| !byte.is_ascii_whitespace())? {
        b'{' | b'[' => {
            let has = |mark: &&str| memmem::find(first, mark.as_bytes()).is_some();
            JSON_KINDS.iter().find(|(marks, _)| marks.iter().all(has)).map(|(_, kind)| *kind)
        }
        _ => text_kind(std::str::from_utf8(first.get(..first.len().min(QUOTED * 8))?).ok()?),
    }
}

/// Names the kind of a text log by its first line.
fn text_kind(text: &str) -> Option<&'static str> {
    let line = text.lines().find(|line| !line.trim().is_empty())?;
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let word = |index: usize| words.get(index).copied().unwrap_or_default();
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_time = |word: &str| word.len() >= 19 && word.get(..4).is_some_and(is_number) && word.contains('T');
    let is_header = ["srcaddr", "pkt-srcaddr", "interface-id"].iter().any(|name| words.contains(name));
    if is_header || words.iter().take(4).any(|word| word.starts_with("eni-")) {
        return Some("is a VPC flow log");
    }
    let is_balancer = |word: &str| ["app/", "net/", "gwy/"].iter().any(|kind| word.starts_with(kind));
    if is_balancer(word(2)) || is_balancer(word(3)) {
        return Some("is a load balancer's access log");
    }
    let has_request = words.iter().skip(8).take(6).any(|word| word.starts_with('"'));
    if is_time(word(0)) && word(2).contains(':') && has_request {
        return Some("is a load balancer's access log");
    }
    if word(0) == "1.0" && is_time(word(1)) && word(2).starts_with('Z') {
        return Some("is a Route 53 query log");
    }
    if line.starts_with("#Version:") || line.starts_with("#Fields:") {
        return Some("is a CloudFront access log");
    }
    if word(0).len() == 64 && word(2).starts_with('[') {
        return Some("is an Amazon S3 access log");
    }
    None
}

/// Returns the result of content that cannot be read, by its first bytes.
pub(crate) fn undecoded(first: &[u8]) -> Decoded {
    kind(first).map_or_else(|| Decoded::SomethingElse(describe(first)), Decoded::Foreign)
}

/// Says what content that cannot be read looks like, by its first bytes.
fn describe(first: &[u8]) -> Cow<'static, str> {
    if let Some((_, kind)) = MAGICS.iter().find(|(magic, _)| first.starts_with(magic)) {
        return Cow::Borrowed(kind);
    }
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first).trim_ascii_start();
    if text.is_empty() {
        return Cow::Borrowed(if first.is_empty() { "is empty" } else { "begins with nothing but white space" });
    }
    if let Some(code) = error_code(text) {
        return Cow::Owned(format!("is an error page, <Code>{code}</Code>"));
    }
    if text.starts_with(b"<") {
        return Cow::Borrowed("is XML or HTML");
    }
    let sample = &text[..text.len().min(QUOTED * 4)];
    let controls = sample.iter().filter(|byte| matches!(byte, 0..=8 | 14..=31)).count();
    if controls * 20 > sample.len() {
        return Cow::Borrowed("is binary data, perhaps encrypted");
    }
    Cow::Borrowed("is neither JSON nor a CSV download, and no archive or compressed file of them")
}

/// Says what JSON of no known kind and without a record is, by its first value and the reason why that is not a record.
pub(crate) fn describe_json(first: &[u8], reason: &str) -> Cow<'static, str> {
    if let Some(kind) = [WITHOUT_TIME, OF_ANOTHER_SYSTEM].into_iter().find(|known| *known == reason) {
        return Cow::Borrowed(kind);
    }
    match std::str::from_utf8(first) {
        Ok(text) if (1..=QUOTED).contains(&text.len()) => {
            Cow::Owned(format!("is JSON without a CloudTrail record: {text}"))
        }
        _ => Cow::Borrowed("is JSON without a CloudTrail record"),
    }
}

/// Returns the code that an error page of S3 has.
fn error_code(page: &[u8]) -> Option<&str> {
    let start = memmem::find(page, b"<Code>")? + b"<Code>".len();
    let rest = page.get(start..)?;
    let code = rest.get(..memmem::find(rest, b"</Code>")?)?;
    std::str::from_utf8(code).ok().filter(|code| code.len() <= MAX_CODE)
}

/// Names what an object is that has the keys of a record and is an event of another service: it has an `eventSource`
/// such as `aws:s3`.
pub(crate) fn notification(record: &RawRecord<'_>) -> Option<&'static str> {
    let Scalar::Text(source) = &record.event_source else { return None };
    // Other systems with S3's interface write their own name in place of `aws`.
    let (_, service) = source.split_once(':')?;
    Some(match service {
        "s3" => "is an Amazon S3 event notification, not a CloudTrail record",
        "kinesis" => "is a Kinesis event without a CloudTrail record",
        "sqs" => "is an SQS event without a CloudTrail record",
        "sns" => "is an SNS event without a CloudTrail record",
        "dynamodb" => "is a DynamoDB stream event, not a CloudTrail record",
        _ => "is an event of a Lambda function's source, not a CloudTrail record",
    })
}

/// Says why an object of unknown origin is not a record, though it has the keys of one. Its own wrappings vouch for a
/// record; an object alone also needs an `eventTime` or an `eventSource`, and if it has none of the fields that every
/// record of AWS has, it must not have fields of another system, as the events of web analytics do.
pub(crate) fn refusal(record: &RawRecord<'_>, bytes: &[u8]) -> Option<&'static str> {
    let has_time = record.event_time.is_present() || record.window.start.is_present();
    if !has_time && !record.event_source.is_present() && !record.insight.event_source.is_present() {
        return Some(WITHOUT_TIME);
    }
    let has_source = matches!(&record.event_source, Scalar::Text(source) if source.contains(".amazonaws.com"));
    if has_source || record.aws_region.is_present() || record.identity.is_some() {
        return None;
    }
    let is_text = |value: &Scalar<'_>| matches!(value, Scalar::Text(_) | Scalar::Absent);
    let is_service = match &record.event_source {
        Scalar::Text(source) => source.contains('.'),
        other => !other.is_present(),
    };
    if (is_text(&record.event_time) || record.event_version.is_present())
        && is_service
        && keys(bytes).iter().all(|key| RECORD_FIELDS.contains(&key.as_str()) || key.starts_with('@'))
    {
        return None;
    }
    Some(OF_ANOTHER_SYSTEM)
}

fn keys(object: &[u8]) -> Vec<String> {
    serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(object).unwrap_or_default().into_keys().collect()
}

#[cfg(test)]
mod tests {
    use super::{describe, describe_json, kind};

    #[test]
    fn known_kinds_are_named() {
        for (first, expected) in [
            (r#"{"fileVersion":"1.0","configurationItems":[]}"#, "AWS Config"),
            (r#"{"schemaVersion":"2.0","service":{"serviceName":"guardduty"}}"#, "GuardDuty"),
            (r#"{"timestamp":1,"formatVersion":1,"webaclId":"arn"}"#, "WAF"),
            (r#"{"version":"1.1","query_timestamp":"2024","query_name":"example.com."}"#, "Resolver"),
            (r#"{"records":[{"operationName":"MICROSOFT.X/WRITE","resourceId":"/SUBSCRIPTIONS/1"}]}"#, "Azure"),
            (r#"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#, "S3 event notification"),
            ("version account-id interface-id srcaddr dstaddr srcport\n2 1 eni-1", "VPC flow log"),
            ("2 123456789012 eni-0a1b2c3d 10.0.0.1 10.0.0.2 443 49152 6 10 840 1 2 ACCEPT OK", "VPC flow log"),
            ("https 2024-03-01T09:00:00.1Z app/web/50dc6c495c0c9188 192.0.2.1:2817 10.0.0.1:80", "load balancer"),
            ("tls 2.0 2024-03-01T09:00:00 net/web/50dc6c495c0c9188 g3d4b5e8bb8464cd 192.0.2.1:2817", "load balancer"),
            (
                "2024-03-01T09:00:00.943958Z web 192.0.2.1:2817 10.0.0.1:80 0.1 0.1 0.1 200 200 0 29 \"GET http://e/ HTTP/1.1\"",
                "load balancer",
            ),
            (r#"{"Message":"{\"s3Bucket\":\"b\",\"s3ObjectKey\":[\"k\"]}"}"#, "notification of a delivery"),
            ("1.0 2024-03-01T09:00:00.1Z Z123412341234 example.com A NOERROR UDP", "Route 53"),
            ("#Version: 1.0\n#Fields: date time", "CloudFront"),
        ] {
            assert!(kind(first.as_bytes()).is_some_and(|kind| kind.contains(expected)), "{first}: {expected}");
        }
        for first in ["", "{", "plain text", "{\"a\":1}", "2024-03-01T09:00:00Z hello", "\u{e9}"] {
            assert_eq!(kind(first.as_bytes()), None, "{first}");
        }
    }

    #[test]
    fn unknown_content_is_described_by_what_it_shows() {
        let page = b"<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
        assert_eq!(describe(page), "is an error page, <Code>AccessDenied</Code>");
        assert_eq!(describe(b"<html>"), "is XML or HTML");
        assert_eq!(describe(&[0x29, 3, 1, 0xc3, 2, 7, 0x90, 5]), "is binary data, perhaps encrypted");
        assert_eq!(describe(b""), "is empty");
        assert_eq!(describe(b" \n"), "begins with nothing but white space");
        assert_eq!(
            describe_json(br#"{"message":"Forbidden"}"#, ""),
            r#"is JSON without a CloudTrail record: {"message":"Forbidden"}"#
        );
        assert_eq!(describe_json(&[b' '; 500], ""), "is JSON without a CloudTrail record");
    }
}
