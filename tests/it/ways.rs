//! Two ways of writing a case give the same case: equal content, equal indexes, and the digests of a snapshot, which do
//! not depend on the numbers of rows.

use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::archives::tar;
use crate::common::program::{CommandOutput, TestEnv, gzip};
use crate::common::{check_case, content, lines, testdata};
use crate::properties::records::record as random_record;
use crate::properties::rng::Rng;

/// A way of writing: the case, and what the import is called with.
pub(crate) struct Way {
    pub(crate) case: &'static str,
    arguments: &'static [&'static str],
    /// The bytes of input from which events are written as pages.
    bulk_bytes: &'static str,
}

/// The hidden variable with that number.
pub(crate) const BULK_BYTES: &str = "TRAILQ_BULK_BYTES";
/// A number that no test reaches.
const NEVER: &str = "1000000000";

/// The ways that are compared: with one worker and with several, as rows and as pages.
const WAYS: [Way; 3] = [
    Way { case: "one.db", arguments: &["--jobs", "1"], bulk_bytes: NEVER },
    Way { case: "four.db", arguments: &["--jobs", "4"], bulk_bytes: NEVER },
    BULK,
];
pub(crate) const BULK: Way = Way { case: "bulk.db", arguments: &["--jobs", "1"], bulk_bytes: "0" };

/// Imports a folder in one of the ways, and gives the exit code.
fn import(test_env: &TestEnv, folder: &Path, way: &Way) -> Option<i32> {
    let mut command = test_env.command(&["-q", "--db", way.case, "import"]);
    command.args(way.arguments).arg(folder).env(BULK_BYTES, way.bulk_bytes);
    let ran = CommandOutput::of(command.output().unwrap());
    assert!(matches!(ran.code, Some(0 | 1)), "{ran:?}");
    check_case(&test_env.scratch.path(way.case));
    ran.code
}

/// The digests of a case without the time of the import.
fn digests(test_env: &TestEnv, case: &str) -> Vec<String> {
    let timeless = "UPDATE imports SET started_at = '2024-03-01T00:00:00Z', finished_at = '2024-03-01T00:00:00Z'";
    test_env.scratch.ask_at(case).execute_batch(timeless).unwrap();
    let ran = test_env.run(&["--format", "tsv", "snapshot", "--verify", case]);
    let is_part = |line: &&str| ["events\t", "counts\t", "ledger\t"].iter().any(|part| line.starts_with(part));
    let parts: Vec<String> = ran.out.lines().filter(is_part).map(str::to_owned).collect();
    assert_eq!(parts.len(), 3, "{ran:?}");
    parts
}

/// The indexes of a case, and the event ids in the order of some of them.
fn indexes(case: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(case).unwrap();
    let mut all =
        lines(&connection, "SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'index' ORDER BY name");
    for (index, columns) in [
        ("events_by_time", "time, id"),
        ("events_by_event_name", "event_name, time, id"),
        ("events_by_event_id", "event_id"),
        ("events_by_user_name", "user_name, time, id"),
    ] {
        all.extend(lines(&connection, &format!("SELECT event_id FROM events INDEXED BY {index} ORDER BY {columns}")));
    }
    all
}

/// Imports a folder in all ways, and compares what they give. Gives the number of events.
#[track_caller]
fn same_case(test_env: &TestEnv, folder: &Path, what: &str) -> usize {
    let codes = WAYS.map(|way| import(test_env, folder, &way));
    let [first, others @ ..] = &WAYS;
    let path = |way: &Way| test_env.scratch.path(way.case);
    for (way, code) in others.iter().zip(&codes[1..]) {
        assert_eq!(*code, codes[0], "{what}, {}", way.case);
        assert_eq!(content(&path(way)), content(&path(first)), "{what}, {}", way.case);
        assert_eq!(indexes(&path(way)), indexes(&path(first)), "{what}, {}", way.case);
        assert_eq!(digests(test_env, way.case), digests(test_env, first.case), "{what}, {}", way.case);
    }
    // One worker packs records as another alone does. Leaves of indexes that are built in bulk keep a part free.
    let size = |way: &Way| path(way).metadata().unwrap().len();
    // Events that were replaced leave room in pages.
    let replaced =
        lines(&test_env.scratch.ask_at(first.case), "SELECT coalesce(sum(replaced + conflict), 0) FROM files");
    assert!(replaced != ["0"] || size(&BULK) <= size(first) / 32 * 33, "{what}: the case is larger");
    lines(&test_env.scratch.ask_at(first.case), "SELECT id FROM events").len()
}

