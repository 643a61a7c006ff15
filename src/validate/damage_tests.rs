//! Random chains with random damage, against verdicts that follow from the damage.

use std::collections::{BTreeMap, BTreeSet};

use md5::Digest as _;
use proptest::prelude::*;
use sha2::Sha256;

use crate::hash::sha256;
use crate::proof::ProofDocument;
use crate::time;
use crate::validate::test_chains::{
    Chain, HOUR, Signed, add_digest, chain, counts, head_object, key_pair, log, named, public_key, sign,
};
use crate::validate::{Content, Evidence, FileKind, FoundFile, Scope, Verdict, validate};

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
        let Some(name) = crate::validate::names::LogName::parse(place) else { continue };
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
