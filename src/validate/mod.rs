//! Validation: what CloudTrail delivered, and what of it is altered or missing. Pure: no file, no case, no screen.
//!
//! ```text
//! Evidence -> JudgedDigests (signatures, hashes) -> chains (gaps) -> log files -> bucket -> Validation
//! ```
//!
//! The evidence has names and SHA-256s only, from a folder or from a case. A digest is valid if its signature verifies, and
//! a log file if a valid digest lists the hash of its content. Validity means unchanged since delivery, and not that the
//! trail recorded everything.

mod bucket;
mod chains;
#[cfg(test)]
mod damage_tests;
mod digests;
mod evidence;
mod found_files;
pub(crate) mod fuzzing;
mod log_files;
mod names;
mod signatures;
#[cfg(test)]
mod test_chains;
#[cfg(test)]
mod tests;
mod verdict;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

pub(crate) use crate::validate::chains::Scope;
pub(crate) use crate::validate::evidence::{Content, Evidence, FoundFile, sum_of};
pub(crate) use crate::validate::verdict::{FileKind, Finding, Origin, Summary, Validation, Verdict, VerdictCounts};

use crate::validate::digests::JudgedDigests;
use crate::validate::found_files::FoundFiles;
use crate::validate::log_files::{ListedFiles, Tally};
use crate::validate::names::{LogName, base_name};
use crate::validate::signatures::KeyRing;
use crate::validate::verdict::{ChainId, Unchecked};

/// Judges everything that was found.
pub(crate) fn validate(evidence: &Evidence, scope: &Scope) -> Validation {
    let keys = KeyRing::new(&evidence.keys);
    let judged = JudgedDigests::new(evidence, &keys);
    let found = FoundFiles::new(&evidence.files);
    let oldest = oldest_deliveries(&evidence.files);
    let oldest_of = |chain: &ChainId| oldest.get(&(chain.account.as_str(), chain.region.as_str())).copied();
    let check = chains::check(evidence, &judged, &found, scope, &oldest_of);

    let mut sums = Sums::default();
    for at in judged.chains.values().flatten() {
        let (digest, verdict) = (&evidence.digests[*at], &judged.verdicts[*at]);
        if !scope.has_digest(digest) {
            continue;
        }
        let summary = sums.of_chain(&digest.chain);
        summary.digests.add(verdict.verdict, 1);
        summary.from = earliest(summary.from, digest.start);
        summary.to = summary.to.max(digest.end);
        if let Some(reason) = verdict.unchecked.as_ref().filter(|_| verdict.verdict == Verdict::Consistent) {
            sums.unchecked(&digest.chain, reason, FileKind::Digest, (digest.start, digest.end));
        }
    }
    judged.findings(|digest| scope.has_digest(digest)).into_iter().for_each(|finding| sums.keep(finding));
    check.findings.into_iter().for_each(|finding| sums.find_and_count(finding));
    let signatures = judged.unused_signatures(&evidence.signatures);
    if signatures > 0 {
        let reason = "a head-object answer has the signature of no digest here: the digest that it belongs to was not \
                      collected, or is altered";
        sums.findings
            .push(Finding { files: signatures, ..Finding::new(Verdict::Consistent, FileKind::Digest, reason) });
    }
    let listed = ListedFiles::judge(evidence, &judged, &found, scope, &mut sums);
    listed.judge_others(&found, &check.coverages, scope, &mut sums);
    let before = std::mem::take(&mut sums.findings);
    let reported: HashSet<&str> =
        before.iter().filter_map(|finding| finding.object.as_deref()).map(base_name).collect();
    bucket::compare(evidence, &listed, &found, scope, &reported, &mut |finding| sums.find_and_count(finding));
    bucket::compare_status(evidence, scope).into_iter().for_each(|finding| sums.find_and_count(finding));
    let of_bucket = std::mem::replace(&mut sums.findings, before);
    sums.findings.extend(of_bucket);

    let mut validation = sums.finish();
    validation.keys = judged.used_keys.into_iter().collect();
    validation.missing_keys = judged.missing_keys.into_iter().collect();
    validation.wrong_keys = keys.wrong.into_iter().collect();
    validation
}

