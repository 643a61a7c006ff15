//! Items of a search: a field with its modifiers and values, or keywords, as terms of a lookup.

use std::net::IpAddr;

use ipnet::IpNet;
use regex::Regex;

use crate::sigma::expression::Expression;
use crate::sigma::field::{FieldKind, Target, target};
use crate::sigma::modifiers::{Comparison, Modifiers};
use crate::sigma::network::network_pattern;
use crate::sigma::value::{Pattern, literal, regex_written};
use crate::sigma::yaml::Yaml;

/// The texts that are numbers, of which the comparisons with a number are asked.
const NUMBER: &str = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$";

/// Compiles an item: a field's name with its modifiers, and its values. Names of fields that no record has go to `unknown`.
///
/// # Errors
/// A modifier or a value is not supported.
pub(crate) fn compile(key: &str, value: &Yaml, unknown: &mut Vec<String>) -> Result<Expression, String> {
    let (name, modifiers) = key.split_once('|').unwrap_or((key, ""));
    let modifiers = Modifiers::parse(modifiers.split('|').filter(|modifier| !modifier.is_empty()))
        .map_err(|problem| if name.is_empty() { problem } else { format!("{name}: {problem}") })?;
    if name.is_empty() {
        return keywords(value.items(), &modifiers);
    }
    let target = target(name);
    if target == Target::Unknown && !unknown.iter().any(|known| known == name) {
        unknown.push(name.to_owned());
    }
    if matches!(value, Yaml::List(items) if items.is_empty()) {
        return Err(format!("{name} has no value"));
    }
    let of_value = |value: &Yaml| one(&target, &modifiers, std::slice::from_ref(value));
    let values = value.items();
    let found = match modifiers.all {
        true => values.iter().map(of_value).collect::<Result<Vec<_>, _>>().map(Expression::all),
        false => one(&target, &modifiers, values),
    };
    let found = found.map_err(|problem| format!("{name}: {problem}"))?;
    Ok(if modifiers.not { found.negated() } else { found })
}

/// Compiles keywords: texts anywhere in the record.
///
/// # Errors
/// One is not a text, or a modifier does not go with keywords.
pub(crate) fn keywords(values: &[Yaml], modifiers: &Modifiers) -> Result<Expression, String> {
    let one = |value: &Yaml| -> Result<Expression, String> {
        let text = value.scalar().filter(|text| !text.is_empty()).ok_or("a keyword is not a text")?;
        let flags = if modifiers.cased { "(?s)" } else { "(?is)" };
        match &modifiers.comparison {
            Comparison::Regex(flags) => regex_term("text", flags, &text),
            Comparison::Equal | Comparison::Contains => {
                let pattern = Pattern::parse(&text);
                let is_plain = !pattern.has_single() && !modifiers.cased;
                Ok(match is_plain {
                    true => Expression::Term(format!("text=~{}", pattern.written())),
                    false => {
                        Expression::Term(format!("text~{}", regex_written(&format!("{flags}{}", pattern.regex()))))
                    }
                })
            }
            _ => Err("this modifier needs a field".to_owned()),
        }
    };
    let parts = values.iter().map(one).collect::<Result<Vec<_>, _>>()?;
    let found = if modifiers.all { Expression::all(parts) } else { Expression::any(joined(parts)) };
    Ok(if modifiers.not { found.negated() } else { found })
}

/// Joins keywords into one list.
fn joined(parts: Vec<Expression>) -> Vec<Expression> {
    const LIST: &str = "text=~";
    let (mut lists, mut others) = (Vec::new(), Vec::new());
    for part in parts {
        match part {
            Expression::Term(text) if text.starts_with(LIST) => lists.push(text[LIST.len()..].to_owned()),
            other => others.push(other),
        }
    }
    let list = (!lists.is_empty()).then(|| Expression::Term(format!("{LIST}{}", lists.join(","))));
    list.into_iter().chain(others).collect()
}

/// Compiles values of which one has to match.
fn one(target: &Target, modifiers: &Modifiers, values: &[Yaml]) -> Result<Expression, String> {
    match &modifiers.comparison {
        Comparison::Exists => exists(target, values),
        Comparison::Network => networks(target, values),
        Comparison::Regex(flags) => {
            let term = |value: &Yaml| {
                let pattern = value.scalar().ok_or("a regular expression is not a text")?;
                let name = path_or_field(target)?;
                name.map_or(Ok(Expression::Never), |name| regex_term(name, flags, &pattern))
            };
            values.iter().map(term).collect::<Result<Vec<_>, String>>().map(Expression::any)
        }
        Comparison::Number(operator) => {
            let term = |value: &Yaml| number_term(target, operator, value);
            values.iter().map(term).collect::<Result<Vec<_>, _>>().map(Expression::any)
        }
        Comparison::Equal | Comparison::Contains | Comparison::StartsWith | Comparison::EndsWith => {
            texts(target, modifiers, values)
        }
    }
}

