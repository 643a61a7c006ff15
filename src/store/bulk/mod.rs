//! A new case whose events are written as pages in SQLite's format, and nothing else of SQLite.
//!
//! The case is made in a folder beside its place. Rows of `events` and `event_resources` fill the leaves
//! of their trees in order (`page`, `output`, `table`, `tree`); everything else is written by SQLite, which also makes
//! the indexes of both tables while they are empty. At the end the trees are added to the file (`install`); the tables
//! are read once (`pages`, `columns`), and the entries of each index are packed into integers, sorted and written as full
//! pages (`build`, `sort`), with one index a thread (`make`). An index that is not covered, such as one on texts with too
//! many values, is left to SQLite.

pub(crate) mod build;
pub(crate) mod bulk_error;
pub(crate) mod columns;
pub(crate) mod file_at;
pub(crate) mod format;
pub(crate) mod install;
pub(crate) mod make;
pub(crate) mod output;
pub(crate) mod page;
pub(crate) mod pages;
pub(crate) mod sort;
pub(crate) mod table;
pub(crate) mod tree;

#[cfg(test)]
mod tests;
