//! The keys below a path in a sample of the records that a lookup selects, for completion.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::Value;

use crate::engine::deadline;
use crate::fields::PATH_ALIASES;
use crate::rows::{self, CapturedRows};
use crate::session::Session;
use crate::store::Case;

/// Maximum number of records that are read.
const MAX_RECORDS: u64 = 400;

/// A key below a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SampledKey {
    pub(crate) key: String,
    /// The number of sampled records that have it.
    pub(crate) records: u64,
    /// True if a value of it has keys too.
    pub(crate) has_keys: bool,
}

impl Session {
    /// Returns the keys below a path in records that a filter selects, the most frequent first, as far as they are found
    /// until a time. If the filter is not finished, the newest records of the case are sampled.
    pub(crate) fn keys_below(&self, filter: &str, path: &[&str], until: Instant) -> Vec<SampledKey> {
        let Some(case) = self.open_case() else { return Vec::new() };
        let found = self.sample(&case, filter, path, until);
        let found =
            if found.is_empty() && !filter.trim().is_empty() { self.sample(&case, "", path, until) } else { found };
        let mut keys: Vec<SampledKey> =
            found.into_iter().map(|(key, (records, has_keys))| SampledKey { key, records, has_keys }).collect();
        keys.sort_by(|a, b| b.records.cmp(&a.records).then_with(|| a.key.cmp(&b.key)));
        keys
    }

    /// Returns the keys with the number of records, and whether a value is an object. A mistake in the filter has none.
    fn sample(&self, case: &Case, filter: &str, path: &[&str], until: Instant) -> BTreeMap<String, (u64, bool)> {
        let mut keys = BTreeMap::new();
        let Ok(engine) = self.engine() else { return keys };
        let Ok(prepared) = engine.prepare(filter) else { return keys };
        let prepared = prepared.with_limit(Some(MAX_RECORDS));
        let mut found = CapturedRows::default();
        let limit = until.saturating_duration_since(Instant::now()) / 2;
        // What was found until then is a sample too.
        let _ = deadline::ask(case, &engine.statement(&prepared), limit, &mut found);
        for row in &found.rows {
            if Instant::now() > until {
                break;
            }
            let Ok(id) = rows::text(row.first()).parse() else { continue };
            let Ok(Some(record)) = case.record(id) else { continue };
            let Ok(record) = serde_json::from_slice::<Value>(&record) else { continue };
            let mut of_record = BTreeMap::new();
            collect(&record, path, &mut of_record);
            for (key, has_keys) in of_record {
                let entry = keys.entry(key).or_insert((0, false));
                entry.0 += 1;
                entry.1 |= has_keys;
            }
        }
        keys
    }
}

/// Collects the keys below a path of a value; arrays are stepped through.
fn collect(value: &Value, path: &[&str], keys: &mut BTreeMap<String, bool>) {
    match (value, path) {
        (Value::Array(items), _) => items.iter().for_each(|item| collect(item, path, keys)),
        (Value::Object(members), [first, rest @ ..]) => {
            let first = PATH_ALIASES.iter().find(|(alias, _)| alias == first).map_or(*first, |(_, name)| *name);
            if let Some(member) = members.get(first) {
                collect(member, rest, keys);
            }
        }
        (Value::Object(members), []) => {
            for (key, member) in members {
                *keys.entry(key.clone()).or_default() |= has_keys(member);
            }
        }
        _ => {}
    }
}

/// Reports whether there are keys below a value.
fn has_keys(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(items) => items.iter().any(has_keys),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::collect;

    #[test]
    fn keys_are_found_through_arrays_and_short_names() {
        let record = json!({"requestParameters": {"a": 1, "items": [{"x": 1}, {"y": {"z": 2}}]}});
        let below = |path: &[&str]| {
            let mut keys = BTreeMap::new();
            collect(&record, path, &mut keys);
            keys.into_iter().map(|(key, has_keys)| format!("{key} {has_keys}")).collect::<Vec<_>>()
        };
        assert_eq!(below(&["request"]), ["a false", "items true"]);
        assert_eq!(below(&["requestParameters", "items"]), ["x false", "y true"]);
        assert_eq!(below(&["requestParameters", "items", "y"]), ["z false"]);
        assert!(below(&["requestParameters", "a"]).is_empty() && below(&["response"]).is_empty());
    }
}
