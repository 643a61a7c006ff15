//! The library of saved queries: each finds what is planted for it and nothing beside.
//!
//! `tests/queries/GROUP/NAME.test` belongs to `sql/GROUP/NAME.sql`; `tests/queries/plant.rs` tells its format.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by a panic"
)]

mod common;
#[path = "queries/plant.rs"]
#[allow(unreachable_pub, reason = "shared by path")]
mod plant;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Needs, Scratch, skip};
use plant::{Expected, Test};
use trailq::detection::{self, attack};
use trailq::geo::Attribute;
use trailq::rows::{Cell, RowSink};
use trailq::saved::header::GEO_FUNCTIONS;
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
            Cell::Real(number) => format!("{number:?}"),
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
    let case = match query.header.needs.is_empty() {
        true => case,
        false => case.with_geo_files(common::geo::geo_files(&scratch)).unwrap(),
    };
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
fn each_query_finds_exactly_the_planted_events() {
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
fn every_technique_is_one_of_the_version_of_attack_in_use() {
    for query in library().all() {
        let unknown: Vec<_> = query.header.attack.iter().filter(|technique| !attack::is_valid(technique)).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?} are not techniques of ATT&CK {}", query.name, attack::VERSION);
    }
}

#[test]
fn every_query_that_asks_files_about_addresses_says_what_it_needs() {
    let names = Attribute::ALL.map(Attribute::name);
    assert_eq!(names, GEO_FUNCTIONS);
    for query in library().all() {
        let is_called = |name: &&str| query.sql.contains(&format!("{name}("));
        let called: Vec<&str> = names.into_iter().filter(is_called).collect();
        assert_eq!(query.header.needs, called, "{}", query.name);
    }
}

