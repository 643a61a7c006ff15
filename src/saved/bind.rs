//! Values for the parameters of a query or a script: what was typed, checked and made into what they are.

use std::collections::BTreeMap;

use serde_json::Value;

use super::header::{Header, Kind, Parameter, Requirement};
use crate::diagnostic::{Diagnostic, nearest};
use crate::query::time_span;
use crate::sql::Param;
use crate::time;

/// The values of a query's parameters, by name: `None` is NULL. `what` names the query in messages, `now` is the
/// clock in Unix seconds. An empty text for a parameter that may be left out leaves it out.
///
/// # Errors
/// A parameter that is missing, is none of the query's, or has a wrong value.
pub fn bind(
    what: &str,
    header: &Header,
    given: &BTreeMap<String, String>,
    now: i64,
) -> Result<BTreeMap<String, Option<Param>>, Diagnostic> {
    refuse_unknown(what, header, given)?;
    let mut values = BTreeMap::new();
    for param in &header.params {
        let value = match chosen(what, param, given)? {
            None => None,
            Some(text) => Some(value_of(param, text, now)?),
        };
        values.insert(param.name.clone(), value);
    }
    Ok(values)
}

/// Checks that each default of a query's parameters is a value of its kind. `now` is the clock in Unix seconds.
///
/// # Errors
/// A default is not a value of its kind.
pub(crate) fn check_defaults(header: &Header, now: i64) -> Result<(), Diagnostic> {
    header.params.iter().try_for_each(|param| match &param.requirement {
        Requirement::Default(default) => value_of(param, default, now).map(drop),
        Requirement::Required | Requirement::Optional => Ok(()),
    })
}

/// Returns the value that a text is for a parameter.
fn value_of(param: &Parameter, text: &str, now: i64) -> Result<Param, Diagnostic> {
    Ok(match param.kind {
        Kind::Text => Param::Text(text.to_owned()),
        Kind::Integer => Param::Integer(integer(param, text)?),
        Kind::Time => Param::Text(instant(param, text, now)?),
        Kind::List => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Param::Text(parts.map(Value::from).collect::<Value>().to_string())
        }
    })
}

/// The values of a script's parameters as text: times written out, defaults put in, everything else as it was typed.
///
/// # Errors
/// As [`bind`].
pub fn fill(
    what: &str,
    header: &Header,
    given: &BTreeMap<String, String>,
    now: i64,
) -> Result<BTreeMap<String, String>, Diagnostic> {
    refuse_unknown(what, header, given)?;
    let mut values = BTreeMap::new();
    for param in &header.params {
        let text = chosen(what, param, given)?.unwrap_or_default();
        let value = match param.kind {
            Kind::Time => instant(param, text, now)?,
            Kind::Integer => integer(param, text)?.to_string(),
            Kind::Text | Kind::List => text.to_owned(),
        };
        values.insert(param.name.clone(), value);
    }
    Ok(values)
}

/// The first parameter that has to be given, and is not.
pub fn missing<'h>(header: &'h Header, given: &BTreeMap<String, String>) -> Option<&'h str> {
    let required = header.params.iter().filter(|param| param.requirement == Requirement::Required);
    let mut names = required.map(|param| param.name.as_str());
    names.find(|name| given.get(*name).is_none_or(String::is_empty))
}

/// Nothing may be given that is not asked for.
fn refuse_unknown(what: &str, header: &Header, given: &BTreeMap<String, String>) -> Result<(), Diagnostic> {
    let names = || header.params.iter().map(|param| param.name.as_str());
    let Some(name) = given.keys().find(|name| !names().any(|known| known == name.as_str())) else { return Ok(()) };
    let mut mistake = Diagnostic::new(format!("{what} has no parameter `{name}`"));
    for near in nearest(name, names()) {
        mistake = mistake.hint(format!("did you mean `{near}`?"));
    }
    Err(mistake.note(match names().collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => "it has no parameters".to_owned(),
        names => format!("its parameters are {names}"),
    }))
}

