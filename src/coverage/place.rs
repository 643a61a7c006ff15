//! The runs of hours of every account, Region and category.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::coverage::categories::Category;
use crate::coverage::facts::{EventCount, Facts, FileTimes, Place};
use crate::coverage::hours::{DELIVERY_MARGIN, HOUR, hours_of, whole_hours};
use crate::coverage::spans::{HourFact, HourSpan, Interval, sweep};
use crate::coverage::trails::{EVER, Recording, Status, Trail, Trails};

/// The reason of hours without events of a case that is a selection.
const SELECTION: &str = "this case holds only a selection of the events";
/// The reason of hours in the range of an Event history download.
const DOWNLOADED: &str = "an Event history download spans it, which may have been filtered";
/// The condition under which a trail with unknown selectors delivered nothing.
const DEFAULT_SELECTORS: &str = "; its selectors are not in the case, the default is all management events";

/// Returns the runs of hours, by account, Region, category and time. `period`: the first and last second asked about.
pub(crate) fn spans(facts: &Facts, trails: &Trails<'_>, period: (Option<i64>, Option<i64>)) -> Vec<HourSpan> {
    let places = places(facts);
    let ranges = ranges(&places);
    let mut spans = Vec::new();
    for (place, found) in &places {
        let Some((first, last)) = ranges.get(place.account.as_str()).copied() else { continue };
        let from = period.0.map_or(first, |since| first.max(since.div_euclid(HOUR)));
        let to = period.1.map_or(last, |until| last.min(until.div_euclid(HOUR) + 1));
        let known = Known { place, found, trails, is_selection: facts.is_selection };
        for category in known.categories() {
            spans.extend(sweep((from, to), &known.intervals(category)).into_iter().map(|run| HourSpan {
                account: place.account.clone(),
                region: place.region.clone(),
                category,
                from: run.from,
                to: run.to,
                state: run.state,
                events: run.events,
                missing_files: run.missing_files,
                why: run.reason(),
            }));
        }
    }
    spans
}

/// The facts of a place.
#[derive(Debug, Default)]
struct Found<'f> {
    events: Vec<&'f EventCount>,
    /// The hours in which a trail recorded an event, in order, and by category.
    recorded: BTreeSet<(Option<Category>, i64)>,
    downloads: Vec<(i64, i64)>,
    files: Vec<(&'f FileTimes, HourFact)>,
    /// In order.
    deliveries: Vec<i64>,
    /// The hours that the facts are about, the last one excluded.
    range: Option<(i64, i64)>,
}

impl Found<'_> {
    fn extend(&mut self, from: i64, to: i64) {
        self.range = Some(self.range.map_or((from, to), |(first, last)| (first.min(from), last.max(to))));
    }
}

fn places(facts: &Facts) -> BTreeMap<&Place, Found<'_>> {
    let mut places: BTreeMap<&Place, Found<'_>> = BTreeMap::new();
    for count in &facts.events {
        let found = places.entry(&count.place).or_default();
        found.recorded.insert((None, count.hour));
        found.recorded.insert((Some(count.category), count.hour));
        found.events.push(count);
        found.extend(count.hour, count.hour + 1);
    }
    for count in &facts.downloaded {
        let found = places.entry(&count.place).or_default();
        found.events.push(count);
        found.extend(count.hour, count.hour + 1);
    }
    for download in &facts.downloads {
        let (from, to) = hours_of(download.from, download.to);
        let found = places.entry(&download.place).or_default();
        found.downloads.push((from, to));
        found.extend(from, to);
    }
    for digest in facts.digests.iter().filter(|digest| digest.from < digest.to) {
        let (from, to) = hours_of(digest.from, digest.to - 1);
        places.entry(&digest.place).or_default().extend(from, to);
    }
    for (files, fact) in [
        (&facts.missing, HourFact::Missing),
        (&facts.altered, HourFact::Altered),
        (&facts.unread, HourFact::Unread),
        (&facts.left_out, HourFact::LeftOut),
    ] {
        for file in files {
            let (from, to) = hours_of(file.from, file.to);
            let found = places.entry(&file.place).or_default();
            found.files.push((file, fact.clone()));
            found.extend(from, to);
        }
    }
    for (place, delivered) in &facts.deliveries {
        if let Some(found) = places.get_mut(place) {
            found.deliveries.push(*delivered);
        }
    }
    places.values_mut().for_each(|found| found.deliveries.sort_unstable());
    places
}

