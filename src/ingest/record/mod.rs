//! One record: read in one pass of JSON, and normalized into an event.

mod copy_source;
pub(crate) mod identity;
pub(crate) mod lenient;
pub(crate) mod normalize;
mod outcome;
pub(crate) mod plain;
pub(crate) mod problems;
pub(crate) mod raw;
pub(crate) mod resource_rules;
pub(crate) mod resources;
