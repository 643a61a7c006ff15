//! The library of saved queries: each finds what is planted for it and nothing beside.
//!
//! `tests/queries/GROUP/NAME.test` belongs to `sql/GROUP/NAME.sql`; `tests/queries/plant.rs` tells its format.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test fails by a panic")]

mod common;
#[path = "queries/plant.rs"]
mod plant;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::Scratch;
use plant::{Expected, Test};
use trailq::rows::{Cell, RowSink};
use trailq::saved::{Library, SavedQuery, bind};
use trailq::store::{Case, FUNCTIONS};

/// trailq's own queries; those of the folder `QUERIES` where that is named, to try changes without a build.
fn library() -> Library {
    let mut library = Library::default();
    match std::env::var_os("QUERIES") {
        Some(folder) => library.add_folder(Path::new(&folder)).unwrap(),
        None => library.add_shipped(),
    }
    assert!(library.broken.is_empty() && library.notes.is_empty(), "{:?} {:?}", library.broken, library.notes);
    library
}

fn test_file(query: &SavedQuery) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/queries").join(&query.group);
    folder.join(format!("{}.test", query.name))
}

/// The answer of a query: its columns, and its rows as text; NULL is `-`.
#[derive(Default)]
struct Rows {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl RowSink for Rows {
    fn begin(&mut self, columns: &[String]) -> std::io::Result<()> {
        self.columns = columns.to_vec();
        Ok(())
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> std::io::Result<()> {
        let text = |cell: &Cell<'_>| match cell {
            Cell::Null => "-".to_owned(),
            Cell::Integer(number) => number.to_string(),
            Cell::Real(number) => number.to_string(),
            Cell::Text(text) => (*text).to_owned(),
            Cell::Blob(_) => "BLOB".to_owned(),
        };
        self.rows.push(cells.iter().map(text).collect());
        Ok(())
    }

