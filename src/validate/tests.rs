//! Random chains of digests with random damage, against verdicts that follow from the damage.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use proptest::prelude::*;
use ring::rand::SystemRandom;
use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use sha2::Sha256;

use crate::hash::{hex, sha256};
use crate::ledger::{Digest, DigestFile};
use crate::proof::{DigestSignature, ListedObject, ProofDocument, PublicKey, TrailStatus};
use crate::time;
use crate::validate::{Content, Evidence, FileKind, FoundFile, Scope, Validation, Verdict, validate};

/// 2024-03-01T00:00:00Z.
const START: i64 = 1_709_251_200;
const HOUR: i64 = 3_600;
const BUCKET: &str = "trail-bucket";

fn key_pair(number: usize) -> RsaKeyPair {
    let keys: [&[u8]; 2] =
        [include_bytes!("../../testdata/digest-keys/one.der"), include_bytes!("../../testdata/digest-keys/two.der")];
    RsaKeyPair::from_der(keys[number]).unwrap()
}

fn public_key(pair: &RsaKeyPair) -> PublicKey {
    let der = pair.public_key().as_ref();
    PublicKey { fingerprint: hex(&Md5::digest(der)), value: STANDARD.encode(der), ..PublicKey::default() }
}

/// A digest as CloudTrail delivers it, with the signature that its object has.
#[derive(Debug, Clone)]
struct Signed {
    digest: Digest,
    signature: String,
}

impl Signed {
    /// Stands for the uncompressed bytes.
    fn content(&self) -> String {
        format!("{:?}", self.digest)
    }
}

/// A log file: its key, when it was delivered, and its content.
#[derive(Debug, Clone)]
struct Log {
    key: String,
    delivered: i64,
    content: String,
}

fn log(region: &str, delivered: i64, number: usize) -> Log {
    let minute = time::format(delivered).replace(['-', ':'], "");
    let key = format!(
        "AWSLogs/1/CloudTrail/{region}/111122223333_CloudTrail_{region}_{}Z_{number:016}.json.gz",
        &minute[..13]
    );
    Log { content: format!("{{\"Records\":[\"{key}\"]}}"), key, delivered }
}

/// A chain of hourly digests, and the log files that each lists.
struct Chain {
    digests: Vec<Signed>,
    logs: Vec<Vec<Log>>,
}

/// Makes a chain. `starts`: the digests that begin anew, two hours after the one before.
fn chain(region: &str, trail: &str, logs_per_digest: &[usize], starts: &BTreeSet<usize>, pair: &RsaKeyPair) -> Chain {
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

fn sign(digest: Digest, pair: &RsaKeyPair) -> Signed {
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

fn found(place: &str, content: &str) -> FoundFile {
    FoundFile { place: place.into(), content: Content::Sum(Sha256::digest(content).into()), bytes: None }
}

fn add_digest(evidence: &mut Evidence, place: &str, signed: &Signed) {
    evidence.add_digest(place, Some(Sha256::digest(signed.content()).into()), signed.digest.clone());
}

fn head_object(signed: &Signed) -> ProofDocument {
    ProofDocument::Signature(DigestSignature { signature: signed.signature.clone(), algorithm: None })
}

/// Adds a chain without any damage.
fn add_chain(evidence: &mut Evidence, chain: &Chain) {
    for digest in &chain.digests {
        add_digest(evidence, digest.digest.digest_s3_object.as_deref().unwrap(), digest);
    }
    for log in chain.logs.iter().flatten() {
        evidence.add_file(found(&log.key, &log.content));
    }
}

/// The objects and names with a verdict.
fn named(validation: &Validation, verdict: Verdict) -> BTreeSet<String> {
    let of = validation.findings.iter().filter(|finding| finding.verdict == verdict);
    of.filter_map(|finding| finding.object.as_deref().or(finding.place.as_deref()))
        .map(|name| name.strip_prefix("trail-bucket/").unwrap_or(name).to_owned())
        .collect()
}

/// The number of files of both kinds with a verdict.
fn count(validation: &Validation, verdict: Verdict) -> u64 {
    validation.summaries.iter().map(|summary| summary.digests.of(verdict) + summary.files.of(verdict)).sum()
}

/// Counts of a kind by verdict.
fn counts(validation: &Validation, kind: FileKind) -> BTreeMap<&'static str, u64> {
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

/// Damage to one log file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LogDamage {
    None,
    Altered,
    Deleted,
    Renamed,
    Damaged,
    Copied,
    CopyAltered,
    SwappedWithNext,
}

/// Damage to one digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DigestDamage {
    None,
    /// The hash of its first file, or without files its beginning, is changed.
    Altered,
    Deleted,
    Copied,
    Damaged,
}

