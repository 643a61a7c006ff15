//! The help of a command that is shown on a screen: at most 40 lines of 80 columns.

use std::ffi::OsString;

use clap::{Command, CommandFactory as _};

use super::args::Cli;

/// The line about the options that every command has.
const GLOBAL_OPTIONS: &str = "Global options (see `trailq -h`): --db --format --color --queries --geo --quiet";

/// Returns the help that these arguments ask for. `None` if they ask for none.
pub(super) fn asked_for(arguments: &[OsString]) -> Option<clap::Error> {
    command().try_get_matches_from(arguments).err().filter(|answer| !answer.use_stderr())
}

/// Returns the command line with global options in the help of the program and in `trailq help COMMAND`, but not in
/// `trailq COMMAND --help`.
fn command() -> Command {
    let mut command = Cli::command();
    // The commands have the global options from here on.
    command.build();
    command.mut_subcommands(|command| {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let long_help = command.get_after_long_help().map_or_else(|| help.clone(), ToString::to_string);
        let is_listed = |id: &clap::Id| id == "help";
        command
            .mut_args(|arg| match arg.is_global_set() && !is_listed(arg.get_id()) {
                true => arg.hide_short_help(true),
                false => arg,
            })
            .after_help(format!("{help}\n\n{GLOBAL_OPTIONS}"))
            .after_long_help(long_help)
    })
}
