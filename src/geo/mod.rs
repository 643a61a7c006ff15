//! Facts about addresses from files that the user gives: MaxMind DB files such as GeoLite2, and AWS's `ip-ranges.json`
//! (`guide/context.md`). Nothing is shipped or fetched, and nothing of them is stored in a case.

mod aws_ranges;
mod database;
mod error;
mod facts;
mod files;
pub(crate) mod fuzzing;
mod mmdb;
mod record;
mod value;

pub use database::{GeoDatabase, GeoFile};
pub use error::GeoError;
pub use facts::{AddressFacts, Attribute};
pub use files::GeoFiles;
