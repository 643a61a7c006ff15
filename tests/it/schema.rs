//! The catalogue of fields, the schema and its documentation agree.

use std::collections::BTreeSet;

use crate::common::{Scratch, lines, testdata};
use rusqlite::Connection;
use trailq::fields::{FIELDS, Place, Values, history_columns};

fn case() -> (Scratch, Connection) {
    let scratch = Scratch::new();
    scratch.import(&[testdata("delivery")]);
    let connection = scratch.ask();
    (scratch, connection)
}

fn columns(connection: &Connection, table: &str) -> Vec<String> {
    lines(connection, &format!("SELECT name FROM pragma_table_info('{table}')"))
}

#[test]
fn every_field_is_stored_where_the_catalogue_says() {
    let (_scratch, connection) = case();
    for field in FIELDS {
        let table = match field.place {
            Place::Event | Place::Write => "events",
            Place::Facet => "facets",
            Place::Identity | Place::Role => "identities",
            Place::UserAgent => "user_agents",
            Place::ErrorMessage => "error_messages",
            Place::ResourceName | Place::ResourceType | Place::ListedName | Place::ListedType => "resources",
            Place::File => "files",
            Place::Tag => "tags",
            Place::Record | Place::Sentence | Place::AddressFiles => continue,
        };
        // Of a function of a column, the column.
        let stored_as = field.stored_as.split(['(', ')']).nth(1).unwrap_or(field.stored_as);
        assert!(columns(&connection, table).contains(&stored_as.to_owned()), "{}: {table}", field.name);
        assert!(!field.facet || columns(&connection, "facets").contains(&field.stored_as.to_owned()), "{}", field.name);
        assert!(!field.help.is_empty() && !field.example.is_empty(), "{}", field.name);
    }
}

#[test]
fn the_view_has_the_columns_that_the_catalogue_lists() {
    let (_scratch, connection) = case();
    let view = columns(&connection, "event_history");
    assert_eq!(view[0], "id");
    assert_eq!(view[1..], history_columns().map(str::to_owned).collect::<Vec<_>>());
    for column in history_columns() {
        let types = lines(&connection, &format!("SELECT DISTINCT typeof({column}) FROM event_history"));
        assert!(types.iter().all(|kind| kind == "text" || kind == "null"), "{column}: {types:?}");
    }
}

#[test]
fn indexed_fields_have_their_index_and_kept_ones_their_values() {
    let (_scratch, connection) = case();
    let indexes = lines(&connection, "SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL");
    for field in FIELDS.iter().filter(|field| field.indexed) {
        let wanted = match field.column {
            "event_time" => "ON events (time, facet_id)".to_owned(),
            "event_id" => "ON events (event_id)".to_owned(),
            column => format!("ON events ({column}, time"),
        };
        assert!(indexes.iter().any(|sql| sql.contains(&wanted)), "{wanted}");
    }
    let kept: BTreeSet<String> =
        lines(&connection, "SELECT DISTINCT attribute FROM attribute_values").into_iter().collect();
    let wanted: BTreeSet<String> =
        FIELDS.iter().filter(|field| field.values == Values::Kept).map(|field| field.column.to_owned()).collect();
    assert_eq!(kept, wanted, "the delivery has a value of each");
}

#[test]
fn a_case_says_what_it_is_and_needs_no_extension() {
    let (_scratch, connection) = case();
    assert_eq!(lines(&connection, "PRAGMA application_id"), [i64::from(u32::from_be_bytes(*b"trlq")).to_string()]);
    assert_eq!(lines(&connection, "PRAGMA user_version"), ["11"]);
    assert_eq!(lines(&connection, "SELECT count(*) FROM event_history WHERE identity_type = 'Root'"), ["5"]);
    let loose = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict \
                 AND name NOT LIKE 'sqlite_%'";
    assert_eq!(lines(&connection, loose), Vec::<String>::new(), "every table is STRICT");
}
