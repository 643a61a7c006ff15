//! The dot-commands: one file a group of them.

mod annotate;
mod arguments;
mod command;
mod diff_records;
mod dispatch;
mod display;
mod explain;
pub mod help;
mod hunt;
mod ignore;
mod last_answer;
mod mark;
pub(crate) mod noise;
pub mod other_shells;
mod output;
pub(crate) mod output_files;
mod param;
mod pivot;
mod plot;
pub(crate) mod queries;
mod refine;
mod replay;
mod report;
mod say;
mod schema;
mod script;
mod settings;
mod show;
pub mod sqlite3_compat;
mod table;
mod transfer;
mod verdict;

pub(crate) use crate::session::commands::command::Arguments;
pub use crate::session::commands::command::{Command, Commands, Completes};
pub(crate) use crate::session::commands::dispatch::{answers_in_rows, is_logged, run};
pub use crate::session::commands::table::COMMANDS;
