//! Verdicts on digest files: by their signatures, and by the hash that the next digest of the chain has of them.
//!
//! A signature covers the hash of the digest and the signature before it, so one that verifies needs nothing else. It is
//! in the next digest; only that of the last one has to come from the metadata of its S3 object.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::hash::Sum;
use crate::validate::evidence::{DigestCopy, Evidence, PreviousDigest};
use crate::validate::signatures::{KeyRing, is_known_algorithm};
use crate::validate::verdict::{ChainId, FileKind, Finding, Unchecked, Verdict};

/// An object: its bucket and its key.
pub(super) type Object<'e> = (&'e str, &'e str);

/// The verdict on a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DigestVerdict {
    pub(super) verdict: Verdict,
    pub(super) unchecked: Option<Unchecked>,
    expected: Option<Sum>,
    reason: String,
}

impl DigestVerdict {
    fn new(verdict: Verdict, reason: impl Into<String>) -> DigestVerdict {
        DigestVerdict { verdict, unchecked: None, expected: None, reason: reason.into() }
    }

    fn unchecked(reason: Unchecked) -> DigestVerdict {
        DigestVerdict { unchecked: Some(reason), ..DigestVerdict::new(Verdict::Consistent, "") }
    }
}

/// The digests of one chain, oldest first, by their numbers in the evidence.
pub(super) type Chains<'e> = BTreeMap<&'e ChainId, Vec<usize>>;

/// Digests with their verdicts.
pub(super) struct JudgedDigests<'e> {
    digests: &'e [DigestCopy],
    pub(super) verdicts: Vec<DigestVerdict>,
    pub(super) chains: Chains<'e>,
    /// Every object of which a digest was read.
    pub(super) objects: HashMap<Object<'e>, Vec<usize>>,
    pub(super) used_keys: BTreeSet<String>,
    pub(super) missing_keys: BTreeSet<String>,
    /// Signatures of head-object answers that belong to a digest.
    used_signatures: BTreeSet<&'e str>,
}

