//! Import: trail files in, events out.
//!
//! ```text
//! source (files, layers) -> decode (wrappings) -> record (one pass of JSON) -> normalise -> batches -> store
//! ```

mod csv_rows;
mod decode;
mod delivery;
mod identity;
mod inflate;
mod lenient;
mod merge;
mod normalise;
mod pipeline;
mod record;
mod redact;
mod report;
mod resources;
mod rules;
mod skip;
mod source;
#[doc(hidden)]
pub mod stages;
mod window;
mod worker;

pub use merge::{MergeReport, merge};
pub use pipeline::{Options, import};
pub use redact::{gather, redact};
pub use report::{Error, FieldProblem, NoProgress, Progress, RejectLine, Report};
