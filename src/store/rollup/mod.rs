//! Rollups: counts that the import materializes, so that questions about a whole case need not read its events.

pub(crate) mod attribute_values;
pub(crate) mod counts;
pub(crate) mod facets;
pub(crate) mod field_text;
pub(crate) mod hourly;
pub(crate) mod occurring;
pub(crate) mod row_counts;
pub(crate) mod seen;
pub(crate) mod value_counts;
