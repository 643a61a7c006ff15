//! An unvalidated request: the members of LookupEvents (`guide/internals/formats.md`, 4), each of the right type.

use serde_json::Value;

use super::error::{ErrorKind, RequestError};
use super::times;
use crate::diagnostic::nearest;

/// The key of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "AWS's own names")]
pub(crate) enum AttributeKey {
    EventId,
    EventName,
    ReadOnly,
    Username,
    ResourceType,
    ResourceName,
    EventSource,
    AccessKeyId,
}

impl AttributeKey {
    /// Every attribute, in AWS's order.
    pub(crate) const ALL: [AttributeKey; 8] = [
        AttributeKey::EventId,
        AttributeKey::EventName,
        AttributeKey::ReadOnly,
        AttributeKey::Username,
        AttributeKey::ResourceType,
        AttributeKey::ResourceName,
        AttributeKey::EventSource,
        AttributeKey::AccessKeyId,
    ];

    /// Returns AWS's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            AttributeKey::EventId => "EventId",
            AttributeKey::EventName => "EventName",
            AttributeKey::ReadOnly => "ReadOnly",
            AttributeKey::Username => "Username",
            AttributeKey::ResourceType => "ResourceType",
            AttributeKey::ResourceName => "ResourceName",
            AttributeKey::EventSource => "EventSource",
            AttributeKey::AccessKeyId => "AccessKeyId",
        }
    }

    /// Parses a name, with case, as AWS does.
    pub(super) fn read(name: &str) -> Result<AttributeKey, RequestError> {
        AttributeKey::ALL.into_iter().find(|key| key.name() == name).ok_or_else(|| {
            let names = AttributeKey::ALL.map(AttributeKey::name);
            let suggestion = match nearest(name, names).first() {
                Some(near) => format!("; did you mean {near}?"),
                None => String::new(),
            };
            let message = format!("AttributeKey is one of {}, not `{name}`{suggestion}", names.join(", "));
            RequestError::new(ErrorKind::LookupAttributes, message)
        })
    }
}

/// An attribute and its whole value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// The key.
    pub key: AttributeKey,
    /// The value, matched whole and with case.
    pub value: String,
}

/// An unvalidated request.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Request {
    /// `LookupAttributes`: all of them must match.
    pub attributes: Vec<Attribute>,
    /// `StartTime` in Unix seconds, inclusive.
    pub start: Option<i64>,
    /// `EndTime` in Unix seconds, inclusive.
    pub end: Option<i64>,
    /// `EventCategory`.
    pub category: Option<String>,
    /// `MaxResults`: the events of a page.
    pub max_results: Option<i64>,
    /// `NextToken` of an earlier answer.
    pub next_token: Option<String>,
    /// The Region, which is not a member of a request; `None` is every Region.
    pub region: Option<String>,
}

impl Attribute {
    /// Parses an element of `LookupAttributes`.
    pub(super) fn from_value(element: &Value) -> Result<Attribute, RequestError> {
        let text = |member: &str| match element.get(member) {
            Some(Value::String(text)) => Ok(text.clone()),
            _ => {
                let message = format!(
                    "a lookup attribute has an AttributeKey and an AttributeValue, both text: this one has no {member}"
                );
                Err(RequestError::new(ErrorKind::LookupAttributes, message))
            }
        };
        Ok(Attribute { key: AttributeKey::read(&text("AttributeKey")?)?, value: text("AttributeValue")? })
    }
}

impl Request {
    /// AWS's names of the members.
    pub(crate) const MEMBERS: [&str; 6] =
        ["LookupAttributes", "StartTime", "EndTime", "EventCategory", "MaxResults", "NextToken"];

    /// Parses the body of a request in AWS JSON 1.1. An empty body selects everything; members that the API does not
    /// have are ignored, as AWS does.
    ///
    /// # Errors
    /// The body is not a JSON object, or a member has the wrong type.
    pub(crate) fn from_json(body: &[u8]) -> Result<Request, RequestError> {
        let body = if body.trim_ascii().is_empty() { b"{}" } else { body };
        let body: Value =
            serde_json::from_slice(body).map_err(|error| unfit(&format!("the body is not JSON: {error}")))?;
        let Value::Object(body) = body else { return Err(unfit("the body is not a JSON object")) };
        let member = |name: &str| body.get(name).filter(|value| !value.is_null());
        let text = |name: &str| match member(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(unfit(&format!("{name} is text"))),
        };
        let attributes = match member("LookupAttributes") {
            None => Vec::new(),
            Some(Value::Array(list)) => list.iter().map(Attribute::from_value).collect::<Result<_, _>>()?,
            Some(_) => return Err(unfit("LookupAttributes is a list")),
        };
        let whole = |value: &Value| value.as_i64().ok_or_else(|| unfit("MaxResults is a whole number"));
        Ok(Request {
            attributes,
            // Fractions: the first whole second not before the start, the last not after the end.
            start: member("StartTime").map(|time| seconds("StartTime", time, f64::ceil)).transpose()?,
            end: member("EndTime").map(|time| seconds("EndTime", time, f64::floor)).transpose()?,
            category: text("EventCategory")?,
            max_results: member("MaxResults").map(whole).transpose()?,
            next_token: text("NextToken")?,
            region: None,
        })
    }
}

