//! Brief answers, for reports: a title, the first rows, and a single line for an empty answer.

use std::io;

use crate::escape::visible;
use crate::number;
use crate::render::{Format, Style, escape_markdown};
use crate::rows::{CapturedRows, Cell, RowSink, Value};
use crate::session::settings::SharedLines;
use crate::session::titles::Titles;
use crate::session::{Session, SessionError};

/// The heading of a brief answer, and how to see all of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heading<'a> {
    /// The title.
    pub(crate) title: &'a str,
    /// The command that shows all rows.
    pub(crate) command: &'a str,
    /// The columns that a narrow screen keeps.
    pub(crate) kept: &'a [String],
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

/// The shape of a brief answer, by which its lines are counted.
#[derive(Debug, Clone, Copy)]
struct BlockShape {
    format: Format,
    columns: usize,
}

impl BlockShape {
    /// Returns the number of lines of a row.
    fn row_lines(self) -> usize {
        if self.format == Format::Expanded { self.columns + 1 } else { 1 }
    }

    /// Returns the number of lines around the rows: a title, the names of the columns, and how to see the other rows.
    fn other_lines(self) -> usize {
        if self.format == Format::Markdown { 7 } else { 5 }
    }

    /// Returns the number of rows of an answer that does not share its lines. In the expanded form it has about as many
    /// lines as a table of `limit` rows has, and at least one row.
    fn rows_alone(self, limit: usize, held: usize) -> usize {
        if self.row_lines() == 1 {
            held
        } else {
            held.min((limit + self.other_lines()) / self.row_lines()).max(held.min(1))
        }
    }

    /// Returns the number of lines of an answer with some rows.
    fn lines(self, rows: usize) -> usize {
        if rows == 0 { EMPTY_LINES } else { self.other_lines() + rows * self.row_lines() }
    }
}

/// The number of lines of an empty answer.
const EMPTY_LINES: usize = 2;
/// The number of rows that every answer has room for, if there is any.
const MIN_ROWS: usize = 5;

impl SharedLines {
    /// Takes the lines of an answer, and returns the number of rows that it may show, of those that are held. The first
    /// answers get the most, and each of the others still has room for some rows. An answer that is not empty has a row, but
    /// for the expanded form, where the line of a title is all that later ones may get.
    fn take(&mut self, shape: BlockShape, held: usize) -> usize {
        let others = self.answers.saturating_sub(1);
        let share = self.lines / self.answers.max(1);
        let is_expanded = shape.row_lines() > 1;
        let reserved = others * if is_expanded { EMPTY_LINES } else { share.min(shape.lines(MIN_ROWS)) };
        let lines = self.lines.saturating_sub(reserved).saturating_sub(shape.other_lines());
        let fitting = lines / shape.row_lines();
        let shown = match is_expanded {
            true => held.min(fitting).min((share / shape.row_lines()).max(1)),
            false => held.min(fitting.max(1)),
        };
        self.lines = self.lines.saturating_sub(shape.lines(shown));
        self.answers = others;
        shown
    }
}

impl Session {
    /// Writes the title of an answer of a script, unless the script wrote one, the answer goes to a file, or the format
    /// is for programs.
    ///
    /// # Errors
    /// The output cannot be written.
    pub(crate) fn write_title(&mut self, text: &str) -> Result<(), SessionError> {
        let for_person = match self.settings.format.unwrap_or_default() {
            _ if self.output.is_file() => None,
            Format::Table | Format::Expanded => Some(false),
            Format::Markdown => Some(true),
            _ => None,
        };
        let text = &one_line(text);
        let next = self.titles.next();
        match (std::mem::replace(&mut self.titles, next), for_person) {
            (Titles::On, Some(false)) => self.print(&format!("\n{}\n", title(text, false))),
            (Titles::On, Some(true)) => self.print(&format!("\n### {}\n\n", title(text, true))),
            _ => Ok(()),
        }
    }

    /// Returns the rows that `.brief` allows. Formats for programs are never brief.
    pub(crate) fn brief_limit(&self) -> Option<usize> {
        let format = self.settings.format.unwrap_or_default();
        let brief =
            self.settings.brief.filter(|_| matches!(format, Format::Table | Format::Expanded | Format::Markdown));
        brief.map(|brief| brief.rows)
    }

