//! The commands that say how answers look and how the session behaves, most of them as sqlite3 has them.

use crate::session::commands::command::Arguments;
use crate::session::commands::command::Command;
use crate::session::commands::command::Completes;

use crate::diagnostic::{Diagnostic, nearest};
use crate::escape::visible;
use crate::render::{Format, zone};
use crate::session::lookup;
use crate::session::settings::{Brief, SharedLines};
use crate::session::{Answer, Paging, Session, SessionError};

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[
    Command {
        arguments: "[FORMAT]",
        completes: Completes::Formats,
        answers_in_rows: false,
        ..Command::new(".mode", "set or show the format of answers", run_mode)
    },
    Command {
        arguments: "[on|off]",
        completes: Completes::Switch,
        answers_in_rows: false,
        ..Command::new(".expanded", "show one line a cell, or tables; \\G after an input does it once", run_expanded)
    },
    Command {
        alias: Some(".header"),
        arguments: "on|off",
        completes: Completes::Switch,
        ..Command::new(".headers", "show the names of the columns or not", run_headers)
    },
    Command { arguments: "TEXT", ..Command::new(".nullvalue", "show a text for missing values", run_null_value) },
    Command {
        arguments: "[N...]",
        examples: &[".width 20 0 30"],
        ..Command::new(".width", "set the widths of a table's columns, 0 for any", run_width)
    },
    Command {
        arguments: "[ZONE]",
        examples: &[".tz LOCAL"],
        completes: Completes::Words(&["UTC", "LOCAL"]),
        ..Command::new(".tz", "show times in UTC, LOCAL, an offset or a named zone", run_zone)
    },
    Command {
        arguments: "on|newest|off",
        examples: &[".age newest"],
        completes: Completes::Words(&["on", "newest", "off"]),
        ..Command::new(".age", "show ages beside times, from now or from the newest event", run_age)
    },
    Command {
        arguments: "ROWS [LINES ANSWERS]|off",
        examples: &[".brief 20", ".brief 20 100 10"],
        completes: Completes::Words(&["off"]),
        ..Command::new(".brief", "give answers of SQL and queries a title and few rows", run_brief)
    },
    Command {
        arguments: "[on|off]",
        completes: Completes::Switch,
        ..Command::new(".fold", "fill the screen with the last list, or fold bursts into one line or not", run_fold)
    },
    Command {
        arguments: "[on|off|COMMAND]",
        examples: &[".pager less -RS"],
        completes: Completes::Switch,
        ..Command::new(".pager", "show answers that do not fit in a pager", run_pager)
    },
];

/// sqlite3's modes that have another name here.
const MODES: [(&str, Format); 13] = [
    ("ascii", Format::Tsv),
    ("box", Format::Table),
    ("column", Format::Table),
    ("html", Format::Markdown),
    ("insert", Format::Csv),
    ("jsonlines", Format::Ndjson),
    ("line", Format::Expanded),
    ("lines", Format::Expanded),
    ("list", Format::Tsv),
    ("qbox", Format::Table),
    ("quote", Format::Csv),
    ("tabs", Format::Tsv),
    ("tcl", Format::Tsv),
];

fn run_mode(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(1)?;
    let Some((name, span)) = arguments.words.first() else {
        let format = session.settings.format.unwrap_or_default();
        session.print(&format!("{format}\n"))?;
        return Ok(Answer::default());
    };
    if let Ok(format) = name.parse::<Format>() {
        session.settings.format = Some(format);
        return Ok(Answer::default());
    }
    let mut mistake = Diagnostic::at(*span, format!("no format `{name}`")).in_source(arguments.line);
    match MODES.iter().find(|(known, _)| known == name) {
        Some((_, format)) => mistake = mistake.hint(format!("use `.mode {format}`")).instead(format.name()),
        None => {
            let near = nearest(name, Format::ALL.map(Format::name));
            for near in &near {
                mistake = mistake.hint(format!("did you mean `{near}`?"));
            }
            mistake.instead = near.first().map(|near| (*near).to_owned());
        }
    }
    Err(mistake.note(format!("formats are {}", Format::ALL.map(Format::name).join(", "))).into())
}

