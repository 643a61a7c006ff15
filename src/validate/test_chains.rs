//! Chains of signed digests with their log files, and what a validation says of them.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use ring::rand::SystemRandom;
use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use sha2::Sha256;

use crate::hash::{hex, sha256};
use crate::ledger::{Digest, DigestFile};
use crate::proof::{DigestSignature, ProofDocument, PublicKey};
use crate::time;
use crate::validate::{Content, Evidence, FileKind, FoundFile, Validation, Verdict};

/// 2024-03-01T00:00:00Z.
pub(super) const START: i64 = 1_709_251_200;
pub(super) const HOUR: i64 = 3_600;
pub(super) const BUCKET: &str = "trail-bucket";

pub(super) fn key_pair(number: usize) -> RsaKeyPair {
    let keys: [&[u8]; 2] =
        [include_bytes!("../../testdata/digest-keys/one.der"), include_bytes!("../../testdata/digest-keys/two.der")];
    RsaKeyPair::from_der(keys[number]).unwrap()
}

pub(super) fn public_key(pair: &RsaKeyPair) -> PublicKey {
    let der = pair.public_key().as_ref();
    PublicKey { fingerprint: hex(&Md5::digest(der)), value: STANDARD.encode(der), ..PublicKey::default() }
}

/// A digest as CloudTrail delivers it, with the signature that its object has.
#[derive(Debug, Clone)]
pub(super) struct Signed {
    pub(super) digest: Digest,
    pub(super) signature: String,
}

impl Signed {
    /// Stands for the uncompressed bytes.
    pub(super) fn content(&self) -> String {
        format!("{:?}", self.digest)
    }
}

/// A log file: its key, when it was delivered, and its content.
#[derive(Debug, Clone)]
pub(super) struct Log {
    pub(super) key: String,
    pub(super) delivered: i64,
    pub(super) content: String,
}

pub(super) fn log(region: &str, delivered: i64, number: usize) -> Log {
    let minute = time::format(delivered).replace(['-', ':'], "");
    let key = format!(
        "AWSLogs/1/CloudTrail/{region}/111122223333_CloudTrail_{region}_{}Z_{number:016}.json.gz",
        &minute[..13]
    );
    Log { content: format!("{{\"Records\":[\"{key}\"]}}"), key, delivered }
}

/// A chain of hourly digests, and the log files that each lists.
pub(super) struct Chain {
    pub(super) digests: Vec<Signed>,
    pub(super) logs: Vec<Vec<Log>>,
}

/// Makes a chain. `starts`: the digests that begin anew, two hours after the one before.
pub(super) fn chain(
    region: &str,
    trail: &str,
    logs_per_digest: &[usize],
    starts: &BTreeSet<usize>,
    pair: &RsaKeyPair,
) -> Chain {
    let fingerprint = public_key(pair).fingerprint;
    let mut made = Chain { digests: Vec::new(), logs: Vec::new() };
    let mut at = START;
    for (number, logs) in logs_per_digest.iter().enumerate() {
        let is_start = number == 0 || starts.contains(&number);
        if is_start && number > 0 {
            at += 2 * HOUR;
        }
        let (start, end) = (at, at + HOUR);
        let logs: Vec<Log> = (0..*logs).map(|n| log(region, start + 1_500 + 60 * n as i64, number * 10 + n)).collect();
        let previous = made.digests.last().filter(|_| !is_start);
        let key = format!(
            "AWSLogs/1/CloudTrail-Digest/{region}/111122223333_CloudTrail-Digest_{region}_{trail}_us-east-1_{}.json.gz",
            time::format(end).replace(['-', ':'], "")
        );
        let listed = |log: &Log| DigestFile {
            s3_bucket: Some(BUCKET.to_owned()),
            s3_object: Some(log.key.clone()),
            hash_value: Some(sha256(log.content.as_bytes())),
            hash_algorithm: Some("SHA-256".to_owned()),
            ..DigestFile::default()
        };
        let digest = Digest {
            aws_account_id: Some("111122223333".to_owned()),
            digest_start_time: Some(time::format(start)),
            digest_end_time: Some(time::format(end)),
            digest_s3_bucket: Some(BUCKET.to_owned()),
            digest_s3_object: Some(key),
            digest_public_key_fingerprint: Some(fingerprint.clone()),
            digest_signature_algorithm: Some("SHA256withRSA".to_owned()),
            previous_digest_s3_bucket: previous.map(|_| BUCKET.to_owned()),
            previous_digest_s3_object: previous.and_then(|previous| previous.digest.digest_s3_object.clone()),
            previous_digest_hash_value: previous.map(|previous| sha256(previous.content().as_bytes())),
            previous_digest_hash_algorithm: previous.map(|_| "SHA-256".to_owned()),
            previous_digest_signature: previous.map(|previous| previous.signature.clone()),
            log_files: Some(logs.iter().map(listed).collect()),
            ..Digest::default()
        };
        made.digests.push(sign(digest, pair));
        made.logs.push(logs);
        at = end;
    }
    made
}

pub(super) fn sign(digest: Digest, pair: &RsaKeyPair) -> Signed {
    let mut signed = Signed { digest, signature: String::new() };
    let text = |value: &Option<String>| value.clone().unwrap_or("null".to_owned());
    let to_sign = [
        text(&signed.digest.digest_end_time),
        format!("{BUCKET}/{}", text(&signed.digest.digest_s3_object)),
        sha256(signed.content().as_bytes()),
        text(&signed.digest.previous_digest_signature),
    ];
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), to_sign.join("\n").as_bytes(), &mut signature).unwrap();
    signed.signature = hex(&signature);
    signed
}

pub(super) fn found(place: &str, content: &str) -> FoundFile {
    FoundFile { place: place.into(), content: Content::Sum(Sha256::digest(content).into()), bytes: None }
}

pub(super) fn add_digest(evidence: &mut Evidence, place: &str, signed: &Signed) {
    evidence.add_digest(place, Some(Sha256::digest(signed.content()).into()), signed.digest.clone());
}

pub(super) fn head_object(signed: &Signed) -> ProofDocument {
    ProofDocument::Signature(DigestSignature { signature: signed.signature.clone(), algorithm: None })
}

/// Adds a chain without any damage.
pub(super) fn add_chain(evidence: &mut Evidence, chain: &Chain) {
    for digest in &chain.digests {
        add_digest(evidence, digest.digest.digest_s3_object.as_deref().unwrap(), digest);
    }
    for log in chain.logs.iter().flatten() {
        evidence.add_file(found(&log.key, &log.content));
    }
}

/// The objects and names with a verdict.
pub(super) fn named(validation: &Validation, verdict: Verdict) -> BTreeSet<String> {
    let of = validation.findings.iter().filter(|finding| finding.verdict == verdict);
    of.filter_map(|finding| finding.object.as_deref().or(finding.place.as_deref()))
        .map(|name| name.strip_prefix("trail-bucket/").unwrap_or(name).to_owned())
        .collect()
}

/// The number of files of both kinds with a verdict.
pub(super) fn count(validation: &Validation, verdict: Verdict) -> u64 {
    validation.summaries.iter().map(|summary| summary.digests.of(verdict) + summary.files.of(verdict)).sum()
}

/// Counts of a kind by verdict.
pub(super) fn counts(validation: &Validation, kind: FileKind) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    for summary in &validation.summaries {
        let of = if kind == FileKind::Digest { &summary.digests } else { &summary.files };
        for verdict in Verdict::ALL {
            *counts.entry(verdict.name()).or_default() += of.of(verdict);
        }
    }
    counts.retain(|_, count| *count > 0);
    counts
}