/// Returns the earlier of two times.
fn earliest(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Returns the delivery of the oldest log file of each account and Region, in Unix seconds.
fn oldest_deliveries(files: &[FoundFile]) -> HashMap<(&str, &str), i64> {
    let mut oldest: HashMap<(&str, &str), i64> = HashMap::new();
    for name in files.iter().filter_map(|file| LogName::parse(&file.place)) {
        let Some(delivered) = name.delivered else { continue };
        let known = oldest.entry((name.account, name.region)).or_insert(delivered);
        *known = delivered.min(*known);
    }
    oldest
}

/// Files that were checked by hash only.
#[derive(Debug, Default)]
struct UncheckedFiles {
    files: u64,
    from: Option<i64>,
    to: Option<i64>,
}

/// Sums verdicts up.
#[derive(Default)]
struct Sums {
    summaries: BTreeMap<Arc<Origin>, Summary>,
    findings: Vec<Finding>,
    origins: HashSet<Arc<Origin>>,
    unchecked: BTreeMap<(ChainId, Unchecked, FileKind), UncheckedFiles>,
    /// Log files that digests list, by chain: they are most of all.
    listed: BTreeMap<ChainId, VerdictCounts>,
    moved: u64,
}

impl Sums {
    fn of_chain(&mut self, chain: &ChainId) -> &mut Summary {
        self.summary(Arc::new(chain.origin()))
    }

    fn summary(&mut self, origin: Arc<Origin>) -> &mut Summary {
        self.summaries.entry(origin).or_insert_with_key(|origin| {
            let Origin { account, region, trail } = Origin::clone(origin);
            Summary { account, region, trail, ..Summary::default() }
        })
    }

    /// Keeps a finding, which shares its origin with those of the same one.
    fn keep(&mut self, mut finding: Finding) {
        match self.origins.get(&finding.origin) {
            Some(known) => finding.origin = Arc::clone(known),
            None => drop(self.origins.insert(Arc::clone(&finding.origin))),
        }
        self.findings.push(finding);
    }

    fn unchecked(&mut self, chain: &ChainId, reason: &Unchecked, kind: FileKind, period: (Option<i64>, Option<i64>)) {
        let entry = self.unchecked.entry((chain.clone(), reason.clone(), kind)).or_default();
        entry.files += 1;
        entry.from = earliest(entry.from, period.0);
        entry.to = entry.to.max(period.1);
    }

    /// Takes a finding whose files are counted nowhere else.
    fn find_and_count(&mut self, finding: Finding) {
        let summary = self.summary(Arc::clone(&finding.origin));
        match finding.kind {
            FileKind::Digest => summary.digests.add(finding.verdict, finding.files),
            FileKind::LogFile => summary.files.add(finding.verdict, finding.files),
        }
        self.keep(finding);
    }

    fn finish(mut self) -> Validation {
        for (chain, counts) in std::mem::take(&mut self.listed) {
            let files = &mut self.of_chain(&chain).files;
            Verdict::ALL.iter().for_each(|verdict| files.add(*verdict, counts.of(*verdict)));
        }
        for ((chain, reason, kind), sum) in std::mem::take(&mut self.unchecked) {
            let is_head = reason == Unchecked::Head;
            let finding = Finding::new(Verdict::Consistent, kind, words(&reason)).of_chain(&chain);
            let UncheckedFiles { files, from, to } = sum;
            self.findings.push(Finding { files, from, to, is_head, ..finding });
        }
        self.findings.sort_by(|a, b| order(a).cmp(&order(b)));
        Validation {
            summaries: self.summaries.into_values().collect(),
            findings: self.findings,
            moved: self.moved,
            ..Validation::default()
        }
    }
}

/// Returns the place of a finding in a report: the worst verdict first, then by trail and time.
fn order(finding: &Finding) -> impl Ord + '_ {
    let Finding { origin, from, kind, object, place, reason, .. } = finding;
    (finding.verdict.rank(), (origin, from, kind), (object, place, reason))
}

/// Returns the reason why a signature was not verified, in words.
fn words(reason: &Unchecked) -> Cow<'static, str> {
    match reason {
        Unchecked::Head => "last of its chain: only the metadata of its S3 object has its signature".into(),
        Unchecked::NextMissing => "the digest that has its signature is missing".into(),
        Unchecked::NoKey(fingerprint) => format!("no public key with the fingerprint {fingerprint}").into(),
        Unchecked::Algorithm(name) => format!("signed by an unknown algorithm, {name}").into(),
        Unchecked::OldImport => "an older trailq imported the digest that lists it: validate the files".into(),
        Unchecked::DigestAltered => "the digest that lists it is altered".into(),
    }
}

impl Tally for Sums {
    fn count(&mut self, chain: &ChainId, verdict: Verdict, files: u64) {
        match self.listed.get_mut(chain) {
            Some(counts) => counts.add(verdict, files),
            None => self.listed.entry(chain.clone()).or_default().add(verdict, files),
        }
    }

    fn count_unchecked(&mut self, chain: &ChainId, reason: &Unchecked, delivered: Option<i64>) {
        self.unchecked(chain, reason, FileKind::LogFile, (delivered, delivered));
    }

    fn find(&mut self, finding: Finding) {
        // The files of a chain were counted as they were judged.
        if finding.origin.trail.is_empty() {
            self.find_and_count(finding);
        } else {
            self.keep(finding);
        }
    }

    fn count_moved(&mut self) {
        self.moved += 1;
    }
}
