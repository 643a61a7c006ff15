//! The public surface: everything that users and their scripts name. A name that goes or changes shows up as a
//! difference in a snapshot, and needs a line in CHANGELOG.md.

use std::fmt::Write as _;

use insta::assert_snapshot;
use rusqlite::Connection;
use serde_json::Value;
use trailq::fields::FIELDS;
use trailq::saved::{Library, shipped_scripts};
use trailq::session::commands::COMMANDS;

use crate::common::program::TestEnv;
use crate::common::{lines, testdata};

#[test]
fn commands_and_flags() {
    // The completion script for Elvish lists the options of each command after its name.
    let script = TestEnv::new().run(&["completions", "elvish"]).exits(0).out;
    let mut listed = String::new();
    for command in script.split("\n        &'").skip(1) {
        let (name, body) = command.split_once('\'').unwrap();
        let candidates = body.lines().filter_map(|line| line.trim().strip_prefix("cand "));
        let mut options: Vec<&str> =
            candidates.filter_map(|line| line.split(' ').next()).filter(|word| word.starts_with('-')).collect();
        options.sort_unstable();
        let _ = writeln!(listed, "{}: {}", name.replace(';', " "), options.join(" "));
    }
    assert!(listed.lines().count() > 10, "{listed}");
    assert_snapshot!(listed);
}

#[test]
fn dot_commands() {
    let listed: Vec<String> = COMMANDS
        .iter()
        .map(|command| format!("{} {}", command.name, command.arguments).trim_end().to_owned())
        .collect();
    assert_snapshot!(listed.join("\n"));
}

#[test]
fn fields() {
    let listed: Vec<String> = FIELDS
        .iter()
        .map(|field| format!("{} ({}): column {}", field.name, field.aliases.join(", "), field.column))
        .collect();
    assert_snapshot!(listed.join("\n"));
}

#[test]
fn saved_queries_and_scripts() {
    let mut library = Library::default();
    library.add_shipped();
    let mut listed: Vec<String> = library
        .all()
        .into_iter()
        .map(|query| {
            let params: Vec<&str> = query.header.params.iter().map(|param| param.name.as_str()).collect();
            format!("{}/{} ({})", query.group, query.name, params.join(", "))
        })
        .collect();
    listed.extend(shipped_scripts().iter().map(|script| format!("script {}", script.name)));
    assert_snapshot!(listed.join("\n"));
}

#[test]
fn tables_views_and_columns() {
    let test_env = TestEnv::with_delivery();
    let connection = test_env.scratch.ask();
    let tables = lines(
        &connection,
        "SELECT t.type, t.name, group_concat(c.name || ' ' || c.type, ', ') FROM pragma_table_list t, \
         pragma_table_xinfo(t.name) c WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite_%' GROUP BY 1, 2 ORDER BY 1, 2",
    );
    let indexes = lines(
        &connection,
        "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index' AND name NOT LIKE 'sqlite_%' ORDER BY 1",
    );
    assert_snapshot!("tables", tables.join("\n"));
    assert_snapshot!("indexes", indexes.join("\n"));
}

#[test]
fn sql_functions() {
    let test_env = TestEnv::with_delivery();
    let listed = "SELECT DISTINCT name || '/' || narg FROM pragma_function_list ORDER BY 1";
    let plain = lines(&Connection::open_in_memory().unwrap(), listed);
    let ran = test_env.run(&["--format", "ndjson", "sql", &format!("{listed} COLLATE BINARY")]).exits(0);
    let own: Vec<String> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap().as_object().unwrap().values().next().unwrap().clone())
        .map(|function| function.as_str().unwrap().to_owned())
        .filter(|function| !plain.contains(function))
        .collect();
    assert_snapshot!(own.join("\n"));
}

#[test]
fn keys_of_json_reports() {
    let test_env = TestEnv::new();
    let (delivery, broken) = (testdata("delivery"), testdata("broken"));
    let mut listed = String::new();
    let mut show = |name: &str, out: &str| {
        let mut keys = Vec::new();
        collect_keys(&serde_json::from_str(out).unwrap(), "", &mut keys);
        let _ = writeln!(listed, "{name}: {}", keys.join(" "));
    };
    let paths = [delivery.to_str().unwrap(), broken.to_str().unwrap()];
    show("import", &test_env.run(&["import", paths[0], paths[1], "--format", "json"]).exits(1).out);
    show("info", &test_env.run(&["info", "--format", "json"]).exits(0).out);
    std::fs::create_dir(test_env.scratch.path("new.db.import")).unwrap();
    let held = std::fs::File::open(test_env.scratch.path("new.db.import")).unwrap();
    held.lock().unwrap();
    show("info (import)", &test_env.run(&["--db", "new.db", "info", "--format", "json"]).exits(0).out);
    show("info --custody", &test_env.run(&["info", "--custody", "--format", "json"]).exits(0).out);
    show("validate", &test_env.run(&["validate", paths[0], "--format", "json"]).exits(1).out);
    show("snapshot", &test_env.run(&["snapshot", "copy.db", "--format", "json"]).exits(0).out);
    show("snapshot --verify", &test_env.run(&["snapshot", "--verify", "copy.db", "--format", "json"]).exits(0).out);
    show("diff", &test_env.run(&["diff", "trailq.db", "copy.db", "--format", "json"]).exits(0).out);
    show("merge", &test_env.run(&["--db", "merged.db", "merge", "copy.db", "--format", "json"]).exits(0).out);
    show("queries", &test_env.run(&["queries", "--format", "json"]).exits(0).out);
    show("lookup-events", &test_env.run(&["lookup-events", "--max-items", "1"]).exits(0).out);
    show("lookup", &test_env.run(&["lookup", "user=alice | limit 1", "--format", "json"]).exits(0).out);
    assert_snapshot!(listed);
}

/// Adds the paths of the keys of a value, once each, in their order. `[]` stands for any element.
fn collect_keys(value: &Value, path: &str, keys: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                if !keys.contains(&path) {
                    keys.push(path.clone());
                }
                collect_keys(value, &path, keys);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| collect_keys(value, &format!("{path}[]"), keys)),
        _ => {}
    }
}