fn log_damage() -> impl Strategy<Value = LogDamage> {
    use LogDamage::{Altered, Copied, CopyAltered, Damaged, Deleted, None, Renamed, SwappedWithNext};
    prop_oneof![5 => Just(None), 1 => Just(Altered), 1 => Just(Deleted), 1 => Just(Renamed), 1 => Just(Damaged),
        1 => Just(Copied), 1 => Just(CopyAltered), 1 => Just(SwappedWithNext)]
}

fn digest_damage() -> impl Strategy<Value = DigestDamage> {
    use DigestDamage::{Altered, Copied, Damaged, Deleted, None};
    prop_oneof![5 => Just(None), 1 => Just(Altered), 2 => Just(Deleted), 1 => Just(Copied), 1 => Just(Damaged)]
}

#[derive(Debug, Clone)]
struct Case {
    logs: Vec<Vec<LogDamage>>,
    digests: Vec<DigestDamage>,
    starts: BTreeSet<usize>,
    has_key: bool,
    has_wrong_key: bool,
    head_signature: bool,
    added: Vec<usize>,
}

fn case() -> impl Strategy<Value = Case> {
    (1_usize..7).prop_flat_map(|length| {
        let logs = prop::collection::vec(prop::collection::vec(log_damage(), 0..4), length);
        let digests = prop::collection::vec(digest_damage(), length);
        let starts = prop::collection::btree_set(1..length.max(2), 0..2);
        let added = prop::collection::vec(0..length, 0..3);
        (logs, digests, starts, any::<bool>(), prop::bool::weighted(0.2), any::<bool>(), added).prop_map(
            |(logs, digests, starts, has_key, has_wrong_key, head_signature, added)| Case {
                logs,
                digests,
                starts,
                has_key,
                has_wrong_key,
                head_signature,
                added,
            },
        )
    })
}

/// The verdicts that follow from the damage.
#[derive(Debug, Default)]
struct Expected {
    altered: BTreeSet<String>,
    missing: BTreeSet<String>,
    unlisted: BTreeSet<String>,
    digests: BTreeMap<&'static str, u64>,
    files: BTreeMap<&'static str, u64>,
}

