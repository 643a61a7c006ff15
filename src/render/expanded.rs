//! The expanded form, one line a cell, for rows that are too wide for a table.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::escape::{hex, visible, width};
use crate::render::cell::is_failure;
use crate::render::palette::{DIM, HEADING, PLACE, WRITE, paint};
use crate::render::resources;
use crate::render::style::Style;
use crate::rows::{Cell, Mark, RowSink};

/// Returns a sink that writes one line a cell.
pub(super) fn sink<'a>(out: &'a mut dyn Write, style: &Style) -> Box<dyn RowSink + 'a> {
    Box::new(Expanded::from(out, style, 1))
}

/// Writes rows one line a cell.
pub(super) struct Expanded<'a> {
    out: &'a mut dyn Write,
    style: Style,
    columns: Vec<String>,
    /// The width of the widest column name.
    label: usize,
    /// The number of the next row, from 1.
    number: u64,
}

impl<'a> Expanded<'a> {
    /// Returns a sink for the part of an answer that begins with row `number`.
    pub(super) fn from(out: &'a mut dyn Write, style: &Style, number: u64) -> Expanded<'a> {
        Expanded { out, style: style.clone(), columns: Vec::new(), label: 0, number }
    }

    /// Returns the lines of a cell; resources have a line each.
    fn lines<'c>(&self, at: usize, cell: &Cell<'c>) -> Vec<Cow<'c, str>> {
        match *cell {
            Cell::Null => vec![Cow::Owned(self.style.null.clone())],
            Cell::Integer(number) => vec![Cow::Owned(number.to_string())],
            Cell::Real(number) => vec![Cow::Owned(number.to_string())],
            Cell::Blob(bytes) => vec![Cow::Owned(hex(bytes))],
            Cell::Text(text) if self.columns.get(at).is_some_and(|name| name == resources::COLUMN) => {
                match resources::lines(text) {
                    Some(lines) if lines.is_empty() => vec![Cow::Borrowed("")],
                    Some(lines) => lines.iter().map(|line| Cow::Owned(visible(line).into_owned())).collect(),
                    None => vec![visible(text)],
                }
            }
            Cell::Text(text) => vec![visible(text)],
        }
    }
}

impl RowSink for Expanded<'_> {
    fn begin(&mut self, columns: &[String]) -> io::Result<()> {
        self.columns = columns.iter().map(|column| visible(column).into_owned()).collect();
        self.label = self.columns.iter().map(|column| width(column)).max().unwrap_or(0);
        Ok(())
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        self.marked_row(&Mark::default(), cells)
    }

    fn marked_row(&mut self, mark: &Mark, cells: &[Cell<'_>]) -> io::Result<()> {
        if cells.is_empty() {
            return Ok(());
        }
        let rule = self.style.rule();
        let number = mark.label.clone().unwrap_or_else(|| self.number.to_string());
        let head = format!("{rule}{rule} {number} ");
        let length = (self.label + 2 + 20).min(self.style.width.unwrap_or(usize::MAX));
        let line: String = std::iter::repeat_n(rule, length.saturating_sub(width(&head))).collect();
        writeln!(self.out, "{}", paint(&format!("{head}{line}"), DIM, self.style.color))?;
        for (at, cell) in cells.iter().enumerate() {
            let name = self.columns.get(at).map_or("", String::as_str);
            for (number, text) in self.lines(at, cell).iter().enumerate() {
                let label = if number == 0 { name } else { "" };
                let blanks = " ".repeat(self.label - width(label) + 2);
                let style = if is_failure(name, text) { PLACE } else { WRITE };
                let marked = is_failure(name, text) || (mark.write && name == "event_name");
                let shown = paint(text, style, self.style.color && marked);
                let line = format!("{}{blanks}{shown}", paint(label, HEADING, self.style.color));
                writeln!(self.out, "{}", line.trim_end())?;
            }
        }
        self.number += 1;
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.number = 1;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use crate::render::Format;
    use crate::render::testing::{piped, render};
    use crate::rows::Cell;
    use crate::rows::Cell::{Integer, Null, Text};

    #[test]
    fn each_cell_has_a_line() {
        let rows: &[&[Cell<'_>]] = &[
            &[Text("a\nb\x1b\u{2066}"), Integer(3), Text(r#"[{"type":"T","name":"x"},{"type":null,"name":"y"}]"#)],
            &[Null, Null, Null],
        ];
        assert_eq!(
            render(Format::Expanded, &piped(), &["event_name", "n", "resources"], rows),
            "── 1 ───────────────────────────\n\
             event_name  a\\nb\\x1b\\u{2066}\n\
             n           3\n\
             resources   T x\n            y\n\
             ── 2 ───────────────────────────\n\
             event_name\n\
             n\n\
             resources\n"
        );
    }
}
