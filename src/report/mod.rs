//! A report to hand over: what the analyst confirmed, what attackers did, what could not be seen, and how it was done.
//!
//! ```text
//! case + hunt -> facts -> Report (sections of blocks) -> HTML or Markdown
//! ```
//! Knows no terminal and writes no file. Everything in a block is text of a record or of the analyst, and is escaped by
//! the writer of each format.

mod activity;
mod confirmed;
mod content;
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

pub(crate) use content::{AnalystInput, build};
pub(crate) use hunt_facts::HuntFacts;
pub(crate) use options::{Cover, ReportFormat};

use crate::report::model::Report;

/// Returns a report in a format.
pub(crate) fn written(report: &Report, format: ReportFormat) -> String {
    match format {
        ReportFormat::Html => html::written(report),
        ReportFormat::Markdown => markdown::written(report),
    }
}
