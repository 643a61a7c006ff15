//! Fields of files about addresses: `country=`, `asn=`, `as-org=` and `aws-range=`.

use crate::diagnostic::{Diagnostic, Span};
use crate::fields::{Field, Place};
use crate::query::ast::{Operator, Part, Value};
use crate::query::environment::Environment;

/// Checks that a file was given which has a field.
///
/// # Errors
/// The field is of such a file, and none has it or it cannot be read.
pub(crate) fn check(field: &Field, span: Span, env: &dyn Environment) -> Result<(), Diagnostic> {
    if field.place != Place::AddressFiles {
        return Ok(());
    }
    env.check_address_files(field.column).map_err(|missing| {
        let mistake = Diagnostic::at(span, missing.reason);
        missing.hint.into_iter().fold(mistake, Diagnostic::hint)
    })
}

/// Returns the values of such a field as the files write them: `AS64500` is a number there.
///
/// # Errors
/// A value is not the code of a country.
pub(crate) fn values(field: &Field, values: Vec<Value>, operator: Operator) -> Result<Vec<Value>, Diagnostic> {
    match field.column {
        "country" if operator == Operator::Equal => values.into_iter().map(country).collect(),
        "asn" => Ok(values.into_iter().map(asn).collect()),
        _ => Ok(values),
    }
}

fn country(value: Value) -> Result<Value, Diagnostic> {
    let Some(text) = value.literal() else { return Ok(value) };
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(value);
    }
    let mistake =
        Diagnostic::at(value.span, format!("invalid country `{text}`: expected a code of two capital letters"));
    let mistake = mistake.hint("the codes are those of ISO 3166: country=NL");
    let is_code = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    Err(if is_code { mistake.instead(text.to_ascii_uppercase()) } else { mistake })
}

fn asn(value: Value) -> Value {
    let digits = value.literal().and_then(|text| {
        let (prefix, digits) = text.split_at_checked(2)?;
        prefix.eq_ignore_ascii_case("AS").then(|| digits.to_owned())
    });
    match digits {
        Some(digits) => Value { parts: vec![Part::Text(digits)], ..value },
        None => value,
    }
}
