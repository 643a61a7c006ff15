//! The integration tests, in one program; `queries` and `terminal` are programs of their own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test fails by a panic")]

#[path = "../common/mod.rs"]
mod common;
mod properties;
mod prose;

mod archives;
#[cfg(feature = "serve")]
mod aws_clients;
mod benign_month;
mod browser;
mod bulk;
mod chains;
mod cli;
mod config;
mod context;
mod coverage;
mod custody;
mod delivery;
mod detections;
mod diff;
mod endless;
mod engines;
mod event_digest;
mod event_history;
mod event_ids;
mod file_accounts;
mod files;
mod findings;
mod first_import;
mod fuzz_corpus;
mod geo;
mod golden;
mod guide;
mod handed_over;
mod hunt;
mod import;
mod internals;
// An endpoint answers beside the programs that are killed.
#[cfg(feature = "serve")]
mod kill;
mod language;
mod layers;
mod ledger;
mod lookup_events;
mod lookup_properties;
mod manifest;
mod merge;
mod narrowing;
mod noise;
mod normalize;
mod redact;
mod reindex;
mod repl;
mod report;
mod saved;
mod schema;
mod sentence;
#[cfg(feature = "serve")]
mod serve;
mod session;
mod shell;
mod sigma;
mod snapshot;
mod spark;
#[cfg(feature = "parquet")]
mod table;
mod triage;
mod unread_records;
mod user_agents;
mod validate;
mod ways;
#[cfg(not(all(feature = "parquet", feature = "plot", feature = "serve")))]
mod without_features;
mod wrappings;
