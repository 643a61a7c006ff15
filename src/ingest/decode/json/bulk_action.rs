//! The bulk format of Elastic: before each document a line that says where it goes.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

/// The longest action.
const MAX_ACTION: usize = 4 << 10;
const ACTIONS: &[&str] = &["index", "create", "update", "delete"];
/// The keys of an action that do not begin with `_`.
const SETTINGS: &[&str] = &[
    "dynamic_templates",
    "if_primary_term",
    "if_seq_no",
    "list_executed_pipelines",
    "pipeline",
    "require_alias",
    "require_data_stream",
    "retry_on_conflict",
    "routing",
    "version",
    "version_type",
];

/// Reports whether an object is such an action, which is neither a record nor holds one.
pub(super) fn is_bulk_action(object: &[u8]) -> bool {
    if object.len() > MAX_ACTION {
        return false;
    }
    let Ok(action) = serde_json::from_slice::<BTreeMap<&str, BTreeMap<&str, IgnoredAny>>>(object) else { return false };
    let is_setting = |key: &&str| key.starts_with('_') || SETTINGS.contains(key);
    action.len() == 1 && action.iter().all(|(name, target)| ACTIONS.contains(name) && target.keys().all(is_setting))
}

#[cfg(test)]
mod tests {
    use super::is_bulk_action;

    #[test]
    fn an_action_has_one_verb_and_only_settings() {
        for object in [
            r#"{"index":{}}"#,
            r#"{ "index" : { "_index" : "trail", "_id" : "1" } }"#,
            r#"{"create":{"_index":"trail","routing":"r","pipeline":"p"}}"#,
            r#"{"delete":{"_id":"1","version":2}}"#,
        ] {
            assert!(is_bulk_action(object.as_bytes()), "{object}");
        }
        for object in [
            "{}",
            r#"{"index":1}"#,
            r#"{"index":{"name":"x"}}"#,
            r#"{"index":{},"create":{}}"#,
            r#"{"eventName":{}}"#,
            r#"[{"index":{}}]"#,
        ] {
            assert!(!is_bulk_action(object.as_bytes()), "{object}");
        }
    }
}
