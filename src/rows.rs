//! Columns and cells of an answer, and the sink that receives them. Imports nothing of trailq.

use std::io;

/// One cell of an answer, in SQLite's five storage classes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// A whole number.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// Text.
    Text(&'a str),
    /// Bytes that are not known to be text.
    Blob(&'a [u8]),
}

/// A cell that is kept.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Value {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

impl Value {
    /// The cell, borrowed.
    pub fn cell(&self) -> Cell<'_> {
        match self {
            Value::Null => Cell::Null,
            Value::Integer(number) => Cell::Integer(*number),
            Value::Real(number) => Cell::Real(*number),
            Value::Text(text) => Cell::Text(text),
            Value::Blob(bytes) => Cell::Blob(bytes),
        }
    }

    /// About how many bytes of memory it takes.
    pub fn size(&self) -> usize {
        let content = match self {
            Value::Text(text) => text.len(),
            Value::Blob(bytes) => bytes.len(),
            _ => 0,
        };
        content + size_of::<Value>()
    }
}

impl From<Cell<'_>> for Value {
    fn from(cell: Cell<'_>) -> Value {
        match cell {
            Cell::Null => Value::Null,
            Cell::Integer(number) => Value::Integer(number),
            Cell::Real(number) => Value::Real(number),
            Cell::Text(text) => Value::Text(text.to_owned()),
            Cell::Blob(bytes) => Value::Blob(bytes.to_owned()),
        }
    }
}

/// What the eye is to notice of a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mark {
    /// What stands in place of the row's number.
    pub label: Option<String>,
    /// True if the row is a call that is not known to be read-only.
    pub write: bool,
    /// True if the row is a call that failed.
    pub failed: bool,
}

/// Receives an answer row by row, so that an answer of any size passes through in constant memory.
///
/// The order is `begin`, any number of `row`, `end`. An error stops the statement that feeds the sink;
/// [`io::ErrorKind::BrokenPipe`] means that the reader has had enough, which is no error to the user.
pub trait RowSink {
    /// Starts an answer with these column names.
    fn begin(&mut self, columns: &[String]) -> io::Result<()>;
    /// Takes one row, with as many cells as there are columns.
    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()>;
    /// Takes one row with what is to be noticed of it; a sink that shows no marks takes the row as it is.
    fn marked_row(&mut self, _mark: &Mark, cells: &[Cell<'_>]) -> io::Result<()> {
        self.row(cells)
    }
    /// Ends the answer.
    fn end(&mut self) -> io::Result<()>;
}
