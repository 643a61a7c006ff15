//! Comma- and tab-separated values.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::escape::{escape_where, hex};
use crate::render::style::Style;
use crate::rows::{Cell, RowSink};

/// Returns a sink that writes comma-separated values.
pub(super) fn csv<'a>(out: &'a mut dyn Write, style: &Style) -> Box<dyn RowSink + 'a> {
    Box::new(Csv::new(out, style))
}

/// Returns a sink that writes tab-separated values.
pub(super) fn tsv<'a>(out: &'a mut dyn Write, style: &Style) -> Box<dyn RowSink + 'a> {
    Box::new(Tsv::new(out, style))
}

/// Writes rows as RFC 4180 defines them, with cells that a spreadsheet would run as formulas made inert.
struct Csv<'a> {
    writer: csv::Writer<&'a mut dyn Write>,
    bare: bool,
    null: String,
}

impl<'a> Csv<'a> {
    fn new(out: &'a mut dyn Write, style: &Style) -> Csv<'a> {
        let writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).flexible(true).from_writer(out);
        Csv { writer, bare: style.bare, null: style.null.clone() }
    }
}

impl RowSink for Csv<'_> {
    fn begin(&mut self, columns: &[String]) -> io::Result<()> {
        if columns.is_empty() || self.bare {
            return Ok(());
        }
        self.writer.write_record(columns.iter().map(|column| csv_text(column).into_owned())).map_err(csv_error)
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        for cell in cells {
            let text = plain(cell, &self.null);
            let text = if matches!(cell, Cell::Text(_)) { csv_text(&text) } else { text };
            self.writer.write_field(text.as_bytes()).map_err(csv_error)?;
        }
        if cells.is_empty() { Ok(()) } else { self.writer.write_record(None::<&[u8]>).map_err(csv_error) }
    }

    fn end(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Writes rows with tabs between the cells; a tab, a line break or a backslash in a cell is escaped, and cells that a
/// spreadsheet would run as formulas are made inert.
struct Tsv<'a> {
    out: &'a mut dyn Write,
    bare: bool,
    null: String,
}

impl<'a> Tsv<'a> {
    fn new(out: &'a mut dyn Write, style: &Style) -> Tsv<'a> {
        Tsv { out, bare: style.bare, null: style.null.clone() }
    }

    /// Writes one line.
    fn line<'c>(&mut self, cells: impl Iterator<Item = Cow<'c, str>>) -> io::Result<()> {
        for (at, cell) in cells.enumerate() {
            if at > 0 {
                self.out.write_all(b"\t")?;
            }
            self.out.write_all(cell.as_bytes())?;
        }
        self.out.write_all(b"\n")
    }
}

impl RowSink for Tsv<'_> {
    fn begin(&mut self, columns: &[String]) -> io::Result<()> {
        if columns.is_empty() || self.bare {
            return Ok(());
        }
        self.line(columns.iter().map(|column| tsv_text(column)))
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        let null = self.null.clone();
        self.line(cells.iter().map(|cell| match *cell {
            Cell::Text(text) => tsv_text(text),
            _ => plain(cell, &null),
        }))
    }

    fn end(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Returns a cell as plain text; `null` is the text of a missing value.
fn plain<'c>(cell: &Cell<'c>, null: &'c str) -> Cow<'c, str> {
    match *cell {
        Cell::Null => Cow::Borrowed(null),
        Cell::Integer(number) => Cow::Owned(number.to_string()),
        Cell::Real(number) => Cow::Owned(number.to_string()),
        Cell::Text(text) => Cow::Borrowed(text),
        Cell::Blob(bytes) => Cow::Owned(hex(bytes)),
    }
}

/// Escapes a text cell of a CSV file: inert in a spreadsheet, and without the controls that quoting does not cover.
fn csv_text(text: &str) -> Cow<'_, str> {
    let shown = escape_where(text, |c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'));
    if is_formula(text) { Cow::Owned(format!("'{shown}")) } else { shown }
}

/// Reports whether a spreadsheet would run the text as a formula; a number such as `-5` is not one.
fn is_formula(text: &str) -> bool {
    let begins = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    begins && !(text.parse::<f64>().is_ok() && text.bytes().any(|byte| byte.is_ascii_digit()))
}

/// Escapes a text cell of a TSV file: inert in a spreadsheet, and on one line.
fn tsv_text(text: &str) -> Cow<'_, str> {
    let shown = if text.contains('\\') {
        Cow::Owned(escape_where(&text.replace('\\', "\\\\"), char::is_control).into_owned())
    } else {
        escape_where(text, char::is_control)
    };
    // An escaped control no longer begins the cell.
    if is_formula(&shown) { Cow::Owned(format!("'{shown}")) } else { shown }
}

/// Returns the I/O error inside an error of the writer, so that a closed pipe is recognized.
fn csv_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use crate::render::Format;
    use crate::render::testing::{piped, render};
    use crate::rows::Cell;
    use crate::rows::Cell::{Blob, Integer, Null, Real, Text};

    #[test]
    fn csv_quotes_as_rfc_4180_does() {
        let rows: &[&[Cell<'_>]] = &[
            &[Text("a,b"), Text("say \"x\""), Text("two\nlines")],
            &[Null, Integer(-5), Real(1.5)],
            &[Blob(b"\0\x10"), Text(""), Text("plain")],
        ];
        assert_eq!(
            render(Format::Csv, &piped(), &["x", "y,z", "w"], rows),
            "x,\"y,z\",w\r\n\"a,b\",\"say \"\"x\"\"\",\"two\nlines\"\r\n,-5,1.5\r\n0010,,plain\r\n"
        );
    }

    #[test]
    fn a_single_empty_cell_is_still_a_row() {
        assert_eq!(render(Format::Csv, &piped(), &["x"], &[&[Null], &[Text("a")]]), "x\r\n\"\"\r\na\r\n");
    }

    #[test]
    fn formulas_are_made_inert_and_numbers_left() {
        for (text, shown) in [
            ("=1+1", "'=1+1"),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
            ("-2+3", "'-2+3"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("\rx", "\"'\rx\""),
            ("-", "'-"),
            ("-inf", "'-inf"),
            ("-5", "-5"),
            ("+1.5e3", "+1.5e3"),
            ("a=b", "a=b"),
        ] {
            assert_eq!(render(Format::Csv, &piped(), &["x"], &[&[Text(text)]]), format!("x\r\n{shown}\r\n"));
            let shown = match text {
                "\tx" => "\\tx",
                "\rx" => "\\rx",
                _ => shown,
            };
            assert_eq!(render(Format::Tsv, &piped(), &["x"], &[&[Text(text)]]), format!("x\n{shown}\n"));
        }
        let numbers: &[Cell<'_>] = &[Integer(-5), Real(-1.5), Null];
        assert_eq!(render(Format::Tsv, &piped(), &["=x", "y", "z"], &[numbers]), "'=x\ty\tz\n-5\t-1.5\t\n");
    }

    #[test]
    fn controls_are_escaped_in_both() {
        let row: &[Cell<'_>] = &[Text("a\x1b[0m\u{9b}"), Text("t\tn\nr\rb\\")];
        assert_eq!(render(Format::Csv, &piped(), &["x", "y"], &[row]), "x,y\r\na\\x1b[0m\\u{9b},\"t\tn\nr\rb\\\"\r\n");
        assert_eq!(render(Format::Tsv, &piped(), &["x", "y"], &[row]), "x\ty\na\\x1b[0m\\u{9b}\tt\\tn\\nr\\rb\\\\\n");
    }
}
