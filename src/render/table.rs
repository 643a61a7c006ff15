//! Columns side by side, fitted to the terminal; where that would lose the rows' sense, the expanded form.

use std::io::{self, Write};

use comfy_table::{Attribute, CellAlignment, Color, ContentArrangement, ContentLineStyle, LineStyle, TableStyle};

use super::escape::{hex, visible, width};
use super::expanded::Expanded;
use super::fit::{Need, cut, fit};
use super::{Style, resources};
use crate::rows::{Cell, RowSink};

/// How many rows are laid out together; a longer answer is several tables.
const ROWS_A_TABLE: usize = 10_000;
/// How many bytes of cells are kept at most, so that long texts do not fill the memory.
const BYTES_A_TABLE: usize = 8 << 20;
/// The widest column of a table without a terminal; with a wider one the rows are expanded.
const WIDEST: usize = 2_000;
/// Blank columns between two columns.
const GAP: usize = 2;

/// Writes rows as a table.
pub(super) struct Table<'a> {
    out: &'a mut dyn Write,
    style: Style,
    columns: Vec<String>,
    rows: Vec<Vec<Shown>>,
    /// The size of the texts in `rows`.
    bytes: usize,
    /// The number of the first row in `rows`, from 1.
    first: u64,
    /// Whether a table was written already.
    written: bool,
}

/// A cell as it is kept until the table is laid out.
#[derive(Clone)]
enum Shown {
    /// No value.
    Null,
    /// A number, aligned to the right and never cut.
    Number(String),
    /// Any other value, as it stands in the answer.
    Text(String),
}