/// Makes the evidence of a case, and the verdicts by looking at each file alone.
fn play(case: &Case) -> (Evidence, Expected) {
    let signer = key_pair(usize::from(case.has_wrong_key));
    let sizes: Vec<usize> = case.logs.iter().map(Vec::len).collect();
    let mut chain = chain("us-east-1", "t", &sizes, &case.starts, &signer);
    if case.has_wrong_key {
        // Forged: signed with another key than the one that is named. The order keeps hashes and signatures together.
        let fingerprint = public_key(&key_pair(0)).fingerprint;
        let mut before: Option<Signed> = None;
        for (number, signed) in chain.digests.iter_mut().enumerate() {
            signed.digest.digest_public_key_fingerprint = Some(fingerprint.clone());
            if number > 0 && !case.starts.contains(&number) {
                signed.digest.previous_digest_hash_value =
                    before.as_ref().map(|before| sha256(before.content().as_bytes()));
                signed.digest.previous_digest_signature = before.as_ref().map(|before| before.signature.clone());
            }
            *signed = sign(signed.digest.clone(), &signer);
            before = Some(signed.clone());
        }
    }
    let (mut evidence, mut expected) = (Evidence::default(), Expected::default());
    if case.has_key {
        evidence.add_proof(ProofDocument::Keys(vec![public_key(&key_pair(0))]));
    }
    if case.head_signature {
        evidence.add_proof(head_object(chain.digests.last().unwrap()));
    }
    // Log files.
    let mut present: Vec<(String, Option<String>)> = Vec::new();
    let all: Vec<(usize, usize)> =
        case.logs.iter().enumerate().flat_map(|(d, logs)| (0..logs.len()).map(move |l| (d, l))).collect();
    for (order, (d, l)) in all.iter().enumerate() {
        let log = &chain.logs[*d][*l];
        let damage = case.logs[*d][*l];
        let changed = format!("{}altered", log.content);
        let (key, content) = (log.key.clone(), Some(log.content.clone()));
        match damage {
            LogDamage::None => present.push((key, content)),
            LogDamage::Altered => present.push((key, Some(changed))),
            LogDamage::Deleted => {}
            LogDamage::Renamed => present.push((format!("kept/{order}.json"), content)),
            LogDamage::Damaged => present.push((key, None)),
            LogDamage::Copied => present.extend([(key.clone(), content.clone()), (format!("copy/{key}"), content)]),
            LogDamage::CopyAltered => present.extend([(key.clone(), content), (format!("copy/{key}"), Some(changed))]),
            LogDamage::SwappedWithNext => {
                // Its content lies under a name of its own in the folder of the next one.
                let (d, l) = all[(order + 1) % all.len()];
                let next = &chain.logs[d][l];
                present.push((format!("swapped/{}", next.key), content));
            }
        }
    }
    for (number, hour) in case.added.iter().enumerate() {
        let end = time::parse(chain.digests[*hour].digest.digest_end_time.as_deref().unwrap()).unwrap();
        let added = log("us-east-1", end - 1_500, 900 + number);
        present.push((added.key, Some("{\"Records\":[]}".to_owned())));
    }
    for (place, content) in &present {
        let content = content
            .as_ref()
            .map_or(Content::Damaged("cut off".into()), |content| Content::Sum(Sha256::digest(content).into()));
        evidence.add_file(FoundFile { place: place.as_str().into(), content, bytes: None });
    }
    // Digests as they are found.
    let mut here: Vec<Option<Signed>> = Vec::new();
    for (number, signed) in chain.digests.iter().enumerate() {
        let key = signed.digest.digest_s3_object.clone().unwrap();
        let mut copy = signed.clone();
        match case.digests[number] {
            DigestDamage::None => add_digest(&mut evidence, &key, signed),
            DigestDamage::Copied => {
                add_digest(&mut evidence, &key, signed);
                add_digest(&mut evidence, &format!("copy/{key}"), signed);
            }
            DigestDamage::Altered => {
                match copy.digest.log_files.as_mut().and_then(|files| files.first_mut()) {
                    Some(file) => file.hash_value = Some("0".repeat(64)),
                    None => copy.digest.oldest_event_time = Some("altered".to_owned()),
                }
                add_digest(&mut evidence, &key, &copy);
            }
            DigestDamage::Deleted => {}
            DigestDamage::Damaged => {
                evidence.add_file(FoundFile {
                    place: key.as_str().into(),
                    content: Content::Damaged("cut off".into()),
                    bytes: None,
                });
            }
        }
        let is_read = !matches!(case.digests[number], DigestDamage::Deleted | DigestDamage::Damaged);
        here.push(is_read.then_some(copy));
    }
    evidence.sort();
    expect(case, &chain, &here, &present, &mut expected);
    (evidence, expected)
}

