//! Random stages, and what they make of the events that a filter leaves.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use trailq::fields::{Field, Kind, Place};

use super::FILTERS;
use super::facts::{At, ExpectedEvent, Resource};
use super::filters::{PATHS, path_text};
use super::oracle::written;
use super::rng::Rng;

/// A cell of an answer, in SQLite's order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    Null,
    Number(i64),
    Text(String),
}

/// What is shown or counted.
#[derive(Debug, Clone)]
pub enum Shown {
    Field(&'static Field),
    Path(Vec<String>, String),
}

impl Shown {
    fn random(rng: &mut Rng, single: bool) -> Shown {
        if rng.chance(15) {
            let keys: Vec<String> = PATHS[rng.below(PATHS.len())].iter().map(|key| (*key).to_owned()).collect();
            let text = path_text(&keys, rng);
            return Shown::Path(keys, text);
        }
        let several = |place| {
            matches!(
                place,
                Place::ResourceName | Place::ResourceType | Place::ListedName | Place::ListedType | Place::Tag
            )
        };
        loop {
            let field = FILTERS[rng.below(FILTERS.len())];
            if field.place != Place::Record && !(single && several(field.place)) {
                return Shown::Field(field);
            }
        }
    }

    fn name(&self) -> &str {
        match self {
            Shown::Field(field) => field.name,
            Shown::Path(_, text) => text,
        }
    }

    /// Its values in an event; none is one absent value.
    fn cells(&self, fact: &ExpectedEvent) -> Vec<Cell> {
        let texts = |all: Vec<String>| all.into_iter().map(Cell::Text).collect::<Vec<_>>();
        let mut cells = match self {
            Shown::Path(keys, _) => texts(fact.at(keys).iter().map(|value| value.text().to_owned()).collect()),
            Shown::Field(field) => match (field.kind, field.place) {
                (Kind::Time, _) => texts(fact.time().map(|time| written(time, 0) + "Z").into_iter().collect()),
                (Kind::Flag, _) => texts(fact.flag(field.name).map(|flag| flag.to_string()).into_iter().collect()),
                (Kind::Number, _) => fact.number(field.name).map(Cell::Number).into_iter().collect(),
                (_, Place::Role) => texts(fact.role_name().into_iter().collect()),
                (_, Place::ResourceName) => texts(fact.resources.iter().map(Resource::spelling).collect()),
                (_, Place::ResourceType) => {
                    fact.resources.iter().map(|r| r.kind.clone().map_or(Cell::Null, Cell::Text)).collect()
                }
                (_, Place::ListedType) => {
                    fact.listed().map(|r| r.kind.clone().map_or(Cell::Null, Cell::Text)).collect()
                }
                _ => texts(fact.texts(field.name)),
            },
        };
        if cells.is_empty() {
            cells.push(Cell::Null);
        }
        cells
    }

