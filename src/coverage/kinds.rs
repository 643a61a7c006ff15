//! Kinds of data events: the calls, the event source and the resource type that selectors name them by.
//!
//! Sources: the AWS CloudTrail User Guide, "Logging data events"; the Amazon S3 User Guide, "Amazon S3 CloudTrail events";
//! the Amazon DynamoDB Developer Guide, "Logging DynamoDB operations by using AWS CloudTrail".

/// Calls that were data events before records said which they are (eventVersion 1.06 brought managementEvent, 1.07
/// eventCategory): those on S3 objects and Lambda's Invoke were the only ones then.
pub(crate) const EARLY_DATA_EVENTS: [(&str, &[&str]); 2] = [
    (
        "s3.amazonaws.com",
        &[
            "AbortMultipartUpload",
            "CompleteMultipartUpload",
            "CopyObject",
            "CreateMultipartUpload",
            "DeleteObject",
            "DeleteObjectTagging",
            "DeleteObjects",
            "GetObject",
            "GetObjectAcl",
            "GetObjectTagging",
            "GetObjectTorrent",
            "HeadObject",
            "ListParts",
            "PutObject",
            "PutObjectAcl",
            "PutObjectTagging",
            "RestoreObject",
            "SelectObjectContent",
            "UploadPart",
            "UploadPartCopy",
        ],
    ),
    ("lambda.amazonaws.com", &["Invoke"]),
];

/// Further calls that are data events.
const LATER_DATA_EVENTS: [(&str, &[&str]); 3] = [
    (
        "s3.amazonaws.com",
        &[
            "GetObjectAttributes",
            "GetObjectLegalHold",
            "GetObjectRetention",
            "ListMultipartUploads",
            "ListObjectVersions",
            "ListObjects",
            "PutObjectLegalHold",
            "PutObjectRetention",
        ],
    ),
    (
        "dynamodb.amazonaws.com",
        &[
            "BatchGetItem",
            "BatchWriteItem",
            "DeleteItem",
            "GetItem",
            "PutItem",
            "Query",
            "Scan",
            "TransactGetItems",
            "TransactWriteItems",
            "UpdateItem",
        ],
    ),
    ("lambda.amazonaws.com", &["InvokeAsync"]),
];

/// Resource types whose event source is not the service of their name.
const SOURCES: &[(&str, &str)] = &[
    ("AWS::Cassandra::", "cassandra"),
    ("AWS::CloudTrail::Channel", "cloudtrail-data"),
    ("AWS::KendraRanking::", "kendra-ranking"),
    ("AWS::S3Express::", "s3express"),
    ("AWS::S3ObjectLambda::", "s3-object-lambda"),
    ("AWS::S3Outposts::", "s3-outposts"),
    ("AWS::SSMMessages::", "ssmmessages"),
];

/// Returns the event source of a data event by the name of the call; `source` limits it to one.
pub(crate) fn data_kind_of_call(name: &str, source: Option<&str>) -> Option<&'static str> {
    let all = EARLY_DATA_EVENTS.iter().chain(&LATER_DATA_EVENTS);
    let mut found = all.filter(|(of, names)| source.is_none_or(|source| source == *of) && names.contains(&name));
    found.next().map(|(of, _)| *of)
}

/// Reports whether calls of an event source are known to be data events.
pub(crate) fn has_data_events(source: &str) -> bool {
    EARLY_DATA_EVENTS.iter().chain(&LATER_DATA_EVENTS).any(|(of, _)| *of == source)
}

/// Returns the event sources of the data events that SQL names as texts, such as `'GetObject'`.
pub(crate) fn sources_named_in(sql: &str) -> Vec<String> {
    let names = |names: &[&str]| names.iter().any(|name| sql.contains(&format!("'{name}'")));
    let all = EARLY_DATA_EVENTS.iter().chain(&LATER_DATA_EVENTS);
    let mut sources: Vec<String> = all.filter(|(_, all)| names(all)).map(|(source, _)| (*source).to_owned()).collect();
    sources.sort_unstable();
    sources.dedup();
    sources
}

/// Returns the event source of a resource type of selectors: `AWS::S3::Object` is `s3.amazonaws.com`; empty for any type.
pub(crate) fn source_of_resource_type(kind: &str) -> String {
    let known = SOURCES.iter().find(|(prefix, _)| kind.starts_with(prefix)).map(|(_, service)| (*service).to_owned());
    let service = known.or_else(|| kind.split("::").nth(1).map(str::to_lowercase));
    service.map_or_else(String::new, |service| format!("{service}.amazonaws.com"))
}

/// Returns the name of data events of a source in a sentence.
pub(crate) fn in_words(source: &str) -> String {
    match source {
        "" => "data events".to_owned(),
        "s3.amazonaws.com" => "S3 object events".to_owned(),
        source => format!("data events of {}", source.strip_suffix(".amazonaws.com").unwrap_or(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::{data_kind_of_call, has_data_events, in_words, source_of_resource_type, sources_named_in};

    #[test]
    fn data_events_are_known_by_name_and_source() {
        assert_eq!(data_kind_of_call("GetObject", None), Some("s3.amazonaws.com"));
        assert_eq!(data_kind_of_call("Query", None), Some("dynamodb.amazonaws.com"));
        assert_eq!(data_kind_of_call("GetObject", Some("ec2.amazonaws.com")), None);
        assert_eq!(data_kind_of_call("RunInstances", None), None);
        assert_eq!(
            sources_named_in("name IN ('GetItem', 'GetObject')"),
            ["dynamodb.amazonaws.com", "s3.amazonaws.com"]
        );
        assert!(sources_named_in("GetObject").is_empty());
        assert!(has_data_events("lambda.amazonaws.com") && !has_data_events("iam.amazonaws.com"));
    }

    #[test]
    fn resource_types_have_an_event_source() {
        assert_eq!(source_of_resource_type("AWS::S3::Object"), "s3.amazonaws.com");
        assert_eq!(source_of_resource_type("AWS::S3Outposts::Object"), "s3-outposts.amazonaws.com");
        assert_eq!(source_of_resource_type("AWS::DynamoDB::Table"), "dynamodb.amazonaws.com");
        assert_eq!(source_of_resource_type(""), "");
        assert_eq!(in_words("s3.amazonaws.com"), "S3 object events");
        assert_eq!(in_words("lambda.amazonaws.com"), "data events of lambda");
    }
}
