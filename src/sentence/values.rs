//! Values of a record: found by the keys of a path, through arrays, and written short.

use serde_json::Value;

/// The most values of a list that a sentence names.
const MAX_VALUES: usize = 3;
/// The longest value, in characters.
const MAX_CHARS: usize = 120;

/// Returns the values at a path as text: up to three, and the number of the others. Steps through arrays. `None` if
/// there is no value.
pub(super) fn text(value: &Value, path: &[&str]) -> Option<String> {
    let mut found = Vec::new();
    collect(value, path, &mut found);
    found.dedup();
    let shown: Vec<String> = found.iter().take(MAX_VALUES).map(|value| shortened(value)).collect();
    let more = found.len().saturating_sub(MAX_VALUES);
    match (shown.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(shown.join(", ")),
        (false, more) => Some(format!("{} and {more} more", shown.join(", "))),
    }
}

fn collect(value: &Value, path: &[&str], found: &mut Vec<String>) {
    match (value, path) {
        (Value::Array(items), _) => items.iter().for_each(|item| collect(item, path, found)),
        (Value::Object(object), [key, rest @ ..]) => {
            if let Some(inner) = object.get(*key) {
                collect(inner, rest, found);
            }
        }
        (Value::String(text), []) if !text.is_empty() => found.push(text.clone()),
        (Value::Number(number), []) => found.push(number.to_string()),
        (Value::Bool(flag), []) => found.push(flag.to_string()),
        _ => {}
    }
}

fn shortened(value: &str) -> String {
    match value.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}
