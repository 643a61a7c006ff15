//! trailq: trail files in, answers out.
//!
//! ```text
//! import    files -> ingest::source -> ingest::decode -> ingest::normalise -> store::write
//! merge     cases -> store::merge -> ingest::normalise -> store::write
//! answer    text -> query::parse -> query::resolve -> sql::emit -> store::Case::query -> render
//! ```
//!
//! Data flows one way. The modules in reading order: [`event`], [`rows`], [`fields`] and [`diagnostic`] are the
//! vocabulary and import nothing of trailq; `query` knows no SQLite; `store` and `ingest` know no screen; `render`
//! turns rows into bytes; `lookup_events` answers Event history's own question; `saved` reads saved queries and knows
//! neither case nor screen; `redact` replaces what identifies somebody and knows neither; `session`, `repl`, `serve` and
//! `cli` sit on top. Only `cli` and `repl` print.

pub mod arn;
pub mod cli;
pub mod diagnostic;
pub mod event;
pub mod fields;
mod hash;
pub mod identifier;
pub mod ingest;
pub mod interrupt;
mod io_message;
pub mod ledger;
pub mod lookup_events;
pub mod nested;
mod output_file;
mod pattern;
pub mod policy;
pub mod query;
pub mod redact;
pub mod render;
pub mod repl;
pub mod rows;
pub mod saved;
pub mod serve;
pub mod session;
pub mod sql;
pub mod store;
pub mod terminal;
pub mod time;
