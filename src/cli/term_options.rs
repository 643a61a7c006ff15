//! Terms of a lookup written as options: `trailq lookup --since 2021-07-29`.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::words::shell_word;
use crate::diagnostic::Diagnostic;
use crate::fields;
use crate::query::edit::literal;

/// Options of `aws cloudtrail lookup-events`, with the equivalent terms.
const AWS: &[(&str, &str)] = &[("start-time", "since"), ("end-time", "until"), ("from", "since"), ("to", "until")];
/// Names of the terms that are not fields.
const TIMES: &[&str] = &["since", "until", "last"];

/// Returns the error about an option of `trailq lookup` that is a term, with the corrected command line.
pub(super) fn explain(error: &clap::Error, arguments: &[OsString]) -> Option<Diagnostic> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else { return None };
    let words: Vec<&str> = arguments.iter().skip(1).map(|word| word.to_str()).collect::<Option<_>>()?;
    if !words.contains(&"lookup") {
        return None;
    }
    let name = term_of(option.split('=').next()?)?;
    let mut rewritten = Vec::new();
    let mut rest = words.iter().copied().peekable();
    while let Some(word) = rest.next() {
        let (option, value) = word.split_once('=').map_or((word, None), |(option, value)| (option, Some(value)));
        match term_of(option) {
            Some(term) => {
                let value = value.or_else(|| rest.next_if(|next| !next.starts_with('-'))).unwrap_or("VALUE");
                rewritten.push(shell_word(&format!("{term}={}", literal(value))));
            }
            None => rewritten.push(shell_word(word)),
        }
    }
    let message = format!("`{option}` is not an option of trailq lookup: {name} is a term");
    Some(Diagnostic::new(message).hint(format!("write trailq {}", rewritten.join(" "))))
}

/// Returns the term that an option means.
fn term_of(option: &str) -> Option<&'static str> {
    let name = option.strip_prefix("--")?;
    let folded = fields::fold(name);
    let aws = AWS.iter().find(|(known, _)| fields::fold(known) == folded).map(|(_, term)| *term);
    let time = TIMES.iter().copied().find(|known| *known == folded);
    aws.or(time).or_else(|| fields::find(name).map(|field| field.name))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use clap::Parser as _;

    use super::super::args::Cli;
    use super::explain;

    fn message_and_hint(words: &[&str]) -> Option<(String, String)> {
        let arguments: Vec<OsString> = ["trailq"].iter().chain(words).map(OsString::from).collect();
        let error = Cli::try_parse_from(arguments.clone()).err()?;
        let mistake = explain(&error, &arguments)?;
        Some((mistake.message, mistake.hints.concat()))
    }

    #[test]
    fn options_that_are_terms_are_rewritten() {
        let (message, hint) = message_and_hint(&["lookup", "--since", "2021-07-29", "user=alice"]).unwrap();
        assert_eq!(message, "`--since` is not an option of trailq lookup: since is a term");
        assert_eq!(hint, "write trailq lookup since=2021-07-29 user=alice");
        for (words, expected) in [
            (
                &["--db", "x.db", "lookup", "--user=alice", "--limit", "3"] as &[&str],
                "write trailq --db x.db lookup user=alice --limit 3",
            ),
            (
                &["lookup", "name=x", "--start-time", "2021-07-29 13:00"],
                "write trailq lookup name=x 'since=\"2021-07-29 13:00\"'",
            ),
            (
                &["lookup", "--event-name", "RunInstances", "--last", "7d"],
                "write trailq lookup event-name=RunInstances last=7d",
            ),
            (&["lookup", "x", "--ip"], "write trailq lookup x ip=VALUE"),
        ] {
            assert_eq!(message_and_hint(words).unwrap().1, expected, "{words:?}");
        }
        assert!(message_and_hint(&["lookup", "--zebra", "x"]).is_none());
        assert!(message_and_hint(&["info", "--since", "x"]).is_none());
    }
}
