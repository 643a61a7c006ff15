//! Turns rows, records and mistakes into bytes. Knows neither cases nor queries; writes to what it is given.
//!
//! ```text
//! rows       -> sink(format)    -> table · expanded · json · ndjson · csv · tsv · markdown
//! record     -> record::pretty · record::compact
//! Diagnostic -> diagnostic::write
//! ```

mod cell;
pub mod chart;
mod delimited;
pub mod diagnostic;
pub mod escape;
mod expanded;
mod fit;
mod json;
mod layout;
mod markdown;
pub mod number;
pub mod palette;
pub mod plot;
pub mod record;
mod resources;
mod shorten;
mod table;
mod times;

use std::fmt;
use std::io::Write;
use std::str::FromStr;

use crate::rows::RowSink;
pub use times::{Times, age};

/// The output format of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Columns side by side, fitted to the terminal.
    #[default]
    Table,
    /// One line a cell.
    Expanded,
    /// One array of objects.
    Json,
    /// One object a line.
    Ndjson,
    /// Comma-separated values, RFC 4180.
    Csv,
    /// Tab-separated values.
    Tsv,
    /// A Markdown table.
    Markdown,
    /// The original records, one a line.
    Records,
}

impl Format {
    /// Every format, in the order in which help lists them.
    pub const ALL: [Format; 8] = [
        Format::Table,
        Format::Expanded,
        Format::Json,
        Format::Ndjson,
        Format::Csv,
        Format::Tsv,
        Format::Markdown,
        Format::Records,
    ];

    /// Returns the name that `--format` and `.mode` accept.
    pub fn name(self) -> &'static str {
        match self {
            Format::Table => "table",
            Format::Expanded => "expanded",
            Format::Json => "json",
            Format::Ndjson => "ndjson",
            Format::Csv => "csv",
            Format::Tsv => "tsv",
            Format::Markdown => "markdown",
            Format::Records => "records",
        }
    }

    /// Describes the format in one line.
    pub fn help(self) -> &'static str {
        match self {
            Format::Table => "columns fitted to the terminal",
            Format::Expanded => "one line a cell",
            Format::Json => "one array of objects",
            Format::Ndjson => "one object a line",
            Format::Csv => "comma-separated, for spreadsheets",
            Format::Tsv => "tab-separated, for other programs",
            Format::Markdown => "a table for a document",
            Format::Records => "the original records, one a line",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = ();

    fn from_str(name: &str) -> Result<Format, ()> {
        Format::ALL.into_iter().find(|format| format.name() == name).ok_or(())
    }
}

/// The capabilities of the output, and the settings of the display.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal; `None` if the output is not a terminal: nothing is cut.
    pub width: Option<usize>,
    /// True if colors are shown.
    pub color: bool,
    /// True if lines and marks outside ASCII are shown.
    pub unicode: bool,
    /// True if rows are numbered, for `.show N`.
    pub numbers: bool,
    /// True if the names of the columns are left out.
    pub bare: bool,
    /// The text that is shown for a missing value.
    pub null: String,
    /// The widths of a table's columns in their order; 0 is as wide as needed.
    pub widths: Vec<usize>,
    /// True if the last column, a number of events, is drawn as bars too.
    pub bars: bool,
    /// The display of times.
    pub times: Times,
}

impl Style {
    /// Returns the mark for text that was cut.
    fn ellipsis(&self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }

    /// Returns the character of horizontal lines.
    fn rule(&self) -> char {
        if self.unicode { '─' } else { '-' }
    }
}

/// Returns a sink that writes rows in a format. [`Format::Records`] needs the case, and is [`Format::Ndjson`] here.
pub fn sink<'a>(format: Format, out: &'a mut dyn Write, style: &Style) -> Box<dyn RowSink + 'a> {
    let inner: Box<dyn RowSink + 'a> = match format {
        Format::Table => Box::new(table::Table::new(out, style)),
        Format::Expanded => Box::new(expanded::Expanded::new(out, style)),
        Format::Json => Box::new(json::Json::array(out)),
        Format::Ndjson | Format::Records => Box::new(json::Json::lines(out)),
        Format::Csv => Box::new(delimited::Csv::new(out, style)),
        Format::Tsv => Box::new(delimited::Tsv::new(out, style)),
        Format::Markdown => Box::new(markdown::Markdown::new(out, style)),
    };
    match format {
        Format::Table | Format::Expanded | Format::Markdown if !style.times.is_plain() => {
            Box::new(times::TimeAdapter::new(inner, style.times.clone()))
        }
        _ => inner,
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! Helpers that the tests of the formats share.

    use super::{Format, Style, sink};
    use crate::rows::Cell;

    /// Renders rows in a format, and returns the output as text.
    pub(crate) fn render(format: Format, style: &Style, columns: &[&str], rows: &[&[Cell<'_>]]) -> String {
        let mut out = Vec::new();
        let columns: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
        let mut target = sink(format, &mut out, style);
        target.begin(&columns).unwrap();
        for row in rows {
            target.row(row).unwrap();
        }
        target.end().unwrap();
        drop(target);
        String::from_utf8(out).unwrap()
    }

    /// Returns a style without a terminal, in Unicode.
    pub(crate) fn piped() -> Style {
        Style { unicode: true, ..Style::default() }
    }
}
