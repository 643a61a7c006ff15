//! Each state and each trap by hand.

use serde_json::json;

use crate::coverage::facts::{
    Action, Change, DigestPeriod, DigestTrail, Download, EventCount, Facts, FileTimes, Place, TrailId, TrailSettings,
};
use crate::coverage::{Category, Coverage, FileKind, HOUR, selection_of};

const ACCOUNT: &str = "111122223333";

fn place(region: &str) -> Place {
    Place { account: ACCOUNT.to_owned(), region: region.to_owned() }
}

fn at(clock: &str) -> i64 {
    crate::time::parse(&format!("2024-03-01T{clock}:00Z")).unwrap()
}

fn events(region: &str, hours: &[i64]) -> Vec<EventCount> {
    let first = at("00:00") / HOUR;
    let count =
        |hour: &i64| EventCount { place: place(region), category: Category::Management, hour: first + hour, events: 1 };
    hours.iter().map(count).collect()
}

fn action(trail: &str, home: &str, clock: &str, change: Change) -> Action {
    let trail = TrailId { owner: ACCOUNT.to_owned(), home: home.to_owned(), name: trail.to_owned() };
    Action { trail, time: at(clock), change }
}

/// Digests of a trail of us-east-1 for these hours.
fn digests(region: &str, trail: &str, hours: std::ops::Range<i64>) -> Vec<DigestPeriod> {
    let first = at("00:00");
    let period = |hour: i64| DigestPeriod {
        place: place(region),
        trail: DigestTrail { name: trail.to_owned(), home: "us-east-1".to_owned(), is_organization: false },
        from: first + hour * HOUR,
        to: first + (hour + 1) * HOUR,
    };
    hours.map(period).collect()
}

const ALL_REGIONS: TrailSettings = TrailSettings { is_multi_region: Some(true), is_organization: None };

/// Management events of a Region, as `HOURS STATE: WHY` a line.
fn lines(facts: &Facts, region: &str) -> Vec<String> {
    lines_of(facts, region, Category::Management)
}

fn lines_of(facts: &Facts, region: &str, category: Category) -> Vec<String> {
    let first = at("00:00") / HOUR;
    let spans = Coverage::of(facts, (None, None)).spans;
    let spans = spans.into_iter().filter(|span| span.region == region && span.category == category);
    let line = |span: crate::coverage::HourSpan| {
        let why = span.why.map_or_else(String::new, |why| format!(": {why}"));
        format!("{}-{} {}{why}", span.from - first, span.to - first, span.state.name())
    };
    spans.map(line).collect()
}

const UNKNOWN: &str = "unknown: no digest and no call on a trail tells";
const STOPPED: &str = "StopLogging of t at 2024-03-01T03:20:00Z";

#[test]
fn hours_between_a_stop_and_a_start_are_off() {
    let actions =
        vec![action("t", "us-east-1", "03:20", Change::Stop), action("t", "us-east-1", "06:10", Change::Start)];
    let facts = Facts { events: events("us-east-1", &[2, 3, 6, 8]), actions, ..Facts::default() };
    let expected =
        ["2-4 events", &format!("4-6 off: {STOPPED}"), "6-7 events", &format!("7-8 {UNKNOWN}"), "8-9 events"];
    assert_eq!(lines(&facts, "us-east-1"), expected);
}

#[test]
fn a_stop_and_a_start_within_an_hour_make_no_hour_off_or_certain() {
    let actions =
        vec![action("t", "us-east-1", "03:20", Change::Stop), action("t", "us-east-1", "03:40", Change::Start)];
    let events = events("us-east-1", &[2, 6]);
    let facts = Facts { events, actions, digests: digests("us-east-1", "t", 0..9), ..Facts::default() };
    let listed =
        "the digests of t list no other file; its selectors are not in the case, the default is all management events";
    let expected = [
        format!("0-2 none delivered: {listed}"),
        format!("2-3 events: {listed}"),
        format!("3-4 {UNKNOWN}"),
        format!("4-6 none delivered: {listed}"),
        format!("6-7 events: {listed}"),
        // The digests end at 09:00, and events of 07:00 may arrive until 10:00.
        format!("7-9 {UNKNOWN}"),
    ];
    assert_eq!(lines(&facts, "us-east-1"), expected);
}

