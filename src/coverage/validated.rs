//! The findings of the newest validation that a case keeps, by hour: how many files of which verdict it found.
//!
//! A file or a gap counts for the hours of the events that it may hold. The work depends on the number of findings, and for
//! each run of hours on its logarithm.

use std::collections::{BTreeMap, HashMap};

use crate::coverage::facts::Place;
use crate::coverage::hours::{DELIVERY_MARGIN, HOUR};
use crate::number;

/// Files of which a validation found that they are not valid. Times are those of the delivery, both ends included; `None`:
/// not known.
#[derive(Debug, Clone)]
pub(crate) struct ValidationFinding {
    pub(crate) place: Place,
    /// The verdict with its place in reports.
    pub(crate) verdict: (usize, String),
    pub(crate) files: u64,
    pub(crate) from: Option<i64>,
    pub(crate) to: Option<i64>,
}

/// The newest validation that a case keeps.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewestValidation {
    /// The time of the run: UTC, `YYYY-MM-DDTHH:MM:SSZ`.
    at: String,
    /// The deliveries that it looked at.
    since: Option<i64>,
    until: Option<i64>,
    places: HashMap<Place, BTreeMap<(usize, String), Spans>>,
}

/// The first and last moments of findings, each in order, with the number of files up to each.
#[derive(Debug, Clone, Default)]
struct Spans {
    starts: Vec<(i64, u64)>,
    ends: Vec<(i64, u64)>,
}

impl Spans {
    /// Puts the moments in order and sums the files up.
    fn sum_up(&mut self) {
        for moments in [&mut self.starts, &mut self.ends] {
            moments.sort_unstable();
            let mut sum = 0_u64;
            for (_, files) in moments.iter_mut() {
                sum = sum.saturating_add(*files);
                *files = sum;
            }
        }
    }

    /// Returns the number of files that have a moment in a half-open period.
    fn files_in(&self, from: i64, to: i64) -> u64 {
        let before = |moments: &[(i64, u64)], end: i64| {
            let count = moments.partition_point(|(moment, _)| *moment < end);
            count.checked_sub(1).and_then(|last| moments.get(last)).map_or(0, |(_, files)| *files)
        };
        before(&self.starts, to).saturating_sub(before(&self.ends, from))
    }
}

impl NewestValidation {
    /// Takes a validation and what it found.
    pub(crate) fn new(
        at: String,
        (since, until): (Option<i64>, Option<i64>),
        findings: Vec<ValidationFinding>,
    ) -> NewestValidation {
        let mut places: HashMap<Place, BTreeMap<(usize, String), Spans>> = HashMap::new();
        for ValidationFinding { place, verdict, files, from, to } in findings {
            let spans = places.entry(place).or_default().entry(verdict).or_default();
            spans.starts.push((from.unwrap_or(i64::MIN), files));
            spans.ends.push((to.unwrap_or(i64::MAX), files));
        }
        places.values_mut().flat_map(BTreeMap::values_mut).for_each(Spans::sum_up);
        NewestValidation { at, since, until, places }
    }

    /// Says what the validation found of hours of a place, the last one excluded; `None` if it did not look at them.
    pub(crate) fn describe(&self, place: &Place, (from, to): (i64, i64)) -> Option<String> {
        let (from, to) = (from.saturating_mul(HOUR), to.saturating_mul(HOUR).saturating_add(DELIVERY_MARGIN));
        if self.since.is_some_and(|since| to <= since) || self.until.is_some_and(|until| from > until) {
            return None;
        }
        let verdicts = self.places.get(place).into_iter().flatten();
        let found = verdicts.filter_map(|((_, name), spans)| match spans.files_in(from, to) {
            0 => None,
            files => Some(format!("{} {name}", number::count(files))),
        });
        let found = found.collect::<Vec<_>>().join(", ");
        Some(format!("{}: {}", self.at, if found.is_empty() { "no finding" } else { &found }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{NewestValidation, ValidationFinding};
    use crate::coverage::facts::Place;
    use crate::coverage::hours::{DELIVERY_MARGIN, HOUR};

    fn place(region: &str) -> Place {
        Place { account: "111122223333".to_owned(), region: region.to_owned() }
    }

    #[test]
    fn hours_outside_the_validation_are_not_described() {
        let validation = NewestValidation::new("T".to_owned(), (Some(10 * HOUR), Some(20 * HOUR)), Vec::new());
        let said = |from, to| validation.describe(&place("us-east-1"), (from, to));
        assert_eq!(said(0, 8), None);
        assert_eq!(said(21, 22), None);
        assert_eq!(said(0, 9).as_deref(), Some("T: no finding"));
    }

    proptest! {
        #[test]
        fn files_are_counted_as_by_a_walk_over_all_findings(
            found in prop::collection::vec(
                (0..3_usize, 0..2_usize, 1..4_u64, prop::option::of(0..30_i64), prop::option::of(0..10_i64)), 0..30),
            from in 0..30_i64, hours in 1..10_i64,
        ) {
            let (verdicts, regions) = (["altered", "missing", "not covered"], ["us-east-1", "eu-west-1"]);
            let findings: Vec<ValidationFinding> = found.iter().map(|(verdict, region, files, from, length)| {
                let to = length.map(|length| (from.unwrap_or(0) + length) * HOUR);
                let verdict = (*verdict, verdicts[*verdict].to_owned());
                ValidationFinding { place: place(regions[*region]), verdict, files: *files, from: from.map(|from| from * HOUR), to }
            }).collect();
            let (begin, end) = (from * HOUR, (from + hours) * HOUR + DELIVERY_MARGIN);
            for region in regions {
                let mut expected = Vec::new();
                for name in verdicts {
                    let meets = |finding: &&ValidationFinding| {
                        finding.verdict.1 == name
                            && finding.place == place(region)
                            && finding.from.is_none_or(|from| from < end)
                            && finding.to.is_none_or(|to| to >= begin)
                    };
                    let files: u64 = findings.iter().filter(meets).map(|finding| finding.files).sum();
                    expected.extend((files > 0).then(|| format!("{files} {name}")));
                }
                let expected = if expected.is_empty() { "no finding".to_owned() } else { expected.join(", ") };
                let validation = NewestValidation::new("T".to_owned(), (None, None), findings.clone());
                prop_assert_eq!(validation.describe(&place(region), (from, from + hours)).unwrap(), format!("T: {expected}"));
            }
        }
    }
}
