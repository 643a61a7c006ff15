//! The command line: arguments in, exit code out. The one place, beside the REPL, that knows the process.

mod args;
mod commands;
mod lookup_events;

use std::ffi::OsString;
use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::diagnostic::{Diagnostic, nearest};
use crate::render;
use crate::session::{Answer, Session, SessionError, Settings, screen};
use args::{Cli, Command};

/// The case where none is named.
const DEFAULT_CASE: &str = "trailq.db";
/// The environment variable that names the case.
const CASE_VARIABLE: &str = "TRAILQ_DB";
/// Bytes of rows that are written at once.
const BUFFER: usize = 64 << 10;
/// Done, but some input was rejected, or `--fail-on-rows` met rows.
const EXIT_INCOMPLETE: u8 = 1;
/// Could not run.
const EXIT_ERROR: u8 = 2;

/// Runs the program with these arguments, the program's name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; a closed pipe is none either.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { EXIT_ERROR } else { 0 });
        }
    };
    let color = cli.global.color.colors(io::stderr().is_terminal());
    match dispatch(cli) {
        Ok(Outcome { answer, fail_on_rows }) if answer.rejected || (fail_on_rows && answer.rows > 0) => {
            ExitCode::from(EXIT_INCOMPLETE)
        }
        Ok(_) => ExitCode::SUCCESS,
        Err(error) if error.is_closed_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            let _ = render::diagnostic::write(&mut io::stderr().lock(), &error.into_diagnostic(), color);
            ExitCode::from(EXIT_ERROR)
        }
    }
}

/// What became of a command.
struct Outcome {
    answer: Answer,
    fail_on_rows: bool,
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Outcome {
        Outcome { answer, fail_on_rows: false }
    }
}

/// Runs one command.
fn dispatch(cli: Cli) -> Result<Outcome, SessionError> {
    if let Some(Command::Completions { shell }) = cli.command {
        return completions(shell);
    }
    let mut session = Session::new(
        case_path(&cli)?,
        settings(&cli),
        Box::new(BufWriter::with_capacity(BUFFER, io::stdout())),
        Box::new(io::stderr()),
    );
    match cli.command {
        None => commands::repl(session, cli.case.as_deref()),
        Some(Command::Import(import)) => commands::import(&mut session, import),
        Some(Command::Lookup(lookup)) => commands::lookup(&mut session, &lookup),
        Some(Command::Sql(sql)) => commands::sql(&mut session, sql),
        Some(Command::LookupEvents(options)) => lookup_events::run(&mut session, options),
        Some(Command::Serve(serve)) => commands::serve(&mut session, &serve),
        Some(Command::Queries(queries)) => commands::queries(&mut session, &queries),
        Some(Command::Run(run)) => commands::run(&mut session, run),
        Some(Command::Script(script)) => commands::script(&mut session, script),
        Some(Command::Merge(merge)) => commands::merge(&mut session, &merge),
        Some(Command::Diff(diff)) => commands::diff(&mut session, &diff),
        Some(Command::Info) => Ok(session.info()?.into()),
        Some(Command::Snapshot(snapshot)) => commands::snapshot(&mut session, snapshot),
        Some(Command::Completions { shell }) => completions(shell),
    }
}

/// The case that the arguments name, else the environment.
fn case_path(cli: &Cli) -> Result<PathBuf, SessionError> {
    match (&cli.case, &cli.global.db) {
        (Some(_), Some(_)) => {
            Err(Diagnostic::new("two cases are named: CASE and --db").hint("name one of them").into())
        }
        (Some(path), None) | (None, Some(path)) => Ok(path.clone()),
        (None, None) => {
            let named = std::env::var_os(CASE_VARIABLE).filter(|path| !path.is_empty());
            Ok(named.map_or_else(|| PathBuf::from(DEFAULT_CASE), PathBuf::from))
        }
    }
}

/// How the process shows what it finds.
fn settings(cli: &Cli) -> Settings {
    let global = &cli.global;
    let notes = io::stderr().is_terminal();
    Settings {
        format: global.format,
        style: screen::style(global.color),
        color_notes: global.color.colors(notes),
        quiet: global.quiet,
        queries: global.queries.clone(),
        progress: notes,
        ..Settings::default()
    }
}

/// Prints completions for a shell.
fn completions(shell: clap_complete::Shell) -> Result<Outcome, SessionError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "trailq", &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(Answer::default().into())
}

/// The commands whose name is near a word, for a word that was taken as a case.
fn near_commands(word: &str) -> Vec<String> {
    let cli = Cli::command();
    nearest(word, cli.get_subcommands().map(clap::Command::get_name)).into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::args::Cli;

    #[test]
    fn the_arguments_are_consistent_and_every_command_has_examples() {
        Cli::command().debug_assert();
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(!about.is_empty() && !about.ends_with('.'), "{name}");
            assert!(command.get_after_help().is_some_and(|help| help.to_string().contains("Example")), "{name}");
        }
    }
}
