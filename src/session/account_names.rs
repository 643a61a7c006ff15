//! The names of accounts that tables show.

use crate::account_names::AccountNames;
use crate::render::Format;
use crate::store::{Case, CaseError};

/// Returns the names of accounts, by id, where a format shows them.
///
/// # Errors
/// The case cannot be read.
pub(crate) fn of_format(format: Format, case: Option<&Case>) -> Result<AccountNames, CaseError> {
    let Some(case) = case.filter(|_| format.spec().is_for_people) else { return Ok(AccountNames::default()) };
    Ok((*case.names_of_accounts()?).clone())
}