/// Returns the hours that anything is known about, for each account.
fn ranges<'f>(places: &BTreeMap<&'f Place, Found<'_>>) -> BTreeMap<&'f str, (i64, i64)> {
    let mut ranges: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for (place, found) in places {
        let Some((from, to)) = found.range else { continue };
        let range = ranges.entry(place.account.as_str()).or_insert((from, to));
        *range = (range.0.min(from), range.1.max(to));
    }
    ranges
}

/// The facts about a place and the trails that may record it.
struct Known<'k> {
    place: &'k Place,
    found: &'k Found<'k>,
    trails: &'k Trails<'k>,
    is_selection: bool,
}

impl<'k> Known<'k> {
    fn trails(&self) -> impl Iterator<Item = &'k Trail<'k>> {
        self.trails.of_account(&self.place.account)
    }

    /// Returns the categories of which anything is known.
    fn categories(&self) -> Vec<Category> {
        let has_events = |category| self.found.events.iter().any(|count| count.category == category);
        let is_selected = |category| {
            let mut segments = self.trails().flat_map(|trail| &trail.segments);
            segments.any(|segment| segment.recording(category) != Recording::Unknown)
        };
        let has_files = |category| {
            let mut files = self.found.files.iter();
            category != Category::Data && files.any(|(file, _)| file.kind.holds(category))
        };
        Category::ALL
            .into_iter()
            .filter(|category| {
                let category = *category;
                category == Category::Management || has_events(category) || is_selected(category) || has_files(category)
            })
            .collect()
    }

    /// Returns the facts about a category as intervals of hours.
    fn intervals(&self, category: Category) -> Vec<Interval> {
        let mut intervals: Vec<Interval> = Vec::new();
        let mut add = |(from, to): (i64, i64), fact: HourFact| {
            if from < to {
                intervals.push(Interval { from, to, fact });
            }
        };
        for count in self.found.events.iter().filter(|count| count.category == category) {
            add((count.hour, count.hour + 1), HourFact::Events(count.events));
        }
        for (file, fact) in self.found.files.iter().filter(|(file, _)| file.kind.holds(category)) {
            add(hours_of(file.from, file.to), fact.clone());
        }
        if self.is_selection {
            add(EVER, HourFact::Doubt(SELECTION.into()));
            return intervals;
        }
        if category == Category::Management {
            for hours in &self.found.downloads {
                add(*hours, HourFact::Doubt(DOWNLOADED.into()));
            }
        }
        if matches!(category, Category::Management | Category::Data) {
            for trail in self.trails() {
                self.none_delivered(trail, category, &mut add);
            }
        }
        for (period, call) in self.periods(|status, _| match status {
            Status::MayRecord => Vote::Against,
            Status::Off(call) => Vote::For(call),
            Status::Irrelevant => Vote::None,
        }) {
            let hours = whole_hours(period);
            match self.contradiction(period, None) {
                None => add(hours, HourFact::Off(call.into())),
                Some(what) => add(hours, HourFact::Doubt(format!("after {call}, but {what}").into())),
            }
        }
        for (period, trail) in self.periods(|status, (trail, recording)| match (status, recording(category)) {
            (Status::MayRecord, Recording::Nothing) => Vote::For(trail.name.to_owned()),
            (Status::MayRecord, _) => Vote::Against,
            _ => Vote::None,
        }) {
            let why = format!("{trail} records no {}", category.in_words());
            match self.contradiction(period, Some(category)) {
                None => add(whole_hours(period), HourFact::NotRecorded(why.into())),
                Some(what) => add(whole_hours(period), HourFact::Doubt(format!("{why}, but {what}").into())),
            }
        }
        intervals
    }

