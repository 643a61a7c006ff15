//! A naive oracle: decides every hour on its own, ten minutes by ten minutes, and replays all actions for each of them.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::coverage::facts::{
    Action, Change, DigestPeriod, DigestTrail, Download, EventCount, Facts, FileTimes, Place, TrailId, TrailSettings,
};
use crate::coverage::selectors::{Limits, SelectedKind, Selection};
use crate::coverage::{Category, Coverage, DELIVERY_MARGIN, FileKind, HOUR, State};

/// All times of the test are multiples of this.
const STEP: i64 = 600;
/// The hours of the test.
const HOURS: i64 = 30;

fn place(account: usize, region: usize) -> Place {
    Place {
        account: ["111122223333", "444455556666"][account].to_owned(),
        region: ["us-east-1", "eu-west-1"][region].to_owned(),
    }
}

fn selection(which: usize) -> Selection {
    let data = SelectedKind { name: "AWS::S3::Object".to_owned(), limits: Limits::default() };
    let (management, data) = match which {
        0 => (Some(Limits::default()), vec![]),
        1 => (None, vec![data]),
        2 => (Some(Limits { only: Some("write"), is_narrowed: false }), vec![data]),
        _ => (None, vec![]),
    };
    Selection { management, data, network: vec![] }
}

fn change() -> impl Strategy<Value = Change> {
    let flag = || prop::sample::select(vec![None, Some(false), Some(true)]);
    let settings = || {
        (flag(), flag())
            .prop_map(|(is_multi_region, is_organization)| TrailSettings { is_multi_region, is_organization })
    };
    prop_oneof![
        4 => Just(Change::Stop),
        2 => Just(Change::Start),
        1 => Just(Change::Delete),
        1 => settings().prop_map(Change::Create),
        1 => settings().prop_map(Change::Update),
        2 => (0..4_usize).prop_map(|which| Change::Select(selection(which))),
        1 => any::<bool>().prop_map(Change::Insights),
    ]
}

fn time() -> impl Strategy<Value = i64> {
    (0..HOURS * HOUR / STEP).prop_map(|step| step * STEP)
}

fn any_place() -> impl Strategy<Value = Place> {
    (0..2_usize, 0..2_usize).prop_map(|(account, region)| place(account, region))
}

fn action() -> impl Strategy<Value = Action> {
    (any_place(), 0..2_usize, time(), change()).prop_map(|(home, name, time, change)| Action {
        trail: TrailId { owner: home.account, home: home.region, name: ["one", "two"][name].to_owned() },
        time,
        change,
    })
}

/// Digests of a trail for a place over some hours, with a gap.
fn digests() -> impl Strategy<Value = Vec<DigestPeriod>> {
    (any_place(), 0..2_usize, 0..2_usize, any::<bool>(), 0..HOURS, 1..14_i64, 0..14_i64).prop_map(
        |(place, home, name, is_organization, first, hours, gap)| {
            let home = ["us-east-1", "eu-west-1"][home].to_owned();
            let trail = DigestTrail { name: ["one", "two"][name].to_owned(), home, is_organization };
            let hours = (first..first + hours).filter(|hour| *hour != first + gap);
            let period = |hour: i64| DigestPeriod {
                place: place.clone(),
                trail: trail.clone(),
                from: hour * HOUR,
                to: (hour + 1) * HOUR,
            };
            hours.map(period).collect()
        },
    )
}

fn files(most: usize) -> impl Strategy<Value = Vec<FileTimes>> {
    let kind = prop::sample::select(vec![FileKind::Events, FileKind::Insight, FileKind::NetworkActivity]);
    let file = (any_place(), kind, time(), 0..12_i64).prop_map(|(place, kind, from, steps)| FileTimes {
        place,
        kind,
        from,
        to: from + steps * STEP,
    });
    prop::collection::vec(file, 0..most)
}

fn counts(most: usize) -> impl Strategy<Value = Vec<EventCount>> {
    let category = prop::sample::select(Category::ALL.to_vec());
    let count = (any_place(), category, 0..HOURS, 1..5_u64).prop_map(|(place, category, hour, events)| EventCount {
        place,
        category,
        hour,
        events,
    });
    prop::collection::vec(count, 0..most)
}

