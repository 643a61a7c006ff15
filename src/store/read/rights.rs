//! Rights and credentials of the actor of an event, as `get-account-authorization-details` and the credential report gave
//! them.

use rusqlite::Row;

use crate::store::error::CaseError;
use crate::store::read::case::Case;
use crate::store::read::leads::json_texts;

/// The policies of a user or role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// `user` or `role`.
    pub kind: String,
    /// The name.
    pub name: String,
    /// The names of its policies.
    pub policies: Vec<String>,
    /// True if one of them allows every action on every resource.
    pub is_admin: bool,
    /// The ARN of the permissions boundary.
    pub boundary: Option<String>,
}

/// The credentials of a user. Times are UTC, `YYYY-MM-DDTHH:MM:SSZ`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialState {
    /// The name.
    pub name: String,
    /// True if a password is enabled.
    pub has_password: Option<bool>,
    /// True if a device for MFA is active.
    pub has_mfa: Option<bool>,
    /// The two access keys.
    pub keys: [KeyState; 2],
}

/// The state of an access key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyState {
    /// True if it can be used; `None` if that is not known.
    pub is_active: Option<bool>,
    /// The time of its creation or last change.
    pub rotated_at: Option<String>,
    /// The last use that the report knows.
    pub last_used_at: Option<String>,
    /// True if an event of the case created the key of the event at that time.
    pub is_of_event: bool,
}

/// The actor of event ?1: the ARNs and the access key.
const ACTOR: &str = "FROM events e JOIN identities i ON i.id = e.identity_id WHERE e.id = ?1";

impl Case {
    /// Returns the rights of the user or role of an event, if a document gives them.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn rights_of_actor(&self, event: i64) -> Result<Option<Rights>, CaseError> {
        let sql = format!(
            "SELECT r.kind, r.name, r.policies, r.is_admin, r.boundary FROM iam_rights r \
             WHERE r.arn IN (SELECT i.arn {ACTOR} UNION SELECT i.role_arn {ACTOR}) AND r.kind <> 'group' LIMIT 1"
        );
        let read = |row: &Row<'_>| {
            let (kind, name, policies) = (row.get(0)?, row.get(1)?, json_texts(row, 2)?);
            Ok(Rights { kind, name, policies, is_admin: row.get(3)?, boundary: row.get(4)? })
        };
        Ok(self.rows(&sql, [event], read)?.pop())
    }

    /// Returns the state of the credentials of the user of an event, if a credential report gives it.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn credentials_of_actor(&self, event: i64) -> Result<Option<CredentialState>, CaseError> {
        let created = |number: u8| {
            format!(
                "EXISTS (SELECT 1 FROM events n WHERE n.issued_access_key_id = (SELECT e.access_key_id {ACTOR}) \
                 AND abs(n.time - unixepoch(k.key_{number}_rotated_at)) <= 60)"
            )
        };
        let sql = format!(
            "SELECT k.user_name, k.has_password, k.has_mfa, k.key_1_is_active, k.key_1_rotated_at, \
             k.key_1_last_used_at, {}, k.key_2_is_active, k.key_2_rotated_at, k.key_2_last_used_at, {} \
             FROM iam_keys k WHERE k.arn = (SELECT i.arn {ACTOR})",
            created(1),
            created(2)
        );
        let read = |row: &Row<'_>| {
            let key = |at: usize| -> rusqlite::Result<KeyState> {
                let (is_active, rotated_at, last_used_at) = (row.get(at)?, row.get(at + 1)?, row.get(at + 2)?);
                Ok(KeyState { is_active, rotated_at, last_used_at, is_of_event: row.get(at + 3)? })
            };
            let (name, has_password, has_mfa) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(CredentialState { name, has_password, has_mfa, keys: [key(3)?, key(7)?] })
        };
        Ok(self.rows(&sql, [event], read)?.pop())
    }
}