impl<'a> Table<'a> {
    /// A table on `out`.
    pub(super) fn new(out: &'a mut dyn Write, style: &Style) -> Table<'a> {
        Table { out, style: style.clone(), columns: Vec::new(), rows: Vec::new(), bytes: 0, first: 1, written: false }
    }

    /// Writes the rows that are kept, and forgets them.
    fn flush(&mut self) -> io::Result<()> {
        if self.rows.is_empty() || self.columns.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        if std::mem::replace(&mut self.written, true) {
            writeln!(self.out)?;
        }
        let layout = Layout::of(&self.columns, &rows, &self.style, self.first);
        match layout {
            Some(layout) => {
                let drawn = layout.draw(&self.columns, &rows, &self.style, self.first);
                for line in drawn.lines() {
                    writeln!(self.out, "{}", line.trim_end())?;
                }
            }
            None => self.expand(&rows)?,
        }
        self.first += rows.len() as u64;
        Ok(())
    }

    /// Writes rows in the expanded form.
    fn expand(&mut self, rows: &[Vec<Shown>]) -> io::Result<()> {
        let mut expanded = Expanded::from(self.out, &self.style, self.first);
        expanded.begin(&self.columns)?;
        for row in rows {
            let cells: Vec<Cell<'_>> = row
                .iter()
                .map(|shown| match shown {
                    Shown::Null => Cell::Null,
                    Shown::Number(text) | Shown::Text(text) => Cell::Text(text),
                })
                .collect();
            expanded.row(&cells)?;
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
        let shown = cells.iter().map(|cell| match *cell {
            Cell::Null => Shown::Null,
            Cell::Integer(number) => Shown::Number(number.to_string()),
            Cell::Real(number) => Shown::Number(number.to_string()),
            Cell::Text(text) => Shown::Text(text.to_owned()),
            Cell::Blob(bytes) => Shown::Text(hex(bytes)),
        });
        self.rows.push(shown.collect());
        self.bytes += cells.iter().map(|cell| if let Cell::Text(text) = cell { text.len() } else { 0 }).sum::<usize>();
        if self.rows.len() >= ROWS_A_TABLE || self.bytes >= BYTES_A_TABLE { self.flush() } else { Ok(()) }
    }

    fn end(&mut self) -> io::Result<()> {
        self.flush()?;
        self.out.flush()
    }
}

/// Which columns a table shows, and how wide.
struct Layout {
    /// The column's place in the answer, its width, and whether it holds numbers only.
    columns: Vec<(usize, usize, bool)>,
}

impl Layout {
    /// Lays the rows out; `None` where they do not fit.
    fn of(names: &[String], rows: &[Vec<Shown>], style: &Style, first: u64) -> Option<Layout> {
        let mut needs: Vec<(usize, Need, bool)> = Vec::with_capacity(names.len());
        let mut empty = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let column = || rows.iter().filter_map(|row| row.get(at));
            let number = column().any(|cell| matches!(cell, Shown::Number(_)))
                && column().all(|cell| matches!(cell, Shown::Number(_) | Shown::Null));
            let cells = column().map(|cell| width(&screen(name, cell))).max().unwrap_or(0);
            let whole = number || column().all(is_time);
            let header = width(&visible(name));
            needs.push((at, if whole { Need::whole(header, cells) } else { Need::text(header.max(cells)) }, number));
            if cells == 0 {
                empty.push(at);
            }
        }
        let Some(available) = style.width else {
            let columns = needs.iter().map(|&(at, need, number)| (at, need.natural, number)).collect();
            let legible = needs.iter().all(|need| need.1.natural <= WIDEST);
            return legible.then_some(Layout { columns });
        };
        let numbers = if style.numbers { number_width(first, rows.len()) + GAP } else { 0 };
        let try_fit = |needs: &[(usize, Need, bool)]| -> Option<Layout> {
            let gaps = numbers + GAP * needs.len().saturating_sub(1);
            let widths = fit(&needs.iter().map(|need| need.1).collect::<Vec<_>>(), available.checked_sub(gaps)?)?;
            let columns = needs.iter().zip(widths).map(|(need, width)| (need.0, width, need.2)).collect();
            Some(Layout { columns })
        };
        // A column without a value is the first to go when there is no room for all.
        try_fit(&needs).or_else(|| {
            needs.retain(|need| !empty.contains(&need.0));
            try_fit(&needs)
        })
    }

    /// The table as text.
    fn draw(&self, names: &[String], rows: &[Vec<Shown>], style: &Style, first: u64) -> String {
        let mut table = comfy_table::Table::new();
        table.set_content_arrangement(ContentArrangement::Disabled).load_style(frame(style));
        if style.color {
            table.enforce_styling()
        } else {
            table.force_no_tty()
        };
        let bold = |text: String| {
            let cell = comfy_table::Cell::new_owned(text);
            if style.color { cell.add_attribute(Attribute::Bold) } else { cell }
        };
        let ellipsis = style.ellipsis();
        let mut header: Vec<comfy_table::Cell> = Vec::with_capacity(self.columns.len() + 1);
        if style.numbers {
            header.push(bold("#".to_owned()));
        }
        header.extend(self.columns.iter().map(|&(at, width, _)| bold(cut(&visible(&names[at]), width, ellipsis))));
        table.set_header(header);
        for (number, row) in (first..).zip(rows) {
            table.add_row(self.draw_row(names, row, style, number));
        }
        let mut rights: Vec<bool> = self.columns.iter().map(|column| column.2).collect();
        if style.numbers {
            rights.insert(0, true);
        }
        let last = rights.len().saturating_sub(1);
        for (at, (column, right)) in table.column_iter_mut().zip(rights).enumerate() {
            column.set_padding((0, if at == last { 0 } else { 1 }));
            if right {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.to_string()
    }

    /// The cells of one row.
    fn draw_row(&self, names: &[String], row: &[Shown], style: &Style, number: u64) -> Vec<comfy_table::Cell> {
        let mut cells = Vec::with_capacity(self.columns.len() + 1);
        if style.numbers {
            let cell = comfy_table::Cell::new(number);
            cells.push(if style.color { cell.add_attribute(Attribute::Dim) } else { cell });
        }
        for &(at, width, _) in &self.columns {
            let text = screen(&names[at], &row[at]);
            let mut cell = comfy_table::Cell::new_owned(cut(&text, width, style.ellipsis()));
            if style.color && is_failure(&names[at], &text) {
                cell = cell.fg(Color::Red);
            }
            cells.push(cell);
        }
        cells
    }
}

/// The lines of a table: a rule under the header, blanks between the columns.
fn frame(style: &Style) -> TableStyle {
    TableStyle::new()
        .header_lines(ContentLineStyle::none().junction(' '))
        .header_separator(LineStyle::none().fill(style.rule()).junction(' '))
        .content_lines(ContentLineStyle::none().junction(' '))
}

/// A cell as the screen shows it, uncut.
fn screen(column: &str, cell: &Shown) -> String {
    match cell {
        Shown::Null => String::new(),
        Shown::Number(text) => text.clone(),
        Shown::Text(text) => {
            let names = if column == resources::COLUMN { resources::names(text) } else { None };
            visible(names.as_deref().unwrap_or(text)).into_owned()
        }
    }
}

/// Whether the cell of this column tells that an action failed.
pub(super) fn is_failure(column: &str, text: &str) -> bool {
    match column {
        "outcome" => matches!(text, "denied" | "error"),
        "error_code" => !text.is_empty(),
        _ => false,
    }
}

/// Whether the cell is empty or a time such as `2024-03-01T09:00:00Z`, which says nothing when it is cut.
fn is_time(cell: &Shown) -> bool {
    match cell {
        Shown::Null => true,
        Shown::Number(_) => false,
        Shown::Text(text) => {
            let bytes = text.as_bytes();
            bytes.len() <= 25
                && bytes.len() >= 10
                && bytes[0].is_ascii_digit()
                && bytes[4] == b'-'
                && bytes[7] == b'-'
                && bytes.iter().all(|byte| byte.is_ascii_digit() || b"-:TZ+. ".contains(byte))
        }
    }
}

/// The width of the column of row numbers.
fn number_width(first: u64, rows: usize) -> usize {
    (first + rows as u64).to_string().len()
}

#[cfg(test)]
mod tests {
    use super::ROWS_A_TABLE;
    use crate::render::testing::{piped, render};
    use crate::render::{Format, Style};
    use crate::rows::Cell::{self, Integer, Null, Real, Text};

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
    fn control_characters_are_escaped_and_resources_are_names() {
        let rows: &[&[Cell<'_>]] = &[&[Text("a\x1b[2J\nb\u{202e}"), Text(r#"[{"type":null,"name":"i-1"}]"#)]];
        let out = render(Format::Table, &piped(), &["user\x1b_name", "resources"], rows);
        assert!(out.contains("a\\x1b[2J\\nb\\u{202e}  i-1\n"), "{out}");
        assert!(out.starts_with("user\\x1b_name"));
    }

    #[test]
    fn rows_are_numbered_and_failures_red() {
        let style = Style { color: true, unicode: true, numbers: true, width: None };
        let out = render(Format::Table, &style, &["outcome"], &[&[Text("denied")], &[Text("ok")]]);
        // With NO_COLOR set, the library that draws the table keeps to what is bold and faint.
        let no_color = std::env::var_os("NO_COLOR").is_some();
        assert!(no_color || out.contains("\u{1b}[38;5;9mdenied"), "{out:?}");
        assert!(!out.contains("mok"), "{out:?}");
        let plain = Style { color: false, ..style };
        let out = render(Format::Table, &plain, &["outcome"], &[&[Text("denied")], &[Text("ok")]]);
        assert!(out.contains("2  ok\n"), "{out}");
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