#[test]
fn a_second_trail_keeps_hours_from_being_off() {
    let mut actions =
        vec![action("t", "us-east-1", "03:20", Change::Stop), action("other", "us-east-1", "01:00", Change::Start)];
    let facts = Facts { events: events("us-east-1", &[1, 9]), actions: actions.clone(), ..Facts::default() };
    assert_eq!(lines(&facts, "us-east-1"), ["1-2 events", &format!("2-9 {UNKNOWN}"), "9-10 events"]);
    // Until it is stopped too. Nothing shows how long: the event of 09:00 was recorded by some trail.
    actions.push(action("other", "us-east-1", "04:30", Change::Stop));
    let facts = Facts { actions: actions.clone(), ..facts };
    let disputed =
        "unknown: after StopLogging of other at 2024-03-01T04:30:00Z, but later events show that another trail records";
    assert_eq!(lines(&facts, "us-east-1")[2], format!("5-9 {disputed}"));
    actions.push(action("t", "us-east-1", "08:00", Change::Start));
    let facts = Facts { actions, ..facts };
    let off = "off: StopLogging of other at 2024-03-01T04:30:00Z";
    assert_eq!(lines(&facts, "us-east-1")[2..4], [format!("5-8 {off}"), format!("8-9 {UNKNOWN}")]);
}

#[test]
fn a_trail_that_is_only_known_from_digests_keeps_hours_from_being_off() {
    let facts = Facts {
        events: events("us-east-1", &[2, 9]),
        actions: vec![
            action("t", "us-east-1", "03:20", Change::Stop),
            action("t", "us-east-1", "09:00", Change::Start),
        ],
        digests: digests("us-east-1", "other", 0..1),
        ..Facts::default()
    };
    assert_eq!(lines(&facts, "us-east-1")[2], format!("3-9 {UNKNOWN}"));
}

#[test]
fn a_delivery_after_the_margin_shows_another_trail() {
    let actions =
        vec![action("t", "us-east-1", "03:20", Change::Stop), action("t", "us-east-1", "09:00", Change::Start)];
    let facts = Facts { events: events("us-east-1", &[2, 9]), actions, ..Facts::default() };
    // A delivery soon after the stop has events from before it.
    for (clock, state) in [
        ("03:25", "off"),
        ("05:10", "off"),
        ("05:20", "off"),
        ("05:21", "unknown"),
        ("08:59", "unknown"),
        ("09:05", "off"),
    ] {
        let facts = Facts { deliveries: vec![(place("us-east-1"), at(clock))], ..facts.clone() };
        let found = &lines(&facts, "us-east-1")[2];
        assert!(found.starts_with(&format!("4-9 {state}: ")), "{clock} {found}");
    }
}

#[test]
fn a_deleted_trail_of_another_region_says_nothing_about_this_one() {
    let actions = vec![
        action("t", "eu-west-1", "03:20", Change::Delete),
        action("t", "eu-west-1", "08:00", Change::Create(TrailSettings::default())),
    ];
    let all = [events("us-east-1", &[2, 9]), events("eu-west-1", &[2, 9])].concat();
    let facts = Facts { events: all, actions, ..Facts::default() };
    assert_eq!(lines(&facts, "us-east-1")[1], format!("3-9 {UNKNOWN}"));
    assert_eq!(lines(&facts, "eu-west-1")[2], "4-8 off: DeleteTrail of t at 2024-03-01T03:20:00Z");
}

#[test]
fn a_multi_region_trail_is_off_in_every_region() {
    let stop = [action("t", "us-east-1", "03:20", Change::Stop), action("t", "us-east-1", "08:00", Change::Start)];
    let all = [events("us-east-1", &[2, 9]), events("eu-west-1", &[2, 9])].concat();
    let facts = Facts { events: all, actions: stop.to_vec(), ..Facts::default() };
    // Not known to be one.
    assert_eq!(lines(&facts, "eu-west-1")[1], format!("3-9 {UNKNOWN}"));
    // By a call.
    let update = action("t", "us-east-1", "01:00", Change::Update(ALL_REGIONS));
    let stated = Facts { actions: [stop.to_vec(), vec![update]].concat(), ..facts.clone() };
    assert_eq!(lines(&stated, "eu-west-1")[2], format!("4-8 off: {STOPPED}"));
    // By its digests.
    let named = Facts { digests: digests("eu-west-1", "t", 0..1), ..facts };
    assert_eq!(lines(&named, "eu-west-1")[3], format!("4-8 off: {STOPPED}"));
}

