//! A case: one SQLite file. Knows no screen.
//!
//! Writing: `migrate` makes the schema, `write` takes events in, `indexes` and `counts` finish a run. Reading:
//! [`Case`] opens a case that cannot be changed and answers statements row by row.

mod alike;
mod beginning;
mod blocks;
mod case;
mod condition;
mod copied;
mod counts;
mod decimal;
pub(crate) mod dictionary;
mod diff;
mod duplicates;
mod error;
mod expected_schema;
mod facets;
mod few;
pub(crate) mod file_names;
mod file_rows;
mod filters;
mod functions;
mod gaps;
mod hardening;
mod hours;
mod indexes;
mod info;
mod keeper;
pub(crate) mod known;
mod ledger_rows;
pub(crate) mod merge;
mod migrate;
mod open;
mod path_names;
mod paths;
pub(crate) mod records;
mod recovery;
mod saved_queries;
mod scan;
mod schema;
pub mod snapshot;
mod sql_errors;
mod sql_text;
pub(crate) mod staged;
pub(crate) mod temporary;
mod text_set;
mod time_spans;
mod turns;
mod value_list;
mod values;
mod waiting;
pub(crate) mod write;

pub use alike::near_values;
pub use case::Case;
pub use diff::{Difference, Tally};
pub use error::{Error, Failure};
pub(crate) use file_rows::Delivery;
pub use functions::{FUNCTIONS, Function};
pub use gaps::{Gaps, MOST_COUNTED};
pub use info::Info;
pub use keeper::Keeper;
pub use open::wait_for_writers;
pub(crate) use open::{close, open_for_import, open_for_import_after};
pub use path_names::{NearPath, PathNames};
pub use values::Counted;
pub use waiting::{Need, Silent, Wait};
