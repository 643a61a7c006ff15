//! Columns and cells of an answer, and the sinks that receive them. Imports nothing of trailq.

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

/// An owned cell.
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
    /// Borrows the cell.
    pub fn cell(&self) -> Cell<'_> {
        match self {
            Value::Null => Cell::Null,
            Value::Integer(number) => Cell::Integer(*number),
            Value::Real(number) => Cell::Real(*number),
            Value::Text(text) => Cell::Text(text),
            Value::Blob(bytes) => Cell::Blob(bytes),
        }
    }

    /// Estimates its size in memory, in bytes.
    pub fn size(&self) -> usize {
        let content = match self {
            Value::Text(text) => text.len(),
            Value::Blob(bytes) => bytes.len(),
            _ => 0,
        };
        content + size_of::<Value>()
    }
}

/// Returns the text of a cell; empty for no value and for bytes.
pub(crate) fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Integer(number)) => number.to_string(),
        Some(Value::Real(number)) => number.to_string(),
        _ => String::new(),
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

/// The highlighting of a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mark {
    /// The label in place of the row's number.
    pub label: Option<String>,
    /// True if the row is a call that is not known to be read-only.
    pub write: bool,
    /// True if the row is a call that failed.
    pub failed: bool,
}

/// Receives an answer row by row, so that an answer of any size passes through in constant memory.
///
/// The order is `begin`, any number of `row`, `end`. An error stops the statement that feeds the sink;
/// [`io::ErrorKind::BrokenPipe`] means that the reader has had enough, which is not an error to the user.
pub trait RowSink {
    /// Starts an answer with these column names.
    fn begin(&mut self, columns: &[String]) -> io::Result<()>;
    /// Takes one row, with as many cells as there are columns.
    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()>;
    /// Takes one row with its highlighting, which a sink may ignore.
    fn marked_row(&mut self, _mark: &Mark, cells: &[Cell<'_>]) -> io::Result<()> {
        self.row(cells)
    }
    /// Ends the answer.
    fn end(&mut self) -> io::Result<()>;
}

/// The rows of an answer, kept in memory.
#[derive(Debug, Clone, Default)]
pub struct CapturedRows {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, with as many values as there are columns.
    pub rows: Vec<Vec<Value>>,
}

impl RowSink for CapturedRows {
    fn begin(&mut self, columns: &[String]) -> io::Result<()> {
        self.columns = columns.to_vec();
        Ok(())
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        self.rows.push(cells.iter().map(|cell| Value::from(*cell)).collect());
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A sink that gives each row to a function.
struct EachRow<F>(F);

impl<F: FnMut(&[Cell<'_>])> RowSink for EachRow<F> {
    fn begin(&mut self, _: &[String]) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        (self.0)(cells);
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Collects the rows of an answer. `answer` writes it to the sink that it is given.
///
/// # Errors
/// Those of `answer`.
pub fn collect<T, E>(answer: impl FnOnce(&mut dyn RowSink) -> Result<T, E>) -> Result<CapturedRows, E> {
    let mut rows = CapturedRows::default();
    answer(&mut rows)?;
    Ok(rows)
}

/// Calls `look` with the cells of each row of an answer.
///
/// # Errors
/// Those of `answer`.
pub(crate) fn each<T, E>(
    answer: impl FnOnce(&mut dyn RowSink) -> Result<T, E>,
    look: impl FnMut(&[Cell<'_>]),
) -> Result<T, E> {
    answer(&mut EachRow(look))
}

/// Returns the first cell of the first row, if it is a whole number.
///
/// # Errors
/// Those of `answer`.
pub fn scalar<T, E>(answer: impl FnOnce(&mut dyn RowSink) -> Result<T, E>) -> Result<Option<i64>, E> {
    let mut first = None;
    answer(&mut EachRow(|cells: &[Cell<'_>]| {
        if let (None, Some(Cell::Integer(number))) = (first, cells.first()) {
            first = Some(*number);
        }
    }))?;
    Ok(first)
}

/// Returns the whole numbers in the first column.
///
/// # Errors
/// Those of `answer`.
pub fn integers<T, E>(answer: impl FnOnce(&mut dyn RowSink) -> Result<T, E>) -> Result<Vec<i64>, E> {
    let mut numbers = Vec::new();
    answer(&mut EachRow(|cells: &[Cell<'_>]| {
        if let Some(Cell::Integer(number)) = cells.first() {
            numbers.push(*number);
        }
    }))?;
    Ok(numbers)
}