fn facts() -> impl Strategy<Value = Facts> {
    let download = (any_place(), time(), 0..40_i64).prop_map(|(place, from, steps)| Download {
        place,
        from,
        to: from + steps * STEP,
    });
    (
        (counts(12), counts(4), prop::collection::vec(download, 0..2)),
        (prop::collection::vec(digests(), 0..4), files(3), files(2), files(2), files(2)),
        (prop::collection::vec((any_place(), time()), 0..3), prop::collection::vec(action(), 0..8)),
        prop::bool::weighted(0.05),
    )
        .prop_map(
            |(
                (events, downloaded, downloads),
                (digests, missing, altered, unread, left_out),
                (deliveries, actions),
                is_selection,
            )| Facts {
                events,
                downloaded,
                downloads,
                digests: digests.into_iter().flatten().collect(),
                missing,
                altered,
                unread,
                left_out,
                deliveries,
                actions,
                sources: Vec::new(),
                is_selection,
            },
        )
}

/// A trail of the oracle, which replays its actions for every question.
struct Replayed<'f> {
    owner: Option<&'f str>,
    home: &'f str,
    name: &'f str,
    actions: Vec<&'f Action>,
    digests: Vec<&'f DigestPeriod>,
}

/// The state of a trail at a time.
#[derive(Debug, Default)]
struct Now {
    is_logging: bool,
    is_stopped: bool,
    is_multi_region: Option<bool>,
    was_wider: bool,
    selection: Option<Selection>,
    insights: Option<bool>,
}

fn replayed(facts: &Facts) -> Vec<Replayed<'_>> {
    let mut trails: Vec<Replayed<'_>> = Vec::new();
    let mut actions: Vec<&Action> = facts.actions.iter().collect();
    actions.sort_by_key(|action| &action.trail);
    for action in actions {
        let TrailId { owner, home, name } = &action.trail;
        let known = trails.iter_mut().find(|trail| (trail.owner, trail.home, trail.name) == (Some(owner), home, name));
        match known {
            Some(trail) => trail.actions.push(action),
            None => trails.push(Replayed { owner: Some(owner), home, name, actions: vec![action], digests: vec![] }),
        }
    }
    for trail in &mut trails {
        let is_start = |action: &Action| matches!(action.change, Change::Start | Change::Create(_));
        trail.actions.sort_by_key(|action| (action.time, is_start(action)));
    }
    let mut digests: Vec<&DigestPeriod> = facts.digests.iter().collect();
    let owner = |digest: &DigestPeriod| (!digest.trail.is_organization).then(|| digest.place.account.clone());
    digests.sort_by_key(|digest| (owner(digest), &digest.trail));
    for digest in digests {
        let of = &digest.trail;
        let account = digest.place.account.as_str();
        let known = trails.iter_mut().find(|trail| {
            trail.home == of.home && trail.name == of.name && (of.is_organization || trail.owner == Some(account))
        });
        match known {
            Some(trail) => trail.digests.push(digest),
            None => trails.push(Replayed {
                owner: (!of.is_organization).then_some(account),
                home: &of.home,
                name: &of.name,
                actions: vec![],
                digests: vec![digest],
            }),
        }
    }
    trails
}

