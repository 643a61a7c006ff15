//! Paths of records as lookups write them.

use std::time::Instant;

use crate::engine::time_limits::TimeLimits;
use crate::fields::PATH_ALIASES;
use crate::query::edit;
use crate::store::Case;

/// Returns the paths of the case that end in a key, as written in lookups.
pub(crate) fn to_key(case: &Case, name: &str) -> Vec<String> {
    let names = case.path_names(Instant::now() + TimeLimits::for_case(case).hints);
    names.to_key(name).iter().map(|keys| written_path(keys)).collect()
}

/// Returns a path of a record as written in a lookup, with the short form of its first word.
pub(crate) fn written_path(keys: &[String]) -> String {
    let short = |key: &str| PATH_ALIASES.iter().find(|(_, known)| *known == key).map(|(alias, _)| (*alias).to_owned());
    let key = |(at, key): (usize, &String)| match short(key).filter(|_| at == 0 && keys.len() > 1) {
        Some(short) => short,
        None if key.contains(['.', '"', '\\', '=', ' ', ',', '|', '(', ')', '<', '>', '~', '!']) => edit::quoted(key),
        None => key.clone(),
    };
    keys.iter().enumerate().map(key).collect::<Vec<_>>().join(".")
}
