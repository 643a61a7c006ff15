//! Trails as the facts show them: the periods in which they logged, the Regions and accounts that they cover, and the events
//! that they record.

use std::collections::BTreeMap;

use crate::coverage::categories::Category;
use crate::coverage::facts::{Action, Change, DigestTrail, Facts, Place, TrailId};
use crate::coverage::kinds;
use crate::coverage::selectors::{Limits, SelectedKind, Selection};
use crate::time;

/// The earliest and the latest time: far from both, so that hours and margins can be added.
pub(crate) const EVER: (i64, i64) = (i64::MIN / 4, i64::MAX / 4);
/// The most kinds that a reason names.
const MAX_KINDS: usize = 3;

/// Merged periods in order, by place.
type Periods<'f> = BTreeMap<&'f Place, Vec<(i64, i64)>>;

/// The trails that the facts name.
#[derive(Debug, Default)]
pub(crate) struct Trails<'f> {
    pub(crate) all: Vec<Trail<'f>>,
}

/// A trail.
#[derive(Debug)]
pub(crate) struct Trail<'f> {
    /// The account that it belongs to; `None`: the digests of an organization trail do not name it.
    owner: Option<&'f str>,
    home: &'f str,
    pub(crate) name: &'f str,
    is_organization: bool,
    /// The merged periods of its digests, in order.
    digests: Periods<'f>,
    pub(crate) segments: Vec<Segment>,
}

/// A period in which nothing about a trail changed.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// Reports whether the trail may have been logging.
    pub(crate) may_log: bool,
    /// The call that stopped it, in words.
    stopped_by: Option<String>,
    is_multi_region: Option<bool>,
    /// The call that left only the home Region, in words.
    narrowed_by: Option<String>,
    pub(crate) selection: Option<Selection>,
    pub(crate) insights: Option<bool>,
}

/// The relation of a trail to a place in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Status {
    /// It may record events of the place.
    MayRecord,
    /// It would record events of the place but is off, for a reason.
    Off(String),
    /// It records none of the place, or it is not known if it did before it was stopped.
    Irrelevant,
}

/// The part of a category that a trail records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recording {
    /// Its selectors are not known.
    Unknown,
    Nothing,
    /// In words; empty: everything.
    Some(String),
}

impl<'f> Trails<'f> {
    /// Collects the trails of facts.
    pub(crate) fn of(facts: &'f Facts) -> Trails<'f> {
        let mut actions: BTreeMap<&TrailId, Vec<&Action>> = BTreeMap::new();
        for action in &facts.actions {
            actions.entry(&action.trail).or_default().push(action);
        }
        let mut digests: BTreeMap<(Option<&str>, &DigestTrail), Periods<'_>> = BTreeMap::new();
        for digest in &facts.digests {
            let owner = (!digest.trail.is_organization).then_some(digest.place.account.as_str());
            let periods = digests.entry((owner, &digest.trail)).or_default().entry(&digest.place).or_default();
            periods.push((digest.from, digest.to));
        }
        digests.values_mut().flat_map(BTreeMap::values_mut).for_each(merge);
        let mut all: Vec<Trail<'f>> = Vec::new();
        for (id, mut actions) in actions {
            // At the same second a start counts last, so that no hour is `off` that may not be.
            actions.sort_by_key(|action| (action.time, matches!(action.change, Change::Start | Change::Create(_))));
            let stated = |action: &&Action| match action.change {
                Change::Create(settings) | Change::Update(settings) => settings.is_organization == Some(true),
                _ => false,
            };
            all.push(Trail {
                owner: Some(&id.owner),
                home: &id.home,
                name: &id.name,
                is_organization: actions.iter().any(stated),
                digests: BTreeMap::new(),
                segments: segments(&id.name, &actions),
            });
        }
        for ((owner, named), periods) in digests {
            let known = all.iter_mut().find(|trail| {
                trail.name == named.name && trail.home == named.home && (owner.is_none() || trail.owner == owner)
            });
            let trail = match known {
                Some(trail) => trail,
                None => {
                    let segments = segments(&named.name, &[]);
                    let (home, name) = (named.home.as_str(), named.name.as_str());
                    all.push(Trail { owner, home, name, is_organization: false, digests: BTreeMap::new(), segments });
                    let Some(made) = all.last_mut() else { continue };
                    made
                }
            };
            trail.is_organization |= named.is_organization;
            for (place, periods) in periods {
                let known = trail.digests.entry(place).or_default();
                known.extend(periods);
                merge(known);
            }
        }
        Trails { all }
    }

    /// Returns the trails that may record events of an account.
    pub(crate) fn of_account<'t>(&'t self, account: &'t str) -> impl Iterator<Item = &'t Trail<'f>> {
        self.all.iter().filter(move |trail| trail.is_organization || trail.owner.is_none_or(|owner| owner == account))
    }
}

/// Sorts periods and merges those that touch.
fn merge(periods: &mut Vec<(i64, i64)>) {
    periods.sort_unstable();
    periods.dedup_by(|next, kept| {
        let touches = next.0 <= kept.1;
        if touches {
            kept.1 = kept.1.max(next.1);
        }
        touches
    });
}

