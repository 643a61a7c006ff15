//! Markdown tables.

use std::io::{self, Write};

use crate::escape::{escape_where, hex, is_unsafe};
use crate::render::resources;
use crate::render::style::Style;
use crate::rows::{Cell, RowSink};

/// Returns a sink that writes Markdown tables.
pub(super) fn sink<'a>(out: &'a mut dyn Write, style: &Style) -> Box<dyn RowSink + 'a> {
    Box::new(Markdown::new(out, style))
}

/// Writes rows as a Markdown table.
struct Markdown<'a> {
    out: &'a mut dyn Write,
    resources: Vec<bool>,
    null: String,
    /// True if a table was written already.
    written: bool,
}

impl<'a> Markdown<'a> {
    fn new(out: &'a mut dyn Write, style: &Style) -> Markdown<'a> {
        Markdown { out, resources: Vec::new(), null: escaped(&style.null), written: false }
    }

    /// Writes one row of escaped cells.
    fn line(&mut self, cells: impl Iterator<Item = String>) -> io::Result<()> {
        self.out.write_all(b"|")?;
        for cell in cells {
            write!(self.out, " {cell} |")?;
        }
        self.out.write_all(b"\n")
    }
}

impl RowSink for Markdown<'_> {
    fn begin(&mut self, columns: &[String]) -> io::Result<()> {
        if columns.is_empty() {
            return Ok(());
        }
        if std::mem::replace(&mut self.written, true) {
            self.out.write_all(b"\n")?;
        }
        self.resources = columns.iter().map(|name| name == resources::COLUMN).collect();
        self.line(columns.iter().map(|name| escaped(name)))?;
        self.line(columns.iter().map(|_| "---".to_owned()))
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        let shown: Vec<String> = cells
            .iter()
            .zip(&self.resources)
            .map(|(cell, listed)| match *cell {
                Cell::Null => self.null.clone(),
                Cell::Integer(number) => number.to_string(),
                Cell::Real(number) => number.to_string(),
                Cell::Blob(bytes) => hex(bytes),
                Cell::Text(text) => {
                    let names = if *listed { resources::names(text) } else { None };
                    escaped(names.as_deref().unwrap_or(text))
                }
            })
            .collect();
        self.line(shown.into_iter())
    }

    fn end(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Escapes a text so that Markdown shows it literally, on one line, without links.
pub(crate) fn escaped(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let mut shown = String::with_capacity(text.len());
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let rest = &text[at + c.len_utf8()..];
        let is_word = |c: char| c.is_alphanumeric();
        let acts = match c {
            '|' | '\\' | '`' | '*' | '<' | '[' | '~' | '&' => true,
            // Within a word it emphasizes nothing.
            '_' => !(is_word(before) && rest.starts_with(is_word)),
            // Text that looks like an address would become a link.
            ':' => rest.starts_with("//"),
            '.' => shown.get(shown.len().saturating_sub(3)..).is_some_and(|last| last.eq_ignore_ascii_case("www")),
            _ => false,
        };
        match c {
            '\n' => shown.push_str("<br>"),
            c if acts => {
                shown.push('\\');
                shown.push(c);
            }
            c if is_unsafe(c) => shown.push_str(&escape_where(c.encode_utf8(&mut [0; 4]), is_unsafe)),
            c => shown.push(c),
        }
        before = c;
    }
    shown
}

#[cfg(test)]
mod tests {
    use crate::render::Format;
    use crate::render::testing::{piped, render};
    use crate::rows::Cell;
    use crate::rows::Cell::{Integer, Null, Text};

    #[test]
    fn a_table_for_a_document() {
        let rows: &[&[Cell<'_>]] = &[&[Text("a|b\nc\x1b\u{202e}"), Integer(3), Null]];
        assert_eq!(
            render(Format::Markdown, &piped(), &["user_name", "n", "x"], rows),
            "| user_name | n | x |\n| --- | --- | --- |\n| a\\|b<br>c\\x1b\\u{202e} | 3 |  |\n"
        );
        for (text, shown) in [
            ("<img src=x>", "\\<img src=x>"),
            ("&lt;b&gt;", "\\&lt;b\\&gt;"),
            ("_a_ ~~b~~ snake_case", "\\_a\\_ \\~\\~b\\~\\~ snake_case"),
            ("https://example.com/x www.example.com", "https\\://example.com/x www\\.example.com"),
            ("arn:aws:iam::1:user/a.b", "arn:aws:iam::1:user/a.b"),
        ] {
            let table = render(Format::Markdown, &piped(), &["x"], &[&[Text(text)]]);
            assert_eq!(table, format!("| x |\n| --- |\n| {shown} |\n"));
        }
    }
}
