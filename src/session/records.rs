//! The format `records`, which writes the original record of each row on one line.

use std::io::{self, Write};

use crate::diagnostic::Diagnostic;
use crate::render;
use crate::render::{Format, Style, record};
use crate::rows::{Cell, RowSink};
use crate::store::Case;

/// Returns a sink for any format. `records` reads the records of the rows from the case.
pub(crate) fn sink<'a>(
    format: Format,
    case: Option<&'a Case>,
    out: &'a mut dyn Write,
    style: &Style,
) -> Box<dyn RowSink + 'a> {
    match (format, case) {
        (Format::Records, Some(case)) => Box::new(Records { case, out, terminal: style.width.is_some(), column: None }),
        (format, _) => render::sink(format, out, style),
    }
}

/// Writes the record of each row.
struct Records<'a> {
    case: &'a Case,
    out: &'a mut dyn Write,
    /// True if control characters are escaped for a terminal.
    terminal: bool,
    /// The index of the column with the record or with the event's id.
    column: Option<usize>,
}

impl Records<'_> {
    /// Writes a record on one line.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let line = record::compact(bytes);
        if self.terminal {
            self.out.write_all(record::safe(&String::from_utf8_lossy(&line)).as_bytes())?;
        } else {
            self.out.write_all(&line)?;
        }
        self.out.write_all(b"\n")
    }
}

impl RowSink for Records<'_> {
    fn begin(&mut self, columns: &[String]) -> io::Result<()> {
        let named = |wanted: &str| columns.iter().position(|column| column == wanted);
        self.column = named("record")
            .or_else(|| columns.iter().position(|column| column.starts_with("record(")))
            .or_else(|| named("id"));
        match self.column {
            Some(_) => Ok(()),
            None if columns.is_empty() => Ok(()),
            None => {
                let mistake = Diagnostic::new("the format records needs a column `id` of events, or `record`");
                Err(io::Error::other(mistake.hint("SELECT id FROM events WHERE ...")))
            }
        }
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        match self.column.and_then(|column| cells.get(column)) {
            Some(Cell::Text(text)) => self.write(text.as_bytes()),
            Some(Cell::Blob(bytes)) => self.write(bytes),
            Some(Cell::Integer(id)) => match self.case.record(*id) {
                Ok(Some(bytes)) => self.write(&bytes),
                Ok(None) => Ok(()),
                Err(error) => Err(io::Error::other(error)),
            },
            _ => Ok(()),
        }
    }

    fn end(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
