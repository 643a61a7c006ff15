//! The kinds of events that a case could have: those that selectors name, and those of which it has events.

use std::collections::BTreeMap;

use crate::coverage::categories::Category;
use crate::coverage::facts::{Facts, Place};
use crate::coverage::kinds;
use crate::coverage::selectors::{Limits, SelectedKind};
use crate::coverage::trails::{EVER, Recording, Segment, Trail, Trails};

/// The source of what is known about a kind of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Knowledge {
    /// The case has such events.
    Seen,
    /// The selectors of a trail include it.
    Recorded,
    /// The selectors of a trail leave it out.
    NotRecorded,
}

impl Knowledge {
    /// Returns the name, as answers spell it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Knowledge::Seen => "seen",
            Knowledge::Recorded => "recorded",
            Knowledge::NotRecorded => "not recorded",
        }
    }
}

/// A kind of events in a period.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct VisibleKind {
    pub(crate) account: String,
    /// `None`: every Region.
    pub(crate) region: Option<String>,
    pub(crate) category: Category,
    /// `None`: any source.
    pub(crate) source: Option<String>,
    /// The resource type of a data event selector.
    pub(crate) resource_type: Option<String>,
    pub(crate) knowledge: Knowledge,
    /// The first second, of an event or of the selectors; `None`: not known.
    pub(crate) from: Option<i64>,
    /// The last event, or the second at which the selectors ended; `None`: not known, or not ended.
    pub(crate) to: Option<i64>,
    /// The number of events, of what was seen.
    pub(crate) events: u64,
    /// The name of the trail, of selectors.
    pub(crate) trail: Option<String>,
    /// The part that is recorded, in words; empty for all of it.
    pub(crate) limits: String,
}

/// Returns the kinds of events by account, Region, category, source and time.
pub(crate) fn kinds(facts: &Facts, trails: &Trails<'_>) -> Vec<VisibleKind> {
    let mut kinds: Vec<VisibleKind> = seen(facts);
    let mut accounts: Vec<&str> = facts.sources.iter().map(|period| period.place.account.as_str()).collect();
    accounts.extend(facts.digests.iter().map(|digest| digest.place.account.as_str()));
    accounts.sort_unstable();
    accounts.dedup();
    for account in accounts {
        for trail in trails.of_account(account) {
            kinds.extend(selected(account, trail));
        }
    }
    kinds.sort();
    kinds.dedup();
    kinds
}

/// Returns the kinds of which there are events. Management events are one kind, since they are recorded together.
fn seen(facts: &Facts) -> Vec<VisibleKind> {
    type Key<'f> = (&'f Place, Category, Option<&'f str>);
    let mut kinds: BTreeMap<Key<'_>, (u64, Option<(i64, i64)>)> = BTreeMap::new();
    for found in &facts.sources {
        let source = matches!(found.category, Category::Data | Category::NetworkActivity).then_some(&*found.source);
        let (events, period) = kinds.entry((&found.place, found.category, source)).or_default();
        *events += found.events;
        *period = match (*period, found.period) {
            (Some((first, last)), Some((from, to))) => Some((first.min(from), last.max(to))),
            (known, more) => known.or(more),
        };
    }
    kinds
        .into_iter()
        .map(|((place, category, source), (events, period))| VisibleKind {
            account: place.account.clone(),
            region: Some(place.region.clone()),
            category,
            source: source.map(str::to_owned),
            resource_type: None,
            knowledge: Knowledge::Seen,
            from: period.map(|period| period.0),
            to: period.map(|period| period.1),
            events,
            trail: None,
            limits: String::new(),
        })
        .collect()
}

/// Returns the kinds that the selectors of a trail include or leave out.
fn selected(account: &str, trail: &Trail<'_>) -> Vec<VisibleKind> {
    let mut found: Vec<VisibleKind> = Vec::new();
    for segment in trail.segments.iter().filter(|segment| segment.may_log) {
        for category in Category::ALL {
            for (knowledge, kind) in of_segment(segment, category) {
                let is_data = category == Category::Data && !kind.name.is_empty();
                let source = if is_data { kinds::source_of_resource_type(&kind.name) } else { kind.name.clone() };
                found.push(VisibleKind {
                    account: account.to_owned(),
                    region: trail.only_region(segment).map(str::to_owned),
                    category,
                    source: Some(source).filter(|source| !source.is_empty()),
                    resource_type: is_data.then_some(kind.name),
                    knowledge,
                    // A segment begins a second after the call.
                    from: (segment.from > EVER.0).then_some(segment.from - 1),
                    to: (segment.to < EVER.1).then_some(segment.to - 1),
                    events: 0,
                    trail: Some(trail.name.to_owned()),
                    limits: kind.limits.in_words(),
                });
            }
        }
    }
    merged(found)
}

fn of_segment(segment: &Segment, category: Category) -> Vec<(Knowledge, SelectedKind)> {
    let any = || SelectedKind { name: String::new(), limits: Limits::default() };
    match (segment.recording(category), &segment.selection) {
        (Recording::Unknown, _) => Vec::new(),
        (Recording::Nothing, _) => vec![(Knowledge::NotRecorded, any())],
        (Recording::Some(_), selection) => {
            let kinds = match (category, selection) {
                (Category::Data, Some(selection)) => selection.data.clone(),
                (Category::NetworkActivity, Some(selection)) => selection.network.clone(),
                (Category::Management, Some(selection)) => {
                    selection.management.iter().map(|limits| SelectedKind { limits: limits.clone(), ..any() }).collect()
                }
                _ => vec![any()],
            };
            kinds.into_iter().map(|kind| (Knowledge::Recorded, kind)).collect()
        }
    }
}

/// Merges kinds whose periods touch and that differ in nothing else.
fn merged(mut kinds: Vec<VisibleKind>) -> Vec<VisibleKind> {
    kinds.sort_by(|one, other| {
        let key = |kind: &VisibleKind| {
            (kind.category, kind.source.clone(), kind.resource_type.clone(), kind.limits.clone(), kind.region.clone())
        };
        (key(one), one.knowledge, one.from).cmp(&(key(other), other.knowledge, other.from))
    });
    kinds.dedup_by(|next, kept| {
        let touches = kept.to.is_some() && kept.to == next.from;
        let same = VisibleKind { from: kept.from, to: kept.to, ..next.clone() } == *kept;
        if same && touches {
            kept.to = next.to;
        }
        same && touches
    });
    kinds
}
