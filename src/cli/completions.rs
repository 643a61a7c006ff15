//! `trailq completions`.

use std::io::{self, Write as _};

use clap::Args;

use super::outcome::Outcome;
use crate::session::{Answer, SessionError};

/// Examples for `trailq completions --help`.
const EXAMPLES: &str = "\
Examples:
  trailq completions bash > ~/.local/share/bash-completion/completions/trailq
  trailq completions zsh > ~/.zfunc/_trailq";

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: clap_complete::Shell,
}

/// Runs the command; `cli` is the command line to complete.
pub(super) fn run(args: &CompletionsArgs, cli: &mut clap::Command) -> Result<Outcome, SessionError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, cli, "trailq", &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(Answer::default().into())
}