impl Replayed<'_> {
    fn is_of(&self, account: &str) -> bool {
        let stated = self.actions.iter().any(|action| match action.change {
            Change::Create(settings) | Change::Update(settings) => settings.is_organization == Some(true),
            _ => false,
        });
        let named = self.digests.iter().any(|digest| digest.trail.is_organization);
        stated || named || self.owner.is_none_or(|owner| owner == account)
    }

    fn at(&self, time: i64) -> Now {
        let is_new = self.actions.first().is_some_and(|action| matches!(action.change, Change::Create(_)));
        let mut now = Now { is_logging: !is_new, ..Now::default() };
        for action in self.actions.iter().take_while(|action| action.time < time) {
            match &action.change {
                Change::Stop | Change::Delete => (now.is_logging, now.is_stopped) = (false, true),
                Change::Start => (now.is_logging, now.is_stopped) = (true, false),
                Change::Create(settings) => {
                    now = Now {
                        is_logging: true,
                        is_multi_region: Some(settings.is_multi_region == Some(true)),
                        selection: Some(selection(0)),
                        insights: Some(false),
                        ..Now::default()
                    };
                }
                Change::Update(settings) => {
                    if settings.is_multi_region == Some(false) && now.is_multi_region == Some(true) {
                        now.was_wider = true;
                    }
                    if settings.is_multi_region == Some(true) {
                        now.was_wider = false;
                    }
                    now.is_multi_region = settings.is_multi_region.or(now.is_multi_region);
                }
                Change::Select(selection) => now.selection = Some(selection.clone()),
                Change::Insights(selected) => now.insights = Some(*selected),
            }
        }
        now
    }

    /// Reports whether the trail may record a place: yes, no because it is off, or irrelevant.
    fn may_record(&self, place: &Place, now: &Now) -> Option<bool> {
        let elsewhere = self.digests.iter().any(|digest| digest.place.region != self.home);
        let covers = match (place.region == self.home, now.is_multi_region) {
            (true, _) => Some(true),
            (false, Some(is_multi_region)) => Some(is_multi_region),
            (false, None) => elsewhere.then_some(true),
        };
        if covers == Some(false) {
            return now.was_wider.then_some(false);
        }
        if now.is_logging {
            return Some(true);
        }
        (covers == Some(true) && now.is_stopped).then_some(false)
    }
}

/// Reports whether a selection records a category; `None`: not known.
fn records(now: &Now, category: Category) -> Option<bool> {
    match category {
        Category::Insight => now.insights,
        Category::Management => now.selection.as_ref().map(|selection| selection.management.is_some()),
        Category::Data => now.selection.as_ref().map(|selection| !selection.data.is_empty()),
        Category::NetworkActivity => now.selection.as_ref().map(|selection| !selection.network.is_empty()),
    }
}

/// Times at which an hour may have another state than before: a call counts from the second after it.
fn steps(hour: i64) -> impl Iterator<Item = i64> {
    let later = (hour * HOUR..(hour + 1) * HOUR).step_by(STEP as usize).map(|step| step + 1);
    std::iter::once(hour * HOUR).chain(later)
}

/// Reports whether a condition holds in a whole hour, and in the period around it no trail shows the contrary.
fn undisputed(
    facts: &Facts,
    place: &Place,
    hour: i64,
    category: Option<Category>,
    holds: &dyn Fn(i64) -> bool,
) -> bool {
    if !steps(hour).all(holds) {
        return false;
    }
    let (mut from, mut to) = (hour * HOUR - STEP + 1, (hour + 1) * HOUR + 1);
    while from > -10 * HOUR && holds(from - STEP) {
        from -= STEP;
    }
    while to < 2 * HOURS * HOUR && holds(to) {
        to += STEP;
    }
    let recorded = facts.events.iter().any(|count| {
        count.place == *place
            && category.is_none_or(|category| category == count.category)
            && from <= count.hour * HOUR
            && (count.hour + 1) * HOUR <= to
    });
    let delivered =
        facts.deliveries.iter().any(|(of, time)| of == place && from + DELIVERY_MARGIN <= *time && *time < to);
    !recorded && (category.is_some() || !delivered)
}

