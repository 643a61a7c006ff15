//! The commands that move, keep and draw: what was typed behind them, read.

use std::io::Write as _;

use crate::render::Format;
use crate::session::commands::Arguments;
use crate::session::commands::output_files::{FORCE, Named};
use crate::session::commands::pivot;
use crate::session::snapshot::{Selection, SnapshotRequest};
use crate::session::{Answer, Session, SessionError};

pub(crate) fn snapshot(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let force = arguments.texts().first() == Some(&FORCE);
    let Some((file, span)) = arguments.words.get(usize::from(force)) else { return Err(arguments.missing()) };
    let lookup = arguments.line.get(span.end..).unwrap_or_default().trim();
    let selection = if lookup.is_empty() { Selection::All } else { Selection::Where(lookup.to_owned()) };
    let start = arguments.line.len() - arguments.line.get(span.end..).unwrap_or_default().trim_start().len();
    let answer =
        session.snapshot(&SnapshotRequest { out: file.into(), selection, force, ..SnapshotRequest::default() });
    answer.map_err(|error| arguments.within(start, error))
}

pub(crate) fn who(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(2)?;
    session.who(arguments.line, arguments.row(0)?, arguments.span(1, pivot::WHO)?)
}

pub(crate) fn near(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(2)?;
    session.near(arguments.line, arguments.row(0)?, arguments.span(1, pivot::NEAR)?)
}

pub(crate) fn resource(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(2)?;
    let which = if arguments.words.len() == 2 { arguments.row(1)? } else { 1 };
    session.resource(arguments.line, arguments.row(0)?, usize::try_from(which).unwrap_or(usize::MAX))
}

pub(crate) fn key(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(1)?;
    session.key(arguments.line, arguments.row(0)?)
}

pub(crate) fn diff(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(2)?;
    session.diff(arguments.row(0)?, arguments.row(1)?)
}

pub(crate) fn filter(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    if arguments.rest.is_empty() {
        return Err(arguments.missing());
    }
    session.narrow(arguments)
}

pub(crate) fn zoom(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    match arguments.texts().as_slice() {
        ["in"] => session.zoom_in(arguments.line, None),
        ["in", _] => {
            let row = usize::try_from(arguments.row(1)?).unwrap_or(usize::MAX);
            session.zoom_in(arguments.line, Some(row))
        }
        ["out"] => session.zoom_out(arguments.line),
        _ => Err(arguments.missing()),
    }
}

pub(crate) fn back(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(0)?;
    session.go_back(arguments.line)
}

pub(crate) fn open(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(1)?;
    let row = usize::try_from(arguments.row(0)?).unwrap_or(usize::MAX);
    session.open_fold(row)
}

pub(crate) fn last(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(1)?;
    let format = match arguments.words.first() {
        None => session.settings.format.unwrap_or_default(),
        Some((name, span)) => name.parse().map_err(|()| {
            arguments.mistake(*span, format!("no format `{name}`: {}", Format::ALL.map(Format::name).join(", ")))
        })?,
    };
    session.show_last(format)
}

pub(crate) fn tag(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    session.tag(&arguments.texts())
}

pub(crate) fn untag(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    session.untag(&arguments.texts())
}

pub(crate) fn note(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let text = arguments.texts().join(" ");
    if text.trim().is_empty() { Err(arguments.missing()) } else { session.keep_note(&text) }
}

pub(crate) fn notes(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(0)?;
    session.notes()
}

pub(crate) fn save(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    session.save(arguments.one()?)
}

pub(crate) fn unsave(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    session.unsave(arguments.one()?)
}

pub(crate) fn session(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let named = Named::required(arguments)?;
    let mut file = named.create(session, "trailq")?;
    file.write_all(session.replay_script().as_bytes())?;
    file.commit().map_err(|refused| named.refused(refused, "trailq"))?;
    session.status(&format!("`trailq script {}` replays the session", named.path().display()));
    Ok(Answer::default())
}

pub(crate) fn plot(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    session.plot(&Named::required(arguments)?)
}