/// Returns the name of which a regular expression is asked; `None` for a field that no record has.
fn path_or_field(target: &Target) -> Result<Option<&str>, String> {
    match target {
        Target::Field(field, FieldKind::Text | FieldKind::Source | FieldKind::Address, _) => Ok(Some(field)),
        Target::Field(_, FieldKind::Flag, path) | Target::Path(path) => Ok(Some(path)),
        Target::Object(_) => {
            Err("a regular expression, `?` and `cased` on a whole object are not supported".to_owned())
        }
        Target::Unknown => Ok(None),
    }
}

fn regex_term(name: &str, flags: &str, pattern: &str) -> Result<Expression, String> {
    let pattern = if flags.is_empty() { pattern.to_owned() } else { format!("(?{flags}){pattern}") };
    Regex::new(&pattern).map_err(|error| {
        let reason = error.to_string();
        format!("invalid regular expression: {}", reason.lines().last().unwrap_or_default().trim())
    })?;
    Ok(Expression::Term(format!("{name}~{}", regex_written(&pattern))))
}

fn exists(target: &Target, values: &[Yaml]) -> Result<Expression, String> {
    let wanted = match values {
        [Yaml::Flag(wanted)] => *wanted,
        [Yaml::Text(text)] if text.eq_ignore_ascii_case("true") => true,
        [Yaml::Text(text)] if text.eq_ignore_ascii_case("false") => false,
        _ => return Err("`exists` takes true or false".to_owned()),
    };
    Ok(if wanted { present(target) } else { present(target).negated() })
}

/// Returns the term that a field has a value.
fn present(target: &Target) -> Expression {
    match target {
        Target::Field(name, ..) => Expression::Term(format!("{name}=*")),
        Target::Path(path) | Target::Object(path) => Expression::Term(format!("{path}=*")),
        Target::Unknown => Expression::Never,
    }
}

fn networks(target: &Target, values: &[Yaml]) -> Result<Expression, String> {
    let network = |value: &Yaml| {
        let text = value.scalar().ok_or("a network is not a text")?;
        let single = text.parse::<IpAddr>().map(IpNet::from);
        let network: IpNet = text.parse().or(single).map_err(|_| format!("`{text}` is not a network"))?;
        Ok(network)
    };
    let networks = values.iter().map(network).collect::<Result<Vec<IpNet>, String>>()?;
    if let Target::Field(name, FieldKind::Address, _) = target {
        let networks: Vec<String> = networks.iter().map(IpNet::to_string).collect();
        return Ok(Expression::Term(format!("{name}={}", networks.join(","))));
    }
    let patterns: Vec<String> = networks.iter().map(network_pattern).collect();
    let name = path_or_field(target)?;
    name.map_or(Ok(Expression::Never), |name| regex_term(name, "", &format!(r"\A(?:{})\z", patterns.join("|"))))
}

fn number_term(target: &Target, operator: &str, value: &Yaml) -> Result<Expression, String> {
    let number = value.scalar().filter(|text| text.parse::<f64>().is_ok_and(f64::is_finite));
    let number = number.ok_or("a comparison of numbers needs a number")?;
    match target {
        Target::Field(_, _, path) | Target::Path(path) => {
            // Text compares by its characters: only numbers are compared.
            let compared = Expression::Term(format!("{path}{operator}{}", literal(&number)));
            Ok(Expression::all([compared, Expression::Term(format!("{path}~{}", regex_written(NUMBER)))]))
        }
        Target::Object(_) => Err("a comparison of a whole object with a number".to_owned()),
        Target::Unknown => Ok(Expression::Never),
    }
}

/// The terms of one field: values of its lists, and what needs terms of its own.
#[derive(Default)]
struct Terms {
    /// Values for `=~`, or for `=` where case counts.
    field: Vec<String>,
    path: Vec<String>,
    /// Numbers, of a path.
    numbers: Vec<String>,
    /// Alternatives of a regular expression.
    regex: Vec<String>,
    others: Vec<Expression>,
}

