//! A session on a case, shared by the REPL, scripts and one-shot commands: its state, its results and the operations on
//! the case. `execute` runs every input, and `commands` has the dot-commands.

pub(crate) mod acceptance;
mod answer;
mod brief;
mod capture;
mod case;
pub mod commands;
pub(crate) mod decisions;
mod diff;
mod error;
mod execute;
pub(crate) mod hunt;
mod import;
mod info;
pub mod input;
mod last_hunt;
mod last_result;
mod lookup;
mod lookup_events;
mod merge;
mod output;
mod params;
mod query_files;
mod query_list;
mod records;
mod redact;
mod reindex;
mod replay_log;
mod result_set;
mod result_view;
mod saved_queries;
pub mod script;
mod settings;
pub mod snapshot;
mod sql;
mod state;
mod waiting;
mod write_report;

pub use crate::interrupt::Interrupter;
pub use crate::session::answer::Answer;
pub use crate::session::error::SessionError;
pub use crate::session::params::Params;
pub use crate::session::saved_queries::{Run, parse_value};
pub use crate::session::settings::Settings;
pub use crate::session::state::Session;
pub use crate::terminal::pager::Paging;
