//! The command line: arguments in, exit code out. Only this folder and the REPL know the process.

mod args;
mod case_names;
mod chosen_format;
mod completions;
mod config;
mod convert;
mod diff;
mod export;
mod guide;
mod help;
mod hunt;
mod import;
mod info;
mod leads;
mod lookup;
mod lookup_events;
mod man;
mod merge;
mod other_tools;
mod outcome;
mod parameters;
mod queries;
mod reindex;
mod repl;
mod report;
mod run;
mod script;
mod scripts;
mod serve;
mod snapshot;
mod source;
mod sql;
mod target_options;
mod term_options;
mod usage;
mod validate;
mod words;

use std::ffi::OsString;
use std::io::{self, BufWriter, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory as _, Parser as _};

use crate::config::{Config, Flags, Theme};
use crate::diagnostic::Diagnostic;
use crate::geo::GeoFiles;
use crate::io_message;
use crate::render;
use crate::session::{Session, SessionError, Settings};
use crate::terminal::capabilities::ColorChoice;
use crate::terminal::{capabilities, progress};
use args::{Cli, Command};
use chosen_format::ChosenFormat;
use outcome::Outcome;

/// The default case.
const DEFAULT_CASE: &str = "trailq.db";
/// The environment variable that names the case.
const CASE_VARIABLE: &str = "TRAILQ_DB";
/// Bytes of rows that are buffered.
const BUFFER: usize = 64 << 10;
/// Done, but some input was rejected, or `--fail-on-rows` met rows.
const EXIT_INCOMPLETE: u8 = 1;
/// Could not run.
const EXIT_ERROR: u8 = 2;

/// Runs the program with these arguments, the program's name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(answered) = completions::answer(&arguments, Cli::command()) {
        // A shell shows nothing for a word that cannot be completed.
        return if answered.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_ERROR) };
    }
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
            let _ = help::asked_for(&arguments).unwrap_or(help).print();
            return ExitCode::SUCCESS;
        }
    };
    let color = cli.global.color.is_colored(io::stderr().is_terminal());
    match dispatch(cli) {
        Ok(outcome) if outcome.is_incomplete() => ExitCode::from(EXIT_INCOMPLETE),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) if error.is_closed_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            let _ = render::diagnostic::write(&mut io::stderr().lock(), &error.into_diagnostic(), color);
            ExitCode::from(EXIT_ERROR)
        }
    }
}

/// Opens a session and runs the command in it.
fn dispatch(cli: Cli) -> Result<Outcome, SessionError> {
    let path = case_path(&cli)?;
    let named = cli.case.as_ref().filter(|case| !case.exists()).map(|case| case.to_string_lossy().into_owned());
    let makes_case = matches!(cli.command, Some(Command::Convert(_) | Command::Import(_) | Command::Merge(_)));
    check_geo_files(&cli.global.geo_files)?;
    let config = Config::from_environment(&flags(&cli));
    if io::stderr().is_terminal() && !cli.global.quiet && !capabilities::is_dumb() {
        progress::show_operations();
    }
    let mut session = Session::new(
        path.clone(),
        settings(&cli, &config),
        Box::new(BufWriter::with_capacity(
            BUFFER,
            progress::InsteadOfLine::new(io::stdout(), capabilities::stdout_is_file()),
        )),
        Box::new(progress::AboveLine::new(io::stderr())),
    );
    warn_of_mistakes(&mut session, &cli, &config);
    let outcome = run_command(session, cli, config);
    match named.filter(|word| other_tools::is_other_tool(word)) {
        Some(word) => outcome.map_err(|_| other_tools::unknown_command(&[&word]).into()),
        None if makes_case => outcome,
        None => outcome.map_err(|error| advise_import(error, &path)),
    }
}

