//! Users of an identity store of IAM Identity Center.

use crate::context::value::{Object, objects, text};

/// A user of an identity store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Person {
    pub(crate) user_id: String,
    /// The name to sign in with, which sessions of permission sets have as their name.
    pub(crate) user_name: String,
    pub(crate) display_name: Option<String>,
    pub(crate) email: Option<String>,
    /// `d-` and ten characters.
    pub(crate) identity_store_id: Option<String>,
}

/// Reads an element of `Users`. Users of IAM lack the id of an identity store.
pub(crate) fn person(object: &Object) -> Option<Person> {
    if text(object, "arn").is_some() {
        return None;
    }
    let is_primary = |email: &&Object| email.get("Primary").and_then(serde_json::Value::as_bool) == Some(true);
    let email = objects(object, "emails").find(is_primary).or_else(|| objects(object, "emails").next());
    Some(Person {
        user_id: text(object, "userId")?,
        user_name: text(object, "userName")?,
        display_name: text(object, "displayName"),
        email: email.and_then(|email| text(email, "value")),
        identity_store_id: text(object, "identityStoreId"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::person;

    #[test]
    fn a_user_of_an_identity_store_is_read_and_one_of_iam_is_not() {
        let read = |value: serde_json::Value| person(value.as_object().unwrap());
        let found = read(json!({
            "UserName": "ada@example.com", "UserId": "0123abcd-70b1-7000-aaaa-EXAMPLE11111",
            "Name": {"GivenName": "Ada"}, "DisplayName": "Ada Lovelace", "IdentityStoreId": "d-1234567890",
            "Emails": [{"Value": "x@example.com"}, {"Value": "ada@example.com", "Primary": true}]
        }))
        .unwrap();
        assert_eq!(found.display_name.as_deref(), Some("Ada Lovelace"));
        assert_eq!(found.email.as_deref(), Some("ada@example.com"));
        assert_eq!(read(json!({"UserName": "a", "UserId": "AIDAEXAMPLE", "Arn": "arn:aws:iam::1:user/a"})), None);
        assert_eq!(read(json!({"UserName": "a"})), None);
    }
}
