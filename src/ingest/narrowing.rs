//! Leaves files out of an import by what their paths say: the account, the Region and the time of delivery
//! (`guide/internals/formats.md`, 1.2). A file whose path does not say it is read.

use std::sync::LazyLock;

use regex::Regex;

use crate::ingest::delivery::Name;
use crate::pattern::literal;
use crate::time;

/// The seconds after an event in which its file may be delivered, as `--until` counts it. CloudTrail delivers after about
/// 5 minutes on average, without a guarantee; a day leaves room for an outage.
pub(crate) const LATE_DELIVERY: i64 = 86_400;

/// The limits of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// The first second of the period, in Unix seconds.
    pub since: Option<i64>,
    /// The last second of the period, in Unix seconds.
    pub until: Option<i64>,
    /// The accounts; none means every account.
    pub accounts: Vec<String>,
    /// The Regions; none means every Region.
    pub regions: Vec<String>,
}

/// The facts that a path states of the deliveries in a file.
#[derive(Debug, Default, PartialEq, Eq)]
struct PathFacts {
    account: Option<String>,
    region: Option<String>,
    /// The first and the last second in which it may have been delivered.
    delivered: Option<(i64, i64)>,
}

impl PathFacts {
    fn of(path: &str) -> PathFacts {
        static FOLDERS: LazyLock<Regex> = LazyLock::new(|| {
            literal(concat!(
                r"(?:^|[/\\!])AWSLogs[/\\](?:o-[a-z0-9]+[/\\])?(\d{12})[/\\]",
                r"(?:CloudTrail[A-Za-z-]*[/\\]([a-z]{2}(?:-[a-z]+)+-\d+)[/\\]",
                r"(?:(\d{4})[/\\](\d{2})[/\\](\d{2})[/\\])?)?"
            ))
        });
        let name = Name::parse(path.rsplit(['/', '\\', '!']).next().unwrap_or(path));
        let delivery = name.delivery();
        if let Some(delivered) = delivery.delivered_at.and_then(time::parse) {
            // Names have the minute.
            let owned = |text: Option<&str>| text.map(str::to_owned);
            let delivered = Some((delivered, delivered + 59));
            return PathFacts { account: owned(delivery.account_id), region: owned(delivery.region), delivered };
        }
        let Some(folders) = FOLDERS.captures(path) else { return PathFacts::default() };
        let part = |index: usize| folders.get(index).map(|part| part.as_str());
        let day =
            part(3).zip(part(4)).zip(part(5)).map(|((year, month), day)| format!("{year}-{month}-{day}T00:00:00Z"));
        let delivered = day.and_then(|day| time::parse(&day)).map(|day| (day, day + 86_399));
        PathFacts { account: part(1).map(str::to_owned), region: part(2).map(str::to_owned), delivered }
    }
}

impl Narrowing {
    /// Returns the reason to leave out the file with a path; `None` if it is to be read.
    pub(crate) fn reason(&self, path: &str) -> Option<String> {
        if *self == Narrowing::default() {
            return None;
        }
        let facts = PathFacts::of(path);
        let is_other = |all: &[String], value: &str| !all.is_empty() && !all.iter().any(|one| one == value);
        if let Some(account) = facts.account.filter(|account| is_other(&self.accounts, account)) {
            return Some(format!("left out by --account: its path has the account {account}"));
        }
        if let Some(region) = facts.region.filter(|region| is_other(&self.regions, region)) {
            return Some(format!("left out by --region: its path has the Region {region}"));
        }
        let (first, last) = facts.delivered?;
        if self.since.is_some_and(|since| last < since) {
            return Some(format!("left out by --since: it was delivered at {} or before", time::format(last)));
        }
        if self.until.is_some_and(|until| first > until.saturating_add(LATE_DELIVERY)) {
            return Some(format!("left out by --until: it was delivered at {} or after", time::format(first)));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{LATE_DELIVERY, Narrowing, PathFacts};
    use crate::time;

    const NAME: &str = "111122223333_CloudTrail_us-east-1_20240301T2305Z_aslG7F8O8NgPrsDF.json.gz";

    fn at(text: &str) -> i64 {
        time::parse(text).unwrap()
    }

    #[test]
    fn a_name_comes_before_folders_and_what_says_nothing_is_unknown() {
        let named = PathFacts::of(&format!("/AWSLogs/444455556666/CloudTrail/eu-west-1/2020/01/01/{NAME}"));
        assert_eq!((named.account.as_deref(), named.region.as_deref()), (Some("111122223333"), Some("us-east-1")));
        assert_eq!(named.delivered, Some((at("2024-03-01T23:05:00Z"), at("2024-03-01T23:05:59Z"))));
        let folders = PathFacts::of("a/AWSLogs/o-abc/444455556666/CloudTrail-Digest/eu-west-1/2024/02/29/x.json");
        assert_eq!((folders.account.as_deref(), folders.region.as_deref()), (Some("444455556666"), Some("eu-west-1")));
        assert_eq!(folders.delivered, Some((at("2024-02-29T00:00:00Z"), at("2024-02-29T23:59:59Z"))));
        let account = PathFacts::of("/AWSLogs/444455556666/Config/x.json");
        assert_eq!(account, PathFacts { account: Some("444455556666".to_owned()), ..PathFacts::default() });
        for path in ["x.json", "/2024/02/29/x.json", "AWSLogs/4444/CloudTrail/eu-west-1/2024/02/29/x.json", ""] {
            assert_eq!(PathFacts::of(path), PathFacts::default(), "{path}");
        }
        let no_day = PathFacts::of("AWSLogs/444455556666/CloudTrail/eu-west-1/2024/02/31/x.json");
        assert_eq!(no_day.delivered, None);
    }

    #[test]
    fn each_limit_leaves_out_what_is_outside_of_it_and_nothing_else() {
        let delivered = at("2024-03-01T23:05:00Z");
        let of = |narrowing: Narrowing| narrowing.reason(NAME);
        let since = |since: i64| of(Narrowing { since: Some(since), ..Narrowing::default() });
        let until = |until: i64| of(Narrowing { until: Some(until), ..Narrowing::default() });
        assert_eq!(since(delivered + 59), None);
        assert!(
            since(delivered + 60).unwrap().starts_with("left out by --since: it was delivered at 2024-03-01T23:05:59Z")
        );
        assert_eq!(until(delivered - LATE_DELIVERY), None);
        assert!(until(delivered - LATE_DELIVERY - 1).unwrap().starts_with("left out by --until"));
        let account = |account: &str| of(Narrowing { accounts: vec![account.to_owned()], ..Narrowing::default() });
        assert_eq!(account("111122223333"), None);
        assert!(account("444455556666").unwrap().contains("the account 111122223333"));
        let region = |region: &str| of(Narrowing { regions: vec![region.to_owned()], ..Narrowing::default() });
        assert_eq!(region("us-east-1"), None);
        assert!(region("us-east-2").unwrap().contains("the Region us-east-1"));
        assert_eq!(of(Narrowing::default()), None);
        let all =
            Narrowing { since: Some(0), until: Some(0), accounts: vec!["1".to_owned()], regions: vec!["r".to_owned()] };
        assert_eq!(all.reason("findings.json"), None);
    }
}
