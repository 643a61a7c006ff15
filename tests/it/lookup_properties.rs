//! Random lookups over random events, held against an evaluation in memory that knows neither tables nor SQL.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use crate::common::Scratch;
use crate::common::geo::geo_files;
use crate::properties::FILTERS;
use crate::properties::facts::{ExpectedEvent, Resource};
use crate::properties::filters::{About, Filter, LIST, NOW, filter, path_term, term};
use crate::properties::lists::{long_term, some_path};
use crate::properties::oracle::matches;
use crate::properties::records;
use crate::properties::rng::Rng;
use crate::properties::stages::{self, Answer, Cell, Stage};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestCaseResult, TestRunner};
use trailq::query::{self, Environment, ResolvedLookup};
use trailq::rows::{self, RowSink};
use trailq::sql::{self, CountSource, Projection, Statement};
use trailq::store::Case;

/// Events in a case, and the same events as facts.
struct World {
    _scratch: Scratch,
    case: Case,
    facts: Arc<Vec<ExpectedEvent>>,
    /// `events.id` to the event's id.
    ids: BTreeMap<i64, String>,
    newest: i64,
}

impl World {
    fn new(seed: u64) -> World {
        let mut rng = Rng::new(seed);
        let count = 60 + rng.below(40);
        World::of(rng, count)
    }

    /// A case with the given number of events.
    fn of(mut rng: Rng, count: usize) -> World {
        let scratch = Scratch::new();
        let mut files: [Vec<String>; 3] = Default::default();
        for number in 0..count {
            files[rng.below(3)].push(records::record(&mut rng, number));
        }
        let mut facts = Vec::new();
        for (records, name) in files.iter().zip(["trail-a.json", "folder/trail_b.json", "folder/c [1]*.json"]) {
            let path = scratch.write(name, format!("{{\"Records\":[{}]}}", records.join(", ")));
            facts.extend(records.iter().map(|raw| ExpectedEvent {
                raw: raw.clone(),
                json: serde_json::from_str(raw).unwrap(),
                file: path.canonicalize().unwrap().to_str().unwrap().to_owned(),
                tags: ["odd", "seen it"].iter().filter(|_| rng.chance(15)).map(|tag| (*tag).to_owned()).collect(),
                resources: Vec::new(),
            }));
        }
        let report = scratch.import(&[scratch.folder.path()]);
        assert_eq!(report.counts.stored, count as u64, "{report:?}");
        let ids = complete(&scratch, &mut facts);
        let newest = facts.iter().filter_map(ExpectedEvent::time).max().unwrap();
        let case = Case::open(&scratch.case()).unwrap().with_geo_files(geo_files(&scratch)).unwrap();
        World { _scratch: scratch, case, facts: Arc::new(facts), ids, newest }
    }

    fn resolve(&self, text: &str) -> Result<ResolvedLookup, String> {
        let tree = query::parse(text).map_err(|mistake| format!("{text}\n{mistake:?}"))?;
        query::resolve(&tree, self).map_err(|mistake| mistake.message)
    }

    fn ask(&self, statement: &Statement) -> Vec<Vec<Cell>> {
        let mut rows = Rows(Vec::new());
        let asked = self.case.query(&statement.sql, &statement.params, &mut rows);
        asked.unwrap_or_else(|error| panic!("{}\n{:?}\n{error:?}", statement.sql, statement.params));
        rows.0
    }

    /// The ids of the events that a statement gives.
    fn listed(&self, statement: &Statement) -> Vec<String> {
        let id = |row: &Vec<Cell>| match row[0] {
            Cell::Number(id) => self.ids[&id].clone(),
            ref other => panic!("{other:?}"),
        };
        self.ask(statement).iter().map(id).collect()
    }

