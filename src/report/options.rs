//! The options of a report.

use std::path::Path;

/// The formats of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReportFormat {
    /// One HTML file that needs no network.
    Html,
    /// Markdown.
    Markdown,
    /// A timeline for Timesketch, as comma-separated values.
    TimesketchCsv,
    /// A timeline for Timesketch, as one JSON object a line.
    TimesketchJsonl,
    /// A workbook with the timeline, the findings and the subjects.
    Xlsx,
}

impl ReportFormat {
    /// Returns the format of a file by its extension.
    pub(crate) fn of_path(path: &Path) -> Option<ReportFormat> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "html" | "htm" => Some(ReportFormat::Html),
            "md" | "markdown" => Some(ReportFormat::Markdown),
            "csv" => Some(ReportFormat::TimesketchCsv),
            "jsonl" => Some(ReportFormat::TimesketchJsonl),
            "xlsx" => Some(ReportFormat::Xlsx),
            _ => None,
        }
    }
}

/// The facts of the cover that the case does not have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cover {
    /// The title.
    pub(crate) title: Option<String>,
    /// The number of the case.
    pub(crate) case_number: Option<String>,
    /// The client.
    pub(crate) client: Option<String>,
    /// The author.
    pub(crate) author: Option<String>,
    /// The marking, such as a classification.
    pub(crate) marking: Option<String>,
    /// True if the author calls the report final.
    pub(crate) is_final: bool,
}