fn run_headers(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    session.settings.style.bare = !arguments.switch("headers are")?;
    Ok(Answer::default())
}

fn run_brief(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let number = |at: usize, what: &str| -> Result<usize, SessionError> {
        let (word, span) = &arguments.words[at];
        word.parse().map_err(|_| arguments.mistake(*span, format!("`{word}` is not a number of {what}")))
    };
    session.settings.brief = match arguments.texts().as_slice() {
        ["off"] => None,
        [_] => Some(Brief { rows: number(0, "rows: write one, or `off`")?, shared: None }),
        [_, _, _] => {
            let shared = SharedLines { lines: number(1, "lines")?, answers: number(2, "answers")? };
            Some(Brief { rows: number(0, "rows")?, shared: Some(shared) })
        }
        _ => {
            arguments.at_most(3)?;
            return Err(arguments.missing());
        }
    };
    Ok(Answer::default())
}

fn run_fold(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    if arguments.words.is_empty() {
        return lookup::fill_screen(session);
    }
    session.settings.fold = arguments.switch("folding is")?;
    Ok(Answer::default())
}

fn run_expanded(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let on = match arguments.words.first() {
        None => session.settings.format != Some(Format::Expanded),
        Some(_) => arguments.switch("the expanded form is")?,
    };
    session.settings.format = Some(if on { Format::Expanded } else { Format::Table });
    session.status(if on { "one line a cell" } else { "tables" });
    Ok(Answer::default())
}

fn run_null_value(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    session.settings.style.null = visible(arguments.one()?).into_owned();
    Ok(Answer::default())
}

fn run_width(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let mut widths = Vec::new();
    for (word, span) in &arguments.words {
        match word.parse::<usize>() {
            Ok(width) if width <= 10_000 => widths.push(width),
            _ => {
                return Err(
                    arguments.mistake(*span, format!("`{word}` is not a width: a number of columns, 0 for any"))
                );
            }
        }
    }
    session.settings.style.widths = widths;
    Ok(Answer::default())
}

fn run_pager(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    session.settings.paging = match arguments.rest {
        "" => {
            let name = format!("{}\n", session.settings.paging.name());
            session.print(&name)?;
            return Ok(Answer::default());
        }
        "on" => Paging::On,
        "off" => Paging::Off,
        command => Paging::With(command.to_owned()),
    };
    Ok(Answer::default())
}

/// `.tz UTC|LOCAL|NAME|+HH:MM`.
fn run_zone(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(1)?;
    let Some((name, span)) = arguments.words.first() else {
        let name = zone::name(session.settings.style.times.zone.as_ref());
        session.print(&format!("{name}\n"))?;
        return Ok(Answer::default());
    };
    let zone = zone::parse(name).map_err(|message| {
        SessionError::from(Diagnostic::at(*span, message).in_source(arguments.line).hint(zone::ZONE_FORMS))
    })?;
    let description = zone::name(zone.as_ref());
    session.settings.style.times.zone = zone;
    session.status(&format!("tables show times in {description}; what is typed without an offset stays UTC"));
    Ok(Answer::default())
}

/// `.age on|newest|off`.
fn run_age(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let case = session.case()?;
    session.settings.style.times.age_from = match arguments.one()? {
        "on" => Some(crate::time::now()),
        "newest" => case.newest_event()?,
        "off" => None,
        _ => {
            let what = "the age is `on`, counted from now, `newest`, from the newest event, or `off`";
            return Err(arguments.mistake(arguments.words[0].1, what.to_owned()));
        }
    };
    Ok(Answer::default())
}

#[cfg(test)]
mod tests {
    use super::MODES;

    #[test]
    fn modes_of_sqlite3_are_not_formats() {
        assert!(MODES.iter().all(|(name, _)| name.parse::<crate::render::Format>().is_err()));
    }
}
