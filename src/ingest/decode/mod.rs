//! Decoding: a stream of bytes in any wrapping, as records, digests and rejects.

pub(crate) mod bracket_scanner;
pub(crate) mod columns;
pub(crate) mod content;
pub(crate) mod csv_text;
pub(crate) mod foreign;
pub(crate) mod json;
#[cfg(feature = "parquet")]
pub(crate) mod parquet;
pub(crate) mod payload;
pub(crate) mod rows;
pub(crate) mod sink;
pub(crate) mod window;
pub(crate) mod wrapping;
pub(crate) mod wrappings;
