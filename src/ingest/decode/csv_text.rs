//! CSV as text: the separator, the headings, and rows that keep their place.

use std::io::{self, Cursor, Read};
use std::ops::ControlFlow;

use crate::ingest::decode::content::{HEAD, without_mark};
use crate::ingest::decode::sink::Sink;
use crate::ingest::decode::window::reject_of;

/// The largest row.
const MAX_ROW: u64 = 32 << 20;

/// A part of a CSV file.
pub(crate) enum Row<'r> {
    /// The first line.
    Headings(&'r [&'r str]),
    /// A row, and its offset and line.
    Cells(&'r [&'r str], (u64, u64)),
}

/// Takes a row: continues with the reason if it is rejected.
pub(crate) type TakeRow<'t> = dyn FnMut(Row<'_>, &mut dyn Sink) -> ControlFlow<(), Result<(), String>> + 't;

/// Returns the separator of the first line, if it has several columns.
pub(crate) fn separator(head: &[u8]) -> u8 {
    let line = without_mark(head).split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |separator: &u8| line.iter().filter(|byte| *byte == separator).count();
    b",;\t".iter().copied().max_by_key(count).unwrap_or(b',')
}

/// Returns the headings in the first line.
pub(crate) fn headings(head: &[u8]) -> Vec<String> {
    first_rows(head, 1).into_iter().next().unwrap_or_default()
}

/// Returns the cells of the first rows, as far as the head of the file has them.
pub(crate) fn first_rows(head: &[u8], count: usize) -> Vec<Vec<String>> {
    let reader = csv::ReaderBuilder::new()
        .delimiter(separator(head))
        .flexible(true)
        .has_headers(false)
        .from_reader(without_mark(head));
    reader.into_byte_records().take(count).map_while(Result::ok).map(|row| row.iter().map(lossy).collect()).collect()
}

fn lossy(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).into_owned()
}

/// The form of a CSV file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    separator: u8,
    /// True if lines end with CR and LF: the parser then reports the LF as the start of the next row.
    has_crlf: bool,
}

/// Reads as much of a stream as shows its form, and gives it back with that.
///
/// # Errors
/// Those of the stream.
pub(crate) fn dialect_of<R: Read>(mut stream: R) -> io::Result<(Dialect, impl Read)> {
    let mut head = Vec::new();
    stream.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    let has_crlf = head.split_inclusive(|byte| *byte == b'\n').next().is_some_and(|line| line.ends_with(b"\r\n"));
    Ok((Dialect { separator: separator(&head), has_crlf }, Cursor::new(head).chain(stream)))
}

/// Reads every row. A row that is not UTF-8 or that `take` refuses is a reject; so is what cannot be read as CSV.
pub(crate) fn read(
    stream: impl Read,
    dialect: Dialect,
    sink: &mut dyn Sink,
    take: &mut TakeRow<'_>,
) -> ControlFlow<()> {
    let bounded = Bounded { inner: stream, left: MAX_ROW };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(dialect.separator).flexible(true).has_headers(false).from_reader(bounded);
    let mut row = csv::ByteRecord::new();
    let mut is_first = true;
    loop {
        let place = (reader.position().byte(), reader.position().line());
        reader.get_mut().left = MAX_ROW;
        match reader.read_byte_record(&mut row) {
            Ok(false) => return ControlFlow::Continue(()),
            Err(error) => return sink.reject(reject_of(place, reason_of(&error), &[])),
            Ok(true) if row.iter().all(<[u8]>::is_empty) => continue,
            Ok(true) => {}
        }
        let ahead = u64::from(dialect.has_crlf && !is_first);
        let place = row.position().map_or(place, |start| (start.byte() + ahead, start.line() + ahead));
        let taken = match row.iter().map(std::str::from_utf8).collect::<Result<Vec<&str>, _>>() {
            Err(_) => Err("is not valid UTF-8".to_owned()),
            Ok(cells) if std::mem::take(&mut is_first) => match take(Row::Headings(&cells), sink) {
                ControlFlow::Continue(taken) => taken,
                ControlFlow::Break(()) => return ControlFlow::Break(()),
            },
            Ok(cells) => match take(Row::Cells(&cells, place), sink) {
                ControlFlow::Continue(taken) => taken,
                ControlFlow::Break(()) => return ControlFlow::Break(()),
            },
        };
        if let Err(reason) = taken {
            let bytes = row.iter().collect::<Vec<_>>().join(&b',');
            sink.reject(reject_of(place, reason, &bytes))?;
        }
    }
}

fn reason_of(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Io(error) => error.to_string(),
        _ => error.to_string(),
    }
}

/// Stops a row that does not end, such as one with an open quote.
struct Bounded<R> {
    inner: R,
    /// The bytes that may still be read for the row.
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other(format!("has a row of more than {} MiB", MAX_ROW >> 20)));
        }
        let count = self.inner.read(buffer)?;
        self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }
}