/// The state of an hour.
fn state(facts: &Facts, trails: &[&Replayed<'_>], place: &Place, category: Category, hour: i64) -> State {
    let overlaps = |file: &FileTimes| {
        file.place == *place && file.kind.holds(category) && file.from < (hour + 1) * HOUR && file.to >= hour * HOUR
    };
    if facts.missing.iter().chain(&facts.unread).any(overlaps) {
        return State::FilesMissing;
    }
    let has = |count: &EventCount| count.place == *place && count.category == category && count.hour == hour;
    if facts.events.iter().chain(&facts.downloaded).any(has) {
        return State::Events;
    }
    if facts.altered.iter().chain(&facts.left_out).any(overlaps) || facts.is_selection {
        return State::Unknown;
    }
    let is_delivered = |trail: &&&Replayed<'_>| {
        let listed = |time: i64| {
            trail.digests.iter().any(|digest| digest.place == *place && digest.from <= time && time < digest.to)
        };
        let first = trail.at(hour * HOUR);
        let is_recorded = |time: i64| {
            let now = trail.at(time);
            let recorded = match (category, records(&now, category)) {
                (Category::Management, None) => true,
                (Category::Management | Category::Data, recorded) => recorded == Some(true),
                _ => false,
            };
            let same = match category {
                Category::Management => {
                    now.selection.as_ref().map(|now| &now.management)
                        == first.selection.as_ref().map(|now| &now.management)
                }
                _ => now.selection.as_ref().map(|now| &now.data) == first.selection.as_ref().map(|now| &now.data),
            };
            now.is_logging && recorded && same
        };
        let delivery = (hour * HOUR..(hour + 1) * HOUR + DELIVERY_MARGIN).step_by(STEP as usize);
        delivery.into_iter().all(listed) && steps(hour).all(is_recorded)
    };
    if trails.iter().any(|trail| is_delivered(&trail)) {
        return State::NoneDelivered;
    }
    let off = |time: i64| {
        let all: Vec<_> = trails.iter().filter_map(|trail| trail.may_record(place, &trail.at(time))).collect();
        !all.is_empty() && all.iter().all(|may| !may)
    };
    if undisputed(facts, place, hour, None, &off) {
        return State::Off;
    }
    let unselected = |time: i64| {
        let logging = trails.iter().map(|trail| trail.at(time)).zip(trails.iter());
        let logging = logging.filter(|(now, trail)| trail.may_record(place, now) == Some(true));
        let all: Vec<_> = logging.map(|(now, _)| records(&now, category)).collect();
        !all.is_empty() && all.iter().all(|recorded| *recorded == Some(false))
    };
    if undisputed(facts, place, hour, Some(category), &unselected) {
        return State::NotRecorded;
    }
    State::Unknown
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_hour_has_the_state_that_the_oracle_decides(facts in facts()) {
        let coverage = Coverage::of(&facts, (None, None));
        let trails = replayed(&facts);
        let mut events: BTreeMap<(String, String, Category), u64> = BTreeMap::new();
        for span in &coverage.spans {
            let at = Place { account: span.account.clone(), region: span.region.clone() };
            let of: Vec<_> = trails.iter().filter(|trail| trail.is_of(&span.account)).collect();
            for hour in span.from..span.to {
                let expected = state(&facts, &of, &at, span.category, hour);
                prop_assert_eq!(span.state, expected, "{:?} hour {}: {:?}", at, hour, span);
            }
            *events.entry((at.account, at.region, span.category)).or_default() += span.events;
        }
        for count in facts.events.iter().chain(&facts.downloaded) {
            let key = (count.place.account.clone(), count.place.region.clone(), count.category);
            let left = events.get_mut(&key).and_then(|all| all.checked_sub(count.events));
            prop_assert!(left.is_some(), "events of {key:?} are not counted");
            events.insert(key, left.unwrap_or_default());
        }
        prop_assert!(events.values().all(|left| *left == 0), "{events:?} counted too often");
        for pair in coverage.spans.windows(2).filter(|pair| {
            let key = |at: usize| (&pair[at].account, &pair[at].region, pair[at].category);
            key(0) == key(1)
        }) {
            prop_assert_eq!(pair[0].to, pair[1].from);
            prop_assert!(pair[0].state != pair[1].state || pair[0].why != pair[1].why);
        }
    }

    #[test]
    fn a_period_cuts_the_answer_and_changes_no_hour(facts in facts(), from in time(), to in time()) {
        let hours = |period| {
            let spans = Coverage::of(&facts, period).spans;
            let hours = spans.into_iter().flat_map(|span| {
                let key = (span.account.clone(), span.region.clone(), span.category);
                (span.from..span.to).map(move |hour| ((key.clone(), hour), span.state)).collect::<Vec<_>>()
            });
            hours.collect::<BTreeMap<_, _>>()
        };
        let (from, to) = (from.min(to), from.max(to));
        let mut all = hours((None, None));
        all.retain(|(_, hour), _| (from / HOUR..=to / HOUR).contains(hour));
        prop_assert_eq!(hours((Some(from), Some(to))), all);
    }
}