fn expect(
    case: &Case,
    chain: &Chain,
    here: &[Option<Signed>],
    present: &[(String, Option<String>)],
    expected: &mut Expected,
) {
    let key_of = |number: usize| chain.digests[number].digest.digest_s3_object.clone().unwrap();
    let is_start = |number: usize| number == 0 || case.starts.contains(&number);
    let length = here.len();
    let has_oldest = |number: usize| {
        let start = time::parse(chain.digests[number].digest.digest_start_time.as_deref().unwrap()).unwrap();
        let logs = chain.logs.iter().flatten();
        let known = logs.filter(|log| present.iter().any(|(place, _)| place.ends_with(&log.key)));
        let added = case
            .added
            .iter()
            .map(|hour| time::parse(chain.digests[*hour].digest.digest_end_time.as_deref().unwrap()).unwrap() - 1_500);
        known.map(|log| log.delivered).chain(added).any(|delivered| delivered < start - 1_200)
    };
    let mut add = |what: &'static str, count: u64| {
        if count > 0 {
            *expected.digests.entry(what).or_default() += count;
        }
    };
    let mut verdicts = Vec::new();
    for number in 0..length {
        let next_names_it = number + 1 < length && !is_start(number + 1) && here[number + 1].is_some();
        let is_last = number + 1 == length;
        let Some(_) = &here[number] else {
            verdicts.push(None);
            let is_first_here = here[..number].iter().all(Option::is_none);
            match (next_names_it, case.digests[number]) {
                (_, DigestDamage::Damaged) => {
                    add("altered", 1);
                    expected.altered.insert(key_of(number));
                }
                (true, _) if !is_first_here || has_oldest(number + 1) => {
                    add("missing", 1);
                    expected.missing.insert(key_of(number));
                }
                _ => {}
            }
            // Those before it that no digest names are counted by the hours without one.
            if next_names_it && let Some(before) = here[..number].iter().rposition(Option::is_some) {
                let time_of = |text: &Option<String>| time::parse(text.as_deref().unwrap()).unwrap();
                let begins = time_of(&chain.digests[number].digest.digest_start_time);
                let hours = (begins - time_of(&chain.digests[before].digest.digest_end_time)) / HOUR;
                let damaged =
                    case.digests[before + 1..number].iter().filter(|damage| **damage == DigestDamage::Damaged);
                add("missing", u64::try_from(hours).unwrap() - damaged.count() as u64);
            }
            continue;
        };
        let is_altered = case.digests[number] == DigestDamage::Altered;
        // What a start changes: a chain that ends before it has its signature nowhere.
        let has_signature = next_names_it || (case.head_signature && is_last);
        let verdict = if case.has_key && has_signature && !is_altered && !case.has_wrong_key {
            "valid"
        } else if next_names_it && (is_altered || case.has_key) {
            "altered"
        } else {
            "consistent"
        };
        if verdict == "altered" {
            expected.altered.insert(key_of(number));
        }
        add(verdict, 1);
        verdicts.push(Some(verdict));
    }
    expect_files(case, chain, here, present, &verdicts, expected);
}

