//! The action of a call: a verb and its object, by the phrase of the call or by the words of its name.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::sentence::names::{self, Verb};
use crate::sentence::phrases;
use crate::sentence::values::text;

/// The endings of the keys that name an object, the best first.
const ENDINGS: [&str; 8] = ["name", "id", "identifier", "arn", "names", "ids", "identifiers", "arns"];
/// The keys of lists around objects in the XML of older services.
const LISTS: [&str; 3] = ["items", "set", "member"];

/// A verb and what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Action {
    verb: Verb,
    rest: String,
}

/// An object that a request names.
struct Named {
    /// The key without its ending, in lower case: `bucket` for `bucketName`.
    stem: String,
    value: String,
}

impl Action {
    /// Returns the action of a call.
    pub(super) fn of_call(record: &Value, service: &str, name: &str) -> Action {
        if let Some(phrase) = phrases::of_call(record, service, name) {
            let (verb, rest) = phrase.split_once(' ').unwrap_or((&phrase, ""));
            if let Some(verb) = names::by_base(verb) {
                return Action { verb, rest: rest.to_owned() };
            }
        }
        by_name(record, name)
    }

    /// Returns it as what was tried: `delete bucket acme`.
    pub(super) fn base(&self) -> Cow<'_, str> {
        joined(self.verb.base, &self.rest)
    }

    /// Returns it as what was done: `deleted bucket acme`.
    pub(super) fn past(&self) -> String {
        joined(self.verb.past, &self.rest).into_owned()
    }
}

fn joined<'t>(verb: &'t str, rest: &str) -> Cow<'t, str> {
    if rest.is_empty() { Cow::Borrowed(verb) } else { Cow::Owned(format!("{verb} {rest}")) }
}

/// Returns the action by the words of the name: its verb, its noun, the object that has this noun, and another one.
fn by_name(record: &Value, name: &str) -> Action {
    if name.is_empty() {
        return Action { verb: Verb { base: "make", past: "made" }, rest: "a call without a name".to_owned() };
    }
    let Some((verb, words)) = names::split(name) else {
        return Action { verb: Verb { base: "call", past: "called" }, rest: name.to_owned() };
    };
    let noun = words.join(" ");
    let key = words.concat().to_lowercase();
    let requested = objects(&record["requestParameters"]);
    let created = objects(&record["responseElements"]);
    let is_own = |named: &&Named| !named.stem.is_empty() && (key.ends_with(&named.stem) || named.stem.ends_with(&key));
    let own = requested.iter().find(is_own).or_else(|| created.iter().find(is_own));
    let own = own.or_else(|| requested.iter().find(|named| named.stem.is_empty()));
    let other = requested.iter().find(|named| own.is_none_or(|own| own.value != named.value) && !named.stem.is_empty());
    let mut rest = noun;
    if let Some(own) = own {
        rest.push(' ');
        rest.push_str(&own.value);
    }
    if let Some(other) = other {
        rest.push_str(&format!(" on {} {}", other.stem, other.value));
    }
    Action { verb, rest: rest.trim_start().to_owned() }
}

/// Returns the objects that parameters name, those of the best endings first.
fn objects(parameters: &Value) -> Vec<Named> {
    let mut found: Vec<(usize, Named)> = Vec::new();
    if let Value::Object(object) = parameters {
        collect(object, 0, &mut found);
    }
    found.sort_by(|(a, first), (b, second)| a.cmp(b).then_with(|| first.stem.cmp(&second.stem)));
    found.into_iter().map(|(_, named)| named).collect()
}

/// Collects the objects named in an object, and in those within it.
fn collect(object: &Map<String, Value>, depth: usize, found: &mut Vec<(usize, Named)>) {
    for (key, value) in object {
        let lower = key.to_lowercase();
        let ending = ENDINGS.iter().enumerate().find(|(_, ending)| lower.ends_with(*ending));
        match (value, ending) {
            (Value::String(_) | Value::Number(_) | Value::Array(_), Some((rank, ending))) => {
                let stem = lower.strip_suffix(ending).unwrap_or(&lower).trim_end_matches(['-', '_']).to_owned();
                found.extend(text(value, &[]).map(|value| (rank + depth * ENDINGS.len(), Named { stem, value })));
            }
            (Value::Object(inner), _) if depth < 3 => collect(inner, depth + 1, found),
            (Value::Array(items), _) if LISTS.contains(&lower.as_str()) || depth == 0 => {
                let first = items.iter().find_map(Value::as_object).filter(|_| depth < 3);
                if let Some(first) = first {
                    let keys: Vec<&String> = first.keys().collect();
                    let all: Map<String, Value> = keys
                        .into_iter()
                        .map(|key| (key.clone(), items.iter().filter_map(|item| item.get(key)).cloned().collect()))
                        .collect();
                    collect(&all, depth + 1, found);
                }
            }
            _ => {}
        }
    }
}
