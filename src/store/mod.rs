//! A case: one SQLite file. Knows no screen.
//!
//! Writing: `migrate` makes the schema, `write` takes events in, `indexes` and `counts` finish a run. Reading:
//! [`Case`] opens a case that cannot be changed and answers statements row by row.

mod counts;
mod duplicates;
mod error;
mod indexes;
mod known;
mod ledger_rows;
mod migrate;
mod open;
pub(crate) mod records;
pub(crate) mod write;

pub use error::{Error, Failure};
pub(crate) use ledger_rows::Delivery;
pub(crate) use open::{close, open_for_import};
