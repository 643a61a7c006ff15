//! `--param` and `NAME=VALUE`: values for the parameters of statements, queries and scripts.

use std::collections::BTreeMap;

use clap::Args;

use crate::diagnostic::Diagnostic;
use crate::session::{Session, SessionError, parse_value};

/// The options of commands that run a text with parameters.
#[derive(Debug, Args)]
pub(super) struct ParamArgs {
    /// Set :NAME in SQL, and ${NAME} in the lookups of a script
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parse_param)]
    pub(super) params: Vec<(String, String)>,
}

/// Parses `NAME=VALUE`.
pub(super) fn parse_param(text: &str) -> Result<(String, String), String> {
    parse_value(text).map_err(|mistake| mistake.message)
}

/// Parses the words after the name of a query or a script.
pub(super) fn values(session: &Session, name: &str, words: &[String]) -> Result<Vec<(String, String)>, SessionError> {
    let mut values = Vec::new();
    for word in words {
        match parse_value(word) {
            Ok(value) => values.push(value),
            Err(mistake) => return Err(session.explain_parameters(name, word, mistake)?.into()),
        }
    }
    Ok(values)
}

/// Returns the values by parameter.
///
/// # Errors
/// A parameter has two values.
pub(super) fn each_once(
    values: impl IntoIterator<Item = (String, String)>,
) -> Result<BTreeMap<String, String>, SessionError> {
    let mut params = BTreeMap::new();
    for (name, value) in values {
        if params.contains_key(&name) {
            return Err(Diagnostic::new(format!("`{name}` is given twice")).into());
        }
        params.insert(name, value);
    }
    Ok(params)
}
