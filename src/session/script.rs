//! Runs lookups, SQL and commands from a file, or line by line from a pipe; the first error ends it.

use std::io::BufRead;

use super::input::{Assembler, Input};
use super::{Answer, Session, SessionError};
use crate::diagnostic::Diagnostic;

/// Runs everything that `lines` gives. Errors say `ORIGIN:LINE`.
pub fn run(session: &mut Session, mut lines: impl BufRead, origin: &str) -> Result<Answer, SessionError> {
    let mut assembler = Assembler::default();
    let mut answer = Answer::default();
    let mut bytes = Vec::new();
    let mut number = 0;
    loop {
        bytes.clear();
        let unreadable =
            |number: usize, why: &str| SessionError::from(Diagnostic::new(format!("{origin}:{number}: {why}")));
        let read = lines.read_until(b'\n', &mut bytes).map_err(|error| unreadable(number + 1, &error.to_string()))?;
        if read == 0 {
            break;
        }
        number += 1;
        let line = std::str::from_utf8(&bytes).map_err(|_| unreadable(number, "the line is not UTF-8"))?;
        let line = line.trim_end_matches(['\n', '\r']);
        // A byte-order mark and a `#!` line are for other programs.
        let line = if number == 1 { line.trim_start_matches('\u{feff}') } else { line };
        let line = if number == 1 && line.starts_with("#!") { "" } else { line };
        if let Some((text, start)) = assembler.feed(line) {
            answer = answer.and(step(session, &text, origin, start)?);
            if answer.quit {
                return Ok(answer);
            }
        }
    }
    if let Some((text, start)) = assembler.finish() {
        answer = answer.and(step(session, &text, origin, start)?);
    }
    Ok(answer)
}

/// Runs one input; a mistake in it is told with its line.
fn step(session: &mut Session, text: &str, origin: &str, start: usize) -> Result<Answer, SessionError> {
    session.execute(&Input::of(text)).map_err(|error| locate(error, origin, start))
}

/// Adds where an input that starts on line `start` of `origin` went wrong.
pub fn locate(error: SessionError, origin: &str, start: usize) -> SessionError {
    match error {
        SessionError::Output(error) => SessionError::Output(error),
        other => {
            let mistake = other.into_diagnostic();
            let before = match (mistake.span, &mistake.source) {
                (Some(span), Some(source)) => source.get(..span.start).map_or(0, |before| before.matches('\n').count()),
                _ => 0,
            };
            mistake.from_origin(format!("{origin}:{}", start + before)).into()
        }
    }
}
