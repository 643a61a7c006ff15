//! Import: trail files in, events out.
//!
//! ```text
//! source (files, layers) -> decode (wrappings) -> record (one pass of JSON) -> normalize -> batches -> store
//! ```

mod decode;
mod delivery;
mod merge;
mod pipeline;
mod record;
mod redact;
mod report;
mod source;
#[doc(hidden)]
pub mod stages;
mod worker;

pub use crate::ingest::merge::{MergeReport, merge};
pub use crate::ingest::pipeline::{Options, import};
pub use crate::ingest::redact::{gather, redact};
pub use crate::ingest::report::{Error, FieldProblem, NoProgress, Progress, RejectLine, Report};
