//! Entry points of the fuzz targets in `tests/fuzz`: one function a hand-written parser. Each takes any bytes, and panics
//! only where the parser breaks a promise. No part of the interface.

use std::cell::OnceCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::OnceLock;

use serde_json::Value;

use crate::detection::{Condition, Rule};
use crate::engine::Engine;
use crate::geo;
use crate::ingest;
use crate::lookup_events;
use crate::redact::{Entities, Kind, Redactor, Rewriter};
use crate::saved::header;
use crate::sigma;
use crate::store::{self, Case};
use crate::validate;

/// A target: its name and its function.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("archive", archive),
    ("decode", decode),
    ("digest", digest),
    ("geo", geo),
    ("http", http),
    ("lookup", lookup),
    ("parquet", parquet),
    ("query_header", query_header),
    ("record_block", record_block),
    ("redact", redact),
    ("request", request),
    ("sigma", sigma),
];

/// Validates digest files and answers of the AWS CLI, one a line. Without a key that verifies, nothing is valid.
pub fn digest(bytes: &[u8]) {
    validate::fuzzing::digest(bytes);
}

/// Reads a file about addresses, a MaxMind DB file or `ip-ranges.json`, and looks some up.
pub fn geo(bytes: &[u8]) {
    geo::fuzzing::geo(bytes);
}

/// Decodes a trail file of any wrapping, CSV included: from memory and from a stream it gives the same.
pub fn decode(bytes: &[u8]) {
    ingest::fuzzing::decode(bytes);
}

/// Reads a Parquet file: from memory and from a temporary file it gives the same.
pub fn parquet(bytes: &[u8]) {
    ingest::fuzzing::parquet(bytes);
}

/// Reads a file through its layers of compression and archives: each member that begins ends.
pub fn archive(bytes: &[u8]) {
    ingest::fuzzing::archive(bytes);
}

/// Prepares a lookup and writes its statement.
pub fn lookup(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    with_engine(|engine| {
        if let Ok(prepared) = engine.prepare(text) {
            let statement = engine.statement(&prepared);
            assert!(!statement.sql.is_empty());
        }
    });
}

/// Loads Sigma rules of a file: the lookup of each that is compiled can be prepared and answered.
pub fn sigma(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let set = sigma::load_text(Path::new("rule.yml"), text);
    let filters: Vec<&str> = set.rules.iter().flat_map(filters_of).collect();
    with_engine(|engine| {
        let lookups = filters.iter().map(|filter| engine.prepare(filter)).collect::<Result<Vec<_>, _>>();
        let answered = lookups.and_then(|lookups| engine.matches_of_many(&lookups, &mut |_, _| Ok(())));
        assert!(answered.is_ok(), "{filters:?}: {answered:?}");
        for rule in &set.rules {
            if let Condition::Correlation(correlation) = &rule.condition {
                assert!(engine.correlate(correlation).is_ok(), "{correlation:?}");
            }
        }
    });
}

/// Returns the filters of lookups in a rule.
fn filters_of(rule: &Rule) -> Vec<&str> {
    match &rule.condition {
        Condition::Lookup(filter) => vec![filter],
        Condition::Correlation(correlation) => correlation.rules.iter().map(|(_, filter)| filter.as_str()).collect(),
        Condition::Query(_) => Vec::new(),
    }
}

/// Calls `ask` with an engine on a case without events.
fn with_engine(ask: impl FnOnce(&Engine)) {
    thread_local! {
        static ENGINE: OnceCell<Option<Engine>> = const { OnceCell::new() };
    }
    ENGINE.with(|engine| {
        let engine = engine.get_or_init(|| Case::empty().ok().map(|case| Engine::new(Rc::new(case))));
        assert!(engine.is_some(), "an empty case cannot be made");
        if let Some(engine) = engine {
            ask(engine);
        }
    });
}

/// Parses the header of a saved query and that of a script.
pub fn query_header(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok((_, sql, line)) = header::parse_query(text) {
        assert!(text.contains(sql) && line <= text.lines().count() + 1);
    }
    let _ = header::parse_script(text);
}