/// Runs the command in a session.
fn run_command(mut session: Session, cli: Cli, config: Config) -> Result<Outcome, SessionError> {
    let format = cli.global.format;
    let is_translated = matches!(&cli.command, Some(Command::Lookup(args)) if args.is_translated());
    if let (Some(ChosenFormat::Rows | ChosenFormat::Files), false) = (format, is_translated) {
        let mistake = Diagnostic::new("the formats rows and files are of statements for other engines");
        return Err(mistake.hint("write trailq lookup --for ENGINE, or take another format").into());
    }
    let done = match cli.command {
        None => return repl::run(session, cli.case.as_deref(), &config),
        Some(Command::Import(args)) => import::run(&mut session, args),
        Some(Command::Lookup(args)) => lookup::run(&mut session, &args, format),
        Some(Command::Sql(args)) => sql::run(&mut session, args),
        Some(Command::LookupEvents(args)) => lookup_events::run(&mut session, args),
        Some(Command::Serve(args)) => serve::run(&mut session, &args),
        Some(Command::Queries(args)) => queries::run(&mut session, &args),
        Some(Command::Run(args)) => run::run(&mut session, args),
        Some(Command::Hunt(args)) => hunt::run(&mut session, args),
        Some(Command::Leads(args)) => leads::run(&mut session, &args),
        Some(Command::Script(args)) => script::run(&mut session, args),
        Some(Command::Merge(args)) => merge::run(&mut session, &args),
        Some(Command::Reindex(_)) => reindex::run(&mut session),
        Some(Command::Diff(args)) => diff::run(&mut session, &args),
        Some(Command::Convert(args)) => convert::run(&mut session, args),
        Some(Command::Export(args)) => export::run(&mut session, args),
        Some(Command::Report(args)) => report::run(&mut session, args),
        Some(Command::Info(args)) => info::run(&args, &mut session),
        Some(Command::Validate(args)) => validate::run(&mut session, args),
        Some(Command::Snapshot(args)) => snapshot::run(&mut session, args),
        Some(Command::Guide(args)) => guide::run(&args, &session.settings.style),
        Some(Command::Completions(args)) => completions::run(&args, &mut Cli::command()),
        Some(Command::Man(args)) => man::run(&mut session, &args, Cli::command()),
        Some(Command::Scripts(_)) => scripts::run(&mut session),
        Some(Command::Config(_)) => config::run(&mut session, &config),
    };
    // This completes the files that a script wrote.
    let ended = session.end();
    done.and_then(|outcome| ended.map(|()| outcome))
}

/// Adds the advice to import, if the case is a folder or a trail file.
fn advise_import(error: SessionError, path: &Path) -> SessionError {
    match (error, other_tools::import_advice(path)) {
        (SessionError::Mistake(mut mistake), Some(advice)) if mistake.message.contains(&path.display().to_string()) => {
            mistake.hints = vec![advice];
            SessionError::Mistake(mistake)
        }
        (error, _) => error,
    }
}

/// Returns the path of the case: from the arguments, else from the environment.
fn case_path(cli: &Cli) -> Result<PathBuf, SessionError> {
    match (&cli.case, &cli.global.db) {
        (Some(_), Some(_)) => Err(Diagnostic::new("CASE and --db both name a case").hint("name the case once").into()),
        (Some(path), None) | (None, Some(path)) => Ok(path.clone()),
        (None, None) => {
            let named = std::env::var_os(CASE_VARIABLE).filter(|path| !path.is_empty());
            Ok(named.map_or_else(|| PathBuf::from(DEFAULT_CASE), PathBuf::from))
        }
    }
}

/// Checks that the files of `--geo` exist: they are read when they are first needed.
fn check_geo_files(paths: &[PathBuf]) -> Result<(), SessionError> {
    for path in paths {
        let found = std::fs::metadata(path);
        let metadata = found.map_err(|error| Diagnostic::new(io_message::cannot_read(path, &error)))?;
        if metadata.is_dir() {
            let mistake = Diagnostic::new(format!("{} is a folder", path.display()));
            return Err(mistake.hint("--geo takes a .mmdb file, or ip-ranges.json of AWS").into());
        }
    }
    Ok(())
}

/// Reports the mistakes of the settings file that matter to the command.
fn warn_of_mistakes(session: &mut Session, cli: &Cli, config: &Config) {
    let is_at_prompt = cli.command.is_none() && repl::is_interactive();
    // `config` has a report of its own; completions and the guide use no setting.
    let is_concerned = !matches!(
        cli.command,
        Some(Command::Config(_) | Command::Completions(_) | Command::Guide(_) | Command::Man(_) | Command::Scripts(_))
    );
    for mistake in config.mistakes.iter().filter(|mistake| is_at_prompt || (is_concerned && !mistake.is_of_prompt)) {
        session.warn(&mistake.diagnostic);
    }
}

/// Returns the options that set the same as the settings file.
fn flags(cli: &Cli) -> Flags {
    let theme = match cli.global.color {
        ColorChoice::Auto => None,
        ColorChoice::Always => Some(Theme::Colors),
        ColorChoice::Never => Some(Theme::None),
    };
    Flags {
        format: cli.global.format.and_then(ChosenFormat::of_answers),
        theme,
        queries: cli.global.queries.clone(),
        geo_files: cli.global.geo_files.clone(),
    }
}

/// Returns the settings that follow from the arguments and the terminal.
fn settings(cli: &Cli, config: &Config) -> Settings {
    let global = &cli.global;
    let notes = io::stderr().is_terminal();
    Settings {
        format: global.format.and_then(ChosenFormat::of_answers),
        style: capabilities::style(global.color),
        color_notes: global.color.is_colored(notes),
        quiet: global.quiet,
        queries: crate::config::values(&config.queries),
        geo: Arc::new(GeoFiles::new(crate::config::values(&config.geo_files))),
        rules: crate::config::values(&config.rules),
        ..Settings::default()
    }
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
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                let is_fit = !help.is_empty() && !help.ends_with('.') && help.chars().count() <= 70;
                assert!(is_fit, "{name} {}: {help}", argument.get_id());
            }
        }
    }
}
