//! Chains of digests: the periods that they cover, and what is missing between them.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use crate::hash::Sum;
use crate::time;
use crate::validate::digests::JudgedDigests;
use crate::validate::evidence::{Content, DigestCopy, Evidence, FoundFile, LEFT_OUT, PreviousDigest};
use crate::validate::found_files::{FoundFiles, sum};
use crate::validate::names::{DigestName, base_name};
use crate::validate::verdict::{ChainId, FileKind, Finding, Verdict};

/// The period of a digest; CloudTrail writes one an hour.
pub(super) const DIGEST_PERIOD: i64 = 3_600;
/// A log file is delivered some minutes after the time in its name, and a digest lists what was delivered until its end:
/// near the ends of a chain nothing follows from a name.
pub(super) const MARGIN: i64 = 1_200;

/// The reason for a hole in a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hole {
    /// Digests are missing.
    Missing,
    /// The chain ends and begins anew.
    Restart,
    /// The digest of the period is altered.
    Altered,
}

/// The periods of a chain, in Unix seconds.
#[derive(Debug)]
pub(super) struct Coverage<'e> {
    pub(super) chain: &'e ChainId,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) holes: Vec<(i64, i64, Hole)>,
    /// True if the first digest says that none comes before it.
    pub(super) is_from_beginning: bool,
}

/// The chains of the evidence, and what is wrong with them.
pub(super) struct ChainCheck<'e> {
    pub(super) coverages: Vec<Coverage<'e>>,
    pub(super) findings: Vec<Finding>,
}

/// The end and the beginning of what is looked at, in Unix seconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Scope {
    /// Only files delivered at or after this time.
    pub(crate) since: Option<i64>,
    /// Only files delivered at or before this time.
    pub(crate) until: Option<i64>,
}

impl Scope {
    /// Reports whether a moment is in the scope; one that is not known is.
    pub(super) fn has(&self, moment: Option<i64>) -> bool {
        moment.is_none_or(|moment| {
            self.since.is_none_or(|since| moment >= since) && self.until.is_none_or(|until| moment <= until)
        })
    }

    /// Reports whether a period has a part in the scope.
    pub(super) fn meets(&self, from: Option<i64>, to: Option<i64>) -> bool {
        let ends_before = self.since.zip(to).is_some_and(|(since, to)| to <= since);
        let begins_after = self.until.zip(from).is_some_and(|(until, from)| from > until);
        !ends_before && !begins_after
    }

    /// Reports whether a digest is of the scope.
    pub(super) fn has_digest(&self, digest: &DigestCopy) -> bool {
        self.meets(digest.start, digest.end)
    }
}

/// Checks the order of every chain. `oldest`: the delivery of the oldest log file of an account and Region.
pub(super) fn check<'e>(
    evidence: &'e Evidence,
    judged: &JudgedDigests<'e>,
    found: &FoundFiles<'e>,
    scope: &Scope,
    oldest: &dyn Fn(&ChainId) -> Option<i64>,
) -> ChainCheck<'e> {
    let mut check = ChainCheck { coverages: Vec::new(), findings: Vec::new() };
    let unread = unread_digests(evidence, judged, found);
    let mut reported = BTreeSet::new();
    for (id, chain) in &judged.chains {
        let mut named = BTreeSet::new();
        let mut coverage: Option<Coverage<'e>> = None;
        for at in chain {
            let digest = &evidence.digests[*at];
            let before = coverage.as_ref().map(|coverage| coverage.end);
            if let Some(previous) = &digest.previous
                && !judged.objects.contains_key(&(previous.bucket.as_str(), previous.key.as_str()))
                && named.insert((&previous.bucket, &previous.key))
            {
                let is_collected = before.is_some()
                    || scope.since.zip(digest.start).is_some_and(|(since, start)| since < start)
                    || oldest(id).zip(digest.start).is_some_and(|(oldest, start)| oldest < start - MARGIN);
                reported.insert(base_name(&previous.key));
                let between = |end: i64| before.is_some_and(|before| before < end) && Some(end) < digest.start;
                let unread =
                    unread.iter().filter(|(name, _)| name.chain == **id && name.end.is_some_and(between)).count();
                let findings = missing(id, digest, previous, (before, unread as u64), is_collected, found);
                check.findings.extend(findings.into_iter().filter(|finding| scope.meets(finding.from, finding.to)));
            }
            if !id.is_backfill {
                extend(&mut coverage, id, digest, judged.verdicts[*at].verdict);
            }
        }
        check
            .findings
            .extend(coverage.iter().flat_map(restarts).filter(|finding| scope.meets(finding.from, finding.to)));
        check.coverages.extend(coverage);
    }
    let others = unread.iter().filter(|(_, file)| !reported.contains(base_name(&file.place)));
    check
        .findings
        .extend(others.map(|(name, file)| unread_finding(name, file)).filter(|finding| scope.has(finding.to)));
    check
}

/// Returns the files that are named like a digest and are none, or are another one than was read.
fn unread_digests<'e>(
    evidence: &'e Evidence,
    judged: &JudgedDigests<'e>,
    found: &FoundFiles<'e>,
) -> Vec<(DigestName, &'e FoundFile)> {
    let mut sums: HashMap<&str, Vec<Option<Sum>>> = HashMap::new();
    for ((_, key), digests) in &judged.objects {
        sums.entry(base_name(key)).or_default().extend(digests.iter().map(|at| evidence.digests[*at].sum));
    }
    let named = found.all().iter().filter_map(|file| DigestName::parse(&file.place).map(|name| (name, file)));
    named
        .filter(|(_, file)| sums.get(base_name(&file.place)).is_none_or(|read| !read.contains(&sum(file).copied())))
        .collect()
}

