//! Tells how two cases differ.

use std::path::Path;

use crate::diagnostic::Diagnostic;
use crate::render::{Format, Style};
use crate::rows::{Cell, RowSink};
use crate::session::{Answer, Session, SessionError};
use crate::store::{Case, Difference, Failure, Tally};

/// The columns of the counts.
const COLUMNS: [&str; 5] = ["kind", "only_in_a", "only_in_b", "in_both", "differ"];

/// Writes how many events, identities and resources are in one case and not in the other, or which. The answer's rows
/// are the differences, however they are told.
pub(crate) fn run(session: &mut Session, a: &Path, b: &Path, rows: bool) -> Result<Answer, SessionError> {
    let format = session.settings.format.unwrap_or_default();
    if format == Format::Records {
        let mistake = Diagnostic::new("differences have no format records");
        return Err(mistake.hint("take ndjson, and ask each case for the records").into());
    }
    let waiting = session.waiting();
    let (a, b) = (Case::open_after(a, &waiting)?, Case::open_after(b, &waiting)?);
    session.note(&format!("A is {}, B is {}", a.path().display(), b.path().display()));
    let found = a.diff(&b)?;
    let style = Style { numbers: false, ..session.output.style(&session.settings.style) };
    session.write_rows(format, &style, None, |mut sink| {
        let done = if rows { a.list_differences(&b, &found, &mut *sink) } else { count(&found, &mut *sink) };
        done.map(drop)
    })?;
    Ok(Answer::rows(kinds(&found).map(|(_, tally)| tally.differences()).iter().sum()))
}

/// The counts by kind.
fn kinds(found: &Difference) -> [(&'static str, Tally); 3] {
    [("events", found.events), ("identities", found.identities), ("resources", found.resources)]
}

/// Writes the counts.
fn count(found: &Difference, sink: &mut dyn RowSink) -> Result<u64, Failure> {
    sink.begin(&COLUMNS.map(str::to_owned))?;
    for (kind, tally) in kinds(found) {
        let number = |count: u64| Cell::Integer(i64::try_from(count).unwrap_or(i64::MAX));
        let counts = [tally.only_a, tally.only_b, tally.both, tally.differ].map(number);
        sink.row(&[&[Cell::Text(kind)], counts.as_slice()].concat())?;
    }
    sink.end()?;
    Ok(3)
}
