//! The lookup language: text → [`parse`] → [`ast`] → [`resolve`] → [`ResolvedLookup`]. Knows no SQL: `sql` writes the
//! statement. What a lookup means outside its text comes from an [`Environment`].

pub mod ast;
pub mod edit;
pub(crate) mod interval;
mod lex;
mod parse;
pub(crate) mod plan;
mod quote;
mod resolve;
pub(crate) mod resolved;
mod shape;
mod substitute;
mod time;
mod time_names;

pub use crate::query::interval::Interval;
pub use crate::query::parse::parse;
pub use crate::query::resolve::resolve;
pub use crate::query::resolved::{EqualityValue, ResolvedLookup, Term};
pub use crate::query::substitute::substitute;
pub use crate::query::time::{TimeRest, duration, time_rests};
pub(crate) use crate::query::time_names::is_time_name;

/// The first and the last Unix second of a time as lookups write it, a coarse one being its whole span. `now`: the
/// clock, for `now` and `now-36h`.
///
/// # Errors
/// It is not a time; the message says what to write.
pub fn time_span(text: &str, now: i64) -> Result<(i64, i64), String> {
    time::span(text, now).map_err(|mistake| mistake.message)
}

/// The surroundings of a lookup that its meaning depends on.
pub trait Environment {
    /// The clock, in Unix seconds.
    fn now(&self) -> i64;
    /// The time of the newest event of the case, in Unix seconds.
    fn newest_event(&self) -> Option<i64>;
    /// The content of an `@FILE` list, or why it cannot be read.
    fn read_list(&self, path: &str) -> Result<String, String>;
    /// Paths of records that have a key of this name, in any case, the most frequent first, as far as they are found
    /// soon: for advice on a name that means nothing.
    fn paths_to_key(&self, _name: &str) -> Vec<String> {
        Vec::new()
    }
}