/// Returns the finding on a file that is named like a digest and is none.
fn unread_finding(name: &DigestName, file: &FoundFile) -> Finding {
    let reason = match &file.content {
        Content::Damaged(reason) => format!("it is named like a digest and cannot be read: {reason}"),
        _ => "it is named like a digest, and is not the one that was read".to_owned(),
    };
    let finding = Finding::new(Verdict::Altered, FileKind::Digest, reason).of_chain(&name.chain);
    let found = sum(file).copied().map(Box::new);
    Finding { place: Some(file.place.clone()), to: name.end, found, ..finding }
}

/// Adds the period of a digest to the coverage of its chain.
fn extend<'e>(coverage: &mut Option<Coverage<'e>>, chain: &'e ChainId, digest: &DigestCopy, verdict: Verdict) {
    let Some((start, end)) = digest.start.zip(digest.end).filter(|(start, end)| start <= end) else { return };
    let is_from_beginning = digest.previous.is_none();
    let coverage = coverage.get_or_insert(Coverage { chain, start, end: start, holes: Vec::new(), is_from_beginning });
    if start > coverage.end {
        let why = if is_from_beginning { Hole::Restart } else { Hole::Missing };
        coverage.holes.push((coverage.end, start, why));
    }
    if verdict == Verdict::Altered {
        coverage.holes.push((start, end, Hole::Altered));
    }
    coverage.end = coverage.end.max(end);
}

/// Returns a finding for each time at which a chain ended and began anew.
fn restarts<'c>(coverage: &'c Coverage<'_>) -> impl Iterator<Item = Finding> + use<'c> {
    let restarts = coverage.holes.iter().filter(|(_, _, why)| *why == Hole::Restart);
    restarts.map(|(from, to, _)| {
        let reason = "the chain ends and begins anew: validation was off, or the trail was stopped or deleted";
        let finding = Finding::new(Verdict::NotCovered, FileKind::Digest, reason).of_chain(coverage.chain);
        Finding { files: 0, from: Some(*from), to: Some(*to), ..finding }
    })
}

/// Returns the findings on a digest that another one names and that is not there, and on those before it whose names are
/// not known. `before`: the end of the digest that comes before them, and how many files between are named like one.
fn missing(
    chain: &ChainId,
    next: &DigestCopy,
    previous: &PreviousDigest,
    (before, unread): (Option<i64>, u64),
    is_collected: bool,
    found: &FoundFiles<'_>,
) -> Vec<Finding> {
    let end = DigestName::parse(&previous.key).and_then(|name| name.end).or(next.start);
    let object = Some(format!("{}/{}", previous.bucket, previous.key).into());
    let expected = previous.hash.map(Box::new);
    let copy = found.named(&previous.key).next();
    let begins = end.map(|end| end - DIGEST_PERIOD);
    let base =
        Finding { object, expected, from: begins, to: end, ..Finding::new(Verdict::Missing, FileKind::Digest, "") };
    let base = base.of_chain(chain);
    let mut findings = Vec::new();
    match copy {
        Some(copy) => {
            let verdict = if copy.content == Content::LeftOut { Verdict::NotHashed } else { Verdict::Altered };
            let (sum, reason): (_, Cow<'static, str>) = match &copy.content {
                Content::Sum(sum) => (Some(Box::new(*sum)), "it is not a digest file any more".into()),
                Content::Damaged(reason) => (None, format!("it cannot be read: {reason}").into()),
                Content::Unknown => (None, "it is not a digest file".into()),
                Content::LeftOut => (None, LEFT_OUT.into()),
            };
            let place = Some(copy.place.clone());
            findings.push(Finding { verdict, place, found: sum, reason, ..base });
        }
        None if !is_collected => {
            let reason = "the chain goes on before this time: the digest before was not collected, or removed";
            findings.push(Finding {
                verdict: Verdict::NotCovered,
                files: 0,
                from: None,
                reason: reason.into(),
                ..base
            });
        }
        None => {
            let reason = "the next digest names it, and it is not here".into();
            findings.push(Finding { reason, ..base });
        }
    }
    if let Some((before, begins)) = before.zip(begins).filter(|_| !chain.is_backfill) {
        findings.extend(missing_before(chain, (before, begins), unread));
    }
    findings
}

/// Returns the finding on digests that no digest names. `gap`: the end of the last one that is here, and the beginning of
/// the one that is named; `unread`: how many files between are named like a digest.
///
/// CloudTrail writes a digest an hour, so a longer gap is of several, of which only the last is named.
fn missing_before(chain: &ChainId, (from, to): (i64, i64), unread: u64) -> Option<Finding> {
    if to - from <= MARGIN {
        return None;
    }
    let digests = u64::try_from((to - from + DIGEST_PERIOD / 2) / DIGEST_PERIOD).unwrap_or(1).max(1);
    let files = digests.checked_sub(unread).filter(|digests| *digests > 0)?;
    let reason = format!(
        "no digest of {} to {} is here, and none that names them: about {files} in a row, unless validation was off",
        time::format(from),
        time::format(to)
    );
    let finding = Finding::new(Verdict::Missing, FileKind::Digest, reason).of_chain(chain);
    Some(Finding { files, from: Some(from), to: Some(to), ..finding })
}