impl Trail<'_> {
    /// Returns the merged periods of the digests for a place.
    pub(crate) fn digests(&self, place: &Place) -> &[(i64, i64)] {
        self.digests.get(place).map_or(&[], Vec::as_slice)
    }

    /// Returns the only Region that the trail records in a segment; `None`: several, or it is not known.
    pub(crate) fn only_region(&self, segment: &Segment) -> Option<&str> {
        (segment.is_multi_region == Some(false)).then_some(self.home)
    }

    /// Returns the relation to a place in a segment.
    pub(crate) fn status(&self, place: &Place, segment: &Segment) -> Status {
        let is_home = place.region == self.home;
        let has_digests = self.digests.keys().any(|place| place.region != self.home);
        let covers = if is_home { Some(true) } else { segment.is_multi_region.or(has_digests.then_some(true)) };
        match (covers, &segment.stopped_by, segment.may_log) {
            (Some(false), ..) => segment.narrowed_by.clone().map_or(Status::Irrelevant, Status::Off),
            (_, None, true) => Status::MayRecord,
            (Some(true), Some(call), _) => Status::Off(call.clone()),
            _ => Status::Irrelevant,
        }
    }
}

impl Segment {
    /// Returns the part of a category that the trail records.
    pub(crate) fn recording(&self, category: Category) -> Recording {
        let kinds = |kinds: &[SelectedKind], name: fn(&str) -> String| match kinds {
            [] => Recording::Nothing,
            kinds => {
                let named = kinds.iter().take(MAX_KINDS).map(|kind| named(&name(&kind.name), &kind.limits));
                let more = (kinds.len() > MAX_KINDS).then(|| format!("{} more", kinds.len() - MAX_KINDS));
                Recording::Some(named.chain(more).collect::<Vec<_>>().join(", "))
            }
        };
        match (category, &self.selection, self.insights) {
            (Category::Insight, _, None)
            | (Category::Management | Category::Data | Category::NetworkActivity, None, _) => Recording::Unknown,
            (Category::Insight, _, Some(selected)) => {
                if selected {
                    Recording::Some(String::new())
                } else {
                    Recording::Nothing
                }
            }
            (Category::Management, Some(selection), _) => match &selection.management {
                None => Recording::Nothing,
                Some(limits) => Recording::Some(limits.in_words()),
            },
            (Category::Data, Some(selection), _) => kinds(&selection.data, kinds::source_of_resource_type),
            (Category::NetworkActivity, Some(selection), _) => kinds(&selection.network, str::to_owned),
        }
    }
}

fn named(name: &str, limits: &Limits) -> String {
    let name = if name.is_empty() { "any service" } else { name };
    match limits.in_words() {
        words if words.is_empty() => name.to_owned(),
        words => format!("{name} ({words})"),
    }
}

/// Returns the periods in which nothing about a trail changed.
fn segments(name: &str, actions: &[&Action]) -> Vec<Segment> {
    let is_new = matches!(actions.first(), Some(Action { change: Change::Create(_), .. }));
    let mut state = Segment {
        from: EVER.0,
        to: EVER.1,
        may_log: !is_new,
        stopped_by: None,
        is_multi_region: None,
        narrowed_by: None,
        selection: None,
        insights: None,
    };
    let mut segments = Vec::with_capacity(actions.len() + 1);
    for action in actions {
        // The call itself is recorded by what it changes: its second belongs to the segment before.
        if action.time >= state.from {
            segments.push(Segment { to: action.time + 1, ..state.clone() });
            state.from = action.time + 1;
        }
        let call = |what: &str| format!("{what} of {name} at {}", time::format(action.time));
        match &action.change {
            Change::Stop | Change::Delete if state.stopped_by.is_some() => {}
            Change::Stop => (state.may_log, state.stopped_by) = (false, Some(call("StopLogging"))),
            Change::Delete => (state.may_log, state.stopped_by) = (false, Some(call("DeleteTrail"))),
            Change::Start => (state.may_log, state.stopped_by) = (true, None),
            Change::Create(settings) => {
                (state.may_log, state.stopped_by, state.narrowed_by) = (true, None, None);
                state.is_multi_region = Some(settings.is_multi_region.unwrap_or(false));
                (state.selection, state.insights) = (Some(Selection::of_new_trail()), Some(false));
            }
            Change::Update(settings) => match settings.is_multi_region {
                Some(false) if state.is_multi_region != Some(false) => {
                    // A trail that is set to one Region was not necessarily set to all before.
                    state.narrowed_by = state.is_multi_region.map(|_| call("UpdateTrail"));
                    state.is_multi_region = Some(false);
                }
                Some(true) => (state.is_multi_region, state.narrowed_by) = (Some(true), None),
                _ => {}
            },
            Change::Select(selection) => state.selection = Some(selection.clone()),
            Change::Insights(selected) => state.insights = Some(*selected),
        }
    }
    segments.push(state);
    segments
}
