//! The shapes of CloudTrail's own values. A value with the expected shape of its field identifies nobody and is kept;
//! any other value is searched as text.

use std::sync::LazyLock;

use regex::Regex;

use super::kind::{ACCOUNT_DIGITS, Kind};
use super::words;
use crate::pattern::literal;

/// The other changes of a redacted snapshot, as its provenance lists them.
pub(crate) const LACKS: [&str; 2] = ["bytes of rejects: dropped", "SHA-256 of files: keyed"];

/// A shape of CloudTrail's own values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Shape {
    /// A UUID, or a hexadecimal id that cannot contain an account: with letters, and fewer than twelve digits in a row.
    Id,
    /// `1.08`, `2015-03-31`, `20140328`, `2012_10_17`, `v1`.
    Version,
    /// A time as records spell it.
    Time,
    /// `eu-central-1`.
    Region,
    /// The DNS name of a service: `ec2.amazonaws.com`.
    Service,
    /// A word of CloudTrail or an API: `RunInstances`, `AwsApiCall`, `Client.UnauthorizedOperation`.
    Word,
    /// `true` or `false`.
    Flag,
    /// A type of resources: `AWS::S3::Bucket`.
    ResourceType,
    /// A phrase or a path of such words, as in trailq's own reports: `is not a time`.
    Phrase,
    /// The list of replaced kinds in a provenance.
    Redactions,
    /// The id of a step of a case's provenance: 32 hexadecimal digits.
    Provenance,
}

/// `h` is a hexadecimal digit, `d` a decimal one.
const UUID: &str = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";
/// The usual form of times.
const USUAL_TIME: &str = "dddd-dd-ddTdd:dd:ddZ";
static HEXADECIMAL: LazyLock<Regex> = LazyLock::new(|| literal("^[0-9A-Fa-f]{16,128}$"));
static VERSION: LazyLock<Regex> = LazyLock::new(|| {
    literal(r"^(?:v?[0-9]{1,3}(?:\.[0-9]{1,3}){0,2}|(?:19|20)[0-9]{2}([-_]?)(?:0[1-9]|1[0-2])[-_]?[0-3][0-9])$")
});
static TIME: LazyLock<Regex> = LazyLock::new(|| {
    literal(
        r"^[0-9]{4}-?[0-9]{2}-?[0-9]{2}[T ][0-9]{2}:?[0-9]{2}(?::?[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?$",
    )
});
static REGION: LazyLock<Regex> = LazyLock::new(|| {
    let parts =
        "gov|iso|isob|isoe|isof|north|south|east|west|central|northeast|northwest|southeast|southwest|global|de";
    literal(&format!("^(?:[a-z]{{2}}|eusc)(?:-(?:{parts}))+-[0-9]{{1,2}}$|^(?:aws-)?global$"))
});
static SERVICE: LazyLock<Regex> =
    LazyLock::new(|| literal(r"^([a-z0-9]+(?:[.-][a-z0-9]+)*)\.amazonaws\.com(?:\.cn)?$"));
static RESOURCE_TYPE: LazyLock<Regex> = LazyLock::new(|| literal("^AWS(?:::[A-Za-z0-9]+)+$"));

impl Shape {
    /// Reports whether a value has the shape.
    pub(crate) fn fits(self, value: &str) -> bool {
        match self {
            Shape::Id => {
                let longest = || value.split(|c: char| c.is_ascii_alphabetic()).map(str::len).max();
                is_like(value, UUID) || (HEXADECIMAL.is_match(value) && longest() < Some(ACCOUNT_DIGITS))
            }
            Shape::Version => VERSION.is_match(value),
            Shape::Time => is_like(value, USUAL_TIME) || TIME.is_match(value),
            Shape::Region => REGION.is_match(value),
            Shape::Service => SERVICE
                .captures(value)
                .is_some_and(|parts| parts.get(1).is_some_and(|host| host.as_str().split('.').all(is_host_label))),
            Shape::Word => {
                let is_part =
                    |part: &str| part.starts_with(|c: char| c.is_ascii_uppercase()) && words::is_identifier(part);
                value.split('.').all(is_part)
            }
            Shape::Flag => matches!(value, "true" | "false"),
            Shape::ResourceType => RESOURCE_TYPE.is_match(value) && value.split("::").all(words::is_identifier),
            Shape::Redactions => {
                let is_category =
                    |name: &String| Kind::ALL.iter().any(|kind| kind.name() == name) || LACKS.contains(&name.as_str());
                serde_json::from_str::<Vec<String>>(value).is_ok_and(|all| all.iter().all(is_category))
            }
            Shape::Provenance => {
                value.len() == 32 && value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            }
            Shape::Phrase => {
                value.split([' ', '-', '.']).all(|word| matches!(word, "neither" | "nor") || words::is_identifier(word))
            }
        }
    }
}

/// Reports whether a value matches a template. This is several times cheaper than a regular expression.
fn is_like(value: &str, template: &str) -> bool {
    let fits = |(byte, wanted): (u8, u8)| match wanted {
        b'h' => byte.is_ascii_hexdigit(),
        b'd' => byte.is_ascii_digit(),
        other => byte == other,
    };
    value.len() == template.len() && value.bytes().zip(template.bytes()).all(fits)
}

