//! The physical schema of a case, as one catalogue that copying, digesting, redacting, verifying, merging and the
//! annotations' authorizer read. A new table is a migration and a row in `catalogue.rs`.

mod catalogue;
mod columns;
mod tables;
#[cfg(test)]
mod tests;

pub(super) use catalogue::TABLES;
pub(super) use columns::{ColumnRule, rewritten};
pub(super) use tables::{Copy, Part, Redact, Table, annotations};
