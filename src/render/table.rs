//! Tables, fitted to the terminal. Rows that do not fit sensibly are written in the expanded form.

use std::io::{self, Write};

use crate::escape::hex;
use crate::render::cell::{DisplayCell, DisplayRow};
use crate::render::expanded::Expanded;
use crate::render::layout::Layout;
use crate::render::style::Style;
use crate::rows::{Cell, Mark, RowSink};

/// The largest number of rows that are laid out together; a longer answer is several tables.
const ROWS_A_TABLE: usize = 10_000;
/// The largest number of bytes of cells in one table, so that long texts do not fill the memory.
const BYTES_A_TABLE: usize = 8 << 20;

/// Returns a sink that writes tables.
pub(super) fn sink<'a>(out: &'a mut dyn Write, style: &Style) -> Box<dyn RowSink + 'a> {
    Box::new(Table::new(out, style))
}

/// Writes rows as a table.
struct Table<'a> {
    out: &'a mut dyn Write,
    style: Style,
    columns: Vec<String>,
    rows: Vec<DisplayRow>,
    /// The size of the texts in `rows`.
    bytes: usize,
    /// The number of the first row in `rows`, from 1.
    first: u64,
    /// True if a table was written already.
    written: bool,
}

impl<'a> Table<'a> {
    fn new(out: &'a mut dyn Write, style: &Style) -> Table<'a> {
        Table { out, style: style.clone(), columns: Vec::new(), rows: Vec::new(), bytes: 0, first: 1, written: false }
    }

    /// Writes the buffered rows as a table, and clears the buffer.
    fn flush(&mut self) -> io::Result<()> {
        if self.rows.is_empty() || self.columns.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        if std::mem::replace(&mut self.written, true) {
            writeln!(self.out)?;
        }
        match Layout::of(&self.columns, &rows, &self.style, self.first) {
            Some(layout) => layout.draw(&mut self.out, &rows, &self.style)?,
            None => self.expand(&rows)?,
        }
        self.first += rows.len() as u64;
        Ok(())
    }

    /// Writes rows in the expanded form.
    fn expand(&mut self, rows: &[DisplayRow]) -> io::Result<()> {
        let mut expanded = Expanded::from(self.out, &self.style, self.first);
        expanded.begin(&self.columns)?;
        for row in rows {
            let cells: Vec<Cell<'_>> = row
                .cells
                .iter()
                .map(|shown| match shown {
                    DisplayCell::Null => Cell::Null,
                    DisplayCell::Number(text) | DisplayCell::Text(text) => Cell::Text(text),
                })
                .collect();
            expanded.marked_row(&row.mark, &cells)?;
        }
        expanded.end()
    }
}

impl RowSink for Table<'_> {
    fn begin(&mut self, columns: &[String]) -> io::Result<()> {
        self.columns = columns.to_vec();
        self.rows.clear();
        self.first = 1;
        Ok(())
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        self.marked_row(&Mark::default(), cells)
    }

