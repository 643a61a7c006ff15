//! Attributes in the AWS CLI's syntax: its shorthand, or JSON.

use serde_json::Value;

use super::error::{ErrorKind, RequestError};
use super::request::{Attribute, AttributeKey};

/// Parses one word after `--lookup-attributes`: `AttributeKey=K,AttributeValue=V`, or JSON, one attribute or a list.
/// A value with a comma needs quotes, as in the AWS CLI.
///
/// # Errors
/// The word is neither, or names no attribute.
pub(crate) fn attributes(word: &str) -> Result<Vec<Attribute>, RequestError> {
    let word = word.trim();
    if word.starts_with(['[', '{']) {
        let value = serde_json::from_str(word).map_err(|error| {
            RequestError::new(ErrorKind::LookupAttributes, format!("the lookup attributes are not JSON: {error}"))
        })?;
        return match value {
            Value::Array(list) => list.iter().map(Attribute::from_value).collect(),
            one => Ok(vec![Attribute::from_value(&one)?]),
        };
    }
    Ok(vec![shorthand(word)?])
}

/// Parses `AttributeKey=K,AttributeValue=V`, the two in either order.
fn shorthand(word: &str) -> Result<Attribute, RequestError> {
    let wrong = || {
        let message = format!(
            "a lookup attribute is AttributeKey=KEY,AttributeValue=VALUE, not `{word}`; put a value with a comma in \
             quotes: AttributeValue='a,b'"
        );
        RequestError::new(ErrorKind::LookupAttributes, message)
    };
    let (mut key, mut value) = (None, None);
    let mut rest = word;
    loop {
        let (name, after) = rest.split_once('=').ok_or_else(wrong)?;
        let (text, left) = value_of(after).ok_or_else(wrong)?;
        let place = match name.trim() {
            "AttributeKey" => &mut key,
            "AttributeValue" => &mut value,
            _ => return Err(wrong()),
        };
        if place.replace(text).is_some() {
            return Err(wrong());
        }
        match left.strip_prefix(',') {
            Some(more) => rest = more,
            None if left.is_empty() => break,
            None => return Err(wrong()),
        }
    }
    let (Some(key), Some(value)) = (key, value) else { return Err(wrong()) };
    Ok(Attribute { key: AttributeKey::read(key.trim())?, value })
}

/// Returns the value at the start of a text, and the rest. In quotes, a backslash escapes the
/// quote and a backslash.
fn value_of(text: &str) -> Option<(String, &str)> {
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
        let end = text.find(',').unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => match characters.next_if(|(_, next)| *next == quote || *next == '\\') {
                Some((_, next)) => value.push(next),
                None => value.push(c),
            },
            c if c == quote => return Some((value, &text[at + c.len_utf8()..])),
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{AttributeKey, attributes};

    #[test]
    fn the_shorthand_and_json_mean_the_same() {
        for word in [
            "AttributeKey=Username,AttributeValue=alice",
            "AttributeValue=alice,AttributeKey=Username",
            "AttributeKey='Username',AttributeValue=\"alice\"",
            r#"{"AttributeKey":"Username","AttributeValue":"alice"}"#,
            r#" [{"AttributeKey":"Username","AttributeValue":"alice"}]"#,
        ] {
            let found = attributes(word).unwrap();
            assert_eq!(found.len(), 1, "{word}");
            assert_eq!((found[0].key, found[0].value.as_str()), (AttributeKey::Username, "alice"), "{word}");
        }
    }

    #[test]
    fn values_keep_their_characters() {
        for (value, expected) in [
            ("a=b", "a=b"),
            ("'a,b'", "a,b"),
            (r"'it\'s \\ \n'", r"it's \ \n"),
            ("arn:aws:iam::111122223333:role/x", "arn:aws:iam::111122223333:role/x"),
            ("", ""),
            ("*", "*"),
        ] {
            let found = attributes(&format!("AttributeKey=ResourceName,AttributeValue={value}")).unwrap();
            assert_eq!(found[0].value, expected, "{value}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for (word, said) in [
            ("", "AttributeKey=KEY"),
            ("Username=alice", "AttributeKey=KEY"),
            ("AttributeKey=Username", "AttributeKey=KEY"),
            ("AttributeKey=Username,AttributeValue=a,b", "quotes"),
            ("AttributeKey=Username,AttributeValue='a", "AttributeKey=KEY"),
            ("AttributeKey=Username,AttributeValue='a'b", "AttributeKey=KEY"),
            ("AttributeKey=Username,AttributeKey=Username,AttributeValue=a", "AttributeKey=KEY"),
            ("AttributeKey=Region,AttributeValue=us-east-1", "AttributeKey is one of"),
            ("[{]", "are not JSON: "),
            (r#"{"AttributeKey":1}"#, "no AttributeKey"),
        ] {
            let error = attributes(word).unwrap_err();
            assert!(error.message.contains(said), "{word}: {}", error.message);
        }
    }
}