    fn end(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Rows {
    /// These columns of each row, with ` | ` between.
    fn lines(&self, columns: &[String]) -> Vec<String> {
        let places: Vec<usize> = columns
            .iter()
            .map(|name| self.columns.iter().position(|column| column == name).unwrap_or_else(|| panic!("no {name}")))
            .collect();
        let line = |row: &Vec<String>| places.iter().map(|at| row[*at].as_str()).collect::<Vec<_>>().join(" | ");
        self.rows.iter().map(line).collect()
    }
}

fn ask(case: &Case, query: &SavedQuery, given: &BTreeMap<String, String>) -> Rows {
    let values = bind(&query.name, &query.header, given, trailq::time::now()).unwrap_or_else(|error| panic!("{error}"));
    let mut rows = Rows::default();
    case.query_named(&query.sql, &values, &mut rows).unwrap_or_else(|error| panic!("{}: {error}", query.name));
    rows
}

/// Holds a query against its file.
fn hold(query: &SavedQuery) -> Result<(), String> {
    let file = test_file(query);
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let test = Test::parse(&text).map_err(|why| format!("{}: {why}", file.display()))?;
    let scratch = Scratch::new();
    let planted: Vec<PathBuf> = test.files().into_iter().map(|(name, content)| scratch.write(&name, content)).collect();
    scratch.import(&planted);
    let case = Case::open(&scratch.case()).unwrap();
    for run in &test.runs {
        let given = run.given.iter().cloned().collect();
        let rows = ask(&case, query, &given);
        let (columns, wanted) = match &run.expected {
            Expected::Events(events) => (vec!["event_id".to_owned()], events.clone()),
            Expected::Rows { columns, rows } => (columns.clone(), rows.clone()),
        };
        let mut found = rows.lines(&columns);
        let mut wanted = wanted;
        if matches!(run.expected, Expected::Events(_)) {
            found.sort();
            wanted.sort();
        }
        if found != wanted {
            let (found, wanted) = (found.join("\n  "), wanted.join("\n  "));
            return Err(format!("{} {:?}\n finds\n  {found}\n and should find\n  {wanted}", query.name, run.given));
        }
    }
    Ok(())
}

#[test]
fn each_finds_what_is_planted_and_nothing_beside() {
    let library = library();
    let only = std::env::var("QUERY").ok();
    let chosen: Vec<_> = library
        .all()
        .into_iter()
        .filter(|q| only.as_ref().is_none_or(|o| q.name.contains(o) || q.group == *o))
        .collect();
    let (first, second) = chosen.split_at(chosen.len() / 2);
    let hold_all =
        |queries: &[&SavedQuery]| -> Vec<String> { queries.iter().filter_map(|query| hold(query).err()).collect() };
    let wrong = std::thread::scope(|scope| {
        let other = scope.spawn(|| hold_all(second));
        let mut wrong = hold_all(first);
        wrong.extend(other.join().expect("a query panics"));
        wrong
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_test_belongs_to_a_query() {
    let library = library();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/queries");
    let files = walkdir::WalkDir::new(&folder).into_iter().map(|entry| entry.unwrap().into_path());
    for file in files.filter(|file| file.extension().is_some_and(|end| end == "test")) {
        assert!(library.all().iter().any(|query| test_file(query) == file), "{}", file.display());
    }
    assert!(library.all().len() >= 80, "{}", library.all().len());
}

#[test]
fn every_header_is_written_as_the_others() {
    for query in library().all() {
        let header = &query.header;
        assert!(!header.title.ends_with('.') && header.title.starts_with(char::is_uppercase), "{}", query.name);
        assert!(header.title.len() <= 80, "{}: {}", query.name, header.title);
        assert!(header.about.ends_with('.') && header.about.len() > 60, "{}: {}", query.name, header.about);
        for param in &header.params {
            assert!(
                !param.help.ends_with('.') && !param.help.starts_with(char::is_uppercase),
                "{}: {}",
                query.name,
                param.help
            );
        }
    }
}

#[test]
fn every_query_runs_on_the_schema_and_reads_events_by_an_index() {
    let scratch = Scratch::new();
    scratch.import(&[common::testdata("delivery")]);
    let case = Case::open(&scratch.case()).unwrap();
    for query in library().all() {
        let columns: Vec<&str> = query.header.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(
            case.columns_of(&query.sql).unwrap_or_else(|error| panic!("{}: {error}", query.name)),
            columns,
            "{}",
            query.name
        );
        let plan = format!("EXPLAIN QUERY PLAN {}", query.sql);
        let given = query.header.params.iter().map(|param| (param.name.clone(), None)).collect();
        let mut rows = Rows::default();
        case.query_named(&plan, &given, &mut rows).unwrap();
        let plan = rows.lines(&["detail".to_owned()]);
        let scans = plan.iter().filter(|step| {
            ["SCAN e", "SCAN events"].iter().any(|scan| **step == *scan || step.starts_with(&format!("{scan} ")))
        });
        let poor = ["outcome", "event_source", "aws_region", "recipient_account_id"];
        let poor = poor.map(|column| format!("INDEX events_by_{column} "));
        assert!(!plan.iter().any(|step| poor.iter().any(|index| step.contains(index))), "{}: {plan:#?}", query.name);
        let scans: Vec<&String> = scans.filter(|step| !step.contains("COVERING INDEX")).collect();
        assert!(scans.is_empty() || query.header.slow.is_some(), "{}: {plan:#?}", query.name);
    }
}

#[test]
fn any_sqlite_program_runs_the_queries_without_functions_of_trailq() {
    let version = Command::new("sqlite3").arg("--version").output();
    let Ok(version) = version.map(|output| String::from_utf8(output.stdout).unwrap()) else {
        eprintln!("SKIPPED: there is no sqlite3");
        return;
    };
    let numbers: Vec<u32> = version.split(['.', ' ']).take(2).filter_map(|part| part.parse().ok()).collect();
    if numbers < vec![3, 38] {
        eprintln!("SKIPPED: sqlite3 is {version}, and has no unixepoch()");
        return;
    }
    let scratch = Scratch::new();
    scratch.import(&[common::testdata("delivery")]);
    let case = Case::open(&scratch.case()).unwrap();
    let mut ran = 0;
    for query in library().all() {
        if FUNCTIONS.iter().any(|function| query.sql.contains(&format!("{}(", function.name))) {
            continue;
        }
        // Parameters that are not set are NULL in the shell as in trailq; the others are set to the same values.
        let given: BTreeMap<String, String> = query
            .header
            .params
            .iter()
            .filter(|param| param.need == trailq::saved::header::Need::Required)
            .map(|param| (param.name.clone(), "alice".to_owned()))
            .collect();
        let values = bind(&query.name, &query.header, &given, 0).unwrap();
        let mut script = ".parameter init\n.mode list\n.separator '\u{1}' '\u{2}'\n.nullvalue -\n".to_owned();
        for (name, value) in &values {
            let literal = match value {
                Some(trailq::query::Param::Integer(number)) => number.to_string(),
                Some(trailq::query::Param::Text(text)) => format!("'{}'", text.replace('\'', "''")),
                _ => continue,
            };
            script += &format!("INSERT INTO temp.sqlite_parameters VALUES (':{name}', {literal});\n");
        }
        script += &format!("{};\n", query.sql);
        let file = scratch.write("query.sql", script);
        let output = Command::new("sqlite3")
            .args(["-batch", "-bail"])
            .arg(format!("file:{}?mode=ro", scratch.case().display()))
            .stdin(std::fs::File::open(file).unwrap())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{}: {said}", query.name);
        let shell = String::from_utf8(output.stdout).unwrap();
        let shell: Vec<String> = shell.split_terminator('\u{2}').map(str::to_owned).collect();
        let mut own = Rows::default();
        case.query_named(&query.sql, &values, &mut own).unwrap();
        let own: Vec<String> = own.rows.iter().map(|row| row.join("\u{1}")).collect();
        assert_eq!(shell.len(), own.len(), "{}", query.name);
        ran += 1;
    }
    eprintln!("{ran} queries ran in sqlite3 {}", version.trim());
    assert!(ran >= 20, "{ran}");
}
