//! Rows of query results in JSON: a list of cells, each a column's name with its value, or the two under `field` and
//! `value`.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Returns the cells of a row: the names and values of its columns. `None` if it is not a row.
pub(crate) fn cells(row: &RawValue) -> Option<Vec<(String, &RawValue)>> {
    let objects: Vec<BTreeMap<String, &RawValue>> = serde_json::from_str(row.get()).ok()?;
    let mut cells = Vec::with_capacity(objects.len());
    for object in objects {
        match (object.get("field"), object.get("value")) {
            (Some(field), Some(value)) => cells.push((text_of(field), *value)),
            _ => cells.extend(object),
        }
    }
    Some(cells)
}

/// Returns a cell's text: a string's content, or any other value as JSON.
pub(crate) fn text_of(value: &RawValue) -> String {
    match value.get() {
        "null" => String::new(),
        json => serde_json::from_str(json).unwrap_or_else(|_| json.to_owned()),
    }
}
