//! Accounts of an organization.

use crate::arn::is_account_id;
use crate::context::value::{Object, text, time};

/// An account and its name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Account {
    /// 12 digits.
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    /// `ACTIVE`, `SUSPENDED` or `PENDING_CLOSURE`.
    pub(crate) status: Option<String>,
    /// UTC, `YYYY-MM-DDTHH:MM:SSZ`.
    pub(crate) joined_at: Option<String>,
}

/// Reads an element of `Accounts`.
pub(crate) fn account(object: &Object) -> Option<Account> {
    Some(Account {
        id: text(object, "id").filter(|id| is_account_id(id))?,
        name: text(object, "name"),
        email: text(object, "email"),
        // `State` replaced `Status` in 2025.
        status: text(object, "state").or_else(|| text(object, "status")),
        joined_at: time(object, "joinedTimestamp"),
    })
}

/// The columns of a CSV file of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Columns {
    id: usize,
    name: usize,
}

impl Columns {
    /// Finds the columns of the id and of the name; `None` if the headings are those of something else.
    pub(crate) fn of(headings: &[&str]) -> Option<Columns> {
        let folded: Vec<String> =
            headings.iter().map(|heading| heading.trim().to_ascii_lowercase().replace([' ', '_', '-'], "")).collect();
        let find = |names: &[&str]| folded.iter().position(|heading| names.contains(&heading.as_str()));
        Some(Columns { id: find(&["id", "accountid", "account"])?, name: find(&["name", "accountname"])? })
    }

    /// Reads a row.
    ///
    /// # Errors
    /// The reason why it is not an account.
    pub(crate) fn account(self, cells: &[&str]) -> Result<Account, String> {
        let cell = |at: usize| cells.get(at).map_or("", |cell| cell.trim());
        // Spreadsheets drop leading zeros.
        let id = format!("{:0>12}", cell(self.id));
        if cell(self.id).is_empty() || !is_account_id(&id) {
            return Err(format!("`{}` is not the id of an account: expected 12 digits", cell(self.id)));
        }
        match cell(self.name) {
            "" => Err("is an account without a name".to_owned()),
            name => Ok(Account { id, name: Some(name.to_owned()), ..Account::default() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Columns, account};

    #[test]
    fn answers_of_both_versions_of_the_aws_cli_are_read() {
        let account_of = |value: serde_json::Value| account(value.as_object().unwrap());
        let full = account_of(json!({
            "Id": "111122223333", "Arn": "arn:aws:organizations::1:account/o-1/111122223333", "Email": "a@example.com",
            "Name": "prod", "Status": "ACTIVE", "JoinedMethod": "CREATED", "JoinedTimestamp": 1_717_200_000.5
        }))
        .unwrap();
        assert_eq!(full.name.as_deref(), Some("prod"));
        assert_eq!(full.status.as_deref(), Some("ACTIVE"));
        assert_eq!(full.joined_at.as_deref(), Some("2024-06-01T00:00:00Z"));
        assert_eq!(account_of(json!({"Name": "prod"})), None);
        assert_eq!(account_of(json!({"Id": "11112222333x"})), None);
    }

    #[test]
    fn csv_columns_are_found_by_their_headings() {
        let columns = Columns::of(&["Account Name", "account_id"]).unwrap();
        let first = columns.account(&["prod", "12345678901"]).unwrap();
        assert_eq!((first.id.as_str(), first.name.as_deref()), ("012345678901", Some("prod")));
        assert!(columns.account(&["prod", "x"]).unwrap_err().contains("`x` is not the id of an account"));
        assert!(columns.account(&["", "111122223333"]).unwrap_err().contains("without a name"));
        assert!(columns.account(&["prod"]).is_err());
        assert_eq!(Columns::of(&["id", "value"]), None);
    }
}
