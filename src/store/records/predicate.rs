//! Predicates on whole records: texts anywhere in them and values at paths, combined by all, any and not.
//!
//! They are written as JSON, as the function `record_scan` takes it: `{"all":[...]}`, `{"any":[...]}`, `{"not":...}`,
//! `{"text":["one of","these"]}`, `{"path":"requestParameters.bucketName","is":[["=","logs"],["glob","logs-*"]]}`.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use memchr::memmem::Finder;
use regex::bytes::Regex;
use serde::Deserialize;

use crate::record_path;
use crate::store::records::fold::is_caseless;
use crate::store::records::json_path;
use crate::store::records::json_path::LeafPredicate;
use crate::store::records::ngram_filter::RequiredTexts;
use crate::store::records::text_set::TextSet;
use crate::store::records::value_list::ValueList;

/// The texts that an automaton looks for.
const MAX_AUTOMATON: usize = 1_000;

/// A condition as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase", untagged, deny_unknown_fields)]
pub(crate) enum PredicateSpec {
    All {
        all: Vec<PredicateSpec>,
    },
    Any {
        any: Vec<PredicateSpec>,
    },
    Not {
        not: Box<PredicateSpec>,
    },
    Text {
        text: Vec<String>,
    },
    Matches {
        matches: String,
        /// Texts of which a record that matches contains one, ignoring case.
        #[serde(default)]
        texts: Vec<String>,
    },
    /// The number of a set of events, for a scan of several predicates.
    Ids {
        ids: usize,
    },
    Same {
        same: (String, String),
    },
    Path {
        path: String,
        is: Vec<(String, String)>,
    },
}

/// A condition, ready to be asked of many records.
pub(crate) enum RecordPredicate {
    All(Vec<RecordPredicate>),
    Any(Vec<RecordPredicate>),
    Not(Box<RecordPredicate>),
    Text(AnyText),
    /// A regular expression matches a part of the record. A record that matches contains one of the texts, ignoring case;
    /// without texts that is not known.
    Matches(Regex, Vec<String>),
    /// The event is in the set with this number.
    Ids(usize),
    /// Paths that lead to an equal value.
    Same(Vec<String>, Vec<String>),
    Path {
        keys: Vec<String>,
        tests: Vec<LeafPredicate>,
        /// Texts of which each record with such a value has one.
        needed: Vec<AnyText>,
    },
}

/// Texts of which one is looked for.
pub(crate) struct AnyText {
    pub(crate) texts: Vec<String>,
    /// Made when it is first asked, since the size of a scan depends on the texts alone.
    finder: OnceLock<Search>,
}

enum Search {
    One(Box<Finder<'static>>),
    Several(Box<AhoCorasick>),
    Many(TextSet),
}

impl AnyText {
    pub(crate) fn new(texts: Vec<String>) -> AnyText {
        AnyText { texts, finder: OnceLock::new() }
    }

    pub(crate) fn stands_in(&self, text: &[u8]) -> bool {
        let finder = self.finder.get_or_init(|| match self.texts.as_slice() {
            [one] => Search::One(Box::new(Finder::new(one).into_owned())),
            several if several.len() <= MAX_AUTOMATON => match AhoCorasick::new(several) {
                Ok(finder) => Search::Several(Box::new(finder)),
                // Texts of gigabytes.
                Err(_) => Search::Many(TextSet::new(several)),
            },
            many => Search::Many(TextSet::new(many)),
        });
        match finder {
            Search::One(finder) => finder.find(text).is_some(),
            Search::Several(finder) => finder.is_match(text),
            Search::Many(texts) => texts.stands_in(text),
        }
    }

    fn needed(&self) -> Vec<Vec<u8>> {
        self.texts.iter().map(|text| text.clone().into_bytes()).collect()
    }
}

/// A record, and how it reads when that has been asked.
struct Record<'r> {
    raw: &'r [u8],
    plain: OnceCell<Cow<'r, [u8]>>,
}

impl Record<'_> {
    /// Returns the record with its JSON escapes decoded.
    fn plain(&self) -> &[u8] {
        self.plain.get_or_init(|| json_path::readable(self.raw))
    }
}

