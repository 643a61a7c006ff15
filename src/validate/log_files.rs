//! Verdicts on log files: those that digests list, and those that were found and that no digest lists.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::hash::Sum;
use crate::validate::chains::{Coverage, Hole, MARGIN, Scope};
use crate::validate::digests::JudgedDigests;
use crate::validate::evidence::{Content, Evidence, FoundFile, LEFT_OUT, ListedFile};
use crate::validate::found_files::{FoundFiles, sum};
use crate::validate::names::{LogName, base_name, last_part};
use crate::validate::verdict::{ChainId, FileKind, Finding, Origin, Unchecked, Verdict};

/// Takes the verdict on files.
pub(super) trait Tally {
    /// Counts log files of a chain.
    fn count(&mut self, chain: &ChainId, verdict: Verdict, files: u64);
    /// Counts log files that were checked by hash only, which one line sums up.
    fn count_unchecked(&mut self, chain: &ChainId, reason: &Unchecked, delivered: Option<i64>);
    /// Takes a finding; files that no digest lists are counted by it.
    fn find(&mut self, finding: Finding);
    /// Counts a file that was found under another name than its object has.
    fn count_moved(&mut self);
}

/// Log files that digests list.
#[derive(Default)]
pub(super) struct ListedFiles<'e> {
    /// The verdict on each name.
    pub(super) names: HashMap<&'e str, Verdict>,
    hashes: HashSet<&'e Sum>,
}

/// A listing of a file: the file, and the number of its digest.
type Listing<'e> = (&'e ListedFile, usize);

impl<'e> ListedFiles<'e> {
    /// Judges every log file that a digest of the scope lists.
    pub(super) fn judge(
        evidence: &'e Evidence,
        judged: &JudgedDigests<'e>,
        found: &FoundFiles<'e>,
        scope: &Scope,
        tally: &mut dyn Tally,
    ) -> ListedFiles<'e> {
        let mut all: Vec<Listing<'e>> = Vec::new();
        let mut listed = ListedFiles::default();
        for at in judged.chains.values().flatten() {
            let digest = &evidence.digests[*at];
            for file in &digest.files {
                listed.hashes.extend(&file.hash);
                if scope.has_digest(digest) && scope.has(LogName::parse(&file.key).and_then(|name| name.delivered)) {
                    all.push((file, *at));
                } else {
                    listed.names.insert(base_name(&file.key), Verdict::NotCovered);
                }
            }
        }
        all.sort_by_key(|(file, at)| (&file.bucket, &file.key, *at));
        for same in all.chunk_by(|(a, _), (b, _)| (&a.bucket, &a.key) == (&b.bucket, &b.key)) {
            let verdict = judge_listed(evidence, judged, found, same, tally);
            let name = base_name(&same[0].0.key);
            listed.names.entry(name).and_modify(|known| *known = worse(*known, verdict)).or_insert(verdict);
        }
        listed
    }

    /// Judges the files that were found and that no digest lists.
    pub(super) fn judge_others(
        &self,
        found: &FoundFiles<'e>,
        coverages: &[Coverage<'e>],
        scope: &Scope,
        tally: &mut dyn Tally,
    ) {
        let mut not_covered: BTreeMap<NotCovered, (u64, Option<i64>, Option<i64>)> = BTreeMap::new();
        for file in found.all() {
            let Some(name) = LogName::parse(&file.place) else { continue };
            let is_listed = sum(file).is_some_and(|sum| self.hashes.contains(sum));
            if is_listed || !scope.has(name.delivered) {
                continue;
            }
            match self.names.get(base_name(&file.place)) {
                // The listed content is elsewhere, and this is another one under its name.
                Some(Verdict::Valid | Verdict::Consistent) => tally.find(altered_copy(file, &name)),
                // It was reported as the file of that name.
                Some(_) => {}
                // Nothing lists it, and nothing is known of it.
                None if file.content == Content::LeftOut => {}
                None if file.content == Content::Unknown => tally
                    .find(Finding { place: Some(file.place.clone()), ..of_name(Verdict::NotHashed, &name, NO_HASH) }),
                None => match place_of(&name, coverages) {
                    None => tally.find(unlisted(file, &name)),
                    Some(class) => {
                        let (account, region) = (name.account.to_owned(), name.region.to_owned());
                        let key = NotCovered { account, region, class };
                        let entry = not_covered.entry(key).or_insert((0, name.delivered, name.delivered));
                        *entry = (entry.0 + 1, entry.1.min(name.delivered), entry.2.max(name.delivered));
                    }
                },
            }
        }
        for (key, (files, from, to)) in not_covered {
            let finding = Finding::new(Verdict::NotCovered, FileKind::LogFile, key.class.reason());
            tally.find(Finding { origin: origin(&key.account, &key.region), files, from, to, ..finding });
        }
    }
}

