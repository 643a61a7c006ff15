//! SQLite's errors, with the place in the statement and what to write instead.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::store::error::{CaseError, QueryError};
use crate::store::read::functions::FUNCTIONS;

/// The tables of a case with their columns, read when an error needs them.
type Tables<'t> = &'t dyn Fn() -> Vec<(String, Vec<String>)>;

/// Describes an error of a statement. `path`: the case; `tables`: its tables.
pub(crate) fn diagnose(path: &Path, sql: &str, error: rusqlite::Error, tables: Tables<'_>) -> QueryError {
    match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => return QueryError::Interrupted,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::DatabaseBusy | ErrorCode::DiskFull) => {
            return CaseError::of(path, error).into();
        }
        _ => {}
    }
    let diagnostic = match &error {
        rusqlite::Error::SqlInputError { msg, offset, sql: rest, .. } => {
            let message = in_words(msg);
            // SQLite counts from the statement that is wrong, which need not be the first.
            let before = if sql.ends_with(rest.as_str()) { sql.len() - rest.len() } else { 0 };
            let diagnostic = match usize::try_from(*offset).map(|start| before + start) {
                Ok(start) if start < sql.len() => Diagnostic::at(word_at(sql, start), message),
                _ => Diagnostic::new(message),
            };
            advise(tables, msg, diagnostic)
        }
        rusqlite::Error::SqliteFailure(_, Some(message)) => advise(tables, message, Diagnostic::new(in_words(message))),
        rusqlite::Error::MultipleStatement => {
            Diagnostic::new("there is more than one statement").hint("end each statement with ;")
        }
        other => Diagnostic::new(other.to_string()),
    };
    QueryError::Diagnostic(Box::new(diagnostic.in_source(sql)))
}

/// SQLite's message, with its refusals in the words of a case.
fn in_words(message: &str) -> String {
    if is_refusal(message) {
        return "this would change something: SQL on a case is read-only".to_owned();
    }
    message.to_owned()
}

/// Reports whether the authorizer, or the connection, refused to do it.
fn is_refusal(message: &str) -> bool {
    ["not authorized", "authorization denied", "prohibited", "readonly database"]
        .iter()
        .any(|words| message.contains(words))
}

/// Returns the word that begins at a place, for the caret.
fn word_at(sql: &str, start: usize) -> Span {
    let start = (0..=start).rev().find(|at| sql.is_char_boundary(*at)).unwrap_or(0);
    let length = sql[start..]
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')))
        .filter(|length| *length > 0)
        .unwrap_or_else(|| {
            if sql[start..].starts_with(|c: char| c.is_alphanumeric() || c == '_') {
                sql.len() - start
            } else {
                sql[start..].chars().next().map_or(0, char::len_utf8)
            }
        });
    Span::new(start, start + length)
}

/// Adds the right name where one is wrong.
fn advise(tables: Tables<'_>, message: &str, diagnostic: Diagnostic) -> Diagnostic {
    if let Some(column) = message.strip_prefix("no such column: ") {
        return advise_column(tables, column, diagnostic);
    }
    if let Some(table) = message.strip_prefix("no such table: ") {
        let tables = tables();
        return did_you_mean(diagnostic, table, tables.iter().map(|(name, _)| name.as_str()));
    }
    if let Some(function) = message.strip_prefix("no such function: ") {
        return did_you_mean(diagnostic, function, FUNCTIONS.iter().map(|function| function.name));
    }
    if is_refusal(message) {
        return diagnostic.hint("imported data cannot be changed; copy the case with SQLite's own tools to change it");
    }
    diagnostic
}

/// Suggests the table that has a column of this name, or a similar name.
fn advise_column(tables: Tables<'_>, column: &str, diagnostic: Diagnostic) -> Diagnostic {
    let bare = column.rsplit('.').next().unwrap_or(column);
    let tables = tables();
    let owners: Vec<&str> = tables
        .iter()
        .filter(|(_, columns)| columns.iter().any(|name| name.eq_ignore_ascii_case(bare)))
        .map(|(table, _)| table.as_str())
        .collect();
    if !owners.is_empty() {
        let mut owners = owners;
        owners.sort_by_key(|table| (*table != "event_history", *table != "events"));
        return diagnostic.hint(format!("{bare} is a column of {}", owners.join(", ")));
    }
    if let Some(field) = crate::fields::find(bare) {
        return diagnostic.hint(format!("did you mean {}? it is a column of event_history", field.column));
    }
    let mut names: Vec<&str> = tables.iter().flat_map(|(_, columns)| columns.iter().map(String::as_str)).collect();
    names.sort_unstable();
    names.dedup();
    did_you_mean(diagnostic, bare, names)
}

fn did_you_mean<'a>(diagnostic: Diagnostic, word: &str, names: impl IntoIterator<Item = &'a str>) -> Diagnostic {
    match nearest(word, names).as_slice() {
        [] => diagnostic,
        near => {
            let hinted = diagnostic.hint(format!("did you mean {}?", near.join(" or ")));
            let is_word = |span: Span| span.end - span.start == word.len();
            if hinted.span.is_some_and(is_word) { hinted.instead(near[0]) } else { hinted }
        }
    }
}

/// More values in terms of their own than a statement takes.
pub(crate) fn too_many_values(values: usize, most: usize) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::new(format!("too many values in separate terms: {values}, and a statement takes {most}"))
            .hint("write the values of a field as one list, which may have any length: FIELD=@FILE"),
    )
}

/// Returns the error of a parameter without a value.
pub(crate) fn missing_parameter(sql: &str, name: &str) -> Box<Diagnostic> {
    let diagnostic = match sql.find(name).filter(|_| !name.is_empty()) {
        Some(start) => Diagnostic::at(Span::new(start, start + name.len()), format!("{name} has no value")),
        None => Diagnostic::new("a parameter has no name").hint("write :name"),
    };
    Box::new(diagnostic.in_source(sql))
}

/// Returns the error of a value for a parameter that no statement has.
pub(crate) fn unused_parameter(sql: &str, name: &str, used: &[String]) -> Box<Diagnostic> {
    let diagnostic = Diagnostic::new(format!("there is no parameter :{name} in the statement")).in_source(sql);
    Box::new(did_you_mean(diagnostic, name, used.iter().map(String::as_str)))
}