/// The text for a parameter: what was given, else its default.
fn chosen<'t>(
    what: &str,
    param: &'t Parameter,
    given: &'t BTreeMap<String, String>,
) -> Result<Option<&'t str>, Diagnostic> {
    match (given.get(&param.name).map(String::as_str).filter(|text| !text.is_empty()), &param.requirement) {
        (Some(text), _) => Ok(Some(text)),
        (None, Requirement::Default(default)) => Ok(Some(default)),
        (None, Requirement::Optional) => Ok(None),
        (None, Requirement::Required) => {
            Err(explained(param, Diagnostic::new(format!("{what} needs a value for `{}`", param.name))))
        }
    }
}

fn integer(param: &Parameter, text: &str) -> Result<i64, Diagnostic> {
    text.parse().map_err(|_| {
        explained(param, Diagnostic::new(format!("`{text}` is not a whole number, as `{}` has to be", param.name)))
    })
}

/// A time as `YYYY-MM-DDTHH:MM:SSZ`: the start of what a coarse one means, of `until` the end.
fn instant(param: &Parameter, text: &str, now: i64) -> Result<String, Diagnostic> {
    let (first, last) =
        time_span(text, now).map_err(|why| explained(param, Diagnostic::new(format!("`{}`: {why}", param.name))))?;
    Ok(time::format(if param.name == "until" { last } else { first }))
}

fn explained(param: &Parameter, mistake: Diagnostic) -> Diagnostic {
    mistake.note(format!("`{}` ({}) is {}", param.name, param.kind.name(), param.help))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{bind, fill};
    use crate::saved::header::parse_query;
    use crate::sql::Param;

    const QUERY: &str = "-- title: T\n-- about: A\n-- param: key text required: the key to follow\n\
                         -- param: days integer = 30: how long\n-- param: since time: from\n-- param: until time: to\n\
                         -- param: names list: which\n-- columns: a\nSELECT :key, :days, :since, :until, :names AS a";

    fn given(values: &[(&str, &str)]) -> BTreeMap<String, String> {
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn values_are_what_their_kind_says() {
        let header = parse_query(QUERY).unwrap().0;
        let all = [("key", "007"), ("days", "7"), ("since", "2024-03"), ("until", "2024-03"), ("names", "a, b\",,")];
        let bound = bind("q", &header, &given(&all), 0).unwrap();
        let text = |text: &str| Some(Param::Text(text.to_owned()));
        assert_eq!(bound["key"], text("007"));
        assert_eq!(bound["days"], Some(Param::Integer(7)));
        assert_eq!(bound["since"], text("2024-03-01T00:00:00Z"));
        assert_eq!(bound["until"], text("2024-03-31T23:59:59Z"));
        assert_eq!(bound["names"], text("[\"a\",\"b\\\"\"]"));
        let bound = bind("q", &header, &given(&[("key", "x"), ("since", "")]), 0).unwrap();
        assert_eq!((&bound["days"], &bound["since"]), (&Some(Param::Integer(30)), &None));
        let filled = fill("s", &header, &given(&[("key", "x"), ("since", "now"), ("until", "2024")]), 60).unwrap();
        assert_eq!(
            (filled["since"].as_str(), filled["until"].as_str()),
            ("1970-01-01T00:01:00Z", "2024-12-31T23:59:59Z")
        );
    }

    #[test]
    fn a_missing_or_invalid_value_is_reported_with_its_help() {
        let header = parse_query(QUERY).unwrap().0;
        for (values, says, note) in [
            (&[][..], "q needs a value for `key`", "`key` (text) is the key to follow"),
            (&[("key", "")], "q needs a value for `key`", "the key to follow"),
            (
                &[("key", "x"), ("days", "x")],
                "`x` is not a whole number, as `days` has to be",
                "`days` (integer) is how long",
            ),
            (&[("key", "x"), ("since", "soon")], "`since`: cannot read `soon` as a time", "`since` (time) is from"),
            (&[("key", "x"), ("kee", "y")], "q has no parameter `kee`", "its parameters are key, days, since"),
        ] {
            let mistake = bind("q", &header, &given(values), 0).unwrap_err();
            assert!(mistake.message.contains(says), "{mistake:?}");
            assert!(mistake.notes.iter().any(|said| said.contains(note)), "{mistake:?}");
        }
    }
}