/// The reason why a content has no hash.
const NO_HASH: &str = "an older trailq imported it without a hash: validate the files";

/// Returns the verdict that matters more.
fn worse(a: Verdict, b: Verdict) -> Verdict {
    if a.rank() <= b.rank() { a } else { b }
}

/// Judges a log file by all its listings.
fn judge_listed(
    evidence: &Evidence,
    judged: &JudgedDigests<'_>,
    found: &FoundFiles<'_>,
    listings: &[Listing<'_>],
    tally: &mut dyn Tally,
) -> Verdict {
    // A listing in a digest that is valid counts more than others.
    let rank = |at: &usize| match judged.verdicts[*at].verdict {
        Verdict::Valid => 0,
        Verdict::Consistent => 1,
        _ => 2,
    };
    let mut listings = listings.to_vec();
    listings.sort_by_key(|(_, at)| rank(at));
    let mut match_of = None;
    for (file, at) in &listings {
        let Some(hash) = &file.hash else { continue };
        let named = found.named(&file.key).find(|copy| sum(copy) == Some(hash));
        if let Some(copy) = named.or_else(|| found.with_content(hash)) {
            match_of = Some((*file, *at, copy));
            break;
        }
    }
    if let Some((file, at, copy)) = match_of {
        let (chain, digest) = (&evidence.digests[at].chain, &judged.verdicts[at]);
        if last_part(&copy.place) != last_part(&file.key) {
            tally.count_moved();
        }
        if digest.verdict == Verdict::Valid {
            tally.count(chain, Verdict::Valid, 1);
            return Verdict::Valid;
        }
        let reason = digest.unchecked.clone().unwrap_or(Unchecked::DigestAltered);
        tally.count(chain, Verdict::Consistent, 1);
        tally.count_unchecked(chain, &reason, LogName::parse(&file.key).and_then(|name| name.delivered));
        return Verdict::Consistent;
    }
    let Some((file, at)) = listings.first() else { return Verdict::Missing };
    let finding = not_found(file, found, judged.verdicts[*at].verdict);
    let verdict = finding.verdict;
    let chain = &evidence.digests[*at].chain;
    tally.count(chain, verdict, 1);
    tally.find(finding.of_chain(chain));
    verdict
}

/// Returns the finding on a listed file whose content is nowhere.
fn not_found(file: &ListedFile, found: &FoundFiles<'_>, digest: Verdict) -> Finding {
    let name = LogName::parse(&file.key);
    let delivered = name.and_then(|name| name.delivered);
    let is_doubtful = digest == Verdict::Altered;
    let base = Finding {
        object: Some(format!("{}/{}", file.bucket, file.key).into()),
        expected: file.hash.map(Box::new),
        from: delivered,
        to: delivered,
        ..Finding::new(
            Verdict::Missing,
            FileKind::LogFile,
            if is_doubtful {
                "a digest lists it, and its content is nowhere; the digest that lists it is altered itself"
            } else {
                "a digest lists it, and its content is nowhere"
            },
        )
    };
    let mut copies: Vec<&FoundFile> = found.named(&file.key).collect();
    // One whose content is known says more.
    copies.sort_by_key(|copy| (sum(copy).is_none(), matches!(copy.content, Content::Unknown | Content::LeftOut)));
    let Some(copy) = copies.first() else { return base };
    let place = Some(copy.place.clone());
    match &copy.content {
        _ if file.hash.is_none() => {
            let reason = "its digest has no SHA-256 of it".into();
            Finding { verdict: Verdict::NotHashed, place, reason, ..base }
        }
        Content::Sum(sum) => {
            let reason = if is_doubtful {
                "its content is not what its digest lists; the digest that lists it is altered itself"
            } else {
                "its content is not what its digest lists"
            };
            Finding { verdict: Verdict::Altered, place, found: Some(Box::new(*sum)), reason: reason.into(), ..base }
        }
        Content::Damaged(reason) => Finding {
            verdict: Verdict::Altered,
            place,
            reason: format!("it cannot be read as delivered: {reason}").into(),
            ..base
        },
        Content::Unknown => Finding { verdict: Verdict::NotHashed, place, reason: NO_HASH.into(), ..base },
        Content::LeftOut => Finding { verdict: Verdict::NotHashed, place, reason: LEFT_OUT.into(), ..base },
    }
}

/// Returns the origin of files of which no trail is known.
fn origin(account: &str, region: &str) -> Arc<Origin> {
    Arc::new(Origin { account: account.to_owned(), region: region.to_owned(), trail: String::new() })
}

/// Returns a finding on a file by its name.
fn of_name(verdict: Verdict, name: &LogName<'_>, reason: impl Into<Cow<'static, str>>) -> Finding {
    let origin = origin(name.account, name.region);
    let (from, to) = (name.delivered, name.delivered);
    Finding { origin, from, to, ..Finding::new(verdict, FileKind::LogFile, reason) }
}

fn altered_copy(file: &FoundFile, name: &LogName<'_>) -> Finding {
    let reason: Cow<'static, str> = match &file.content {
        Content::Damaged(reason) => {
            format!("another copy of it is whole, and this one cannot be read: {reason}").into()
        }
        _ => "another copy of it has the content that its digest lists".into(),
    };
    let place = Some(file.place.clone());
    Finding { place, found: sum(file).copied().map(Box::new), ..of_name(Verdict::Altered, name, reason) }
}

