//! Resolves names: fields, paths and bounds of time.

use crate::diagnostic::{Diagnostic, nearest};
use crate::fields;
use crate::fields::{Field, PATH_ALIASES, RECORD_FIELDS, fold};
use crate::nested;
use crate::query::ast::Name;
use crate::query::environment::Environment;
use crate::query::resolve::addresses;
use crate::query::time_names::TIME_NAMES;

/// The number of paths that a hint names.
const MAX_PATHS: usize = 3;

/// The name of the events that a rule of the newest run of `trailq hunt` selects.
pub(crate) const FINDING: &str = "finding";

/// The name of the events of a person of IAM Identity Center.
pub(crate) const PERSON: &str = "person";

/// The name of what was done with the credentials that descend from a key.
pub(crate) const CHAIN: &str = "chain";

/// The meaning of a name.
pub(crate) enum Named {
    Field(&'static Field),
    /// Keys joined by dots, those with other characters in quotes.
    Path(String),
    Since,
    Until,
    Last,
    Finding,
    Person,
    Chain,
}

/// Resolves a name.
///
/// # Errors
/// It means nothing; the nearest names are said.
pub(crate) fn find_name(name: &Name, env: &dyn Environment) -> Result<Named, Diagnostic> {
    let [first, rest @ ..] = name.segments.as_slice() else {
        return Err(Diagnostic::at(name.span, "expected a name"));
    };
    if !rest.is_empty() {
        return path(name, first, rest);
    }
    match fold(first).as_str() {
        "since" => return Ok(Named::Since),
        "until" => return Ok(Named::Until),
        "last" => return Ok(Named::Last),
        FINDING => return Ok(Named::Finding),
        PERSON => return Ok(Named::Person),
        CHAIN => return Ok(Named::Chain),
        _ => {}
    }
    if let Some(field) = fields::find(first) {
        addresses::check(field, name.span, env)?;
        return Ok(Named::Field(field));
    }
    match top_level(first) {
        Some(known) => Ok(Named::Path(join(&[known.to_owned()]))),
        None => Err(unknown(name, first, env)),
    }
}

/// The top-level field of a record with this name or short form.
fn top_level(name: &str) -> Option<&'static str> {
    let folded = fold(name);
    let alias = PATH_ALIASES.iter().find(|(alias, _)| *alias == folded).map(|(_, known)| *known);
    alias.or_else(|| RECORD_FIELDS.iter().copied().find(|known| fold(known) == folded))
}

/// A path into the record.
fn path(name: &Name, first: &str, rest: &[String]) -> Result<Named, Diagnostic> {
    if fold(first) == "record" {
        return Ok(Named::Path(join(rest)));
    }
    let Some(known) = top_level(first) else {
        let candidates = RECORD_FIELDS.iter().copied().chain(PATH_ALIASES.iter().map(|(alias, _)| *alias));
        let diagnostic = Diagnostic::at(name.span, format!("no record has a top-level field `{first}`"));
        return Err(did_you_mean(diagnostic, first, candidates)
            .hint(format!("for a field that trailq does not know, write record.{}", name.text())));
    };
    let mut keys = vec![known.to_owned()];
    keys.extend(rest.iter().cloned());
    Ok(Named::Path(join(&keys)))
}

/// Keys as one path, those with other characters in quotes.
fn join(keys: &[String]) -> String {
    let quoted = |key: &String| match key.contains(['.', '"', '\\']) || key.is_empty() {
        true => format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\"")),
        false => key.clone(),
    };
    keys.iter().map(quoted).collect::<Vec<_>>().join(".")
}

fn unknown(name: &Name, word: &str, env: &dyn Environment) -> Diagnostic {
    if let Some(nested) = nested_name(name, word, env) {
        return nested;
    }
    let names = fields::FIELDS.iter().flat_map(|field| [field.name].into_iter().chain(field.aliases.iter().copied()));
    let diagnostic = Diagnostic::at(name.span, format!("unknown field `{word}`"));
    let diagnostic = did_you_mean(
        diagnostic,
        word,
        names.chain(TIME_NAMES).chain([FINDING, PERSON, CHAIN]).chain(RECORD_FIELDS.iter().copied()),
    );
    if diagnostic.hints.is_empty() {
        return diagnostic.hint("`.help fields` lists the fields; request.KEY=VALUE looks inside the record");
    }
    diagnostic
}

/// The name of something inside a record, as `onBehalfOf` and `bucketName` are: answered with its fields and paths.
fn nested_name(name: &Name, word: &str, env: &dyn Environment) -> Option<Diagnostic> {
    let fields = nested::fields_ending_in(word);
    let known = nested::paths_to(word).into_iter().map(str::to_owned);
    let (requests, known): (Vec<String>, Vec<String>) = known.partition(|path| path.starts_with("requestParameters."));
    // Known paths of requests come last, after those of the case.
    let paths = known.into_iter().chain(env.paths_to_key(word)).chain(requests);
    let mut named: Vec<String> = fields.iter().map(|field| field.name.to_owned()).collect();
    // A field says it better than a path.
    for path in paths.filter(|_| fields.is_empty()) {
        let same = |known: &String| fold(known) == fold(&path.replacen("requestParameters.", "request.", 1));
        if named.len() < MAX_PATHS && !named.iter().any(|known| same(known) || *known == path) {
            named.push(path);
        }
    }
    let first = named.first()?;
    let quoted: Vec<String> = named.iter().map(|name| format!("`{name}`")).collect();
    let what = match (fields.is_empty(), first.contains('.')) {
        (true, true) => "it is nested deeper in records",
        (true, false) => "it has another name in records",
        (false, _) => "a field has its value",
    };
    let mistake = Diagnostic::at(name.span, format!("unknown field `{word}`: {what}"));
    Some(mistake.hint(format!("did you mean {}?", quoted.join(" or "))).instead(first.clone()))
}

/// Adds the nearest names as advice.
pub(crate) fn did_you_mean<'n>(
    diagnostic: Diagnostic,
    word: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Diagnostic {
    match nearest(word, names).as_slice() {
        [] => diagnostic,
        near => {
            let named: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
            let hinted = diagnostic.hint(format!("did you mean {}?", named.join(" or ")));
            // The place is the word itself where the text there is no longer than it: a path has more before it.
            match hinted.span {
                Some(span) if span.end - span.start == word.len() => hinted.instead(near[0]),
                _ => hinted,
            }
        }
    }
}