impl RecordPredicate {
    /// Compiles a predicate.
    ///
    /// # Errors
    /// An unknown operator and a bad regular expression, in words.
    pub(crate) fn new(written: PredicateSpec) -> Result<RecordPredicate, String> {
        let each =
            |parts: Vec<PredicateSpec>| parts.into_iter().map(RecordPredicate::new).collect::<Result<Vec<_>, _>>();
        Ok(match written {
            PredicateSpec::All { all } => RecordPredicate::All(each(all)?),
            PredicateSpec::Any { any } => RecordPredicate::Any(each(any)?),
            PredicateSpec::Not { not } => RecordPredicate::Not(Box::new(RecordPredicate::new(*not)?)),
            PredicateSpec::Text { text } => RecordPredicate::Text(AnyText::new(text)),
            PredicateSpec::Matches { matches, texts } => {
                RecordPredicate::Matches(Regex::new(&matches).map_err(|error| error.to_string())?, texts)
            }
            PredicateSpec::Ids { ids } => RecordPredicate::Ids(ids),
            PredicateSpec::Same { same: (one, other) } => {
                RecordPredicate::Same(record_path::keys(&one), record_path::keys(&other))
            }
            PredicateSpec::Path { path, is } => {
                let keys = record_path::keys(&path);
                // A key may itself have a quote in it, but not where it ends.
                let mut needed: Vec<AnyText> =
                    keys.iter().map(|key| AnyText::new(vec![format!("\"{key}\"")])).collect();
                let tests = is
                    .iter()
                    .map(|(operator, value)| LeafPredicate::new(operator, value))
                    .collect::<Result<Vec<_>, _>>()?;
                let values = tests.iter().zip(&is).map(|(test, (operator, value))| needed_by(test, operator, value));
                let values = values.collect::<Option<Vec<_>>>().map(|values| values.concat());
                needed.extend(values.filter(|values| !values.is_empty()).map(AnyText::new));
                RecordPredicate::Path { keys, tests, needed }
            }
        })
    }

    /// Reports whether a record meets it.
    pub(crate) fn is_met_by(&self, record: &[u8]) -> bool {
        self.holds(&Record { raw: record, plain: OnceCell::new() })
    }

    fn holds(&self, record: &Record<'_>) -> bool {
        match self {
            RecordPredicate::All(parts) => parts.iter().all(|part| part.holds(record)),
            RecordPredicate::Any(parts) => parts.iter().any(|part| part.holds(record)),
            RecordPredicate::Not(part) => !part.holds(record),
            RecordPredicate::Text(texts) => texts.stands_in(record.plain()),
            RecordPredicate::Matches(pattern, _) => pattern.is_match(record.plain()),
            // Sets belong to scans of several predicates.
            RecordPredicate::Ids(_) => false,
            RecordPredicate::Same(one, other) => json_path::have_same(record.raw, one, other),
            RecordPredicate::Path { keys, tests, needed } => {
                needed.iter().all(|texts| texts.stands_in(record.plain()))
                    && json_path::leaves_and_arrays(record.raw, keys)
                        .iter()
                        .any(|leaf| tests.iter().any(|test| test.passes(leaf)))
            }
        }
    }

    /// Returns the texts that every matching record contains.
    pub(crate) fn needs(&self) -> RequiredTexts {
        match self {
            RecordPredicate::All(parts) => parts.iter().flat_map(RecordPredicate::needs).collect(),
            // One list of each part, the one that is met least.
            RecordPredicate::Any(parts) => {
                let length = |any: &Vec<Vec<u8>>| any.iter().map(Vec::len).min().unwrap_or(usize::MAX);
                let lists = parts.iter().map(|part| part.needs().into_iter().max_by_key(length));
                lists.collect::<Option<Vec<_>>>().map(|lists| lists.concat()).into_iter().collect()
            }
            RecordPredicate::Not(_) | RecordPredicate::Matches(..) | RecordPredicate::Ids(_) => RequiredTexts::new(),
            RecordPredicate::Same(one, other) => {
                one.iter().chain(other).map(|key| vec![format!("\"{key}\"").into_bytes()]).collect()
            }
            RecordPredicate::Text(texts) => vec![texts.needed()],
            RecordPredicate::Path { needed, .. } => needed.iter().map(AnyText::needed).collect(),
        }
    }
}

/// Returns the texts of which one is in every record, its escapes decoded, that has such a value: `None` where none has
/// to be.
fn needed_by(test: &LeafPredicate, operator: &str, value: &str) -> Option<Vec<String>> {
    match test {
        LeafPredicate::In(list) if list.is_folded() => {
            // An array as a whole may have white space anywhere.
            let mut exact = list.exact_only()?;
            exact.all(|value| is_caseless(value) && !value.starts_with('[')).then(|| needed_by_exact(list)).flatten()
        }
        LeafPredicate::In(list) => needed_by_exact(list),
        _ => Some(vec![needed_of(operator, value)?]),
    }
}

fn needed_by_exact(list: &ValueList) -> Option<Vec<String>> {
    list.exact_only()?.map(|value| needed_of("=", value)).collect()
}

