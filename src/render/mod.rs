//! Turns rows, records and diagnostics into bytes. Knows neither cases nor queries; writes to what it is given.
//!
//! ```text
//! rows       -> sink(format)    -> table · expanded · json · ndjson · csv · tsv · markdown
//! record     -> record::pretty · record::compact
//! Diagnostic -> diagnostic::write
//! ```
//!
//! A format is a file with a `RowSink` and a row in [`Format::spec`].

mod accounts;
mod cell;
pub mod chart;
mod delimited;
pub mod diagnostic;
mod expanded;
mod fit;
mod json;
mod layout;
mod markdown;
pub mod palette;
pub mod plot;
pub mod record;
mod resources;
mod shorten;
mod style;
mod styled_line;
mod table;
mod times;
pub(crate) mod zone;

use std::fmt;
use std::io::Write;
use std::str::FromStr;

pub(crate) use crate::render::markdown::escaped as escape_markdown;
pub use crate::render::style::Style;
pub use crate::render::times::{Times, age};
use crate::rows::RowSink;

/// A format of answers.
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

/// The columns of a list of events in a format, unless a stage of the lookup chooses them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventColumns {
    /// The columns that fit a screen.
    Brief,
    /// All attributes.
    Full,
    /// The record itself.
    Record,
}

/// Everything that the rest of trailq asks about a format.
#[derive(Clone, Copy)]
pub struct FormatSpec {
    /// The name in `--format` and `.mode`.
    pub name: &'static str,
    /// The description in one line.
    pub help: &'static str,
    /// The extensions of files in this format, without the dot.
    pub extensions: &'static [&'static str],
    /// The columns of a list of events.
    pub event_columns: EventColumns,
    /// True if a terminal shows the newest events only, unless a limit is given.
    pub limits_events: bool,
    /// True if an answer on a terminal is laid out for a reader: trends, bars, and lines of the same kind folded.
    pub fits_terminal: bool,
    /// True if times are shown in the zone and with the age that the user has chosen, and accounts with their names.
    pub is_for_people: bool,
    /// Makes the sink that writes rows.
    sink: MakeSink,
}

/// Makes a sink that writes rows to a writer.
type MakeSink = for<'a> fn(&'a mut dyn Write, &Style) -> Box<dyn RowSink + 'a>;

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

    /// Returns the row of the format.
    pub fn spec(self) -> FormatSpec {
        let data = |name, help, extensions, sink| FormatSpec {
            name,
            help,
            extensions,
            event_columns: EventColumns::Full,
            limits_events: false,
            fits_terminal: false,
            is_for_people: false,
            sink,
        };
        match self {
            Format::Table => FormatSpec {
                event_columns: EventColumns::Brief,
                limits_events: true,
                fits_terminal: true,
                is_for_people: true,
                ..data("table", "columns fitted to the terminal", &[], table::sink)
            },
            Format::Expanded => FormatSpec {
                fits_terminal: true,
                is_for_people: true,
                ..data("expanded", "one line a cell", &[], expanded::sink)
            },
            Format::Json => data("json", "one array of objects", &["json"], json::array),
            Format::Ndjson => data("ndjson", "one object a line", &["ndjson", "jsonl"], json::lines),
            Format::Csv => data("csv", "comma-separated, for spreadsheets", &["csv"], delimited::csv),
            Format::Tsv => data("tsv", "tab-separated, for other programs", &["tsv"], delimited::tsv),
            Format::Markdown => FormatSpec {
                event_columns: EventColumns::Brief,
                is_for_people: true,
                ..data("markdown", "a table for a document", &["md", "markdown"], markdown::sink)
            },
            // A sink that has the case writes the records; without it, the rows are objects.
            Format::Records => FormatSpec {
                event_columns: EventColumns::Record,
                ..data("records", "the original records, one a line", &[], json::lines)
            },
        }
    }

    /// Returns the name that `--format` and `.mode` accept.
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// Returns the format of files with an extension, in lower case and without the dot.
    pub fn of_extension(extension: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.spec().extensions.contains(&extension))
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

/// Returns a sink that writes rows in a format. [`Format::Records`] needs the case; here it is [`Format::Ndjson`].
pub fn sink<'a>(format: Format, out: &'a mut dyn Write, style: &Style) -> Box<dyn RowSink + 'a> {
    let spec = format.spec();
    let mut inner = (spec.sink)(out, style);
    if spec.is_for_people && !style.accounts.is_empty() {
        inner = Box::new(accounts::AccountAdapter::new(inner, style.accounts.clone()));
    }
    if spec.is_for_people && !style.times.is_plain() {
        Box::new(times::TimeAdapter::new(inner, style.times.clone()))
    } else {
        inner
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! Helpers for the tests of the formats.

    use crate::render::{Format, Style, sink};
    use crate::rows::Cell;

    /// Renders rows as text.
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

    /// Returns the style of a pipe, in Unicode.
    pub(crate) fn piped() -> Style {
        Style { unicode: true, ..Style::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn names_and_extensions_are_distinct() {
        let mut names: Vec<&str> = Format::ALL.map(Format::name).to_vec();
        let mut extensions: Vec<&str> =
            Format::ALL.iter().flat_map(|format| format.spec().extensions).copied().collect();
        for words in [&mut names, &mut extensions] {
            let count = words.len();
            words.sort_unstable();
            words.dedup();
            assert_eq!(words.len(), count, "{words:?}");
        }
        for format in Format::ALL {
            assert_eq!(format.name().parse(), Ok(format));
            assert!(format.spec().extensions.iter().all(|extension| Format::of_extension(extension) == Some(format)));
        }
    }
}