    /// The one cell of a list of events; several values at a path are a JSON array.
    fn cell(&self, fact: &ExpectedEvent) -> Cell {
        if let Shown::Path(keys, _) = self
            && let several @ [_, _, ..] = fact.at(keys).as_slice()
        {
            let elements = several.iter().map(|value| match value {
                At::Object(json) => json.clone(),
                scalar => serde_json::to_string(scalar.text()).unwrap(),
            });
            return Cell::Text(format!("[{}]", elements.collect::<Vec<_>>().join(",")));
        }
        let cells = self.cells(fact);
        match cells.as_slice() {
            [one] => one.clone(),
            several => {
                let texts: Vec<&str> = several
                    .iter()
                    .map(|cell| match cell {
                        Cell::Text(text) => text.as_str(),
                        other => panic!("{other:?}"),
                    })
                    .collect();
                Cell::Text(serde_json::to_string(&texts).unwrap())
            }
        }
    }
}

/// A random stage.
#[derive(Debug, Clone)]
pub enum Stage {
    Count(Vec<Shown>),
    Top(Option<usize>, Vec<Shown>),
    Timeline(i64, &'static str, Vec<Shown>),
    Fields(Vec<Shown>),
    Sort(Vec<(Shown, bool)>),
    SortCounts(bool),
    Limit(usize),
}

impl Stage {
    pub fn text(&self) -> String {
        let list = |all: &[Shown]| all.iter().map(Shown::name).collect::<Vec<_>>().join(",");
        match self {
            Stage::Count(by) if by.is_empty() => "count".to_owned(),
            Stage::Count(by) => format!("count by {}", list(by)),
            Stage::Top(None, by) => format!("top {}", list(by)),
            Stage::Top(Some(most), by) => format!("top {most} {}", list(by)),
            Stage::Timeline(_, bucket, by) if by.is_empty() => format!("timeline {bucket}"),
            Stage::Timeline(_, bucket, by) => format!("timeline {bucket} by {}", list(by)),
            Stage::Fields(shown) => format!("fields {}", list(shown)),
            Stage::SortCounts(descending) => format!("sort events{}", if *descending { " desc" } else { "" }),
            Stage::Limit(most) => format!("limit {most}"),
            Stage::Sort(keys) => {
                let order = |descending: bool| if descending { " desc" } else { "" };
                let keys: Vec<String> =
                    keys.iter().map(|(key, descending)| format!("{}{}", key.name(), order(*descending))).collect();
                format!("sort {}", keys.join(", "))
            }
        }
    }
}

/// Stages that may follow each other.
pub fn random(rng: &mut Rng) -> Vec<Stage> {
    let distinct = |rng: &mut Rng, most: usize, single: bool| {
        let mut all: Vec<Shown> = Vec::new();
        for _ in 0..1 + rng.below(most) {
            let next = Shown::random(rng, single);
            let same = |known: &Shown| match (known, &next) {
                (Shown::Path(a, _), Shown::Path(b, _)) => a == b,
                (a, b) => a.name() == b.name(),
            };
            if !all.iter().any(same) {
                all.push(next);
            }
        }
        all
    };
    let mut stages = Vec::new();
    if rng.chance(25) {
        stages.push(Stage::Limit(rng.below(40)));
    }
    if rng.chance(25) {
        let keys = distinct(rng, 2, true).into_iter().map(|key| (key, rng.chance(50))).collect();
        stages.push(Stage::Sort(keys));
        if rng.chance(60) {
            stages.push(Stage::Limit(rng.below(30)));
        }
    }
    match rng.below(10) {
        0 => stages.push(Stage::Count(Vec::new())),
        1..=3 => stages.push(Stage::Count(distinct(rng, 2, false))),
        4 => stages.push(Stage::Top(rng.chance(60).then(|| rng.below(6)), distinct(rng, 2, false))),
        5 => {
            let (text, seconds) =
                [("1s", 1), ("15m", 900), ("1h", 3600), ("6h", 21_600), ("1d", 86_400), ("1w", 604_800)][rng.below(6)];
            let mut by = if rng.chance(50) { distinct(rng, 2, false) } else { Vec::new() };
            by.retain(|shown| shown.name() != "time");
            stages.push(Stage::Timeline(seconds, text, by));
        }
        6 | 7 => {
            stages.push(Stage::Fields(distinct(rng, 4, true)));
            return stages;
        }
        _ => return stages,
    }
    if rng.chance(20) {
        stages.push(Stage::SortCounts(rng.chance(50)));
    }
    if rng.chance(20) {
        stages.push(Stage::Limit(rng.below(5)));
    }
    stages
}

/// What the stages make of events: a list of them, or rows.
pub enum Answer<'f> {
    Events(Vec<&'f ExpectedEvent>),
    Rows(Vec<Vec<Cell>>),
}

/// The newest first, events of one second by their id, those without a time last.
fn newest_first(a: &ExpectedEvent, b: &ExpectedEvent) -> Ordering {
    b.time().cmp(&a.time()).then_with(|| a.id().cmp(&b.id()))
}

/// Applies the stages one after another.
pub fn apply<'f>(mut events: Vec<&'f ExpectedEvent>, stages: &[Stage]) -> Answer<'f> {
    events.sort_by(|a, b| newest_first(a, b));
    let mut answer = Answer::Events(events);
    for stage in stages {
        answer = match (stage, answer) {
            (Stage::Limit(most), Answer::Events(mut events)) => {
                events.truncate(*most);
                Answer::Events(events)
            }
            (Stage::Limit(most), Answer::Rows(mut rows)) => {
                rows.truncate(*most);
                Answer::Rows(rows)
            }
            (Stage::Sort(keys), Answer::Events(mut events)) => {
                events.sort_by(|a, b| sorted(keys, a, b));
                Answer::Events(events)
            }
            (Stage::SortCounts(descending), Answer::Rows(mut rows)) => {
                rows.sort_by(|a, b| {
                    let order = a.last().cmp(&b.last());
                    if *descending { order.reverse() } else { order }.then_with(|| a.cmp(b))
                });
                Answer::Rows(rows)
            }
            (Stage::Count(by), Answer::Events(events)) => Answer::Rows(counted(&events, by)),
            (Stage::Top(most, by), Answer::Events(events)) => {
                let mut rows = counted(&events, by);
                rows.truncate(most.unwrap_or(10));
                Answer::Rows(rows)
            }
            (Stage::Timeline(bucket, _, by), Answer::Events(events)) => Answer::Rows(timeline(&events, *bucket, by)),
            (Stage::Fields(shown), Answer::Events(events)) => {
                Answer::Rows(events.iter().map(|fact| shown.iter().map(|shown| shown.cell(fact)).collect()).collect())
            }
            (stage, _) => panic!("{stage:?} does not follow"),
        };
    }
    answer
}

