//! Decoding: a stream of bytes in any wrapping, as records, digests and rejects.

pub(crate) mod bracket_scanner;
pub(crate) mod csv_rows;
pub(crate) mod json;
pub(crate) mod window;
pub(crate) mod wrappings;
