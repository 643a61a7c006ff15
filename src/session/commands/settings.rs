//! Commands that set how the session behaves.

use crate::render::zone;
use crate::session::Answer;
use crate::session::Session;
use crate::session::SessionError;
use crate::session::commands::command::Arguments;
use crate::session::commands::command::Command;
use crate::session::commands::command::Completes;
use std::fmt::Write as _;
/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[
    Command {
        arguments: "on|off",
        completes: Completes::Switch,
        ..Command::new(".timer", "report the duration of each input", run_timer)
    },
    Command {
        arguments: "on|off",
        completes: Completes::Switch,
        ..Command::new(".echo", "repeat each input before its answer", run_echo)
    },
    Command {
        is_logged: false,
        answers_in_rows: false,
        ..Command::new(".settings", "show the settings of the session", run_settings)
    },
];

fn run_timer(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    session.settings.timer = arguments.switch("the timer is")?;
    Ok(Answer::default())
}

fn run_echo(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    session.settings.echo = arguments.switch("the echo is")?;
    Ok(Answer::default())
}

/// Shows the settings of the session.
fn run_settings(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(0)?;
    let switch = |on: bool| if on { "on" } else { "off" };
    let settings = &session.settings;
    let mut out = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(out, "{name:>10}: {value}");
    };
    let noise: Vec<&str> = session.noise.iter().map(String::as_str).collect();
    line("mode", settings.format.unwrap_or_default().name());
    line("headers", switch(!settings.style.bare));
    line("nullvalue", &format!("\"{}\"", settings.style.null));
    line("width", &settings.style.widths.iter().map(usize::to_string).collect::<Vec<_>>().join(" "));
    line("tz", &zone::name(settings.style.times.zone.as_ref()));
    line("age", switch(settings.style.times.age_from.is_some()));
    line("brief", &settings.brief.map_or_else(|| "off".to_owned(), |brief| brief.rows.to_string()));
    line("fold", switch(settings.fold));
    line("noise", if noise.is_empty() { "off".to_owned() } else { noise.join(", ") }.as_str());
    line("timer", switch(settings.timer));
    line("eqp", switch(settings.eqp));
    line("echo", switch(settings.echo));
    line("pager", settings.paging.name());
    session.print(&out)?;
    Ok(Answer::default())
}
