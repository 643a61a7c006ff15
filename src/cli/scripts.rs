//! `trailq scripts`.

use clap::Args;

use super::outcome::Outcome;
use crate::rows::{CapturedRows, Value};
use crate::saved::header::Requirement;
use crate::saved::shipped_scripts;
use crate::session::{Session, SessionError};

/// Examples for `trailq scripts --help`.
const EXAMPLES: &str = "\
Examples:
  trailq scripts
  trailq script triage since=2024-03-01";

/// List the scripts that are part of trailq
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ScriptsArgs {}

/// Runs the command: a row for each script with its title and parameters.
pub(super) fn run(session: &mut Session) -> Result<Outcome, SessionError> {
    let columns = ["name", "title", "parameters"].map(str::to_owned).to_vec();
    let row = |script: &crate::saved::ShippedScript| {
        let params = script.header.params.iter().map(|param| match &param.requirement {
            Requirement::Required => param.name.clone(),
            Requirement::Optional => format!("[{}]", param.name),
            Requirement::Default(default) => format!("[{}={default}]", param.name),
        });
        let params: Vec<String> = params.collect();
        [script.name.to_owned(), script.header.title.clone(), params.join(" ")].map(Value::Text).to_vec()
    };
    let rows = shipped_scripts().iter().map(row).collect();
    Ok(session.write_held(&CapturedRows { columns, rows })?.into())
}