/// Returns the error of an invalid body.
fn unfit(message: &str) -> RequestError {
    RequestError::new(ErrorKind::Serialization, message)
}

/// Parses a time in a body: Unix seconds as a number, which every SDK sends, or a text.
fn seconds(member: &str, time: &Value, round: fn(f64) -> f64) -> Result<i64, RequestError> {
    let number = match time {
        // Beyond years of four digits: `check` rejects it.
        Value::Number(number) => number.as_f64().map(|seconds| round(seconds) as i64),
        Value::String(text) => times::time(text),
        _ => None,
    };
    number.ok_or_else(|| {
        unfit(&format!("{member} is a number of seconds since 1970 or a time such as 2024-03-01T09:00:00Z"))
    })
}

#[cfg(test)]
mod tests {
    use super::{Attribute, AttributeKey, ErrorKind, Request};

    #[test]
    fn every_member_is_read() {
        let body =
            br#"{"LookupAttributes":[{"AttributeKey":"Username","AttributeValue":"root"}],"StartTime":1770595200,
            "EndTime":1.7707176E9,"MaxResults":5,"NextToken":"t","EventCategory":"insight","New":[]}"#;
        let expected = Request {
            attributes: vec![Attribute { key: AttributeKey::Username, value: "root".to_owned() }],
            start: Some(1_770_595_200),
            end: Some(1_770_717_600),
            category: Some("insight".to_owned()),
            max_results: Some(5),
            next_token: Some("t".to_owned()),
            region: None,
        };
        assert_eq!(Request::from_json(body).unwrap(), expected);
        assert_eq!(Request::from_json(b" \n").unwrap(), Request::default());
        assert_eq!(Request::from_json(br#"{"StartTime":null,"LookupAttributes":null}"#).unwrap(), Request::default());
    }

    #[test]
    fn fractions_of_a_second_never_widen_the_period() {
        let request = Request::from_json(br#"{"StartTime":10.2,"EndTime":10.8}"#).unwrap();
        assert_eq!((request.start, request.end), (Some(11), Some(10)));
        let request = Request::from_json(br#"{"StartTime":"1970-01-01T00:00:10Z","EndTime":1e300}"#).unwrap();
        assert_eq!((request.start, request.end), (Some(10), Some(i64::MAX)));
    }

    #[test]
    fn mistakes_have_aws_s_names() {
        for (body, kind, said) in [
            ("[", ErrorKind::Serialization, "the body is not JSON: "),
            ("[]", ErrorKind::Serialization, "the body is not a JSON object"),
            (r#"{"MaxResults":"5"}"#, ErrorKind::Serialization, "MaxResults is a whole number"),
            (r#"{"MaxResults":1.5}"#, ErrorKind::Serialization, "MaxResults is a whole number"),
            (r#"{"NextToken":1}"#, ErrorKind::Serialization, "NextToken is text"),
            (r#"{"EventCategory":[]}"#, ErrorKind::Serialization, "EventCategory is text"),
            (r#"{"LookupAttributes":{}}"#, ErrorKind::Serialization, "LookupAttributes is a list"),
            (r#"{"LookupAttributes":[7]}"#, ErrorKind::LookupAttributes, "no AttributeKey"),
            (r#"{"StartTime":"yesterday"}"#, ErrorKind::Serialization, "StartTime is a number"),
            (r#"{"EndTime":true}"#, ErrorKind::Serialization, "EndTime is a number"),
            (
                r#"{"LookupAttributes":[{"AttributeKey":"EventName"}]}"#,
                ErrorKind::LookupAttributes,
                "no AttributeValue",
            ),
            (r#"{"LookupAttributes":[{"AttributeValue":"a"}]}"#, ErrorKind::LookupAttributes, "no AttributeKey"),
            (
                r#"{"LookupAttributes":[{"AttributeKey":"username","AttributeValue":"a"}]}"#,
                ErrorKind::LookupAttributes,
                "did you mean Username?",
            ),
        ] {
            let error = Request::from_json(body.as_bytes()).unwrap_err();
            assert_eq!(error.kind, kind, "{body}");
            assert!(error.message.contains(said), "{body}: {}", error.message);
        }
    }
}
