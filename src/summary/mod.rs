//! Reports of operations on a case, as text for a person and as JSON for a program. Knows no session and no terminal:
//! [`Report`] says where its text belongs, and the session writes it there.

pub(crate) mod custody;
pub(crate) mod diff;
pub(crate) mod hunt;
pub(crate) mod import;
pub(crate) mod info;
pub(crate) mod merge;
mod provenance;
mod reindex;
pub(crate) mod report;
pub(crate) mod running_import;
pub(crate) mod snapshot;
#[cfg(feature = "parquet")]
mod table;
pub(crate) mod validate;
pub(crate) mod verify;

pub(crate) use report::{Report, ReportForm, TextTarget};
