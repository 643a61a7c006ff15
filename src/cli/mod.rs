//! The command line: arguments in, exit code out. The one place, beside the REPL, that knows the process.

mod args;
mod commands;
mod lookup_events;
mod other_tools;
mod term_options;
mod usage;

use std::ffi::OsString;
use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::diagnostic::Diagnostic;
use crate::render;
use crate::session::{Answer, Session, SessionError, Settings};
use crate::terminal::capabilities;
use crate::terminal::capabilities::ColorChoice;
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
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            let color = ColorChoice::Auto.is_colored(io::stderr().is_terminal());
            let mistake =
                term_options::explain(&error, &arguments).unwrap_or_else(|| usage::diagnose(&error, &arguments));
            let _ = render::diagnostic::write(&mut io::stderr().lock(), &mistake, color);
            return ExitCode::from(EXIT_ERROR);
        }
        Err(help) => {
            // Help or the version; a closed pipe is not an error.
            let _ = help.print();
            return ExitCode::SUCCESS;
        }
    };
    let color = cli.global.color.is_colored(io::stderr().is_terminal());
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
    let path = case_path(&cli)?;
    let named = cli.case.as_ref().filter(|case| !case.exists()).map(|case| case.to_string_lossy().into_owned());
    let makes_case = matches!(cli.command, Some(Command::Import(_) | Command::Merge(_)));
    let session = Session::new(
        path.clone(),
        settings(&cli),
        Box::new(BufWriter::with_capacity(BUFFER, io::stdout())),
        Box::new(io::stderr()),
    );
    let outcome = run_command(session, cli);
    match named.filter(|word| other_tools::is_other_tool(word)) {
        Some(word) => outcome.map_err(|_| other_tools::unknown_command(&[&word]).into()),
        None if makes_case => outcome,
        None => outcome.map_err(|error| advise_import(error, &path)),
    }
}

/// Runs one command in a session.
fn run_command(mut session: Session, cli: Cli) -> Result<Outcome, SessionError> {
    let done = match cli.command {
        None => return commands::repl(session, cli.case.as_deref()),
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
    };
    // What a script wrote to files is complete then.
    let ended = session.end();
    done.and_then(|outcome| ended.map(|()| outcome))
}

/// Where the case is a folder or a trail file, says to import it.
fn advise_import(error: SessionError, path: &Path) -> SessionError {
    match (error, other_tools::import_advice(path)) {
        (SessionError::Mistake(mut mistake), Some(advice)) if mistake.message.contains(&path.display().to_string()) => {
            mistake.hints = vec![advice];
            SessionError::Mistake(mistake)
        }
        (error, _) => error,
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
        style: capabilities::style(global.color),
        color_notes: global.color.is_colored(notes),
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
            assert!(!about.is_empty() && !about.ends_with('.') && about.chars().count() <= 70, "{name}: {about}");
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.starts_with("Examples:\n  "), "{name}");
            let wide = help.lines().find(|line| line.chars().count() > 100);
            assert_eq!(wide, None, "{name}: the help has 100 columns");
        }
    }
}
