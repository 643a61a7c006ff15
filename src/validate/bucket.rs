//! Comparison with a listing of the bucket and the status of a trail, also without digests.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::proof::ListedObject;
use crate::time;
use crate::validate::chains::{DIGEST_PERIOD, Scope};
use crate::validate::evidence::{Evidence, FoundFile};
use crate::validate::found_files::FoundFiles;
use crate::validate::log_files::ListedFiles;
use crate::validate::names::{DigestName, LogName, base_name, last_part};
use crate::validate::verdict::{ChainId, FileKind, Finding, Verdict};

/// CloudTrail writes a log file in the minute of its name, and a digest within about an hour after its end. An object that
/// was written later was written again.
const MAX_LOG_DELAY: i64 = 3_600;
const MAX_DIGEST_DELAY: i64 = 3 * 3_600;

/// A delivered object of a listing.
struct Delivered {
    kind: FileKind,
    chain: ChainId,
    at: Option<i64>,
    /// The latest time at which it can have been delivered.
    until: Option<i64>,
}

impl Delivered {
    /// Reads the key of an object; `None` if CloudTrail did not deliver it.
    fn parse(key: &str) -> Option<Delivered> {
        if let Some(DigestName { chain, end }) = DigestName::parse(key) {
            // A backfill digest is named after the period of its files, and written much later.
            let until = end.map(|end| end + MAX_DIGEST_DELAY).filter(|_| !chain.is_backfill);
            return Some(Delivered { kind: FileKind::Digest, chain, at: end, until });
        }
        let LogName { account, region, delivered, .. } = LogName::parse(key)?;
        let (account, region) = (account.to_owned(), region.to_owned());
        let chain = ChainId { account, region, ..ChainId::default() };
        Some(Delivered { kind: FileKind::LogFile, chain, at: delivered, until: delivered.map(|at| at + MAX_LOG_DELAY) })
    }
}

/// Compares the copy with the listings of the bucket. `reported`: names of files that have a finding already; `find`: takes
/// each finding, so that a million of them are kept once.
pub(super) fn compare(
    evidence: &Evidence,
    listed: &ListedFiles<'_>,
    found: &FoundFiles<'_>,
    scope: &Scope,
    reported: &HashSet<&str>,
    find: &mut dyn FnMut(Finding),
) {
    let digests: HashSet<&str> = evidence.digests.iter().map(|digest| base_name(&digest.key)).collect();
    // A bucket may have a million objects: eight bytes each, and no map of them.
    let mut objects: Vec<&ListedObject> = evidence.objects.iter().collect();
    objects.sort_by(|a, b| a.key.cmp(&b.key));
    for versions in objects.chunk_by(|a, b| a.key == b.key) {
        let (mut versions, Some(key)) = (versions.to_vec(), versions.first().map(|object| object.key.as_str())) else {
            continue;
        };
        let Some(delivered) = Delivered::parse(key).filter(|delivered| scope.has(delivered.at)) else { continue };
        let name = base_name(key);
        let verdict = listed.names.get(name).copied();
        // The times are all of one form, which sorts.
        versions.sort_by(|a, b| a.last_modified.cmp(&b.last_modified));
        versions.dedup_by(|a, b| (&a.version_id, &a.last_modified) == (&b.version_id, &b.last_modified));
        let finding = |verdict, reason: Cow<'static, str>| {
            let (from, to) = (delivered.at, delivered.at);
            let object = Some(key.into());
            Finding { object, from, to, ..Finding::new(verdict, delivered.kind, reason) }.of_chain(&delivered.chain)
        };
        let is_here = match delivered.kind {
            FileKind::Digest => digests.contains(name) || found.named(key).next().is_some(),
            FileKind::LogFile => {
                matches!(verdict, Some(Verdict::Valid | Verdict::Consistent)) || found.named(key).next().is_some()
            }
        };
        if !is_here && verdict != Some(Verdict::Missing) && !reported.contains(name) {
            let deleted = versions.iter().rev().find(|version| version.is_delete_marker);
            let reason = match deleted.and_then(|marker| marker.last_modified.as_ref()) {
                Some(at) => format!("a listing of the bucket names it, and it was deleted there at {at}").into(),
                None => "a listing of the bucket names it, and it is not in this copy".into(),
            };
            find(finding(Verdict::Missing, reason));
        }
        let reason = if is_here && verdict != Some(Verdict::Valid) {
            rewritten(&versions, delivered.until).or_else(|| other_size(&versions, found.named(key)))
        } else {
            None
        };
        if let Some(reason) = reason {
            find(finding(Verdict::Rewritten, reason.into()));
        }
    }
}

/// Says how a listing shows that an object was written again. `until`: the latest time of its delivery.
fn rewritten(versions: &[&ListedObject], until: Option<i64>) -> Option<String> {
    let mut written = versions.iter().filter(|version| !version.is_delete_marker);
    let last = written.next_back()?;
    let earlier = written.count();
    let at = last.last_modified.as_deref()?;
    if earlier > 0 {
        return Some(format!("the bucket has {} versions of it, the last of {at}", earlier + 1));
    }
    let is_late = time::parse(at).zip(until).is_some_and(|(at, until)| at > until);
    is_late.then(|| format!("a listing of the bucket says that it was written at {at}, after its delivery"))
}

/// Says how a copy of an object differs in size from it, and from its earlier versions. A copy that was unpacked has another
/// ending and is not compared. One that was compressed again is reported like another content.
fn other_size<'f>(versions: &[&ListedObject], mut copies: impl Iterator<Item = &'f FoundFile>) -> Option<String> {
    let written = || versions.iter().filter(|version| !version.is_delete_marker);
    let last = written().next_back()?;
    let size = last.size?;
    let is_same = |bytes| written().any(|version| version.size.is_none_or(|size| size == bytes));
    let copy = copies.find_map(|copy| {
        let bytes = copy.bytes.filter(|_| last_part(&copy.place) == last_part(&last.key))?;
        (!is_same(bytes)).then_some(bytes)
    })?;
    let what = if copy < size { "a part of it, or another content" } else { "another content" };
    Some(format!("it has {size} bytes in a listing of the bucket, and the copy has {copy}: the copy is {what}"))
}

/// Compares the newest digest with the status of the trail.
pub(super) fn compare_status(evidence: &Evidence, scope: &Scope) -> Option<Finding> {
    let delivered = evidence.statuses.iter().filter_map(|status| status.latest_digest_delivery_time.as_deref());
    let delivered = delivered.filter_map(time::parse).max()?;
    let last = evidence.digests.iter().max_by_key(|digest| digest.end)?;
    let end = last.end.filter(|end| end + DIGEST_PERIOD < delivered && scope.meets(Some(*end), Some(delivered)))?;
    let digests = u64::try_from((delivered - end) / DIGEST_PERIOD).unwrap_or(1).max(1);
    let reason = format!(
        "get-trail-status says that a digest was delivered at {}, and the last one here ends at {}",
        time::format(delivered),
        time::format(end)
    );
    let finding = Finding {
        files: digests,
        from: Some(end),
        to: Some(delivered),
        ..Finding::new(Verdict::Missing, FileKind::Digest, reason)
    };
    Some(finding.of_chain(&last.chain))
}