    /// Holds the answers of a lookup against the oracle's.
    fn check(&self, filter: Option<&Filter>, stages: &[Stage], most: u64) -> TestCaseResult {
        let text = [filter.map(Filter::text).unwrap_or_default()].into_iter();
        let text = text.chain(stages.iter().map(Stage::text)).collect::<Vec<_>>().join(" | ");
        let matching: Vec<&ExpectedEvent> =
            self.facts.iter().filter(|fact| filter.is_none_or(|filter| matches(filter, fact, self.newest))).collect();
        let lookup = match self.resolve(&text) {
            Ok(lookup) => lookup,
            Err(mistake) if mistake.starts_with("invalid period: ") => {
                prop_assert!(matching.is_empty(), "{text}: is no empty period");
                return Ok(());
            }
            Err(mistake) => return Err(TestCaseError::fail(mistake)),
        };
        let matched = matching.len() as i64;
        let counted = sql::emit_count(&lookup, &self.case);
        prop_assert_eq!(self.ask(&counted), [[Cell::Number(matched)]], "{}\n{:?}", text, counted);
        let expected = stages::apply(matching, stages);
        for limit in [None, Some(most)] {
            let statement = sql::emit(&lookup, &self.case, Projection::Full, limit);
            if statement.exact {
                prop_assert_eq!(statement.estimate, Some(matched as u64), "{}\n{:?}", text, statement);
            }
        }
        self.check_answer(&text, &lookup, expected, most)
    }

    fn check_answer(&self, text: &str, lookup: &ResolvedLookup, expected: Answer<'_>, most: u64) -> TestCaseResult {
        match expected {
            Answer::Rows(rows) if lookup.is_event_list() => {
                let statement = sql::emit(lookup, &self.case, Projection::Brief, None);
                let found: Vec<Vec<Cell>> = self.ask(&statement).into_iter().map(|row| row[1..].to_vec()).collect();
                prop_assert_eq!(found, rows, "{}\n{:?}", text, statement);
            }
            Answer::Rows(rows) => {
                prop_assert!(!lookup.is_event_list());
                let statement = sql::emit(lookup, &self.case, Projection::Full, None);
                prop_assert_eq!(self.ask(&statement), rows, "{}\n{:?}", text, statement);
            }
            Answer::Events(events) => {
                prop_assert!(lookup.is_event_list());
                let ids: Vec<String> = events.iter().map(|fact| fact.id()).collect();
                let cut = &ids[..ids.len().min(most as usize)];
                for projection in [Projection::Brief, Projection::Full] {
                    let statement = sql::emit(lookup, &self.case, projection, Some(most));
                    prop_assert_eq!(self.listed(&statement), cut, "{}\n{:?}", text, statement);
                }
                let statement = sql::emit(lookup, &self.case, Projection::Full, None);
                prop_assert_eq!(self.listed(&statement), &ids[..], "{}\n{:?}", text, statement);
                let statement = sql::emit_ids(lookup, &self.case, None);
                prop_assert_eq!(self.listed(&statement), &ids[..], "{}\n{:?}", text, statement);
                let statement = sql::emit_ids(lookup, &self.case, Some(most));
                prop_assert_eq!(self.listed(&statement), cut, "{}\n{:?}", text, statement);
            }
        }
        Ok(())
    }
}

/// Tags events, reads their resources, and gives the ids of their rows.
fn complete(scratch: &Scratch, facts: &mut [ExpectedEvent]) -> BTreeMap<i64, String> {
    let connection = scratch.ask();
    let mut ids = BTreeMap::new();
    let mut row = connection.prepare("SELECT id FROM events WHERE event_id = ?1").unwrap();
    let mut resources = connection
        .prepare(
            "SELECT type, name, arn, listed FROM event_resources JOIN resources ON resources.id = resource WHERE event = ?1",
        )
        .unwrap();
    for fact in facts {
        let id: i64 = row.query_row([fact.id()], |row| row.get(0)).unwrap();
        let found = resources.query_map([id], |row| {
            Ok(Resource { kind: row.get(0)?, name: row.get(1)?, arn: row.get(2)?, listed: row.get(3)? })
        });
        fact.resources = found.unwrap().map(Result::unwrap).collect();
        for tag in &fact.tags {
            let insert = "INSERT INTO tags (event_id, tag, created_at, created_by) VALUES (?1, ?2, '', '')";
            connection.execute(insert, [fact.id().as_str(), tag]).unwrap();
        }
        ids.insert(id, fact.id());
    }
    ids
}

impl Environment for World {
    fn now(&self) -> i64 {
        NOW
    }

    fn newest_event(&self) -> Option<i64> {
        Some(self.newest)
    }