fn expect_files(
    case: &Case,
    chain: &Chain,
    here: &[Option<Signed>],
    present: &[(String, Option<String>)],
    verdicts: &[Option<&'static str>],
    expected: &mut Expected,
) {
    let sums: BTreeSet<String> =
        present.iter().filter_map(|(_, content)| content.as_ref()).map(|content| sha256(content.as_bytes())).collect();
    let mut listed: BTreeMap<String, &'static str> = BTreeMap::new();
    let mut hashes = BTreeSet::new();
    for (number, digest) in here.iter().enumerate() {
        let Some(digest) = digest else { continue };
        for file in digest.digest.log_files.iter().flatten() {
            let (key, hash) = (file.s3_object.clone().unwrap(), file.hash_value.clone().unwrap());
            let has_name = present.iter().any(|(place, _)| place.ends_with(&key));
            let verdict = match (sums.contains(&hash), has_name) {
                (true, _) if verdicts[number] == Some("valid") => "valid",
                (true, _) => "consistent",
                (false, true) => "altered",
                (false, false) => "missing",
            };
            *expected.files.entry(verdict).or_default() += 1;
            match verdict {
                "altered" => drop(expected.altered.insert(key.clone())),
                "missing" => drop(expected.missing.insert(key.clone())),
                _ => {}
            }
            hashes.insert(hash);
            listed.insert(key, verdict);
        }
    }
    let hour_of = |delivered: i64| {
        let time_of = |text: &Option<String>| time::parse(text.as_deref().unwrap()).unwrap();
        chain.digests.iter().position(|digest| {
            time_of(&digest.digest.digest_start_time) <= delivered
                && delivered < time_of(&digest.digest.digest_end_time)
        })
    };
    for (place, content) in present {
        let Some(name) = super::names::LogName::parse(place) else { continue };
        let sum = content.as_ref().map(|content| sha256(content.as_bytes()));
        if sum.is_some_and(|sum| hashes.contains(&sum)) {
            continue;
        }
        let own = listed.iter().find(|(key, _)| place.ends_with(key.as_str()));
        match own {
            Some((_, &"valid" | &"consistent")) => {
                expected.altered.insert(place.clone());
                *expected.files.entry("altered").or_default() += 1;
            }
            Some(_) => {}
            None => {
                let hour = hour_of(name.delivered.unwrap()).unwrap();
                let is_covered = here[hour].is_some() && verdicts[hour] != Some("altered");
                let verdict = if is_covered { "unlisted" } else { "not covered" };
                *expected.files.entry(verdict).or_default() += 1;
                if is_covered {
                    expected.unlisted.insert(place.clone());
                }
            }
        }
    }
    let _ = case;
}

proptest! {
    #[test]
    fn verdicts_follow_from_the_damage(case in case()) {
        let (evidence, expected) = play(&case);
        let validation = validate(&evidence, &Scope::default());
        prop_assert_eq!(named(&validation, Verdict::Altered), expected.altered);
        prop_assert_eq!(named(&validation, Verdict::Missing), expected.missing);
        prop_assert_eq!(named(&validation, Verdict::Unlisted), expected.unlisted);
        prop_assert_eq!(counts(&validation, FileKind::Digest), expected.digests);
        prop_assert_eq!(counts(&validation, FileKind::LogFile), expected.files);
    }
}

/// A chain without damage, its key and the signature of its head.
fn sound(region: &str, trail: &str) -> (Chain, Evidence) {
    let pair = key_pair(0);
    let chain = chain(region, trail, &[2, 0, 1, 3], &BTreeSet::new(), &pair);
    let mut evidence = Evidence::default();
    add_chain(&mut evidence, &chain);
    evidence.add_proof(ProofDocument::Keys(vec![public_key(&pair)]));
    evidence.add_proof(head_object(chain.digests.last().unwrap()));
    (chain, evidence)
}

fn check(evidence: &Evidence) -> Validation {
    validate(evidence, &Scope::default())
}

#[test]
fn everything_is_valid_where_nothing_was_changed() {
    let (_, evidence) = sound("us-east-1", "t");
    let validation = check(&evidence);
    assert_eq!(validation.findings, []);
    assert_eq!(counts(&validation, FileKind::Digest), BTreeMap::from([("valid", 4)]));
    assert_eq!(counts(&validation, FileKind::LogFile), BTreeMap::from([("valid", 6)]));
    assert_eq!(validation.keys, [public_key(&key_pair(0)).fingerprint]);
    assert!(validation.is_complete(true));
}

#[test]
fn a_head_without_signature_is_minded_by_strict_only() {
    let (chain, _) = sound("us-east-1", "t");
    let mut evidence = Evidence::default();
    add_chain(&mut evidence, &chain);
    evidence.add_proof(ProofDocument::Keys(vec![public_key(&key_pair(0))]));
    let validation = check(&evidence);
    assert_eq!(counts(&validation, FileKind::Digest), BTreeMap::from([("valid", 3), ("consistent", 1)]));
    assert_eq!(counts(&validation, FileKind::LogFile), BTreeMap::from([("valid", 3), ("consistent", 3)]));
    assert!(validation.is_complete(false) && !validation.is_complete(true));
}

#[test]
fn nothing_is_complete_without_a_key_or_without_digests() {
    let (chain, _) = sound("us-east-1", "t");
    let mut evidence = Evidence::default();
    add_chain(&mut evidence, &chain);
    let validation = check(&evidence);
    assert_eq!(counts(&validation, FileKind::Digest), BTreeMap::from([("consistent", 4)]));
    assert_eq!(validation.missing_keys, [public_key(&key_pair(0)).fingerprint]);
    assert!(!validation.is_complete(false));
    let mut evidence = Evidence::default();
    evidence.add_file(found(&chain.logs[0][0].key, "{}"));
    let validation = check(&evidence);
    assert_eq!(counts(&validation, FileKind::LogFile), BTreeMap::from([("not covered", 1)]));
    assert!(!validation.is_complete(false));
}

#[test]
fn a_key_under_the_fingerprint_of_another_one_is_not_used() {
    let (chain, _) = sound("us-east-1", "t");
    let mut evidence = Evidence::default();
    add_chain(&mut evidence, &chain);
    let (right, wrong) = (public_key(&key_pair(0)), public_key(&key_pair(1)));
    evidence.add_keys(vec![PublicKey { fingerprint: right.fingerprint.clone(), ..wrong }]);
    let validation = check(&evidence);
    assert_eq!(validation.wrong_keys, [right.fingerprint]);
    assert_eq!(counts(&validation, FileKind::Digest), BTreeMap::from([("consistent", 4)]));
}

#[test]
fn a_key_may_be_a_subject_public_key_info() {
    let (chain, _) = sound("us-east-1", "t");
    let pair = key_pair(0);
    let pkcs1 = pair.public_key().as_ref();
    let element = |tag: u8, content: &[u8]| {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82][..], &length, content].concat()
    };
    let algorithm = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let der = element(0x30, &[&algorithm[..], &element(0x03, &[&[0], pkcs1].concat())].concat());
    let fingerprint = hex(&Md5::digest(&der));
    let mut before: Option<Signed> = None;
    let mut evidence = Evidence::default();
    for signed in &chain.digests {
        let mut digest = signed.digest.clone();
        digest.digest_public_key_fingerprint = Some(fingerprint.clone());
        digest.previous_digest_hash_value = before.as_ref().map(|before| sha256(before.content().as_bytes()));
        digest.previous_digest_signature = before.as_ref().map(|before| before.signature.clone());
        let signed = sign(digest, &pair);
        add_digest(&mut evidence, "digest.json", &signed);
        before = Some(signed);
    }
    evidence.add_keys(vec![PublicKey { fingerprint, value: STANDARD.encode(der), ..PublicKey::default() }]);
    assert_eq!(counts(&check(&evidence), FileKind::Digest), BTreeMap::from([("valid", 3), ("consistent", 1)]));
}

