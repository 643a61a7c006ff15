//! One line about what an empty answer could not have seen: the hours of its scope without coverage, and the kinds of
//! events that were not recorded. It states what the case has, and never that nothing happened.

use std::collections::{BTreeMap, BTreeSet};

use crate::coverage::categories::Category;
use crate::coverage::derivation::Coverage;
use crate::coverage::hours::HOUR;
use crate::coverage::kinds;
use crate::coverage::spans::{HourSpan, State};
use crate::coverage::visibility::{Knowledge, VisibleKind};
use crate::number;
use crate::time;

/// The most accounts that the line names for each kind of events.
const MAX_ACCOUNTS: usize = 2;

/// The events that a question is about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    /// `None`: every account.
    pub(crate) accounts: Option<Vec<String>>,
    /// `None`: every Region.
    pub(crate) regions: Option<Vec<String>>,
    pub(crate) categories: Vec<Category>,
    /// The event sources of the data events; empty: any.
    pub(crate) data_sources: Vec<String>,
    /// The first and the last second.
    pub(crate) from: Option<i64>,
    pub(crate) to: Option<i64>,
}

/// Describes what the case could not have seen of a scope; `None` if the whole scope is covered.
pub(crate) fn of_scope(coverage: &Coverage, scope: &Scope) -> Option<String> {
    let mut parts = Vec::new();
    for category in scope.categories.iter().filter(|category| **category != Category::Management) {
        let any = [String::new()];
        let sources = match category {
            Category::Data if !scope.data_sources.is_empty() => scope.data_sources.as_slice(),
            _ => &any,
        };
        let kinds = sources.iter().map(|source| Unrecorded::of(coverage, scope, *category, source));
        parts.extend(kinds.filter_map(|unrecorded| unrecorded.sentence()));
    }
    parts.extend(uncovered_hours(coverage, scope));
    (!parts.is_empty()).then(|| parts.join("; "))
}

impl Scope {
    fn has_account(&self, account: &str) -> bool {
        self.accounts.as_ref().is_none_or(|accounts| accounts.iter().any(|known| known == account))
    }

    fn has_region(&self, region: &str) -> bool {
        self.regions.as_ref().is_none_or(|regions| regions.iter().any(|known| known == region))
    }

    /// Returns the hours of the scope, the last one excluded.
    fn hours(&self) -> (Option<i64>, Option<i64>) {
        (self.from.map(|from| from.div_euclid(HOUR)), self.to.map(|to| to.div_euclid(HOUR) + 1))
    }

    /// Returns the spans of the accounts and Regions.
    fn spans<'c>(&self, coverage: &'c Coverage) -> impl Iterator<Item = &'c HourSpan> {
        coverage.spans.iter().filter(|span| self.has_account(&span.account) && self.has_region(&span.region))
    }
}

/// The accounts of a scope in which a kind of events is not recorded, or not at all times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Unrecorded {
    /// The kind, in words.
    pub(crate) kind: String,
    /// The number of accounts in the scope.
    pub(crate) accounts: usize,
    /// Accounts of which the case has neither such events nor selectors of them.
    pub(crate) without: Vec<String>,
    /// Accounts, and the time from which such events are recorded.
    pub(crate) before: Vec<(String, i64)>,
    /// Accounts, and the time from which selectors leave such events out.
    pub(crate) after: Vec<(String, i64)>,
}

