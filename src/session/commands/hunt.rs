//! `.hunt` and `.actors`: findings by actor.

use std::path::PathBuf;

use crate::diagnostic::Diagnostic;
use crate::level::Level;
use crate::session::commands::command::{Arguments, Command, Completes};
use crate::session::hunt::HuntRequest;
use crate::session::{Answer, Session, SessionError};
use crate::summary::hunt::View;

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[
    Command {
        arguments: "[rules] [--actor N] [--by rule] [--rules PATH] [--ignore PATH] [--min-level L] [--since T] [--until T] [--where LOOKUP] [--new]",
        examples: &[".hunt", ".hunt --actor 2", ".hunt --since 2024-03-01 --min-level high", ".hunt rules"],
        completes: Completes::Words(&[
            "rules",
            "--actor",
            "--by",
            "--rules",
            "--ignore",
            "--min-level",
            "--since",
            "--until",
            "--where",
            "--new",
        ]),
        ..Command::new(".hunt", "run every detection and show findings by actor", run_hunt)
    },
    Command::new(".actors", "list every actor of the last hunt", run_actors),
];

fn run_hunt(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    if let [(word, _)] = arguments.words.as_slice()
        && word == "rules"
    {
        session.hunt_once()?;
        session.show_hunt_rules()?;
        return Ok(Answer::default());
    }
    let (request, is_view) = request(session, arguments)?;
    // A view of the last hunt needs no new one.
    if is_view && session.has_hunt() {
        session.show_hunt(request.view)?;
        return Ok(Answer::default());
    }
    session.hunt(&request, None)
}

fn run_actors(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(0)?;
    session.hunt_once()?;
    session.show_hunt(View::Actors)?;
    Ok(Answer::default())
}

/// Returns the request, and whether it asks for nothing but another view.
fn request(session: &Session, arguments: &Arguments<'_>) -> Result<(HuntRequest, bool), SessionError> {
    let mut request = HuntRequest::default();
    let mut is_view = !arguments.words.is_empty();
    let mut words = arguments.words.iter();
    while let Some((word, span)) = words.next() {
        let mut value = || -> Result<String, SessionError> {
            let none = || arguments.mistake(*span, format!("`{word}` needs a value"));
            words.next().ok_or_else(none).and_then(|(value, _)| session.filled(value))
        };
        match word.as_str() {
            "--actor" => request.view = View::Actor(actor(&value()?)?),
            "--by" => request.view = by(&value()?)?,
            "--min-level" => request.min_level = Some(level(&value()?)?),
            "--since" => request.since = Some(value()?),
            "--until" => request.until = Some(value()?),
            "--where" => request.filter = value()?,
            "--baseline-until" => request.baseline_until = Some(value()?),
            "--baseline" => request.baseline = Some(PathBuf::from(value()?)),
            "--new" => request.only_new = true,
            "--ignore" => request.ignore.push(PathBuf::from(value()?)),
            "--rules" => request.rules.push(PathBuf::from(value()?)),
            _ => return Err(arguments.mistake(*span, format!("`{word}` is not an option of .hunt"))),
        }
        is_view &= matches!(word.as_str(), "--actor" | "--by");
    }
    Ok((request, is_view))
}

fn actor(text: &str) -> Result<usize, Diagnostic> {
    text.parse().map_err(|_| Diagnostic::new(format!("`{text}` is not the number of an actor")))
}

fn by(text: &str) -> Result<View, Diagnostic> {
    if text == "rule" {
        return Ok(View::ByRule);
    }
    Err(Diagnostic::new(format!("findings cannot be shown by `{text}`")).hint("write `--by rule`"))
}

/// Returns the level of this name.
pub(crate) fn level(text: &str) -> Result<Level, Diagnostic> {
    Level::parse(text).ok_or_else(|| {
        let known = Level::ALL.map(Level::name).join(", ");
        Diagnostic::new(format!("`{text}` is not a level")).hint(format!("the levels are {known}"))
    })
}
