//! Chains of digests and their damage, against the verdicts.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use ring::signature::KeyPair as _;

use crate::hash::{hex, sha256};
use crate::ledger::DigestFile;
use crate::proof::{ListedObject, ProofDocument, PublicKey, TrailStatus};
use crate::time;
use crate::validate::test_chains::{
    BUCKET, Chain, HOUR, Log, START, Signed, add_chain, add_digest, chain, count, counts, found, head_object, key_pair,
    log, named, public_key, sign,
};
use crate::validate::{Content, Evidence, FileKind, FoundFile, Scope, Validation, Verdict, validate};

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
