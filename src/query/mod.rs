//! The lookup language: text → [`parse`] → tree → [`resolve`] → [`Lookup`] → [`emit`] → [`Statement`]. Knows no
//! SQLite library: it writes SQL, and asks what it needs of an [`Environment`] and of [`Statistics`].

pub mod ast;
pub mod edit;
mod emit;
mod lex;
mod lookup;
mod parse;
mod resolve;
mod shape;
mod substitute;
mod time;

pub use emit::{emit, emit_count, emit_id_set, emit_ids};
pub use lookup::{EqualityValue, Interval, Lookup, Term};
pub use parse::parse;
pub(crate) use resolve::is_time_name;
pub use resolve::resolve;
pub use substitute::substitute;
pub use time::{TimeRest, duration, time_rests};

/// The first and the last Unix second of a time as lookups write it, a coarse one being its whole span. `now`: the
/// clock, for `now` and `now-36h`.
///
/// # Errors
/// It is not a time; the message says what to write.
pub fn time_span(text: &str, now: i64) -> Result<(i64, i64), String> {
    time::span(text, now).map_err(|mistake| mistake.message)
}

/// What the meaning of a lookup depends on outside its text.
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

/// What is counted of a case, for the choice of the index that drives a lookup.
pub trait Statistics {
    /// How many events there are.
    fn events(&self) -> u64;
    /// How many events have this value in this column, where that is counted.
    fn count(&self, column: &str, value: &str) -> Option<u64>;
    /// How much a scan of the records would read; see the function `record_scan`. `None` where none can be made.
    fn scan(&self, question: &str) -> Option<ScanSize>;
    /// The number that a statement over the kept counts gives.
    fn sum(&self, sql: &str, params: &[Param]) -> Option<u64>;
}

/// How much a scan of the records reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanSize {
    /// Groups of about 256 records that may hold what is looked for.
    pub groups: u64,
    /// All groups.
    pub of: u64,
}

/// Which columns a list of events has, unless a stage says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projection {
    /// Those that fit a screen: [`crate::fields::BRIEF_COLUMNS`].
    Brief,
    /// Those of the view `event_history`.
    Full,
}

/// A value bound to a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// A whole number.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// Text.
    Text(String),
}

/// A lookup as one SQL statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The SQL, with parameters `?1`, `?2`, ...
    pub sql: String,
    /// Their values, in this order.
    pub params: Vec<Param>,
    /// The columns of the answer. A list of events begins with `id`, which is not for the eye.
    pub columns: Vec<String>,
    /// True if records have to be looked into.
    pub scans_records: bool,
    /// How much the scan reads that finds the events, where one does.
    pub scan: Option<ScanSize>,
    /// At most about how many events the driving term meets, where that is known.
    pub estimate: Option<u64>,
    /// True if `estimate` is exactly how many events match.
    pub exact: bool,
}
