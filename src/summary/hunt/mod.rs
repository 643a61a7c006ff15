//! The result of a hunt: a screen for a person, and rows for a program.

mod columns;
mod folded;
mod rows;
mod screen;

pub(crate) use rows::{actor_rows, event_rows, finding_columns, finding_row, rule_rows};
pub(crate) use screen::{Header, Screen, View};