    /// Adds the hours in which a trail delivered no file that the case does not have.
    fn none_delivered(&self, trail: &Trail<'_>, category: Category, add: &mut impl FnMut((i64, i64), HourFact)) {
        let digests = trail.digests(self.place);
        if digests.is_empty() {
            return;
        }
        // Periods in which the trail recorded the same, merged.
        let mut periods: Vec<((i64, i64), Rc<str>)> = Vec::new();
        for segment in trail.segments.iter().filter(|segment| segment.may_log) {
            let name = trail.name;
            let why = match (segment.recording(category), category) {
                (Recording::Unknown, Category::Management) => {
                    format!("the digests of {name} list no other file{DEFAULT_SELECTORS}")
                }
                (Recording::Unknown | Recording::Nothing, _) => continue,
                (Recording::Some(all), _) if all.is_empty() => format!("the digests of {name} list no other file"),
                (Recording::Some(part), _) => format!("the digests of {name} list no other file; it records {part}"),
            };
            match periods.last_mut() {
                Some((period, known)) if period.1 == segment.from && **known == *why => period.1 = segment.to,
                _ => periods.push(((segment.from, segment.to), why.into())),
            }
        }
        let mut first = 0;
        for (from, to) in digests {
            let covered = whole_hours((*from, to - DELIVERY_MARGIN));
            while periods.get(first).is_some_and(|(period, _)| period.1 <= *from) {
                first += 1;
            }
            for (period, why) in periods.iter().skip(first).take_while(|(period, _)| period.0 < *to) {
                let recorded = whole_hours(*period);
                let hours = (covered.0.max(recorded.0), covered.1.min(recorded.1));
                add(hours, HourFact::NoneDelivered(Rc::clone(why)));
            }
        }
    }

    /// Returns the periods in which a trail votes for a fact and no trail against it, with the vote at the begin.
    fn periods(
        &self,
        vote: impl Fn(Status, (&Trail<'_>, &dyn Fn(Category) -> Recording)) -> Vote,
    ) -> Vec<((i64, i64), String)> {
        let mut changes: Vec<(i64, usize, Vote)> = Vec::new();
        for (index, trail) in self.trails().enumerate() {
            for segment in &trail.segments {
                let cast = vote(trail.status(self.place, segment), (trail, &|category| segment.recording(category)));
                changes.push((segment.from, index, cast));
            }
        }
        changes.sort_by_key(|change| (change.0, change.1));
        let mut votes: BTreeMap<usize, Vote> = BTreeMap::new();
        let (mut against, mut reasons) = (0_usize, BTreeSet::new());
        let mut periods: Vec<((i64, i64), String)> = Vec::new();
        let mut open: Option<(i64, String)> = None;
        let mut changes = changes.into_iter().peekable();
        while let Some((time, index, cast)) = changes.next() {
            match votes.remove(&index) {
                Some(Vote::Against) => against -= 1,
                Some(Vote::For(why)) => drop(reasons.remove(&(index, why))),
                Some(Vote::None) | None => {}
            }
            match &cast {
                Vote::Against => against += 1,
                Vote::For(why) => drop(reasons.insert((index, why.clone()))),
                Vote::None => {}
            }
            votes.insert(index, cast);
            if changes.peek().is_some_and(|next| next.0 == time) {
                continue;
            }
            let holds = against == 0 && !reasons.is_empty();
            match (&open, holds) {
                (None, true) => open = reasons.first().map(|(_, why)| (time, why.clone())),
                (Some((from, why)), false) => {
                    periods.push(((*from, time), why.clone()));
                    open = None;
                }
                _ => {}
            }
        }
        periods.extend(open.map(|(from, why)| ((from, EVER.1), why)));
        periods
    }

    /// Returns what shows that events of a period were recorded by a trail that is not known; `category`: of one only.
    fn contradiction(&self, period: (i64, i64), category: Option<Category>) -> Option<&'static str> {
        let (from, to) = whole_hours(period);
        if from < to && self.found.recorded.range((category, from)..(category, to)).next().is_some() {
            return Some("later events show that another trail records");
        }
        let deliveries = &self.found.deliveries;
        let next = deliveries.partition_point(|delivered| *delivered < period.0 + DELIVERY_MARGIN);
        let is_later = deliveries.get(next).is_some_and(|delivered| *delivered < period.1);
        (category.is_none() && is_later).then_some("later deliveries show that another trail records")
    }
}

/// The vote of a trail on a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Vote {
    /// For a reason.
    For(String),
    Against,
    None,
}
