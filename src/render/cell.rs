//! Rows and cells of a table between their arrival and the moment when its columns get their widths.

use crate::rows::Mark;

/// A row that waits for the layout of its table.
pub(super) struct DisplayRow {
    pub(super) mark: Mark,
    pub(super) cells: Vec<DisplayCell>,
}

/// A cell that waits for the layout of its table.
#[derive(Clone)]
pub(super) enum DisplayCell {
    /// No value.
    Null,
    /// A number, aligned to the right and never cut.
    Number(String),
    /// Any other value, unescaped.
    Text(String),
}

/// Reports whether a cell of this column says that an action failed.
pub(super) fn is_failure(column: &str, text: &str) -> bool {
    match column {
        "outcome" => matches!(text, "denied" | "error"),
        "error_code" => !text.is_empty(),
        _ => false,
    }
}
