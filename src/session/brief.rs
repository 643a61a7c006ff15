//! Brief answers, for reports: a title, the first rows, and a single line for an empty answer.

use std::io;

use crate::escape::visible;
use crate::number;
use crate::render::{Format, Style, escape_markdown};
use crate::rows::{CapturedRows, Cell, RowSink, Value};
use crate::session::{Session, SessionError};

/// The heading of a brief answer, and how to see all of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heading<'a> {
    /// The title.
    pub(crate) title: &'a str,
    /// The command that shows all rows.
    pub(crate) command: &'a str,
}

/// A row sink that keeps the first rows and counts the others.
#[derive(Debug, Default)]
pub(crate) struct FirstRows {
    /// The maximum number of rows to keep.
    limit: usize,
    /// The first rows.
    pub(crate) rows: CapturedRows,
    /// The number of all rows.
    pub(crate) total: u64,
}

impl FirstRows {
    /// Returns a sink that keeps at most `limit` rows.
    pub(crate) fn new(limit: usize) -> FirstRows {
        FirstRows { limit, ..FirstRows::default() }
    }
}

impl RowSink for FirstRows {
    fn begin(&mut self, columns: &[String]) -> io::Result<()> {
        self.rows.begin(columns)
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        self.total += 1;
        if self.rows.rows.len() < self.limit { self.rows.row(cells) } else { Ok(()) }
    }

    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Session {
    /// Returns the rows that `.brief` allows. Formats for programs are never brief.
    pub(crate) fn brief_limit(&self) -> Option<usize> {
        let format = self.settings.format.unwrap_or_default();
        self.settings.brief.filter(|_| matches!(format, Format::Table | Format::Expanded | Format::Markdown))
    }

    /// Writes a brief answer. In Markdown its blocks are apart.
    ///
    /// # Errors
    /// The output cannot be written.
    pub(crate) fn write_brief(&mut self, heading: Option<Heading<'_>>, first: &FirstRows) -> Result<(), SessionError> {
        let format = self.settings.format.unwrap_or_default();
        let is_markdown = format == Format::Markdown;
        let shown = first.rows.rows.len() as u64;
        match heading.map(|heading| title(heading.title, is_markdown)) {
            Some(title) if shown == 0 && is_markdown => return self.print(&format!("\n- {title}: none\n")),
            Some(title) if shown == 0 => return self.print(&format!("\n{title}: none\n")),
            Some(title) if is_markdown => self.print(&format!("\n### {title}\n\n"))?,
            Some(title) => self.print(&format!("\n{title}\n"))?,
            None if shown == 0 => return self.print(if is_markdown { "\nnone\n" } else { "none\n" }),
            None if is_markdown => self.print("\n")?,
            None => {}
        }
        let style = Style { numbers: false, compact: true, ..self.output.style(&self.settings.style) };
        self.write_rows(format, &style, None, |mut sink| {
            sink.begin(&first.rows.columns)?;
            for row in &first.rows.rows {
                sink.row(&row.iter().map(Value::cell).collect::<Vec<_>>())?;
            }
            Ok(sink.end()?)
        })?;
        if first.total > shown {
            let more = number::count(first.total - shown);
            let command = heading.map_or_else(String::new, |heading| format!(": `{}`", heading.command));
            self.print(&format!("{}and {more} more{command}\n", if is_markdown { "\n" } else { "" }))?;
        }
        Ok(())
    }
}

/// Returns a title as the format shows it literally.
fn title(text: &str, is_markdown: bool) -> String {
    if is_markdown { escape_markdown(text) } else { visible(text).into_owned() }
}

#[cfg(test)]
mod tests {
    use super::FirstRows;
    use crate::rows::{Cell, RowSink};

    #[test]
    fn the_first_rows_are_kept_and_all_are_counted() {
        let mut first = FirstRows::new(2);
        first.begin(&["n".to_owned()]).unwrap();
        for number in 0..5 {
            first.row(&[Cell::Integer(number)]).unwrap();
        }
        assert_eq!((first.rows.rows.len(), first.total), (2, 5));
    }
}
