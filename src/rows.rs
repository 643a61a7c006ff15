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

/// Receives an answer row by row, so that an answer of any size passes through in constant memory.
///
/// The order is `begin`, any number of `row`, `end`. An error stops the statement that feeds the sink;
/// [`io::ErrorKind::BrokenPipe`] means that the reader has had enough, which is no error to the user.
pub trait RowSink {
    /// Starts an answer with these column names.
    fn begin(&mut self, columns: &[String]) -> io::Result<()>;
    /// Takes one row, with as many cells as there are columns.
    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()>;
    /// Ends the answer.
    fn end(&mut self) -> io::Result<()>;
}
