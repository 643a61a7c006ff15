//! A case: one SQLite file. Knows no screen.
//!
//! `schema` describes the tables and `records` the compressed records; `rollup` has the materialized counts. `bulk` writes
//! the events of a large new case as pages. `write` takes events in (`Import`), `read` answers statements row by row
//! ([`Case`]), and `transfer` copies, merges, compares and redacts cases. The rest of the crate uses what this module re-exports.

mod annotations;
mod build_folder;
mod build_state;
mod bulk;
mod case_details;
mod case_ids;
mod case_path;
mod case_state;
mod error;
mod event_sum;
mod findings;
mod hardening;
mod import_progress;
mod key;
mod lock_wait;
mod locking;
mod open;
mod private_folder;
mod provenance;
mod read;
mod ready;
mod records;
mod recovery;
mod rollup;
mod schema;
mod temporary_copy;
mod transfer;
mod validation;
mod write;

pub use crate::store::annotations::AnnotationWriter;
pub use crate::store::build_folder::has_left_build;
pub use crate::store::case_details::DetailChange;
pub use crate::store::case_ids::CaseIds;
pub use crate::store::case_path::unfinished_import;
pub use crate::store::case_state::wait_for_writers;
pub use crate::store::error::{CaseError, QueryError};
pub use crate::store::findings::{
    Authorship, FindingKey, HuntFinding, HuntRule, HuntRun, IgnoreRule, MAX_RULE_EVENTS, MAX_RUNS, RuleSelection,
    SubjectMark, Verdict,
};
pub use crate::store::import_progress::ImportProgress;
pub(crate) use crate::store::import_progress::ProgressFile;
pub use crate::store::lock_wait::{Need, Silent, Wait};
pub(crate) use crate::store::private_folder::PrivateFolder;
pub use crate::store::read::account_names::NamedAccount;
pub(crate) use crate::store::read::account_names::holds_accounts;
pub use crate::store::read::case::Case;
pub use crate::store::read::custody::{Custody, ImportRun, SourcePlace, SourceRow};
pub(crate) use crate::store::read::evidence::CaseEvidence;
pub use crate::store::read::functions::{FUNCTIONS, Function};
pub use crate::store::read::gaps::{Gaps, MAX_COUNTED};
pub use crate::store::read::info::{Info, Rules};
pub use crate::store::read::leads::Lead;
pub use crate::store::read::near_values::near_values;
pub use crate::store::read::path_names::{NearPath, PathNames};
pub use crate::store::read::people::Person;
pub use crate::store::read::rights::{CredentialState, KeyState, Rights};
pub use crate::store::read::shared_scan::SharedScan;
pub use crate::store::read::statistics::ValueCount;
pub(crate) use crate::store::records::block::check_block;
pub(crate) use crate::store::records::dictionary::Dictionaries;
pub use crate::store::records::id_set::IdSet;
pub(crate) use crate::store::records::packer::packed_size;
pub use crate::store::records::shared_scan::SharedPredicate;
pub use crate::store::transfer::diff::{DiffCounts, Difference};
pub use crate::store::transfer::snapshot;
pub(crate) use crate::store::transfer::{merge, redaction_copy, reindex};
pub use crate::store::validation::KeptValidation;
pub(crate) use crate::store::validation::ValidationRecord;
pub(crate) use crate::store::write::batch::AssembledBatch;
pub(crate) use crate::store::write::batch_builder::BatchBuilder;
pub(crate) use crate::store::write::file_ledger::Delivery;
pub(crate) use crate::store::write::import::{Import, ImportWriter};
pub(crate) use crate::store::write::known_files::KnownFiles;
pub(crate) use crate::store::write::writer::RunOrigin;
