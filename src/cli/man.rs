//! `trailq man`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use clap_mangen::Man;

use super::outcome::Outcome;
use crate::diagnostic::Diagnostic;
use crate::io_message::describe;
use crate::number;
use crate::output_file::{Existing, Options, OutputFile};
use crate::session::{Answer, Session, SessionError};

/// Examples for `trailq man --help`.
const EXAMPLES: &str = "\
Examples:
  trailq man ~/.local/share/man/man1
  trailq man --force man1

The page of `trailq run` is trailq-run.1: man trailq-run";

/// Write a man page for each command
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ManArgs {
    /// The folder, which is made if it does not exist
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    folder: PathBuf,
    /// Replace pages that exist
    #[arg(long)]
    force: bool,
}

/// Runs the command; `cli` is the command line that the pages describe.
pub(super) fn run(session: &mut Session, args: &ManArgs, mut cli: clap::Command) -> Result<Outcome, SessionError> {
    cli.build();
    fs::create_dir_all(&args.folder).map_err(|error| {
        Diagnostic::new(format!("cannot make the folder {}: {}", args.folder.display(), describe(&error)))
    })?;
    let mut pages = 0;
    write(&cli, "trailq", args)?;
    for command in cli.get_subcommands().filter(|command| command.get_name() != "help") {
        write(command, &format!("trailq-{}", command.get_name()), args)?;
        pages += 1;
    }
    session.status(&format!("{} in {}", number::counted(pages + 1, "page"), args.folder.display()));
    Ok(Answer::default().into())
}

/// Writes the page of a command.
fn write(command: &clap::Command, name: &str, args: &ManArgs) -> Result<(), SessionError> {
    let existing = if args.force { Existing::Replace } else { Existing::Refuse };
    let path: &Path = &args.folder.join(format!("{name}.1"));
    let mut page = Vec::new();
    let shown = command.clone().display_name(name.to_owned());
    Man::new(shown).source(format!("trailq {}", env!("CARGO_PKG_VERSION"))).manual("trailq").render(&mut page)?;
    let options = Options { in_use: &[], existing, private: false };
    let mut file = OutputFile::create(path, &options).map_err(Diagnostic::from)?;
    file.write_all(&page)?;
    file.commit().map_err(Diagnostic::from)?;
    Ok(())
}
