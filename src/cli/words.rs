//! The words of a command line that clap has refused.

use std::ffi::OsString;

use clap::CommandFactory as _;

use super::args::Cli;

/// The words of a command line, split without knowing all options.
pub(super) struct CommandWords {
    words: Vec<String>,
    /// The index and the name of the command.
    command: Option<(usize, String)>,
}

impl CommandWords {
    /// Splits the arguments, the program's name first.
    pub(super) fn parse(arguments: &[OsString]) -> CommandWords {
        let words: Vec<String> = arguments.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
        let cli = Cli::command();
        let is_command = |word: &String| cli.get_subcommands().any(|command| command.get_name() == word.as_str());
        // A word after an option may be its value.
        let mut after_option = false;
        let mut command = None;
        for (at, word) in words.iter().enumerate() {
            if is_command(word) && !(after_option && at > 0 && takes_value(&cli, &words[at - 1])) {
                command = Some((at, word.clone()));
                break;
            }
            after_option = word.starts_with('-');
        }
        CommandWords { words, command }
    }

    /// Returns the name of the command, if there is one.
    pub(super) fn command(&self) -> Option<&str> {
        self.command.as_ref().map(|(_, name)| name.as_str())
    }

    /// Reports whether a word is before the command.
    pub(super) fn is_before_command(&self, word: &str) -> bool {
        let at = self.words.iter().position(|other| other == word || other.starts_with(&format!("{word}=")));
        self.command.as_ref().zip(at).is_some_and(|((command, _), at)| at < *command)
    }

    /// Returns the value of an option that trailq does not have: after `=`, else the next word.
    pub(super) fn value_of(&self, option: &str) -> Option<&str> {
        let mut words = self.words.iter();
        while let Some(word) = words.next() {
            if let Some(value) = word.strip_prefix(option).and_then(|rest| rest.strip_prefix('=')) {
                return Some(value);
            }
            if word == option {
                return words.next().map(String::as_str).filter(|value| !value.starts_with('-'));
            }
        }
        None
    }

    /// Returns the words that are neither options nor the command.
    pub(super) fn operands(&self) -> Vec<&str> {
        let cli = Cli::command();
        let mut operands = Vec::new();
        let mut value = false;
        for (at, word) in self.words.iter().enumerate() {
            if std::mem::take(&mut value) || self.command.as_ref().is_some_and(|(command, _)| *command == at) {
                continue;
            }
            if word.starts_with('-') && word.len() > 1 {
                value = takes_value(&cli, word);
            } else {
                operands.push(word.as_str());
            }
        }
        operands
    }
}

/// Reports whether a word is a global option whose value is the next word.
fn takes_value(cli: &clap::Command, word: &str) -> bool {
    let option = cli.get_arguments().find(|option| option.get_long().is_some_and(|long| word == format!("--{long}")));
    option.is_some_and(|option| option.get_action().takes_values())
}

/// Quotes a word for a shell.
pub(super) fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
