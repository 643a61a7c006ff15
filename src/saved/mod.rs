//! Saved queries: SQL files with a header that says what they answer and what they ask for. Knows neither the case
//! nor the screen: [`Library`] collects queries, [`bind`] turns what was typed into values.

mod bind;
pub mod header;
mod library;
mod search;

pub(crate) use bind::check_defaults;
pub use bind::{bind, fill, missing};
pub use library::{BrokenQuery, Library, Origin, SavedQuery, ShippedScript, shipped_script, shipped_scripts};
pub use search::{SearchTerms, search};
