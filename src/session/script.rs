//! Runs lookups, SQL and commands from a file, or line by line from a pipe. The first error ends it, unless
//! `.bail off` says otherwise.

use std::collections::BTreeMap;
use std::io::BufRead;

use crate::diagnostic::Diagnostic;
use crate::saved::header::parse_script;
use crate::saved::{ShippedScript, fill, missing};
use crate::session::input::{Assembler, Input};
use crate::session::titles::Titles;
use crate::session::{Answer, Params, Session, SessionError};
use crate::time;

/// Runs all lines. Errors contain `ORIGIN:LINE`.
///
/// A script may begin with a header that declares its parameters, which are checked before it runs.
pub fn run(session: &mut Session, lines: impl BufRead, origin: &str) -> Result<Answer, SessionError> {
    let mut lines = Lines { lines, origin, number: 0, bytes: Vec::new() };
    let mut top = String::new();
    let mut next = lines.next()?;
    while let Some(line) = next.take_if(|line| line.trim().is_empty() || line.starts_with("--")) {
        top.push_str(&line);
        top.push('\n');
        next = lines.next()?;
    }
    let outer = session.params.clone();
    declare(session, &top, origin)?;
    let done = run_lines(session, &top, next, lines, origin);
    session.params = outer;
    done
}

/// Runs all lines of a file, as [`run`] does, with a title above each answer.
pub fn run_file(session: &mut Session, lines: impl BufRead, origin: &str) -> Result<Answer, SessionError> {
    let outer = std::mem::replace(&mut session.titles, Titles::On);
    let done = run(session, lines, origin);
    session.titles = outer;
    done
}

/// Sets the parameters of the session to the values and defaults of those that a script declares.
fn declare(session: &mut Session, top: &str, origin: &str) -> Result<(), SessionError> {
    let header = parse_script(top)
        .map_err(|wrong| Diagnostic::new(wrong.message).from_origin(format!("{origin}:{}", wrong.line)))?;
    let Some(header) = header else { return Ok(()) };
    let mut given = session.params.as_ref().map_or_else(Default::default, |params| params.all().clone());
    if session.depth > 0 {
        // Parameters of another script do not apply to this one.
        given.retain(|name, _| header.params.iter().any(|param| param.name == *name));
    }
    let values = fill(origin, &header, &given, time::now()).map_err(|mistake| match missing(&header, &given) {
        Some(name) if session.depth > 0 => mistake.hint(format!("`.param set {name} VALUE` gives it a value")),
        Some(name) => mistake.hint(format!("write {name}=VALUE after the name of the script")),
        None => mistake,
    })?;
    session.params = Some(Params::of_script(values));
    Ok(())
}

/// Runs one of trailq's own scripts with values for its parameters.
pub(crate) fn run_shipped(
    session: &mut Session,
    script: &ShippedScript,
    given: &BTreeMap<String, String>,
) -> Result<Answer, SessionError> {
    let values = fill(&format!("`{}`", script.name), &script.header, given, time::now()).map_err(|mistake| {
        match missing(&script.header, given) {
            Some(name) => mistake.hint(format!("write {name}=VALUE after the name of the script")),
            None => mistake,
        }
    })?;
    let outer = session.params.replace(Params::of_script(values));
    let settings = session.settings.clone();
    // trailq's own scripts write their titles themselves.
    let titles = std::mem::take(&mut session.titles);
    session.depth += 1;
    let done = run(session, script.text.as_bytes(), &format!("{}.trailq", script.name));
    session.depth -= 1;
    // The layout of the report does not change the settings of the session.
    session.settings = settings;
    session.titles = titles;
    session.params = outer;
    done
}

/// Runs the lines of a script: its head, the line after it and the rest.
fn run_lines(
    session: &mut Session,
    top: &str,
    mut next: Option<String>,
    mut lines: Lines<'_, impl BufRead>,
    origin: &str,
) -> Result<Answer, SessionError> {
    let mut assembler = Assembler::default();
    let mut answer = Answer::default();
    for line in top.lines() {
        assembler.feed(line);
    }
    while let Some(line) = next {
        if let Some((text, start)) = assembler.feed(&line) {
            answer = answer.and(step(session, &text, origin, start)?);
            if answer.quit {
                return Ok(answer);
            }
        }
        next = lines.next()?;
    }
    if let Some((text, start)) = assembler.finish() {
        answer = answer.and(step(session, &text, origin, start)?);
    }
    Ok(answer)
}

/// Runs one input. An error is reported with its line, and does not end the script after `.bail off`.
fn step(session: &mut Session, text: &str, origin: &str, start: usize) -> Result<Answer, SessionError> {
    session.check_interrupted()?;
    match session.execute(&Input::of(text)) {
        Err(error @ SessionError::Mistake(_)) if session.settings.bail_off => {
            session.report(&locate(error, origin, start).into_diagnostic());
            Ok(Answer { rejected: true, ..Answer::default() })
        }
        done => done.map_err(|error| locate(error, origin, start)),
    }
}

/// The lines of a script.
struct Lines<'a, R> {
    lines: R,
    origin: &'a str,
    /// The number of lines read.
    number: usize,
    bytes: Vec<u8>,
}

impl<R: BufRead> Lines<'_, R> {
    /// Returns the next line; `None` at the end.
    fn next(&mut self) -> Result<Option<String>, SessionError> {
        self.bytes.clear();
        let origin = self.origin;
        let unreadable =
            |number: usize, why: &str| SessionError::from(Diagnostic::new(format!("{origin}:{number}: {why}")));
        let read = self.lines.read_until(b'\n', &mut self.bytes);
        if read.map_err(|error| unreadable(self.number + 1, &error.to_string()))? == 0 {
            return Ok(None);
        }
        self.number += 1;
        let line = std::str::from_utf8(&self.bytes).map_err(|_| unreadable(self.number, "the line is not UTF-8"))?;
        let line = line.trim_end_matches(['\n', '\r']);
        // A byte-order mark and a `#!` line are for other programs.
        let line = if self.number == 1 { line.trim_start_matches('\u{feff}') } else { line };
        Ok(Some(if self.number == 1 && line.starts_with("#!") { "" } else { line }.to_owned()))
    }
}

/// Adds the line of `origin` to an error of an input that starts on line `start`.
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
