//! The names of accounts, as `aws organizations list-accounts` or a CSV file gave them.

use std::sync::Arc;
use std::time::Instant;

use crate::account_names::AccountNames;
use crate::fields::Field;
use crate::store::error::CaseError;
use crate::store::read::case::Case;
use crate::store::read::statistics::ValueCount;

/// An account and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedAccount {
    /// 12 digits.
    pub id: String,
    /// Its name. Several accounts may have the same one.
    pub name: String,
}

/// Reports whether the values of a field are accounts.
pub(crate) fn holds_accounts(field: &Field) -> bool {
    matches!(field.name, "account" | "identity-account")
}

impl Case {
    /// Returns the accounts that have a name, by id.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn named_accounts(&self) -> Result<Vec<NamedAccount>, CaseError> {
        let sql = "SELECT id, name FROM organization_accounts WHERE name IS NOT NULL ORDER BY id";
        self.rows(sql, [], |row| Ok(NamedAccount { id: row.get(0)?, name: row.get(1)? }))
    }

    /// Returns the names of accounts, which are read again when the case has changed.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn names_of_accounts(&self) -> Result<Arc<AccountNames>, CaseError> {
        let version = self.data_version().map_err(|error| CaseError::of(&self.path, error))?;
        self.account_names
            .get(version, || Ok(self.named_accounts()?.into_iter().map(|account| (account.id, account.name)).collect()))
    }

    /// Reports whether events have this account, which is not an id of 12 digits.
    pub(crate) fn has_account(&self, account: &str) -> Result<bool, CaseError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM facets WHERE recipient_account_id = ?1) \
                   OR EXISTS (SELECT 1 FROM identities WHERE account_id = ?1)";
        Ok(self.rows(sql, [account], |row| row.get(0))?.pop().unwrap_or(false))
    }

    /// Returns the names of accounts that begin with `prefix`, with the events of the account in a field, as far as they
    /// are found until a time. What cannot be read has no names: completion cannot report an error.
    pub(crate) fn account_names(&self, field: &Field, prefix: &str, until: Instant) -> Vec<ValueCount> {
        let named = self.named_accounts().unwrap_or_default();
        let begin = named.into_iter().filter(|account| account.name.starts_with(prefix));
        begin
            .map(|account| {
                let counted = self.values(field, &account.id, 1, until).into_iter().next();
                let none = ValueCount { value: String::new(), events: 0, more: false, last_seen: None };
                ValueCount { value: account.name, ..counted.unwrap_or(none) }
            })
            .collect()
    }
}