/// Returns a text that every record with such a value contains, its escapes decoded; `None` if there is none.
fn needed_of(operator: &str, value: &str) -> Option<String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match operator {
        // An integer and a flag have one spelling; another number may be written in several ways.
        "=" if digits(value.strip_prefix('-').unwrap_or(value)) || matches!(value, "true" | "false") => {
            Some(value.to_owned())
        }
        // An object may have white space anywhere.
        "=" if value.parse::<f64>().is_ok() || value.starts_with('{') => None,
        "=" => Some(format!("\"{value}\"")),
        "glob" => {
            let plain = value.split(['*', '?', ']']).map(|piece| piece.split('[').next().unwrap_or_default());
            let longest = plain.max_by_key(|piece| piece.len())?;
            let number = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E');
            (!longest.bytes().all(number)).then(|| longest.to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{PredicateSpec, RecordPredicate, needed_of};

    fn condition(written: &str) -> RecordPredicate {
        RecordPredicate::new(serde_json::from_str::<PredicateSpec>(written).unwrap()).unwrap()
    }

    const RECORD: &[u8] = br#"{"a":{"b c":"x\u0041y \"q\"","n":12,"f":1.50e1,"t":true},"z":[{"k":"one"},{"k":"two"}]}"#;

    #[test]
    fn conditions_are_met_as_they_are_written() {
        for (written, met) in [
            (r#"{"text":["xAy"]}"#, true),
            (r#"{"text":["u0041"]}"#, false),
            (r#"{"text":["none","\"q\""]}"#, true),
            (r#"{"text":[""]}"#, true),
            (r#"{"not":{"text":["none"]}}"#, true),
            (r#"{"path":"a.\"b c\"","is":[["=","xAy \"q\""]]}"#, true),
            (r#"{"path":"a.n","is":[["=","12"]]}"#, true),
            (r#"{"path":"a.n","is":[["glob","1*"]]}"#, true),
            (r#"{"path":"a.f","is":[["=","15.0"]]}"#, true),
            (r#"{"path":"a.f","is":[["glob","15.*"]]}"#, true),
            (r#"{"path":"a.t","is":[["=","true"]]}"#, true),
            (r#"{"path":"a.t","is":[["glob","t[r]ue"]]}"#, true),
            (r#"{"path":"z.k","is":[["=","none"],["~","^tw"]]}"#, true),
            (r#"{"path":"z.k","is":[["=","tw"]]}"#, false),
            (r#"{"path":"z.k","is":[["in","{\"exact\":[\"none\",\"two\"]}"]]}"#, true),
            (r#"{"path":"z.k","is":[["in","{\"exact\":[\"none\"],\"wildcards\":[\"tw*\"]}"]]}"#, true),
            (r#"{"path":"z.k","is":[["in","{\"exact\":[\"none\",\"tw\"]}"]]}"#, false),
            (r#"{"path":"z","is":[["=","{\"k\":\"two\"}"]]}"#, true),
            (r#"{"all":[{"text":["one"]},{"any":[{"text":["none"]},{"path":"z","is":[["present",""]]}]}]}"#, true),
            (r#"{"any":[]}"#, false),
        ] {
            assert_eq!(condition(written).is_met_by(RECORD), met, "{written}");
        }
        assert!(serde_json::from_str::<PredicateSpec>(r#"{"text":["a"],"more":1}"#).is_err());
        let bad = serde_json::from_str::<PredicateSpec>(r#"{"path":"a","is":[["~","("]]}"#).unwrap();
        assert!(RecordPredicate::new(bad).is_err());
    }

    #[test]
    fn required_text_is_the_value_as_written_in_the_record() {
        let needed = |operator, value| needed_of(operator, value);
        for (operator, value, expected) in [
            ("=", "logs", Some("\"logs\"")),
            ("=", "12", Some("12")),
            ("=", "-12", Some("-12")),
            ("=", "1.5", None),
            ("=", "1e3", None),
            ("=", "inf", None),
            ("=", r#"{"k":"v"}"#, None),
            ("=", "true", Some("true")),
            ("=", "", Some("\"\"")),
            ("glob", "logs-*-a", Some("logs-")),
            ("glob", "15.*", None),
            ("glob", "a[xyz]bcd?", Some("bcd")),
            ("~", "logs", None),
            ("<", "logs", None),
        ] {
            assert_eq!(needed(operator, value).as_deref(), expected, "{operator} {value}");
        }
        let needs = condition(
            r#"{"all":[{"any":[{"text":["abcdef"]},{"path":"key","is":[["=","v"]]}]},{"not":{"text":["x"]}}]}"#,
        )
        .needs();
        assert_eq!(needs, [[b"abcdef".to_vec(), b"\"key\"".to_vec()]]);
        assert!(condition(r#"{"any":[{"text":["abcdef"]},{"not":{"text":["x"]}}]}"#).needs().is_empty());
        let needs = condition(r#"{"path":"key","is":[["in","{\"exact\":[\"v\"]}"],["=","w"]]}"#).needs();
        assert_eq!(needs, [vec![b"\"key\"".to_vec()], vec![b"\"v\"".to_vec(), b"\"w\"".to_vec()]]);
        assert_eq!(condition(r#"{"path":"key","is":[["in","{\"wildcards\":[\"v*\"]}"]]}"#).needs().len(), 1);
    }
}
