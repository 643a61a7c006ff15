//! `trailq config`.

use clap::Args;

use super::outcome::Outcome;
use crate::config::Config;
use crate::rows::{CapturedRows, Value};
use crate::session::{Answer, Session, SessionError};

/// Examples for `trailq config --help`.
const EXAMPLES: &str = "\
Examples:
  trailq config
  trailq config --format json

The file is $XDG_CONFIG_HOME/trailq/config.toml or ~/.config/trailq/config.toml, or the one that
TRAILQ_CONFIG names. `trailq guide settings` explains its settings. The exit code is 1 if the file
has mistakes";

/// Show the settings file and the settings in effect
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ConfigArgs {}

/// Runs the command: a row for each value with its source, after the mistakes of the file.
pub(super) fn run(session: &mut Session, config: &Config) -> Result<Outcome, SessionError> {
    config.mistakes.iter().for_each(|mistake| session.warn(&mistake.diagnostic));
    let rows = config.rows().into_iter().map(|row| row.map(Value::Text).to_vec()).collect();
    let columns = ["setting", "value", "source"].map(str::to_owned).to_vec();
    let answer = session.write_held(&CapturedRows { columns, rows })?;
    Ok(Answer { rejected: !config.mistakes.is_empty(), ..answer }.into())
}
