use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use crate::fields::PLAIN;
use crate::store::schema::table::Role;
use crate::store::schema::version;
use crate::store::schema::{ColumnRule, Redact, TABLES, annotations, views_since};

fn schema(version: i64) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    version::make_schema(&connection, version).unwrap();
    connection
}

fn texts(connection: &Connection, sql: &str) -> Vec<String> {
    connection.prepare(sql).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

const NAMES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";

#[test]
fn the_catalogue_has_every_table_and_column_of_the_schema_and_no_other() {
    let connection = schema(version::NEWEST);
    let mut listed: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    listed.sort_unstable();
    assert_eq!(texts(&connection, NAMES), listed);
    for table in TABLES {
        let there = texts(&connection, &format!("SELECT name FROM pragma_table_info('{}') ORDER BY cid", table.name));
        let mut listed: Vec<&str> = table.columns.iter().map(|(column, _)| *column).collect();
        if table.name == "events" {
            // Plain columns of later versions are in the catalogue of fields only.
            let later = PLAIN.iter().map(|field| field.column).filter(|column| !listed.contains(column));
            listed.extend(later.collect::<Vec<_>>());
        }
        assert_eq!(there, listed, "{}", table.name);
    }
}

#[test]
fn each_table_is_as_old_as_the_catalogue_says() {
    let mut since = BTreeMap::new();
    for version in (1..=version::NEWEST).rev() {
        since.extend(texts(&schema(version), NAMES).into_iter().map(|table| (table, version)));
    }
    for table in TABLES {
        assert_eq!(since[table.name], table.since, "{}", table.name);
    }
}

#[test]
fn each_view_is_as_old_as_the_catalogue_says() {
    let views = "SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name";
    let newest = texts(&schema(version::NEWEST), views);
    for version in 1..=version::NEWEST {
        let there = texts(&schema(version), views);
        let later: Vec<&str> = views_since(version).collect();
        let expected: Vec<&String> = newest.iter().filter(|name| !later.contains(&name.as_str())).collect();
        assert_eq!(there.iter().collect::<Vec<_>>(), expected, "{version}");
    }
    assert_eq!(views_since(0).count(), newest.len());
}

#[test]
fn every_column_that_can_hold_a_text_has_a_rule_of_redaction() {
    let connection = schema(version::NEWEST);
    // STRICT holds every other column to numbers.
    let strict = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict ORDER BY name";
    assert_eq!(texts(&connection, strict), texts(&connection, NAMES));
    for table in TABLES {
        let sql = format!(
            "SELECT name FROM pragma_table_info('{}') WHERE type IN ('INTEGER', 'INT', 'REAL') ORDER BY cid",
            table.name
        );
        let numbers: BTreeSet<String> = texts(&connection, &sql).into_iter().collect();
        for (column, rule) in table.columns {
            let fits = match (table.redact, rule) {
                (Redact::Columns, ColumnRule::Number) => numbers.contains(*column),
                (Redact::Columns, ColumnRule::OfTable) => false,
                (Redact::Columns, _) => !numbers.contains(*column),
                (_, rule) => matches!(rule, ColumnRule::OfTable),
            };
            assert!(fits, "{}.{column}: {rule:?}", table.name);
        }
    }
}

#[test]
fn only_annotations_are_kept_by_hand() {
    let mut kept: Vec<&str> = annotations().collect();
    kept.sort_unstable();
    assert_eq!(
        kept,
        [
            "case_details",
            "hunt_events",
            "hunt_findings",
            "hunt_rules",
            "hunt_runs",
            "ignore_rules",
            "noise_rules",
            "notes",
            "saved_queries",
            "subjects",
            "tags",
            "validation_findings",
            "validations",
            "verdicts"
        ]
    );
    assert!(TABLES.iter().filter(|table| table.role == Role::Records).all(|table| table.redact == Redact::Anew));
}