#[test]
fn every_test_delivery_gives_the_same_case_in_all_ways() {
    for folder in ["benign-month", "broken", "delivery", "shapes"] {
        assert!(same_case(&TestEnv::new(), &testdata(folder), folder) > 0, "{folder}");
    }
}

#[test]
fn replaced_events_and_members_of_one_name_give_the_same_case_in_all_ways() {
    let test_env = TestEnv::new();
    let id = |number: usize| format!("{number:08x}-0000-4000-8000-000000000000");
    let record = |number: usize, more: &str| {
        let times =
            "\"eventVersion\":\"1.08\",\"eventTime\":\"2024-03-01T00:00:00Z\",\"eventSource\":\"ec2.amazonaws.com\"";
        format!("{{{times},\"eventName\":\"RunInstances\",\"eventID\":\"{}\"{more}}}", id(number))
    };
    // Each reading of an event is fuller than the one before, some in one batch and some in several files.
    let fuller = |leaves: usize| format!(",\"requestParameters\":{{\"a\":[{}]}}", vec!["1"; leaves].join(","));
    let file = |leaves: usize| {
        let records: Vec<String> =
            (0..300).map(|number| record(number % 200, &fuller(leaves + number / 200))).collect();
        format!("{{\"Records\":[{}]}}", records.join(","))
    };
    for leaves in 1..5 {
        test_env.scratch.write(&format!("in/{leaves}.json"), file(leaves * 2));
    }
    // The ledger has the second member already, by its name and content.
    let (first, again) = (file(30), file(40));
    let members = [("m.json", first.as_bytes()), ("m.json", again.as_bytes()), ("m.json", first.as_bytes())];
    test_env.scratch.write("in/some.tar", tar(&members));
    assert_eq!(same_case(&test_env, &test_env.scratch.path("in"), "replaced"), 200);
}

#[test]
fn many_replaced_events_give_the_same_case_in_all_ways() {
    let test_env = TestEnv::new();
    let file = |more: &str| {
        let record = |number: usize| {
            format!(
                "{{\"eventVersion\":\"1.08\",\"eventTime\":\"2024-03-01T00:00:00Z\",\"eventName\":\"RunInstances\",\
                 \"eventID\":\"{number:08x}-0000-4000-8000-000000000000\"{more}}}"
            )
        };
        format!("{{\"Records\":[{}]}}", (0..4_400).map(record).collect::<Vec<_>>().join(","))
    };
    test_env.scratch.write("in/1.json", file(""));
    test_env.scratch.write("in/2.json", file(",\"errorCode\":\"AccessDenied\",\"sharedEventID\":\"s\""));
    assert_eq!(same_case(&test_env, &test_env.scratch.path("in"), "many replaced"), 4_400);
}

/// Random records with eventIDs of a kind; those of some kinds are there twice and then with another content.
pub(crate) fn records(seed: u64, count: usize) -> String {
    let mut rng = Rng::new(seed);
    let mut records = Vec::new();
    for number in 0..count {
        let record = random_record(&mut rng, number);
        let same = number / 3 * 3;
        let id = match seed % 3 {
            0 => format!("{:08x}-0000-4000-8000-{number:012x}", same.wrapping_mul(2_654_435_761) % (1 << 32)),
            1 => format!("{same:08x}-0000-4000-8000-000000000000"),
            _ => format!("e-{same}"),
        };
        let (before, rest) = record.split_once("\"eventID\":\"").unwrap();
        let (_, after) = rest.split_once('"').unwrap();
        records.push(format!("{before}\"eventID\":\"{id}\"{after}"));
    }
    format!("{{\"Records\":[{}]}}", records.join(","))
}

