//! Names of accounts as values: `account=prod` means the id of the account that has this name.

use crate::arn::is_account_id;
use crate::diagnostic::Diagnostic;
use crate::fields::Field;
use crate::query::ast::{Operator, Part, Value};
use crate::query::resolve::names::did_you_mean;
use crate::query::resolve::resolver::Resolver;

/// The most ids or names that a message lists.
const MAX_LISTED: usize = 10;

impl Resolver<'_> {
    /// Returns the values of a field of accounts with ids in place of names. Ids, wildcards and values that events have
    /// stay as they are.
    pub(super) fn account_ids(
        &self,
        field: &Field,
        values: Vec<Value>,
        operator: Operator,
    ) -> Result<Vec<Value>, Diagnostic> {
        let is_of_accounts = matches!(field.name, "account" | "identity-account");
        if !is_of_accounts || !matches!(operator, Operator::Equal | Operator::EqualFolded) {
            return Ok(values);
        }
        let id = |value: Value| match value.literal() {
            Some(text) if !text.is_empty() && !is_account_id(&text) => self.account_id(&value, &text, operator),
            _ => Ok(value),
        };
        values.into_iter().map(id).collect()
    }

    fn account_id(&self, value: &Value, text: &str, operator: Operator) -> Result<Value, Diagnostic> {
        let unread = |reason| Diagnostic::at(value.span, format!("cannot read the names of accounts: {reason}"));
        let named = self.env.named_accounts().map_err(unread)?;
        let is_named = |name: &str| match operator {
            Operator::EqualFolded => name.to_lowercase() == text.to_lowercase(),
            _ => name == text,
        };
        let ids: Vec<&str> = named.iter().filter(|(_, name)| is_named(name)).map(|(id, _)| id.as_str()).collect();
        match ids.as_slice() {
            [id] => Ok(Value { parts: vec![Part::Text((*id).to_owned())], ..value.clone() }),
            // Without any names the value means what it says.
            [] if named.is_empty() || self.env.has_account(text).map_err(unread)? => Ok(value.clone()),
            [] => {
                let mistake = Diagnostic::at(value.span, format!("no account is named `{text}`"));
                let names = || named.iter().map(|(_, name)| name.as_str());
                let near = did_you_mean(mistake, text, names());
                if !near.hints.is_empty() {
                    return Err(near);
                }
                let mut listed: Vec<&str> = names().take(MAX_LISTED).collect();
                listed.dedup();
                let more = named.len().saturating_sub(MAX_LISTED);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                Err(near.hint(format!("the names are {}{more}; an id has 12 digits", listed.join(", "))))
            }
            several => Err(Diagnostic::at(
                value.span,
                format!("{} accounts are named `{text}`: {}", several.len(), several.join(", ")),
            )
            .hint("write the id of the one that is meant, or all ids with commas")),
        }
    }
}
