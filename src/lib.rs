//! trailq: a local CloudTrail event-history query engine.
//!
//! ```text
//! import    files -> ingest::source -> ingest::decode -> ingest::normalize -> store::write
//! convert   files -> ingest::source -> ingest::decode -> ingest::normalize -> events_table -> Parquet
//! merge     cases -> store::transfer::merge -> ingest::normalize -> store::write
//! answer    text -> query::parse -> query::resolve -> query::plan -> sql::sqlite -> store::Case -> rows -> render
//! ```
//!
//! Data flows one way. The modules in reading order: `event`, [`rows`], [`fields`] and [`diagnostic`] are the
//! vocabulary and import nothing of trailq; `query` knows no SQL text; `sql` writes it; `store` and `ingest` know no
//! screen; [`engine`] answers lookups and knows no terminal; `render` turns rows into bytes; `saved` reads saved queries
//! and `redact` pseudonymizes, and neither knows a case; `summary` reports on operations and knows no session; `session`,
//! `repl`, `serve` and `cli` are the user interfaces. Only `cli` and `repl` print. The features `parquet`, `serve` and
//! `plot` can be left out.
//!
//! # Example
//! Imports trail files into a case and answers a lookup.
//! ```
//! use std::path::{Path, PathBuf};
//! use trailq::engine::Engine;
//! use trailq::ingest::{self, NoProgress, Options};
//! use trailq::rows;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let case = folder.path().join("trailq.db");
//! let trails = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/delivery"));
//! ingest::import(&case, &[trails], &Options::default(), &NoProgress)?;
//!
//! let engine = Engine::open(&case)?;
//! let lookup = engine.prepare("outcome=denied | count by user")?;
//! let answer = rows::collect(|sink| engine.run(&lookup, sink))?;
//! assert_eq!(answer.columns, ["user_name", "events"]);
//! assert!(!answer.rows.is_empty());
//! # Ok(())
//! # }
//! ```

pub mod account_names;
mod activity;
mod address_key;
mod arn;
pub mod case_details;
pub mod cli;
mod config;
mod context;
mod coverage;
mod dedup;
pub mod detection;
pub mod diagnostic;
mod embedded;
pub mod engine;
mod escape;
mod event;
pub mod event_digest;
#[cfg(feature = "parquet")]
mod events_table;
pub mod fields;
mod file_magic;
mod file_names;
#[doc(hidden)]
pub mod fuzzing;
pub mod geo;
pub mod guide;
mod hash;
mod hourly_rollup;
pub mod hunt;
mod identifier;
pub mod ingest;
mod interrupt;
mod io_message;
mod ledger;
pub mod level;
mod lookup_events;
mod nested;
mod number;
mod output_file;
mod pattern;
mod place_file;
mod policy;
mod process_io;
mod proof;
pub mod query;
mod record_path;
mod redact;
pub mod render;
mod repl;
mod report;
pub mod rows;
pub mod saved;
mod sentence;
#[cfg(feature = "serve")]
mod serve;
pub mod session;
pub mod sigma;
pub mod sql;
pub mod store;
pub mod subject;
mod summary;
mod terminal;
pub mod time;
mod user_agent;
mod validate;
