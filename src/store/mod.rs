//! A case: one SQLite file. Knows no screen.
//!
//! Writing: `migrate` makes the schema, `write` takes events in, `indexes` and `counts` finish a run. Reading:
//! [`Case`] opens a case that cannot be changed and answers statements row by row.

mod annotations;
mod case_path;
mod case_state;
mod error;
mod hardening;
pub(crate) mod key;
mod lock_wait;
mod locking;
mod open;
pub(crate) mod private_folder;
mod provenance;
mod read;
mod ready;
pub(crate) mod records;
mod recovery;
mod rollup;
mod schema;
mod temporary_copy;
pub(crate) mod transfer;
pub(crate) mod write;

pub use crate::store::annotations::AnnotationWriter;
pub use crate::store::case_state::wait_for_writers;
pub use crate::store::error::{CaseError, QueryError};
pub use crate::store::lock_wait::{Need, Silent, Wait};
pub use crate::store::read::case::Case;
pub use crate::store::read::functions::{FUNCTIONS, Function};
pub use crate::store::read::gaps::{Gaps, MAX_COUNTED};
pub use crate::store::read::info::Info;
pub use crate::store::read::near_values::near_values;
pub use crate::store::read::path_names::{NearPath, PathNames};
pub use crate::store::read::statistics::ValueCount;
pub use crate::store::transfer::diff::{DiffCounts, Difference};
pub use crate::store::transfer::snapshot;
pub(crate) use crate::store::write::file_ledger::Delivery;
