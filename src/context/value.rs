//! Values of JSON documents whose keys are in PascalCase or camelCase.

use serde_json::{Map, Value};

use crate::time;

/// A JSON object.
pub(crate) type Object = Map<String, Value>;

/// Returns the value of a key whose first letter may be of either case.
pub(crate) fn get<'v>(object: &'v Object, key: &str) -> Option<&'v Value> {
    object.get(key).or_else(|| {
        let mut characters = key.chars();
        let first = characters.next()?.to_ascii_uppercase();
        object.get(&format!("{first}{}", characters.as_str()))
    })
}

/// Returns a text that is not empty.
pub(crate) fn text(object: &Object, key: &str) -> Option<String> {
    get(object, key)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Returns an object.
pub(crate) fn object<'v>(parent: &'v Object, key: &str) -> Option<&'v Object> {
    get(parent, key)?.as_object()
}

/// Returns the objects of a list.
pub(crate) fn objects<'v>(parent: &'v Object, key: &str) -> impl Iterator<Item = &'v Object> {
    get(parent, key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

/// Returns a time as `YYYY-MM-DDTHH:MM:SSZ`: the AWS CLI writes ISO 8601 (version 2) or Unix seconds (version 1).
pub(crate) fn time(object: &Object, key: &str) -> Option<String> {
    match get(object, key)? {
        Value::String(text) => time::parse(text).map(time::format),
        Value::Number(number) => {
            let seconds = number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds.floor() as i64))?;
            time::is_writable(seconds).then(|| time::format(seconds))
        }
        _ => None,
    }
}
