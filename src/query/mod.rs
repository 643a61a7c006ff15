//! The lookup language: text → [`parse`] → [`ast`] → [`resolve`] → [`ResolvedLookup`]. Knows no SQL: `sql` writes the
//! statement. What a lookup means outside its text comes from an [`Environment`].

pub mod ast;
pub mod edit;
mod environment;
pub(crate) mod interval;
mod lex;
mod parse;
mod piped;
pub(crate) mod plan;
mod quote;
mod resolve;
pub(crate) mod resolved;
mod shape;
mod substitute;
mod time;
mod time_names;

pub use crate::query::environment::{
    CredentialChain, Environment, HuntedRule, HuntedRules, MarkedSubject, MissingFile,
};
pub use crate::query::interval::Interval;
pub use crate::query::parse::parse;
pub use crate::query::piped::{Piped, piped};
pub(crate) use crate::query::resolve::marks::{mark_kinds, subject_term};
pub use crate::query::resolve::resolve;
pub use crate::query::resolved::{EqualityValue, ResolvedLookup, Term};
pub use crate::query::substitute::substitute;
pub(crate) use crate::query::time::invalid_duration;
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