impl Unrecorded {
    /// Finds out since when a kind of events is recorded. `source`: the event source; empty: any.
    pub(crate) fn of(coverage: &Coverage, scope: &Scope, category: Category, source: &str) -> Unrecorded {
        let kind = if category == Category::Data { kinds::in_words(source) } else { category.in_words().to_owned() };
        let mut first_hours: BTreeMap<&str, i64> = BTreeMap::new();
        for span in scope.spans(coverage) {
            let first = first_hours.entry(&span.account).or_insert(span.from);
            *first = span.from.min(*first);
        }
        let matches = |kind: &VisibleKind| {
            kind.category == category
                && kind.region.as_deref().is_none_or(|region| scope.has_region(region))
                && (source.is_empty() || kind.source.as_deref().is_none_or(|known| known == source))
        };
        let mut found = Unrecorded { kind, accounts: first_hours.len(), ..Unrecorded::default() };
        for (account, first_hour) in first_hours {
            let of_account = || coverage.kinds.iter().filter(|kind| kind.account == account && matches(kind));
            let known = || of_account().filter(|kind| kind.knowledge != Knowledge::NotRecorded);
            let Some(first) = known().map(|kind| kind.from.unwrap_or(i64::MIN)).min() else {
                found.without.push(account.to_owned());
                continue;
            };
            if first.div_euclid(HOUR) > scope.hours().0.unwrap_or(first_hour) {
                found.before.push((account.to_owned(), first));
            }
            // An end is known only where selectors leave the kind out later.
            let last = known().map(|kind| kind.to.unwrap_or(i64::MAX)).max().unwrap_or(i64::MAX);
            let mut left_out = of_account().filter(|kind| kind.knowledge == Knowledge::NotRecorded);
            let is_left_out = left_out.any(|kind| kind.from.is_some_and(|from| from >= last));
            if is_left_out && scope.to.is_none_or(|to| to > last) {
                found.after.push((account.to_owned(), last));
            }
        }
        found
    }