#[test]
fn a_trail_that_is_narrowed_to_one_region_is_off_in_the_others() {
    let one = TrailSettings { is_multi_region: Some(false), is_organization: None };
    let actions = vec![
        action("t", "us-east-1", "01:00", Change::Update(ALL_REGIONS)),
        action("t", "us-east-1", "03:20", Change::Update(one)),
    ];
    let all = [events("us-east-1", &[2, 9]), events("eu-west-1", &[2])].concat();
    let facts = Facts { events: all, actions, ..Facts::default() };
    assert_eq!(lines(&facts, "eu-west-1")[2], "4-10 off: UpdateTrail of t at 2024-03-01T03:20:00Z");
    assert_eq!(lines(&facts, "us-east-1")[1], format!("3-9 {UNKNOWN}"));
}

#[test]
fn an_organization_trail_is_off_in_member_accounts() {
    let member = Place { account: "444455556666".to_owned(), region: "us-east-1".to_owned() };
    let mut all = events("us-east-1", &[2, 9]);
    all.extend(events("us-east-1", &[2, 9]).into_iter().map(|count| EventCount { place: member.clone(), ..count }));
    let actions =
        vec![action("t", "us-east-1", "03:20", Change::Stop), action("t", "us-east-1", "08:00", Change::Start)];
    let mut facts = Facts { events: all, actions, ..Facts::default() };
    let of_member = |facts: &Facts| {
        let spans = Coverage::of(facts, (None, None)).spans;
        spans
            .into_iter()
            .filter(|span| span.account == member.account)
            .map(|span| span.state.name())
            .collect::<Vec<_>>()
    };
    assert_eq!(of_member(&facts), ["events", "unknown", "events"]);
    let digest = digests("us-east-1", "t", 0..1).remove(0);
    let trail = DigestTrail { is_organization: true, ..digest.trail };
    facts.digests = vec![DigestPeriod { place: member.clone(), trail, ..digest }];
    assert_eq!(of_member(&facts), ["unknown", "events", "unknown", "off", "unknown", "events"]);
}

#[test]
fn a_trail_of_global_services_keeps_us_east_1_from_being_off() {
    // The IAM calls of 05:00 have the Region us-east-1, whichever trail recorded them.
    let actions =
        vec![action("t", "us-east-1", "03:20", Change::Stop), action("t", "us-east-1", "08:00", Change::Start)];
    let facts = Facts { events: events("us-east-1", &[2, 5, 9]), actions, ..Facts::default() };
    let found = lines(&facts, "us-east-1");
    assert!(found.iter().all(|line| !line.contains(" off")), "{found:?}");
}

#[test]
fn a_download_shows_neither_a_trail_nor_certainty() {
    let actions =
        vec![action("t", "us-east-1", "03:20", Change::Stop), action("t", "us-east-1", "08:00", Change::Start)];
    let facts = Facts {
        events: events("us-east-1", &[2, 9]),
        downloaded: events("us-east-1", &[5]),
        downloads: vec![Download { place: place("us-east-1"), from: at("01:30"), to: at("10:59") }],
        actions,
        ..Facts::default()
    };
    let spanned = "unknown: an Event history download spans it, which may have been filtered";
    let expected = [
        format!("1-2 {spanned}"),
        "2-3 events".to_owned(),
        format!("3-4 {spanned}"),
        format!("4-5 off: {STOPPED}"),
        "5-6 events".to_owned(),
        format!("6-8 off: {STOPPED}"),
        format!("8-9 {spanned}"),
        "9-10 events".to_owned(),
        format!("10-11 {spanned}"),
    ];
    assert_eq!(lines(&facts, "us-east-1"), expected);
}