fn unlisted(file: &FoundFile, name: &LogName<'_>) -> Finding {
    let reason = "no digest of its period lists it: added later, or delivered by a trail without validation or late, for \
                  which there is a backfill digest";
    let place = Some(file.place.clone());
    Finding { place, found: sum(file).copied().map(Box::new), ..of_name(Verdict::Unlisted, name, reason) }
}

/// Files that no digest covers, for one reason.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct NotCovered {
    account: String,
    region: String,
    class: Class,
}

/// The reason why digests say nothing of a file.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Before { is_from_beginning: bool },
    After,
    Hole(Hole),
    NoChain,
    Kind(String),
}

impl Class {
    fn reason(&self) -> Cow<'static, str> {
        match self {
            Class::Before { is_from_beginning: true } => {
                "delivered before the first digest: validation was turned on later, or the chain was cut off".into()
            }
            Class::Before { is_from_beginning: false } => "delivered before the first digest that is here".into(),
            Class::After => {
                "delivered after the last digest: the newest digests were not collected, were deleted, or validation was \
                 turned off"
                    .into()
            }
            Class::Hole(Hole::Missing) => "delivered while digests are missing".into(),
            Class::Hole(Hole::Restart) => "delivered while validation was off".into(),
            Class::Hole(Hole::Altered) => "the digest of its period is altered".into(),
            Class::NoChain => "there is no digest of this account and Region".into(),
            Class::Kind(kind) => format!("no digest lists a file of {kind} events").into(),
        }
    }
}

/// Returns the reason why no digest covers the time of a file; `None` if the digests of its period are complete.
fn place_of(name: &LogName<'_>, coverages: &[Coverage<'_>]) -> Option<Class> {
    if !name.kind.is_empty() {
        return Some(Class::Kind(name.kind.to_owned()));
    }
    let of_file = coverages.iter().filter(|coverage| {
        (coverage.chain.account.as_str(), coverage.chain.region.as_str()) == (name.account, name.region)
    });
    let of_file: Vec<&Coverage<'_>> = of_file.collect();
    let (Some(first), Some(at)) = (of_file.iter().min_by_key(|coverage| coverage.start), name.delivered) else {
        return Some(Class::NoChain);
    };
    let hole = of_file.iter().flat_map(|coverage| &coverage.holes);
    if let Some((_, _, why)) = hole.filter(|(from, to, _)| from - MARGIN <= at && at <= to + MARGIN).max() {
        return Some(Class::Hole(*why));
    }
    if of_file.iter().any(|coverage| coverage.start + MARGIN <= at && at <= coverage.end - MARGIN) {
        return None;
    }
    let is_before = of_file.iter().all(|coverage| at < coverage.start + MARGIN);
    Some(if is_before { Class::Before { is_from_beginning: first.is_from_beginning } } else { Class::After })
}
