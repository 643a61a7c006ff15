//! Notes on the rights and credentials of the actor of an event.

use crate::session::{Session, SessionError};
use crate::store::{Case, CredentialState, KeyState, Rights};

/// The most policies that a note names.
const MAX_NAMED: usize = 10;

impl Session {
    /// Notes what the actor of an event may do and which of its credentials are active, as far as documents tell.
    pub(crate) fn note_rights(&mut self, case: &Case, event: i64) -> Result<(), SessionError> {
        if let Some(rights) = case.rights_of_actor(event)? {
            self.note(&rights_text(&rights));
        }
        if let Some(state) = case.credentials_of_actor(event)? {
            self.note(&credentials_text(&state));
        }
        Ok(())
    }
}

/// Returns the rights of a user or role in words.
fn rights_text(rights: &Rights) -> String {
    let policies = match rights.policies.as_slice() {
        [] => "no policies".to_owned(),
        some => {
            let named = some.iter().take(MAX_NAMED).cloned().collect::<Vec<_>>().join(", ");
            let more = some.len().saturating_sub(MAX_NAMED);
            if more > 0 { format!("{named} and {more} more") } else { named }
        }
    };
    let admin = if rights.is_admin { "; one of them allows every action on every resource" } else { "" };
    let boundary = rights.boundary.as_ref().map_or_else(String::new, |arn| format!("; limited by {arn}"));
    format!("{} {}, by its authorization details: {policies}{admin}{boundary}", rights.kind, rights.name)
}

/// Returns the state of the credentials of a user in words.
fn credentials_text(state: &CredentialState) -> String {
    let key = |(number, key): (usize, &KeyState)| {
        let status = match key.is_active {
            Some(true) => "active",
            Some(false) => "not active",
            None => return None,
        };
        let of_event = if key.is_of_event { " (the key of this event)" } else { "" };
        let since = key.rotated_at.as_ref().map_or_else(String::new, |time| format!(" since {time}"));
        let used = key.last_used_at.as_ref().map_or_else(String::new, |time| format!(", last used {time}"));
        Some(format!("access key {}{of_event} {status}{since}{used}", number + 1))
    };
    let flag = |value: Option<bool>, yes: &str, no: &str| value.map(|is| if is { yes } else { no }.to_owned());
    let mut parts: Vec<String> = state.keys.iter().enumerate().filter_map(key).collect();
    parts.extend(flag(state.has_password, "password enabled", "no password"));
    parts.extend(flag(state.has_mfa, "MFA active", "no MFA"));
    format!("user {}, by its credential report: {}", state.name, parts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::{credentials_text, rights_text};
    use crate::store::{CredentialState, KeyState, Rights};

    #[test]
    fn many_policies_are_counted() {
        let mut rights = Rights {
            kind: "role".to_owned(),
            name: "r".to_owned(),
            policies: (1..=12).map(|number| format!("p{number}")).collect(),
            is_admin: true,
            boundary: Some("arn:b".to_owned()),
        };
        assert!(
            rights_text(&rights)
                .ends_with("p9, p10 and 2 more; one of them allows every action on every resource; limited by arn:b")
        );
        rights = Rights { policies: Vec::new(), is_admin: false, boundary: None, ..rights };
        assert_eq!(rights_text(&rights), "role r, by its authorization details: no policies");
    }

    #[test]
    fn each_key_that_the_report_knows_is_named() {
        let none = KeyState { is_active: None, rotated_at: None, last_used_at: None, is_of_event: false };
        let first =
            KeyState { is_active: Some(true), rotated_at: Some("T1".to_owned()), is_of_event: true, ..none.clone() };
        let state =
            CredentialState { name: "a".to_owned(), has_password: None, has_mfa: Some(false), keys: [first, none] };
        assert_eq!(
            credentials_text(&state),
            "user a, by its credential report: access key 1 (the key of this event) active since T1; no MFA"
        );
    }
}