/// Checks the head of a request to the LookupEvents endpoint: only a POST of this operation is accepted, and at a
/// local address only with a local host.
pub fn http(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let first = lines.next().unwrap_or_default();
    let method = String::from_utf8_lossy(first.split(|byte| *byte == b' ').next().unwrap_or_default());
    let headers: Vec<(&[u8], &[u8])> = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            Some((&line[..colon], line[colon + 1..].trim_ascii()))
        })
        .collect();
    let value = |wanted: &str| {
        headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted.as_bytes())).map(|(_, value)| *value)
    };
    let head = lookup_events::RequestHead { method: &method, host: value("Host"), target: value("X-Amz-Target") };
    let (anywhere, local) = (head.check(false), head.check(true));
    if anywhere.is_ok() {
        assert!(method == "POST" && value("X-Amz-Target").is_some_and(|target| target.ends_with(b".LookupEvents")));
    }
    if local.is_ok() {
        let is_local = |host: &[u8]| {
            let is_address = host.starts_with(b"[") || host.first().is_some_and(u8::is_ascii_digit);
            is_address || host.windows(b"localhost".len()).any(|part| part == b"localhost")
        };
        assert!(anywhere.is_ok() && value("Host").is_none_or(is_local));
    }
    for error in [anywhere, local].into_iter().filter_map(Result::err) {
        assert!((400..500).contains(&error.status) && error.name.ends_with("Exception") && !error.message.is_empty());
    }
}

/// Reads the body of a LookupEvents request, and a token.
pub fn request(bytes: &[u8]) {
    let _ = lookup_events::Request::from_json(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        lookup_events::check_token(text);
        let _ = lookup_events::attributes(text);
    }
}

/// Unpacks a block of records.
pub fn record_block(bytes: &[u8]) {
    store::check_block(bytes);
}

/// The identifiers that the target `redact` replaces: a user, an account, an address and a key.
const IDENTIFIERS: [&str; 4] = ["jolanda", "111122223333", "203.0.113.7", "AKIAIOSFODNN7EXAMPLE"];
/// Characters around an identifier that is a word of its own.
const DELIMITERS: [char; 8] = [' ', '/', ':', ',', '=', '"', '(', ')'];

/// Redacts a record: what comes of JSON is JSON, and identifiers that are put into its texts are in none of the result.
pub fn redact(bytes: &[u8]) {
    static REDACTOR: OnceLock<Option<Redactor>> = OnceLock::new();
    let redactor = REDACTOR.get_or_init(|| {
        let mut entities = Entities::new(&Kind::ALL);
        let [user, account, address, key] = IDENTIFIERS;
        entities.user(user);
        entities.account(account);
        entities.address(address);
        entities.key(key);
        Redactor::new(entities).ok()
    });
    assert!(redactor.is_some(), "a redactor cannot be made");
    let Some(redactor) = redactor else { return };
    if let Ok(redacted) = Rewriter::new(redactor).record(bytes) {
        let is_json = |text: &[u8]| serde_json::from_slice::<Value>(text).is_ok();
        assert!(is_json(&redacted) || !is_json(bytes));
    }
    let Ok(mut value) = serde_json::from_slice::<Value>(bytes) else { return };
    let mut state = bytes.iter().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    plant(&mut value, &mut state);
    let Ok(redacted) = Rewriter::new(redactor).record(value.to_string().as_bytes()) else { return };
    if let Ok(redacted) = serde_json::from_slice::<Value>(&redacted) {
        assert!(!has_identifier(&redacted), "{value}\n{redacted}");
    }
}

/// Puts an identifier into each text, at places that `state` chooses.
fn plant(value: &mut Value, state: &mut u64) {
    match value {
        Value::String(text) => {
            let mut next = |below: usize| {
                *state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                (*state >> 33) as usize % below
            };
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let at = places[next(places.len())];
            let (before, after) = (DELIMITERS[next(DELIMITERS.len())], DELIMITERS[next(DELIMITERS.len())]);
            text.insert_str(at, &format!("{before}{}{after}", IDENTIFIERS[next(IDENTIFIERS.len())]));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| plant(value, state)),
        Value::Object(members) => members.values_mut().for_each(|value| plant(value, state)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Reports whether a text of the value has an identifier as a word of its own.
fn has_identifier(value: &Value) -> bool {
    match value {
        Value::String(text) => text.split(DELIMITERS).any(|word| IDENTIFIERS.contains(&word)),
        Value::Array(values) => values.iter().any(has_identifier),
        Value::Object(members) => members.values().any(has_identifier),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
