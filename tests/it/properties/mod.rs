//! Random records, random lookups, and what a lookup means by the words of the language's description alone.

#![allow(unreachable_pub, missing_docs, reason = "parts of a test")]

pub mod facts;
pub mod filters;
pub mod lists;
pub mod oracle;
pub mod records;
pub mod rng;
pub mod stages;

use std::sync::LazyLock;

use trailq::fields::{FIELDS, Field, Place};

/// The fields that a filter can have.
pub static FILTERS: LazyLock<Vec<&'static Field>> =
    // A value that is not the code of a country is refused.
    LazyLock::new(|| {
        FIELDS.iter().filter(|field| field.place != Place::Sentence && field.name != "country").collect()
    });
