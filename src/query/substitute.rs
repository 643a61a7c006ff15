//! `${name}` in the lookups of scripts: replaced by a value, which stays one value whatever stands in it.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Span, nearest};

/// A lookup with `${name}` replaced by the parameter's value, in quotes or as part of the quotes around it.
///
/// # Errors
/// A parameter without a value, and `${` without `}`.
pub fn substitute(text: &str, params: &BTreeMap<String, String>) -> Result<String, Diagnostic> {
    let mut whole = String::with_capacity(text.len());
    let mut quote: Option<char> = None;
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        let rest = &text[at..];
        if let Some(name) = rest.strip_prefix("${") {
            let Some(end) = name.find('}') else {
                return Err(Diagnostic::at(Span::new(at, at + 2), "`${` has no `}`").in_source(text));
            };
            let span = Span::new(at, at + 2 + end + 1);
            let value =
                value(&name[..end], params).map_err(|d| Diagnostic { span: Some(span), ..d }.in_source(text))?;
            let escaped: String = value.chars().flat_map(|c| escape(c, quote.unwrap_or('"'))).collect();
            match quote {
                Some(_) => whole += &escaped,
                None => whole += &format!("\"{escaped}\""),
            }
            at = span.end;
            continue;
        }
        match (character, quote) {
            ('\\', _) => {
                // What is escaped is not looked at.
                let pair: String = rest.chars().take(2).collect();
                whole += &pair;
                at += pair.len();
                continue;
            }
            ('"' | '\'', None) => quote = Some(character),
            (_, Some(open)) if open == character => quote = None,
            _ => {}
        }
        whole.push(character);
        at += character.len_utf8();
    }
    Ok(whole)
}

/// A character of a value inside quotes, so that it is itself there.
fn escape(character: char, quote: char) -> impl Iterator<Item = char> {
    let special = character == quote || matches!(character, '\\' | '*');
    special.then_some('\\').into_iter().chain([character])
}

fn value<'p>(name: &str, params: &'p BTreeMap<String, String>) -> Result<&'p str, Diagnostic> {
    params.get(name).map(String::as_str).ok_or_else(|| {
        let diagnostic = Diagnostic::new(format!("the parameter {name} has no value"))
            .hint(format!("give it one with --param {name}=VALUE"));
        match nearest(name, params.keys().map(String::as_str)).as_slice() {
            [] => diagnostic,
            near => diagnostic.hint(format!("did you mean {}?", near.join(" or "))),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::substitute;

    #[test]
    fn a_value_stays_one_value() {
        let params = BTreeMap::from([("k".to_owned(), r#"a" or b,c*\ |"#.to_owned())]);
        let whole = substitute(r#"user=${k} not name="x ${k}""#, &params).unwrap();
        assert_eq!(whole, r#"user="a\" or b,c\*\\ |" not name="x a\" or b,c\*\\ |""#);
        assert!(substitute("user=${j}", &params).is_err() && substitute("user=${k", &params).is_err());
    }
}
