//! The physical schema of a case, as one catalogue that copying, digesting, redacting, verifying, merging and the
//! annotations' authorizer read. A new table is a migration and a row in `tables.rs`.

mod column_rule;
mod context_tables;
pub(crate) mod expected;
mod finding_tables;
pub(crate) mod indexes;
pub(crate) mod migrate;
pub(crate) mod plain_tables;
mod proof_tables;
mod table;
mod tables;
#[cfg(test)]
mod tests;
mod validation_tables;
pub(crate) mod version;

/// The statuses of files in which no records were looked for, as a list in SQL.
pub(crate) const UNREAD_STATUSES: &str = "('ignored', 'left out')";

pub(crate) use crate::store::schema::column_rule::ColumnRule;
pub(crate) use crate::store::schema::table::{Copy, Part, Redact, Table};
pub(crate) use crate::store::schema::tables::{
    TABLES, annotations, rewritten, tables_since, views_since, without_pages,
};