proptest! {
    #![proptest_config(Config { cases: 6, failure_persistence: None, ..Config::default() })]

    #[test]
    fn random_deliveries_give_the_same_case_in_all_ways(
        seed in any::<u64>(),
        files in prop::collection::vec(1..90_usize, 1..5),
    ) {
        let test_env = TestEnv::new();
        for (number, count) in files.iter().enumerate() {
            let text = records(seed.wrapping_add(number as u64 * 3), *count);
            test_env.scratch.write(&format!("in/{number}.json.gz"), gzip(text.as_bytes()));
        }
        same_case(&test_env, &test_env.scratch.path("in"), &format!("seed {seed}"));
    }

    #[test]
    fn imports_one_after_the_other_give_the_counts_of_one_import(
        seed in any::<u64>(),
        files in prop::collection::vec(1..60_usize, 2..6),
    ) {
        let test_env = TestEnv::new();
        let mut rng = Rng::new(seed);
        for (number, count) in files.iter().enumerate() {
            let records: Vec<String> = (0..*count).map(|at| of_few_identities(&mut rng, number * 100 + at)).collect();
            let name = format!("in/{number}.json");
            test_env.scratch.write(&name, format!("{{\"Records\":[{}]}}", records.join(",")));
            import(&test_env, &test_env.scratch.path(&name), &STEPS);
        }
        import(&test_env, &test_env.scratch.path("in"), &BULK);
        let (steps, whole) = (test_env.scratch.path(STEPS.case), test_env.scratch.path(BULK.case));
        assert_eq!(counts(&steps), counts(&whole), "seed {seed}");
        // Nothing in a case whose counts were made from its events differs.
        rusqlite::Connection::open(&steps).unwrap().execute_batch("UPDATE imports SET finished_at = NULL").unwrap();
        assert_eq!(test_env.run(&["--db", STEPS.case, "info"]).code, Some(0));
        assert_eq!(counts(&steps), counts(&whole), "seed {seed}, counted again");
    }
}

/// A case to which one file after the other is added.
const STEPS: Way = Way { case: "steps.db", arguments: &["--jobs", "1"], bulk_bytes: NEVER };

/// A random record with an eventID of its own, whose identity others have with another role or without one.
fn of_few_identities(rng: &mut Rng, number: usize) -> String {
    let mut record: serde_json::Value = serde_json::from_str(&random_record(rng, number)).unwrap();
    record["eventID"] = format!("{number:08x}-0000-4000-8000-000000000000").into();
    let role = ["a", "b", "c"].get(rng.below(4));
    let issuer = role.map(|role| serde_json::json!({"type": "Role", "userName": role}));
    record["userIdentity"] = serde_json::json!({
        "type": "AssumedRole",
        "arn": format!("arn:aws:sts::111122223333:assumed-role/r/{}", rng.below(3)),
        "accountId": rng.pick(&["111122223333", "444455556666"]),
        "sessionContext": {"sessionIssuer": issuer},
    });
    if rng.below(4) == 0 {
        record["userIdentity"] =
            serde_json::json!({"type": "AWSService", "invokedBy": format!("{}.amazonaws.com", rng.below(3))});
    }
    record.to_string()
}

/// The rows of a case that count events, without their numbers.
fn counts(case: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(case).unwrap();
    let tables = [
        ("attribute_values", "*"),
        ("hourly_regions", "*"),
        ("facets", "event_source, event_name, aws_region, error_code, outcome, events, first_seen, last_seen"),
        ("identities", "type, arn, account_id, role_name, invoked_by, events, first_seen, last_seen"),
        ("resources", "type, name, arn, account_id, aws_region, events, first_seen, last_seen"),
        ("user_agents", "text, events, first_seen, last_seen"),
        ("hourly_counts JOIN facets ON facets.id = facet", "hour, event_name, aws_region, hourly_counts.events"),
    ];
    let rows = |(table, columns): (&str, &str)| {
        let mut rows = lines(&connection, &format!("SELECT {columns} FROM {table}"));
        rows.sort();
        rows
    };
    tables.into_iter().flat_map(rows).collect()
}
