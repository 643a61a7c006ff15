//! The fields among each other.

use std::collections::HashMap;

use super::{BRIEF_COLUMNS, FIELDS, find, fold};

#[test]
fn every_name_means_one_field() {
    let mut seen = HashMap::new();
    for field in FIELDS {
        for name in [field.name].iter().chain(field.aliases) {
            let earlier = seen.insert(fold(name), field.name);
            assert!(earlier.is_none(), "{name} means {earlier:?} and {}", field.name);
        }
        let column = fold(field.column);
        assert!(seen.get(&column).is_none_or(|owner| *owner == field.name), "{column} is another field's name");
    }
}

#[test]
fn event_history_s_own_attribute_names_are_fields() {
    for name in
        ["EventId", "EventName", "ReadOnly", "Username", "ResourceType", "ResourceName", "EventSource", "AccessKeyId"]
    {
        assert!(find(name).is_some(), "{name}");
    }
}

#[test]
fn the_brief_columns_are_fields() {
    for column in BRIEF_COLUMNS {
        assert!(FIELDS.iter().any(|field| field.column == *column), "{column}");
    }
}
