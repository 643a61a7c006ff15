//! Documents about accounts, people and rights, and findings of GuardDuty.

use rusqlite::{Connection, params};

use crate::context::ContextDocument;
use crate::context::accounts::Account;
use crate::context::guardduty::Lead;
use crate::context::iam::{Credentials, Principal};
use crate::context::people::Person;
use crate::store::error::CaseError;
use crate::store::write::writer::{ConflictPolicy, Writer};

/// The tables of such documents: each row belongs to a file.
pub(crate) const CONTEXT_TABLES: [&str; 5] =
    ["accounts", "people", "lead_versions", "iam_principals", "iam_credentials"];

impl<P: ConflictPolicy> Writer<'_, P> {
    /// Keeps a document.
    pub(crate) fn context(&mut self, document: &ContextDocument) -> Result<(), CaseError> {
        if let Some(file) = self.file.as_mut() {
            file.has_documents = true;
        }
        let result = self.open_file().and_then(|file| insert(self.connection, file, document));
        self.sql(result)
    }
}

fn insert(connection: &Connection, file: i64, document: &ContextDocument) -> rusqlite::Result<()> {
    match document {
        ContextDocument::Accounts(all) => insert_accounts(connection, file, all),
        ContextDocument::People(all) => insert_people(connection, file, all),
        ContextDocument::Leads(all) => insert_leads(connection, file, all),
        ContextDocument::Principals(all) => insert_principals(connection, file, all),
        ContextDocument::Credentials(all) => insert_credentials(connection, file, all),
    }
}

fn insert_accounts(connection: &Connection, file: i64, all: &[Account]) -> rusqlite::Result<()> {
    let sql = "INSERT INTO accounts (file_id, id, name, email, status, joined_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let mut insert = connection.prepare_cached(sql)?;
    all.iter().try_for_each(|account| {
        let values = params![file, account.id, account.name, account.email, account.status, account.joined_at];
        insert.execute(values).map(drop)
    })
}

fn insert_people(connection: &Connection, file: i64, all: &[Person]) -> rusqlite::Result<()> {
    let sql = "INSERT INTO people (file_id, user_id, user_name, display_name, email, identity_store_id) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let mut insert = connection.prepare_cached(sql)?;
    all.iter().try_for_each(|person| {
        let names = (&person.display_name, &person.email, &person.identity_store_id);
        insert.execute(params![file, person.user_id, person.user_name, names.0, names.1, names.2]).map(drop)
    })
}

fn insert_leads(connection: &Connection, file: i64, all: &[Lead]) -> rusqlite::Result<()> {
    let sql = "INSERT INTO lead_versions (file_id, id, account_id, aws_region, type, title, description, severity, \
               first_seen, last_seen, updated_at, archived, access_keys, addresses, principals, resources, finding) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
    let mut insert = connection.prepare_cached(sql)?;
    all.iter().try_for_each(|lead| {
        insert
            .execute(params![
                file,
                lead.id,
                lead.account_id,
                lead.aws_region,
                lead.kind,
                lead.title,
                lead.description,
                lead.severity,
                lead.first_seen,
                lead.last_seen,
                lead.updated_at,
                lead.is_archived,
                json_array(&lead.access_keys),
                json_array(&lead.addresses),
                json_array(&lead.principals),
                json_array(&lead.resources),
                lead.finding
            ])
            .map(drop)
    })
}

fn insert_principals(connection: &Connection, file: i64, all: &[Principal]) -> rusqlite::Result<()> {
    let sql = "INSERT INTO iam_principals (file_id, kind, account_id, arn, name, principal_id, created_at, \
               last_used_at, policies, is_admin, boundary, trust) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    let mut insert = connection.prepare_cached(sql)?;
    all.iter().try_for_each(|principal| {
        insert
            .execute(params![
                file,
                principal.kind,
                principal.account_id,
                principal.arn,
                principal.name,
                principal.principal_id,
                principal.created_at,
                principal.last_used_at,
                json_array(&principal.policies),
                principal.is_admin,
                principal.boundary,
                principal.trust
            ])
            .map(drop)
    })
}

fn insert_credentials(connection: &Connection, file: i64, all: &[Credentials]) -> rusqlite::Result<()> {
    let sql = "INSERT INTO iam_credentials (file_id, user_name, arn, account_id, created_at, has_password, \
               password_last_used_at, has_mfa, key_1_is_active, key_1_rotated_at, key_1_last_used_at, \
               key_2_is_active, key_2_rotated_at, key_2_last_used_at) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
    let mut insert = connection.prepare_cached(sql)?;
    all.iter().try_for_each(|row| {
        let [first, second] = &row.keys;
        insert
            .execute(params![
                file,
                row.user_name,
                row.arn,
                row.account_id,
                row.created_at,
                row.has_password,
                row.password_last_used_at,
                row.has_mfa,
                first.is_active,
                first.rotated_at,
                first.last_used_at,
                second.is_active,
                second.rotated_at,
                second.last_used_at
            ])
            .map(drop)
    })
}

/// Returns texts as a JSON array.
fn json_array(texts: &[String]) -> String {
    texts.iter().map(String::as_str).collect::<serde_json::Value>().to_string()
}