#[test]
fn late_delivery_over_midnight_needs_the_digests_of_the_next_day() {
    let facts = |to: i64| Facts { digests: digests("us-east-1", "t", 20..to), ..Facts::default() };
    let hours = |facts: &Facts| {
        let found = lines(facts, "us-east-1");
        found.iter().map(|line| line.split(':').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(hours(&facts(24)), ["20-22 none delivered", "22-24 unknown"]);
    assert_eq!(hours(&facts(26)), ["20-24 none delivered", "24-26 unknown"]);
}

#[test]
fn listed_files_that_are_missing_or_differ_are_told_apart() {
    let file = |from: &str, to: &str| FileTimes {
        place: place("us-east-1"),
        kind: FileKind::Events,
        from: at(from),
        to: at(to),
    };
    let facts = Facts {
        events: events("us-east-1", &[2, 7]),
        digests: digests("us-east-1", "t", 0..12),
        missing: vec![file("02:59", "03:01"), file("03:10", "03:12")],
        altered: vec![file("07:01", "07:02"), file("08:01", "08:02")],
        unread: vec![file("05:00", "05:30")],
        ..Facts::default()
    };
    let found = lines(&facts, "us-east-1");
    let differs = "a file differs from what its digest lists: `trailq validate`";
    assert_eq!(found[1], "2-4 files missing: 2 files that a digest lists: not in the case");
    assert!(found[2].starts_with("4-5 none delivered: "), "{found:?}");
    assert_eq!(found[3], "5-6 files missing: 1 file that could not be read");
    assert_eq!(found[5..7], [format!("7-8 events: {differs}"), format!("8-9 unknown: {differs}")]);
}

#[test]
fn data_events_are_covered_only_where_selectors_name_them() {
    let select = |clock: &str, selectors: serde_json::Value| {
        action("t", "us-east-1", clock, Change::Select(selection_of(&json!({"eventSelectors": [selectors]})).unwrap()))
    };
    let without = json!({"readWriteType": "All", "includeManagementEvents": true, "dataResources": []});
    let with = json!({"readWriteType": "WriteOnly", "includeManagementEvents": false, "dataResources": [
        {"type": "AWS::S3::Object", "values": ["arn:aws:s3:::"]}]});
    let facts = Facts {
        events: events("us-east-1", &[0]),
        digests: digests("us-east-1", "t", 0..12),
        actions: vec![select("02:00", without), select("05:30", with)],
        ..Facts::default()
    };
    let expected = [
        "0-3 unknown: no digest and no call on a trail tells",
        "3-5 not recorded: t records no data events",
        "5-6 unknown: no digest and no call on a trail tells",
        "6-10 none delivered: the digests of t list no other file; it records s3.amazonaws.com (write events only)",
        "10-12 unknown: no digest and no call on a trail tells",
    ];
    assert_eq!(lines_of(&facts, "us-east-1", Category::Data), expected);
    let management = lines(&facts, "us-east-1");
    assert!(management.contains(&"6-12 not recorded: t records no management events".to_owned()), "{management:?}");
    assert!(lines_of(&facts, "us-east-1", Category::Insight).is_empty());
}

#[test]
fn a_selection_of_the_events_is_certain_of_nothing() {
    let facts = Facts {
        events: events("us-east-1", &[2, 5]),
        digests: digests("us-east-1", "t", 0..9),
        is_selection: true,
        ..Facts::default()
    };
    let why = "unknown: this case holds only a selection of the events";
    let expected = [&format!("0-2 {why}"), "2-3 events", &format!("3-5 {why}"), "5-6 events", &format!("6-9 {why}")];
    assert_eq!(lines(&facts, "us-east-1"), expected);
}

#[test]
fn the_work_does_not_depend_on_the_length_of_the_period() {
    let far = |hour: i64| EventCount { hour, ..events("us-east-1", &[0]).remove(0) };
    let facts = Facts { events: vec![far(-17_000_000), far(70_000_000)], ..Facts::default() };
    let spans = Coverage::of(&facts, (None, None)).spans;
    assert_eq!(spans.iter().map(|span| span.to - span.from).collect::<Vec<_>>(), [1, 86_999_999, 1]);
}
