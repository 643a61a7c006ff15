//! The phrases of calls: `phrases.tsv` has, for services and event names, a phrase that begins with a verb.
//!
//! `{request.a.b}` is the value at a path of `requestParameters`; `response`, `extra` (`additionalEventData`) and
//! `resources` begin a path too, and `{caller}` is the caller's user name. `{a|b}` takes the first that has a value. A
//! part in brackets is left out where it has no value; a phrase with another value missing is not used.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::embedded::PHRASES_TSV;
use crate::sentence::actor;
use crate::sentence::values::text;

static PHRASES: LazyLock<HashMap<(&str, &str), &str>> = LazyLock::new(|| {
    let mut phrases = HashMap::new();
    for row in PHRASES_TSV.as_str().lines().skip(1) {
        if let [services, names, phrase] = row.split('\t').collect::<Vec<_>>()[..] {
            for service in services.split(',') {
                phrases.extend(names.split(',').map(|name| ((service, name), phrase)));
            }
        }
    }
    phrases
});

/// Returns the phrase of a call with the values of a record. `None` if there is no phrase, or a value of it is missing.
pub(super) fn of_call(record: &Value, service: &str, name: &str) -> Option<String> {
    PHRASES.get(&(service, name)).and_then(|phrase| filled(phrase, record))
}

/// Fills a phrase. `None` if a value outside of brackets is missing.
fn filled(phrase: &str, record: &Value) -> Option<String> {
    let mut text = String::new();
    let mut rest = phrase;
    while let Some(at) = rest.find(['[', '{']) {
        text.push_str(&rest[..at]);
        let is_optional = rest[at..].starts_with('[');
        let end = at + rest[at..].find(if is_optional { ']' } else { '}' })?;
        let inner = &rest[at + 1..end];
        if is_optional {
            text.push_str(&filled(inner, record).unwrap_or_default());
        } else {
            text.push_str(&inner.split('|').find_map(|path| value(path, record))?);
        }
        rest = &rest[end + 1..];
    }
    text.push_str(rest);
    Some(text)
}

fn value(path: &str, record: &Value) -> Option<String> {
    if path == "caller" {
        return actor::user_name(record);
    }
    let mut keys: Vec<&str> = path.split('.').collect();
    let first = keys.first_mut()?;
    *first = match *first {
        "request" => "requestParameters",
        "response" => "responseElements",
        "extra" => "additionalEventData",
        other => other,
    };
    text(record, &keys)
}

#[cfg(test)]
mod tests {
    use super::PHRASES;
    use crate::embedded::PHRASES_TSV;
    use crate::sentence::names;

    #[test]
    fn every_phrase_begins_with_a_verb_and_is_well_formed() {
        let rows = PHRASES_TSV.as_str().lines().skip(1);
        assert!(rows.clone().is_sorted(), "phrases.tsv is in order");
        for row in rows {
            let columns: Vec<&str> = row.split('\t').collect();
            assert_eq!(columns.len(), 3, "{row}");
            let verb = columns[2].split(' ').next().unwrap();
            assert!(names::by_base(verb).is_some(), "{verb}: {row}");
            for (open, close) in [('[', ']'), ('{', '}')] {
                assert_eq!(columns[2].matches(open).count(), columns[2].matches(close).count(), "{row}");
            }
            for path in columns[2].split('{').skip(1).flat_map(|rest| rest.split('}').next().unwrap().split('|')) {
                let root = path.split('.').next().unwrap();
                assert!(["request", "response", "extra", "resources", "caller"].contains(&root), "{row}");
            }
        }
        assert!(PHRASES.len() > 150);
    }
}