    /// Returns a sentence about an empty answer; `None` if the kind is recorded in the whole scope.
    fn sentence(&self) -> Option<String> {
        let kind = &self.kind;
        let mut parts = Vec::new();
        if !self.without.is_empty() {
            let named = listed(&self.without);
            parts.push(format!("the case has no {kind} of account {named} and no selectors of them"));
        }
        for (when, accounts) in [("before", &self.before), ("after", &self.after)] {
            let named =
                |(account, time): &(String, i64)| format!("{when} {} in account {account}", time::format(*time));
            let named: Vec<String> = accounts.iter().map(named).collect();
            parts.extend((!named.is_empty()).then(|| format!("no {kind} are recorded {}", listed(&named))));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// Returns the same as a line of a list: `S3 object events: none in 111122223333`.
    pub(crate) fn line(&self) -> Option<String> {
        let times = |accounts: &[(String, i64)], when: &str| {
            let named = accounts.iter().map(|(account, time)| format!("{when} {} in {account}", time::format(*time)));
            let named: Vec<String> = named.collect();
            (!named.is_empty()).then(|| format!("none {}", listed(&named)))
        };
        let without = match self.without.len() {
            0 => None,
            all if all == self.accounts => Some("no account has any".to_owned()),
            _ => Some(format!("none in {}", listed(&self.without))),
        };
        let parts: Vec<String> =
            [without, times(&self.before, "before"), times(&self.after, "after")].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| format!("{}: {}", self.kind, parts.join("; ")))
    }
}

/// Returns a list with at most [`MAX_ACCOUNTS`] entries.
fn listed(entries: &[String]) -> String {
    format!("{}{}", entries.iter().take(MAX_ACCOUNTS).cloned().collect::<Vec<_>>().join(", "), more(entries.len()))
}

/// Returns the rest of a list of accounts.
fn more(accounts: usize) -> String {
    match accounts.saturating_sub(MAX_ACCOUNTS) {
        0 => String::new(),
        more => format!(" and {}", number::counted(more as u64, "more account")),
    }
}

/// Counts the hours of the scope without coverage.
pub(crate) fn uncovered_hours(coverage: &Coverage, scope: &Scope) -> Option<String> {
    let spans = || scope.spans(coverage).filter(|span| scope.categories.contains(&span.category));
    if let (Some(accounts), None) = (&scope.accounts, scope.spans(coverage).next()) {
        let regions = scope.regions.as_ref().map_or_else(String::new, |regions| format!(" in {}", regions.join(", ")));
        return Some(format!("the case has no files of account {}{regions}", accounts.join(", ")));
    }
    let (from, to) = scope.hours();
    let mut hours: BTreeMap<State, u64> = BTreeMap::new();
    let mut add = |state: State, from: i64, to: i64| {
        *hours.entry(state).or_default() += u64::try_from(to.saturating_sub(from)).unwrap_or(0);
    };
    let mut places: BTreeSet<(&str, &str)> = BTreeSet::new();
    for span in spans() {
        places.insert((&span.account, &span.region));
        add(span.state, from.map_or(span.from, |from| from.max(span.from)), to.map_or(span.to, |to| to.min(span.to)));
    }
    let all: u64 = hours.values().sum();
    if let (0, Some(first), Some(last)) = (all, spans().map(|span| span.from).min(), spans().map(|span| span.to).max())
    {
        let hour = |hour: i64| time::format(hour.saturating_mul(HOUR));
        return Some(format!("the case has no files of this period: they are of {} to {}", hour(first), hour(last)));
    }
    let of = |state: State| hours.get(&state).copied().unwrap_or(0);
    let states = [
        (of(State::Unknown), "unknown"),
        (of(State::Off), "off"),
        (of(State::FilesMissing), "with missing files"),
        (of(State::NotRecorded), "not recorded"),
    ];
    let counted: Vec<String> = states
        .iter()
        .filter(|(hours, _)| *hours > 0)
        .map(|(hours, words)| format!("{} {words}", number::count(*hours)))
        .collect();
    if counted.is_empty() {
        return None;
    }
    let place = match places.first() {
        Some((account, region)) if places.len() == 1 => format!(" in {region} of account {account}"),
        _ => format!(" in {}", number::counted(places.len() as u64, "pair") + " of Region and account"),
    };
    Some(format!("of {}{place}, {}: `.run coverage gaps=1`", number::counted(all, "hour"), counted.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::{Scope, of_scope};
    use crate::coverage::facts::{Action, Change, EventCount, Facts, Place, SourcePeriod, TrailId};
    use crate::coverage::selectors::{Limits, SelectedKind, Selection};
    use crate::coverage::{Category, Coverage, HOUR};

    const ACCOUNT: &str = "111122223333";
    const S3: &str = "s3.amazonaws.com";

    /// Management events of 01:00 and 05:00, and reads of objects from 03:53 on, unless in `without`.
    fn coverage(accounts: &[&str], without: &[&str]) -> Coverage {
        let mut facts = Facts::default();
        for account in accounts {
            let place = Place { account: (*account).to_owned(), region: "us-east-1".to_owned() };
            for (category, source, hours) in
                [(Category::Management, "iam.amazonaws.com", [1, 5]), (Category::Data, S3, [3, 5])]
            {
                if category == Category::Data && without.contains(account) {
                    continue;
                }
                let period = Some((hours[0] * HOUR + 53 * 60, hours[1] * HOUR));
                let source = source.to_owned();
                facts.sources.push(SourcePeriod { place: place.clone(), category, source, events: 2, period });
                let count = |hour: i64| EventCount { place: place.clone(), category, hour, events: 1 };
                facts.events.extend(hours.map(count));
            }
        }
        Coverage::of(&facts, (None, None))
    }

    fn scope(categories: &[Category]) -> Scope {
        Scope { categories: categories.to_vec(), ..Scope::default() }
    }

    #[test]
    fn a_covered_scope_says_nothing() {
        let hour =
            Scope { from: Some(5 * HOUR), to: Some(6 * HOUR - 1), ..scope(&[Category::Management, Category::Data]) };
        assert_eq!(of_scope(&coverage(&[ACCOUNT], &[]), &hour), None);
    }

    #[test]
    fn hours_without_coverage_are_counted_within_the_scope() {
        let coverage = coverage(&[ACCOUNT, "444455556666"], &[ACCOUNT, "444455556666"]);
        let all = scope(&[Category::Management]);
        let said = |scope: &Scope| of_scope(&coverage, scope).unwrap();
        assert_eq!(said(&all), "of 10 hours in 2 pairs of Region and account, 6 unknown: `.run coverage gaps=1`");
        let one = Scope { accounts: Some(vec![ACCOUNT.to_owned()]), ..all };
        assert_eq!(said(&one), "of 5 hours in us-east-1 of account 111122223333, 3 unknown: `.run coverage gaps=1`");
        // The case knows 01:00 to 06:00. A period often ends now, long after it.
        let wider = Scope { from: Some(0), to: Some(8 * HOUR), ..one.clone() };
        assert_eq!(said(&wider), said(&one));
        let outside = Scope { from: Some(100 * HOUR), to: Some(101 * HOUR - 1), ..one.clone() };
        let files = "the case has no files of this period: they are of 1970-01-01T01:00:00Z to 1970-01-01T06:00:00Z";
        assert_eq!(said(&outside), files);
        let absent = Scope { accounts: Some(vec!["999".to_owned()]), ..one.clone() };
        assert_eq!(said(&absent), "the case has no files of account 999");
        let elsewhere = Scope { regions: Some(vec!["eu-west-1".to_owned()]), ..one };
        assert_eq!(said(&elsewhere), "the case has no files of account 111122223333 in eu-west-1");
    }

    #[test]
    fn kinds_are_recorded_from_the_first_event_or_selector_on() {
        let asked = |coverage: &Coverage, from: i64| {
            let data = scope(&[Category::Data]);
            let scope = Scope { data_sources: vec![S3.to_owned()], from: Some(from), to: Some(6 * HOUR - 1), ..data };
            of_scope(coverage, &scope).unwrap_or_default().split("; of ").next().unwrap().to_owned()
        };
        let before = "no S3 object events are recorded before 1970-01-01T03:53:00Z in account 111122223333";
        assert_eq!(asked(&coverage(&[ACCOUNT], &[]), HOUR), before);
        assert!(!asked(&coverage(&[ACCOUNT], &[]), 3 * HOUR).contains("S3"));
        let accounts = [ACCOUNT, "444455556666", "555566667777", "666677778888"];
        assert_eq!(
            asked(&coverage(&accounts, &accounts[1..]), 3 * HOUR),
            "the case has no S3 object events of account 444455556666, 555566667777 and 1 more account and no selectors of them"
        );
    }

    #[test]
    fn selectors_that_leave_a_kind_out_end_it() {
        let data = vec![SelectedKind { name: "AWS::S3::Object".to_owned(), limits: Limits::default() }];
        let select = |hour: i64, data: Vec<SelectedKind>| Action {
            trail: TrailId { owner: ACCOUNT.to_owned(), home: "us-east-1".to_owned(), name: "t".to_owned() },
            time: hour * HOUR,
            change: Change::Select(Selection { data, ..Selection::of_new_trail() }),
        };
        let place = Place { account: ACCOUNT.to_owned(), region: "us-east-1".to_owned() };
        let source = "iam.amazonaws.com".to_owned();
        let period = Some((0, 9 * HOUR));
        let seen = SourcePeriod { place: place.clone(), category: Category::Management, source, events: 1, period };
        let count = EventCount { place, category: Category::Management, hour: 9, events: 1 };
        let actions = vec![select(2, data), select(4, Vec::new())];
        let facts = Facts { events: vec![count], sources: vec![seen], actions, ..Facts::default() };
        let scope = Scope { data_sources: vec![S3.to_owned()], from: Some(3 * HOUR), ..scope(&[Category::Data]) };
        let said = of_scope(&Coverage::of(&facts, (None, None)), &scope).unwrap();
        assert!(said.starts_with("no S3 object events are recorded after 1970-01-01T04:00:00Z in account"), "{said}");
    }
}