impl<'e> JudgedDigests<'e> {
    /// Judges every digest.
    pub(super) fn new(evidence: &'e Evidence, keys: &KeyRing) -> JudgedDigests<'e> {
        let digests = evidence.digests.as_slice();
        let mut seen = HashSet::new();
        let mut chains: Chains<'e> = BTreeMap::new();
        let mut objects: HashMap<Object<'e>, Vec<usize>> = HashMap::new();
        let mut links: HashMap<Object<'e>, Vec<usize>> = HashMap::new();
        for (at, digest) in digests.iter().enumerate() {
            // The same bytes in two places are one digest.
            if !seen.insert((digest.bucket.as_str(), digest.key.as_str(), digest.sum)) {
                continue;
            }
            chains.entry(&digest.chain).or_default().push(at);
            objects.entry((&digest.bucket, &digest.key)).or_default().push(at);
            if let Some(PreviousDigest { bucket, key, .. }) = &digest.previous {
                links.entry((bucket, key)).or_default().push(at);
            }
        }
        for list in chains.values_mut() {
            list.sort_by_key(|at| (digests[*at].end, digests[*at].start, &digests[*at].place));
        }
        let none = DigestVerdict::new(Verdict::NotHashed, "");
        let mut judged = JudgedDigests {
            digests,
            verdicts: vec![none; digests.len()],
            chains,
            objects,
            used_keys: BTreeSet::new(),
            missing_keys: BTreeSet::new(),
            used_signatures: BTreeSet::new(),
        };
        let chains: Vec<Vec<usize>> = judged.chains.values().cloned().collect();
        for chain in &chains {
            for (place, at) in chain.iter().enumerate().rev() {
                let digest = &digests[*at];
                let next = links.get(&(digest.bucket.as_str(), digest.key.as_str())).map_or(&[][..], Vec::as_slice);
                let later = chain[place + 1..].iter().find(|later| digests[**later].key != digest.key);
                let is_head = later.is_none_or(|later| digests[*later].previous.is_none());
                judged.verdicts[*at] = judged.judge(digest, next, is_head, &evidence.signatures, keys);
            }
        }
        judged
    }

    /// Judges a digest. `next`: the digests that say that they come after it.
    fn judge(
        &mut self,
        digest: &DigestCopy,
        next: &[usize],
        is_head: bool,
        signatures: &'e [String],
        keys: &KeyRing,
    ) -> DigestVerdict {
        let Some(sum) = digest.sum else {
            let reason = "an older trailq imported it without what is signed: validate the files";
            return DigestVerdict {
                unchecked: Some(Unchecked::OldImport),
                ..DigestVerdict::new(Verdict::NotHashed, reason)
            };
        };
        let links: Vec<&PreviousDigest> = next.iter().filter_map(|at| self.digests[*at].previous.as_ref()).collect();
        let can_verify = is_known_algorithm(digest) && keys.has_key_of(digest);
        if can_verify {
            let verifies = |signature: &&String| keys.verifies(digest, signature);
            let is_linked = links.iter().filter_map(|link| link.signature.as_ref()).any(|text| verifies(&text));
            let own = if is_linked { None } else { signatures.iter().find(verifies) };
            if is_linked || own.is_some() {
                self.used_signatures.extend(own.map(String::as_str));
                self.used_keys.insert(digest.fingerprint.clone());
                return DigestVerdict::new(Verdict::Valid, "");
            }
        } else if is_known_algorithm(digest) {
            self.missing_keys.insert(digest.fingerprint.clone());
        }
        if links.is_empty() {
            return DigestVerdict::unchecked(if is_head { Unchecked::Head } else { Unchecked::NextMissing });
        }
        let expected: Vec<Sum> = links.iter().filter_map(|link| link.hash).collect();
        if !expected.is_empty() && !expected.contains(&sum) {
            let is_doubtful = next.iter().all(|at| self.verdicts[*at].verdict == Verdict::Altered);
            let reason = if is_doubtful {
                "its hash differs from the one in the next digest, which is altered itself: one of the two was changed"
            } else {
                "its hash differs from the one in the next digest"
            };
            let expected = expected.first().copied();
            return DigestVerdict { expected, ..DigestVerdict::new(Verdict::Altered, reason) };
        }
        if can_verify && links.iter().any(|link| link.signature.is_some()) {
            let reason = format!("the signature in the next digest is not that of key {}", digest.fingerprint);
            return DigestVerdict::new(Verdict::Altered, reason);
        }
        DigestVerdict::unchecked(match &digest.algorithm {
            Some(name) if !is_known_algorithm(digest) => Unchecked::Algorithm(name.clone()),
            _ => Unchecked::NoKey(digest.fingerprint.clone()),
        })
    }

    /// Returns the number of head-object answers whose signature is that of no digest here. Without a key that is not
    /// known.
    pub(super) fn unused_signatures(&self, signatures: &[String]) -> u64 {
        if self.used_keys.is_empty() && !self.missing_keys.is_empty() {
            return 0;
        }
        // The same signature is made of the same text, so the next digest has it too.
        let in_next = self.digests.iter().filter_map(|digest| digest.previous_signature.as_deref());
        let known: HashSet<&str> = in_next.chain(self.used_signatures.iter().copied()).collect();
        signatures.iter().filter(|signature| !known.contains(signature.as_str())).count() as u64
    }

    /// Returns the findings on digests that were read and are neither valid nor consistent.
    pub(super) fn findings(&self, is_in_scope: impl Fn(&DigestCopy) -> bool) -> Vec<Finding> {
        let mut findings = Vec::new();
        for at in self.chains.values().flatten() {
            let (digest, judged) = (&self.digests[*at], &self.verdicts[*at]);
            if matches!(judged.verdict, Verdict::Valid | Verdict::Consistent) || !is_in_scope(digest) {
                continue;
            }
            let finding = Finding::new(judged.verdict, FileKind::Digest, judged.reason.clone());
            findings.push(Finding {
                object: Some(format!("{}/{}", digest.bucket, digest.key).into()),
                place: Some(digest.place.clone()),
                from: digest.start,
                to: digest.end,
                expected: judged.expected.map(Box::new),
                found: digest.sum.map(Box::new),
                ..finding.of_chain(&digest.chain)
            });
        }
        findings
    }
}