#[test]
fn every_named_detection_exists_and_a_detection_has_one_level() {
    for query in library().all() {
        let header = &query.header;
        let unknown: Vec<_> = header.detections.iter().filter(|id| detection::call(id).is_none()).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?} are not in meaning.tsv", query.name);
        assert!(detection::call(&query.name).is_none(), "{} is also an id of meaning.tsv", query.name);
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
        skip(Needs::Tool("sqlite3"), "there is no sqlite3");
        return;
    };
    let numbers: Vec<u32> = version.split(['.', ' ']).take(2).filter_map(|part| part.parse().ok()).collect();
    if numbers < vec![3, 38] {
        skip(Needs::Tool("sqlite3"), format_args!("sqlite3 is {version}, which has no unixepoch()"));
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
            .filter(|param| param.requirement == trailq::saved::header::Requirement::Required)
            .map(|param| {
                let value = if param.kind == trailq::saved::header::Kind::Time { "2024-03-01T22" } else { "alice" };
                (param.name.clone(), value.to_owned())
            })
            .collect();
        let values = bind(&query.name, &query.header, &given, 0).unwrap();
        let mut script = ".parameter init\n.mode list\n.separator '\u{1}' '\u{2}'\n.nullvalue -\n".to_owned();
        for (name, value) in &values {
            let literal = match value {
                Some(trailq::sql::Param::Integer(number)) => number.to_string(),
                Some(trailq::sql::Param::Text(text)) => format!("'{}'", text.replace('\'', "''")),
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
        assert_eq!(shell, own, "{}", query.name);
        ran += 1;
    }
    eprintln!("{ran} queries ran in sqlite3 {}", version.trim());
    assert!(ran >= 20, "{ran}");
}

/// A file, the query that finds it, and what that is given.
type Detonation = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// The files of Stratus Red Team, without `aws.` and `.json`, and the query that finds it; followed by its parameters.
const DETONATIONS: &[Detonation] = &[
    ("credential-access.ec2-get-password-data", "instance-passwords-read", &[]),
    ("credential-access.ec2-steal-instance-credentials", "instance-credentials-outside", &[]),
    ("credential-access.secretsmanager-batch-retrieve-secrets", "secrets-read", &[]),
    ("credential-access.secretsmanager-retrieve-secrets", "secrets-read", &[("secrets", "10")]),
    ("credential-access.ssm-retrieve-securestring-parameters", "secrets-read", &[("secrets", "10")]),
    ("defense-evasion.cloudtrail-delete", "trails-stopped", &[]),
    ("defense-evasion.cloudtrail-event-selectors", "event-selectors-narrowed", &[]),
    ("defense-evasion.cloudtrail-stop", "trails-stopped", &[]),
    ("defense-evasion.dns-delete-logs", "dns-logs-off", &[]),
    ("defense-evasion.organizations-leave", "organization-changes", &[]),
    ("defense-evasion.vpc-remove-flow-logs", "flow-logs-off", &[]),
    ("discovery.ec2-download-user-data", "instance-passwords-read", &[]),
    ("execution.ec2-launch-unusual-instances", "mining-launches", &[]),
    ("execution.ec2-user-data", "user-data-changes", &[]),
    ("execution.ssm-send-command", "instance-access", &[]),
    ("execution.ssm-start-session", "instance-access", &[]),
    ("exfiltration.ec2-security-group-open-port-22-ingress", "security-groups-opened", &[]),
    ("exfiltration.ec2-share-ami", "snapshots-and-images-shared", &[]),
    ("exfiltration.ec2-share-ebs-snapshot", "snapshots-and-images-shared", &[]),
    ("exfiltration.rds-share-snapshot", "rds-snapshots-shared", &[]),
    ("impact.bedrock-invoke-model", "bedrock-use", &[]),
    ("initial-access.console-login-without-mfa", "console-logins-without-mfa", &[]),
    ("lateral-movement.ec2-instance-connect", "instance-access", &[]),
    ("lateral-movement.ec2-serial-console-send-ssh-public-key", "instance-access", &[]),
    ("persistence.iam-backdoor-role", "roles-opened", &[]),
    ("persistence.iam-backdoor-user", "access-keys-created", &[]),
    ("persistence.iam-create-admin-user", "admin-grants", &[]),
    ("persistence.iam-create-backdoor-role", "roles-opened", &[]),
    ("persistence.iam-create-user-login-profile", "password-changes", &[]),
    ("persistence.lambda-backdoor-function", "lambda-exposed", &[]),
    ("persistence.lambda-layer-extension", "lambda-changes", &[]),
    ("persistence.lambda-overwrite-code", "lambda-changes", &[]),
    ("persistence.rolesanywhere-create-trust-anchor", "identity-providers-changed", &[]),
    ("persistence.sts-federation-token", "federation-tokens", &[]),
    ("privilege-escalation.iam-update-user-login-profile", "password-changes", &[]),
];

fn parameters(given: &[(&str, &str)]) -> BTreeMap<String, String> {
    given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn each_detonation_of_stratus_red_team_is_found() {
    let Some(corpus) = common::corpus() else { return };
    let library = library();
    let folder = corpus.join("stratus-red-team");
    let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    assert_eq!(files.len(), DETONATIONS.len(), "a file is not in the table");
    for (name, query, given) in DETONATIONS {
        let scratch = Scratch::new();
        scratch.import(&[folder.join(format!("aws.{name}.json"))]);
        let case = Case::open(&scratch.case()).unwrap();
        let query = library.find(query).unwrap_or_else(|| panic!("{query}"));
        let is_leveled = query.header.level.is_some() || !query.header.detections.is_empty();
        assert!(is_leveled || !given.is_empty(), "{}", query.name);
        let rows = ask(&case, query, &parameters(given));
        assert!(!rows.rows.is_empty(), "{name} is not found by {}", query.name);
    }
}

/// The main steps of the attack in the Invictus data set: the query, and a text that one of its rows must have.
const INVICTUS: &[(&str, &str)] = &[
    ("trails-stopped", "stratus-red-team"),
    ("event-selectors-narrowed", "stratus-red-team-ctes"),
    ("retention-cut", "stratus-red-team-ctlr"),
    ("flow-logs-off", "fl-064ed3a785e4a37ef"),
    ("log-groups-deleted", "/stratus-red-team/vpc-flow-logs"),
    ("organization-changes", "LeaveOrganization"),
    ("security-groups-opened", "0.0.0.0/0"),
    ("snapshots-and-images-shared", "012345678912"),
    ("snapshots-and-images-shared", "ami-0aa1d83d0b0985c86"),
    ("rds-snapshots-shared", "193672423079"),
    ("access-keys-created", "stratus-red-team"),
    ("password-changes", "CreateLoginProfile"),
    ("admin-grants", "AdministratorAccess"),
    ("role-trust-changes", "193672423079"),
    ("lambda-exposed", "stratus-red-team-backdoor-f-func"),
    ("lambda-changes", "UpdateFunctionCode20150331v2"),
    ("identity-providers-changed", "CreateTrustAnchor"),
    ("secrets-read", "stratus-red-team"),
    ("instance-passwords-read", "GetPasswordData"),
    ("instance-access", "AWS-RunShellScript"),
    ("console-logins-without-mfa", "No"),
    ("mining-launches", "accelerators"),
];

#[test]
fn the_attack_of_the_invictus_data_set_is_found_in_few_rows() {
    let Some(corpus) = common::corpus() else { return };
    let library = library();
    let scratch = Scratch::new();
    scratch.import(&[corpus.join("invictus-aws_dataset/CloudTrail")]);
    let case = Case::open(&scratch.case()).unwrap();
    for (query, text) in INVICTUS {
        let rows = ask(&case, library.find(query).unwrap_or_else(|| panic!("{query}")), &BTreeMap::new());
        let found = rows.rows.iter().any(|row| row.join("|").contains(text));
        assert!(
            found || *text == "CreateAccessKey|AKIA" && !rows.rows.is_empty(),
            "{query} does not find {text}: {:#?}",
            rows.rows
        );
    }
    let mut total = 0;
    for query in library.all() {
        let required =
            query.header.params.iter().any(|param| param.requirement == trailq::saved::header::Requirement::Required);
        if (query.header.level.is_some() || !query.header.detections.is_empty()) && !required {
            let count = ask(&case, query, &BTreeMap::new()).rows.len();
            println!("{count:5} {}", query.name);
            total += count;
        }
    }
    println!("{total:5} rows of the queries with a level on 2,900 records");
    assert!(total < 300, "{total} rows are too many to read");
}
