//! A case: one SQLite file. Knows no screen.
//!
//! Writing: `migrate` makes the schema, `write` takes events in, `indexes` and `counts` finish a run. Reading:
//! [`Case`] opens a case that cannot be changed and answers statements row by row.

mod beginning;
mod blocks;
mod case;
mod condition;
mod copied;
mod counts;
pub(crate) mod dictionary;
mod diff;
mod duplicates;
mod error;
mod facets;
mod few;
mod filters;
mod functions;
mod hours;
mod indexes;
mod info;
mod keeper;
pub(crate) mod known;
mod ledger_rows;
pub(crate) mod merge;
mod migrate;
mod open;
mod paths;
pub(crate) mod records;
mod recovery;
mod saved_queries;
mod scan;
pub mod snapshot;
mod sql_errors;
mod sql_text;
pub(crate) mod staged;
pub(crate) mod temporary;
mod turns;
mod values;
mod waiting;
pub(crate) mod write;

pub use case::Case;
pub use diff::{Difference, Tally};
pub(crate) use error::describe;
pub use error::{Error, Failure};
pub use functions::{FUNCTIONS, Function};
pub use info::Info;
pub use keeper::Keeper;
pub(crate) use ledger_rows::Delivery;
pub use open::wait_for_writers;
pub(crate) use open::{close, open_for_import, open_for_import_after};
pub use values::Counted;
pub use waiting::{Need, Silent, Wait};
