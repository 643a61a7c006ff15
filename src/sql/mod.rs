//! SQL for a resolved lookup: one parameterized [`Statement`]. `sqlite` writes it for the schema of a case.

mod balanced;
mod count_source;
pub(crate) mod params;
pub(crate) mod sqlite;
mod stages;
mod statement;
mod time_bucket;
pub mod translate;

pub use crate::query::plan::statistics::ScanSize;
pub use crate::sql::count_source::CountSource;
pub use crate::sql::params::Param;
pub use crate::sql::sqlite::correlation::{CorrelationPart, CorrelationWindow, Counted, emit_correlation};
pub use crate::sql::sqlite::shared_scan::{EventSet, SharedScan, emit_event_set, emit_shared_scan};
pub use crate::sql::sqlite::{emit, emit_count, emit_id_set, emit_ids};
pub use crate::sql::statement::{AccessPath, Projection, Statement};
