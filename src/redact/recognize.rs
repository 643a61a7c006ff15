//! Identifiers and CloudTrail's own words, recognized in a text by their shape alone: ARNs, keys, accounts, times.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::kind::ACCOUNT_DIGITS;
use super::names::is_whole_word;
use super::shapes::Shape;
use super::words;
use crate::pattern::literal;

/// An ARN in a text: its first five parts, and its resource.
static ARN: LazyLock<Regex> = LazyLock::new(|| {
    literal(r#"arn:([a-z0-9*-]*):([A-Za-z0-9*-]*):([A-Za-z0-9*-]*):([A-Za-z0-9*-]*):([^\s"'<>\\,;()\[\]{}]+)"#)
});
/// A time as records have it. In a text, a name may be a date.
static TIME: LazyLock<Regex> = LazyLock::new(|| {
    literal(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})")
});
/// A type of resources.
static TYPE: LazyLock<Regex> = LazyLock::new(|| literal("AWS::[A-Za-z0-9]+(?:::[A-Za-z0-9]+)*"));
/// CloudTrail's own parts of the paths and names of delivered files.
static DELIVERY: LazyLock<Regex> = LazyLock::new(|| {
    let kind = "CloudTrail(?:-(?:Insight|Digest|NetworkActivity|Aggregated))?";
    literal(&format!(
        r"(AWSLogs)/(?:o-[a-z0-9]+/)?[0-9]{{12}}(?:/({kind})(?:/([a-z]{{2,4}}(?:-[a-z]+)+-[0-9]))?)?|[0-9]{{12}}_({kind})_([a-z]{{2,4}}(?:-[a-z]+)+-[0-9])_"
    ))
});
/// The start of a key, in any case.
pub(super) static KEY: LazyLock<Regex> =
    LazyLock::new(|| literal("(?i-u:AKIA|ASIA|AROA|AIDA|AGPA|AIPA|ANPA|ANVA|ABIA|ACCA|APKA|ASCA)[A-Za-z0-9]{8,124}"));
/// Characters of the shortest time.
const MIN_TIME: usize = 17;
/// The shortest text that is taken for a key.
pub(super) const MIN_KEY: usize = 12;

/// The spans of an ARN's parts.
pub(super) struct ArnSpan {
    pub(super) whole: Range<usize>,
    partition: Range<usize>,
    pub(super) service: Range<usize>,
    region: Range<usize>,
    pub(super) account: Range<usize>,
    pub(super) resource: Range<usize>,
}

/// Finds the ARNs in a text.
pub(super) fn arns(text: &str) -> Vec<ArnSpan> {
    if !text.contains("arn:") {
        return Vec::new();
    }
    let all = ARN.captures_iter(text).filter_map(|parts| {
        let part = |index: usize| parts.get(index).map(|part| part.range());
        let (whole, resource) = (part(0)?, part(5)?);
        // A sentence may end after an ARN.
        let end = resource.start + text[resource.clone()].trim_end_matches(['.', ':', '!', '?']).len();
        (end > resource.start).then_some(ArnSpan {
            whole: whole.start..end,
            partition: part(1)?,
            service: part(2)?,
            region: part(3)?,
            account: part(4)?,
            resource: resource.start..end,
        })
    });
    all.filter(|arn| is_whole_word(text, &(arn.whole.start..arn.whole.start + 3))).collect()
}

/// Returns the start of an ARN, up to the first part with an unexpected shape. It is kept even if a user has such a
/// name.
pub(super) fn arn_beginning(text: &str, arn: &ArnSpan) -> Range<usize> {
    let partition = &text[arn.partition.clone()];
    let service = &text[arn.service.clone()];
    let region = &text[arn.region.clone()];
    let any = |part: &str| part.is_empty() || part == "*";
    let is_partition = any(partition)
        || partition
            .split('-')
            .all(|part| matches!(part, "aws" | "cn" | "us" | "gov" | "eusc" | "iso" | "b" | "e" | "f"));
    let is_service = any(service) || service.split('-').all(words::is_identifier);
    let is_region = any(region) || Shape::Region.fits(region);
    let end = match (is_partition, is_service, is_region) {
        (false, ..) => arn.partition.start,
        (_, false, _) => arn.service.start,
        (.., false) => arn.region.start,
        _ => arn.account.start,
    };
    arn.whole.start..end
}

/// Finds CloudTrail's own words: times, types of resources, and the fixed parts of delivered paths.
pub(super) fn own_words(text: &str) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    if text.len() >= MIN_TIME && text.contains('T') && text.contains(':') {
        all.extend(TIME.find_iter(text).map(|found| found.range()).filter(|span| is_whole_word(text, span)));
    }
    if text.contains("AWS::") {
        all.extend(
            TYPE.find_iter(text).filter(|found| Shape::ResourceType.fits(found.as_str())).map(|found| found.range()),
        );
    }
    if text.contains("AWSLogs/") || text.contains("_CloudTrail") {
        for parts in DELIVERY.captures_iter(text) {
            let is_own = |part: &regex::Match<'_>| {
                part.as_str().starts_with(|c: char| c.is_ascii_uppercase()) || Shape::Region.fits(part.as_str())
            };
            all.extend(parts.iter().skip(1).flatten().filter(is_own).map(|part| part.range()));
        }
    }
    all
}

/// Reports whether a text has the shape of a key.
pub(super) fn looks_like_key(text: &str) -> bool {
    KEY.find(text).is_some_and(|found| found.len() == text.len()) && is_upper(text)
}

fn is_upper(text: &str) -> bool {
    !text.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// Finds the keys in a text that are whole words in capitals, as AWS writes them.
pub(super) fn keys(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_key = |key: &regex::Match<'_>| is_upper(key.as_str()) && is_whole_word(text, &key.range());
    let bytes = text.as_bytes();
    let worth = bytes.len() >= MIN_KEY && memchr::memchr_iter(b'A', bytes).any(|at| bytes.get(at + 3) == Some(&b'A'));
    let worth = worth.then_some(text);
    worth.into_iter().flat_map(|text| KEY.find_iter(text)).filter(is_key).map(|key| key.range())
}

/// Reports whether a text is an account.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == ACCOUNT_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::{ARN, DELIVERY, KEY, TIME, TYPE};

    #[test]
    fn every_pattern_compiles() {
        for pattern in [&ARN, &TIME, &TYPE, &DELIVERY, &KEY] {
            LazyLock::force(pattern);
        }
    }
}
