//! A delivery with digest files, signed with a key pair of the tests' own.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use ring::rand::SystemRandom;
use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use sha2::Sha256;

use super::program::gzip;
use super::{record, testdata};

/// The account of the delivery.
pub const ACCOUNT: &str = "111122223333";
const BUCKET: &str = "trail-bucket";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn key_pair() -> RsaKeyPair {
    RsaKeyPair::from_der(&std::fs::read(testdata("digest-keys/one.der")).unwrap()).unwrap()
}

/// A delivery of one trail: one digest an hour from midnight on, each with two log files.
pub struct SignedDelivery {
    /// The folder that it is in.
    pub folder: PathBuf,
    /// The log files of each hour, below the folder.
    pub logs: Vec<Vec<String>>,
    /// The digest of each hour, below the folder.
    pub digests: Vec<String>,
    signatures: Vec<String>,
}

impl SignedDelivery {
    /// Writes a delivery of some hours of a trail into a folder.
    pub fn write(folder: &Path, trail: &str, hours: usize) -> SignedDelivery {
        let pair = key_pair();
        let mut delivery =
            SignedDelivery { folder: folder.to_owned(), logs: Vec::new(), digests: Vec::new(), signatures: Vec::new() };
        let day = "us-east-1/2024/03/01";
        let mut previous: Option<(String, String)> = None;
        for hour in 0..hours {
            let mut listed = Vec::new();
            let mut logs = Vec::new();
            for minute in [15, 40] {
                let unique = format!("{trail}{hour:02}{minute}AbCdEfGhIjKlMnOp");
                let name =
                    format!("{ACCOUNT}_CloudTrail_us-east-1_20240301T{hour:02}{minute}Z_{}.json.gz", &unique[..16]);
                let key = format!("AWSLogs/{ACCOUNT}/CloudTrail/{day}/{name}");
                let content = format!(r#"{{"Records":[{}]}}"#, record(&format!("{trail}-{hour}-{minute}"), ""));
                delivery.put(&key, content.as_bytes());
                listed.push(json!({
                    "s3Bucket": BUCKET, "s3Object": key, "hashValue": hex(&Sha256::digest(&content)),
                    "hashAlgorithm": "SHA-256", "newestEventTime": "2024-03-01T09:00:00Z",
                    "oldestEventTime": "2024-03-01T09:00:00Z",
                }));
                logs.push(key);
            }
            let end = format!("2024-03-01T{:02}:00:00Z", hour + 1);
            let name = format!(
                "{ACCOUNT}_CloudTrail-Digest_us-east-1_{trail}_us-east-1_{}.json.gz",
                end.replace(['-', ':'], "")
            );
            let key = format!("AWSLogs/{ACCOUNT}/CloudTrail-Digest/{day}/{name}");
            let before = previous.as_ref();
            let text = |value: Option<&str>| value.map_or(Value::Null, Value::from);
            let digest = json!({
                "awsAccountId": ACCOUNT,
                "digestStartTime": format!("2024-03-01T{hour:02}:00:00Z"),
                "digestEndTime": end,
                "digestS3Bucket": BUCKET,
                "digestS3Object": key,
                "digestPublicKeyFingerprint": fingerprint(&pair),
                "digestSignatureAlgorithm": "SHA256withRSA",
                "newestEventTime": null,
                "oldestEventTime": null,
                "previousDigestS3Bucket": text(before.map(|_| BUCKET)),
                "previousDigestS3Object": text(delivery.digests.last().map(String::as_str)),
                "previousDigestHashValue": text(before.map(|(hash, _)| hash.as_str())),
                "previousDigestHashAlgorithm": text(before.map(|_| "SHA-256")),
                "previousDigestSignature": text(before.map(|(_, signature)| signature.as_str())),
                "logFiles": listed,
            });
            let content = serde_json::to_vec(&digest).unwrap();
            let hash = hex(&Sha256::digest(&content));
            let before = before.map_or("null", |(_, signature)| signature);
            let signature = sign(&pair, &format!("{end}\n{BUCKET}/{key}\n{hash}\n{before}"));
            delivery.put(&key, &content);
            delivery.logs.push(logs);
            delivery.digests.push(key);
            delivery.signatures.push(signature.clone());
            previous = Some((hash, signature));
        }
        delivery
    }

    /// Returns the path of a file below the folder.
    pub fn path(&self, key: &str) -> PathBuf {
        self.folder.join(key)
    }

    /// Writes a content below the folder, compressed.
    pub fn put(&self, key: &str, content: &[u8]) {
        let path = self.path(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, gzip(content)).unwrap();
    }

    /// Returns the answer of `aws s3api head-object` of a digest.
    pub fn head_object(&self, hour: usize) -> String {
        json!({
            "AcceptRanges": "bytes",
            "ContentType": "application/json",
            "Metadata": {"signature": self.signatures[hour], "signature-algorithm": "SHA256withRSA"},
        })
        .to_string()
    }
}

/// Returns the answer of `aws cloudtrail list-public-keys`.
pub fn public_keys() -> String {
    let pair = key_pair();
    json!({"PublicKeyList": [{
        "Value": STANDARD.encode(pair.public_key().as_ref()),
        "ValidityStartTime": "2024-02-01T00:00:00+00:00",
        "ValidityEndTime": "2024-04-01T00:00:00+00:00",
        "Fingerprint": fingerprint(&pair),
    }]})
    .to_string()
}

fn fingerprint(pair: &RsaKeyPair) -> String {
    hex(&Md5::digest(pair.public_key().as_ref()))
}

fn sign(pair: &RsaKeyPair, text: &str) -> String {
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    hex(&signature)
}