/// Reports whether a text is a label of a service's DNS name: words, or a Region.
fn is_host_label(label: &str) -> bool {
    Shape::Region.fits(label) || label.split('-').all(|part| part.len() < 3 || words::is_identifier(part))
}

/// Top-level fields whose values are CloudTrail's own, with their shapes.
const OWN_FIELDS: &[(&str, &[Shape])] = &[
    ("eventVersion", &[Shape::Version]),
    ("eventTime", &[Shape::Time]),
    ("eventSource", &[Shape::Service]),
    ("eventName", &[Shape::Word]),
    ("awsRegion", &[Shape::Region]),
    ("eventID", &[Shape::Id]),
    ("eventId", &[Shape::Id]),
    ("eventType", &[Shape::Word]),
    ("eventCategory", &[Shape::Word]),
    ("sharedEventID", &[Shape::Id]),
    ("requestID", &[Shape::Id]),
    ("apiVersion", &[Shape::Version]),
    ("errorCode", &[Shape::Word]),
    ("readOnly", &[Shape::Flag]),
    ("managementEvent", &[Shape::Flag]),
    ("sessionCredentialFromConsole", &[Shape::Flag]),
];

/// Fields that contain event ids. They are rewritten like the column and the notes that refer to them.
pub(super) const EVENT_ID_FIELDS: &[&str] = &["eventID", "eventId", "sharedEventID"];

/// Returns the shapes of a top-level field; none if it may contain any text.
pub(super) fn of_field(field: &str) -> &'static [Shape] {
    OWN_FIELDS.iter().find(|(name, _)| *name == field).map_or(&[], |(_, shapes)| shapes)
}

/// Reports whether a value has any of the shapes. `is_name` reports whether a word is a name, which a word of an
/// API may be: the role `DeployRole` is one, and not an operation.
pub(super) fn any_fits(shapes: &[Shape], value: &str, is_name: impl Fn(&str) -> bool) -> bool {
    let stays = |word: &str| !is_name(word) || words::is_cloudtrail_word(word);
    shapes.iter().any(|shape| shape.fits(value) && (*shape != Shape::Word || value.split('.').all(stays)))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::{HEXADECIMAL, REGION, RESOURCE_TYPE, SERVICE, Shape, TIME, VERSION};

    #[test]
    fn every_pattern_compiles() {
        for pattern in [&HEXADECIMAL, &VERSION, &TIME, &REGION, &SERVICE, &RESOURCE_TYPE] {
            LazyLock::force(pattern);
        }
    }

    #[test]
    fn shapes_match_cloudtrail_values_and_no_personal_names() {
        let fits = [
            (Shape::Id, &["00000000-0000-0000-0000-111122223333", "1CF5E4A3B7D90F26"][..]),
            (Shape::Version, &["1.08", "1.0", "2015-03-31", "20140328", "2012_10_17", "v1"]),
            (
                Shape::Time,
                &["2024-03-01T23:05:00Z", "2024-03-01T23:05:00.123Z", "20240301T2305Z", "2024-03-01 23:05:00+01:00"],
            ),
            (
                Shape::Region,
                &["us-east-1", "us-gov-west-1", "ap-northeast-3", "us-isob-east-1", "eusc-de-east-1", "global"],
            ),
            (
                Shape::Service,
                &["ec2.amazonaws.com", "replicator.lambda.amazonaws.com", "s3.cn-north-1.amazonaws.com.cn"],
            ),
            (Shape::Word, &["ConsoleLogin", "AwsApiCall", "Client.UnauthorizedOperation", "CreateFunction20150331"]),
            (Shape::ResourceType, &["AWS::S3::Bucket"]),
            (
                Shape::Redactions,
                &[r#"["accounts","keys","ips","users","arns","bytes of rejects: dropped","SHA-256 of files: keyed"]"#],
            ),
            (Shape::Phrase, &["is not a time", "is neither true nor false", "records", "lookup-events"]),
        ];
        for (shape, values) in fits {
            for value in values {
                assert!(shape.fits(value), "{shape:?} {value}");
            }
        }
        let shapes = [
            Shape::Id,
            Shape::Version,
            Shape::Time,
            Shape::Region,
            Shape::Service,
            Shape::Word,
            Shape::Flag,
            Shape::ResourceType,
            Shape::Phrase,
            Shape::Redactions,
            Shape::Provenance,
        ];
        for value in [
            "alice",
            "Alice",
            "111122223333",
            "1111-2222-3333",
            "203.0.113.7",
            "2600:1f18::7",
            "AKIAIOSFODNN7EXAMPLE",
            "arn:aws:iam::111122223333:user/alice",
            "us-alice-1",
            "alice.amazonaws.com",
            "AWS::Alice::Thing",
            "GetAlice",
            "Client.Alice",
            "is not alice",
            "",
            "eu-central-1-alice",
            "0000111122223333",
            "abcde111122223333f",
        ] {
            for shape in shapes {
                assert!(!shape.fits(value), "{shape:?} {value}");
            }
        }
    }
}