    fn read_list(&self, path: &str) -> Result<String, String> {
        match path {
            "list" => Ok(format!("\u{feff}# a remark\r\n{}\r\n\r\n", LIST.join("\r\n"))),
            _ => Err("there is no such list".to_owned()),
        }
    }
}

/// Collects rows.
struct Rows(Vec<Vec<Cell>>);

impl RowSink for Rows {
    fn begin(&mut self, _: &[String]) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, cells: &[rows::Cell<'_>]) -> io::Result<()> {
        let cell = |cell: &rows::Cell<'_>| match cell {
            rows::Cell::Null => Cell::Null,
            rows::Cell::Integer(number) => Cell::Number(*number),
            rows::Cell::Text(text) => Cell::Text((*text).to_owned()),
            other => panic!("{other:?}"),
        };
        self.0.push(cells.iter().map(cell).collect());
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How many worlds, and how many lookups in each; `TRAILQ_PROPERTIES=20` makes twenty times as many worlds.
fn worlds() -> impl Iterator<Item = World> {
    let times = std::env::var("TRAILQ_PROPERTIES").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    (0..4 * times).map(World::new)
}

#[test]
fn lookups_mean_what_they_say() {
    for (number, world) in worlds().enumerate() {
        let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
        let lookups = (prop::option::weighted(0.93, filter(Arc::clone(&world.facts))), any::<u64>(), 1..60_u64);
        let held = runner.run(&lookups, |(filter, seed, most)| {
            let mut rng = Rng::new(seed);
            let stages = if seed == 0 || rng.chance(40) { Vec::new() } else { stages::random(&mut rng) };
            world.check(filter.as_ref(), &stages, most)
        });
        held.unwrap_or_else(|error| panic!("world {number}: {error}"));
    }
}

#[test]
fn every_field_of_the_catalogue_means_what_it_says() {
    let world = World::new(7);
    for (number, field) in (0..).zip(FILTERS.iter().copied()) {
        for seed in 0..40 {
            let asked = Filter::Term(term(&world.facts, &mut Rng::new(number * 1_000 + seed), Some(field)));
            world.check(Some(&asked), &[], 5).unwrap_or_else(|error| panic!("{}: {error}", field.name));
        }
    }
}

/// Lists shorter and longer than those that a statement asks in another way.
#[test]
fn long_lists_mean_what_their_values_mean() {
    let world = World::new(13);
    let abouts = FILTERS.iter().map(|field| Some(About::Field(field))).chain([Some(About::Bare), None, None, None]);
    for (number, about) in (0..).zip(abouts) {
        for (seed, length) in [(0, 70), (1, 70), (2, 505), (3, 1_200), (4, 1_200), (5, 10_050)] {
            let mut rng = Rng::new(number * 100 + seed);
            let about = about.clone().unwrap_or_else(|| some_path(&mut rng));
            let mut asked = Filter::Term(long_term(&world.facts, &mut rng, about, length));
            if rng.chance(20) {
                asked = Filter::Not(Box::new(asked));
            }
            if rng.chance(30) {
                asked = Filter::All(vec![asked, Filter::Term(term(&world.facts, &mut rng, None))]);
            }
            world
                .check(Some(&asked), &[], 7)
                .unwrap_or_else(|error| panic!("{number} {length}: {:.3000}", error.to_string()));
        }
    }
}

/// Enough events for several groups of records, of which a scan reads those that may hold what is looked for.
#[test]
fn scans_find_what_a_look_at_every_record_finds() {
    let world = World::of(Rng::new(5), 1_500);
    let text = trailq::fields::find("text");
    for seed in 0..60 {
        let mut rng = Rng::new(seed);
        let mut asked = match rng.below(3) {
            0 => Filter::Term(path_term(&world.facts, &mut rng)),
            _ => Filter::Term(term(&world.facts, &mut rng, text)),
        };
        if rng.chance(40) {
            let beside = Filter::Term(term(&world.facts, &mut rng, None));
            asked = if rng.chance(50) { Filter::All(vec![asked, beside]) } else { Filter::Any(vec![asked, beside]) };
        }
        world.check(Some(&asked), &[], 20).unwrap_or_else(|error| panic!("{seed}: {error}"));
    }
}

#[test]
fn a_scan_reads_only_what_may_hold_the_text_and_finds_no_record_that_lost() {
    let scratch = Scratch::new();
    let record = |number: usize, more: &str| {
        let at = format!("2024-03-{:02}T{:02}:{:02}:00Z", 1 + number / 1_440, number / 60 % 24, number % 60);
        format!(r#"{{"eventVersion":"1.08","eventID":"id-{number:05}","eventTime":"{at}"{more}}}"#)
    };
    let lost: Vec<String> = (0..2_000).map(|number| record(number, "")).collect();
    scratch.write("trail/a.json", lost.join("\n"));
    let fuller = record(7, r#","eventName":"Fuller","awsRegion":"a-very-odd-region""#);
    scratch.write("trail/b.json", [fuller, record(7, r#","vpcEndpointId":"vpce-lost""#)].join("\n"));
    scratch.import(&[scratch.path("trail")]);
    let case = Case::open(&scratch.case()).unwrap();
    let world = World { _scratch: scratch, case, facts: Arc::default(), ids: BTreeMap::new(), newest: 0 };
    for (text, groups, events) in [
        ("text=id-00300", 1..=2, 1),
        ("text=id-00300 since=2024-03-02", 0..=0, 0),
        ("text=id-00300,id-01999", 1..=4, 2),
        ("text=2024-03-01T05", 1..=4, 60),
        ("text=odd-region", 1..=2, 1),
        ("text=vpce-lost", 1..=2, 0),
        ("text=absent-from-all", 0..=0, 0),
        ("text=T05", 8..=10, 120),
        ("record.awsRegion=a-very-odd-region", 1..=2, 1),
        ("text=\"odd-region\" name=Fuller", 0..=0, 1),
        ("not text=id-00300", 8..=10, 1_999),
    ] {
        let lookup = world.resolve(text).unwrap();
        let statement = sql::emit_count(&lookup, &world.case);
        assert_eq!(world.ask(&statement), [[Cell::Number(events)]], "{text}");
        let read = statement.scan.map_or(0, |scan| scan.groups);
        assert!(groups.contains(&read), "{text} reads {read} groups");
        let listed = sql::emit_ids(&lookup, &world.case, Some(5));
        assert_eq!(world.ask(&listed).len() as i64, events.min(5), "{text}");
    }
}

#[test]
fn the_first_terms_of_a_lookup_are_a_lookup() {
    let world = World::new(11);
    for seed in 0..200 {
        let mut rng = Rng::new(seed);
        let parts: Vec<Filter> =
            (0..3).map(|_| Filter::Term(term(&world.facts, &mut rng, Some(FILTERS[1 + rng_field(seed)])))).collect();
        let text = Filter::All(parts.clone()).text();
        let lookup = world.resolve(&format!("{text} | limit 1")).unwrap();
        assert_eq!(lookup.terms().len(), 3, "{text}");
        for first in 0..=3 {
            let whole = Filter::All(parts[..first].to_vec());
            let expected = world.facts.iter().filter(|fact| matches(&whole, fact, world.newest)).count();
            let part = lookup.with_terms(first);
            let counted = world.ask(&sql::emit_count(&part, &world.case));
            assert_eq!(counted, [[Cell::Number(expected as i64)]], "the first {first} of {text}");
            assert_eq!(world.listed(&sql::emit_ids(&part, &world.case, None)).len(), expected);
        }
    }
}

/// A field whose terms stay terms of their own.
fn rng_field(seed: u64) -> usize {
    (seed % 14) as usize
}

#[test]
fn the_counts_of_a_case_are_those_of_its_events() {
    let world = World::new(3);
    assert_eq!(world.case.events(), world.facts.len() as u64);
    for field in ["event-name", "user", "error", "ip", "outcome"] {
        let column = trailq::fields::find(field).unwrap().column;
        for value in world.facts.iter().flat_map(|fact| fact.texts(field)) {
            let expected = world.facts.iter().filter(|fact| fact.texts(field).contains(&value)).count();
            assert_eq!(world.case.count(column, &value), Some(expected as u64), "{field} {value}");
        }
    }
}