/// Absent values come last in either direction; what is alike, newest first.
fn sorted(keys: &[(Shown, bool)], a: &ExpectedEvent, b: &ExpectedEvent) -> Ordering {
    let by_key = keys.iter().map(|(key, descending)| match (key.cell(a), key.cell(b)) {
        (Cell::Null, Cell::Null) => Ordering::Equal,
        (Cell::Null, _) => Ordering::Greater,
        (_, Cell::Null) => Ordering::Less,
        (a, b) if *descending => b.cmp(&a),
        (a, b) => a.cmp(&b),
    });
    by_key.fold(Ordering::Equal, Ordering::then).then_with(|| newest_first(a, b))
}

/// Distinct events by their values, the most first; an event counts once for each of its values.
fn counted(events: &[&ExpectedEvent], by: &[Shown]) -> Vec<Vec<Cell>> {
    if by.is_empty() {
        return vec![vec![Cell::Number(events.len() as i64)]];
    }
    let mut counts: BTreeMap<Vec<Cell>, i64> = BTreeMap::new();
    for fact in events {
        let mut groups = groups(fact, by);
        groups.sort();
        groups.dedup();
        for group in groups {
            *counts.entry(group).or_default() += 1;
        }
    }
    let mut rows: Vec<(Vec<Cell>, i64)> = counts.into_iter().collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    rows.into_iter().map(|(group, count)| group.into_iter().chain([Cell::Number(count)]).collect()).collect()
}

/// Every combination of an event's values; a resource's name and type are the same resource's.
fn groups(fact: &ExpectedEvent, by: &[Shown]) -> Vec<Vec<Cell>> {
    let alone = |chosen: Vec<&Resource>| -> Vec<ExpectedEvent> {
        let one = |resource: &Resource| ExpectedEvent { resources: vec![resource.clone()], ..fact.clone() };
        match chosen.is_empty() {
            true => vec![ExpectedEvent { resources: Vec::new(), ..fact.clone() }],
            false => chosen.into_iter().map(one).collect(),
        }
    };
    let (any, listed) = (alone(fact.resources.iter().collect()), alone(fact.listed().collect()));
    any.iter().flat_map(|any| listed.iter().flat_map(move |listed| combinations(any, listed, by))).collect()
}

/// `any` has one of the event's resources, `listed` one of those that Event history lists.
fn combinations(any: &ExpectedEvent, listed: &ExpectedEvent, by: &[Shown]) -> Vec<Vec<Cell>> {
    by.iter().fold(vec![Vec::new()], |rows, shown| {
        let of_listed =
            matches!(shown, Shown::Field(field) if matches!(field.place, Place::ListedName | Place::ListedType));
        let cells = shown.cells(if of_listed { listed } else { any });
        rows.iter()
            .flat_map(|row| cells.iter().map(move |cell| row.iter().cloned().chain([cell.clone()]).collect()))
            .collect()
    })
}

/// Buckets in the order of time, and what is counted in each as by `count`; weeks begin on Monday.
fn timeline(events: &[&ExpectedEvent], bucket: i64, by: &[Shown]) -> Vec<Vec<Cell>> {
    let monday = 345_600;
    let shift = if bucket == 604_800 { monday } else { 0 };
    let mut spans: BTreeMap<i64, Vec<&ExpectedEvent>> = BTreeMap::new();
    for fact in events {
        let Some(time) = fact.time() else { continue };
        spans.entry((time - shift).div_euclid(bucket) * bucket + shift).or_default().push(fact);
    }
    let rows = |(time, facts): (i64, Vec<&ExpectedEvent>)| {
        let start = Cell::Text(written(time, 0) + "Z");
        counted(&facts, by).into_iter().map(move |row| [start.clone()].into_iter().chain(row).collect())
    };
    spans.into_iter().flat_map(rows).collect()
}
