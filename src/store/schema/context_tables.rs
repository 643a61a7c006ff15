//! The tables of accounts, people, rights and leads. They tell of more than the events of a case, so that a part of a
//! case does not have them. Every column of them names a person or a thing, so that a redacted case does not have them.

use crate::store::schema::column_rule::ColumnRule;
use crate::store::schema::column_rule::ColumnRule::OfTable;
use crate::store::schema::table::{Copy, Redact, Role, Table};

/// Returns the entry of a table whose rows belong to files.
const fn of_files(name: &'static str, columns: &'static [(&'static str, ColumnRule)]) -> Table {
    Table { name, since: 11, role: Role::Ledger, copy: Copy::WholeOnly, redact: Redact::Emptied, columns }
}

/// Accounts of an organization.
pub(super) const ACCOUNTS: Table = of_files(
    "accounts",
    &[
        ("file_id", OfTable),
        ("id", OfTable),
        ("name", OfTable),
        ("email", OfTable),
        ("status", OfTable),
        ("joined_at", OfTable),
    ],
);

/// Users of an identity store.
pub(super) const PEOPLE: Table = of_files(
    "people",
    &[
        ("file_id", OfTable),
        ("user_id", OfTable),
        ("user_name", OfTable),
        ("display_name", OfTable),
        ("email", OfTable),
        ("identity_store_id", OfTable),
    ],
);

/// Versions of findings of GuardDuty.
pub(super) const LEAD_VERSIONS: Table = of_files(
    "lead_versions",
    &[
        ("file_id", OfTable),
        ("id", OfTable),
        ("account_id", OfTable),
        ("aws_region", OfTable),
        ("type", OfTable),
        ("title", OfTable),
        ("description", OfTable),
        ("severity", OfTable),
        ("first_seen", OfTable),
        ("last_seen", OfTable),
        ("updated_at", OfTable),
        ("archived", OfTable),
        ("access_keys", OfTable),
        ("addresses", OfTable),
        ("principals", OfTable),
        ("resources", OfTable),
        ("finding", OfTable),
    ],
);

/// Users, groups and roles.
pub(super) const IAM_PRINCIPALS: Table = of_files(
    "iam_principals",
    &[
        ("file_id", OfTable),
        ("kind", OfTable),
        ("account_id", OfTable),
        ("arn", OfTable),
        ("name", OfTable),
        ("principal_id", OfTable),
        ("created_at", OfTable),
        ("last_used_at", OfTable),
        ("policies", OfTable),
        ("is_admin", OfTable),
        ("boundary", OfTable),
        ("trust", OfTable),
    ],
);

/// Rows of credential reports.
pub(super) const IAM_CREDENTIALS: Table = of_files(
    "iam_credentials",
    &[
        ("file_id", OfTable),
        ("user_name", OfTable),
        ("arn", OfTable),
        ("account_id", OfTable),
        ("created_at", OfTable),
        ("has_password", OfTable),
        ("password_last_used_at", OfTable),
        ("has_mfa", OfTable),
        ("key_1_is_active", OfTable),
        ("key_1_rotated_at", OfTable),
        ("key_1_last_used_at", OfTable),
        ("key_2_is_active", OfTable),
        ("key_2_rotated_at", OfTable),
        ("key_2_last_used_at", OfTable),
    ],
);
