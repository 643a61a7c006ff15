//! Saved queries: SQL files with a header that says what they answer and what they ask for. Knows neither the case
//! nor the screen: [`Library`] collects queries, [`bind`] turns what was typed into values.

mod bind;
pub mod header;
mod library;

pub use bind::{bind, fill};
pub use library::{Library, Origin, SavedQuery, ShippedScript, shipped_scripts};
