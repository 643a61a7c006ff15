//! Answers of the AWS CLI by which digest files and copies of a bucket are checked: public keys, signatures of digest
//! objects, the status of a trail, and listings of a bucket (`guide/internals/formats.md`, 5.4).

pub(crate) mod listing;

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use serde_json::value::RawValue;

use crate::time;

/// The name of the format of listings in the ledger.
pub(crate) const LISTING: &str = "bucket-listing";

/// An answer of the AWS CLI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ProofDocument {
    /// `aws cloudtrail list-public-keys`.
    Keys(Vec<PublicKey>),
    /// `aws s3api head-object` of a digest file.
    Signature(DigestSignature),
    /// `aws cloudtrail get-trail-status`.
    Status(TrailStatus),
    /// `aws s3api list-objects-v2` or `list-object-versions`.
    Listing(Vec<ListedObject>),
    /// Further objects of a listing that is handed on in parts.
    MoreObjects(Vec<ListedObject>),
}

/// A public key of CloudTrail, which signs the digests of one Region for some time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct PublicKey {
    /// MD5 of the DER, in hexadecimal.
    pub fingerprint: String,
    /// The DER in base64: PKCS#1, or SubjectPublicKeyInfo.
    pub value: String,
    /// UTC, `YYYY-MM-DDTHH:MM:SSZ`.
    #[serde(deserialize_with = "any_time")]
    pub validity_start_time: Option<String>,
    /// UTC, `YYYY-MM-DDTHH:MM:SSZ`.
    #[serde(deserialize_with = "any_time")]
    pub validity_end_time: Option<String>,
}

/// The signature of a digest file, which only the metadata of its S3 object has. The answer does not name the object.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DigestSignature {
    /// In hexadecimal.
    pub signature: String,
    /// `SHA256withRSA`.
    #[serde(rename = "signature-algorithm")]
    pub algorithm: Option<String>,
}

/// The status of a trail. The answer does not name the trail.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct TrailStatus {
    /// True if the trail records.
    pub is_logging: Option<bool>,
    /// The delivery of the newest log file; this and the following: UTC, `YYYY-MM-DDTHH:MM:SSZ`.
    #[serde(deserialize_with = "any_time")]
    pub latest_delivery_time: Option<String>,
    /// The delivery of the newest digest file.
    #[serde(deserialize_with = "any_time")]
    pub latest_digest_delivery_time: Option<String>,
    /// The time of the last StartLogging.
    #[serde(deserialize_with = "any_time")]
    pub start_logging_time: Option<String>,
    /// The time of the last StopLogging.
    #[serde(deserialize_with = "any_time")]
    pub stop_logging_time: Option<String>,
}

/// An object of a bucket, or a version of one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct ListedObject {
    /// The key of the object.
    pub key: String,
    /// The time of writing or deleting: UTC, `YYYY-MM-DDTHH:MM:SSZ`.
    #[serde(deserialize_with = "any_time")]
    pub last_modified: Option<String>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// The version, in a listing of versions.
    pub version_id: Option<String>,
    /// False for a version that another one replaced.
    pub is_latest: Option<bool>,
    /// True for the mark that a deletion leaves.
    #[serde(skip)]
    pub is_delete_marker: bool,
}

/// The keys that tell such an answer.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Answer<'a> {
    #[serde(borrow)]
    public_key_list: Option<&'a RawValue>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    is_logging: Option<&'a RawValue>,
    #[serde(borrow)]
    contents: Option<&'a RawValue>,
    #[serde(borrow)]
    versions: Option<&'a RawValue>,
    #[serde(borrow)]
    delete_markers: Option<&'a RawValue>,
}

/// Reports whether an object with this key may be such an answer.
pub(crate) fn is_key_of_answer(key: &str) -> bool {
    matches!(key, "PublicKeyList" | "Metadata" | "IsLogging" | "Contents" | "Versions" | "DeleteMarkers")
}

impl ProofDocument {
    /// Reads a JSON object that is one of the answers; `None` if it is something else.
    pub(crate) fn parse(bytes: &[u8]) -> Option<ProofDocument> {
        let answer: Answer<'_> = serde_json::from_slice(bytes).ok()?;
        if let Some(keys) = answer.public_key_list {
            let keys: Vec<PublicKey> = serde_json::from_str(keys.get()).ok()?;
            return (keys.iter().all(|key| !key.value.is_empty())).then_some(ProofDocument::Keys(keys));
        }
        if answer.is_logging.is_some() {
            return serde_json::from_slice(bytes).ok().map(ProofDocument::Status);
        }
        if let Some(metadata) = answer.metadata {
            let signature: DigestSignature = serde_json::from_str(metadata.get()).ok()?;
            let is_signature =
                !signature.signature.is_empty() && signature.signature.bytes().all(|byte| byte.is_ascii_hexdigit());
            return is_signature.then_some(ProofDocument::Signature(signature));
        }
        let lists = [(answer.contents, false), (answer.versions, false), (answer.delete_markers, true)];
        if lists.iter().all(|(list, _)| list.is_none()) {
            return None;
        }
        let mut all = Vec::new();
        for (list, is_delete_marker) in lists {
            let Some(list) = list else { continue };
            let objects: Option<Vec<ListedObject>> = serde_json::from_str(list.get()).ok()?;
            all.extend(
                objects.unwrap_or_default().into_iter().map(|object| ListedObject { is_delete_marker, ..object }),
            );
        }
        // `Contents` and `Versions` are words of other answers too.
        let is_listing = all.iter().all(|object| !object.key.is_empty() && object.last_modified.is_some());
        (is_listing && !all.is_empty()).then_some(ProofDocument::Listing(all))
    }

