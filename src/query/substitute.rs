//! `${name}` in scripts: a value takes its place, never syntax.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::query::{parse, shape};

/// Values that cannot be syntax: where a number is wanted, and where a name is.
const NEUTRAL: &[&str] = &["1", "x"];

/// The surroundings of a place in a text that decide how a value is written there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Place {
    /// The quote that is open.
    quote: Option<char>,
    /// True if a regular expression is being read.
    regex: bool,
}

/// Puts the values of parameters in the place of `${name}`. Each becomes one literal value, whatever is in it: it is
/// quoted, or escaped inside quotes, and its asterisks are asterisks. After `~` it is part of the regular expression.
///
/// # Errors
/// A parameter without a value, a name that is none, and a place where the value would be read as syntax.
pub fn substitute(text: &str, params: &BTreeMap<String, String>) -> Result<String, Diagnostic> {
    let output = filled(text, params)?;
    // How a lookup reads with a value that is surely none of its syntax is how it must read with any.
    let shapes = |values: &BTreeMap<String, String>| {
        filled(text, values).ok().and_then(|text| parse(&text).ok()).map(|lookup| shape::shape(&lookup))
    };
    let neutral = |value: &str| params.keys().map(|name| (name.clone(), value.to_owned())).collect();
    match shapes(params) {
        // A lookup that cannot be parsed is reported by its parser.
        None => Ok(output),
        Some(read) if NEUTRAL.iter().any(|value| shapes(&neutral(value)).as_ref() == Some(&read)) => Ok(output),
        Some(_) => Err(becomes_syntax(text)),
    }
}

fn becomes_syntax(text: &str) -> Diagnostic {
    let start = text.find("${").unwrap_or(0);
    let end = text[start..].find('}').map_or(text.len(), |length| start + length + 1);
    Diagnostic::at(Span::new(start, end), "a parameter here could change the structure of the lookup")
        .hint("use it as a whole value, or as a part of a quoted one: user=${NAME}, user=\"a ${NAME} b\"")
        .in_source(text)
}

fn filled(text: &str, params: &BTreeMap<String, String>) -> Result<String, Diagnostic> {
    let mut output = String::with_capacity(text.len());
    let mut place = Place::default();
    let mut before = ' ';
    let mut characters = text.char_indices();
    while let Some((at, next)) = characters.next() {
        if next == '$' && text[at..].starts_with("${") {
            let (name, end) = name_at(text, at)?;
            let value = params.get(name).ok_or_else(|| missing(text, name, at, end, params))?;
            push_value(&mut output, value, place);
            while characters.as_str().len() > text.len() - end {
                characters.next();
            }
            before = '"';
            continue;
        }
        output.push(next);
        if next == '\\' {
            if text[at + 1..].starts_with("${") && !place.regex {
                // A lone backslash before a value must not escape the quote that the value gets.
                output.push('\\');
            } else {
                output.extend(characters.next().map(|(_, escaped)| escaped));
            }
            before = '\\';
            continue;
        }
        place = place.after(next, before);
        if !(place.regex && next.is_whitespace()) {
            before = next;
        }
    }
    Ok(output)
}

impl Place {
    /// The place after a character that follows another.
    fn after(self, next: char, before: char) -> Place {
        match (self.quote, next) {
            (Some(open), _) if next == open => Place { quote: None, ..self },
            (Some(_), _) => self,
            (None, '"') => Place { quote: Some('"'), ..self },
            (None, '\'') if starts_value(before) => Place { quote: Some('\''), ..self },
            // After `=~` is a value.
            (None, '~') => Place { regex: self.regex || before != '=', ..self },
            // Blanks may separate `~` from its expression.
            (None, _) if next.is_whitespace() => Place { regex: self.regex && before == '~', ..self },
            (None, _) => self,
        }
    }
}

/// Reports whether a quote after this character opens a value.
fn starts_value(before: char) -> bool {
    before.is_whitespace() || matches!(before, '=' | '<' | '>' | '~' | ',' | '(' | '|' | '"' | '@')
}

/// The name in `${name}` at an offset, and the offset after it.
fn name_at(text: &str, at: usize) -> Result<(&str, usize), Diagnostic> {
    let inside = &text[at + 2..];
    let problem = |message: &str| {
        Diagnostic::at(Span::new(at, at + 2), message)
            .hint("write ${NAME}, a name of letters, digits, - and _")
            .in_source(text)
    };
    let length = inside.find('}').ok_or_else(|| problem("unclosed parameter"))?;
    let name = &inside[..length];
    let valid = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    if !valid {
        return Err(problem("invalid parameter name"));
    }
    Ok((name, at + 2 + length + 1))
}

fn missing(text: &str, name: &str, at: usize, end: usize, params: &BTreeMap<String, String>) -> Diagnostic {
    let diagnostic = Diagnostic::at(Span::new(at, end), format!("the parameter `{name}` has no value")).in_source(text);
    match nearest(name, params.keys().map(String::as_str)).first() {
        Some(near) => diagnostic.note(format!("there is a parameter {near}")),
        None => diagnostic,
    }
}

