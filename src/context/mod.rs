//! Documents about accounts, people and rights, and findings of GuardDuty: what investigators look up beside the events
//! (`guide/context.md`).

pub(crate) mod accounts;
pub(crate) mod guardduty;
pub(crate) mod iam;
pub(crate) mod people;
pub(crate) mod value;

use serde_json::{Map, Value};

use crate::context::accounts::Account;
use crate::context::guardduty::Lead;
use crate::context::iam::{Credentials, Principal};
use crate::context::people::Person;

/// A document about what the events name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ContextDocument {
    /// `aws organizations list-accounts`, or a CSV file of ids and names.
    Accounts(Vec<Account>),
    /// `aws identitystore list-users`.
    People(Vec<Person>),
    /// Findings of GuardDuty.
    Leads(Vec<Lead>),
    /// `aws iam get-account-authorization-details`.
    Principals(Vec<Principal>),
    /// The credential report of an account.
    Credentials(Vec<Credentials>),
}

/// A document, and the elements of its lists that are not what the others are: their JSON.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Recognized {
    pub(crate) document: ContextDocument,
    pub(crate) refused: Vec<String>,
}

impl ContextDocument {
    /// Returns the name of the format in the ledger.
    pub(crate) fn format(&self) -> &'static str {
        match self {
            ContextDocument::Accounts(_) => "accounts",
            ContextDocument::People(_) => "identity-store-users",
            ContextDocument::Leads(_) => "guardduty",
            ContextDocument::Principals(_) => "authorization-details",
            ContextDocument::Credentials(_) => "credential-report",
        }
    }

    /// Returns the reason why an element of such a document is rejected.
    pub(crate) fn refusal(&self) -> &'static str {
        match self {
            ContextDocument::Accounts(_) => "is not an account of AWS Organizations: it needs an Id of 12 digits",
            ContextDocument::People(_) => "is not a user of an identity store: it needs a UserId and a UserName",
            ContextDocument::Leads(_) => "is not a GuardDuty finding: it needs an id, a type and a time",
            ContextDocument::Principals(_) => "is not a user, group or role: it needs an Arn and a name",
            ContextDocument::Credentials(_) => "is not a row of a credential report: it needs a user and an arn",
        }
    }
}

/// Reports whether an object with this key may be such a document.
pub(crate) fn is_key(key: &str) -> bool {
    matches!(
        key,
        "Accounts"
            | "Users"
            | "Findings"
            | "SchemaVersion"
            | "schemaVersion"
            | "UserDetailList"
            | "GroupDetailList"
            | "RoleDetailList"
            | "ReportFormat"
    )
}

/// Reads a JSON object that is such a document; `None` if it is something else.
pub(crate) fn parse(bytes: &[u8]) -> Option<Recognized> {
    let Ok(Value::Object(object)) = serde_json::from_slice(bytes) else { return None };
    if let Some(lead) = guardduty::lead(&object) {
        return Some(Recognized { document: ContextDocument::Leads(vec![lead]), refused: Vec::new() });
    }
    if object.contains_key("ReportFormat") {
        let (rows, refused) = iam::report_of_answer(&object)?;
        return Some(Recognized { document: ContextDocument::Credentials(rows), refused });
    }
    if ["UserDetailList", "GroupDetailList", "RoleDetailList"].iter().any(|key| object.contains_key(*key)) {
        let (principals, refused) = iam::principals(&object);
        return recognized(principals, refused, ContextDocument::Principals);
    }
    let list = |key: &str| object.get(key).and_then(Value::as_array);
    if let Some(list) = list("Accounts") {
        return of_list(list, accounts::account, ContextDocument::Accounts);
    }
    if let Some(list) = list("Findings") {
        return of_list(list, guardduty::lead, ContextDocument::Leads);
    }
    of_list(list("Users")?, people::person, ContextDocument::People)
}

/// Reads the elements of a list.
fn of_list<T>(
    list: &[Value],
    read: impl Fn(&Map<String, Value>) -> Option<T>,
    document: fn(Vec<T>) -> ContextDocument,
) -> Option<Recognized> {
    let (mut all, mut refused) = (Vec::new(), Vec::new());
    for element in list {
        match element.as_object().and_then(&read) {
            Some(found) => all.push(found),
            None => refused.push(element.to_string()),
        }
    }
    recognized(all, refused, document)
}

/// Returns a document if it has an element of its kind. `Accounts` and `Users` are words of other answers too.
fn recognized<T>(all: Vec<T>, refused: Vec<String>, document: fn(Vec<T>) -> ContextDocument) -> Option<Recognized> {
    (!all.is_empty()).then(|| Recognized { document: document(all), refused })
}

#[cfg(test)]
mod tests {
    use super::{ContextDocument, parse};

    #[test]
    fn one_broken_element_costs_no_other() {
        let text = r#"{"Accounts":[{"Id":"111122223333","Name":"prod"},{"Id":"1"},7]}"#;
        let found = parse(text.as_bytes()).unwrap();
        let ContextDocument::Accounts(accounts) = &found.document else { panic!("{found:?}") };
        assert_eq!(accounts.len(), 1);
        assert_eq!(found.refused, [r#"{"Id":"1"}"#, "7"]);
    }

    #[test]
    fn other_objects_with_such_keys_are_something_else() {
        for other in [
            "{}",
            "[]",
            "null",
            r#"{"Accounts":[]}"#,
            r#"{"Accounts":[{"Id":"x"}]}"#,
            r#"{"Users":[{"Path":"/","UserName":"alice","UserId":"AIDAEXAMPLE","Arn":"arn:aws:iam::111122223333:user/alice"}]}"#,
            r#"{"Findings":[{"ProductArn":"p","AwsAccountId":"111122223333","Id":"x"}]}"#,
            r#"{"schemaVersion":"2.0","service":{"serviceName":"guardduty"}}"#,
            r#"{"UserDetailList":[]}"#,
            r#"{"ReportFormat":"text/csv","Content":"%"}"#,
            r#"{"ReportFormat":"text/csv","Content":"YQ=="}"#,
        ] {
            assert_eq!(parse(other.as_bytes()), None, "{other}");
        }
    }
}