    /// Returns the name of the format in the ledger.
    pub(crate) fn format(&self) -> &'static str {
        match self {
            ProofDocument::Keys(_) => "public-keys",
            ProofDocument::Signature(_) => "head-object",
            ProofDocument::Status(_) => "trail-status",
            ProofDocument::Listing(_) | ProofDocument::MoreObjects(_) => LISTING,
        }
    }
}

/// Reads a time as the AWS CLI writes it: ISO 8601 with an offset (version 2), or Unix seconds (version 1).
fn any_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct AnyTime;
    impl Visitor<'_> for AnyTime {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a time")
        }
        fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<String>, E> {
            Ok(time::parse(text).map(time::format))
        }
        fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Option<String>, E> {
            Ok(i64::try_from(seconds).ok().filter(|seconds| time::is_writable(*seconds)).map(time::format))
        }
        fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Option<String>, E> {
            Ok(Some(seconds).filter(|seconds| time::is_writable(*seconds)).map(time::format))
        }
        fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Option<String>, E> {
            self.visit_i64(seconds.floor() as i64)
        }
        fn visit_unit<E: de::Error>(self) -> Result<Option<String>, E> {
            Ok(None)
        }
    }
    deserializer.deserialize_any(AnyTime)
}

#[cfg(test)]
mod tests {
    use super::ProofDocument;

    #[test]
    fn the_answers_of_both_versions_of_the_aws_cli_are_read() {
        let keys = r#"{"PublicKeyList":[{"Value":"MIIB","ValidityStartTime":1717200000.5,"ValidityEndTime":"2024-07-01T02:00:00+02:00","Fingerprint":"ab"}]}"#;
        let Some(ProofDocument::Keys(keys)) = ProofDocument::parse(keys.as_bytes()) else { panic!("no keys") };
        assert_eq!(keys[0].validity_start_time.as_deref(), Some("2024-06-01T00:00:00Z"));
        assert_eq!(keys[0].validity_end_time.as_deref(), Some("2024-07-01T00:00:00Z"));

        let head = r#"{"ContentLength":1,"Metadata":{"signature":"0aff","signature-algorithm":"SHA256withRSA"}}"#;
        let Some(ProofDocument::Signature(head)) = ProofDocument::parse(head.as_bytes()) else {
            panic!("no signature")
        };
        assert_eq!((head.signature.as_str(), head.algorithm.as_deref()), ("0aff", Some("SHA256withRSA")));

        let status =
            r#"{"IsLogging":true,"LatestDigestDeliveryTime":"2024-03-01T09:05:00.123000+00:00","StartLoggingTime":1}"#;
        let Some(ProofDocument::Status(status)) = ProofDocument::parse(status.as_bytes()) else { panic!("no status") };
        assert_eq!(status.latest_digest_delivery_time.as_deref(), Some("2024-03-01T09:05:00Z"));
        assert_eq!(status.start_logging_time.as_deref(), Some("1970-01-01T00:00:01Z"));

        let listing = r#"{"Contents":[{"Key":"a","LastModified":"2024-03-01T09:05:00Z","Size":3,"ETag":"x"}],"RequestCharged":null}"#;
        let Some(ProofDocument::Listing(listing)) = ProofDocument::parse(listing.as_bytes()) else { panic!("no list") };
        assert_eq!((listing[0].key.as_str(), listing[0].size, listing[0].is_latest), ("a", Some(3), None));

        let versions = r#"{"Versions":[{"Key":"a","VersionId":"1","IsLatest":false,"LastModified":"2024-03-01T09:05:00Z"}],
            "DeleteMarkers":[{"Key":"a","VersionId":"2","IsLatest":true,"LastModified":"2024-03-02T09:05:00Z"}]}"#;
        let Some(ProofDocument::Listing(versions)) = ProofDocument::parse(versions.as_bytes()) else {
            panic!("no list")
        };
        assert_eq!(versions.iter().map(|version| version.is_delete_marker).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn other_objects_with_such_keys_are_something_else() {
        for other in [
            "{}",
            "[]",
            "null",
            r#"{"Metadata":{"x":1}}"#,
            r#"{"Metadata":{"signature":"not hexadecimal"}}"#,
            r#"{"Contents":"text"}"#,
            r#"{"Contents":[]}"#,
            r#"{"Contents":[{"Key":"a"}]}"#,
            r#"{"Versions":[1]}"#,
            r#"{"PublicKeyList":[{"Fingerprint":"ab"}]}"#,
            r#"{"IsLogging":"yes"}"#,
        ] {
            assert_eq!(ProofDocument::parse(other.as_bytes()), None, "{other}");
        }
    }
}