#[test]
fn two_trails_and_two_regions_are_chains_of_their_own() {
    let (one, mut evidence) = sound("us-east-1", "one");
    let pair = key_pair(0);
    let two = chain("us-east-1", "two", &[1, 1, 1, 1], &BTreeSet::new(), &pair);
    let other = chain("eu-west-1", "one", &[1], &BTreeSet::new(), &pair);
    // Two of the second trail's digests are gone; both deliver into one folder.
    add_digest(&mut evidence, "d0", &two.digests[0]);
    add_digest(&mut evidence, "d3", &two.digests[3]);
    add_chain(&mut evidence, &other);
    let hour = |number: i64| log("us-east-1", START + number * HOUR + 2_000, 700);
    for number in [0, 1] {
        let added = hour(number);
        evidence.add_file(found(&added.key, "{\"Records\":[]}"));
    }
    let validation = check(&evidence);
    let trails: Vec<_> = validation.summaries.iter().map(|s| (s.region.as_str(), s.trail.as_str())).collect();
    assert_eq!(trails, [("eu-west-1", "one"), ("us-east-1", ""), ("us-east-1", "one"), ("us-east-1", "two")]);
    // The file of an hour that both chains cover is in neither; the other one may be of the digest that is missing.
    assert_eq!(named(&validation, Verdict::Unlisted), BTreeSet::from([hour(0).key]));
    let missing = &two.digests[2].digest.digest_s3_object;
    assert!(named(&validation, Verdict::Missing).contains(missing.as_ref().unwrap()));
    assert_eq!(validation.summaries[2].files.of(Verdict::Valid), one.logs.iter().flatten().count() as u64);
}

#[test]
fn backfill_digests_and_organizations_are_chains_of_their_own() {
    let (chain, mut evidence) = sound("us-east-1", "t");
    let pair = key_pair(0);
    let late = log("us-east-1", START + 1_500, 800);
    let digest = |suffix: &str, folder: &str| {
        let mut digest = chain.digests[0].digest.clone();
        digest.digest_s3_object = digest
            .digest_s3_object
            .map(|key| key.replace(".json.gz", &format!("{suffix}.json.gz")).replace("AWSLogs/1/", folder));
        digest.log_files = Some(vec![DigestFile {
            s3_bucket: Some(BUCKET.to_owned()),
            s3_object: Some(late.key.clone()),
            hash_value: Some(sha256(late.content.as_bytes())),
            ..DigestFile::default()
        }]);
        sign(digest, &pair)
    };
    evidence.add_file(found(&late.key, &late.content));
    assert_eq!(named(&check(&evidence), Verdict::Unlisted), BTreeSet::from([late.key.clone()]));
    let (backfill, organization) = (digest("_backfill", "AWSLogs/1/"), digest("", "AWSLogs/o-abc/1/"));
    add_digest(&mut evidence, "b", &backfill);
    add_digest(&mut evidence, "o", &organization);
    let validation = check(&evidence);
    assert_eq!(named(&validation, Verdict::Unlisted), BTreeSet::new());
    let trails: Vec<_> = validation.summaries.iter().map(|s| s.trail.as_str()).collect();
    assert_eq!(trails, ["t", "t (backfill)"]);
    evidence.add_proof(head_object(&backfill));
    evidence.add_proof(head_object(&organization));
    assert_eq!(check(&evidence).findings, []);
}

