//! Import: trail files in, events out.
//!
//! ```text
//! source (files, layers) -> decode (wrappings) -> record (one pass of JSON) -> normalize -> batches -> store
//! ```

mod archive;
mod backlog;
mod contents;
#[cfg(feature = "parquet")]
mod convert;
mod decode;
mod delivery;
mod destination;
mod expansion;
mod file_sink;
pub(crate) mod fuzzing;
mod merge;
mod narrowing;
mod pipeline;
mod read;
mod record;
mod recorded_progress;
mod redact;
mod reindex;
mod report;
mod source;
#[doc(hidden)]
pub mod stages;
mod worker;

pub use crate::event::EventIds;
#[cfg(feature = "parquet")]
pub use crate::events_table::{PartitionBy, TableError, TableSummary};
pub(crate) use crate::ingest::contents::{Contents, UnreadFile, read_contents};
#[cfg(feature = "parquet")]
pub(crate) use crate::ingest::convert::export;
#[cfg(feature = "parquet")]
pub use crate::ingest::convert::{ConvertOptions, ConvertReport, ExportOptions, ExportReport, convert};
pub use crate::ingest::merge::{MergeOptions, MergeReport, merge};
pub use crate::ingest::narrowing::Narrowing;
pub use crate::ingest::pipeline::{Options, import};
pub use crate::ingest::redact::{gather, redact};
pub use crate::ingest::reindex::{ReindexReport, reindex};
pub use crate::ingest::report::{Error, FieldProblem, IgnoredLine, NoProgress, Progress, RejectLine, Report};
