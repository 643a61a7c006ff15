//! Names of digest files and log files (`guide/internals/formats.md`, 1.2 and 5.1).

use std::sync::LazyLock;

use regex::Regex;

use crate::arn::is_account_id;
use crate::pattern::literal;
use crate::time;
use crate::validate::verdict::ChainId;

/// The parts of a digest's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DigestName {
    pub(super) chain: ChainId,
    /// The end of its period, in Unix seconds.
    pub(super) end: Option<i64>,
}

/// The parts of a log file's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LogName<'n> {
    pub(super) account: &'n str,
    pub(super) region: &'n str,
    /// The kind of its events, such as `Insight`; nothing for management and data events.
    pub(super) kind: &'n str,
    /// The minute of its delivery, in Unix seconds.
    pub(super) delivered: Option<i64>,
}

static DIGEST: LazyLock<Regex> = LazyLock::new(|| {
    literal(concat!(
        r"^(\d{12})_CloudTrail-Digest_([a-z]{2}(?:-[a-z]+)+-\d+)_(.+)_([a-z]{2}(?:-[a-z]+)+-\d+)_",
        r"(\d{8}T\d{6}Z)(_backfill)?\.json(?:\.gz)?$"
    ))
});
static ORGANIZATION: LazyLock<Regex> = LazyLock::new(|| literal(r"(?:^|/)AWSLogs/(o-[a-z0-9]+)/"));

/// Returns the last part of a key, a path or the name of an archive's member.
pub(super) fn last_part(name: &str) -> &str {
    let separator = memchr::memrchr3(b'/', b'!', b'\\', name.as_bytes());
    separator.and_then(|at| name.get(at + 1..)).unwrap_or(name)
}

/// Returns the last part without the ending of a compression, by which a copy and its object are compared.
pub(super) fn base_name(name: &str) -> &str {
    let name = last_part(name);
    [".gz", ".bz2", ".xz", ".zst"].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
}

impl DigestName {
    /// Reads the key of a digest.
    pub(super) fn parse(key: &str) -> Option<DigestName> {
        let parts = DIGEST.captures(last_part(key))?;
        let part = |index: usize| parts.get(index).map_or("", |part| part.as_str()).to_owned();
        let organization = ORGANIZATION.captures(key).and_then(|parts| parts.get(1));
        let chain = ChainId {
            account: part(1),
            region: part(2),
            trail: part(3),
            home: part(4),
            organization: organization.map_or("", |part| part.as_str()).to_owned(),
            is_backfill: parts.get(6).is_some(),
        };
        Some(DigestName { chain, end: time::parse(&part(5)) })
    }
}

impl<'n> LogName<'n> {
    /// Reads the name of a delivered file other than a digest: `ACCOUNT_CloudTrail[-KIND]_REGION_TIME...`. There may be a
    /// million of them, for which a regular expression takes as long as hashing the files.
    pub(super) fn parse(name: &'n str) -> Option<LogName<'n>> {
        let mut parts = last_part(name).splitn(4, '_');
        let (account, product, region, rest) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let kind = product.strip_prefix("CloudTrail")?;
        let kind = if kind.is_empty() { kind } else { kind.strip_prefix('-').filter(|kind| *kind != "Digest")? };
        let is_kind = kind.bytes().all(|byte| byte.is_ascii_alphabetic());
        let is_region = region.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && region.bytes().filter(|byte| *byte == b'-').count() >= 2;
        let delivered = minute(rest)?;
        (is_account_id(account) && is_kind && is_region).then_some(LogName { account, region, kind, delivered })
    }
}

/// Reads the time at the beginning of a text, `YYYYMMDDTHHMMZ` or with seconds. `Some(None)` is not a moment.
fn minute(text: &str) -> Option<Option<i64>> {
    let time = text.split_once('Z')?.0;
    let (day, clock) = time.split_once('T')?;
    let is_time = day.len() == 8
        && matches!(clock.len(), 4 | 6)
        && [day, clock].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    is_time.then(|| {
        let second = clock.get(4..6).unwrap_or("00");
        let text = format!("{}-{}-{}T{}:{}:{second}Z", &day[..4], &day[4..6], &day[6..], &clock[..2], &clock[2..4]);
        time::parse(&text)
    })
}

#[cfg(test)]
mod tests {
    use super::{DigestName, LogName, base_name};
    use crate::time;

    #[test]
    fn names_of_digests_are_read_from_both_ends() {
        let key = "logs/AWSLogs/o-abc123/111122223333/CloudTrail-Digest/us-east-1/2024/03/01/\
                   111122223333_CloudTrail-Digest_us-east-1_my_trail-us-east-2_eu-west-1_20240301T230500Z_backfill.json.gz";
        let name = DigestName::parse(key).unwrap();
        assert_eq!(name.chain.region, "us-east-1");
        assert_eq!(name.chain.trail, "my_trail-us-east-2");
        assert_eq!(name.chain.home, "eu-west-1");
        assert_eq!(name.chain.organization, "o-abc123");
        assert!(name.chain.is_backfill);
        assert_eq!(name.end, time::parse("2024-03-01T23:05:00Z"));
        assert_eq!(DigestName::parse("a.json"), None);
    }

    #[test]
    fn names_of_log_files_have_a_kind_and_a_time() {
        let name = LogName::parse("a!b/111122223333_CloudTrail-Insight_us-east-1_20240301T2305Z_x.json.gz").unwrap();
        assert_eq!((name.kind, name.delivered), ("Insight", time::parse("2024-03-01T23:05:00Z")));
        assert_eq!(
            LogName::parse("111122223333_CloudTrail-Digest_us-east-1_t_us-east-1_20240301T230500Z.json.gz"),
            None
        );
        for other in [
            "events.json",
            "11112222333_CloudTrail_us-east-1_20240301T2305Z_x.json.gz",
            "111122223333_Config_us-east-1_20240301T2305Z_x.json.gz",
            "111122223333_CloudTrail_us-east-1_2024T2305Z_x.json.gz",
            "111122223333_CloudTrail_ust_20240301T2305Z_x.json.gz",
            "111122223333_CloudTrail-\u{e9}_us-east-1_20240301T2305Z_x.json.gz",
            "111122223333_CloudTrail_us-east-1_2024\u{e9}01T2305Z_x.json.gz",
        ] {
            assert_eq!(LogName::parse(other), None, "{other}");
        }
        assert_eq!(base_name("/x/y.zip!a/b.json.gz"), "b.json");
        assert_eq!(base_name("b.json"), "b.json");
    }
}
