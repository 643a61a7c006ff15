//! The trait of reports.

use std::io;

use serde::Serialize;

use crate::diagnostic::Diagnostic;
use crate::escape;
use crate::render::Format;

/// A report of an operation: text for a person, its serialization for a program.
pub(crate) trait Report: Serialize {
    /// The subject of the error about a format that the report does not have.
    const NAME: &'static str;
    /// The formats of answers in rows in which the report is text.
    const TEXT_FORMATS: &'static [Format] = &[Format::Table];
    /// The place where the text belongs. JSON goes where rows go.
    const TEXT_TARGET: TextTarget = TextTarget::Status;

    /// Returns the report as lines of text.
    fn text(&self, color: bool) -> String;

    /// Returns the form of the report in a format; without one it is text.
    ///
    /// # Errors
    /// The report does not have the format.
    fn form(format: Option<Format>) -> Result<ReportForm, Diagnostic> {
        match format {
            None => Ok(ReportForm::Text),
            Some(Format::Json) => Ok(ReportForm::Json),
            Some(Format::Ndjson) => Ok(ReportForm::Ndjson),
            Some(format) if Self::TEXT_FORMATS.contains(&format) => Ok(ReportForm::Text),
            Some(format) => Err(Diagnostic::new(format!("{} has no format {format}", Self::NAME))
                .hint("leave out --format for text, or use json")),
        }
    }
}

/// The form in which a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReportForm {
    /// Lines of text.
    Text,
    /// One indented JSON object.
    Json,
    /// One JSON object on one line.
    Ndjson,
}

/// The place where the text of a report belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextTarget {
    /// The target of rows: the text is the answer.
    Rows,
    /// Among the notes, as it is.
    Notes,
    /// Among the notes, as status lines.
    Status,
}

/// Returns a value as lines of JSON that are safe to show on a terminal.
///
/// # Errors
/// The value cannot be serialized.
pub(crate) fn to_json(value: &impl Serialize, indented: bool) -> io::Result<String> {
    let text = if indented { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) }?;
    Ok(format!("{}\n", escape::json(&text)))
}

#[cfg(test)]
mod tests {
    use super::{Report, ReportForm, to_json};
    use crate::ingest::MergeReport;
    use crate::render::Format;

    #[test]
    fn a_report_is_text_or_json() {
        for (format, form) in [
            (None, ReportForm::Text),
            (Some(Format::Table), ReportForm::Text),
            (Some(Format::Json), ReportForm::Json),
            (Some(Format::Ndjson), ReportForm::Ndjson),
        ] {
            assert_eq!(MergeReport::form(format), Ok(form));
        }
        let refused = MergeReport::form(Some(Format::Csv)).unwrap_err();
        assert_eq!(refused.message, "the report of a merge has no format csv");
    }

    #[test]
    fn json_has_no_control_characters() {
        assert_eq!(to_json(&["\u{9b}x"], false).unwrap(), "[\"\\u009bx\"]\n");
        assert_eq!(to_json(&[1], true).unwrap(), "[\n  1\n]\n");
    }
}