/// Compiles texts, numbers, flags and nulls of which one has to match.
fn texts(target: &Target, modifiers: &Modifiers, values: &[Yaml]) -> Result<Expression, String> {
    if *target == Target::Unknown {
        let is_null = |value: &Yaml| *value == Yaml::Null;
        return Ok(if values.iter().any(is_null) { Expression::Always } else { Expression::Never });
    }
    let mut terms = Terms::default();
    for value in values {
        match value {
            Yaml::Null => terms.others.push(present(target).negated()),
            Yaml::List(_) | Yaml::Map(_) => return Err("a value is a list or a map".to_owned()),
            Yaml::Number(number) if modifiers.comparison == Comparison::Equal => terms.number(target, number),
            _ => {
                let text = value.scalar().unwrap_or_default();
                let pattern = Pattern::parse(&text);
                terms.text(target, modified(pattern, &modifiers.comparison), value)?;
            }
        }
    }
    terms.finish(target, modifiers.cased)
}

/// Returns a pattern with what a comparison leaves open.
fn modified(pattern: Pattern, comparison: &Comparison) -> Pattern {
    match comparison {
        Comparison::Contains => pattern.with_any_before().with_any_after(),
        Comparison::StartsWith => pattern.with_any_after(),
        Comparison::EndsWith => pattern.with_any_before(),
        _ => pattern,
    }
}

impl Terms {
    /// Adds a number, which is compared as a number and as a text.
    fn number(&mut self, target: &Target, number: &str) {
        if matches!(target, Target::Field("account" | "identity-account", ..)) {
            self.field.push(literal(number));
            return;
        }
        let float = number.parse::<f64>().unwrap_or_default();
        let mut spellings = vec![number.to_owned()];
        // Every spelling of a number in a record also matches its shortest form.
        let shortest = format!("{float:?}");
        if float.abs() < 9e15 {
            if float.fract() == 0.0 {
                spellings.push(format!("{float:.0}"));
            }
            spellings.push(shortest);
        }
        for spelling in spellings.iter().map(|spelling| literal(spelling)) {
            if !self.numbers.contains(&spelling) {
                self.numbers.push(spelling);
            }
        }
    }

    fn text(&mut self, target: &Target, pattern: Pattern, value: &Yaml) -> Result<(), String> {
        match target {
            Target::Field(_, FieldKind::Flag, _) => match (value, pattern.literal()) {
                (_, Some(text)) if text.eq_ignore_ascii_case("true") => self.flag(target, "true"),
                (_, Some(text)) if text.eq_ignore_ascii_case("false") => self.flag(target, "false"),
                _ if pattern.has_single() => self.regex.push(pattern.regex()),
                _ => self.path.push(pattern.written()),
            },
            // An empty text is stored as an absent one.
            Target::Field(..) if pattern.is_empty() => self.path.push(pattern.written()),
            Target::Field(_, FieldKind::Source, _) if !pattern.has('.') => self.regex.push(pattern.regex()),
            Target::Field(_, FieldKind::Address, _) if pattern.has('/') => self.regex.push(pattern.regex()),
            Target::Object(_) if pattern.has_single() => path_or_field(target).map(drop)?,
            _ if pattern.has_single() => self.regex.push(pattern.regex()),
            Target::Field(..) => self.field.push(pattern.written()),
            _ => self.path.push(pattern.written()),
        }
        Ok(())
    }

    fn flag(&mut self, target: &Target, flag: &str) {
        if let Target::Field(name, ..) = target {
            self.others.push(Expression::Term(format!("{name}={flag}")));
        }
    }

    fn finish(self, target: &Target, cased: bool) -> Result<Expression, String> {
        if cased && matches!(target, Target::Object(_)) {
            path_or_field(target)?;
        }
        let (field, path) = match target {
            Target::Field(field, _, path) => (*field, path.as_str()),
            Target::Path(path) | Target::Object(path) => ("", path.as_str()),
            Target::Unknown => ("", ""),
        };
        let operator = if cased { "=" } else { "=~" };
        let list = |name: &str, operator: &str, values: &[String]| {
            (!values.is_empty()).then(|| Expression::Term(format!("{name}{operator}{}", values.join(","))))
        };
        let regex = (!self.regex.is_empty()).then(|| {
            let flags = if cased { "(?s)" } else { "(?is)" };
            let pattern = format!(r"{flags}\A(?:{})\z", self.regex.join("|"));
            path_or_field(target)
                .map(|name| name.map(|name| Expression::Term(format!("{name}~{}", regex_written(&pattern)))))
        });
        let regex = regex.transpose()?.flatten();
        let lists =
            [list(field, operator, &self.field), list(path, operator, &self.path), list(path, "=", &self.numbers)];
        Ok(Expression::any(lists.into_iter().flatten().chain(regex).chain(self.others)))
    }
}
