//! Two ways of writing a case give the same case: equal content, equal indexes, and the digests of a snapshot, which do
//! not depend on the numbers of rows.

use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::common::program::{CommandOutput, TestEnv, gzip};
use crate::common::{check_case, content, lines, testdata};
use crate::properties::records::record as random_record;
use crate::properties::rng::Rng;

/// A way of writing: the case, and what the import is called with.
struct Way {
    case: &'static str,
    arguments: &'static [&'static str],
}

/// The ways that are compared: with one worker and with several.
const WAYS: [Way; 2] =
    [Way { case: "one.db", arguments: &["--jobs", "1"] }, Way { case: "four.db", arguments: &["--jobs", "4"] }];

/// Imports a folder in one of the ways, and gives the exit code.
fn import(test_env: &TestEnv, folder: &Path, way: &Way) -> Option<i32> {
    let mut command = test_env.command(&["-q", "--db", way.case, "import"]);
    let ran = CommandOutput::of(command.args(way.arguments).arg(folder).output().unwrap());
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
    lines(&test_env.scratch.ask_at(first.case), "SELECT id FROM events").len()
}

#[test]
fn every_test_delivery_gives_the_same_case_in_all_ways() {
    for folder in ["benign-month", "broken", "delivery", "shapes"] {
        assert!(same_case(&TestEnv::new(), &testdata(folder), folder) > 0, "{folder}");
    }
}

/// Random records with eventIDs of a kind; those of some kinds are there twice and then with another content.
fn records(seed: u64, count: usize) -> String {
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
}
