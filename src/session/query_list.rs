//! The list of saved queries, and of the detections that words find beside them.

use serde_json::{Value, json};

use crate::detection::{self, Condition, Rule, attack};
use crate::level::Level;
use crate::saved::header::{Parameter, Requirement};
use crate::saved::{Library, Origin, SavedQuery, search};

/// The group of detections in the list.
const DETECTION: &str = "detection";

/// An entry of the list: a saved query, or a detection of a single call.
pub(crate) enum Listed<'a> {
    /// A saved query.
    Query(&'a SavedQuery),
    /// A detection.
    Call(&'a Rule),
}

impl Listed<'_> {
    /// Returns the texts that a search looks at.
    fn searchable_texts(&self) -> Vec<String> {
        match self {
            Listed::Query(query) => query.searchable_texts(),
            Listed::Call(rule) => {
                let Rule { id, title, about, attack, condition, .. } = rule;
                let lookup = match condition {
                    Condition::Lookup(lookup) => lookup.clone(),
                    Condition::Query(_) | Condition::Correlation(_) => String::new(),
                };
                let synonyms = attack.iter().flat_map(|technique| attack::synonyms(technique)).map(str::to_owned);
                [id, title, about, &lookup].into_iter().chain(attack).cloned().chain(synonyms).collect()
            }
        }
    }

    /// Returns group, name, title, parameters, origin and level.
    pub(crate) fn cells(&self) -> [String; 6] {
        match self {
            Listed::Query(query) => {
                let params: Vec<String> = query.header.params.iter().map(spelled).collect();
                let (group, name, title) = (query.group.clone(), query.name.clone(), query.header.title.clone());
                let level = level_of(query).map_or("", Level::name).to_owned();
                [group, name, title, params.join(" "), query.origin.to_string(), level]
            }
            Listed::Call(rule) => {
                let origin = Origin::Shipped.to_string();
                let level = rule.level.name().to_owned();
                [DETECTION.to_owned(), rule.id.clone(), rule.title.clone(), String::new(), origin, level]
            }
        }
    }

    /// Returns what a program needs to offer it.
    pub(crate) fn object(&self) -> Value {
        match self {
            Listed::Query(query) => object(query),
            Listed::Call(rule) => json!({
                "name": rule.id,
                "title": rule.title,
                "group": DETECTION,
                "origin": Origin::Shipped.to_string(),
                "level": rule.level.name(),
                "parameters": [],
            }),
        }
    }
}

/// Returns the queries, or those and the detections that are about words.
pub(crate) fn listed<'a>(library: &'a Library, words: &[String]) -> Vec<Listed<'a>> {
    let queries = library.all().into_iter().map(Listed::Query);
    if words.is_empty() {
        return queries.collect();
    }
    let calls = detection::calls().iter().map(Listed::Call);
    search(queries.chain(calls).collect(), words, Listed::searchable_texts)
}

/// Returns the level of a query's rows: its own, or the highest of the detections that it shows.
fn level_of(query: &SavedQuery) -> Option<Level> {
    let detections = query.header.detections.iter().filter_map(|id| detection::call(id));
    query.header.level.or_else(|| detections.map(|rule| rule.level).max())
}

/// A parameter in a list: `key` where it has to be given, else `[key]`, with its default.
fn spelled(param: &Parameter) -> String {
    match &param.requirement {
        Requirement::Required => param.name.clone(),
        Requirement::Optional => format!("[{}]", param.name),
        Requirement::Default(default) => format!("[{}={default}]", param.name),
    }
}

/// Returns what a program needs to offer a query.
pub(crate) fn object(query: &SavedQuery) -> Value {
    let parameter = |param: &Parameter| {
        let default = match &param.requirement {
            Requirement::Default(default) => Some(default),
            Requirement::Required | Requirement::Optional => None,
        };
        json!({
            "name": param.name,
            "type": param.kind.name(),
            "required": param.requirement == Requirement::Required,
            "default": default,
            "help": param.help,
        })
    };
    json!({
        "name": query.name,
        "title": query.header.title,
        "group": query.group,
        "origin": query.origin.to_string(),
        "level": level_of(query).map(Level::name),
        "parameters": query.header.params.iter().map(parameter).collect::<Vec<_>>(),
    })
}
