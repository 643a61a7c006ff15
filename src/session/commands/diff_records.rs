//! `.diff N M`: two records, path by path.

use crate::session::commands::command::Arguments;
use crate::session::commands::command::Command;
use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::diagnostic::Diagnostic;
use crate::number;
use crate::rows::CapturedRows;
use crate::rows::Value;
use crate::session::commands::show;
use crate::session::{Answer, Session, SessionError};
use crate::store::Case;

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[Command {
    arguments: "N M",
    examples: &[".diff 3 4"],
    ..Command::new(".diff", "compare the records of two rows, path by path", run_diff)
}];

fn run_diff(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(2)?;
    session.diff(arguments.row(0)?, arguments.row(1)?)
}

impl Session {
    /// Shows the paths at which two records differ.
    pub(crate) fn diff(&mut self, one: u64, other: u64) -> Result<Answer, SessionError> {
        let case = self.case()?;
        let left = leaves(&record(self, &case, one)?);
        let right = leaves(&record(self, &case, other)?);
        let (held, same) = compared(&left, &right, [one, other]);
        let differ = held.rows.len() as u64;
        let answer = if differ > 0 { self.write_held(&held)? } else { Answer::default() };
        let many = |number: u64| number::counted(number, "path");
        self.status(&format!("{} differ, {} are the same", many(differ), number::count(same)));
        Ok(answer)
    }
}

/// The rows for the paths at which the leaves differ, and how many are the same.
fn compared(left: &BTreeMap<String, String>, right: &BTreeMap<String, String>, rows: [u64; 2]) -> (CapturedRows, u64) {
    let mut same = 0;
    let mut held = CapturedRows { columns: vec!["path".to_owned()], rows: Vec::new() };
    held.columns.extend(rows.map(|row| format!("row {row}")));
    let cell = |value: Option<&String>| value.map_or(Value::Null, |value| Value::Text(value.clone()));
    let mut paths: Vec<&String> = left.keys().chain(right.keys()).collect();
    paths.sort();
    paths.dedup();
    for path in paths {
        let (a, b) = (left.get(path), right.get(path));
        if a == b {
            same += 1;
        } else {
            held.rows.push(vec![Value::Text(path.clone()), cell(a), cell(b)]);
        }
    }
    (held, same)
}

/// The record of a row of the last answer, parsed.
fn record(session: &Session, case: &Case, row: u64) -> Result<Json, SessionError> {
    let id = show::event(session, case, row)?;
    let missing = || Diagnostic::new(format!("the record of row {row} is not in the case"));
    let bytes = case.record(id)?.ok_or_else(missing)?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Diagnostic::new(format!("the record of row {row} cannot be read: {error}")).into())
}

/// Every leaf of a record by its path; an empty object or array is a leaf.
fn leaves(record: &Json) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    collect(record, String::new(), &mut found);
    found
}

fn collect(value: &Json, path: String, found: &mut BTreeMap<String, String>) {
    match value {
        Json::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let plain = !key.is_empty() && !key.contains(['.', '"', '\\', '[', ' ']);
                let key = if plain { key.clone() } else { format!("{key:?}") };
                let path = if path.is_empty() { key } else { format!("{path}.{key}") };
                collect(value, path, found);
            }
        }
        Json::Array(list) if !list.is_empty() => {
            for (at, value) in list.iter().enumerate() {
                collect(value, format!("{path}[{at}]"), found);
            }
        }
        Json::String(text) => drop(found.insert(path, text.clone())),
        other => drop(found.insert(path, other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::{Value, compared, leaves};

    #[test]
    fn records_are_compared_path_by_path() {
        let left = leaves(&serde_json::json!({"a": {"b": [1, "x"], "c.d": true}, "e": {}, "f": null}));
        let right = leaves(&serde_json::json!({"a": {"b": [1, "y", 3], "c.d": true}, "e": {}}));
        let (held, same) = compared(&left, &right, [1, 7]);
        assert_eq!(held.columns, ["path", "row 1", "row 7"]);
        let cell = |value: &Value| if let Value::Text(text) = value { text.clone() } else { "-".to_owned() };
        let rows: Vec<String> =
            held.rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(rows, ["a.b[1] x y", "a.b[2] - 3", "f null -"]);
        assert_eq!(same, 3);
    }
}
