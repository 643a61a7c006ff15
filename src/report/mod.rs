//! A report to hand over: what the analyst confirmed, what attackers did, what could not be seen, and how it was done.
//!
//! ```text
//! case + hunt -> facts -> Report (sections of blocks) -> HTML or Markdown
//!                      -> timeline, findings, subjects -> Timesketch or a workbook
//! ```
//! Knows no terminal and writes no file. Everything in a block is text of a record or of the analyst, and is escaped by
//! the writer of each format.

mod activity;
mod confirmed;
mod content;
mod coverage_chart;
mod exposure;
mod findings;
mod html;
mod hunt_facts;
mod markdown;
mod method;
mod model;
mod options;
mod persistence;
mod subjects;
mod timeline;
mod timesketch;
mod xlsx;

pub(crate) use content::AnalystInput;
pub(crate) use hunt_facts::HuntFacts;
pub(crate) use options::{Cover, ReportFormat};

use crate::engine::Engine;
use crate::report::content::Events;
use crate::store::QueryError;

/// A written report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// The content of the file.
    pub(crate) bytes: Vec<u8>,
    /// The number of events that are left out, because they have no time.
    pub(crate) without_time: u64,
}

/// Returns a report in a format. `now`: Unix seconds.
///
/// # Errors
/// The filter is invalid, the case cannot be read, or the format cannot hold the report.
pub(crate) fn written(
    engine: &Engine,
    hunt: &HuntFacts,
    input: &AnalystInput,
    format: ReportFormat,
    now: i64,
) -> Result<Written, QueryError> {
    let _step = crate::activity::step("writing the report");
    let events = Events::read(engine, hunt, input)?;
    let page = || content::build(engine, hunt, input, &events, now);
    let (bytes, without_time) = match format {
        ReportFormat::Html => (html::written(&page()?).into_bytes(), 0),
        ReportFormat::Markdown => (markdown::written(&page()?).into_bytes(), 0),
        ReportFormat::TimesketchCsv => timesketch::csv(engine, &events)?,
        ReportFormat::TimesketchJsonl => timesketch::jsonl(engine, &events)?,
        ReportFormat::Xlsx => (xlsx::written(engine, hunt, input, &events, now)?, 0),
    };
    Ok(Written { bytes, without_time })
}
