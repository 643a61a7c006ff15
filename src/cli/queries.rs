//! `trailq queries`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::outcome::Outcome;
use crate::session::{Session, SessionError};

/// Examples for `trailq queries --help`.
const EXAMPLES: &str = "\
Examples:
  trailq queries                       all of them
  trailq queries login                 those about logins
  trailq queries ransomware            those about it, by any name
  trailq queries T1562                 those about an ATT&CK technique
  trailq queries lineage               the parameters and the SQL of one
  trailq queries --check --queries ./sql
  trailq queries --save odd-logins.sql

Queries are looked up in the folders of --queries, TRAILQ_QUERIES and the
settings file, in ~/.config/trailq/queries, then among trailq's own, then in the
case. If two have the same name, the first one is used";

/// List, search and show the saved queries
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct QueriesArgs {
    /// Words to search for, or the name of a query to show
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// Validate all saved queries against the schema
    #[arg(long, conflicts_with_all = ["words", "save", "delete"])]
    check: bool,
    /// Save the query of a file in the case, by its name
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["words", "delete"])]
    save: Option<PathBuf>,
    /// Delete a saved query from the case
    #[arg(long, value_name = "NAME", conflicts_with = "words")]
    delete: Option<String>,
}

/// Runs the command.
pub(super) fn run(session: &mut Session, args: &QueriesArgs) -> Result<Outcome, SessionError> {
    let answer = match args {
        QueriesArgs { check: true, .. } => session.check_queries()?,
        QueriesArgs { save: Some(file), .. } => session.save_query(file)?,
        QueriesArgs { delete: Some(name), .. } => session.delete_query(name)?,
        QueriesArgs { words, .. } => session.queries(words)?,
    };
    Ok(answer.into())
}
