//! Writes the events of a new case as pages in SQLite's format.
//!
//! The case is made in a folder beside its place. Rows of `events`, `event_resources` and `resources` fill the leaves
//! of their trees in order (`page`, `output`, `table`, `tree`). SQLite writes everything else, and makes the indexes of
//! these tables while they are empty. At the end the trees are added to the file (`install`). The tables are then read
//! once (`pages`, `columns`), and the entries of each index are packed into integers, sorted and written as full
//! pages (`build`, `sort`), with one index a thread (`make`). SQLite makes the indexes that are not covered, such as one
//! on texts with too many values.

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
pub(crate) mod texts;
pub(crate) mod tree;
pub(crate) mod uuid;

#[cfg(test)]
mod tests;