    fn marked_row(&mut self, mark: &Mark, cells: &[Cell<'_>]) -> io::Result<()> {
        let shown = cells.iter().map(|cell| match *cell {
            Cell::Null => DisplayCell::Null,
            Cell::Integer(number) => DisplayCell::Number(number.to_string()),
            Cell::Real(number) => DisplayCell::Number(number.to_string()),
            Cell::Text(text) => DisplayCell::Text(text.to_owned()),
            Cell::Blob(bytes) => DisplayCell::Text(hex(bytes)),
        });
        self.rows.push(DisplayRow { mark: mark.clone(), cells: shown.collect() });
        self.bytes += cells.iter().map(|cell| if let Cell::Text(text) = cell { text.len() } else { 0 }).sum::<usize>();
        if self.rows.len() >= ROWS_A_TABLE || self.bytes >= BYTES_A_TABLE { self.flush() } else { Ok(()) }
    }

    fn end(&mut self) -> io::Result<()> {
        self.flush()?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::ROWS_A_TABLE;
    use crate::render::testing::{piped, render};
    use crate::render::{Format, Style};
    use crate::rows::Cell;
    use crate::rows::Cell::{Integer, Null, Real, Text};

    #[test]
    fn piped_tables_are_whole_and_aligned() {
        let out = render(
            Format::Table,
            &piped(),
            &["event_name", "events", "share"],
            &[&[Text("RunInstances"), Integer(1200), Real(0.5)], &[Null, Integer(7), Null]],
        );
        assert_eq!(
            out,
            "event_name    events  share\n\
             ────────────  ──────  ─────\n\
             RunInstances    1200    0.5\n                   7\n"
                .replace("────────────  ──────  ─────", "───────────── ─────── ─────")
        );
    }

    #[test]
    fn a_terminal_cuts_the_longest_columns_and_keeps_times_whole() {
        let style = Style { width: Some(60), unicode: true, ..Style::default() };
        let arn = "arn:aws:sts::111122223333:assumed-role/admin/alice";
        let row: &[Cell<'_>] = &[Text("2024-03-01T09:00:00Z"), Text("RunInstances"), Text(arn)];
        let out = render(Format::Table, &style, &["event_time", "event_name", "arn"], &[row]);
        assert!(out.contains("2024-03-01T09:00:00Z  RunInstances  arn:aws:s…le/admin/alice"), "{out}");
        assert!(out.lines().all(|line| line.chars().count() <= 60), "{out}");
    }

    #[test]
    fn without_room_empty_columns_go_and_then_the_rows_are_expanded() {
        let style = Style { width: Some(24), unicode: true, ..Style::default() };
        let columns = ["event_time", "event_name", "user_name"];
        let rows: &[&[Cell<'_>]] = &[&[Null, Text("RunInstances"), Text("alice")]];
        assert!(render(Format::Table, &style, &columns, rows).starts_with("event_name    user_name\n"));
        let rows: &[&[Cell<'_>]] = &[&[Text("2024-03-01T09:00:00Z"), Text("RunInstances"), Text("alice")]];
        let out = render(Format::Table, &style, &columns, rows);
        assert!(out.contains("event_name  RunInstances\n"), "{out}");
    }

    #[test]
    fn without_room_columns_without_a_mark_go_first() {
        let names = ["event_time", "first", "second", "third"];
        let number = Integer(1_234_567_890);
        let row: &[Cell<'_>] = &[Text("2024-03-01T09:00:00Z"), number, number, number];
        let header = |kept: &[&str]| {
            let kept = kept.iter().map(|name| (*name).to_owned()).collect();
            let style = Style { width: Some(36), unicode: true, kept, ..Style::default() };
            let out = render(Format::Table, &style, &names, &[row]);
            out.lines().next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(header(&[]), "event_time first");
        assert_eq!(header(&["third"]), "event_time third");
        // Without room for all of them, the last go.
        assert_eq!(header(&["event_time", "second", "third"]), "event_time second");
    }

    #[test]
    fn each_row_of_a_compact_table_is_one_line() {
        let style = |width| Style { width, unicode: true, compact: true, ..Style::default() };
        let long = "x".repeat(3_000);
        let rows: &[&[Cell<'_>]] = &[&[Text("2024-03-01T09:00:00Z"), Text(&long), Text("alice")]];
        for width in [None, Some(80), Some(30)] {
            let out = render(Format::Table, &style(width), &["event_time", "text", "user_name"], rows);
            assert_eq!(out.lines().count(), 3, "{width:?}: {out}");
            assert!(out.lines().all(|line| line.chars().count() <= width.unwrap_or(140)), "{width:?}: {out}");
        }
    }

    #[test]
    fn control_characters_are_escaped_and_resources_are_names() {
        let rows: &[&[Cell<'_>]] = &[&[Text("a\x1b[2J\nb\u{202e}"), Text(r#"[{"type":null,"name":"i-1"}]"#)]];
        let out = render(Format::Table, &piped(), &["user\x1b_name", "resources"], rows);
        assert!(out.contains("a\\x1b[2J\\nb\\u{202e}  i-1\n"), "{out}");
        assert!(out.starts_with("user\\x1b_name"));
    }

    #[test]
    fn rows_are_numbered_and_failures_red() {
        let style = Style { color: true, unicode: true, numbers: true, ..Style::default() };
        let out = render(Format::Table, &style, &["outcome"], &[&[Text("denied")], &[Text("ok")]]);
        assert!(out.contains("\u{1b}[31mdenied\u{1b}[0m\n"), "{out:?}");
        assert!(!out.contains("mok"), "{out:?}");
        let plain = Style { color: false, ..style };
        let out = render(Format::Table, &plain, &["outcome"], &[&[Text("denied")], &[Text("ok")]]);
        assert!(out.contains("2  ok\n"), "{out}");
    }

    #[test]
    fn empty_cells_take_a_line_each() {
        let rows: &[&[Cell<'_>]] = &[&[Text(""), Null], &[Text("a"), Text("")], &[Null, Text("b")], &[Null, Null]];
        let out = render(Format::Table, &piped(), &["n", "m"], rows);
        assert_eq!(out.lines().skip(2).collect::<Vec<_>>(), ["", "a", "   b", ""]);
        let dashes = render(Format::Table, &Style { null: "-".to_owned(), ..piped() }, &["n", "m"], rows);
        assert_eq!(dashes.lines().skip(2).collect::<Vec<_>>(), ["   -", "a", "-  b", "-  -"]);
    }

    #[test]
    fn a_long_answer_is_several_tables_and_an_empty_one_nothing() {
        let row: &[Cell<'_>] = &[Integer(1)];
        let rows = vec![row; ROWS_A_TABLE + 1];
        let out = render(Format::Table, &piped(), &["n"], &rows);
        assert_eq!(out.lines().count(), ROWS_A_TABLE + 1 + 5);
        assert_eq!(render(Format::Table, &piped(), &["n"], &[]), "");
    }

    #[test]
    fn a_cell_longer_than_any_screen_stays_whole_in_the_expanded_form() {
        let long = "x".repeat(100_000);
        let out = render(Format::Table, &piped(), &["a", "b"], &[&[Text(&long), Text("end")]]);
        assert!(out.contains(&long) && out.contains("b  end\n"));
    }
}