    /// Writes a brief answer. In Markdown its blocks are apart.
    ///
    /// # Errors
    /// The output cannot be written.
    pub(crate) fn write_brief(&mut self, heading: Option<Heading<'_>>, first: &FirstRows) -> Result<(), SessionError> {
        let format = self.settings.format.unwrap_or_default();
        let is_markdown = format == Format::Markdown;
        let (held, total) = (first.rows.rows.len(), usize::try_from(first.total).unwrap_or(usize::MAX));
        let shape = BlockShape { format, columns: first.rows.columns.len() };
        let shown = match self.settings.brief.as_mut().and_then(|brief| brief.shared.as_mut()) {
            Some(shared) => shared.take(shape, held),
            None => shape.rows_alone(self.settings.brief.as_ref().map_or(held, |brief| brief.rows), held),
        };
        if shown == 0 && total > 0 {
            let rows = number::counted(total as u64, "row");
            return self.print(&match heading {
                Some(heading) => format!("\n{}: {rows}: `{}`\n", title(heading.title, is_markdown), heading.command),
                None => format!("{rows}\n"),
            });
        }
        match heading.map(|heading| title(heading.title, is_markdown)) {
            Some(title) if shown == 0 && is_markdown => return self.print(&format!("\n- {title}: none\n")),
            Some(title) if shown == 0 => return self.print(&format!("\n{title}: none\n")),
            Some(title) if is_markdown => self.print(&format!("\n### {title}\n\n"))?,
            Some(title) => self.print(&format!("\n{title}\n"))?,
            None if shown == 0 => return self.print(if is_markdown { "\nnone\n" } else { "none\n" }),
            None if is_markdown => self.print("\n")?,
            None => {}
        }
        let kept = heading.map_or_else(Vec::new, |heading| heading.kept.to_vec());
        let style = Style { numbers: false, compact: true, kept, ..self.output.style(&self.settings.style) };
        self.write_rows(format, &style, None, |mut sink| {
            sink.begin(&first.rows.columns)?;
            for row in &first.rows.rows[..shown] {
                sink.row(&row.iter().map(Value::cell).collect::<Vec<_>>())?;
            }
            Ok(sink.end()?)
        })?;
        if total > shown {
            let more = number::count((total - shown) as u64);
            let command = heading.map_or_else(String::new, |heading| format!(": `{}`", heading.command));
            self.print(&format!("{}and {more} more{command}\n", if is_markdown { "\n" } else { "" }))?;
        }
        Ok(())
    }
}

/// The maximum number of characters of a title.
const MAX_TITLE: usize = 100;

/// Returns a text of several lines as one, cut at the length of a title.
fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_TITLE) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

/// Returns a title as the format shows it literally.
fn title(text: &str, is_markdown: bool) -> String {
    if is_markdown { escape_markdown(text) } else { visible(text).into_owned() }
}

#[cfg(test)]
mod tests {
    use super::{BlockShape, FirstRows, SharedLines};
    use crate::render::Format;
    use crate::rows::{Cell, RowSink};

    #[test]
    fn answers_share_lines_so_that_each_has_some_rows_and_the_first_the_most() {
        let table = BlockShape { format: Format::Table, columns: 4 };
        let shown = |lines: usize, totals: &[usize]| -> (Vec<usize>, usize) {
            let mut shared = SharedLines { lines, answers: totals.len() };
            let rows = totals.iter().map(|total| shared.take(table, (*total).min(20))).collect();
            (rows, shared.lines)
        };
        assert_eq!(shown(100, &[90, 90, 90, 90]), (vec![20, 20, 20, 20], 0));
        assert_eq!(shown(60, &[90, 90, 90, 90]), (vec![20, 10, 5, 5], 0));
        // The lines of empty answers go to the next ones.
        assert_eq!(shown(60, &[0, 0, 90, 90]), (vec![0, 0, 20, 20], 6));
        assert_eq!(shown(28, &[90, 90, 90, 90]), (vec![2, 2, 2, 2], 0));
        for lines in 0..200 {
            for totals in [[0, 3, 90, 7, 90], [90, 90, 90, 90, 90], [1, 0, 0, 0, 50]] {
                let (rows, _) = shown(lines, &totals);
                let used: usize = rows.iter().map(|rows| table.lines(*rows)).sum();
                assert!(used <= lines || lines < 10 * totals.len(), "{lines} {totals:?} {rows:?}");
                assert!(rows.iter().zip(&totals).all(|(rows, total)| (*rows > 0) == (*total > 0)));
            }
        }
        let expanded = BlockShape { format: Format::Expanded, columns: 4 };
        assert_eq!(SharedLines { lines: 30, answers: 1 }.take(expanded, 20), 5);
        for (lines, columns) in (30..200).flat_map(|lines| [(lines, 4), (lines, 12), (lines, 40)]) {
            let shape = BlockShape { format: Format::Expanded, columns };
            let mut shared = SharedLines { lines, answers: 5 };
            let rows: Vec<usize> = [90, 0, 3, 90, 90].into_iter().map(|held| shared.take(shape, held)).collect();
            let used: usize = rows.iter().map(|rows| shape.lines(*rows)).sum();
            assert!(used <= lines, "{lines} {columns} {rows:?}");
        }
        assert_eq!(SharedLines { lines: 60, answers: 3 }.take(expanded, 90), 4);
        assert_eq!((expanded.rows_alone(20, 90), expanded.rows_alone(3, 90), expanded.rows_alone(9, 0)), (5, 1, 0));
        assert_eq!(table.rows_alone(20, 20), 20);
    }

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
