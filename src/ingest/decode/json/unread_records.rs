//! Records that a value holds where the decoder does not look for them, recognized by their text: such a value is a
//! reject, since a file with records is never passed over.

use memchr::memmem;

/// The reason why a value with records in it is a reject.
pub(super) const UNREAD_RECORDS: &str =
    "holds CloudTrail records in a wrapping that is not known; write these out as an array or one a line";

/// Reports whether a value has the keys and values of a record anywhere in it, also inside a text: a version, a name,
/// and a source of AWS. Other systems' events and descriptions of records have not all of them.
pub(super) fn holds_records(value: &[u8]) -> bool {
    has_key(value, b"eventVersion", |version| version.first().is_some_and(u8::is_ascii_digit))
        && has_key(value, b"eventName", |_| true)
        && has_key(value, b"eventSource", |source| {
            let end = source.iter().position(|byte| matches!(byte, b'"' | b'\\')).unwrap_or(source.len());
            memmem::find(&source[..end], b".amazonaws.com").is_some()
        })
}

/// Reports whether a key occurs with a text as its value, such that the rest of the value satisfies a condition.
fn has_key(value: &[u8], key: &[u8], mut condition: impl FnMut(&[u8]) -> bool) -> bool {
    memmem::find_iter(value, key).any(|at| {
        let is_whole = at > 0 && value[at - 1] == b'"';
        is_whole && text_after(&value[at + key.len()..]).is_some_and(&mut condition)
    })
}

/// Returns what follows `": "`, where quotes may be escaped any number of times.
fn text_after(rest: &[u8]) -> Option<&[u8]> {
    let rest = quote(rest)?.trim_ascii_start().strip_prefix(b":")?;
    quote(rest.trim_ascii_start())
}

fn quote(rest: &[u8]) -> Option<&[u8]> {
    let escapes = rest.iter().take_while(|byte| **byte == b'\\').count();
    rest[escapes..].strip_prefix(b"\"")
}

#[cfg(test)]
mod tests {
    use super::holds_records;

    #[test]
    fn records_are_found_at_any_depth_and_inside_texts() {
        let record = r#"{"eventVersion": "1.08", "eventSource": "ec2.amazonaws.com", "eventName": "RunInstances"}"#;
        let text = serde_json::Value::from(record).to_string();
        let twice = serde_json::Value::from(text.as_str()).to_string();
        for value in [record, text.as_str(), twice.as_str()] {
            assert!(holds_records(format!(r#"{{"a":{{"b":[{{"c":{value}}}]}}}}"#).as_bytes()), "{value}");
        }
    }

    #[test]
    fn descriptions_and_other_events_are_not_records() {
        for value in [
            r#"{"eventVersion":{"type":"string"},"eventSource":"ec2.amazonaws.com","eventName":"x"}"#,
            r#"{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put"}"#,
            r#"{"eventVersion":"1","eventName":"page_view","eventSource":"web"}"#,
            r#"{"eventVersion":"1.08","eventName":"x"}"#,
            r#"{"myeventVersion":"1.08","eventSource":"ec2.amazonaws.com","eventName":"x"}"#,
            r#"{"eventVersion":"#,
        ] {
            assert!(!holds_records(value.as_bytes()), "{value}");
        }
    }
}
