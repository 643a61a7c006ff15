//! Usage errors: clap's errors in trailq's words, with the corrected command line where it is known.

use std::ffi::OsString;
use std::path::Path;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::args::Cli;
use super::other_tools;
use super::words::{CommandWords, shell_word};
use crate::diagnostic::{Diagnostic, nearest};

/// Returns the error of the arguments, from clap's error.
pub(super) fn diagnose(error: &clap::Error, arguments: &[OsString]) -> Diagnostic {
    let words = CommandWords::parse(arguments);
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(" and "),
        _ => String::new(),
    };
    let argument = text(ContextKind::InvalidArg);
    let mistake = match error.kind() {
        ErrorKind::UnknownArgument if argument.starts_with('-') => return unknown_option(&argument, &words),
        ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand => match words.command() {
            Some(command) => return unexpected_word(&argument, command, &words),
            None => {
                let mut operands = words.operands();
                if operands.len() > 1 && operands[0] == "help" {
                    operands.remove(0);
                }
                let is_case = |word: &str| other_tools::looks_like_case(word) || Path::new(word).exists();
                let named = operands.first().is_some_and(|first| is_case(first));
                return other_tools::unknown_command(&operands[usize::from(named)..]);
            }
        },
        ErrorKind::InvalidValue if text(ContextKind::InvalidValue).is_empty() => {
            Diagnostic::new(format!("{} needs a value", option_name(&argument)))
        }
        ErrorKind::InvalidValue => return invalid_value(error, &argument, &text(ContextKind::InvalidValue), &words),
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map_or_else(String::new, |why| format!(": {}", expected(why)));
            let value = text(ContextKind::InvalidValue);
            Diagnostic::new(format!("invalid value `{value}` for {}{why}", option_name(&argument)))
        }
        ErrorKind::ArgumentConflict => {
            let other = text(ContextKind::PriorArg);
            let message = match (option_name(&argument), option_name(&other)) {
                (argument, other) if argument == other => format!("{argument} is given twice"),
                (argument, other) => format!("{argument} cannot be used with {other}"),
            };
            Diagnostic::new(message)
        }
        ErrorKind::MissingRequiredArgument => {
            let command = words.command().unwrap_or_default();
            let mistake = Diagnostic::new(format!("`trailq {command}` needs {}", argument.replace(['<', '>'], "")));
            return with_help(with_example(mistake, command), &words);
        }
        _ => {
            let said = error.to_string();
            let first = said.lines().next().unwrap_or_default();
            Diagnostic::new(first.trim_start_matches("error: ").to_owned())
        }
    };
    with_help(mistake, &words)
}

/// Returns the expectation that a value does not meet, from the errors of numbers and addresses.
fn expected(why: &dyn std::error::Error) -> String {
    let why = why.to_string();
    match why.split_once(" is not in ").and_then(|(_, range)| range.split_once("..=")) {
        Some((least, most)) => format!("expected a number from {least} to {most}"),
        None if why.contains("invalid digit") => "expected an integer".to_owned(),
        None if why.contains("too large") || why.contains("too small") => "the number is too large".to_owned(),
        None if why.contains("IP address") => "expected an IP address such as 127.0.0.1".to_owned(),
        None => why,
    }
}

/// Returns the name of an option from its usage in clap's errors.
fn option_name(argument: &str) -> String {
    let name = argument.split_whitespace().next().unwrap_or(argument);
    let name = if name.starts_with('-') { name } else { argument };
    name.replace(['<', '>', '[', ']'], "").trim_end_matches('=').to_owned()
}

/// Adds the first example of the command.
fn with_example(mistake: Diagnostic, command: &str) -> Diagnostic {
    let cli = Cli::command();
    let help = cli.find_subcommand(command).and_then(|command| command.get_after_help()).map(ToString::to_string);
    let help = help.unwrap_or_default();
    match help.lines().find_map(|line| line.strip_prefix("  trailq ")) {
        Some(example) => mistake.hint(format!("for example: trailq {example}")),
        None => mistake,
    }
}

/// Adds a hint to the help of the command.
fn with_help(mistake: Diagnostic, words: &CommandWords) -> Diagnostic {
    match words.command() {
        Some(command) => mistake.hint(format!("`trailq help {command}` describes all options")),
        None => mistake.hint("`trailq --help` shows the commands and options"),
    }
}

/// Returns the error about an option that the command does not have.
fn unknown_option(option: &str, words: &CommandWords) -> Diagnostic {
    let cli = Cli::command();
    let command = words.command().and_then(|name| cli.find_subcommand(name)).unwrap_or(&cli);
    let name = match words.command() {
        Some(name) => format!("trailq {name}"),
        None => "trailq".to_owned(),
    };
    let mistake = Diagnostic::new(format!("`{name}` has no option {option}"));
    let longs = |command: &clap::Command| -> Vec<String> {
        let shown = command.get_arguments().filter(|argument| !argument.is_hide_set());
        shown.filter_map(clap::Arg::get_long).map(|long| format!("--{long}")).collect()
    };
    // It may be an option of the command, written before it.
    if words.is_before_command(option) && longs(command).iter().any(|long| long == option) {
        return mistake.hint(format!("write the options of a command after it: {name} {option} ..."));
    }
    if let Some(advice) = other_tools::option_advice(option, words) {
        return mistake.hint(advice);
    }
    let mut names = longs(command);
    names.extend(longs(&cli));
    let near = nearest(option, names.iter().map(String::as_str));
    if let Some(near) = near.first() {
        return mistake.hint(format!("did you mean {near}?"));
    }
    let elsewhere: Vec<&str> = cli
        .get_subcommands()
        .filter(|command| longs(command).iter().any(|long| long == option))
        .map(clap::Command::get_name)
        .collect();
    let mistake = match elsewhere.as_slice() {
        [] => mistake,
        commands => mistake.note(format!("{option} is an option of {}", commands.join(", "))),
    };
    with_help(mistake, words)
}

/// Returns the error about an operand that the command does not take.
fn unexpected_word(word: &str, command: &str, words: &CommandWords) -> Diagnostic {
    if let Some(tool) = words.operands().into_iter().find(|word| other_tools::is_other_tool(word)) {
        return other_tools::unknown_command(&[tool]);
    }
    let mistake = Diagnostic::new(format!("`trailq {command}` does not take the argument `{word}`"));
    match command {
        "sql" => {
            let statement = shell_word(&words.operands().join(" "));
            mistake.hint(format!("quote the statement: trailq sql {statement}"))
        }
        "info" | "serve" => mistake.hint(format!("name the case with --db: trailq --db {word} {command}")),
        _ => with_help(mistake, words),
    }
}

/// Returns the error about a value that the option does not take.
fn invalid_value(error: &clap::Error, argument: &str, value: &str, words: &CommandWords) -> Diagnostic {
    let option = option_name(argument);
    let mistake = Diagnostic::new(format!("invalid value `{value}` for {option}"));
    let values = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) => values.as_slice(),
        _ => return with_help(mistake, words),
    };
    let mistake = mistake.note(format!("possible values: {}", values.join(", ")));
    if option == "--format"
        && let Some(advice) = other_tools::format_advice(value)
    {
        return mistake.hint(advice);
    }
    match nearest(value, values.iter().map(String::as_str)).first() {
        Some(near) => mistake.hint(format!("did you mean {near}?")),
        None => mistake,
    }
}