fn push_value(output: &mut String, value: &str, place: Place) {
    let quote = place.quote.unwrap_or('"');
    if place.quote.is_none() {
        output.push('"');
    }
    let mut characters = value.chars().peekable();
    while let Some(next) = characters.next() {
        match next {
            '\\' if place.regex => match characters.next() {
                Some(escaped) if escaped == quote => output.extend(['\\', quote]),
                Some(escaped) => output.extend(['\\', escaped]),
                None => output.push_str("\\\\"),
            },
            _ if place.regex && next == quote => output.extend(['\\', quote]),
            '\\' | '"' | '\'' | '*' if !place.regex => output.extend(['\\', next]),
            _ => output.push(next),
        }
    }
    if place.quote.is_none() {
        output.push('"');
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::substitute;
    use crate::query::ast::{ExpressionKind, Value};
    use crate::query::parse;
    use crate::query::shape::shape;

    const NASTY: &[&str] = &[
        "alice",
        "",
        "two words",
        "x\" or user=\"y",
        "a,b",
        "*",
        "a|count",
        ")",
        "\\",
        "\\\"",
        "ends in \\",
        "'",
        "@list.txt",
        "${k}",
        "é\n\u{2028}",
        "[a]?",
    ];

    fn values(text: &str) -> Vec<Value> {
        let lookup = parse(text).unwrap_or_else(|problem| panic!("{text}: {problem}"));
        match lookup.filter.map(|filter| filter.kind) {
            Some(ExpressionKind::Compare(comparison)) => comparison.values,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_value_stays_one_value_wherever_it_is_put() {
        for value in NASTY {
            let params = BTreeMap::from([("k".to_owned(), (*value).to_owned())]);
            for (template, before, after) in [
                ("user=${k}", "", ""),
                ("user=\"${k}\"", "", ""),
                ("user='${k}'", "", ""),
                ("user=x${k}y", "x", "y"),
                ("user=\"x ${k} y\"", "x ", " y"),
                ("user=O'${k}", "O'", ""),
                ("user=CORP\\${k}", "CORP\\", ""),
                ("user=\"CORP\\${k}\"", "CORP\\", ""),
            ] {
                let text = substitute(template, &params).expect(template);
                let values = values(&text);
                assert_eq!(values.len(), 1, "{text}");
                assert_eq!(values[0].literal(), Some(format!("{before}{value}{after}")), "{text}");
                assert!(!values[0].from_file, "{text}");
            }
        }
    }

    #[test]
    fn after_a_tilde_it_is_part_of_the_expression() {
        for (value, expected) in
            [("^a.b*$", "^a.b*$"), ("a\\.b", "a\\.b"), ("a b|c,d)", "a b|c,d)"), ("q\"q", "q\"q"), ("\\\"", "\"")]
        {
            let params = BTreeMap::from([("k".to_owned(), value.to_owned())]);
            for template in ["user~${k}", "user ~  ${k}", "user~\"${k}\""] {
                let text = substitute(template, &params).expect(template);
                assert_eq!(values(&text)[0].text(), expected, "{text}");
            }
        }
    }

    #[test]
    fn a_value_never_becomes_syntax_in_odd_templates() {
        const PIECES: &[&str] = &[
            "${k}",
            "${k}",
            "user",
            "=",
            "~",
            "!=",
            "\"",
            "'",
            "\\",
            " ",
            ",",
            "(",
            ")",
            "|",
            " or ",
            "not ",
            "a",
            "@",
            "count by ",
            "top ",
            "limit ",
            "ip",
            "#",
            "é",
            "*",
            "AttributeKey=Username,AttributeValue=",
        ];
        let mut state = 7_u64;
        let mut next = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap_or(0) % below
        };
        let mut refused = 0;
        for _ in 0..600 {
            let template: String = (0..1 + next(12)).map(|_| PIECES[next(PIECES.len())]).collect();
            let shapes = |value: &str| {
                let params = BTreeMap::from([("k".to_owned(), value.to_owned())]);
                substitute(&template, &params).ok().and_then(|text| parse(&text).ok()).map(|read| shape(&read))
            };
            let expected = ["1", "x"].map(shapes);
            for value in NASTY {
                let params = BTreeMap::from([("k".to_owned(), (*value).to_owned())]);
                refused += usize::from(
                    substitute(&template, &params).is_err_and(|p| p.message.contains("change the structure")),
                );
                let read = shapes(value);
                assert!(read.is_none() || expected.contains(&read), "{template}: {value}");
            }
        }
        assert!((1..500).contains(&refused), "{refused}");
    }

    #[test]
    fn a_parameter_may_be_a_number_or_a_name_in_a_stage() {
        for (template, value) in
            [("| top ${k} user", "5"), ("| top ${k}", "user"), ("| limit ${k}", "3"), ("| sort ${k}", "time")]
        {
            let params = BTreeMap::from([("k".to_owned(), value.to_owned())]);
            let text = substitute(template, &params).expect(template);
            parse(&text).expect(template);
        }
    }

    #[test]
    fn a_parameter_without_a_value_is_a_mistake() {
        let params = BTreeMap::from([("user".to_owned(), "alice".to_owned())]);
        for (text, start, end) in [("user=${usr}", 5, 11), ("user=${", 5, 7), ("user=${a b}", 5, 7)] {
            let problem = substitute(text, &params).expect_err(text);
            let span = problem.span.expect("a place");
            assert_eq!((span.start, span.end), (start, end), "{text}");
        }
        assert_eq!(substitute("cost=$5", &params).expect("no parameter"), "cost=$5");
    }
}