#[test]
fn files_without_a_digest_of_their_time_are_not_covered() {
    let (chain, mut evidence) = sound("us-east-1", "t");
    for (at, number) in [(START - 7_200, 1), (START + 9 * HOUR, 2)] {
        let file = log("us-east-1", at, 810 + number);
        evidence.add_file(found(&file.key, "{\"Records\":[]}"));
    }
    let insight = chain.logs[0][0].key.replace("_CloudTrail_", "_CloudTrail-Insight_");
    evidence.add_file(found(&insight, "{\"Records\":[1]}"));
    let validation = check(&evidence);
    let reasons: Vec<_> = validation.findings.iter().map(|finding| (finding.verdict, &*finding.reason)).collect();
    assert!(reasons.iter().all(|(verdict, _)| *verdict == Verdict::NotCovered), "{reasons:?}");
    for part in ["or the chain was cut off", "the newest digests were not collected, were deleted", "Insight events"] {
        assert!(reasons.iter().any(|(_, reason)| reason.contains(part)), "{part}: {reasons:?}");
    }
    assert!(validation.is_complete(true));
}

#[test]
fn the_status_of_the_trail_shows_that_the_newest_digests_are_gone() {
    let (_, mut evidence) = sound("us-east-1", "t");
    let status = |at: i64| {
        ProofDocument::Status(TrailStatus {
            latest_digest_delivery_time: Some(time::format(at)),
            ..TrailStatus::default()
        })
    };
    evidence.add_proof(status(START + 4 * HOUR + 900));
    assert_eq!(check(&evidence).findings, []);
    evidence.add_proof(status(START + 7 * HOUR));
    let validation = check(&evidence);
    assert_eq!(count(&validation, Verdict::Missing), 3);
    assert!(validation.findings[0].reason.starts_with("get-trail-status says"), "{:?}", validation.findings);
}

#[test]
fn a_listing_of_the_bucket_shows_an_incomplete_copy_and_rewritten_objects() {
    let object = |key: &str, at: i64| ListedObject {
        key: key.to_owned(),
        last_modified: Some(time::format(at)),
        ..ListedObject::default()
    };
    let files: Vec<Log> = (0..5).map(|number| log("us-east-1", START + 300, number)).collect();
    let mut evidence = Evidence::default();
    for file in &files[..4] {
        evidence.add_file(found(&file.key, &file.content));
    }
    let version = |file: &Log, version: &str, at: i64, is_delete_marker: bool| ListedObject {
        version_id: Some(version.to_owned()),
        is_delete_marker,
        ..object(&file.key, at)
    };
    evidence.add_proof(ProofDocument::Listing(vec![
        object(&files[0].key, START + 330),
        object(&files[1].key, START + 90_000),
        version(&files[2], "1", START + 320, false),
        version(&files[2], "2", START + 321, false),
        version(&files[4], "1", START + 320, false),
        version(&files[4], "2", START + 5_000, true),
        object("AWSLogs/1/CloudTrail/other.txt", START),
        object(
            "AWSLogs/1/x/111122223333_CloudTrail-Digest_us-east-1_t_us-east-1_20240301T010000Z.json.gz",
            START + 3_700,
        ),
    ]));
    let validation = check(&evidence);
    let rewritten = BTreeSet::from([files[1].key.clone(), files[2].key.clone()]);
    assert_eq!(named(&validation, Verdict::Rewritten), rewritten);
    assert_eq!(named(&validation, Verdict::Missing).len(), 2);
    let deleted =
        validation.findings.iter().find(|finding| finding.object.as_deref() == Some(files[4].key.as_str())).unwrap();
    assert!(deleted.reason.contains("deleted there at 2024-03-01T01:23:20Z"), "{deleted:?}");
    assert!(!validation.is_complete(false));
    // What a digest proves is not altered, whenever it was written.
    let (chain, mut evidence) = sound("us-east-1", "t");
    evidence.add_proof(ProofDocument::Listing(vec![object(&chain.logs[0][0].key, START + 90_000_000)]));
    assert_eq!(check(&evidence).findings, []);
}

