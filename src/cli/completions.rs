//! `trailq completions`, and the names that a shell asks for while a command line is typed.
//!
//! The scripts for bash, zsh and fish run trailq with [`SHELL_VARIABLE`] set and the typed words after `--`. The answer is
//! one candidate a line.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};

use clap::Args;
use clap_complete::Shell;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter as _};
use clap_complete::env::Shells;

use super::outcome::Outcome;
use crate::config::{Config, Flags};
use crate::fields::{FIELDS, Kind, find, fold};
use crate::saved::header::Parameter;
use crate::saved::{Library, shipped_scripts};
use crate::session::commands::help::TERMS;
use crate::session::{Answer, SessionError};

/// Examples for `trailq completions --help`.
const EXAMPLES: &str = "\
Examples:
  trailq completions bash > ~/.local/share/bash-completion/completions/trailq
  trailq completions zsh > ~/.zfunc/_trailq
  trailq completions fish > ~/.config/fish/completions/trailq.fish

In bash, zsh and fish, names of queries, scripts, parameters and fields are completed too";

/// The environment variable with the name of the shell that asks for candidates.
const SHELL_VARIABLE: &str = "TRAILQ_COMPLETE";
/// Completes at once where zsh loads the script as a function on the first use.
const ZSH_AUTOLOAD: &str = "\nif [ \"$funcstack[1]\" = _trailq ]; then _clap_dynamic_completer_trailq \"$@\"; fi\n";
/// The name of the program.
const PROGRAM: &str = "trailq";

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Runs the command; `cli` is the command line to complete.
pub(super) fn run(args: &CompletionsArgs, cli: &mut clap::Command) -> Result<Outcome, SessionError> {
    let mut script = Vec::new();
    let shells = Shells::builtins();
    match shells.completer(&args.shell.to_string()) {
        Some(shell) if matches!(args.shell, Shell::Bash | Shell::Zsh | Shell::Fish) => {
            shell.write_registration(SHELL_VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
            if args.shell == Shell::Zsh {
                script.extend_from_slice(ZSH_AUTOLOAD.as_bytes());
            }
        }
        _ => clap_complete::generate(args.shell, cli, PROGRAM, &mut script),
    }
    io::stdout().lock().write_all(&script)?;
    Ok(Answer::default().into())
}

/// Answers a shell that asks for candidates; `None` if no shell asks. `arguments` are those of the process.
pub(super) fn answer(arguments: &[OsString], cli: clap::Command) -> Option<io::Result<()>> {
    let name = std::env::var_os(SHELL_VARIABLE).filter(|name| !name.is_empty())?;
    let shells = Shells::builtins();
    let Some(shell) = shells.completer(&name.to_string_lossy()) else {
        let message = format!("{SHELL_VARIABLE} is not the name of a shell: {}", name.to_string_lossy());
        return Some(Err(io::Error::other(message)));
    };
    let after = arguments.iter().position(|word| word == "--").map_or(arguments.len(), |at| at + 1);
    let words = arguments[after..].to_vec();
    if words.is_empty() {
        return Some(Ok(()));
    }
    let mut out = Vec::new();
    let mut cli = with_names(cli, &words);
    cli.build();
    let written = shell.write_complete(&mut cli, words, std::env::current_dir().ok().as_deref(), &mut out);
    Some(written.and_then(|()| io::stdout().lock().write_all(&out)))
}

/// Adds the candidates of names to the arguments that take them.
fn with_names(cli: clap::Command, words: &[OsString]) -> clap::Command {
    let completed = |argument: clap::Arg, complete: fn(&OsStr) -> Vec<CompletionCandidate>| {
        argument.add(ArgValueCompleter::new(complete))
    };
    let name = named(words);
    let values = move |typed: &OsStr| parameters(&name, typed);
    let of_script = values.clone();
    cli.mut_subcommand("run", |command| {
        let command = command.mut_arg("name", |argument| completed(argument, queries_and_scripts));
        command.mut_arg("values", |argument| argument.add(ArgValueCompleter::new(values)))
    })
    .mut_subcommand("script", |command| {
        let command = command.mut_arg("file", |argument| completed(argument, scripts_and_files));
        command.mut_arg("values", |argument| argument.add(ArgValueCompleter::new(of_script)))
    })
    .mut_subcommand("queries", |command| command.mut_arg("words", |argument| completed(argument, queries)))
    .mut_subcommand("lookup", |command| command.mut_arg("words", |argument| completed(argument, terms)))
}

/// Returns the name after `run` or `script` in the typed words.
fn named(words: &[OsString]) -> String {
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let command = words.iter().position(|word| matches!(*word, "run" | "script"));
    let rest = command.and_then(|at| words.get(at + 1..)).unwrap_or_default();
    rest.iter().find(|word| !word.starts_with('-')).map_or_else(String::new, |word| (*word).to_owned())
}

/// Reads the saved queries of the user's folders and of trailq. A folder that cannot be read has none.
fn library() -> Library {
    let mut library = Library::default();
    for folder in crate::config::values(&Config::from_environment(&Flags::default()).queries) {
        let _ = library.add_folder(&folder);
    }
    library.add_shipped();
    library
}

/// Returns a candidate with its meaning, if it begins as typed.
fn candidate(text: String, help: &str, typed: &OsStr) -> Option<CompletionCandidate> {
    let begins = typed.to_str().is_some_and(|typed| text.starts_with(typed));
    begins.then(|| CompletionCandidate::new(text).help(Some(help.to_owned().into())))
}

fn queries(typed: &OsStr) -> Vec<CompletionCandidate> {
    let library = library();
    let all = library.all();
    all.into_iter().filter_map(|query| candidate(query.name.clone(), &query.header.title, typed)).collect()
}

fn scripts(typed: &OsStr) -> Vec<CompletionCandidate> {
    let all = shipped_scripts();
    all.iter().filter_map(|script| candidate(script.name.to_owned(), &script.header.title, typed)).collect()
}

fn queries_and_scripts(typed: &OsStr) -> Vec<CompletionCandidate> {
    queries(typed).into_iter().chain(scripts(typed)).collect()
}

fn scripts_and_files(typed: &OsStr) -> Vec<CompletionCandidate> {
    scripts(typed).into_iter().chain(PathCompleter::any().complete(typed)).collect()
}

/// Returns the parameters of a query or script, with `=`.
fn parameters(name: &str, typed: &OsStr) -> Vec<CompletionCandidate> {
    let offer = |param: &Parameter| candidate(format!("{}=", param.name), &param.help, typed);
    if let Some(query) = library().find(name) {
        return query.header.params.iter().filter_map(offer).collect();
    }
    let scripts = shipped_scripts();
    let script = scripts.iter().find(|script| script.name == name);
    script.map_or_else(Vec::new, |script| script.header.params.iter().filter_map(offer).collect())
}

/// Returns the fields that a word begins, with `=`; after a field of a few words, those.
fn terms(typed: &OsStr) -> Vec<CompletionCandidate> {
    let Some(word) = typed.to_str() else { return Vec::new() };
    if let Some((name, _)) = word.split_once('=') {
        let values: &[&str] = match find(name).map(|field| field.kind) {
            Some(Kind::Flag) => &["true", "false"],
            Some(Kind::Word(words)) => words,
            _ => &[],
        };
        return values.iter().filter_map(|value| candidate(format!("{name}={value}"), "", typed)).collect();
    }
    let times = TERMS.iter().map(|term| (term.name, term.help));
    let fields = FIELDS.iter().map(|field| (field.name, field.help)).chain(times);
    let begins = |name: &str| fold(name).starts_with(&fold(word));
    let offer =
        |(name, help): (&str, &str)| CompletionCandidate::new(format!("{name}=")).help(Some(help.to_owned().into()));
    fields.filter(|(name, _)| begins(name)).map(offer).collect()
}
