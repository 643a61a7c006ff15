//! The layers of the source: what each module may import, circles of files, external crates and lengths.

mod circles;
mod imports;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use imports::Crate;

/// The vocabulary, which imports nothing of trailq. Every other module may import it.
const MODEL: &[&str] = &[
    "account_names",
    "activity",
    "address_key",
    "arn",
    "case_details",
    "context",
    "diagnostic",
    "embedded",
    "escape",
    "event",
    "event_digest",
    "fields",
    "file_magic",
    "file_names",
    "hash",
    "hourly_rollup",
    "identifier",
    "interrupt",
    "io_message",
    "ledger",
    "level",
    "number",
    "pattern",
    "place_file",
    "policy",
    "process_io",
    "proof",
    "record_path",
    "rows",
    "subject",
    "time",
    "user_agent",
];

/// The imports within the vocabulary: an event has a value for each plain field of the catalogue.
const MODEL_IMPORTS: &[(&str, &str)] = &[
    ("context", "arn"),
    ("context", "policy"),
    ("context", "time"),
    ("activity", "process_io"),
    ("event", "fields"),
    ("proof", "time"),
];

/// The other modules and, of the store and the session, the rooms: what each may import beside itself and the model. A
/// name stands for all below it; a file belongs to the row with the longest name that it is below.
const LAYERS: &[(&str, &[&str])] = &[
    ("coverage", &[]),
    ("dedup", &[]),
    ("events_table", &["dedup", "output_file"]),
    ("nested", &[]),
    ("geo", &[]),
    ("output_file", &[]),
    ("query", &["nested"]),
    ("sql", &["query"]),
    ("detection", &[]),
    ("sentence", &[]),
    ("saved", &["detection", "query", "sql"]),
    ("sigma", &["detection", "query"]),
    ("redact", &["output_file"]),
    ("render", &[]),
    ("guide", &["render"]),
    ("validate", &[]),
    // The case, from its errors up to what moves between cases.
    ("store/import_progress", &[]),
    ("store/error", &["store/import_progress"]),
    ("store/findings", &[]),
    ("store/key", &[]),
    ("store/validation", &["validate"]),
    ("store/locking", &[]),
    ("store/lock_wait", &["store/error"]),
    ("store/hardening", &["store/error"]),
    ("store/private_folder", &["store/error"]),
    ("store/case_details", &[]),
    ("store/case_ids", &[]),
    ("store/build_state", &[]),
    ("store/build_folder", &["store/build_state", "store/error", "store/import_progress"]),
    ("store/case_path", &["store/build_folder", "store/error"]),
    ("store/schema", &["redact", "store/error"]),
    ("store/provenance", &["store/schema"]),
    ("store/recovery", &["store/case_path", "store/error", "store/hardening"]),
    (
        "store/open",
        &[
            "store/case_path",
            "store/error",
            "store/hardening",
            "store/lock_wait",
            "store/locking",
            "store/recovery",
            "store/schema",
        ],
    ),
    (
        "store/case_state",
        &["store/case_path", "store/error", "store/lock_wait", "store/open", "store/recovery", "store/schema"],
    ),
    ("store/records", &["store/open"]),
    ("store/event_sum", &["store/records"]),
    ("store/rollup", &["store/key"]),
    ("store/bulk", &["store/error", "store/schema"]),
    (
        "store/write",
        &[
            "dedup",
            "store/build_folder",
            "store/build_state",
            "store/bulk",
            "store/case_details",
            "store/case_ids",
            "store/case_path",
            "store/case_state",
            "store/error",
            "store/event_sum",
            "store/hardening",
            "store/import_progress",
            "store/key",
            "store/lock_wait",
            "store/locking",
            "store/open",
            "store/records",
            "store/rollup",
            "store/schema",
        ],
    ),
    (
        "store/temporary_copy",
        &[
            "store/case_state",
            "store/error",
            "store/lock_wait",
            "store/open",
            "store/private_folder",
            "store/recovery",
            "store/rollup",
            "store/schema",
            "store/write",
        ],
    ),
    (
        "store/ready",
        &[
            "store/case_state",
            "store/error",
            "store/lock_wait",
            "store/open",
            "store/private_folder",
            "store/temporary_copy",
            "store/write",
        ],
    ),
    (
        "store/annotations",
        &[
            "store/case_path",
            "store/error",
            "store/findings",
            "store/hardening",
            "store/lock_wait",
            "store/ready",
            "store/schema",
            "store/validation",
            "validate",
        ],
    ),
    (
        "store/read",
        &[
            "coverage",
            "geo",
            "query",
            "sentence",
            "sql",
            "store/case_details",
            "store/case_ids",
            "store/case_state",
            "store/error",
            "store/event_sum",
            "store/findings",
            "store/hardening",
            "store/lock_wait",
            "store/open",
            "store/private_folder",
            "store/provenance",
            "store/ready",
            "store/records",
            "store/recovery",
            "store/rollup",
            "store/schema",
            "store/temporary_copy",
            "store/validation",
            "validate",
        ],
    ),
    (
        "store/transfer",
        &[
            "dedup",
            "redact",
            "store/case_details",
            "store/case_ids",
            "store/case_path",
            "store/case_state",
            "store/error",
            "store/event_sum",
            "store/hardening",
            "store/key",
            "store/lock_wait",
            "store/locking",
            "store/open",
            "store/private_folder",
            "store/provenance",
            "store/read",
            "store/ready",
            "store/records",
            "store/recovery",
            "store/rollup",
            "store/schema",
            "store/write",
        ],
    ),
    ("store", &[]),
    ("ingest", &["dedup", "events_table", "output_file", "redact", "store", "validate"]),
    ("engine", &["coverage", "detection", "geo", "nested", "query", "redact", "sql", "store"]),
    ("hunt", &["coverage", "detection", "engine", "geo", "query", "saved", "sql", "store"]),
    ("lookup_events", &["coverage", "engine", "query", "render", "sql", "store"]),
    ("report", &["coverage", "engine", "geo", "hunt", "render", "sql", "store", "summary"]),
    ("summary", &["detection", "events_table", "hunt", "ingest", "render", "sigma", "store", "validate"]),
    ("terminal", &["ingest", "render"]),
    ("config", &["render", "terminal"]),
    (
        "session",
        &[
            "detection",
            "engine",
            "geo",
            "hunt",
            "ingest",
            "lookup_events",
            "output_file",
            "query",
            "redact",
            "render",
            "report",
            "saved",
            "sigma",
            "sql",
            "store",
            "summary",
            "terminal",
            "validate",
        ],
    ),
    (
        "session/commands",
        &[
            "detection",
            "engine",
            "hunt",
            "ingest",
            "output_file",
            "query",
            "render",
            "report",
            "saved",
            "session",
            "sql",
            "store",
            "summary",
            "terminal",
        ],
    ),
    ("session/execute", &["query", "render", "session", "session/commands"]),
    ("serve", &["lookup_events", "render", "store"]),
    ("repl", &["config", "output_file", "query", "render", "saved", "session", "store", "terminal"]),
    (
        "cli",
        &[
            "config",
            "events_table",
            "geo",
            "guide",
            "ingest",
            "lookup_events",
            "output_file",
            "query",
            "redact",
            "render",
            "repl",
            "report",
            "saved",
            "serve",
            "session",
            "sql/translate",
            "store",
            "summary",
            "terminal",
        ],
    ),
    (
        "fuzzing",
        &["detection", "engine", "geo", "ingest", "lookup_events", "redact", "saved", "sigma", "store", "validate"],
    ),
    ("lib", &[]),
];