#[test]
fn a_period_selects_digests_and_deliveries() {
    let (chain, mut evidence) = sound("us-east-1", "t");
    let outside = log("us-east-1", START + 1_900, 820);
    evidence.add_file(found(&outside.key, "{\"Records\":[]}"));
    assert_eq!(count(&check(&evidence), Verdict::Unlisted), 1);
    let scope = Scope { since: Some(START + 2 * HOUR), until: Some(START + 3 * HOUR - 1) };
    let validation = validate(&evidence, &scope);
    assert_eq!(validation.findings, []);
    assert_eq!(counts(&validation, FileKind::Digest), BTreeMap::from([("valid", 1)]));
    assert_eq!(counts(&validation, FileKind::LogFile), BTreeMap::from([("valid", chain.logs[2].len() as u64)]));
}

#[test]
fn a_chain_that_goes_on_before_is_missing_digests_only_if_older_files_are_here() {
    let (chain, _) = sound("us-east-1", "t");
    let mut evidence = Evidence::default();
    for digest in &chain.digests[2..] {
        add_digest(&mut evidence, "d", digest);
    }
    let validation = check(&evidence);
    assert_eq!(count(&validation, Verdict::Missing), 4, "{validation:?}");
    let before = validation.findings.iter().find(|finding| finding.verdict == Verdict::NotCovered).unwrap();
    assert!(before.reason.contains("goes on before"), "{before:?}");
    for log in chain.logs.iter().flatten() {
        evidence.add_file(found(&log.key, &log.content));
    }
    let missing = &chain.digests[1].digest.digest_s3_object;
    assert_eq!(named(&check(&evidence), Verdict::Missing), BTreeSet::from([missing.clone().unwrap()]));
    let mut evidence = Evidence::default();
    add_digest(&mut evidence, "d", &chain.digests[2]);
    let scope = Scope { since: Some(START), until: None };
    assert!(named(&validate(&evidence, &scope), Verdict::Missing).contains(missing.as_ref().unwrap()));
}

#[test]
fn contents_without_a_hash_are_not_hashed() {
    let (chain, _) = sound("us-east-1", "t");
    let mut evidence = Evidence::default();
    for digest in &chain.digests {
        evidence.add_digest("d", None, digest.digest.clone());
    }
    for log in chain.logs.iter().flatten() {
        evidence.add_file(FoundFile { place: log.key.as_str().into(), content: Content::Unknown, bytes: None });
    }
    let validation = check(&evidence);
    assert_eq!(counts(&validation, FileKind::Digest), BTreeMap::from([("not hashed", 4)]));
    assert_eq!(counts(&validation, FileKind::LogFile), BTreeMap::from([("not hashed", 6)]));
    assert!(!validation.is_complete(false));
}

#[test]
fn findings_of_a_listing_share_all_but_the_names_of_objects() {
    let objects = (0..20).map(|number| {
        let key = format!(
            "AWSLogs/111111111111/CloudTrail/us-east-1/2024/03/01/111111111111_CloudTrail_us-east-1_20240301T0000Z_{number:016}.json.gz"
        );
        ListedObject { key, ..ListedObject::default() }
    });
    let mut evidence = Evidence::default();
    evidence.add_proof(ProofDocument::Listing(objects.collect()));
    let findings = check(&evidence).findings;
    assert_eq!(findings.len(), 20);
    for finding in &findings {
        assert!(Arc::ptr_eq(&finding.origin, &findings[0].origin), "{finding:?}");
        assert!(matches!(finding.reason, Cow::Borrowed(_)), "{finding:?}");
    }
    let bytes = size_of_val(&findings[0]);
    assert!(bytes <= 128, "{bytes}");
}
