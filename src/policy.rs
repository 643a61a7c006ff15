//! Policy documents of IAM and of resources in every form that records have: an object, a text, a URL-encoded
//! text. Imports nothing of trailq.

use serde_json::{Map, Value, json};

/// Returns the statements of a policy, each with the same keys: `sid`, `effect`, `principals`, `not_principals`,
/// `actions`, `not_actions`, `resources`, `not_resources` (lists of text, empty if the policy has none) and `condition`
/// (null if it has none). Principals other than AWS ones have their kind as a prefix: `Service:ec2.amazonaws.com`.
/// `None` if the text is not a policy.
pub(crate) fn statements(document: &str) -> Option<Value> {
    let policy = read(document)?;
    let statements = match policy.as_object()?.get("Statement")? {
        Value::Array(statements) => statements.clone(),
        one @ Value::Object(_) => vec![one.clone()],
        _ => return None,
    };
    Some(statements.iter().filter_map(Value::as_object).map(statement).collect())
}

/// Parses the document: a text within JSON is one level deeper, a URL-encoded one is decoded.
fn read(document: &str) -> Option<Value> {
    let parsed = serde_json::from_str(document).or_else(|_| serde_json::from_str(&decode(document))).ok()?;
    match parsed {
        Value::String(inner) => serde_json::from_str(&inner).or_else(|_| serde_json::from_str(&decode(&inner))).ok(),
        other => Some(other),
    }
}

fn statement(statement: &Map<String, Value>) -> Value {
    json!({
        "sid": statement.get("Sid"),
        "effect": statement.get("Effect"),
        "principals": principals(statement.get("Principal")),
        "not_principals": principals(statement.get("NotPrincipal")),
        "actions": texts(statement.get("Action")),
        "not_actions": texts(statement.get("NotAction")),
        "resources": texts(statement.get("Resource")),
        "not_resources": texts(statement.get("NotResource")),
        "condition": statement.get("Condition").filter(|condition| condition.as_object().is_none_or(|map| !map.is_empty())),
    })
}

/// Returns a text or a list of texts as a list.
fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::Number(number)) => vec![number.to_string()],
        _ => Vec::new(),
    }
}

fn principals(value: Option<&Value>) -> Vec<String> {
    let Some(Value::Object(kinds)) = value else { return texts(value) };
    let named = |(kind, names): (&String, &Value)| -> Vec<String> {
        let prefix = if kind == "AWS" { String::new() } else { format!("{kind}:") };
        texts(Some(names)).into_iter().map(|name| format!("{prefix}{name}")).collect()
    };
    kinds.iter().flat_map(named).collect()
}

/// Decodes codes such as `%41`; anything else is unchanged.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = code.filter(|digits| *first == b'%' && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::statements;

    #[test]
    fn a_policy_is_read_in_every_form() {
        let policy = json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": {"AWS": ["*"], "Service": "ec2.amazonaws.com"}, "Action": "s3:*",
            "Resource": ["a", "b"], "Condition": {},
        }});
        let wanted = json!([{
            "sid": null, "effect": "Allow", "principals": ["*", "Service:ec2.amazonaws.com"], "not_principals": [],
            "actions": ["s3:*"], "not_actions": [], "resources": ["a", "b"], "not_resources": [], "condition": null,
        }]);
        let text = policy.to_string();
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for document in [text.clone(), json!(text).to_string(), encoded.clone(), json!(encoded).to_string()] {
            assert_eq!(statements(&document), Some(wanted.clone()), "{document}");
        }
        let everyone =
            statements(r#"{"Statement":[{"Effect":"Deny","Principal":"*","Condition":{"Bool":{}}},7]}"#).unwrap();
        assert_eq!(everyone[0]["principals"], json!(["*"]));
        assert_eq!(everyone[0]["condition"], json!({"Bool": {}}));
        assert_eq!(everyone.as_array().unwrap().len(), 1);
    }

    #[test]
    fn other_texts_have_no_statements() {
        for text in ["", "%7", "{}", "[]", "{\"Statement\":1}", "\"x\"", "HIDDEN_DUE_TO_SECURITY_REASONS"] {
            assert_eq!(statements(text), None, "{text}");
        }
    }
}