/// External crates and macros with the modules that may name them.
const EXTERNAL: &[(&str, &[&str])] = &[
    ("rusqlite", &["store"]),
    ("zstd", &["events_table", "ingest", "store/records"]),
    ("parquet", &["events_table", "ingest/decode"]),
    ("bzip2", &["ingest"]),
    ("lzma_rust2", &["ingest"]),
    ("flate2", &["ingest"]),
    ("libdeflater", &["embedded", "ingest"]),
    ("zip", &["ingest"]),
    ("regex_syntax", &["sql/translate"]),
    ("maxminddb", &["geo/mmdb"]),
    ("ring", &["validate"]),
    ("md5", &["validate"]),
    ("comfy_table", &["guide", "render"]),
    ("granit_parser", &["sigma/yaml"]),
    ("plotters", &["render"]),
    ("indicatif", &["terminal"]),
    ("toml", &["config", "case_details"]),
    ("rustyline", &["repl"]),
    ("clap", &["cli"]),
    ("maud", &["report/html"]),
    ("pulldown_cmark", &["report/html"]),
    ("rust_xlsxwriter", &["report"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("hyper", &["serve"]),
    ("hyper_util", &["serve"]),
    ("http_body_util", &["serve"]),
    ("tokio", &["serve"]),
    ("print!", &["cli", "repl", "terminal"]),
    ("println!", &["cli", "repl", "terminal"]),
    ("eprint!", &["cli", "repl", "terminal"]),
    ("eprintln!", &["cli", "repl", "terminal"]),
];

const MAX_FILE_LINES: usize = 500;
const MAX_FUNCTION_LINES: usize = 66;

#[test]
fn layers_import_only_what_they_may() {
    let house = Crate::read(&source());
    let imports = house.imports();
    let mut found = BTreeSet::new();
    for (file, imported) in &imports {
        let (layer, allowed) = layer_of(file).unwrap_or_else(|| panic!("{file} is in no layer: add it to LAYERS"));
        for other in imported {
            let (other_layer, _) = layer_of(other).unwrap_or_else(|| panic!("{other} is in no layer"));
            let may = layer == other_layer
                || MODEL_IMPORTS.contains(&(layer, other_layer))
                || (MODEL.contains(&other_layer) && !MODEL.contains(&layer))
                || allowed.iter().any(|name| is_below(other, name))
                || is_facade(layer, other_layer);
            if !may {
                found.insert(format!("{file} imports {other_layer}"));
            }
        }
    }
    for file in house.modules.values() {
        for (word, layers) in EXTERNAL {
            if file.names_external(word) && !layers.iter().any(|layer| is_below(&file.name, layer)) {
                found.insert(format!("{} names {word}", file.name));
            }
        }
        if file.lines > MAX_FILE_LINES {
            found.insert(format!("{} has more than {MAX_FILE_LINES} lines of code", file.name));
        }
        for (name, _) in tokens::functions(&file.tokens).iter().filter(|(_, lines)| *lines > MAX_FUNCTION_LINES) {
            found.insert(format!("{} has a function of more than {MAX_FUNCTION_LINES} lines: {name}", file.name));
        }
    }
    assert!(found.is_empty(), "deviations from the layers: {found:#?}");
}

#[test]
fn files_form_no_circle() {
    let house = Crate::read(&source());
    let imports = house.imports();
    let circles = circles::circles(&imports);
    let ties: BTreeMap<&str, Vec<&&str>> = circles
        .iter()
        .flatten()
        .map(|file| {
            (*file, imports[file].iter().filter(|other| circles.iter().flatten().any(|file| file == *other)).collect())
        })
        .collect();
    assert!(circles.is_empty(), "circles of files: {ties:#?}");
}

#[test]
fn every_layer_has_files() {
    let house = Crate::read(&source());
    let names = MODEL.iter().chain(LAYERS.iter().map(|(layer, _)| layer));
    for name in names {
        assert!(house.modules.values().any(|file| is_below(&file.name, name)), "{name} has no file: remove its row");
    }
}

#[test]
fn imports_are_found_however_they_are_written() {
    let text = "//! use crate::a;\nuse crate::b::{self, c::{D, E as F}, *};\n#[cfg(test)]\nmod tests { use crate::x; }\n\
                fn f() { let s = \"crate::y::z\"; let c = '\"'; crate::g::h(b::i) /* crate::j::k */ }";
    let (tokens, removed) = tokens::without_tests(&tokens::tokens(text));
    let words: Vec<&str> = tokens.iter().map(|token| &*token.text).collect();
    assert_eq!(removed, 2);
    for word in ["a", "x", "y", "j"] {
        assert!(!words.contains(&word), "{word}");
    }
    let mut uses = imports::uses(&tokens);
    uses.sort();
    let paths: Vec<String> = uses.iter().map(|(name, path)| format!("{name}={}", path.join("::"))).collect();
    assert_eq!(paths, ["*=crate::b", "D=crate::b::c::D", "F=crate::b::c::E", "b=crate::b"]);
    assert_eq!(tokens::functions(&tokens), [("f".to_owned(), 1)]);
}

#[test]
fn a_circle_is_every_file_that_reaches_itself() {
    let edges = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e")];
    let mut imports: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in edges {
        imports.entry(from).or_default().insert(to);
        imports.entry(to).or_default();
    }
    assert_eq!(circles::circles(&imports), [["a", "b", "c"]]);
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Returns the layer that a file belongs to, with what it may import.
fn layer_of(file: &str) -> Option<(&'static str, &'static [&'static str])> {
    let model = MODEL.iter().map(|layer| (*layer, [].as_slice()));
    let layers = model.chain(LAYERS.iter().copied()).filter(|(layer, _)| is_below(file, layer));
    layers.max_by_key(|(layer, _)| layer.len())
}

/// Reports whether a file is the one that a name stands for, or below it.
fn is_below(file: &str, name: &str) -> bool {
    file.strip_prefix(name).is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
}

/// Reports whether a layer is the face of a folder, which re-exports what its rooms define.
fn is_facade(layer: &str, other: &str) -> bool {
    matches!(layer, "store" | "lib") && other.strip_prefix(layer).is_some_and(|rest| rest.starts_with('/'))
}
